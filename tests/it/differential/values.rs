//! The column types of generated tables, and values of each.

use super::Choices;

/// A type that generated columns can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    SmallInt,
    Integer,
    BigInt,
    Numeric,
    Money2,
    Real,
    Double,
    Boolean,
    Text,
    Varchar,
    Char,
    Date,
    Timestamp,
    TimestampTz,
    Interval,
    Uuid,
    Bytea,
    Json,
    Jsonb,
    Texts,
    Mood,
    Word,
}

pub const KINDS: [Kind; 22] = [
    Kind::SmallInt,
    Kind::Integer,
    Kind::BigInt,
    Kind::Numeric,
    Kind::Money2,
    Kind::Real,
    Kind::Double,
    Kind::Boolean,
    Kind::Text,
    Kind::Varchar,
    Kind::Char,
    Kind::Date,
    Kind::Timestamp,
    Kind::TimestampTz,
    Kind::Interval,
    Kind::Uuid,
    Kind::Bytea,
    Kind::Json,
    Kind::Jsonb,
    Kind::Texts,
    Kind::Mood,
    Kind::Word,
];

/// Text that has broken other tools.
const TEXTS: [&str; 22] = [
    "",
    " ",
    "plain",
    "O''Brien",
    "back\\slash",
    "\\N",
    "\\.",
    "tab\there",
    "line\nbreak",
    "cr\rhere",
    "Ünïcødé ß",
    "日本語",
    "emoji 🎉",
    "COPY public.users (a, b) FROM stdin;",
    "INSERT INTO t VALUES (1);",
    "john.doe@example.com",
    "a,b;c|d",
    "\"quoted\"",
    "{\"json\": 1}",
    "100%",
    "NULL",
    "Tom",
];

impl Kind {
    /// The type as DDL spells it; user types live in `schema`.
    pub fn sql(self, schema: &str) -> String {
        match self {
            Kind::SmallInt => "smallint".into(),
            Kind::Integer => "integer".into(),
            Kind::BigInt => "bigint".into(),
            Kind::Numeric => "numeric".into(),
            Kind::Money2 => "numeric(10,2)".into(),
            Kind::Real => "real".into(),
            Kind::Double => "double precision".into(),
            Kind::Boolean => "boolean".into(),
            Kind::Text => "text".into(),
            Kind::Varchar => "varchar(20)".into(),
            Kind::Char => "char(8)".into(),
            Kind::Date => "date".into(),
            Kind::Timestamp => "timestamp".into(),
            Kind::TimestampTz => "timestamptz".into(),
            Kind::Interval => "interval".into(),
            Kind::Uuid => "uuid".into(),
            Kind::Bytea => "bytea".into(),
            Kind::Json => "json".into(),
            Kind::Jsonb => "jsonb".into(),
            Kind::Texts => "text[]".into(),
            Kind::Mood => format!("{schema}.mood"),
            Kind::Word => format!("{schema}.word"),
        }
    }

    /// Does it hold text?
    pub fn is_text(self) -> bool {
        matches!(self, Kind::Text | Kind::Varchar | Kind::Char | Kind::Word)
    }

    /// Is it a number?
    pub fn is_number(self) -> bool {
        matches!(
            self,
            Kind::SmallInt
                | Kind::Integer
                | Kind::BigInt
                | Kind::Numeric
                | Kind::Money2
                | Kind::Real
                | Kind::Double
        )
    }

    /// Can it be compared for equality? json cannot.
    pub fn has_equality(self) -> bool {
        self != Kind::Json
    }

