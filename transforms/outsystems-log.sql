-- title: OutSystems 11, log database (SQL Server, Oracle)
-- source: OutSystems 11 documentation, Migrate an Environment Using a Database Clone
-- source: OutSystems 11 documentation, Lifecycle Management and Data Protection (personal data, the log's tables)
-- detect: oslog_error_0, oslog_general_0
-- by-hand: SQL Server: if objects of the restored database belong to OSLOG, OSADMIN_LOG or OSRUNTIME_LOG, change their owner to dbo before you make the dump (on SQL Server 2008 delete their schemas as well)
-- by-hand: Oracle: create tablespaces, schemas and grants in the target first (logging_creation_oracle.sql)
-- by-hand: run the Configuration Tool against the restored log catalog: new user names and passwords, Grant Permissions, Test Connection, Create/Upgrade Database
--
-- Platform and log may be one database; then both rulebooks take part. The log's tables are numbered
-- from 0 to 9 (documented). Addresses in messages are the baseline's.

-- Vendor: delete the Admin and Runtime users; their statements are left out of the script (OSLOG is
-- documented: the current page).
-- name: log-database-users :mssql
DROP USER IF EXISTS OSLOG, OSADMIN_LOG, OSRUNTIME_LOG;

-- Documented (data protection): who logged in.
-- name: log-ins :optional
DELETE FROM "oslog_general_*" WHERE message LIKE 'Login (%';

-- Checks ----------------------------------------------------------------------------------------------

-- Ours: what the rules above promise.
-- name: nobody-is-said-to-have-logged-in :test
SELECT message FROM oslog_general_0 WHERE message LIKE 'Login (%';
