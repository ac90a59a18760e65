//! Cuts a script into statements. T-SQL marks no boundaries but `GO`: there a statement begins at a word
//! that can only begin one. Oracle's scripts have lines for the client between their statements.

use super::token::{At, Kind, Lexer, Token};

/// A statement: its tokens without the terminator, and where it stands.
#[derive(Debug, Clone)]
pub struct Statement {
    pub tokens: Vec<Token>,
    pub start: usize,
    pub end: usize,
    /// psql's `\gexec` ended it.
    pub gexec: bool,
}

/// The statements of a script.
pub fn statements(text: &str, kind: Kind) -> Vec<Statement> {
    match kind {
        Kind::Mssql => mssql(text),
        Kind::Oracle => oracle(text),
    }
}

fn statement(tokens: &[At], gexec: bool) -> Option<Statement> {
    let (first, last) = (tokens.first()?, tokens.last()?);
    let (start, end) = (first.start, last.end);
    let tokens = tokens.iter().map(|at| at.token.clone()).collect();
    Some(Statement {
        tokens,
        start,
        end,
        gexec,
    })
}

fn mssql(text: &str) -> Vec<Statement> {
    let mut lexer = Lexer::new(text, Kind::Mssql);
    let (mut found, mut batch) = (Vec::new(), Vec::new());
    while let Some(at) = lexer.token() {
        if at.first && at.token.is("GO") {
            lexer.skip_line();
            cut_batch(&std::mem::take(&mut batch), &mut found);
        } else {
            batch.push(at);
        }
    }
    cut_batch(&batch, &mut found);
    found
}

const ROUTINES: [&str; 5] = ["PROC", "PROCEDURE", "FUNCTION", "TRIGGER", "VIEW"];

/// Words that begin a statement wherever they stand outside of parentheses.
const BEGIN: [&str; 16] = [
    "INSERT", "CREATE", "ALTER", "USE", "GRANT", "DENY", "EXEC", "IF", "PRINT", "DROP", "TRUNCATE",
    "MERGE", "DECLARE", "UPDATE", "DELETE", "SET",
];

fn cut_batch(batch: &[At], found: &mut Vec<Statement>) {
    let mut start = 0;
    while start < batch.len() {
        let end = start + length(&batch[start..]);
        let mut body = &batch[start..end];
        let gexec = body.last().is_some_and(|at| at.token.sign("\\gexec"));
        if gexec || body.last().is_some_and(|at| at.token.sign(";")) {
            body = &body[..body.len() - 1];
        }
        found.extend(statement(body, gexec));
        start = end;
    }
}

/// How many tokens the first statement has, its terminator included.
fn length(tokens: &[At]) -> usize {
    let head = &tokens[0].token;
    if head.sign(";") {
        return 1;
    }
    if head.is("CREATE") && tokens.iter().take(4).any(|at| at.token.is_any(&ROUTINES)) {
        return tokens.len();
    }
    // What an IF governs belongs to it.
    let mut inner = !head.is("IF");
    let (mut depth, mut blocks) = (0, 0);
    for (n, at) in tokens.iter().enumerate() {
        let token = &at.token;
        match token {
            Token::Sign(sign) if sign == "(" => depth += 1,
            Token::Sign(sign) if sign == ")" => depth -= 1,
            _ => {}
        }
        if depth > 0 || n == 0 {
            continue;
        }
        if token.is("BEGIN") {
            (blocks, inner) = (blocks + 1, true);
        } else if token.is("END") && blocks > 0 {
            blocks -= 1;
            if blocks == 0 {
                return n + 1;
            }
        }
        if blocks > 0 {
            continue;
        }
        if token.sign(";") || token.sign("\\gexec") {
            return n + 1;
        }
        let before = &tokens[n - 1].token;
        let goes_on = match token {
            _ if token.is("SET") => tokens[..n]
                .iter()
                .any(|at| at.token.is_any(&["UPDATE", "ALTER"])),
            // DROP TABLE IF EXISTS t
            _ if token.is("IF") => tokens[0].token.is("DROP") && n < 3,
            _ if token.is_any(&["UPDATE", "DELETE"]) => before.is("ON"),
            _ => false,
        };
        if token.is_any(&BEGIN) && !goes_on {
            if inner {
                return n;
            }
            inner = true;
        }
    }
    tokens.len()
}

/// Lines that SQL*Plus keeps to itself.
const CLIENT: [&str; 12] = [
    "REM", "REMARK", "PROMPT", "SET", "SPOOL", "WHENEVER", "DEFINE", "UNDEFINE", "EXIT", "QUIT",
    "COLUMN", "EXEC",
];

fn oracle(text: &str) -> Vec<Statement> {
    let mut lexer = Lexer::new(text, Kind::Oracle);
    let mut found = Vec::new();
    loop {
        lexer.skip_space();
        let start = lexer.at();
        let line = text[start..].lines().next().unwrap_or_default().trim_end();
        let word = line
            .split(|c: char| !c.is_alphanumeric())
            .next()
            .unwrap_or_default();
        if line.is_empty() {
            return found;
        }
        if CLIENT
            .iter()
            .any(|client| client.eq_ignore_ascii_case(word))
            || line == "/"
            || line.starts_with('@')
        {
            let mut last = line;
            lexer.skip_line();
            while last.ends_with('-') {
                last = text[lexer.at()..]
                    .trim_start_matches('\n')
                    .lines()
                    .next()
                    .unwrap_or_default()
                    .trim_end();
                lexer.token();
                lexer.skip_line();
            }
            continue;
        }
        let (mut tokens, mut gexec): (Vec<At>, bool) = (Vec::new(), false);
        let mut program = false;
        while let Some(at) = lexer.token() {
            let heads = tokens.iter().take(4).map(|at| &at.token).chain([&at.token]);
            let words: Vec<_> = heads.collect();
            program = program
                || words[0].is_any(&["DECLARE", "BEGIN"])
                || words[0].is("CREATE")
                    && words.iter().any(|word| {
                        word.is_any(&["PROCEDURE", "FUNCTION", "TRIGGER", "PACKAGE", "TYPE"])
                    });
            let slash = at.first
                && at.token.sign("/")
                && text[at.end..]
                    .lines()
                    .next()
                    .is_none_or(|line| line.trim().is_empty());
            gexec = at.token.sign("\\gexec");
            if slash || gexec || !program && at.token.sign(";") {
                break;
            }
            tokens.push(at);
        }
        found.extend(statement(&tokens, gexec));
    }
}
