//! The golden cases of both dialects, and small scripts for what is easily done wrong.

use super::adapt::adapted;
use super::{Case, Kind, decoded, execute, installed, same_and_changed};
use crate::golden::folders;
use crate::runner::fixture;

/// Where unqualified names are, and what the script names without making it, if a folder needs any.
const PLACES: [(&str, &str, &str); 3] = [
    (
        "mssql/handmade",
        "dbo",
        "CREATE TABLE counters (n int); CREATE TABLE log (t varchar(9))",
    ),
    (
        "oracle/sqldeveloper",
        "HR",
        "CREATE TABLE orders (id int, customer_id int, address ROW(street VARCHAR(9), town VARCHAR(9)))",
    ),
    ("oracle/sqlplus", "OE", ""),
];

/// Golden folders with rules that H2 cannot run, and why; it loads what scrub makes of them.
const WITHOUT_RULES: [(&str, &str); 6] = [
    (
        "mssql/outsystems",
        "in `vendors`, without what is no plain SQL",
    ),
    (
        "mssql/outsystems-log",
        "the baseline's patterns and anon functions",
    ),
    (
        "mssql/secret-columns",
        "the baseline's patterns and anon functions",
    ),
    (
        "mssql/superoffice",
        "in `vendors`, without what is no plain SQL",
    ),
    (
        "oracle/outsystems",
        "in `vendors`, without what is no plain SQL",
    ),
    (
        "oracle/secret-columns",
        "the baseline's patterns and anon functions",
    ),
];

/// The folders of a dialect: their name, dump and output.
fn golden(kind: Kind, dialect: &str) -> Vec<Case> {
    let found = folders(&fixture(dialect)).into_iter().map(|path| {
        let file = path.file_name().expect("a name").to_string_lossy();
        let name = format!("{dialect}/{file}");
        let rules = std::fs::read_to_string(path.join("rules.sql")).unwrap_or_default();
        let dump = std::fs::read(path.join("dump.sql")).expect("the dump");
        let mut case = Case::new(&name, kind, &dump, &rules);
        if let Some((_, schema, before)) = PLACES.iter().find(|(place, ..)| *place == name) {
            (case.schema, case.before) = (schema, before);
        }
        case
    });
    found.collect()
}

#[test]
fn golden_cases_do_what_h2_does() {
    for (kind, dialect) in [(Kind::Mssql, "mssql"), (Kind::Oracle, "oracle")] {
        let mut cases = golden(kind, dialect);
        cases.retain(|case| !WITHOUT_RULES.iter().any(|(name, _)| *name == case.name));
        assert!(cases.len() > 1);
        same_and_changed(&cases);
    }
}

#[test]
fn h2_loads_every_golden_output() {
    if !installed() {
        return;
    }
    for (kind, dialect) in [(Kind::Mssql, "mssql"), (Kind::Oracle, "oracle")] {
        let scripts = golden(kind, dialect).into_iter().map(|mut case| {
            if case.name.ends_with("/outsystems") && kind == Kind::Oracle {
                case.schema = "OSADMIN";
            }
            let path = fixture(&case.name).join("expected.sql");
            let output = std::fs::read(path).expect("what scrub makes");
            let load = adapted(&decoded(&output), kind);
            (case.name.clone(), [case.begin(), load].concat())
        });
        let scripts: Vec<_> = scripts.collect();
        for ((name, _), held) in scripts.iter().zip(execute(kind, &scripts)) {
            let row = |line: &String| line.starts_with("INSERT INTO");
            assert!(held.iter().any(row), "{name}: no row");
        }
    }
}

