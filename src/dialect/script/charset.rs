//! The character sets of MySQL's clients: names, character widths, conversion to and from UTF-8.
//!
//! Under some of them a trail byte may be a backslash or a quote mark, so literals must be read by
//! character. What counts as a character is what the server takes for one: a lead byte before
//! something that is no trail byte stands alone.

use crate::dialect::RowFault;
use encoding_rs::Encoding;
use std::borrow::Cow;

/// Which characters have trail bytes in the ASCII range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wide {
    /// None: a lexer may work on bytes.
    No,
    /// Those of sjis and cp932.
    Sjis,
    /// Those of gbk.
    Gbk,
    /// Those of big5.
    Big5,
    /// Those of gb18030, two or four bytes long.
    Gb18030,
}

impl Wide {
    /// The length of the character that starts `bytes`: 1 unless all of it is there.
    pub fn width(self, bytes: &[u8]) -> usize {
        let high = |b: u8| matches!(b, 0x40..=0x7e | 0x80..=0xfe);
        let [lead, trail, rest @ ..] = bytes else {
            return 1;
        };
        let two = match self {
            Wide::No => return 1,
            Wide::Sjis => {
                matches!(lead, 0x81..=0x9f | 0xe0..=0xfc) && high(*trail) && *trail <= 0xfc
            }
            Wide::Gbk => matches!(lead, 0x81..=0xfe) && high(*trail),
            Wide::Big5 => matches!(lead, 0xa1..=0xf9) && matches!(trail, 0x40..=0x7e | 0xa1..=0xfe),
            Wide::Gb18030 => {
                if matches!(lead, 0x81..=0xfe)
                    && trail.is_ascii_digit()
                    && matches!(rest, [0x81..=0xfe, b'0'..=b'9', ..])
                {
                    return 4;
                }
                matches!(lead, 0x81..=0xfe) && high(*trail)
            }
        };
        1 + usize::from(two)
    }
}

/// A character set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Charset {
    encoding: Option<&'static Encoding>,
    known: bool,
    /// Are ASCII's bytes ASCII in it, as far as one knows?
    ascii: bool,
    /// Which of its characters a lexer must know.
    pub wide: Wide,
    /// Does MySQL read some of its characters in a way of its own?
    own: bool,
}

impl Charset {
    /// UTF-8, and `binary`, whose bytes are taken for text as they are.
    pub const PLAIN: Charset = Charset {
        encoding: None,
        known: true,
        ascii: true,
        wide: Wide::No,
        own: false,
    };

    /// The character set that MySQL knows by this name.
    pub fn from_name(name: &str) -> Charset {
        let name = name.to_ascii_lowercase();
        let by = |encoding, wide| Charset {
            encoding: Some(encoding),
            known: true,
            ascii: true,
            wide,
            own: matches!(name.as_str(), "sjis" | "big5"),
        };
        match name.as_str() {
            "utf8mb4" | "utf8mb3" | "utf8" | "binary" | "ascii" | "default" => Charset::PLAIN,
            // MySQL's latin1 is the Windows one.
            "latin1" => by(encoding_rs::WINDOWS_1252, Wide::No),
            "latin2" => by(encoding_rs::ISO_8859_2, Wide::No),
            "latin7" => by(encoding_rs::ISO_8859_13, Wide::No),
            "cp1250" => by(encoding_rs::WINDOWS_1250, Wide::No),
            "cp1251" => by(encoding_rs::WINDOWS_1251, Wide::No),
            "cp1256" => by(encoding_rs::WINDOWS_1256, Wide::No),
            "cp1257" => by(encoding_rs::WINDOWS_1257, Wide::No),
            "cp866" => by(encoding_rs::IBM866, Wide::No),
            "greek" => by(encoding_rs::ISO_8859_7, Wide::No),
            "hebrew" => by(encoding_rs::ISO_8859_8, Wide::No),
            "koi8r" => by(encoding_rs::KOI8_R, Wide::No),
            "koi8u" => by(encoding_rs::KOI8_U, Wide::No),
            "tis620" => by(encoding_rs::WINDOWS_874, Wide::No),
            "ujis" | "eucjpms" => by(encoding_rs::EUC_JP, Wide::No),
            "euckr" => by(encoding_rs::EUC_KR, Wide::No),
            "gb2312" => by(encoding_rs::GBK, Wide::No),
            "sjis" | "cp932" => by(encoding_rs::SHIFT_JIS, Wide::Sjis),
            "gbk" => by(encoding_rs::GBK, Wide::Gbk),
            "big5" => by(encoding_rs::BIG5, Wide::Big5),
            "gb18030" => by(encoding_rs::GB18030, Wide::Gb18030),
            _ => Charset {
                known: false,
                ascii: !matches!(
                    name.as_str(),
                    "ucs2" | "utf16" | "utf16le" | "utf32" | "swe7"
                ),
                ..Charset::PLAIN
            },
        }
    }

    /// Are the bytes themselves the text?
    pub fn is_plain(self) -> bool {
        self.encoding.is_none() && self.known
    }

