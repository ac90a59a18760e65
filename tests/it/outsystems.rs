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
        for number in 1..=9 {
            let path =
                runner::root().join(format!("tests/it/outsystems/{dialect}-{number:02}.sql"));
            let block = std::fs::read_to_string(&path).expect("the block");
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
    let block = include_str!("outsystems/mssql-06.sql");
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
