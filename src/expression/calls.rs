//! Calls: which function a name and its arguments mean, and the forms that are no plain functions
//! (lazy ones, constants of the run, regular expressions, the `anon` functions).

use super::builtins::{self, Builtin, Ty};
use super::compiler::{Compiler, Target, Typed};
use super::node::{Anon, Node};
use super::regex::{Replacement, Usage};
use super::types::{self, Category, category, display, is_text};
use super::{FaultKind, collate};
use crate::functions::{self, Kind, Nature};
use crate::rulebook::{self, Expr, Span, SqlDialect};
use crate::schema::{DataType, LengthUnit};
use crate::value::{CastContext, Value, can_cast};

/// What other dialects call a function that is here under another name.
const ALIASES: &[(SqlDialect, &str, &str)] = &[
    (SqlDialect::Mssql, "isnull", "coalesce"),
    (SqlDialect::Mssql, "len", "tsql_len"),
    (SqlDialect::Mssql, "datalength", "octet_length"),
    (SqlDialect::Mssql, "getdate", "localtimestamp"),
    (SqlDialect::Mssql, "sysdatetime", "localtimestamp"),
    (SqlDialect::Mssql, "getutcdate", "localtimestamp"),
    (SqlDialect::Mssql, "newid", "gen_random_uuid"),
    (SqlDialect::Mssql, "charindex", "position"),
    (SqlDialect::Mssql, "replicate", "repeat"),
    (SqlDialect::Mssql, "ceiling", "ceil"),
    (SqlDialect::Mysql, "ifnull", "coalesce"),
    (SqlDialect::Mysql, "length", "octet_length"),
    (SqlDialect::Mysql, "now", "localtimestamp"),
    (SqlDialect::Mysql, "sysdate", "localtimestamp"),
    (SqlDialect::Mysql, "curdate", "current_date"),
    (SqlDialect::Mysql, "uuid", "gen_random_uuid"),
    (SqlDialect::Mysql, "ucase", "upper"),
    (SqlDialect::Mysql, "lcase", "lower"),
    (SqlDialect::Mysql, "mid", "substring"),
    (SqlDialect::Oracle, "nvl", "coalesce"),
    (SqlDialect::Oracle, "sysdate", "localtimestamp"),
    (SqlDialect::Oracle, "systimestamp", "now"),
    (SqlDialect::Oracle, "lengthb", "octet_length"),
    (SqlDialect::Sqlite, "ifnull", "coalesce"),
];

/// Names that are always the same.
const SYNONYMS: &[(&str, &str)] = &[
    ("ceiling", "ceil"),
    ("pow", "power"),
    ("transaction_timestamp", "now"),
    ("statement_timestamp", "now"),
    ("clock_timestamp", "now"),
    ("current_timestamp", "now"),
    ("uuid_generate_v4", "gen_random_uuid"),
];

/// The forms that are compiled here.
const FORMS: &[&str] = &[
    "coalesce",
    "nullif",
    "greatest",
    "least",
    "now",
    "localtimestamp",
    "current_date",
    "date",
    "gen_random_uuid",
    "regexp_replace",
    "regexp_like",
    "substring",
    "timezone",
    "to_json",
];

