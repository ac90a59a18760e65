use super::*;

/// The pieces of a text, however it comes: statements in brackets, heads of rows up to `^`.
fn pieces(text: &str, cut: usize) -> Vec<String> {
    let (mut from, mut have, mut out) = (0, 0, Vec::new());
    let mut scanner = Scanner::default();
    let mut fresh = true;
    loop {
        let eof = have == text.len();
        let buf = &text.as_bytes()[from..have];
        let (end, mark) = match scanner.find(buf, fresh, eof) {
            Found::More if eof => {
                if from < have {
                    out.push(format!("?{}", &text[from..]));
                }
                return out;
            }
            Found::More => {
                have = (have + cut).min(text.len());
                continue;
            }
            Found::Gap(end) => (end, ""),
            Found::Line(end) => (end, "="),
            Found::Command(end) => (end, ":"),
            Found::Statement(end) => (end, "."),
            Found::Rows(end) => (end, "^"),
        };
        fresh = crate::dialect::batch::lines::is_line_start(&buf[..end], end, fresh);
        if !mark.is_empty() {
            out.push(format!("{mark}{}", text[from..from + end].trim_end()));
        }
        from += end;
        scanner = Scanner::default();
        if mark == "^" {
            return out;
        }
    }
}

#[test]
fn statements_end_where_the_next_begins() {
    for (text, expected) in [
        (
            "USE [a]\r\nGO\r\nSET ANSI_NULLS ON\nSET NOCOUNT ON;GO",
            vec![
                ".USE [a]",
                "=GO",
                ".SET ANSI_NULLS ON",
                ".SET NOCOUNT ON;",
                ".GO",
            ],
        ),
        (
            "SET IDENTITY_INSERT [t] ON \n\nINSERT [t] ([a]) VALUES (1)",
            vec![".SET IDENTITY_INSERT [t] ON", "^INSERT [t] ([a]) VALUES"],
        ),
        (
            "ALTER TABLE a ADD CONSTRAINT f FOREIGN KEY (x) REFERENCES b (y) ON DELETE SET NULL ON UPDATE CASCADE ALTER TABLE a CHECK CONSTRAINT f",
            vec![
                ".ALTER TABLE a ADD CONSTRAINT f FOREIGN KEY (x) REFERENCES b (y) ON DELETE SET NULL ON UPDATE CASCADE",
                ".ALTER TABLE a CHECK CONSTRAINT f",
            ],
        ),
        (
            "ALTER TABLE a ALTER COLUMN b int DROP TABLE IF EXISTS c DECLARE @x int = 1 UPDATE t SET a = 1 SET @x = 2",
            vec![
                ".ALTER TABLE a ALTER COLUMN b int",
                ".DROP TABLE IF EXISTS c",
                ".DECLARE @x int = 1",
                ".UPDATE t SET a = 1",
                ".SET @x = 2",
            ],
        ),
        (
            "GRANT SELECT, INSERT ON t TO u INSERT t VALUES (1)",
            vec![".GRANT SELECT, INSERT ON t TO u", "^INSERT t VALUES"],
        ),
        (
            "CREATE PROC p AS INSERT t VALUES (1); SELECT 1\nGO\nPRINT 'x'",
            vec![
                ".CREATE PROC p AS INSERT t VALUES (1); SELECT 1",
                "=GO",
                ".PRINT 'x'",
            ],
        ),
        (
            "create or alter view v as select 1 a\nunion select 2",
            vec![".create or alter view v as select 1 a\nunion select 2"],
        ),
        (
            "IF OBJECT_ID('t') IS NOT NULL DROP TABLE t CREATE TABLE t (a int)",
            vec![
                ".IF OBJECT_ID('t') IS NOT NULL DROP TABLE t",
                ".CREATE TABLE t (a int)",
            ],
        ),
        (
            "IF 1 = 1 BEGIN INSERT t VALUES (1); BEGIN TRAN SELECT CASE WHEN 1=1 THEN 2 END; COMMIT END ELSE PRINT 'x' INSERT t VALUES (2)",
            vec![
                ".IF 1 = 1 BEGIN INSERT t VALUES (1); BEGIN TRAN SELECT CASE WHEN 1=1 THEN 2 END; COMMIT END",
                ".ELSE PRINT 'x'",
                "^INSERT t VALUES",
            ],
        ),
        (
            "BEGIN TRY SELECT 1 END TRY BEGIN CATCH THROW END CATCH; BEGIN TRAN\nCOMMIT",
            vec![
                ".BEGIN TRY SELECT 1 END TRY",
                ".BEGIN CATCH THROW END CATCH;",
                ".BEGIN TRAN",
                ".COMMIT",
            ],
        ),
        (
            "INSERT t SELECT 1, 'a' UNION ALL SELECT 2, 'b'",
            vec!["^INSERT t SELECT"],
        ),
        ("INSERT t SELECT 1, 'a'\nGO", vec!["^INSERT t SELECT"]),
        (
            "INSERT t SELECT a FROM b UNION SELECT 2 SET x 1",
            vec![".INSERT t SELECT a FROM b UNION SELECT 2", ".SET x 1"],
        ),
        (
            "INSERT t DEFAULT VALUES INSERT t EXEC p",
            vec![".INSERT t DEFAULT VALUES", ".INSERT t EXEC p"],
        ),
        (
            "MERGE t USING s ON a = b WHEN MATCHED THEN UPDATE SET a = 1 WHEN NOT MATCHED THEN INSERT (a) VALUES (1); PRINT 1",
            vec![
                ".MERGE t USING s ON a = b WHEN MATCHED THEN UPDATE SET a = 1 WHEN NOT MATCHED THEN INSERT (a) VALUES (1);",
                ".PRINT 1",
            ],
        ),
        (
            "WITH x AS (SELECT 1 a) DELETE FROM x SELECT 1",
            vec![".WITH x AS (SELECT 1 a) DELETE FROM x", ".SELECT 1"],
        ),
        (
            "DECLARE c CURSOR FOR SELECT a FROM t OPEN c",
            vec![".DECLARE c CURSOR FOR SELECT a FROM t", ".OPEN c"],
        ),
        (
            "-- GO\nPRINT 'GO\nGO\n'\n:r x.sql\nGO 2 -- y\n",
            vec![".PRINT 'GO\nGO\n'", "::r x.sql", "=GO 2 -- y"],
        ),
        ("SELECT 'a", vec!["?SELECT 'a"]),
        ("CREATE TABLE t (a int", vec!["?CREATE TABLE t (a int"]),
        ("INSERT t (a) VALUES", vec!["?INSERT t (a) VALUES"]),
        ("BEGIN SELECT 1", vec!["?BEGIN SELECT 1"]),
    ] {
        for cut in [1, 2, 3, 7, text.len()] {
            assert_eq!(pieces(text, cut), expected, "{text} by {cut}");
        }
    }
}
