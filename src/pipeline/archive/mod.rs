//! An archive's way through the run: what is settled before its table of contents is written.
//!
//! When the framer has told all statements, every table, key and rule is known: the rules are
//! checked, `--strict` answered, and then the table of contents is laid out. pg_restore reads a pipe
//! once, so its blocks have to come in that order. Which tables will be held back, and when they
//! leave, is foretold; where that proves wrong the output waits for its turn ([`output`]), so that a
//! wrong guess costs room and not correctness.
//!
//! Rows that leave as statements of their own (what the server completes, what moves to another
//! partition) get an entry of their own for each table that could need one, behind all other data.

mod layout;
mod output;
mod packing;
mod placing;

pub(super) use layout::{Layout, Turn};
pub(super) use output::Output;

use super::added;
use super::driver::Driver;
use super::order::Slot;
use crate::archive::Toc;
use crate::dialect::{Part, RowMode};
use crate::error::{Error, Result};
use crate::schema::RelationName;
use crate::sink::Method;
use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::sync::mpsc::Sender;

/// What stands between the bytes of an archive's output.
#[derive(Debug)]
pub(super) enum Mark {
    /// The bytes that follow are the text of an entry.
    Text(usize),
    /// All texts have come.
    Contents(Box<Layout>),
    /// The bytes that follow are data; true: as the container has them.
    Begin(Turn, bool),
    /// They are those of a large object.
    Object(u32),
    /// The large object has ended.
    ObjectEnd,
    /// The data have ended.
    End,
}

/// The archive that a run reads and writes.
#[derive(Debug)]
pub(super) struct Archived {
    /// How its data is compressed from now on, if not as before.
    method: Option<Method>,
    /// The relations that have an entry for statements; the last one's takes any.
    reserved: Vec<RelationName>,
    /// The number of the entry whose text comes.
    here: Option<i32>,
    /// Told which entries will be looked at, if their files can be unpacked ahead.
    unpack: Option<Sender<HashSet<i32>>>,
}

impl Archived {
    pub(super) fn new(method: Option<Method>, unpack: Option<Sender<HashSet<i32>>>) -> Self {
        Archived {
            method,
            reserved: Vec::new(),
            here: None,
            unpack,
        }
    }

    /// Where in the archive the run stands, as `pg_restore -l` calls it.
    pub(super) fn here(&self) -> String {
        match self.here {
            Some(id) => format!("entry {id}"),
            None => "the data".to_owned(),
        }
    }
}

