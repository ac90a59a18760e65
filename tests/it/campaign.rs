//! Adobe's own checks (step 6 of «Duplicating environments») and what else the rulebooks promise,
//! asked by psql of a database that went through `pg_dump | scrub -1 | psql`.

use crate::runner::{KEY, fixture, run};
use crate::server::{Database, Postgres, postgres};
use std::process::Command;

/// Production and the copy that came through the pipe of the README, with no option but `-1`.
fn round_trip(pg: &'static Postgres) -> (Database, Database) {
    let (prod, copy) = (pg.database(), pg.database());
    prod.restore(std::fs::read(fixture("postgres/campaign/dump.sql")).expect("the dump"));
    let pipe =
        "set -o pipefail; pg_dump \"$PROD\" | scrub -1 | psql -X -q -v ON_ERROR_STOP=1 \"$COPY\"";
    let scrub = std::path::Path::new(env!("CARGO_BIN_EXE_scrub"))
        .parent()
        .expect("a folder");
    let path = std::env::join_paths([pg.bin(), scrub, "/usr/bin".as_ref(), "/bin".as_ref()]);
    let output = Command::new("bash")
        .args(["-c", pipe])
        .env("PATH", path.expect("a path"))
        .env("PGHOST", pg.host())
        .env("PGUSER", "postgres")
        .env("PROD", prod.name())
        .env("COPY", copy.name())
        .env("SCRUB_KEY", KEY)
        .output()
        .expect("bash");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    (prod, copy)
}

#[test]
fn the_vendors_checks_pass_on_the_copy() {
    let Some(pg) = postgres() else { return };
    let (prod, copy) = round_trip(pg);

    // The vendor's statements, word for word.
    let parts = "SELECT * FROM neolane.nmsdeliverypart;";
    assert_eq!(prod.psql(parts).lines().count(), 301);
    assert_eq!(
        copy.psql(parts),
        "0|0|0|0|0|0|||||\n",
        "the only deliverypart is the one whose ID is 0"
    );

    let deliveries = "SELECT iState, count(*) FROM neolane.nmsdelivery GROUP BY iState;";
    let states = |database: &Database, query: &str| {
        let mut rows: Vec<(i64, i64)> = database
            .psql(query)
            .lines()
            .map(|line| {
                let (state, count) = line.split_once('|').expect("two columns");
                (
                    state.parse().expect("a state"),
                    count.parse().expect("a count"),
                )
            })
            .collect();
        rows.sort_unstable();
        rows
    };
    // Every eleventh delivery is a template and stays as it is; those have state 0 here.
    let before = states(&prod, deliveries);
    let after = states(&copy, deliveries);
    assert!(before.iter().any(|(state, _)| (51..=75).contains(state)));
    assert!(
        !after.iter().any(|(state, _)| (51..=75).contains(state)),
        "{after:?}"
    );
    let count = |rows: &[(i64, i64)], wanted: &dyn Fn(i64) -> bool| -> i64 {
        rows.iter()
            .filter(|(state, _)| wanted(*state))
            .map(|(_, count)| count)
            .sum()
    };
    assert_eq!(
        count(&after, &|s| s == 85),
        count(&before, &|s| (51..=75).contains(&s) || s == 85)
    );
    for same in [0, 95, 100] {
        assert_eq!(
            count(&after, &|s| s == same),
            count(&before, &|s| s == same)
        );
    }

    let workflows = "SELECT iState, count(*) FROM neolane.xtkworkflow GROUP BY iState;";
    assert_eq!(
        states(&prod, workflows),
        [(0, 76), (11, 75), (13, 75), (20, 75)]
    );
    assert_eq!(states(&copy, workflows), [(0, 76), (20, 225)]);
    let by_status = "SELECT iStatus, count(*) FROM neolane.xtkworkflow GROUP BY iStatus;";
    assert_eq!(
        states(&prod, by_status),
        states(&copy, by_status),
        "istatus is left alone"
    );
}

#[test]
fn the_row_with_id_0_stays_everywhere() {
    let Some(pg) = postgres() else { return };
    let (prod, copy) = round_trip(pg);
    let keys = "SELECT format('SELECT count(*) FROM neolane.%I WHERE %I = 0;', c.relname, a.attname)
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_index i ON i.indrelid = c.oid AND i.indisunique AND i.indkey[0] = a.attnum
        WHERE c.relnamespace = 'neolane'::regnamespace AND c.relkind = 'r' AND i.indnatts = 1 AND a.atttypid = 'integer'::regtype
        ORDER BY c.relname";
    let queries = prod.psql(keys);
    assert_eq!(queries.lines().count(), 12);
    for query in queries.lines() {
        assert_eq!(copy.psql(query), "1\n", "{query}");
    }
}

