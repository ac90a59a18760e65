//! Where the engines of the other dialects compute otherwise than PostgreSQL: as they do, or refused.
//!
//! What is refused here would not fail otherwise: it would silently give another value than the server.

use super::FaultKind;
use super::builtins::looks_like_a_number;
use super::compiler::{Compiler, Typed};
use super::node::Node;
use super::types::{Category, category, is_integer, is_number, is_text};
use crate::rulebook::{Span, SqlDialect};
use crate::schema::DataType;
use crate::value::{Operation, Value};
use std::ops::ControlFlow;

impl Compiler<'_> {
    fn is_sqlite(&self) -> bool {
        self.settings.dump == SqlDialect::Sqlite
    }

    /// The collation of what is computed: SQLite gives one to columns only.
    pub(super) fn computed(&self, typed: Typed) -> Typed {
        if self.is_sqlite() {
            typed.collated(None)
        } else {
            typed
        }
    }

    /// `upper` and `lower` of SQLite know the letters of ASCII only.
    pub(super) fn spelled(&self, name: &str) -> Option<&'static str> {
        match name {
            "upper" if self.is_sqlite() => Some("ascii_upper"),
            "lower" if self.is_sqlite() => Some("ascii_lower"),
            _ => None,
        }
    }

    /// SQLite rounds halves away from zero, and in binary.
    pub(super) fn rounded(&mut self, args: &[Typed], span: Span) -> Option<Option<Typed>> {
        let double = |t: &Typed| matches!(t.data_type, DataType::Real | DataType::Double);
        match args {
            [value] if self.is_sqlite() && double(value) => {
                let value = vec![value.clone()];
                Some(self.internal("sqlite_round", value, DataType::Double, span))
            }
            [value, _] if self.is_sqlite() && double(value) => Some(self.fault(
                FaultKind::Type,
                span,
                "how SQLite rounds the digits of a double is not known",
                Some("write round(x)"),
            )),
            _ => None,
        }
    }

    /// Functions of text that count otherwise from the end or with nothing to fill up with.
    pub(super) fn bounded(&mut self, name: &str, args: &mut [Typed], span: Span) -> Option<()> {
        use SqlDialect::{Mssql, Oracle, Postgres, Sqlite};
        let dialect = self.settings.written_in;
        let limits: &[(usize, &str)] = match (name, dialect) {
            (_, Postgres) => &[],
            ("substring" | "substr", Mssql | Sqlite) => &[(1, "not_negative")],
            ("substring" | "substr", _) => &[(1, "at_least_one")],
            ("left" | "right", _) => &[(1, "not_negative")],
            ("lpad" | "rpad", Oracle) => &[(1, "not_negative")],
            ("lpad" | "rpad", _) => &[(1, "not_negative"), (2, "not_empty")],
            _ => &[],
        };
        for &(index, check) in limits {
            let Some(arg) = args.get_mut(index) else {
                continue;
            };
            let number = check != "not_empty";
            if arg.is_null() || (number && is_text(&arg.data_type)) {
                continue;
            }
            // `substring(text from pattern)`
            if number && arg.constant_text().is_some() {
                continue;
            }
            let to = if number {
                DataType::Integer
            } else {
                DataType::Text
            };
            let checked = self.coerce(arg.clone(), &to)?;
            *arg = self.internal(check, vec![checked], to, span)?;
        }
        Some(())
    }

    /// Arithmetic that another engine does in its own way; `Continue` gives the operands back.
    pub(super) fn engine_arithmetic(
        &mut self,
        operation: Operation,
        left: Typed,
        right: Typed,
        span: Span,
    ) -> ControlFlow<Option<Typed>, (Typed, Typed)> {
        let exact =
            |t: &Typed| is_integer(&t.data_type) || matches!(t.data_type, DataType::Numeric(_));
        let both = exact(&left) && exact(&right);
        let moment = |t: &Typed| category(&t.data_type) == Category::DateTime;
        match self.settings.written_in {
            SqlDialect::Mysql | SqlDialect::Oracle if operation == Operation::Div && both => {
                let function = match self.settings.written_in {
                    SqlDialect::Mysql => "mysql_quotient",
                    _ => "oracle_quotient",
                };
                let numeric = DataType::Numeric(None);
                let sides = [left, right].map(|side| self.coerce(side, &numeric));
                let sides = sides.into_iter().collect::<Option<Vec<_>>>();
                return ControlFlow::Break(
                    sides.and_then(|sides| self.internal(function, sides, numeric, span)),
                );
            }
            SqlDialect::Mysql
                if (moment(&left) && category(&right.data_type) != Category::Timespan)
                    || (moment(&right) && category(&left.data_type) != Category::Timespan) =>
            {
                return ControlFlow::Break(self.fault(
                    FaultKind::Type,
                    span,
                    "MySQL computes with the digits of a date here, which is not supported",
                    Some("write + INTERVAL 1 DAY"),
                ));
            }
            _ => {}
        }
        let stored = |t: &Typed| matches!(t.data_type, DataType::Numeric(_));
        if !self.is_sqlite() || !(stored(&left) || stored(&right)) {
            return ControlFlow::Continue((left, right));
        }
        // A column of NUMERIC affinity holds integers and doubles, row by row.
        if matches!(operation, Operation::Div | Operation::Mod) {
            return ControlFlow::Break(self.fault(
                FaultKind::Type,
                span,
                "whether SQLite divides these as integers depends on each value",
                Some("cast the column: CAST(x AS REAL) or CAST(x AS INTEGER)"),
            ));
        }
        let sides = [left, right].map(|side| match side.data_type {
            DataType::Numeric(_) => {
                let double = DataType::Double;
                self.internal("sqlite_double", vec![side], double, span)
            }
            _ => Some(side),
        });
        let [Some(left), Some(right)] = sides else {
            return ControlFlow::Break(None);
        };
        ControlFlow::Continue((left, right))
    }

    /// A value on its way to another type, where the engine's own conversion is another one; `Continue`
    /// gives it back.
    pub(super) fn engine_cast(
        &mut self,
        typed: Typed,
        to: &DataType,
    ) -> ControlFlow<Option<Typed>, Typed> {
        let dump = self.settings.dump;
        let double = matches!(typed.data_type, DataType::Real | DataType::Double);
        let decimal = matches!(typed.data_type, DataType::Numeric(_));
        let truncates = self.is_sqlite() || dump == SqlDialect::Mssql;
        if truncates && is_integer(to) && (double || decimal) {
            let span = typed.span;
            let shape = &typed.data_type;
            if dump == SqlDialect::Mssql && is_money(shape) {
                return ControlFlow::Break(self.fault(
                    FaultKind::Type,
                    span,
                    "SQL Server rounds money to an integer and cuts a decimal off; which this is, is not known",
                    Some("say which: FLOOR(x), or CAST(ROUND(x, 0) AS decimal(18, 0))"),
                ));
            }
            let (function, from) = match double {
                true => ("truncated_double", DataType::Double),
                false => ("truncated", DataType::Numeric(None)),
            };
            let whole = self.internal(function, vec![typed], from.clone(), span);
            let cast = |whole: Typed| {
                let context = crate::value::CastContext::Explicit;
                let node = Node::Cast(Box::new(whole.node), from, to.clone(), context);
                self.fold(Typed::new(node, to.clone(), span))
            };
            return ControlFlow::Break(whole.and_then(cast));
        }
        if self.is_sqlite() && double && matches!(to, DataType::Numeric(_)) {
            let span = typed.span;
            let numeric = DataType::Numeric(None);
            return ControlFlow::Break(self.internal("sqlite_digits", vec![typed], numeric, span));
        }
        if matches!(dump, SqlDialect::Postgres | SqlDialect::Oracle) || !is_text(to) {
            return ControlFlow::Continue(typed);
        }
        match typed.data_type {
            DataType::Boolean => {
                let span = typed.span;
                let node = Node::Cast(
                    Box::new(typed.node),
                    DataType::Boolean,
                    DataType::Integer,
                    crate::value::CastContext::Explicit,
                );
                let number = self.fold(Typed::new(node, DataType::Integer, span));
                ControlFlow::Break(number.and_then(|n| self.coerce(n, to)))
            }
            DataType::Bytea if dump != SqlDialect::Mssql => ControlFlow::Break(self.fault(
                FaultKind::Type,
                typed.span,
                "bytes are not taken for text here",
                Some("write the text"),
            )),
            DataType::Numeric(_) if holds_quotient(&typed.node) => ControlFlow::Break(self.fault(
                FaultKind::Type,
                typed.span,
                "how many digits MySQL shows of a quotient is not known",
                Some("assign it to a column of numbers, or write DIV"),
            )),
            DataType::Numeric(_) | DataType::Real | DataType::Double if self.is_sqlite() => {
                ControlFlow::Break(self.fault(
                    FaultKind::Type,
                    typed.span,
                    "how SQLite writes this number as text is not known",
                    Some("write the text, or CAST(x AS INTEGER)"),
                ))
            }
            _ => ControlFlow::Continue(typed),
        }
    }

    /// What a column of SQLite takes: a number that is not whole stays one in a column of integers,
    /// and one in a column without a type stays a number.
    pub(super) fn engine_assign(&mut self, typed: Typed, to: &DataType) -> Option<Typed> {
        if !self.is_sqlite() || typed.is_null() {
            return Some(typed);
        }
        let number = is_number(&typed.data_type) || typed.data_type == DataType::Boolean;
        let given = matches!(typed.node, Node::Const(_) | Node::Cell(..));
        if *to == DataType::Unknown && number && given {
            return self.fault(
                FaultKind::Type,
                typed.span,
                "a number for a column without a type is not supported",
                Some("write a text, or declare the column's type"),
            );
        }
        let bytes = typed
            .constant_text()
            .is_some_and(|text| text.starts_with(b"\\x"));
        let text = is_text(&typed.data_type) && !matches!(typed.node, Node::Anon(_));
        if *to == DataType::Bytea && (text || (typed.is_unknown() && !bytes)) {
            return self.fault(
                FaultKind::Type,
                typed.span,
                "SQLite stores a text as a text, here where bytes are",
                Some("write the bytes: x'00ff'"),
            );
        }
        if is_integer(to) && number && !is_integer(&typed.data_type) {
            let span = typed.span;
            let from = typed.data_type.clone();
            let double = DataType::Double;
            return match from {
                DataType::Boolean => Some(typed),
                DataType::Numeric(_) => {
                    self.internal("sqlite_whole", vec![typed], DataType::Numeric(None), span)
                }
                _ => self.internal("sqlite_whole_double", vec![typed], double, span),
            };
        }
        Some(typed)
    }

    /// A text as a column of numeric affinity keeps it.
    pub(super) fn stored(&mut self, typed: Typed) -> Option<Typed> {
        if typed.is_null() || !(is_text(&typed.data_type) || typed.is_unknown()) {
            return Some(typed);
        }
        let (span, collation, data_type) = (typed.span, typed.collation, typed.data_type.clone());
        let stored = self.internal("sqlite_stored", vec![typed], data_type, span)?;
        Some(stored.collated(collation))
    }

    /// Two texts of which one is such a column: numbers compare as numbers and come before texts.
    pub(super) fn ranked(
        &mut self,
        left: Typed,
        right: Typed,
        operator: &str,
    ) -> Option<(Typed, Typed)> {
        let constant = left.node.is_constant() || right.node.is_constant();
        if matches!(operator, "=" | "<>") && constant {
            let stored = |compiler: &mut Self, side: Typed| match side.node.is_constant() {
                true => compiler.stored(side),
                false => Some(side),
            };
            return Some((stored(self, left)?, stored(self, right)?));
        }
        let mut rank = |side: Typed| {
            let (span, collation) = (side.span, side.collation);
            let text = DataType::Text;
            let ranked = self.internal("sqlite_rank", vec![side], text, span)?;
            Some(ranked.collated(collation))
        };
        Some((rank(left)?, rank(right)?))
    }

    /// SQLite's `nullif` compares without any affinity: a number is no text that looks like it.
    pub(super) fn engine_nullif(&mut self, left: &Typed, right: &Typed, span: Span) -> Option<()> {
        let number = |t: &Typed| is_number(&t.data_type) || t.data_type == DataType::Boolean;
        let looks = |t: &Typed| t.constant_text().is_none_or(looks_like_a_number);
        let doubtful = [(left, right), (right, left)].iter().any(|(one, other)| {
            (number(one) && !number(other) && !other.is_null()) || (one.affine && looks(other))
        });
        match self.is_sqlite() && doubtful {
            true => self.fault(
                FaultKind::Type,
                span,
                "SQLite's nullif takes no number for the text that looks like it",
                Some("write CASE WHEN a = b THEN NULL ELSE a END"),
            ),
            false => Some(()),
        }
    }

    /// Quotients of MySQL are not compared. Comparisons in SQLite between numbers and text depend on which side is a column: only what is
    /// certain passes.
    pub(super) fn engine_comparable(
        &mut self,
        left: &Typed,
        right: &Typed,
        span: Span,
    ) -> Option<()> {
        if holds_quotient(&left.node) || holds_quotient(&right.node) {
            return self.fault(
                FaultKind::Type,
                span,
                "how many digits MySQL compares of a quotient is not known",
                Some("multiply the other side instead, or write DIV"),
            );
        }
        if !self.is_sqlite() {
            return Some(());
        }
        let number = |t: &Typed| is_number(&t.data_type) || t.data_type == DataType::Boolean;
        let literal = |t: &Typed| matches!(t.node, Node::Const(ref v) if *v != Value::Null);
        let text = |t: &Typed| is_text(&t.data_type) || (t.is_unknown() && literal(t));
        let cell = |t: &Typed| matches!(t.node, Node::Cell(..));
        let pairs = [(left, right), (right, left)];
        for (one, other) in pairs {
            let mixed = number(one) && text(other) && !(cell(one) ^ cell(other));
            let mixed = mixed || (number(one) && text(other) && !literal(one) && !literal(other));
            let bytes = one.data_type == DataType::Bytea && text(other);
            if mixed || bytes {
                return self.fault(
                    FaultKind::Type,
                    span,
                    "whether these are equal in SQLite depends on how each value is stored",
                    Some("compare values of one type: CAST(x AS TEXT) = '7'"),
                );
            }
        }
        Some(())
    }
}

/// Has it the digits of `money` or `smallmoney`?
fn is_money(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Numeric(Some((19 | 10, 4))))
}

/// Is a quotient of MySQL part of it?
fn holds_quotient(node: &Node) -> bool {
    let mut found = false;
    node.walk(&mut |node| {
        found |= matches!(node, Node::Call(builtin, _) if builtin.name == "mysql_quotient");
    });
    found
}
