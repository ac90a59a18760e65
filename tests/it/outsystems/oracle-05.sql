ALTER SESSION SET NLS_COMP=LINGUISTIC NLS_SORT=BINARY_AI;

ALTER SESSION SET CURRENT_SCHEMA = OSADMIN;


 
update ossys_dbcatalog set password = ' ',username =' ' where name <> '(Main)';

COMMIT;

/
