//! Generated scripts and rules of both dialects, compared with H2.
//!
//! `SCRUB_CASES=1000 cargo test --test it h2::generate` runs that many of each; a failure names its seed,
//! which `SCRUB_SEED=n` runs alone.
//!
//! Not generated, because H2 emulates them otherwise: texts that differ in trailing blanks or accents only,
//! `[…]` in LIKE, characters outside of the plane that Java counts as one.

use super::{Case, Kind, same_as_h2};
use crate::differential::{Choices, number};

const TEXTS: [&str; 22] = [
    "a",
    "A",
    "ab",
    "Ab c",
    "it's",
    "x;y",
    "-- no",
    "/* no",
    "q'[x]'",
    "50%",
    "a_b",
    "",
    "tab\there",
    "line\nGO\nend",
    "one\n/\ntwo",
    "]]",
    "\"quoted\"",
    "Zoë",
    "北京",
    "a@b.example",
    "R&D",
    "\\",
];
const PATTERNS: [&str; 6] = ["a%", "%b%", "%@b.example", "_b", "%", "x;_"];
const NUMBERS: [&str; 7] = ["0", "1", "-0.05", "12.5", "100", "9.99", "NULL"];
const MOMENTS: [&str; 3] = [
    "2020-01-02 03:04:05",
    "1999-12-31 00:00:00",
    "2024-02-29 23:59:59",
];

struct Maker {
    kind: Kind,
    choices: Choices,
}

impl Maker {
    fn mssql(&self) -> bool {
        self.kind == Kind::Mssql
    }

