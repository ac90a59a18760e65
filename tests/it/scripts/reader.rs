//! Reads scripts into tables with sqlparser, and with nothing of scrub's.
//!
//! [`split`](super::split) cuts the script into statements; sqlparser parses every INSERT; what its
//! literals and calls mean is evaluated here.

use super::world::{Kind, Table, World};
use super::{same, split};
use crate::naive::{Cell, Database};
use scrub::rulebook::SqlDialect;
use sqlparser::ast::{
    BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Insert,
    ObjectName, Query, SelectItem, SetExpr, Statement, TableObject, UnaryOperator, Value,
};
use sqlparser::dialect::{Dialect, MsSqlDialect, OracleDialect};
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, Tokenizer};

/// What a cell says.
#[derive(Debug, Clone, PartialEq)]
enum Datum {
    Null,
    Text(String),
    Number(String),
    Binary(String),
    Moment(String),
}

type Wrong = String;

/// The script as text: UTF-16 by its byte order mark, else UTF-8.
pub fn text(bytes: &[u8]) -> Result<String, Wrong> {
    let units = |swap: bool, bytes: &[u8]| {
        let units = bytes.chunks(2).map(|pair| match swap {
            true => u16::from_be_bytes([pair[0], pair[1]]),
            false => u16::from_le_bytes([pair[0], pair[1]]),
        });
        String::from_utf16(&units.collect::<Vec<_>>()).map_err(|e| e.to_string())
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => units(false, rest),
        [0xfe, 0xff, rest @ ..] => units(true, rest),
        [0xef, 0xbb, 0xbf, rest @ ..] => {
            String::from_utf8(rest.to_vec()).map_err(|e| e.to_string())
        }
        rest => String::from_utf8(rest.to_vec()).map_err(|e| e.to_string()),
    }
}

/// The tables of a script.
pub fn read(world: &World, bytes: &[u8]) -> Result<Database, Wrong> {
    let script = text(bytes)?;
    let mut database = world.database();
    database.tables.values_mut().for_each(Vec::clear);
    let inserts = match world.system {
        SqlDialect::Oracle => oracle(&script)?,
        _ => tsql(world, &script)?,
    };
    for insert in inserts {
        let table = named(world, &insert.table)?;
        let listed: Vec<String> = insert.columns.iter().map(last).collect();
        let columns: Vec<usize> = match listed.is_empty() {
            true => (0..table.columns.len()).collect(),
            false => {
                let place = |name: &String| {
                    let found = table.columns.iter().position(|c| same(&c.name, name));
                    found.ok_or_else(|| format!("no column {name}"))
                };
                listed.iter().map(place).collect::<Result<_, _>>()?
            }
        };
        let query = insert.source.as_deref().ok_or("an INSERT without rows")?;
        for row in rows(query)? {
            if row.len() != columns.len() {
                return Err(format!("{} columns and {} cells", columns.len(), row.len()));
            }
            let mut cells: Vec<Cell> = table
                .columns
                .iter()
                .enumerate()
                .map(|(at, c)| match (c.default, at == 0 && table.identity) {
                    (_, true) => Cell::Server,
                    (Some(sql), _) => Cell::Text(sql.into()),
                    (None, _) => Cell::Null,
                })
                .collect();
            for (expr, place) in row.iter().zip(&columns) {
                let kind = table.columns[*place].kind;
                let datum = evaluate(expr, world.system)?;
                cells[*place] = cell(datum, kind, world.system)?;
            }
            database.tables[&table.relation_name()].push(cells);
        }
    }
    database.normalise();
    Ok(database)
}

fn last(name: &ObjectName) -> String {
    let ident = name.0.last().and_then(|part| part.as_ident());
    ident
        .map(|ident| ident.value.replace("]]", "]"))
        .unwrap_or_default()
}

fn named<'w>(world: &'w World, table: &TableObject) -> Result<&'w Table, Wrong> {
    let TableObject::TableName(name) = table else {
        return Err("an INSERT into no table".to_owned());
    };
    let name = last(name);
    let found = world.tables.iter().find(|t| same(&t.name, &name));
    found.ok_or_else(|| format!("no table {name}"))
}

fn tokens(dialect: &dyn Dialect, sql: &str) -> Result<Vec<Token>, Wrong> {
    Tokenizer::new(dialect, sql)
        .tokenize()
        .map_err(|e| format!("{e}\n{sql}"))
}