/// Two tables with rows in multi-row statements, one with a statement for each.
pub const PEOPLE: &str = "CREATE TABLE [dbo].[people]([id] [int] NOT NULL, [name] [nvarchar](40) NULL, [credit] [decimal](10, 2) NULL, [boss] [int] NULL)
GO
CREATE TABLE [dbo].[crowd]([id] [int] NOT NULL, [name] [nvarchar](40) NULL, [credit] [float] NULL)
GO
CREATE TABLE [dbo].[mail]([person] [int] NOT NULL, [address] [nvarchar](80) NULL, [at] [datetime] NULL)
GO
INSERT [dbo].[people] ([id], [name], [credit], [boss]) VALUES (1, N'Ann O''Hara', CAST(12.50 AS Decimal(10, 2)), NULL),
  (2, N'', CAST(-0.05 AS Decimal(10, 2)), 1), (3, NULL, NULL, 1),
  (4, N'a;b -- c
GO
d', CAST(100 AS Decimal(10, 2)), 2)
INSERT INTO crowd (id, name, credit) SELECT 5, 'x' + 'y', 9 UNION ALL SELECT 6, N'ANN', 1.5E1 UNION ALL
  SELECT 7, N'10%_[z]', 0
GO
INSERT [dbo].[mail] ([person], [address], [at]) VALUES (1, N'ann@shop.example', CAST(N'2020-01-02T03:04:05.677' AS DateTime))
INSERT [dbo].[mail] ([person], [address], [at]) VALUES (4, N'D@SHOP.example', NULL)
INSERT [dbo].[mail] ([person], [address], [at]) VALUES (9, NULL, CAST(N'1999-12-31T00:00:00.000' AS DateTime))
GO
";

#[test]
fn hand_made_scripts_of_sql_server() {
    let rules = [
        (
            "the first of several",
            "DELETE people WHERE id = 1; DELETE crowd WHERE id = 5;",
        ),
        (
            "the last of several",
            "DELETE FROM people WHERE id = 4; DELETE FROM crowd WHERE id = 7;",
        ),
        (
            "the middle",
            "DELETE FROM people WHERE id IN (2, 3); DELETE FROM crowd WHERE name = 'ann';",
        ),
        (
            "all but the middle",
            "DELETE FROM people WHERE id IN (1, 4); DELETE FROM crowd WHERE id <> 6;",
        ),
        ("all of several", "DELETE FROM people WHERE id < 5;"),
        ("all of a UNION", "DELETE FROM crowd WHERE id >= 5;"),
        (
            "everything",
            "TRUNCATE TABLE people; DELETE crowd; DELETE mail;",
        ),
        (
            "a UNION's cells",
            "UPDATE crowd SET name = N'it''s ' + name, credit = credit / 2 WHERE credit >= 9;",
        ),
        (
            "without case",
            "UPDATE people SET name = N'Zoë' + N' 😀' WHERE name = 'ann' OR name LIKE 'a;B%';",
        ),
        (
            "empty and NULL",
            "UPDATE people SET name = 'was empty' WHERE name = ''; UPDATE people SET name = 'was null' WHERE name IS NULL;",
        ),
        (
            "concatenation",
            "UPDATE people SET name = name + N'''' + CAST(id AS nvarchar(10)) + '@example.org';",
        ),
        (
            "numbers",
            "UPDATE people SET credit = credit * 2 + 1 WHERE credit > 9; DELETE FROM people WHERE credit < 0.00;",
        ),
        (
            "NULL in NOT IN",
            "DELETE FROM people WHERE id NOT IN (SELECT boss FROM people); UPDATE people SET name = N'left' WHERE id NOT IN (SELECT boss FROM people WHERE boss IS NOT NULL);",
        ),
        (
            "subquery",
            "DELETE FROM mail WHERE person IN (SELECT id FROM people WHERE name IS NOT NULL);",
        ),
        (
            "not there",
            "DELETE FROM mail WHERE NOT EXISTS (SELECT 1 FROM people WHERE people.id = mail.person);",
        ),
        (
            "scalar subquery",
            "UPDATE mail SET address = (SELECT p.name FROM people p WHERE p.id = mail.person) WHERE at IS NOT NULL;",
        ),
        (
            "joined update",
            "UPDATE m SET m.address = p.name FROM mail m INNER JOIN people p ON p.id = m.person WHERE p.credit > 1;",
        ),
        (
            "joined update by name",
            "UPDATE mail SET address = N'of ' + people.name FROM people WHERE people.id = mail.person;",
        ),
        (
            "joined delete",
            "DELETE m FROM mail m JOIN people p ON p.id = m.person WHERE p.name LIKE N'%hara';",
        ),
        (
            "moments",
            "UPDATE mail SET at = '2001-02-03 04:05:06' WHERE at < '2000-01-01'; UPDATE mail SET at = NULL WHERE person = 1;",
        ),
        (
            "one after the other",
            "UPDATE people SET boss = 7 WHERE boss = 1; UPDATE people SET boss = 1 WHERE boss = 7; DELETE FROM people WHERE boss = 1;",
        ),
        (
            "added",
            "INSERT INTO people (id, name, credit) VALUES (8, N'It''s', 0.5), (9, NULL, -3); INSERT INTO mail SELECT id, name, NULL FROM people WHERE credit > 10;",
        ),
        (
            "case",
            "UPDATE people SET name = CASE WHEN credit > 9 THEN UPPER(name) WHEN boss IS NULL THEN LOWER(name) ELSE name END;",
        ),
        (
            "null arithmetic",
            "UPDATE people SET boss = boss + ROUND(credit, 0) WHERE id < 3; UPDATE people SET name = COALESCE(name, N'none');",
        ),
    ];
    same_and_changed(
        &rules.map(|(name, rules)| Case::new(name, Kind::Mssql, PEOPLE.as_bytes(), rules)),
    );
}

/// The same in Oracle's ways.
pub const STAFF: &str = "REM it's a script
SET DEFINE OFF
CREATE TABLE staff (id NUMBER(6) NOT NULL, name VARCHAR2(40), credit NUMBER(10,2), born DATE, note CLOB, boss NUMBER(6));
CREATE TABLE crowd (id NUMBER(6), name NVARCHAR2(40), credit NUMBER);
CREATE TABLE heap (id NUMBER(6), name VARCHAR2(40));
CREATE TABLE mail (person NUMBER(6), address VARCHAR2(80 CHAR));
Insert into STAFF (ID,NAME,CREDIT,BORN,NOTE,BOSS) values (1,'Ann O''Hara',12.5,to_date('1980-02-29 00:00:00','YYYY-MM-DD HH24:MI:SS'),TO_CLOB(q'[it's ]')
|| TO_CLOB(q'[two]'),null);
Insert into STAFF (ID,NAME,CREDIT,BORN,NOTE,BOSS) values (2,'',-.05,null,null,1);
Insert into STAFF (ID,NAME,CREDIT,BORN,NOTE,BOSS) values (3, q'!a;b
/
c!', null, null, null, 2);
INSERT ALL
  INTO crowd (id, name, credit) VALUES (4, 'n4', 100)
  INTO crowd (id, name, credit) VALUES (5, N'ANN', 0)
  INTO crowd (id, name, credit) VALUES (6, UNISTR('\\0141\\00f3d\\017a'), 7)
SELECT * FROM dual;
INSERT INTO heap SELECT 7, 'x' || 'y' FROM dual UNION ALL
SELECT 8, '10%_' FROM dual UNION ALL SELECT 9, null FROM dual;
Insert into MAIL (PERSON,ADDRESS) values (1,'ann@shop.example');
Insert into MAIL (PERSON,ADDRESS) values (3,'c@SHOP.example');
Insert into MAIL (PERSON,ADDRESS) values (99,null);
COMMIT;
";

#[test]
fn hand_made_scripts_of_oracle() {
    let rules = [
        ("one of ALL", "DELETE FROM crowd WHERE id = 5;"),
        ("some of ALL", "DELETE FROM crowd WHERE id BETWEEN 4 AND 5;"),
        ("all of ALL", "DELETE FROM crowd WHERE name IS NOT NULL;"),
        (
            "cells of ALL",
            "UPDATE crowd SET name = name || '''s ł & x', credit = credit * 1.5;",
        ),
        (
            "the first and the last of a UNION",
            "DELETE heap WHERE id IN (7, 9);",
        ),
        (
            "the middle of a UNION",
            "DELETE heap WHERE name LIKE '10%'; UPDATE heap SET name = 'q' || id;",
        ),
        ("all of a UNION", "DELETE FROM heap WHERE id > 6;"),
        (
            "everything",
            "TRUNCATE TABLE staff; DELETE FROM mail; DELETE crowd; TRUNCATE TABLE heap;",
        ),
        (
            "nothing equals the empty text",
            "UPDATE staff SET name = 'never' WHERE name = ''; UPDATE staff SET name = 'none' WHERE name IS NULL;",
        ),
        (
            "the empty text is NULL",
            "UPDATE staff SET name = '' WHERE id = 1; UPDATE staff SET credit = 1 WHERE name IS NULL;",
        ),
        (
            "NULL joins as nothing",
            "UPDATE staff SET name = name || '-' || boss;",
        ),
        (
            "with case",
            "UPDATE staff SET name = 'found' WHERE name = 'Ann'; DELETE FROM mail WHERE address LIKE '%SHOP%';",
        ),
        (
            "without case",
            "ALTER SESSION SET NLS_COMP=LINGUISTIC NLS_SORT=BINARY_AI; UPDATE staff SET name = 'found' WHERE name = 'Ann'; DELETE FROM mail WHERE address LIKE '%Shop%';",
        ),
        (
            "numbers",
            "UPDATE staff SET credit = credit / 4 + 1 WHERE credit >= 12.50; DELETE FROM staff WHERE credit < -0.01;",
        ),
        (
            "quotes and signs",
            "UPDATE staff SET name = 'R&D ''' || LOWER(name) WHERE id IN (1, 3, 4, 6, 7);",
        ),
        (
            "dates",
            "UPDATE staff SET born = DATE '1990-01-01' WHERE born < DATE '1985-01-01'; UPDATE staff SET born = TIMESTAMP '2000-01-01 10:00:00' WHERE id = 2;",
        ),
        (
            "large text",
            "UPDATE staff SET note = RPAD('it''s ', 5000, 'é') WHERE id < 3;",
        ),
        (
            "subquery",
            "DELETE FROM mail WHERE person IN (SELECT id FROM staff WHERE name LIKE 'Ann%');",
        ),
        (
            "NULL in NOT IN",
            "DELETE FROM staff WHERE id NOT IN (SELECT boss FROM staff); UPDATE staff SET name = 'left' WHERE id NOT IN (SELECT boss FROM staff WHERE boss IS NOT NULL);",
        ),
        (
            "scalar subquery",
            "UPDATE mail SET address = (SELECT s.name FROM staff s WHERE s.id = mail.person);",
        ),
        (
            "exists",
            "UPDATE staff SET credit = 0 WHERE EXISTS (SELECT 1 FROM mail WHERE mail.person = staff.id);",
        ),
        (
            "added",
            "INSERT INTO staff (id, name) VALUES (10, 'New & old'); INSERT INTO mail (person, address) SELECT id, name FROM staff WHERE credit IS NULL;",
        ),
    ];
    same_and_changed(
        &rules.map(|(name, rules)| Case::new(name, Kind::Oracle, STAFF.as_bytes(), rules)),
    );
}