    fn text(&mut self) -> &'static str {
        self.choices.of(&TEXTS)
    }

    /// A text literal in one of its ways.
    fn literal(&mut self, text: &str) -> String {
        let quoted = |text: &str| text.replace('\'', "''");
        let way = self.choices.below(4);
        let half = text.char_indices().nth(1).map_or(0, |(at, _)| at);
        match way {
            0 if !self.mssql() && !text.is_empty() => format!("q'!{text}!'"),
            1 if half > 0 && self.mssql() => format!(
                "N'{}' + N'{}'",
                quoted(&text[..half]),
                quoted(&text[half..])
            ),
            1 if half > 0 => format!("'{}' || '{}'", quoted(&text[..half]), quoted(&text[half..])),
            2 if text.is_ascii() || !self.mssql() => format!("'{}'", quoted(text)),
            _ => format!("N'{}'", quoted(text)),
        }
    }

    /// A literal in a rule.
    fn plain(&mut self) -> String {
        let text = self.text().replace('\'', "''");
        format!("{}'{text}'", if self.mssql() { "N" } else { "" })
    }

    fn moment(&mut self) -> String {
        let moment = self.choices.of(&MOMENTS);
        match self.kind {
            Kind::Mssql => format!("CAST(N'{}.000' AS DateTime)", moment.replace(' ', "T")),
            Kind::Oracle => format!("to_date('{moment}','YYYY-MM-DD HH24:MI:SS')"),
        }
    }

    fn or_null(&mut self, made: String) -> String {
        if self.choices.one_in(5) {
            "NULL".to_owned()
        } else {
            made
        }
    }

    /// The rows of a table in one of the forms of an INSERT.
    fn rows(&mut self, table: &str, columns: &str, rows: &[String]) -> String {
        if rows.is_empty() {
            return String::new();
        }
        let head = if self.choices.one_in(2) {
            format!("{table} ({columns})")
        } else {
            table.to_owned()
        };
        let form = self.choices.below(3);
        let into = if self.mssql() && self.choices.one_in(2) {
            ""
        } else {
            "INTO "
        };
        let end = if self.mssql() { "\nGO" } else { ";" };
        match (form, self.kind) {
            (0, Kind::Mssql) => format!(
                "INSERT {into}{head} VALUES ({}){end}\n",
                rows.join("),\n  (")
            ),
            (0, Kind::Oracle) => {
                let rows: String = rows
                    .iter()
                    .map(|row| format!("  INTO {head} VALUES ({row})\n"))
                    .collect();
                format!("INSERT ALL\n{rows}SELECT * FROM dual;\n")
            }
            (1, kind) => {
                let from = if kind == Kind::Oracle {
                    " FROM dual"
                } else {
                    ""
                };
                let selects: Vec<_> = rows
                    .iter()
                    .map(|row| format!("SELECT {row}{from}"))
                    .collect();
                format!(
                    "INSERT {into}{head} {}{end}\n",
                    selects.join(" UNION ALL\n")
                )
            }
            _ => {
                let end = if self.mssql() { "\n" } else { ";\n" };
                let rows = rows
                    .iter()
                    .map(|row| format!("INSERT {into}{head} VALUES ({row}){end}"));
                let rows: String = rows.collect();
                format!("{rows}{}", if self.mssql() { "GO\n" } else { "" })
            }
        }
    }

    fn script(&mut self) -> String {
        let tables = match self.kind {
            Kind::Mssql => {
                "CREATE TABLE t (id int NOT NULL, a nvarchar(200) NULL, n decimal(10, 2) NULL, d datetime NULL, b bit NULL, k int NULL)\nGO\n\
                 CREATE TABLE u (id int NOT NULL, t int NULL, x nvarchar(max) NULL)\nGO\n"
            }
            Kind::Oracle => {
                "SET DEFINE OFF\nCREATE TABLE t (id NUMBER(6) NOT NULL, a VARCHAR2(200), n NUMBER(10,2), d DATE, b NUMBER(1), k NUMBER(6));\n\
                 CREATE TABLE u (id NUMBER(6) NOT NULL, t NUMBER(6), x VARCHAR2(400));\n"
            }
        };
        let (mut t, mut u) = (Vec::new(), Vec::new());
        for id in 1..=self.choices.below(8) {
            let text = self.text();
            let a = self.literal(text);
            let (a, d) = (self.or_null(a), self.moment());
            let (d, n, b) = (
                self.or_null(d),
                self.choices.of(&NUMBERS),
                self.choices.below(2),
            );
            let k = self.choices.below(9).to_string();
            t.push(format!("{id}, {a}, {n}, {d}, {b}, {}", self.or_null(k)));
        }
        for id in 1..=1 + self.choices.below(6) {
            let text = self.text();
            let (x, parent) = (self.literal(text), self.choices.below(9).to_string());
            u.push(format!(
                "{id}, {}, {}",
                self.or_null(parent),
                self.or_null(x)
            ));
        }
        let t = self.rows("t", "id, a, n, d, b, k", &t);
        let u = self.rows("u", "id, t, x", &u);
        let (first, last) = if self.choices.one_in(2) {
            (t, u)
        } else {
            (u, t)
        };
        format!("{tables}{first}{last}")
    }

    /// A condition on `t`, whose columns are behind `p`.
    fn condition(&mut self, p: &str, depth: usize) -> String {
        let id = 1 + self.choices.below(7);
        let (lit, pattern) = (self.plain(), self.choices.of(&PATTERNS));
        let n = self.choices.of(&NUMBERS[..6]);
        let date = if self.mssql() {
            "'2010-01-01'"
        } else {
            "DATE '2010-01-01'"
        };
        match self.choices.below(if depth > 0 { 21 } else { 16 }) {
            0 => format!("{p}id = {id}"),
            1 => format!("{p}id > {id}"),
            2 => format!("{p}id IN ({id}, 3)"),
            3 | 4 => format!("{p}a = {lit}"),
            5 => format!("{p}a <> {lit}"),
            6 => format!("{p}a LIKE '{pattern}'"),
            7 => format!("{p}a NOT LIKE '{pattern}'"),
            8 => format!("{p}a IS NULL"),
            9 => format!("{p}n >= {n}"),
            10 => format!("{p}n BETWEEN {n} AND 50"),
            11 => format!("{p}n IS NOT NULL"),
            12 => format!("{p}d < {date}"),
            13 => format!("{p}b = 1"),
            14 => format!("UPPER({p}a) = 'AB'"),
            15 => format!("COALESCE({p}a, 'none') = 'none'"),
            16 => format!("NOT ({})", self.condition(p, depth - 1)),
            17 => format!(
                "({} AND {})",
                self.condition(p, depth - 1),
                self.condition(p, depth - 1)
            ),
            18 => format!(
                "({} OR {})",
                self.condition(p, depth - 1),
                self.condition(p, depth - 1)
            ),
            19 => format!("{p}id IN (SELECT u.t FROM u WHERE u.x IS NOT NULL)"),
            _ => format!("{p}id NOT IN (SELECT u.t FROM u WHERE u.t > {id})"),
        }
    }

    fn assignment(&mut self) -> String {
        let lit = self.plain();
        let plus = if self.mssql() { "+" } else { "||" };
        let number = if self.mssql() {
            "CAST(id AS nvarchar(10))"
        } else {
            "CAST(id AS VARCHAR2(10))"
        };
        let part = if self.mssql() { "SUBSTRING" } else { "SUBSTR" };
        match self.choices.below(17) {
            0 => format!("a = {lit}"),
            1 => "a = NULL".to_owned(),
            2 => format!("a = a {plus} {lit}"),
            3 => "a = UPPER(a)".to_owned(),
            4 => "a = LOWER(a)".to_owned(),
            5 => format!("a = {number} {plus} {lit}"),
            6 => format!(
                "a = CASE WHEN {} THEN {lit} ELSE a END",
                self.condition("", 0)
            ),
            7 => format!("a = COALESCE(a, {lit})"),
            8 => format!("a = {part}(a, 1, 2)"),
            9 => "n = n * 2 + 1".to_owned(),
            10 => "n = -n".to_owned(),
            11 => "n = NULL".to_owned(),
            12 => "d = NULL".to_owned(),
            13 => {
                let moment = self.choices.of(&MOMENTS);
                let written = if self.mssql() { "" } else { "TIMESTAMP " };
                format!("d = {written}'{moment}'")
            }
            14 => "b = 0, k = id".to_owned(),
            15 => "a = (SELECT u.x FROM u WHERE u.id = t.k)".to_owned(),
            _ => "k = k + 1, n = k".to_owned(),
        }
    }

    fn rule(&mut self) -> String {
        let lit = self.plain();
        match self.choices.below(12) {
            0 | 1 => format!("DELETE FROM t WHERE {}", self.condition("", 2)),
            2..=5 => {
                let (assigned, test) = (self.assignment(), self.condition("", 2));
                if self.choices.one_in(5) {
                    format!("UPDATE t SET {assigned}")
                } else {
                    format!("UPDATE t SET {assigned} WHERE {test}")
                }
            }
            6 => format!(
                "DELETE FROM u WHERE u.t IN (SELECT t.id FROM t WHERE {})",
                self.condition("t.", 0)
            ),
            7 => format!(
                "UPDATE u SET x = (SELECT t.a FROM t WHERE t.id = u.t) WHERE u.id < {}",
                self.choices.below(7)
            ),
            8 => format!(
                "DELETE FROM u WHERE NOT EXISTS (SELECT 1 FROM t WHERE t.id = u.t AND {})",
                self.condition("t.", 0)
            ),
            9 => format!(
                "INSERT INTO u (id, t, x) VALUES ({}, 1, {lit})",
                50 + self.choices.below(40)
            ),
            10 => format!(
                "INSERT INTO u (id, t, x) SELECT t.id + 100, t.k, t.a FROM t WHERE {}",
                self.condition("t.", 1)
            ),
            _ if self.mssql() => format!(
                "UPDATE u SET x = t.a FROM t WHERE t.id = u.t AND {}",
                self.condition("t.", 0)
            ),
            _ => "UPDATE u SET x = x || '-' || t".to_owned(),
        }
    }
}

