//! Types by name, their categories, and what two of them have in common: PostgreSQL's resolution
//! rules for operators, CASE and the like, over the types that scrub computes with.

use super::Scope;
use crate::rulebook::TypeName;
use crate::schema::{DataType, LengthUnit};
use crate::value::{CastContext, can_cast};

/// PostgreSQL's type categories (`pg_type.typcategory`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Category {
    Boolean,
    Number,
    String,
    DateTime,
    Timespan,
    Network,
    Array,
    Enum,
    Unknown,
    Other,
}

pub(super) fn category(data_type: &DataType) -> Category {
    use DataType as T;
    match data_type.base() {
        T::Boolean => Category::Boolean,
        T::SmallInt
        | T::Integer
        | T::BigInt
        | T::Numeric(_)
        | T::Real
        | T::Double
        | T::Oid
        | T::Money => Category::Number,
        T::Text | T::Varchar(..) | T::Char(..) | T::Citext | T::Name => Category::String,
        T::Date | T::Time(_) | T::TimeTz(_) | T::Timestamp(_) | T::TimestampTz(_) => {
            Category::DateTime
        }
        T::Interval => Category::Timespan,
        T::Inet | T::Cidr => Category::Network,
        T::Array(_) => Category::Array,
        T::Enum(_) => Category::Enum,
        T::Unknown => Category::Unknown,
        _ => Category::Other,
    }
}

pub(super) fn is_text(data_type: &DataType) -> bool {
    category(data_type) == Category::String
}

pub(super) fn is_integer(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::SmallInt | DataType::Integer | DataType::BigInt
    )
}

pub(super) fn is_number(data_type: &DataType) -> bool {
    is_integer(data_type)
        || matches!(
            data_type,
            DataType::Numeric(_) | DataType::Real | DataType::Double
        )
}

fn is_preferred(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Boolean
            | DataType::Double
            | DataType::Oid
            | DataType::Text
            | DataType::TimestampTz(_)
            | DataType::Interval
            | DataType::Inet
    )
}

/// The type without domain, length, precision and scale.
pub(super) fn bare(data_type: &DataType) -> DataType {
    match data_type.base() {
        DataType::Varchar(..) => DataType::Varchar(None, LengthUnit::Characters),
        DataType::Numeric(_) => DataType::Numeric(None),
        DataType::Time(_) => DataType::Time(None),
        DataType::TimeTz(_) => DataType::TimeTz(None),
        DataType::Timestamp(_) => DataType::Timestamp(None),
        DataType::TimestampTz(_) => DataType::TimestampTz(None),
        DataType::Array(element) => DataType::Array(Box::new(bare(element))),
        other => other.clone(),
    }
}

/// The same type but for length, precision and scale?
pub(super) fn same(a: &DataType, b: &DataType) -> bool {
    match (a.base(), b.base()) {
        (DataType::Char(..), DataType::Char(..)) => true,
        (a, b) => bare(a) == bare(b),
    }
}

/// In which type `=`, `<` and so on compare `a` and `b`, neither of which is unknown.
pub(super) fn comparison(a: &DataType, b: &DataType) -> Option<DataType> {
    use DataType as T;
    let (a, b) = (a.base(), b.base());
    if same(a, b) {
        return Some(bare(a));
    }
    if is_number(a) && is_number(b) {
        return Some(if is_integer(a) && is_integer(b) {
            T::BigInt
        } else if [a, b].iter().any(|t| matches!(t, T::Real | T::Double)) {
            T::Double
        } else {
            T::Numeric(None)
        });
    }
    match (a, b) {
        (T::Oid, other) | (other, T::Oid) if is_integer(other) => Some(T::BigInt),
        (T::Char(..), T::Varchar(..)) => Some(a.clone()),
        (T::Varchar(..), T::Char(..)) => Some(b.clone()),
        _ if is_text(a) && is_text(b) => Some(T::Text),
        (T::Date, T::Timestamp(_)) | (T::Timestamp(_), T::Date) => Some(T::Timestamp(None)),
        (T::Date | T::Timestamp(_), T::TimestampTz(_))
        | (T::TimestampTz(_), T::Date | T::Timestamp(_)) => Some(T::TimestampTz(None)),
        (T::Inet, T::Cidr) | (T::Cidr, T::Inet) => Some(T::Inet),
        _ => None,
    }
}

/// The common type of CASE branches, of COALESCE's arguments and so on (`select_common_type`).
/// `Err` gives the two types that do not go together.
pub(super) fn common<'t>(
    types: impl Iterator<Item = &'t DataType>,
) -> Result<DataType, (DataType, DataType)> {
    let mut chosen: Option<DataType> = None;
    for next in types {
        let next = next.base();
        if *next == DataType::Unknown {
            continue;
        }
        let Some(current) = &chosen else {
            chosen = Some(next.clone());
            continue;
        };
        if current == next {
            continue;
        }
        if same(current, next) {
            chosen = Some(bare(current));
            continue;
        }
        if category(current) != category(next) {
            return Err((current.clone(), next.clone()));
        }
        if !is_preferred(current)
            && can_cast(current, next, CastContext::Implicit)
            && !can_cast(next, current, CastContext::Implicit)
        {
            chosen = Some(bare(next));
        }
    }
    Ok(chosen.unwrap_or(DataType::Text))
}

