//! PHP-serialised values: finds the strings and mends their lengths.
//!
//! `s:12:"…";` says its length in bytes, so that a changed string needs a changed length, or PHP
//! refuses the whole value. Only a text that is one whole serialised value is taken for one. The
//! escaped form `S:` is not read: nothing writes it since PHP 5.

/// Deeper than any real value, and shallow enough for the stack.
const DEPTH: usize = 100;

/// Rewrites every string of a serialised value with `change`, which appends the new string.
/// None if the text is not PHP-serialised.
pub fn rewrite(text: &[u8], change: &mut dyn FnMut(&[u8], &mut Vec<u8>)) -> Option<Vec<u8>> {
    // A value without strings holds nothing to change.
    if !matches!(text, [b'a' | b's' | b'O' | b'C', b':', ..]) {
        return None;
    }
    let mut reader = Reader {
        text,
        at: 0,
        out: Vec::with_capacity(text.len() + 64),
        change,
    };
    reader.value(0)?;
    let rest = &text[reader.at..];
    rest.trim_ascii().is_empty().then(|| {
        reader.out.extend_from_slice(rest);
        reader.out
    })
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    out: Vec<u8>,
    change: &'a mut dyn FnMut(&[u8], &mut Vec<u8>),
}

impl<'a> Reader<'a> {
    fn value(&mut self, depth: usize) -> Option<()> {
        if depth > DEPTH {
            return None;
        }
        match self.text.get(self.at)? {
            b'N' => self.copy(b"N;"),
            b'b' | b'i' | b'd' | b'r' | b'R' => self.scalar(),
            b's' => {
                self.copy(b"s:")?;
                let length = self.number(b':')?;
                self.string(length, b'"', b"\";")
            }
            b'a' => {
                self.copy(b"a:")?;
                self.entries(depth)
            }
            b'O' => {
                self.copy(b"O:")?;
                self.class()?;
                self.entries(depth)
            }
            b'C' => {
                self.copy(b"C:")?;
                self.class()?;
                let length = self.number(b':')?;
                self.string(length, b'{', b"}")
            }
            b'E' => {
                self.copy(b"E:")?;
                self.class_ending(b"\";")
            }
            _ => None,
        }
    }

    /// `n:{key value …}`.
    fn entries(&mut self, depth: usize) -> Option<()> {
        let count = self.number(b':')?;
        self.out.extend_from_slice(count.to_string().as_bytes());
        self.out.push(b':');
        self.copy(b"{")?;
        for _ in 0..count.checked_mul(2)? {
            self.value(depth + 1)?;
        }
        self.copy(b"}")
    }

    /// `n:"Class":`, unchanged.
    fn class(&mut self) -> Option<()> {
        self.class_ending(b"\":")
    }

    fn class_ending(&mut self, end: &[u8]) -> Option<()> {
        let start = self.at;
        let length = self.number(b':')?;
        self.take(b"\"")?;
        self.at = self.at.checked_add(length)?;
        self.take(end)?;
        self.out.extend_from_slice(self.text.get(start..self.at)?);
        Some(())
    }

    /// `n:"…"` or `n:{…}`, of which the length has been read and not yet written.
    fn string(&mut self, length: usize, open: u8, end: &[u8]) -> Option<()> {
        self.take(&[open])?;
        let content = self.text.get(self.at..self.at.checked_add(length)?)?;
        self.at += length;
        self.take(end)?;
        let mut changed = Vec::with_capacity(length + 32);
        (self.change)(content, &mut changed);
        self.out
            .extend_from_slice(changed.len().to_string().as_bytes());
        self.out.extend_from_slice(&[b':', open]);
        self.out.extend_from_slice(&changed);
        self.out.extend_from_slice(end);
        Some(())
    }

    /// `i:42;` and its like.
    fn scalar(&mut self) -> Option<()> {
        let rest = &self.text[self.at..];
        let end = memchr::memchr(b';', rest)?;
        let number = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.');
        let valid = rest[1] == b':' && end > 2 && rest[2..end].iter().all(number);
        self.copy(valid.then(|| &rest[..=end])?)
    }

    fn number(&mut self, end: u8) -> Option<usize> {
        let rest = &self.text[self.at..];
        let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let number = std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()?;
        self.at += digits;
        self.take(&[end])?;
        Some(number)
    }

    fn copy(&mut self, expected: &[u8]) -> Option<()> {
        self.take(expected)?;
        self.out.extend_from_slice(expected);
        Some(())
    }

    fn take(&mut self, expected: &[u8]) -> Option<()> {
        self.text.get(self.at..)?.starts_with(expected).then(|| {
            self.at += expected.len();
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shout(text: &[u8]) -> Option<Vec<u8>> {
        rewrite(text, &mut |s, out| {
            out.extend_from_slice(s);
            out.push(b'!');
        })
    }

    #[test]
    fn strings_change_with_their_lengths() {
        for (from, to) in [
            (r#"s:2:"hi";"#, r#"s:3:"hi!";"#),
            (r#"s:2:"ü";"#, r#"s:3:"ü!";"#),
            ("s:3:\"a\"b\";\n", "s:4:\"a\"b!\";\n"),
            (
                r#"a:2:{i:0;s:1:"x";s:1:"k";a:1:{i:-1;d:1.5E+3;}}"#,
                r#"a:2:{i:0;s:2:"x!";s:2:"k!";a:1:{i:-1;d:1.5E+3;}}"#,
            ),
            (
                r#"O:3:"Foo":2:{s:1:"a";N;s:1:"b";E:7:"Suit:Up";}"#,
                r#"O:3:"Foo":2:{s:2:"a!";N;s:2:"b!";E:7:"Suit:Up";}"#,
            ),
            (r#"C:3:"Bag":4:{data}"#, r#"C:3:"Bag":5:{data!}"#),
            ("a:0:{}", "a:0:{}"),
        ] {
            assert_eq!(
                shout(from.as_bytes()).as_deref(),
                Some(to.as_bytes()),
                "{from}"
            );
        }
    }

    #[test]
    fn anything_else_is_not_taken_for_it() {
        for text in [
            "",
            "s",
            "s:",
            "s:9:\"hi\";",
            "s:2:\"hi\"",
            "s:2:\"hi\";x",
            "a:1:{i:0;}",
            "a:b",
            "a: b@c.de",
            "i:5;",
            "S:2:\"hi\";",
            "s:99999999999999999999:\"\";",
            "O:9:\"x\":0:{}",
            "s:18446744073709551615:\"\";",
            "a:9223372036854775808:{",
        ] {
            assert_eq!(shout(text.as_bytes()), None, "{text}");
        }
        assert_eq!(shout("a:1:{i:0;".repeat(5000).as_bytes()), None);
    }

    proptest! {
        #[test]
        fn any_bytes(text in proptest::collection::vec(any::<u8>(), 0..60), php in "[aOsCidN:;{}\"0-9x]{0,40}") {
            shout(&text);
            shout(php.as_bytes());
        }
    }
}
