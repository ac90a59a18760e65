-- title: OutSystems 11, platform database (SQL Server, Oracle)
-- source: OutSystems 11 documentation, Migrate an Environment Using a Database Clone
-- source: OutSystems 11 documentation, the current edition of that page (the names and tables it adds)
-- detect: ossys_espace, ossys_entity, ossys_parameter, ossys_server
-- baseline-except: ossys_user.password
-- by-hand: if platform and log are two databases, clone both; scrub recognises the log database by itself
-- by-hand: save the configurations of the database connections that the report names (from production: the rows leave the copy)
-- by-hand: SQL Server: if objects of the restored database belong to OSADMIN, OSRUNTIME, OSADMIN_LOG or OSRUNTIME_LOG, change their owner to dbo before you make the dump (on SQL Server 2008 delete their schemas as well)
-- by-hand: Oracle: create tablespaces, schemas and grants in the target first (runtime_oracle_creation.sql, logging_creation_oracle.sql, and one script for each further database schema); revoke what the cloned users may do to the original schema if it is the same instance
-- by-hand: run the Configuration Tool against the restored catalog: new user names and passwords for the platform and log logins, Grant Permissions, Test Connection, Create/Upgrade Database, a session database of its own, then Apply and Exit
-- by-hand: when asked to start OutSystems Scheduler and SMS Connector after installing Service Center, answer No
-- by-hand: request and upload a new licence for this environment (it has another serial number)
-- by-hand: log in to Service Center as admin with the restored environment's password; set the purpose (Development, Non-Production or Production) and the Default DNS Name, best the same as the environment's name
-- by-hand: extensions that used a database connection: set their logical databases anew (Service Center, Factory, Extensions, Operation)
-- by-hand: point every database catalog (on Oracle: schema, tablespaces) at its clone (Service Center, Administration)
-- by-hand: check the effective address of each web reference and the site properties with addresses that the report lists, and whatever else of an application's configuration is in the database
-- by-hand: unregister the environment in LifeTime and register it again
-- by-hand: if the environment runs LifeTime itself, take that application offline
-- by-hand: recreate deployment zones if they are needed
-- by-hand: configure the mobile apps again before they are generated
-- by-hand: republish the entire factory
-- by-hand: last of all, and only if timers should run, start OutSystems Scheduler; otherwise leave it stopped and disabled, or «Execute Timers» off for the front-end
--
-- «Vendor» marks what the page asks for in SQL, «documented» what other public pages of OutSystems
-- say, «ours» what we propose, «assumed» a name that no public page gives. The page is the same for
-- both systems but for the empty text: Oracle takes '' for NULL, so it is one blank there. On Oracle
-- the page compares without case and accents from the deployment zones on.

\set mail_domain mailinator.com

-- Before --------------------------------------------------------------------------------------------
-- What a person needs to know of what goes (vendor: save the connections).
-- name: front-ends-before
SELECT name FROM ossys_server ORDER BY name;
-- name: database-connections-before
SELECT name FROM ossys_dbconnection ORDER BY name;
-- name: database-catalogs
SELECT name FROM ossys_dbcatalog ORDER BY name;

-- Security context ------------------------------------------------------------------------------------

-- Vendor: delete the Admin and Runtime users of platform and log. Their statements are left out of the
-- script; what else they may do is created anew by the Configuration Tool.
-- name: database-users :mssql
DROP USER IF EXISTS OSADMIN, OSRUNTIME, OSADMIN_LOG, OSRUNTIME_LOG;

-- Vendor.
-- name: environment-secrets
DELETE FROM ossys_parameter
WHERE name IN ('ClientApplicationToken', 'privateKeyValidation',
  'OutSystems.HubEdition.MobileLogin_AuthenticationHMACKey',
  'OutSystems.HubEdition.MobileLogin_AuthenticationEncryptKey',
  'OutSystems.HubEdition.References.AuthenticationEncryptKey',
  'OutSystems.HubEdition.References.HashKey',
  'OutSystems.SystemComponents.Users.AuthenticationEncryptKey',
  'OutSystems.SystemComponents.Users.HashKey');
