//! The compiled tree: what there is to evaluate, and what it reads.
//!
//! Every node knows the types it works on, so that [`super::evaluate`] only computes. Common cases
//! have nodes of their own where they save work for every row.

use super::builtins::Builtin;
use super::like::Like;
use super::lookup::{Asked, Lookup};
use super::regex::Replacement;
use crate::functions::{Function, Subkey};
use crate::schema::{DataType, LengthUnit};
use crate::value::{CastContext, Collation, Operation, Value, integer};
use std::collections::HashSet;
use std::sync::Arc;

/// `= <> < <= > >=`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

/// How two values are compared.
#[derive(Debug, Clone)]
pub(super) struct Comparator {
    pub data_type: DataType,
    pub collation: Collation,
}

/// The pattern of a LIKE.
#[derive(Debug, Clone)]
pub(super) enum Pattern {
    Fixed(Like),
    /// Read anew for each row; the escape character, if any.
    Dynamic(Box<Node>, Option<Vec<u8>>),
}

/// How LIKE and regular expressions see the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Folding {
    None,
    /// ILIKE.
    Lower,
    /// Under a collation.
    Collation(Collation),
}

/// A call of an `anon` function.
#[derive(Debug, Clone)]
pub(super) struct Anon {
    pub function: &'static Function,
    pub args: Vec<Node>,
    pub key: Subkey,
    pub limit: Option<(u32, LengthUnit)>,
    pub not_null: bool,
    /// For the fresh ones: what makes the numbers of this place.
    pub place: Option<Subkey>,
    /// Call it for every element of the first argument, an array.
    pub each: bool,
}

