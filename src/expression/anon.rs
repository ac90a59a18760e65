//! Calls of the `anon` functions: their arguments' types, the type of the result, and what the
//! function is told of the column that takes it.

use super::compiler::{Compiler, Target, Typed};
use super::node::{Anon, Node};
use super::types::{self, Category, category, display, is_text};
use super::{FaultKind, collate};
use crate::functions::{self, Kind, Nature};
use crate::rulebook::{Expr, Span};
use crate::schema::{DataType, LengthUnit};
use crate::value::{CastContext, Value, can_cast};

impl Compiler<'_> {
    pub(super) fn anon(&mut self, span: Span, name: &str, args: &[Expr]) -> Option<Typed> {
        let Some(function) = functions::find(name) else {
            return self.no_function(span, name, Some("anon"));
        };
        let target = self.target.clone();
        let typed: Vec<_> = args
            .iter()
            .map(|arg| self.untargeted(|c| c.expr(arg)))
            .collect();
        let typed = typed.into_iter().collect::<Option<Vec<_>>>()?;
        let (least, most) = function.arity();
        if !(least..=most).contains(&typed.len()) {
            let signature: Vec<&str> = function.parameters.iter().map(|p| p.name).collect();
            let wanted = if least == most {
                least.to_string()
            } else {
                format!("{least} to {most}")
            };
            return self.fault(
                FaultKind::Other,
                span,
                format!(
                    "anon.{name} takes {wanted} arguments ({}), not {}",
                    signature.join(", "),
                    typed.len()
                ),
                None,
            );
        }
        let first = typed.first().map(|t| t.data_type.clone());
        let collation = typed.iter().fold(None, |all, t| {
            collate::combine(self.settings, all, t.collation)
        });
        let first_takes_text = function
            .parameters
            .first()
            .is_some_and(|p| p.kind == Kind::Text);
        let each = first_takes_text
            && matches!(&first, Some(DataType::Array(element)) if element.holds_text());
        let bytes = function.keeps_bytes
            && first
                .as_ref()
                .is_some_and(|t| matches!(t.base(), DataType::Bytea | DataType::Uuid));
        let mut coerced = Vec::with_capacity(typed.len());
        for (index, arg) in typed.into_iter().enumerate() {
            let kind = function.parameters[index].kind;
            coerced.push(if index == 0 && (each || bytes) {
                Some(arg)
            } else {
                self.argument(arg, kind, name)
            });
        }
        let coerced = coerced.into_iter().collect::<Option<Vec<_>>>()?;
        let values: Vec<Option<&Value<'_>>> = coerced
            .iter()
            .map(|arg| match &arg.node {
                Node::Const(value) if !value.is_null() => Some(value),
                _ => None,
            })
            .collect();
        if let Err(error) = (function.check)(&values) {
            let message = format!("anon.{name}: {error}");
            return self.fault(FaultKind::Other, span, message, None);
        }
        // What holds text without being text (json, xml, arrays …) is rewritten in its text form
        // and stays what it is.
        let keeps_type = first_takes_text
            && function.returns == Kind::Text
            && first
                .as_ref()
                .is_some_and(|t| t.holds_text() && *t != DataType::Unknown && !is_text(t));
        let data_type = match function.returns {
            _ if keeps_type || bytes => first.clone().unwrap_or(DataType::Text),
            Kind::Text => DataType::Text,
            Kind::Integer => DataType::Integer,
            Kind::Interval => DataType::Interval,
            Kind::TextArray => DataType::Array(Box::new(DataType::Text)),
            Kind::Number | Kind::Date | Kind::Any => match coerced.first() {
                Some(first) => match &first.data_type {
                    // An element of the array that is chosen from.
                    DataType::Array(element) if function.parameters[0].kind == Kind::TextArray => {
                        (**element).clone()
                    }
                    t => types::bare(t),
                },
                None => DataType::Text,
            },
        };
        let place = (function.nature == Nature::Fresh).then(|| {
            let before = std::mem::replace(&mut self.target, target.clone());
            let place = self.place(span);
            self.target = before;
            place
        });
        let target = target.unwrap_or(Target {
            name: String::new(),
            limit: None,
            not_null: true,
        });
        let node = Node::Anon(Box::new(Anon {
            function,
            args: coerced.into_iter().map(|a| a.node).collect(),
            key: function.subkey(&self.settings.key),
            limit: target.limit,
            not_null: target.not_null,
            place,
            each,
        }));
        // The result of a function on json and the like is read again, so that it is still one.
        let node = if keeps_type && !each {
            Node::Input(Box::new(node), data_type.clone())
        } else {
            node
        };
        Some(Typed::new(node, data_type, span).collated(collation))
    }

    fn argument(&mut self, arg: Typed, kind: Kind, name: &str) -> Option<Typed> {
        use DataType as T;
        let from = arg.data_type.clone();
        let wrong = |c: &mut Self, arg: &Typed, wanted: &str| {
            let from = display(&arg.data_type);
            c.fault(
                FaultKind::Type,
                arg.span,
                format!("anon.{name} takes {wanted} here, not {from}"),
                Some("add a cast"),
            )
        };
        match kind {
            Kind::Text => match &from {
                T::Unknown => self.coerce(arg, &T::Text),
                T::Text | T::Varchar(..) | T::Citext | T::Name => Some(arg),
                T::Char(..) => self.cast(arg, &T::Text, CastContext::Explicit),
                t if can_cast(t, &T::Text, CastContext::Assignment) => {
                    let node = Node::Output(Box::new(arg.node), from);
                    Some(Typed::new(node, T::Text, arg.span).collated(arg.collation))
                }
                t if t.holds_text() => {
                    let node = Node::Output(Box::new(arg.node), from);
                    Some(Typed::new(node, T::Text, arg.span))
                }
                _ => wrong(self, &arg, "text"),
            },
            Kind::Integer => match &from {
                T::SmallInt | T::Integer | T::BigInt => Some(arg),
                T::Unknown => self.coerce(arg, &T::Integer),
                _ => wrong(self, &arg, "an integer"),
            },
            Kind::Number => match &from {
                T::Unknown => self.coerce(arg, &T::Numeric(None)),
                t if types::is_number(t) => Some(arg),
                _ => wrong(self, &arg, "a number"),
            },
            Kind::Date => match &from {
                T::Date | T::Timestamp(_) | T::TimestampTz(_) => Some(arg),
                T::Unknown => {
                    // A literal with a time of day is a timestamp.
                    let timed = arg.constant_text().is_some_and(|text| text.contains(&b':'));
                    let to = if timed { T::Timestamp(None) } else { T::Date };
                    self.coerce(arg, &to)
                }
                _ => wrong(self, &arg, "a date or timestamp"),
            },
            Kind::Interval => match category(&from) {
                Category::Unknown | Category::Timespan => self.coerce(arg, &T::Interval),
                _ => wrong(self, &arg, "an interval"),
            },
            Kind::TextArray => match &from {
                T::Unknown => self.coerce(arg, &T::Array(Box::new(T::Text))),
                T::Array(element) if is_text(element) => Some(arg),
                T::Array(_) => self.cast(arg, &T::Array(Box::new(T::Text)), CastContext::Explicit),
                _ => wrong(self, &arg, "an array of text"),
            },
            Kind::Any => match &from {
                T::Unknown => self.coerce(arg, &T::Text),
                _ => Some(arg),
            },
        }
    }

    /// What makes the random numbers of this place in the rulebook.
    pub(super) fn place(&self, span: Span) -> functions::Subkey {
        let column = self.settings.value.as_ref().map(|(_, c)| c.name.as_str());
        let target = self.target.as_ref().map(|t| t.name.as_str());
        self.settings.key.subkey(&format!(
            "fresh/{}/{}/{}/{}",
            self.settings.seed,
            span.file,
            span.start,
            target.or(column).unwrap_or_default()
        ))
    }

    /// Lowers the limit that calls within a cast to a shorter type are told.
    pub(super) fn narrowed<T>(
        &mut self,
        to: Option<(u32, LengthUnit)>,
        inner: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let before = self.target.clone();
        if let (Some(target), Some((limit, unit))) = (&mut self.target, to)
            && target.limit.is_none_or(|(l, _)| limit < l)
        {
            target.limit = Some((limit, unit));
        }
        let result = inner(self);
        self.target = before;
        result
    }
}
