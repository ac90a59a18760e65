//! Conversions: what a context asks for without a word, and what a cast asks for.
//!
//! A literal takes its type here and is read as it at once, so that a wrong one is a fault of the
//! rulebook. Values are converted by [`crate::value::cast()`] when a row comes.

use super::FaultKind;
use super::compiler::{Compiler, Typed};
use super::node::Node;
use super::types::{self, display};
use crate::rulebook::SqlDialect;
use crate::schema::DataType;
use crate::value::{self, CastContext, Value, can_cast};
use std::ops::ControlFlow;

impl Compiler<'_> {
    /// An implicit conversion that the context asks for.
    pub(super) fn coerce(&mut self, typed: Typed, to: &DataType) -> Option<Typed> {
        let context = if self.lenient() {
            CastContext::Explicit
        } else {
            CastContext::Implicit
        };
        self.cast_to(typed, &types::bare(to), context, true)
    }

    /// A cast, with the modifiers of `to`.
    pub(super) fn cast(
        &mut self,
        typed: Typed,
        to: &DataType,
        context: CastContext,
    ) -> Option<Typed> {
        self.cast_to(typed, to, context, false)
    }

    fn cast_to(
        &mut self,
        typed: Typed,
        to: &DataType,
        context: CastContext,
        modifiers_stay: bool,
    ) -> Option<Typed> {
        let typed = match self.engine_cast(typed, to.base()) {
            ControlFlow::Break(done) => return done,
            ControlFlow::Continue(typed) => typed,
        };
        let Typed {
            node,
            data_type: from,
            span,
            collation,
            ..
        } = typed;
        let done = |node, data_type| Some(Typed::new(node, data_type, span).collated(collation));
        let base = to.base();
        if from == DataType::Unknown && matches!(node, Node::Const(Value::Null)) {
            return done(node, base.clone());
        }
        if from == DataType::Unknown {
            return match node {
                Node::Const(Value::Text(text)) => {
                    let value = value::parse(&text, base).and_then(|value| {
                        if modifiers_stay {
                            Ok(value)
                        } else {
                            value::cast(value, base, base, context)
                        }
                    });
                    match value.map(Value::into_owned) {
                        Ok(value) => done(Node::Const(value), base.clone()),
                        Err(error) => {
                            // A cast that is written out is wrong whatever it is written into.
                            let kind = match context {
                                CastContext::Explicit => FaultKind::Other,
                                _ => FaultKind::Type,
                            };
                            self.fault(kind, span, error.to_string(), None)
                        }
                    }
                }
                Node::Cell(slot, _, _) => {
                    let empty_is_null = self.settings.dump == SqlDialect::Oracle;
                    let cell = Node::Cell(slot, base.clone(), empty_is_null);
                    if modifiers_stay || types::bare(base) == *base {
                        done(cell, base.clone())
                    } else {
                        let bare = types::bare(base);
                        let cast = Node::Cast(Box::new(cell), bare, base.clone(), context);
                        self.fold(Typed::new(cast, base.clone(), span))
                    }
                }
                other => {
                    let cast = Node::Cast(Box::new(other), DataType::Text, base.clone(), context);
                    done(cast, base.clone())
                }
            };
        }
        let relabel = modifiers_stay
            && (types::same(&from, base)
                || (matches!(base, DataType::Char(..))
                    && matches!(from, DataType::Text | DataType::Varchar(..)))
                || (*base == DataType::Text
                    && matches!(from, DataType::Varchar(..) | DataType::Citext))
                || (*base == DataType::BigInt && types::is_integer(&from)));
        if relabel || from == *base && types::bare(base) == *base {
            let data_type = if types::same(&from, base) {
                from
            } else {
                base.clone()
            };
            return done(node, data_type);
        }
        // Within an expression PostgreSQL converts only what is safe; a value that the column
        // takes is converted more freely, and a written cast freely.
        if !can_cast(&from, base, context) {
            let (from, to) = (display(&from), display(base));
            return self.fault(
                FaultKind::Type,
                span,
                format!("{from} cannot be converted to {to} here"),
                Some("add a cast, or another one"),
            );
        }
        let cast = Node::Cast(Box::new(node), from, base.clone(), context);
        self.fold(Typed::new(cast, base.clone(), span).collated(collation))
    }
}
