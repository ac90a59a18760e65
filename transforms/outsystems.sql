-- title: OutSystems 11, platform database (SQL Server, Oracle)
-- source: OutSystems 11 documentation, Migrate an Environment Using a Database Clone
-- source: OutSystems 11 documentation, the current edition of that page (the secrets, settings and tables it adds)
-- source: OutSystems 11 documentation, Lifecycle Management and Data Protection (personal data); Timer (the tables of timers)
-- detect: ossys_espace, ossys_entity, ossys_parameter, ossys_server
-- baseline-except: ossys_user.password
-- by-hand: if platform and log are two databases, clone both; scrub recognises the log database by itself
-- by-hand: save the configurations of the database connections that the report names (from production: the rows leave the copy)
-- by-hand: SQL Server: if objects of the restored database belong to OSADMIN, OSRUNTIME, OSLOG, OSADMIN_LOG or OSRUNTIME_LOG, change their owner to dbo before you make the dump (on SQL Server 2008 delete their schemas as well)
-- by-hand: SQL Server: restore into another catalog and other files than those of a running database, with the recommended growth of files
-- by-hand: Oracle: create tablespaces, schemas and grants in the target first (runtime_oracle_creation.sql, logging_creation_oracle.sql, and one script for each further database schema); revoke what the cloned users may do to the original schema if it is the same instance
-- by-hand: Oracle: every further schema that holds application data (Service Center, Administration, Database Schemas) is a dump of its own
-- by-hand: an existing installation: first stop the OutSystems services (Scheduler, SMS Connector, Deployment, Deployment Controller, Log) and IIS, and empty the folders share and BAR of the Platform Server; start IIS again before the Configuration Tool's Apply and Exit
-- by-hand: a new installation: first install the prerequisites and the Platform Server; after the Configuration Tool Service Center, Service Studio and Integration Studio
-- by-hand: run the Configuration Tool against the restored catalog: new user names and passwords for the platform and log logins, Grant Permissions, Test Connection, Create/Upgrade Database, a session database of its own (sessions of an existing one are lost), then Apply and Exit
-- by-hand: when asked to start OutSystems Scheduler and SMS Connector after installing Service Center, answer No
-- by-hand: request and upload a new licence for this environment (it has another serial number)
-- by-hand: log in to Service Center as admin with the restored environment's password; set the purpose (Development, Non-Production or Production) and the Default DNS Name, best the same as the environment's name
-- by-hand: extensions that used a database connection: set their logical databases anew (Service Center, Factory, Extensions, Operation)
-- by-hand: point every database catalog (on Oracle: schema, tablespaces) at its clone (Service Center, Administration)
-- by-hand: check the effective address of each web reference and the site properties with addresses that the report lists, and whatever else of an application's configuration is in the database
-- by-hand: give secret site properties the values of this environment (they are back to their defaults)
-- by-hand: configure SAML, LDAP or Active Directory again in Users if people log in with it (the settings are back to their defaults)
-- by-hand: unregister the environment in LifeTime and register it again
-- by-hand: if the environment runs LifeTime itself, take that application offline
-- by-hand: recreate deployment zones if they are needed
-- by-hand: configure the mobile apps again before they are generated
-- by-hand: republish the entire factory
-- by-hand: last of all, and only if timers should run, start OutSystems Scheduler; otherwise leave it stopped and disabled, or «Execute Timers» off for the front-end
--
-- «Vendor» marks what the page asks for in SQL, «documented» what other public pages of OutSystems
-- say, «ours» what we propose. Types of columns are assumed, names are not. The page is the same for
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

-- Vendor: delete the Admin and Runtime users of platform and log (OSLOG is documented: the current
-- page). Their statements are left out of the script; what else they may do is created anew by the
-- Configuration Tool.
-- name: database-users :mssql
DROP USER IF EXISTS OSADMIN, OSRUNTIME, OSLOG, OSADMIN_LOG, OSRUNTIME_LOG;

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

-- Documented (the current page): secrets go back to their default.
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

-- External log-in --------------------------------------------------------------------------------------

