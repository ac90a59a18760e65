use super::*;

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
        fresh = is_line_start(&buf[..end], end, fresh);
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
fn statements_end_where_the_client_ends_them() {
    for (text, expected) in [
        (
            "REM it's\nSET DEFINE OFF;\nInsert into T (A) values (1);",
            vec![":REM it's", ":SET DEFINE OFF;", "^Insert into T (A) values"],
        ),
        (
            "PROMPT a -\nb'\nset transaction read only;\n@@f.sql\nCOMMIT;",
            vec![
                ":PROMPT a -\nb'",
                ".set transaction read only;",
                ":@@f.sql",
                ".COMMIT;",
            ],
        ),
        (
            "CREATE TABLE t (a NUMBER)\n/\nALTER TABLE t ADD b DATE;",
            vec![
                ".CREATE TABLE t (a NUMBER)\n/",
                ".ALTER TABLE t ADD b DATE;",
            ],
        ),
        (
            "CREATE TABLE t (a NUMBER)\n\nCREATE TABLE u (\n a DATE)\nREM x\nCOMMENT ON TABLE t IS ';\n/\n'",
            vec![
                ".CREATE TABLE t (a NUMBER)",
                ".CREATE TABLE u (\n a DATE)",
                ":REM x",
                ".COMMENT ON TABLE t IS ';\n/\n'",
            ],
        ),
        (
            "create or replace editionable trigger x begin insert into t values (1); end;\n/\nbegin null; end;\n/",
            vec![
                ".create or replace editionable trigger x begin insert into t values (1); end;\n/",
                ".begin null; end;\n/",
            ],
        ),
        (
            "CREATE AND COMPILE JAVA SOURCE NAMED x AS // it's\n a / b;\n/\nselect q'[;']' from dual;",
            vec![
                ".CREATE AND COMPILE JAVA SOURCE NAMED x AS // it's\n a / b;\n/",
                ".select q'[;']' from dual;",
            ],
        ),
        (
            "INSERT INTO t SELECT 1, 'a' FROM dual;",
            vec!["^INSERT INTO t SELECT"],
        ),
        (
            "INSERT INTO t SELECT 1 FROM dual WHERE 1 = 2;\nINSERT INTO t SELECT a FROM u;",
            vec![
                ".INSERT INTO t SELECT 1 FROM dual WHERE 1 = 2;",
                ".INSERT INTO t SELECT a FROM u;",
            ],
        ),
        (
            "INSERT ALL\n INTO t (a) VALUES (1)\n INTO u (a) VALUES (2)\nSELECT 1 FROM dual;",
            vec![
                ".INSERT ALL\n INTO t (a) VALUES (1)\n INTO u (a) VALUES (2)\nSELECT 1 FROM dual;",
            ],
        ),
        (
            "INSERT ALL\n INTO t (a) VALUES (1)\n INTO t (a) VALUES (2)\nSELECT * FROM dual;",
            vec!["^INSERT ALL\n INTO t (a) VALUES"],
        ),
        (
            "INSERT INTO t VALUES (1-\n,2);",
            vec!["^INSERT INTO t VALUES"],
        ),
        (
            "CREATE TRIGGER x BEFORE\nINSERT ON t\nBEGIN\nINSERT INTO u VALUES (1);\nEND;\n/\nCOMMIT;",
            vec![
                ".CREATE TRIGGER x BEFORE\nINSERT ON t\nBEGIN\nINSERT INTO u VALUES (1);\nEND;\n/",
                ".COMMIT;",
            ],
        ),
        (
            "GRANT SELECT,\nINSERT,\nALTER ON t TO u\nALTER TABLE t\nDROP COLUMN a\nDROP TABLE t\nINSERT INTO t VALUES (1);",
            vec![
                ".GRANT SELECT,\nINSERT,\nALTER ON t TO u",
                ".ALTER TABLE t\nDROP COLUMN a\nDROP TABLE t",
                "^INSERT INTO t VALUES",
            ],
        ),
        (
            "SELECT a\nFROM t\n\nINSERT ALL INTO t VALUES (1) INTO t VALUES (2) SELECT 1 FROM dual;",
            vec![".SELECT a\nFROM t", "^INSERT ALL INTO t VALUES"],
        ),
        (
            "MERGE INTO t USING u ON (a = b) WHEN NOT MATCHED THEN\nINSERT (a) VALUES (1);",
            vec![".MERGE INTO t USING u ON (a = b) WHEN NOT MATCHED THEN\nINSERT (a) VALUES (1);"],
        ),
        ("RUN\nLIST\nCOMMIT;", vec![":RUN", ":LIST", ".COMMIT;"]),
        ("BEGIN null; END;", vec!["?BEGIN null; END;"]),
        (
            "GRANT a TO b\nCREATE TABLE t (a int)",
            vec![".GRANT a TO b", ".CREATE TABLE t (a int)"],
        ),
        (
            "CREATE FUNCTION f RETURN int IS BEGIN RETURN 1; END;\nINSERT INTO t VALUES (1);\n",
            vec![
                "?CREATE FUNCTION f RETURN int IS BEGIN RETURN 1; END;\nINSERT INTO t VALUES (1);\n",
            ],
        ),
        ("SELECT 'a", vec!["?SELECT 'a"]),
        ("DELETE FROM t", vec!["?DELETE FROM t"]),
    ] {
        for cut in [1, 2, 3, 7, text.len()] {
            assert_eq!(pieces(text, cut), expected, "{text} by {cut}");
        }
    }
}
