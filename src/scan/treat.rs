//! What to do with a column: an expression that its type, its length, its keys and its NOT NULL take.
//!
//! Columns in unique keys get nothing that could make two values one, columns of foreign keys the same
//! function on both sides. Where nothing can stand in the place of a value, there is no expression.

use super::judge::{Finding, Level};
use super::kind::Kind;
use super::sample::Stats;
use super::value::Trait;
use crate::functions;
use crate::schema::{Column, DataType};

/// What has to be known of a column.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The column, as declared.
    pub column: &'a Column,
    /// Its name, as a statement writes it.
    pub name: &'a str,
    /// Its values.
    pub stats: &'a Stats,
    /// Is it in a unique key?
    pub unique: bool,
    /// Is it on a side of a foreign key?
    pub linked: bool,
    /// Has the dump a definition of it, so that what may be NULL is known?
    pub declared: bool,
}

/// The value that takes the place of what was found; none if there is none.
pub fn expression(finding: &Finding, facts: Facts<'_>) -> Option<String> {
    let base = facts.column.data_type.base();
    let nullable = facts.declared && !facts.column.not_null && !facts.linked && !facts.unique;
    if facts.linked {
        return linked(finding, base, facts.name);
    }
    let null = || nullable.then(|| "NULL".to_owned());
    // What is no literal cannot be read, but it can be replaced.
    if facts.stats.count(Trait::Unreadable) > 0 {
        return null();
    }
    let call = |function: &str| Some(format!("anon.{function}({})", facts.name));
    match base {
        DataType::SmallInt | DataType::Integer | DataType::BigInt => whole(finding.kind, facts)
            .or_else(null)
            .or_else(|| Some("0".to_owned())),
        DataType::Numeric(_) => match finding.kind {
            Kind::Pay | Kind::Location => whole(finding.kind, facts),
            Kind::Card
            | Kind::Bank
            | Kind::National
            | Kind::Phone
            | Kind::Device
            | Kind::Postcode => Some(format!("anon.digits({}::text)::numeric", facts.name)),
            _ => None,
        }
        .or_else(null)
        .or_else(|| Some("0".to_owned())),
        DataType::Real | DataType::Double => match finding.kind {
            Kind::Pay | Kind::Location => whole(finding.kind, facts),
            _ => null().or_else(|| Some("0".to_owned())),
        },
        DataType::Money => null().or_else(|| Some("'0'".to_owned())),
        DataType::Boolean => null().or_else(|| Some("false".to_owned())),
        DataType::Date | DataType::Timestamp(_) | DataType::TimestampTz(_) => match facts.unique {
            false => Some(format!("anon.shift_date({}, 180)", facts.name)),
            true => None,
        },
        DataType::Uuid => match finding.kind {
            Kind::Secret => null().or_else(|| call("secret")),
            _ => Some(format!("anon.pseudo_uuid({}::text)::uuid", facts.name)),
        },
        DataType::Inet => ip(facts, "inet"),
        DataType::Cidr => ip(facts, "cidr"),
        DataType::MacAddr => match facts.unique {
            false => Some(format!("anon.pseudo_mac({}::text)::macaddr", facts.name)),
            true => null(),
        },
        DataType::Enum(labels) => null().or_else(|| {
            let first = labels.labels.first()?;
            Some(format!("'{}'", first.replace('\'', "''")))
        }),
        DataType::Json | DataType::Jsonb => null().or_else(|| Some("'{}'".to_owned())),
        DataType::Xml => null().or_else(|| Some("'<removed/>'".to_owned())),
        DataType::Hstore | DataType::Tsvector => null().or_else(|| Some("''".to_owned())),
        DataType::Array(_) => null().or_else(|| Some("'{}'".to_owned())),
        DataType::Bytea => null().or_else(|| call("secret")),
        DataType::Other(name) if !nullable => {
            let name = name.rsplit('.').next().unwrap_or_default();
            match name {
                _ if name.ends_with("range") => Some("'empty'".to_owned()),
                "point" => Some("'(0,0)'".to_owned()),
                _ => None,
            }
        }
        DataType::Other(_) => null(),
        _ => Some(text(finding, facts, nullable)),
    }
}

/// The same for both sides of a foreign key, whatever each of them may hold.
fn linked(finding: &Finding, base: &DataType, name: &str) -> Option<String> {
    match base {
        DataType::SmallInt | DataType::Integer | DataType::BigInt => {
            Some(format!("anon.digits({name})"))
        }
        DataType::Numeric(_) => Some(format!("anon.digits({name}::text)::numeric")),
        DataType::Uuid => Some(format!("anon.pseudo_uuid({name}::text)::uuid")),
        DataType::Text
        | DataType::Varchar(..)
        | DataType::Char(..)
        | DataType::Citext
        | DataType::Name
        | DataType::Unknown => Some(match finding.kind {
            Kind::Address => format!("anon.mailinator({name}, :'mail_domain')"),
            _ => format!("anon.hash({name})"),
        }),
        _ => None,
    }
}

