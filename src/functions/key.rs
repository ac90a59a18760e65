//! The secret behind pseudonyms: one key for a run, one HMAC-SHA-256 subkey for each function.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use sha2::block_api::compress256;
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
        Subkey::new(&Zeroizing::new(mac.finalize().into_bytes().into()))
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

/// A subkey with its key schedule computed once: what SHA-256 has come to behind the first block of each of
/// HMAC's two hashes. It is zeroed when it is dropped.
///
/// Nearly all that is hashed are cells, so short that each of the hashes has one block left. The crate `hmac`
/// makes the same of it with a buffer for input that comes in pieces, which takes half as much time again.
#[derive(Clone)]
pub struct Subkey {
    inner: Zeroizing<State>,
    outer: Zeroizing<State>,
}

type State = [u32; 8];

/// SHA-256 before the first block (FIPS 180-4, 5.3.3).
const START: State = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];
const BLOCK: usize = 64;

impl Subkey {
    fn new(secret: &[u8; 32]) -> Self {
        let schedule = |pad: u8| {
            let mut block = Zeroizing::new([[pad; BLOCK]]);
            for (byte, secret) in block[0].iter_mut().zip(secret) {
                *byte ^= secret;
            }
            let mut state = Zeroizing::new(START);
            compress256(&mut state, &*block);
            state
        };
        Subkey {
            inner: schedule(0x36),
            outer: schedule(0x5c),
        }
    }

    /// HMAC-SHA-256 of `input`.
    pub fn digest(&self, input: &[u8]) -> [u8; 32] {
        let inner = finished(*self.inner, input);
        finished(*self.outer, &inner)
    }
}

/// SHA-256 behind one block and `input`.
#[inline]
fn finished(mut state: State, input: &[u8]) -> [u8; 32] {
    let (blocks, rest) = input.as_chunks::<BLOCK>();
    if !blocks.is_empty() {
        compress256(&mut state, blocks);
    }
    // A bit that is set, and the length in bits at the end of a block.
    let mut last = [[0; BLOCK]; 2];
    let bytes = last.as_flattened_mut();
    bytes[..rest.len()].copy_from_slice(rest);
    bytes[rest.len()] = 0x80;
    let count = if rest.len() < BLOCK - 8 { 1 } else { 2 };
    let bits = 8 * (BLOCK + input.len()) as u64;
    bytes[count * BLOCK - 8..count * BLOCK].copy_from_slice(&bits.to_be_bytes());
    compress256(&mut state, &last[..count]);
    let mut out = [0; 32];
    for (bytes, word) in out.chunks_exact_mut(4).zip(state) {
        bytes.copy_from_slice(&word.to_be_bytes());
    }
    out
}

impl std::fmt::Debug for Subkey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Subkey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_digest_is_that_of_hmac(
            secret in any::<[u8; 32]>(),
            input in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let mut mac = Hmac::<Sha256>::new_from_slice(&secret).unwrap();
            mac.update(&input);
            let known: [u8; 32] = mac.finalize().into_bytes().into();
            prop_assert_eq!(Subkey::new(&secret).digest(&input), known);
        }
    }

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
