//! MAC addresses that no maker gives out: locally administered ones.

use super::draw::Draw;
use super::fit::Limit;
use super::subject::{fake, fresh, keyed, plain, pseudo};
use super::words::Locale;
use super::{Example, Function};

/// `pseudo_mac`.
pub const PSEUDO: Function = plain(pseudo(
    "pseudo_mac",
    "Replaces a value by a locally administered MAC address, always the same for the same value.",
    &[Example {
        sql: "anon.pseudo_mac('00:00:5e:00:53:01')",
        result: Some("ca:cd:3e:e0:dd:b7"),
    }],
    |call, args| keyed(call, args, make),
));

/// `fake_mac`.
pub const FAKE: Function = plain(fake(
    "fake_mac",
    "Makes a locally administered MAC address, anew for each row.",
    &[Example {
        sql: "anon.fake_mac()",
        result: Some("a6:8c:6f:69:b4:f5"),
    }],
    |call, args| fresh(call, args, make),
));

fn make(draw: &mut Draw, _locale: Locale, _limit: Limit) -> String {
    let mut bytes = [0; 6];
    draw.bytes(&mut bytes);
    bytes[0] = bytes[0] & 0xFC | 0x02;
    bytes.map(|byte| format!("{byte:02x}")).join(":")
}
