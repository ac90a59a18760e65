//! Which collation a column compares with: the dump's dialect and the name it declares decide.

use super::Settings;
use crate::rulebook::SqlDialect;
use crate::schema::{Column, DataType};
use crate::value::{Collation, Sensitivity, Weights};

/// The collation of `column`. Only character types have one that matters.
pub(super) fn of(column: &Column, settings: &Settings) -> Collation {
    let name = column
        .collation
        .as_deref()
        .unwrap_or_default()
        .to_ascii_lowercase();
    let has = |part: &str| {
        name.split(['_', '-'])
            .any(|p| p.trim_end_matches(char::is_numeric) == part)
    };
    let exact = Collation::BINARY;
    let text = matches!(
        column.data_type.base(),
        DataType::Text
            | DataType::Varchar(..)
            | DataType::Char(..)
            | DataType::Enum(_)
            | DataType::Unknown
    );
    if !text {
        return exact;
    }
    if settings.linguistic {
        return Collation {
            sensitivity: Sensitivity::Letters,
            padded: false,
        };
    }
    match settings.dump {
        SqlDialect::Postgres | SqlDialect::Oracle => exact,
        SqlDialect::Mysql if name == "binary" => exact,
        // MySQL 8's `0900` collations and MariaDB's `nopad` ones count trailing blanks.
        SqlDialect::Mysql => Collation {
            sensitivity: match has("bin") {
                true => Sensitivity::Exact,
                false => Sensitivity::Weighed(Weights::named(&name)),
            },
            padded: !name.contains("_0900_") && !has("nopad"),
        },
        SqlDialect::Mssql => Collation {
            sensitivity: if has("bin") || has("cs") {
                Sensitivity::Exact
            } else if has("ai") {
                Sensitivity::Letters
            } else {
                Sensitivity::Accents
            },
            padded: true,
        },
        SqlDialect::Sqlite => Collation {
            sensitivity: if name == "nocase" {
                Sensitivity::Ascii
            } else {
                Sensitivity::Exact
            },
            padded: name == "rtrim",
        },
    }
}

/// MySQL's `_bin` collation of this name.
pub(super) fn exact(name: &str) -> Collation {
    Collation {
        sensitivity: Sensitivity::Exact,
        padded: name != "binary" && !name.contains("_0900_") && !name.contains("_nopad_"),
    }
}

/// Does the database hold the column's text in another character set than UTF-8? MySQL's collations
/// begin with the name of theirs.
pub(super) fn is_foreign(column: &Column, settings: &Settings) -> bool {
    let name = column.collation.as_deref().unwrap_or_default();
    let charset = name.split('_').next().unwrap_or_default();
    let known = [
        "", "utf8", "utf8mb3", "utf8mb4", "ascii", "binary", "uca1400",
    ];
    settings.dump == SqlDialect::Mysql && !known.iter().any(|k| charset.eq_ignore_ascii_case(k))
}

/// The collation of a comparison: a column's before a literal's; of two columns' the more exact, in
/// SQLite the left one's. Where MySQL's differ, only what is common to both is known.
pub(super) fn combine(
    settings: &Settings,
    a: Option<Collation>,
    b: Option<Collation>,
) -> Option<Collation> {
    let rank = |c: &Collation| match c.sensitivity {
        Sensitivity::Exact => 0,
        Sensitivity::Ascii => 1,
        Sensitivity::Accents => 2,
        Sensitivity::Letters => 3,
        Sensitivity::Weighed(_) => 4,
    };
    match (a, b) {
        _ if settings.dump == SqlDialect::Sqlite => a.or(b),
        (Some(a), Some(b)) => match (a.sensitivity, b.sensitivity) {
            (Sensitivity::Weighed(left), Sensitivity::Weighed(right)) => Some(Collation {
                sensitivity: Sensitivity::Weighed(left.common(right)),
                ..a
            }),
            _ => Some(if rank(&a) <= rank(&b) { a } else { b }),
        },
        (a, b) => a.or(b),
    }
}

/// The collation of what names no column.
pub(super) fn default(settings: &Settings) -> Collation {
    of(&Column::new("", DataType::Text), settings)
}
