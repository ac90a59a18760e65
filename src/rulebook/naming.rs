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

#[cfg(test)]
mod tests {
    use super::*;

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
