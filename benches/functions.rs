//! Every `anon` function on the kind of values it is made for, and the search for addresses in text
//! that has none.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use scrub::functions::{Call, Function, Key, Kind, Nature, address, registry};
use scrub::value::{Decimal, Interval, Value};
use std::hint::black_box;

const DAY: i64 = 86_400_000_000;

/// Arguments that the function accepts.
fn arguments(function: &Function) -> Option<Vec<Value<'static>>> {
    let required = function.parameters.iter().filter(|p| !p.optional);
    let text = |text: &'static str| Value::Text(text.as_bytes().into());
    let args: Vec<_> = required
        .map(|parameter| match (parameter.name, parameter.kind) {
            ("path", _) if function.name == "xml_mask" => text("//b"),
            ("path", _) => text("$.b"),
            ("unit", _) => text("month"),
            ("ratio", _) => Value::Numeric(Box::new(Decimal::from_float(0.1, 15))),
            ("v", _) if function.name == "xml_mask" => text("<a><b>john</b></a>"),
            ("v", _) if function.name == "json_mask" => text(r#"{"a": 1, "b": "john"}"#),
            ("v", Kind::Any) => text("4111 1111 1111 1111"),
            (_, Kind::Text) => text("john.doe@company.com"),
            (_, Kind::Any) => text("x"),
            (_, Kind::Integer) => Value::Int(5),
            (_, Kind::Number) => Value::Int(1000),
            (_, Kind::Date) => Value::Timestamp(9000 * DAY),
            (_, Kind::Interval) => Value::Interval(Interval {
                days: 7,
                ..Interval::default()
            }),
            (_, Kind::TextArray) => Value::Array(vec![text("red"), text("green")]),
        })
        .collect();
    let constants: Vec<_> = args.iter().map(Some).collect();
    (function.check)(&constants).is_ok().then_some(args)
}

fn each_function(criterion: &mut Criterion) {
    let key = Key::new(b"bench".to_vec());
    let mut group = criterion.benchmark_group("function");
    for function in registry() {
        let args = arguments(function)
            .unwrap_or_else(|| panic!("no arguments for anon.{}", function.name));
        let subkey = function.subkey(&key);
        let mut fresh = 0;
        group.throughput(Throughput::Elements(1));
        group.bench_function(function.name, |bencher| {
            bencher.iter(|| {
                fresh += u128::from(function.nature == Nature::Fresh);
                let call = Call {
                    key: &subkey,
                    limit: None,
                    not_null: true,
                    fresh,
                };
                (function.call)(&call, black_box(&args))
            });
        });
    }
    group.finish();
}

fn search(criterion: &mut Criterion) {
    let prose = "No address here, 100% & more: path\\to\\file, {\"k\": \"v\"}. ".repeat(20_000);
    let mails = "Please ask john.doe@company.com about it. ".repeat(20_000);
    let mut group = criterion.benchmark_group("addresses");
    for (name, text) in [("none", prose), ("many", mails)] {
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| address::addresses(black_box(text.as_bytes())).count());
        });
    }
    group.finish();
}

criterion_group!(benches, each_function, search);
criterion_main!(benches);
