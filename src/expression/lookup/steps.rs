//! In which order the tables of a query are joined, and where each of its conditions is applied.
//!
//! The outer row counts as a table that is there already. Then one table is joined after the
//! other, each through an index if an equality ties it to what is there. LEFT JOIN keeps its place
//! behind the tables to its left; everything else may come in any order, since its conditions
//! are those of WHERE. So a subquery that is correlated and a join are the same thing, and
//! no joined row is ever kept.
//!
//! A condition is applied as early as it can be: on the table's own rows before they are indexed,
//! as a part of the index's key, when the table is joined, or, for the nullable side of a LEFT
//! JOIN, after it was.

use super::names::OUTER;
use crate::expression::node::{Comparator, Comparison, Node};

/// What must be true.
#[derive(Debug, Clone)]
pub(super) enum Condition {
    Node(Node),
    /// An item of the select list equals the n-th value left of IN.
    Equals(Node, usize, Comparator),
}

impl Condition {
    fn node(&self) -> &Node {
        match self {
            Condition::Node(node) | Condition::Equals(node, ..) => node,
        }
    }
}

/// A condition and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Conjunct {
    pub condition: Condition,
    /// It is ON of this table's LEFT JOIN. None: WHERE, or ON of an inner join.
    pub left: Option<usize>,
}

/// What the order of joins needs to know of a table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// Joined by LEFT JOIN.
    pub left: bool,
    /// The first table of its comma-separated part of FROM.
    pub element: usize,
    /// Its rows are computed anew for every outer row: no index.
    pub dynamic: bool,
}

/// What an index's key is compared with.
#[derive(Debug, Clone)]
pub(super) enum Theirs {
    Node(Node),
    /// The n-th value left of IN.
    Value(usize),
}

#[derive(Debug)]
pub(super) struct KeyPart {
    pub mine: Node,
    pub theirs: Theirs,
    pub comparator: Comparator,
}

/// One table being joined.
#[derive(Debug)]
pub(super) struct Step {
    pub source: usize,
    pub left: bool,
    /// Which of its rows count at all.
    pub own: Vec<Node>,
    pub keys: Vec<KeyPart>,
    pub on: Vec<Condition>,
    pub after: Vec<Condition>,
    /// Of rows with the same key one is enough.
    pub once: bool,
}

/// How the joined rows for an outer row are found.
#[derive(Debug, Default)]
pub(super) struct Steps {
    /// Conditions that read no table: without them there is no row.
    pub gate: Vec<Condition>,
    pub steps: Vec<Step>,
}

/// What a condition reads.
#[derive(Debug, Clone, Copy, Default)]
struct Reads {
    /// A bit for each table.
    sources: u64,
    outer: bool,
    /// Differs from row to row by itself.
    fresh: bool,
}

impl Reads {
    fn of(node: &Node, source_of: &[(u32, u32)]) -> Reads {
        let mut reads = Reads {
            fresh: node.needs_ordinal(),
            ..Reads::default()
        };
        for slot in node.slots() {
            match source_of.get(slot) {
                Some((source, _)) => reads.sources |= 1 << source,
                None => reads.outer |= slot >= OUTER,
            }
        }
        reads
    }

    /// Only the rows of this table by themselves?
    fn only(self, source: usize) -> bool {
        self.sources == 1 << source && !self.outer && !self.fresh
    }
}

/// How many tables one query can join.
pub(super) const MOST_TABLES: usize = 60;

pub(super) struct Planner<'c> {
    pub places: &'c [Place],
    /// The table and the column of each slot.
    pub source_of: &'c [(u32, u32)],
    pub conjuncts: &'c [Conjunct],
    /// Only whether there is a row matters.
    pub existence: bool,
    /// It is run once, so the first table is read through and needs no list of its rows.
    pub single: bool,
}

