//! What a column holds, by its name, its type and what the detectors said of a sample of its values.
//!
//! Names and values have to agree, or one of them has to be very clear: a column is found for *sure*, is
//! *unsure*, or is harmless. What is neither found nor known to be harmless is unsure, too: text of
//! which only a person can say what it is.

use super::kind::Kind;
use super::name::{self, Hint};
use super::needs::{NEEDS, Needs};
use super::sample::Stats;
use super::value::Trait;
use crate::schema::{Column, DataType};

/// How sure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Its name, its type and its values agree.
    High,
    /// One of them says it clearly, the others do not object.
    Medium,
    /// Somebody has to decide.
    Low,
}

impl Level {
    /// Its name in tables and reports.
    pub fn name(self) -> &'static str {
        match self {
            Level::High => "high",
            Level::Medium => "medium",
            Level::Low => "low",
        }
    }
}

/// What was found in a column.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// What it is.
    pub kind: Kind,
    /// How sure that is.
    pub level: Level,
    /// The share of the values that look like it; none if only the name or the type says it.
    pub share: Option<f64>,
    /// Why, in a clause.
    pub why: String,
}

/// With fewer values no share means much.
const FEW: u64 = 5;

/// What is found in a column of a table; none if it is harmless.
pub fn judge(table: &str, column: &Column, stats: &Stats) -> Option<Finding> {
    let base = column.data_type.base();
    if let Some(finding) = by_type(base) {
        return Some(finding);
    }
    let hints: Vec<Hint> = name::hints(table, &column.name)
        .into_iter()
        .filter(|hint| takes(base, hint.kind))
        .collect();
    if !is_text(base) {
        return not_text(base, column, &hints, stats);
    }
    let found = by_values(column, &hints, stats);
    // Documents are worth a question whatever is found in them.
    let document = stats.share(&[Trait::Structured]) >= 0.5
        || matches!(
            base,
            DataType::Json | DataType::Jsonb | DataType::Xml | DataType::Hstore
        );
    if document
        && !hints
            .iter()
            .any(|hint| hint.kind == Kind::Secret && hint.strong)
    {
        return in_document(stats);
    }
    found
        .or_else(|| by_name(&hints, stats))
        .or_else(|| inside(stats))
        .or_else(|| unknown(column, base, stats))
        .filter(|finding| finding.kind != Kind::Unknown || stats.values() == 0 || !is_text(base))
        .or_else(|| perhaps(&hints, stats))
        .or_else(|| unknown(column, base, stats))
        .or_else(|| nameless(column, stats))
}

fn is_text(base: &DataType) -> bool {
    base.holds_text() || matches!(base, DataType::Bytea)
}

/// Can a type hold this kind of value at all?
fn takes(base: &DataType, kind: Kind) -> bool {
    let integer = matches!(
        base,
        DataType::SmallInt | DataType::Integer | DataType::BigInt | DataType::Numeric(_)
    );
    let number = integer || matches!(base, DataType::Real | DataType::Double | DataType::Money);
    let date = matches!(
        base,
        DataType::Date | DataType::Timestamp(_) | DataType::TimestampTz(_)
    );
    match kind {
        Kind::Birth => {
            date || is_text(base) || matches!(base, DataType::SmallInt | DataType::Integer)
        }
        Kind::Pay | Kind::Location => number || is_text(base) && !matches!(base, DataType::Bytea),
        Kind::Sensitive => !date,
        Kind::Secret => integer || is_text(base) || matches!(base, DataType::Uuid),
        Kind::Device => integer || is_text(base) || matches!(base, DataType::Uuid),
        Kind::Card | Kind::Bank | Kind::National | Kind::Phone | Kind::Postcode => {
            integer || is_text(base)
        }
        _ => is_text(base),
    }
}

fn by_type(base: &DataType) -> Option<Finding> {
    let (kind, why) = match base {
        DataType::Inet | DataType::Cidr => (Kind::Ip, "its type is that of IP addresses"),
        DataType::MacAddr => (Kind::Mac, "its type is that of MAC addresses"),
        _ => return None,
    };
    Some(Finding {
        kind,
        level: Level::High,
        share: None,
        why: why.to_owned(),
    })
}