-- Documented (the current page); the first name is spelt like this there.
-- name: identity-service
DELETE FROM ossys_parameter
WHERE name IN ('LifetTime.FallbackAuthToken',
  'OutSystems.IdentityService.AllowIdPAuthOnly',
  'OutSystems.IdentityService.Claims.Username',
  'OutSystems.IdentityService.isActive',
  'OutSystems.IdentityService.LoginClient.ClientId',
  'OutSystems.IdentityService.LoginClient.NativeClientId',
  'OutSystems.IdentityService.LoginClient.WebClientId',
  'OutSystems.IdentityService.Scopes',
  'OutSystems.IdentityService.ServiceUrl',
  'OutSystems.SiteProperties.EncryptionKey');

-- Mobile apps -----------------------------------------------------------------------------------------

-- Vendor.
-- name: mobile-app-configurations
DELETE FROM ossys_app_mobile_config;
-- name: mobile-certificates
DELETE FROM ossys_mobile_certificate;
-- name: mobile-configuration-data
DELETE FROM ossys_mobile_config_data;

-- Vendor: from here on on Oracle, text compares without case and accents; on SQL Server it does
-- (OutSystems requires such a collation).
ALTER SESSION SET NLS_COMP=LINGUISTIC NLS_SORT=BINARY_AI;

-- Deployment zones and front-ends ---------------------------------------------------------------------

-- Vendor.
-- name: module-front-ends
DELETE FROM ossys_modulefrontend;
-- name: module-addresses
DELETE FROM ossys_moduleinternaladdress;
-- name: deployment-zones
DELETE FROM ossys_platformconfig
WHERE name IN ('Application Deployment Configuration', 'Default Application Deploy Instance',
  'Previous Deployment Zone Used', 'Previous Deployment Zone Key', 'Configured Application Deploy');
-- Vendor.
-- name: front-ends
DELETE FROM ossys_server;

-- Catalogs and connections ----------------------------------------------------------------------------

-- Vendor: one blank on both systems.
-- name: database-catalog-logins
UPDATE ossys_dbcatalog SET password = ' ', username = ' ' WHERE name <> '(Main)';
-- Vendor, who does it by hand in Service Center: while extensions refer to a connection, it cannot go.
-- name: extension-connections :optional
DELETE FROM ossys_extension_dbconnection;
-- Vendor: all but the log database's own.
-- name: database-connections
DELETE FROM ossys_dbconnection WHERE name <> '$OS_LOG_DB_7e3e8ce0';

-- LifeTime --------------------------------------------------------------------------------------------

-- Vendor, where the tables exist; the second is said for SQL Server only.
-- name: platform-services-observers :optional
DELETE FROM ossys_platformsvcs_observer;
-- name: cloud-services-observers :optional :mssql
DELETE FROM ossys_cloudservices_observer;
-- Vendor: two settings by which LifeTime knows the environment.
-- name: lifetime-registration :mssql
UPDATE ossys_site_property_shared SET property_value = ''
WHERE site_property_definition_id IN (SELECT d.id FROM ossys_site_property_definition d
  WHERE d.ss_key IN ('1aaec1be-d60f-43d4-ba32-391f4c3080a6', '441f6eef-9c7f-4bb4-b3dd-7220272269ad'));
-- name: lifetime-registration-on-oracle :oracle
UPDATE ossys_site_property_shared SET property_value = ' '
WHERE site_property_definition_id IN (SELECT d.id FROM ossys_site_property_definition d
  WHERE d.ss_key IN ('1aaec1be-d60f-43d4-ba32-391f4c3080a6', '441f6eef-9c7f-4bb4-b3dd-7220272269ad'));
-- Vendor: if LifeTime itself is in this database, its list of environments. The table's name is data;
-- a cloned module keeps the key, so there may be several tables, or none.
-- name: lifetime-environments
SELECT 'UPDATE ' || physical_table_name || ' SET isactive = 0'
FROM ossys_entity INNER JOIN ossys_espace ON espace_id = ossys_espace.id AND ossys_espace.is_active = 1
WHERE ossys_entity.ss_key = '3312b1cd-b12e-4a29-bcdc-51edcdd86ef1' \gexec

-- Site properties -------------------------------------------------------------------------------------

-- Documented (the current page): secrets go back to their default. Assumed: the extension's column
-- site_property_definition_id.
-- name: secret-site-properties :optional
UPDATE ossys_site_property
SET property_value = (SELECT d.default_value FROM ossys_site_property_definition d
    WHERE d.id = ossys_site_property.site_property_definition_id),
  user_modified = 0