fn insert(dialect: &dyn Dialect, tokens: Vec<Token>) -> Result<Insert, Wrong> {
    let shown = || tokens.iter().map(Token::to_string).collect::<String>();
    let mut parser = Parser::new(dialect).with_tokens(tokens.clone());
    let statement = parser
        .parse_statement()
        .map_err(|e| format!("{e}\n{}", shown()))?;
    if parser.peek_token_ref().token != Token::EOF {
        return Err(format!("something follows an INSERT\n{}", shown()));
    }
    match statement {
        Statement::Insert(insert) => Ok(insert),
        _ => Err("no INSERT".to_owned()),
    }
}

fn word(token: &Token) -> String {
    match token {
        Token::Word(word) if word.quote_style.is_none() => word.value.to_ascii_uppercase(),
        _ => String::new(),
    }
}

/// Every statement of a batch that begins with one of the words, up to the next statement.
fn segments(tokens: Vec<Token>, starts: &[&str]) -> Vec<Vec<Token>> {
    let mut out: Vec<Vec<Token>> = Vec::new();
    let mut depth = 0;
    let mut open = false;
    for token in tokens {
        match token {
            Token::LParen => depth += 1,
            Token::RParen => depth -= 1,
            Token::SemiColon => {
                open = false;
                continue;
            }
            _ => {}
        }
        let word = word(&token);
        if depth == 0 && starts.contains(&word.as_str()) {
            open = true;
            out.push(Vec::new());
        }
        if open {
            out.last_mut().expect("a statement").push(token);
        }
    }
    out
}

/// The INSERTs; a key that the server would give is given only while that is switched on, for one
/// table at a time.
fn tsql(world: &World, script: &str) -> Result<Vec<Insert>, Wrong> {
    let dialect = MsSqlDialect {};
    let starts = ["INSERT", "SET", "PRINT", "CREATE", "ALTER", "USE"];
    let mut out = Vec::new();
    let mut on: Option<String> = None;
    for batch in split::batches(script) {
        for statement in segments(tokens(&dialect, &batch)?, &starts) {
            let shown: String = statement.iter().map(Token::to_string).collect();
            let words: Vec<String> = statement.iter().map(word).collect();
            if words[0] == "INSERT" {
                let insert = insert(&dialect, statement)?;
                let table = named(world, &insert.table)?;
                let listed = insert.columns.iter().map(last);
                let key = listed.into_iter().any(|c| same(&c, &table.columns[0].name));
                let is_on = on.as_ref().is_some_and(|on| same(on, &table.name));
                if table.identity && key != is_on {
                    return Err(format!("IDENTITY_INSERT is wrong here\n{shown}"));
                }
                out.push(insert);
            } else if words.iter().any(|word| word == "IDENTITY_INSERT") {
                let name = statement
                    .iter()
                    .rev()
                    .skip_while(|t| !matches!(word(t).as_str(), "ON" | "OFF"));
                let name = name.skip(1).find_map(|token| match token {
                    Token::Word(word) => Some(word.value.clone()),
                    _ => None,
                });
                let name = name.ok_or("IDENTITY_INSERT of no table")?;
                let switched = words.iter().any(|word| word == "ON");
                match (&on, switched) {
                    (Some(_), true) => {
                        return Err(format!("IDENTITY_INSERT is on already\n{shown}"));
                    }
                    (_, true) => on = Some(name),
                    (_, false) => on = None,
                }
            }
        }
    }
    Ok(out)
}

fn oracle(script: &str) -> Result<Vec<Insert>, Wrong> {
    let dialect = OracleDialect {};
    let mut out = Vec::new();
    for statement in split::statements(script) {
        let tokens = tokens(&dialect, &statement)?;
        let mut words = tokens
            .iter()
            .filter(|t| !matches!(t, Token::Whitespace(_)))
            .map(word);
        let (first, second) = (
            words.next().unwrap_or_default(),
            words.next().unwrap_or_default(),
        );
        match (first.as_str(), second.as_str()) {
            ("INSERT", "ALL") => {
                for into in segments(tokens, &["INTO", "SELECT", "INSERT"]) {
                    if word(&into[0]) == "INTO" {
                        let head = [
                            Token::make_keyword("INSERT"),
                            Token::Whitespace(sqlparser::tokenizer::Whitespace::Space),
                        ];
                        out.push(insert(&dialect, [&head[..], &into[..]].concat())?);
                    }
                }
            }
            ("INSERT", _) => out.push(insert(&dialect, tokens)?),
            _ => {}
        }
    }
    Ok(out)
}