fn whole(kind: Kind, facts: Facts<'_>) -> Option<String> {
    let name = facts.name;
    match kind {
        Kind::Pay if !facts.unique => Some(format!("anon.generalize_number({name}, 1000)")),
        Kind::Location if !facts.unique => Some(format!("anon.generalize_number({name}, 0.1)")),
        Kind::Birth if !facts.unique => Some(format!("anon.generalize_number({name}, 10)")),
        Kind::Card | Kind::Bank | Kind::National | Kind::Phone | Kind::Device | Kind::Postcode => {
            Some(format!("anon.digits({name})"))
        }
        _ => None,
    }
}

fn ip(facts: Facts<'_>, data_type: &str) -> Option<String> {
    (!facts.unique).then(|| format!("anon.pseudo_ip({}::text)::{data_type}", facts.name))
}

/// The value in the place of a text.
fn text(finding: &Finding, facts: Facts<'_>, nullable: bool) -> String {
    let name = facts.name;
    let stats = facts.stats;
    let domain = matches!(facts.column.data_type, DataType::Domain(_));
    let documents = stats.share(&[Trait::Structured]) >= 0.5;
    let words = stats.share(&[Trait::Words, Trait::Prose]) >= 0.5;
    let address = format!("anon.mailinator({name}, :'mail_domain')");
    let function = match finding.kind {
        Kind::Secret if finding.level == Level::Low && documents => {
            return document(name, nullable, facts.unique);
        }
        Kind::Secret if facts.unique => "hash",
        Kind::Secret if nullable => return "NULL".to_owned(),
        Kind::Secret => "secret",
        Kind::Address
            if finding.level < Level::Low
                && stats.share(&[Trait::Address]) < 0.9
                && stats.values() > 0 =>
        {
            return format!("anon.rewrite_emails({name}, :'mail_domain')");
        }
        Kind::Address if finding.level < Level::Low => return address,
        Kind::Address | Kind::Unknown | Kind::Sensitive if documents => {
            return document(name, nullable, facts.unique);
        }
        // A domain may have a CHECK, which a made-up value does not meet.
        _ if domain && nullable => return "NULL".to_owned(),
        Kind::Address | Kind::Unknown if words => "pseudo_sentence",
        Kind::Address | Kind::Unknown => "hash",
        Kind::Card => "pseudo_credit_card",
        Kind::Bank if stats.share(&[Trait::Iban]) >= 0.5 => "pseudo_iban",
        Kind::National if stats.share(&[Trait::NationalLetters]) >= 0.2 => "hash",
        Kind::Bank | Kind::National => "digits",
        Kind::Phone => "pseudo_phone",
        Kind::FirstName => "pseudo_first_name",
        Kind::LastName => "pseudo_last_name",
        Kind::Name => "pseudo_name",
        Kind::UserName => "pseudo_user_name",
        Kind::Street => "pseudo_street",
        Kind::Postcode => "pseudo_postcode",
        Kind::City => "pseudo_city",
        Kind::Birth | Kind::Pay | Kind::Location | Kind::Sensitive if nullable => {
            return "NULL".to_owned();
        }
        Kind::Birth if !facts.unique => return "'1970-01-01'".to_owned(),
        Kind::Birth | Kind::Pay | Kind::Location => "digits",
        Kind::Ip => "pseudo_ip",
        Kind::Mac => "pseudo_mac",
        Kind::Device if stats.share(&[Trait::Agent]) >= 0.3 => "pseudo_user_agent",
        Kind::Device if stats.share(&[Trait::Uuid]) >= 0.8 => "pseudo_uuid",
        Kind::Device => "hash",
        Kind::Sensitive => "pseudo_word",
    };
    let collides = functions::find(function).is_none_or(|function| function.may_collide);
    let function = if collides && facts.unique {
        "hash"
    } else {
        function
    };
    format!("anon.{function}({name})")
}

fn document(name: &str, nullable: bool, unique: bool) -> String {
    match (unique, nullable) {
        (true, _) => format!("anon.hash({name})"),
        (false, true) => "NULL".to_owned(),
        (false, false) => "'{}'".to_owned(),
    }
}

