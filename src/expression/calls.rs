//! Calls: which function a name and its arguments mean, by PostgreSQL's rules for overloaded
//! functions, and the forms that stand for no function of their own (constants of the run, what
//! other dialects call otherwise).
//!
//! The `anon` functions are compiled in [`super::anon`], those that choose in [`super::choices`] and
//! those that take a regular expression in [`super::patterns`].

use super::builtins::{self, Builtin, Ty};
use super::compiler::{Compiler, Typed};
use super::node::Node;
use super::types::{self, display, is_text};
use super::{FaultKind, collate};
use crate::functions;
use crate::rulebook::{self, Expr, Span, SqlDialect};
use crate::schema::DataType;
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
    (SqlDialect::Sqlite, "char", "chr"),
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
                    FaultKind::Other,
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
        if builtins::is_set(name) {
            return self.set_returning(name, args, span);
        }
        let typed: Vec<_> = args
            .iter()
            .map(|arg| self.untargeted(|c| c.expr(arg)))
            .collect();
        let mut typed = typed.into_iter().collect::<Option<Vec<_>>>()?;
        self.bounded(name, &mut typed, span)?;
        if name == "round"
            && let Some(rounded) = self.rounded(&typed, span)
        {
            return rounded;
        }
        let result = match (name, typed.len()) {
            // `x COLLATE utf8mb4_bin`
            ("collate", 2) => {
                let (name, value) = (typed.pop()?, typed.pop()?);
                let name = name.constant_text().unwrap_or_default();
                let collation = collate::exact(&String::from_utf8_lossy(name));
                Some(value.collated(Some(collation)))
            }
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
            (name, 1) if let Some(own) = self.spelled(name) => {
                let arg = self.coerce(typed.pop()?, &DataType::Text)?;
                self.internal(own, vec![arg], DataType::Text, span)
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

    pub(super) fn builtin(&mut self, name: &str, args: Vec<Typed>, span: Span) -> Option<Typed> {
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
        let foreign = |arg: &Typed| arg.node.slots().iter().any(|s| self.foreign.contains(s));
        if matches!(name, "md5" | "octet_length" | "convert_to") && args.iter().any(foreign) {
            return self.fault(
                FaultKind::Other,
                span,
                format!("{name} of text that the database holds in another character set than UTF-8 is not supported"),
                None,
            );
        }
        let collation = args.iter().fold(None, |all, a| {
            collate::combine(self.settings, all, a.collation)
        });
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
        let call = Typed::new(Node::Call(builtin, nodes), returns, span).collated(collation);
        Some(self.computed(call))
    }

    /// The text form of anything, as `concat` takes it.
    fn output(&mut self, arg: Typed) -> Option<Node> {
        Some(match &arg.data_type {
            DataType::Unknown => self.coerce(arg, &DataType::Text)?.node,
            t if is_text(t) => arg.node,
            DataType::Boolean | DataType::Bytea if self.lenient() => {
                self.cast(arg, &DataType::Text, CastContext::Explicit)?.node
            }
            DataType::Numeric(_) | DataType::Real | DataType::Double if self.lenient() => {
                self.cast(arg, &DataType::Text, CastContext::Explicit)?.node
            }
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

    pub(super) fn no_function<T>(
        &mut self,
        span: Span,
        name: &str,
        schema: Option<&str>,
    ) -> Option<T> {
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
            kind: FaultKind::Other,
        });
        None
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