    /// A literal of the type, never NULL.
    pub fn literal(self, choices: &mut Choices) -> String {
        match self {
            Kind::SmallInt => choices.pick(&["0", "1", "-1", "7", "300", "32000"]).into(),
            Kind::Integer => choices
                .pick(&["0", "1", "-1", "42", "7", "99999", "-2000000"])
                .into(),
            Kind::BigInt => choices
                .pick(&["0", "1", "-1", "7", "5000000000", "-900000000000"])
                .into(),
            Kind::Numeric => choices
                .pick(&[
                    "0",
                    "1.0",
                    "1.00",
                    "-1.5",
                    "3.14159",
                    "1e20",
                    "0.000001",
                    "12345678901234567890.123",
                    "'NaN'",
                ])
                .into(),
            Kind::Money2 => choices
                .pick(&["0", "1.10", "-99.99", "12345.67", "0.01"])
                .into(),
            Kind::Real | Kind::Double => choices
                .pick(&[
                    "0",
                    "1",
                    "-1.5",
                    "0.1",
                    "1e20",
                    "1e-5",
                    "123456.789",
                    "'Infinity'",
                    "'-Infinity'",
                    "'NaN'",
                ])
                .into(),
            Kind::Boolean => choices.pick(&["true", "false"]).into(),
            Kind::Text | Kind::Word => format!("'{}'", choices.pick(&TEXTS)),
            Kind::Varchar => {
                let text: String = choices.pick(&TEXTS).chars().take(18).collect();
                // A doubled quote must not be cut in two.
                format!(
                    "'{}'",
                    if text.matches('\'').count() % 2 == 1 {
                        "cut"
                    } else {
                        &text
                    }
                )
            }
            Kind::Char => format!(
                "'{}'",
                choices.pick(&["", "a", "ab  ", "Tom", "12345678", "Ü", "it''s"])
            ),
            Kind::Date => format!(
                "'{}'",
                choices.pick(&[
                    "2020-01-01",
                    "1999-12-31",
                    "2024-02-29",
                    "1970-01-01",
                    "infinity",
                    "0044-03-15 BC"
                ])
            ),
            Kind::Timestamp => format!(
                "'{}'",
                choices.pick(&[
                    "2020-01-01 00:00:00",
                    "2024-02-29 23:59:59.999999",
                    "1999-12-31 12:30:00.5",
                    "-infinity"
                ])
            ),
            Kind::TimestampTz => format!(
                "'{}'",
                choices.pick(&[
                    "2020-01-01 00:00:00+00",
                    "2020-01-01 02:00:00+02",
                    "2024-06-30 12:00:00.25-05:30",
                    "infinity"
                ])
            ),
            Kind::Interval => format!(
                "'{}'",
                choices.pick(&[
                    "1 day",
                    "24:00:00",
                    "1 year 2 mons",
                    "-3 days 04:05:06.7",
                    "00:00:00",
                    "1 mon -1 days"
                ])
            ),
            Kind::Uuid => format!(
                "'{}'",
                choices.pick(&[
                    "00000000-0000-0000-0000-000000000000",
                    "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
                ])
            ),
            Kind::Bytea => format!(
                "'{}'",
                choices.pick(&["\\x", "\\x00ff", "\\xdeadbeef", "\\x5c27"])
            ),
            Kind::Json => format!(
                "'{}'",
                choices.pick(&["{\"b\":1, \"a\" : [1,2]}", "null", "\"x\"", "[1, 2.50]"])
            ),
            Kind::Jsonb => format!(
                "'{}'",
                choices.pick(&[
                    "{\"b\":1, \"a\" : [1,2]}",
                    "{\"mail\": \"x@y.com\", \"n\": null}",
                    "{}",
                    "{\"t\": \"t\\u00e4xt\", \"n\": 1.50}",
                    "{\"a\": {\"b\": true}}"
                ])
            ),
            Kind::Texts => format!(
                "'{}'",
                choices.pick(&[
                    "{}",
                    "{a}",
                    "{a,NULL,\"x y\"}",
                    "{\"NULL\",\"\",\"q\\\"t\"}",
                    "{Ü,\"a,b\"}"
                ])
            ),
            Kind::Mood => format!("'{}'", choices.pick(&["sad", "ok", "it''s \"fine\""])),
        }
    }

    /// A literal or NULL.
    pub fn value(self, nullable: bool, choices: &mut Choices) -> String {
        if nullable && choices.one_in(5) {
            "NULL".into()
        } else {
            self.literal(choices)
        }
    }
}
