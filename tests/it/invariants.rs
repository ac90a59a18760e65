//! The invariants of the stream, through the real framer, pipeline and binary.
//!
//! 1. The frames' bytes concatenate to the input, however it is cut into chunks.
//! 2. Under an empty rulebook every byte leaves as it came; scrub may only append an unloadable end,
//!    and then it fails.
//! 3. Output and report do not depend on the chunks in which the input comes, nor on `--jobs`.

use crate::differential::{Choices, offline};
use crate::golden::folders;
use crate::runner::{command, fixture};
pub use crate::stream::{Outcome, pieces, run};
use bytes::BytesMut;
use proptest::prelude::*;
use scrub::dialect::{Dialect, Frame, RowMode, RowSpan, postgres::Postgres};

// ------------------------------------------------------------------ inputs

/// The dumps under `fixtures/postgres` up to a size, with their rules if they have some.
fn dumps(limit: usize) -> Vec<(String, Vec<u8>, Option<String>)> {
    let mut found = Vec::new();
    for folder in folders(&fixture("postgres")) {
        let Ok(dump) = std::fs::read(folder.join("dump.sql")) else {
            continue;
        };
        if dump.len() <= limit {
            let rules = std::fs::read_to_string(folder.join("rules.sql")).ok();
            found.push((folder.display().to_string(), dump, rules));
        }
    }
    assert!(found.len() > 20);
    found
}

// ------------------------------------------------------------------ frames

/// What a framing says, without where rows and gaps happen to be cut.
#[derive(Debug, Default, PartialEq, Eq)]
struct Framing {
    /// The bytes of all frames.
    bytes: Vec<u8>,
    /// The frames by kind; neighbours of rows and of gaps are one.
    frames: Vec<(&'static str, String, Vec<u8>)>,
    /// Rows that the frames announced.
    rows: u64,
}

impl Framing {
    /// Statements and heads, with what they mean, where they begin and their bytes.
    fn marks(&self) -> Vec<&(&'static str, String, Vec<u8>)> {
        let marks = self.frames.iter();
        marks
            .filter(|(kind, ..)| matches!(*kind, "statement" | "head"))
            .collect()
    }

