//! A rulebook's text → checked statements.
//!
//! One pass over the text in its order, because order matters: `\set` and ALTER SESSION hold from
//! where they stand. Reading goes on after a fault; a rulebook with a fault is never returned.

use super::ast::{Action, Ident, Rulebook, SourceFile, Span, SqlDialect, Statement};
use super::chunk::Chunk;
use super::diagnostics::{Diagnostics, Fault, nearest};
use super::directive::{self, Directives, Line};
use super::grammar::parse;
use super::idiom::{self, Step};
use super::lower::Lower;
use super::scan::{Item, Scanner, unset};
use super::token::{self, span_of, span_over};
use super::variables::{ArgumentFault, Variables, arguments};
use sqlparser::tokenizer::{Token, TokenWithSpan};
use std::io;

/// What [`load`] reads.
pub struct Load<'a> {
    /// Built-in name or file stem.
    pub name: &'a str,
    /// What messages call the file; `\ir` is relative to it.
    pub path: &'a str,
    /// The rulebook's text.
    pub text: &'a str,
    /// `--set`: names and values.
    pub variables: &'a [(String, String)],
    /// Reads the file that `\ir` names, by its path relative to nothing.
    pub include: &'a dyn Fn(&str) -> io::Result<String>,
}

/// How deep includes may go.
const DEEPEST: usize = 32;

/// How many operators one statement may have. The parser builds a tree as deep as a chain of
/// operators is long, and trees are walked with the stack.
const MOST_OPERATORS: usize = 2000;

/// Reads a rulebook with its includes, or says everything that is wrong with it.
pub fn load(request: &Load<'_>) -> Result<Rulebook, Diagnostics> {
    read(request, false)
}

/// Reads what stands above the first statement of a rulebook.
pub(super) fn head(request: &Load<'_>) -> Result<Rulebook, Diagnostics> {
    read(request, true)
}

fn read(request: &Load<'_>, head_only: bool) -> Result<Rulebook, Diagnostics> {
    let mut loader = Loader {
        request,
        head_only,
        rulebook: Rulebook {
            name: request.name.to_owned(),
            ..Rulebook::default()
        },
        variables: Variables::new(request.variables),
        session: Session::default(),
        open: Vec::new(),
        counted: (Span::default(), 1),
        faults: Vec::new(),
    };
    loader.file(request.path.to_owned(), request.text, None);
    let Loader {
        mut rulebook,
        variables,
        faults,
        ..
    } = loader;
    if !faults.is_empty() {
        return Err(Diagnostics::new(rulebook.files, faults));
    }
    rulebook.variables = variables.named.into_iter().collect();
    rulebook.values = variables.values;
    Ok(rulebook)
}

/// Oracle's session settings that are in force.
#[derive(Debug, Default)]
struct Session {
    linguistic: bool,
    insensitive: bool,
    schema: Option<Ident>,
}

struct Loader<'a> {
    request: &'a Load<'a>,
    head_only: bool,
    rulebook: Rulebook,
    variables: Variables,
    session: Session,
    /// The files that are being read, outermost first.
    open: Vec<String>,
    /// The place that was counted last, and its line.
    counted: (Span, usize),
    faults: Vec<Fault>,
}

/// Where the reader stands in one file.
struct Place {
    /// Nothing but comments so far?
    head: bool,
    dialect: SqlDialect,
    /// Was the dialect set by the including file?
    included: bool,
    directives: Directives,
}

