//! IP addresses that no host has: 240.0.0.0/4, which is reserved, for IPv4 and 2001:db8::/32, which is
//! for documentation, for IPv6. A prefix length stays, and the host bits are zero then.

use super::draw::Draw;
use super::subject::{fake, plain, pseudo, text};
use super::{Call, Example, Function, fit};
use crate::value::{Value, ValueError};
use std::net::{Ipv4Addr, Ipv6Addr};

/// `pseudo_ip`.
pub const PSEUDO: Function = plain(pseudo(
    "pseudo_ip",
    "Replaces an IP address by one of the same family that no host has, always the same for the same value.",
    &[
        Example {
            sql: "anon.pseudo_ip('192.0.2.17')",
            result: Some("242.62.216.84"),
        },
        Example {
            sql: "anon.pseudo_ip('2a00:1450:4001::/48')",
            result: Some("2001:db8:3b76::/48"),
        },
    ],
    |call, args| {
        let input = text(args, 0)?;
        let mut draw = Draw::keyed(call, input);
        made(call, &mut draw, input, input)
    },
));

/// `fake_ip`.
pub const FAKE: Function = plain(fake(
    "fake_ip",
    "Makes an IP address that no host has, anew for each row.",
    &[Example {
        sql: "anon.fake_ip()",
        result: Some("244.86.34.255"),
    }],
    |call, _| made(call, &mut Draw::fresh(call), b"", &call.fresh.to_le_bytes()),
));

fn made<'v>(
    call: &Call<'_>,
    draw: &mut Draw,
    like: &[u8],
    identity: &[u8],
) -> Result<Value<'v>, ValueError> {
    let length = like
        .iter()
        .position(|b| *b == b'/')
        .and_then(|slash| std::str::from_utf8(&like[slash + 1..]).ok()?.parse().ok());
    let ip = if like.contains(&b':') {
        let mut bytes = [0; 16];
        draw.bytes(&mut bytes);
        bytes[..4].copy_from_slice(&[0x20, 0x01, 0x0d, 0xb8]);
        let mask = u128::MAX.checked_shr(length.unwrap_or(128).min(128));
        Ipv6Addr::from(u128::from_be_bytes(bytes) & !mask.unwrap_or(0)).to_string()
    } else {
        let bits = 0xF000_0000 | draw.below(0x0FFF_FFFF) as u32;
        let mask = u32::MAX.checked_shr(length.unwrap_or(32).min(32));
        Ipv4Addr::from(bits & !mask.unwrap_or(0)).to_string()
    };
    let ip = length.map_or(ip.clone(), |length| format!("{ip}/{length}"));
    let fitted = fit::fit(ip.into_bytes().into(), call.limit, call.key, identity);
    Ok(Value::Text(fitted))
}
