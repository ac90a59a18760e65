use super::testing::*;
use super::*;
use crate::schema::LengthUnit;

fn cells() -> Cells {
    use DataType as T;
    let varchar = T::Varchar(Some(20), LengthUnit::Characters);
    Cells::default()
        .with("i", T::Integer, Some("42"))
        .with("n", T::Numeric(Some((10, 2))), Some("3.50"))
        .with("t", T::Text, Some("Hällo"))
        .with("v", varchar, Some("abc"))
        .with("c", T::Char(5, LengthUnit::Characters), Some("ab   "))
        .with("b", T::Boolean, Some("t"))
        .with("d", T::Date, Some("2024-02-29"))
        .with("ts", T::Timestamp(None), Some("2024-02-29 13:14:15.5"))
        .with("j", T::Jsonb, Some(r#"{"a": [1, 2.50], "b": "x"}"#))
        .with("ci", T::Citext, Some("MiXed"))
        .with("none", T::Text, None)
        .with("a", T::Array(Box::new(T::Text)), Some("{x,y}"))
        .with("untyped", T::Unknown, Some("7"))
        .with("f", T::Double, Some("0.1"))
}

fn value(text: &str) -> Result<Option<String>, String> {
    eval(text, &cells(), &postgres())
}

/// What psql prints for each; the expected values were checked against PostgreSQL 15.
#[test]
fn expressions_give_what_postgres_gives() {
    for (text, expected) in [
        ("i + 1", Some("43")),
        ("i / 5", Some("8")),
        ("i / 5.0", Some("8.4000000000000000")),
        ("-i % 5", Some("-2")),
        ("n * 2", Some("7.00")),
        ("i = 42", Some("t")),
        ("i = '42'", Some("t")),
        ("i <> 42 OR none = 'x'", None),
        ("i = 42 OR none = 'x'", Some("t")),
        ("i <> 42 AND none = 'x'", Some("f")),
        ("NOT (none = 'x')", None),
        ("none IS NULL", Some("t")),
        ("t IS NOT NULL", Some("t")),
        ("(none = 'x') IS TRUE", Some("f")),
        ("(none = 'x') IS NOT FALSE", Some("t")),
        ("(none = 'x') IS UNKNOWN", Some("t")),
        ("none IS DISTINCT FROM NULL", Some("f")),
        ("none IS DISTINCT FROM 'x'", Some("t")),
        ("t IS NOT DISTINCT FROM 'Hällo'", Some("t")),
        ("i IN (1, 42)", Some("t")),
        ("i IN (1, NULL)", None),
        ("i NOT IN (1, NULL)", None),
        ("i NOT IN (42, NULL)", Some("f")),
        ("v IN ('abc', 'd')", Some("t")),
        ("none IN ('a')", None),
        ("i IN (1, n, 42.0)", Some("t")),
        ("i BETWEEN 1 AND 42", Some("t")),
        ("i NOT BETWEEN 1 AND 42", Some("f")),
        ("i BETWEEN NULL AND 1", Some("f")),
        ("c = 'ab'", Some("t")),
        ("c = 'ab  '", Some("t")),
        ("c LIKE 'ab'", Some("f")),
        ("c || '!'", Some("ab!")),
        ("length(c)", Some("2")),
        ("octet_length(c)", Some("5")),
        ("concat(c, '!', b, i, none)", Some("ab   !t42")),
        ("b || '!'", Some("true!")),
        ("i || v", Some("42abc")),
        ("ci = 'mixed'", Some("t")),
        ("ci = 'mixed'::text", Some("f")),
        ("ci LIKE 'mix%'", Some("t")),
        ("ci ~ '^mix'", Some("t")),
        ("t LIKE 'H_llo'", Some("t")),
        ("t ILIKE 'hÄ%'", Some("t")),
        ("t NOT LIKE '%l%'", Some("f")),
        ("t LIKE none", None),
        ("'50%' LIKE '50!%' ESCAPE '!'", Some("t")),
        ("t ~ '^[[:upper:]]'", Some("t")),
        ("t ~* 'HÄL'", Some("t")),
        ("t !~ 'x|y'", Some("t")),
        ("CASE WHEN i > 40 THEN 'big' ELSE 'small' END", Some("big")),
        (
            "CASE i WHEN 1 THEN 'one' WHEN 42 THEN 'two' END",
            Some("two"),
        ),
        ("CASE none WHEN 'x' THEN 1 END", None),
        ("CASE WHEN i = 42 THEN 1 ELSE 2.5 END", Some("1")),
        ("CASE WHEN i = 0 THEN 1 / (i - i) ELSE 3 END", Some("3")),
        ("coalesce(none, t, 'x')", Some("Hällo")),
        ("nullif(v, 'abc')", None),
        ("nullif(i, 7)", Some("42")),
        ("greatest(1, NULL, n)", Some("3.50")),
        ("least('b', 'a')", Some("a")),
        ("lower(t) || upper(t)", Some("hälloHÄLLO")),
        ("initcap('hELLO wORLD-foo')", Some("Hello World-Foo")),
        ("substring(t from 2 for 3)", Some("äll")),
        ("substring(t, 3)", Some("llo")),
        ("substring('foobar' from 'o(.)b')", Some("o")),
        ("substring('foobar' from 'x')", None),
        ("left(t, -1)", Some("Häll")),
        ("right(t, 2)", Some("lo")),
        ("position('l' in t)", Some("3")),
        ("strpos(t, 'z')", Some("0")),
        ("replace(t, 'l', 'LL')", Some("HäLLLLo")),
        ("regexp_replace(t, '[a-z]+', '-')", Some("Hä-")),
        ("regexp_replace('a1b22', '[0-9]', '#', 'g')", Some("a#b##")),
        (
            "regexp_replace('john@x.org', '^(.*)@(.*)$', '\\2 at \\1')",
            Some("x.org at john"),
        ),
        ("regexp_replace('baaac', 'a*', '-', 'g')", Some("-b--c-")),
        ("split_part('a,b,c', ',', 2)", Some("b")),
        ("split_part('a,b,c', ',', -1)", Some("c")),
        ("trim('  x ')", Some("x")),
        ("trim(both 'xy' from 'yxAxy')", Some("A")),
        ("lpad('7', 3, '0')", Some("007")),
        ("rpad('abc', 2)", Some("ab")),
        ("concat_ws('-', 'a', NULL, 'b')", Some("a-b")),
        ("md5('abc')", Some("900150983cd24fb0d6963f7d28e17f72")),
        (
            "encode(sha256('abc'), 'hex')",
            Some("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ),
        (
            "encode('hello world'::bytea, 'base64')",
            Some("aGVsbG8gd29ybGQ="),
        ),
        ("decode('aGk=', 'base64')", Some("\\x6869")),
        ("abs(-5)", Some("5")),
        ("round(2.5)", Some("3")),
        ("round(n, 1)", Some("3.5")),
        ("round(2.5::double precision)", Some("2")),
        ("ceil(n)", Some("4")),
        ("mod(i, 5)", Some("2")),
        ("power(2, 3)", Some("8")),
        ("d + 1", Some("2024-03-01")),
        ("d - '2024-02-01'", Some("28")),
        ("ts + interval '1 month'", Some("2024-03-29 13:14:15.5")),
        ("ts - interval '1 day' < ts", Some("t")),
        ("ts > '2024-02-29'", Some("t")),
        ("d < ts", Some("t")),
        ("date_trunc('month', ts)", Some("2024-02-01 00:00:00")),
        ("extract(year from d)", Some("2024")),
        ("date_part('hour', ts)", Some("13")),
        ("j -> 'a' -> 1", Some("2.50")),
        ("j ->> 'b'", Some("x")),
        ("j #>> '{a,0}'", Some("1")),
        ("j - 'a'", Some(r#"{"b": "x"}"#)),
        (
            "j || '{\"c\": null}'",
            Some(r#"{"a": [1, 2.50], "b": "x", "c": null}"#),
        ),
        (
            "jsonb_set(j, '{a,0}', '\"z\"')",
            Some(r#"{"a": ["z", 2.50], "b": "x"}"#),
        ),
        (
            "jsonb_set(j, '{q}', '1', false)",
            Some(r#"{"a": [1, 2.50], "b": "x"}"#),
        ),
        ("a || 'z'", None),
        ("a || ARRAY['z']", Some("{x,y,z}")),
        ("a = '{x,y}'", Some("t")),
        ("array_remove(a, 'x')", Some("{y}")),
        ("array_length(a, 1)", Some("2")),
        ("array_to_string(a, '-')", Some("x-y")),
        ("i::text || 'x'", Some("42x")),
        ("'12'::int + 1", Some("13")),
        ("'abcdef'::varchar(3)", Some("abc")),
        ("n::int", Some("4")),
        ("untyped = 7", Some("t")),
        ("untyped = '7'", Some("t")),
        ("untyped || 'x'", Some("7x")),
        ("f + 1", Some("1.1")),
        ("2147483647 + i", None),
        ("now()", Some("2000-01-01 00:00:00+00")),
        ("current_date", Some("2000-01-01")),
        ("NULL", None),
        ("translate('12345', '143', 'ax')", Some("a2x5")),
        (
            "overlay('Txxxxas' placing 'hom' from 2 for 4)",
            Some("Thomas"),
        ),
        ("repeat('ab', 3)", Some("ababab")),
        ("reverse(t)", Some("olläH")),
        ("starts_with(t, 'Hä')", Some("t")),
        ("chr(228) || ascii('ä')", Some("ä228")),
    ] {
        match (value(text), text) {
            // These are refused or fail, as they are in PostgreSQL.
            (Err(message), "a || 'z'") => assert!(message.contains("array"), "{message}"),
            (Err(message), "2147483647 + i") => {
                assert!(message.contains("out of range"), "{message}")
            }
            (found, _) => assert_eq!(found, Ok(expected.map(str::to_owned)), "{text}"),
        }
    }
}

#[test]
fn what_postgres_refuses_is_refused() {
    for (text, message) in [
        ("t = 1", "operator does not exist: text = integer"),
        (
            "v = 5",
            "operator does not exist: character varying = integer",
        ),
        ("d = 1", "operator does not exist: date = integer"),
        ("b + 1", "operator does not exist: boolean + integer"),
        ("i || i", "operator does not exist: integer || integer"),
        ("i LIKE '4%'", "operator does not exist: integer ~~ text"),
        (
            "i AND b",
            "a condition must be of type boolean, not integer",
        ),
        ("lower(i)", "function lower(integer) does not exist"),
        ("lowr(t)", "there is no function lowr"),
        ("anon.malinator(t)", "there is no function anon.malinator"),
        (
            "coalesce(t, 1)",
            "COALESCE types text and integer cannot be matched",
        ),
        (
            "CASE WHEN b THEN 1 ELSE d END",
            "CASE types date and integer cannot be matched",
        ),
        ("i = 'abc'", "invalid input syntax for type integer"),
        ("'abc'::int", "invalid input syntax for type integer"),
        (
            "CASE WHEN b THEN 1 ELSE 'x'::int END",
            "invalid input syntax for type integer",
        ),
        (
            "t ~ '('",
            "invalid regular expression: parentheses () not balanced",
        ),
        ("1 / 0", "division by zero"),
        ("nosuch = 1", "there is no column nosuch"),
        (
            "count(*)",
            "count is an aggregate, which stands only in a SELECT",
        ),
        ("t ~ v", "the regular expression must be a constant"),
        (
            "t LIKE 'x\\'",
            "LIKE pattern must not end with escape character",
        ),
        ("j = 1", "operator does not exist: jsonb = integer"),
        (
            "'{}'::json = '{}'::json",
            "operator does not exist: json = json",
        ),
    ] {
        let found = if text.contains("count") {
            let expr = parse("coalesce(1)", SqlDialect::Postgres);
            let kind = crate::rulebook::ExprKind::Call {
                schema: None,
                name: "count".to_owned(),
                args: Vec::new(),
                star: true,
                distinct: false,
                filter: None,
            };
            let expr = Expr { kind, ..expr };
            compile(&expr, &mut cells(), &postgres())
                .map(|_| None)
                .map_err(|f| f[0].message.clone())
        } else {
            value(text)
        };
        let found = found.expect_err(text);
        assert!(found.starts_with(message), "{text}: {found}");
    }
}

#[test]
fn all_faults_come_at_once() {
    let expr = parse("t = 1 AND lowr(v) = nosuch", SqlDialect::Postgres);
    let faults = compile(&expr, &mut cells(), &postgres()).unwrap_err();
    assert_eq!(faults.len(), 3, "{faults:?}");
    assert_eq!(faults[1].help.as_deref(), Some("did you mean lower?"));
    assert_eq!(faults[0].kind, FaultKind::Type);
    assert_eq!(faults[2].kind, FaultKind::Name);
}

#[test]
fn constants_are_folded_and_slots_are_known() {
    let compiled = |text: &str| {
        let expr = parse(text, SqlDialect::Postgres);
        compile(&expr, &mut cells(), &postgres()).unwrap()
    };
    assert_eq!(compiled("1 + 2").constant(), Some(&Value::Int(3)));
    assert_eq!(compiled("lower('A') || md5('')").slots(), &[] as &[usize]);
    assert!(compiled("i + 1").constant().is_none());
    assert_eq!(compiled("v || t || v").slots(), &[2, 3]);
    assert_eq!(compiled("none IS NULL").slots(), &[10]);
    assert!(!compiled("v = 'x'").needs_ordinal());
    assert!(compiled("gen_random_uuid()").needs_ordinal());
    // A constant that fails in a branch that is not taken fails only for the row that takes it.
    assert!(
        compiled("CASE WHEN i = 0 THEN 1 / 0 ELSE 1 END")
            .constant()
            .is_none()
    );
}

#[test]
fn long_chains_do_not_overflow_the_stack() {
    let text = vec!["i = 1"; 900].join(" OR ");
    assert_eq!(value(&text), Ok(Some("f".to_owned())));
    let deep = format!("{}i{}", "lower(".repeat(20), ")".repeat(20));
    assert!(value(&deep).is_err());
}

#[test]
fn an_email_is_rewritten() {
    let cells = Cells::default().with("mail", DataType::Text, Some("john.doe@company.com"));
    assert_eq!(
        eval("anon.mailinator(mail)", &cells, &postgres()),
        Ok(Some("john.doe_company.com@mailinator.com".to_owned()))
    );
    assert_eq!(eval("anon.mailinator(NULL)", &cells, &postgres()), Ok(None));
}

#[test]
fn dialects_convert_as_they_do() {
    use SqlDialect as D;
    let case =
        |text: &str, written_in: D, dump: D| eval(text, &cells(), &settings(written_in, dump));
    for (dialect, text, expected) in [
        (D::Mssql, "'a' + t", Some("aHällo")),
        (D::Mssql, "t + NULL", None),
        (D::Mssql, "isnull(none, 'x')", Some("x")),
        (D::Mssql, "len(c)", Some("2")),
        (D::Mssql, "CAST(2.7 AS int)", Some("2")),
        (D::Mssql, "CAST(-2.7 AS bigint)", Some("-2")),
        (D::Mssql, "CAST(2.5e0 AS int)", Some("2")),
        (D::Mssql, "CAST(2.75 AS decimal(5, 1))", Some("2.8")),
        (D::Mssql, "NOT (v <> 'ABC')", Some("t")),
        (D::Mssql, "t LIKE 'HÄLL%'", Some("t")),
        (D::Mysql, "v = 'ABC'", Some("t")),
        (D::Mysql, "t = 'hallo'", Some("t")),
        (D::Mysql, "ifnull(none, 'x')", Some("x")),
        (D::Mysql, "concat('a', none)", None),
        (D::Mysql, "i = b", Some("f")),
        (D::Oracle, "nvl(none, 'x')", Some("x")),
        (D::Oracle, "t = ''", None),
        (D::Oracle, "none || 'x'", Some("x")),
        (D::Oracle, "replace('a', 'a', NULL)", None),
        (D::Sqlite, "ifnull(none, 'x')", Some("x")),
        (D::Postgres, "v = 'ABC'", Some("f")),
    ] {
        let found = case(text, dialect, dialect);
        assert_eq!(found, Ok(expected.map(str::to_owned)), "{dialect:?} {text}");
    }
}

#[test]
fn assignments_fit_the_column() {
    use DataType as T;
    let varchar = T::Varchar(Some(3), LengthUnit::Characters);
    let assign = |text: &str, data_type: T| {
        let expr = parse(text, SqlDialect::Postgres);
        let column = Column {
            not_null: text.contains("none") || text == "NULL",
            ..Column::new("x", data_type)
        };
        let assignment = compile_assignment(&expr, &column, &mut cells(), &postgres())
            .map_err(|f| f[0].message.clone())?;
        let cells = cells();
        let text = assignment.eval(&cells).map_err(|e| format!("row: {e}"))?;
        Ok::<_, String>(text.map(|t| String::from_utf8_lossy(&t).into_owned()))
    };
    for (text, data_type, expected) in [
        ("'7'", T::Integer, "7"),
        ("i", T::Text, "42"),
        ("n", T::Integer, "4"),
        ("1.239", T::Numeric(Some((5, 2))), "1.24"),
        ("'abc   '", varchar.clone(), "abc"),
        ("c", varchar.clone(), "ab"),
        ("b", T::Boolean, "t"),
        ("TRUE", T::Boolean, "t"),
        ("d", T::Timestamp(None), "2024-02-29 00:00:00"),
        ("'{\"a\":1}'", T::Jsonb, "{\"a\": 1}"),
        ("'x'", T::Char(3, LengthUnit::Characters), "x  "),
    ] {
        assert_eq!(
            assign(text, data_type),
            Ok(Some(expected.to_owned())),
            "{text}"
        );
    }
    for (text, data_type, message) in [
        (
            "t",
            T::Integer,
            "column \"x\" is of type integer but expression is of type text",
        ),
        (
            "1",
            T::Boolean,
            "column \"x\" is of type boolean but expression is of type integer",
        ),
        ("t", varchar.clone(), "row: value too long for type"),
        ("'abcd'", varchar, "value too long for type"),
        ("'x'", T::Integer, "invalid input syntax for type integer"),
        (
            "NULL",
            T::Text,
            "null value in column \"x\" violates not-null constraint",
        ),
        (
            "none",
            T::Text,
            "row: null value in column \"x\" violates not-null constraint",
        ),
        ("100000", T::SmallInt, "smallint out of range"),
    ] {
        let found = assign(text, data_type).expect_err(text);
        assert!(found.starts_with(message), "{text}: {found}");
    }
}

#[test]
fn anon_functions_are_told_the_length() {
    let column = Column::new("x", DataType::Varchar(Some(24), LengthUnit::Characters));
    let cells = Cells::default()
        .with("mail", DataType::Text, Some("a.very.long.name@company.com"))
        .with(
            "list",
            DataType::Array(Box::new(DataType::Text)),
            Some("{a@b.de,NULL}"),
        )
        .with("j", DataType::Jsonb, Some("{\"m\": \"a@b.de\"}"));
    for text in [
        "anon.mailinator(mail)",
        "CASE WHEN TRUE AND mail <> '' THEN anon.mailinator(mail) END",
        "coalesce(anon.mailinator(mail), 'x')",
        "anon.mailinator(mail)::text",
    ] {
        let expr = parse(text, SqlDialect::Postgres);
        let assignment =
            compile_assignment(&expr, &column, &mut cells.clone(), &postgres()).unwrap();
        let value = assignment.eval(&cells).unwrap().unwrap().len();
        assert!(value <= 24, "{text}: {value}");
    }
    for (text, expected) in [
        ("anon.rewrite_emails(list)", "{a_b.de@mailinator.com,NULL}"),
        (
            "anon.rewrite_emails(j)",
            "{\"m\": \"a_b.de@mailinator.com\"}",
        ),
    ] {
        assert_eq!(
            eval(text, &cells, &postgres()),
            Ok(Some(expected.to_owned())),
            "{text}"
        );
    }
}

#[test]
fn a_secret_in_bytes_stays_bytes() {
    let uuid = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";
    for (data_type, text, length) in [
        (DataType::Bytea, "\\x00112233445566778899aabbccddeeff", 34),
        (DataType::Uuid, uuid, 36),
    ] {
        let expr = parse("anon.secret(s)", SqlDialect::Postgres);
        let cells = Cells::default().with("s", data_type.clone(), Some(text));
        for (not_null, expected) in [(true, Some(length)), (false, None)] {
            let column = Column {
                not_null,
                ..Column::new("s", data_type.clone())
            };
            let assignment =
                compile_assignment(&expr, &column, &mut cells.clone(), &postgres()).unwrap();
            let value = assignment.eval(&cells).unwrap();
            assert_eq!(value.as_ref().map(|v| v.len()), expected);
            assert_ne!(value.as_deref(), Some(text.as_bytes()));
        }
    }
}

#[test]
fn some_columns_cannot_be_assigned() {
    use crate::schema::Generated;
    let expr = parse("'x'", SqlDialect::Postgres);
    for generated in [
        Generated::Stored("a || b".to_owned()),
        Generated::IdentityAlways,
    ] {
        let column = Column {
            generated,
            ..Column::new("x", DataType::Text)
        };
        let faults = compile_assignment(&expr, &column, &mut cells(), &postgres()).unwrap_err();
        assert!(faults[0].message.contains("can only be updated to DEFAULT"));
    }
}

#[test]
fn a_constant_default_is_known_and_another_is_not() {
    let mut expr = parse("NULL", SqlDialect::Postgres);
    expr.kind = crate::rulebook::ExprKind::Default;
    let known = |default: Option<&str>, data_type: DataType| {
        let column = Column {
            default: default.map(str::to_owned),
            ..Column::new("x", data_type)
        };
        compile_assignment(&expr, &column, &mut cells(), &postgres())
            .map(|a| {
                a.constant()
                    .map(|c| c.map(|t| String::from_utf8_lossy(t).into_owned()))
            })
            .map_err(|f| f[0].message.clone())
    };
    let text = |t: &str| Ok(Some(Some(t.to_owned())));
    assert_eq!(known(None, DataType::Text), Ok(Some(None)));
    assert_eq!(
        known(Some("'x'::character varying"), DataType::Text),
        text("x")
    );
    assert_eq!(known(Some("'{}'::jsonb"), DataType::Jsonb), text("{}"));
    assert_eq!(known(Some("(1 + 2)"), DataType::Integer), text("3"));
    assert_eq!(known(Some("false"), DataType::Boolean), text("f"));
    for default in ["nextval('s'::regclass)", "gen_random_uuid()", "i + 1"] {
        let found = known(Some(default), DataType::Text).expect_err(default);
        assert!(
            found.contains("computed by the server"),
            "{default}: {found}"
        );
    }
}
