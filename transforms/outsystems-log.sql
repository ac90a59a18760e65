-- title: OutSystems 11, log database (SQL Server, Oracle)
-- source: OutSystems 11 documentation, Migrate an Environment Using a Database Clone
-- detect: oslog_error_0, oslog_general_0
-- by-hand: SQL Server: if objects of the restored database belong to OSADMIN_LOG or OSRUNTIME_LOG, change their owner to dbo before you make the dump (on SQL Server 2008 delete their schemas as well)
-- by-hand: Oracle: create tablespaces, schemas and grants in the target first (logging_creation_oracle.sql)
-- by-hand: run the Configuration Tool against the restored log catalog: new user names and passwords, Grant Permissions, Test Connection, Create/Upgrade Database
--
-- Platform and log may be one database; then both rulebooks take part. Assumed: the log's tables are
-- numbered (oslog_error_0, oslog_error_1 …). Addresses in messages are the baseline's.

-- Vendor: delete the Admin and Runtime users; their statements are left out of the script.
-- name: log-database-users :mssql
DROP USER IF EXISTS OSADMIN_LOG, OSRUNTIME_LOG;
