//! Conditions, subqueries and values.

use super::{Maker, Named, fitting, literal};
use crate::differential::multi::schema::{Column, Family, Table};

impl<'c> Maker<'c> {
    /// A condition on one table's row alone.
    pub(super) fn own(&mut self, of: &Named<'c>, qualified: bool) -> String {
        let family = self.choices.of(&[
            Family::Number,
            Family::Number,
            Family::Text,
            Family::Flag,
            Family::Day,
        ]);
        let column = match self.of_family(of.table, family) {
            Some(column) => column,
            None => self
                .of_family(of.table, Family::Number)
                .expect("link is everywhere"),
        };
        let name = if qualified {
            of.of(column)
        } else {
            column.name.clone()
        };
        let value = literal(column.family, self.choices);
        match (column.family, self.choices.below(6)) {
            (_, 0) => format!("{name} IS NOT NULL"),
            (_, 1) => format!("{name} IS NULL"),
            (Family::Flag, _) => name,
            (Family::Text, 2) => format!("{name} <> {value}"),
            (Family::Text, 3) => format!("{name} LIKE '%e%'"),
            (_, 2) => format!("{name} > {value}"),
            (_, 3) => format!("{name} <> {value}"),
            (Family::Number, 4) => format!("{name} BETWEEN 2 AND 6"),
            (_, 4) => format!(
                "{name} IN ({value}, {})",
                literal(column.family, self.choices)
            ),
            (Family::Number, _) => format!("{name} < {value}"),
            (_, _) => format!("{name} = {value}"),
        }
    }

    /// `WHERE` with a condition on the one table, or nothing.
    pub(super) fn filter(&mut self, of: &Named<'c>) -> String {
        match self.choices.below(3) {
            0 => String::new(),
            1 => format!(" WHERE {}", self.own(of, true)),
            _ => format!(" WHERE {}", self.own(of, false)),
        }
    }

    /// A condition on a row of `t` that looks at rows of some tables.
    pub(super) fn predicate(&mut self, t: &Named<'c>, depth: usize) -> String {
        if depth > 0 && self.choices.one_in(4) {
            let (a, b) = (self.predicate(t, depth - 1), self.predicate(t, depth - 1));
            return match self.choices.below(3) {
                0 => format!("({a} AND {b})"),
                1 => format!("({a} OR {b})"),
                _ => format!("NOT ({a})"),
            };
        }
        if self.choices.one_in(6) {
            return self.own(t, true);
        }
        let table = self.table();
        self.subquery_over(table, t)
    }

