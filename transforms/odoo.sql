-- title: Odoo (PostgreSQL)
-- source: Odoo, the neutralize.sql of each standard module, versions 16 to 19 (odoo-bin neutralize runs them after a restore)
-- source: Odoo, service/db.py: what the database manager does with a copy
-- detect: ir_cron, ir_mail_server, ir_config_parameter, ir_model_data, ir_module_module
-- by-hand: nobody can log in with production's password; give a test password with --set test_password=… or set one afterwards
-- by-hand: copy the filestore beside the database, or leave it out: attachments are not in the dump
-- by-hand: look at the system parameters that the report lists (web.base.url and others): they hold addresses of production
-- by-hand: modules that are not part of Odoo's standard may have a neutralize.sql of their own: give it with -r (it runs unchanged)
-- by-hand: after the restore, activate the scheduled actions that the test needs, one by one
--
-- Odoo runs a statement only if its module is installed; here the statements of modules are
-- optional, and base's own are not. «Vendor» marks what a module's neutralize.sql does (written
-- anew), «documented» what another public source of Odoo says, «ours» what we propose.
-- What the modules empty for one payment provider, column by column and differently in each version,
-- is a pattern here: all columns that carry the provider's name.

-- The state of payment providers that were enabled. Odoo's statement disables them (since version 19
-- it switches is_live off); with --set payment_state=test they stay visible in test mode.
\set payment_state disabled

-- Before --------------------------------------------------------------------------------------------

-- Ours: what ran in production.
-- name: scheduled-actions-before
SELECT active, count(*) FROM ir_cron GROUP BY active;
-- name: mail-servers-before
SELECT count(*) FROM ir_mail_server WHERE active;

-- Outgoing and incoming mail -------------------------------------------------------------------------

-- Vendor (base).
-- name: outgoing-mail-servers
UPDATE ir_mail_server SET active = false WHERE active IS DISTINCT FROM false;
-- Vendor (base): without any active server Odoo falls back to the one of its configuration file.
-- name: dummy-mail-server
INSERT INTO ir_mail_server (name, smtp_port, smtp_host, smtp_encryption, active, smtp_authentication)
VALUES ('neutralization - disable emails', 1025, 'invalid', 'none', true, 'login');
-- Ours: what they log in with.
-- name: mail-server-passwords :optional
UPDATE ir_mail_server SET smtp_user = NULL, smtp_pass = NULL;
-- name: incoming-mail-passwords :optional
UPDATE fetchmail_server SET "user" = NULL, password = NULL;
-- Vendor (mail).
-- name: mail-templates :optional
UPDATE mail_template SET mail_server_id = NULL WHERE mail_server_id IS NOT NULL;
-- Vendor (fetchmail, since 17 mail).
-- name: incoming-mail-servers :optional
UPDATE fetchmail_server SET active = false;
-- Ours: mails that wait. Odoo's cron for them is off, but it may be switched on again for a test.
-- name: waiting-mails :optional
UPDATE mail_mail SET state = 'cancel' WHERE state = 'outgoing';
-- Ours, likewise.
-- name: waiting-texts :optional
UPDATE sms_sms SET state = 'canceled' WHERE state = 'outgoing';
-- Vendor (mail).
-- name: web-push-messages :optional
DELETE FROM mail_push;
-- name: web-push-devices :optional
DELETE FROM mail_push_device;
-- name: web-push-messages-17 :optional
DELETE FROM mail_notification_web_push;
-- name: web-push-devices-17 :optional
DELETE FROM mail_partner_device;

-- Scheduled actions ----------------------------------------------------------------------------------

-- Vendor (base): all but the one that clears temporary rows.
-- name: scheduled-actions
UPDATE ir_cron SET active = false
WHERE active AND NOT EXISTS (SELECT 1 FROM ir_model_data d
  WHERE d.model = 'ir.cron' AND d.module = 'base' AND d.name = 'autovacuum_job' AND d.res_id = ir_cron.id);
-- Ours: a trigger of an inactive action is not looked at, but it would fire when somebody activates it.
-- name: cron-triggers :optional
DELETE FROM ir_cron_trigger;
-- Vendor (base, since 17).
-- name: webhooks :optional
UPDATE ir_act_server SET webhook_url = 'neutralization - disable webhook' WHERE state = 'webhook';

-- The instance ---------------------------------------------------------------------------------------

