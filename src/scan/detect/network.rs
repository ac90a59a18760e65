//! IP and MAC addresses, and the versions that look like the former.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Is it an IP address, alone, with a port or a prefix length?
pub fn is_ip(text: &str) -> bool {
    let bare = text
        .split_once('/')
        .map_or(text, |(address, length)| match length.parse::<u8>() {
            Ok(0..=128) => address,
            _ => text,
        });
    let port = |(address, port): (&str, &str)| {
        port.parse::<u16>().is_ok() && address.parse::<Ipv4Addr>().is_ok()
    };
    match bare.parse::<IpAddr>() {
        // `::` and `1::` stand in many texts.
        Ok(IpAddr::V6(address)) => address != Ipv6Addr::UNSPECIFIED && bare.len() > 3,
        Ok(IpAddr::V4(_)) => true,
        Err(_) => bare.rsplit_once(':').is_some_and(port),
    }
}

/// Is it a dotted number such as `v1.20.3` or `2.4.1.0`?
pub fn is_version(text: &str) -> bool {
    let bare = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let (numbers, rest) = bare.split_at(bare.find(['-', '+']).unwrap_or(bare.len()));
    let parts: Vec<&str> = numbers.split('.').collect();
    let number = |part: &&str| {
        !part.is_empty() && part.len() <= 6 && part.bytes().all(|b| b.is_ascii_digit())
    };
    let suffix = rest
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"-+.".contains(&b));
    (3..=4).contains(&parts.len()) && parts.iter().all(number) && suffix
}

/// Is it a MAC address in one of its three spellings?
pub fn is_mac(text: &str) -> bool {
    let pairs = |separator: char| {
        let parts: Vec<&str> = text.split(separator).collect();
        parts.len() == 6
            && parts
                .iter()
                .all(|part| part.len() == 2 && hexadecimal(part))
    };
    let fours: Vec<&str> = text.split('.').collect();
    let dotted = fours.len() == 3
        && fours
            .iter()
            .all(|part| part.len() == 4 && hexadecimal(part));
    pairs(':') || pairs('-') || dotted && text.bytes().any(|b| b.is_ascii_alphabetic())
}

fn hexadecimal(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (text, expected) in [
            ("192.0.2.1", true),
            ("192.0.2.1/32", true),
            ("192.0.2.1:443", true),
            ("2001:db8::1", true),
            ("fe80::1/64", true),
            ("::", false),
            ("1.2.3", false),
            ("10.0.19041.1", false),
            ("192.0.2.1/x", false),
            ("12:30:45", false),
        ] {
            assert_eq!(is_ip(text), expected, "{text}");
        }
        for text in ["1.2.3", "v1.20.3-rc1", "2.4.1.0", "10.0.19041.1"] {
            assert!(is_version(text), "{text}");
        }
        assert!(!is_version("1.2") && !is_version("a.b.c"));
        for (text, expected) in [
            ("08:00:2b:01:02:03", true),
            ("08-00-2B-01-02-03", true),
            ("0800.2b01.0203", true),
            ("1234.5678.9012", false),
            ("08:00:2b:01:02", false),
            ("gg:00:2b:01:02:03", false),
        ] {
            assert_eq!(is_mac(text), expected, "{text}");
        }
    }
}
