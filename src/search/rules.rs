//! What an address is worth: safe, allowed, one of the original's, or a find.
//!
//! Addresses are compared by keyed hashes (SipHash with a key of the process), so that memory holds
//! none of them and no dump can be made to collide. Two addresses with the same 64 bits would only
//! ever make a clean dump fail, once in many millions of runs.

use crate::functions::address::Normalised;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};
use std::sync::LazyLock;

/// What is safe to find.
#[derive(Debug, Clone, Default)]
pub struct Safe {
    /// The domains that addresses are rewritten to; exactly these, not what is below them.
    pub mail: Vec<String>,
    /// Domains that somebody has declared safe, or that rules write. One that begins with a dot
    /// stands for all below it.
    pub domains: Vec<String>,
    /// Addresses that rules write.
    pub addresses: HashSet<Normalised>,
}

impl Safe {
    /// Is its mail sent to where rewritten addresses go?
    fn is_rewritten(&self, address: &Normalised) -> bool {
        !is_chain(address) && self.mail.contains(&address.domain)
    }

    fn is_declared(&self, address: &Normalised) -> bool {
        let covers = |domain: &String| match domain.starts_with('.') {
            true => address.domain.ends_with(domain),
            false => address.domain == *domain,
        };
        !is_chain(address) && self.domains.iter().any(covers)
    }
}

/// `a@b.com@c.com` is nobody's safe address.
fn is_chain(address: &Normalised) -> bool {
    address.local.contains('@')
}

/// A hasher for what is a hash already.
#[derive(Debug, Default, Clone, Copy)]
pub struct Same(u64);

impl Hasher for Same {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }
    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// A set of addresses of which only hashes are kept.
#[derive(Debug, Clone, Default)]
pub struct Hashes {
    set: HashSet<u64, BuildHasherDefault<Same>>,
}

impl Hashes {
    /// How many addresses it holds.
    pub fn len(&self) -> usize {
        self.set.len()
    }

    /// Does it hold none?
    pub fn is_empty(&self) -> bool {
        self.set.is_empty()
    }

    /// About how many bytes it takes.
    pub fn size(&self) -> u64 {
        // A slot of eight bytes and one of control, an eighth of them free.
        self.set.capacity() as u64 * 9 * 8 / 7
    }
}

/// Addresses of the target environment's own rows, by the table that the rules put them into.
#[derive(Debug, Clone, Default)]
pub struct Allowed {
    /// Tables of the target → tables that rules fill from them. Lower case, without schemas.
    into: HashMap<String, Vec<String>>,
    by_table: HashMap<String, Hashes>,
}

impl Allowed {
    /// For rules that fill the first table of each pair from the second.
    pub fn new(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut into: HashMap<String, Vec<String>> = HashMap::new();
        for (to, from) in pairs {
            into.entry(from.to_lowercase())
                .or_default()
                .push(to.to_lowercase());
        }
        Allowed {
            into,
            by_table: HashMap::new(),
        }
    }

    /// Do rules take rows from this table of the target?
    pub fn wants(&self, table: &str) -> bool {
        self.into.contains_key(&table.to_lowercase())
    }

    /// About how many bytes it takes.
    pub fn size(&self) -> u64 {
        self.by_table.values().map(Hashes::size).sum()
    }
}

/// What an address is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It reaches nobody, or somebody has declared it safe.
    Safe,
    /// It came with a row of the target environment.
    Allowed,
    /// It is one of the original's.
    Left,
    /// It is none of these.
    Outside,
}

/// What is safe, worked out when the first address is judged.
pub type LazySafe = LazyLock<Safe, Box<dyn FnOnce() -> Safe + Send>>;

/// What a search goes by.
#[derive(Debug)]
pub struct Rules {
    /// What is safe.
    pub safe: LazySafe,
    /// What the target's own rows bring along.
    pub allowed: Allowed,
    /// The addresses of the original, if there is one.
    pub original: Option<Hashes>,
    keys: RandomState,
}

impl Default for Rules {
    fn default() -> Self {
        Rules::new(Safe::default, Allowed::default())
    }
}

impl Rules {
    /// Rules without an original, under a key of their own.
    pub fn new(safe: impl FnOnce() -> Safe + Send + 'static, allowed: Allowed) -> Self {
        Rules {
            safe: LazyLock::new(Box::new(safe)),
            allowed,
            original: None,
            keys: RandomState::default(),
        }
    }

