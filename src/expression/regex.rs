//! PostgreSQL's advanced regular expressions, translated to the `regex` crate.
//!
//! The translator reads the pattern as PostgreSQL does and writes one that means the same here; it
//! refuses what the crate cannot do (back references, look-around) and what nobody needs in a
//! rulebook (the newline-sensitive and expanded syntaxes, collating elements). It deliberately does
//! not pass anything through that it has not understood.
//!
//! Whether a text matches at all does not depend on how alternatives are tried. *How much* it
//! matches does: [`Usage::Extent`] and [`Usage::Groups`] therefore ask [`super::extent`] for a proof
//! that both engines find the same extent.

use super::extent;
use regex::bytes::{Captures, Regex, RegexBuilder};

/// What is asked of a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Usage {
    /// Only whether there is one.
    Test,
    /// Where the whole match begins and ends.
    Extent,
    /// Where its groups begin and end, too.
    Groups,
}

/// A translated pattern: what the crate reads, and what the proof of extents needs to know.
#[derive(Debug, PartialEq, Eq)]
struct Translation {
    pattern: String,
    insensitive: bool,
    /// Does PostgreSQL prefer the longest match as a whole (false: the shortest)?
    longest: bool,
    groups: usize,
}

/// Compiles `pattern` for `usage`.
///
/// # Errors
/// What is wrong with the pattern, in words.
pub fn compile(pattern: &str, insensitive: bool, usage: Usage) -> Result<Regex, String> {
    let translation = translate(pattern, insensitive)?;
    let regex = RegexBuilder::new(&translation.pattern)
        .case_insensitive(translation.insensitive)
        .dot_matches_new_line(true)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => "the regular expression is too large".to_owned(),
            _ => "invalid regular expression".to_owned(),
        })?;
    if usage > Usage::Test {
        let groups = usage == Usage::Groups && translation.groups > 0;
        let hir = regex_syntax::ParserBuilder::new()
            .utf8(false)
            .case_insensitive(translation.insensitive)
            .dot_matches_new_line(true)
            .build()
            .parse(&translation.pattern)
            .map_err(|_| "invalid regular expression".to_owned())?;
        if !extent::is_unambiguous(&hir, translation.longest, groups) {
            return Err(
                "how much this regular expression matches could differ from PostgreSQL, which \
                 takes the longest match and not the first alternative"
                    .to_owned(),
            );
        }
    }
    Ok(regex)
}

/// `regexp_replace`: replaces the first match or, with `all`, every match, stepping over empty
/// matches exactly as PostgreSQL does.
pub fn replace(regex: &Regex, text: &[u8], replacement: &Replacement, all: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut copied = 0;
    let mut from = 0;
    while from <= text.len() {
        let Some(found) = regex.captures_at(text, from) else {
            break;
        };
        let whole = found.get(0).expect("group 0 always takes part");
        out.extend_from_slice(&text[copied..whole.start()]);
        replacement.write(&found, &mut out);
        copied = whole.end();
        from = whole.end();
        if !all {
            break;
        }
        if whole.is_empty() {
            from += char_len(&text[from..]).max(1);
        }
    }
    out.extend_from_slice(&text[copied..]);
    out
}

/// The length of the first character; 1 for what is not UTF-8.
fn char_len(text: &[u8]) -> usize {
    match bstr::decode_utf8(text) {
        (_, 0) => 0,
        (_, n) => n,
    }
}

/// The replacement of `regexp_replace`, cut into pieces once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacement(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(Vec<u8>),
    Group(usize),
}

impl Replacement {
    /// Reads `\1` to `\9`, `\&` and `\\`.
    pub fn new(text: &[u8]) -> Self {
        let mut pieces = Vec::new();
        let mut literal = Vec::new();
        let mut bytes = text.iter().copied();
        while let Some(byte) = bytes.next() {
            if byte != b'\\' {
                literal.push(byte);
                continue;
            }
            let mut rest = bytes.clone();
            let group = match rest.next() {
                Some(b'&') => Some(0),
                Some(digit @ b'1'..=b'9') => Some(usize::from(digit - b'0')),
                Some(b'\\') => {
                    literal.push(b'\\');
                    bytes = rest;
                    continue;
                }
                // An unknown escape stands for itself, with its backslash.
                _ => None,
            };
            match group {
                Some(group) => {
                    if !literal.is_empty() {
                        pieces.push(Piece::Text(std::mem::take(&mut literal)));
                    }
                    pieces.push(Piece::Group(group));
                    bytes = rest;
                }
                None => literal.push(b'\\'),
            }
        }
        if !literal.is_empty() {
            pieces.push(Piece::Text(literal));
        }
        Replacement(pieces)
    }

