//! `inet`, `cidr` and `macaddr`: brought to the text form that the server prints, so that equal
//! addresses are equal texts. The shortened IPv4 forms (`10.1/16`) are not read.

use super::ValueError;
use super::binary::write_hex;
use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The text form of an `inet`, or of a `cidr`, whose bits behind the mask must be zero and whose
/// mask is always shown.
pub fn normal_inet(text: &[u8], cidr: bool) -> Result<Cow<'_, [u8]>, ValueError> {
    let name = if cidr { "cidr" } else { "inet" };
    let invalid = || ValueError::new(format!("invalid input syntax for type {name}"));
    let whole = std::str::from_utf8(text).map_err(|_| invalid())?;
    let (address, mask) = match whole.split_once('/') {
        Some((address, mask)) => (address, Some(mask)),
        None => (whole, None),
    };
    let address: IpAddr = address.parse().map_err(|_| invalid())?;
    let (bits, width) = match address {
        IpAddr::V4(v4) => (u128::from(u32::from(v4)) << 96, 32),
        IpAddr::V6(v6) => (u128::from(v6), 128),
    };
    let mask = match mask {
        None => width,
        Some(mask) if mask.bytes().all(|b| b.is_ascii_digit()) => mask
            .parse()
            .ok()
            .filter(|&mask| mask <= width)
            .ok_or_else(invalid)?,
        Some(_) => return Err(invalid()),
    };
    if cidr && bits.checked_shl(mask).unwrap_or(0) != 0 {
        return Err(ValueError::new(
            "invalid cidr value: bits set to right of mask",
        ));
    }
    let mut normal = match address {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => show_v6(v6),
    };
    if cidr || mask < width {
        normal = format!("{normal}/{mask}");
    }
    Ok(if normal.as_bytes() == text {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(normal.into_bytes())
    })
}

/// As Rust shows it, but an address of 32 bits behind zeros in the old form with dots.
fn show_v6(address: Ipv6Addr) -> String {
    match address.segments() {
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 => {
            format!(
                "::{}",
                Ipv4Addr::from(u32::from(high) << 16 | u32::from(low))
            )
        }
        _ => address.to_string(),
    }
}

/// The text form of a `macaddr`: `08:00:2b:01:02:03`.
pub fn normal_mac(text: &[u8]) -> Result<Vec<u8>, ValueError> {
    let invalid = || ValueError::new("invalid input syntax for type macaddr");
    let text = super::integer::trim(text);
    let groups: Vec<&[u8]> = text.split(|b| matches!(b, b':' | b'-' | b'.')).collect();
    let separators: Vec<u8> = text
        .iter()
        .copied()
        .filter(|b| matches!(b, b':' | b'-' | b'.'))
        .collect();
    let one = separators.windows(2).all(|pair| pair[0] == pair[1]);
    let sized = match (groups.len(), separators.first()) {
        (6, Some(b':' | b'-')) => groups.iter().all(|group| (1..=2).contains(&group.len())),
        (2, Some(b':' | b'-')) => groups.iter().all(|group| group.len() == 6),
        (3, Some(b'.' | b'-')) => groups.iter().all(|group| group.len() == 4),
        (1, None) => text.len() == 12,
        _ => false,
    };
    if !one || !sized {
        return Err(invalid());
    }
    let mut digits = String::with_capacity(12);
    for group in groups {
        let group = std::str::from_utf8(group).map_err(|_| invalid())?;
        // Only groups of one byte may lack their zero.
        if group.len() == 1 {
            digits.push('0');
        }
        digits.push_str(group);
    }
    if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(invalid());
    }
    let number = u64::from_str_radix(&digits, 16).map_err(|_| invalid())?;
    let mut out = Vec::with_capacity(17);
    for (i, byte) in number.to_be_bytes()[2..].iter().enumerate() {
        if i > 0 {
            out.push(b':');
        }
        write_hex(&[*byte], &mut out);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The answers are PostgreSQL's.
    #[test]
    fn addresses_have_a_normal_form() {
        for (text, inet, cidr) in [
            ("10.0.0.1", Some("10.0.0.1"), Some("10.0.0.1/32")),
            ("10.0.0.1/32", Some("10.0.0.1"), Some("10.0.0.1/32")),
            ("10.0.0.0/8", Some("10.0.0.0/8"), Some("10.0.0.0/8")),
            ("10.0.0.1/8", Some("10.0.0.1/8"), None),
            ("0.0.0.0/0", Some("0.0.0.0/0"), Some("0.0.0.0/0")),
            ("FE80:0::1/64", Some("fe80::1/64"), None),
            (
                "::ffff:1.2.3.4",
                Some("::ffff:1.2.3.4"),
                Some("::ffff:1.2.3.4/128"),
            ),
            ("::1.2.3.4", Some("::1.2.3.4"), Some("::1.2.3.4/128")),
            ("::1", Some("::1"), Some("::1/128")),
            ("::/0", Some("::/0"), Some("::/0")),
            ("10.0.0.1/33", None, None),
            ("10.0.0.256", None, None),
            ("10.0.0.1/", None, None),
            ("", None, None),
        ] {
            let normal = |cidr| {
                normal_inet(text.as_bytes(), cidr)
                    .ok()
                    .map(|t| String::from_utf8(t.into_owned()).unwrap())
            };
            assert_eq!(normal(false).as_deref(), inet, "{text}");
            assert_eq!(normal(true).as_deref(), cidr, "{text}");
        }
    }

    #[test]
    fn mac_addresses_in_all_forms() {
        for text in [
            "08:00:2b:01:02:03",
            "08-00-2B-01-02-03",
            "8:0:2b:1:2:3",
            "08002b:010203",
            "08002b-010203",
            "0800.2b01.0203",
            "0800-2b01-0203",
            "08002b010203",
        ] {
            assert_eq!(
                normal_mac(text.as_bytes()).as_deref(),
                Ok(&b"08:00:2b:01:02:03"[..]),
                "{text}"
            );
        }
        for text in [
            "",
            "08:00:2b:01:02",
            "08:00-2b:01:02:03",
            "08:00:2b:01:02:0g",
            "08002b01020",
        ] {
            assert!(normal_mac(text.as_bytes()).is_err(), "{text}");
        }
    }
}
