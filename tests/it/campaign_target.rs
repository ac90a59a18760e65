//! Adobe Campaign with the target environment's own dump: steps 2, 8 and 9 of the vendor's page.
//!
//! Production is `fixtures/postgres/campaign`, the target `fixtures/postgres/campaign-target`; both
//! are restored, dumped by pg_dump, and what scrub makes of them is restored and asked by psql.

use crate::runner::{Run, filter_with, fixture, root, run};
use crate::server::{Database, Postgres, postgres};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// The options that the vendor leaves out of the export.
const LEFT_OUT: [&str; 3] = [
    "WdbcTimeZone",
    "NmsServer_LastPostUpgrade",
    "NmsBroadcast_RegexRules",
];

/// A later build of production, which knows groups: production's operators 6 to 90 administer it.
const GROUPS: &str =
    "CREATE TABLE neolane.xtkoperatorgroup (igroupid integer DEFAULT 0 NOT NULL, ioperatorid integer DEFAULT 0 NOT NULL);
     INSERT INTO neolane.xtkoperatorgroup SELECT 5, i FROM generate_series(6, 90) i;";

/// A second instance in the same database, with options and accounts of its own.
const SECOND: &str = "CREATE SCHEMA second;
     SELECT format('CREATE TABLE second.%1$I (LIKE neolane.%1$I INCLUDING ALL); INSERT INTO second.%1$I SELECT * FROM neolane.%1$I;', tablename)
     FROM pg_tables WHERE schemaname = 'neolane' \\gexec
     DELETE FROM second.xtkoption WHERE ioptionid BETWEEN 20 AND 60 OR ioptionid > 300;
     DELETE FROM second.nmsextaccount WHERE iextaccountid > 7;";

fn dump(name: &str) -> Vec<u8> {
    std::fs::read(fixture(name)).expect("the dump")
}

fn restored(pg: &'static Postgres, name: &str) -> Database {
    let database = pg.database();
    database.restore(dump(name));
    database
}

fn production(pg: &'static Postgres) -> Database {
    let database = restored(pg, "postgres/campaign/dump.sql");
    database.psql(GROUPS);
    database
}

fn target(pg: &'static Postgres) -> Database {
    restored(pg, "postgres/campaign-target/dump.sql")
}

fn target_path() -> PathBuf {
    fixture("postgres/campaign-target/dump.sql")
}

/// `scrub -1 --target FILE`, all else automatic.
fn with_target(input: &[u8], target: &Path) -> Run {
    let target = target.to_str().expect("a path in UTF-8");
    run(&["-1", "--target", target], input)
}

/// Production, the target, and the copy that scrub made of production with the target's dump.
fn environments(pg: &'static Postgres) -> (Database, Database, Database) {
    let (production, target, copy) = (production(pg), target(pg), pg.database());
    copy.restore(with_target(&production.dump(&[]), &target_path()).ok());
    (production, target, copy)
}

/// The options with everything but their ids, by name.
fn options(database: &Database) -> BTreeMap<String, String> {
    let rows = database.psql(
        "SELECT sname, to_jsonb(o) - ARRAY['sname', 'ioptionid', 'snamespace'] FROM neolane.xtkoption o WHERE ioptionid <> 0",
    );
    let rows = rows.lines().map(|row| row.split_once('|').expect("a name"));
    rows.map(|(name, row)| (name.to_owned(), row.to_owned()))
        .collect()
}

