//! PostgreSQL's client encodings: names, character widths, conversion to and from UTF-8.
//!
//! Text reaches the expressions in UTF-8. A dump in another encoding is converted a cell at a
//! time, and only cells that somebody reads. SQL_ASCII has no conversion: its bytes are the text.
//! Some client-only encodings have trail bytes in the ASCII range, so a byte that looks like a
//! backslash may be half a character; [`Charset::width`] is what keeps lexers on characters.

use super::tokens::Lexing;
use encoding_rs::Encoding;
use std::borrow::Cow;

/// How bytes become text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Conversion {
    /// UTF-8 or SQL_ASCII: the bytes are the text.
    None,
    /// ISO 8859-1 as PostgreSQL reads it, C1 controls included.
    Latin1,
    /// ISO 8859-9, which encoding_rs knows only as windows-1254.
    Latin5,
    /// By encoding_rs.
    By(&'static Encoding),
    /// Known to PostgreSQL only.
    Unknown,
}

/// How long a character is whose first byte has the high bit, where trail bytes may be ASCII.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wide {
    /// No trail byte is ASCII: a lexer may work on bytes.
    No,
    /// Two bytes (BIG5, GBK, UHC).
    Two,
    /// Two bytes, or one for half-width kana (SJIS, SHIFT_JIS_2004).
    Sjis,
    /// Two or four bytes (GB18030).
    Gb18030,
    /// Two or three bytes (JOHAB).
    Johab,
}

/// A client encoding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Charset {
    name: String,
    conversion: Conversion,
    wide: Wide,
}

/// Text that cannot be converted. Says why, without the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CharsetError {
    /// The encoding is PostgreSQL's own.
    #[error("the encoding {0} cannot be converted; dump with --encoding=UTF8")]
    Unknown(String),
    /// Bytes that are no characters of the encoding.
    #[error("the value is not valid {0}")]
    Invalid(String),
    /// A character that the encoding lacks.
    #[error("the new value has a character that {0} lacks; dump with --encoding=UTF8")]
    Missing(String),
}

impl Charset {
    /// UTF-8, which is also what a dump without `client_encoding` is taken for.
    pub fn utf8() -> Self {
        Charset {
            name: "UTF8".to_owned(),
            conversion: Conversion::None,
            wide: Wide::No,
        }
    }

