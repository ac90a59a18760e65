//! MySQL and MariaDB: the contract against a real MariaDB, and what today's tools get wrong.

use crate::golden::{arguments, folders, run_in};
use crate::mariadb::{Mariadb, mariadb};
use crate::runner::{SPOILED, filter, filter_with, fixture, run};
use std::path::Path;

/// MySQL 8's own names for what MariaDB knows under others.
fn for_mariadb(dump: &[u8]) -> Vec<u8> {
    let text: Vec<u8> = dump.to_vec();
    let replaced = bstr::ByteSlice::replace(&text[..], "utf8mb4_0900_ai_ci", "utf8mb4_general_ci");
    let lines = replaced.split_inclusive(|b| *b == b'\n');
    lines
        .filter(|line| !line.starts_with(b"/*!80002 ANALYZE"))
        .flatten()
        .copied()
        .collect()
}

/// The contract on one case: restore and run the rulebook = restore what scrub wrote.
fn compare(server: &'static Mariadb, path: &Path, rules: &str) {
    let dump = std::fs::read(path.join("dump.sql")).expect("the dump");
    let mut args = arguments(path);
    args.extend(["-r".to_owned(), "rules.sql".to_owned()]);
    let scrubbed = run_in(path, &args, &dump).ok();
    let (after, before) = (server.database(), server.database());
    after.run(&for_mariadb(&dump));
    after.run(rules.as_bytes());
    before.run(&for_mariadb(&scrubbed));
    let (after, before) = (after.fingerprint(), before.fingerprint());
    for (left, right) in after.iter().zip(&before) {
        assert_eq!(
            left,
            right,
            "{}: the server's rows, then scrub's",
            path.display()
        );
    }
    assert_eq!(after.len(), before.len(), "{}", path.display());
}

#[test]
fn plain_rulebooks_do_what_the_server_does() {
    let Some(server) = mariadb() else { return };
    let mut compared = 0;
    for path in folders(&fixture("mysql")) {
        let Ok(rules) = std::fs::read_to_string(path.join("rules.sql")) else {
            continue;
        };
        if !rules.contains("anon.") && !rules.contains("\"*") {
            compare(server, &path, &rules);
            compared += 1;
        }
    }
    assert!(compared >= 6, "only {compared} cases were compared");
}

/// The flavours of mariadb-dump, with the rules that the golden folder has for them.
#[test]
fn every_flavour_of_the_dumper_is_understood() {
    let Some(server) = mariadb() else { return };
    let path = fixture("mysql/mariadb-dump");
    let source = server.database();
    source.run(&std::fs::read(path.join("dump.sql")).expect("the dump"));
    let rules = std::fs::read_to_string(path.join("rules.sql")).expect("the rules");
    let after = server.database();
    after.run(&source.dump(&["--routines"]));
    after.run(rules.as_bytes());
    let after = after.fingerprint();
    let flavours: &[&[&str]] = &[
        &["--routines"],
        &["--routines", "--skip-extended-insert"],
        &["--routines", "--complete-insert", "--hex-blob"],
        &["--routines", "--insert-ignore", "--no-autocommit"],
        &[
            "--routines",
            "--replace",
            "--skip-add-locks",
            "--skip-comments",
        ],
        &[
            "--routines",
            "--skip-quote-names",
            "--skip-tz-utc",
            "--skip-dump-date",
        ],
        &[
            "--routines",
            "--single-transaction",
            "--net-buffer-length=1024",
        ],
    ];
    for flavour in flavours {
        let dump = source.dump(flavour);
        let scrubbed = run_in(&path, &["-r".to_owned(), "rules.sql".to_owned()], &dump).ok();
        let before = server.database();
        // A compact dump does not switch the checks off itself.
        before.run(&[b"SET FOREIGN_KEY_CHECKS=0, sql_mode='';\n", &scrubbed[..]].concat());
        let before = before.fingerprint();
        let differ = after.iter().zip(&before).find(|(a, b)| a != b);
        assert_eq!(differ, None, "{flavour:?}: the server's rows, then scrub's");
        assert_eq!(after.len(), before.len(), "{flavour:?}");
    }
}

