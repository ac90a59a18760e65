//! What definitions and comments say in words: texts that no rule reads, and whether somebody has read them.
//!
//! A name in a DEFAULT looks like any other text, so `--strict` asks for a person: whoever has looked at a
//! definition says so by its fingerprint. It is that of the whole statement, but for numbers outside of
//! quotes, since dumps write counters into definitions (`AUTO_INCREMENT=42`). Quotes are told apart by their
//! parity alone: where that is wrong, a number counts that would not have to, or the other way round, and
//! no text is ever left out.
//!
//! It understands no definition, and nothing that it keeps shows a text.

use sha2::{Digest, Sha256};

/// How many digits of the fingerprint a rulebook holds: nobody forges it, and a dump has thousands at most.
pub const DIGITS: usize = 12;

/// A definition that holds texts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Texts {
    /// Of the statement, as a rulebook says it in `-- reviewed:`.
    pub fingerprint: String,
    /// What it defines, for people.
    pub what: String,
}

impl Texts {
    /// The line of a rulebook that says that somebody has looked at it.
    pub fn line(&self) -> String {
        format!("-- reviewed: {} {}", self.fingerprint, self.what)
    }
}

/// Statements that set up a session or ask for something: they define nothing.
const OTHERS: [&str; 6] = ["SET", "SELECT", "USE", "PRAGMA", "PROMPT", "REM"];

/// The texts of a statement, if it holds any that could tell something.
pub fn texts(statement: &[u8]) -> Option<Texts> {
    let statement = statement.trim_ascii();
    let code = opened(statement);
    let first = code.split(|b| !b.is_ascii_alphabetic()).next()?;
    let mut others = OTHERS.iter();
    let client = matches!(code.first(), Some(b'\\' | b'.'));
    if client || others.any(|word| word.as_bytes().eq_ignore_ascii_case(first)) || !tells(statement)
    {
        return None;
    }
    Some(Texts {
        fingerprint: fingerprint(statement),
        what: what(code),
    })
}

/// Without the beginning of a comment that MySQL runs.
fn opened(statement: &[u8]) -> &[u8] {
    let inside = statement.strip_prefix(b"/*!");
    let inside = inside.or_else(|| statement.strip_prefix(b"/*M!"));
    let Some(inside) = inside else {
        return statement;
    };
    let digits = inside.iter().take_while(|b| b.is_ascii_digit()).count();
    inside[digits..].trim_ascii_start()
}

/// Does it hold a text of more than two characters, a body, or a comment? Dates, short numbers and names
/// of sequences tell nothing.
fn tells(statement: &[u8]) -> bool {
    let has = |needle: &[u8]| memchr::memmem::find(statement, needle).is_some();
    let comment = |at: usize| {
        !statement[at + 2..].starts_with(b"!") && !statement[at + 2..].starts_with(b"M!")
    };
    if has(b"$") || has(b"--") || memchr::memmem::find_iter(statement, b"/*").any(comment) {
        return true;
    }
    // Where names stand in backquotes, texts may stand in double ones.
    if has(b"`") && has(b"\"") {
        return true;
    }
    let mut pieces = statement.split(|b| *b == b'\'');
    let _ = pieces.next();
    while let Some(text) = pieces.next() {
        let behind = pieces.next().unwrap_or_default();
        if !behind.starts_with(b"::regclass") && !is_plain(text) {
            return true;
        }
    }
    false
}

/// A short text, a short number, zeros, a date with or without a time.
fn is_plain(text: &[u8]) -> bool {
    let digits = text.iter().filter(|b| b.is_ascii_digit());
    let letters = text
        .iter()
        .any(|b| !b.is_ascii() || b.is_ascii_alphabetic());
    let date = |text: &[u8]| {
        let shape = text
            .iter()
            .map(|b| if b.is_ascii_digit() { b'0' } else { *b });
        shape.take(10).eq(*b"0000-00-00")
            && text[10..]
                .iter()
                .all(|b| matches!(b, b'0'..=b'9' | b' ' | b':' | b'.' | b'+' | b'-'))
    };
    text.len() <= 2
        || !letters && (digits.clone().count() <= 4 || digits.clone().all(|b| *b == b'0'))
        || text.len() >= 10 && date(text)
}

fn fingerprint(statement: &[u8]) -> String {
    let mut hash = Sha256::new();
    for (number, piece) in statement.split(|b| *b == b'\'').enumerate() {
        if number % 2 == 1 {
            hash.update(piece);
        } else {
            piece
                .split(u8::is_ascii_digit)
                .filter(|words| !words.is_empty())
                .for_each(|words| hash.update(words));
        }
        hash.update(b"'");
    }
    let digest = hash.finalize();
    let digits: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    digits[..DIGITS].to_owned()
}

