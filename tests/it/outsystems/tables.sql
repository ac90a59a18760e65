CREATE TABLE ossys_espace (
    id integer NOT NULL PRIMARY KEY,
    name varchar(256),
    ss_key varchar(36),
    is_active integer,
    version_id integer,
    dbcatalog_id integer,
    espacekind varchar(50)
);
CREATE TABLE ossys_entity (
    id integer NOT NULL PRIMARY KEY,
    name varchar(256),
    physical_table_name varchar(256),
    espace_id integer,
    ss_key varchar(36),
    is_active integer,
    data_kind varchar(50)
);
CREATE TABLE ossys_parameter (
    name varchar(255) NOT NULL,
    val text,
    host varchar(255),
    host_serial varchar(255)
);
CREATE TABLE ossys_app_mobile_config (
    id integer NOT NULL PRIMARY KEY,
    application_key varchar(36),
    config text
);
CREATE TABLE ossys_mobile_certificate (
    id integer NOT NULL PRIMARY KEY,
    name varchar(255),
    content bytea,
    password varchar(255)
);
CREATE TABLE ossys_mobile_config_data (
    id integer NOT NULL PRIMARY KEY,
    name varchar(255),
    value text
);
CREATE TABLE ossys_modulefrontend (
    frontendname varchar(255) NOT NULL
);
CREATE TABLE ossys_moduleinternaladdress (
    modulekey varchar(36),
    deploymentzoneaddress varchar(255)
);
CREATE TABLE ossys_platformconfig (
    name varchar(255) NOT NULL,
    value text
);
CREATE TABLE ossys_server (
    id integer NOT NULL PRIMARY KEY,
    name varchar(255),
    ip_address varchar(50),
    is_active integer
);
CREATE TABLE ossys_dbcatalog (
    id integer NOT NULL PRIMARY KEY,
    name varchar(255),
    username varchar(255),
    password varchar(255),
    datatablespace varchar(255),
    indextablespace varchar(255)
);
CREATE TABLE ossys_dbconnection (
    id integer NOT NULL PRIMARY KEY,
    name varchar(255),
    database_configuration text
);
CREATE TABLE ossys_extension_dbconnection (
    id integer NOT NULL PRIMARY KEY,
    dbconnection_id integer,
    extension_id integer
);
CREATE TABLE ossys_platformsvcs_observer (
    id integer NOT NULL PRIMARY KEY,
    name varchar(255),
    url varchar(255)
);
CREATE TABLE ossys_site_property_definition (
    id integer NOT NULL PRIMARY KEY,
    espace_id integer,
    name varchar(255),
    ss_key varchar(36),
    data_type varchar(50),
    default_value varchar(2000),
    is_active integer
);
CREATE TABLE ossys_site_property_def_ext (
    site_property_definition_id integer NOT NULL PRIMARY KEY,
    is_secret integer
);
CREATE TABLE ossys_site_property (
    id integer NOT NULL PRIMARY KEY,
    site_property_definition_id integer,
    tenant_id integer,
    property_value varchar(2000),
    user_modified integer
);
CREATE TABLE ossys_site_property_shared (
    id integer NOT NULL PRIMARY KEY,
    site_property_definition_id integer,
    property_value varchar(2000),
    user_modified integer
);
CREATE TABLE ossys_web_reference (
    id integer NOT NULL PRIMARY KEY,
    espace_id integer,
    name varchar(255),
    effective_url varchar(1000)
);
CREATE TABLE ossys_rest_web_reference (
    id integer NOT NULL PRIMARY KEY,
    espace_id integer,
    name varchar(255),
    effective_url varchar(1000)
);
CREATE TABLE ossys_email (
    id integer NOT NULL PRIMARY KEY,
    tenant_id integer,
    "from" varchar(500),
    "to" varchar(2000),
    subject varchar(500),
    created timestamp,
    sent timestamp
);
CREATE TABLE ossys_email_content (
    id integer NOT NULL PRIMARY KEY,
    content bytea
);
CREATE TABLE ossys_user (
    id integer NOT NULL PRIMARY KEY,
    tenant_id integer,
    name varchar(256),
    username varchar(250),
    password varchar(256),
    email varchar(250),
    mobilephone varchar(20),
    is_active integer,
    last_login timestamp
);
CREATE TABLE ossys_login_attempt (
    id integer NOT NULL PRIMARY KEY,
    username varchar(250),
    instant timestamp,
    success integer
);
CREATE TABLE ossys_meta_cyclic_job (
    id integer NOT NULL PRIMARY KEY,
    espace_id integer,
    name varchar(255),
    default_schedule varchar(255),
    priority integer,
    is_active integer,
    ss_key varchar(36),
    timeout integer,
    effective_timeout integer,
    isshared integer
);
CREATE TABLE ossys_cyclic_job (
    meta_cyclic_job_id integer NOT NULL PRIMARY KEY,
    tenant_id integer,
    schedule varchar(255),
    last_run timestamp,
    next_run timestamp,
    last_duration integer,
    is_running_since timestamp,
    is_running_by varchar(255),
    number_of_tries integer
);
CREATE TABLE ossys_cyclic_job_shared (
    meta_cyclic_job_id integer NOT NULL PRIMARY KEY,
    schedule varchar(255),
    last_run timestamp,
    next_run timestamp,
    last_duration integer,
    is_running_since timestamp,
    is_running_by varchar(255),
    number_of_tries integer
);
CREATE TABLE osusr_abc_environment (
    id integer NOT NULL PRIMARY KEY,
    name varchar(100),
    isactive integer,
    address varchar(255)
);
CREATE TABLE osusr_old_environment (
    id integer NOT NULL PRIMARY KEY,
    name varchar(100),
    isactive integer,
    address varchar(255)
);
CREATE TABLE osusr_cln_environment (
    id integer NOT NULL PRIMARY KEY,
    name varchar(100),
    isactive integer,
    address varchar(255)
);
CREATE TABLE osusr_shp_customer (
    id integer NOT NULL PRIMARY KEY,
    name varchar(100),
    email varchar(250),
    note text,
    photo bytea
);
CREATE TABLE osusr_usr_configidp (
    id integer NOT NULL PRIMARY KEY,
    name varchar(100),
    issuerserver_url varchar(255),
    certificate text
);
CREATE TABLE osusr_usr_configfile (
    id integer NOT NULL PRIMARY KEY,
    name varchar(100)
);
CREATE TABLE osusr_usr_configfilebinary (
    id integer NOT NULL PRIMARY KEY,
    content bytea
);
CREATE TABLE osusr_usr_loginattempt (
    id integer NOT NULL PRIMARY KEY,
    username varchar(250),
    ipaddress varchar(50),
    success integer
);
INSERT INTO ossys_espace VALUES (1, 'ServiceCenter', '0c0a9b1e-0000-4000-8000-000000000001', 1, 11, NULL, 'Web');
INSERT INTO ossys_espace VALUES (2, 'LifeTime', '0c0a9b1e-0000-4000-8000-000000000002', 1, 12, NULL, 'Web');
INSERT INTO ossys_espace VALUES (3, 'LifeTimeOld', '0c0a9b1e-0000-4000-8000-000000000002', 0, 9, NULL, 'Web');
INSERT INTO ossys_espace VALUES (4, 'Shop', 'not a guid', 1, 40, 2, 'Mobile');
INSERT INTO ossys_espace VALUES (5, 'LifeTimeClone', '0c0a9b1e-0000-4000-8000-000000000005', 1, 13, NULL, 'Web');
INSERT INTO ossys_espace VALUES (6, 'Users', '0c0a9b1e-0000-4000-8000-000000000006', 1, 14, NULL, 'Web');
INSERT INTO ossys_entity VALUES (1, 'Environment', 'OSUSR_abc_Environment', 2, '3312b1cd-b12e-4a29-bcdc-51edcdd86ef1', 1, 'entity');
INSERT INTO ossys_entity VALUES (2, 'Environment', 'OSUSR_old_Environment', 3, '3312b1cd-b12e-4a29-bcdc-51edcdd86ef1', 1, 'entity');
INSERT INTO ossys_entity VALUES (3, 'Customer', 'OSUSR_shp_Customer', 4, '7d3c2b11-1111-4222-8333-444455556666', 1, 'entity');
INSERT INTO ossys_entity VALUES (4, 'Environment', 'OSUSR_cln_Environment', 5, '3312B1CD-B12E-4A29-BCDC-51EDCDD86EF1', 1, 'entity');
INSERT INTO ossys_entity VALUES (5, 'ConfigIdP', 'OSUSR_usr_ConfigIdP', 6, '9a8b7c6d-0000-4000-8000-000000000005', 1, 'entity');
INSERT INTO ossys_entity VALUES (6, 'ConfigFile', 'OSUSR_usr_ConfigFile', 6, '9a8b7c6d-0000-4000-8000-000000000006', 1, 'entity');
INSERT INTO ossys_entity VALUES (7, 'ConfigFileBinary', 'OSUSR_usr_ConfigFileBinary', 6, '9a8b7c6d-0000-4000-8000-000000000007', 1, 'entity');
INSERT INTO ossys_entity VALUES (8, 'LoginAttempt', 'OSUSR_usr_LoginAttempt', 6, '9a8b7c6d-0000-4000-8000-000000000008', 1, 'entity');
INSERT INTO ossys_parameter VALUES ('ClientApplicationToken', 'tok-4711', NULL, NULL);
INSERT INTO ossys_parameter VALUES ('privateKeyValidation', 'pkv', NULL, NULL);
INSERT INTO ossys_parameter VALUES ('OutSystems.HubEdition.MobileLogin_AuthenticationHMACKey', 'hmac', 'prod-fe1', 'S-1');
INSERT INTO ossys_parameter VALUES ('OutSystems.HubEdition.MobileLogin_AuthenticationEncryptKey', 'aes', NULL, NULL);
INSERT INTO ossys_parameter VALUES ('OutSystems.HubEdition.References.AuthenticationEncryptKey', 'aes2', NULL, NULL);
INSERT INTO ossys_parameter VALUES ('OutSystems.HubEdition.References.HashKey', 'hash', NULL, NULL);
INSERT INTO ossys_parameter VALUES ('OutSystems.SystemComponents.Users.AuthenticationEncryptKey', 'aes3', NULL, NULL);
INSERT INTO ossys_parameter VALUES ('OutSystems.SystemComponents.Users.HashKey', 'hash2', NULL, NULL);
INSERT INTO ossys_parameter VALUES ('LifetTime.FallbackAuthToken', 'fallback', NULL, NULL);
INSERT INTO ossys_parameter VALUES ('OutSystems.IdentityService.LoginClient.ClientId', 'client-9', NULL, NULL);
INSERT INTO ossys_parameter VALUES ('OutSystems.SiteProperties.EncryptionKey', 'sp-key', NULL, NULL);
INSERT INTO ossys_parameter VALUES ('HubServer.Version', '11.27.0', NULL, NULL);
INSERT INTO ossys_parameter VALUES ('OutSystems.Culture', 'en-US', NULL, NULL);
INSERT INTO ossys_app_mobile_config VALUES (1, 'app-1', '{"bundle": "com.shop.app"}');
INSERT INTO ossys_mobile_certificate VALUES (1, 'ios.p12', '\x3082ABCD', 'p12-pass');
INSERT INTO ossys_mobile_config_data VALUES (1, 'ios', 'x');
INSERT INTO ossys_modulefrontend VALUES ('PROD-FE1');
INSERT INTO ossys_modulefrontend VALUES ('PROD-FE2');
INSERT INTO ossys_moduleinternaladdress VALUES ('m-1', 'prod-internal.shop.com');
INSERT INTO ossys_platformconfig VALUES ('Application Deployment Configuration', 'zones');
INSERT INTO ossys_platformconfig VALUES ('Default Application Deploy Instance', '1');
INSERT INTO ossys_platformconfig VALUES ('Previous Deployment Zone Used', '1');
INSERT INTO ossys_platformconfig VALUES ('Previous Deployment Zone Key', 'k');
INSERT INTO ossys_platformconfig VALUES ('Configured Application Deploy', '1');
INSERT INTO ossys_platformconfig VALUES ('Platform Timezone', 'UTC');
INSERT INTO ossys_server VALUES (1, 'PROD-FE1', '10.1.0.11', 1);
INSERT INTO ossys_server VALUES (2, 'PROD-FE2', '10.1.0.12', 1);
INSERT INTO ossys_dbcatalog VALUES (1, '(Main)', '', '', NULL, NULL);
INSERT INTO ossys_dbcatalog VALUES (2, 'ShopData', 'shop_rt', 'cGFzcw==', 'OSUSR', 'OSIDX');
INSERT INTO ossys_dbcatalog VALUES (3, 'Archive', 'arch_rt', 'YXJjaA==', NULL, NULL);
INSERT INTO ossys_dbconnection VALUES (1, '$OS_LOG_DB_7e3e8ce0', '<log/>');
INSERT INTO ossys_dbconnection VALUES (2, 'ERP', 'server=erp-prod;uid=erp;pwd=secret');
INSERT INTO ossys_extension_dbconnection VALUES (1, 2, 77);
INSERT INTO ossys_platformsvcs_observer VALUES (1, 'LifeTime', 'https://lifetime.shop.com/observer');
INSERT INTO ossys_site_property_definition VALUES (1, 1, 'EnvironmentKey', '1aaec1be-d60f-43d4-ba32-391f4c3080a6', 'Text', '', 1);
INSERT INTO ossys_site_property_definition VALUES (2, 1, 'LifeTimeUrl', '441F6EEF-9C7F-4BB4-B3DD-7220272269AD', 'Text', '', 1);
INSERT INTO ossys_site_property_definition VALUES (3, 4, 'PaymentApiKey', '5f1d0c9e-aaaa-4bbb-8ccc-000000000003', 'Text', 'none', 1);
INSERT INTO ossys_site_property_definition VALUES (4, 4, 'WarehouseUrl', '5f1d0c9e-aaaa-4bbb-8ccc-000000000004', 'Text', '', 1);
INSERT INTO ossys_site_property_definition VALUES (5, 4, 'PageSize', '5f1d0c9e-aaaa-4bbb-8ccc-000000000005', 'Integer', '50', 1);
INSERT INTO ossys_site_property_definition VALUES (6, 6, 'UseSAMLLogin', '5f1d0c9e-aaaa-4bbb-8ccc-000000000006', 'Boolean', 'False', 1);
INSERT INTO ossys_site_property_def_ext VALUES (3, 1);
INSERT INTO ossys_site_property_def_ext VALUES (4, 0);
INSERT INTO ossys_site_property_def_ext VALUES (5, 0);
INSERT INTO ossys_site_property VALUES (1, 3, 10, 'sk_live_tenant', 1);
INSERT INTO ossys_site_property VALUES (2, 4, 10, 'https://warehouse.shop.com/api', 1);
INSERT INTO ossys_site_property VALUES (3, 5, 10, '20', 1);
INSERT INTO ossys_site_property VALUES (4, 6, 10, 'True', 1);
INSERT INTO ossys_site_property_shared VALUES (1, 1, 'env-prod-77', 1);
INSERT INTO ossys_site_property_shared VALUES (2, 2, 'https://lifetime.shop.com', 1);
INSERT INTO ossys_site_property_shared VALUES (3, 3, 'sk_live_shared', 1);
INSERT INTO ossys_site_property_shared VALUES (4, 4, 'http://intranet.shop.com', 1);
INSERT INTO ossys_site_property_shared VALUES (5, 5, '25', 0);
INSERT INTO ossys_site_property_shared VALUES (6, 6, 'True', 1);
INSERT INTO ossys_web_reference VALUES (1, 4, 'ErpService', 'https://erp.shop.com/soap');
INSERT INTO ossys_web_reference VALUES (2, 4, 'Unused', '');
INSERT INTO ossys_rest_web_reference VALUES (1, 4, 'Carrier', 'https://api.carrier.example/v2');
INSERT INTO ossys_email VALUES (1, 10, 'shop@shop.com', 'ann@example.com', 'Your order', '2026-11-20 09:00:00', NULL);
INSERT INTO ossys_email VALUES (2, 10, 'shop@shop.com', 'bob@example.com; cy@example.com', 'Your order', '2026-11-20 09:00:00', NULL);
INSERT INTO ossys_email_content VALUES (1, '\x48656C6C6F');
INSERT INTO ossys_email_content VALUES (2, '\x48656C6C6F');
INSERT INTO ossys_user VALUES (1, 1, 'Administrator', 'admin', '$1$admin-hash', 'admin@shop.com', '+351900000001', 1, '2026-11-20 09:00:00');
INSERT INTO ossys_user VALUES (2, 10, 'Ann O''Hara', 'ann@shop.com', '$1$ann-hash', 'ann@shop.com', '+351900000002', 1, '2026-11-20 09:00:00');
INSERT INTO ossys_user VALUES (3, 10, 'João Ção', 'joao', '$1$joao-hash', 'joão@shop.com', '', 1, NULL);
INSERT INTO ossys_user VALUES (4, 11, NULL, NULL, NULL, NULL, NULL, 0, NULL);
INSERT INTO ossys_login_attempt VALUES (1, 'ann@shop.com', '2026-11-20 09:00:00', 1);
INSERT INTO ossys_login_attempt VALUES (2, 'root', '2026-11-20 09:00:00', 0);
INSERT INTO ossys_meta_cyclic_job VALUES (1, 4, 'SendNewsletter', 'Daily 08:00', 2, 1, 'j-1', 20, 20, 0);
INSERT INTO ossys_meta_cyclic_job VALUES (2, 4, 'Synchronise', 'Hourly', 2, 1, 'j-2', 20, 20, 1);
INSERT INTO ossys_cyclic_job VALUES (1, 10, 'Daily 08:00', '2026-11-20 09:00:00', '2026-11-21 08:00:00', 12, NULL, '', 0);
INSERT INTO ossys_cyclic_job_shared VALUES (2, 'Hourly', '2026-11-20 09:00:00', '2026-11-20 10:00:00', 3, '2026-11-20 09:00:00', 'PROD-FE1', 1);
INSERT INTO osusr_abc_environment VALUES (1, 'Production', 1, 'prod.shop.com');
INSERT INTO osusr_abc_environment VALUES (2, 'Quality', 1, 'qa.shop.com');
INSERT INTO osusr_old_environment VALUES (1, 'Production', 1, 'prod.shop.com');
INSERT INTO osusr_cln_environment VALUES (1, 'Production', 1, 'prod.shop.com');
INSERT INTO osusr_shp_customer VALUES (1, 'Ann O''Hara', 'ann@example.com', 'Call before noon.
GO
Then deliver to ann@example.com', NULL);
INSERT INTO osusr_shp_customer VALUES (2, '北京 GmbH', 'info@bei-jing.example', '', '\xFFD8FFE0');
INSERT INTO osusr_shp_customer VALUES (3, 'Zoë 😀', NULL, NULL, NULL);
INSERT INTO osusr_usr_configidp VALUES (1, 'ADFS', 'https://adfs.shop.com/idp', 'MIIC-prod');
INSERT INTO osusr_usr_configfile VALUES (1, 'keystore.pfx');
INSERT INTO osusr_usr_configfilebinary VALUES (1, '\x3082');
INSERT INTO osusr_usr_loginattempt VALUES (1, 'dee@customer.example', '192.0.2.7', 1);
INSERT INTO osusr_usr_loginattempt VALUES (2, 'eve', '192.0.2.8', 0);
ALTER TABLE ossys_extension_dbconnection ADD FOREIGN KEY (dbconnection_id) REFERENCES ossys_dbconnection (id);
ALTER TABLE ossys_entity ADD FOREIGN KEY (espace_id) REFERENCES ossys_espace (id);
ALTER TABLE ossys_email_content ADD FOREIGN KEY (id) REFERENCES ossys_email (id);
ALTER TABLE ossys_cyclic_job ADD FOREIGN KEY (meta_cyclic_job_id) REFERENCES ossys_meta_cyclic_job (id);
ALTER TABLE osusr_usr_configfilebinary ADD FOREIGN KEY (id) REFERENCES osusr_usr_configfile (id);
