//! Rules over an archive: what is restored is what the rulebook leaves of the database.

use super::{STYLES, archive, made, restore, restored, restored_file, to_file};
use crate::runner;
use crate::server::postgres;
use std::io::Write as _;

/// Held tables, cascades over keys that stand behind the data, rows that the server completes, rows
/// that move to another partition, all in one.
const RULES: &str = "\
UPDATE parent SET email = 'p' || id || '@mailinator.com', name = 'N''\\;--' WHERE id % 2 = 0;
DELETE FROM parent WHERE id % 100 = 7;
UPDATE child SET note = note || (SELECT count(*) FROM part)::text WHERE id < 10;
UPDATE part SET k = 3 - k WHERE v = 'one';
INSERT INTO lacking (s) VALUES (E'added \\\\ ; '' -- $$ \\n');
INSERT INTO lacking (id) VALUES (77);
UPDATE aside SET b = 'seen' WHERE EXISTS (SELECT 1 FROM child WHERE child.id = aside.a);
INSERT INTO child (parent_id, note) VALUES (2, 'new');
";

/// Nobody knows which table it will be about before all rows of one have come.
const GENERATED: &str = "\
SELECT 'UPDATE parent SET name = ''x'' WHERE id = ' || count(*) / 50 FROM aside \\gexec
SELECT 'UPDATE \"' || max(v) || '\" SET b = NULL' FROM (SELECT 'aside'::text AS v FROM part) q \\gexec
";

#[test]
fn the_restored_archive_is_what_the_rulebook_leaves() {
    let Some(server) = postgres() else { return };
    for rules in [
        RULES,
        GENERATED.split_inclusive('\n').next().unwrap_or_default(),
    ] {
        let made = made(server);
        let archives = STYLES.map(|style| archive(&made, style));
        made.psql(rules);
        made.psql("REFRESH MATERIALIZED VIEW kept");
        let expected = made.fingerprint();
        for (style, archive) in STYLES.iter().zip(&archives) {
            for more in [&[][..], &["-Z", "gzip:1", "--memory=64K"]] {
                let what = format!("{style:?} {more:?}");
                let dir = tempfile::tempdir().expect("a temporary directory");
                let path = |name: &str| dir.path().join(name);
                std::fs::write(path("a.dump"), archive).expect("a file");
                let run = to_file(more, rules, &path("a.dump"), &path("b.dump"));
                assert_eq!(run.code, Some(0), "{what}: {}", run.err);
                let piped = runner::filter_with(more, rules, archive);
                assert_eq!(piped.code, Some(0), "{what}: {}", piped.err);
                let same = |database: crate::server::Database, how: &str| {
                    let what = format!("{what}, {how}");
                    expected.assert_same(&database.fingerprint(), &what);
                };
                same(restored(server, &piped.out, &what), "from a pipe");
                let parallel = restored_file(server, &path("b.dump"), &["-j4"], &what);
                same(parallel, "in parallel");
            }
        }
    }
}

#[test]
fn rows_without_their_tables_need_no_schema_if_they_name_their_columns() {
    let Some(server) = postgres() else { return };
    let made = server.database();
    let tables = "CREATE TABLE a (id int GENERATED ALWAYS AS IDENTITY, t text);
        CREATE TABLE b (n int DEFAULT 7, t text);
        CREATE TABLE p (k int, t text) PARTITION BY LIST (k);
        CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
        CREATE TABLE \"o.d\" (\"x y\" int);";
    made.psql(tables);
    made.psql(
        "INSERT INTO a (t) SELECT 'a' || g FROM generate_series(1, 4) g; INSERT INTO b VALUES (1, 'b');
         INSERT INTO p VALUES (1, 'p'); INSERT INTO \"o.d\" VALUES (3), (4);",
    );
    let rules = "UPDATE a SET t = (SELECT max(t) FROM b) WHERE id = 2;\nUPDATE b SET t = 'x';\n\
         INSERT INTO b (t) VALUES ('new');\nUPDATE p SET t = 'q';\nDELETE FROM \"o.d\" WHERE \"x y\" = 3;\n";
    let through_root = rules;
    let leaf = rules.replace("UPDATE p SET", "UPDATE p1 SET");
    let archives = [
        (&["-a"][..], &leaf[..]),
        (&["-a", "--load-via-partition-root"], through_root),
        (&["-a", "--column-inserts"], &leaf),
        (&["--section=data", "-Z0"], &leaf),
    ]
    .map(|(args, rules)| (args, rules, archive(&made, args)));
    made.psql(rules);
    let expected = made.fingerprint();
    for (args, rules, archive) in archives {
        let run = runner::filter(rules, &archive);
        assert_eq!(run.code, Some(0), "{args:?}: {}", run.err);
        let database = server.database();
        database.psql(tables);
        restore(server, &database, &["-1"], &run.out, &format!("{args:?}"));
        expected.assert_same(&database.fingerprint(), &format!("{args:?}"));
    }
    // INSERTs without columns say too little, as in a script.
    let archive = archive(&made, &["-a", "--inserts"]);
    let run = runner::filter("UPDATE b SET t = 'x';", &archive);
    assert_eq!(run.code, Some(3), "{}", run.err);
    assert!(run.err.contains("--schema"), "{}", run.err);
}

