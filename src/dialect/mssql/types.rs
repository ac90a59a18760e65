//! T-SQL's type names.

use crate::dialect::batch::tokens::Tokens;
use crate::schema::{Catalog, DataType, LengthUnit, RelationName};

/// The type that is next; none if there is none.
pub fn parse(t: &mut Tokens<'_>, catalog: &Catalog) -> Option<DataType> {
    let mut parts = t.qualified_name()?;
    let name = parts.pop()?;
    let lower = name.to_lowercase();
    let schema = parts.pop();
    if lower == "double" && t.eat("PRECISION") {
        return Some(DataType::Double);
    }
    let varying = t.eat("VARYING");
    let sizes = sizes(t);
    let size = sizes.first().copied();
    let system = schema
        .as_deref()
        .is_none_or(|s| s.eq_ignore_ascii_case("sys"));
    if let Some(found) = known(&lower, varying, size, sizes.get(1).copied()).filter(|_| system) {
        return Some(found);
    }
    let wanted = RelationName::new(Some(schema.as_deref().unwrap_or("dbo")), &name);
    let alias = catalog.types.iter().find(|(known, _)| {
        known.name.eq_ignore_ascii_case(&wanted.name)
            && known.schema.as_deref().map(str::to_lowercase)
                == wanted.schema.as_deref().map(str::to_lowercase)
    });
    Some(alias.map_or(DataType::Other(name), |(_, found)| found.clone()))
}

/// The numbers in parentheses; MAX is none.
fn sizes(t: &mut Tokens<'_>) -> Vec<Option<u32>> {
    let Some(range) = t.skip_parentheses() else {
        return Vec::new();
    };
    let parts = t.within(range).split_commas();
    let number = |mut part: Tokens<'_>| {
        let token = part.next()?;
        std::str::from_utf8(token.raw).ok()?.parse().ok()
    };
    parts.into_iter().map(number).collect()
}

fn known(
    name: &str,
    varying: bool,
    size: Option<Option<u32>>,
    scale: Option<Option<u32>>,
) -> Option<DataType> {
    let limit = size.unwrap_or(Some(1));
    let text = |unit| match limit {
        Some(_) => DataType::Varchar(limit, unit),
        None => DataType::Text,
    };
    // Microseconds are as fine as values get.
    let fraction = |default: u32| Some(size.flatten().unwrap_or(default).min(6));
    Some(match name {
        "bit" => DataType::Boolean,
        "tinyint" | "smallint" => DataType::SmallInt,
        "int" | "integer" => DataType::Integer,
        "bigint" => DataType::BigInt,
        "decimal" | "numeric" | "dec" => {
            let precision = size.flatten().unwrap_or(18);
            DataType::Numeric(Some((precision, scale.flatten().unwrap_or(0) as i32)))
        }
        "money" => DataType::Numeric(Some((19, 4))),
        "smallmoney" => DataType::Numeric(Some((10, 4))),
        "float" if size.flatten().is_some_and(|bits| bits <= 24) => DataType::Real,
        "float" => DataType::Double,
        "real" => DataType::Real,
        "char" | "character" if varying => text(LengthUnit::Bytes),
        "nchar" if varying => text(LengthUnit::Utf16),
        "varchar" => text(LengthUnit::Bytes),
        "nvarchar" => text(LengthUnit::Utf16),
        "char" | "character" => DataType::Char(limit.unwrap_or(1), LengthUnit::Bytes),
        "nchar" => DataType::Char(limit.unwrap_or(1), LengthUnit::Utf16),
        "sysname" => DataType::Varchar(Some(128), LengthUnit::Utf16),
        "text" | "ntext" => DataType::Text,
        "binary" | "varbinary" | "image" | "rowversion" | "timestamp" => DataType::Bytea,
        "date" => DataType::Date,
        "time" => DataType::Time(fraction(6)),
        "datetime" => DataType::Timestamp(Some(3)),
        "smalldatetime" => DataType::Timestamp(Some(0)),
        "datetime2" => DataType::Timestamp(fraction(6)),
        "datetimeoffset" => DataType::TimestampTz(fraction(6)),
        "uniqueidentifier" => DataType::Uuid,
        "xml" => DataType::Xml,
        "json" => DataType::Json,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::batch::Flavour;
    use crate::dialect::batch::tokens::tokens;

    #[test]
    fn type_names() {
        use DataType::*;
        let mut catalog = Catalog::default();
        let phone = Varchar(Some(20), LengthUnit::Utf16);
        catalog
            .types
            .insert(RelationName::new(Some("dbo"), "Phone"), phone.clone());
        for (text, expected) in [
            ("[int]", Integer),
            ("[decimal](18, 2)", Numeric(Some((18, 2)))),
            ("decimal", Numeric(Some((18, 0)))),
            ("[nvarchar](50)", Varchar(Some(50), LengthUnit::Utf16)),
            ("[nvarchar](max)", Text),
            ("varchar(20)", Varchar(Some(20), LengthUnit::Bytes)),
            ("varchar", Varchar(Some(1), LengthUnit::Bytes)),
            ("character varying(5)", Varchar(Some(5), LengthUnit::Bytes)),
            ("nchar(3)", Char(3, LengthUnit::Utf16)),
            ("datetime2(7)", Timestamp(Some(6))),
            ("datetime", Timestamp(Some(3))),
            ("money", Numeric(Some((19, 4)))),
            ("bit", Boolean),
            ("varbinary(max)", Bytea),
            ("[dbo].[phone]", phone.clone()),
            ("Phone", phone),
            ("[sys].[geography]", Other("geography".into())),
        ] {
            let mut t = tokens(text.as_bytes(), Flavour::Mssql);
            assert_eq!(parse(&mut t, &catalog), Some(expected), "{text}");
            assert!(t.next().is_none(), "{text}");
        }
    }
}