    /// What an address in a row of `table` (or outside of all rows) is worth.
    pub fn judge(&self, table: Option<&str>, address: &Normalised) -> Verdict {
        if self.safe.is_rewritten(address) || self.safe.addresses.contains(address) {
            return Verdict::Safe;
        }
        if self.is_allowed(table, address) {
            return Verdict::Allowed;
        }
        if self.is_left(address) {
            return Verdict::Left;
        }
        match self.safe.is_declared(address) {
            true => Verdict::Safe,
            false => Verdict::Outside,
        }
    }

    fn is_allowed(&self, table: Option<&str>, address: &Normalised) -> bool {
        if self.allowed.by_table.is_empty() {
            return false;
        }
        let hashes = table.and_then(|table| self.allowed.by_table.get(&table.to_lowercase()));
        hashes.is_some_and(|hashes| {
            hashes
                .set
                .contains(&self.hash(&address.local, &address.domain))
        })
    }

    /// Is it one of the original's? Also if something has been written in front of it since.
    fn is_left(&self, address: &Normalised) -> bool {
        let Some(original) = &self.original else {
            return false;
        };
        let word = |c: char| c.is_alphanumeric();
        let starts = address
            .local
            .char_indices()
            .filter(|(at, c)| *at == 0 || word(*c) && !address.local[..*at].ends_with(word));
        starts.take(64).any(|(at, _)| {
            original
                .set
                .contains(&self.hash(&address.local[at..], &address.domain))
        })
    }

    /// Keeps an address of the original, unless its mail went to the safe domain there already.
    pub fn remember(&mut self, address: &Normalised) {
        if self.safe.is_rewritten(address) || self.safe.addresses.contains(address) {
            return;
        }
        let hash = self.hash(&address.local, &address.domain);
        let bare = address
            .local
            .trim_start_matches(|c: char| !c.is_alphanumeric());
        let bare = self.hash(bare, &address.domain);
        self.original
            .get_or_insert_default()
            .set
            .extend([hash, bare]);
    }

    /// Allows an address of the target's table where rules put its rows.
    pub fn allow(&mut self, table: &str, address: &Normalised) {
        let hash = self.hash(&address.local, &address.domain);
        let into = self.allowed.into.get(&table.to_lowercase());
        for into in into.into_iter().flatten() {
            let hashes = self.allowed.by_table.entry(into.clone()).or_default();
            hashes.set.insert(hash);
        }
    }

    fn hash(&self, local: &str, domain: &str) -> u64 {
        self.keys.hash_one((local, domain))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Normalised {
        let (local, domain) = text.rsplit_once('@').unwrap();
        Normalised {
            local: local.to_owned(),
            domain: domain.to_owned(),
        }
    }

    #[test]
    fn verdicts() {
        let safe = || Safe {
            mail: vec!["mailinator.com".into()],
            domains: vec!["example.com".into(), ".invalid".into()],
            addresses: [address("noreply@company.com")].into(),
        };
        let allowed = Allowed::new([("Person".to_owned(), "staff".to_owned())]);
        let mut rules = Rules::new(safe, allowed);
        assert!(rules.allowed.wants("STAFF") && !rules.allowed.wants("person"));
        rules.allow("Staff", &address("tester@company.com"));
        for left in ["#jane@company.com", "old@example.com", "x@mailinator.com"] {
            rules.remember(&address(left));
        }
        assert_eq!(rules.original.as_ref().map(Hashes::len), Some(3));
        assert!(rules.original.as_ref().unwrap().size() > 0);
        for (text, verdict) in [
            ("x@mailinator.com", Verdict::Safe),
            ("x@sub.mailinator.com", Verdict::Outside),
            ("a@b.de@mailinator.com", Verdict::Outside),
            ("a@example.com", Verdict::Safe),
            ("a@www.example.com", Verdict::Outside),
            ("a@x.invalid", Verdict::Safe),
            ("noreply@company.com", Verdict::Safe),
            ("tester@company.com", Verdict::Allowed),
            ("#jane@company.com", Verdict::Left),
            ("jane@company.com", Verdict::Left),
            ("to-jane@company.com", Verdict::Left),
            ("mary@company.com", Verdict::Outside),
            ("old@example.com", Verdict::Left),
        ] {
            assert_eq!(
                rules.judge(Some("PERSON"), &address(text)),
                verdict,
                "{text}"
            );
        }
        for table in [None, Some("staff")] {
            let verdict = rules.judge(table, &address("tester@company.com"));
            assert_eq!(verdict, Verdict::Outside, "{table:?}");
        }
    }
}
