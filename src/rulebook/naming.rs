//! Which names an identifier means.
//!
//! Unquoted names match without regard to case, quoted names exactly, and a quoted name that
//! holds `*` is a pattern, which also matches without regard to case.

use super::{Ident, nearest};

/// Does the identifier name `name`?
pub fn names(ident: &Ident, name: &str) -> bool {
    if ident.is_pattern() {
        glob(&ident.text, name)
    } else if ident.quoted {
        ident.text == name
    } else {
        same_letters(&ident.text, name)
    }
}

/// Are they the same but for their case?
pub fn same_letters(a: &str, b: &str) -> bool {
    a == b || a.to_lowercase() == b.to_lowercase()
}

/// `*` stands for any characters, anchored at both ends, without regard to case.
pub fn glob(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.to_lowercase(), name.to_lowercase());
    let mut parts = pattern.split('*');
    let Some(mut rest) = name.strip_prefix(parts.next().unwrap_or_default()) else {
        return false;
    };
    let Some(last) = parts.next_back() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// The column that a plain (not pattern) identifier names among these: exactly, else the only one
/// without regard to case.
///
/// # Errors
/// The message, with the nearest name if there is one.
pub fn column<'n>(
    ident: &Ident,
    columns: impl Iterator<Item = &'n str> + Clone,
) -> Result<usize, String> {
    let folded = if ident.quoted {
        ident.text.clone()
    } else {
        ident.text.to_lowercase()
    };
    if let Some(exact) = columns.clone().position(|name| name == folded) {
        return Ok(exact);
    }
    let mut found = columns
        .clone()
        .enumerate()
        .filter(|(_, name)| names(ident, name));
    match (found.next(), found.next()) {
        (Some((at, _)), None) => Ok(at),
        (Some(_), Some(_)) => Err(format!(
            "column {} could be several columns that differ only in case; quote it",
            ident.text
        )),
        (None, _) => {
            let near = nearest(&ident.text, columns.clone());
            Err(match near {
                Some(near) => format!("there is no column {}; did you mean {near}?", ident.text),
                None => format!("there is no column {}", ident.text),
            })
        }
    }
}

/// Words that a rulebook takes as a name only in quotes.
const RESERVED: &[&str] = &[
    "all",
    "connection",
    "current_catalog",
    "current_date",
    "current_time",
    "current_timestamp",
    "current_user",
    "database",
    "default",
    "distinct",
    "exists",
    "false",
    "function",
    "integration",
    "lateral",
    "localtime",
    "localtimestamp",
    "null",
    "only",
    "procedure",
    "replace",
    "returning",
    "schema",
    "sequence",
    "session_user",
    "table",
    "trim",
    "true",
    "unnest",
    "user",
    "view",
    "warehouse",
];

/// A name as a rulebook can write it: in quotes where it has to be, or `always`.
pub fn quoted(name: &str, always: bool) -> String {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let plain = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(word)
        && !RESERVED.contains(&name.to_ascii_lowercase().as_str());
    match plain && !always {
        true => name.to_owned(),
        false => format!("\"{}\"", name.replace('"', "\"\"")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::{Expr, ExprKind, walk};

    #[test]
    fn a_quoted_name_is_read_as_itself() {
        let keywords = sqlparser::keywords::ALL_KEYWORDS
            .iter()
            .map(|k| k.to_lowercase());
        let odd = [
            "id",
            "Name",
            "two words",
            "quo\"te",
            "9lives",
            "naïve",
            "a$b",
            "semi;colon",
            ":v",
            "line\nend",
            "--",
        ];
        let mut faults = Vec::new();
        // target.t is the target environment's own table, however it is quoted.
        let names = keywords
            .chain(odd.map(str::to_owned))
            .filter(|name| name != "target");
        for name in names {
            for always in [false, true] {
                let q = quoted(&name, always);
                let text = format!(
                    "GRANT SELECT ({q}, x) ON {q} TO testbed;\nGRANT SELECT (x, {q}) ON {q}.{q} TO testbed;\n\
                     UPDATE {q}.{q} SET x = anon.hash(x), {q} = anon.hash({q});\nUPDATE {q} SET {q} = anon.hash({q});\n"
                );
                if !reads_as(&text, &name) {
                    faults.push(name.clone());
                }
            }
        }
        assert_eq!(faults, Vec::<String>::new());
    }

    fn reads_column(value: &Expr, same: &dyn Fn(&Ident) -> bool) -> bool {
        let mut found = false;
        walk(value, &mut |e| {
            found |= matches!(&e.kind, ExprKind::Column { table: None, column } if same(column));
        });
        found
    }

    /// Does every statement have the name in every place?
    fn reads_as(text: &str, name: &str) -> bool {
        use crate::rulebook::{Action, Load, load};
        let read = load(&Load {
            name: "t",
            path: "t.sql",
            text,
            variables: &[],
            include: &|_| Err(std::io::ErrorKind::NotFound.into()),
        });
        let Ok(book) = read else { return false };
        let same = |ident: &Ident| names(ident, name);
        book.statements.len() == 4
            && book
                .statements
                .iter()
                .all(|statement| match &statement.action {
                    Action::Grant { table, columns } => {
                        same(&table.name) && columns.iter().any(same)
                    }
                    Action::Update(update) => {
                        let last = update.assignments.last().unwrap();
                        same(&update.table.name)
                            && same(&last.column)
                            && reads_column(&last.value, &same)
                    }
                    _ => false,
                })
    }

    #[test]
    fn a_star_matches_anchored_and_without_case() {
        for (pattern, name, expected) in [
            ("*", "", true),
            ("*", "x", true),
            ("nms*", "nmsbroadlogrcp", true),
            ("nms*", "xnms", false),
            ("*mail*", "sEmail", true),
            ("*mail*", "mail", true),
            ("*mail*", "mai", false),
            ("a*b*c", "abc", true),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "acb", false),
            ("a*a", "a", false),
            ("*MAIL", "e_mail", true),
        ] {
            assert_eq!(glob(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn a_column_is_named_exactly_or_by_its_letters() {
        let columns = ["id", "Name", "NAME", "Mail"];
        for (text, quoted, expected) in [
            ("ID", false, Ok(0)),
            ("mail", false, Ok(3)),
            ("NAME", true, Ok(2)),
            (
                "mail",
                true,
                Err("there is no column mail; did you mean Mail?"),
            ),
            (
                "name",
                false,
                Err("column name could be several columns that differ only in case; quote it"),
            ),
            ("qqqqqq", false, Err("there is no column qqqqqq")),
        ] {
            let ident = Ident {
                text: text.to_owned(),
                quoted,
                span: crate::rulebook::Span::default(),
            };
            let expected = expected.map_err(str::to_owned);
            assert_eq!(column(&ident, columns.into_iter()), expected, "{text}");
        }
    }
}
