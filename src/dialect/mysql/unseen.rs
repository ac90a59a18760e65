//! Ways by which a statement changes tables that it does not name: functions that write, and tables
//! whose rows are those of others (ENGINE=MERGE).
//!
//! A function is known by its name alone, whatever its database. In rows, whose cells may be cut anywhere, a
//! call is what looks like one, in a text too.

use crate::dialect::Effect;
use crate::dialect::script::tokens::Tokens;
use crate::schema::RelationName;
use regex::bytes::Regex;
use std::collections::{HashMap, HashSet};

/// What the script has defined so far.
#[derive(Debug, Default)]
pub struct Unseen {
    /// Functions whose bodies write and views that call them, in lower case. True: a view.
    writers: HashSet<(String, bool)>,
    /// What the other functions and views call and read; that may be defined later.
    others: HashMap<(String, bool), HashSet<(String, bool)>>,
    /// What a call of a writer looks like.
    call: Option<Regex>,
    /// MERGE tables with their members.
    unions: HashMap<RelationName, Vec<RelationName>>,
}

impl Unseen {
    /// Are the rows of this relation those of others?
    pub fn is_union(&self, relation: impl FnOnce() -> RelationName) -> bool {
        !self.unions.is_empty() && self.unions.contains_key(&relation())
    }

    /// Takes in what a statement defines, and adds the effects that it has on what it does not name.
    pub fn add(
        &mut self,
        t: Tokens<'_>,
        resolve: &dyn Fn(Vec<String>) -> RelationName,
        effects: &mut Vec<Effect>,
    ) {
        if let Some((name, body)) = function(t) {
            self.define((name.to_lowercase(), false), body, writes(body));
            return;
        }
        if let Some((name, body)) = view(t) {
            self.define((name.to_lowercase(), true), body, false);
            return;
        }
        if let Some((table, members)) = union(t, resolve) {
            self.unions.insert(table, members);
        }
        let of_members: Vec<_> = effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::Opaque(table, what) => Some((self.unions.get(table)?, *what)),
                _ => None,
            })
            .flat_map(|(members, what)| {
                members.iter().map(move |m| Effect::Opaque(m.clone(), what))
            })
            .collect();
        effects.extend(of_members);
        if !defines_only(t) && self.calls(t) {
            effects.insert(0, Effect::Anything("a stored function that writes"));
        }
    }

    /// A function or a view is defined. Whatever names a writer is one.
    fn define(&mut self, name: (String, bool), body: Tokens<'_>, writes: bool) {
        self.others.insert(name.clone(), named(body).collect());
        if writes {
            self.writers.insert(name);
        }
        loop {
            let known = self.writers.len();
            for (name, calls) in &self.others {
                if !calls.is_disjoint(&self.writers) {
                    self.writers.insert(name.clone());
                }
            }
            if known == self.writers.len() {
                break;
            }
        }
        let functions = self.writers.iter().filter(|(_, view)| !view);
        let names: Vec<_> = functions.map(|(name, _)| regex::escape(name)).collect();
        // A name too long for an expression is none that a server takes.
        let call = format!(
            r"(?i-u)(?:^|[^0-9a-z_$])(?:{})`?\s*(?:\(|$)",
            names.join("|")
        );
        self.call = Regex::new(&call).ok().filter(|_| !names.is_empty());
    }

    /// Where rows may call a function that writes.
    pub fn rows_call(&self, rows: &[u8]) -> Option<usize> {
        Some(self.call.as_ref()?.find(rows)?.start())
    }

    /// Is one of the functions that write called, or a view read that does?
    fn calls(&self, t: Tokens<'_>) -> bool {
        !self.writers.is_empty() && named(t).any(|name| self.writers.contains(&name))
    }
}

/// The names in a statement, in lower case: functions that it calls, and, true, views that it may read.
fn named(mut t: Tokens<'_>) -> impl Iterator<Item = (String, bool)> {
    std::iter::from_fn(move || {
        loop {
            if let Some(name) = t.next()?.name() {
                return Some((name.to_lowercase(), !t.at_mark(b'(')));
            }
        }
    })
}

/// Does the body of a function write?
fn writes(mut body: Tokens<'_>) -> bool {
    const WRITES: &[&str] = &["INSERT", "UPDATE", "DELETE", "REPLACE", "CALL", "LOAD"];
    while let Some(token) = body.next() {
        // INSERT() and REPLACE() compute.
        if WRITES.iter().any(|w| token.keyword(w)) && !body.at_mark(b'(') {
            return true;
        }
    }
    false
}

/// Does a statement keep the text of others without running it?
fn defines_only(mut t: Tokens<'_>) -> bool {
    let create = t.eat("CREATE");
    t.eat("OR REPLACE");
    t.eat("TEMPORARY");
    create && !t.at_keyword("TABLE")
}

