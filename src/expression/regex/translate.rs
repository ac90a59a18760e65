//! The translation itself: a recursive descent over PostgreSQL's grammar that writes the same
//! meaning in the crate's.
//!
//! Along the way it notes which atoms are greedy, since in PostgreSQL that decides for the whole
//! expression whether the longest or the shortest match is taken.

use super::bracket::shorthand;

/// A translated pattern: what the crate reads, and what the proof of extents needs to know.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Translation {
    pub(super) pattern: String,
    pub(super) insensitive: bool,
    /// Does PostgreSQL prefer the longest match as a whole (false: the shortest)?
    pub(super) longest: bool,
    pub(super) groups: usize,
}

pub(super) fn translate(pattern: &str, insensitive: bool) -> Result<Translation, String> {
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

pub(super) struct Translator {
    pub(super) chars: Vec<char>,
    pub(super) at: usize,
    pub(super) out: String,
    pub(super) groups: usize,
}

/// Greedy (true), non-greedy (false) or no preference, as PostgreSQL's manual defines it.
type Preference = Option<bool>;

impl Translator {
    pub(super) fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }
    pub(super) fn next(&mut self) -> Option<char> {
        let next = self.peek();
        self.at += usize::from(next.is_some());
        next
    }
    pub(super) fn eat(&mut self, wanted: char) -> bool {
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
    pub(super) fn character_escape(&mut self, c: char) -> Result<char, String> {
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

    pub(super) fn literal(&mut self, c: char) {
        push_literal(&mut self.out, c);
    }
}

fn push_literal(out: &mut String, c: char) {
    if c.is_ascii_alphanumeric() || c == '_' || !c.is_ascii() {
        out.push(c);
    } else {
        out.push_str(&format!("\\x{{{:x}}}", u32::from(c)));
    }
}
