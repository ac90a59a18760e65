//! A run that only looks: rows are sampled as they come by, and judged when their section's schema is
//! known as a whole. It writes no dump, so it needs neither workers nor order; what is looked at is bounded
//! by the number of tables, not of rows.

use super::reader::CHUNK;
use super::{Progress, outside};
use crate::dialect::{Block, Dialect, Effect, Frame, Framer, RowMode};
use crate::error::Result;
use crate::functions::Key;
use crate::plan::{Choice, Planner, Strict, Unreviewed};
use crate::report::{ScanFinding, ScanReport};
use crate::scan::rulebook::{self, Scanned};
use crate::scan::{JudgedTable, Level, Sampler, Survey, Table};
use crate::schema::{Catalog, Column, DataType, RelationName};
use crate::search::{Texts, texts};
use crate::source::Source;
use bytes::BytesMut;
use indexmap::{IndexMap, IndexSet};
use std::collections::BTreeSet;
use std::io::Read;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

/// What a scan needs.
pub struct ScanJob {
    /// The dump.
    pub source: Source,
    /// What it is written in.
    pub dialect: &'static dyn Dialect,
    /// How many rows of each table are looked at.
    pub rows: usize,
    /// What a progress line shows.
    pub progress: Arc<Progress>,
}

/// What a scan gives.
pub struct Scan {
    /// What was found.
    pub report: ScanReport,
    /// The rulebook to start from.
    pub rulebook: String,
}

/// A scan that has begun.
struct Scanning {
    planner: Planner,
    rows: usize,
    sampler: Sampler,
    /// The database of the section.
    section: Option<String>,
    /// Relations with rows, and the columns that their headers have; true: all of them.
    headers: IndexMap<RelationName, IndexMap<String, bool>>,
    judged: Vec<(Option<String>, Vec<JudgedTable>)>,
    notes: Vec<String>,
    /// Definitions that hold texts, each once.
    definitions: IndexSet<Texts>,
}

/// Reads a dump to its end and judges its columns.
///
/// # Errors
/// If it cannot be read, or is refused.
pub fn scan(job: ScanJob) -> Result<Scan> {
    let ScanJob {
        mut source,
        dialect,
        rows,
        progress,
    } = job;
    // Nothing is rewritten, so no key matters.
    let planner = super::planner(
        Choice::Named(Vec::new()),
        dialect,
        &Arc::new(Key::random()),
        false,
    )?;
    let mut scanning = Scanning {
        planner,
        rows,
        sampler: Sampler::new(rows),
        section: None,
        headers: IndexMap::new(),
        judged: Vec::new(),
        notes: Vec::new(),
        definitions: IndexSet::new(),
    };
    let mut framer = dialect.framer_of(source.file_name());
    let mut input = BytesMut::new();
    let mut buffer = vec![0; CHUNK];
    let mut block: Option<Arc<Block>> = None;
    loop {
        let read = match source.read(&mut buffer) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(source.fault(&error)),
            Ok(read) => read,
        };
        progress.bytes.fetch_add(read as u64, Ordering::Relaxed);
        input.extend_from_slice(&buffer[..read]);
        loop {
            let next = match framer.next(&mut input, read == 0) {
                // Rows that cannot be told apart are not looked at.
                Err(error) => match block.take() {
                    Some(block) => {
                        scanning.unsplit(&block.relation);
                        framer.rows(RowMode::Pass);
                        framer.next(&mut input, read == 0)?
                    }
                    None => return Err(error),
                },
                Ok(next) => next,
            };
            let Some(frame) = next else { break };
            match frame {
                Frame::Head { block: begun, .. } => {
                    framer.rows(RowMode::Split);
                    scanning.begin(&begun);
                    let mut table = progress
                        .table
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner);
                    *table = begun.relation.to_string();
                    block = Some(begun);
                }
                Frame::Rows {
                    bytes,
                    first_row,
                    rows,
                    ..
                } => {
                    if let Some(block) = &block
                        && !scanning.sampler.take(block, &bytes, first_row, rows)
                    {
                        scanning.unsplit(&block.relation);
                    }
                }
                Frame::End { .. } => block = None,
                Frame::Statement {
                    effect: Effect::Connect(name),
                    ..
                } => {
                    scanning.end_section(&*framer)?;
                    scanning.section = Some(name);
                }
                Frame::Statement {
                    effect: Effect::Opaque(relation, what),
                    ..
                } => scanning.note(format!(
                    "{relation}: rows in a form that nobody can follow ({what})"
                )),
                Frame::Statement { bytes, effect, .. } if outside::is_searched(&effect) => {
                    scanning.definitions.extend(texts(&bytes));
                }
                _ => {}
            }
        }
        if read == 0 {
            framer.finish()?;
            scanning.end_section(&*framer)?;
            let name = source.file_name().unwrap_or(source.label());
            return Ok(scanning.end(name, dialect.name()));
        }
    }
}