    pub(super) fn not(&mut self) -> &'static str {
        self.choices.pick(&["", "", "NOT "])
    }

    /// A condition with a subquery over `table`.
    pub(super) fn subquery_over(&mut self, table: &'c Table, t: &Named<'c>) -> String {
        let u = self.named(table);
        let (a, b) = self.pair(t.table, table);
        let (name, alias, not) = (self.name(table), u.alias.clone(), self.not());
        let (left, right) = (t.of(a), u.of(b));
        match self.choices.below(if self.bare { 6 } else { 17 }) {
            0 | 1 => {
                let filter = self.filter(&u);
                format!(
                    "{left} {not}IN (SELECT {} FROM {name} {alias}{filter})",
                    b.name
                )
            }
            2 | 3 => {
                let and = match self.choices.one_in(2) {
                    true => format!(" AND {}", self.own(&u, true)),
                    false => String::new(),
                };
                format!("{not}EXISTS (SELECT 1 FROM {name} {alias} WHERE {right} = {left}{and})")
            }
            4 => {
                let filter = self.filter(&u);
                let compare = self.choices.pick(&["=", "<", ">=", "<>"]);
                let aggregate = self.choices.pick(&["max", "min"]);
                format!(
                    "{left} {compare} (SELECT {aggregate}({right}) FROM {name} {alias}{filter})"
                )
            }
            5 => {
                let many = self.choices.below(3);
                format!("(SELECT count(*) FROM {name} {alias} WHERE {right} = {left}) > {many}")
            }
            6 => {
                let (from, v) = self.joined(&u);
                let and = match self.choices.one_in(2) {
                    true => format!(" WHERE {}", self.own(&v, true)),
                    false => String::new(),
                };
                format!("{left} {not}IN (SELECT {right} FROM {from}{and})")
            }
            7 => {
                let condition = self.predicate(&u, 0);
                format!("{left} {not}IN (SELECT {right} FROM {name} {alias} WHERE {condition})")
            }
            8 => {
                let compare = self.choices.pick(&["<", ">", "<>"]);
                format!("{not}EXISTS (SELECT * FROM {name} {alias} WHERE {right} {compare} {left})")
            }
            9 => {
                let (c, d) = self.pair(t.table, table);
                let filter = self.filter(&u);
                format!(
                    "({left}, {}) {not}IN (SELECT {right}, {} FROM {name} {alias}{filter})",
                    t.of(c),
                    u.of(d)
                )
            }
            10 => {
                let many = self.choices.below(3);
                let filter = self.filter(&u);
                format!(
                    "{left} {not}IN (SELECT {right} FROM {name} {alias}{filter} GROUP BY {right} HAVING count(*) > {many})"
                )
            }
            11 => {
                let by = self.of_family(table, Family::Text).expect("word");
                format!(
                    "{left} {not}IN (SELECT max({right}) FROM {name} {alias} GROUP BY {})",
                    u.of(by)
                )
            }
            12 => format!(
                "{left} {not}IN (SELECT s.k FROM (SELECT {right} AS k, count(*) AS c FROM {name} {alias} GROUP BY {right}) s WHERE s.c > 1)"
            ),
            13 => {
                let v = self.table();
                let v = self.named(v);
                let (c, d) = self.pair(table, v.table);
                let (e, f) = self.pair(t.table, v.table);
                format!(
                    "{not}EXISTS (SELECT 1 FROM {name} {alias} WHERE {right} = {left} AND EXISTS (SELECT 1 FROM {} {} WHERE {} = {} AND {} = {}))",
                    self.name(v.table),
                    v.alias,
                    v.of(d),
                    u.of(c),
                    v.of(f),
                    t.of(e)
                )
            }
            14 => {
                let filter = self.filter(&u);
                let defined = format!("w{}", self.with.len());
                self.with.push(format!(
                    "{defined} AS (SELECT {right} AS k FROM {name} {alias}{filter})"
                ));
                match self.choices.one_in(2) {
                    true => format!("{left} {not}IN (SELECT k FROM {defined})"),
                    false => {
                        format!("{not}EXISTS (SELECT 1 FROM {defined} WHERE {defined}.k = {left})")
                    }
                }
            }
            15 => {
                let value = self.scalar(t, a.family);
                format!("{left} = {value}")
            }
            _ => format!(
                "{not}EXISTS (SELECT 1 FROM {name} {alias} WHERE {right} = {left} GROUP BY {right} HAVING count(*) > {})",
                self.choices.below(2)
            ),
        }
    }

    /// A join of a table with another, and the other one.
    pub(super) fn joined(&mut self, u: &Named<'c>) -> (String, Named<'c>) {
        let v = self.table();
        let v = self.named(v);
        let (c, d) = self.pair(u.table, v.table);
        let how = self.choices.pick(&["JOIN", "LEFT JOIN", "INNER JOIN"]);
        let and = match self.choices.one_in(3) {
            true => format!(" AND {}", self.own(&v, true)),
            false => String::new(),
        };
        let mut from = format!(
            "{} {} {how} {} {} ON {} = {}{and}",
            self.name(u.table),
            u.alias,
            self.name(v.table),
            v.alias,
            u.of(c),
            v.of(d)
        );
        if self.choices.one_in(4) {
            let w = self.table();
            let w = self.named(w);
            let (e, f) = self.pair(v.table, w.table);
            let name = self.name(w.table);
            from = format!(
                "{from} LEFT JOIN {name} {} ON {} = {}",
                w.alias,
                w.of(f),
                v.of(e)
            );
        }
        (from, v)
    }

    /// A scalar subquery of a family, about a row of `t`.
    pub(super) fn scalar(&mut self, t: &Named<'c>, family: Family) -> String {
        let table = self.table();
        let u = self.named(table);
        let Some(item) = self.of_family(table, family) else {
            return literal(family, self.choices);
        };
        let (a, b) = self.pair(t.table, table);
        let (name, alias) = (self.name(table), &u.alias);
        let (item, left, right) = (u.of(item), t.of(a), u.of(b));
        let aggregate = match family {
            Family::Flag => self.choices.pick(&["bool_or", "bool_and"]),
            _ => self.choices.pick(&["max", "min"]),
        };
        match self.choices.below(10) {
            // By a key: one row at most.
            0..=3 if table.key().count() == 1 => {
                let key = table.key().next().expect("a key");
                match self.of_family(t.table, key.family) {
                    Some(by) => format!(
                        "(SELECT {item} FROM {name} {alias} WHERE {} = {})",
                        u.of(key),
                        t.of(by)
                    ),
                    None => format!("(SELECT {aggregate}({item}) FROM {name} {alias})"),
                }
            }
            4 => {
                let filter = self.filter(&u);
                format!("(SELECT {aggregate}({item}) FROM {name} {alias}{filter})")
            }
            5 => {
                let keys: Vec<String> = table.key().map(|key| u.of(key)).collect();
                let order = keys.join(", ");
                format!(
                    "(SELECT {item} FROM {name} {alias} WHERE {right} = {left} ORDER BY {order} LIMIT 1)"
                )
            }
            6 if family == Family::Number => {
                format!("(SELECT count(*) FROM {name} {alias} WHERE {right} = {left})")
            }
            // Often several rows: then everything stops.
            7 if self.choices.one_in(4) => {
                format!("(SELECT {item} FROM {name} {alias} WHERE {right} = {left})")
            }
            8 => {
                let (from, v) = self.joined(&u);
                match self.of_family(v.table, family) {
                    Some(other) => format!(
                        "(SELECT {aggregate}({}) FROM {from} WHERE {right} = {left})",
                        v.of(other)
                    ),
                    None => format!("(SELECT {aggregate}({item}) FROM {from})"),
                }
            }
            _ => format!("(SELECT {aggregate}({item}) FROM {name} {alias} WHERE {right} = {left})"),
        }
    }

    /// A value for a column, which may be of another row.
    pub(super) fn value(&mut self, t: &Named<'c>, column: &Column) -> String {
        let scalar = self.scalar(t, column.family);
        let literal = literal(column.family, self.choices);
        let name = t.of(column);
        let value = match self.choices.below(5) {
            0 => format!(
                "CASE WHEN {} THEN {literal} ELSE {name} END",
                self.predicate(t, 0)
            ),
            1 => format!("coalesce({name}, {scalar})"),
            2 if column.family == Family::Text => format!("left({scalar} || {name}, 6)"),
            2 if column.family == Family::Number => format!("{scalar} + 1"),
            _ => scalar,
        };
        fitting(column, value)
    }
}
