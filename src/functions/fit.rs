//! Fitting a result into its column without making distinct values equal.
//!
//! A value that is too long is cut and ends with a keyed suffix computed from the whole of it. The
//! suffix is base32: 13 characters hold 65 bits, fewer where the column has no room for more.

use super::Subkey;
use crate::schema::LengthUnit;
use std::borrow::Cow;

/// A column's length limit.
pub type Limit = Option<(u32, LengthUnit)>;

/// The characters of a full keyed suffix.
pub const SUFFIX: usize = 13;

/// The characters of suffixes: without those that are easily taken for others.
pub const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// The length of a text in the limit's unit. Bytes that are not UTF-8 count one each.
pub fn length(text: &[u8], unit: LengthUnit) -> usize {
    match unit {
        LengthUnit::Bytes => text.len(),
        LengthUnit::Utf16 => {
            std::str::from_utf8(text).map_or(text.len(), |text| text.encode_utf16().count())
        }
        LengthUnit::Characters => {
            std::str::from_utf8(text).map_or(text.len(), |text| text.chars().count())
        }
    }
}

/// Does a text fit?
pub fn fits(text: &[u8], limit: Limit) -> bool {
    limit.is_none_or(|(limit, unit)| {
        text.len() <= limit as usize || length(text, unit) <= limit as usize
    })
}

/// A keyed suffix of at most [`SUFFIX`] characters for what `identity` stands for.
pub fn suffix(key: &Subkey, identity: &[u8], characters: usize) -> String {
    let digest = key.digest(identity);
    let mut bits = digest
        .iter()
        .flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1));
    (0..characters.min(SUFFIX))
        .map(|_| {
            let index = bits.by_ref().take(5).fold(0, |all, bit| all << 1 | bit);
            char::from(ALPHABET[usize::from(index)])
        })
        .collect()
}

/// Cuts a text to the limit; what is cut ends with a suffix that `identity` determines.
pub fn fit<'a>(text: Cow<'a, [u8]>, limit: Limit, key: &Subkey, identity: &[u8]) -> Cow<'a, [u8]> {
    let Some((limit, unit)) = limit.filter(|_| !fits(&text, limit)) else {
        return text;
    };
    let limit = limit as usize;
    let tail = suffix(key, identity, limit);
    let room = limit - tail.len();
    let mut out = Vec::with_capacity(limit);
    // The tilde keeps the suffix from becoming part of a word, a number or a domain.
    if room >= 2 {
        out.extend_from_slice(prefix(&text, room - 1, unit));
        out.push(b'~');
    }
    out.extend_from_slice(tail.as_bytes());
    Cow::Owned(out)
}

/// The longest start of `text` with at most `limit` units, cut between characters.
pub fn prefix(text: &[u8], limit: usize, unit: LengthUnit) -> &[u8] {
    let Ok(valid) = std::str::from_utf8(text) else {
        return &text[..limit.min(text.len())];
    };
    let end = match unit {
        LengthUnit::Bytes => valid.floor_char_boundary(limit),
        LengthUnit::Characters => valid
            .char_indices()
            .nth(limit)
            .map_or(text.len(), |(at, _)| at),
        LengthUnit::Utf16 => {
            let ends = valid.char_indices().scan(0, |units, (at, c)| {
                *units += c.len_utf16();
                (*units <= limit).then_some(at + c.len_utf8())
            });
            ends.last().unwrap_or(0)
        }
    };
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::Key;

    fn key() -> Subkey {
        Key::new(b"example".to_vec()).subkey("fit")
    }

    #[test]
    fn what_fits_is_untouched() {
        let text = "fünf".as_bytes();
        for limit in [
            None,
            Some((4, LengthUnit::Characters)),
            Some((5, LengthUnit::Bytes)),
            Some((5, LengthUnit::Utf16)),
        ] {
            assert!(matches!(
                fit(text.into(), limit, &key(), text),
                Cow::Borrowed(_)
            ));
        }
    }

    #[test]
    fn what_is_cut_stays_distinct_and_within_the_limit() {
        for limit in 1..40u32 {
            for unit in [LengthUnit::Characters, LengthUnit::Bytes, LengthUnit::Utf16] {
                let texts: Vec<_> = ["ä", "ö"].map(|end| "é".repeat(40) + end).into();
                let cut: Vec<_> = texts
                    .iter()
                    .map(|t| {
                        fit(
                            t.as_bytes().into(),
                            Some((limit, unit)),
                            &key(),
                            t.as_bytes(),
                        )
                    })
                    .collect();
                assert!(cut.iter().all(|c| length(c, unit) <= limit as usize));
                assert!(
                    cut.iter()
                        .all(|c| std::str::from_utf8(c).is_ok() && !c.is_empty())
                );
                assert_ne!(cut[0], cut[1], "limit {limit}");
            }
        }
    }
}
