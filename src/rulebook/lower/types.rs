//! Type names of all dialects → PostgreSQL's own names.
//!
//! sqlparser has a variant for every spelling; its canonical text says the same in one line, so the
//! text is read instead: name, arguments, `[]`.

use super::super::ast::TypeName;
use sqlparser::ast::DataType;

/// The type; none for what is no type of a column (a table, a structure).
pub(super) fn type_name(data_type: &DataType) -> Option<TypeName> {
    if let DataType::Custom(name, _) = data_type {
        let quoted = name.0.iter().any(|part| {
            part.as_ident()
                .is_some_and(|ident| ident.quote_style.is_some())
        });
        if quoted {
            let parts: Option<Vec<_>> = name
                .0
                .iter()
                .map(|part| Some(part.as_ident()?.value.clone()))
                .collect();
            return Some(TypeName {
                name: parts?.join("."),
                args: Vec::new(),
                array: false,
            });
        }
    }
    parse(&data_type.to_string())
}

fn parse(text: &str) -> Option<TypeName> {
    let text = text.to_lowercase();
    let mut text = text.as_str();
    let mut array = false;
    loop {
        text = text.trim_end();
        let element = text
            .strip_suffix(']')
            .and_then(|text| {
                text.trim_end_matches(|c: char| c.is_ascii_digit())
                    .strip_suffix('[')
            })
            .or_else(|| text.strip_suffix(" array"));
        match element {
            Some(element) => (text, array) = (element, true),
            None => break,
        }
    }
    let (name, args) = match (text.find('('), text.find(')')) {
        (Some(open), Some(close)) if open < close => {
            let args = text[open + 1..close].split(',').map(str::trim);
            // `varchar(max)` has no limit; `varchar2(10 byte)` keeps its number.
            let args: Vec<&str> = args.filter(|arg| *arg != "max").collect();
            let args = args.iter().map(|arg| arg.split(' ').next()?.parse().ok());
            (
                format!("{}{}", text[..open].trim_end(), &text[close + 1..]),
                args.collect::<Option<_>>()?,
            )
        }
        _ => (text.to_owned(), Vec::new()),
    };
    if name.contains(['<', '(', '{', '\'']) {
        return None;
    }
    let (name, args) = canonical(&name, args);
    Some(TypeName { name, args, array })
}

fn canonical(name: &str, args: Vec<i64>) -> (String, Vec<i64>) {
    let name = name.strip_prefix("pg_catalog.").unwrap_or(name);
    let width = args.clone();
    let canonical = match name {
        // MySQL's display widths (`int(11)`, `tinyint(1)`) limit nothing.
        "int" | "int4" | "integer" | "mediumint" | "signed" | "signed integer" | "serial" => {
            return ("integer".to_owned(), Vec::new());
        }
        "smallint" | "int2" | "tinyint" => return ("smallint".to_owned(), Vec::new()),
        "bigint" | "int8" | "unsigned" | "unsigned integer" | "bigserial" => {
            return ("bigint".to_owned(), Vec::new());
        }
        "number" | "decimal" | "dec" | "numeric" => "numeric",
        "float" => {
            // `float(24)` is single, `float` and `float(53)` double.
            let single = width.first().is_some_and(|digits| *digits <= 24);
            return (
                if single { "real" } else { "double precision" }.to_owned(),
                Vec::new(),
            );
        }
        "real" | "float4" | "binary_float" => "real",
        "double" | "float8" | "double precision" | "binary_double" => {
            return ("double precision".to_owned(), Vec::new());
        }
        "bool" | "boolean" => "boolean",
        "varchar"
        | "character varying"
        | "char varying"
        | "nvarchar"
        | "varchar2"
        | "nvarchar2"
        | "national character varying" => "character varying",
        // A cast to bare `char` means one character, as in every dialect.
        "char" | "character" | "nchar" | "national character" | "bpchar" => {
            let args = if args.is_empty() && name != "bpchar" {
                vec![1]
            } else {
                args
            };
            return ("character".to_owned(), args);
        }
        "text"
        | "ntext"
        | "tinytext"
        | "mediumtext"
        | "longtext"
        | "clob"
        | "nclob"
        | "string"
        | "character large object"
        | "char large object"
        | "long" => "text",
        "bytea" | "blob" | "tinyblob" | "mediumblob" | "longblob" | "binary" | "varbinary"
        | "raw" | "image" | "long raw" => return ("bytea".to_owned(), Vec::new()),
        "timestamp"
        | "timestamp without time zone"
        | "datetime"
        | "datetime2"
        | "smalldatetime" => "timestamp without time zone",
        "timestamptz" | "timestamp with time zone" | "datetimeoffset" => "timestamp with time zone",
        "time" | "time without time zone" => "time without time zone",
        "timetz" | "time with time zone" => "time with time zone",
        "varbit" | "bit varying" => "bit varying",
        "uniqueidentifier" | "uuid" => "uuid",
        other => other,
    };
    (canonical.to_owned(), args)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_canonical() {
        for (text, name, args, array) in [
            ("INT4", "integer", vec![], false),
            ("INT(11)", "integer", vec![], false),
            ("VARCHAR(10)", "character varying", vec![10], false),
            ("NVARCHAR(MAX)", "character varying", vec![], false),
            ("VARCHAR2(10 BYTE)", "character varying", vec![10], false),
            ("CHAR", "character", vec![1], false),
            ("DECIMAL(10,2)", "numeric", vec![10, 2], false),
            ("NUMBER(10, -2)", "numeric", vec![10, -2], false),
            (
                "TIMESTAMP(3) WITH TIME ZONE",
                "timestamp with time zone",
                vec![3],
                false,
            ),
            ("TIMESTAMPTZ", "timestamp with time zone", vec![], false),
            ("TEXT[]", "text", vec![], true),
            ("INT[3][]", "integer", vec![], true),
            ("DOUBLE PRECISION", "double precision", vec![], false),
            ("FLOAT(24)", "real", vec![], false),
            ("public.Mood", "public.mood", vec![], false),
            ("pg_catalog.int4", "integer", vec![], false),
            ("JSONB", "jsonb", vec![], false),
        ] {
            let expected = TypeName {
                name: name.to_owned(),
                args,
                array,
            };
            assert_eq!(parse(text), Some(expected), "{text}");
        }
        assert_eq!(parse("ARRAY<INT>"), None);
        assert_eq!(parse("ENUM('a', 'b')"), None);
    }
}