/// The rows of VALUES, or of SELECTs joined by UNION ALL.
fn rows(query: &Query) -> Result<Vec<Vec<Expr>>, Wrong> {
    fn body(set: &SetExpr, out: &mut Vec<Vec<Expr>>) -> Result<(), Wrong> {
        match set {
            SetExpr::Values(values) => {
                out.extend(values.rows.iter().map(|row| row.content.clone()))
            }
            SetExpr::SetOperation { left, right, .. } => {
                body(left, out)?;
                body(right, out)?;
            }
            SetExpr::Select(select) => {
                let items = select.projection.iter().map(|item| match item {
                    SelectItem::UnnamedExpr(expr) => Ok(expr.clone()),
                    other => Err(format!("an item {other}")),
                });
                out.push(items.collect::<Result<_, _>>()?);
            }
            other => return Err(format!("rows from {other}")),
        }
        Ok(())
    }
    let mut out = Vec::new();
    body(&query.body, &mut out)?;
    Ok(out)
}

fn evaluate(expr: &Expr, system: SqlDialect) -> Result<Datum, Wrong> {
    let unknown = || Err(format!("a cell that this reader does not know: {expr}"));
    match expr {
        Expr::Value(value) => Ok(match &value.value {
            Value::Null => Datum::Null,
            Value::Number(digits, _) => Datum::Number(digits.to_string()),
            Value::SingleQuotedString(text) | Value::NationalStringLiteral(text) => {
                literal(text, system)
            }
            Value::QuoteDelimitedStringLiteral(text)
            | Value::NationalQuoteDelimitedStringLiteral(text) => literal(&text.value, system),
            Value::HexStringLiteral(digits) => Datum::Binary(digits.to_lowercase()),
            _ => return unknown(),
        }),
        Expr::Nested(inner) => evaluate(inner, system),
        Expr::UnaryOp {
            op: UnaryOperator::Minus,
            expr,
        } => match evaluate(expr, system)? {
            Datum::Number(digits) => Ok(Datum::Number(format!("-{digits}"))),
            _ => unknown(),
        },
        Expr::BinaryOp {
            op: BinaryOperator::Plus | BinaryOperator::StringConcat,
            ..
        } => joined(expr, system),
        Expr::Cast { expr, .. } => evaluate(expr, system),
        Expr::Collate { expr, .. } => evaluate(expr, system),
        Expr::TypedString(typed) => match &typed.value.value {
            Value::SingleQuotedString(text) => Ok(Datum::Moment(text.clone())),
            _ => unknown(),
        },
        Expr::Function(call) => {
            let name = last(&call.name).to_ascii_uppercase();
            let args = arguments(call)?
                .into_iter()
                .map(|arg| evaluate(&arg, system))
                .collect::<Result<Vec<_>, _>>()?;
            match (name.as_str(), &args[..]) {
                ("TO_CLOB" | "TO_NCLOB", [arg]) => match arg {
                    Datum::Text(text) if text.len() > 4000 => {
                        Err("a literal of more than 4,000 bytes".to_owned())
                    }
                    arg => Ok(arg.clone()),
                },
                ("CHR", [Datum::Number(code)]) => {
                    let c = code.parse().ok().and_then(char::from_u32);
                    c.map_or_else(unknown, |c| Ok(Datum::Text(c.to_string())))
                }
                ("UNISTR", [Datum::Text(text)]) => Ok(Datum::Text(unistr(text)?)),
                ("UNISTR", [Datum::Null]) => Ok(Datum::Null),
                ("HEXTORAW", [Datum::Text(digits)]) => Ok(Datum::Binary(digits.to_lowercase())),
                (
                    "TO_DATE" | "TO_TIMESTAMP" | "TO_TIMESTAMP_TZ",
                    [Datum::Text(text), Datum::Text(model)],
                ) => Ok(Datum::Moment(moment(text, model)?)),
                _ => unknown(),
            }
        }
        _ => unknown(),
    }
}

/// Pieces of text, of which there may be hundreds: the left ones stand deepest.
fn joined(mut expr: &Expr, system: SqlDialect) -> Result<Datum, Wrong> {
    let mut pieces = Vec::new();
    while let Expr::BinaryOp {
        left,
        op: BinaryOperator::Plus | BinaryOperator::StringConcat,
        right,
    } = expr
    {
        pieces.push(evaluate(right, system)?);
        expr = left;
    }
    let mut whole = evaluate(expr, system)?;
    for piece in pieces.into_iter().rev() {
        whole = match (whole, piece) {
            (Datum::Text(left), Datum::Text(right)) => Datum::Text(left + &right),
            (Datum::Null, other) | (other, Datum::Null) if system == SqlDialect::Oracle => other,
            _ => return Err("pieces that are no texts".to_owned()),
        };
    }
    Ok(whole)
}