impl Planner<'_> {
    pub(super) fn steps(&self) -> Steps {
        let mut steps = Steps::default();
        let mut rest: Vec<&Conjunct> = Vec::new();
        for conjunct in self.conjuncts {
            let reads = self.reads(conjunct.condition.node());
            let at_once = reads.sources == 0 && conjunct.left.is_none();
            if at_once && (!reads.fresh || self.places.is_empty()) {
                steps.gate.push(conjunct.condition.clone());
            } else {
                rest.push(conjunct);
            }
        }
        let mut joined = 0u64;
        let mut waiting: Vec<usize> = (0..self.places.len()).collect();
        while let Some(at) = self.next(&waiting, joined, &rest) {
            let source = waiting.remove(at);
            let step = self.step(source, joined, &mut rest);
            joined |= 1 << source;
            steps.steps.push(step);
        }
        if self.existence
            && let Some(last) = steps.steps.last_mut()
        {
            last.once = last.on.is_empty() && last.after.is_empty();
        }
        if self.single
            && let Some(first) = steps.steps.first_mut()
            && first.keys.is_empty()
        {
            let own = std::mem::take(&mut first.own).into_iter();
            first.on.splice(0..0, own.map(Condition::Node));
        }
        steps
    }

    fn reads(&self, node: &Node) -> Reads {
        Reads::of(node, self.source_of)
    }

    /// Which of the waiting tables to join next.
    fn next(&self, waiting: &[usize], joined: u64, rest: &[&Conjunct]) -> Option<usize> {
        let ready = waiting.iter().enumerate().filter(|(_, source)| {
            let place = self.places[**source];
            !place.left || (place.element..**source).all(|before| joined & (1 << before) != 0)
        });
        let cost = |source: usize| {
            let place = self.places[source];
            let tied = rest.iter().any(|conjunct| {
                conjunct.left == place.left.then_some(source)
                    && self.tie(&conjunct.condition, source, joined).is_some()
            });
            (!tied, place.left)
        };
        ready.min_by_key(|(_, s)| cost(**s)).map(|(at, _)| at)
    }

    /// The condition as a part of a key of `source`, if what is joined already gives the other side.
    fn tie(&self, condition: &Condition, source: usize, joined: u64) -> Option<KeyPart> {
        if self.places[source].dynamic {
            return None;
        }
        match condition {
            Condition::Equals(item, value, comparator) => {
                self.reads(item).only(source).then(|| KeyPart {
                    mine: item.clone(),
                    theirs: Theirs::Value(*value),
                    comparator: comparator.clone(),
                })
            }
            Condition::Node(Node::Compare(Comparison::Eq, a, b, comparator)) => {
                [(a, b), (b, a)].into_iter().find_map(|(mine, theirs)| {
                    let other = self.reads(theirs);
                    let there = other.sources & !joined == 0 && !other.fresh;
                    let there = there && (other.sources != 0 || other.outer);
                    (self.reads(mine).only(source) && there).then(|| KeyPart {
                        mine: (**mine).clone(),
                        theirs: Theirs::Node((**theirs).clone()),
                        comparator: comparator.clone(),
                    })
                })
            }
            Condition::Node(_) => None,
        }
    }

    fn step(&self, source: usize, joined: u64, rest: &mut Vec<&Conjunct>) -> Step {
        let Place { left, dynamic, .. } = self.places[source];
        let mut step = Step {
            source,
            left,
            own: Vec::new(),
            keys: Vec::new(),
            on: Vec::new(),
            after: Vec::new(),
            once: false,
        };
        let there = joined | 1 << source;
        rest.retain(|conjunct| {
            let condition = &conjunct.condition;
            let reads = self.reads(condition.node());
            if reads.sources & !there != 0 || conjunct.left.is_some_and(|of| of != source) {
                return true;
            }
            if left && conjunct.left.is_none() {
                step.after.push(condition.clone());
                return false;
            }
            match (condition, self.tie(condition, source, joined)) {
                (_, Some(part)) => step.keys.push(part),
                (Condition::Node(node), None) if reads.only(source) && !dynamic => {
                    step.own.push(node.clone());
                }
                (condition, None) => step.on.push(condition.clone()),
            }
            false
        });
        step
    }
}
