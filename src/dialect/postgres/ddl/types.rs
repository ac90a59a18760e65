//! Type names in all of PostgreSQL's spellings, and the statements that create types.

use super::Context;
use super::clauses::{Constraints, column, expression, split};
use crate::dialect::postgres::tokens::{Kind, Tokens};
use crate::schema::types::{DomainType, EnumType};
use crate::schema::{Catalog, DataType, LengthUnit, RelationName};
use std::sync::Arc;

/// Reads the type name that is next. None if there is none or it is not understood.
///
/// A type that is neither built in nor in the catalog is [`DataType::Other`] with its name.
pub fn parse_type(
    t: &mut Tokens<'_>,
    catalog: &Catalog,
    context: &Context<'_>,
) -> Option<DataType> {
    t.eat_keyword("SETOF");
    let mut data_type = scalar(t, catalog, context)?;
    let mut dimensions = t.eat_keyword("ARRAY");
    while t.at_punctuation(b'[') {
        t.skip_parentheses()?;
        dimensions = true;
    }
    if dimensions {
        data_type = DataType::Array(Box::new(data_type));
    }
    Some(data_type)
}

fn scalar(t: &mut Tokens<'_>, catalog: &Catalog, context: &Context<'_>) -> Option<DataType> {
    let unquoted = t.peek()?.kind == Kind::Identifier;
    let mut parts = t.qualified_name()?;
    if let [name] = parts.as_slice() {
        if unquoted && let Some(found) = keyword_type(name, t) {
            return found;
        }
        let on_path = context.search_path.iter().any(|s| s == "pg_catalog");
        if !on_path && let Some(found) = internal(name, t) {
            return found;
        }
        let resolved = context.find(parts.clone(), |name| catalog.types.contains_key(name));
        if let Some(found) = catalog.types.get(&resolved) {
            return Some(found.clone());
        }
        if let Some(found) = internal(name, t) {
            return found;
        }
    }
    let schema = parts.len().checked_sub(2).map(|at| parts[at].as_str());
    if schema == Some("pg_catalog") {
        let name = parts.pop()?;
        return internal(&name, t).unwrap_or_else(|| {
            modifiers(t)?;
            Some(DataType::Other(name))
        });
    }
    let name = context.find(parts, |name| catalog.types.contains_key(name));
    modifiers(t)?;
    Some(match (catalog.types.get(&name), name.name.as_str()) {
        (Some(found), _) => found.clone(),
        (None, "citext") => DataType::Citext,
        (None, "hstore") => DataType::Hstore,
        _ => DataType::Other(name.to_string()),
    })
}

/// The numbers in parentheses after a type's name; empty if there are none.
fn modifiers(t: &mut Tokens<'_>) -> Option<Vec<i64>> {
    if !t.at_punctuation(b'(') {
        return Some(Vec::new());
    }
    let range = t.skip_parentheses()?;
    let mut list = t.within(range);
    let mut out = Vec::new();
    while let Some(token) = list.next() {
        let negative = token.operator("-");
        let number = if negative { list.next()? } else { token };
        // PostGIS and others have words here; they limit nothing that scrub computes with.
        let value: i64 = match std::str::from_utf8(number.raw).ok()?.parse() {
            Ok(value) => value,
            Err(_) => return Some(Vec::new()),
        };
        out.push(if negative { -value } else { value });
        if !list.eat_punctuation(b',') {
            break;
        }
    }
    Some(out)
}

/// The one number in parentheses, if there is one; none at all if it makes no sense.
fn length(t: &mut Tokens<'_>) -> Option<Option<u32>> {
    match *modifiers(t)? {
        [] => Some(None),
        [n] => Some(Some(u32::try_from(n).ok()?)),
        _ => None,
    }
}

fn varchar(t: &mut Tokens<'_>) -> Option<DataType> {
    Some(DataType::Varchar(length(t)?, LengthUnit::Characters))
}

fn char(t: &mut Tokens<'_>) -> Option<DataType> {
    Some(DataType::Char(
        length(t)?.unwrap_or(1),
        LengthUnit::Characters,
    ))
}