/// A run that fails leaves something that the client does not load.
#[test]
fn a_failed_run_is_not_loaded() {
    let Some(server) = mariadb() else { return };
    let rules = tempfile::Builder::new()
        .suffix(".sql")
        .tempfile()
        .expect("a file");
    std::fs::write(rules.path(), "UPDATE t SET a = 'x' WHERE id = 1;\n").expect("the rules");
    let rules = rules.path().display().to_string();
    let table = "CREATE TABLE t (id int, a varchar(9), b int);\nINSERT INTO t VALUES (1,'a',1)";
    for rest in [
        "",
        ",(2,'b",
        ",(2,'b\\",
        ",(2,'b',(",
        " /* c",
        ",(2,'b',1) ON DUPLICATE KEY UPDATE a=1;",
    ] {
        let input = format!("{table}{rest}");
        let output = run(&["-r", &rules], input.as_bytes());
        assert_eq!(output.code, Some(3), "{rest}: {}", output.err);
        assert!(!output.err.contains("'b"), "{rest}: {}", output.err);
        let database = server.database();
        let loaded = database.try_run(&output.out);
        assert!(!loaded.status.success(), "{rest}: {}", output.text());
        assert_eq!(database.run(b"SELECT count(*) FROM t"), "0\n", "{rest}");
    }
}

/// What today's tools do to MySQL dumps (`peers.md`): statements that pass untouched, rows that a
/// rule misses when each stands on a line of its own, rules that reach into the next table.
#[test]
fn no_form_of_insert_is_missed() {
    let table = |name: &str| {
        format!("CREATE TABLE `{name}` (`id` int, `mail` varchar(99), `note` text);\n")
    };
    let values = |from: u32| -> Vec<String> {
        let row = |n| format!("({n},'u{n}@corp.test','a),(9,\\'x@corp.test;\\'')");
        (from..from + 50).map(row).collect()
    };
    let mut dump = table("users");
    let forms: &[(&str, &str)] = &[
        ("INSERT INTO `users` VALUES ", ","),
        ("INSERT INTO `users` VALUES\n", ",\n"),
        ("INSERT  IGNORE  INTO `users` VALUES ", ","),
        ("REPLACE INTO users VALUES", ",\n\n  "),
        (
            "INSERT INTO `users` (`id`, `mail`, `note`) VALUES\n",
            " ,\n",
        ),
        ("insert delayed into users value ", " /* , */ ,"),
    ];
    for (n, (head, separator)) in (0..).zip(forms) {
        dump += &format!("{head}{};\n", values(n * 50).join(separator));
    }
    for (n, row) in (300..).zip(values(300)) {
        dump += &format!("INSERT INTO `users` VALUES {row};\n");
        dump += &format!("INSERT INTO users SET note='n', mail='s{n}@corp.test', id={n};\n");
        dump += &format!(
            "INSERT INTO `users` (`mail`,`note`,`id`) VALUES ('r{n}@corp.test','n',{n});\n"
        );
    }
    let other = table("zz")
        + "INSERT INTO `zz` VALUES (1,'kept@other.test','x'),\n(2,'kept@other.test','y');\n";
    dump += &other;
    let rules = tempfile::Builder::new()
        .suffix(".sql")
        .tempfile()
        .expect("a file");
    let text = "UPDATE users SET mail = 'x', note = NULL WHERE id % 2 = 0;\nDELETE FROM users WHERE id % 2 = 1;\n";
    std::fs::write(rules.path(), text).expect("the rules");
    let out = run(
        &["-r", &rules.path().display().to_string()],
        dump.as_bytes(),
    )
    .ok();
    let out = String::from_utf8(out).expect("text");
    assert!(!out.contains("@corp.test"), "{out}");
    assert_eq!(out.matches("'x'").count(), 25 * 7 + 25 * 2 + 1, "{out}");
    assert!(out.ends_with(&other));
}

