//! `--strict`: what counts as reviewed, where a run stops, and that the lines which are printed are
//! what is missing.

use crate::golden::{arguments, folders};
use crate::runner::{Run, command, fixture};
use crate::server::postgres;
use std::path::Path;

const DUMP: &str = "\
CREATE TABLE public.before (id int);
CREATE TABLE public.t (a int, b text, c varchar(20));
CREATE TABLE public.u (a int, b text, c varchar(20));
COPY public.before (id) FROM stdin;
1
\\.
COPY public.t (a, b, c) FROM stdin;
1\tsecret-cell\tx
\\.
";
const BEFORE: &str = "GRANT SELECT (id) ON before TO testbed;\n";

struct Case(tempfile::TempDir);

impl Case {
    fn new(rules: &str) -> Case {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("rules.sql"), rules).expect("the rules");
        Case(folder)
    }

    fn file(self, name: &str, content: impl AsRef<[u8]>) -> Case {
        std::fs::write(self.0.path().join(name), content).expect("a file");
        self
    }

    fn run(&self, args: &str, input: impl AsRef<[u8]>) -> Run {
        let args: Vec<&str> = args.split_whitespace().collect();
        let (check, rest) = match args.split_first() {
            Some((&"check", rest)) => (Some("check"), rest),
            _ => (None, &args[..]),
        };
        let mut command = command();
        command.current_dir(self.0.path()).args(check);
        command.args(["-r", "rules.sql"]).args(rest);
        command.write_stdin(input.as_ref());
        command.output().expect("scrub could not be run").into()
    }
}

/// The columns of `t` that a run of the rules finds lacking; none if it passes.
#[track_caller]
fn lacking(rules: &str, args: &str, dump: &str) -> Option<String> {
    let case = Case::new(&format!("{BEFORE}{rules}"));
    let args = if args.is_empty() { "--strict" } else { args };
    let run = case.run(args, dump);
    assert!(!run.err.contains("secret-cell"), "{}", run.err);
    match run.code {
        Some(0) => None,
        Some(1) => {
            let written = run.text().contains("secret-cell");
            assert!(!written || !run.err.contains("public.t:"), "{rules}");
            let (_, rest) = run.err.split_once("has reviewed column").expect(&run.err);
            let (names, _) = rest.split_once(';').expect("the remedy");
            let names = names.trim_start_matches('s').trim().to_owned();
            Some(
                names
                    .split(' ')
                    .map(|name| name.trim_matches(','))
                    .collect::<Vec<_>>()
                    .join(" "),
            )
        }
        _ => panic!("{rules}\n{:?} {}", run.code, run.err),
    }
}