    /// The encoding of a `client_encoding` name, spelled in any of PostgreSQL's ways.
    pub fn from_name(name: &str) -> Self {
        let key: String = name
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|c| c.to_ascii_lowercase())
            .collect();
        let (conversion, wide) = match key.as_str() {
            "utf8" | "unicode" | "sqlascii" => (Conversion::None, Wide::No),
            "latin1" | "iso88591" => (Conversion::Latin1, Wide::No),
            "latin5" | "iso88599" => (Conversion::Latin5, Wide::No),
            "sjis" | "shiftjis" | "mskanji" | "win932" | "windows932" => {
                (Conversion::By(encoding_rs::SHIFT_JIS), Wide::Sjis)
            }
            "shiftjis2004" => (Conversion::Unknown, Wide::Sjis),
            "big5" | "win950" | "windows950" => (Conversion::By(encoding_rs::BIG5), Wide::Two),
            "gbk" | "win936" | "windows936" => (Conversion::By(encoding_rs::GBK), Wide::Two),
            "uhc" | "win949" | "windows949" => (Conversion::By(encoding_rs::EUC_KR), Wide::Two),
            "gb18030" => (Conversion::By(encoding_rs::GB18030), Wide::Gb18030),
            "johab" => (Conversion::Unknown, Wide::Johab),
            key => (Self::byte_safe(key), Wide::No),
        };
        Charset {
            name: name.to_ascii_uppercase(),
            conversion,
            wide,
        }
    }

    /// The encodings whose trail bytes are never ASCII.
    fn byte_safe(key: &str) -> Conversion {
        let label = match key {
            "latin2" | "iso88592" => "iso-8859-2",
            "latin3" | "iso88593" => "iso-8859-3",
            "latin4" | "iso88594" => "iso-8859-4",
            "iso88595" => "iso-8859-5",
            "iso88596" => "iso-8859-6",
            "iso88597" => "iso-8859-7",
            "iso88598" => "iso-8859-8",
            "latin6" | "iso885910" => "iso-8859-10",
            "latin7" | "iso885913" => "iso-8859-13",
            "latin8" | "iso885914" => "iso-8859-14",
            "latin9" | "iso885915" => "iso-8859-15",
            "latin10" | "iso885916" => "iso-8859-16",
            "win1250" | "windows1250" => "windows-1250",
            "win" | "win1251" | "windows1251" => "windows-1251",
            "win1252" | "windows1252" => "windows-1252",
            "win1253" | "windows1253" => "windows-1253",
            "win1254" | "windows1254" => "windows-1254",
            "win1255" | "windows1255" => "windows-1255",
            "win1256" | "windows1256" => "windows-1256",
            "win1257" | "windows1257" => "windows-1257",
            "win1258" | "windows1258" | "abc" | "tcvn" | "tcvn5712" | "vscii" => "windows-1258",
            "alt" | "win866" | "windows866" => "ibm866",
            "win874" | "windows874" => "windows-874",
            "koi8" | "koi8r" => "koi8-r",
            "koi8u" => "koi8-u",
            "eucjp" => "euc-jp",
            "euckr" => "euc-kr",
            "euccn" => "gbk",
            _ => return Conversion::Unknown,
        };
        Encoding::for_label(label.as_bytes()).map_or(Conversion::Unknown, Conversion::By)
    }

    /// The name as the dump spells it, in upper case.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Are the bytes themselves the text?
    pub fn is_plain(&self) -> bool {
        self.conversion == Conversion::None
    }

    /// May a trail byte be ASCII, so that bytes must be read by character?
    pub fn is_wide(&self) -> bool {
        self.wide != Wide::No
    }

    /// The length of the character that starts `bytes`, as PostgreSQL's `mblen` counts it; at
    /// least 1. It never reaches over a line feed, and may exceed what `bytes` holds.
    pub fn width(&self, bytes: &[u8]) -> usize {
        let Some(&lead) = bytes.first() else {
            return 1;
        };
        if lead < 0x80 {
            return 1;
        }
        let width = match self.wide {
            Wide::No => 1,
            Wide::Two => 2,
            Wide::Sjis => 2 - usize::from((0xa1..=0xdf).contains(&lead)),
            Wide::Gb18030 => match bytes.get(1) {
                Some(b'0'..=b'9') => 4,
                _ => 2,
            },
            Wide::Johab => 2 + usize::from(lead == 0x8f),
        };
        let trail = &bytes[1..width.min(bytes.len())];
        memchr::memchr(b'\n', trail).map_or(width, |at| at + 1)
    }

    /// The settings under which whole statements are cut into tokens.
    pub fn lexing(&self, standard_conforming_strings: bool) -> Lexing {
        let lead: Option<fn(u8) -> bool> = match self.wide {
            Wide::No => None,
            Wide::Sjis => Some(|b| b >= 0x80 && !(0xa1..=0xdf).contains(&b)),
            Wide::Two | Wide::Gb18030 | Wide::Johab => Some(|b| b >= 0x80),
        };
        let charset = match self.conversion {
            Conversion::By(encoding) => Some(encoding),
            // They differ from ISO 8859 in the control characters 0x80 to 0x9F only.
            Conversion::Latin1 => Some(encoding_rs::WINDOWS_1252),
            Conversion::Latin5 => Some(encoding_rs::WINDOWS_1254),
            Conversion::None | Conversion::Unknown => None,
        };
        Lexing {
            standard_conforming_strings,
            lead,
            charset,
        }
    }

    /// Bytes of the dump → text.
    ///
    /// # Errors
    /// If the encoding is not known or the bytes are not valid in it.
    pub fn decode<'a>(&self, bytes: &'a [u8]) -> Result<Cow<'a, [u8]>, CharsetError> {
        if self.conversion == Conversion::None || bytes.is_ascii() {
            return Ok(Cow::Borrowed(bytes));
        }
        let text = match self.conversion {
            Conversion::Latin1 => Some(encoding_rs::mem::decode_latin1(bytes)),
            Conversion::Latin5 => Some(bytes.iter().map(|&b| latin5(b)).collect::<String>().into()),
            Conversion::By(encoding) => {
                encoding.decode_without_bom_handling_and_without_replacement(bytes)
            }
            Conversion::None | Conversion::Unknown => {
                return Err(CharsetError::Unknown(self.name.clone()));
            }
        };
        let text = text.ok_or_else(|| CharsetError::Invalid(self.name.clone()))?;
        Ok(Cow::Owned(text.into_owned().into_bytes()))
    }

    /// Text → bytes of the dump.
    ///
    /// encoding_rs is lenient where the web is (it writes `¥` as a backslash in Shift_JIS), so the
    /// result counts only if it reads back as the same text.
    ///
    /// # Errors
    /// If the encoding is not known or lacks a character.
    pub fn encode<'a>(&self, text: &'a [u8]) -> Result<Cow<'a, [u8]>, CharsetError> {
        if self.conversion == Conversion::None || text.is_ascii() {
            return Ok(Cow::Borrowed(text));
        }
        let missing = || CharsetError::Missing(self.name.clone());
        let utf8 = std::str::from_utf8(text).map_err(|_| missing())?;
        let bytes: Vec<u8> = match self.conversion {
            Conversion::Latin1 => utf8
                .chars()
                .map(|c| u8::try_from(u32::from(c)).map_err(|_| missing()))
                .collect::<Result<_, _>>()?,
            Conversion::Latin5 => utf8
                .chars()
                .map(|c| (0..=255).find(|&b| latin5(b) == c).ok_or_else(missing))
                .collect::<Result<_, _>>()?,
            Conversion::By(encoding) => {
                let (bytes, _, unmappable) = encoding.encode(utf8);
                if unmappable || self.decode(&bytes).ok().as_deref() != Some(text) {
                    return Err(missing());
                }
                bytes.into_owned()
            }
            Conversion::None | Conversion::Unknown => {
                return Err(CharsetError::Unknown(self.name.clone()));
            }
        };
        Ok(Cow::Owned(bytes))
    }
}

