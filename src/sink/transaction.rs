//! `-1`: the dump as one transaction for each `\connect` section.
//!
//! A pure state machine: the pipeline asks it before each statement what to write first and
//! whether the statement stays. It writes nothing and knows no syntax beyond a statement's first
//! two words.
//!
//! What `-1` promises: a failure commits nothing. COMMIT is written by [`Transaction::finish`],
//! which the pipeline calls only when all tests and checks have passed; a stream that ends before,
//! however it ends, is rolled back by the server. A transaction ends with its connection, though:
//! in pg_dumpall's output each database is committed before the next one begins, for no
//! transaction spans two databases.

use crate::dialect::{Effect, Transactional};
use crate::error::{Error, Result};

/// The state of the output's transaction.
#[derive(Debug)]
pub struct Transaction {
    text: Transactional,
    open: bool,
}

/// What happens to a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admit {
    /// Written before it.
    pub before: &'static str,
    /// Is it written at all?
    pub keep: bool,
}

impl Transaction {
    /// No transaction is open yet.
    pub fn new(text: Transactional) -> Self {
        Transaction { text, open: false }
    }

    /// Goes before everything else but a byte order mark, which is one only at the very start.
    pub fn prologue(&self) -> &'static str {
        self.text.prologue
    }

    /// What becomes of a statement of the input.
    ///
    /// # Errors
    /// If it would break the promise: a ROLLBACK, or what cannot run in a transaction after one
    /// has begun.
    pub fn before(&mut self, effect: &Effect, statement: &[u8]) -> Result<Admit> {
        let admit = |before| Ok(Admit { before, keep: true });
        match effect {
            Effect::Setting | Effect::Restrict => admit(""),
            Effect::Connect(_) => admit(self.close()),
            Effect::Begin => Ok(Admit {
                before: "",
                keep: false,
            }),
            Effect::Commit => match first_words(statement) {
                // To a savepoint: stays within the transaction.
                [first, second] if first == "ROLLBACK" && second == "TO" => admit(""),
                [first, _] if first == "ROLLBACK" || first == "ABORT" => {
                    Err(Error::input(format!("the dump has a {first} of its own"))
                        .remedy("with -1 it would undo everything before it; leave -1 out"))
                }
                _ => Ok(Admit {
                    before: "",
                    keep: false,
                }),
            },
            Effect::NoTransaction if !self.open => admit(""),
            Effect::NoTransaction => match first_words(statement) {
                // pg_dumpall: the next database's section begins, before its \connect.
                [_, second] if second == "DATABASE" || second == "TABLESPACE" => {
                    admit(self.close())
                }
                [first, second] => Err(Error::input(format!(
                    "{first} {second} cannot run in a transaction, and one has begun"
                ))
                .remedy("with -1 it would commit what stands before it; leave -1 out")),
            },
            // A further effect of a statement that has been admitted and written.
            Effect::Password(_) | Effect::Job(_) if statement.is_empty() => admit(""),
            _ => admit(self.begin()),
        }
    }

    /// Opens the transaction if none is open: what goes before the rows of a block, or before
    /// anything that scrub adds itself.
    pub fn begin(&mut self) -> &'static str {
        if std::mem::replace(&mut self.open, true) {
            ""
        } else {
            self.text.begin
        }
    }

    /// What goes after everything else, behind a line end, when all tests and checks have passed.
    pub fn finish(&mut self) -> &'static str {
        match self.close() {
            "" => "",
            _ => self.text.last,
        }
    }

    fn close(&mut self) -> &'static str {
        if std::mem::replace(&mut self.open, false) {
            self.text.commit
        } else {
            ""
        }
    }
}

/// The first two words of a statement in upper case, comments skipped.
fn first_words(statement: &[u8]) -> [String; 2] {
    let mut rest = statement;
    std::array::from_fn(|_| {
        rest = skip_space(rest);
        let end = rest
            .iter()
            .position(|b| !(b.is_ascii_alphanumeric() || *b == b'_'))
            .unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        rest = after;
        String::from_utf8_lossy(word).to_ascii_uppercase()
    })
}

