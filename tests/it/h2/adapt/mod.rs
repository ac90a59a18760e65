//! Makes of T-SQL's and Oracle's statements such as H2 takes in its MSSQLServer and Oracle modes. The
//! same is done, token by token, to the original script, to what scrub made of it and to the rulebook;
//! nothing here looks at a value, and what is not in these lists stops the test.
//!
//! Left out, because it is not about rows: client lines and `GO` ([`super::split`]), `USE`, `SET`,
//! `GRANT`, `DENY`, `EXEC`, `PRINT`, users, roles, logins, databases, `COMMIT`, routines and triggers (none
//! fires, as the contract says), PL/SQL blocks that change no row, `CHECK CONSTRAINT`, plain SELECTs.
//!
//! Left out of table definitions: `COLLATE`, `[NON]CLUSTERED`, `ASC`, `DESC`, `WITH (…)`, filegroups,
//! storage, `ENABLE`, `USING INDEX`, `BYTE` and `CHAR` of a length; columns that only the server fills
//! (computed, `timestamp`); the brackets around a type's name.
//!
//! Written in another way: every literal as `'…'` or `X'…'`; names in an INSERT's list in quotes; `INSERT t`
//! and `DELETE t` with INTO and FROM; `CAST(… AS [type])`; `WITH CHECK ADD`; `ADD DEFAULT … FOR`; `CREATE TYPE …
//! FROM` as a domain; xml as text; `MODIFY (c NOT NULL)`; `TO_CLOB(x)` as `(x)`, `EMPTY_CLOB()` as NULL
//! (H2's Oracle mode has no empty text), the year of `RR` (H2 has another century), `UNISTR`, an object's constructor as a row value; `information_schema` in upper case; `INSERT ALL` as
//! its INSERTs; `UPDATE … FROM` and joined DELETEs as MERGE; `IF …`, PL/SQL's `IF v > 0 THEN EXECUTE IMMEDIATE …`
//! and `\gexec` as EXECUTE IMMEDIATE of what their condition or query yields.

mod rows;
mod tables;

use super::split::{Statement, statements};
use super::token::{Kind, Token};

/// What H2 shall run for a script.
pub fn adapted(text: &str, kind: Kind) -> Vec<String> {
    let found = statements(text, kind);
    found
        .iter()
        .flat_map(|statement| Adapter { kind }.statement(statement))
        .collect()
}

struct Adapter {
    kind: Kind,
}

fn word(text: &str) -> Token {
    Token::Word(text.to_owned())
}

