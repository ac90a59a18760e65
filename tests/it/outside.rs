//! What stands outside the rows: everything that could hold a value is told by its line or left out,
//! and stops a strict run. The value itself is never told.

use crate::mariadb::mariadb;
use crate::runner::{Run, command};

/// What every dump begins with, so that the statement is what is wrong with it.
const ROW: &str = "-- a comment\n";

fn scrub(dialect: &str, rules: &str, args: &[&str], dump: &str) -> (Run, String) {
    let args = [args, &["-f", dialect]].concat();
    bytes(rules, &args, dump.as_bytes())
}

fn bytes(rules: &str, args: &[&str], dump: &[u8]) -> (Run, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let (book, report) = (folder.path().join("r.sql"), folder.path().join("r.json"));
    std::fs::write(&book, rules).expect("the rules");
    let mut command = command();
    command.args(args);
    command.arg("-r").arg(&book).arg("--report").arg(&report);
    let run = command
        .write_stdin(dump.to_vec())
        .output()
        .expect("a run")
        .into();
    let report = std::fs::read_to_string(&report).unwrap_or_default();
    (run, report)
}

/// It passes with a warning, and stops a strict run; if `told` is empty, neither. What is wrong with
/// that, if anything.
fn wrong(dialect: &str, statement: &str, told: &str) -> Option<String> {
    let dump = format!("{ROW}{statement}\n");
    let line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (run, report) = scrub(dialect, "", &[], &dump);
    let (strict, strict_report) = scrub(dialect, "", &["--strict"], &dump);
    let (err, strict_err) = (line(&run.err), line(&strict.err));
    let passed = run.code == Some(0) && run.text() == dump;
    let is_told = match told.is_empty() {
        true => {
            let unread =
                strict.code == Some(1) && strict_err.contains("a definition that holds a text");
            !err.contains("which passes as it is") && (strict.code == Some(0) || unread)
        }
        false => {
            let stopped = strict.code == Some(3) && strict_err.contains("--strict: ");
            let placed = err.contains("line ") && strict_err.contains("line ");
            let told = [&err, &report, &strict_err]
                .iter()
                .all(|text| text.contains(told));
            stopped && placed && told
        }
    };
    let texts = [&err, &report, &strict_err, &strict_report];
    let shown = ["jane", "firma", "S3CRET", "6a616e65"]
        .iter()
        .any(|value| texts.iter().any(|text| text.contains(value)));
    (!passed || !is_told || shown).then(|| {
        let codes = (run.code, strict.code);
        format!("{dialect}: {statement} {codes:?}\n  {err}\n  {strict_err}\n")
    })
}

#[track_caller]
fn all(dialect: &str, cases: &[(&str, &str)]) {
    let wrong: String = cases
        .iter()
        .filter_map(|(statement, told)| wrong(dialect, statement, told))
        .collect();
    assert!(wrong.is_empty(), "{wrong}");
}

const ADDRESS: &str = "holds an address outside the safe domain";
const PASSWORD: &str = "holds a password";
const URL: &str = "holds a secret (URL with a password)";
const CONNECTION: &str = "holds a secret (connection string with a password)";
const JOB: &str = "defines a job that will run";

