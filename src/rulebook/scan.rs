//! Cuts a rulebook's text into statements, comments and backslash commands.
//!
//! It knows the quotes, comments and terminators of the dialect and nothing else of its grammar.
//! A statement comes out as text without comments and with its variables substituted, and a map
//! that leads every byte of it back to its place in the file.

use super::ast::{Span, SqlDialect};
use super::chunk::Chunk;
use super::diagnostics::Fault;
use super::variables::{Variables, is_name, parse_use};

/// What the scanner finds, in order.
#[derive(Debug)]
pub(super) enum Item {
    /// A statement, perhaps an empty one.
    Statement(Chunk),
    /// A statement that `\gexec` ends.
    Gexec(Chunk),
    /// A `--` comment.
    Comment {
        /// Where the comment stands.
        span: Span,
        /// Does code stand in front of it on its line?
        trailing: bool,
    },
    /// A backslash command other than `\gexec` and `\g`.
    Command {
        /// The name without the backslash.
        name: String,
        /// The arguments' place.
        arguments: Span,
        /// The command's place.
        span: Span,
    },
}

/// The state of scanning one file.
#[derive(Debug)]
pub(super) struct Scanner<'t> {
    text: &'t str,
    file: u32,
    dialect: SqlDialect,
    at: usize,
    chunk: Chunk,
    block: Block,
    /// The last word of the statement, lower case, for `END IF` and `END LOOP`.
    words: usize,
    previous: String,
}

/// Blocks in which a `;` does not end the statement: PL/SQL's and, after IF, T-SQL's.
#[derive(Debug, Default)]
struct Block {
    may: bool,
    declared: bool,
    depth: u32,
}

impl<'t> Scanner<'t> {
    pub(super) fn new(text: &'t str, file: u32, dialect: SqlDialect) -> Self {
        let at = if text.starts_with('\u{feff}') { 3 } else { 0 };
        Scanner {
            text,
            file,
            dialect,
            at,
            chunk: Chunk::default(),
            block: Block::default(),
            words: 0,
            previous: String::new(),
        }
    }

    /// Changes the dialect: `-- dialect:` at the head.
    pub(super) fn set_dialect(&mut self, dialect: SqlDialect) {
        self.dialect = dialect;
    }

    /// Is a statement under way?
    pub(super) fn in_statement(&self) -> bool {
        !self.chunk.is_blank()
    }

    /// Takes what there is as a statement.
    pub(super) fn flush(&mut self) -> Chunk {
        self.block = Block::default();
        self.words = 0;
        self.previous.clear();
        std::mem::take(&mut self.chunk)
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span {
            file: self.file,
            start: start as u32,
            end: end as u32,
        }
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    /// Moves `len` bytes into the statement.
    fn keep(&mut self, len: usize) {
        let span = self.span(self.at, self.at + len);
        self.chunk
            .push(&self.text[self.at..self.at + len], span, true);
        self.at += len;
    }

    /// The line on which the scanner stands, if nothing stands in front of it.
    fn whole_line(&self) -> Option<&'t str> {
        let start = self.text[..self.at].rfind('\n').map_or(0, |n| n + 1);
        let before = self.text[start..self.at].trim_start_matches('\u{feff}');
        before.trim().is_empty().then(|| {
            let rest = self.rest();
            rest[..rest.find('\n').unwrap_or(rest.len())].trim_end()
        })
    }

    /// The next item. Faults of the text (an open quote) go to `faults`.
    pub(super) fn next(
        &mut self,
        variables: &mut Variables,
        faults: &mut Vec<Fault>,
    ) -> Option<Item> {
        while let Some(c) = self.rest().chars().next() {
            let rest = self.rest();
            match c {
                '-' if rest.starts_with("--") && self.dashes_comment(rest) => {
                    return Some(self.line_comment());
                }
                '#' if self.dialect == SqlDialect::Mysql => self.skip_line(),
                '/' if rest.starts_with("/*") => self.block_comment(faults),
                '/' if self.dialect == SqlDialect::Oracle && self.whole_line() == Some("/") => {
                    self.at += 1;
                    return Some(Item::Statement(self.flush()));
                }
                '\'' => self.quoted('\'', self.dialect == SqlDialect::Mysql, faults),
                '"' => self.quoted('"', self.dialect == SqlDialect::Mysql, faults),
                '`' if matches!(self.dialect, SqlDialect::Mysql | SqlDialect::Sqlite) => {
                    self.quoted('`', false, faults);
                }
                '[' if matches!(self.dialect, SqlDialect::Mssql | SqlDialect::Sqlite) => {
                    self.quoted(']', false, faults);
                }
                '$' if self.dialect == SqlDialect::Postgres => self.dollar(faults),
                ';' => {
                    if self.block.may && self.block.depth + u32::from(self.block.declared) > 0 {
                        self.keep(1);
                    } else {
                        let span = self.span(self.at, self.at + 1);
                        self.at += 1;
                        self.chunk.push(" ", span, false);
                        return Some(Item::Statement(self.flush()));
                    }
                }
                ':' => self.colon(variables),
                '\\' => {
                    if let Some(item) = self.backslash() {
                        return Some(item);
                    }
                }
                c if is_name(c) => {
                    if let Some(item) = self.word(faults) {
                        return Some(item);
                    }
                }
                c => self.keep(c.len_utf8()),
            }
        }
        self.in_statement().then(|| Item::Statement(self.flush()))
    }