-- Vendor (base): the interface shows that this is a copy.
-- name: neutralized-marker
INSERT INTO ir_config_parameter (key, value) VALUES ('database.is_neutralized', 'true')
ON CONFLICT (key) DO UPDATE SET value = 'true';
-- Documented (the database manager, for a copy): the instance's own secret and id are made anew. The
-- secret is put back if the baseline has dropped it, because Odoo cannot do without one.
-- name: database-secret
INSERT INTO ir_config_parameter (key, value)
SELECT 'database.secret', anon.pseudo_uuid('secret of ' || p.value) FROM ir_config_parameter p WHERE p.key = 'database.uuid'
ON CONFLICT (key) DO UPDATE SET value = excluded.value;
-- name: database-uuid
UPDATE ir_config_parameter SET value = anon.pseudo_uuid(value) WHERE key = 'database.uuid';
-- Vendor (cloud_storage, ocn_client, web_map, mail); ours: the subscription's code, which would
-- report this database as production's.
-- name: parameters-of-services
DELETE FROM ir_config_parameter
WHERE key IN ('cloud_storage_provider', 'odoo_ocn.project_id', 'ocn.uuid', 'web_map.token_map_box',
  'mail.web_push_vapid_public_key', 'mail.web_push_vapid_private_key', 'database.enterprise_code');
-- Ours: which parameters a person has to look at.
-- name: parameters-with-addresses
SELECT key, value FROM ir_config_parameter WHERE value LIKE '%://%' OR value LIKE '%@%' ORDER BY key;
-- Vendor (web, website): a banner and a ribbon on every page.
-- name: neutralized-banner :optional
UPDATE ir_ui_view SET active = true WHERE key IN ('web.neutralize_banner', 'website.neutralize_ribbon');
-- Vendor (website).
-- name: website-domains :optional
UPDATE website SET domain = NULL;
-- name: website-cdn :optional
UPDATE website SET cdn_activated = false;
-- name: website-robots :optional
UPDATE website SET robots_txt = E'User-agent: *\nDisallow: /';

-- Services of others ---------------------------------------------------------------------------------

-- Vendor (iap): the token stays recognisable and is never valid. A baseline that replaced it does no
-- harm: what follows a plus sign is cut off, then «+disabled» stands at the end.
-- name: iap-accounts :optional
UPDATE iap_account SET account_token = regexp_replace(account_token, '(\+.*)?$', '+disabled');
-- Vendor (auth_oauth); version 19 spares the ids of a parameter, which nobody's production has set.
-- name: oauth-providers :optional
UPDATE auth_oauth_provider SET enabled = false;
-- Vendor (google_calendar, microsoft_calendar); where the columns stand depends on the version.
-- name: google-calendar :optional
UPDATE res_users_settings SET google_calendar_rtoken = NULL, google_calendar_token = NULL, google_synchronization_stopped = true;
-- name: google-calendar-16 :optional
UPDATE google_calendar_credentials SET calendar_rtoken = NULL, calendar_token = NULL, synchronization_stopped = true;
-- name: microsoft-calendar-tokens :optional
UPDATE res_users SET microsoft_calendar_token = NULL, microsoft_calendar_rtoken = NULL;
-- name: microsoft-calendar :optional
UPDATE res_users_settings SET microsoft_calendar_sync_token = NULL, microsoft_synchronization_stopped = true, microsoft_last_sync_date = NULL;
-- name: microsoft-calendar-16 :optional
UPDATE microsoft_calendar_credentials SET calendar_sync_token = NULL, synchronization_stopped = true, last_sync_date = NULL;
-- Vendor (account_online_synchronization): the banks.
-- name: bank-connections :optional
UPDATE account_online_link SET provider_data = '', client_id = 'duplicate';
-- Vendor (sms_twilio).
-- name: twilio :optional
UPDATE res_company SET sms_twilio_auth_token = 'dummytoken';
-- Vendor (social_*): pages in the name of the company.
-- name: social-accounts :optional
UPDATE social_account SET "*token*" = NULL;

-- Money ----------------------------------------------------------------------------------------------