#[test]
fn options_are_the_targets_and_production_s_own_stay_harmless() {
    let Some(pg) = postgres() else { return };
    let (production, target, copy) = environments(pg);
    let (before, there, after) = (options(&production), options(&target), options(&copy));
    let mut from_target = 0;
    for (name, row) in &there {
        if LEFT_OUT.contains(&name.as_str()) {
            assert_ne!(row, &before[name], "{name}: the fixture has no difference");
            continue;
        }
        assert_eq!(after.get(name), Some(row), "{name}");
        from_target += 1;
    }
    assert_eq!(from_target, 16 + 100 + 150);
    // What only production has stays, but for secrets and addresses.
    let mut changed = Vec::new();
    for (name, row) in &before {
        if there.contains_key(name) && !LEFT_OUT.contains(&name.as_str()) {
            continue;
        }
        if after.get(name) != Some(row) {
            changed.push(name.as_str());
        }
    }
    let harmless = [
        "NmsDelivery_MediaPassword",
        "NmsEmail_DefaultReplyToAddr",
        "XtkLdap_AppPassword",
        "XtkSecretKey",
        "XtkWebForm_Password",
    ];
    assert_eq!(changed, harmless);
    let values = "SELECT sname, sstringvalue, mmemovalue FROM neolane.xtkoption
        WHERE sname IN ('NmsDelivery_MediaPassword', 'NmsEmail_DefaultReplyToAddr', 'XtkLdap_AppPassword', 'XtkSecretKey', 'XtkWebForm_Password')
        ORDER BY sname COLLATE \"C\"";
    assert_eq!(
        copy.psql(values),
        "NmsDelivery_MediaPassword||\nNmsEmail_DefaultReplyToAddr|reply_example.com@mailinator.com|\n\
         XtkLdap_AppPassword||\nXtkSecretKey||\nXtkWebForm_Password||\n"
    );
    let names = before.keys().chain(there.keys());
    assert!(names.collect::<std::collections::BTreeSet<_>>().len() == after.len());

    // Ids: what was there keeps its own, the new ones are free.
    let ids = |database: &Database| -> BTreeMap<String, String> {
        let rows = database.psql("SELECT coalesce(sname, ''), ioptionid FROM neolane.xtkoption");
        let rows = rows.lines().map(|row| row.split_once('|').expect("a name"));
        rows.map(|(name, id)| (name.to_owned(), id.to_owned()))
            .collect()
    };
    let (old, new) = (ids(&production), ids(&copy));
    for (name, id) in &old {
        assert_eq!(new.get(name), Some(id), "{name}");
    }
    let distinct: std::collections::BTreeSet<_> = new.values().collect();
    assert_eq!(distinct.len(), new.len());
}

#[test]
fn external_accounts_are_exactly_the_targets() {
    let Some(pg) = postgres() else { return };
    let (production, target, copy) = environments(pg);
    let accounts = "SELECT to_jsonb(a) - 'smirrorurl' FROM neolane.nmsextaccount a WHERE iextaccountid <> 0 ORDER BY iextaccountid";
    let taken = copy.psql(accounts);
    assert_eq!(taken.lines().count(), 260);
    assert_eq!(taken, target.psql(accounts));
    // The column that the target's build lacks gets its default; the row with id 0 is production's.
    let mirror = "SELECT count(smirrorurl) FROM neolane.nmsextaccount";
    assert_eq!(copy.psql(mirror), "0\n");
    let none = "SELECT * FROM neolane.nmsextaccount WHERE iextaccountid = 0";
    assert_eq!(copy.psql(none), production.psql(none));
}

#[test]
fn operators_and_their_groups_are_the_targets() {
    let Some(pg) = postgres() else { return };
    let (production, target, copy) = environments(pg);
    let operators = "SELECT * FROM neolane.xtkoperator WHERE ioperatorid <> 0 ORDER BY ioperatorid";
    assert_eq!(copy.psql(operators), target.psql(operators));
    let none = "SELECT * FROM neolane.xtkoperator WHERE ioperatorid = 0";
    assert_eq!(copy.psql(none), production.psql(none));
    let groups = "SELECT ioperatorid, igroupid FROM neolane.xtkoperatorgroup ORDER BY 1, 2";
    assert_eq!(copy.psql(groups).lines().count(), 202);
    assert_eq!(copy.psql(groups), target.psql(groups));
    let admin = "SELECT spassword FROM neolane.xtkoperator WHERE sname = 'admin' AND itype = 0";
    assert_eq!(copy.psql(admin), "DEVDEVDEV\n");
}

