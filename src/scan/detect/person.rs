//! Names of people, against the word lists of all languages that `fake_first_name` and `fake_last_name`
//! have. Case and accents do not matter to the lists, but a name begins with a capital.

use crate::functions::words::{List, Locale};
use std::collections::HashSet;
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// What a text looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Person {
    /// A first and a last name, both known.
    Full,
    /// A known first name and something that could be the rest of a name.
    Partly,
    /// A first name alone.
    First,
    /// A last name alone.
    Last,
}

static FIRST: LazyLock<HashSet<String>> = LazyLock::new(|| known(List::FirstName));
static LAST: LazyLock<HashSet<String>> = LazyLock::new(|| known(List::LastName));

fn known(list: List) -> HashSet<String> {
    Locale::all()
        .flat_map(|locale| locale.list(list))
        .map(|name| folded(name))
        .filter(|name| name.chars().count() > 1)
        .collect()
}

/// Lower case without accents.
pub fn folded(text: &str) -> String {
    let plain = text.nfd().filter(|c| !is_combining_mark(*c));
    plain
        .flat_map(char::to_lowercase)
        .collect::<String>()
        .replace('ß', "ss")
        .replace('ø', "o")
        .replace('ł', "l")
}

/// What stands with names and is none.
const BESIDE: &[&str] = &[
    "dr", "prof", "mr", "mrs", "ms", "miss", "sir", "herr", "frau", "m", "mme", "mlle", "sr",
    "sra", "srta", "sig", "dott", "ing", "dipl", "jr", "phd", "md", "mag", "med", "de", "del",
    "della", "di", "da", "dos", "la", "le", "van", "von", "der", "den", "zu", "und", "y", "e",
    "al", "bin", "ten", "ter", "el", "i", "ii", "iii",
];

/// The name that a text is, alone.
pub fn person(text: &str) -> Option<Person> {
    if text.len() > 80
        || text
            .bytes()
            .any(|b| b.is_ascii_digit() || b"@/_:;!?()[]{}<>=*#&+\"".contains(&b))
    {
        return None;
    }
    let (text, swapped) = match text.split_once(',') {
        Some((last, first)) => (format!("{first} {last}"), true),
        None => (text.to_owned(), false),
    };
    let mut words = Vec::new();
    for word in text.split_whitespace() {
        let bare = word.trim_matches(['.', ',', '\'']);
        let plain = folded(bare);
        if BESIDE.contains(&plain.as_str()) || plain.chars().count() < 2 {
            continue;
        }
        let letters = bare
            .chars()
            .all(|c| c.is_alphabetic() || c == '-' || c == '\'' || c == '’');
        if !letters || !bare.starts_with(char::is_uppercase) && bare.is_ascii() {
            return None;
        }
        words.push(plain);
    }
    let knows = |list: &HashSet<String>, word: &str| {
        list.contains(word)
            || word
                .split('-')
                .any(|part| part.len() > 2 && list.contains(part))
    };
    match words.as_slice() {
        [] => None,
        [word] if !swapped => match (knows(&FIRST, word), knows(&LAST, word)) {
            (true, _) => Some(Person::First),
            (false, true) => Some(Person::Last),
            _ => None,
        },
        [first, rest @ ..] if (1..=3).contains(&rest.len()) => {
            let last = rest.iter().any(|word| knows(&LAST, word));
            match (knows(&FIRST, first), last) {
                (true, true) => Some(Person::Full),
                (true, false) => Some(Person::Partly),
                // `Schmidt Anna`
                (false, _) if knows(&LAST, first) && knows(&FIRST, &rest[0]) => {
                    Some(Person::Partly)
                }
                _ => None,
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (text, expected) in [
            ("Jennifer Smith", Some(Person::Full)),
            ("Smith, Jennifer", Some(Person::Full)),
            ("Dr. Thomas Müller", Some(Person::Full)),
            ("MARIE DUPONT", Some(Person::Full)),
            ("Jennifer Xyzzy", Some(Person::Partly)),
            ("Jennifer", Some(Person::First)),
            ("Müller", Some(Person::Last)),
            ("Anna-Lena", Some(Person::First)),
            ("blue cotton shirt", None),
            ("Jennifer Smith 2", None),
            ("jennifer@smith", None),
            ("", None),
            ("Dr.", None),
            ("A B C D E F", None),
        ] {
            assert_eq!(person(text), expected, "{text}");
        }
        assert_eq!(folded("Straße Ærø Łódź É"), "strasse æro lodz e");
    }
}