impl Compiler<'_> {
    pub(super) fn call(
        &mut self,
        span: Span,
        schema: Option<&str>,
        name: &str,
        args: &[Expr],
    ) -> Option<Typed> {
        match schema {
            Some("anon") => return self.anon(span, name, args),
            None | Some("pg_catalog" | "dbo" | "public") => {}
            Some(schema) => {
                return self.fault(
                    FaultKind::Name,
                    span,
                    format!("there is no function {schema}.{name}"),
                    Some("functions of the database itself cannot be called here"),
                );
            }
        }
        let dialect = self.settings.written_in;
        let alias = ALIASES
            .iter()
            .find(|(d, from, _)| *d == dialect && *from == name)
            .map(|(_, _, to)| *to);
        let synonym = SYNONYMS
            .iter()
            .find(|(from, _)| *from == name)
            .map(|(_, to)| *to);
        let name = alias.or(synonym).unwrap_or(name);
        if name == "coalesce" {
            return self.coalesce(span, args);
        }
        let typed: Vec<_> = args
            .iter()
            .map(|arg| self.untargeted(|c| c.expr(arg)))
            .collect();
        let mut typed = typed.into_iter().collect::<Option<Vec<_>>>()?;
        let result = match (name, typed.len()) {
            ("nullif", 2) => {
                let (right, left) = (typed.pop()?, typed.pop()?);
                self.nullif(left, right, span)
            }
            ("greatest" | "least", 1..) => self.extreme(name, typed, span),
            ("now", 0) => Some(self.constant(
                Value::TimestampTz(self.settings.now),
                DataType::TimestampTz(None),
                span,
            )),
            ("localtimestamp", 0) => Some(self.constant(
                Value::Timestamp(self.settings.now),
                DataType::Timestamp(None),
                span,
            )),
            ("current_date", 0) => {
                let now = self.constant(
                    Value::TimestampTz(self.settings.now),
                    DataType::TimestampTz(None),
                    span,
                );
                self.cast(now, &DataType::Date, CastContext::Explicit)
            }
            ("date", 1) => self.cast(typed.pop()?, &DataType::Date, CastContext::Explicit),
            ("gen_random_uuid", 0) => {
                let node = Node::RandomUuid(self.place(span));
                let uuid = Typed::new(node, DataType::Uuid, span);
                if self.settings.written_in == SqlDialect::Mysql {
                    self.cast(uuid, &DataType::Text, CastContext::Explicit)
                } else {
                    Some(uuid)
                }
            }
            ("regexp_replace", 3 | 4) => self.regexp_replace(typed, span),
            ("regexp_like", 2 | 3) => self.regexp_like(typed, span),
            ("substring", 2)
                if is_text(&typed[1].data_type) || typed[1].constant_text().is_some() =>
            {
                let (pattern, value) = (typed.pop()?, typed.pop()?);
                self.regex_substring(value, pattern, span)
            }
            ("timezone", 2) => self.at_time_zone(typed, span),
            ("concat", _) if self.settings.written_in == SqlDialect::Mysql => {
                // MySQL's CONCAT with a NULL is NULL.
                let mut parts = typed.into_iter();
                let mut all = parts.next()?;
                for part in parts {
                    all = self.concat(all, part, span)?;
                }
                Some(all)
            }
            ("tsql_len", 1) => {
                let arg = self.coerce(typed.pop()?, &DataType::Text)?;
                self.internal("tsql_len", vec![arg], DataType::Integer, span)
            }
            _ => self.builtin(name, typed, span),
        }?;
        Some(self.oracle_text(result))
    }

    /// In Oracle a text that comes out empty is NULL.
    fn oracle_text(&self, typed: Typed) -> Typed {
        if self.settings.dump == SqlDialect::Oracle && is_text(&typed.data_type) {
            Typed {
                node: Node::EmptyIsNull(Box::new(typed.node)),
                ..typed
            }
        } else {
            typed
        }
    }

    fn coalesce(&mut self, span: Span, args: &[Expr]) -> Option<Typed> {
        let typed: Vec<_> = args
            .iter()
            .enumerate()
            .map(|(index, arg)| {
                if index == 0 {
                    self.expr(arg)
                } else {
                    self.guarded(|c| c.expr(arg))
                }
            })
            .collect();
        let typed = typed.into_iter().collect::<Option<Vec<_>>>()?;
        if typed.is_empty() {
            return self.fault(
                FaultKind::Other,
                span,
                "COALESCE needs at least one argument",
                None,
            );
        }
        let (parts, data_type, collation) = self.unify(typed, "COALESCE")?;
        let node = Node::Coalesce(parts.into_iter().map(|p| p.node).collect());
        Some(Typed::new(node, data_type, span).collated(collation))
    }

    fn nullif(&mut self, left: Typed, right: Typed, span: Span) -> Option<Typed> {
        let collation = left.collation;
        // The result has the type of the first argument as it is compared.
        let (left, right, comparator) = self.comparable(left, right, "=", span)?;
        let data_type = left.data_type.clone();
        let node = Node::NullIf(Box::new(left.node), Box::new(right.node), comparator);
        Some(Typed::new(node, data_type, span).collated(collation))
    }

    fn extreme(&mut self, name: &str, args: Vec<Typed>, span: Span) -> Option<Typed> {
        let (parts, data_type, collation) = self.unify(args, &name.to_uppercase())?;
        let comparator = self.comparator(data_type.clone(), collation, "<", span)?;
        let nodes = parts.into_iter().map(|p| p.node).collect();
        let node = Node::Extreme(name == "greatest", nodes, comparator);
        Some(Typed::new(node, data_type, span).collated(collation))
    }

    /// The flags of a regular expression function: global, without case.
    fn flags(&mut self, flags: Option<Typed>) -> Option<(bool, Option<bool>)> {
        let Some(flags) = flags else {
            return Some((false, None));
        };
        let (mut global, mut insensitive) = (false, None);
        let Some(text) = flags.constant_text() else {
            return self.fault(
                FaultKind::Other,
                flags.span,
                "the flags must be a constant",
                None,
            );
        };
        for flag in text.iter().copied() {
            match flag {
                b'g' => global = true,
                b'i' => insensitive = Some(true),
                b'c' => insensitive = Some(false),
                b's' | b't' => {}
                _ => {
                    let message =
                        "this flag of regular expressions is not supported: g, i, c are".to_owned();
                    return self.fault(FaultKind::Other, flags.span, message, None);
                }
            }
        }
        Some((global, insensitive))
    }

    fn folds_case(&self, value: &Typed) -> bool {
        value.data_type == DataType::Citext
            || value
                .collation
                .is_some_and(|c| c.sensitivity != crate::value::Sensitivity::Exact)
    }

    fn regexp_replace(&mut self, mut args: Vec<Typed>, span: Span) -> Option<Typed> {
        let flags = if args.len() == 4 { args.pop() } else { None };
        let (global, insensitive) = self.flags(flags)?;
        let (replacement, pattern, value) = (args.pop()?, args.pop()?, args.pop()?);
        let insensitive = insensitive.unwrap_or_else(|| self.folds_case(&value));
        let collation = value.collation;
        let value = self.coerce(value, &DataType::Text)?;
        if replacement.is_null() || pattern.is_null() {
            return Some(self.constant(Value::Null, DataType::Text, span));
        }
        let Some(text) = replacement.constant_text() else {
            return self.fault(
                FaultKind::Other,
                replacement.span,
                "the replacement must be a constant",
                None,
            );
        };
        let replacement = Replacement::new(text);
        let usage = if replacement.names_groups() {
            Usage::Groups
        } else {
            Usage::Extent
        };
        let regex = self.regex(&pattern, insensitive, usage)?;
        let node = Node::RegexReplace {
            value: Box::new(value.node),
            regex,
            replacement,
            all: global,
        };
        Some(Typed::new(node, DataType::Text, span).collated(collation))
    }

    fn regexp_like(&mut self, mut args: Vec<Typed>, span: Span) -> Option<Typed> {
        let flags = if args.len() == 3 { args.pop() } else { None };
        let (_, insensitive) = self.flags(flags)?;
        let (pattern, value) = (args.pop()?, args.pop()?);
        self.regex_match(value, pattern, insensitive.unwrap_or(false), false, span)
    }

    fn regex_substring(&mut self, value: Typed, pattern: Typed, span: Span) -> Option<Typed> {
        // There is none for citext, so case always counts.
        let insensitive = false;
        let collation = value.collation;
        let value = self.coerce(value, &DataType::Text)?;
        let pattern = self.coerce(pattern, &DataType::Text)?;
        let regex = self.regex(&pattern, insensitive, Usage::Test)?;
        let usage = if regex.captures_len() > 1 {
            Usage::Groups
        } else {
            Usage::Extent
        };
        let regex = self.regex(&pattern, insensitive, usage)?;
        let node = Node::RegexSubstring(Box::new(value.node), regex);
        Some(Typed::new(node, DataType::Text, span).collated(collation))
    }

    /// `t AT TIME ZONE 'UTC'`.
    fn at_time_zone(&mut self, mut args: Vec<Typed>, span: Span) -> Option<Typed> {
        let (moment, zone) = (args.pop()?, args.pop()?);
        let utc = zone.constant_text().is_some_and(|z| {
            [&b"utc"[..], b"gmt", b"etc/utc", b"z", b"zulu"]
                .contains(&z.to_ascii_lowercase().as_slice())
        });
        if !utc {
            return self.fault(
                FaultKind::Other,
                span,
                "only the time zone 'UTC' is supported here",
                None,
            );
        }
        let to = match moment.data_type {
            DataType::TimestampTz(_) => DataType::Timestamp(None),
            _ => DataType::TimestampTz(None),
        };
        let moment = if moment.is_unknown() {
            self.coerce(moment, &DataType::TimestampTz(None))?
        } else {
            moment
        };
        self.cast(moment, &to, CastContext::Explicit)
    }

    fn builtin(&mut self, name: &str, args: Vec<Typed>, span: Span) -> Option<Typed> {
        let candidates = builtins::find(name);
        if candidates.is_empty() && !FORMS.contains(&name) {
            return self.no_function(span, name, None);
        }
        let citext = args.iter().any(|a| a.data_type == DataType::Citext);
        if citext && matches!(name, "replace" | "split_part" | "strpos" | "translate") {
            return self.fault(
                FaultKind::Type,
                span,
                format!("{name} without regard to case (citext) is not supported"),
                Some("cast the column to text"),
            );
        }
        let Some(builtin) = self.choose(&candidates, &args) else {
            let types: Vec<String> = args.iter().map(|a| display(&a.data_type)).collect();
            return self.fault(
                FaultKind::Type,
                span,
                format!("function {name}({}) does not exist", types.join(", ")),
                Some("no function of this name takes just these types: add casts"),
            );
        };
        let collation = args
            .iter()
            .fold(None, |all, a| collate::combine(all, a.collation));
        let mut nodes = Vec::with_capacity(args.len());
        for (index, arg) in args.into_iter().enumerate() {
            let ty = parameter(builtin, index);
            nodes.push(match ty.data_type() {
                // `char(n)` with its blanks: no conversion.
                Some(DataType::Char(..)) => Some(arg.node),
                Some(data_type) => self.coerce(arg, &data_type).map(|a| a.node),
                None if ty == Ty::Any => self.output(arg),
                None => Some(arg.node),
            });
        }
        let nodes = nodes.into_iter().collect::<Option<Vec<_>>>()?;
        let returns = builtin.returns.data_type().unwrap_or(DataType::Text);
        Some(Typed::new(Node::Call(builtin, nodes), returns, span).collated(collation))
    }

    /// The text form of anything, as `concat` takes it.
    fn output(&mut self, arg: Typed) -> Option<Node> {
        Some(match &arg.data_type {
            DataType::Unknown => self.coerce(arg, &DataType::Text)?.node,
            t if is_text(t) => arg.node,
            t => Node::Output(Box::new(arg.node), t.clone()),
        })
    }

    /// The signature that the arguments mean, by PostgreSQL's rules for functions.
    fn choose(&self, candidates: &[&'static Builtin], args: &[Typed]) -> Option<&'static Builtin> {
        let contexts: &[CastContext] = if self.lenient() {
            &[CastContext::Implicit, CastContext::Explicit]
        } else {
            &[CastContext::Implicit]
        };
        for &context in contexts {
            let scored: Vec<_> = candidates
                .iter()
                .filter_map(|&c| Some((score(c, args, context)?, c)))
                .collect();
            let best = scored.iter().map(|(score, _)| *score).max();
            let mut fitting = scored.iter().filter(|(score, _)| Some(*score) == best);
            match (fitting.next(), fitting.next()) {
                // In the lenient dialects the first of several will do.
                (Some((_, first)), Some(_)) if self.lenient() => return Some(first),
                (Some((_, only)), None) => return Some(only),
                // Not unique.
                (Some(_), Some(_)) => return None,
                (None, _) => {}
            }
        }
        None
    }

    fn no_function<T>(&mut self, span: Span, name: &str, schema: Option<&str>) -> Option<T> {
        let known: Vec<&str> = match schema {
            Some(_) => functions::registry().iter().map(|f| f.name).collect(),
            None => builtins::names().chain(FORMS.iter().copied()).collect(),
        };
        let shown = |n: &str| schema.map_or(n.to_owned(), |s| format!("{s}.{n}"));
        let help = if schema.is_none() && functions::find(name).is_some() {
            format!("did you mean anon.{name}?")
        } else if let Some(near) = rulebook::nearest(name, known) {
            format!("did you mean {}?", shown(near))
        } else if schema.is_some() {
            "`scrub functions` lists the anon functions".to_owned()
        } else {
            "the manual lists the functions that rules can use".to_owned()
        };
        self.faults.push(super::Fault {
            span,
            message: format!("there is no function {}", shown(name)),
            help: Some(help),
            kind: FaultKind::Name,
        });
        None
    }

    /// What makes the random numbers of this place in the rulebook.
    fn place(&self, span: Span) -> functions::Subkey {
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

    fn anon(&mut self, span: Span, name: &str, args: &[Expr]) -> Option<Typed> {
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
        let collation = typed
            .iter()
            .fold(None, |all, t| collate::combine(all, t.collation));
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

fn parameter(builtin: &Builtin, index: usize) -> Ty {
    builtin.args[index.min(builtin.args.len() - 1)]
}

/// How well a signature fits: exact types, then preferred ones, then literals taken as text.
fn score(
    candidate: &Builtin,
    args: &[Typed],
    context: CastContext,
) -> Option<(usize, usize, usize)> {
    let declared = candidate.args.len();
    let fits = if candidate.variadic {
        args.len() >= declared
    } else {
        args.len() == declared
    };
    if !fits {
        return None;
    }
    let (mut exact, mut preferred, mut literal) = (0, 0, 0);
    for (index, arg) in args.iter().enumerate() {
        let ty = parameter(candidate, index);
        let Some(to) = ty.data_type() else {
            match (ty, &arg.data_type) {
                (Ty::AnyArray, DataType::Array(_)) | (Ty::Any, _) => continue,
                _ => return None,
            }
        };
        if arg.is_unknown() {
            literal += match to {
                DataType::Text => 2,
                DataType::Double | DataType::TimestampTz(_) => 1,
                _ => 0,
            };
        } else if types::same(&arg.data_type, &to) {
            exact += 1;
        } else if to != DataType::Text && ty == Ty::Char {
            return None;
        } else if can_cast(&arg.data_type, &to, context) {
            preferred += usize::from(matches!(
                to,
                DataType::Text | DataType::Double | DataType::TimestampTz(_)
            ));
        } else {
            return None;
        }
    }
    Some((exact, preferred, literal))
}