/// Beside the configuration a run with a target does what a run without one does, and nothing else
/// of the target's dump comes out.
#[test]
fn only_the_configuration_comes_from_the_target() {
    let Some(pg) = postgres() else { return };
    let (production, target, copy) = environments(pg);
    let without = pg.database();
    without.restore(run(&["-1"], &production.dump(&[])).ok());
    let (with, without) = (copy.fingerprint(), without.fingerprint());
    let difference = with.difference(&without).expect("a difference");
    let tables: Vec<_> = difference
        .lines()
        .filter(|line| line.starts_with(|c: char| c != ' '))
        .map(|line| line.split_once(':').expect("a table").0)
        .collect();
    let configuration = [
        "neolane.nmsextaccount",
        "neolane.xtkoperator",
        "neolane.xtkoperatorgroup",
        "neolane.xtkoption",
    ];
    assert_eq!(tables, configuration);

    let text = String::from_utf8(copy.dump(&["--data-only", "--no-blobs"])).expect("UTF-8");
    let other = String::from_utf8(target.dump(&["--data-only"])).expect("UTF-8");
    let old = String::from_utf8(production.dump(&["--data-only", "--no-blobs"])).expect("UTF-8");
    assert!(other.contains("@old-copy.example") && other.contains("OLDWKF7"));
    assert!(!text.contains("old-copy.example") && !text.contains("OLDWKF7"));
    let secrets = [
        "Qk1rZXktMDAwMQ==",
        "c2VjcmV0LXByb2Q=",
        "@Uk7hg==",
        "mediapw",
        "aes-0123456789abcdef",
        "uF0012000000000001",
        "archive@example.com",
        "B2A1C0FFEE",
        "AKIA",
        "svc_17\t",
    ];
    for secret in secrets {
        assert!(old.contains(secret), "{secret}: the fixture has none");
        assert!(!text.contains(secret), "{secret}");
    }
}

/// The rulebook as psql can run it on a database that has the target's tables in a schema `target`
/// (if there is one): without the statements for the other case, with columns that are matched by
/// name written out and the one pattern resolved.
fn for_psql(rulebook: &str, target: Option<&Database>) -> String {
    let mut chunks = rulebook.split("\n-- name: ");
    let head = chunks.next().expect("a head");
    let mut script = head.to_owned();
    let other = if target.is_some() {
        ":without-target"
    } else {
        ":with-target"
    };
    for chunk in chunks {
        let (name, statement) = chunk.split_once('\n').expect("a name's line");
        if name.contains(other) {
            continue;
        }
        let mut statement = statement.replace("\"nmsbroadlog*\"", "nmsbroadlogrcp");
        if let Some((insert, from)) = statement.split_once(" SELECT * FROM target.") {
            let table = from.split([' ', ';']).next().expect("a table");
            let columns = target.expect("a target").psql(format!(
                "SELECT string_agg(column_name, ', ' ORDER BY ordinal_position) FROM information_schema.columns
                 WHERE table_schema = 'neolane' AND table_name = '{table}'"
            ));
            let columns = columns.trim_end();
            statement = format!("{insert} ({columns}) SELECT {columns} FROM target.{from}");
        }
        script.push('\n');
        script.push_str(&statement);
    }
    script
}