/// ISO 8859-9: Latin-1 with six Turkish letters.
fn latin5(byte: u8) -> char {
    match byte {
        0xd0 => 'Ğ',
        0xdd => 'İ',
        0xde => 'Ş',
        0xf0 => 'ğ',
        0xfd => 'ı',
        0xfe => 'ş',
        other => char::from(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_round_trips_in_every_encoding() {
        for (name, text, bytes) in [
            ("UTF8", "é", &b"\xc3\xa9"[..]),
            ("unicode", "é", b"\xc3\xa9"),
            ("LATIN1", "é\u{80}", b"\xe9\x80"),
            ("iso-8859-1", "é", b"\xe9"),
            ("LATIN2", "ł", b"\xb3"),
            ("LATIN5", "ş", b"\xfe"),
            ("LATIN9", "€", b"\xa4"),
            ("WIN1252", "€", b"\x80"),
            ("WIN1251", "Я", b"\xdf"),
            ("WIN866", "Я", b"\x9f"),
            ("KOI8R", "Я", b"\xf1"),
            ("SJIS", "表", b"\x95\x5c"),
            ("EUC_JP", "表", b"\xc9\xbd"),
            ("EUC_KR", "가", b"\xb0\xa1"),
            ("UHC", "가", b"\xb0\xa1"),
            ("EUC_CN", "中", b"\xd6\xd0"),
            ("GBK", "乗", b"\x81\x5c"),
            ("GB18030", "€", b"\xa2\xe3"),
            ("BIG5", "功", b"\xa5\x5c"),
        ] {
            let charset = Charset::from_name(name);
            assert_eq!(charset.decode(bytes).unwrap(), text.as_bytes(), "{name}");
            assert_eq!(charset.encode(text.as_bytes()).unwrap(), bytes, "{name}");
        }
    }

    #[test]
    fn what_cannot_be_converted_is_an_error() {
        let sjis = Charset::from_name("SJIS");
        assert!(matches!(
            sjis.encode("¥".as_bytes()),
            Err(CharsetError::Missing(_))
        ));
        assert!(matches!(
            sjis.encode("é".as_bytes()),
            Err(CharsetError::Missing(_))
        ));
        assert!(matches!(
            sjis.decode(b"\x95"),
            Err(CharsetError::Invalid(_))
        ));
        let latin1 = Charset::from_name("LATIN1");
        assert!(matches!(
            latin1.encode("€".as_bytes()),
            Err(CharsetError::Missing(_))
        ));
        for name in ["JOHAB", "MULE_INTERNAL", "EUC_TW", "SHIFT_JIS_2004"] {
            let charset = Charset::from_name(name);
            assert_eq!(charset.decode(b"abc").unwrap(), &b"abc"[..]);
            assert!(matches!(
                charset.decode(b"\xa1\xa1"),
                Err(CharsetError::Unknown(_))
            ));
        }
        let raw = Charset::from_name("SQL_ASCII");
        assert_eq!(raw.decode(b"\xff").unwrap(), &b"\xff"[..]);
    }

    #[test]
    fn characters_are_as_wide_as_the_server_counts() {
        for (name, bytes, width) in [
            ("UTF8", &b"\xc3\xa9"[..], 1),
            ("SJIS", b"\x95\x5c", 2),
            ("SJIS", b"\xb1x", 1),
            ("SJIS", b"a\\", 1),
            ("SJIS", b"\x95\nx", 1),
            ("BIG5", b"\xa5\x5c", 2),
            ("GB18030", b"\x81\x30\x81\x30", 4),
            ("GB18030", b"\x81\x5c", 2),
            ("JOHAB", b"\x8f\xa1\xa1", 3),
        ] {
            assert_eq!(
                Charset::from_name(name).width(bytes),
                width,
                "{name} {bytes:?}"
            );
        }
    }
}
