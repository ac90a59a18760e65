//! What characters weigh in the collations of MySQL and MariaDB: characters of equal weight are equal.
//!
//! The tables in `weights/` are what `WEIGHT_STRING` of a MariaDB 10.11 says, written down by character
//! (`tests/it/collations.rs` compares them with a server). A first line holds pairs, the first and the last
//! of characters that weigh like no other; every further line a weight, a tab and the characters that
//! have it. A weight is spelled as the characters of which it is the weight: `SS` for `ß`, nothing for
//! what does not count. `general` and `swedish` are complete; the Unicode tables know the common
//! scripts, without combining marks, whose weight depends on what stands before them.
//!
//! What no table knows has no weight here, and whoever asks has to stop.

use std::sync::LazyLock;

/// A way to weigh characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Weights {
    /// `utf8mb4_general_ci`: everything above U+FFFF is equal.
    General,
    /// `latin1_swedish_ci`.
    Swedish,
    /// `utf8mb4_unicode_ci`: Unicode 4.0.
    Unicode,
    /// `utf8mb4_unicode_520_ci`: Unicode 5.2.
    Unicode520,
    /// MySQL's `utf8mb4_0900_ai_ci`, Unicode 9.0: that in which 5.2 and 14.0 agree.
    Unicode900,
    /// MariaDB's `uca1400_ai_ci`: Unicode 14.0.
    Unicode1400,
    /// A database's default, which a dump does not name: that in which the common ones agree.
    Unnamed,
    /// Of which only this is known: ASCII, without case.
    Caseless,
    /// Of which only this is known: ASCII, with case.
    Cased,
    /// A language's own, in which letters of ASCII are equal or pairs of them count as one.
    Unknown,
}

/// What a character weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// As much as this character.
    One(char),
    /// As much as these together, or nothing; to LIKE, as this character.
    Other(&'static str, char),
}

impl Weights {
    /// What the collation of this name (lower case) weighs.
    pub fn named(name: &str) -> Weights {
        let name = name.replace("_nopad", "");
        let (charset, rule) = match name.split_once('_') {
            _ if name.starts_with("uca1400") => ("utf8mb4", name.as_str()),
            Some(parts) => parts,
            None => (name.as_str(), ""),
        };
        let unicode = charset.starts_with("utf") || charset == "ucs2";
        // Where `WEIGHT_STRING` of texts of one and two letters shows more than case.
        const OWN: [&str; 16] = [
            "turkish",
            "czech",
            "danish",
            "norwegian",
            "lithuanian",
            "slovak",
            "spanish2",
            "roman",
            "croatian",
            "chinese",
            "ukrainian",
            "big5",
            "swe7",
            "koi8u",
            "macce",
            "geostd8",
        ];
        match rule {
            "" if name.is_empty() => Weights::Unnamed,
            "general_ci" if unicode => Weights::General,
            "unicode_ci" if unicode => Weights::Unicode,
            "unicode_520_ci" if unicode => Weights::Unicode520,
            "0900_ai_ci" if unicode => Weights::Unicode900,
            "uca1400_ai_ci" if unicode => Weights::Unicode1400,
            "swedish_ci" if charset == "latin1" => Weights::Swedish,
            "general_ci" if matches!(charset, "latin7" | "cp866") => Weights::Unknown,
            "0900_as_cs" | "uca1400_as_cs" => Weights::Cased,
            "0900_as_ci" | "uca1400_as_ci" => Weights::Caseless,
            _ if rule.contains("_0900_") || rule.contains("_ai_cs") => Weights::Unknown,
            _ if OWN
                .iter()
                .any(|own| name.split('_').any(|part| part == *own)) =>
            {
                Weights::Unknown
            }
            _ if rule.ends_with("_cs") => Weights::Cased,
            _ => Weights::Caseless,
        }
    }

    /// What is known where texts of two collations meet.
    pub fn common(self, other: Weights) -> Weights {
        match (self, other) {
            (a, b) if a == b => a,
            // The server brings the narrower character set to the wider one.
            (Weights::Swedish, Weights::Cased | Weights::Unknown | Weights::Caseless)
            | (Weights::Cased | Weights::Unknown, _)
            | (_, Weights::Cased | Weights::Unknown) => Weights::Unknown,
            (Weights::Swedish, wider) | (wider, Weights::Swedish) => wider,
            _ => Weights::Caseless,
        }
    }