WHERE site_property_definition_id IN (SELECT e.site_property_definition_id FROM ossys_site_property_def_ext e WHERE e.is_secret = 1);
-- name: secret-shared-site-properties :optional
UPDATE ossys_site_property_shared
SET property_value = (SELECT d.default_value FROM ossys_site_property_definition d
    WHERE d.id = ossys_site_property_shared.site_property_definition_id),
  user_modified = 0
WHERE site_property_definition_id IN (SELECT e.site_property_definition_id FROM ossys_site_property_def_ext e WHERE e.is_secret = 1);

-- Vendor, «Application Configurations Changes»: a person has to look at these.
-- name: site-properties-with-addresses :optional
SELECT d.name, p.property_value
FROM ossys_site_property p JOIN ossys_site_property_definition d ON d.id = p.site_property_definition_id
WHERE p.property_value LIKE '%://%' ORDER BY d.name;
-- name: shared-site-properties-with-addresses :optional
SELECT d.name, p.property_value
FROM ossys_site_property_shared p JOIN ossys_site_property_definition d ON d.id = p.site_property_definition_id
WHERE p.property_value LIKE '%://%' ORDER BY d.name;
-- name: web-references :optional
SELECT effective_url, count(*) FROM ossys_web_reference WHERE effective_url LIKE '%://%' GROUP BY effective_url ORDER BY effective_url;
-- name: rest-web-references :optional
SELECT effective_url, count(*) FROM ossys_rest_web_reference WHERE effective_url LIKE '%://%' GROUP BY effective_url ORDER BY effective_url;

-- Mail and people -------------------------------------------------------------------------------------

-- Documented: this is the live queue; the scheduler would send it.
-- name: email-contents :optional
DELETE FROM ossys_email_content;
-- name: emails :optional
DELETE FROM ossys_email;

-- Documented. The administrator stays, because the installation goes on with that account; so do the
-- passwords (baseline-except above).
-- name: users :optional
UPDATE ossys_user
SET name = 'User_' || CAST(id AS varchar(11)), username = 'User_' || CAST(id AS varchar(11)),
  email = 'user_' || CAST(id AS varchar(11)) || '@' || :'mail_domain'
WHERE username IS DISTINCT FROM 'admin';
-- name: mobile-phones :optional :mssql
UPDATE ossys_user SET mobilephone = '' WHERE username IS DISTINCT FROM 'admin';
-- name: mobile-phones-on-oracle :optional :oracle
UPDATE ossys_user SET mobilephone = ' ' WHERE username IS DISTINCT FROM 'admin';
-- name: login-attempts :optional
DELETE FROM ossys_login_attempt;

-- Timers ----------------------------------------------------------------------------------------------

-- Ours: the vendor stops the Scheduler instead, which is still by hand; no timer is due and none seems
-- to be running.
-- name: timers :optional
UPDATE ossys_cyclic_job SET next_run = NULL, is_running_since = NULL, is_running_by = '';
-- name: shared-timers :optional
UPDATE ossys_cyclic_job_shared SET next_run = NULL, is_running_since = NULL, is_running_by = '';

-- Checks ----------------------------------------------------------------------------------------------

-- name: no-front-end :test
SELECT name FROM ossys_server;
-- name: no-connection-but-the-log :test
SELECT name FROM ossys_dbconnection WHERE name <> '$OS_LOG_DB_7e3e8ce0';
-- name: no-catalog-login :test
SELECT name FROM ossys_dbcatalog WHERE name <> '(Main)' AND (username <> ' ' OR password <> ' ');
-- name: no-environment-secret :test
SELECT name FROM ossys_parameter
WHERE name LIKE 'OutSystems.HubEdition.%Key' OR name LIKE 'OutSystems.SystemComponents.Users.%Key'
  OR name LIKE 'OutSystems.IdentityService.%' OR name IN ('ClientApplicationToken', 'privateKeyValidation');
-- name: no-mail-waits :test :optional
SELECT id FROM ossys_email;
-- name: nobody-but-admin-has-a-name :test :optional
SELECT id FROM ossys_user WHERE username <> 'admin' AND username NOT LIKE 'User\_%';
