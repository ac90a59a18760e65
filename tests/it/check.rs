//! `scrub check`: what it prints is golden (`fixtures/check/`; `SCRUB_UPDATE_GOLDEN=1` writes it
//! anew), the same for any number of workers, and free of the rows' content unless that is asked for.

use crate::runner::{Run, command, fixture};
use std::fmt::Write as _;
use std::path::Path;

/// `scrub check -r RULES ARGS < input`.
fn check(rules: &str, args: &str, input: &str) -> Run {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("rules.sql"), rules).expect("the rules");
    check_in(folder.path(), &format!("-r rules.sql {args}"), input)
}

fn check_in(folder: &Path, args: &str, input: &str) -> Run {
    let mut command = command();
    command.current_dir(folder).arg("check");
    command.args(args.split_whitespace()).write_stdin(input);
    command.output().expect("scrub could not be run").into()
}

/// The part of a plan under a heading.
fn part<'t>(text: &'t str, title: &str) -> &'t str {
    let (_, rest) = text.split_once(&format!("\n{title}\n")).unwrap_or_default();
    rest.split("\n\n").next().unwrap_or_default()
}

#[test]
fn what_it_prints() {
    let folder = fixture("check");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap_or_default();
    let dump = read("dump.sql");
    let (schema, _) = dump.split_once("COPY ").expect("the first rows");
    for (name, args, input) in [
        ("plan.txt", "dump.sql", ""),
        ("verbose.txt", "-v", &*dump),
        ("diff.txt", "--diff", &*dump),
        ("values.txt", "--diff=1 --show-values dump.sql", ""),
        ("schema.txt", "", schema),
    ] {
        let args = format!("-r rules.sql {args}");
        let printed = String::from_utf8(check_in(&folder, &args, input).ok()).expect("text");
        if std::env::var_os("SCRUB_UPDATE_GOLDEN").is_some() {
            std::fs::write(folder.join(name), &printed).expect("the golden file");
        }
        assert_eq!(printed, read(name), "{name}");
        let shows = name == "values.txt";
        for content in ["Jane", "long.name", "SET id = id"] {
            assert_eq!(
                printed.contains(content),
                shows && content != "long.name",
                "{name}: {content}"
            );
        }
    }
}

/// Many batches, some of them held back.
#[test]
fn samples_are_the_first_rows_whoever_rewrites_them() {
    let mut dump = "CREATE TABLE a (id int, mail text);\nCREATE TABLE z (id int);\n\
                    COPY a (id, mail) FROM stdin;\n"
        .to_owned();
    for id in 0..60_000 {
        let _ = writeln!(dump, "{id}\tuser{id}@example.com");
    }
    dump.push_str("\\.\nCOPY z (id) FROM stdin;\n");
    for id in 1_000..50_000 {
        let _ = writeln!(dump, "{id}");
    }
    dump.push_str("\\.\n");
    let rules = "-- name: kept\nDELETE FROM a WHERE id NOT IN (SELECT id FROM z);\n\
                 -- name: mail\nUPDATE a SET mail = id || '@example.org' WHERE id > 20000;\n\
                 -- name: odd\nDELETE FROM z WHERE id > 3000 AND id % 2 = 1;\n";
    let one = check(rules, "--diff=2 --show-values -j 1", &dump).ok();
    let text = String::from_utf8_lossy(&one);
    assert_eq!(
        part(&text, "Changes"),
        "-------\npublic.a: 29,999 changed, 11,000 dropped of 60,000 rows\n          before                    after\n  \
         row 1, dropped\n    id    '0'                     <\n    mail  'user0@example.com'     <\n  \
         row 2, dropped\n    id    '1'                     <\n    mail  'user1@example.com'     <\n  \
         row 20,002\n    id    '20001'                   '20001'\n    \
         mail  'user20001@example.com' | '20001@example.org'\n  \
         row 20,003\n    id    '20002'                   '20002'\n    \
         mail  'user20002@example.com' | '20002@example.org'\n  … and 40,995 more rows\n\
         public.z: 23,500 dropped of 49,000 rows\n         before   after\n  row 2,002, dropped\n    \
         id   '3001' <\n  row 2,004, dropped\n    id   '3003' <\n  … and 23,498 more rows\n"
    );
    for args in ["-j 8", "-j 8 --memory 4M", "-j 3"] {
        let run = check(rules, &format!("--diff=2 --show-values {args}"), &dump);
        assert!(run.ok() == one, "{args}");
    }
}

