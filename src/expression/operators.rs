//! Binary operators: which types they take, and what they give.

use super::builtins;
use super::compiler::{Compiler, Typed};
use super::node::{Comparison, Node};
use super::types::{self, Category, category, display, is_integer, is_number, is_text};
use crate::rulebook::{BinaryOp, Span, SqlDialect};
use crate::schema::DataType;
use crate::value::{CastContext, Operation, Value, arithmetic};
use std::ops::ControlFlow;

/// The operator as PostgreSQL spells it.
pub(super) fn spelling(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Eq => "=",
        BinaryOp::Ne => "<>",
        BinaryOp::Lt => "<",
        BinaryOp::Le => "<=",
        BinaryOp::Gt => ">",
        BinaryOp::Ge => ">=",
        BinaryOp::And => "AND",
        BinaryOp::Or => "OR",
        BinaryOp::Add => "+",
        BinaryOp::Sub => "-",
        BinaryOp::Mul => "*",
        BinaryOp::Div => "/",
        BinaryOp::Mod => "%",
        BinaryOp::Concat => "||",
        BinaryOp::Match => "~",
        BinaryOp::MatchInsensitive => "~*",
        BinaryOp::NotMatch => "!~",
        BinaryOp::NotMatchInsensitive => "!~*",
        BinaryOp::JsonGet => "->",
        BinaryOp::JsonGetText => "->>",
        BinaryOp::JsonPath => "#>",
        BinaryOp::JsonPathText => "#>>",
    }
}