fn case(kind: Kind, seed: u64) -> Case {
    let mut maker = Maker {
        kind,
        choices: Choices::new(seed),
    };
    let script = maker.script();
    let mut rules = String::new();
    if kind == Kind::Oracle && maker.choices.one_in(4) {
        rules.push_str("ALTER SESSION SET NLS_COMP=LINGUISTIC NLS_SORT=BINARY_AI;\n");
    }
    for _ in 0..=maker.choices.below(4) {
        rules.push_str(&maker.rule());
        rules.push_str(";\n");
    }
    let name = format!("SCRUB_SEED={seed}");
    Case {
        piped: seed % 2 == 1,
        ..Case::new(&name, kind, script.as_bytes(), &rules)
    }
}

fn generated(kind: Kind) {
    let seeds = match number("SCRUB_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SCRUB_CASES").unwrap_or(60),
    };
    let cases: Vec<_> = seeds.map(|seed| case(kind, seed)).collect();
    for some in cases.chunks(100) {
        let Some(unchanged) = same_as_h2(some) else {
            return;
        };
        let few = unchanged.len() * 3 < some.len() || some.len() == 1;
        assert!(few, "rules that change nothing: {}", unchanged.len());
    }
}

#[test]
fn generated_scripts_of_sql_server() {
    generated(Kind::Mssql);
}

#[test]
fn generated_scripts_of_oracle() {
    generated(Kind::Oracle);
}