    /// In MySQL a comment's dashes are followed by a blank.
    fn dashes_comment(&self, rest: &str) -> bool {
        self.dialect != SqlDialect::Mysql
            || rest[2..]
                .chars()
                .next()
                .is_none_or(|c| c.is_whitespace() || c.is_control())
    }

    fn line_comment(&mut self) -> Item {
        let start = self.at;
        let trailing = self.whole_line().is_none();
        self.skip_line();
        let text = self.text[start..self.at].trim_end();
        Item::Comment {
            span: self.span(start, start + text.len()),
            trailing,
        }
    }

    /// Leaves out the rest of the line; its LF stays.
    fn skip_line(&mut self) {
        let rest = self.rest();
        let len = rest.find('\n').unwrap_or(rest.len());
        self.skip(len);
    }

    /// Leaves out `len` bytes; a blank stands in for them.
    fn skip(&mut self, len: usize) {
        let span = self.span(self.at, self.at + len);
        self.chunk.push(" ", span, false);
        self.at += len;
    }

    fn block_comment(&mut self, faults: &mut Vec<Fault>) {
        let rest = self.rest();
        if self.dialect == SqlDialect::Mysql && rest.starts_with("/*!") {
            let fault = Fault::new(
                self.span(self.at, self.at + 3),
                "a comment that MySQL executes is not read in a rulebook",
            );
            faults.push(fault.help("write the statement without /*! and */"));
        }
        let nested = matches!(self.dialect, SqlDialect::Postgres | SqlDialect::Mssql);
        let bytes = rest.as_bytes();
        let (mut at, mut depth) = (2, 1);
        while depth > 0 {
            match bytes.get(at..at + 2) {
                Some(b"*/") => {
                    depth -= 1;
                    at += 2;
                }
                Some(b"/*") if nested => {
                    depth += 1;
                    at += 2;
                }
                Some(_) => at += 1,
                None => {
                    faults.push(self.open(2, "this comment is never closed"));
                    at = rest.len();
                    break;
                }
            }
        }
        self.skip(at);
    }

    fn open(&self, len: usize, message: &str) -> Fault {
        Fault::new(self.span(self.at, self.at + len), message)
    }

    /// A quoted name or literal; a doubled end quote stands for itself.
    fn quoted(&mut self, close: char, backslashes: bool, faults: &mut Vec<Fault>) {
        let rest = self.rest();
        let mut chars = rest.char_indices().skip(1).peekable();
        while let Some((at, c)) = chars.next() {
            if c == '\\' && backslashes {
                chars.next();
            } else if c == close {
                match chars.peek() {
                    Some((_, next)) if *next == close => {
                        chars.next();
                    }
                    _ => return self.keep(at + close.len_utf8()),
                }
            }
        }
        self.never_closed(1, faults);
    }

    /// Without its end nothing after a quote can be trusted: the rest of the file is left out.
    fn never_closed(&mut self, len: usize, faults: &mut Vec<Fault>) {
        faults.push(self.open(len, "this quote is never closed"));
        self.at = self.text.len();
        self.chunk = Chunk::default();
    }

    fn dollar(&mut self, faults: &mut Vec<Fault>) {
        let rest = self.rest();
        let tag = rest[1..].find(|c| !is_name(c)).map(|end| &rest[..end + 1]);
        let tag = tag.filter(|tag| {
            rest[tag.len()..].starts_with('$')
                && !tag[1..].starts_with(|c: char| c.is_ascii_digit())
        });
        let Some(tag) = tag else { return self.keep(1) };
        let tag = &rest[..tag.len() + 1];
        match rest[tag.len()..].find(tag) {
            Some(end) => self.keep(end + 2 * tag.len()),
            None => self.never_closed(tag.len(), faults),
        }
    }

    fn colon(&mut self, variables: &mut Variables) {
        let rest = self.rest();
        if rest.starts_with("::") || rest.starts_with(":=") {
            return self.keep(2);
        }
        let Some(used) = parse_use(rest) else {
            return self.keep(1);
        };
        let span = self.span(self.at, self.at + used.len);
        let value = variables.expand(used, self.dialect);
        match value {
            Some(value) => self.chunk.push(&value, span, false),
            None => self.chunk.unset.push(unset(span, used.name)),
        }
        self.at += used.len;
    }