#[derive(Debug, Clone)]
pub(super) enum Node {
    Const(Value<'static>),
    /// A cell, read as this type. `true`: an empty text is NULL (Oracle).
    Cell(usize, DataType, bool),
    CellIsNull(usize, bool),
    /// `cell = 'text'` (false) or `cell <> 'text'` (true) where equal means the same bytes.
    CellEquals(usize, Vec<u8>, bool),
    CellIn(usize, Arc<HashSet<Vec<u8>>>, bool, bool),
    /// An integer's cell compared with a constant.
    IntegerIs(usize, integer::Range, Comparison, i64),
    /// An integer's cell among constants, in their order: whether there is a NULL among them, `NOT`.
    IntegerIn(usize, integer::Range, Arc<[i64]>, bool, bool),
    Not(Box<Node>),
    And(Vec<Node>),
    Or(Vec<Node>),
    IsNull(Box<Node>, bool),
    IsBoolean(Box<Node>, Option<bool>, bool),
    Compare(Comparison, Box<Node>, Box<Node>, Comparator),
    IsDistinct(Box<Node>, Box<Node>, Comparator, bool),
    /// A value among constants: their keys, whether there is a NULL among them, `NOT`.
    InKeys {
        value: Box<Node>,
        keys: Arc<HashSet<Vec<u8>>>,
        null: bool,
        comparator: Comparator,
        negated: bool,
    },
    In {
        value: Box<Node>,
        list: Vec<Node>,
        comparator: Comparator,
        negated: bool,
    },
    Like {
        value: Box<Node>,
        pattern: Pattern,
        folding: Folding,
        negated: bool,
    },
    Matches(Box<Node>, ::regex::bytes::Regex, bool),
    RegexReplace {
        value: Box<Node>,
        regex: ::regex::bytes::Regex,
        replacement: Replacement,
        all: bool,
    },
    /// The first group, or the whole match.
    RegexSubstring(Box<Node>, ::regex::bytes::Regex),
    Case(Vec<(Node, Node)>, Box<Node>),
    Coalesce(Vec<Node>),
    NullIf(Box<Node>, Box<Node>, Comparator),
    /// GREATEST (true), LEAST.
    Extreme(bool, Vec<Node>, Comparator),
    Cast(Box<Node>, DataType, DataType, CastContext),
    Arithmetic(Operation, Box<Node>, Box<Node>, DataType),
    Negate(Box<Node>, DataType),
    Array(Vec<Node>),
    Call(&'static Builtin, Vec<Node>),
    Anon(Box<Anon>),
    /// NULL where the text is empty (Oracle).
    EmptyIsNull(Box<Node>),
    /// The text form of a value of this type.
    Output(Box<Node>, DataType),
    /// A value of this type, read from its text form.
    Input(Box<Node>, DataType),
    /// `gen_random_uuid()`, keyed by the row.
    RandomUuid(Subkey),
    /// A subquery.
    Lookup(Box<Asked>),
}

impl Node {
    /// Are all of it comparisons of cells to constants?
    pub(super) fn is_comparison(&self) -> bool {
        match self {
            Node::CellIsNull(..)
            | Node::CellEquals(..)
            | Node::CellIn(..)
            | Node::IntegerIs(..)
            | Node::IntegerIn(..) => true,
            Node::Not(part) => part.is_comparison(),
            Node::And(parts) | Node::Or(parts) => parts.iter().all(Node::is_comparison),
            _ => false,
        }
    }

    /// Without what its constants leave no way to be reached: branches of CASE that cannot be
    /// taken, operands beside a NULL that makes the result NULL.
    pub(super) fn simplified(self) -> Node {
        let null = |node: &Node| matches!(node, Node::Const(Value::Null));
        match self {
            Node::Arithmetic(_, ref a, ref b, _) | Node::Compare(_, ref a, ref b, _)
                if null(a) || null(b) =>
            {
                Node::Const(Value::Null)
            }
            Node::NullIf(ref a, ..) | Node::Cast(ref a, ..) if null(a) => Node::Const(Value::Null),
            Node::Call(builtin, ref args) if builtin.strict && args.iter().any(null) => {
                Node::Const(Value::Null)
            }
            Node::Case(branches, otherwise) => {
                let mut kept = Vec::with_capacity(branches.len());
                let mut otherwise = otherwise;
                for (condition, result) in branches {
                    match condition {
                        Node::Const(Value::Bool(true)) => {
                            otherwise = Box::new(result);
                            break;
                        }
                        Node::Const(_) => {}
                        condition => kept.push((condition, result)),
                    }
                }
                if kept.is_empty() {
                    *otherwise
                } else {
                    Node::Case(kept, otherwise)
                }
            }
            other => other,
        }
    }

    /// The slot of an integer's cell, and its type; it may be read as a wider one.
    pub(super) fn integer_cell(&self) -> Option<(usize, integer::Range)> {
        match self {
            Node::Cell(slot, data_type, false) => {
                integer::of(data_type).map(|range| (*slot, range))
            }
            Node::Cast(cell, from, to, _) => {
                let (slot, range) = cell.integer_cell()?;
                let (from, to) = (integer::of(from)?, integer::of(to)?);
                let widens = range == from && from.min >= to.min && from.max <= to.max;
                widens.then_some((slot, range))
            }
            _ => None,
        }
    }

    /// Calls `visit` for every node of the tree.
    pub(super) fn walk<'n>(&'n self, visit: &mut dyn FnMut(&'n Node)) {
        visit(self);
        match self {
            Node::Const(_)
            | Node::Cell(..)
            | Node::CellIsNull(..)
            | Node::CellEquals(..)
            | Node::RandomUuid(_)
            | Node::IntegerIs(..)
            | Node::IntegerIn(..)
            | Node::CellIn(..) => {}
            Node::Not(a)
            | Node::IsNull(a, _)
            | Node::IsBoolean(a, ..)
            | Node::InKeys { value: a, .. }
            | Node::Matches(a, ..)
            | Node::RegexReplace { value: a, .. }
            | Node::RegexSubstring(a, _)
            | Node::Cast(a, ..)
            | Node::Negate(a, _)
            | Node::Output(a, _)
            | Node::Input(a, _)
            | Node::EmptyIsNull(a) => a.walk(visit),
            Node::Compare(_, a, b, _)
            | Node::IsDistinct(a, b, ..)
            | Node::NullIf(a, b, _)
            | Node::Arithmetic(_, a, b, _) => {
                a.walk(visit);
                b.walk(visit);
            }
            Node::And(parts)
            | Node::Or(parts)
            | Node::Coalesce(parts)
            | Node::Extreme(_, parts, _)
            | Node::Array(parts)
            | Node::Call(_, parts) => parts.iter().for_each(|p| p.walk(visit)),
            Node::In { value, list, .. } => {
                value.walk(visit);
                list.iter().for_each(|p| p.walk(visit));
            }
            Node::Like { value, pattern, .. } => {
                value.walk(visit);
                if let Pattern::Dynamic(pattern, _) = pattern {
                    pattern.walk(visit);
                }
            }
            Node::Case(branches, otherwise) => {
                for (condition, result) in branches {
                    condition.walk(visit);
                    result.walk(visit);
                }
                otherwise.walk(visit);
            }
            Node::Anon(anon) => anon.args.iter().for_each(|p| p.walk(visit)),
            Node::Lookup(asked) => asked.values.iter().for_each(|p| p.walk(visit)),
        }
    }

    /// The slots that the tree reads, ascending, each once.
    pub(super) fn slots(&self) -> Vec<usize> {
        let mut slots = Vec::new();
        self.walk(&mut |node| {
            if let Node::Cell(slot, ..)
            | Node::CellIsNull(slot, _)
            | Node::CellEquals(slot, ..)
            | Node::IntegerIs(slot, ..)
            | Node::IntegerIn(slot, ..)
            | Node::CellIn(slot, ..) = node
            {
                slots.push(*slot);
            } else if let Node::Lookup(asked) = node {
                slots.extend(asked.lookup.mentioned());
            }
        });
        slots.sort_unstable();
        slots.dedup();
        slots
    }

    /// Does its value depend on the row's ordinal?
    pub(super) fn needs_ordinal(&self) -> bool {
        let mut found = false;
        self.walk(&mut |node| {
            found |= match node {
                Node::Anon(anon) => anon.place.is_some(),
                Node::RandomUuid(_) => true,
                Node::Lookup(asked) => asked.lookup.needs_ordinal(),
                _ => false,
            }
        });
        found
    }

    /// The lookups in the tree, each once; not those within them.
    pub(super) fn lookups(&self) -> Vec<Arc<Lookup>> {
        let mut lookups: Vec<Arc<Lookup>> = Vec::new();
        self.walk(&mut |node| {
            if let Node::Lookup(asked) = node
                && !lookups
                    .iter()
                    .any(|known| Arc::ptr_eq(known, &asked.lookup))
            {
                lookups.push(asked.lookup.clone());
            }
        });
        lookups
    }

    /// Does its value depend on nothing of the row, and on no other rows?
    pub(super) fn is_constant(&self) -> bool {
        !self.needs_ordinal() && self.slots().is_empty() && self.lookups().is_empty()
    }
}
