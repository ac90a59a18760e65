//! Texts without any shape, which only a person can judge.

use super::*;

/// A text without any shape, wherever a definition may hold one: it passes, and a strict run wants somebody to
/// have looked at it, each time that it changes.
#[test]
fn texts_in_definitions_want_a_reader() {
    let postgres = "COPY t (a) FROM stdin;\n\\.\n";
    for (dialect, rows, statements) in [
        (
            "postgres",
            postgres,
            &[
                "CREATE TABLE u (a text DEFAULT 'Jane Roe');",
                "CREATE TABLE u (a text, CONSTRAINT c CHECK ((a <> 'Jane Roe'::text)));",
                "CREATE TABLE u (a text, b text GENERATED ALWAYS AS ((a || 'Jane Roe'::text)) STORED);",
                "CREATE TABLE u PARTITION OF t FOR VALUES IN ('Jane Roe');",
                "ALTER TABLE ONLY p ATTACH PARTITION q FOR VALUES FROM ('Jane Roe') TO (MAXVALUE);",
                "ALTER TABLE ONLY u ALTER COLUMN a SET DEFAULT 'Jane Roe'::text;",
                "COMMENT ON COLUMN t.a IS 'ask Jane Roe';",
                "COMMENT ON DATABASE d IS 'ask Jane Roe';",
                "SECURITY LABEL FOR dummy ON TABLE t IS 'Jane Roe';",
                "CREATE TYPE e AS ENUM (\n    'Jane Roe'\n);",
                "CREATE DOMAIN d AS text CHECK (VALUE <> 'Jane Roe');",
                "CREATE VIEW v AS SELECT a FROM t WHERE (a = 'Jane Roe'::text);",
                "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$ SELECT a FROM t -- Jane Roe\n $$;",
                "CREATE INDEX i ON t (a) WHERE (a = 'Jane Roe'::text);",
                "CREATE POLICY p ON t USING ((a = 'Jane Roe'::text));",
                "CREATE RULE r AS ON DELETE TO u WHERE (old.a = 'Jane Roe'::text) DO INSTEAD NOTHING;",
                "CREATE TRIGGER g AFTER DELETE ON u FOR EACH ROW EXECUTE FUNCTION f('Jane Roe');",
                "CREATE PUBLICATION b FOR TABLE t WHERE (a = 'Jane Roe'::text);",
                "ALTER DATABASE d SET app.owner TO 'Jane Roe';",
            ][..],
        ),
        (
            "mysql",
            "INSERT INTO t VALUES ('x');\n",
            &[
                "CREATE TABLE u (a text DEFAULT 'Jane Roe') AUTO_INCREMENT=17;",
                "CREATE TABLE u (a text COMMENT 'ask Jane Roe');",
                "CREATE TABLE u (a enum('Jane Roe'));",
                "CREATE TABLE u (a text) COMMENT='ask Jane Roe';",
                "/*!50001 CREATE VIEW v AS SELECT a FROM t WHERE a = 'Jane Roe' */;",
                "CREATE FUNCTION f() RETURNS text RETURN 'Jane Roe';",
            ],
        ),
        (
            "mssql",
            "INSERT t (a) VALUES (N'x')\nGO\n",
            &[
                "CREATE TABLE u (a nvarchar(9) DEFAULT (N'Jane Roe'))\nGO",
                "ALTER TABLE t ADD CONSTRAINT c CHECK (a <> N'Jane Roe')\nGO",
                "EXEC sys.sp_addextendedproperty @name=N'MS_Description', @value=N'ask Jane Roe'\nGO",
                "CREATE VIEW v AS SELECT a FROM t WHERE a = N'Jane Roe'\nGO",
            ],
        ),
        (
            "oracle",
            "INSERT INTO t (a) VALUES ('x');\n",
            &[
                "CREATE TABLE u (a varchar2(9) DEFAULT 'Jane Roe');",
                "COMMENT ON COLUMN t.a IS 'ask Jane Roe';",
                "CREATE VIEW v AS SELECT a FROM t WHERE a = 'Jane Roe';",
            ],
        ),
        (
            "sqlite",
            "INSERT INTO t VALUES('x');\n",
            &[
                "CREATE TABLE u (a text DEFAULT 'Jane Roe');",
                "CREATE TABLE u (a text /* of Jane Roe */);",
                "CREATE VIEW v AS SELECT a FROM t WHERE a = 'Jane Roe';",
            ],
        ),
    ] {
        let table = match dialect {
            "mssql" => "CREATE TABLE t (a nvarchar(20))\nGO\n",
            "oracle" => "CREATE TABLE t (a varchar2(20));\n",
            _ => "CREATE TABLE t (a varchar(20));\n",
        };
        let grant = "GRANT SELECT (a) ON t TO testbed;\n";
        for statement in statements {
            for dump in [
                format!("{table}{statement}\n{rows}"),
                format!("{table}{rows}{statement}\n"),
            ] {
                let (run, _) = scrub(dialect, grant, &[], &dump);
                assert_eq!(
                    (run.code, run.text()),
                    (Some(0), dump.clone()),
                    "{}",
                    run.err
                );
                let (run, report) = scrub(dialect, grant, &["--strict"], &dump);
                assert_eq!(run.code, Some(1), "{statement}: {}", run.err);
                for text in [&run.err, &report] {
                    assert!(
                        text.contains("nobody has reviewed a definition that holds a text: "),
                        "{text}"
                    );
                    assert!(!text.contains("Jane"), "{text}");
                }
                assert!(run.err.contains(": line "), "{}", run.err);
                let report: serde_json::Value = serde_json::from_str(&report).expect("a report");
                let lines = &report["strict"]["unreviewed"];
                let line = lines[0].as_str().expect("a line");
                assert!(
                    line.starts_with("-- reviewed: ") && lines[1].is_null(),
                    "{lines}"
                );

                let rules = format!("{grant}{line}\n");
                let (run, _) = scrub(dialect, &rules, &["--strict"], &dump);
                assert_eq!(
                    (run.code, run.text()),
                    (Some(0), dump.clone()),
                    "{}",
                    run.err
                );
                let (run, _) = scrub(
                    dialect,
                    &rules,
                    &["--strict"],
                    &dump.replace("Jane", "John"),
                );
                assert_eq!(run.code, Some(1), "{statement}: {}", run.err);
                let counted = dump.replace("AUTO_INCREMENT=17", "AUTO_INCREMENT=18");
                let (run, _) = scrub(dialect, &rules, &["--strict"], &counted);
                assert_eq!(run.code, Some(0), "{statement}: {}", run.err);

                let mut check = command();
                check.args(["check", "-q", "--strict", "-f", dialect]);
                let run: Run = check
                    .write_stdin(dump.clone())
                    .output()
                    .expect("a run")
                    .into();
                assert!(run.text().contains(line), "{statement}: {}", run.text());
            }
        }
    }
}
