//! A run that proves: every byte of the dump is searched beside the questions that rules ask.
//!
//! Rows are searched on the workers, whatever is between them by the driver. What a batch held comes to
//! the order stage like everything else, so that the first places are the same for any `--jobs`.

use super::archive::Archived;
use super::driver::Driver;
use super::order::Slot;
use super::reader;
use crate::dialect::{Block, Dialect, Effect, Frame, RowMode};
use crate::error::{Error, Position, Result};
use crate::report::{FindingReport, FindingSpot, VerifyReport};
use crate::search::{self, Found, Hit, Kind, Outside, Place, Rules, Spot, label};
use crate::source::Source;
use bytes::BytesMut;
use std::io::Read;
use std::sync::Arc;
use tokio::sync::oneshot;

/// What a run searches for.
pub struct Search {
    /// What it goes by.
    pub rules: Rules,
    /// The dump that this one was made from, and what it is written in.
    pub original: Option<(Source, &'static dyn Dialect)>,
    /// How many places are told of each table and column.
    pub most: usize,
}

/// The search of a run that has begun.
pub(super) struct Searching {
    rules: Arc<Rules>,
    most: usize,
    /// Where the next frame begins.
    at: Position,
    outside: Outside,
    /// Are the rows that come now not split?
    unsplit: bool,
    /// What a test or a rule without a table has to say, when everything has been searched.
    failed: Option<Error>,
}

impl Searching {
    pub(super) fn new(rules: Rules, most: usize) -> Self {
        Searching {
            rules: Arc::new(rules),
            most,
            at: Position::START,
            outside: Outside::default(),
            unsplit: false,
            failed: None,
        }
    }

    /// What there is to tell, and whether the dump has failed.
    pub(super) fn end(self, found: &Found, lines: bool) -> (VerifyReport, Result<()>) {
        let mut report = report(found, &self.rules);
        if !lines {
            // What is told is the row, or the entry.
            let findings = report.findings.iter_mut().chain(&mut report.apart);
            for spot in findings.flat_map(|finding| &mut finding.places) {
                (spot.line, spot.byte) = (0, 0);
            }
        }
        let failed = self.failed.or_else(|| failure(&report));
        (report, failed.map_or(Ok(()), Err))
    }

    /// Are the rows of this block searched as they stand?
    pub(super) fn is_unsplit(&self) -> bool {
        self.unsplit
    }

    /// The rows of this block are searched as they stand.
    pub(super) fn leave_unsplit(&mut self) {
        self.unsplit = true;
    }

    /// Rows that cannot be told apart.
    fn unsplit(&mut self, block: &Block, bytes: &[u8]) -> Found {
        let (start, rules) = (self.at, &self.rules);
        let mut found = Found::keeping(self.most);
        self.outside.other(bytes, &mut |at, hit| {
            let spot = || Spot {
                row: None,
                at: start.after(&bytes[..at]),
            };
            let place = || Place::Rows {
                relation: block.relation.to_string(),
                column: None,
            };
            found.take(rules, &hit, Some(&block.relation.name), spot, place);
        });
        found
    }