    fn take(&mut self, frame: &Frame) {
        self.bytes.extend_from_slice(frame.bytes());
        let (kind, what) = match frame {
            Frame::Statement { effect, at, .. } => ("statement", format!("{effect:?} {at:?}")),
            Frame::Head { block, at, .. } => (
                "head",
                format!("{} {:?} {at:?}", block.relation, block.columns),
            ),
            Frame::Rows { rows, .. } => {
                self.rows += rows;
                ("rows", String::new())
            }
            Frame::End { at, .. } => ("end", format!("{at:?}")),
            Frame::Other { .. } | Frame::Part(_) => ("other", String::new()),
        };
        match self.frames.last_mut() {
            Some((last, _, bytes)) if *last == kind && matches!(kind, "rows" | "other") => {
                bytes.extend_from_slice(frame.bytes());
            }
            _ => self.frames.push((kind, what, frame.bytes().to_vec())),
        }
    }
}

/// Frames a dump that arrives in pieces of the sizes that `next` gives.
fn framed(dump: &[u8], mode: RowMode, next: &mut dyn FnMut() -> usize) -> Result<Framing, String> {
    let mut framer = Postgres.framer();
    let mut framing = Framing::default();
    let (mut input, mut at, mut block) = (BytesMut::new(), 0, None);
    loop {
        let eof = at == dump.len();
        while let Some(frame) = framer.next(&mut input, eof).map_err(|e| e.to_string())? {
            if let Frame::Head { block: begun, .. } = &frame {
                block = Some(begun.clone());
                framer.rows(mode);
            }
            if let (Frame::Rows { bytes, rows, .. }, RowMode::Split, Some(block)) =
                (&frame, mode, &block)
            {
                let (mut row, mut end, mut count) = (RowSpan::default(), 0, 0);
                while block
                    .codec
                    .row(bytes, end, &mut row)
                    .map_err(|e| e.to_string())?
                {
                    end = row.body.end;
                    count += 1;
                }
                assert_eq!(
                    count, *rows,
                    "a frame of whole rows knows how many they are"
                );
            }
            framing.take(&frame);
        }
        if eof {
            return Ok(framing);
        }
        let length = next().max(1).min(dump.len() - at);
        input.extend_from_slice(&dump[at..at + length]);
        at += length;
    }
}

#[test]
fn frames_concatenate_to_the_input_and_are_the_same_for_every_chunking() {
    for (name, dump, _) in dumps(60_000) {
        for mode in [RowMode::Pass, RowMode::Split] {
            let whole =
                framed(&dump, mode, &mut || usize::MAX).unwrap_or_else(|e| panic!("{name}: {e}"));
            assert!(
                whole.bytes == dump,
                "{name} {mode:?}: the frames are not the input"
            );
            let sizes = if dump.len() < 2_000 { 1..=64 } else { 61..=64 };
            for size in sizes {
                let cut =
                    framed(&dump, mode, &mut || size).unwrap_or_else(|e| panic!("{name}: {e}"));
                assert!(
                    cut == whole,
                    "{name} {mode:?}: chunks of {size} bytes are framed otherwise"
                );
            }
            let mut choices = Choices::new(dump.len() as u64);
            let mut random = || 1 + choices.below(700);
            let cut = framed(&dump, mode, &mut random).unwrap_or_else(|e| panic!("{name}: {e}"));
            assert!(
                cut == whole,
                "{name} {mode:?}: random chunks are framed otherwise"
            );
        }
    }
}

// ------------------------------------------------------------------ an empty rulebook

/// Pieces of SQL that lead a lexer astray.
const SNIPPETS: [&str; 32] = [
    "COPY t (a, b) FROM stdin;\n",
    "COPY t FROM stdin WITH (FORMAT csv, HEADER);\n",
    "COPY t FROM stdin; SELECT 1;\n",
    "copy t from stdin binary;\n",
    "INSERT INTO t VALUES (",
    "INSERT INTO t (a) VALUES ('x'), ",
    "CREATE TABLE t (a int, b text);\n",
    "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; ",
    "SET standard_conforming_strings = off;\n",
    "SET client_encoding = 'SJIS';\n",
    "\\connect other\n",
    "\\restrict x\n",
    "\\.\n",
    "\\N\t1\n",
    "1\ta\n",
    "'",
    "E'\\'",
    "\"",
    "U&\"",
    "$$",
    "$tag$",
    "/*",
    "*/",
    "-- ",
    "\n",
    "\r\n",
    ";",
    ")",
    "(",
    "\u{feff}",
    "\0",
    "-- PostgreSQL database dump\n",
];

fn soup() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        6 => proptest::sample::select(&SNIPPETS[..]).prop_map(|text| text.as_bytes().to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 0..20),
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// A fixture cut short, or with some of its bytes changed.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let dumps: Vec<Vec<u8>> = dumps(1_000).into_iter().map(|(_, dump, _)| dump).collect();
    let flips = proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 0..4);
    (
        proptest::sample::select(dumps),
        any::<proptest::sample::Index>(),
        any::<bool>(),
        flips,
    )
        .prop_map(|(mut dump, end, cut, flips)| {
            if cut {
                dump.truncate(end.index(dump.len() + 1));
            }
            for (place, byte) in flips {
                if !dump.is_empty() {
                    let place = place.index(dump.len());
                    dump[place] = byte;
                }
            }
            dump
        })
}