impl Driver<'_> {
    /// Can data that nobody looks at pass as it lies in the archive?
    fn passes_contained(&self) -> bool {
        let kept = |archived: &Archived| archived.method.is_none();
        self.archived.as_ref().is_some_and(kept) && self.searching.is_none()
    }

    /// The data that comes passes as it lies in the archive, if it can.
    pub(super) fn contained(&mut self) -> bool {
        let checked = !self.planner.is_idle();
        self.passes_contained() && self.decoder.framer.contained(checked)
    }

    /// The text of an entry follows.
    pub(super) async fn text(&mut self, entry: usize, id: i32) -> Result<()> {
        if let Some(archived) = &mut self.archived {
            archived.here = Some(id);
        }
        self.send(Slot::Mark(Mark::Text(entry))).await
    }

    /// Something of an archive that is neither a statement nor rows.
    pub(super) async fn part(&mut self, part: Part) -> Result<()> {
        let mark = match part {
            Part::Text(entry, id) => return self.text(entry, id).await,
            Part::Contents(toc, data) => {
                Mark::Contents(Box::new(self.contents(&toc, &data).await?))
            }
            Part::Data(entry) => {
                let contained = self.contained();
                if !contained {
                    self.decoder.framer.rows(RowMode::Pass);
                }
                Mark::Begin(Turn::Entry(entry), contained)
            }
            Part::Object(oid) => Mark::Object(oid),
            Part::ObjectEnd => Mark::ObjectEnd,
            Part::End => Mark::End,
        };
        self.send(Slot::Mark(mark)).await
    }

    /// Statements about a relation's rows follow.
    ///
    /// # Errors
    /// If no entry has been reserved for such.
    pub(super) async fn begin_reserved(&mut self, relation: &RelationName) -> Result<()> {
        let Some(archived) = &self.archived else {
            return Ok(());
        };
        let own = archived.reserved.iter().position(|r| r == relation);
        let place = own.or(archived.reserved.len().checked_sub(1));
        let Some(place) = place else {
            return Err(Error::input(
                "it gets rows that nothing foretold when the table of contents was written",
            )
            .remedy("scrub the plain dump: pg_restore -f - ARCHIVE | scrub"));
        };
        let mark = Mark::Begin(Turn::Reserved(place), false);
        self.send(Slot::Mark(mark)).await
    }

    /// They have ended.
    pub(super) async fn end_reserved(&mut self) -> Result<()> {
        match self.archived {
            Some(_) => self.send(Slot::Mark(Mark::End)).await,
            None => Ok(()),
        }
    }

    /// All statements are known: checks the rules and lays out the table of contents.
    async fn contents(
        &mut self,
        toc: &Arc<Toc>,
        data: &[(usize, Option<RelationName>)],
    ) -> Result<Layout> {
        self.decide()?;
        self.check_rules()?;
        for (_, relation) in data {
            self.foreseen(relation.as_ref()).await?;
        }
        let order = self.foretell(data)?;
        let reserved = self.reserve(data)?;
        let mut header = toc.header.clone();
        let method = self.archived.as_ref().and_then(|archived| archived.method);
        if let Some(method) = method {
            header.set_method(method)?;
        }
        let catalog = self.decoder.framer.catalog();
        let of = |name: &RelationName| {
            let leaves = catalog.descendants(name);
            let own = |of: &RelationName| of == name || leaves.iter().any(|leaf| leaf.name == *of);
            let rows = data.iter().filter(|(_, of)| of.as_ref().is_some_and(own));
            (name.clone(), rows.map(|(number, _)| *number).collect())
        };
        let with_rows: Vec<_> = reserved.iter().map(of).collect();
        let anew = method.map(|method| method.compression);
        let layout = Layout::new(Arc::clone(toc), header, anew, order, &with_rows);
        let wanted = self.looked_at(toc, data)?;
        if let Some(archived) = &mut self.archived {
            archived.reserved = reserved;
            archived.here = None;
            if let Some(unpack) = archived.unpack.take() {
                // Nobody waits for it if reading has failed, which is told where it did.
                let _ = unpack.send(wanted);
            }
        }
        Ok(layout)
    }

    /// The entries whose rows somebody will look at, by their numbers; at those of statements that are
    /// yet to be generated, too, but nobody knows which.
    fn looked_at(
        &mut self,
        toc: &Toc,
        data: &[(usize, Option<RelationName>)],
    ) -> Result<HashSet<i32>> {
        let all = !self.passes_contained();
        let catalog = self.decoder.framer.catalog();
        let mut wanted = HashSet::new();
        for (number, relation) in data {
            let Some(relation) = relation else { continue };
            let known = catalog.relation(relation).is_some();
            if all
                || known
                    && self
                        .planner
                        .program(catalog, relation, None)?
                        .program
                        .is_some()
            {
                wanted.insert(toc.entries[*number].dump_id);
            }
        }
        Ok(wanted)
    }

    /// Has somebody reviewed a table whose rows will come?
    async fn foreseen(&mut self, relation: Option<&RelationName>) -> Result<()> {
        let Some(relation) = relation.filter(|_| self.review.is_some()) else {
            return Ok(());
        };
        let catalog = self.decoder.framer.catalog();
        if catalog.relation(relation).is_none() {
            return Ok(());
        }
        let planned = self.planner.program(catalog, relation, None)?;
        match planned.settled {
            true => {
                let program = planned.program.as_deref();
                self.reviewed(relation, None, program, true).await
            }
            false => Ok(()),
        }
    }

    /// The order in which data entries will leave: each in its place, or when all rows have come that
    /// its rules look at; last what generated statements could concern.
    fn foretell(&mut self, data: &[(usize, Option<RelationName>)]) -> Result<Vec<usize>> {
        let catalog = self.decoder.framer.catalog();
        let mut order = Vec::new();
        let mut held: Vec<(usize, BTreeSet<RelationName>)> = Vec::new();
        let mut last = Vec::new();
        let mut seen = BTreeSet::new();
        let own = |later: &RelationName, from: usize| {
            let same = |(_, other): &(usize, Option<RelationName>)| other.as_ref() == Some(later);
            data[from..].iter().any(same)
        };
        for (place, (number, relation)) in data.iter().enumerate() {
            let known = relation
                .as_ref()
                .filter(|name| catalog.relation(name).is_some());
            let Some(relation) = known else {
                seen.extend(relation.clone());
                order.push(*number);
                continue;
            };
            let planned = self.planner.program(catalog, relation, None)?;
            if !own(relation, place + 1) {
                seen.insert(relation.clone());
            }
            let awaited = planned.program.as_ref().filter(|_| !planned.whole);
            let awaited = awaited.map(|program| self.planner.awaited(catalog, program));
            match awaited {
                _ if !planned.settled => last.push(*number),
                Some(awaited) if !awaited.is_subset(&seen) => held.push((*number, awaited)),
                _ => order.push(*number),
            }
            held.retain(|(number, awaited)| {
                let ready = awaited.is_subset(&seen);
                order.extend(ready.then_some(*number));
                !ready
            });
        }
        order.extend(held.into_iter().map(|(number, _)| number));
        order.append(&mut last);
        Ok(order)
    }

    /// The relations that could get rows as statements of their own.
    fn reserve(&mut self, data: &[(usize, Option<RelationName>)]) -> Result<Vec<RelationName>> {
        let catalog = self.decoder.framer.catalog();
        let mut reserved: Vec<RelationName> = Vec::new();
        let mut any = None;
        let mut take = |relation: &RelationName| {
            if !reserved.contains(relation) {
                reserved.push(relation.clone());
            }
        };
        for name in catalog.relations.keys() {
            let planned = self.planner.program(catalog, name, None)?;
            if let Some(program) = &planned.program {
                if added::adds(program) {
                    take(name);
                }
                program.partition.iter().for_each(|p| take(&p.root));
            }
            if !planned.settled {
                any.get_or_insert_with(|| name.clone());
            }
        }
        // Of a table that nothing defines, the rows say what its columns are.
        for name in data.iter().filter_map(|(_, name)| name.as_ref()) {
            let unknown = catalog.relation(name).is_none();
            if unknown && self.planner.program(catalog, name, None).is_err() {
                any.get_or_insert_with(|| name.clone());
            }
        }
        // Of a statement that will be generated nobody knows the table.
        reserved.extend(any);
        Ok(reserved)
    }
}
