//! MySQL's types as [`DataType`]s.
//!
//! The engine computes with the ranges and text forms of PostgreSQL. Unsigned integers take the next
//! wider type; `tinyint(1)` stays a number, as MySQL has it; a time stamp is what it shows in UTC, the
//! dumpers' zone. `bit(n)` is a number written in bits: a domain over an integer, so that its cells
//! are known for what they are.

use crate::dialect::script::clauses::TypeWords;
use crate::schema::types::{DomainType, EnumType};
use crate::schema::{DataType, LengthUnit};
use std::sync::Arc;

/// The name of the domain that stands for `bit(n)`.
const BIT: &str = "bit";

/// The type of these words.
pub fn data_type(written: &TypeWords) -> DataType {
    let Some(first) = written.words.first() else {
        return DataType::Unknown;
    };
    let second = written.words.get(1).map(String::as_str);
    let unsigned = written.has("unsigned") || written.has("zerofill");
    let characters = |n| DataType::Varchar(Some(n), LengthUnit::Characters);
    let bytes = |n| DataType::Varchar(Some(n), LengthUnit::Bytes);
    match first.as_str() {
        "tinyint" | "int1" | "year" | "bool" | "boolean" => DataType::SmallInt,
        "smallint" | "int2" if !unsigned => DataType::SmallInt,
        "smallint" | "int2" | "mediumint" | "int3" | "middleint" => DataType::Integer,
        "int" | "integer" | "int4" if !unsigned => DataType::Integer,
        "int" | "integer" | "int4" => DataType::BigInt,
        "bigint" | "int8" if !unsigned => DataType::BigInt,
        "bigint" | "int8" | "serial" => DataType::Numeric(Some((20, 0))),
        "decimal" | "numeric" | "dec" | "fixed" | "number" => {
            let scale = written.number(1).unwrap_or(0);
            let scale = i32::try_from(scale).unwrap_or(0);
            DataType::Numeric(Some((written.number(0).unwrap_or(10), scale)))
        }
        "float" if written.number(0).is_none_or(|p| p < 25) => DataType::Real,
        "float4" => DataType::Real,
        "float" | "double" | "float8" | "real" => DataType::Double,
        "bit" => {
            let width = written.number(0).unwrap_or(1);
            DataType::Domain(Arc::new(DomainType {
                name: format!("{BIT}({width})"),
                base: match width {
                    0..64 => DataType::BigInt,
                    _ => DataType::Numeric(Some((20, 0))),
                },
                not_null: false,
                default: None,
            }))
        }
        "char" | "character" if second == Some("byte") => DataType::Bytea,
        "long" if second == Some("varbinary") => DataType::Bytea,
        // Blanks at the end of a char(n) are not part of its value.
        "char" | "character" | "nchar" => characters(written.number(0).unwrap_or(1)),
        "national" | "varchar" | "varchar2" | "nvarchar" => match written.number(0) {
            Some(n) => characters(n),
            None => DataType::Varchar(None, LengthUnit::Characters),
        },
        "tinytext" => bytes(255),
        "text" => bytes(written.number(0).unwrap_or(65_535).max(65_535)),
        "mediumtext" | "longtext" | "long" | "clob" => DataType::Text,
        // A set's members are one text.
        "set" => DataType::Varchar(None, LengthUnit::Characters),
        "enum" => DataType::Enum(Arc::new(EnumType {
            name: "enum".to_owned(),
            labels: written.arguments.clone(),
        })),
        "binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" | "raw"
        | "geometry" | "point" | "linestring" | "polygon" | "multipoint" | "multilinestring"
        | "multipolygon" | "geometrycollection" | "geomcollection" | "vector" => DataType::Bytea,
        "date" => DataType::Date,
        "datetime" | "timestamp" => DataType::Timestamp(Some(written.number(0).unwrap_or(0))),
        "time" => DataType::Time(Some(written.number(0).unwrap_or(0))),
        "json" => DataType::Json,
        "uuid" => DataType::Uuid,
        "inet4" | "inet6" => DataType::Inet,
        other => DataType::Other(other.to_owned()),
    }
}

/// The width of a `bit(n)`.
pub fn bit_width(data_type: &DataType) -> Option<u32> {
    let DataType::Domain(domain) = data_type else {
        return None;
    };
    let width = domain.name.strip_prefix(BIT)?;
    width.strip_prefix('(')?.strip_suffix(')')?.parse().ok()
}
