//! UUIDs of version 4. Their 122 keyed bits keep distinct inputs distinct.

use super::draw::Draw;
use super::fit::Limit;
use super::subject::{distinct, fake, fresh, keyed, plain, pseudo};
use super::words::Locale;
use super::{Example, Function};

/// `pseudo_uuid`.
pub const PSEUDO: Function = plain(distinct(pseudo(
    "pseudo_uuid",
    "Replaces a value by a UUID, always the same for the same value.",
    &[Example {
        sql: "anon.pseudo_uuid('6ba7b810-9dad-11d1-80b4-00c04fd430c8')",
        result: Some("cf995380-e9a4-4d85-b507-3732f5ad6710"),
    }],
    |call, args| keyed(call, args, make),
)));

/// `fake_uuid`.
pub const FAKE: Function = plain(distinct(fake(
    "fake_uuid",
    "Makes a UUID, anew for each row.",
    &[Example {
        sql: "anon.fake_uuid()",
        result: Some("3908b6cd-3f85-49e6-aa3d-8b8c36c95f70"),
    }],
    |call, args| fresh(call, args, make),
)));

fn make(draw: &mut Draw, _locale: Locale, limit: Limit) -> String {
    let mut bytes = [0; 16];
    draw.bytes(&mut bytes);
    bytes[6] = bytes[6] & 0x0F | 0x40;
    bytes[8] = bytes[8] & 0x3F | 0x80;
    let mut out = String::new();
    for (index, byte) in bytes.iter().enumerate() {
        // `char(32)` holds one without hyphens.
        if matches!(index, 4 | 6 | 8 | 10) && limit.is_none_or(|(limit, _)| limit >= 36) {
            out.push('-');
        }
        out.push_str(&format!("{byte:02x}"));
    }
    out
}
