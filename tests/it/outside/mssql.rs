//! What scripts of SQL Server hold outside the rows.

use super::*;

#[test]
fn statements() {
    all(
        "mssql",
        &[
            (
                "CREATE TABLE [t] ([a] int DEFAULT (N'jane@firma.de'))\nGO",
                ADDRESS,
            ),
            (
                "CREATE TABLE [t] ([a] int DEFAULT (N'x@mailinator.com'))\nGO",
                "",
            ),
            (
                "ALTER TABLE [t] ADD CONSTRAINT [c] CHECK ([a] <> N'jane@firma.de')\nGO",
                ADDRESS,
            ),
            ("CREATE VIEW v AS SELECT 'jane@firma.de' AS a\nGO", ADDRESS),
            ("CREATE PROCEDURE p AS SELECT 'jane@firma.de'\nGO", ADDRESS),
            (
                "CREATE TRIGGER g ON t AFTER INSERT AS PRINT 'jane@firma.de'\nGO",
                ADDRESS,
            ),
            (
                "CREATE INDEX i ON t (a) WHERE a = 'jane@firma.de'\nGO",
                ADDRESS,
            ),
            (
                "CREATE PARTITION FUNCTION f (varchar(99)) AS RANGE LEFT FOR VALUES ('jane@firma.de')\nGO",
                ADDRESS,
            ),
            (
                "EXEC sys.sp_addextendedproperty @name=N'MS_Description', @value=N'ask jane@firma.de', \
             @level0type=N'SCHEMA', @level0name=N'dbo'\nGO",
                ADDRESS,
            ),
            ("PRINT 'jane@firma.de'\nGO", ADDRESS),
            ("/* jane@firma.de */\nGO", ADDRESS),
            ("CREATE LOGIN r WITH PASSWORD = N'S3CRET'\nGO", PASSWORD),
            (
                "CREATE LOGIN r WITH PASSWORD = 0x53334352 HASHED\nGO",
                PASSWORD,
            ),
            ("ALTER LOGIN r WITH PASSWORD = N'S3CRET'\nGO", PASSWORD),
            ("CREATE USER r WITH PASSWORD = N'S3CRET'\nGO", PASSWORD),
            (
                "CREATE APPLICATION ROLE r WITH PASSWORD = N'S3CRET'\nGO",
                PASSWORD,
            ),
            (
                "CREATE CREDENTIAL c WITH IDENTITY = 'x', SECRET = 'S3CRET'\nGO",
                PASSWORD,
            ),
            (
                "CREATE DATABASE SCOPED CREDENTIAL c WITH IDENTITY = 'x', SECRET = 'S3CRET'\nGO",
                PASSWORD,
            ),
            (
                "CREATE MASTER KEY ENCRYPTION BY PASSWORD = 'S3CRET'\nGO",
                PASSWORD,
            ),
            ("EXEC sp_addlogin 'r', 'S3CRET'\nGO", PASSWORD),
            (
                "EXEC master.dbo.sp_addlinkedsrvlogin @rmtsrvname=N's', @rmtpassword='S3CRET'\nGO",
                PASSWORD,
            ),
            (
                "EXEC master.dbo.sp_addlinkedsrvlogin @rmtsrvname=N's', @rmtpassword=NULL\nGO",
                "",
            ),
            (
                "EXEC master.dbo.sp_addlinkedsrvlogin @rmtsrvname=N's', @rmtuser=N'u', @rmtpassword='########'\nGO",
                "",
            ),
            (
                "EXEC sp_addlinkedsrvlogin 's', 'false', NULL, 'u', 'S3CRET'\nGO",
                PASSWORD,
            ),
            (
                "EXEC sp_adddistributor @distributor = N'd', @password = N'S3CRET'\nGO",
                PASSWORD,
            ),
            (
                "EXEC sp_addpushsubscription_agent @publication = N'p', @subscriber_password = N'S3CRET'\nGO",
                PASSWORD,
            ),
            (
                "EXEC sp_addlogreader_agent @job_login = N'u', @job_password = N'S3CRET'\nGO",
                PASSWORD,
            ),
            (
                "EXEC sp_control_dbmasterkey_password N'd', N'S3CRET', N'add'\nGO",
                PASSWORD,
            ),
            (
                "EXEC sp_xp_cmdshell_proxy_account 'u', 'S3CRET'\nGO",
                PASSWORD,
            ),
            (
                "EXEC sp_addlinkedserver @server = N's', @provstr = N'PWD=S3CRET'\nGO",
                PASSWORD,
            ),
            (
                "CREATE ASYMMETRIC KEY k WITH ALGORITHM = RSA_2048 ENCRYPTION BY PASSWORD = 'S3CRET'\nGO",
                PASSWORD,
            ),
            (
                "BACKUP MASTER KEY TO FILE = 'f' ENCRYPTION BY PASSWORD = 'S3CRET'\nGO",
                PASSWORD,
            ),
            (
                "ADD SIGNATURE TO p BY CERTIFICATE c WITH PASSWORD = 'S3CRET'\nGO",
                PASSWORD,
            ),
            (
                "IF 1=1 OPEN MASTER KEY DECRYPTION BY PASSWORD = 'S3CRET'\nGO",
                PASSWORD,
            ),
            (
                "SELECT * FROM OPENROWSET('SQLNCLI', 'h'; 'u'; 'S3CRET', 'SELECT 1') AS x\nGO",
                PASSWORD,
            ),
            (
                "CREATE PROCEDURE p AS EXEC sp_addlinkedsrvlogin 's', 'false', NULL, 'u', 'S3CRET'\nGO",
                PASSWORD,
            ),
            (
                "EXEC msdb.dbo.sp_add_job @job_name = N'j', @enabled = 1\nGO",
                JOB,
            ),
            (
                "EXEC msdb.dbo.sp_add_job @job_name = N'j', @enabled = 0\nGO",
                "",
            ),
            (
                "CREATE TABLE [t] ([a] nvarchar(99) DEFAULT (N'jane@fir\\\nma.de'))\nGO",
                ADDRESS,
            ),
        ],
    );
}
