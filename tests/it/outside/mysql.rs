//! What the dumps of MySQL and MariaDB hold outside the rows.

use super::*;
use crate::mariadb::mariadb;

#[test]
fn statements() {
    all(
        "mysql",
        &[
            (
                "CREATE TABLE `t` (`a` varchar(9) DEFAULT 'jane@firma.de');",
                ADDRESS,
            ),
            (
                "CREATE TABLE `t` (`a` varchar(9) DEFAULT 'x@mailinator.com');",
                "",
            ),
            (
                "CREATE TABLE `t` (`a` int COMMENT 'jane@firma.de') COMMENT='x';",
                ADDRESS,
            ),
            (
                "CREATE TABLE `t` (`a` int) COMMENT='jane@firma.de';",
                ADDRESS,
            ),
            (
                "CREATE TABLE `t` (`a` int, CHECK (`a` <> 'jane@firma.de'));",
                ADDRESS,
            ),
            ("CREATE TABLE `t` (`a` enum('x','jane@firma.de'));", ADDRESS),
            (
                "CREATE TABLE `t` (`a` int, `g` text GENERATED ALWAYS AS ('jane@firma.de') VIRTUAL);",
                ADDRESS,
            ),
            (
                "CREATE TABLE `t` (`a` varchar(99)) PARTITION BY LIST COLUMNS(`a`) (PARTITION p VALUES IN ('jane@firma.de'));",
                ADDRESS,
            ),
            (
                "CREATE TABLE `t` (`a` int) ENGINE=FEDERATED CONNECTION='mysql://u:S3CRET@firma:3306/d/t';",
                URL,
            ),
            (
                "/*!50001 CREATE VIEW `v` AS SELECT 'jane@firma.de' AS `a` */;",
                ADDRESS,
            ),
            (
                "DELIMITER ;;\nCREATE PROCEDURE p() BEGIN SELECT 'jane@firma.de'; END ;;\nDELIMITER ;",
                ADDRESS,
            ),
            (
                "DELIMITER ;;\nCREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET new.a='jane@firma.de' ;;\nDELIMITER ;",
                ADDRESS,
            ),
            (
                "DELIMITER ;;\nCREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 'jane@firma.de' ;;\nDELIMITER ;",
                ADDRESS,
            ),
            ("SET @a = 'jane@firma.de';", ADDRESS),
            ("# jane@firma.de", ADDRESS),
            (
                "CREATE USER 'r'@'%' IDENTIFIED BY PASSWORD '*S3CRET';",
                PASSWORD,
            ),
            (
                "CREATE USER IF NOT EXISTS r IDENTIFIED WITH 'x' AS 'S3CRET';",
                PASSWORD,
            ),
            (
                "/*M!100005 CREATE USER r IDENTIFIED VIA x USING 'S3CRET' */;",
                PASSWORD,
            ),
            ("ALTER USER r IDENTIFIED BY 'S3CRET';", PASSWORD),
            ("GRANT ALL ON *.* TO r IDENTIFIED BY 'S3CRET';", PASSWORD),
            ("SET PASSWORD FOR r = 'S3CRET';", PASSWORD),
            (
                "CHANGE MASTER TO MASTER_HOST='h', MASTER_PASSWORD='S3CRET';",
                PASSWORD,
            ),
            (
                "CHANGE REPLICATION SOURCE TO SOURCE_PASSWORD='S3CRET';",
                PASSWORD,
            ),
            (
                "CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (USER 'r', PASSWORD 'S3CRET');",
                PASSWORD,
            ),
            (
                "CREATE OR REPLACE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (PASSWORD 'S3CRET');",
                PASSWORD,
            ),
            ("ALTER SERVER s OPTIONS (PASSWORD 'S3CRET');", PASSWORD),
            ("CREATE ROLE r;", ""),
            ("CREATE USER r IDENTIFIED VIA unix_socket;", ""),
            (
                "GRANT USAGE ON *.* TO r IDENTIFIED VIA mysql_native_password OR unix_socket;",
                "",
            ),
            (
                "GRANT USAGE ON *.* TO r IDENTIFIED VIA mysql_native_password USING '*S3CRET' OR unix_socket;",
                PASSWORD,
            ),
            ("CREATE USER r IDENTIFIED WITH 'x' AS 0x5333;", PASSWORD),
            ("ALTER USER r DEFAULT ROLE NONE;", ""),
            ("ALTER USER r ACCOUNT LOCK PASSWORD EXPIRE;", ""),
            ("SET @a = 1, PASSWORD FOR r = 'S3CRET';", PASSWORD),
            (
                "CREATE TABLE `t` (`a` int) ENGINE=SPIDER COMMENT='wrapper \"mysql\", user \"u\", password \"S3CRET\"';",
                PASSWORD,
            ),
            (
                "CREATE TABLE `t` (`a` int) DEFAULT CHARSET=utf8mb4 COMMENT='jane' '@firma.de';",
                ADDRESS,
            ),
            (
                "CREATE TABLE `t` (`a` varchar(99) DEFAULT 'jane\\@firma.de');",
                ADDRESS,
            ),
            (
                "DELIMITER ;;\nCREATE EVENT e ON SCHEDULE EVERY 1 DAY ENABLE DO CALL f() ;;\nDELIMITER ;",
                JOB,
            ),
            (
                "DELIMITER ;;\nCREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE DO CALL f() ;;\nDELIMITER ;",
                "",
            ),
            ("ALTER EVENT e ENABLE;", JOB),
            (
                "CREATE TABLE `mysql`.`user` (`Host` char(9), `authentication_string` text);\n\
                 INSERT INTO `mysql`.`user` VALUES ('%','*S3CRET');",
                PASSWORD,
            ),
            (
                "CREATE TABLE `user` (`Host` char(9), `authentication_string` text);\n\
                 INSERT INTO `user` VALUES ('%','*S3CRET');",
                PASSWORD,
            ),
        ],
    );
}

