//! What stands outside the rows: everything that could hold a value is told by its line or left out,
//! and stops a strict run. The value itself is never told.

mod mssql;
mod mysql;
mod oracle;
mod postgres;
mod sqlite;
mod texts;

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