#[test]
fn what_counts_as_reviewed() {
    for (rules, expected) in [
        ("", Some("a b c")),
        ("GRANT SELECT (a, b, c) ON t TO testbed;", None),
        ("GRANT SELECT (A, \"b\") ON public.t TO testbed;", Some("c")),
        ("GRANT SELECT (a, b, c) ON u TO testbed;", Some("a b c")),
        (
            "-- name: g :optional\nGRANT SELECT (a, b, c, gone) ON t TO testbed;",
            Some("a b c"),
        ),
        ("UPDATE t SET a = 1, b = 'x', c = NULL;", None),
        ("UPDATE t SET b = lower(b);", Some("a c")),
        (
            "UPDATE t SET a = 1, b = 'x', c = NULL WHERE a = 1;",
            Some("a b c"),
        ),
        (
            "-- name: o :optional\nUPDATE t SET a = 1, b = 'x', gone = 'x';",
            Some("a b c"),
        ),
        (
            "UPDATE t SET b = u.b FROM u WHERE u.a = t.a;",
            Some("a b c"),
        ),
        (
            "UPDATE t SET b = CASE WHEN a = 1 THEN b ELSE 'x' END;",
            Some("a c"),
        ),
        ("TRUNCATE t;", None),
        ("DELETE FROM t;", None),
        ("DELETE FROM t WHERE true;", Some("a b c")),
        ("DELETE FROM t USING u WHERE u.a = t.a;", Some("a b c")),
        // A pattern names what it matches; stars alone name nothing.
        ("UPDATE \"*\" SET \"*\" = 'x';", Some("a b c")),
        ("UPDATE t SET \"**\" = 'x';", Some("a b c")),
        ("UPDATE \"*\" SET \"b*\" = 'x';", Some("a c")),
        ("UPDATE \"*\" SET b = 'x';", Some("a c")),
        // Its type does not take the value, so the column is as it was.
        ("UPDATE \"*\" SET \"*a*\" = 'x';", Some("a b c")),
        // What rules add is the rulebook's own or the target's, or somebody has named its columns.
        ("TRUNCATE t; INSERT INTO t VALUES (1, 'x', 'y');", None),
        ("TRUNCATE t; INSERT INTO t SELECT * FROM u;", Some("a b c")),
        ("INSERT INTO t SELECT * FROM u; TRUNCATE t;", None),
        (
            "TRUNCATE t; INSERT INTO t (a, b, c) SELECT a, b, c FROM u;",
            None,
        ),
        (
            "TRUNCATE t; INSERT INTO t SELECT u.a, u.b, u.c FROM u;",
            None,
        ),
        (
            "TRUNCATE t; INSERT INTO t SELECT * FROM u; UPDATE t SET b = 'x';",
            Some("a c"),
        ),
        (
            "GRANT SELECT (a, b, c) ON t TO testbed; INSERT INTO t SELECT * FROM u;",
            None,
        ),
    ] {
        assert_eq!(lacking(rules, "", DUMP).as_deref(), expected, "{rules}");
    }
    // The other way round, the table that is filled has no rows of its own.
    let granted = "GRANT SELECT (a, b, c) ON t TO testbed;";
    let filled = format!("{granted} INSERT INTO u SELECT * FROM t;");
    assert_eq!(lacking(&filled, "", DUMP).as_deref(), Some("a b c"));
    let filled = format!("{granted} INSERT INTO u VALUES (1, 'x', 'y');");
    assert_eq!(lacking(&filled, "", DUMP), None);
}

#[test]
fn rows_of_the_target_are_its_own() {
    let rules =
        "TRUNCATE t; INSERT INTO t SELECT * FROM target.t; GRANT SELECT (id) ON before TO x;";
    let case = Case::new(rules).file("target.sql", DUMP);
    let run = case.run("--strict --target target.sql", DUMP);
    assert_eq!(run.code, Some(0), "{}", run.err);
}

#[test]
fn only_columns_that_hold_text() {
    assert_eq!(
        lacking("UPDATE t SET b = 'x', c = 'y';", "--strict=text", DUMP),
        None
    );
    assert_eq!(lacking("", "--strict=text", DUMP).as_deref(), Some("b c"));
    let types = "CREATE TABLE t (i int, d date, y bytea, j jsonb, x xml, n name, g text[], u uuid, \
                 bpchar char(3), big numeric[]);\nCOPY t (i, d, y, j, x, n, g, u, bpchar, big) FROM stdin;\n\\.\n\
                 CREATE TABLE before (id int);";
    let run = Case::new("").run("--strict=text", types);
    assert!(
        run.err.contains("has reviewed columns j, x, n, g, bpchar;"),
        "{}",
        run.err
    );
}

/// A rule on a parent reviews its children, and one line is enough for all of them.
#[test]
fn children_are_reviewed_through_their_parent() {
    let dump = "CREATE TABLE public.p (id int, mail text) PARTITION BY RANGE (id);\n\
        CREATE TABLE public.p1 (id int, mail text);\nCREATE TABLE public.p2 (id int, mail text);\n\
        CREATE TABLE public.base (id int);\nCREATE TABLE public.child (more text) INHERITS (public.base);\n\
        ALTER TABLE ONLY public.p ATTACH PARTITION public.p1 FOR VALUES FROM (0) TO (9);\n\
        ALTER TABLE ONLY public.p ATTACH PARTITION public.p2 FOR VALUES FROM (9) TO (99);\n\
        COPY public.p1 (id, mail) FROM stdin;\n1\tx\n\\.\nCOPY public.p2 (id, mail) FROM stdin;\n10\tx\n\\.\n\
        COPY public.child (id, more) FROM stdin;\n1\tx\n\\.\n";
    let printed = Case::new("").run("check --strict", dump);
    assert_eq!(
        printed.text(),
        "UPDATE public.p SET mail = anon.mailinator(mail);\nGRANT SELECT (id) ON public.p TO testbed;\n\
         GRANT SELECT (id) ON public.base TO testbed;\nGRANT SELECT (more) ON public.child TO testbed;\n"
    );
    let run = Case::new(&printed.text()).run("--strict", dump);
    assert_eq!(run.code, Some(0), "{}", run.err);
    let only = printed
        .text()
        .replace("UPDATE public.p", "UPDATE ONLY public.p");
    assert_eq!(Case::new(&only).run("--strict", dump).code, Some(1));
    let leaf = printed.text().replace("public.p ", "public.p2 ");
    let run = Case::new(&leaf).run("--strict", dump);
    assert!(
        run.err.contains("public.p1: ") && run.code == Some(1),
        "{}",
        run.err
    );
}

