update ossys_dbcatalog set password = ' ',username =' ' where name <> '(Main)';
