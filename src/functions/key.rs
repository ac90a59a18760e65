//! The secret behind pseudonyms: one key for a run, one HMAC-SHA-256 subkey for each function.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// The key of a run. It is zeroed when it is dropped and never printed.
pub struct Key {
    secret: Zeroizing<Vec<u8>>,
    /// Was it made for this run only?
    pub random: bool,
}

impl Key {
    /// A key from the content of a key file or the environment.
    pub fn new(secret: impl Into<Zeroizing<Vec<u8>>>) -> Self {
        Key {
            secret: secret.into(),
            random: false,
        }
    }

    /// A fresh random key for this run.
    ///
    /// # Panics
    /// If the operating system has no source of randomness.
    pub fn random() -> Self {
        let mut secret = Zeroizing::new(vec![0; 32]);
        getrandom::fill(&mut secret).expect("the operating system gives random bytes");
        Key {
            secret,
            random: true,
        }
    }

    /// The subkey for one purpose, for instance a function's name.
    pub fn subkey(&self, purpose: &str) -> Subkey {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.secret).expect("HMAC takes a key of any length");
        mac.update(b"scrub/");
        mac.update(purpose.as_bytes());
        let derived = Zeroizing::new(<[u8; 32]>::from(mac.finalize().into_bytes()));
        Subkey {
            state: Hmac::new_from_slice(&*derived).expect("HMAC takes a key of any length"),
        }
    }

    /// What a report may show of the key: the first eight hex digits of an HMAC under a subkey that
    /// serves nothing else. It tells two keys apart and reveals neither.
    pub fn fingerprint(&self) -> String {
        self.subkey("fingerprint").digest(b"")[..4]
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect()
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({})", self.fingerprint())
    }
}

/// A subkey with its key schedule computed once. The schedule is zeroed when it is dropped, by hmac's and
/// sha2's feature `zeroize`.
#[derive(Clone)]
pub struct Subkey {
    state: Hmac<Sha256>,
}

impl Subkey {
    /// HMAC-SHA-256 of `input`.
    pub fn digest(&self, input: &[u8]) -> [u8; 32] {
        let mut mac = self.state.clone();
        mac.update(input);
        mac.finalize().into_bytes().into()
    }
}

impl std::fmt::Debug for Subkey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Subkey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_of_a_key_tells_keys_apart_and_holds_none() {
        let secret = "0123456789abcdef0123456789abcdef";
        let key = Key::new(secret.as_bytes().to_vec());
        let other = Key::new(secret.as_bytes()[1..].to_vec());
        assert_ne!(key.fingerprint(), other.fingerprint());
        assert_eq!(format!("{key:?}"), format!("Key({})", key.fingerprint()));
        assert_eq!(format!("{:#?}", key.subkey("x")), "Subkey(…)");
        assert!(!secret.contains(&key.fingerprint()));
    }
}