/// The server makes them from columns that are reviewed; they can be listed all the same.
#[test]
fn generated_columns_need_no_review() {
    let dump = "CREATE TABLE t (a text, g text GENERATED ALWAYS AS (lower(a)) STORED, \
                i int GENERATED ALWAYS AS IDENTITY);\nCOPY t (a, i) FROM stdin;\nx\t1\n\\.\n";
    let run = Case::new("UPDATE t SET a = 'x';").run("--strict", dump);
    assert!(run.err.contains("column i;"), "{}", run.err);
    for rules in [
        "UPDATE t SET a = 'x'; GRANT SELECT (i) ON t TO x;",
        "GRANT SELECT (a, i, g) ON t TO x;",
    ] {
        assert_eq!(
            Case::new(rules).run("--strict", dump).code,
            Some(0),
            "{rules}"
        );
    }
}

#[test]
fn the_run_stops_before_the_first_row() {
    let case = Case::new(BEFORE).file("dump.sql", DUMP);
    for args in [
        "--strict",
        "--strict -1",
        "--strict -j 7 dump.sql",
        "--strict=text",
    ] {
        let run = case.run(args, DUMP);
        assert_eq!(run.code, Some(1), "{args}: {}", run.err);
        assert!(run.text().contains("COPY public.before"), "{args}");
        assert!(!run.text().contains("COPY public.t "), "{args}");
        assert!(
            !run.text().contains("\nCOMMIT") && run.text().contains("ROLLBACK"),
            "{args}"
        );
    }
    let run = case.run("--strict -o safe.sql", DUMP);
    assert_eq!(run.code, Some(1));
    assert!(!case.0.path().join("safe.sql").exists());
    // A table that waits for a lookup is looked at when it comes.
    let rules = format!("{BEFORE}DELETE FROM t WHERE a IN (SELECT id FROM later);");
    let dump = format!(
        "CREATE TABLE later (id int);\n{DUMP}COPY later (id) FROM stdin;\n1\nbroken\n\\.\n"
    );
    let run = Case::new(&rules).run("--strict", &dump);
    assert!(
        run.code == Some(1) && run.err.contains("public.t: line 8,"),
        "{}",
        run.err
    );
}

/// All tables at once where they can be known beforehand, else table by table.
#[test]
fn what_is_printed() {
    let mysql = "CREATE TABLE `a` (`id` int, `Name` varchar(9));\nINSERT INTO `a` VALUES (1,'x');\n\
                 CREATE TABLE `b c` (`id` int, `user` text);\nINSERT INTO `b c` VALUES (1,'x');\n";
    let (a, b) = (
        "GRANT SELECT (id, Name) ON a TO testbed;\n",
        "GRANT SELECT (id, \"user\") ON \"b c\" TO testbed;\n",
    );
    let case = Case::new("").file("dump.sql", mysql);
    let lines = |run: Run| -> String {
        assert_eq!(run.code, Some(1), "{}", run.err);
        let (lines, _) = run.err.split_once("scrub: ").expect("an error");
        lines.to_owned()
    };
    assert_eq!(lines(case.run("-f mysql --strict", mysql)), a);
    assert_eq!(
        lines(case.run("-f mysql --strict dump.sql", "")),
        format!("{a}{b}")
    );
    assert_eq!(
        lines(case.run("-f mysql --strict --schema dump.sql", mysql)),
        format!("{a}{b}")
    );
    let check = case.run("check -f mysql --strict", mysql);
    assert_eq!((check.code, check.text()), (Some(1), format!("{a}{b}")));
    assert!(
        check.err.contains("(4 columns of 2 tables in all)"),
        "{}",
        check.err
    );
    let run = case.run("-f mysql -q --strict dump.sql --report r.json", "");
    assert_eq!(lines(run), format!("{a}{b}"));
    let report = std::fs::read_to_string(case.0.path().join("r.json")).expect("a report");
    let report: serde_json::Value = serde_json::from_str(&report).expect("JSON");
    assert_eq!(report["strict"]["unreviewed"][0], a.trim());
    assert_eq!(report["outcome"]["exit_code"], 1);
}