/// The messages without the ends of their lines.
fn said(run: &runner::Run) -> String {
    run.err.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn rows_without_their_tables_do_not_say_who_inherits() {
    let Some(server) = postgres() else { return };
    let made = server.database();
    made.psql(
        "CREATE TABLE parent (a int, b text); CREATE TABLE child (c int) INHERITS (parent);
         CREATE TABLE p (k int, t text) PARTITION BY LIST (k); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
         CREATE TABLE other (a int); INSERT INTO parent VALUES (1, 'b'); INSERT INTO child VALUES (2, 'b', 3);
         INSERT INTO p VALUES (1, 't'); INSERT INTO other VALUES (4);",
    );
    let schema = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(schema.path(), made.dump(&["-s"])).expect("a file");
    let schema = ["--schema", schema.path().to_str().expect("UTF-8")];
    let told = "public.parent: nothing says which tables inherit from it; public.child has all";
    for dump in [archive(&made, &["-a"]), made.dump(&["-a"])] {
        let run = runner::filter("UPDATE parent SET b = 'x';", &dump);
        assert_eq!(run.code, Some(0), "{}", run.err);
        assert!(said(&run).contains(told), "{}", run.err);
        // The child is not reviewed.
        let review = "UPDATE parent SET a = 0, b = 'x'; GRANT SELECT (a) ON other TO x; GRANT SELECT (k, t) ON p1 TO x;";
        let run = runner::filter_with(&["--strict"], review, &dump);
        assert_eq!(run.code, Some(1), "{}", run.err);
        assert!(run.err.contains("public.child"), "{}", run.err);
        for quiet in [
            "UPDATE ONLY parent SET b = 'x';",
            "UPDATE parent SET b = 'x'; UPDATE child SET b = 'x';",
            "UPDATE \"par*\" SET b = 'x';",
            "UPDATE child SET b = 'x';",
        ] {
            let run = runner::filter(quiet, &dump);
            assert_eq!(run.code, Some(0), "{}", run.err);
            let twice = quiet.contains("child SET") && quiet.contains("parent");
            assert_eq!(run.err.contains("inherit"), twice, "{quiet}: {}", run.err);
        }
        let run = runner::filter_with(&schema, "UPDATE parent SET b = 'x';", &dump);
        assert_eq!(run.code, Some(0), "{}", run.err);
        assert!(!run.err.contains("inherit"), "{}", run.err);
        assert!(run.err.contains("public.child"), "{}", run.err);
        // Of a partitioned table there is nothing at all.
        let run = runner::filter("UPDATE p SET t = 'x';", &dump);
        assert_eq!(run.code, Some(1), "{}", run.err);
        assert!(
            said(&run).contains("or are its partitions, give --schema"),
            "{}",
            run.err
        );
        let run = runner::filter_with(&schema, "UPDATE p SET t = 'x';", &dump);
        assert_eq!(run.code, Some(0), "{}", run.err);
    }
}

#[test]
fn a_compressed_archive_is_unpacked() {
    let Some(server) = postgres() else { return };
    let made = made(server);
    let archive = archive(&made, &[]);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&archive).expect("in memory");
    let packed = packed.finish().expect("in memory");
    assert!(runner::filter("", &packed).ok() == archive);
}

#[test]
fn archives_are_read_wherever_dumps_are() {
    let Some(server) = postgres() else { return };
    let made = made(server);
    let dir = tempfile::tempdir().expect("a temporary directory");
    let file = dir.path().join("a.dump");
    let plain = made.dump(&["--data-only"]);
    std::fs::write(&file, archive(&made, &[])).expect("a file");
    let name = file.to_str().expect("UTF-8");

    // Its addresses are found, wherever they are.
    let run = runner::run(&["verify", name], b"");
    assert_eq!(run.code, Some(1), "{}", run.err);
    let found = run.text();
    assert!(found.contains("public.parent.email: 300"), "{found}");
    assert!(found.contains("  row 1\n"), "{found}");
    let rules = "UPDATE parent SET email = NULL;";
    let safe = runner::filter(rules, &std::fs::read(&file).expect("it")).ok();
    let run = runner::run(&["verify", "--against", name], &safe);
    assert_eq!(run.code, Some(0), "{}{}", run.text(), run.err);

    // What would happen to it is told.
    let path = dir.path().join("rules.sql");
    std::fs::write(&path, RULES).expect("a file");
    let book = path.to_str().expect("UTF-8");
    let run = runner::run(&["check", "-r", book, name], b"");
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(run.text().contains("DELETE"), "{}", run.text());

    // It gives the schema of a dump of rows, and the rows of a target.
    let rules = "DELETE FROM parent WHERE id = 3;\nUPDATE aside SET b = t.b FROM target.aside t \
                 WHERE t.a = aside.a AND aside.a = 5;";
    let args = ["--schema", name, "--target", name];
    let run = runner::filter_with(&args, rules, &plain);
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(!run.text().contains("\n3\tname 3\t"));
}