fn bits(t: &mut Tokens<'_>) -> Option<DataType> {
    modifiers(t)?;
    Some(DataType::Bit)
}

fn numeric(t: &mut Tokens<'_>) -> Option<DataType> {
    Some(DataType::Numeric(match *modifiers(t)? {
        [] => None,
        [precision] => Some((u32::try_from(precision).ok()?, 0)),
        [precision, scale] => Some((precision.try_into().ok()?, scale.try_into().ok()?)),
        _ => return None,
    }))
}

/// `time` and `timestamp` with what follows them.
fn time(
    t: &mut Tokens<'_>,
    plain: fn(Option<u32>) -> DataType,
    zoned: fn(Option<u32>) -> DataType,
) -> Option<DataType> {
    let precision = length(t)?;
    if t.eat_keywords("WITH TIME ZONE") {
        return Some(zoned(precision));
    }
    t.eat_keywords("WITHOUT TIME ZONE");
    Some(plain(precision))
}

fn interval(t: &mut Tokens<'_>) -> Option<DataType> {
    modifiers(t)?;
    let unit = |t: &mut Tokens<'_>| {
        ["YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND"]
            .iter()
            .any(|word| t.eat_keyword(word))
    };
    if unit(t) {
        modifiers(t)?;
        if t.eat_keyword("TO") {
            unit(t);
            modifiers(t)?;
        }
    }
    Some(DataType::Interval)
}

/// The types that have a spelling of their own in the grammar; only where the name is not quoted.
/// The outer none means that it is no such word.
fn keyword_type(name: &str, t: &mut Tokens<'_>) -> Option<Option<DataType>> {
    Some(match name {
        "int" | "integer" => Some(DataType::Integer),
        "smallint" => Some(DataType::SmallInt),
        "bigint" => Some(DataType::BigInt),
        "real" => Some(DataType::Real),
        "boolean" => Some(DataType::Boolean),
        "double" => t.eat_keyword("PRECISION").then_some(DataType::Double),
        "float" => length(t).map(|digits| match digits {
            Some(..=24) => DataType::Real,
            _ => DataType::Double,
        }),
        "decimal" | "dec" | "numeric" => numeric(t),
        "varchar" => varchar(t),
        "character" | "char" | "nchar" => match t.eat_keyword("VARYING") {
            true => varchar(t),
            false => char(t),
        },
        "national" => match t.eat_keyword("CHARACTER") || t.eat_keyword("CHAR") {
            true if t.eat_keyword("VARYING") => varchar(t),
            true => char(t),
            false => None,
        },
        "bit" => {
            t.eat_keyword("VARYING");
            bits(t)
        }
        "time" => time(t, DataType::Time, DataType::TimeTz),
        "timestamp" => time(t, DataType::Timestamp, DataType::TimestampTz),
        "interval" => interval(t),
        _ => return None,
    })
}

