use super::*;

fn effects(statement: &str) -> Vec<Effect> {
    let context = super::super::context();
    let names = Names {
        context: &context,
        catalog: &Catalog::default(),
        database: Some("Shop"),
    };
    names.effects(statement.as_bytes(), false)
}

#[test]
fn what_statements_do() {
    let t = || RelationName::new(Some("dbo"), "t");
    let opaque = |what| Effect::Opaque(t(), what);
    for (statement, expected) in [
        (
            "SET IDENTITY_INSERT [dbo].[t] ON",
            Effect::Envelope(t(), Bracket::Open),
        ),
        (
            "SET IDENTITY_INSERT t OFF",
            Effect::Envelope(t(), Bracket::Close),
        ),
        (
            "ALTER TABLE t NOCHECK CONSTRAINT ALL",
            Effect::Envelope(t(), Bracket::Open),
        ),
        (
            "ALTER TABLE t WITH CHECK CHECK CONSTRAINT ALL",
            Effect::Envelope(t(), Bracket::Close),
        ),
        (
            "ALTER TABLE [dbo].[t]  WITH CHECK ADD  CONSTRAINT [f] FOREIGN KEY([a]) REFERENCES u (b)",
            Effect::AfterData,
        ),
        ("ALTER TABLE t CHECK CONSTRAINT f", Effect::AfterData),
        ("ALTER TABLE t ADD DEFAULT ((0)) FOR a", Effect::Definition),
        (
            "CREATE OR ALTER TRIGGER x ON t AFTER INSERT AS SELECT 1",
            Effect::AfterData,
        ),
        ("USE [shop]", Effect::Setting),
        ("USE [master]", Effect::Connect("master".into())),
        ("ALTER DATABASE [x] SET READ_WRITE", Effect::NoTransaction),
        (
            "CREATE LOGIN x WITH PASSWORD = N'p'",
            Effect::Password("CREATE LOGIN"),
        ),
        ("CREATE USER x FOR LOGIN x", Effect::Definition),
        ("INSERT INTO t SELECT a FROM u", opaque("INSERT … SELECT")),
        (
            "INSERT t DEFAULT VALUES",
            opaque("an INSERT that is not plain VALUES"),
        ),
        ("UPDATE TOP (5) t SET a = 1", opaque("UPDATE")),
        ("UPDATE STATISTICS t", Effect::Setting),
        ("DELETE dbo.t", opaque("DELETE")),
        ("TRUNCATE TABLE t", opaque("TRUNCATE")),
        ("BULK INSERT t FROM 'x'", opaque("BULK INSERT")),
        ("SELECT a INTO t FROM u", opaque("SELECT … INTO")),
        ("SELECT 1", Effect::Setting),
        ("PRINT N'x'", Effect::Setting),
        ("BEGIN TRAN", Effect::Begin),
        ("COMMIT", Effect::Commit),
        (
            "EXEC sys.sp_addextendedproperty @name=N'x'",
            Effect::Definition,
        ),
        (
            "EXEC dbo.sp_executesql @statement = N'CREATE VIEW v AS ' + N'SELECT 1'",
            Effect::Definition,
        ),
        (
            "IF 1 = 1 BEGIN EXEC dbo.sp_executesql @statement = N'create procedure p as insert t values (1)' END",
            Effect::Definition,
        ),
        (
            "EXEC sp_executesql N'INSERT t VALUES (N''x'')'",
            opaque("a statement that EXECUTE runs"),
        ),
        ("EXEC ('DELETE t')", opaque("a statement that EXECUTE runs")),
        ("EXEC (@sql)", Effect::Anything("EXECUTE")),
        ("EXEC sp_executesql @sql", Effect::Anything("EXECUTE")),
        ("EXEC @rc = dbo.p", Effect::Anything("EXECUTE")),
        ("IF 1 = 1 EXEC p", Effect::Anything("EXECUTE")),
        (
            "EXEC sp_rename 'a', 'b'",
            Effect::Anything("EXECUTE of sp_rename"),
        ),
        (":r x.sql\r\n", Effect::Anything(":r")),
        (
            "INSERT $(s).t VALUES (1)",
            Effect::Anything("an INSERT that is not plain VALUES"),
        ),
        (
            "INSERT [$(s)].[t] VALUES (1)",
            Effect::Anything("an INSERT that is not plain VALUES"),
        ),
        (
            "INSERT [u] ([a]]) VALUES (1)\nINSERT [t] ([b], [c]) VALUES (1)",
            Effect::Anything("a name over several lines"),
        ),
        (":setvar x 1", Effect::Setting),
        ("UPDATE u SET a = 1 FROM dbo.t u", opaque("UPDATE")),
        (
            "DELETE x FROM u JOIN [dbo].[t] AS x ON 1 = 1",
            opaque("DELETE"),
        ),
        (
            "ALTER TABLE u SWITCH PARTITION 1 TO dbo.t",
            opaque("ALTER TABLE … SWITCH"),
        ),
        (
            "ALTER SCHEMA s TRANSFER dbo.t",
            Effect::Anything("ALTER SCHEMA … TRANSFER"),
        ),
        (
            "INSERT OPENQUERY(s, 'select a from t') VALUES (1)",
            Effect::Anything("an INSERT that is not plain VALUES"),
        ),
        (
            "IF 1 = 1 begin EXEC [a].[dbo].[sp_fulltext_database] @action = 'enable' end",
            Effect::NoTransaction,
        ),
        (
            "IF 1 = 1 INSERT t VALUES (1)",
            opaque("a statement under a condition"),
        ),
        (
            "BEGIN DELETE FROM t; UPDATE t SET a = 1 END",
            opaque("a statement in a block"),
        ),
        (
            "IF 1 = 1 BEGIN CREATE TABLE t (a int) END",
            Effect::Definition,
        ),
    ] {
        assert_eq!(effects(statement), [expected], "{statement}");
    }
}

#[test]
fn what_a_statement_does_beside_its_table() {
    let context = super::super::context();
    let names = Names {
        context: &context,
        catalog: &Catalog::default(),
        database: None,
    };
    let t = || RelationName::new(Some("dbo"), "t");
    let output = Effect::Opaque(t(), "OUTPUT … INTO");
    for (statement, opens, expected) in [
        (
            "INSERT u (a) OUTPUT 1 INTO t VALUES (1)",
            false,
            output.clone(),
        ),
        (
            "DELETE u OUTPUT deleted.a INTO dbo.t WHERE a = 1",
            false,
            output.clone(),
        ),
        ("UPDATE u SET a = 1 OUTPUT inserted.a INTO t", false, output),
        ("INSERT u EXEC p", false, Effect::Anything("EXECUTE")),
        ("[dbo].[p]", true, Effect::Anything("EXECUTE")),
        ("p 1, 2", true, Effect::Anything("EXECUTE")),
        (
            "sp_rename 'a', 'b'",
            true,
            Effect::Anything("EXECUTE of sp_rename"),
        ),
        ("sp_helpfile", true, Effect::Definition),
        ("label: PRINT 1", true, Effect::Setting),
        ("print 1", true, Effect::Setting),
    ] {
        let effects = names.effects(statement.as_bytes(), opens);
        assert!(effects.contains(&expected), "{statement}: {effects:?}");
    }
}
