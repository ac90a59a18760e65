//! What holds for every function of the registry.

use super::{Call, Function, Key, Kind, Nature, Subkey, fit, registry};
use crate::schema::LengthUnit;
use crate::value::{Decimal, Value, ValueError, datetime, interval};
use proptest::prelude::*;
use sqlparser::ast::{self, Expr, FunctionArg, FunctionArgExpr, FunctionArguments};
use sqlparser::{dialect::PostgreSqlDialect, parser::Parser};
use std::collections::HashSet;

fn key() -> Key {
    Key::new(b"example".to_vec())
}

fn call(key: &Subkey, limit: Option<(u32, LengthUnit)>, fresh: u128) -> Call<'_> {
    Call {
        key,
        limit,
        not_null: true,
        fresh,
    }
}

/// The arguments of `anon.f(…)`, from literals.
fn arguments(sql: &str) -> (String, Vec<Value<'static>>) {
    let mut parser = Parser::new(&PostgreSqlDialect {})
        .try_with_sql(sql)
        .unwrap();
    let Expr::Function(function) = parser.parse_expr().unwrap() else {
        panic!("{sql} is no call");
    };
    let FunctionArguments::List(list) = function.args else {
        panic!("{sql} has no arguments");
    };
    let args = list.args.into_iter().map(|arg| match arg {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => literal(&expr),
        other => panic!("{other}"),
    });
    (function.name.to_string(), args.collect())
}

fn literal(expr: &Expr) -> Value<'static> {
    match expr {
        Expr::Value(value) => match &value.value {
            ast::Value::SingleQuotedString(text) => text_value(text),
            ast::Value::Number(number, _) => {
                number.parse().map_or_else(|_| numeric(number), Value::Int)
            }
            other => panic!("{other}"),
        },
        Expr::UnaryOp { expr, .. } => match literal(expr) {
            Value::Int(number) => Value::Int(-number),
            other => panic!("{other:?}"),
        },
        Expr::Array(array) => Value::Array(array.elem.iter().map(literal).collect()),
        Expr::Cast {
            expr, data_type, ..
        } => match (literal(expr), data_type.to_string().as_str()) {
            (Value::Numeric(number), "NUMERIC") => Value::Numeric(number),
            (Value::Int(number), "BIGINT") => Value::Int(number),
            other => panic!("{other:?}"),
        },
        Expr::TypedString(typed) => {
            let text = typed.value.value.to_string();
            let text = text.trim_matches('\'').as_bytes();
            match typed.data_type.to_string().as_str() {
                "DATE" => Value::Date(datetime::parse::date(text).unwrap()),
                "TIMESTAMP" => Value::Timestamp(datetime::parse::timestamp(text).unwrap()),
                other => panic!("{other}"),
            }
        }
        Expr::Interval(span) => {
            let text = span.value.to_string();
            Value::Interval(interval::parse(text.trim_matches('\'').as_bytes()).unwrap())
        }
        other => panic!("{other}"),
    }
}

fn text_value(text: &str) -> Value<'static> {
    Value::Text(text.as_bytes().to_vec().into())
}

fn numeric(text: &str) -> Value<'static> {
    Value::Numeric(Box::new(Decimal::parse(text.as_bytes()).unwrap()))
}

fn shown(value: &Value<'_>) -> String {
    let mut out = Vec::new();
    match value {
        Value::Text(text) => out.extend_from_slice(text),
        Value::Int(number) => out.extend(number.to_string().into_bytes()),
        Value::Numeric(number) => number.write(&mut out),
        Value::Date(day) => datetime::write_date(*day, &mut out),
        Value::Timestamp(micros) => datetime::write_timestamp(*micros, false, &mut out),
        other => panic!("{other:?}"),
    }
    String::from_utf8(out).unwrap()
}

fn run(
    function: &Function,
    args: &[Value<'static>],
    fresh: u128,
) -> Result<Value<'static>, ValueError> {
    (function.call)(&call(&function.subkey(&key()), None, fresh), args)
}

