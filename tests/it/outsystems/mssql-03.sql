delete from ossys_modulefrontend;
delete from ossys_moduleinternaladdress;
delete from ossys_platformconfig where name in (
    'Application Deployment Configuration',
    'Default Application Deploy Instance',
    'Previous Deployment Zone Used',
    'Previous Deployment Zone Key',
    'Configured Application Deploy');
