ALTER SESSION SET NLS_COMP=LINGUISTIC NLS_SORT=BINARY_AI;

ALTER SESSION SET CURRENT_SCHEMA = OSADMIN;


 
select 'update ' || physical_table_name || ' set isactive=0'

from ossys_entity inner join ossys_espace on espace_id = ossys_espace.id and ossys_espace.is_active = 1

where ossys_entity.ss_key = '3312b1cd-b12e-4a29-bcdc-51edcdd86ef1'
\gexec