/// The contract: the same as restoring both dumps and running the rulebook with psql. A plain
/// function stands in for the only one of ours, on both sides.
#[test]
fn the_rulebook_does_what_psql_does() {
    let Some(pg) = postgres() else { return };
    let text = std::fs::read_to_string(root().join("transforms/adobe-campaign.sql"));
    let text = text.expect("the rulebook");
    let text = text.replace("anon.rewrite_emails(", "concat(");
    let target = target(pg);
    let path = target_path().display().to_string();
    let (with, without) = (vec!["--target", &path], Vec::new());
    let runs = [
        ("with a target", &with, true, &[][..]),
        ("without a target", &without, false, &[]),
        (
            "with a target, as INSERT",
            &with,
            true,
            &["--inserts", "--rows-per-insert=3"],
        ),
    ];
    for (what, args, has_target, style) in runs {
        let (oracle, copy) = (production(pg), pg.database());
        oracle.psql(SECOND);
        copy.restore(filter_with(args, &text, &oracle.dump(style)).ok());
        if has_target {
            oracle.psql("ALTER SCHEMA neolane RENAME TO production");
            oracle.restore(dump("postgres/campaign-target/dump.sql"));
            oracle.psql(
                "ALTER SCHEMA neolane RENAME TO target; ALTER SCHEMA production RENAME TO neolane",
            );
        }
        let script = for_psql(&text, has_target.then_some(&target));
        for schema in ["neolane", "second"] {
            oracle.psql(format!("SET search_path = {schema};{script}"));
        }
        oracle.psql("DROP SCHEMA IF EXISTS target CASCADE");
        copy.fingerprint().assert_same(&oracle.fingerprint(), what);
    }
}

/// The rulebook's own tests find what was not taken and what was left behind.
#[test]
fn the_tests_find_what_is_missing_and_what_is_left() {
    let text = std::fs::read_to_string(root().join("transforms/adobe-campaign.sql"));
    let text = text.expect("the rulebook");
    let input = dump("postgres/campaign/dump.sql");
    let path = target_path().display().to_string();
    let faults = [
        (
            "FROM target.nmsextaccount WHERE iextaccountid <> 0;",
            "FROM target.nmsextaccount WHERE iextaccountid > 101;",
            "as-many-accounts-as-the-target",
        ),
        (
            "DELETE FROM nmsextaccount WHERE iextaccountid <> 0;",
            "DELETE FROM nmsextaccount WHERE iextaccountid > 9;",
            "no-account-of-production",
        ),
        (
            "DELETE FROM xtkoperator WHERE ioperatorid <> 0;",
            "DELETE FROM xtkoperator WHERE ioperatorid > 1;",
            "no-operator-of-production",
        ),
        (
            "mmemovalue = t.mmemovalue, ilongvalue = t.ilongvalue,",
            "mmemovalue = t.mmemovalue,",
            "every-option-of-the-target-is-taken",
        ),
    ];
    let dir = tempfile::tempdir().expect("a folder");
    let report = dir.path().join("report.txt").display().to_string();
    for (right, wrong, found) in faults {
        assert!(text.contains(right), "{right}");
        let wrong_book = text.replacen(right, wrong, 1);
        let args = ["--target", &path, "--report", &report];
        let run = filter_with(&args, &wrong_book, &input);
        assert_eq!(run.code, Some(1), "{wrong}: {}", run.err);
        let report = std::fs::read_to_string(&report).expect("the report");
        assert!(
            report.contains(&format!("FAILED  {found}")),
            "{wrong}: {report}"
        );
    }
}

/// However the target was dumped, the output is the same.
#[test]
fn the_targets_dump_may_have_any_form() {
    let Some(pg) = postgres() else { return };
    let input = dump("postgres/campaign/dump.sql");
    let expected = with_target(&input, &target_path()).ok();
    let target = target(pg);
    let plain = target.dump(&[]);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&plain).expect("gzip");
    let forms = [
        ("gzip", gzip.finish().expect("gzip")),
        ("zstd", zstd::encode_all(&plain[..], 3).expect("zstd")),
        ("inserts", target.dump(&["--inserts"])),
        (
            "column inserts",
            target.dump(&["--column-inserts", "--rows-per-insert=7"]),
        ),
        (
            "only its tables",
            target.dump(&["-t", "neolane.xtk*", "-t", "neolane.nmsextaccount"]),
        ),
    ];
    for (form, bytes) in forms {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), bytes).expect("the target's dump");
        let out = with_target(&input, file.path()).ok();
        assert!(out == expected, "{form}: another output");
    }
}