/// The types of `pg_catalog` by their stored names. The outer none means that it has no such type.
fn internal(name: &str, t: &mut Tokens<'_>) -> Option<Option<DataType>> {
    if let Some(element) = name.strip_prefix('_')
        && !element.starts_with('_')
    {
        let element = internal(element, t)?;
        return Some(element.map(|element| DataType::Array(Box::new(element))));
    }
    Some(Some(match name {
        "bool" => DataType::Boolean,
        "int2" => DataType::SmallInt,
        "int4" => DataType::Integer,
        "int8" => DataType::BigInt,
        "float4" => DataType::Real,
        "float8" => DataType::Double,
        "numeric" => return Some(numeric(t)),
        "text" => DataType::Text,
        "varchar" => return Some(varchar(t)),
        "bpchar" => {
            return Some(length(t).map(|n| match n {
                Some(n) => DataType::Char(n, LengthUnit::Characters),
                None => DataType::Other("bpchar".to_owned()),
            }));
        }
        "char" => DataType::Other("\"char\"".to_owned()),
        "name" => DataType::Name,
        "bytea" => DataType::Bytea,
        "date" => DataType::Date,
        "time" => return Some(length(t).map(DataType::Time)),
        "timetz" => return Some(length(t).map(DataType::TimeTz)),
        "timestamp" => return Some(length(t).map(DataType::Timestamp)),
        "timestamptz" => return Some(length(t).map(DataType::TimestampTz)),
        "interval" => return Some(interval(t)),
        "uuid" => DataType::Uuid,
        "json" => DataType::Json,
        "jsonb" => DataType::Jsonb,
        "xml" => DataType::Xml,
        "inet" => DataType::Inet,
        "cidr" => DataType::Cidr,
        "macaddr" => DataType::MacAddr,
        "money" => DataType::Money,
        "bit" | "varbit" => return Some(bits(t)),
        "tsvector" => DataType::Tsvector,
        "oid" => DataType::Oid,
        "aclitem" | "box" | "cid" | "circle" | "datemultirange" | "daterange" | "int2vector"
        | "int4multirange" | "int4range" | "int8multirange" | "int8range" | "jsonpath" | "line"
        | "lseg" | "macaddr8" | "nummultirange" | "numrange" | "oidvector" | "path" | "pg_lsn"
        | "pg_snapshot" | "point" | "polygon" | "refcursor" | "regclass" | "regcollation"
        | "regconfig" | "regdictionary" | "regnamespace" | "regoper" | "regoperator"
        | "regproc" | "regprocedure" | "regrole" | "regtype" | "tid" | "tsmultirange"
        | "tsquery" | "tsrange" | "tstzmultirange" | "tstzrange" | "txid_snapshot" | "xid"
        | "xid8" => DataType::Other(name.to_owned()),
        _ => return None,
    }))
}

/// The integer type behind `serial` and its like, if that is next.
pub(super) fn serial(t: &mut Tokens<'_>) -> Option<DataType> {
    let mut ahead = *t;
    let token = ahead.next()?;
    if token.kind != Kind::Identifier || ahead.at_punctuation(b'.') {
        return None;
    }
    let data_type = match token.name()?.as_str() {
        "serial" | "serial4" => DataType::Integer,
        "bigserial" | "serial8" => DataType::BigInt,
        "smallserial" | "serial2" => DataType::SmallInt,
        _ => return None,
    };
    *t = ahead;
    Some(data_type)
}

/// What follows `CREATE TYPE`.
pub(super) fn create_type(catalog: &mut Catalog, context: &Context<'_>, mut t: Tokens<'_>) {
    let Some(name) = t.qualified_name() else {
        return;
    };
    let name = context.place(name);
    let mut data_type = DataType::Other(name.to_string());
    if t.eat_keyword("AS") {
        if t.eat_keyword("ENUM") {
            if let Some(labels) = labels(&mut t) {
                data_type = DataType::Enum(Arc::new(EnumType {
                    name: name.to_string(),
                    labels,
                }));
            }
        } else if t.at_punctuation(b'(')
            && let Some(range) = t.skip_parentheses()
        {
            let list = t.within(range);
            let attributes: Option<Vec<_>> = split(list)
                .into_iter()
                .map(|range| {
                    let mut attribute = list.within(range);
                    let mut none = Constraints::default();
                    column(&mut attribute, catalog, context, &name, &mut none).ok()
                })
                .collect();
            if let Some(attributes) = attributes {
                catalog.composites.insert(name.clone(), attributes);
            }
        }
    }
    catalog.types.insert(name, data_type);
}

fn labels(t: &mut Tokens<'_>) -> Option<Vec<String>> {
    let range = t.skip_parentheses()?;
    let list = t.within(range);
    split(list)
        .into_iter()
        .map(|range| label(&mut list.within(range)))
        .collect()
}

fn label(t: &mut Tokens<'_>) -> Option<String> {
    let lexing = t.lexing();
    t.next()?.value().map(|value| lexing.text(&value))
}

