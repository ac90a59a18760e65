//! Odoo's own neutralize statements, unchanged, and the built-in rulebook over a database shaped like
//! Odoo's: restoring what scrub makes of a dump equals restoring the dump and running the statements
//! with psql.

use crate::rulebooks::names_a_pattern;
use crate::runner::{self, fixture, run};
use crate::server::postgres;

/// A copy of what Odoo's modules run after a restore.
const NEUTRALIZE: &str = include_str!("../../src/rulebook/tests/neutralize.sql");

/// The database: tables as Odoo's standard modules make them, rows, and then foreign keys.
const SCHEMA: &str = include_str!("../../fixtures/postgres/odoo/schema.sql");
const ROWS: &str = include_str!("../../fixtures/postgres/odoo/data.sql");

/// The rulebook that is part of the program.
const BUILT_IN: &str = include_str!("../../transforms/odoo.sql");

#[test]
fn odoo_is_neutralized_before_it_is_restored() {
    let Some(server) = postgres() else { return };
    for (more, style) in [
        ("", &[][..]),
        (
            "INSERT INTO ir_config_parameter (key, value) VALUES ('database.is_neutralized', 'false');",
            &["--inserts"],
        ),
        ("DELETE FROM ir_model_data;", &["--column-inserts"]),
        (
            "UPDATE ir_model_data SET res_id = NULL WHERE name = 'autovacuum_job';",
            &[],
        ),
    ] {
        let made = server.database();
        made.psql(format!("{SCHEMA}{ROWS}{more}"));
        let dump = made.dump(style);
        made.psql(NEUTRALIZE);
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("dump.sql");
        std::fs::write(&path, &dump).expect("the dump");
        for file in [false, true] {
            let what = format!("{style:?} {more}, from a file: {file}");
            let run = match file {
                true => runner::filter_with(&[path.to_str().expect("UTF-8")], NEUTRALIZE, b""),
                false => runner::filter(NEUTRALIZE, &dump),
            };
            let scrubbed = server.database();
            scrubbed.restore(run.ok());
            if more.contains("is_neutralized") {
                // PostgreSQL takes a number of the sequence before it finds that the key is there.
                scrubbed.psql("SELECT nextval('ir_config_parameter_id_seq')");
            }
            made.fingerprint()
                .assert_same(&scrubbed.fingerprint(), &what);
        }
    }
}

/// What version 19 of auth_oauth does: the providers that a parameter lists stay, as far as it is a list.
/// Like the files of the modules, it ends without a semicolon.
const PROVIDERS: &str = "-- providers stay if 'auth_oauth.dont_neutralize_providers' lists them
UPDATE auth_oauth_provider p
SET enabled = FALSE
WHERE p.id NOT IN (
    SELECT CAST(
        jsonb_array_elements(
            CAST(CASE WHEN jsonb_typeof(value::jsonb) = 'array' THEN value ELSE '[]' END AS JSONB)
        ) as INTEGER
    )
    AS id
    FROM ir_config_parameter
    WHERE key = 'auth_oauth.dont_neutralize_providers'
)
";

#[test]
fn rows_out_of_a_json_array_spare_what_a_parameter_lists() {
    let Some(server) = postgres() else { return };
    for (listed, stay) in [
        (None, 0),
        (Some("[2, 3]"), 2),
        (Some("[]"), 0),
        (Some("{\"2\": 3}"), 0),
        (Some("2"), 0),
        (Some("[99]"), 0),
    ] {
        let made = server.database();
        made.psql(format!("{SCHEMA}{ROWS}"));
        made.psql(
            "INSERT INTO auth_oauth_provider (name, enabled, auth_endpoint, validation_endpoint)
             SELECT 'p' || n, true, 'a', 'v' FROM generate_series(1, 4) n;
             UPDATE auth_oauth_provider SET enabled = true",
        );
        if let Some(listed) = listed {
            made.psql(format!(
                "INSERT INTO ir_config_parameter (key, value)
                 VALUES ('auth_oauth.dont_neutralize_providers', '{listed}')"
            ));
        }
        let dump = made.dump(&[]);
        made.psql(PROVIDERS);
        let scrubbed = server.database();
        scrubbed.restore(runner::filter(PROVIDERS, &dump).ok());
        let what = format!("{listed:?}");
        made.fingerprint()
            .assert_same(&scrubbed.fingerprint(), &what);
        let left = scrubbed.psql("SELECT count(*) FROM auth_oauth_provider WHERE enabled");
        assert_eq!(left.trim(), stay.to_string(), "{what}");
    }
}

