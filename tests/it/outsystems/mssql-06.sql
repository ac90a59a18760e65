delete from ossys_dbconnection where NAME <>'$OS_LOG_DB_7e3e8ce0';