/// A call like the first example's with another first argument.
fn example_with(function: &Function, first: Value<'static>) -> Vec<Value<'static>> {
    let (_, mut args) = arguments(function.examples[0].sql);
    if let Some(arg) = args.first_mut() {
        *arg = first;
    }
    args
}

/// Functions that are about a text.
fn textual() -> impl Iterator<Item = &'static Function> {
    registry().iter().filter(|f| {
        f.nature != Nature::Fresh
            && f.parameters
                .first()
                .is_some_and(|p| p.kind == Kind::Text || f.name == "digits")
    })
}

#[test]
fn the_registry_is_sorted_and_documented() {
    assert!(
        registry()
            .windows(2)
            .all(|pair| pair[0].name < pair[1].name)
    );
    for function in registry() {
        assert_eq!(
            super::find(function.name).map(|f| f.name),
            Some(function.name)
        );
        assert!(
            function.summary.ends_with('.') && function.summary.len() > 15,
            "{}",
            function.name
        );
        assert!(
            !function.examples.is_empty(),
            "{} has no example",
            function.name
        );
        assert!(
            function.parameters.is_sorted_by_key(|p| p.optional),
            "{}",
            function.name
        );
        assert!(function.parameters.iter().all(|p| !p.name.is_empty()));
    }
    assert!(super::find("nothing").is_none());
}

#[test]
fn examples_give_what_they_say() {
    let mut wrong = String::new();
    for function in registry() {
        for example in function.examples {
            let (name, args) = arguments(example.sql);
            assert_eq!(name, format!("anon.{}", function.name));
            let (least, most) = function.arity();
            assert!((least..=most).contains(&args.len()), "{}", example.sql);
            let constants: Vec<_> = args.iter().map(Some).collect();
            assert_eq!((function.check)(&constants), Ok(()), "{}", example.sql);
            let result = run(function, &args, 0).unwrap_or_else(|e| panic!("{}: {e}", example.sql));
            assert_eq!(
                Ok(&result),
                run(function, &args, 0).as_ref(),
                "not the same twice"
            );
            let result = (!result.is_null()).then(|| shown(&result));
            if result.as_deref() != example.result {
                wrong += &format!("{} => {:?}\n", example.sql, result.unwrap_or_default());
            }
        }
    }
    assert!(wrong.is_empty(), "examples with another result:\n{wrong}");
}

#[test]
fn only_fresh_functions_depend_on_the_place() {
    for function in registry() {
        let (_, args) = arguments(function.examples[0].sql);
        let results: HashSet<_> = (0..50)
            .map(|n| shown(&run(function, &args, n).unwrap()))
            .collect();
        assert_eq!(
            results.len() > 1,
            function.nature == Nature::Fresh,
            "{}",
            function.name
        );
    }
}

#[test]
fn only_plain_functions_ignore_the_key() {
    for function in registry()
        .iter()
        .filter(|f| f.name != "mailinator" && f.name != "rewrite_emails")
    {
        let (_, args) = arguments(function.examples[0].sql);
        let other = (0..9u8).any(|n| {
            let key = function.subkey(&Key::new(vec![n]));
            (function.call)(&call(&key, None, 0), &args) != run(function, &args, 0)
        });
        assert_eq!(other, function.nature != Nature::Plain, "{}", function.name);
    }
}

#[test]
fn every_limit_is_respected() {
    let inputs = [
        "",
        "x",
        "Jane",
        "jane.doe@company.com",
        "{\"a\": 1}",
        "äöü".repeat(30).as_str(),
        "4111111111111111",
    ]
    .map(text_value);
    for function in registry() {
        for limit in 1..=40 {
            for unit in [LengthUnit::Characters, LengthUnit::Bytes] {
                let key = function.subkey(&key());
                let limit = Some((limit, unit));
                let texts = textual().any(|f| f.name == function.name);
                let firsts = inputs
                    .iter()
                    .filter(|_| texts)
                    .cloned()
                    .map(|first| example_with(function, first));
                for args in firsts.chain([arguments(function.examples[0].sql).1]) {
                    match (function.call)(&call(&key, limit, 3), &args) {
                        // What is chosen from is the rulebook's own.
                        Ok(_) if function.name == "random_in" => {}
                        Ok(Value::Text(text)) => {
                            assert!(
                                fit::fits(&text, limit),
                                "{} {limit:?} {text:?}",
                                function.name
                            );
                        }
                        Ok(_) => {}
                        // Only where a shorter result would not be one.
                        Err(_) => assert!(function.name.ends_with("_mask"), "{}", function.name),
                    }
                }
            }
        }
    }
}