/// The rulebook's name of a type; none for what cannot be named in a cast.
pub fn type_name(data_type: &DataType) -> Option<TypeName> {
    use DataType as T;
    let plain = |name: &str| Some((name.to_owned(), Vec::new()));
    let optional = |name: &str, arg: Option<u32>| {
        Some((name.to_owned(), arg.into_iter().map(i64::from).collect()))
    };
    let (name, args) = match data_type {
        T::Boolean => plain("boolean"),
        T::SmallInt => plain("smallint"),
        T::Integer => plain("integer"),
        T::BigInt => plain("bigint"),
        T::Numeric(None) => plain("numeric"),
        T::Numeric(Some((precision, scale))) => Some((
            "numeric".to_owned(),
            vec![i64::from(*precision), i64::from(*scale)],
        )),
        T::Real => plain("real"),
        T::Double => plain("double precision"),
        T::Text => plain("text"),
        T::Varchar(n, _) => optional("character varying", *n),
        T::Char(n, _) => optional("character", Some(*n)),
        T::Citext => plain("citext"),
        T::Name => plain("name"),
        T::Bytea => plain("bytea"),
        T::Date => plain("date"),
        T::Time(p) => optional("time without time zone", *p),
        T::TimeTz(p) => optional("time with time zone", *p),
        T::Timestamp(p) => optional("timestamp without time zone", *p),
        T::TimestampTz(p) => optional("timestamp with time zone", *p),
        T::Interval => plain("interval"),
        T::Uuid => plain("uuid"),
        T::Json => plain("json"),
        T::Jsonb => plain("jsonb"),
        T::Xml => plain("xml"),
        T::Inet => plain("inet"),
        T::Cidr => plain("cidr"),
        T::MacAddr => plain("macaddr"),
        T::Money => plain("money"),
        T::Bit => plain("bit varying"),
        T::Tsvector => plain("tsvector"),
        T::Hstore => plain("hstore"),
        T::Oid => plain("oid"),
        T::Enum(e) => plain(&e.name),
        T::Domain(d) => plain(&d.name),
        T::Array(element) => {
            let element = type_name(element)?;
            return (!element.array).then_some(TypeName {
                array: true,
                ..element
            });
        }
        T::Other(_) | T::Unknown => None,
    }?;
    Some(TypeName {
        name,
        args,
        array: false,
    })
}

/// How messages name a type: as PostgreSQL does.
pub(super) fn display(data_type: &DataType) -> String {
    match (type_name(&bare(data_type)), data_type) {
        (Some(name), _) if name.array => format!("{}[]", name.name),
        (Some(name), _) => name.name,
        (None, DataType::Other(name)) => name.clone(),
        (None, _) => "unknown".to_owned(),
    }
}

/// The type that a cast names.
pub(super) fn resolve(name: &TypeName, scope: &mut dyn Scope) -> Result<DataType, String> {
    use DataType as T;
    let unit = LengthUnit::Characters;
    let number = |n: &i64| u32::try_from(*n).ok();
    let first = name.args.first().and_then(number);
    let element = match (name.name.as_str(), name.args.as_slice()) {
        ("boolean", []) => T::Boolean,
        ("smallint", []) => T::SmallInt,
        ("integer", []) => T::Integer,
        ("bigint", []) => T::BigInt,
        ("numeric", []) => T::Numeric(None),
        ("numeric", [p]) if (1..=1000).contains(p) => T::Numeric(Some((*p as u32, 0))),
        ("numeric", [p, s]) if (1..=1000).contains(p) && (-1000..=1000).contains(s) => {
            T::Numeric(Some((*p as u32, *s as i32)))
        }
        ("real", []) => T::Real,
        ("double precision", []) => T::Double,
        ("text", _) => T::Text,
        ("character varying", []) => T::Varchar(None, unit),
        ("character varying", [n]) if *n >= 1 => T::Varchar(first, unit),
        ("character", [n]) if *n >= 1 => T::Char(
            number(n).ok_or("the length of character is too large")?,
            unit,
        ),
        // bpchar, which pads nothing: pg_dump writes it in the defaults of char(n) columns.
        ("character", []) => T::Text,
        ("citext", []) => T::Citext,
        ("name", []) => T::Name,
        ("bytea", _) => T::Bytea,
        ("date", []) => T::Date,
        ("time without time zone", [] | [0..=6]) => T::Time(first),
        ("time with time zone", [] | [0..=6]) => T::TimeTz(first),
        ("timestamp without time zone", [] | [0..=7]) => T::Timestamp(first),
        ("timestamp with time zone", [] | [0..=7]) => T::TimestampTz(first),
        ("interval", []) => T::Interval,
        ("uuid", []) => T::Uuid,
        ("json", []) => T::Json,
        ("jsonb", []) => T::Jsonb,
        ("xml", []) => T::Xml,
        ("inet", []) => T::Inet,
        ("cidr", []) => T::Cidr,
        ("macaddr", []) => T::MacAddr,
        ("oid", []) => T::Oid,
        ("money", []) => T::Money,
        ("tsvector", []) => T::Tsvector,
        ("hstore", []) => T::Hstore,
        (other, []) => match scope.data_type(other) {
            Some(found) => found,
            None => return Err(format!("there is no type {other}")),
        },
        (other, _) => return Err(format!("the type {other} does not take these arguments")),
    };
    Ok(if name.array {
        T::Array(Box::new(element))
    } else {
        element
    })
}
