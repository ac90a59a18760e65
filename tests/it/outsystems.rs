//! OutSystems: every SQL block of the vendor's page as it is published, and the built-in rulebook.

use crate::rulebooks::same_as_psql;
use crate::runner;
use crate::server::postgres;

const TABLES: &str = include_str!("outsystems/tables.sql");

/// What each block comes down to, in the order of the page, without regard to case where the page
/// says so (`lower`).
fn meaning(number: usize, oracle: bool) -> String {
    let blank = if oracle { " " } else { "" };
    // On Oracle the page compares without case; PostgreSQL's columns compare with case.
    let key = if oracle { "lower(ss_key)" } else { "ss_key" };
    match number {
        1 => "DELETE FROM ossys_parameter WHERE name IN ('ClientApplicationToken', 'privateKeyValidation')
                OR name LIKE 'OutSystems.HubEdition.%' OR name LIKE 'OutSystems.SystemComponents.%'".to_owned(),
        2 => "DELETE FROM ossys_app_mobile_config; DELETE FROM ossys_mobile_certificate; DELETE FROM ossys_mobile_config_data".to_owned(),
        3 => "DELETE FROM ossys_modulefrontend; DELETE FROM ossys_moduleinternaladdress;
              DELETE FROM ossys_platformconfig WHERE name <> 'Platform Timezone'".to_owned(),
        4 => "DELETE FROM ossys_server".to_owned(),
        5 => "UPDATE ossys_dbcatalog SET username = ' ', password = ' ' WHERE id <> 1".to_owned(),
        6 => "DELETE FROM ossys_dbconnection WHERE id <> 1".to_owned(),
        7 => "DELETE FROM ossys_platformsvcs_observer".to_owned(),
        8 => format!(
            "UPDATE ossys_site_property_shared SET property_value = '{blank}' WHERE site_property_definition_id IN
             (SELECT id FROM ossys_site_property_definition WHERE {key} LIKE '1aaec1be-%' OR {key} LIKE '441f6eef-%')"
        ),
        9 if oracle => "UPDATE osusr_abc_environment SET isactive = 0; UPDATE osusr_cln_environment SET isactive = 0".to_owned(),
        9 => "UPDATE osusr_abc_environment SET isactive = 0".to_owned(),
        other => panic!("the page has no block {other}"),
    }
}

/// A block as it stands in the page (`published/`, copied between its fences), with the only edits that
/// are allowed: printed line numbers go, and where the page says to copy the result of its SELECT and
/// run it, which is the last block, `\gexec` does so.
pub fn published(dialect: &str, number: usize) -> String {
    let path = format!("tests/it/outsystems/published/{dialect}-{number:02}.txt");
    let text = std::fs::read_to_string(runner::root().join(path)).expect("the block");
    let mut block: String = text
        .lines()
        .map(|line| {
            let digits = line.bytes().take_while(u8::is_ascii_digit).count();
            match line[digits..].strip_prefix('.') {
                Some(rest) if digits > 0 => format!("{rest}\n"),
                _ => format!("{line}\n"),
            }
        })
        .collect();
    if number == BLOCKS {
        block.push_str("\\gexec\n");
    }
    block
}

/// How many blocks with SQL the page has for each of the two systems.
pub const BLOCKS: usize = 9;

#[test]
fn all_blocks_are_kept_as_published() {
    let folder = runner::root().join("tests/it/outsystems/published");
    let kept = std::fs::read_dir(folder).expect("the folder").count();
    assert_eq!(kept, 2 * BLOCKS);
    for (dialect, number, line) in [
        (
            "mssql",
            1,
            "delete from ossys_parameter where name = 'ClientApplicationToken';",
        ),
        (
            "oracle",
            4,
            " ALTER SESSION SET NLS_COMP=LINGUISTIC NLS_SORT=BINARY_AI;",
        ),
        ("oracle", 4, " /"),
        (
            "oracle",
            7,
            " EXECUTE IMMEDIATE 'delete from OSSYS_PLATFORMSVCS_OBSERVER';",
        ),
        ("oracle", 9, "\\gexec"),
    ] {
        let block = published(dialect, number);
        assert!(
            block.lines().any(|l| l == line),
            "{dialect} {number}: {block}"
        );
    }
}

/// Runs scrub on a file: the dump tells of its foreign keys last, and a file can be read beforehand.
fn from_file(rules: &str, dump: &[u8]) -> runner::Run {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join("dump.sql");
    std::fs::write(&path, dump).expect("the dump");
    runner::filter_with(&[path.to_str().expect("UTF-8")], rules, b"")
}