#[test]
fn what_may_not_collide_does_not() {
    for function in registry().iter().filter(|f| !f.may_collide) {
        let mut seen = HashSet::new();
        for n in 0..10_000u32 {
            let args = match function.nature {
                Nature::Fresh => arguments(function.examples[0].sql).1,
                _ => vec![text_value(&format!("user{n:05}@company.com"))],
            };
            let result = run(function, &args, n.into()).unwrap();
            assert!(
                seen.insert(shown(&result)),
                "{} collides at {n}",
                function.name
            );
        }
    }
}

#[test]
fn constants_that_are_wrong_are_refused_before_the_first_row() {
    for sql in [
        "anon.pseudo_first_name('x', 'xx')",
        "anon.fake_city('klingon')",
        "anon.mailinator('a@b.de', 'nowhere')",
        "anon.hash('x', 4)",
        "anon.partial('x', -1, '*', 0)",
        "anon.shift_date(DATE '2000-01-01', 0)",
        "anon.dnoise(DATE '2000-01-01', INTERVAL '-1 day')",
        "anon.noise(1, 2)",
        "anon.generalize_date(DATE '2000-01-01', 'fortnight')",
        "anon.generalize_number(1, 0)",
        "anon.json_mask('{}', '$.[', 'x')",
        "anon.xml_mask('<a/>', '/', 'x')",
        "anon.random_string(-1)",
        "anon.random_int_between(2, 1)",
        "anon.random_bigint_between(2, 1)",
        "anon.random_date_between(DATE '2000-01-02', DATE '2000-01-01')",
        "anon.lorem_ipsum(-1)",
    ] {
        let (name, args) = arguments(sql);
        let function = super::find(name.trim_start_matches("anon.")).unwrap();
        let constants: Vec<_> = args.iter().map(Some).collect();
        assert!((function.check)(&constants).is_err(), "{sql}");
        assert!(run(function, &args, 0).is_err(), "{sql}");
        let unknown: Vec<_> = args.iter().map(|_| None).collect();
        assert_eq!((function.check)(&unknown), Ok(()), "{sql}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..60), limit in 1u32..50) {
        for function in textual() {
            let key = function.subkey(&key());
            let limit = Some((limit, LengthUnit::Bytes));
            let args = example_with(function, Value::Text(bytes.clone().into()));
            let result = (function.call)(&call(&key, limit, 0), &args);
            if let Ok(Value::Text(text)) = result {
                prop_assert!(fit::fits(&text, limit), "{}", function.name);
                if std::str::from_utf8(&bytes).is_ok() {
                    prop_assert!(std::str::from_utf8(&text).is_ok(), "{}", function.name);
                }
            }
        }
    }
}

/// What the functions have always made of 300 inputs each, in columns of three lengths, as the first bytes of a
/// SHA-256: a key's pseudonyms never change. One that differs here is a fault of the change, not of the list.
const RECORDED: &[(&str, &str)] = &[
    ("digits", "8400df8d2074"),
    ("dnoise", "1397c180d98b"),
    ("fake_city", "4761b5b90c04"),
    ("fake_company", "709682cd6bcd"),
    ("fake_country", "1afd61d32d1b"),
    ("fake_credit_card", "b1e00360a839"),
    ("fake_currency", "dc766706b160"),
    ("fake_email", "cf282a9c6d75"),
    ("fake_first_name", "f956f244872b"),
    ("fake_iban", "b81166894e6f"),
    ("fake_ip", "22ddfcfd2810"),
    ("fake_job", "fa4b20c2bd86"),
    ("fake_last_name", "621f6c25798c"),
    ("fake_mac", "cb84c12e663a"),
    ("fake_name", "a31955448ace"),
    ("fake_phone", "4fbef0b56833"),
    ("fake_postcode", "278e9f06b8b3"),
    ("fake_region", "36904a8e0efb"),
    ("fake_sentence", "e687ec349cd0"),
    ("fake_street", "ebb160038231"),
    ("fake_time_zone", "b65f3dd5f194"),
    ("fake_title", "9bf9bc416536"),
    ("fake_url", "f58cf4a95992"),
    ("fake_user_agent", "2151981f51b3"),
    ("fake_user_name", "ccded0b3adee"),
    ("fake_uuid", "876b63147055"),
    ("fake_word", "cec35a0d048c"),
    ("hash", "d425a2077991"),
    ("lorem_ipsum", "37349b3abbde"),
    ("mailinator", "d1e2c69f9a6b"),
    ("noise", "36b3dd643195"),
    ("pseudo_city", "b94d84bf15c2"),
    ("pseudo_company", "f6e6b8d63587"),
    ("pseudo_country", "12645d357041"),
    ("pseudo_credit_card", "db54bed57c5b"),
    ("pseudo_currency", "710379c4ddd3"),
    ("pseudo_email", "1211f32f9cf5"),
    ("pseudo_first_name", "e541aa10978c"),
    ("pseudo_iban", "bb1f00a86655"),
    ("pseudo_ip", "cf404d125089"),
    ("pseudo_job", "71f628ef9be9"),
    ("pseudo_last_name", "b7412c2acdf9"),
    ("pseudo_mac", "891f7d11ec1b"),
    ("pseudo_name", "183cc9aa8fa5"),
    ("pseudo_phone", "b56712cc4c1f"),
    ("pseudo_postcode", "962115a8c5f5"),
    ("pseudo_region", "198595492993"),
    ("pseudo_sentence", "0447c52a01c6"),
    ("pseudo_street", "b63bd0a265b9"),
    ("pseudo_time_zone", "fe230a8ac7cc"),
    ("pseudo_title", "4384191ad91a"),
    ("pseudo_url", "7a7d8c1f56d3"),
    ("pseudo_user_agent", "23c6887eda53"),
    ("pseudo_user_name", "02746097a60c"),
    ("pseudo_uuid", "0c086a20d8a1"),
    ("pseudo_word", "ab685109670c"),
    ("random_bigint_between", "e9138afdddba"),
    ("random_date_between", "c46bb40065f2"),
    ("random_in", "b0792665b815"),
    ("random_int_between", "9595bc77ef56"),
    ("random_phone", "154d50428c57"),
    ("random_string", "5ee03d7e17bc"),
    ("rewrite_emails", "ae41a798e0a0"),
    ("secret", "3f4666605044"),
    ("shift_date", "18d34dcc379f"),
];

#[test]
fn pseudonyms_stay_what_they_were() {
    use sha2::{Digest, Sha256};
    let mut found = Vec::new();
    for function in registry().iter().filter(|f| f.nature != Nature::Plain) {
        let subkey = function.subkey(&key());
        let (_, example) = arguments(function.examples[0].sql);
        let mut all = Sha256::new();
        for number in 0..300u128 {
            let args = match example.first() {
                Some(Value::Text(text)) if function.nature == Nature::Keyed => {
                    let text = String::from_utf8_lossy(text);
                    example_with(function, text_value(&format!("{number}{text}{number}")))
                }
                _ => example.clone(),
            };
            for limit in [None, Some(40), Some(9)] {
                let limit = limit.map(|limit| (limit, LengthUnit::Characters));
                match (function.call)(&call(&subkey, limit, number), &args) {
                    Ok(value) => all.update(shown(&value)),
                    Err(_) => all.update("error"),
                }
                all.update("\n");
            }
        }
        let digest = all.finalize();
        let digest: String = digest[..6].iter().map(|b| format!("{b:02x}")).collect();
        found.push((function.name, digest));
    }
    let found: Vec<_> = found
        .iter()
        .map(|(name, hex)| (*name, hex.as_str()))
        .collect();
    assert_eq!(found, RECORDED);
}