-- Documented (the current page): SAML's configuration is encrypted with production's key and keeps
-- everybody out, so it goes. In which tables it is only the rows tell; an application's tables are
-- named osusr_… (documented). The report lists them: an entity of your own may have such a name.
-- name: saml-tables :optional
SELECT physical_table_name FROM ossys_entity
WHERE name IN ('ConfigIdP', 'ConfigSP', 'ConfigInternal', 'ConfigFile', 'ConfigFileBinary', 'Config_UserMappings')
ORDER BY physical_table_name;
-- name: saml-files
SELECT 'DELETE FROM osusr_' || substring(physical_table_name, 7) FROM ossys_entity
WHERE name = 'ConfigFileBinary' AND lower(left(physical_table_name, 6)) = 'osusr_' \gexec
-- name: saml-configuration
SELECT 'DELETE FROM osusr_' || substring(physical_table_name, 7) FROM ossys_entity
WHERE name IN ('ConfigIdP', 'ConfigSP', 'ConfigInternal', 'ConfigFile', 'Config_UserMappings')
  AND lower(left(physical_table_name, 6)) = 'osusr_' \gexec
-- Documented (the current page): how people log in goes back to the defaults of the application Users.
-- name: log-in-settings :optional
UPDATE ossys_site_property
SET property_value = (SELECT d.default_value FROM ossys_site_property_definition d
    WHERE d.id = ossys_site_property.site_property_definition_id),
  user_modified = 0
WHERE user_modified <> 0 AND site_property_definition_id IN (SELECT d.id
  FROM ossys_site_property_definition d JOIN ossys_espace e ON e.id = d.espace_id AND e.name = 'Users'
  WHERE d.name IN ('UseActiveDirectoryLogin', 'UseLDAPLogin', 'UseLDAPStandard', 'UseSAMLLogin',
    'UseIntegratedAuthenticationLogin'));
-- name: shared-log-in-settings :optional
UPDATE ossys_site_property_shared
SET property_value = (SELECT d.default_value FROM ossys_site_property_definition d
    WHERE d.id = ossys_site_property_shared.site_property_definition_id),
  user_modified = 0
WHERE user_modified <> 0 AND site_property_definition_id IN (SELECT d.id
  FROM ossys_site_property_definition d JOIN ossys_espace e ON e.id = d.espace_id AND e.name = 'Users'
  WHERE d.name IN ('UseActiveDirectoryLogin', 'UseLDAPLogin', 'UseLDAPStandard', 'UseSAMLLogin',
    'UseIntegratedAuthenticationLogin'));

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

-- Documented (data protection): mails that are sent and not sent yet; the scheduler would send them.
-- name: email-contents :optional
DELETE FROM ossys_email_content;
-- name: emails :optional
DELETE FROM ossys_email;

-- Documented (data protection). The administrator stays, because the platform would create another and
-- the installation goes on with that account; so do the passwords (baseline-except above).
-- name: users :optional
UPDATE ossys_user
SET name = 'User_' || CAST(id AS varchar(11)), username = 'User_' || CAST(id AS varchar(11)),
  email = 'user_' || CAST(id AS varchar(11)) || '@' || :'mail_domain'
WHERE username IS DISTINCT FROM 'admin';
-- name: mobile-phones :optional :mssql
UPDATE ossys_user SET mobilephone = '' WHERE username IS DISTINCT FROM 'admin';
-- name: mobile-phones-on-oracle :optional :oracle
UPDATE ossys_user SET mobilephone = ' ' WHERE username IS DISTINCT FROM 'admin';
-- Documented (data protection): who tried to log in, from which address; the application Users has a
-- table of its own, whose name is data.
-- name: login-attempts :optional
DELETE FROM ossys_login_attempt;
-- name: login-attempts-of-users
SELECT 'DELETE FROM osusr_' || substring(physical_table_name, 7) FROM ossys_entity
WHERE name = 'LoginAttempt' AND lower(left(physical_table_name, 6)) = 'osusr_'
  AND espace_id IN (SELECT id FROM ossys_espace WHERE name = 'Users') \gexec

-- Timers ----------------------------------------------------------------------------------------------

-- Ours: the vendor stops the Scheduler instead, which is still by hand; no timer is due and none seems
-- to be running (documented: a timer is due when next_run has come, and runs while is_running_since is set).
-- name: timers :optional
UPDATE ossys_cyclic_job SET next_run = NULL, is_running_since = NULL, is_running_by = '';
-- name: shared-timers :optional
UPDATE ossys_cyclic_job_shared SET next_run = NULL, is_running_since = NULL, is_running_by = '';

-- Checks ----------------------------------------------------------------------------------------------

-- Ours: what the rules above promise.
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
