//! Hashes of passwords by the prefix of their scheme, hexadecimal digests, and strings that look as if
//! nobody had thought of them.
//!
//! Prefixes as crypt(5), PHP's password_hash, Django, Werkzeug, LDAP (RFC 2307), MySQL, PostgreSQL and
//! ASP.NET Identity write them. The shapes of tokens and keys are `search`'s.

/// How a hash of a password begins, and how long it is at least.
const SCHEMES: &[(&str, usize)] = &[
    ("$2a$", 59),
    ("$2b$", 59),
    ("$2x$", 59),
    ("$2y$", 59),
    ("$argon2i$", 30),
    ("$argon2d$", 30),
    ("$argon2id$", 30),
    ("$scrypt$", 30),
    ("$s2$", 30),
    ("$1$", 26),
    ("$5$", 40),
    ("$6$", 80),
    ("$7$", 40),
    ("$y$", 40),
    ("$gy$", 40),
    ("$sha1$", 30),
    ("$md5$", 20),
    ("$P$", 34),
    ("$H$", 34),
    ("$S$", 50),
    ("$apr1$", 30),
    ("$pbkdf2", 30),
    ("pbkdf2_sha", 40),
    ("pbkdf2:sha", 40),
    ("scrypt:", 40),
    ("argon2$argon2", 40),
    ("bcrypt_sha256$$2", 60),
    ("bcrypt$$2", 60),
    ("sha1$", 40),
    ("sha256$", 60),
    ("{SSHA}", 30),
    ("{SHA}", 30),
    ("{SSHA256}", 40),
    ("{SSHA512}", 60),
    ("{CRYPT}", 15),
    ("{bcrypt}$2", 60),
    ("SCRAM-SHA-256$", 60),
    ("sha512:", 40),
    ("sha256:", 60),
];

/// Is it the hash of a password, by its own account?
pub fn is_password_hash(text: &str) -> bool {
    let known = |(prefix, least): &(&str, usize)| text.starts_with(prefix) && text.len() >= *least;
    if text.contains(' ') {
        return false;
    }
    let mysql = text.len() == 41 && text.starts_with('*') && is_hexadecimal(&text[1..]);
    let postgres = text.len() == 35 && text.starts_with("md5") && is_hexadecimal(&text[3..]);
    let dotnet = text.starts_with("AQAAAA") && text.len() == 84;
    SCHEMES.iter().any(known) || mysql || postgres || dotnet
}

/// Is it a digest: MD5, SHA-1 or one of the SHA-2, in hexadecimal?
pub fn is_digest(text: &str) -> bool {
    let bare = text
        .strip_prefix("\\x")
        .or_else(|| text.strip_prefix("0x"))
        .unwrap_or(text);
    matches!(bare.len(), 32 | 40 | 56 | 64 | 96 | 128) && is_hexadecimal(bare)
}

/// Does it look like a key that a machine has made: long, in one piece, and of all kinds of characters?
pub fn is_token(text: &str) -> bool {
    let bytes = text.as_bytes();
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"-_+/=.~".contains(b);
    if !(20..=1024).contains(&bytes.len()) || !bytes.iter().all(plain) || is_digest(text) {
        return false;
    }
    let count = |class: fn(&u8) -> bool| bytes.iter().filter(|b| class(b)).count();
    let (digits, upper, lower) = (
        count(u8::is_ascii_digit),
        count(u8::is_ascii_uppercase),
        count(u8::is_ascii_lowercase),
    );
    let marks = bytes.len() - digits - upper - lower;
    // Words change their kind of letter seldom, and have few digits.
    let kind = |b: &u8| (b.is_ascii_digit(), b.is_ascii_uppercase());
    let changes = bytes
        .windows(2)
        .filter(|w| kind(&w[0]) != kind(&w[1]))
        .count();
    let mixed = digits >= 2 && lower >= 3 && (upper >= 3 || digits * 5 >= bytes.len());
    mixed && marks * 10 <= bytes.len() && changes * 4 >= bytes.len()
}

fn is_hexadecimal(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_of_passwords() {
        let bcrypt = format!("$2b$12${}", "a".repeat(53));
        let dotnet = format!("AQAAAAEAACcQ{}", "b".repeat(72));
        for text in [
            bcrypt.as_str(),
            dotnet.as_str(),
            "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub",
            "pbkdf2_sha256$260000$salt$aGFzaGhhc2hoYXNoaGFzaGhhc2g=",
            "{SSHA}aGFzaGhhc2hoYXNoaGFzaGhhc2g=",
            "*AB12CD34EF56AB12CD34EF56AB12CD34EF56AB12",
            "md5ab12cd34ef56ab12cd34ef56ab12cd34",
        ] {
            assert!(is_password_hash(text), "{text}");
        }
        for text in [
            "$2b$12$short",
            "$1 off",
            "$100.00",
            "sha1",
            "",
            "md5",
            "AQAAAA",
        ] {
            assert!(!is_password_hash(text), "{text}");
        }
    }

    #[test]
    fn digests_and_tokens() {
        assert!(
            is_digest(&"ab".repeat(16))
                && is_digest(&"0F".repeat(32))
                && is_digest(&format!("\\x{}", "ab".repeat(20)))
        );
        assert!(!is_digest(&"ab".repeat(15)) && !is_digest(&"xy".repeat(16)) && !is_digest(""));
        for (text, expected) in [
            ("k3J9xPq7Lm2Vt8Rw5Zy1Bn4C", true),
            ("3f7k2m9q1x8w4z6v5b0n", true),
            ("ORDER-2023-0001-EUROPE", false),
            ("some-long-slug-of-a-page-2023", false),
            ("application/vnd.openxmlformats", false),
            ("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11x", false),
            ("short1A", false),
            ("two words k3J9xPq7Lm2Vt8", false),
        ] {
            assert_eq!(is_token(text), expected, "{text}");
        }
    }
}