/// H2's text of tokens.
fn text(tokens: &[Token]) -> String {
    let written = tokens.iter().map(|token| match token {
        Token::Word(text) | Token::Number(text) | Token::Sign(text) => text.clone(),
        Token::Name(name) => format!("\"{}\"", name.replace('"', "\"\"")),
        Token::Text(text) => literal(text),
        Token::Hex(digits) => format!("X'{digits}'"),
    });
    written.collect::<Vec<_>>().join(" ")
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// The place of the parenthesis that closes the one at `open`.
fn closing(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0;
    for (n, token) in tokens.iter().enumerate().skip(open) {
        depth += i32::from(token.sign("(")) - i32::from(token.sign(")"));
        if depth == 0 {
            return n;
        }
    }
    panic!("a parenthesis stays open: {}", text(tokens))
}

/// The first place outside of parentheses where one of these words stands; not IS DISTINCT FROM's.
fn find(tokens: &[Token], words: &[&str]) -> Option<usize> {
    let mut depth = 0;
    (0..tokens.len()).find(|n| {
        depth += i32::from(tokens[*n].sign("(")) - i32::from(tokens[*n].sign(")"));
        let distinct = *n > 0 && tokens[n - 1].is("DISTINCT");
        depth == 0 && tokens[*n].is_any(words) && !distinct
    })
}

/// Tokens cut at the commas outside of parentheses.
fn items(tokens: &[Token]) -> Vec<&[Token]> {
    let mut depth = 0;
    tokens
        .split(|token| {
            depth += i32::from(token.sign("(")) - i32::from(token.sign(")"));
            depth == 0 && token.sign(",")
        })
        .collect()
}

/// A name with what it is qualified by: how many tokens it has.
fn name_length(tokens: &[Token]) -> usize {
    let mut length = 1;
    while tokens.get(length).is_some_and(|token| token.sign(".")) {
        length += 2;
    }
    length
}

impl Adapter {
    fn statement(&self, statement: &Statement) -> Vec<String> {
        let tokens = &statement.tokens;
        let word =
            |n: usize, words: &[&str]| tokens.get(n).is_some_and(|token| token.is_any(words));
        if statement.gexec {
            return self.generated(tokens);
        }
        let (first, second) = (&tokens[0], tokens.get(1));
        match self.kind {
            Kind::Mssql if first.is_any(&["USE", "SET", "GRANT", "DENY", "EXEC", "PRINT"]) => {
                return Vec::new();
            }
            Kind::Oracle if first.is_any(&["COMMIT", "GRANT"]) => return Vec::new(),
            _ => {}
        }
        let apart = ["USER", "ROLE", "LOGIN", "DATABASE"];
        let routines = ["PROC", "PROCEDURE", "FUNCTION", "TRIGGER", "PACKAGE"];
        if first.is("SELECT") || first.is_any(&["CREATE", "ALTER", "DROP"]) && word(1, &apart) {
            return Vec::new();
        }
        if first.is_any(&["CREATE", "ALTER"])
            && tokens.iter().take(5).any(|token| token.is_any(&routines))
        {
            return Vec::new();
        }
        match first {
            _ if first.is("CREATE") && word(1, &["TABLE"]) => vec![self.table(tokens)],
            _ if first.is("CREATE") && word(1, &["SCHEMA"]) => vec![format!(
                "CREATE SCHEMA IF NOT EXISTS {}",
                text(&tokens[2..3])
            )],
            _ if first.is("CREATE") && word(1, &["VIEW"]) => vec![text(&self.expression(tokens))],
            _ if first.is("CREATE") && word(1, &["TYPE"]) => vec![self.domain(tokens)],
            _ if first.is("CREATE") && tokens.iter().take(4).any(|token| token.is("INDEX")) => {
                vec![self.index(tokens)]
            }
            _ if first.is("ALTER") && word(1, &["SESSION"]) => self.session(tokens),
            _ if first.is("ALTER") && word(1, &["TABLE"]) => self.alter(tokens),
            _ if first.is("COMMENT") => vec![text(tokens)],
            _ if first.is("IF") => self.condition(tokens),
            _ if first.is_any(&["DECLARE", "BEGIN"]) => self.block(tokens),
            _ if first.is("INSERT") && second.is_some_and(|token| token.is("ALL")) => {
                self.insert_all(tokens)
            }
            _ if first.is("INSERT") => vec![self.insert(&tokens[1..])],
            _ if first.is("UPDATE") => vec![self.update(tokens)],
            _ if first.is("DELETE") => vec![self.delete(tokens)],
            _ if first.is("TRUNCATE") => vec![format!(
                "DELETE FROM {}",
                text(&tokens[1..]).replacen("TABLE ", "", 1)
            )],
            _ => panic!("no rule says what H2 makes of: {}", text(tokens)),
        }
    }

    // Statements that make statements ---------------------------------------------------------------

    /// Runs what an expression yields: H2 knows EXECUTE IMMEDIATE in other modes only.
    fn execute(&self, expression: &str) -> Vec<String> {
        let mode = match self.kind {
            Kind::Mssql => "MSSQLServer",
            Kind::Oracle => "Oracle",
        };
        vec![
            format!("SET @made = COALESCE({expression}, 'SET @nothing = 0')"),
            "SET MODE Regular".to_owned(),
            "EXECUTE IMMEDIATE @made".to_owned(),
            format!("SET MODE {mode}"),
        ]
    }

    /// `query \gexec`, for at most four rows.
    fn generated(&self, query: &[Token]) -> Vec<String> {
        let query = text(&self.expression(query));
        let mut made = vec![format!(
            "SET @few = 1 / (SELECT CASE WHEN COUNT(*) > 4 THEN 0 ELSE 1 END FROM ({query}))"
        )];
        for row in 0..4 {
            made.push(format!("SET @row{row} = (SELECT * FROM ({query}) ORDER BY 1 OFFSET {row} ROWS FETCH NEXT 1 ROWS ONLY)"));
        }
        made.extend((0..4).flat_map(|row| self.execute(&format!("@row{row}"))));
        made
    }

    /// T-SQL's `IF condition statement`.
    fn condition(&self, tokens: &[Token]) -> Vec<String> {
        let start = find(
            &tokens[1..],
            &["INSERT", "UPDATE", "DELETE", "DROP", "BEGIN"],
        )
        .expect("IF … statement")
            + 1;
        let (condition, then) = (&tokens[1..start], &tokens[start..]);
        // SSMS asks for full-text search before it names the database's catalogue.
        if condition
            .iter()
            .any(|token| token.is("FULLTEXTSERVICEPROPERTY"))
        {
            return Vec::new();
        }
        if condition[0].is("OBJECT_ID") {
            assert!(
                then[0].is("DROP") && then[1].is("TABLE"),
                "{}",
                text(tokens)
            );
            return vec![format!("DROP TABLE IF EXISTS {}", text(&then[2..]))];
        }
        let then = Statement {
            tokens: then.to_vec(),
            start: 0,
            end: 0,
            gexec: false,
        };
        let [then] = &self.statement(&then)[..] else {
            panic!("one statement: {}", text(tokens))
        };
        let condition = text(&self.expression(condition));
        self.execute(&format!("CASE WHEN {condition} THEN {} END", literal(then)))
    }

    /// `DECLARE v …; BEGIN SELECT … INTO v FROM …; IF v > 0 THEN EXECUTE IMMEDIATE '…'; END IF; … END;`
    fn block(&self, tokens: &[Token]) -> Vec<String> {
        if !tokens.iter().any(|token| {
            token.is_any(&["INSERT", "UPDATE", "DELETE", "MERGE", "EXECUTE", "FORALL"])
        }) {
            return Vec::new();
        }
        let place = |word: &str| {
            tokens
                .iter()
                .position(|token| token.is(word))
                .unwrap_or_else(|| panic!("no {word}: {}", text(tokens)))
        };
        let (select, into, from, then) =
            (place("SELECT"), place("INTO"), place("FROM"), place("THEN"));
        let end = from
            + tokens[from..]
                .iter()
                .position(|token| token.sign(";"))
                .expect("the query's end");
        let [execute, immediate, made, semicolon, ..] = &tokens[then + 1..] else {
            panic!("{}", text(tokens))
        };
        let idiom = execute.is("EXECUTE") && immediate.is("IMMEDIATE") && semicolon.sign(";");
        assert!(
            idiom && tokens[end + 1].is("IF") && tokens[end + 2] == tokens[into + 1],
            "{}",
            text(tokens)
        );
        let query = text(&[&tokens[select..into], &tokens[from..end]].concat());
        let test = text(&tokens[end + 3..then]);
        self.execute(&format!(
            "CASE WHEN ({query}) {test} THEN {} END",
            text(std::slice::from_ref(made))
        ))
    }
}
