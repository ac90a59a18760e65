-- title: OutSystems on SQL Server, as the vendor publishes it
-- dialect: mssql

delete from ossys_parameter where name = 'ClientApplicationToken';
delete from ossys_parameter where name = 'privateKeyValidation';
delete from ossys_Parameter where name = 'OutSystems.HubEdition.MobileLogin_AuthenticationHMACKey';
delete from ossys_Parameter where name = 'OutSystems.HubEdition.MobileLogin_AuthenticationEncryptKey';
delete from ossys_Parameter where name = 'OutSystems.HubEdition.References.AuthenticationEncryptKey';
delete from ossys_Parameter where name = 'OutSystems.HubEdition.References.HashKey';
delete from ossys_Parameter where name = 'OutSystems.SystemComponents.Users.AuthenticationEncryptKey';
delete from ossys_Parameter where name = 'OutSystems.SystemComponents.Users.HashKey';

delete from ossys_App_Mobile_Config;
delete from ossys_Mobile_Certificate;
delete from ossys_Mobile_Config_Data;

delete from ossys_modulefrontend;
delete from ossys_moduleinternaladdress;
delete from ossys_platformconfig where name in (
'Application Deployment Configuration',
'Default Application Deploy Instance',
'Previous Deployment Zone Used',
'Previous Deployment Zone Key',
'Configured Application Deploy');

delete from ossys_server;

update ossys_dbcatalog set password = ' ',username =' ' where name <> '(Main)';

delete from ossys_dbconnection where NAME <>'$OS_LOG_DB_7e3e8ce0';

if exists (select * from information_schema.columns where table_name = 'ossys_PlatformSvcs_Observer') delete from ossys_PlatformSvcs_Observer;
if exists (select * from information_schema.columns where table_name = 'ossys_cloudservices_observer') delete from ossys_cloudservices_observer;

update ossys_Site_Property_Shared set property_value='' where site_property_definition_id in (
select site_property_definition_id
from ossys_Site_Property_Shared
inner join ossys_Site_Property_Definition on site_property_definition_id = ossys_Site_Property_Definition.id
where ss_key = '1aaec1be-d60f-43d4-ba32-391f4c3080a6' or
ss_key = '441f6eef-9c7f-4bb4-b3dd-7220272269ad'
);

select 'update ' + physical_table_name + ' set isactive=0' from ossys_entity inner join ossys_espace on espace_id = ossys_espace.id and ossys_espace.is_active = 1 where ossys_entity.ss_key = '3312b1cd-b12e-4a29-bcdc-51edcdd86ef1'