#[test]
fn queues_secrets_and_addresses_are_gone() {
    let Some(pg) = postgres() else { return };
    let (prod, copy) = round_trip(pg);
    let gone = [
        "SELECT count(*) FROM neolane.nmsbroadlogrcp WHERE istatus = 6",
        "SELECT count(*) FROM neolane.xtkworkflowjob WHERE iworkflowjobid <> 0",
        "SELECT count(*) FROM neolane.xtkworkflowevent WHERE istatus <= 2 AND iworkfloweventid <> 0",
        "SELECT count(*) FROM neolane.nmsextaccount WHERE iactive <> 0 OR mdata IS NOT NULL OR spassword <> ''",
        "SELECT count(*) FROM neolane.xtkoption WHERE sname IN ('XtkKey', 'XtkSecretKey', 'NmsTracking_Password', 'NmsDelivery_MediaPassword', 'XtkLdap_AppPassword', 'XtkWebForm_Password', 'NmsLine_AESKey') AND sstringvalue <> ''",
        "SELECT count(*) FROM public.app_setting WHERE name IN ('smtp_password', 'stripe_api_key', 'jwt.private_key', 'oauth_token')",
        "SELECT count(*) FROM public.mail_outbox WHERE lower(status) IN ('pending', 'sending')",
        "SELECT count(*) FROM public.mail_queue_worker WHERE enabled",
        "SELECT count(*) FROM public.customer WHERE reset_token IS NOT NULL",
        "SELECT count(*) FROM public.customer WHERE password LIKE '$2y$10$%' OR api_key LIKE 'key\\_%'",
        "SELECT count(*) FROM neolane.nmsrecipient WHERE semail LIKE '%@example.com'",
    ];
    for query in gone {
        assert_ne!(prod.psql(query), "0\n", "{query}: the fixture has none");
        assert_eq!(copy.psql(query), "0\n", "{query}");
    }
    let kept = [
        "SELECT md5(string_agg(spassword, ',' ORDER BY ioperatorid)) FROM neolane.xtkoperator",
        "SELECT count(*) FROM neolane.xtkoption",
        "SELECT count(*) FROM public.mail_outbox WHERE lower(status) IN ('sent', 'failed')",
        "SELECT count(DISTINCT saddress), count(*) FROM neolane.nmsaddress",
        "SELECT count(DISTINCT email), count(DISTINCT login), count(DISTINCT password), count(DISTINCT api_key), count(*) FROM public.customer",
        "SELECT count(*) FROM public.customer c JOIN public.purchase p ON p.customer_id = c.id",
        "SELECT md5(string_agg(avatar::text, ',' ORDER BY id)) FROM public.customer",
        "SELECT last_value FROM neolane.xtknewid",
    ];
    for query in kept {
        assert_eq!(prod.psql(query), copy.psql(query), "{query}");
    }
    // Joins by address still join, and what is in JSON and PHP is still JSON and PHP.
    let joins = "SELECT count(*) FROM neolane.nmsrecipient r JOIN neolane.nmsaddress a ON a.saddress = r.semail";
    assert_eq!(prod.psql(joins), copy.psql(joins));
    let same = "SELECT count(*) FROM public.customer WHERE profile->>'mail' = email AND contacts[1] = email AND (home).mail = email AND legacy_php LIKE '%s:' || octet_length(email) || ':\"' || email || '\"%'";
    assert_eq!(copy.psql(same), "400\n");
}

/// No address of production is left in any row of the copy: found by a search of ours over the text
/// of every row, not by scrub's own recogniser.
#[test]
fn no_address_of_production_is_left_in_the_rows() {
    let Some(pg) = postgres() else { return };
    let (_prod, copy) = round_trip(pg);
    let dump = copy.dump(&["--data-only", "--no-blobs"]);
    let dump = String::from_utf8(dump).expect("UTF-8");
    let domains = [
        "example.com",
        "example.org",
        "mail.example.net",
        "company.example",
        "sub.dom.example.co.uk",
        "Example.COM",
        "kunde-1.example.de",
    ];
    for at in ["@", "u0040", "%40", "&#64;"] {
        for address in domains.map(|domain| format!("{at}{domain}")) {
            let line = dump.lines().find(|line| line.contains(&address));
            assert_eq!(line, None, "{address}");
        }
    }
}

#[test]
fn the_same_input_and_key_give_the_same_output() {
    let dump = std::fs::read(fixture("postgres/campaign/dump.sql")).expect("the dump");
    assert!(run(&[], &dump).ok() == run(&[], &dump).ok());
}