/// The same table in two databases, with other columns in each.
#[test]
fn several_databases() {
    let dump = "\\connect one\nCREATE TABLE public.t (id int, b text);\nCREATE TABLE public.s (id int);\n\
        COPY public.t (id, b) FROM stdin;\n1\tx\n\\.\nCOPY public.s (id) FROM stdin;\n1\n\\.\n\\connect two\n\
        CREATE TABLE public.t (id int, c text);\nCREATE TABLE public.s (id int);\n\
        COPY public.t (id, c) FROM stdin;\n1\tx\n\\.\nCOPY public.s (id) FROM stdin;\n1\n\\.\n";
    let expected = "-- name: reviewed-1 :optional\nGRANT SELECT (id, b) ON public.t TO testbed;\n\
        GRANT SELECT (id) ON public.s TO testbed;\n\
        -- name: reviewed-2 :optional\nGRANT SELECT (id, c) ON public.t TO testbed;\n";
    let case = Case::new("").file("dump.sql", dump);
    assert_eq!(case.run("check --strict", dump).text(), expected);
    let run = case.run("--strict dump.sql", "");
    assert!(run.err.starts_with(expected), "{}", run.err);
    let run = Case::new(expected).run("--strict", dump);
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(
        run.err.contains("--strict: 6 columns of 4 tables reviewed"),
        "{}",
        run.err
    );
}

#[test]
fn without_any_ddl_the_header_says_which_columns_there_are() {
    let named = "COPY t (a, b) FROM stdin;\n1\tx\n\\.\n";
    let run = Case::new("").run("check --strict", named);
    assert_eq!(run.text(), "GRANT SELECT (a, b) ON public.t TO testbed;\n");
    assert_eq!(Case::new(&run.text()).run("--strict", named).code, Some(0));
    assert_eq!(
        Case::new(&run.text()).run("check --strict", named).code,
        Some(0)
    );
    let nameless = "COPY t FROM stdin;\n1\tx\n\\.\n";
    for args in ["--strict", "check --strict"] {
        let run = Case::new("").run(args, nameless);
        assert_eq!(run.code, Some(3), "{}", run.err);
        assert!(
            run.err
                .contains("which columns it has; give the schema with --schema"),
            "{}",
            run.err
        );
    }
    // A file is read beforehand, which tells no more.
    let several = format!("COPY u (a) FROM stdin;\n1\n\\.\n{nameless}");
    for dump in [nameless, &several] {
        let rules = "GRANT SELECT (a) ON u TO x;\nUPDATE t SET b = 'x';";
        let rules = if dump == nameless {
            &rules[28..]
        } else {
            rules
        };
        let case = Case::new(rules).file("dump.sql", dump);
        for args in ["dump.sql", "--strict dump.sql", "--strict"] {
            let run = case.run(args, dump);
            assert_eq!(run.code, Some(3), "{args}: {}", run.err);
            let told = "which columns it has; give the schema with --schema";
            assert!(run.err.contains(told), "{args}: {}", run.err);
        }
    }
    let case = Case::new("GRANT SELECT (a, b) ON t TO x;")
        .file("schema.sql", "CREATE TABLE t (a int, b text);");
    assert_eq!(
        case.run("--strict --schema schema.sql", nameless).code,
        Some(0)
    );
    // Another list of columns, later.
    let run = Case::new("GRANT SELECT (a, b) ON t TO x;").run(
        "--strict",
        "INSERT INTO t (a, b) VALUES (1, 'x');\nINSERT INTO t (a, c) VALUES (1, 'x');\n",
    );
    assert!(
        run.code != Some(0) && run.err.contains("line 2"),
        "{}",
        run.err
    );
}