/// The built-in rulebook without what is not plain SQL: `anon` functions and patterns. Each part begins
/// with the line of its name; before the first stand the variables.
fn plain_parts() -> (String, Vec<&'static str>) {
    let mut parts = BUILT_IN.split("-- name: ");
    let head = parts.next().expect("the head");
    let variables = head
        .lines()
        .filter(|line| line.starts_with("\\set "))
        .map(|line| format!("{line}\n"));
    let plain = parts.filter(|part| !part.contains("anon.") && !names_a_pattern(part));
    (variables.collect(), plain.collect())
}

#[test]
fn the_built_in_rulebook_does_what_psql_does() {
    let Some(server) = postgres() else { return };
    let (variables, parts) = plain_parts();
    for styles in [&[][..], &["--column-inserts"]] {
        let made = server.database();
        made.psql(format!("{SCHEMA}{ROWS}"));
        let dump = made.dump(styles);
        let mut ran = 0;
        for part in &parts {
            let statement = part.split_once('\n').expect("a line with the name").1;
            let output = made.try_psql(format!(
                "{variables}\\set test_password odoo-test\n{statement}"
            ));
            let errors = String::from_utf8_lossy(&output.stderr).into_owned();
            match output.status.success() {
                true => ran += 1,
                // A module that is not installed.
                false => assert!(
                    part.lines().next().expect("a name").contains(" :optional")
                        && errors.contains("does not exist"),
                    "{part}\n{errors}"
                ),
            }
        }
        assert!(ran > 45, "only {ran} statements ran");
        let rules: String = parts
            .iter()
            .map(|part| format!("-- name: {part}"))
            .collect();
        let rules = format!("{variables}{rules}");
        let scrubbed = server.database();
        scrubbed.restore(
            runner::filter_with(&["--set", "test_password=odoo-test"], &rules, &dump).ok(),
        );
        made.fingerprint()
            .assert_same(&scrubbed.fingerprint(), &format!("{styles:?}"));
    }
}

/// After version 19 parameters have a type that must not be empty: of two INSERTs for two versions of a
/// table, the optional one that cannot run does not.
#[test]
fn an_insert_for_another_version_of_the_table_is_left_out() {
    let Some(server) = postgres() else { return };
    let made = server.database();
    made.psql(format!(
        "{SCHEMA}{ROWS} ALTER TABLE ir_config_parameter ADD COLUMN type varchar;
         UPDATE ir_config_parameter SET type = 'str';
         ALTER TABLE ir_config_parameter ALTER COLUMN type SET NOT NULL;
         DELETE FROM ir_config_parameter WHERE key = 'database.secret';"
    ));
    let dump = made.dump(&[]);
    let copy = server.database();
    copy.restore(run(&["--set", "test_password=odoo-test"], &dump).ok());
    let added = "SELECT string_agg(key || ' ' || type, ',' ORDER BY key) FROM ir_config_parameter
        WHERE key IN ('database.is_neutralized', 'database.secret')";
    assert_eq!(
        copy.psql(added).trim(),
        "database.is_neutralized str,database.secret str"
    );
    // Without :optional it is a mistake.
    let rule = "INSERT INTO ir_config_parameter (key, value) VALUES ('a', 'b');";
    let refused = runner::filter(rule, &dump);
    assert_eq!(refused.code, Some(2), "{}", refused.err);
    assert!(
        refused
            .err
            .contains("column type must not be NULL and has no default"),
        "{}",
        refused.err
    );
}

