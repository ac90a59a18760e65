//! Session settings as they travel with rows that have to wait.
//!
//! A block of rows that leaves later than it came must leave under the settings that were in force
//! at its head. A [`SessionState`] remembers them; only the dialect that made it reads it again
//! ([`super::Framer::session`], [`super::Framer::switch`]).

use std::collections::BTreeMap;
use std::sync::Arc;

/// The settings of a session that differ from those of a fresh one. Cloning it is cheap.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SessionState(Arc<BTreeMap<String, Setting>>);

/// How a session came to one of its settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setting {
    /// By this statement, whose terminator is left out. It is plain ASCII and means the same in
    /// any encoding and under any other setting.
    Made(String),
    /// In a way that cannot be gone again. Two of them are the same only if their numbers are.
    Lost(u64),
}

impl SessionState {
    /// The settings by name.
    pub fn new(settings: BTreeMap<String, Setting>) -> Self {
        SessionState(Arc::new(settings))
    }

    /// The setting of this name, unless it is that of a fresh session.
    pub fn get(&self, name: &str) -> Option<&Setting> {
        self.0.get(name)
    }

    /// The settings of which `self` and `to` differ, by name, as `to` has them; none for that of a
    /// fresh session.
    pub fn differences<'a>(&'a self, to: &'a SessionState) -> Vec<(&'a str, Option<&'a Setting>)> {
        if Arc::ptr_eq(&self.0, &to.0) {
            return Vec::new();
        }
        let gone = self.0.keys().filter(|name| !to.0.contains_key(*name));
        let other =
            to.0.iter()
                .filter(|(name, new)| self.0.get(*name) != Some(*new));
        gone.map(|name| (name.as_str(), None))
            .chain(other.map(|(name, new)| (name.as_str(), Some(new))))
            .collect()
    }
}