impl Scanning {
    fn note(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    fn unsplit(&mut self, relation: &RelationName) {
        self.note(format!(
            "{relation}: some of its rows cannot be told apart, and were not looked at"
        ));
    }

    fn begin(&mut self, block: &Block) {
        let Some(columns) = &block.columns else {
            return;
        };
        let first = !self.headers.contains_key(&block.relation);
        let known = self.headers.entry(block.relation.clone()).or_default();
        for (column, always) in known.iter_mut() {
            *always &= columns.contains(column);
        }
        for column in columns {
            known.entry(column.clone()).or_insert(first);
        }
    }

    /// A section's schema is known as a whole: what do its columns hold?
    fn end_section(&mut self, framer: &dyn Framer) -> Result<()> {
        let catalog = framer.catalog();
        let headers = std::mem::take(&mut self.headers);
        let headed = |columns: &IndexMap<String, bool>| {
            let column = |name: &String| Column::new(name, DataType::Unknown);
            columns.keys().map(column).collect()
        };
        let undefined = headers
            .iter()
            .filter(|(relation, _)| catalog.relation(relation).is_none())
            .map(|(relation, columns)| (relation.clone(), headed(columns)))
            .collect();
        self.planner.next_section();
        self.planner.data_ended();
        let listing = self.planner.unreviewed(catalog, Strict::All, undefined);
        for error in listing.unknown {
            self.note(error.to_string());
        }
        let sampler = std::mem::replace(&mut self.sampler, Sampler::new(self.rows));
        let tables = listing.missing.into_iter();
        let tables = tables
            .map(|table| self::table(table, catalog, &headers))
            .collect();
        let judged = Survey::new(catalog, &sampler).judge(tables);
        self.judged.push((self.section.take(), judged));
        Ok(())
    }

    fn end(self, input: &str, dialect: &str) -> Scan {
        let (databases, sections): (Vec<_>, Vec<_>) = self.judged.into_iter().unzip();
        let tables = || sections.iter().flatten();
        let columns = tables().flat_map(|table| &table.columns);
        let mut report = ScanReport {
            scrub: env!("CARGO_PKG_VERSION").to_owned(),
            input: input.to_owned(),
            dialect: dialect.to_owned(),
            tables: tables().count() as u64,
            columns: columns.clone().count() as u64,
            harmless: columns.filter(|judged| judged.finding.is_none()).count() as u64,
            warnings: self.notes.clone(),
            ..ScanReport::default()
        };
        let mut findings = Vec::new();
        for (database, tables) in databases.iter().zip(&sections) {
            for table in tables {
                for judged in &table.columns {
                    let Some(finding) = &judged.finding else {
                        continue;
                    };
                    let told = ScanFinding {
                        database: database.clone(),
                        relation: table.relation.to_string(),
                        column: judged.column.clone(),
                        what: finding.kind.to_string(),
                        confidence: finding.level.name().to_owned(),
                        share: finding.share,
                        why: finding.why.clone(),
                        rows: table.rows,
                        values: judged.values,
                        value: judged.value.clone(),
                    };
                    findings.push(((finding.level == Level::Low, finding.kind), told));
                }
            }
        }
        findings.sort_by_key(|(order, _)| *order);
        report.findings = findings.into_iter().map(|(_, told)| told).collect();
        let rulebook = rulebook::write(&Scanned {
            input,
            sections: &sections,
            notes: &self.notes,
            definitions: &self.definitions.into_iter().collect::<Vec<_>>(),
        });
        Scan { report, rulebook }
    }
}

/// A table without the columns that none of its rows has.
fn table(
    mut unreviewed: Unreviewed,
    catalog: &Catalog,
    headers: &IndexMap<RelationName, IndexMap<String, bool>>,
) -> Table {
    let below = catalog.descendants(&unreviewed.relation);
    let family = std::iter::once(&unreviewed.relation).chain(below.iter().map(|child| &child.name));
    let family: Vec<_> = family
        .filter_map(|relation| headers.get(relation))
        .collect();
    let mut partly = BTreeSet::new();
    unreviewed.columns.retain(|column| {
        let seen: Vec<_> = family
            .iter()
            .map(|header| header.get(&column.name))
            .collect();
        if seen.iter().any(|always| *always != Some(&true)) {
            partly.insert(column.name.clone());
        }
        seen.is_empty() || seen.iter().any(Option::is_some)
    });
    Table {
        relation: unreviewed.relation,
        columns: unreviewed.columns,
        unique: unreviewed.unique,
        linked: unreviewed.linked,
        partly,
        quoted: unreviewed.quoted,
    }
}