/// Numbers, dates and the like: the name decides, and the check digits of cards.
fn not_text(base: &DataType, column: &Column, hints: &[Hint], stats: &Stats) -> Option<Finding> {
    let cards = stats.share(&[Trait::Card]);
    if cards >= 0.7 && stats.values() >= FEW && !matches!(base, DataType::Uuid) {
        return Some(Finding {
            kind: Kind::Card,
            level: Level::Medium,
            share: Some(cards),
            why: told("card numbers with their check digit", cards, stats),
        });
    }
    let Some(hint) = hints.iter().find(|hint| hint.strong) else {
        let secret = hints.iter().find(|hint| hint.kind == Kind::Secret);
        let date = matches!(base, DataType::Date);
        return secret
            .map(|hint| by_name_alone(hint.kind, Level::Low, MAY))
            .or_else(|| nameless(column, stats).filter(|_| date));
    };
    // A flag, or a number of three digits, is no telephone number.
    let small = matches!(base, DataType::SmallInt)
        && !matches!(
            hint.kind,
            Kind::Sensitive | Kind::Birth | Kind::Pay | Kind::Location
        )
        || stats.values() >= FEW && stats.distinct <= 2 && hint.kind != Kind::Sensitive;
    let bare = stats.share(&[Trait::PhoneBare]);
    let level = match hint.kind {
        _ if small => return None,
        Kind::Sensitive => Level::Low,
        Kind::Phone if stats.values() >= FEW && bare < 0.3 => Level::Low,
        Kind::Birth | Kind::Pay | Kind::Location => Level::High,
        _ => Level::Medium,
    };
    Some(by_name_alone(hint.kind, level, "its name says so"))
}

/// What a name says that is not enough by itself.
const MAY: &str = "its name may say so";

fn by_name_alone(kind: Kind, level: Level, why: &str) -> Finding {
    Finding {
        kind,
        level,
        share: None,
        why: why.to_owned(),
    }
}

/// What the values say, with or without the name.
fn by_values(column: &Column, hints: &[Hint], stats: &Stats) -> Option<Finding> {
    if stats.values() == 0 {
        return None;
    }
    let hinted = |kind: Kind| hints.iter().find(|hint| is_near(hint.kind, kind));
    let mut question = None;
    for needs in NEEDS {
        let share = stats.share(needs.traits);
        if share == 0.0 || is_vetoed(needs.kind, column, stats, hinted(needs.kind).is_some()) {
            continue;
        }
        let hint = hinted(needs.kind);
        // Two values of two are as many as two of three thousand.
        let enough =
            stats.values() >= FEW || share >= 0.99 && (stats.values() > 1 || needs.alone <= 0.5);
        let level = match hint {
            Some(hint) if share >= needs.confirms && (hint.strong || share >= needs.question) => {
                Level::High
            }
            _ if share >= needs.alone && enough => Level::Medium,
            Some(_) if share >= 0.9 => Level::Low,
            _ if share >= needs.question || share >= needs.alone => Level::Low,
            _ => continue,
        };
        let why = told(needs.called, share, stats);
        let kind = hint
            .filter(|hint| hint.strong)
            .map_or(needs.kind, |hint| hint.kind);
        let finding = Finding {
            kind: if level == Level::High {
                kind
            } else {
                needs.kind
            },
            level,
            share: Some(share),
            why: match level {
                Level::High => format!("{why}, and its name says so"),
                _ => why,
            },
        };
        match level {
            Level::Low => {
                question.get_or_insert(finding);
            }
            _ => return Some(finding),
        }
    }
    // A name that is enough by itself is worth more than a question.
    match hints.iter().any(|hint| hint.strong) {
        true => None,
        false => question,
    }
}

/// Does a hint fit values that are called something else?
fn is_near(hint: Kind, kind: Kind) -> bool {
    let name = |kind| {
        matches!(
            kind,
            Kind::Name | Kind::FirstName | Kind::LastName | Kind::UserName
        )
    };
    hint == kind || name(hint) && name(kind)
}

/// What looks like something and is not.
fn is_vetoed(kind: Kind, column: &Column, stats: &Stats, hinted: bool) -> bool {
    let says = |words: &[&str]| {
        let name = column.name.to_lowercase();
        words.iter().any(|word| name.contains(word))
    };
    let codes = !hinted && name::is_harmless(&column.name);
    match kind {
        Kind::Ip => {
            codes
                || says(&["version", "release", "build", "firmware", "revision"])
                || !hinted
                    && stats.share(&[Trait::Version]) >= 0.9
                    && stats.share(&[Trait::Ip]) < 0.95
        }
        Kind::Phone | Kind::National | Kind::Card => {
            codes || says(&["isbn", "order", "invoice", "tracking", "sku", "ean"])
        }
        // Few different values are a list to choose from; a list of people has more.
        Kind::FirstName | Kind::LastName => {
            codes || stats.values() >= 20 && stats.distinct * 8 < stats.values()
        }
        Kind::Name => codes,
        Kind::Street => codes,
        _ => false,
    }
}