/// What scrub only warns about stops a strict run, with or without rules.
#[test]
fn what_stands_outside_the_rows() {
    for (statement, warned) in [
        ("ALTER ROLE r PASSWORD 'S3CRET';", "holds a password"),
        ("SELECT pg_catalog.lowrite(0, '\\x00');", "large objects"),
        ("DO $$BEGIN NULL; END$$;", "cannot follow what DO does"),
        (
            "DO $$BEGIN UPDATE t SET a = 1; END$$;",
            "cannot follow what DO does",
        ),
        ("UPDATE t SET a = 'S3CRET';", "changes its rows by UPDATE"),
        ("INSERT INTO t SELECT 'S3CRET';", "changes its rows by"),
        ("\\i S3CRET", "cannot follow what \\i does"),
    ] {
        let dump = format!("CREATE TABLE t (a text);\n{statement}\n");
        let loose = Case::new("").run("", &dump);
        assert_eq!(loose.code, Some(0), "{statement}: {}", loose.err);
        for args in ["--strict", "--strict=text", "check --strict"] {
            let run = Case::new("").run(args, &dump);
            // A dry run goes on, and tells it among what nobody has reviewed.
            let (code, told) = match args == "check --strict" {
                true => (Some(1), run.text()),
                false => (Some(3), run.err.clone()),
            };
            assert_eq!(run.code, code, "{args} {statement}: {}", run.err);
            assert!(told.contains(warned) && told.contains("line 2"), "{told}");
            assert!(!told.contains("S3CRET") && !run.err.contains("S3CRET"));
        }
    }
}

/// Statistics hold values of rows: those of a table without a review are left out, rows or not.
#[test]
fn statistics_go_unless_all_is_reviewed() {
    let dump = "CREATE TABLE public.t (a text);\nSELECT * FROM pg_catalog.pg_restore_attribute_stats('version', \
        '180000'::integer, 'schemaname', 'public', 'relname', 't', 'attname', 'a', 'most_common_vals', '{x}'::text);\n";
    let kept = |rules: &str| {
        Case::new(rules)
            .run("--strict", dump)
            .text()
            .contains("most_common_vals")
    };
    assert!(!kept(""));
    assert!(kept("GRANT SELECT (a) ON t TO x;"));
    assert!(!kept("UPDATE t SET a = 'x';"));
}

/// For every dump that the tests have: what is printed is what was missing.
#[test]
fn the_lines_that_are_printed_are_what_is_missing() {
    let mut passed = 0;
    for folder in folders(&fixture("")) {
        for path in folders(&folder) {
            let Ok(dump) = std::fs::read(path.join("dump.sql")) else {
                continue;
            };
            passed += u32::from(pasted(&path, &dump));
        }
    }
    assert!(passed >= 50, "only {passed} dumps passed");
}

/// Pastes the lines that a check prints into an empty rulebook. False if the dump has something that
/// no line helps against.
fn pasted(path: &Path, dump: &[u8]) -> bool {
    let name = path.display();
    let args = arguments(path);
    let dialect = args
        .iter()
        .position(|arg| arg == "-f")
        .map_or(String::new(), |at| format!("-f {}", args[at + 1]));
    for strict in ["--strict", "--strict=text"] {
        let args = format!("{dialect} {strict}");
        let case = Case::new("").file("dump.sql", dump);
        let check = case.run(&format!("check {args}"), dump);
        if check.code == Some(0) {
            continue;
        }
        if check.code == Some(3) {
            assert!(check.err.contains("--strict: "), "{name}: {}", check.err);
            return false;
        }
        if check
            .text()
            .lines()
            .any(|line| line.starts_with("-- ") && line.contains("--strict: "))
        {
            return false;
        }
        let case = Case::new(&check.text()).file("dump.sql", dump);
        for run in [
            case.run(&args, dump),
            case.run(&format!("{args} dump.sql"), ""),
            case.run(&format!("check {args}"), dump),
        ] {
            assert_eq!(run.code, Some(0), "{name}: {}\n{}", run.err, check.text());
        }
        // A line less, and the next run stops; whatever it stops with.
        let text = check.text();
        let statements = text.split_inclusive(";\n");
        let lines: Vec<&str> = statements.filter(|s| s.starts_with("GRANT")).collect();
        if let Some(line) = lines.get(lines.len() / 2) {
            let run = Case::new(&text.replace(line, "")).run(&format!("check {args}"), dump);
            assert_eq!(run.code, Some(1), "{name}: without {line}\n{}", run.err);
        }
    }
    true
}