/// What the clients keep to themselves hides no rows: every INSERT that they would send is rewritten,
/// or the run stops.
#[test]
fn client_commands_hide_no_rows() {
    let insert = "INSERT INTO t VALUES (1,'S3CRET');";
    for (before, stops) in [
        ("use d\n", false),
        ("USE d;", false),
        ("\\u d\n", false),
        ("\\u d;", false),
        ("--x'\n", false),
        ("# '\n", false),
        ("-- '\n", false),
        ("SELECT 1\\g", false),
        ("SELECT 1 \\G\n", false),
        ("SELECT 1 \\c", false),
        ("INSERT INTO u VALUES (1,'a') \\c ", false),
        ("INSERT INTO t VALUES (2,'a') \\c\n", true),
        ("\\c ", false),
        ("status\n", false),
        ("delimiter //\nSELECT ';//\n'// delimiter ;\n", false),
        ("\\d //\nSELECT 1 //\n\\d ;\n", false),
        ("/*!50003 SET @a = '*/' */;", false),
        ("/*M!100000 SET @a = ';' */;", false),
        (
            "/*!80002 ANALYZE TABLE t UPDATE HISTOGRAM ON a WITH 9 BUCKETS; */;\n",
            false,
        ),
        ("SET @@GLOBAL.GTID_PURGED=/*!80000 '+'*/ 'x:1-9';", false),
        ("/* /* */ SELECT 1;", false),
        ("/*+ ' */ SELECT 1;", false),
        ("SELECT `'` , \"'\";", false),
        ("CREATE TABLE `a;'` (`b` int);", false),
        ("source a.sql\n", true),
        ("source a.sql;\n", true),
        ("\\. a.sql\n", true),
        ("SELECT 1 \\. a.sql\n;", true),
        ("system rm x\n", true),
        ("\\! rm x\n", true),
        ("connect d host\n", true),
        ("CALL p();", true),
        (
            "EXECUTE IMMEDIATE CONCAT('SET ROLE ', @current_role);",
            false,
        ),
        ("EXECUTE IMMEDIATE CONCAT('UPDATE t SET ', @a);", true),
        ("LOAD DATA INFILE 'a' INTO TABLE t;", true),
        ("/*!50000 INSERT INTO t VALUES (3,'S3CRET') */;", true),
        (
            "INSERT INTO t VALUES (2,'a') /*!50000 ,(1,'S3CRET') */;",
            true,
        ),
        (
            "INSERT INTO t VALUES (2,'a') ON DUPLICATE KEY UPDATE a='S3CRET';",
            true,
        ),
        ("INSERT INTO t TABLE u;", true),
        ("REPLACE t SELECT 1,'S3CRET';", true),
        ("INSERT t SET id:=2, a=\"S3CRET\";", false),
        ("INSERT DELAYED t VALUES (2,N'S3CRET') ,(3,\\N);", false),
        ("WITH x AS (SELECT 1) UPDATE t SET a='S3CRET';", true),
    ] {
        let dump = format!(
            "CREATE TABLE t (id int, a varchar(9));\nCREATE TABLE u (id int, a varchar(9));\n{before}{insert}\n"
        );
        let rules = "UPDATE t SET a = 'x' WHERE id > 0 OR a IS NULL;";
        let run = filter_with(&["-f", "mysql"], rules, dump.as_bytes());
        assert_eq!(
            run.code,
            Some(if stops { 3 } else { 0 }),
            "{before}: {}",
            run.err
        );
        assert!(!run.text().contains("S3CRET"), "{before}: {}", run.text());
        assert!(!run.err.contains("S3CRET"), "{before}: {}", run.err);
    }
}