/// What the name says, if the values do not speak against it.
fn by_name(hints: &[Hint], stats: &Stats) -> Option<Finding> {
    let values = stats.values();
    for hint in hints {
        let needs: Vec<&Needs> = NEEDS
            .iter()
            .filter(|needs| is_near(hint.kind, needs.kind))
            .collect();
        let refuted = values >= FEW && needs.iter().any(|needs| needs.refutes);
        let dull = stats.share(&[Trait::Number, Trait::Date, Trait::Url]) >= 0.8;
        let listed = values >= 20 && stats.distinct <= 4;
        let finding = |level: Level, why: &str| Some(by_name_alone(hint.kind, level, why));
        if !hint.strong {
            continue;
        }
        if values == 0 {
            return finding(Level::Medium, "its name says so; it has no values");
        }
        if hint.kind == Kind::Sensitive {
            return finding(Level::Low, "its name says so");
        }
        if refuted {
            continue;
        }
        let digests = stats.share(&[Trait::Digest, Trait::Token]);
        match hint.kind {
            Kind::Secret if digests >= 0.5 => {
                return Some(Finding {
                    kind: Kind::Secret,
                    level: Level::High,
                    share: Some(digests),
                    why: format!(
                        "{}, and its name says so",
                        told("digests or keys", digests, stats)
                    ),
                });
            }
            Kind::Birth if stats.share(&[Trait::Date, Trait::Number]) >= 0.5 => {
                return finding(Level::High, "dates, and its name says so");
            }
            Kind::Location
            | Kind::Pay
            | Kind::National
            | Kind::Bank
            | Kind::Card
            | Kind::Device => return finding(Level::Medium, "its name says so"),
            Kind::Phone if stats.share(&[Trait::PhoneBare, Trait::Number]) >= 0.3 => {
                return finding(Level::High, "digits, and its name says so");
            }
            Kind::Secret if dull && !listed => return finding(Level::Medium, "its name says so"),
            Kind::FirstName
            | Kind::LastName
            | Kind::Name
            | Kind::UserName
            | Kind::City
            | Kind::Street
                if dull =>
            {
                continue;
            }
            _ if listed => {
                return finding(
                    Level::Low,
                    "its name says so, but it has few different values",
                );
            }
            Kind::Phone => {
                return finding(
                    Level::Low,
                    "its name says so, but its values do not look like it",
                );
            }
            Kind::FirstName | Kind::LastName | Kind::Name
                if values >= 20 && stats.share(NAMES) < 0.02 =>
            {
                return finding(
                    Level::Low,
                    "its name says so, but no word list knows its values",
                );
            }
            Kind::Secret
            | Kind::FirstName
            | Kind::LastName
            | Kind::Name
            | Kind::UserName
            | Kind::City
            | Kind::Street
            | Kind::Birth => {
                return finding(Level::Medium, "its name says so");
            }
            _ => continue,
        }
    }
    None
}

/// What the word lists know.
const NAMES: &[Trait] = &[
    Trait::FullName,
    Trait::PartlyName,
    Trait::FirstName,
    Trait::LastName,
];

/// Nothing says that it is harmless but its form: a name that could mean something is worth a question.
fn perhaps(hints: &[Hint], stats: &Stats) -> Option<Finding> {
    let codes = stats.share(&[Trait::PlainCode, Trait::Number, Trait::Date, Trait::Uuid]) >= 0.5;
    let hint = hints.iter().find(|hint| match hint.kind {
        Kind::Secret | Kind::Bank | Kind::National | Kind::Birth | Kind::Sensitive => true,
        Kind::FirstName
        | Kind::LastName
        | Kind::Name
        | Kind::UserName
        | Kind::Street
        | Kind::City => !codes,
        _ => false,
    });
    hint.map(|hint| by_name_alone(hint.kind, Level::Low, MAY))
}

/// Documents: whatever is in them, a person has to look.
fn in_document(stats: &Stats) -> Option<Finding> {
    let mut inside = Vec::new();
    for (one, called) in [
        (Trait::Secret, "keys or tokens"),
        (Trait::SecretKeys, "fields named like secrets"),
        (Trait::AddressInside, "addresses"),
        (Trait::PersonalKeys, "fields named like personal data"),
    ] {
        let share = stats.share(&[one]);
        if share > 0.0 {
            inside.push(told(called, share, stats));
        }
    }
    let kind = match (
        stats.count(Trait::Secret) + stats.count(Trait::SecretKeys),
        stats.count(Trait::AddressInside),
    ) {
        (0, 0) => Kind::Unknown,
        (0, _) => Kind::Address,
        _ => Kind::Secret,
    };
    let share = match kind {
        Kind::Secret => Some(
            stats
                .share(&[Trait::Secret])
                .max(stats.share(&[Trait::SecretKeys])),
        ),
        Kind::Address => Some(stats.share(&[Trait::AddressInside])),
        _ => None,
    };
    Some(Finding {
        kind,
        level: Level::Low,
        share,
        why: match inside.is_empty() {
            true => "documents (JSON, XML and the like)".to_owned(),
            false => format!("documents with {}", inside.join("; ")),
        },
    })
}