/// The words that a definition begins with, and the name that follows them.
fn what(code: &[u8]) -> String {
    let label = super::label(code);
    let skip = label.split(' ').count();
    let name = code
        .split(u8::is_ascii_whitespace)
        .filter(|word| !word.is_empty())
        .skip(if label == "statement" { 0 } else { skip })
        .find(|word| {
            let noise: [&[u8]; 5] = [b"IF", b"NOT", b"EXISTS", b"ONLY", b"COLUMN"];
            !noise.iter().any(|noise| noise.eq_ignore_ascii_case(word))
        })
        .unwrap_or_default();
    let end = name
        .iter()
        .position(|b| b"(;='\"$@*/".contains(b) && *b != b'"');
    let name = String::from_utf8_lossy(&name[..end.unwrap_or(name.len())]);
    let shown = name
        .chars()
        .all(|c| c.is_alphanumeric() || "_.\"`[]#".contains(c));
    match shown && !name.is_empty() && label != "statement" {
        true => format!("{label} {name}"),
        false => label,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tells_something() {
        for (statement, expected) in [
            (
                "CREATE TABLE public.t (a text DEFAULT 'Jane Roe');",
                Some("CREATE TABLE public.t"),
            ),
            (
                "CREATE TABLE IF NOT EXISTS `t` (\n `a` text COMMENT 'ask Jane')",
                Some("CREATE TABLE `t`"),
            ),
            (
                "COMMENT ON TABLE public.t IS 'ask Jane';",
                Some("COMMENT ON TABLE public.t"),
            ),
            (
                "ALTER TABLE ONLY public.t ADD CONSTRAINT c CHECK (a <> 'Jane');",
                Some("ALTER TABLE ONLY public.t"),
            ),
            (
                "/*!50003 CREATE*/ /*!50017 DEFINER=`r`@`h`*/ /*!50003 TRIGGER t BEFORE INSERT ON u FOR EACH ROW SET NEW.a = 'Jane' */",
                Some("CREATE"),
            ),
            (
                "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$ SELECT 1 $$",
                Some("CREATE FUNCTION f"),
            ),
            (
                "CREATE TABLE t (a text -- of Jane\n)",
                Some("CREATE TABLE t"),
            ),
            (
                "CREATE TABLE t (a text /* of Jane */)",
                Some("CREATE TABLE t"),
            ),
            (
                "CREATE VIEW `v` AS SELECT \"Jane\"",
                Some("CREATE VIEW `v`"),
            ),
            (
                "EXEC sys.sp_addextendedproperty @name=N'MS_Description', @value=N'Jane'",
                Some("EXEC sys.sp_addextendedproperty"),
            ),
            (
                "ALTER TABLE t ALTER a SET DEFAULT '0301234567'",
                Some("ALTER TABLE t"),
            ),
            (
                "ALTER TABLE t ALTER a SET DEFAULT nextval('public.s'::regclass)",
                None,
            ),
            (
                "CREATE TABLE t (a text DEFAULT '', b char DEFAULT 'N', c int DEFAULT '1000')",
                None,
            ),
            (
                "CREATE TABLE `t` (`a` datetime DEFAULT '0000-00-00 00:00:00') /*!50100 PARTITION BY HASH (a) */",
                None,
            ),
            (
                "ALTER TABLE p ATTACH PARTITION c FOR VALUES FROM ('2026-01-01 00:00:00+01') TO ('2026-02-01')",
                None,
            ),
            ("/*!40101 SET NAMES 'utf8mb4' */", None),
            (
                "SELECT pg_catalog.set_config('search_path', '', false)",
                None,
            ),
            ("\\set who 'Jane Roe'", None),
        ] {
            let found = texts(statement.as_bytes()).map(|texts| texts.what);
            assert_eq!(found.as_deref(), expected, "{statement}");
        }
    }

    #[test]
    fn a_fingerprint_changes_with_the_texts_and_not_with_counters() {
        let of = |statement: &str| texts(statement.as_bytes()).expect("texts").fingerprint;
        let table = "CREATE TABLE `t` (`a` varchar(20) DEFAULT 'Jane 1') AUTO_INCREMENT=42";
        assert_eq!(of(table).len(), DIGITS);
        assert_eq!(of(table), of(&table.replace("42", "1043")));
        assert_eq!(of(table), of(&format!("\n{table}\n")));
        assert_ne!(of(table), of(&table.replace("Jane 1", "Jane 2")));
        assert_ne!(of(table), of(&table.replace("Jane", "John")));
        assert_ne!(of(table), of(&table.replace("`a`", "`b`")));
    }
}
