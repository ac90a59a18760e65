//! Odoo's own neutralize statements, unchanged, over a database shaped like Odoo's: restoring what
//! scrub makes of a dump equals restoring the dump and running the statements with psql.

use crate::runner;
use crate::server::postgres;

/// A copy of what Odoo's modules run after a restore.
const NEUTRALIZE: &str = include_str!("../../src/rulebook/tests/neutralize.sql");

/// The tables with the columns and foreign keys that Odoo gives them: every record knows who made
/// and changed it, and a user is a partner of a company, which is a partner, too.
const SCHEMA: &str = r#"
CREATE TABLE res_users (id serial PRIMARY KEY, company_id integer NOT NULL, partner_id integer NOT NULL, active boolean DEFAULT true,
    create_date timestamp without time zone, login varchar NOT NULL UNIQUE, password varchar, create_uid integer, write_uid integer);
CREATE TABLE res_partner (id serial PRIMARY KEY, name varchar, email varchar, company_id integer, parent_id integer, user_id integer,
    create_uid integer, create_date timestamp without time zone, write_uid integer, write_date timestamp without time zone);
CREATE TABLE res_company (id serial PRIMARY KEY, name varchar NOT NULL UNIQUE, partner_id integer NOT NULL, create_uid integer, write_uid integer);
CREATE TABLE ir_model (id serial PRIMARY KEY, model varchar NOT NULL UNIQUE, name jsonb NOT NULL, create_uid integer);
CREATE TABLE ir_model_data (id serial PRIMARY KEY, create_uid integer, create_date timestamp without time zone DEFAULT (now() AT TIME ZONE 'UTC'),
    res_id integer, noupdate boolean DEFAULT false, name varchar NOT NULL, module varchar NOT NULL, model varchar NOT NULL, CHECK (name <> ''));
CREATE UNIQUE INDEX ir_model_data_module_name_uniq_index ON ir_model_data (module, name);
CREATE TABLE ir_act_server (id serial PRIMARY KEY, name jsonb NOT NULL, model_id integer NOT NULL, state varchar NOT NULL, code text);
CREATE TABLE ir_cron (id serial PRIMARY KEY, ir_actions_server_id integer NOT NULL, user_id integer NOT NULL, interval_number integer,
    interval_type varchar, active boolean, nextcall timestamp without time zone NOT NULL, lastcall timestamp without time zone, priority integer, create_uid integer);
CREATE TABLE ir_cron_trigger (id serial PRIMARY KEY, cron_id integer, call_at timestamp without time zone);
CREATE TABLE ir_mail_server (id serial PRIMARY KEY, smtp_port integer, sequence integer DEFAULT 10, create_uid integer, write_uid integer,
    name varchar NOT NULL, from_filter varchar, smtp_host varchar, smtp_authentication varchar NOT NULL, smtp_user varchar, smtp_pass varchar,
    smtp_encryption varchar NOT NULL, smtp_debug boolean, active boolean, create_date timestamp without time zone);
CREATE TABLE mail_mail (id serial PRIMARY KEY, mail_server_id integer, body_html text, email_to text, state varchar);
CREATE TABLE ir_config_parameter (id serial PRIMARY KEY, key varchar NOT NULL, value text NOT NULL, create_uid integer,
    create_date timestamp without time zone, CONSTRAINT ir_config_parameter_key_uniq UNIQUE (key));
CREATE TABLE iap_account (id serial PRIMARY KEY, name varchar, account_token varchar, service_name varchar, create_uid integer);
CREATE TABLE iap_account_res_company_rel (iap_account_id integer NOT NULL, res_company_id integer NOT NULL, PRIMARY KEY (iap_account_id, res_company_id));
CREATE TABLE website (id serial PRIMARY KEY, company_id integer NOT NULL, user_id integer NOT NULL, name varchar NOT NULL, domain varchar,
    configurator_done boolean, CONSTRAINT website_domain_unique UNIQUE (domain));
CREATE TABLE payment_provider (id serial PRIMARY KEY, company_id integer NOT NULL, sequence integer, state varchar NOT NULL, code varchar NOT NULL,
    "key" varchar, website_id integer, is_published boolean, name jsonb NOT NULL, support_fees boolean);
CREATE TABLE payment_transaction (id serial PRIMARY KEY, provider_id integer NOT NULL, partner_id integer NOT NULL, amount numeric, reference varchar NOT NULL UNIQUE);
"#;

/// Foreign keys: table, column, parent, action.
const KEYS: &str = "
res_users company_id res_company RESTRICT, res_users partner_id res_partner RESTRICT, res_users create_uid res_users SET_NULL,
res_users write_uid res_users SET_NULL, res_partner company_id res_company SET_NULL, res_partner parent_id res_partner SET_NULL,
res_partner user_id res_users SET_NULL, res_partner create_uid res_users SET_NULL, res_partner write_uid res_users SET_NULL,
res_company partner_id res_partner RESTRICT, res_company create_uid res_users SET_NULL, res_company write_uid res_users SET_NULL,
ir_model create_uid res_users SET_NULL, ir_model_data create_uid res_users SET_NULL, ir_act_server model_id ir_model CASCADE,
ir_cron ir_actions_server_id ir_act_server RESTRICT, ir_cron user_id res_users RESTRICT, ir_cron create_uid res_users SET_NULL,
ir_cron_trigger cron_id ir_cron CASCADE, ir_mail_server create_uid res_users SET_NULL, ir_mail_server write_uid res_users SET_NULL,
mail_mail mail_server_id ir_mail_server SET_NULL, ir_config_parameter create_uid res_users SET_NULL, iap_account create_uid res_users SET_NULL,
iap_account_res_company_rel iap_account_id iap_account CASCADE, iap_account_res_company_rel res_company_id res_company CASCADE,
website company_id res_company RESTRICT, website user_id res_users RESTRICT, payment_provider company_id res_company RESTRICT,
payment_provider website_id website RESTRICT, payment_transaction provider_id payment_provider RESTRICT,
payment_transaction partner_id res_partner RESTRICT";