/// Addresses among other words.
fn inside(stats: &Stats) -> Option<Finding> {
    let share = stats.share(&[Trait::AddressInside]);
    (share > 0.0).then(|| Finding {
        kind: Kind::Address,
        level: Level::Low,
        share: Some(share),
        why: format!("text with {}", told("addresses in it", share, stats)),
    })
}

/// Dates, numbers and lists of words are harmless if their name says what they are, and only then.
fn nameless(column: &Column, stats: &Stats) -> Option<Finding> {
    let nothing = name::says_nothing(&column.name) && stats.distinct > 2;
    let why = "neither its name nor its values say what it is";
    nothing.then(|| by_name_alone(Kind::Unknown, Level::Low, why))
}

/// Text that nothing has been found in: is it harmless?
fn unknown(column: &Column, base: &DataType, stats: &Stats) -> Option<Finding> {
    let values = stats.values();
    let finding = |why: &str| {
        Some(Finding {
            kind: Kind::Unknown,
            level: Level::Low,
            share: None,
            why: why.to_owned(),
        })
    };
    if !matches!(
        base,
        DataType::Text
            | DataType::Varchar(..)
            | DataType::Char(..)
            | DataType::Citext
            | DataType::Name
            | DataType::Unknown
    ) {
        return match base {
            DataType::Bytea => finding("bytes, which nobody can judge from outside"),
            DataType::Array(_) => finding("a list of texts"),
            DataType::Tsvector => finding("the words of other columns"),
            _ => finding("a type that scan does not know"),
        };
    }
    let harmless_name = name::is_harmless(&column.name);
    if values == 0 {
        return match harmless_name {
            true => None,
            false => finding("no values to judge by"),
        };
    }
    let dull = stats
        .share(&[Trait::Number, Trait::Date, Trait::Uuid, Trait::Version])
        .max(stats.share(&[Trait::PlainCode]));
    let all_dull =
        stats.share(&[Trait::Number, Trait::Date, Trait::Uuid]) + stats.share(&[Trait::PlainCode]);
    let prose = stats.share(&[Trait::Prose]);
    let random = stats.share(&[Trait::Token]);
    let digests = stats.share(&[Trait::Digest]);
    if random >= 0.5 && !harmless_name {
        return Some(Finding {
            kind: Kind::Secret,
            level: Level::Low,
            share: Some(random),
            why: told("values that look like keys", random, stats),
        });
    }
    if digests >= 0.5 && !harmless_name && !is_about_content(&column.name) {
        return Some(Finding {
            kind: Kind::Secret,
            level: Level::Low,
            share: Some(digests),
            why: told("digests of something", digests, stats),
        });
    }
    if digests >= 0.95 || dull >= 0.98 || all_dull >= 0.98 {
        return None;
    }
    if harmless_name && prose < 0.2 && stats.share(&[Trait::Long]) < 0.3 {
        return None;
    }
    // Values that come again and again are a list to choose from.
    let listed =
        values >= 20 && stats.distinct * 5 <= values && stats.distinct <= 100 && prose < 0.05;
    let named = stats.share(&[Trait::FullName, Trait::PartlyName, Trait::FirstName]);
    if listed && named < 0.3 {
        return None;
    }
    match prose >= 0.1 || stats.share(&[Trait::Long]) >= 0.3 {
        true => finding("free text"),
        false => finding("text of which nothing is known"),
    }
}

/// Digests of files and the like.
fn is_about_content(name: &str) -> bool {
    let name = name.to_lowercase();
    [
        "sha", "md5", "checksum", "digest", "etag", "commit", "file", "content", "blob", "object",
        "image", "git", "revision", "crc", "block", "tx",
    ]
    .iter()
    .any(|word| name.contains(word))
}

fn told(called: &str, share: f64, stats: &Stats) -> String {
    let percent = share * 100.0;
    let values = stats.values();
    let share = match percent {
        p if p >= 99.95 => "all".to_owned(),
        p if p < 1.0 => "under 1 %".to_owned(),
        p => format!("{p:.0} %"),
    };
    match values {
        1 => format!("{called} ({share} of 1 value)"),
        _ => format!("{called} ({share} of {values} values)"),
    }
}

#[cfg(test)]
mod tests;