impl Compiler<'_> {
    pub(super) fn binary(
        &mut self,
        op: BinaryOp,
        left: Typed,
        right: Typed,
        span: Span,
    ) -> Option<Typed> {
        let name = spelling(op);
        match op {
            BinaryOp::Eq => self.compare(Comparison::Eq, name, left, right, span),
            BinaryOp::Ne => self.compare(Comparison::Ne, name, left, right, span),
            BinaryOp::Lt => self.compare(Comparison::Lt, name, left, right, span),
            BinaryOp::Le => self.compare(Comparison::Le, name, left, right, span),
            BinaryOp::Gt => self.compare(Comparison::Gt, name, left, right, span),
            BinaryOp::Ge => self.compare(Comparison::Ge, name, left, right, span),
            BinaryOp::Match => self.regex_match(left, right, false, false, span),
            BinaryOp::MatchInsensitive => self.regex_match(left, right, true, false, span),
            BinaryOp::NotMatch => self.regex_match(left, right, false, true, span),
            BinaryOp::NotMatchInsensitive => self.regex_match(left, right, true, true, span),
            BinaryOp::Add => self.arithmetic(Operation::Add, name, left, right, span),
            BinaryOp::Sub => self.arithmetic(Operation::Sub, name, left, right, span),
            BinaryOp::Mul => self.arithmetic(Operation::Mul, name, left, right, span),
            BinaryOp::Div => self.arithmetic(Operation::Div, name, left, right, span),
            BinaryOp::Mod => self.arithmetic(Operation::Mod, name, left, right, span),
            BinaryOp::Concat => self.concat(left, right, span),
            BinaryOp::JsonGet
            | BinaryOp::JsonGetText
            | BinaryOp::JsonPath
            | BinaryOp::JsonPathText => self.json(op, left, right, span),
            // Chains of these are compiled where they are read.
            BinaryOp::And | BinaryOp::Or => None,
        }
    }

    fn arithmetic(
        &mut self,
        operation: Operation,
        name: &str,
        left: Typed,
        right: Typed,
        span: Span,
    ) -> Option<Typed> {
        if operation == Operation::Add && self.adds_text(&left, &right) {
            return self.concat(left, right, span);
        }
        if operation == Operation::Sub && left.data_type == DataType::Jsonb {
            return self.json_delete(left, right, span);
        }
        let (left, right) = match (left.is_unknown(), right.is_unknown()) {
            // Nothing says what two literals are.
            (true, true) => {
                let left = self.coerce(left, &DataType::Double);
                let right = self.coerce(right, &DataType::Double);
                (left?, right?)
            }
            (true, false) => {
                let to = self.partner(operation, &right.data_type, &left);
                (self.coerce(left, &to)?, right)
            }
            (false, true) => {
                let to = self.partner(operation, &left.data_type, &right);
                let right = self.coerce(right, &to)?;
                (left, right)
            }
            (false, false) => (left, right),
        };
        let (left, right) = (self.numeric(left)?, self.numeric(right)?);
        let (left, right) = match self.engine_arithmetic(operation, left, right, span) {
            ControlFlow::Break(done) => return done,
            ControlFlow::Continue(operands) => operands,
        };
        let Some(result) = arithmetic::result_type(operation, &left.data_type, &right.data_type)
        else {
            let (l, r) = (display(&left.data_type), display(&right.data_type));
            return self.no_operator(format!("{l} {name} {r}"), span);
        };
        // Both operands of a computation with numbers come in the type of the result.
        let (left, right) = if is_number(&result) && !is_integer(&result) {
            let numbers = is_number(&left.data_type) && is_number(&right.data_type);
            if numbers {
                let left = self.coerce_number(left, &result);
                let right = self.coerce_number(right, &result);
                (left?, right?)
            } else {
                (left, right)
            }
        } else {
            (left, right)
        };
        let node = Node::Arithmetic(
            operation,
            Box::new(left.node),
            Box::new(right.node),
            result.clone(),
        );
        Some(Typed::new(node, result, span))
    }

    fn coerce_number(&mut self, typed: Typed, to: &DataType) -> Option<Typed> {
        self.coerce(typed, to)
    }

    /// The type of a literal beside an operand: the other side's, or the one that goes with it.
    fn partner(&self, operation: Operation, other: &DataType, literal: &Typed) -> DataType {
        if matches!(literal.node, Node::Cell(..)) && is_integer(other) {
            return DataType::Numeric(None);
        }
        if arithmetic::result_type(operation, other, other).is_some() {
            types::bare(other)
        } else if category(other) == Category::DateTime {
            DataType::Interval
        } else {
            types::bare(other)
        }
    }

    /// Text and flags become numbers where the dialect does that.
    fn numeric(&mut self, typed: Typed) -> Option<Typed> {
        if !self.lenient() {
            return Some(typed);
        }
        match category(&typed.data_type) {
            Category::Boolean => self.cast(typed, &DataType::Integer, CastContext::Explicit),
            Category::String if self.settings.dump != SqlDialect::Postgres => {
                self.cast(typed, &DataType::Numeric(None), CastContext::Explicit)
            }
            _ => Some(typed),
        }
    }

    /// T-SQL's `+` on text.
    fn adds_text(&self, left: &Typed, right: &Typed) -> bool {
        if self.settings.written_in != SqlDialect::Mssql {
            return false;
        }
        let text = |t: &Typed| is_text(&t.data_type) || (t.is_unknown() && !t.is_null());
        match (text(left), text(right)) {
            (true, true) => true,
            (true, false) => is_text(&left.data_type) && right.is_null(),
            (false, true) => is_text(&right.data_type) && left.is_null(),
            (false, false) => false,
        }
    }

    pub(super) fn concat(&mut self, left: Typed, right: Typed, span: Span) -> Option<Typed> {
        use DataType as T;
        let collation = super::collate::combine(self.settings, left.collation, right.collation);
        let array = |t: &Typed| matches!(t.data_type, T::Array(_));
        if array(&left) || array(&right) {
            return self.concat_arrays(left, right, span);
        }
        for special in [T::Jsonb, T::Bytea] {
            let sides = [&left, &right];
            if sides
                .iter()
                .all(|t| t.is_unknown() || t.data_type == special)
                && sides.iter().any(|t| t.data_type == special)
            {
                let left = self.coerce(left, &special);
                let right = self.coerce(right, &special);
                let function = if special == T::Jsonb {
                    "jsonb_concat"
                } else {
                    "byteacat"
                };
                return self.internal(function, vec![left?, right?], special, span);
            }
        }
        let textual = |t: &Typed| is_text(&t.data_type) || t.is_unknown();
        if !textual(&left) && !textual(&right) && !self.lenient() {
            let (l, r) = (display(&left.data_type), display(&right.data_type));
            return self.no_operator(format!("{l} || {r}"), span);
        }
        let mut sides = Vec::with_capacity(2);
        for side in [left, right] {
            sides.push(if side.is_unknown() {
                self.coerce(side, &T::Text)
            } else if side.data_type == T::Text {
                Some(side)
            } else {
                self.cast(side, &T::Text, CastContext::Explicit)
            });
        }
        let sides = sides.into_iter().collect::<Option<Vec<_>>>()?;
        // In Oracle NULL is the empty text, and joining nothing changes nothing.
        let function = if self.settings.dump == SqlDialect::Oracle {
            "oracle_concat"
        } else {
            "textcat"
        };
        let text = self.internal(function, sides, T::Text, span)?;
        Some(self.computed(text.collated(collation)))
    }

    fn concat_arrays(&mut self, left: Typed, right: Typed, span: Span) -> Option<Typed> {
        let array = match (&left.data_type, &right.data_type) {
            (t @ DataType::Array(_), _) | (_, t @ DataType::Array(_)) => types::bare(t),
            _ => return None,
        };
        let DataType::Array(element) = &array else {
            return None;
        };
        let element = (**element).clone();
        let padded = |t: &Typed| matches!(t.data_type, DataType::Char(..));
        if (padded(&left) || padded(&right)) && !matches!(element, DataType::Char(..)) {
            let (l, r) = (display(&left.data_type), display(&right.data_type));
            return self.no_operator(format!("{l} || {r}"), span);
        }
        // A varchar in front of an array of text makes an array of varchar, as the server has it.
        let array = match &left.data_type {
            DataType::Varchar(..) if element == DataType::Text => {
                DataType::Array(Box::new(types::bare(&left.data_type)))
            }
            _ => array,
        };
        let is_array = |t: &Typed| matches!(t.data_type, DataType::Array(_)) || t.is_unknown();
        let (function, left, right) = match (is_array(&left), is_array(&right)) {
            (true, true) => {
                let (left, right) = (self.coerce(left, &array), self.coerce(right, &array));
                ("array_cat", left?, right?)
            }
            (true, false) => {
                let right = self.coerce(right, &element)?;
                ("array_append", left, right)
            }
            (false, _) => {
                let left = self.coerce(left, &element)?;
                ("array_prepend", left, right)
            }
        };
        self.internal(function, vec![left, right], array, span)
    }

    fn json(&mut self, op: BinaryOp, left: Typed, right: Typed, span: Span) -> Option<Typed> {
        use DataType as T;
        let left = if left.is_unknown() && matches!(left.node, Node::Cell(..)) {
            self.coerce(left, &T::Jsonb)?
        } else {
            left
        };
        let json = left.data_type.clone();
        if !matches!(json, T::Json | T::Jsonb) {
            let (l, r) = (display(&left.data_type), display(&right.data_type));
            return self.no_operator(format!("{l} {} {r}", spelling(op)), span);
        }
        let by_path = matches!(op, BinaryOp::JsonPath | BinaryOp::JsonPathText);
        let as_text = matches!(op, BinaryOp::JsonGetText | BinaryOp::JsonPathText);
        let right = if by_path {
            self.coerce(right, &T::Array(Box::new(T::Text)))?
        } else if is_integer(&right.data_type) {
            right
        } else {
            self.coerce(right, &T::Text)?
        };
        let function = match (&json, by_path, is_integer(&right.data_type), as_text) {
            (T::Jsonb, true, _, false) => "jsonb_extract_path_array",
            (T::Jsonb, true, _, true) => "jsonb_extract_path_text_array",
            (T::Jsonb, false, true, false) => "jsonb_array_element",
            (T::Jsonb, false, true, true) => "jsonb_array_element_text",
            (T::Jsonb, false, false, false) => "jsonb_object_field",
            (T::Jsonb, false, false, true) => "jsonb_object_field_text",
            (_, true, _, false) => "json_extract_path_array",
            (_, true, _, true) => "json_extract_path_text_array",
            (_, false, true, false) => "json_array_element",
            (_, false, true, true) => "json_array_element_text",
            (_, false, false, false) => "json_object_field",
            (_, false, false, true) => "json_object_field_text",
        };
        let result = if as_text { T::Text } else { json };
        self.internal(function, vec![left, right], result, span)
    }

    /// `jsonb - text`, `jsonb - integer`, `jsonb - text[]`.
    fn json_delete(&mut self, left: Typed, right: Typed, span: Span) -> Option<Typed> {
        use DataType as T;
        let (function, right) = match &right.data_type {
            t if is_integer(t) => ("jsonb_delete_element", right),
            T::Array(_) => (
                "jsonb_delete_keys",
                self.coerce(right, &T::Array(Box::new(T::Text)))?,
            ),
            _ => ("jsonb_delete_key", self.coerce(right, &T::Text)?),
        };
        self.internal(function, vec![left, right], T::Jsonb, span)
    }

    /// A call of a function that only operators reach.
    pub(super) fn internal(
        &mut self,
        name: &str,
        args: Vec<Typed>,
        result: DataType,
        span: Span,
    ) -> Option<Typed> {
        let builtin = builtins::internal(name)?;
        let args = args.into_iter().map(|a| a.node).collect();
        self.fold(Typed::new(Node::Call(builtin, args), result, span))
    }

    /// `value` as a typed constant.
    pub(super) fn constant(&self, value: Value<'static>, data_type: DataType, span: Span) -> Typed {
        Typed::new(Node::Const(value), data_type, span)
    }
}