-- Vendor (payment, payment_<provider>).
-- name: payment-providers :optional
UPDATE payment_provider SET state = :'payment_state' WHERE state NOT IN ('test', 'disabled');
-- name: payment-providers-19 :optional
UPDATE payment_provider SET is_live = false;
-- name: payment-acquirers-15 :optional
UPDATE payment_acquirer SET state = :'payment_state' WHERE state NOT IN ('test', 'disabled');
-- name: payment-adyen :optional
UPDATE payment_provider SET "adyen_*" = NULL;
-- name: payment-alipay :optional
UPDATE payment_provider SET "alipay_*" = NULL;
-- name: payment-aps :optional
UPDATE payment_provider SET "aps_*" = NULL;
-- name: payment-asiapay :optional
UPDATE payment_provider SET "asiapay_*" = NULL;
-- name: payment-authorize :optional
UPDATE payment_provider SET "authorize_*" = NULL;
-- name: payment-buckaroo :optional
UPDATE payment_provider SET "buckaroo_*" = NULL;
-- name: payment-flutterwave :optional
UPDATE payment_provider SET "flutterwave_*" = NULL;
-- name: payment-mercado-pago :optional
UPDATE payment_provider SET "mercado_pago_*" = NULL;
-- name: payment-mollie :optional
UPDATE payment_provider SET "mollie_*" = NULL;
-- name: payment-ogone :optional
UPDATE payment_provider SET "ogone_*" = NULL;
-- name: payment-paypal :optional
UPDATE payment_provider SET "paypal_*" = NULL;
-- name: payment-payulatam :optional
UPDATE payment_provider SET "payulatam_*" = NULL;
-- name: payment-payumoney :optional
UPDATE payment_provider SET "payumoney_*" = NULL;
-- name: payment-razorpay :optional
UPDATE payment_provider SET "razorpay_*" = NULL;
-- name: payment-sips :optional
UPDATE payment_provider SET "sips_*" = NULL;
-- name: payment-stripe :optional
UPDATE payment_provider SET "stripe_*" = NULL;
-- name: payment-worldline :optional
UPDATE payment_provider SET "worldline_*" = NULL;
-- name: payment-xendit :optional
UPDATE payment_provider SET "xendit_*" = NULL;
-- Ours: a saved card could be charged again.
-- name: payment-tokens :optional
UPDATE payment_token SET active = false;
-- Vendor (pos_adyen).
-- name: point-of-sale-terminals :optional
UPDATE pos_payment_method SET test_mode = true;
-- Vendor (delivery, delivery_mondialrelay).
-- name: delivery-carriers :optional
UPDATE delivery_carrier SET prod_environment = false;
-- name: delivery-mondialrelay :optional
UPDATE delivery_carrier SET mondialrelay_brand = 'BDTEST  ';

-- Authorities ----------------------------------------------------------------------------------------

-- Vendor (account_edi_proxy_client): electronic invoices go to the test service, not to the tax office.
-- Where a test connection might stand already, the vendor archives the connection instead.
-- name: e-invoice-connections :optional
UPDATE account_edi_proxy_client_user
SET edi_mode = CASE WHEN proxy_type IN ('l10n_it_edi', 'peppol', 'nemhandel', 'pdp') THEN 'demo' ELSE 'test' END
WHERE proxy_type NOT IN ('l10n_my_edi', 'l10n_gr_edi');
-- Vendor (l10n_my_edi, l10n_gr_edi).
-- name: e-invoice-connections-archived :optional
UPDATE account_edi_proxy_client_user SET active = false WHERE proxy_type IN ('l10n_my_edi', 'l10n_gr_edi');
-- Vendor (l10n_it_edi, l10n_gr_edi, l10n_my_edi, l10n_in).
-- name: e-invoices-italy :optional
UPDATE res_company SET l10n_it_edi_register = false;
-- name: e-invoices-greece :optional
UPDATE res_company SET l10n_gr_edi_test_env = true;
-- name: e-invoices-malaysia :optional
UPDATE res_company SET l10n_my_edi_mode = 'test';
-- name: e-invoices-india :optional
UPDATE res_company SET l10n_in_edi_production_env = false;

-- Users ----------------------------------------------------------------------------------------------

-- Ours, only with --set test_password=…: one password for everybody who may log in. Odoo takes plain
-- text in this column and hashes it at the next log-in. The users named here are Odoo's own, who
-- never log in.
-- name: test-password :if-set test_password
UPDATE res_users SET password = :'test_password'
WHERE active AND login NOT IN ('__system__', 'default', 'portaltemplate', 'public');
-- Ours: keys to the API, which are passwords of programs.
-- name: api-keys :optional
DELETE FROM res_users_apikeys;
-- Ours: «this device is trusted» instead of the second factor.
-- name: trusted-devices :optional
DELETE FROM auth_totp_device;

-- Checks ---------------------------------------------------------------------------------------------

-- name: no-mail-leaves :test
SELECT name FROM ir_mail_server WHERE active AND smtp_host <> 'invalid';
-- name: no-action-runs :test
SELECT c.id FROM ir_cron c
WHERE c.active AND NOT EXISTS (SELECT 1 FROM ir_model_data d
  WHERE d.model = 'ir.cron' AND d.module = 'base' AND d.name = 'autovacuum_job' AND d.res_id = c.id);
-- name: it-says-that-it-is-a-copy :test
SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM ir_config_parameter WHERE key = 'database.is_neutralized' AND value = 'true');
-- name: no-provider-takes-money :test :optional
SELECT code FROM payment_provider WHERE state = 'enabled';
-- name: scheduled-actions-after
SELECT active, count(*) FROM ir_cron GROUP BY active;
