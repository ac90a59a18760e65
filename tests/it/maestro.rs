//! LISTSERV Maestro: the built-in rulebook's statements against psql; its names are variables.

use crate::rulebooks::same_as_psql;

const BOOK: &str = include_str!("../../transforms/listserv-maestro.sql");

fn tables(settings: &str, outbox: &str) -> String {
    format!(
        "CREATE TABLE {settings} (name varchar(100) PRIMARY KEY, value text);
         INSERT INTO {settings} VALUES ('hub.host', 'hub.shop.com'), ('lui.host', 'lui.shop.com'), ('trk.host', 'localhost'),
            ('database.type', 'mysql'), ('database.url', 'jdbc:mysql://db.shop.com/lui'), ('database.user', 'lui'), ('database.password', 's3cret'),
            ('instance.id', 'i-4711'), ('listserv.host', 'listserv.shop.com'), ('tracking.host', 'trk.shop.com'), {outbox} ('ui.language', 'en');
         CREATE TABLE maestro_job (job_id integer PRIMARY KEY, job_name varchar(100), state varchar(20), send_time timestamp);
         INSERT INTO maestro_job VALUES (1, 'Newsletter', 'scheduled', '2026-12-01 08:00:00'), (2, 'Draft', 'draft', NULL);"
    )
}

#[test]
fn the_rulebook_does_what_psql_does() {
    for outbox in ["('outbox.sending', 'enabled'),", ""] {
        for settings in ["maestro_settings", "lui_settings"] {
            let set = [("settings_table", settings)];
            let Some((copy, ran)) = same_as_psql(BOOK, &tables(settings, outbox), &set) else {
                return;
            };
            assert!(ran >= 11, "only {ran} statements ran");
            let query = format!(
                "SELECT string_agg(name || '=' || value, ' ' ORDER BY name) FROM {settings}"
            );
            assert_eq!(
                copy.psql(query).trim(),
                "database.type=internal hub.host=localhost lui.host=localhost outbox.sending=disabled trk.host=localhost ui.language=en"
            );
            assert_eq!(
                copy.psql("SELECT count(*) FROM maestro_job").trim(),
                "2",
                "the jobs stay"
            );
        }
    }
}
