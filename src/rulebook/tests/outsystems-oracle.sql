-- title: OutSystems on Oracle, as the vendor publishes it
-- dialect: oracle

delete from ossys_parameter where name = 'ClientApplicationToken';
delete from ossys_parameter where name = 'privateKeyValidation';
delete from ossys_Parameter where name = 'OutSystems.HubEdition.MobileLogin_AuthenticationHMACKey';
delete from ossys_Parameter where name = 'OutSystems.HubEdition.MobileLogin_AuthenticationEncryptKey';
delete from ossys_Parameter where name = 'OutSystems.HubEdition.References.AuthenticationEncryptKey';
delete from ossys_Parameter where name = 'OutSystems.HubEdition.References.HashKey';
delete from ossys_Parameter where name = 'OutSystems.SystemComponents.Users.AuthenticationEncryptKey';
delete from ossys_Parameter where name = 'OutSystems.SystemComponents.Users.HashKey';
COMMIT;

delete from ossys_App_Mobile_Config;
delete from ossys_Mobile_Certificate;
delete from ossys_Mobile_Config_Data;
COMMIT;

ALTER SESSION SET NLS_COMP=LINGUISTIC NLS_SORT=BINARY_AI;
ALTER SESSION SET CURRENT_SCHEMA = OSADMIN;

delete from ossys_modulefrontend;
delete from ossys_moduleinternaladdress;
delete from ossys_platformconfig where name in (
'Application Deployment Configuration',
'Default Application Deploy Instance',
'Previous Deployment Zone Used',
'Previous Deployment Zone Key',
'Configured Application Deploy');
COMMIT;

ALTER SESSION SET NLS_COMP=LINGUISTIC NLS_SORT=BINARY_AI;

ALTER SESSION SET CURRENT_SCHEMA = OSADMIN;

delete from ossys_server;

COMMIT;

/

ALTER SESSION SET NLS_COMP=LINGUISTIC NLS_SORT=BINARY_AI;

ALTER SESSION SET CURRENT_SCHEMA = OSADMIN;



update ossys_dbcatalog set password = ' ',username =' ' where name <> '(Main)';

COMMIT;

/

ALTER SESSION SET NLS_COMP=LINGUISTIC NLS_SORT=BINARY_AI;

ALTER SESSION SET CURRENT_SCHEMA = OSADMIN;



delete from ossys_dbconnection where NAME <>'$OS_LOG_DB_7e3e8ce0';

COMMIT;

/

ALTER SESSION SET NLS_COMP=LINGUISTIC NLS_SORT=BINARY_AI;

ALTER SESSION SET CURRENT_SCHEMA = OSADMIN;



DECLARE v_exists NUMBER(10,0);

BEGIN



select Count(*) INTO v_exists

from user_tables where table_name = 'OSSYS_PLATFORMSVCS_OBSERVER';



IF v_exists > 0 THEN

EXECUTE IMMEDIATE 'delete from OSSYS_PLATFORMSVCS_OBSERVER';

END IF;



COMMIT;



END;

/

ALTER SESSION SET NLS_COMP=LINGUISTIC NLS_SORT=BINARY_AI;

ALTER SESSION SET CURRENT_SCHEMA = OSADMIN;



update ossys_Site_Property_Shared set property_value=' ' where site_property_definition_id in (



select site_property_definition_id

from ossys_Site_Property_Shared

inner join ossys_Site_Property_Definition on site_property_definition_id = ossys_Site_Property_Definition.id

where ss_key = '1aaec1be-d60f-43d4-ba32-391f4c3080a6' or ss_key = '441f6eef-9c7f-4bb4-b3dd-7220272269ad'



);



COMMIT;

/

ALTER SESSION SET NLS_COMP=LINGUISTIC NLS_SORT=BINARY_AI;

ALTER SESSION SET CURRENT_SCHEMA = OSADMIN;



select 'update ' || physical_table_name || ' set isactive=0'

from ossys_entity inner join ossys_espace on espace_id = ossys_espace.id and ossys_espace.is_active = 1

where ossys_entity.ss_key = '3312b1cd-b12e-4a29-bcdc-51edcdd86ef1'