    /// Do upper and lower case count?
    pub fn is_cased(self) -> bool {
        self == Weights::Cased
    }

    /// Is all of this text, which is ASCII, known?
    pub(super) fn knows_ascii(self, text: &[u8]) -> bool {
        match self {
            Weights::General | Weights::Swedish => true,
            Weights::Unknown => text.is_empty(),
            // Control characters do not count in the rules of Unicode.
            _ => text.iter().all(|b| matches!(b, 9..=13 | 32..=126)),
        }
    }

    /// What `c` weighs; none if that is not known.
    pub fn of(self, c: char) -> Option<Weight> {
        if c.is_ascii() {
            let known = self.knows_ascii(c.encode_utf8(&mut [0]).as_bytes());
            let weight = if self.is_cased() {
                c
            } else {
                c.to_ascii_uppercase()
            };
            return known.then_some(Weight::One(weight));
        }
        let both = |a: &Table, b: &Table| a.weight(c).filter(|weight| b.weight(c) == Some(*weight));
        match self {
            Weights::General if c > '\u{ffff}' => Some(Weight::One('\u{fffd}')),
            // All are equal, but not to LIKE.
            Weights::Unicode if c > '\u{ffff}' => Some(Weight::Other("\u{fffd}", c)),
            Weights::General => GENERAL.weight(c),
            Weights::Swedish => SWEDISH.weight(c),
            Weights::Unicode => UNICODE.weight(c),
            Weights::Unicode520 => UNICODE_520.weight(c),
            Weights::Unicode900 => both(&UNICODE_520, &UNICODE_1400),
            Weights::Unicode1400 => UNICODE_1400.weight(c),
            Weights::Unnamed => {
                let weight = both(&UNICODE_520, &UNICODE_1400)?;
                (Weights::General.of(c) == Some(weight)).then_some(weight)
            }
            Weights::Caseless | Weights::Cased | Weights::Unknown => None,
        }
    }
}

/// A table as it is looked up in.
struct Table {
    /// Characters that weigh like no other, from first to last, ascending.
    alone: Vec<(char, char)>,
    /// The others, ascending.
    others: Vec<(char, Weight)>,
}

static GENERAL: LazyLock<Table> =
    LazyLock::new(|| Table::read(include_str!("weights/general.txt")));
static SWEDISH: LazyLock<Table> =
    LazyLock::new(|| Table::read(include_str!("weights/swedish.txt")));
static UNICODE: LazyLock<Table> =
    LazyLock::new(|| Table::read(include_str!("weights/unicode.txt")));
static UNICODE_520: LazyLock<Table> =
    LazyLock::new(|| Table::read(include_str!("weights/unicode520.txt")));
static UNICODE_1400: LazyLock<Table> =
    LazyLock::new(|| Table::read(include_str!("weights/unicode1400.txt")));

impl Table {
    fn read(text: &'static str) -> Table {
        let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
        let mut ends = first.chars();
        let mut alone = Vec::new();
        while let (Some(start), Some(end)) = (ends.next(), ends.next()) {
            alone.push((start, end));
        }
        let mut others = Vec::new();
        for line in rest.lines() {
            let (weight, members) = line.split_once('\t').unwrap_or((line, ""));
            let mut spelled = weight.chars();
            let weight = match (spelled.next(), spelled.next(), members.chars().next()) {
                (Some(one), None, _) => Weight::One(one),
                (_, _, Some(member)) => Weight::Other(weight, member),
                (_, _, None) => continue,
            };
            others.extend(members.chars().map(|c| (c, weight)));
        }
        others.sort_unstable_by_key(|(c, _)| *c);
        Table { alone, others }
    }

    fn weight(&self, c: char) -> Option<Weight> {
        if let Ok(at) = self.others.binary_search_by_key(&c, |(other, _)| *other) {
            return Some(self.others[at].1);
        }
        let behind = self.alone.partition_point(|(start, _)| *start <= c);
        let (_, end) = self.alone.get(behind.checked_sub(1)?)?;
        (c <= *end).then_some(Weight::One(c))
    }
}
