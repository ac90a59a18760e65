delete from ossys_server;