#[test]
fn every_block_of_the_vendors_page_runs_as_published() {
    let Some(server) = postgres() else { return };
    for (dialect, schema) in [("mssql", "public"), ("oracle", "osadmin")] {
        for number in 1..=BLOCKS {
            let block = published(dialect, number);
            let made = server.database();
            made.psql(format!(
                "CREATE SCHEMA IF NOT EXISTS {schema}; SET search_path = {schema}; {TABLES}
                 DELETE FROM ossys_extension_dbconnection; -- by hand, as the page says"
            ));
            let dump = made.dump(&[]);
            let before = made.fingerprint();
            made.psql(format!(
                "SET search_path = {schema}; {}",
                meaning(number, dialect == "oracle")
            ));
            let what = format!("{dialect}, block {number}");
            assert!(
                before.difference(&made.fingerprint()).is_some(),
                "{what} changes nothing"
            );
            let run = from_file(&format!("-- dialect: {dialect}\n{block}"), &dump);
            let scrubbed = server.database();
            scrubbed.restore(run.ok());
            made.fingerprint()
                .assert_same(&scrubbed.fingerprint(), &what);
        }
    }
}

#[test]
fn a_connection_that_an_extension_uses_cannot_go_as_the_page_warns() {
    let Some(server) = postgres() else { return };
    let made = server.database();
    made.psql(TABLES);
    let block = published("mssql", 6);
    let run = from_file(&format!("-- dialect: mssql\n{block}"), &made.dump(&[]));
    assert_ne!(run.code, Some(0), "{}", run.err);
    assert!(
        run.err.contains("ossys_extension_dbconnection"),
        "{}",
        run.err
    );
}

#[test]
fn the_rulebook_does_what_psql_does() {
    let book = include_str!("../../transforms/outsystems.sql");
    let Some((_, ran)) = same_as_psql(book, TABLES, &[]) else {
        return;
    };
    assert!(ran > 30, "only {ran} statements ran");
}

/// A script as SSMS writes it: the users come first, then the tables, then the rows.
fn script(between: &str) -> String {
    let mut text = "CREATE USER [OSADMIN] FOR LOGIN [OSADMIN]\nGO\nALTER ROLE [db_owner] ADD MEMBER [OSADMIN]\nGO\n\
        CREATE USER [reporting] FOR LOGIN [reporting]\nGO\n"
        .to_owned();
    text.push_str(between);
    let dump = std::fs::read(runner::fixture("mssql/outsystems/dump.sql")).expect("the dump");
    let units: Vec<u16> = dump[2..]
        .chunks(2)
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
        .collect();
    let rest = String::from_utf16(&units).expect("UTF-16");
    let tables = rest.find("CREATE TABLE").expect("a table");
    text.push_str(&rest[tables..]);
    text
}

#[test]
fn users_are_left_out_of_a_script_that_is_recognised_later() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join("dump.sql");
    std::fs::write(&path, script("")).expect("the script");
    let piped = runner::run(&[], script("").as_bytes());
    let read = runner::run(&[path.to_str().expect("UTF-8")], b"");
    assert!(piped.err.contains("outsystems"), "{}", piped.err);
    let err = piped.err.clone();
    let (piped, read) = (piped.ok(), read.ok());
    // A file tells its foreign keys beforehand, so that some rows leave a little later.
    let lines = |out: &[u8]| {
        let mut lines: Vec<_> = out
            .split(|b| *b == b'\n')
            .map(|line| line.trim_ascii_end().to_vec())
            .collect();
        lines.retain(|line| !line.is_empty());
        lines.sort();
        lines
    };
    assert!(lines(&piped) == lines(&read), "a file and a pipe differ");
    let text = String::from_utf8_lossy(&piped);
    assert!(!text.contains("OSADMIN]"), "the user is still there");
    assert!(text.contains("CREATE USER [reporting]"));
    assert!(err.contains("2 statements about users"), "{err}");
}

#[test]
fn users_of_another_application_stay() {
    let script = "CREATE USER [OSADMIN] FOR LOGIN [OSADMIN]\nGO\nCREATE TABLE [dbo].[t]([id] [int] NOT NULL)\nGO\n\
        INSERT [dbo].[t] ([id]) VALUES (1)\nGO\nGRANT SELECT ON [dbo].[t] TO [OSADMIN]\nGO\n";
    let only_users = "CREATE USER [OSADMIN] FOR LOGIN [OSADMIN]\nGO\n";
    for script in [script, only_users] {
        let run = runner::run(&["-f", "mssql"], script.as_bytes());
        assert_eq!(String::from_utf8_lossy(&run.ok()), script);
    }
}

#[test]
fn what_waits_is_bounded_and_a_rulebook_that_is_recognised_too_late_stops_the_run() {
    let long = format!("/*{}*/\nGO\n", "x".repeat(17 << 20));
    let row = "CREATE TABLE [dbo].[first]([id] [int] NOT NULL)\nGO\nINSERT [dbo].[first] ([id]) VALUES (1)\nGO\n";
    for between in [long.as_str(), row] {
        let text = script(between);
        let run = runner::run(&[], text.as_bytes());
        assert_eq!(run.code, Some(3), "{}", run.err);
        assert!(run.err.contains("a statement about a user"), "{}", run.err);
        assert!(run.err.contains("-r baseline -r outsystems"), "{}", run.err);
        // A file can be read beforehand.
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("dump.sql");
        std::fs::write(&path, &text).expect("the script");
        let out = runner::run(&[path.to_str().expect("UTF-8")], b"").ok();
        assert!(!String::from_utf8_lossy(&out).contains("[OSADMIN]"));
    }
}
