//! Ways by which a statement changes tables that it does not name: functions that write, and tables
//! whose rows are those of others (ENGINE=MERGE).
//!
//! A function is known by its name alone, whatever its database. Calls within the VALUES of an INSERT
//! are not looked for.

use crate::dialect::Effect;
use crate::dialect::script::tokens::Tokens;
use crate::schema::RelationName;
use std::collections::{HashMap, HashSet};

/// What the script has defined so far.
#[derive(Debug, Default)]
pub struct Unseen {
    /// Functions whose bodies write, in lower case.
    writers: HashSet<String>,
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
            if self.writes(body) {
                self.writers.insert(name.to_lowercase());
            }
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

    /// Does a function with this body write?
    fn writes(&self, mut body: Tokens<'_>) -> bool {
        const WRITES: &[&str] = &["INSERT", "UPDATE", "DELETE", "REPLACE", "CALL", "LOAD"];
        let called = self.calls(body);
        // INSERT() and REPLACE() compute.
        let mut writes = || {
            while let Some(token) = body.next() {
                if WRITES.iter().any(|w| token.keyword(w)) && !body.at_mark(b'(') {
                    return true;
                }
            }
            false
        };
        called || writes()
    }

    /// Is one of the functions that write called?
    fn calls(&self, mut t: Tokens<'_>) -> bool {
        if self.writers.is_empty() {
            return false;
        }
        while let Some(token) = t.next() {
            let name = token.name().filter(|_| t.at_mark(b'('));
            if name.is_some_and(|name| self.writers.contains(&name.to_lowercase())) {
                return true;
            }
        }
        false
    }
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
        assert!(unseen.is_union(|| name("m")));
        assert!(!unseen.is_union(|| name("t")));
    }
}