    /// Bytes of the dump → text.
    ///
    /// # Errors
    /// If the character set is not known or the bytes are not valid in it.
    pub fn decode(self, bytes: &[u8]) -> Result<Cow<'_, [u8]>, RowFault> {
        if self.is_plain() || self.ascii && bytes.is_ascii() {
            return Ok(Cow::Borrowed(bytes));
        }
        let Some(encoding) = self.encoding else {
            return super::fault("its character set is not known; dump in utf8mb4");
        };
        match encoding.decode_without_bom_handling_and_without_replacement(bytes) {
            // Kana, Cyrillic and symbols that makers of fonts have put into Big5, each elsewhere.
            Some(text) if self.own && self.wide == Wide::Big5 && extended(&text) => super::fault(
                "the value has a character on whose place in Big5 systems differ; dump in utf8mb4",
            ),
            // MySQL's sjis has the backslash in the place of the wide one.
            Some(text) if self.own => Ok(Cow::Owned(text.replace('\u{ff3c}', "\\").into_bytes())),
            Some(text) => Ok(Cow::Owned(text.into_owned().into_bytes())),
            None => super::fault("the value is not valid in the dump's character set"),
        }
    }

    /// Text → bytes of the dump. It counts only if it reads back as the same text.
    ///
    /// # Errors
    /// If the character set is not known or lacks a character.
    pub fn encode(self, text: &[u8]) -> Result<Cow<'_, [u8]>, RowFault> {
        if self.is_plain() || self.ascii && text.is_ascii() {
            return Ok(Cow::Borrowed(text));
        }
        let missing =
            "the new value has a character that the dump's character set lacks; dump in utf8mb4";
        let (Some(encoding), Ok(utf8)) = (self.encoding, std::str::from_utf8(text)) else {
            return super::fault(missing);
        };
        let (bytes, _, unmappable) = encoding.encode(utf8);
        if unmappable || self.decode(&bytes)? != text {
            return super::fault(missing);
        }
        Ok(Cow::Owned(bytes.into_owned()))
    }

    /// A name in the dump's bytes. Bytes that are no text stand for U+0080…U+00FF, so that different
    /// names stay different.
    pub fn name(self, bytes: &[u8]) -> String {
        match self.decode(bytes) {
            Ok(text) => match std::str::from_utf8(&text) {
                Ok(text) => text.to_owned(),
                Err(_) => bytes.iter().map(|&b| char::from(b)).collect(),
            },
            Err(_) => bytes.iter().map(|&b| char::from(b)).collect(),
        }
    }
}

/// Has it characters from the extensions of Big5 (lead bytes C6 to C8)?
fn extended(text: &str) -> bool {
    text.chars().any(|c| {
        let mut utf8 = [0; 4];
        let (bytes, _, unmappable) = encoding_rs::BIG5.encode(c.encode_utf8(&mut utf8));
        unmappable || c > '\u{7f}' && matches!(bytes.first(), Some(0xc6..=0xc8))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_are_those_of_the_server() {
        for (name, bytes, width) in [
            ("sjis", &b"\x95\x5c"[..], 2),
            ("sjis", b"\x95'", 1),
            ("sjis", b"\xb1\x5c", 1),
            ("cp932", b"\xfc\x4b", 2),
            ("gbk", b"\x81\x5c", 2),
            ("gbk", b"\x81'", 1),
            ("big5", b"\xa5\x5c", 2),
            ("gb18030", b"\x81\x30\x81\x30", 4),
            ("gb18030", b"\x81\x30'x", 1),
            ("gb18030", b"\x81\x5c", 2),
            ("utf8mb4", b"\xc3\xa9", 1),
            ("sjis", b"\x95", 1),
        ] {
            let wide = Charset::from_name(name).wide;
            assert_eq!(wide.width(bytes), width, "{name} {bytes:x?}");
        }
    }

    #[test]
    fn text_goes_both_ways() {
        for (name, bytes, text) in [
            ("latin1", &b"M\xfcller\x80"[..], "Müller€"),
            ("sjis", b"\x95\\", "表"),
            ("gbk", b"\xd6\xd0", "中"),
            ("utf8mb4", "é".as_bytes(), "é"),
        ] {
            let charset = Charset::from_name(name);
            assert_eq!(&*charset.decode(bytes).unwrap(), text.as_bytes(), "{name}");
            assert_eq!(&*charset.encode(text.as_bytes()).unwrap(), bytes, "{name}");
        }
        assert!(
            Charset::from_name("latin1")
                .encode("表".as_bytes())
                .is_err()
        );
        assert!(Charset::from_name("sjis").encode("¥".as_bytes()).is_err());
        // Found by generated round trips with MariaDB.
        let sjis = Charset::from_name("sjis");
        assert_eq!(&*sjis.decode(b"a\x81\x5f").unwrap(), b"a\\");
        assert!(sjis.encode("＼".as_bytes()).is_err());
        let cp932 = Charset::from_name("cp932");
        assert_eq!(&*cp932.decode(b"\x81\x5f").unwrap(), "＼".as_bytes());
        let big5 = Charset::from_name("big5");
        assert_eq!(&*big5.decode(b"\xaa\xed").unwrap(), "表".as_bytes());
        assert!(big5.decode(b"\xaa\xed\xc7\x55").is_err());
        assert!(Charset::from_name("dec8").decode(b"\xfc").is_err());
        assert_eq!(Charset::from_name("dec8").name(b"\xfc"), "ü");
    }
}