/// Nor does it depend on the threads, or on whether the input can be read twice.
#[test]
fn jobs_and_the_kind_of_input_change_no_byte() {
    let path = fixture("postgres/campaign/dump.sql").display().to_string();
    let target = target_path().display().to_string();
    let piped = with_target(&dump("postgres/campaign/dump.sql"), &target_path()).ok();
    for options in [["--jobs", "1"], ["--jobs", "7"], ["--memory", "1M"]] {
        let args = [&["-1", "--target", &target, &path][..], &options].concat();
        assert!(run(&args, b"").ok() == piped, "{options:?}: another output");
    }
}

/// Columns are matched by name: what production's build lacks cannot be kept, so it stops the run.
#[test]
fn a_column_that_production_lacks_is_named() {
    let Some(pg) = postgres() else { return };
    let input = dump("postgres/campaign/dump.sql");
    let drifts = [
        (
            "ALTER TABLE neolane.nmsextaccount ADD svaultpath varchar(64)",
            "svaultpath",
        ),
        (
            "ALTER TABLE neolane.xtkoperator RENAME sLabel TO sFullLabel",
            "sfulllabel",
        ),
        ("ALTER TABLE neolane.xtkoption DROP COLUMN sdesc", "sdesc"),
        ("DROP TABLE neolane.xtkoption", "xtkoption"),
    ];
    for (drift, named) in drifts {
        let target = target(pg);
        target.psql(drift);
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), target.dump(&[])).expect("the target's dump");
        let run = with_target(&input, file.path());
        assert!(run.code.is_some_and(|code| code != 0), "{drift}");
        assert!(run.err.contains(named), "{drift}: {}", run.err);
        let copy = pg.database();
        assert!(
            !copy.try_psql(&run.out).status.success(),
            "{drift}: it loads"
        );
        assert_eq!(
            copy.psql("SELECT count(*) FROM pg_class WHERE relname = 'xtkoption'"),
            "0\n"
        );
    }
}

#[test]
fn the_report_says_what_to_look_at() {
    let input = dump("postgres/campaign/dump.sql");
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("report.txt");
    let target = target_path().display().to_string();
    let report = path.display().to_string();
    run(&["--target", &target, "--report", &report], &input).ok();
    let report = std::fs::read_to_string(&path).expect("the report");
    let section = |title: &str| -> Vec<&str> {
        let head = format!("\n{title}\n---");
        let (_, rest) = report
            .split_once(&head)
            .unwrap_or_else(|| panic!("no {title}"));
        let rows = rest.lines().skip(2).take_while(|line| !line.is_empty());
        rows.map(str::trim).collect()
    };
    let by_hand = [
        "NmsServer_IntranetURL",
        "NmsServer_MirrorPageUrl",
        "NmsTracking_ExtAccount",
        "NmsTracking_LastConsolidation",
        "LASTIMPORT_recipients",
    ];
    assert_eq!(section("options-that-the-target-lacks"), by_hand);
    let pointer = section("tracking-pointer-of-the-target");
    assert!(
        pointer.len() == 1 && pointer[0].starts_with("NmsTracking_Pointer"),
        "{pointer:?}"
    );
    let accounts = section("accounts-to-look-at");
    assert_eq!(accounts.len(), 260);
    assert!(accounts[0].starts_with("devAccount1 "), "{}", accounts[0]);
    assert!(section("operator-ids-that-change-hands").len() > 100);
    assert_eq!(section("operators-without-password").len(), 4);
    for test in [
        "every-option-of-the-target-is-taken",
        "as-many-accounts-as-the-target",
        "no-account-of-production",
        "no-operator-of-production",
    ] {
        assert!(report.contains(&format!("passed  {test}")), "{test}");
    }
    assert!(
        !report.contains("no-account-is-active"),
        "that is for a run without a target"
    );
    let words: Vec<_> = report.split_whitespace().collect();
    let words = words.join(" ");
    assert!(words.contains("scrub each dump with the same --key-file and its own --target"));
}