/// The dumper writes a table's triggers behind its rows. Rows that have to wait for a later table, and
/// rows that rules add, leave before them all the same.
#[test]
fn rows_that_leave_later_fire_no_trigger() {
    let Some(server) = mariadb() else { return };
    let source = server.database();
    source.run(
        b"CREATE TABLE a (id int PRIMARY KEY AUTO_INCREMENT, t varchar(9)); INSERT INTO a VALUES (1,'x'),(2,'y');\n\
          CREATE TABLE e (id int PRIMARY KEY AUTO_INCREMENT, t varchar(9));\n\
          CREATE TABLE log (t varchar(99));\n\
          CREATE TABLE z (id int PRIMARY KEY); INSERT INTO z VALUES (1);\n\
          CREATE TRIGGER a1 BEFORE INSERT ON a FOR EACH ROW INSERT INTO log VALUES ('a;');\n\
          CREATE TRIGGER a2 AFTER INSERT ON a FOR EACH ROW INSERT INTO log VALUES ('a');\n\
          CREATE TRIGGER e1 AFTER INSERT ON e FOR EACH ROW INSERT INTO log VALUES ('e');\n",
    );
    let rules = "-- dialect: mysql\nUPDATE a SET t = 'w' WHERE id IN (SELECT id FROM z);\n\
                 INSERT INTO a (t) VALUES ('n');\nINSERT INTO e (id, t) VALUES (7, 'n');\n";
    let out = filter_with(&[], rules, &source.dump(&[])).ok();
    let database = server.database();
    database.run(&out);
    assert_eq!(database.run(b"SELECT t FROM a ORDER BY id"), "w\ny\nn\n");
    assert_eq!(database.run(b"SELECT id, t FROM e"), "7\tn\n");
    assert_eq!(database.run(b"SELECT * FROM log"), "");
    let triggers =
        b"SELECT trigger_name, sql_mode, character_set_client FROM information_schema.triggers \
                     WHERE trigger_schema = DATABASE() ORDER BY 1";
    assert_eq!(database.run(triggers), source.run(triggers));
}

/// Two dumps in one stream (`cat a.sql b.sql`): each is what it is alone, however they were named.
#[test]
fn dumps_in_a_row_are_each_rewritten() {
    let dump = std::fs::read(fixture("mysql/mariadb-dump/dump.sql")).expect("the dump");
    let rules = "-- dialect: mysql\nUPDATE users SET name = 'x' WHERE id IN (SELECT user_id FROM orders);\n\
                 INSERT INTO secrets (name, value) VALUES ('added', 'v');\n";
    let one = filter_with(&[], rules, &dump);
    assert_eq!(one.code, Some(0), "{}", one.err);
    let both = [&b"USE `d`;\n"[..], &dump, b"USE `e`;\n", &dump].concat();
    let two = filter_with(&[], rules, &both);
    assert_eq!(two.code, Some(0), "{}", two.err);
    let text = two.text();
    for part in ["'added','v'", "(1,'Ann@Example.com','x'"] {
        assert_eq!(text.matches(part).count(), 2, "{part}: {text}");
    }
    assert!(!text.contains("O\\'Neil'"), "{text}");
    assert!(
        text.contains("INSERT INTO `d`.`secrets`") && text.contains("INSERT INTO `e`.`secrets`")
    );
}

/// Values of every kind through a rewrite, read back by the server.
#[test]
fn what_is_written_is_what_the_server_reads() {
    let Some(server) = mariadb() else { return };
    let pieces = [
        "'", "''", "\\", "\"", "\n", "\r\n", "\t", "\x1a", "%", "_", "é", "表", "😀", ";", "--",
        "/*!", "`", " ", "x",
    ];
    let mut rules = String::from("-- dialect: mysql\n");
    let mut expected = String::new();
    let mut dump = String::from(
        "SET NAMES utf8mb4;\nCREATE TABLE t (id int, a longtext, b longblob) CHARSET utf8mb4;\n",
    );
    for n in 0..120usize {
        let text: String = (0..n % 7)
            .map(|k| pieces[(n * 7 + k * k * 5 + k) % pieces.len()])
            .collect();
        let quoted = text.replace('\\', "\\\\").replace('\'', "''");
        let original = ["'q'", "\"q\"", "N'q'", "'q' 'r'", "NULL"][n % 5];
        let bytes = ["'q'", "0x71", "x'71'", "_binary 'q'", "''"][n % 5];
        dump += &format!("INSERT INTO t VALUES ({n},{original},{bytes});\n");
        let hex: String = text.bytes().map(|b| format!("{b:02x}")).collect();
        rules += &format!("UPDATE t SET a = '{quoted}', b = '\\\\x{hex}' WHERE id = {n};\n");
        expected += &format!("{n}\t{0}\t{0}\n", hex.to_uppercase());
    }
    let file = tempfile::Builder::new()
        .suffix(".sql")
        .tempfile()
        .expect("a file");
    std::fs::write(file.path(), rules).expect("the rules");
    let out = run(&["-r", &file.path().display().to_string()], dump.as_bytes()).ok();
    let database = server.database();
    database.run(&out);
    let found = database.run(b"SELECT id, hex(a), hex(b) FROM t ORDER BY id");
    assert_eq!(found, expected);
}