/// MariaDB keeps the lowest and highest values of columns in a table of its own, hashes of passwords in another,
/// and writes users who have no password in statements that look as if they had.
#[test]
fn what_mariadb_writes_of_its_own() {
    let Some(server) = mariadb() else { return };
    let run = |script: &str| {
        let mut client = server.tool("mariadb");
        let out = client.write_stdin(script).output().expect("a run");
        let err = String::from_utf8_lossy(&out.stderr).into_owned();
        assert!(out.status.success(), "{err}");
    };
    let dump = |args: &[&str]| {
        let out = server.tool("mariadb-dump").args(args).output();
        let out = out.expect("a dump");
        assert!(out.status.success());
        out.stdout
    };
    run(
        "CREATE DATABASE outside; CREATE TABLE outside.customer (id int, email varchar(99));
        INSERT INTO outside.customer VALUES (1, 'jane@firma.de'), (2, 'max@firma.de');
        ANALYZE TABLE outside.customer PERSISTENT FOR ALL;
        CREATE USER outside1@localhost IDENTIFIED VIA unix_socket;
        CREATE USER outside2@localhost IDENTIFIED VIA mysql_native_password OR unix_socket;
        CREATE USER outside3@localhost ACCOUNT LOCK;
        CREATE USER hashed@localhost IDENTIFIED BY 'S3CRET';
        CREATE EVENT outside.e ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01' DO SELECT 1;
        CREATE EVENT outside.off ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01' DISABLE DO SELECT 1;",
    );
    let rules = "UPDATE outside.customer SET email = 'x';";
    let all = dump(&["--databases", "mysql", "outside"]);
    // A pattern fits every table of which the dump says what columns it has.
    let patterns = format!("{rules}\nUPDATE \"*\" SET \"*mail*\" = 'x';\n");
    for (dump, rules) in [
        (dump(&["--system=stats"]), rules),
        (all.clone(), patterns.as_str()),
        (dump(&["mysql"]), patterns.as_str()),
    ] {
        let holds = |bytes: &[u8]| memchr::memmem::find(bytes, b"jane@firma.de").is_some();
        assert!(holds(&dump));
        let (run, report) = bytes(rules, &[], &dump);
        assert_ne!(run.code, Some(3), "{}", run.err);
        assert!(!holds(&run.out), "{}", run.err);
        assert!(report.contains("column_stats: its planner statistics"));
    }

    let (run, report) = bytes("", &[], &all);
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert_eq!(run.out, all);
    let told = "mysql.global_priv holds a password of each user (column Priv)";
    assert!(report.contains(told), "{report}");
    let (run, _) = bytes("", &["--strict"], &all);
    assert_eq!(run.code, Some(3), "{}", run.err);
    let (run, report) = bytes("TRUNCATE mysql.global_priv;", &[], &all);
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(!report.contains("global_priv holds"), "{report}");

    // What other tests create at the same time is not looked at.
    let users = String::from_utf8(dump(&["--system=users"])).expect("UTF-8");
    let ours = users
        .lines()
        .filter(|line| !line.contains('@') || line.contains("outside"));
    let ours: Vec<_> = ours.collect();
    assert!(
        ours.iter()
            .any(|line| line.starts_with("CREATE USER `outside2`"))
    );
    // Their names are texts that somebody has to have looked at; there is nothing else.
    let ours = ours.join("\n").into_bytes();
    let (run, report) = bytes("", &["--strict"], &ours);
    assert_eq!(run.code, Some(1), "{}", run.err);
    let report: serde_json::Value = serde_json::from_str(&report).expect("a report");
    let lines = report["strict"]["unreviewed"].as_array().expect("lines");
    let lines: Vec<_> = lines.iter().filter_map(|line| line.as_str()).collect();
    let (run, _) = bytes(&lines.join("\n"), &["--strict"], &ours);
    assert_eq!(run.code, Some(0), "{}", run.err);

    let events = dump(&["--events", "--no-data", "outside"]);
    let (run, report) = bytes("", &[], &events);
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert_eq!(report.matches(JOB).count(), 1, "{report}");
    let (run, _) = bytes("", &["--strict"], &events);
    assert_eq!(run.code, Some(3), "{}", run.err);
}

/// The rows of the past that MariaDB dumps are rows: rules reach them, and a review counts them.
#[test]
fn rows_of_the_past() {
    let dump = "CREATE TABLE `t` (`id` int, `a` text) WITH SYSTEM VERSIONING;\n\
        INSERT INTO `t` (`id`, `a`, `row_start`, `row_end`) VALUES \
        (1,'jane','2024-01-01 00:00:00.000000','2024-02-01 00:00:00.000000'),\
        (1,'jane','2024-02-01 00:00:00.000000','2038-01-19 03:14:07.999999');\n";
    let rules = "UPDATE t SET a = 'x';\nGRANT SELECT (id) ON t TO testbed;\n";
    let (run, _) = scrub("mysql", rules, &["--strict"], dump);
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(!run.text().contains("jane"));
}