    /// Does it name a group, so that groups' extents matter?
    pub fn names_groups(&self) -> bool {
        self.0
            .iter()
            .any(|p| matches!(p, Piece::Group(group) if *group > 0))
    }

    fn write(&self, found: &Captures<'_>, out: &mut Vec<u8>) {
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => out.extend_from_slice(text),
                Piece::Group(group) => {
                    if let Some(part) = found.get(*group) {
                        out.extend_from_slice(part.as_bytes());
                    }
                }
            }
        }
    }
}

// Character classes as glibc has them in a UTF-8 locale, which is what PostgreSQL asks.
const DIGIT: &str = "0-9";
const SPACE: &str =
    r"\t-\r \x{1680}\x{2000}-\x{2006}\x{2008}-\x{200A}\x{2028}\x{2029}\x{205F}\x{3000}";
const WORD: &str = r"\p{Alphabetic}\p{N}_";

fn translate(pattern: &str, insensitive: bool) -> Result<Translation, String> {
    let mut insensitive = insensitive;
    let mut rest = pattern;
    let mut literal = false;
    if let Some(after) = rest.strip_prefix("***=") {
        literal = true;
        rest = after;
    } else if let Some(after) = rest.strip_prefix("***:") {
        rest = after;
    } else if rest.starts_with("***") {
        return Err("invalid regular expression: quantifier operand invalid".to_owned());
    }
    if !literal
        && rest.starts_with("(?")
        && rest[2..].starts_with(|c: char| c.is_ascii_alphabetic())
    {
        let end = rest
            .find(')')
            .ok_or("invalid regular expression: parentheses () not balanced")?;
        for option in rest[2..end].chars() {
            match option {
                'i' => insensitive = true,
                'c' => insensitive = false,
                'q' => literal = true,
                's' | 't' => {}
                _ => {
                    return Err(format!(
                        "the embedded option (?{option}) of regular expressions is not supported"
                    ));
                }
            }
        }
        rest = &rest[end + 1..];
    }
    if literal {
        return Ok(Translation {
            pattern: regex::escape(rest),
            insensitive,
            longest: true,
            groups: 0,
        });
    }
    let mut translator = Translator {
        chars: rest.chars().collect(),
        at: 0,
        out: String::with_capacity(rest.len() + 8),
        groups: 0,
    };
    let preference = translator.alternation(0)?;
    if translator.at < translator.chars.len() {
        return Err("invalid regular expression: parentheses () not balanced".to_owned());
    }
    Ok(Translation {
        pattern: translator.out,
        insensitive,
        longest: preference != Some(false),
        groups: translator.groups,
    })
}

struct Translator {
    chars: Vec<char>,
    at: usize,
    out: String,
    groups: usize,
}

/// Greedy (true), non-greedy (false) or no preference, as PostgreSQL's manual defines it.
type Preference = Option<bool>;

