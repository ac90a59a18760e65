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
-- After version 19 a parameter has a type, which must not be empty: there the first one does not run.
-- name: neutralized-marker :optional
INSERT INTO ir_config_parameter (key, value) VALUES ('database.is_neutralized', 'true')
ON CONFLICT (key) DO UPDATE SET value = 'true';
-- name: neutralized-marker-with-type :optional
INSERT INTO ir_config_parameter (key, value, type) VALUES ('database.is_neutralized', 'true', 'str')
ON CONFLICT (key) DO UPDATE SET value = 'true', type = 'str';
-- Documented (the database manager, for a copy): the instance's own secret and id are made anew. The
-- secret is put back if the baseline has dropped it, because Odoo cannot do without one.
-- name: database-secret :optional
INSERT INTO ir_config_parameter (key, value)
SELECT 'database.secret', anon.pseudo_uuid('secret of ' || p.value) FROM ir_config_parameter p WHERE p.key = 'database.uuid'
ON CONFLICT (key) DO UPDATE SET value = excluded.value;
-- name: database-secret-with-type :optional
INSERT INTO ir_config_parameter (key, value, type)
SELECT 'database.secret', anon.pseudo_uuid('secret of ' || p.value), 'str' FROM ir_config_parameter p WHERE p.key = 'database.uuid'
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
-- Vendor (auth_oauth); as in version 19, the ids that a parameter lists are spared.
-- name: oauth-providers :optional
UPDATE auth_oauth_provider SET enabled = false
WHERE id NOT IN (SELECT jsonb_array_elements(CASE WHEN jsonb_typeof(p.value::jsonb) = 'array' THEN p.value::jsonb ELSE '[]' END)::integer
  FROM ir_config_parameter p WHERE p.key = 'auth_oauth.dont_neutralize_providers');
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
-- Vendor (snailmail): letters on paper go to the test service, where the module is installed.
-- name: letters :optional
INSERT INTO ir_config_parameter (key, value)
SELECT 'snailmail.endpoint', 'https://iap-services-test.odoo.com' WHERE (SELECT count(*) FROM snailmail_letter) IS NOT NULL
ON CONFLICT (key) DO UPDATE SET value = excluded.value;
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
-- name: payment-iyzico :optional
UPDATE payment_provider SET "iyzico_*" = NULL;
-- name: payment-paymob :optional
UPDATE payment_provider SET "paymob_*" = NULL;
-- name: payment-nuvei :optional
UPDATE payment_provider SET "nuvei_*" = NULL;
-- name: payment-redsys :optional
UPDATE payment_provider SET "redsys_*" = NULL;
-- name: payment-toss :optional
UPDATE payment_provider SET "tosspayments_*" = NULL;
-- name: payment-dpo :optional
UPDATE payment_provider SET "dpo_*" = NULL;
-- name: payment-ecpay :optional
UPDATE payment_provider SET "ecpay_*" = NULL;
-- Ours: providers of other makers keep their keys in columns with such names.
-- name: payment-other-secrets :optional
UPDATE payment_provider SET "*_secret*" = NULL;
-- Ours: a saved card could be charged again.
-- name: payment-tokens :optional
UPDATE payment_token SET active = false;
-- Vendor (pos_adyen, pos_pine_labs, pos_razorpay, pos_viva_wallet, pos_mercado_pago, pos_qfpay): the
-- terminals' test modes; what they log in with is emptied (the vendor writes dummies).
-- name: point-of-sale-terminals :optional
UPDATE pos_payment_method SET "*test_mode" = true;
-- name: point-of-sale-keys :optional
UPDATE pos_payment_method SET "*_key" = NULL;
-- name: point-of-sale-tokens :optional
UPDATE pos_payment_method SET "*_token" = NULL;
-- name: point-of-sale-secrets :optional
UPDATE pos_payment_method SET "*_secret*" = NULL;
-- name: point-of-sale-merchants :optional
UPDATE pos_payment_method SET pine_labs_merchant = NULL;
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
-- Vendor (account_peppol, l10n_dk_nemhandel, l10n_pl_edi): networks of invoices.
-- name: e-invoice-networks
UPDATE ir_config_parameter SET value = 'test'
WHERE key IN ('account_peppol.edi.mode', 'l10n_dk_nemhandel.edi.mode', 'l10n_pl_edi_ksef.mode');
-- Vendor (about twenty modules l10n_…, each for the column of its country): the authorities' test
-- services. A pattern, so that a country that is not known here is meant as well. Later versions keep
-- these columns in a table for each country.
-- name: e-invoices-test-environment :optional
UPDATE res_company SET "l10n_*_test_env*" = true;
-- name: e-invoices-test-mode :optional
UPDATE res_company SET "l10n_*_test_mode" = true;
-- name: e-invoices-staging :optional
UPDATE res_company SET "l10n_*_staging_mode" = true;
-- name: e-invoices-demo :optional
UPDATE res_company SET "l10n_*_demo_env" = true;
-- name: e-invoices-production :optional
UPDATE res_company SET "l10n_*_production_env" = false;
-- name: e-invoices-test-environment-20 :optional
UPDATE "l10n_*_config" SET "l10n_*_test_env*" = true;
-- name: e-invoices-demo-20 :optional
UPDATE "l10n_*_config" SET "l10n_*_demo_env" = true;
-- name: e-invoices-production-20 :optional
UPDATE "l10n_*_config" SET "l10n_*_production_env" = false;
-- Vendor: what they log in with (l10n_in_edi, l10n_ro_edi, l10n_vn_edi_viettel, l10n_eg_edi_eta,
-- l10n_jo_edi, l10n_pk_edi, l10n_de_pos_cert and others); the vendor empties some and writes dummies
-- into others.
-- name: e-invoices-user-names :optional
UPDATE res_company SET "l10n_*_username" = NULL;
-- name: e-invoices-passwords :optional
UPDATE res_company SET "l10n_*password*" = NULL;
-- name: e-invoices-secrets :optional
UPDATE res_company SET "l10n_*secret*" = NULL;
-- name: e-invoices-tokens :optional
UPDATE res_company SET "l10n_*token*" = NULL;
-- name: e-invoices-keys :optional
UPDATE res_company SET "l10n_*api_key*" = NULL;
-- name: e-invoices-clients :optional
UPDATE res_company SET "l10n_*_client_id*" = NULL;
-- name: e-invoices-user-names-20 :optional
UPDATE "l10n_*_config" SET "l10n_*_username" = NULL;
-- name: e-invoices-clients-20 :optional
UPDATE "l10n_*_config" SET "l10n_*_client_id*" = NULL;
-- Vendor: those that have a word for it (l10n_it_edi, l10n_my_edi, l10n_sa_edi, l10n_hu_edi, l10n_hr_edi).
-- name: e-invoices-italy :optional
UPDATE res_company SET l10n_it_edi_register = false;
-- name: e-invoices-malaysia :optional
UPDATE res_company SET l10n_my_edi_mode = 'test';
-- name: e-invoices-saudi-arabia :optional
UPDATE res_company SET l10n_sa_api_mode = 'sandbox';
-- name: e-invoices-hungary :optional
UPDATE res_company SET l10n_hu_edi_server_mode = 'test' WHERE l10n_hu_edi_server_mode = 'production';
-- name: e-invoices-croatia :optional
UPDATE res_company SET l10n_hr_mer_connection_state = 'inactive', l10n_hr_mer_connection_mode = 'test',
  l10n_hr_mer_company_ident = NULL, l10n_hr_mer_software_ident = NULL;
-- Vendor (certificate): the keys of the certificates that sign (the vendor writes a dummy).
-- name: certificates :optional
UPDATE certificate_certificate SET "pkcs12_password*" = NULL;
-- name: certificate-keys :optional
UPDATE certificate_key SET "password*" = NULL;

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

-- Ours: what the rules above promise.
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