/// What follows `CREATE DOMAIN`.
pub(super) fn create_domain(catalog: &mut Catalog, context: &Context<'_>, mut t: Tokens<'_>) {
    let Some(name) = t.qualified_name() else {
        return;
    };
    let name = context.place(name);
    t.eat_keyword("AS");
    let Some(base) = parse_type(&mut t, catalog, context) else {
        catalog
            .types
            .insert(name.clone(), DataType::Other(name.to_string()));
        return;
    };
    let mut domain = DomainType {
        name: name.to_string(),
        base,
        not_null: false,
        default: None,
    };
    while t.peek().is_some() {
        if t.eat_keyword("DEFAULT") {
            domain.default = expression(&mut t, false).ok();
        } else if t.eat_keywords("NOT NULL") {
            domain.not_null = true;
        } else if t.eat_keyword("CONSTRAINT") || t.eat_keyword("COLLATE") {
            t.qualified_name();
        } else {
            t.skip_group();
        }
    }
    catalog
        .types
        .insert(name, DataType::Domain(Arc::new(domain)));
}

/// What follows `ALTER TYPE` or `ALTER DOMAIN`.
pub(super) fn alter_type(catalog: &mut Catalog, context: &Context<'_>, mut t: Tokens<'_>) {
    let Some(name) = t.qualified_name() else {
        return;
    };
    let name = context.find(name, |name| catalog.types.contains_key(name));
    let Some(known) = catalog.types.get(&name).cloned() else {
        return;
    };
    if t.eat_keywords("RENAME TO") || t.eat_keywords("SET SCHEMA") {
        let schema = t.source()[..t.offset()]
            .to_ascii_uppercase()
            .ends_with(b"SCHEMA");
        if let Some(new) = t.name() {
            let renamed = match schema {
                true => RelationName::new(Some(&new), &name.name),
                false => RelationName::new(name.schema.as_deref(), &new),
            };
            rename(catalog, &name, renamed, &known);
        }
        return;
    }
    match &known {
        DataType::Enum(known) => {
            let mut new = (**known).clone();
            if change_labels(&mut t, &mut new.labels).is_some() {
                catalog.replace_type(&name, &DataType::Enum(Arc::new(new)));
            }
        }
        DataType::Domain(known) => {
            let mut new = (**known).clone();
            if t.eat_keywords("SET NOT NULL") {
                new.not_null = true;
            } else if t.eat_keywords("DROP NOT NULL") {
                new.not_null = false;
            } else if t.eat_keywords("DROP DEFAULT") {
                new.default = None;
            } else if t.eat_keywords("SET DEFAULT") {
                new.default = expression(&mut t, true).ok();
            }
            catalog.replace_type(&name, &DataType::Domain(Arc::new(new)));
        }
        // The attributes of a composite are not followed: a table OF it would be wrong.
        _ if t.at_keyword("ADD") || t.at_keyword("DROP") || t.at_keyword("ALTER") => {
            catalog.composites.shift_remove(&name);
        }
        _ => {}
    }
}

fn change_labels(t: &mut Tokens<'_>, labels: &mut Vec<String>) -> Option<()> {
    if t.eat_keywords("RENAME VALUE") {
        let old = label(t)?;
        t.eat_keyword("TO").then_some(())?;
        let at = labels.iter().position(|l| *l == old)?;
        labels[at] = label(t)?;
        return Some(());
    }
    t.eat_keywords("ADD VALUE").then_some(())?;
    t.eat_keywords("IF NOT EXISTS");
    let new = label(t)?;
    if labels.contains(&new) {
        return None;
    }
    let before = t.eat_keyword("BEFORE");
    let at = if before || t.eat_keyword("AFTER") {
        let neighbour = label(t)?;
        labels.iter().position(|l| *l == neighbour)? + usize::from(!before)
    } else {
        labels.len()
    };
    labels.insert(at, new);
    Some(())
}

fn rename(catalog: &mut Catalog, old: &RelationName, new: RelationName, known: &DataType) {
    let text = new.to_string();
    let renamed = match known {
        DataType::Enum(known) => DataType::Enum(Arc::new(EnumType {
            name: text,
            ..(**known).clone()
        })),
        DataType::Domain(known) => DataType::Domain(Arc::new(DomainType {
            name: text,
            ..(**known).clone()
        })),
        _ => DataType::Other(text),
    };
    catalog.replace_type(old, &renamed);
    if let Some(found) = catalog.types.shift_remove(old) {
        catalog.types.insert(new.clone(), found);
    }
    if let Some(found) = catalog.composites.shift_remove(old) {
        catalog.composites.insert(new, found);
    }
}