/// What generated cases have found, each with the rules that showed it: run by scrub and by MariaDB.
#[test]
fn mended_faults_stay_mended() {
    let Some(server) = mariadb() else { return };
    let table = "CREATE TABLE t (id int PRIMARY KEY, a int, b int, s varchar(20), x blob, f float DEFAULT 0.1, g varchar(40) \
                 GENERATED ALWAYS AS (concat(`id`, upper(`s`))) STORED) CHARSET utf8mb4 COLLATE utf8mb4_bin;\n\
                 CREATE TABLE u (id int PRIMARY KEY, c int, s varchar(20));\n\
                 INSERT INTO t (id, a, b, s, x) VALUES (1, 5, NULL, 'Tom', x'00'), (2, NULL, 7, 'o', '');\n\
                 INSERT INTO u VALUES (1, 70, 'x'), (7, 71, 'y');\n";
    let cases: &[(&str, &[&str], &str)] = &[
        (
            "generated columns under ANSI_QUOTES",
            &["--compatible=ansi"],
            "UPDATE t SET b = 1 WHERE g = '1TOM'; DELETE FROM t WHERE g = '2O';",
        ),
        (
            "NULL among greatest and least",
            &[],
            "UPDATE t SET b = least(a, 3), a = greatest(b, 1, a)",
        ),
        (
            "assignments see those before them",
            &[],
            "UPDATE t SET a = b, b = a, s = concat(a, g)",
        ),
        (
            "literals of bytes",
            &[],
            "UPDATE t SET x = x'275C' WHERE x = 0x00; UPDATE t SET x = X'' WHERE id = 2",
        ),
        (
            "a float in a list",
            &[],
            "UPDATE t SET a = 9 WHERE f IN (0.1, 7); UPDATE t SET b = 8 WHERE f NOT IN (0.1, 7)",
        ),
        (
            "UPDATE with JOIN",
            &[],
            "UPDATE t AS o JOIN u ON u.id = o.b SET o.a = u.c, o.s = 'both' WHERE u.c > 70; \
             UPDATE u INNER JOIN t ON t.id = u.id AND t.s = 'Tom' SET t.b = u.c",
        ),
    ];
    let source = server.database();
    source.run(table.as_bytes());
    for (name, options, rules) in cases {
        let dump = source.dump(options);
        let rules = format!("-- dialect: mysql\n{};\n", rules.trim_end_matches(';'));
        let (after, before) = (server.database(), server.database());
        after.run(&dump);
        after.run(rules.as_bytes());
        before.run(&filter(&rules, &dump).ok());
        let rows = |database: &crate::mariadb::Database| {
            database.run(b"SELECT id, a, b, s, hex(x), g FROM t ORDER BY id; SELECT * FROM u")
        };
        assert_eq!(rows(&after), rows(&before), "{name}");
        assert_ne!(rows(&after), rows(&source), "{name}: nothing changes");
    }
    // Where MariaDB does something else than scrub can do, it says so.
    let dump = source.dump(&[]);
    for (rules, message) in [
        (
            "UPDATE t SET a = b, b = a WHERE id IN (SELECT id FROM u)",
            "depends on its plan",
        ),
        (
            "UPDATE t JOIN u ON u.id = t.id SET t.a = 1, t.b = t.a",
            "depends on its plan",
        ),
        ("UPDATE t JOIN u ON u.id = t.id SET v.a = 1", "is not named"),
        ("INSERT IGNORE INTO u VALUES (1, 1, '')", "form of INSERT"),
        ("REPLACE INTO u VALUES (1, 1, '')", "REPLACE is not read"),
    ] {
        let run = filter(&format!("-- dialect: mysql\n{rules};\n"), &dump);
        assert_eq!(run.code, Some(2), "{rules}: {}", run.err);
        assert!(run.err.contains(message), "{rules}: {}", run.err);
    }
    let latin = String::from_utf8_lossy(&dump).replace("COLLATE=utf8mb4_bin", "COLLATE=latin1_bin");
    let run = filter(
        "-- dialect: mysql\nUPDATE t SET s = left(md5(s), 20);\n",
        latin.as_bytes(),
    );
    assert_eq!(run.code, Some(2), "{}", run.err);
    assert!(run.err.contains("another character set"), "{}", run.err);
}