impl Translator {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }
    fn next(&mut self) -> Option<char> {
        let next = self.peek();
        self.at += usize::from(next.is_some());
        next
    }
    fn eat(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }
    fn looking_at(&self, text: &str) -> bool {
        text.chars()
            .enumerate()
            .all(|(i, c)| self.chars.get(self.at + i) == Some(&c))
    }

    fn alternation(&mut self, depth: usize) -> Result<Preference, String> {
        if depth > 100 {
            return Err("the regular expression is nested too deeply".to_owned());
        }
        let mut preference = self.branch(depth)?;
        while self.eat('|') {
            self.out.push('|');
            self.branch(depth)?;
            preference = Some(true);
        }
        Ok(preference)
    }

    fn branch(&mut self, depth: usize) -> Result<Preference, String> {
        let mut preference = None;
        while let Some(c) = self.peek() {
            let start = self.out.len();
            let quantifiable;
            let mut atom = None;
            match c {
                '|' => break,
                ')' if depth > 0 => break,
                ')' => {
                    return Err("invalid regular expression: parentheses () not balanced".into());
                }
                '*' | '+' | '?' => {
                    return Err("invalid regular expression: quantifier operand invalid".into());
                }
                '(' => {
                    atom = self.group(depth)?;
                    quantifiable = true;
                }
                '^' | '$' => {
                    self.at += 1;
                    self.out.push_str(if c == '^' { r"\A" } else { r"\z" });
                    quantifiable = false;
                }
                '[' if self.looking_at("[[:<:]]") || self.looking_at("[[:>:]]") => {
                    let begin = self.chars[self.at + 3] == '<';
                    self.at += 7;
                    self.out
                        .push_str(if begin { r"\b{start}" } else { r"\b{end}" });
                    quantifiable = false;
                }
                '[' => {
                    self.bracket()?;
                    quantifiable = true;
                }
                '\\' => quantifiable = self.escape()?,
                '{' if self
                    .chars
                    .get(self.at + 1)
                    .is_some_and(char::is_ascii_digit) =>
                {
                    return Err("invalid regular expression: quantifier operand invalid".into());
                }
                '.' => {
                    self.at += 1;
                    self.out.push('.');
                    quantifiable = true;
                }
                _ => {
                    self.at += 1;
                    self.literal(c);
                    quantifiable = true;
                }
            }
            if let Some(quantified) = self.quantifier(start, quantifiable)? {
                // `{m}` has the preference of its atom.
                atom = quantified.or(atom);
            }
            preference = preference.or(atom);
        }
        Ok(preference)
    }

    /// `None`: no quantifier. `Some(None)`: one without a preference of its own.
    fn quantifier(
        &mut self,
        start: usize,
        quantifiable: bool,
    ) -> Result<Option<Preference>, String> {
        let bound = match self.peek() {
            Some(c @ ('*' | '+' | '?')) => {
                self.at += 1;
                c.to_string()
            }
            Some('{')
                if self
                    .chars
                    .get(self.at + 1)
                    .is_some_and(char::is_ascii_digit) =>
            {
                self.at += 1;
                self.bound()?
            }
            _ => return Ok(None),
        };
        if !quantifiable {
            return Err("invalid regular expression: quantifier operand invalid".to_owned());
        }
        let lazy = self.eat('?');
        if matches!(self.peek(), Some('*' | '+' | '?')) {
            return Err("invalid regular expression: quantifier operand invalid".to_owned());
        }
        let fixed = bound.starts_with('{') && !bound.contains(',');
        // An atom may be several characters here (`\x{41}`, a class), so it is put in a group.
        self.out.insert_str(start, "(?:");
        self.out.push(')');
        self.out.push_str(&bound);
        if lazy {
            self.out.push('?');
        }
        Ok(Some((!fixed).then_some(!lazy)))
    }

    fn bound(&mut self) -> Result<String, String> {
        let invalid = || "invalid regular expression: invalid repetition count(s)".to_owned();
        let mut numbers = vec![self.number()];
        if self.eat(',') {
            numbers.push(self.number());
        }
        if !self.eat('}') {
            return Err(invalid());
        }
        let in_range = |n: &Option<u32>| n.is_none_or(|n| n <= 255);
        match &numbers[..] {
            [Some(n)] if *n <= 255 => Ok(format!("{{{n}}}")),
            [Some(low), None] if *low <= 255 => Ok(format!("{{{low},}}")),
            [Some(low), Some(high)] if low <= high && in_range(&Some(*high)) => {
                Ok(format!("{{{low},{high}}}"))
            }
            _ => Err(invalid()),
        }
    }

    fn number(&mut self) -> Option<u32> {
        let mut number = None;
        while let Some(digit) = self.peek().and_then(|c| c.to_digit(10)) {
            self.at += 1;
            number = Some((number.unwrap_or(0u32) * 10 + digit).min(100_000));
        }
        number
    }

    fn group(&mut self, depth: usize) -> Result<Preference, String> {
        self.at += 1;
        if self.eat('?') {
            match self.next() {
                Some(':') => self.out.push_str("(?:"),
                Some('=' | '!' | '<') => {
                    return Err("look-around in regular expressions is not supported".to_owned());
                }
                _ => return Err("invalid regular expression".to_owned()),
            }
        } else {
            self.groups += 1;
            self.out.push('(');
        }
        let preference = self.alternation(depth + 1)?;
        if !self.eat(')') {
            return Err("invalid regular expression: parentheses () not balanced".to_owned());
        }
        self.out.push(')');
        Ok(preference)
    }

    /// An escape outside of brackets; says whether it can be repeated.
    fn escape(&mut self) -> Result<bool, String> {
        self.at += 1;
        let Some(c) = self.next() else {
            return Err("invalid regular expression: invalid escape \\ sequence".to_owned());
        };
        let constraint = match c {
            'A' => r"\A",
            'Z' => r"\z",
            'm' => r"\b{start}",
            'M' => r"\b{end}",
            'y' => r"\b",
            'Y' => r"\B",
            _ => {
                if let Some(class) = shorthand(c) {
                    self.out.push('[');
                    self.out.push_str(&class);
                    self.out.push(']');
                } else if c.is_ascii_digit() && c != '0' {
                    return Err(
                        "back references in regular expressions are not supported".to_owned()
                    );
                } else {
                    let character = self.character_escape(c)?;
                    self.literal(character);
                }
                return Ok(true);
            }
        };
        self.out.push_str(constraint);
        Ok(false)
    }

    /// An escape that stands for one character, `\` and `c` being read.
    fn character_escape(&mut self, c: char) -> Result<char, String> {
        let invalid = || "invalid regular expression: invalid escape \\ sequence".to_owned();
        let code = match c {
            'a' => 7,
            'b' => 8,
            'B' => return Ok('\\'),
            'c' => u32::from(self.next().ok_or_else(invalid)?) & 0x1f,
            'e' => 27,
            'f' => 12,
            'n' => 10,
            'r' => 13,
            't' => 9,
            'v' => 11,
            'u' => self.hex(4)?,
            'U' => self.hex(8)?,
            'x' => {
                let mut code = 0u32;
                let start = self.at;
                while let Some(digit) = self.peek().and_then(|c| c.to_digit(16)) {
                    self.at += 1;
                    code = (code << 4 | digit).min(0x0fff_ffff);
                }
                if self.at == start {
                    return Err(invalid());
                }
                code
            }
            '0' => {
                let mut code = 0;
                for _ in 0..2 {
                    if let Some(digit) = self.peek().and_then(|c| c.to_digit(8)) {
                        self.at += 1;
                        code = code * 8 + digit;
                    }
                }
                code
            }
            c if c.is_ascii_alphanumeric() => return Err(invalid()),
            c => return Ok(c),
        };
        char::from_u32(code).ok_or_else(invalid)
    }

    fn hex(&mut self, digits: usize) -> Result<u32, String> {
        let mut code: u32 = 0;
        for _ in 0..digits {
            let digit = self
                .next()
                .and_then(|c| c.to_digit(16))
                .ok_or("invalid regular expression: invalid escape \\ sequence")?;
            code = code.checked_mul(16).map_or(u32::MAX, |c| c | digit);
        }
        Ok(code)
    }

    fn literal(&mut self, c: char) {
        push_literal(&mut self.out, c);
    }

    fn bracket(&mut self) -> Result<(), String> {
        let unbalanced = "invalid regular expression: brackets [] not balanced";
        self.at += 1;
        self.out.push('[');
        if self.eat('^') {
            self.out.push('^');
        }
        let mut first = true;
        loop {
            let c = self.next().ok_or(unbalanced)?;
            if c == ']' && !first {
                break;
            }
            first = false;
            let low = if c == '[' && matches!(self.peek(), Some(':' | '.' | '=')) {
                match self.named()? {
                    Some(character) => character,
                    None => continue,
                }
            } else if c == '\\' {
                let e = self.next().ok_or(unbalanced)?;
                if let Some(class) = shorthand(e) {
                    self.out.push('[');
                    self.out.push_str(&class);
                    self.out.push(']');
                    continue;
                }
                if e.is_ascii_digit() && e != '0' {
                    return Err("invalid regular expression: invalid escape \\ sequence".into());
                }
                self.character_escape(e)?
            } else {
                c
            };
            let is_range =
                self.peek() == Some('-') && self.chars.get(self.at + 1).is_some_and(|&c| c != ']');
            self.literal(low);
            if !is_range {
                continue;
            }
            self.at += 1;
            let high = match self.next().ok_or(unbalanced)? {
                '[' if matches!(self.peek(), Some(':' | '.' | '=')) => self
                    .named()?
                    .ok_or("invalid regular expression: invalid character range")?,
                '\\' => {
                    let e = self.next().ok_or(unbalanced)?;
                    if shorthand(e).is_some() {
                        return Err("invalid regular expression: invalid character range".into());
                    }
                    self.character_escape(e)?
                }
                high => high,
            };
            if low > high {
                return Err("invalid regular expression: invalid character range".to_owned());
            }
            self.out.push('-');
            self.literal(high);
        }
        self.out.push(']');
        Ok(())
    }

    /// `[:class:]`, which is written out, or `[.c.]`, whose character is given back.
    fn named(&mut self) -> Result<Option<char>, String> {
        let kind = self.next().expect("peeked");
        let start = self.at;
        while self.peek().is_some_and(|c| c != kind) {
            self.at += 1;
        }
        let name: String = self.chars[start..self.at].iter().collect();
        if !(self.eat(kind) && self.eat(']')) {
            return Err("invalid regular expression: brackets [] not balanced".to_owned());
        }
        if kind != ':' {
            let mut chars = name.chars();
            return match (chars.next(), chars.next()) {
                (Some(c), None) if kind == '.' => Ok(Some(c)),
                _ => Err("collating elements in regular expressions are not supported".to_owned()),
            };
        }
        self.out.push_str(match name.as_str() {
            "alpha" => r"\p{Alphabetic}",
            "digit" => DIGIT,
            "alnum" => r"\p{Alphabetic}\p{N}",
            "space" => SPACE,
            "word" => WORD,
            "upper" => r"\p{Uppercase}",
            "lower" => r"\p{Lowercase}",
            "punct" => "[:punct:]",
            "xdigit" => "0-9A-Fa-f",
            "blank" => r" \t",
            "cntrl" => r"\x00-\x1f\x7f",
            _ => return Err("invalid regular expression: invalid character class".to_owned()),
        });
        if name == "punct" {
            // The POSIX class needs its own brackets; beyond ASCII it is what is neither letter, digit nor space.
            let at = self.out.len() - "[:punct:]".len();
            self.out.replace_range(at.., r"[[:punct:]\p{P}\p{S}]");
        }
        Ok(None)
    }
}

