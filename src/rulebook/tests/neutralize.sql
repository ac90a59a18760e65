-- deactivate mail servers but activate a dummy one, as Odoo's modules do after a restore
UPDATE ir_mail_server
   SET active = false;
INSERT INTO ir_mail_server(name, smtp_port, smtp_host, smtp_encryption, active, smtp_authentication)
VALUES ('neutralization - disable emails', 1025, 'invalid', 'none', true, 'login');

-- deactivate scheduled jobs but one
UPDATE ir_cron
   SET active = 'f'
 WHERE id NOT IN (
       SELECT res_id
         FROM ir_model_data
        WHERE model = 'ir.cron'
          AND name = 'autovacuum_job'
);

INSERT INTO ir_config_parameter (key, value)
VALUES ('database.is_neutralized', true)
    ON CONFLICT (key) DO
       UPDATE SET value = true;

UPDATE iap_account
   SET account_token = REGEXP_REPLACE(account_token, '(\+.*)?$', '+disabled')
 WHERE account_token IS NOT NULL;

UPDATE website
   SET domain = NULL;

DELETE FROM ir_config_parameter
 WHERE key IN ('ocn.uuid', 'cloud.secret');

UPDATE payment_provider
   SET state = CASE WHEN state = 'enabled' THEN 'test' ELSE state END,
       "key" = ('x' || COALESCE("key", ''))::varchar
 WHERE state NOT IN ('test', 'disabled');
