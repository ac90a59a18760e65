//! The column types of generated tables of MariaDB, and values of each.

use super::{Choices, Sql};

/// A type that generated columns can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An integer of a type's name and its greatest value; from 0 if unsigned.
    Int(&'static str, u64, bool),
    Decimal(u32, u32),
    Float,
    Double,
    /// Text of a type's name, with what follows it, and the most characters that are given to it.
    Text(&'static str, &'static str, usize),
    Char,
    Bytes(&'static str),
    Json,
    Date,
    Time,
    Time3,
    Datetime,
    Datetime6,
    Timestamp,
    Year,
    Enum,
    Set,
    Bit(u32),
}

const CI: &str = " CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci";
const BIN: &str = " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin";
const LATIN1: &str = " CHARACTER SET latin1 COLLATE latin1_swedish_ci";

pub const KINDS: [Kind; 37] = [
    Kind::Int("tinyint(1)", 127, false),
    Kind::Int("tinyint", 127, false),
    Kind::Int("tinyint unsigned", 255, true),
    Kind::Int("smallint", 32_767, false),
    Kind::Int("mediumint", 8_388_607, false),
    Kind::Int("int", 2_147_483_647, false),
    Kind::Int("int(10) unsigned zerofill", 4_294_967_295, true),
    Kind::Int("int unsigned", 4_294_967_295, true),
    Kind::Int("bigint", i64::MAX as u64, false),
    Kind::Int("bigint unsigned", u64::MAX, true),
    Kind::Decimal(10, 2),
    Kind::Decimal(30, 10),
    Kind::Float,
    Kind::Double,
    Kind::Text("varchar(40)", CI, 40),
    Kind::Text("varchar(40)", CI, 40),
    Kind::Text("varchar(40)", BIN, 40),
    Kind::Text("varchar(40)", BIN, 40),
    Kind::Text("varchar(40)", LATIN1, 40),
    Kind::Text("tinytext", CI, 60),
    Kind::Text("text", CI, 5000),
    Kind::Text("longtext", BIN, 5000),
    Kind::Text("mediumtext", LATIN1, 5000),
    Kind::Char,
    Kind::Bytes("varbinary(60)"),
    Kind::Bytes("blob"),
    Kind::Json,
    Kind::Date,
    Kind::Time,
    Kind::Time3,
    Kind::Datetime,
    Kind::Datetime6,
    Kind::Timestamp,
    Kind::Enum,
    Kind::Set,
    Kind::Bit(10),
    Kind::Year,
];

/// Text that has broken other tools.
const TEXTS: [&str; 40] = [
    "",
    " ",
    "plain",
    "Plain",
    "PLAIN",
    "plain ",
    "Tom",
    "tom",
    "TOM  ",
    "O'Brien",
    "it''s",
    "back\\slash",
    "ends with \\",
    "\\N",
    "\\'",
    "tab\there",
    "line\nbreak",
    "cr\r\nlf",
    "nul\0here",
    "sub\u{1a}here",
    "quoted \"x\"",
    "`tick`",
    "),(1,'x');",
    "'); DROP TABLE t; --",
    "INSERT INTO `t` VALUES (1,'a');",
    "/*!40101 SET NAMES x */",
    "-- comment",
    "# comment",
    "DELIMITER ;;",
    "NULL",
    "0",
    "7",
    "007",
    "12.50",
    "-3",
    "john.doe@example.com",
    "100%",
    "a_b",
    "{\"json\": 1}",
    "a,b;c|d",
];
/// Text that latin1 has, too.
const LATIN: [&str; 4] = ["café", "Straße", "ÀÉÎÕÜ", "niño"];
/// Text that it has not.
const WIDE: [&str; 6] = [
    "日本語",
    "emoji 🎉",
    "表能申",
    "Ünïcødé 😀 ß",
    "Ω≈ç√",
    "e\u{301}",
];

impl Kind {
    /// The type as DDL spells it.
    pub fn sql(self) -> String {
        match self {
            Kind::Int(name, ..) | Kind::Bytes(name) => name.to_owned(),
            Kind::Decimal(precision, scale) => format!("decimal({precision},{scale})"),
            Kind::Float => "float".to_owned(),
            Kind::Double => "double".to_owned(),
            Kind::Text(name, rest, _) => format!("{name}{rest}"),
            Kind::Char => format!("char(8){CI}"),
            Kind::Json => "json".to_owned(),
            Kind::Date => "date".to_owned(),
            Kind::Time => "time".to_owned(),
            Kind::Time3 => "time(3)".to_owned(),
            Kind::Datetime => "datetime".to_owned(),
            Kind::Datetime6 => "datetime(6)".to_owned(),
            Kind::Timestamp => "timestamp".to_owned(),
            Kind::Year => "year".to_owned(),
            Kind::Enum => "enum('sad','ok','it''s \"fine\"')".to_owned(),
            Kind::Set => "set('a','b','c d')".to_owned(),
            Kind::Bit(width) => format!("bit({width})"),
        }
    }

    /// Does it hold text that functions of text take?
    pub fn is_text(self) -> bool {
        matches!(self, Kind::Text(..) | Kind::Char)
    }

    /// Does it hold bytes?
    pub fn is_bytes(self) -> bool {
        matches!(self, Kind::Bytes(_))
    }

    /// Is it a number?
    pub fn is_number(self) -> bool {
        matches!(
            self,
            Kind::Int(..) | Kind::Decimal(..) | Kind::Float | Kind::Double
        )
    }

    /// Does it hold text in UTF-8?
    pub fn is_utf8(self) -> bool {
        !matches!(self, Kind::Text(_, LATIN1, _))
    }

    /// Has it an order that does not depend on letters?
    pub fn has_order(self) -> bool {
        !self.is_text() && !matches!(self, Kind::Bytes(_) | Kind::Json | Kind::Enum | Kind::Set)
    }

    /// Can a column of it have a literal as its default?
    pub fn has_default(self) -> bool {
        match self {
            Kind::Text(name, ..) => name.starts_with("varchar"),
            Kind::Bytes(name) => name.starts_with("var"),
            Kind::Bit(_) | Kind::Json => false,
            _ => true,
        }
    }

    fn text(self, choices: &mut Choices) -> String {
        let (latin, length) = match self {
            Kind::Text(_, rest, length) => (rest == LATIN1, length),
            _ => (false, 8),
        };
        let text = match choices.below(12) {
            0 => choices.pick(&LATIN).to_owned(),
            1 if !latin => choices.pick(&WIDE).to_owned(),
            2 if length > 1000 => "long text ".repeat(choices.below(length / 10)),
            3 => {
                let a = choices.pick(&TEXTS);
                format!("{a}{}", choices.pick(&TEXTS))
            }
            _ => choices.pick(&TEXTS).to_owned(),
        };
        text.chars().take(length).collect()
    }

    /// A literal of the type, never NULL, as a statement of `sql` has it.
    pub fn literal(self, sql: Sql, choices: &mut Choices) -> String {
        match self {
            Kind::Int(_, greatest, unsigned) => {
                let small = ["0", "1", "2", "7", "42", "100"];
                match (choices.below(8), unsigned) {
                    (0, _) => greatest.to_string(),
                    (1, false) if greatest == i64::MAX as u64 => "-9223372036854775807".to_owned(),
                    (1, false) => format!("-{}", greatest + 1),
                    (2, false) => "-3".to_owned(),
                    _ => choices.pick(&small).to_owned(),
                }
            }
            Kind::Decimal(..) => choices
                .pick(&["0", "1.5", "12.34", "-0.01", "99999999.99", "100", "-7.50"])
                .to_owned(),
            Kind::Float => choices
                .pick(&["0", "1.5", "-0.25", "1024", "0.1", "3.5e10"])
                .to_owned(),
            Kind::Double => choices
                .pick(&[
                    "0",
                    "1.5",
                    "-0.25",
                    "1e100",
                    "0.1",
                    "123456789.125",
                    "-2.5e-7",
                ])
                .to_owned(),
            Kind::Text(..) | Kind::Char => {
                let mut text = self.text(choices);
                if !sql.wide {
                    text.retain(|c| c.is_ascii());
                }
                sql.text(&text)
            }
            Kind::Bytes(_) if sql.mysql && sql.wide => choices
                .pick(&[
                    "''",
                    "x'00'",
                    "0xFF00FE",
                    "'plain'",
                    "x'275C22'",
                    "x'0A0D1A09'",
                    "'a\\0b'",
                    "x'955C8365'",
                    "x'C3A9'",
                ])
                .to_owned(),
            Kind::Bytes(_) => choices.pick(&["''", "'plain'", "'Plain'"]).to_owned(),
            Kind::Json => sql.text(choices.pick(&[
                "{\"b\":1, \"a\" : [1,2]}",
                "null",
                "\"x'y\"",
                "{\"mail\": \"x@y.com\"}",
                "[1, 2.50]",
                if sql.wide {
                    "{\"t\": \"täxt\\n\\u00e9\"}"
                } else {
                    "{}"
                },
            ])),
            Kind::Date => choices
                .pick(&[
                    "'2024-02-29'",
                    "'1999-12-31'",
                    "'2000-01-01'",
                    "'0001-01-01'",
                ])
                .to_owned(),
            Kind::Time => choices
                .pick(&["'00:00:00'", "'23:59:59'", "'12:30:00'", "'01:02:03'"])
                .to_owned(),
            Kind::Time3 => choices
                .pick(&["'00:00:00.000'", "'23:59:59.999'", "'12:30:00.5'"])
                .to_owned(),
            Kind::Datetime => choices
                .pick(&[
                    "'2024-02-29 23:59:59'",
                    "'2000-01-01 00:00:00'",
                    "'1969-12-31 12:00:00'",
                ])
                .to_owned(),
            Kind::Datetime6 => choices
                .pick(&[
                    "'2024-02-29 23:59:59.999999'",
                    "'2000-01-01 00:00:00'",
                    "'1969-12-31 12:00:00.5'",
                ])
                .to_owned(),
            Kind::Timestamp => choices
                .pick(&["'2024-02-29 23:59:59'", "'2000-01-01 00:00:00'"])
                .to_owned(),
            Kind::Year => choices.pick(&["1999", "2024", "2155"]).to_owned(),
            Kind::Enum => sql.text(choices.pick(&["sad", "ok", "it's \"fine\""])),
            Kind::Set => choices.pick(&["''", "'a'", "'a,b'", "'b,c d'"]).to_owned(),
            Kind::Bit(width) => {
                let values = [0, 1, 39, 92, (1u64 << (width - 1)) - 1];
                choices.of(&values).to_string()
            }
        }
    }

    /// A literal or NULL.
    pub fn value(self, nullable: bool, sql: Sql, choices: &mut Choices) -> String {
        if nullable && choices.one_in(5) {
            "NULL".to_owned()
        } else {
            self.literal(sql, choices)
        }
    }
}