/// The nightly job, with a real server.
#[test]
fn a_column_added_in_production_stops_the_next_run() {
    let Some(server) = postgres() else { return };
    let production = server.database();
    production.psql(
        "CREATE SCHEMA crm;
         CREATE DOMAIN mail AS varchar(40) CHECK (VALUE LIKE '%@%');
         CREATE TABLE crm.\"Customer\" (id serial PRIMARY KEY, email mail NOT NULL UNIQUE, \"user\" text,
            first_name varchar(10), api_token text NOT NULL, tags text[], seen timestamptz,
            shout text GENERATED ALWAYS AS (upper(first_name)) STORED);
         CREATE TABLE crm.orders (id int, customer int REFERENCES crm.\"Customer\", total numeric)
            PARTITION BY RANGE (id);
         CREATE TABLE crm.orders_1 PARTITION OF crm.orders FOR VALUES FROM (0) TO (100);
         CREATE TABLE crm.nothing ();
         CREATE VIEW crm.v AS SELECT * FROM crm.\"Customer\";
         CREATE MATERIALIZED VIEW crm.m AS SELECT id FROM crm.orders;
         INSERT INTO crm.\"Customer\" (email, first_name, api_token)
            SELECT n || '@example.com', 'n' || n, 'token ' || n FROM generate_series(1, 20) n;
         INSERT INTO crm.orders SELECT n, n, n * 2 FROM generate_series(1, 20) n;",
    );
    let schema = || production.dump(&["--schema-only"]);
    let printed = Case::new("").run("check --strict -q", schema());
    assert_eq!(printed.code, Some(1));
    assert_eq!(
        printed.text(),
        "UPDATE crm.Customer SET email = anon.mailinator(email), first_name = anon.pseudo_first_name(first_name), \
         api_token = anon.secret(api_token);\n\
         GRANT SELECT (id, \"user\", tags, seen) ON crm.Customer TO testbed;\n\
         GRANT SELECT (id, customer, total) ON crm.orders TO testbed;\n"
    );
    let case = Case::new(&printed.text());
    let check = case.run("check --strict", schema());
    assert_eq!(check.code, Some(0), "{}", check.err);
    assert!(
        check
            .err
            .contains("--strict: 13 columns of 4 tables reviewed"),
        "{}",
        check.err
    );
    let copy = server.database();
    let run = case.run("--strict -1", production.dump(&[]));
    assert!(
        run.err
            .contains("--strict: 10 columns of 3 tables reviewed"),
        "{}",
        run.err
    );
    copy.restore(run.ok());
    assert_eq!(
        copy.psql("SELECT count(*) FROM crm.\"Customer\" WHERE email LIKE '%@mailinator.com'")
            .trim(),
        "20"
    );

    production
        .psql("ALTER TABLE crm.orders ADD COLUMN note text; CREATE TABLE crm.new (secret text);");
    let check = case.run("check --strict -q", schema());
    assert_eq!(check.code, Some(1));
    assert_eq!(
        check.text(),
        "GRANT SELECT (note) ON crm.orders TO testbed;\nUPDATE crm.new SET secret = anon.secret(secret);\n"
    );
    let empty = server.database();
    let nothing = empty.fingerprint();
    let run = case.run("--strict -1", production.dump(&[]));
    assert_eq!(run.code, Some(1), "{}", run.err);
    assert!(run.err.contains("crm.new: line"), "{}", run.err);
    assert!(!empty.try_psql(&run.out).status.success());
    empty
        .fingerprint()
        .assert_same(&nothing, "nothing was committed");
}

#[test]
fn a_grant_without_columns_is_refused_when_the_rulebook_is_loaded() {
    for grant in [
        "GRANT SELECT ON t TO x;",
        "GRANT ALL ON t TO x;",
        "GRANT SELECT (\"*\") ON t TO x;",
    ] {
        let run = Case::new(grant).run("nowhere.sql", "");
        assert_eq!(run.code, Some(2), "{grant}");
        assert!(run.err.contains("rules.sql:1"), "{}", run.err);
    }
    let run = Case::new("").run("--strict=some", DUMP);
    assert!(
        run.code == Some(2) && run.err.contains("--strict=text"),
        "{}",
        run.err
    );
}