    /// Everything but rows.
    ///
    /// `here` is where it stands in an archive.
    fn outside(&mut self, frame: &Frame, here: Option<&str>) -> Found {
        let bytes = frame.bytes();
        let (start, rules, most) = (self.at, &self.rules, self.most);
        let mut found = Found::keeping(most);
        let relation = match frame {
            Frame::Head { block, .. } => Some(block.relation.to_string()),
            Frame::Statement {
                effect: Effect::Opaque(relation, _) | Effect::Statistics(relation),
                ..
            } => Some(relation.to_string()),
            _ => None,
        };
        let mut take = |at: usize, hit: Hit| {
            let spot = || Spot {
                row: None,
                at: start.after(&bytes[..at]),
            };
            let place = || {
                let what = match frame {
                    Frame::Other { .. } => "comment".to_owned(),
                    _ => label(bytes),
                };
                let what = match &relation {
                    Some(relation) => format!("{what} of {relation}"),
                    None => what,
                };
                Place::Outside(match here {
                    Some(here) => format!("{what} ({here})"),
                    None => what,
                })
            };
            found.take(rules, &hit, None, spot, place);
        };
        match frame {
            Frame::Other { .. } => self.outside.other(bytes, &mut take),
            Frame::Statement {
                effect: Effect::OtherData,
                ..
            } => match here {
                Some(_) => self.outside.content(bytes, &mut take),
                None => self.outside.large_object(bytes, &mut take),
            },
            Frame::Statement {
                effect: Effect::Password(_),
                ..
            } => {
                // What the shapes know says more.
                let mut known = false;
                self.outside.statement(bytes, &mut |at, hit| {
                    known |= hit.what.address().is_none();
                    take(at, hit);
                });
                if !known {
                    take(0, Hit::password());
                }
            }
            _ => self.outside.statement(bytes, &mut take),
        }
        found
    }
}

impl Driver<'_> {
    /// Searches a frame, if the run searches.
    pub(super) async fn search(&mut self, frame: &Frame) -> Result<()> {
        let Some(searching) = &mut self.searching else {
            return Ok(());
        };
        let at = searching.at;
        match (frame, &self.block) {
            (Frame::Rows { bytes, .. }, Some(current)) if searching.unsplit => {
                let found = searching.unsplit(&current.block(), bytes);
                searching.at.advance(bytes);
                if !found.is_empty() {
                    self.tally().find(found);
                }
                Ok(())
            }
            (
                Frame::Rows {
                    bytes, first_row, ..
                },
                Some(current),
            ) => {
                searching.at.advance(bytes);
                searching.outside.interrupt();
                let (rules, most) = (Arc::clone(&searching.rules), searching.most);
                let (block, bytes, before) = (current.block(), bytes.clone(), *first_row);
                let (sender, promise) = oneshot::channel();
                self.work(move || {
                    let found = rules.search_rows(&block, &bytes, at, before, most);
                    let _ = sender.send(Ok(found));
                })
                .await;
                self.send(Slot::Searched(promise)).await
            }
            _ => {
                searching.unsplit &= matches!(frame, Frame::Rows { .. });
                let here = self.archived.as_ref().map(Archived::here);
                let found = searching.outside(frame, here.as_deref());
                searching.at.advance(frame.bytes());
                if !found.is_empty() {
                    self.tally().find(found);
                }
                Ok(())
            }
        }
    }

    /// A failed test does not end a run that searches: what it has to say comes last.
    pub(super) fn put_off(&mut self, result: Result<()>) -> Result<()> {
        match (result, &mut self.searching) {
            (Err(error), Some(searching)) if error.kind == crate::error::ErrorKind::Check => {
                searching.failed.get_or_insert(error);
                Ok(())
            }
            (result, _) => result,
        }
    }
}

