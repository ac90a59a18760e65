//! Declared column types, over all dialects.
//!
//! A type says how the text form of a value is to be read, compared and limited. How a dialect
//! writes the text form into its bytes is the dialect's business; how values of a type are
//! computed with is [`crate::value`]'s and [`crate::expression`]'s.

use std::sync::Arc;

/// In which unit a length limit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum LengthUnit {
    /// Characters.
    #[default]
    Characters,
    /// Bytes of the stored encoding (Oracle's `VARCHAR2(n BYTE)`, SQL Server's `varchar`).
    Bytes,
    /// UTF-16 code units: SQL Server's `nvarchar`, Oracle's `NVARCHAR2`.
    Utf16,
}

/// A declared type.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum DataType {
    /// `boolean`.
    Boolean,
    /// `smallint`: 16 bits.
    SmallInt,
    /// `integer`: 32 bits.
    Integer,
    /// `bigint`: 64 bits.
    BigInt,
    /// `numeric(precision, scale)`.
    Numeric(Option<(u32, i32)>),
    /// `real`.
    Real,
    /// `double precision`.
    Double,
    /// `text`, without a limit.
    Text,
    /// `varchar(n)`.
    Varchar(Option<u32>, LengthUnit),
    /// `char(n)`, blank padded.
    Char(u32, LengthUnit),
    /// `citext`: compares without case.
    Citext,
    /// `name`: PostgreSQL's identifier type.
    Name,
    /// `bytea` and other binary types; the text form is `\x…`.
    Bytea,
    /// `date`.
    Date,
    /// `time(p) without time zone`.
    Time(Option<u32>),
    /// `time(p) with time zone`.
    TimeTz(Option<u32>),
    /// `timestamp(p) without time zone`.
    Timestamp(Option<u32>),
    /// `timestamp(p) with time zone`.
    TimestampTz(Option<u32>),
    /// `interval`.
    Interval,
    /// `uuid`.
    Uuid,
    /// `json`, kept as text.
    Json,
    /// `jsonb`.
    Jsonb,
    /// `xml`.
    Xml,
    /// `inet`.
    Inet,
    /// `cidr`.
    Cidr,
    /// `macaddr`.
    MacAddr,
    /// `money`.
    Money,
    /// `bit(n)` and `bit varying(n)`.
    Bit,
    /// `tsvector`.
    Tsvector,
    /// `hstore`.
    Hstore,
    /// `oid`.
    Oid,
    /// An enumeration with its labels in order.
    Enum(Arc<EnumType>),
    /// A domain over another type.
    Domain(Arc<DomainType>),
    /// An array; the element's type.
    Array(Box<DataType>),
    /// A composite, range or anything else that scrub does not compute with; the type's name.
    Other(String),
    /// Not known: no DDL was seen. The literal decides.
    Unknown,
}

/// An enumeration.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EnumType {
    /// Its name, `schema.name`.
    pub name: String,
    /// The labels in order.
    pub labels: Vec<String>,
}

/// A domain.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DomainType {
    /// Its name, `schema.name`.
    pub name: String,
    /// What it is over.
    pub base: DataType,
    /// `NOT NULL`.
    pub not_null: bool,
    /// The DEFAULT expression as written.
    pub default: Option<String>,
}

/// The domain of times that are text; a name that no dump can have.
const TIME: &str = "time as text";

/// The domain of texts that are kept as numbers where they look like one.
const NUMERIC: &str = "text of numeric affinity";

fn text_named(name: &str) -> DataType {
    DataType::Domain(Arc::new(DomainType {
        name: name.to_owned(),
        base: DataType::Text,
        not_null: false,
        default: None,
    }))
}

impl DataType {
    /// The type with all domains looked through.
    pub fn base(&self) -> &DataType {
        match self {
            DataType::Domain(domain) => domain.base.base(),
            other => other,
        }
    }

    /// A time where the system has no type for times and keeps them as text.
    pub fn time_as_text() -> DataType {
        text_named(TIME)
    }

    /// Text in a column of SQLite whose affinity is numeric, though its declared type says no number.
    pub fn text_of_numeric_affinity() -> DataType {
        text_named(NUMERIC)
    }

    /// Is it text that SQLite keeps as a number where it looks like one? Times are, as well.
    pub fn has_numeric_affinity(&self) -> bool {
        matches!(self, DataType::Domain(domain) if domain.name == TIME || domain.name == NUMERIC)
    }

    /// Is it what [`DataType::time_as_text`] gives?
    pub fn is_time_as_text(&self) -> bool {
        matches!(self, DataType::Domain(domain) if domain.name == TIME)
    }

    /// Is it a domain that refuses NULL, or over one?
    pub fn is_not_null(&self) -> bool {
        match self {
            DataType::Domain(domain) => domain.not_null || domain.base.is_not_null(),
            _ => false,
        }
    }

    /// The default that a domain gives to columns without one of their own.
    pub fn default(&self) -> Option<&str> {
        match self {
            DataType::Domain(domain) => domain.default.as_deref().or(domain.base.default()),
            _ => None,
        }
    }

    /// The length limit of a character type.
    pub fn limit(&self) -> Option<(u32, LengthUnit)> {
        match self.base() {
            DataType::Varchar(Some(n), unit) | DataType::Char(n, unit) => Some((*n, *unit)),
            DataType::Name => Some((63, LengthUnit::Bytes)),
            _ => None,
        }
    }

    /// Can a column of this type hold text, so that the pattern `"*"` means it? A type that is not
    /// known can: a composite, a type of an extension.
    pub fn holds_text(&self) -> bool {
        match self.base() {
            DataType::Text
            | DataType::Varchar(..)
            | DataType::Char(..)
            | DataType::Citext
            | DataType::Name
            | DataType::Json
            | DataType::Jsonb
            | DataType::Xml
            | DataType::Tsvector
            | DataType::Hstore
            | DataType::Other(_)
            | DataType::Unknown => true,
            DataType::Array(element) => element.holds_text(),
            _ => false,
        }
    }
}