#[test]
fn why_tables_are_held() {
    let campaign = "CREATE TABLE public.a (id int);\nCREATE TABLE public.b (id int, a int);\n";
    let rows =
        "COPY public.b (id, a) FROM stdin;\n1\t1\n\\.\nCOPY public.a (id) FROM stdin;\n1\n\\.\n";
    let keys = "ALTER TABLE ONLY public.a ADD CONSTRAINT a_pkey PRIMARY KEY (id);\n\
                ALTER TABLE ONLY public.b ADD CONSTRAINT b_a FOREIGN KEY (a) REFERENCES public.a(id) \
                ON DELETE CASCADE;\n";
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(
        folder.path().join("schema.sql"),
        format!("{campaign}{keys}"),
    )
    .expect("a file");
    for (rules, args, held) in [
        (
            "-- name: r\nDELETE FROM b WHERE a IN (SELECT id FROM a);",
            "",
            "public.b: rule r looks up public.a, which comes later",
        ),
        (
            "-- name: r\nDELETE FROM b USING b x WHERE x.a = b.id;",
            "",
            "public.b: rule r looks up other rows of the same table",
        ),
        (
            "-- name: r\nUPDATE b SET id = 2 WHERE a IN (SELECT id FROM a);\n\
             -- name: s\nDELETE FROM a WHERE id NOT IN (SELECT a FROM b);",
            "",
            "public.b: rule r looks up public.a, which comes later\n\
             public.a: rule s looks up public.b, which is held as well",
        ),
        (
            "-- name: r\nDELETE FROM a WHERE id = 1;",
            "--schema schema.sql",
            "public.b: rule r may remove or change keys of public.a that it references",
        ),
        (
            "-- name: g\nSELECT 'DELETE FROM b WHERE id = ' || id FROM a \\gexec",
            "",
            "public.b: the statements that rule g generates could concern it",
        ),
    ] {
        std::fs::write(folder.path().join("rules.sql"), rules).expect("the rules");
        let args = format!("-r rules.sql {args} --report out.json");
        let run = check_in(folder.path(), &args, &format!("{campaign}{rows}"));
        let printed = String::from_utf8(run.ok()).expect("text");
        assert_eq!(
            part(&printed, "Held back").trim(),
            format!("---------\n{held}"),
            "{rules}"
        );
        let report = std::fs::read_to_string(folder.path().join("out.json")).expect("a report");
        let report: serde_json::Value = serde_json::from_str(&report).expect("JSON");
        let tables = report["tables"].as_array().expect("tables");
        let waits = tables.iter().filter_map(|table| {
            let why = table["waits"].as_str()?;
            Some(format!("{}: {why}", table["relation"].as_str()?))
        });
        assert_eq!(waits.collect::<Vec<_>>().join("\n"), held);
    }
}

#[test]
fn a_dump_that_could_be_of_an_application_is_held_until_it_is_known() {
    let dump = "CREATE TABLE nmsextaccount (iextaccountid int, spassword text);\n\
                COPY nmsextaccount (iextaccountid, spassword) FROM stdin;\n1\tpa55w0rd\n\\.\n\
                CREATE TABLE other (id int);\nCOPY other (id) FROM stdin;\n1\n\\.\n";
    let run = check_in(Path::new("."), "", dump);
    let printed = String::from_utf8(run.ok()).expect("text");
    assert!(
        printed.contains(
            "nmsextaccount: it is not known yet whether this is a dump of adobe-campaign"
        ),
        "{printed}"
    );
    assert!(!printed.contains("pa55w0rd"));
}

