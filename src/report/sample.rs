//! Samples of rows before and after, masked as long as real values are not asked for.
//!
//! Masking keeps the shape and nothing else: letters become `x` and `X`, digits `9`; what is not
//! ASCII and no letter becomes `·`. NULL stays NULL, for it is no content.

/// What a dry run shows of the rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Preview {
    /// How many changed rows of each table, and how many dropped ones.
    pub samples: usize,
    /// Real values instead of masked ones.
    pub values: bool,
}

/// A row before and after.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sample {
    /// Its number within the table's rows, from 1.
    pub row: u64,
    /// Is it left out?
    pub dropped: bool,
    /// The cells that changed, behind the one by which the row is known; of a row that is left out some.
    pub cells: Vec<SampleCell>,
}

/// A cell before and after, as it is shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SampleCell {
    /// The column.
    pub column: String,
    /// Before.
    pub before: String,
    /// After; none if the row is left out.
    pub after: Option<String>,
    /// Did a rule change it?
    pub changed: bool,
}

/// The most characters that are shown of a value.
const LONGEST: usize = 40;

/// How many of them stand before the first difference.
const BEFORE: usize = 10;

impl SampleCell {
    /// A cell that changed.
    pub fn changed(
        column: &str,
        before: Option<&[u8]>,
        after: Option<&[u8]>,
        values: bool,
    ) -> SampleCell {
        let [before, after] = [before, after].map(|text| text.map(String::from_utf8_lossy));
        // Of long values the part is shown where they begin to differ.
        let from = match (&before, &after) {
            (Some(before), Some(after)) if is_long(before) || is_long(after) => {
                let same = before
                    .chars()
                    .zip(after.chars())
                    .take_while(|(b, a)| b == a);
                same.count().saturating_sub(BEFORE)
            }
            _ => 0,
        };
        SampleCell {
            column: column.to_owned(),
            before: shown(before.as_deref(), from, values),
            after: Some(shown(after.as_deref(), from, values)),
            changed: true,
        }
    }

    /// A cell that stays as it is.
    pub fn same(column: &str, value: Option<&[u8]>, values: bool) -> SampleCell {
        let value = shown(value.map(String::from_utf8_lossy).as_deref(), 0, values);
        SampleCell {
            column: column.to_owned(),
            before: value.clone(),
            after: Some(value),
            changed: false,
        }
    }

    /// A cell of a row that is left out.
    pub fn dropped(column: &str, value: Option<&[u8]>, values: bool) -> SampleCell {
        SampleCell {
            column: column.to_owned(),
            before: shown(value.map(String::from_utf8_lossy).as_deref(), 0, values),
            after: None,
            changed: false,
        }
    }

    /// A cell that no rule had to read and that cannot be.
    pub fn unreadable(column: &str) -> SampleCell {
        SampleCell {
            column: column.to_owned(),
            before: "(unreadable)".to_owned(),
            after: None,
            changed: false,
        }
    }
}

fn is_long(text: &str) -> bool {
    text.chars().nth(LONGEST).is_some()
}

fn shown(text: Option<&str>, from: usize, values: bool) -> String {
    let Some(text) = text else {
        return "NULL".to_owned();
    };
    let mut chars = text.chars().skip(from);
    let part = chars.by_ref().take(LONGEST);
    let part: String = match values {
        true => part.collect(),
        false => part.map(mask).collect(),
    };
    let ellipsis = |cut: bool| if cut { "…" } else { "" };
    let (start, end) = (ellipsis(from > 0), ellipsis(chars.next().is_some()));
    format!("'{start}{part}{end}'")
}

fn mask(c: char) -> char {
    match c {
        _ if c.is_uppercase() => 'X',
        _ if c.is_alphabetic() => 'x',
        _ if c.is_numeric() => '9',
        _ if c.is_ascii() => c,
        _ => '·',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(before: &str, after: &str, values: bool) -> (String, String) {
        let cell =
            SampleCell::changed("c", Some(before.as_bytes()), Some(after.as_bytes()), values);
        (cell.before, cell.after.unwrap_or_default())
    }

    #[test]
    fn masked_values_keep_their_shape_only() {
        for (text, masked) in [
            ("Jane.Roe+7@Company.com", "'Xxxx.Xxx+9@Xxxxxxx.xxx'"),
            ("", "''"),
            ("Müller, Žižek 中文 ½ €", "'Xxxxxx, Xxxxx xx 9 ·'"),
            ("{\"a\": [1, true]}", "'{\"x\": [9, xxxx]}'"),
        ] {
            assert_eq!(
                SampleCell::dropped("c", Some(text.as_bytes()), false).before,
                masked
            );
        }
        assert_eq!(SampleCell::dropped("c", None, false).before, "NULL");
        assert_eq!(
            SampleCell::dropped("c", Some(b"a\xff1"), false).before,
            "'x·9'"
        );
        assert_eq!(both("a1", "B2", false), ("'x9'".into(), "'X9'".into()));
        assert_eq!(both("a1", "B2", true), ("'a1'".into(), "'B2'".into()));
    }

    #[test]
    fn long_values_are_shown_where_they_differ() {
        let long = "a".repeat(100);
        let (before, after) = both(&long, &format!("{long}Z"), true);
        assert_eq!(before, format!("'…{}'", "a".repeat(10)));
        assert_eq!(after, format!("'…{}Z'", "a".repeat(10)));
        let (before, after) = both(&long, "b", true);
        assert_eq!(
            (before, after),
            (format!("'{}…'", "a".repeat(40)), "'b'".into())
        );
        let exact = "7".repeat(40);
        assert_eq!(both(&exact, "", false).0, format!("'{}'", "9".repeat(40)));
    }
}