/// Runs the binary with an empty rulebook.
fn passes(dump: &[u8]) -> Result<(), TestCaseError> {
    // What is compressed is decompressed: that is another matter.
    let packed: [&[u8]; 3] = [b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"\x04\x22\x4d\x18"];
    // No input at all is refused before there is an output.
    if dump.is_empty() || packed.iter().any(|magic| dump.starts_with(magic)) {
        return Ok(());
    }
    let dir = tempfile::tempdir().expect("a temporary directory");
    let rules = dir.path().join("empty.sql");
    std::fs::write(&rules, "").expect("the rulebook");
    let mut scrub = command();
    scrub.arg("-r").arg(&rules).args(["-f", "postgres"]);
    let output = scrub
        .write_stdin(dump)
        .output()
        .expect("scrub could not be run");
    let what = String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        prop_assert!(
            output.stdout == dump,
            "other bytes left: {:?}",
            dump.escape_ascii().to_string()
        );
    } else {
        prop_assert_eq!(output.status.code(), Some(3), "{}", what);
        let end = output.stdout.strip_prefix(dump);
        prop_assert!(
            end.is_some_and(|end| !end.is_empty()),
            "the input and an unloadable end should have left: {:?}\n{}",
            dump.escape_ascii().to_string(),
            what
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 120, ..ProptestConfig::default() })]

    #[test]
    fn an_empty_rulebook_changes_no_bytes_at_all(dump in proptest::collection::vec(any::<u8>(), 0..600)) {
        passes(&dump)?;
    }

    #[test]
    fn an_empty_rulebook_changes_no_pieces_of_sql(dump in soup()) {
        passes(&dump)?;
    }

    #[test]
    fn an_empty_rulebook_changes_no_damaged_dump(dump in damaged()) {
        passes(&dump)?;
    }

    /// Without the rows' being looked at, every byte leaves in a frame, and chunks change neither
    /// statements nor heads. (Where broken INSERTs end is another matter.)
    #[test]
    fn frames_of_any_bytes(dump in soup(), sizes in proptest::collection::vec(1..40_usize, 1..10)) {
        let whole = framed(&dump, RowMode::Pass, &mut || usize::MAX).map_err(TestCaseError::fail)?;
        prop_assert!(whole.bytes == dump, "{:?}", dump.escape_ascii().to_string());
        let mut sizes = sizes.iter().cycle();
        let cut = framed(&dump, RowMode::Pass, &mut || *sizes.next().unwrap_or(&1));
        let cut = cut.map_err(TestCaseError::fail)?;
        prop_assert!(cut.bytes == dump, "{:?}", dump.escape_ascii().to_string());
        prop_assert!(cut.marks() == whole.marks(), "{:?}", dump.escape_ascii().to_string());
    }
}

#[test]
fn an_empty_rulebook_changes_no_fixture() {
    for (name, dump, _) in dumps(usize::MAX) {
        passes(&dump).unwrap_or_else(|e| panic!("{name}: {e}"));
    }
}

// ------------------------------------------------------------------ chunks and jobs

#[track_caller]
fn same(what: &str, first: &Outcome, other: &Outcome) {
    assert_eq!(first.error, other.error, "{what}");
    if first.error.is_some() {
        // How far a run came before its end is a matter of time.
        return;
    }
    assert_eq!(first.report, other.report, "{what}: the reports differ");
    assert!(first.output == other.output, "{what}: the outputs differ");
}

#[test]
fn jobs_and_chunks_do_not_change_the_campaign_dump() {
    let dump = std::fs::read(fixture("postgres/campaign/dump.sql")).expect("the dump");
    let first = run(&Postgres, &dump, None, 1, Box::new(|| usize::MAX));
    assert_eq!(first.error, None);
    assert!(
        first.output.as_deref() != Some(&dump[..]),
        "the rulebooks change something"
    );
    for jobs in 2..=8 {
        let other = run(&Postgres, &dump, None, jobs, pieces(jobs as u64, 40_000));
        same(&format!("{jobs} jobs"), &first, &other);
    }
}

#[test]
fn jobs_and_chunks_do_not_change_the_fixtures() {
    for (name, dump, rules) in dumps(60_000) {
        let first = run(
            &Postgres,
            &dump,
            rules.as_deref(),
            1,
            Box::new(|| usize::MAX),
        );
        for (jobs, most) in [(1, 3), (2, 64), (8, 1_000)] {
            let other = run(
                &Postgres,
                &dump,
                rules.as_deref(),
                jobs,
                pieces(jobs as u64, most),
            );
            same(
                &format!("{name}: {jobs} jobs, pieces of up to {most} bytes"),
                &first,
                &other,
            );
        }
    }
}

#[test]
fn jobs_and_chunks_do_not_change_generated_cases() {
    for seed in 0..60 {
        let case = offline::prepared(seed);
        let first = run(
            &Postgres,
            &case.dump,
            Some(&case.rules),
            1,
            Box::new(|| usize::MAX),
        );
        for (jobs, most) in [(1, 7), (3, 200), (8, 60)] {
            let other = run(
                &Postgres,
                &case.dump,
                Some(&case.rules),
                jobs,
                pieces(seed, most),
            );
            same(
                &format!("seed {seed}: {jobs} jobs, pieces of up to {most} bytes"),
                &first,
                &other,
            );
        }
    }
}
