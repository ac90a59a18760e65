//! What scripts of Oracle hold outside the rows.

use super::*;

#[test]
fn statements() {
    all(
        "oracle",
        &[
            (
                "CREATE TABLE T (A VARCHAR2(99) DEFAULT 'jane@firma.de');",
                ADDRESS,
            ),
            (
                "CREATE TABLE T (A VARCHAR2(99) DEFAULT 'x@mailinator.com');",
                "",
            ),
            (
                "CREATE TABLE T (A VARCHAR2(99) DEFAULT 'jane'||CHR(64)||'firma.de');",
                ADDRESS,
            ),
            (
                "ALTER TABLE T ADD CONSTRAINT C CHECK (A <> q'[jane@firma.de]');",
                ADDRESS,
            ),
            ("COMMENT ON COLUMN T.A IS 'ask jane@firma.de';", ADDRESS),
            (
                "CREATE VIEW V AS SELECT 'jane@firma.de' A FROM DUAL;",
                ADDRESS,
            ),
            (
                "CREATE OR REPLACE FUNCTION F RETURN VARCHAR2 AS BEGIN RETURN 'jane@firma.de'; END;\n/",
                ADDRESS,
            ),
            (
                "CREATE TABLE T (A VARCHAR2(99)) PARTITION BY LIST (A) (PARTITION P VALUES ('jane@firma.de'));",
                ADDRESS,
            ),
            ("PROMPT jane@firma.de", ADDRESS),
            ("REM jane@firma.de", ADDRESS),
            ("CREATE USER R IDENTIFIED BY \"S3CRET\";", PASSWORD),
            ("CREATE USER R IDENTIFIED BY VALUES 'S:S3CRET';", PASSWORD),
            ("ALTER USER R IDENTIFIED BY S3CRET;", PASSWORD),
            ("GRANT CONNECT TO R IDENTIFIED BY S3CRET;", PASSWORD),
            ("CREATE ROLE R IDENTIFIED BY S3CRET;", PASSWORD),
            (
                "CREATE DATABASE LINK L CONNECT TO R IDENTIFIED BY S3CRET USING 'h';",
                PASSWORD,
            ),
            (
                "CREATE PUBLIC DATABASE LINK L CONNECT TO R IDENTIFIED BY VALUES 'S3CRET' USING 'h';",
                PASSWORD,
            ),
            ("CONNECT r/S3CRET", PASSWORD),
            ("CONNECT / AS SYSDBA", ""),
            ("DEFINE password = S3CRET", PASSWORD),
            (
                "CREATE SHARED PUBLIC DATABASE LINK L CONNECT TO R IDENTIFIED BY S3CRET USING 'h';",
                PASSWORD,
            ),
            (
                "ALTER PUBLIC DATABASE LINK L CONNECT TO R IDENTIFIED BY S3CRET;",
                PASSWORD,
            ),
            ("ALTER ROLE R IDENTIFIED BY S3CRET;", PASSWORD),
            ("SET ROLE R IDENTIFIED BY S3CRET;", PASSWORD),
            (
                "CREATE PLUGGABLE DATABASE P ADMIN USER A IDENTIFIED BY S3CRET;",
                PASSWORD,
            ),
            (
                "CREATE TABLE T (A VARCHAR2(9) ENCRYPT IDENTIFIED BY S3CRET);",
                PASSWORD,
            ),
            (
                "ADMINISTER KEY MANAGEMENT SET KEYSTORE OPEN IDENTIFIED BY S3CRET;",
                PASSWORD,
            ),
            (
                "BEGIN DBMS_CREDENTIAL.CREATE_CREDENTIAL('C', 'U', 'S3CRET'); END;\n/",
                PASSWORD,
            ),
            (
                "BEGIN DBMS_SCHEDULER.CREATE_CREDENTIAL(credential_name => 'C', username => 'U', password => 'S3CRET'); END;\n/",
                PASSWORD,
            ),
            ("CREATE USER R IDENTIFIED EXTERNALLY;", ""),
            ("CREATE USER R IDENTIFIED GLOBALLY AS 'CN=R';", ""),
            ("CREATE ROLE R IDENTIFIED USING HR.PKG;", ""),
            (
                "BEGIN DBMS_SCHEDULER.CREATE_JOB('J', job_type => 'PLSQL_BLOCK', job_action => 'NULL;', enabled => TRUE); END;\n/",
                JOB,
            ),
            (
                "BEGIN DBMS_SCHEDULER.CREATE_JOB('J', job_type => 'PLSQL_BLOCK', job_action => 'NULL;', enabled => FALSE); END;\n/",
                "",
            ),
            (
                "BEGIN SYS.DBMS_JOB.ISUBMIT(job => 1, what => 'NULL;'); END;\n/",
                JOB,
            ),
            (
                "CREATE TABLE T (A VARCHAR2(99) DEFAULT 'jane'||UNISTR('\\0040')||'firma.de');",
                ADDRESS,
            ),
        ],
    );
}