    fn word(&mut self, faults: &mut Vec<Fault>) -> Option<Item> {
        let rest = self.rest();
        let end = rest.find(|c| !is_name(c) && c != '$').unwrap_or(rest.len());
        let word = rest[..end].to_ascii_lowercase();
        if rest[end..].starts_with('\'') {
            match (self.dialect, word.as_str()) {
                (SqlDialect::Postgres, "e") => {
                    self.keep(end);
                    self.quoted('\'', true, faults);
                    return None;
                }
                (SqlDialect::Oracle, "q" | "nq") => {
                    self.q_quoted(end, faults);
                    return None;
                }
                _ => {}
            }
        }
        if word == "go" && self.dialect == SqlDialect::Mssql && self.is_go() {
            let len = self.whole_line().map_or(end, str::len);
            self.at += len;
            return Some(Item::Statement(self.flush()));
        }
        self.track(&word);
        self.keep(end);
        None
    }

    fn is_go(&self) -> bool {
        self.whole_line().is_some_and(|line| {
            line[2..]
                .trim()
                .trim_end_matches(';')
                .bytes()
                .all(|b| b.is_ascii_digit())
        })
    }

    /// Follows the blocks of PL/SQL and of T-SQL's IF.
    fn track(&mut self, word: &str) {
        if self.words == 0 {
            self.block.may = match self.dialect {
                SqlDialect::Oracle => match word {
                    "declare" => true,
                    // `BEGIN;` and `BEGIN TRANSACTION` open no block.
                    "begin" => {
                        let after = self.rest()["begin".len()..].trim_start();
                        !(after.is_empty() || after.starts_with(';'))
                    }
                    _ => false,
                },
                SqlDialect::Mssql => word == "if",
                _ => false,
            };
            self.block.declared = word == "declare";
        }
        if self.block.may {
            let ends_inner = self.previous == "end" && matches!(word, "if" | "loop" | "case");
            match word {
                "begin" => {
                    self.block.declared = false;
                    self.block.depth += 1;
                }
                "if" | "loop" if self.dialect == SqlDialect::Oracle && !ends_inner => {
                    self.block.depth += 1;
                }
                "case" if !ends_inner => self.block.depth += 1,
                "end" => self.block.depth = self.block.depth.saturating_sub(1),
                _ => {}
            }
        }
        self.words += 1;
        word.clone_into(&mut self.previous);
    }

    fn q_quoted(&mut self, prefix: usize, faults: &mut Vec<Fault>) {
        let rest = self.rest();
        let body = &rest[prefix + 1..];
        let Some(open) = body.chars().next() else {
            return self.never_closed(prefix + 1, faults);
        };
        let close = match open {
            '[' => ']',
            '(' => ')',
            '{' => '}',
            '<' => '>',
            other => other,
        };
        let end = format!("{close}'");
        match body[open.len_utf8()..].find(&end) {
            Some(at) => self.keep(prefix + 1 + open.len_utf8() + at + end.len()),
            None => self.never_closed(prefix + 1, faults),
        }
    }

    /// A backslash command; `\;` only separates statements.
    fn backslash(&mut self) -> Option<Item> {
        let start = self.at;
        let rest = self.rest();
        let after = &rest[1..];
        if after.starts_with(';') {
            self.at += 2;
            return Some(Item::Statement(self.flush()));
        }
        let name = &after[..after
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(after.len())];
        let from = 1 + name.len();
        let len = argument_length(&rest[from..]);
        let command = self.span(start, start + from);
        let arguments = self.span(start + from, start + from + len);
        self.at += from + len;
        if self.rest().starts_with("\\\\") {
            self.at += 2;
        }
        match name {
            "gexec" | "g" if rest[from..from + len].trim().is_empty() => {
                self.chunk.push(" ", command, false);
                let chunk = self.flush();
                Some(if name == "g" {
                    Item::Statement(chunk)
                } else {
                    Item::Gexec(chunk)
                })
            }
            _ => Some(Item::Command {
                name: name.to_owned(),
                arguments,
                span: command,
            }),
        }
    }
}

/// A variable that nobody set.
pub(super) fn unset(span: Span, name: &str) -> Fault {
    Fault::new(span, format!("the variable {name} is not set")).help(format!(
        "give it with --set {name}=value, or a default with \\set {name} value"
    ))
}

/// The arguments of a backslash command reach to the end of the line or to the next backslash.
fn argument_length(text: &str) -> usize {
    let mut quote = None;
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match (quote, c) {
            (_, '\n') => return at,
            (None, '\\') => return at,
            (None, '\'' | '"') => quote = Some(c),
            (Some('\''), '\\') => {
                chars.next();
            }
            (Some(open), c) if open == c => quote = None,
            _ => {}
        }
    }
    text.len()
}
