//! Telephone numbers as people write them.
//!
//! E.164 allows up to 15 digits; what makes a number of them is a `+`, or the way in which it is grouped.
//! Digits alone make none: only a column's name can say that they are. Dates, book numbers, dotted
//! numbers and social security numbers have digits in groups as well and are none.

use super::national;

/// What a text looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phone {
    /// `+` and a country.
    International,
    /// A form that is common within a country.
    National,
}

/// The number that a text is, alone.
pub fn phone(text: &str) -> Option<Phone> {
    let text = extension(text);
    let number = text.strip_prefix("(+").map_or(text, |_| &text[1..]);
    let (plus, rest) = match number.strip_prefix('+') {
        Some(rest) => (true, rest),
        None => (false, number),
    };
    let digits = rest.bytes().filter(u8::is_ascii_digit).count();
    let form = rest
        .bytes()
        .all(|b| b.is_ascii_digit() || b" ()-./".contains(&b))
        && rest.bytes().any(|b| b.is_ascii_digit());
    if !form || !(7..=15).contains(&digits) || is_something_else(text) {
        return None;
    }
    if plus {
        return (!rest.starts_with('0') && digits >= 8).then_some(Phone::International);
    }
    let groups: Vec<usize> = rest
        .split(|c: char| !c.is_ascii_digit())
        .filter(|group| !group.is_empty())
        .map(str::len)
        .collect();
    let trunk = rest.starts_with('0') || rest.starts_with("(0");
    let grouped = groups.len() > 1;
    let american = matches!(groups[..], [3, 3, 4] | [1, 3, 3, 4])
        && rest
            .trim_start_matches("1")
            .trim_start_matches([' ', '-', '.', '('])
            .starts_with(|c| matches!(c, '2'..='9'));
    // `612 345 678`, `91 123 45 67`: at least three short groups, none of them long.
    let short = groups.len() >= 3
        && (9..=11).contains(&digits)
        && groups.iter().all(|g| (2..=4).contains(g))
        && !rest.contains(['.', '-']);
    let known = (trunk && grouped && digits >= 8)
        || american
        || short
        || (rest.starts_with("00") && (11..=15).contains(&digits) && !rest.starts_with("000"));
    known.then_some(Phone::National)
}

/// Is it made of so many digits as a number has, and of nothing else?
pub fn is_bare(text: &str) -> bool {
    (7..=15).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

/// Does it begin like a number within a country, digits alone?
pub fn has_trunk(text: &str) -> bool {
    let long = (10..=11).contains(&text.len());
    long && is_bare(text) && text.starts_with('0') && !text.starts_with("00")
}

/// The number without `x12`, `ext. 12`.
fn extension(text: &str) -> &str {
    let lower = text.to_ascii_lowercase();
    let at = lower
        .find(" ext")
        .or_else(|| lower.find(" x"))
        .or_else(|| lower.find('x'));
    match at {
        Some(at) if text[at..].bytes().any(|b| b.is_ascii_digit()) => text[..at].trim_end(),
        _ => text,
    }
}

fn is_something_else(text: &str) -> bool {
    let parts: Vec<&str> = text.split(['-', '.', '/']).collect();
    let year = |part: &str| part.len() == 4 && (part.starts_with("19") || part.starts_with("20"));
    let date = parts.len() == 3
        && (year(parts[0]) || year(parts[2]))
        && parts.iter().all(|part| matches!(part.len(), 1 | 2 | 4));
    // A time behind it.
    let moment = parts.len() >= 3 && year(parts[0]) && parts[1].len() == 2 && parts[2].len() > 4;
    let book = text.starts_with("978-") || text.starts_with("979-");
    let dotted =
        parts.len() == 4 && !text.contains(['-', '/', ' ']) && parts.iter().all(|p| p.len() <= 3);
    let decimal = text.matches('.').count() == 1 && !text.contains([' ', '-', '/', '(']);
    date || moment || book || dotted || decimal || national::is_ssn(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phones() {
        use Phone::{International, National};
        for (text, expected) in [
            ("+49 30 1234567", Some(International)),
            ("+14155550123", Some(International)),
            ("+33 (0)1 42 68 53 00", Some(International)),
            ("+44 20 7946 0018 ext. 12", Some(International)),
            ("(415) 555-0123", Some(National)),
            ("415-555-0123", Some(National)),
            ("1-415-555-0123", Some(National)),
            ("415.555.0123 x99", Some(National)),
            ("030 1234567", Some(National)),
            ("030/1234567", Some(National)),
            ("(030) 123 45-67", Some(National)),
            ("01 42 68 53 00", Some(National)),
            ("612 345 678", Some(National)),
            ("00493012345678", Some(National)),
            ("0301234567", None),
            ("4915112345678", None),
            ("2023-10-11", None),
            ("11.10.2023", None),
            ("2023-004512", None),
            ("978-3-16-148410-0", None),
            ("192.168.100.200", None),
            ("078-05-1120", None),
            ("1234567.89", None),
            ("123-456", None),
            ("RE-2023-0012", None),
            ("+1", None),
            ("", None),
            ("()-", None),
        ] {
            assert_eq!(phone(text), expected, "{text}");
        }
        assert!(has_trunk("0301234567") && !has_trunk("0012345678") && !has_trunk("3012345678"));
        assert!(is_bare("4915112345678") && !is_bare("123") && !is_bare("49 151"));
    }
}
