//! Oracle's type names.

use crate::dialect::batch::tokens::Tokens;
use crate::schema::{Catalog, DataType, LengthUnit};

/// The type that is next; none if there is none.
pub fn parse(t: &mut Tokens<'_>, _catalog: &Catalog) -> Option<DataType> {
    let mut parts = t.qualified_name()?;
    let name = parts.pop()?;
    let _ = t.eat("VARYING") || t.eat("PRECISION");
    if name == "LONG" && t.eat("RAW") {
        return Some(DataType::Bytea);
    }
    let mut sizes = Vec::new();
    let mut unit = None;
    if let Some(range) = t.skip_parentheses() {
        for mut part in t.within(range).split_commas() {
            let negative = part.eat_mark(b'-');
            let token = part.next()?;
            let number: Option<i32> = std::str::from_utf8(token.raw).ok()?.parse().ok();
            sizes.push(number.map(|n| if negative { -n } else { n }));
            if part.eat("CHAR") {
                unit = Some(LengthUnit::Characters);
            } else if part.eat("BYTE") {
                unit = Some(LengthUnit::Bytes);
            }
        }
    }
    let first = sizes.first().copied();
    let size = || first.flatten().and_then(|n| u32::try_from(n).ok());
    let fraction = size().unwrap_or(6).min(6);
    let numeric = |precision: u32, scale: i32| DataType::Numeric(Some((precision, scale)));
    Some(match name.as_str() {
        "NUMBER" | "DECIMAL" | "NUMERIC" | "DEC" => match (first, sizes.get(1)) {
            (None, _) if name == "NUMBER" => DataType::Numeric(None),
            (None, _) => numeric(38, 0),
            (Some(_), scale) => {
                let scale = scale.copied().flatten().unwrap_or(0);
                numeric(size().unwrap_or(38), scale)
            }
        },
        "INTEGER" | "INT" | "SMALLINT" => numeric(38, 0),
        "FLOAT" | "REAL" | "DOUBLE" => DataType::Numeric(None),
        "BINARY_FLOAT" => DataType::Real,
        "BINARY_DOUBLE" => DataType::Double,
        "VARCHAR2" | "VARCHAR" => DataType::Varchar(size(), unit.unwrap_or(LengthUnit::Bytes)),
        "NVARCHAR2" => DataType::Varchar(size(), LengthUnit::Utf16),
        "CHAR" | "CHARACTER" => {
            DataType::Char(size().unwrap_or(1), unit.unwrap_or(LengthUnit::Bytes))
        }
        "NCHAR" => DataType::Char(size().unwrap_or(1), LengthUnit::Utf16),
        "CLOB" | "NCLOB" | "LONG" => DataType::Text,
        "RAW" | "BLOB" => DataType::Bytea,
        "DATE" => DataType::Timestamp(Some(0)),
        "TIMESTAMP" => {
            let local = t.eat("WITH LOCAL TIME ZONE");
            match local || t.eat("WITH TIME ZONE") {
                true => DataType::TimestampTz(Some(fraction)),
                false => DataType::Timestamp(Some(fraction)),
            }
        }
        "XMLTYPE" => DataType::Xml,
        "JSON" => DataType::Json,
        "BOOLEAN" => DataType::Boolean,
        _ => DataType::Other(name),
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
        for (text, expected) in [
            ("NUMBER", Numeric(None)),
            ("number(10,2)", Numeric(Some((10, 2)))),
            ("NUMBER(*,0)", Numeric(Some((38, 0)))),
            ("NUMBER(5,-2)", Numeric(Some((5, -2)))),
            ("INTEGER", Numeric(Some((38, 0)))),
            ("VARCHAR2(20)", Varchar(Some(20), LengthUnit::Bytes)),
            (
                "VARCHAR2(20 CHAR)",
                Varchar(Some(20), LengthUnit::Characters),
            ),
            ("NVARCHAR2(9)", Varchar(Some(9), LengthUnit::Utf16)),
            ("CHAR(2 BYTE)", Char(2, LengthUnit::Bytes)),
            ("CLOB", Text),
            ("LONG RAW", Bytea),
            ("RAW(16)", Bytea),
            ("DATE", Timestamp(Some(0))),
            ("TIMESTAMP (9)", Timestamp(Some(6))),
            ("TIMESTAMP(3) WITH TIME ZONE", TimestampTz(Some(3))),
            ("\"SYS\".\"XMLTYPE\"", Xml),
            ("OE.CUST_ADDRESS_TYP", Other("CUST_ADDRESS_TYP".into())),
        ] {
            let mut t = tokens(text.as_bytes(), Flavour::Oracle);
            assert_eq!(parse(&mut t, &Catalog::default()), Some(expected), "{text}");
            assert!(t.next().is_none(), "{text}");
        }
    }
}
