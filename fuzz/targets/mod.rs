//! What is fuzzed: a body for each target, which panics if what it checks does not hold.
//!
//! The bodies are plain functions of bytes. `tests/it/fuzz.rs` runs them on stable Rust over the
//! fixtures, the corpus, the regressions and seeded changes of these; cargo-fuzz only drives them.

mod agrees;
mod archive;
mod emails;
mod framing;
mod rulebook;
mod stream;

/// One target.
pub struct Target {
    /// Its name: of the binary, of its folders in `corpus` and `regressions`.
    pub name: &'static str,
    /// What it does with an input.
    pub body: fn(&[u8]),
    /// Folders with further inputs, below the project's root.
    pub seeds: &'static [&'static str],
    /// The kind of the files there: the end of their names.
    pub suffix: &'static str,
    /// Longer files there are left out.
    pub longest: u64,
}

const fn framing(name: &'static str, body: fn(&[u8]), seeds: &'static [&'static str]) -> Target {
    Target {
        name,
        body,
        seeds,
        suffix: ".sql",
        longest: 30_000,
    }
}

/// All targets.
pub const TARGETS: &[Target] = &[
    framing(
        "framing_postgres",
        framing::postgres,
        &["fixtures/postgres", "fixtures/refused"],
    ),
    framing("framing_mysql", framing::mysql, &["fixtures/mysql"]),
    framing("framing_mssql", framing::mssql, &["fixtures/mssql"]),
    framing("framing_oracle", framing::oracle, &["fixtures/oracle"]),
    framing("framing_sqlite", framing::sqlite, &["fixtures/sqlite"]),
    framing("framing_properties", framing::properties, &[]),
    Target {
        name: "rulebook",
        body: rulebook::rulebook,
        seeds: &["fixtures", "transforms"],
        suffix: ".sql",
        longest: 20_000,
    },
    Target {
        name: "rewrite_emails",
        body: emails::rewrite_emails,
        seeds: &["fixtures/postgres"],
        suffix: "dump.sql",
        longest: 6_000,
    },
    Target {
        name: "stream",
        body: stream::stream,
        seeds: &["fixtures"],
        suffix: "dump.sql",
        longest: 6_000,
    },
    Target {
        name: "archive",
        body: archive::archive,
        seeds: &["fixtures/postgres-archive"],
        suffix: "",
        longest: 50_000,
    },
    Target {
        name: "agrees",
        body: agrees::agrees,
        seeds: &[],
        suffix: "",
        longest: 0,
    },
];

/// Runs an input through the target of a name.
pub fn run(name: &str, data: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name);
    (target.expect("a target of this name").body)(data);
}

/// A number that an input determines.
fn digest(data: &[u8]) -> u64 {
    data.iter().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
    })
}
