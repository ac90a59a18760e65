//! Bracket expressions and the classes that are short for one.
//!
//! The classes are spelled out, because the crate's own are not PostgreSQL's: `\d` is ASCII only,
//! and a no-break space is no space.

use super::translate::Translator;

// Character classes as glibc has them in a UTF-8 locale, which is what PostgreSQL asks.
const DIGIT: &str = "0-9";
const SPACE: &str =
    r"\t-\r \x{1680}\x{2000}-\x{2006}\x{2008}-\x{200A}\x{2028}\x{2029}\x{205F}\x{3000}";
const WORD: &str = r"\p{Alphabetic}\p{N}_";

impl Translator {
    pub(super) fn bracket(&mut self) -> Result<(), String> {
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
pub(super) fn shorthand(c: char) -> Option<String> {
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