impl Loader<'_> {
    fn fault(&mut self, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.faults.push(Fault::new(span, message).help(help));
    }

    fn file(&mut self, path: String, text: &str, inherited: Option<SqlDialect>) {
        let file = self.rulebook.files.len() as u32;
        self.rulebook.files.push(SourceFile {
            path: path.clone(),
            text: text.into(),
        });
        if u32::try_from(text.len()).is_err() {
            let span = Span {
                file,
                start: 0,
                end: 0,
            };
            return self.fault(span, "the rulebook is too large", "split it");
        }
        self.open.push(path);
        let dialect = inherited.unwrap_or_default();
        let mut place = Place {
            head: true,
            dialect,
            included: inherited.is_some(),
            directives: Directives::default(),
        };
        let mut scanner = Scanner::new(text, file, dialect);
        while let Some(item) = scanner.next(&mut self.variables, &mut self.faults) {
            if self.head_only && !(place.head && matches!(item, Item::Comment { .. })) {
                place.directives = Directives::default();
                break;
            }
            match item {
                Item::Comment { span, trailing } => {
                    self.comment(text, span, trailing, &mut scanner, &mut place);
                }
                Item::Statement(chunk) => self.chunk(chunk, false, &mut place),
                Item::Gexec(chunk) => self.chunk(chunk, true, &mut place),
                Item::Command {
                    name,
                    arguments,
                    span,
                } => {
                    place.head = false;
                    let words = &text[arguments.start as usize..arguments.end as usize];
                    self.command(&name, words, span, scanner.in_statement(), place.dialect);
                }
            }
        }
        if let Some(span) = place.directives.span {
            self.fault(
                span,
                "no statement follows this directive",
                "write it above a statement",
            );
        }
        self.open.pop();
    }

    fn comment(
        &mut self,
        text: &str,
        span: Span,
        trailing: bool,
        scanner: &mut Scanner<'_>,
        place: &mut Place,
    ) {
        let comment = &text[span.start as usize..span.end as usize];
        if place.dialect == SqlDialect::Mssql
            && scanner.in_statement()
            && !trailing
            && directive::opens_statement(comment)
        {
            let chunk = scanner.flush();
            self.chunk(chunk, false, place);
        }
        let mut directives = place.directives.clone();
        let line = match directive::parse(comment, span, &mut directives) {
            Ok(line) => line,
            Err(fault) => return self.faults.push(fault),
        };
        if trailing && !matches!(line, Line::Prose) {
            return self.fault(
                span,
                "a directive needs a line to itself",
                "write it above the statement",
            );
        }
        let head_only = !matches!(
            line,
            Line::Prose | Line::Statement | Line::ByHand(_) | Line::Reviewed(_)
        );
        if head_only && !place.head {
            return self.fault(
                span,
                "this directive stands at the head of a rulebook only",
                "move it above the first statement",
            );
        }
        let rulebook = &mut self.rulebook;
        match line {
            Line::Prose => {}
            Line::Statement => {
                place.head = false;
                if scanner.in_statement() {
                    return self.fault(
                        span,
                        "a directive in the midst of a statement",
                        "end the statement above with ;",
                    );
                }
                place.directives = directives;
            }
            Line::Title(title) => {
                if !place.included && rulebook.title.replace(title).is_some() {
                    self.fault(span, "a second title", "a rulebook has one title");
                }
            }
            Line::Source(source) => rulebook.sources.push(source),
            Line::ByHand(step) => rulebook.by_hand.push(step),
            Line::Reviewed(print) => rulebook.reviewed.push(print),
            Line::Detect(tables) => {
                if !place.included {
                    rulebook.detect.extend(tables);
                }
            }
            Line::BaselineExcept(columns) => rulebook.baseline_except.extend(columns),
            Line::Dialect(dialect) => {
                if place.included && dialect != place.dialect {
                    return self.fault(
                        span,
                        "an included rulebook is written in the dialect of the one that includes it",
                        "give it to scrub by itself, with another -r",
                    );
                }
                if !place.included {
                    rulebook.dialect = dialect;
                }
                place.dialect = dialect;
                scanner.set_dialect(dialect);
            }
        }
    }

    fn command(
        &mut self,
        name: &str,
        text: &str,
        span: Span,
        in_statement: bool,
        dialect: SqlDialect,
    ) {
        let words = match arguments(text, &mut self.variables) {
            Ok(words) => words,
            Err(ArgumentFault::Unset(name)) => return self.faults.push(unset(span, &name)),
            Err(ArgumentFault::Unterminated) => {
                return self
                    .faults
                    .push(Fault::new(span, "a quote is not closed on this line"));
            }
            Err(ArgumentFault::Backquote) => {
                return self.fault(
                    span,
                    "a rulebook runs no commands",
                    "give the value with --set name=value",
                );
            }
        };
        match (name, words.as_slice()) {
            ("set", [variable, value @ ..]) => self.variables.set(variable, value.concat()),
            ("unset", [variable]) => self.variables.unset(variable),
            ("ir" | "include_relative", [path]) => {
                if in_statement {
                    return self.fault(
                        span,
                        "\\ir in the midst of a statement",
                        "end the statement above with ;",
                    );
                }
                self.include(path, span, dialect);
            }
            ("set" | "unset" | "ir" | "include_relative" | "gexec" | "g", _) => self.fault(
                span,
                format!("\\{name} is given too few or too many words"),
                "write \\set name value, \\unset name, \\ir file.sql, \\gexec",
            ),
            ("i" | "include", _) => self.fault(
                span,
                "\\i is not read in a rulebook",
                "write \\ir, which is relative to this file",
            ),
            ("if" | "elif" | "else" | "endif", _) => self.fault(
                span,
                format!("\\{name} is not read in a rulebook"),
                "write -- name: … :if-set variable above the statement",
            ),
            _ => {
                let known = ["set", "unset", "ir", "gexec"];
                let help = match nearest(name, known) {
                    Some(meant) => format!("did you mean \\{meant}?"),
                    None => {
                        "of psql's commands are read: \\set, \\unset, \\ir and \\gexec".to_owned()
                    }
                };
                self.fault(span, format!("\\{name} is not read in a rulebook"), help);
            }
        }
    }

    fn include(&mut self, path: &str, span: Span, dialect: SqlDialect) {
        let base = self.open.last().map_or("", String::as_str);
        let path = beside(base, path);
        if self.open.contains(&path) {
            return self.fault(
                span,
                format!("{path} includes itself"),
                "take this \\ir out; a rulebook is included once",
            );
        }
        if self.open.len() >= DEEPEST {
            return self.fault(
                span,
                "includes go too deep",
                "include the files from one place",
            );
        }
        match (self.request.include)(&path) {
            Ok(text) => self.file(path, &text, Some(dialect)),
            Err(error) => self.fault(
                span,
                format!("{path} cannot be read: {error}"),
                "the path is relative to this file",
            ),
        }
    }

    fn chunk(&mut self, chunk: Chunk, gexec: bool, place: &mut Place) {
        if chunk.is_blank() && chunk.unset.is_empty() && !gexec {
            return;
        }
        place.head = false;
        let directives = std::mem::take(&mut place.directives);
        let mut wanted = true;
        for variable in &directives.if_set {
            wanted &= self.variables.is_set(variable);
        }
        if !wanted {
            return;
        }
        if !chunk.unset.is_empty() {
            self.faults.extend(chunk.unset);
            return;
        }
        let tokens = match token::tokens(&chunk, place.dialect) {
            Ok(tokens) => tokens,
            Err(fault) => return self.faults.push(fault),
        };
        if tokens.iter().filter(|token| is_operator(token)).count() > MOST_OPERATORS {
            return self.fault(
                chunk.span(),
                format!("a statement with more than {MOST_OPERATORS} operators"),
                "write IN (…) instead of a long chain of OR, or several statements",
            );
        }
        let before = self.faults.len();
        let steps = idiom::steps(tokens, place.dialect, &mut self.faults);
        if steps.is_empty()
            && self.faults.len() == before
            && let Some(span) = directives.span
        {
            self.fault(
                span,
                "this directive stands above a statement without effect",
                "write it above the statement that it is meant for",
            );
        }
        if gexec && steps.is_empty() && self.faults.len() == before {
            self.fault(
                chunk.span(),
                "no SELECT stands before \\gexec",
                "write SELECT … \\gexec",
            );
        }
        for step in steps {
            match step {
                Step::Run(statement) => self.run(statement, gexec, &directives, place.dialect),
                Step::Setting("nls_comp", value) => self.session.linguistic = value == "LINGUISTIC",
                Step::Setting(_, value) => self.session.insensitive = value == "BINARY_AI",
                Step::Schema(token) => {
                    if let Token::Word(word) = &token.token {
                        self.session.schema = Some(Ident {
                            text: word.value.clone(),
                            quoted: word.quote_style.is_some(),
                            span: span_of(&token),
                        });
                    }
                }
            }
        }
    }

    fn run(
        &mut self,
        statement: idiom::Statement,
        gexec: bool,
        directives: &Directives,
        dialect: SqlDialect,
    ) {
        let span = span_over(&statement.tokens);
        let before = self.faults.len();
        let (parsed, tokens) = match parse(statement.tokens, dialect) {
            Ok(parsed) => parsed,
            Err(fault) => return self.faults.push(fault),
        };
        let mut lower = Lower::new(dialect, span, &mut self.faults);
        lower.current_schema = self.session.schema.clone();
        lower.tokens = &tokens;
        lower.only = statement.only;
        lower.overriding = statement.overriding;
        let actions = lower.statement(&parsed);
        if self.faults.len() > before {
            return;
        }
        for action in actions {
            let action = match action {
                Action::Select(query) if gexec => Action::Gexec(query),
                other => other,
            };
            if gexec && !matches!(action, Action::Gexec(_)) {
                return self.fault(
                    span,
                    "\\gexec runs what a SELECT returns",
                    "write ; instead",
                );
            }
            if directives.test && !matches!(action, Action::Select(_)) {
                return self.fault(
                    directives.span.unwrap_or(span),
                    "a :test is a SELECT that must return no row",
                    "write SELECT …, or leave :test out",
                );
            }
            let name = directives
                .name
                .clone()
                .unwrap_or_else(|| self.default_name(span));
            self.rulebook.statements.push(Statement {
                name,
                span,
                optional: directives.optional || statement.optional,
                test: directives.test,
                with_target: directives.with_target,
                only: directives.only.clone(),
                linguistic: self.session.linguistic && self.session.insensitive,
                current_schema: self
                    .session
                    .schema
                    .as_ref()
                    .map(|schema| schema.text.clone()),
                action,
            });
        }
    }

    /// `file.sql:12`
    fn default_name(&mut self, span: Span) -> String {
        let Some(file) = self.rulebook.files.get(span.file as usize) else {
            return String::new();
        };
        // Statements come in order, so each line is counted once.
        let (from, line) = match self.counted {
            (last, line) if last.file == span.file && last.start <= span.start => {
                (last.start, line)
            }
            _ => (0, 1),
        };
        let text = file.text.as_bytes();
        let between = text.get(from as usize..span.start as usize);
        let line = line + memchr::memchr_iter(b'\n', between.unwrap_or_default()).count();
        self.counted = (span, line);
        let name = file.path.rsplit(['/', '\\']).next().unwrap_or(&file.path);
        format!("{name}:{line}")
    }
}

fn is_operator(token: &TokenWithSpan) -> bool {
    match &token.token {
        Token::Word(word) => {
            word.quote_style.is_none()
                && ["and", "or", "not", "is", "like"]
                    .iter()
                    .any(|operator| word.value.eq_ignore_ascii_case(operator))
        }
        Token::Comma
        | Token::LParen
        | Token::RParen
        | Token::Period
        | Token::Number(..)
        | Token::SingleQuotedString(_) => false,
        other => !format!("{other}").starts_with(|c: char| c.is_alphanumeric() || c == '\''),
    }
}

/// The path of `path` relative to the file `base`, without `.` and `..` where they can be resolved.
fn beside(base: &str, path: &str) -> String {
    let joined = match base.rfind('/') {
        Some(_) if path.starts_with('/') => path.to_owned(),
        Some(end) => format!("{}/{path}", &base[..end]),
        None => path.to_owned(),
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in joined.split('/') {
        match part {
            "." => {}
            ".." if parts.last().is_some_and(|last| !matches!(*last, "" | "..")) => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    parts.join("/")
}