#[test]
fn exit_codes_are_those_of_the_filter() {
    let dump =
        "CREATE TABLE t (id int, mail text);\nCOPY t (id, mail) FROM stdin;\n7\tsecret-cell\n\\.\n";
    let cut = &dump[..dump.len() - 3];
    let failing = "UPDATE t SET mail = 'x';\n-- name: none :test\nSELECT id, mail FROM t;";
    for (rules, input, code, printed) in [
        ("UPDATE t SET mail = 'x';", dump, 0, true),
        (failing, dump, 1, true),
        ("UPDATE nowhere SET mail = 'x';", dump, 1, false),
        ("UPDATE t SET = 'x';", dump, 2, false),
        ("UPDATE t SET mail = 'x';", cut, 3, false),
        ("UPDATE t SET id = mail::int;", dump, 3, false),
    ] {
        let run = check(rules, "--diff", input);
        assert_eq!(run.code, Some(code), "{rules}: {}", run.err);
        assert_eq!(!run.out.is_empty(), printed, "{rules}: {}", run.text());
        assert!(!run.err.contains("secret-cell") && !run.text().contains("secret-cell"));
    }
    let failed = check(failing, "-q", dump);
    assert!(
        failed.text().contains("FAILED  none: 1 row"),
        "{}",
        failed.text()
    );
    assert!(
        failed.err.starts_with("scrub: ") || failed.err.contains("rule none"),
        "{}",
        failed.err
    );
}

/// It writes nothing but what it prints, and has no option for more.
#[test]
fn it_has_no_output() {
    for option in ["-o x.sql", "-1", "-Z gzip"] {
        assert_eq!(
            check("DELETE FROM t;", option, "").code,
            Some(2),
            "{option}"
        );
    }
    let folder = tempfile::tempdir().expect("a folder");
    let dump = "CREATE TABLE t (id int);\nCOPY t (id) FROM stdin;\n7\n\\.\n";
    std::fs::write(folder.path().join("dump.sql"), dump).expect("the dump");
    check_in(folder.path(), "dump.sql", "").ok();
    let left = std::fs::read_dir(folder.path()).expect("the folder");
    assert_eq!(left.count(), 1);
}

/// Of a wide row that is dropped the cells are shown by which the rule chose it; one that nobody can
/// read stops nothing.
#[test]
fn dropped_rows_show_what_tells() {
    let columns: Vec<String> = (0..30).map(|n| format!("c{n} int")).collect();
    let mut cells: Vec<String> = (0..30).map(|n| n.to_string()).collect();
    cells[1] = "1 + 1".to_owned();
    let dump = format!(
        "CREATE TABLE t ({});\nINSERT INTO t VALUES ({});\n",
        columns.join(", "),
        cells.join(", ")
    );
    let run = check("DELETE FROM t WHERE c25 = 25;", "--diff", &dump);
    let printed = String::from_utf8(run.ok()).expect("text");
    assert_eq!(
        part(&printed, "Changes"),
        "-------\npublic.t: 1 dropped of 1 row\n         before         after\n  row 1, dropped\n    \
         c0   '9'          <\n    c1   (unreadable) <\n    c2   '9'          <\n    c3   '9'          <\n    \
         c4   '9'          <\n    c5   '9'          <\n    c6   '9'          <\n    c25  '99'         <\n"
    );
}

#[test]
fn samples_go_to_standard_output_only() {
    let folder = tempfile::tempdir().expect("a folder");
    let dump = "CREATE TABLE t (mail text);\nCOPY t (mail) FROM stdin;\nsecret-cell\n\\.\n";
    std::fs::write(folder.path().join("rules.sql"), "UPDATE t SET mail = 'x';").expect("rules");
    for report in ["report.json", "report.txt"] {
        let args = format!("-r rules.sql --diff --show-values -v --report {report}");
        let run = check_in(folder.path(), &args, dump);
        assert!(run.text().contains("'secret-cell' | 'x'"), "{}", run.err);
        assert!(!run.err.contains("secret-cell"), "{}", run.err);
        let report = std::fs::read_to_string(folder.path().join(report)).expect("a report");
        assert!(report.contains("public.t") && !report.contains("secret-cell"));
    }
}