/// The name of the function that is created, and what follows it.
fn function(mut t: Tokens<'_>) -> Option<(String, Tokens<'_>)> {
    t.eat("CREATE").then_some(())?;
    t.eat("OR REPLACE");
    if t.eat("DEFINER") {
        t.eat_mark(b'=');
        while !t.at_keyword("AGGREGATE") && !t.at_keyword("FUNCTION") {
            let token = t.next()?;
            let other = ["PROCEDURE", "TRIGGER", "VIEW", "EVENT", "SQL"];
            if other.iter().any(|word| token.keyword(word)) {
                return None;
            }
        }
    }
    t.eat("AGGREGATE");
    t.eat("FUNCTION").then_some(())?;
    t.eat("IF NOT EXISTS");
    Some((t.names()?.pop()?, t))
}

/// The name of the view that is created, and what follows it.
fn view(mut t: Tokens<'_>) -> Option<(String, Tokens<'_>)> {
    t.eat("CREATE").then_some(())?;
    while !t.eat("VIEW") {
        let token = t.next()?;
        let other = ["TABLE", "PROCEDURE", "TRIGGER", "EVENT", "SERVER", "INDEX"];
        if other.iter().any(|word| token.keyword(word)) {
            return None;
        }
    }
    t.eat("IF NOT EXISTS");
    Some((t.names()?.pop()?, t))
}

/// The MERGE table that is created or altered, and its members.
fn union(
    mut t: Tokens<'_>,
    resolve: &dyn Fn(Vec<String>) -> RelationName,
) -> Option<(RelationName, Vec<RelationName>)> {
    if !t.eat_any(&["CREATE", "ALTER"]) {
        return None;
    }
    t.eat("OR REPLACE");
    t.eat_any(&["TEMPORARY", "ONLINE", "IGNORE"]);
    t.eat("TABLE").then_some(())?;
    t.eat_any(&["IF NOT EXISTS", "IF EXISTS"]);
    let table = resolve(t.names()?);
    while let Some(token) = t.peek() {
        if token.keyword("SELECT") {
            return None;
        }
        if t.eat("UNION") {
            t.eat_mark(b'=');
            let range = t.group()?;
            let members = t.within(range);
            let names = members.list().into_iter();
            let names = names.filter_map(|part| members.within(part).names());
            return Some((table, names.map(resolve).collect()));
        }
        t.pass_over();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::script::tokens::{testing, tokens};

    #[test]
    fn what_changes_tables_that_are_not_named() {
        let grammar = testing::mysql();
        let name = |name: &str| RelationName::new(Some("shop"), name);
        let mut unseen = Unseen::default();
        let calls = || vec![Effect::Anything("a stored function that writes")];
        for (statement, opaque, expected) in [
            (
                "CREATE DEFINER=`a`@`b` FUNCTION `F`() RETURNS int BEGIN INSERT INTO t VALUES (1); RETURN 1; END",
                None,
                vec![],
            ),
            (
                "CREATE FUNCTION g(a text) RETURNS text RETURN REPLACE(INSERT(a, 1, 1, ''), 'x', 'y')",
                None,
                vec![],
            ),
            (
                "CREATE FUNCTION d.h() RETURNS int RETURN shop.f() + 1",
                None,
                vec![],
            ),
            ("SELECT g('f()'), f FROM t", None, vec![]),
            ("SELECT 1 + f ()", None, calls()),
            ("DO `shop`.`f`()", None, calls()),
            ("SET @x = h()", None, calls()),
            ("CREATE TABLE x AS SELECT h()", None, calls()),
            ("CREATE VIEW x AS SELECT h()", None, vec![]),
            ("SELECT * FROM x", None, calls()),
            (
                "CREATE FUNCTION early() RETURNS int RETURN late()",
                None,
                vec![],
            ),
            ("SELECT early()", None, vec![]),
            (
                "CREATE FUNCTION late() RETURNS int BEGIN DELETE FROM t; RETURN 1; END",
                None,
                vec![],
            ),
            ("SELECT early()", None, calls()),
            ("DROP FUNCTION f", None, vec![]),
            (
                "CREATE TABLE m (a int) ENGINE=MERGE UNION=(`t`,d.u) INSERT_METHOD=LAST",
                None,
                vec![],
            ),
            (
                "INSERT INTO m VALUES (1)",
                Some("m"),
                vec![
                    Effect::Opaque(name("m"), "x"),
                    Effect::Opaque(name("t"), "x"),
                    Effect::Opaque(name("u"), "x"),
                ],
            ),
            (
                "UPDATE t SET a = 1",
                Some("t"),
                vec![Effect::Opaque(name("t"), "x")],
            ),
        ] {
            let resolve = |mut parts: Vec<String>| name(&parts.pop().unwrap_or_default());
            let opaque = opaque.map(|table| Effect::Opaque(name(table), "x"));
            let mut effects: Vec<_> = opaque.into_iter().collect();
            let t = tokens(&grammar, statement.as_bytes());
            unseen.add(t, &resolve, &mut effects);
            assert_eq!(effects, expected, "{statement}");
        }
        for (rows, expected) in [
            (&b"(1,f()),(2,'x')"[..], true),
            (b"(1,`F` (2))", true),
            (b"(1,shop.early", true),
            (b"(1,'f'),(g(),myf(),f1())", false),
        ] {
            assert_eq!(unseen.rows_call(rows).is_some(), expected);
        }
        assert_eq!(Unseen::default().rows_call(b"(f())"), None);
        assert!(unseen.is_union(|| name("m")));
        assert!(!unseen.is_union(|| name("t")));
    }
}