/// `-1` promises nothing where every definition commits.
#[test]
fn one_transaction_is_a_usage_error() {
    let output = run(&["-1", "-f", "mysql", "-r", "baseline"], b"SELECT 1;\n");
    assert_eq!(output.code, Some(2), "{}", output.err);
    assert_eq!(output.out, SPOILED);
}

/// mysqldump writes row_start and row_end of a versioned table, which its DDL does not have: in rows that
/// a rule adds they are the server's to fill in.
#[test]
fn rows_added_to_a_dumped_history_leave_its_times_to_the_server() {
    let dump = std::fs::read(fixture("mysql/system-versioned/dump.sql")).expect("the dump");
    let rules = "INSERT INTO h (id, mail) VALUES (3, 'z@corp.test');";
    let out = filter(rules, &dump).ok();
    let text = String::from_utf8_lossy(&out);
    let added = text.lines().find(|line| line.contains("z@corp.test"));
    let added = added.expect("the new row");
    assert!(!added.contains("row_start"), "{added}");
    let Some(server) = mariadb() else { return };
    let database = server.database();
    database.run(&out);
    let shown = database.run(b"SELECT count(*) FROM h WHERE id = 3 AND row_end > now()");
    assert_eq!(shown.trim(), "1");
}

/// The child's foreign key comes behind the parent's rows: on a pipe a rule that deletes parents cannot know
/// of it in time.
#[test]
fn parents_that_pass_before_their_children_are_known_want_a_schema() {
    let dump = "-- MariaDB dump 10.19  Distrib 10.11.19-MariaDB\n\
        CREATE TABLE `a` (`id` int(11) NOT NULL, PRIMARY KEY (`id`));\n\
        INSERT INTO `a` VALUES (1),(2);\n\
        CREATE TABLE `b` (`id` int(11) NOT NULL, `a_id` int(11), PRIMARY KEY (`id`),\n\
        CONSTRAINT `b_a` FOREIGN KEY (`a_id`) REFERENCES `a` (`id`) ON DELETE CASCADE);\n\
        INSERT INTO `b` VALUES (10,1),(20,2);\n\
        -- Dump completed on 2026-11-21  8:16:37\n";
    let rules = "DELETE FROM a WHERE id = 1;";
    let refused = filter(rules, dump.as_bytes());
    assert_ne!(refused.code, Some(0), "{}", refused.err);
    assert!(refused.err.contains("b_a"), "{}", refused.err);
    assert!(refused.err.contains("--schema"), "{}", refused.err);
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join("dump.sql");
    std::fs::write(&path, dump).expect("the dump");
    let path = path.to_str().expect("UTF-8");
    for (args, input) in [(&["--schema", path][..], dump), (&[path], "")] {
        let out = filter_with(args, rules, input.as_bytes()).ok();
        let text = String::from_utf8_lossy(&out);
        assert!(text.contains("INSERT INTO `a` VALUES (2);"), "{text}");
        assert!(text.contains("INSERT INTO `b` VALUES (20,2);"), "{text}");
    }
}