/// Reads the addresses of the original.
///
/// # Errors
/// If it is refused, or has more addresses than fit into the memory.
pub(super) fn remember(
    mut source: Source,
    dialect: &dyn Dialect,
    rules: &mut Rules,
    memory: u64,
) -> Result<()> {
    let mut framer = dialect.framer();
    let archive = source.is_archive();
    let mut outside = Outside::default();
    let mut block: Option<Arc<Block>> = None;
    let mut input = BytesMut::new();
    let mut buffer = vec![0; reader::CHUNK];
    rules.original.get_or_insert_default();
    loop {
        let read = match source.read(&mut buffer) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(source.fault(&error)),
            Ok(read) => read,
        };
        input.extend_from_slice(&buffer[..read]);
        loop {
            let next = match framer.next(&mut input, read == 0) {
                // What cannot be split is searched as it stands.
                Err(_) if block.is_some() => {
                    block = None;
                    framer.rows(RowMode::Pass);
                    framer.next(&mut input, read == 0)
                }
                next => next,
            };
            let Some(frame) = next? else { break };
            let mut take = |hit: Hit| {
                if let Some(address) = hit.what.address() {
                    rules.remember(address);
                }
            };
            match (&frame, &block) {
                (
                    Frame::Rows {
                        bytes, first_row, ..
                    },
                    Some(block),
                ) => {
                    outside.interrupt();
                    search::rows(block, bytes, *first_row, &mut |_, hit| take(hit));
                }
                (Frame::Rows { bytes, .. } | Frame::Other { bytes }, _) => {
                    outside.other(bytes, &mut |_, hit| take(hit))
                }
                (
                    Frame::Statement {
                        bytes,
                        effect: Effect::OtherData,
                        ..
                    },
                    _,
                ) => match archive {
                    true => outside.content(bytes, &mut |_, hit| take(hit)),
                    false => outside.large_object(bytes, &mut |_, hit| take(hit)),
                },
                _ => outside.statement(frame.bytes(), &mut |_, hit| take(hit)),
            }
            match frame {
                Frame::Head { block: begun, .. } => {
                    framer.rows(RowMode::Split);
                    block = Some(begun);
                }
                Frame::End { .. } => block = None,
                _ => {}
            }
            let size = rules.original.as_ref().map_or(0, search::Hashes::size);
            if size > memory {
                return Err(Error::input(format!(
                    "its addresses outgrew the memory that they may use ({memory} bytes)"
                ))
                .remedy("give more with --memory SIZE"));
            }
        }
        if read == 0 {
            return framer.finish();
        }
    }
}

/// What a run that searched tells.
fn report(found: &Found, rules: &Rules) -> VerifyReport {
    let mut groups: Vec<_> = found.groups.iter().collect();
    let first = |spots: &[Spot]| spots.first().map(|spot| spot.at);
    groups.sort_by_key(|(_, group)| first(&group.spots));
    let finding = |(key, group): &(&search::Key, &search::Group)| {
        let (relation, column, outside) = match &key.place {
            Place::Rows { relation, column } => (Some(relation.clone()), column.clone(), None),
            Place::Outside(what) => (None, None, Some(what.clone())),
        };
        FindingReport {
            database: key.database.clone(),
            relation,
            column,
            outside,
            what: key.kind.to_string(),
            count: group.count,
            places: group
                .spots
                .iter()
                .map(|spot| FindingSpot {
                    row: spot.row,
                    line: spot.at.line,
                    byte: spot.at.byte,
                })
                .collect(),
        }
    };
    let (findings, apart): (Vec<_>, Vec<_>) =
        groups.into_iter().partition(|(key, _)| key.kind.fails());
    let count = |secrets: bool| {
        let counted = found.groups.iter();
        let counted = counted
            .filter(|(key, _)| key.kind.fails() && matches!(key.kind, Kind::Secret(_)) == secrets);
        counted.map(|(_, group)| group.count).sum()
    };
    VerifyReport {
        safe_domains: rules
            .safe
            .mail
            .iter()
            .chain(&rules.safe.domains)
            .cloned()
            .collect(),
        safe: found.safe,
        allowed: found.allowed,
        original: rules.original.as_ref().map(|hashes| hashes.len() as u64),
        addresses: count(false),
        secrets: count(true),
        findings: findings.iter().map(finding).collect(),
        apart: apart.iter().map(finding).collect(),
    }
}

/// The failure of a dump in which something was found.
fn failure(report: &VerifyReport) -> Option<Error> {
    let some = |count: u64, one: &str, many: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        n => Some(format!("{n} {many}")),
    };
    let addresses = some(
        report.addresses,
        "address outside the safe domain",
        "addresses outside the safe domain",
    );
    let secrets = some(report.secrets, "secret", "secrets");
    let parts: Vec<_> = addresses.into_iter().chain(secrets).collect();
    (!parts.is_empty()).then(|| {
        Error::check(format!("the dump holds {}", parts.join(" and ")))
            .remedy("its places are listed; write rules for them, or leave the dump where it is")
    })
}