/// What somebody may want instead of hiding it all, with what it does.
pub fn alternatives(finding: &Finding, facts: Facts<'_>) -> Vec<(&'static str, String)> {
    let base = facts.column.data_type.base();
    let mut others = Vec::new();
    let text = base.holds_text() && !matches!(base, DataType::Tsvector | DataType::Other(_));
    if text && !facts.linked && matches!(finding.kind, Kind::Address | Kind::Unknown) {
        let value = format!("anon.rewrite_emails({}, :'mail_domain')", facts.name);
        others.push(("keep the text, move the addresses in it", value));
    }
    if text
        && finding.kind == Kind::Sensitive
        && facts.stats.values() > 0
        && !facts.linked
        && !facts.unique
    {
        others.push(("keep the form", format!("anon.pseudo_word({})", facts.name)));
    }
    others
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::LengthUnit;

    fn treated(
        kind: Kind,
        level: Level,
        data_type: DataType,
        change: impl Fn(&mut Column, &mut Facts<'_>),
    ) -> Option<String> {
        let finding = Finding {
            kind,
            level,
            share: None,
            why: String::new(),
        };
        let stats = Stats::default();
        let mut column = Column::new("c", data_type);
        let plain = column.clone();
        let mut facts = Facts {
            column: &plain,
            name: "c",
            stats: &stats,
            unique: false,
            linked: false,
            declared: true,
        };
        change(&mut column, &mut facts);
        let facts = Facts {
            column: &column,
            ..facts
        };
        expression(&finding, facts)
    }

    #[test]
    fn what_takes_the_place_of_a_value() {
        use Level::{High, Low};
        let varchar = DataType::Varchar(Some(20), LengthUnit::Characters);
        for (kind, level, data_type, plain, not_null, unique, linked) in [
            (
                Kind::Secret,
                High,
                DataType::Text,
                "NULL",
                "anon.secret(c)",
                "anon.hash(c)",
                "anon.hash(c)",
            ),
            (
                Kind::Address,
                High,
                varchar.clone(),
                "anon.mailinator(c, :'mail_domain')",
                "anon.mailinator(c, :'mail_domain')",
                "anon.mailinator(c, :'mail_domain')",
                "anon.mailinator(c, :'mail_domain')",
            ),
            (
                Kind::Phone,
                High,
                varchar,
                "anon.pseudo_phone(c)",
                "anon.pseudo_phone(c)",
                "anon.hash(c)",
                "anon.hash(c)",
            ),
            (
                Kind::Phone,
                High,
                DataType::BigInt,
                "anon.digits(c)",
                "anon.digits(c)",
                "anon.digits(c)",
                "anon.digits(c)",
            ),
            (
                Kind::Unknown,
                Low,
                DataType::Jsonb,
                "NULL",
                "'{}'",
                "'{}'",
                "",
            ),
            (
                Kind::Unknown,
                Low,
                DataType::Bytea,
                "NULL",
                "anon.secret(c)",
                "anon.secret(c)",
                "",
            ),
            (
                Kind::Birth,
                High,
                DataType::Date,
                "anon.shift_date(c, 180)",
                "anon.shift_date(c, 180)",
                "",
                "",
            ),
            (
                Kind::Ip,
                High,
                DataType::Inet,
                "anon.pseudo_ip(c::text)::inet",
                "anon.pseudo_ip(c::text)::inet",
                "",
                "",
            ),
            (
                Kind::Unknown,
                Low,
                DataType::Other("public.int4range".into()),
                "NULL",
                "'empty'",
                "'empty'",
                "",
            ),
            (
                Kind::Unknown,
                Low,
                DataType::Other("geometry".into()),
                "NULL",
                "",
                "",
                "",
            ),
        ] {
            let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
            let name = format!("{kind:?} {data_type:?}");
            assert_eq!(
                treated(kind, level, data_type.clone(), |_, _| {}),
                some(plain),
                "{name}"
            );
            assert_eq!(
                treated(kind, level, data_type.clone(), |c, _| c.not_null = true),
                some(not_null),
                "{name} NOT NULL"
            );
            assert_eq!(
                treated(kind, level, data_type.clone(), |_, f| f.unique = true),
                some(unique),
                "{name} UNIQUE"
            );
            assert_eq!(
                treated(kind, level, data_type, |_, f| f.linked = true),
                some(linked),
                "{name} linked"
            );
        }
    }

    #[test]
    fn all_kinds_of_text_have_one_and_keep_keys_apart() {
        for kind in Kind::ALL {
            for level in [Level::High, Level::Low] {
                let value = treated(*kind, level, DataType::Text, |c, f| {
                    (c.not_null, f.unique) = (true, true)
                })
                .unwrap();
                let function = value
                    .strip_prefix("anon.")
                    .and_then(|v| v.split('(').next())
                    .unwrap();
                assert!(!functions::find(function).unwrap().may_collide, "{value}");
            }
        }
    }
}
