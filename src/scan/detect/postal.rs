//! Streets with their numbers, and postal codes.
//!
//! A street is known by the word for it, of which each language has a dozen, and by the number beside it.

use regex::Regex;
use std::sync::LazyLock;

/// One line for each way of writing it: English; German, Dutch and Scandinavian; French; the languages
/// that put the word in front and the number behind.
static STREET: LazyLock<Regex> = LazyLock::new(|| {
    let patterns = [
        r"\b\d{1,5}[a-z]?,?\s+(?:(?-i:\p{Lu})[\p{L}.'-]*\s+){1,4}(?:street|st|road|rd|avenue|ave|lane|ln|drive|dr|boulevard|blvd|court|ct|place|pl|square|sq|terrace|way|close|crescent|highway|hwy|parkway|pkwy|circle|row|hill|gardens|grove|mews|walk|green)\b",
        r"\p{L}*(?:straße|strasse|str\.|gasse|weg|platz|allee|ring|damm|ufer|steig|chaussee|stieg|markt|straat|laan|plein|gracht|kade|dijk|gatan|vägen|vej|gade|katu|tie)\s+\d{1,4}\s?[a-z]?\b",
        r"\b\d{1,4}\s?(?:bis|ter)?,?\s+(?:rue|avenue|av|boulevard|bd|place|chemin|impasse|allée|quai|cours|route|square|passage)\s+\p{L}",
        r"^\s*(?:calle|c/|avenida|avda\.?|av\.|plaza|paseo|carrer|camino|via|viale|piazza|corso|vicolo|largo|rua|travessa|praça|estrada|ul\.|ulica|al\.|aleja|str\.|strada)\s*\p{L}.*\d",
        r"\b(?:p\.?\s?o\.?\s?box|postfach|apartado|boîte postale)\s+\d",
    ];
    let all = patterns.map(|pattern| format!("(?:{pattern})")).join("|");
    Regex::new(&format!("(?i){all}")).expect("a pattern that a test compiles")
});

static POSTCODE: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"(?i)^(?:[a-z]{1,2}-)?(?:\d{4,5}|\d{5}-\d{3,4}|\d{4}-\d{3}|\d{2}-\d{3}|\d{3} \d{2}|\d{4} ?[a-z]{2}|[a-z]\d[a-z] ?\d[a-z]\d|[a-z]{1,2}\d[a-z\d]? ?\d[a-z]{2})$";
    Regex::new(pattern).expect("a pattern that a test compiles")
});

/// Does it hold a street with a number?
pub fn has_street(text: &str) -> bool {
    text.len() <= 300 && STREET.is_match(text)
}

/// Could it be a postal code?
pub fn is_postcode(text: &str) -> bool {
    text.len() <= 12 && POSTCODE.is_match(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streets() {
        for text in [
            "12 Main Street",
            "221B Baker St.",
            "1600 Pennsylvania Ave NW, Washington",
            "Hauptstraße 5",
            "Unter den Linden, Berliner Allee 12a",
            "Goethestr. 17",
            "Keizersgracht 123",
            "12 rue de la Paix",
            "5 bis, avenue Foch",
            "Calle Mayor 5, 2º B",
            "Via Roma 12",
            "Rua Augusta, 1500",
            "ul. Długa 7",
            "Postfach 1234",
        ] {
            assert!(has_street(text), "{text}");
        }
        for text in [
            "Main Street",
            "a 3 day way",
            "12 items in stock",
            "Version 12",
            "Umweg",
            "",
        ] {
            assert!(!has_street(text), "{text}");
        }
        for (text, expected) in [
            ("10115", true),
            ("D-10115", true),
            ("1010", true),
            ("94105-1234", true),
            ("1012 AB", true),
            ("SW1A 1AA", true),
            ("K1A 0B1", true),
            ("00-950", true),
            ("123", false),
            ("1234567", false),
            ("hello", false),
        ] {
            assert_eq!(is_postcode(text), expected, "{text}");
        }
    }
}