const ROWS: &str = r#"
INSERT INTO res_partner (id, name, email, company_id) VALUES (1, 'My Company', 'info@shop.com', NULL), (2, 'OdooBot', 'odoobot@example.com', 1),
    (3, 'Mitchell Admin', 'admin@shop.com', 1), (4, 'Azure Interior', E'azure\tinterior@example.com', 1);
INSERT INTO res_company (id, name, partner_id, create_uid) VALUES (1, 'My Company', 1, 1);
INSERT INTO res_users (id, company_id, partner_id, login, password, create_uid) VALUES (1, 1, 2, '__system__', NULL, 1), (2, 1, 3, 'admin', '$pbkdf2-sha512$x', 1);
INSERT INTO ir_model (id, model, name, create_uid) VALUES (1, 'ir.cron', '{"en_US": "Scheduled Actions"}', 1), (2, 'mail.mail', '{"en_US": "Mail"}', 1);
INSERT INTO ir_act_server (id, name, model_id, state, code) SELECT n, jsonb_build_object('en_US', 'Action ' || n), 1 + n % 2, 'code', 'model._run()' FROM generate_series(1, 9) n;
INSERT INTO ir_cron (id, ir_actions_server_id, user_id, interval_number, interval_type, active, nextcall, priority)
    SELECT n, n, 1, n, 'days', n % 3 > 0, timestamp '2026-01-01' + n * interval '1 hour', 5 FROM generate_series(1, 9) n;
INSERT INTO ir_cron_trigger (cron_id, call_at) VALUES (1, '2026-01-01'), (5, '2026-02-01');
INSERT INTO ir_model_data (res_id, name, module, model, noupdate, create_uid) VALUES (4, 'autovacuum_job', 'base', 'ir.cron', true, 1),
    (2, 'ir_cron_mail_scheduler_action', 'mail', 'ir.cron', true, 1), (1, 'autovacuum_job', 'test', 'ir.model', false, 1), (1, 'main_company', 'base', 'res.company', true, NULL);
INSERT INTO ir_mail_server (name, smtp_port, smtp_host, smtp_encryption, smtp_authentication, smtp_user, smtp_pass, active, create_uid)
    VALUES ('Outgoing', 587, 'smtp.shop.com', 'starttls', 'login', 'mailer', 's3cret\pass', true, 2), ('Old', 25, 'old.shop.com', 'none', 'login', NULL, NULL, false, 2);
INSERT INTO mail_mail (mail_server_id, body_html, email_to, state) VALUES (1, '<p>Hello</p>', 'azure@example.com', 'outgoing'), (NULL, NULL, NULL, 'sent');
INSERT INTO ir_config_parameter (key, value, create_uid) VALUES ('database.uuid', 'a3c0f2', 1), ('ocn.uuid', 'x-1', 1), ('cloud.secret', 'top', 2), ('web.base.url', 'https://shop.com', 1);
INSERT INTO iap_account (name, account_token, service_name) VALUES ('sms', 'abc123', 'sms'), ('snail', 'tok+disabled', 'snailmail'), ('none', NULL, 'partner_autocomplete'), ('plus', 'a+b+c', 'x');
INSERT INTO iap_account_res_company_rel VALUES (1, 1), (2, 1);
INSERT INTO website (company_id, user_id, name, domain, configurator_done) VALUES (1, 2, 'My Website', 'https://www.shop.com', true), (1, 2, 'Second', NULL, false);
INSERT INTO payment_provider (company_id, sequence, state, code, "key", website_id, name) VALUES (1, 1, 'enabled', 'stripe', 'sk_live_1', 1, '{"en_US": "Stripe"}'),
    (1, 2, 'disabled', 'paypal', NULL, NULL, '{"en_US": "PayPal"}'), (1, 3, 'test', 'demo', 'demo', NULL, '{"en_US": "Demo"}'), (1, 4, 'enabled', 'wire', NULL, 2, '{"en_US": "Wire"}');
INSERT INTO payment_transaction (provider_id, partner_id, amount, reference) VALUES (1, 4, 99.90, 'S00042'), (4, 4, 10, 'S00043');
SELECT setval(pg_get_serial_sequence(t, 'id'), 100) FROM unnest(ARRAY['res_partner', 'res_company', 'res_users', 'ir_model', 'ir_act_server', 'ir_cron']) t;
"#;

fn keys() -> String {
    let keys = KEYS.split(',').map(|key| {
        let [table, column, parent, action] = key
            .split_whitespace()
            .collect::<Vec<_>>()
            .try_into()
            .expect("four words");
        format!(
            "ALTER TABLE {table} ADD CONSTRAINT {table}_{column}_fkey FOREIGN KEY ({column}) REFERENCES {parent} (id) ON DELETE {};\n",
            action.replace('_', " ")
        )
    });
    keys.collect()
}

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
        made.psql(format!("{SCHEMA}{ROWS}{more}{}", keys()));
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