/// `\d \s \w` and their complements, as something that stands inside brackets.
fn shorthand(c: char) -> Option<String> {
    let set = match c.to_ascii_lowercase() {
        'd' => DIGIT,
        's' => SPACE,
        'w' => WORD,
        _ => return None,
    };
    Some(if c.is_ascii_uppercase() {
        format!("^{set}")
    } else {
        set.to_owned()
    })
}

fn push_literal(out: &mut String, c: char) {
    if c.is_ascii_alphanumeric() || c == '_' || !c.is_ascii() {
        out.push(c);
    } else {
        out.push_str(&format!("\\x{{{:x}}}", u32::from(c)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_mean_what_they_mean_in_postgres() {
        for (text, pattern, expected) in [
            ("a\nb", "a.b", true),
            ("a\nb", "a$", false),
            ("a\nb", "^b", false),
            ("foobar", "\\mbar", false),
            ("foo bar", "\\mbar\\M", true),
            ("foo bar", "[[:<:]]bar[[:>:]]", true),
            ("x]", "[]]", true),
            ("x-", "[a-]", true),
            ("a{x", "a{x", true),
            ("aaa", "^a{3}$", true),
            ("\u{663}", "\\d", false),
            ("\u{a0}", "\\s", false),
            ("\u{e9}", "^\\w$", true),
            ("ABC", "(?i)abc", true),
            ("a.c", "***=a.c", true),
            ("abc", "***=a.c", false),
            ("a#b", "a#b", true),
            ("tab\t", "\\t$", true),
            ("A", "\\x41", true),
            ("x", "", true),
            ("a-z", "[[:alpha:]]-[^[:digit:]]", true),
            ("1_a", "^[\\d_[:alpha:]]+$", true),
            ("^", "\\^", true),
        ] {
            let regex = compile(pattern, false, Usage::Test).unwrap();
            assert_eq!(
                regex.is_match(text.as_bytes()),
                expected,
                "{text:?} ~ {pattern}"
            );
        }
    }

    #[test]
    fn what_cannot_be_said_here_is_refused() {
        for pattern in [
            "(",
            ")",
            "a)",
            "[a",
            "*a",
            "a**",
            "^*",
            "(a)\\1",
            "(?=a)",
            "(?<!a)",
            "a{2,1}",
            "a{256}",
            "[b-a]",
            "(?x)a b",
            "\\",
            "[[:nope:]]",
            "[[.hyphen.]]",
            "a|*",
            "\\q",
        ] {
            assert!(compile(pattern, false, Usage::Test).is_err(), "{pattern}");
        }
    }

    #[test]
    fn replacements_take_groups() {
        for (text, pattern, replacement, all, expected) in [
            ("ab", "(a)(b)", "\\2\\1", false, "ba"),
            ("ab", "a", "[\\&]", false, "[a]b"),
            ("ab", "a", "\\\\", false, "\\b"),
            ("ab", "a", "$1", false, "$1b"),
            ("ab", "a", "\\x", false, "\\xb"),
            ("aaa", "a", "b", false, "baa"),
            ("aaa", "a", "b", true, "bbb"),
            ("\u{e4}b", "x*", "-", true, "-\u{e4}-b-"),
        ] {
            let regex = compile(pattern, false, Usage::Groups).unwrap();
            let replacement = Replacement::new(replacement.as_bytes());
            let found = replace(&regex, text.as_bytes(), &replacement, all);
            assert_eq!(
                String::from_utf8_lossy(&found),
                expected,
                "{text} {pattern}"
            );
        }
    }
}