#[test]
fn a_copy_of_odoo_is_recognised_and_harmless() {
    let Some(server) = postgres() else { return };
    let dump = std::fs::read(fixture("postgres/odoo/dump.sql")).expect("the dump");
    let scrubbed = run(&["--set", "test_password=odoo-test"], &dump);
    assert!(scrubbed.err.contains("odoo"), "{}", scrubbed.err);
    let scrubbed = scrubbed.ok();
    let text = String::from_utf8_lossy(&scrubbed);
    for secret in [
        "@shop.com",
        "azure@example",
        "s3cret",
        "imap\\\\pass",
        "pk_live_2",
        "sk_live_2",
        "whsec_2",
        "EAAB",
        "1//0gRefresh",
        "ya29",
        "M210704",
        "8f2c8b1e",
        "pbkdf2",
        "warehouse.shop.com",
        "late@example.com",
        "JBSWY3DPEHPK3PXP",
        "tw-auth",
        "ShopECOM",
        "in-user",
        "in-secret",
        "ro-client",
        "fsk_live",
        "APP_USR-live",
        "rzp_live",
        "pl-user",
        "p12-secret",
        "key-secret",
    ] {
        assert!(
            String::from_utf8_lossy(&dump).contains(secret),
            "the fixture lacks {secret}"
        );
        assert!(!text.contains(secret), "{secret} is still there");
    }
    let (prod, copy) = (server.database(), server.database());
    prod.restore(&dump);
    copy.restore(&scrubbed);
    for (what, query, before, after) in [
        (
            "one server, and it leads nowhere",
            "SELECT count(*), min(smtp_host) FROM ir_mail_server WHERE active",
            "1|smtp.shop.com",
            "1|invalid",
        ),
        (
            "one action",
            "SELECT string_agg(id::text, ',') FROM ir_cron WHERE active",
            "1,2,4,5,7,8",
            "4",
        ),
        (
            "the marker",
            "SELECT count(*) FROM ir_config_parameter WHERE key = 'database.is_neutralized' AND value = 'true'",
            "0",
            "1",
        ),
        (
            "an instance of its own",
            "SELECT count(*) FROM ir_config_parameter WHERE key IN ('database.uuid', 'database.secret') AND length(value) = 36",
            "1",
            "2",
        ),
        (
            "the banner",
            "SELECT count(*) FROM ir_ui_view WHERE active",
            "1",
            "3",
        ),
        (
            "payment",
            "SELECT string_agg(state, ',' ORDER BY id) FROM payment_provider",
            "enabled,disabled,test,enabled",
            "disabled,disabled,test,disabled",
        ),
        (
            "authorities",
            "SELECT l10n_es_sii_test_env, l10n_sa_api_mode, (SELECT bool_and(l10n_pl_edi_test_env) FROM l10n_pl_edi_config) FROM res_company",
            "f|prod|f",
            "t|sandbox|t",
        ),
        (
            "networks and letters",
            "SELECT string_agg(value, ',' ORDER BY key) FROM ir_config_parameter WHERE key IN ('account_peppol.edi.mode', 'snailmail.endpoint')",
            "prod",
            "test,https://iap-services-test.odoo.com",
        ),
        (
            "terminals",
            "SELECT bool_and(test_mode AND razorpay_test_mode) FROM pos_payment_method WHERE use_payment_terminal IS NOT NULL",
            "f",
            "t",
        ),
        (
            "log in",
            "SELECT count(*) FROM res_users WHERE password = 'odoo-test'",
            "0",
            "1",
        ),
        (
            "webhook",
            "SELECT webhook_url FROM ir_act_server WHERE state = 'webhook'",
            "https://warehouse.shop.com/hook?secret=1",
            "neutralization - disable webhook",
        ),
        (
            "what is sold stays",
            "SELECT count(*), sum(amount_total) FROM sale_order",
            "40|8610.0",
            "40|8610.0",
        ),
    ] {
        assert_eq!(prod.psql(query).trim(), before, "before: {what}");
        assert_eq!(copy.psql(query).trim(), after, "after: {what}");
    }
}