/// They bring what nobody can follow, or run what nobody sees: they pass as long as there are no rules, and
/// stop a strict run.
#[track_caller]
fn all_stop(dialect: &str, statements: &[&str]) {
    let mut wrong = String::new();
    for statement in statements {
        let dump = format!("{ROW}{statement}\n");
        let (run, _) = scrub(dialect, "", &[], &dump);
        let (ruled, _) = scrub(dialect, "UPDATE t SET a = 'x';", &[], &dump);
        let (strict, _) = scrub(dialect, "", &["--strict"], &dump);
        let passed = run.code == Some(0) && run.text() == dump;
        let stopped = ruled.code == Some(3) && ruled.err.contains("line ");
        if !passed || !stopped || strict.code != Some(3) || ruled.err.contains("S3CRET") {
            let codes = (run.code, ruled.code, strict.code);
            wrong += &format!("{dialect}: {statement} {codes:?}\n  {}\n", ruled.err);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn commands_that_reach_beyond_the_dump() {
    all_stop(
        "mssql",
        &[
            ":r other.sql",
            "!!dir",
            ":!! dir",
            ":ed",
            ":on error ignore",
            ":connect h -U u -P S3CRET",
            ":exit(SELECT 1)",
            "EXEC xp_cmdshell 'dir'\nGO",
            "EXEC master..xp_cmdshell 'dir'\nGO",
            "EXEC sp_OACreate 'x', @o OUT\nGO",
            "EXEC msdb.dbo.sp_start_job N'j'\nGO",
        ],
    );
    all_stop(
        "oracle",
        &[
            "COPY FROM hr/S3CRET@prod APPEND T USING SELECT * FROM t",
            "HOST dir",
            "ho dir",
            "! dir",
            "$ dir",
            "$dir",
            "GET x.sql",
            "EDIT x.sql",
            "@x.sql",
            "CHANGE /a/b",
            "FLASHBACK TABLE t TO BEFORE DROP;",
            "LIQUIBASE update;",
        ],
    );
    all_stop(
        "sqlite",
        &[
            ".archive -x",
            ".clone x.db",
            ".once |sh",
            ".output |sh",
            ".excel",
            ".shell dir",
            ".system dir",
            ".bail off",
            ".unheard-of",
            "SELECT load_extension('x');",
            "SELECT writefile('x', 'y');",
        ],
    );
    all_stop(
        "mysql",
        &[
            "\\! dir",
            "system dir",
            "pager sh",
            "\\P sh",
            "source x.sql",
            "edit",
            "START SLAVE;",
            "START GROUP_REPLICATION USER='r', PASSWORD='S3CRET';",
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

#[test]
fn postgres() {
    all(
        "postgres",
        &[
            ("CREATE TABLE t (a text DEFAULT 'jane@firma.de');", ADDRESS),
            ("CREATE TABLE t (a text DEFAULT 'x@mailinator.com');", ""),
            ("ALTER TABLE t ADD CHECK (a <> 'jane@firma.de');", ADDRESS),
            (
                "ALTER TABLE t ALTER a SET DEFAULT E'jane\\x40firma.de';",
                ADDRESS,
            ),
            (
                "CREATE VIEW v AS SELECT 1 WHERE 'jane@firma.de' = 'x';",
                ADDRESS,
            ),
            (
                "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$SELECT 'jane@firma.de'$$;",
                ADDRESS,
            ),
            (
                "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$SELECT 'ftp://u:S3CRET@firma'$$;",
                URL,
            ),
            (
                "CREATE INDEX i ON t (a) WHERE a = 'jane@firma.de';",
                ADDRESS,
            ),
            ("CREATE POLICY p ON t USING (a = 'jane@firma.de');", ADDRESS),
            (
                "CREATE PUBLICATION p FOR TABLE t WHERE (a = 'jane@firma.de');",
                ADDRESS,
            ),
            (
                "CREATE RULE r AS ON INSERT TO t WHERE new.a = 'jane@firma.de' DO INSTEAD NOTHING;",
                ADDRESS,
            ),
            (
                "ALTER TABLE ONLY p ATTACH PARTITION q FOR VALUES IN ('jane@firma.de');",
                ADDRESS,
            ),
            (
                "CREATE TRIGGER x AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f('jane@firma.de');",
                ADDRESS,
            ),
            ("CREATE TYPE e AS ENUM ('a', 'jane@firma.de');", ADDRESS),
            (
                "CREATE DOMAIN d AS text CHECK (VALUE <> 'jane@firma.de');",
                ADDRESS,
            ),
            ("COMMENT ON COLUMN t.a IS 'ask jane@firma.de';", ADDRESS),
            ("SECURITY LABEL ON TABLE t IS 'jane@firma.de';", ADDRESS),
            ("CREATE ROLE \"jane@firma.de\";", ADDRESS),
            ("GRANT SELECT ON t TO \"jane@firma.de\";", ADDRESS),
            ("ALTER DATABASE d SET x.y = 'jane@firma.de';", ADDRESS),
            ("SET x.y = 'jane@firma.de';", ADDRESS),
            ("-- Owner: jane@firma.de", ADDRESS),
            ("/* jane@firma.de */", ADDRESS),
            ("ALTER ROLE r PASSWORD 'S3CRET';", PASSWORD),
            ("CREATE USER r WITH ENCRYPTED PASSWORD 'S3CRET';", PASSWORD),
            (
                "CREATE USER MAPPING FOR r SERVER s OPTIONS (user 'r', password 'S3CRET');",
                PASSWORD,
            ),
            (
                "CREATE SUBSCRIPTION s CONNECTION 'host=h password=S3CRET' PUBLICATION p;",
                CONNECTION,
            ),
            (
                "ALTER SUBSCRIPTION s CONNECTION 'host=h password=S3CRET';",
                CONNECTION,
            ),
            (
                "CREATE VIEW v AS SELECT * FROM dblink('host=h password=S3CRET', 'SELECT 1') AS (a int);",
                CONNECTION,
            ),
            (
                "SELECT pg_catalog.lowrite(0, '\\x6a616e65406669726d612e6465');",
                "large objects pass as they are",
            ),
            (
                "SELECT pg_catalog.lo_from_bytea(1, '\\x6a616e65');",
                "large objects pass as they are",
            ),
            (
                "SELECT pg_catalog.lo_put(1, 0, '\\x6a616e65');",
                "large objects pass as they are",
            ),
            ("CREATE STATISTICS s (dependencies) ON a, b FROM t;", ""),
            (
                "ALTER DATABASE d SET \"app.jwt_secret\" TO 'S3CRET';",
                PASSWORD,
            ),
            (
                "ALTER ROLE r IN DATABASE d SET app.smtp_password TO 'S3CRET';",
                PASSWORD,
            ),
            ("ALTER ROLE r SET password_encryption TO 'md5';", ""),
            ("SET app.token = 'S3CRET';", PASSWORD),
            (
                "SELECT pg_catalog.set_config('app.api_key', 'S3CRET', false);",
                PASSWORD,
            ),
            ("\\set password S3CRET", PASSWORD),
            ("\\connect \"dbname=d password=S3CRET\"", CONNECTION),
            (
                "CREATE USER MAPPING FOR r SERVER s OPTIONS (user 'r', vault_token 'S3CRET');",
                PASSWORD,
            ),
            (
                "CREATE SERVER s FOREIGN DATA WRAPPER w OPTIONS (api_key 'S3CRET');",
                PASSWORD,
            ),
            (
                "CREATE FOREIGN TABLE t (a int) SERVER s OPTIONS (password 'S3CRET');",
                PASSWORD,
            ),
            (
                "ALTER FOREIGN DATA WRAPPER w OPTIONS (ADD secret 'S3CRET');",
                PASSWORD,
            ),
            (
                "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$ALTER ROLE r PASSWORD 'S3CRET'$$;",
                PASSWORD,
            ),
            ("SELECT count(*), pg_catalog.now() FROM t;", ""),
            ("SELECT public.load_data();", CALLS),
            ("SELECT a FROM t WHERE f(a) IN (1);", CALLS),
            ("VALUES (public.load_data());", CALLS),
            ("\\set q 'INSERT INTO t VALUES (1)'\n:q;", "a psql variable"),
            ("\\! true", "\\!"),
            ("SELECT 1 \\g |sh", "a command of the shell"),
            ("\\o |sh", "a command of the shell"),
            ("\\set x `true`", "a command of the shell"),
        ],
    );
}

const CALLS: &str = "an unknown function";

/// What may bring rows that nobody sees stops a run as soon as there are rules.
#[test]
fn what_may_bring_rows() {
    for statement in [
        "SELECT public.load_data();",
        "WITH q AS (SELECT f()) SELECT * FROM q;",
        "DECLARE c CURSOR FOR SELECT f();",
        "EXPLAIN ANALYZE SELECT f();",
        "\\set q 'INSERT INTO t VALUES (1)'\n:q;",
        "\\! psql -c 'INSERT INTO t VALUES (1)'",
        "SELECT 'INSERT INTO t VALUES (1)' \\g |psql",
    ] {
        let dump = format!("CREATE TABLE t (a int);\n{statement}\n");
        let (run, _) = scrub("postgres", "UPDATE t SET a = 2", &[], &dump);
        assert_eq!(run.code, Some(3), "{statement}: {}", run.err);
        assert!(run.err.contains("may change rows"), "{}", run.err);
    }
}

/// A dry run under --strict tells everything and stops at nothing.
#[test]
fn a_strict_dry_run_tells_all() {
    let dump = "CREATE USER MAPPING FOR r SERVER s OPTIONS (password 'S3CRET');\n\
        DO $$BEGIN RAISE NOTICE 'x'; END$$;\n\
        SELECT pg_catalog.lo_create('1');\n\
        COMMENT ON SCHEMA public IS 'jane@firma.de';\n\
        CREATE TABLE t (a int, b text DEFAULT 'Jane Roe');\nCOPY t (a, b) FROM stdin;\n\\.\n";
    let folder = tempfile::tempdir().expect("a folder");
    let book = folder.path().join("r.sql");
    std::fs::write(&book, "").expect("the rules");
    let mut command = command();
    command.args(["check", "--strict", "-r"]).arg(&book);
    let run: Run = command.write_stdin(dump).output().expect("a run").into();
    assert_eq!(run.code, Some(1), "{}", run.err);
    let told = run.text();
    for part in [
        "holds a password",
        "scrub cannot follow what DO does",
        "large objects pass",
        "COMMENT ON SCHEMA holds an address",
        "GRANT SELECT (a, b) ON public.t TO testbed;",
    ] {
        assert!(told.contains(part), "{part} is missing: {told}");
    }
    assert!(!told.contains("S3CRET") && !told.contains("jane") && !told.contains("Roe"));
}

/// What looks like nothing passes a strict run, but not in silence.
/// A text without any shape, wherever a definition may hold one: it passes, and a strict run wants somebody to
/// have looked at it, each time that it changes.
#[test]
fn texts_in_definitions_want_a_reader() {
    let postgres = "COPY t (a) FROM stdin;\n\\.\n";
    for (dialect, rows, statements) in [
        (
            "postgres",
            postgres,
            &[
                "CREATE TABLE u (a text DEFAULT 'Jane Roe');",
                "CREATE TABLE u (a text, CONSTRAINT c CHECK ((a <> 'Jane Roe'::text)));",
                "CREATE TABLE u (a text, b text GENERATED ALWAYS AS ((a || 'Jane Roe'::text)) STORED);",
                "CREATE TABLE u PARTITION OF t FOR VALUES IN ('Jane Roe');",
                "ALTER TABLE ONLY p ATTACH PARTITION q FOR VALUES FROM ('Jane Roe') TO (MAXVALUE);",
                "ALTER TABLE ONLY u ALTER COLUMN a SET DEFAULT 'Jane Roe'::text;",
                "COMMENT ON COLUMN t.a IS 'ask Jane Roe';",
                "COMMENT ON DATABASE d IS 'ask Jane Roe';",
                "SECURITY LABEL FOR dummy ON TABLE t IS 'Jane Roe';",
                "CREATE TYPE e AS ENUM (\n    'Jane Roe'\n);",
                "CREATE DOMAIN d AS text CHECK (VALUE <> 'Jane Roe');",
                "CREATE VIEW v AS SELECT a FROM t WHERE (a = 'Jane Roe'::text);",
                "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$ SELECT a FROM t -- Jane Roe\n $$;",
                "CREATE INDEX i ON t (a) WHERE (a = 'Jane Roe'::text);",
                "CREATE POLICY p ON t USING ((a = 'Jane Roe'::text));",
                "CREATE RULE r AS ON DELETE TO u WHERE (old.a = 'Jane Roe'::text) DO INSTEAD NOTHING;",
                "CREATE TRIGGER g AFTER DELETE ON u FOR EACH ROW EXECUTE FUNCTION f('Jane Roe');",
                "CREATE PUBLICATION b FOR TABLE t WHERE (a = 'Jane Roe'::text);",
                "ALTER DATABASE d SET app.owner TO 'Jane Roe';",
            ][..],
        ),
        (
            "mysql",
            "INSERT INTO t VALUES ('x');\n",
            &[
                "CREATE TABLE u (a text DEFAULT 'Jane Roe') AUTO_INCREMENT=17;",
                "CREATE TABLE u (a text COMMENT 'ask Jane Roe');",
                "CREATE TABLE u (a enum('Jane Roe'));",
                "CREATE TABLE u (a text) COMMENT='ask Jane Roe';",
                "/*!50001 CREATE VIEW v AS SELECT a FROM t WHERE a = 'Jane Roe' */;",
                "CREATE FUNCTION f() RETURNS text RETURN 'Jane Roe';",
            ],
        ),
        (
            "mssql",
            "INSERT t (a) VALUES (N'x')\nGO\n",
            &[
                "CREATE TABLE u (a nvarchar(9) DEFAULT (N'Jane Roe'))\nGO",
                "ALTER TABLE t ADD CONSTRAINT c CHECK (a <> N'Jane Roe')\nGO",
                "EXEC sys.sp_addextendedproperty @name=N'MS_Description', @value=N'ask Jane Roe'\nGO",
                "CREATE VIEW v AS SELECT a FROM t WHERE a = N'Jane Roe'\nGO",
            ],
        ),
        (
            "oracle",
            "INSERT INTO t (a) VALUES ('x');\n",
            &[
                "CREATE TABLE u (a varchar2(9) DEFAULT 'Jane Roe');",
                "COMMENT ON COLUMN t.a IS 'ask Jane Roe';",
                "CREATE VIEW v AS SELECT a FROM t WHERE a = 'Jane Roe';",
            ],
        ),
        (
            "sqlite",
            "INSERT INTO t VALUES('x');\n",
            &[
                "CREATE TABLE u (a text DEFAULT 'Jane Roe');",
                "CREATE TABLE u (a text /* of Jane Roe */);",
                "CREATE VIEW v AS SELECT a FROM t WHERE a = 'Jane Roe';",
            ],
        ),
    ] {
        let table = match dialect {
            "mssql" => "CREATE TABLE t (a nvarchar(20))\nGO\n",
            "oracle" => "CREATE TABLE t (a varchar2(20));\n",
            _ => "CREATE TABLE t (a varchar(20));\n",
        };
        let grant = "GRANT SELECT (a) ON t TO testbed;\n";
        for statement in statements {
            for dump in [
                format!("{table}{statement}\n{rows}"),
                format!("{table}{rows}{statement}\n"),
            ] {
                let (run, _) = scrub(dialect, grant, &[], &dump);
                assert_eq!(
                    (run.code, run.text()),
                    (Some(0), dump.clone()),
                    "{}",
                    run.err
                );
                let (run, report) = scrub(dialect, grant, &["--strict"], &dump);
                assert_eq!(run.code, Some(1), "{statement}: {}", run.err);
                for text in [&run.err, &report] {
                    assert!(
                        text.contains("nobody has reviewed a definition that holds a text: "),
                        "{text}"
                    );
                    assert!(!text.contains("Jane"), "{text}");
                }
                assert!(run.err.contains(": line "), "{}", run.err);
                let report: serde_json::Value = serde_json::from_str(&report).expect("a report");
                let lines = &report["strict"]["unreviewed"];
                let line = lines[0].as_str().expect("a line");
                assert!(
                    line.starts_with("-- reviewed: ") && lines[1].is_null(),
                    "{lines}"
                );

                let rules = format!("{grant}{line}\n");
                let (run, _) = scrub(dialect, &rules, &["--strict"], &dump);
                assert_eq!(
                    (run.code, run.text()),
                    (Some(0), dump.clone()),
                    "{}",
                    run.err
                );
                let (run, _) = scrub(
                    dialect,
                    &rules,
                    &["--strict"],
                    &dump.replace("Jane", "John"),
                );
                assert_eq!(run.code, Some(1), "{statement}: {}", run.err);
                let counted = dump.replace("AUTO_INCREMENT=17", "AUTO_INCREMENT=18");
                let (run, _) = scrub(dialect, &rules, &["--strict"], &counted);
                assert_eq!(run.code, Some(0), "{statement}: {}", run.err);

                let mut check = command();
                check.args(["check", "-q", "--strict", "-f", dialect]);
                let run: Run = check
                    .write_stdin(dump.clone())
                    .output()
                    .expect("a run")
                    .into();
                assert!(run.text().contains(line), "{statement}: {}", run.text());
            }
        }
    }
}

/// Samples of rows and copies of cells that leave with no rule's word: they are left out or written anew, and
/// a line of the report says so. What is left passes a strict run.
#[test]
fn what_is_left_out() {
    let grant = "GRANT SELECT (id) ON t TO testbed;\n";
    for (dialect, rules, dump, gone, told) in [
        (
            "postgres",
            "UPDATE t SET a = 'x';",
            "CREATE TABLE t (id int, a text);\nCOPY t (id, a) FROM stdin;\n\\.\n\
             SELECT * FROM pg_catalog.pg_restore_attribute_stats('version', '180000'::integer, 'schemaname', 'public', \
             'relname', 't', 'attname', 'a', 'histogram_bounds', '{jane@firma.de}'::text);\n",
            "jane",
            "statistics",
        ),
        (
            "postgres",
            "UPDATE t SET a = 'x';",
            "CREATE TABLE t (id int, a text);\nCOPY t (id, a) FROM stdin;\n\\.\nCREATE INDEX i ON t (lower(a));\n\
             SELECT * FROM pg_catalog.pg_restore_attribute_stats('version', '180000'::integer, 'schemaname', 'public', \
             'relname', 'i', 'attnum', '1'::smallint, 'most_common_vals', '{jane@firma.de}'::text);\n",
            "jane",
            "statistics",
        ),
        (
            "postgres",
            "UPDATE t SET a = 'x';",
            "CREATE TABLE t (id int, a text);\nCREATE MATERIALIZED VIEW m AS SELECT a FROM t WITH NO DATA;\n\
             COPY t (id, a) FROM stdin;\n\\.\n\
             SELECT * FROM pg_catalog.pg_restore_attribute_stats('version', '180000'::integer, 'schemaname', 'public', \
             'relname', 'm', 'attname', 'a', 'most_common_vals', '{jane@firma.de}'::text);\n",
            "jane",
            "statistics",
        ),
        (
            "postgres",
            "SELECT 'UPDATE t SET a = ''x''' FROM t \\gexec\n",
            "CREATE TABLE t (id int, a text);\n\
             SELECT * FROM pg_catalog.pg_restore_attribute_stats('version', '180000'::integer, 'schemaname', 'public', \
             'relname', 't', 'attname', 'a', 'most_common_vals', '{jane@firma.de}'::text);\n\
             COPY t (id, a) FROM stdin;\n1\tx\n\\.\n",
            "jane",
            "statistics",
        ),
        (
            "mysql",
            "UPDATE t SET a = 'x';",
            "CREATE TABLE `t` (`id` int, `a` varchar(99));\n/*!80002 ANALYZE TABLE `t` UPDATE HISTOGRAM ON `a` USING DATA \
             '{\"buckets\": [[\"jane@firma.de\", 1.0]]}' */;\n",
            "jane",
            "statistics",
        ),
        (
            "mysql",
            "UPDATE t SET a = 'x';",
            "CREATE TABLE `t` (`id` int, `a` varchar(99), `g` varchar(99) GENERATED ALWAYS AS (upper(`a`)) STORED);\n\
             INSERT INTO `t` VALUES (1,'jane','JANE');\n",
            "JANE",
            "",
        ),
        (
            "oracle",
            "UPDATE t SET a = 'x';",
            "CREATE TABLE HR.T (ID NUMBER, A VARCHAR2(99));\nDECLARE\n  c varchar2(60);\n  s varchar2(60) := 'HR';\n  \
             t varchar2(60) := 'T';\n  stmt varchar2(300) := 'INSERT INTO \"SYS\".\"IMPDP_STATS\" (type) VALUES (:1)';\n\
             BEGIN\n  DELETE FROM \"SYS\".\"IMPDP_STATS\";\n  c := 'A'; EXECUTE IMMEDIATE stmt USING 'C','6a616e65','5A';\n\
             END;\n/\n",
            "6a616e65",
            "statistics",
        ),
        (
            "oracle",
            "UPDATE t SET a = 'x';",
            "CREATE TABLE HR.T (ID NUMBER, A VARCHAR2(99));\nDECLARE\n  SREC DBMS_STATS.STATREC;\nBEGIN\n  \
             SREC.MINVAL := '6A616E65'; SREC.CHVALS := DBMS_STATS.CHARARRAY('jane@firma.de');\n  \
             DBMS_STATS.SET_COLUMN_STATS('\"HR\"','\"T\"','\"A\"',NULL,NULL,NULL,1,.5,0,SREC,11,6);\nEND;\n/\n",
            "jane",
            "statistics",
        ),
        (
            "mssql",
            "UPDATE t SET a = 'x';",
            "CREATE TABLE [dbo].[t] ([id] int, [a] nvarchar(99))\nGO\nCREATE STATISTICS [s] ON [dbo].[t]([a])\nGO\n\
             UPDATE STATISTICS [dbo].[t]([s]) WITH STATS_STREAM = 0x01006a616e65, ROWCOUNT = 2, PAGECOUNT = 1\nGO\n",
            "6a616e65",
            "statistics",
        ),
        (
            "mssql",
            "UPDATE t SET a = 'x';",
            "CREATE TABLE [dbo].[t] ([id] int, [a] nvarchar(99))\nGO\nif not exists (select * from sys.stats where name = \
             N's' and object_id = object_id(N'[dbo].[t]'))\nCREATE STATISTICS [s] ON [dbo].[t]([a]) WITH STATS_STREAM = \
             0x01006a616e65\nGO\n",
            "6a616e65",
            "statistics",
        ),
        (
            "mysql",
            "UPDATE t SET a = 'x';",
            "CREATE TABLE `t` (`id` int, `a` varchar(99));\nUSE mysql;\nREPLACE INTO `column_stats` VALUES\n\
             ('d','t','a','jane@firma.de','max@firma.de',0.0000,4.0000,1.0000,NULL,NULL,NULL);\n",
            "jane",
            "statistics",
        ),
        (
            "sqlite",
            "UPDATE t SET a = 'x';",
            "CREATE TABLE t(id INTEGER, a TEXT);\nANALYZE sqlite_schema;\n\
             INSERT INTO sqlite_stat1 VALUES('t','i','1 1');\n\
             INSERT INTO sqlite_stat4 VALUES('t','i','1','0','0',X'6a616e65');\n",
            "6a616e65",
            "statistics",
        ),
    ] {
        for strict in [&[][..], &["--strict"]] {
            let (run, report) = scrub(dialect, &format!("{grant}{rules}"), strict, dump);
            assert_eq!(run.code, Some(0), "{dialect} {strict:?}: {}", run.err);
            assert!(!run.text().contains(gone), "{dialect}: {}", run.text());
            assert!(report.contains(told), "{dialect}: {report}");
            assert!(
                !report.contains("jane") && !report.contains("6a61"),
                "{dialect}"
            );
        }
    }
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

#[test]
fn mysql() {
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

#[test]
fn mssql() {
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

#[test]
fn oracle() {
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

#[test]
fn sqlite() {
    all(
        "sqlite",
        &[
            ("CREATE TABLE t(a TEXT DEFAULT 'jane@firma.de');", ADDRESS),
            ("CREATE TABLE t(a TEXT DEFAULT 'x@mailinator.com');", ""),
            ("CREATE TABLE t(a TEXT /* ask jane@firma.de */);", ADDRESS),
            (
                "CREATE TABLE t(a TEXT, CHECK (a <> 'jane@firma.de'));",
                ADDRESS,
            ),
            ("CREATE VIEW v AS SELECT 'jane@firma.de';", ADDRESS),
            ("CREATE INDEX i ON t(a) WHERE a = 'jane@firma.de';", ADDRESS),
            (
                "CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 'jane@firma.de'; END;",
                ADDRESS,
            ),
            ("CREATE VIEW v AS SELECT 'ftp://u:S3CRET@firma';", URL),
            ("INSERT INTO sqlite_stat1 VALUES('t','i','1 1');", ""),
            ("PRAGMA key = 'S3CRET';", PASSWORD),
            ("PRAGMA rekey('S3CRET');", PASSWORD),
            ("PRAGMA foreign_keys = 'on';", ""),
            (".user login u S3CRET", PASSWORD),
            ("-- jane@firma.de", ADDRESS),
        ],
    );
}