/// A literal's text: T-SQL leaves out a backslash and the line end behind it, in Oracle nothing is NULL.
fn literal(text: &str, system: SqlDialect) -> Datum {
    match system {
        SqlDialect::Oracle if text.is_empty() => Datum::Null,
        SqlDialect::Oracle => Datum::Text(text.to_owned()),
        _ => Datum::Text(text.replace("\\\r\n", "").replace("\\\n", "")),
    }
}

fn arguments(call: &Function) -> Result<Vec<Expr>, Wrong> {
    let FunctionArguments::List(list) = &call.args else {
        return Ok(Vec::new());
    };
    let args = list.args.iter().map(|arg| match arg {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Ok(expr.clone()),
        other => Err(format!("an argument {other}")),
    });
    args.collect()
}

fn unistr(text: &str) -> Result<String, Wrong> {
    let mut units: Vec<u16> = Vec::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            units.extend(c.encode_utf16(&mut [0; 2]).iter());
            continue;
        }
        let digits = rest.as_str();
        if let Some(after) = digits.strip_prefix('\\') {
            units.push(u16::from(b'\\'));
            rest = after.chars();
        } else {
            let unit = digits
                .get(..4)
                .and_then(|d| u16::from_str_radix(d, 16).ok());
            units.push(unit.ok_or("a broken UNISTR")?);
            rest = digits[4..].chars();
        }
    }
    String::from_utf16(&units).map_err(|e| e.to_string())
}

/// A moment as ISO 8601, by the models that the scripts here use.
fn moment(text: &str, model: &str) -> Result<String, Wrong> {
    let numbers: Vec<&str> = text.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    let two = |year: &str| match year.parse::<u32>() {
        Ok(n) if n < 50 => format!("20{year}"),
        _ => format!("19{year}"),
    };
    let month = |name: &str| {
        let names = [
            "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
        ];
        let at = names.iter().position(|n| n.eq_ignore_ascii_case(name));
        at.map(|at| format!("{:02}", at + 1))
            .ok_or_else(|| format!("no month {name}"))
    };
    match (model.to_ascii_uppercase().as_str(), &numbers[..]) {
        ("DD-MON-RR", [day, name, year]) => {
            Ok(format!("{}-{}-{day} 00:00:00", two(year), month(name)?))
        }
        ("DD-MON-RR HH.MI.SSXFF AM TZR", _) => {
            let (clock, zone) = text.rsplit_once(' ').ok_or("no zone")?;
            Ok(moment(clock, "DD-MON-RR HH.MI.SSXFF AM")? + zone)
        }
        ("YYYY-MM-DD HH24:MI:SS", [..]) => Ok(text.to_owned()),
        ("DD-MM-YYYY HH24:MI:SS", [day, month, year, ..]) => {
            Ok(format!("{year}-{month}-{day} {}", &text[11..]))
        }
        ("DD-MON-RR HH.MI.SSXFF AM", [day, name, year, hour, minute, second, fraction, half]) => {
            let hour = hour.parse::<u32>().map_err(|e| e.to_string())? % 12;
            let hour = hour + if *half == "PM" { 12 } else { 0 };
            Ok(format!(
                "{}-{}-{day} {hour:02}:{minute}:{second}.{fraction}",
                two(year),
                month(name)?
            ))
        }
        _ => Err(format!("a model that this reader does not know: {model}")),
    }
}

/// The text form of a cell of a column.
fn cell(datum: Datum, kind: Kind, system: SqlDialect) -> Result<Cell, Wrong> {
    let text = match (datum, kind) {
        (Datum::Null, _) => return Ok(Cell::Null),
        (Datum::Binary(digits), _) => format!("\\x{digits}"),
        (Datum::Text(digits), Kind::Guid | Kind::Binary) if system == SqlDialect::Oracle => {
            format!("\\x{digits}")
        }
        (Datum::Number(digits), Kind::Bit) if system == SqlDialect::Mssql => {
            if digits == "0" { "f" } else { "t" }.to_owned()
        }
        (Datum::Number(digits), _) => digits,
        (Datum::Moment(text), _) => text,
        (Datum::Text(text), kind) if kind.is_date() && system == SqlDialect::Mssql => {
            text.replace('T', " ")
        }
        (Datum::Text(_), kind) if kind.is_date() || kind.is_number() => {
            return Err(format!("a text in a column of {kind:?}"));
        }
        (Datum::Text(text), _) => text,
    };
    Ok(Cell::Text(text.into_bytes()))
}
