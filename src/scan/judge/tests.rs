use super::*;
use crate::dialect::{Frame, RowMode, dialects};
use crate::scan::sample::Sampler;
use crate::schema::RelationName;
use bytes::BytesMut;

/// What is found in a column with these values.
fn found(table: &str, column: &str, data_type: DataType, values: &[&str]) -> Option<(Kind, Level)> {
    let rows: String = values.iter().map(|value| format!("{value}\n")).collect();
    let dump = format!("CREATE TABLE t (v text);\nCOPY t (v) FROM stdin;\n{rows}\\.\n");
    let mut framer = dialects()[0].framer();
    let mut input = BytesMut::from(dump.as_str());
    let mut sampler = Sampler::new(1000);
    let mut block = None;
    while let Some(frame) = framer.next(&mut input, true).unwrap() {
        match frame {
            Frame::Head { block: begun, .. } => {
                framer.rows(RowMode::Split);
                block = Some(begun);
            }
            Frame::Rows {
                bytes,
                first_row,
                rows,
                ..
            } => {
                sampler.take(block.as_ref().unwrap(), &bytes, first_row, rows);
            }
            _ => {}
        }
    }
    let relation = RelationName::new(Some("public"), "t");
    let stats = sampler.column([&relation].into_iter(), "v");
    judge(table, &Column::new(column, data_type), &stats)
        .map(|finding| (finding.kind, finding.level))
}

fn text(column: &str, values: &[&str]) -> Option<(Kind, Level)> {
    found("t", column, DataType::Text, values)
}

#[test]
fn names_and_values() {
    use Level::{High, Low, Medium};
    let addresses = ["a@x.de", "b@x.de", "c@x.de", "d@x.de", "e@x.de"];
    let words = [
        "alpha one",
        "beta two",
        "gamma three",
        "delta four",
        "epsilon five",
    ];
    for (column, values, expected) in [
        ("email", &addresses[..], Some((Kind::Address, High))),
        ("v", &addresses, Some((Kind::Address, Medium))),
        ("email", &[], Some((Kind::Address, Medium))),
        // Its name is wrong.
        ("email", &words, Some((Kind::Unknown, Low))),
        (
            "note",
            &[
                "write to a@x.de soon please and do it",
                "nothing to do here at all, really nothing",
            ],
            Some((Kind::Address, Low)),
        ),
        ("v", &words, Some((Kind::Unknown, Low))),
        ("v", &[], Some((Kind::Unknown, Low))),
        ("status", &[], None),
        ("status", &["open", "closed"], None),
        (
            "password",
            &["hunter2", "secret", "qwertz", "letmein", "x1"],
            Some((Kind::Secret, Medium)),
        ),
        (
            "phone",
            &["030 1234567", "+49 30 1234567", "0301234567"],
            Some((Kind::Phone, High)),
        ),
        ("w", &["RE-2023-0001", "RE-2023-0002", "RE-2023-0003"], None),
        // Nobody knows what they are.
        (
            "v",
            &["RE-2023-0001", "RE-2023-0002", "RE-2023-0003"],
            Some((Kind::Unknown, Low)),
        ),
        (
            "c9",
            &["1980-01-02", "1975-03-04", "1966-05-06"],
            Some((Kind::Unknown, Low)),
        ),
        ("version", &["1.2.3.4", "1.2.3.5", "1.2.4.0"], None),
        (
            "v",
            &[
                "192.168.0.1",
                "192.168.0.77",
                "203.0.113.5",
                "198.51.100.4",
                "10.1.1.1",
            ],
            Some((Kind::Ip, Medium)),
        ),
        (
            "iban",
            &["DE89370400440532013000"],
            Some((Kind::Bank, High)),
        ),
        (
            "data",
            &["{\"email\": \"a@x.de\"}", "{}"],
            Some((Kind::Address, Low)),
        ),
        (
            "data",
            &["{\"a\": 1}", "{\"b\": 2}"],
            Some((Kind::Unknown, Low)),
        ),
        ("gender", &["m", "f", "d"], Some((Kind::Sensitive, Low))),
    ] {
        assert_eq!(text(column, values), expected, "{column} {values:?}");
    }
}

#[test]
fn types() {
    use Level::{High, Medium};
    for (column, data_type, expected) in [
        ("id", DataType::BigInt, None),
        ("email", DataType::BigInt, None),
        ("v", DataType::Inet, Some((Kind::Ip, High))),
        ("v", DataType::MacAddr, Some((Kind::Mac, High))),
        ("dob", DataType::Date, Some((Kind::Birth, High))),
        ("created_at", DataType::TimestampTz(None), None),
        (
            "salary",
            DataType::Numeric(Some((10, 2))),
            Some((Kind::Pay, High)),
        ),
        ("api_token", DataType::Uuid, Some((Kind::Secret, Medium))),
        ("id", DataType::Uuid, None),
        ("phone", DataType::Boolean, None),
    ] {
        assert_eq!(
            found("t", column, data_type.clone(), &[]),
            expected,
            "{column} {data_type:?}"
        );
    }
}

#[test]
fn a_list_to_choose_from_is_harmless() {
    let values: Vec<&str> = ["north", "south", "east west", "middle"]
        .into_iter()
        .cycle()
        .take(80)
        .collect();
    assert_eq!(text("area", &values), None);
    let people: Vec<&str> = ["Jennifer Smith", "Thomas Miller", "Sarah Johnson"]
        .into_iter()
        .cycle()
        .take(80)
        .collect();
    assert_eq!(text("area", &people).map(|found| found.0), Some(Kind::Name));
}
