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
