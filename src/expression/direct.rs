//! An assignment that is one call of an `anon` function on one text cell, with constants beside it: most of what
//! rulebooks do. It is called with the cell as it stands in the row, and nothing is evaluated for a row that is the
//! same for all of them.

use super::evaluate::borrow;
use super::node::Node;
use crate::functions::{Call, Function, Subkey};
use crate::schema::{DataType, LengthUnit};
use crate::value::{Value, ValueError};

/// Such a call.
#[derive(Debug, Clone)]
pub(super) struct Direct {
    pub slot: usize,
    function: &'static Function,
    key: Subkey,
    limit: Option<(u32, LengthUnit)>,
    not_null: bool,
    constant: Option<Value<'static>>,
    /// The most bytes that certainly fit where the result goes.
    room: usize,
}

impl Direct {
    /// The call that a value for a column of this type is, if it is one.
    pub(super) fn of(node: &Node, data_type: &DataType) -> Option<Self> {
        let is_text = |t: &DataType| matches!(t, DataType::Text | DataType::Varchar(..));
        if !is_text(data_type) {
            return None;
        }
        let (call, room) = match node {
            Node::Cast(call, from, to, _) if is_text(from) => match to {
                DataType::Varchar(Some(limit), _) => (&**call, *limit as usize),
                to if is_text(to) => (&**call, usize::MAX),
                _ => return None,
            },
            call => (call, usize::MAX),
        };
        let Node::Anon(call) = call else {
            return None;
        };
        let (slot, constant) = match call.args.as_slice() {
            [Node::Cell(slot, from, false)] if is_text(from) => (*slot, None),
            [Node::Cell(slot, from, false), Node::Const(constant)]
                if is_text(from) && !constant.is_null() =>
            {
                (*slot, Some(constant.clone()))
            }
            _ => return None,
        };
        (call.place.is_none() && !call.each).then(|| Direct {
            slot,
            function: call.function,
            key: call.key.clone(),
            limit: call.limit,
            not_null: call.not_null,
            constant,
            room,
        })
    }

    /// What the function makes of the cell.
    pub(super) fn call<'v>(&'v self, cell: &'v [u8]) -> Result<Value<'v>, ValueError> {
        let call = Call {
            key: &self.key,
            limit: self.limit,
            not_null: self.not_null,
            fresh: 0,
        };
        match &self.constant {
            None => (self.function.call)(&call, &[Value::text(cell)]),
            Some(constant) => (self.function.call)(&call, &[Value::text(cell), borrow(constant)]),
        }
    }

    /// Does the column take such a text as it is?
    pub(super) fn takes(&self, text: &[u8]) -> bool {
        text.len() <= self.room
    }
}