/// What follows white space and comments, which nest.
fn skip_space(mut rest: &[u8]) -> &[u8] {
    let mut depth = 0;
    loop {
        rest = match rest {
            [b'/', b'*', after @ ..] => {
                depth += 1;
                after
            }
            [b'*', b'/', after @ ..] if depth > 0 => {
                depth -= 1;
                after
            }
            [_, after @ ..] if depth > 0 => after,
            [b'-', b'-', after @ ..] => {
                let end = after.iter().position(|b| matches!(b, b'\n' | b'\r'));
                &after[end.unwrap_or(after.len())..]
            }
            [first, after @ ..] if first.is_ascii_whitespace() || *first == 0x0b => after,
            _ => return rest,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::Dialect;
    use crate::dialect::postgres::Postgres;
    use crate::schema::RelationName;

    fn transaction() -> Transaction {
        Transaction::new(Postgres.transaction().unwrap())
    }

    /// Runs statements through and writes what the output would have.
    fn run(input: &[(Effect, &str)]) -> Result<String> {
        let mut transaction = transaction();
        let mut out = transaction.prologue().to_owned();
        for (effect, statement) in input {
            let admit = transaction.before(effect, statement.as_bytes())?;
            out += admit.before;
            if admit.keep {
                out = out + statement + "\n";
            }
        }
        out += transaction.finish();
        let text = Postgres.transaction().unwrap();
        let out = out.replace(text.begin, "BEGIN;\n");
        Ok(out.replace(text.commit, "COMMIT;\n"))
    }

    #[test]
    fn a_dump_is_one_transaction() {
        let out = run(&[
            (Effect::Restrict, "\\restrict k"),
            (Effect::Setting, "SET client_encoding = 'UTF8';"),
            (Effect::Definition, "CREATE TABLE t ();"),
            (Effect::Begin, "BEGIN;"),
            (Effect::OtherData, "SELECT lo_create(1);"),
            (Effect::Commit, "COMMIT;"),
            (Effect::Setting, "SET x = 1;"),
            (Effect::AfterData, "ALTER TABLE t;"),
            (Effect::Restrict, "\\unrestrict k"),
        ]);
        let expected = "\\set ON_ERROR_STOP on\n\\restrict k\nSET client_encoding = 'UTF8';\nBEGIN;\n\
             CREATE TABLE t ();\nSELECT lo_create(1);\nSET x = 1;\nALTER TABLE t;\n\\unrestrict k\nCOMMIT;\n";
        assert_eq!(out.unwrap(), expected);
    }

    #[test]
    fn each_section_is_a_transaction_of_its_own() {
        let connect = |name: &str| Effect::Connect(name.to_owned());
        let out = run(&[
            (Effect::NoTransaction, "CREATE DATABASE a;"),
            (connect("a"), "\\connect a"),
            (Effect::Definition, "CREATE TABLE t ();"),
            (
                Effect::NoTransaction,
                "/* b /* c */ */ create -- x\n database b;",
            ),
            (Effect::Definition, "ALTER DATABASE b OWNER TO o;"),
            (connect("b"), "\\connect b"),
            (Effect::SequenceValue, "SELECT setval('s', 1);"),
        ]);
        let expected = "\\set ON_ERROR_STOP on\nCREATE DATABASE a;\n\\connect a\nBEGIN;\n\
             CREATE TABLE t ();\nCOMMIT;\n/* b /* c */ */ create -- x\n database b;\nBEGIN;\n\
             ALTER DATABASE b OWNER TO o;\nCOMMIT;\n\\connect b\nBEGIN;\nSELECT setval('s', 1);\nCOMMIT;\n";
        assert_eq!(out.unwrap(), expected);
    }

    #[test]
    fn nothing_to_commit_needs_no_transaction() {
        assert_eq!(
            run(&[(Effect::Setting, "SET x = 1;")]).unwrap(),
            "\\set ON_ERROR_STOP on\nSET x = 1;\n"
        );
        let empty = run(&[(Effect::Begin, "BEGIN;"), (Effect::Commit, "COMMIT;")]);
        assert_eq!(empty.unwrap(), "\\set ON_ERROR_STOP on\n");
    }

    #[test]
    fn what_would_break_the_promise_is_refused() {
        let create = (Effect::Definition, "CREATE TABLE t ();");
        for (effect, statement) in [
            (Effect::Commit, "rollback;"),
            (Effect::Commit, "ABORT;"),
            (Effect::NoTransaction, "VACUUM FULL t;"),
            (Effect::NoTransaction, "CREATE SUBSCRIPTION s;"),
        ] {
            let error = run(&[create.clone(), (effect, statement)]).unwrap_err();
            assert!(error.to_string().contains("leave -1 out"), "{error}");
        }
        let savepoint = run(&[create, (Effect::Commit, "ROLLBACK TO SAVEPOINT s;")]).unwrap();
        assert!(savepoint.contains("ROLLBACK TO"));
    }

    #[test]
    fn rows_and_what_cannot_be_followed_are_within() {
        let mut transaction = transaction();
        assert!(transaction.begin().starts_with("BEGIN;\n"));
        assert_eq!(transaction.begin(), "");
        let opaque = Effect::Opaque(RelationName::new(None, "t"), "an INSERT … SELECT");
        assert_eq!(transaction.before(&opaque, b"").unwrap().before, "");
        assert!(transaction.finish().ends_with("\nCOMMIT;\n"));
    }

    #[test]
    fn a_password_is_a_definition_and_as_a_further_effect_nothing() {
        let password = Effect::Password("CREATE SUBSCRIPTION");
        let subscription = (Effect::NoTransaction, "CREATE SUBSCRIPTION s;");
        let out = run(&[
            subscription.clone(),
            (password.clone(), ""),
            subscription,
            (password, "CREATE ROLE r PASSWORD 'x';"),
        ]);
        let out = out.unwrap();
        let (_, begun) = out.split_once("BEGIN;\n").unwrap();
        assert_eq!(begun, "CREATE ROLE r PASSWORD 'x';\nCOMMIT;\n");
    }

    #[test]
    fn odd_statements_have_no_words() {
        for statement in ["", "--", "/*", "/* /* */", ";", "\u{e9}"] {
            assert_eq!(first_words(statement.as_bytes())[0], "");
        }
    }
}
