//! Generated statements that look at other rows.

use super::schema::{Column, Family, Role, Table, plain_value};
use crate::differential::Choices;

/// A rulebook: as scrub reads it, and as psql does, which knows no schemas by themselves.
#[derive(Debug, Default)]
pub struct Rules {
    pub scrub: String,
    pub psql: String,
}

struct Maker<'c> {
    tables: &'c [Table],
    target: &'c [Table],
    choices: &'c mut Choices,
    /// What WITH defines for the statement at hand.
    with: Vec<String>,
    aliases: usize,
    /// Names without schema, for the tables at these places.
    bare: bool,
    /// How many rows were inserted so far, for keys that are new.
    inserted: usize,
}

/// A table under a name that its columns are qualified with.
#[derive(Clone)]
struct Named<'c> {
    table: &'c Table,
    alias: String,
}

impl Named<'_> {
    fn of(&self, column: &Column) -> String {
        format!("{}.{}", self.alias, column.name)
    }
}

pub fn generate(tables: &[Table], target: &[Table], choices: &mut Choices) -> Rules {
    let mut maker = Maker {
        tables,
        target,
        choices,
        with: Vec::new(),
        aliases: 0,
        bare: false,
        inserted: 0,
    };
    let mut rules = Rules::default();
    for number in 0..2 + maker.choices.below(6) {
        maker.statement(number, &mut rules);
    }
    rules
}

impl<'c> Maker<'c> {
    fn statement(&mut self, number: usize, rules: &mut Rules) {
        self.with.clear();
        self.aliases = 0;
        let twins: Vec<&'c Table> = self.tables.iter().filter(|t| self.is_twin(t)).collect();
        if !twins.is_empty() && self.choices.one_in(3) {
            return self.unqualified(&twins, rules);
        }
        let (test, statement) = self.one();
        let directives = match test {
            true => format!("-- name: test-{number} :test\n"),
            false if self.choices.one_in(3) => format!("-- name: rule-{number}\n"),
            false => String::new(),
        };
        let end = if statement.ends_with("\\gexec") {
            "\n"
        } else {
            ";\n"
        };
        let with = match self.with.is_empty() {
            true => String::new(),
            false => format!("WITH {} ", self.with.join(", ")),
        };
        rules
            .scrub
            .push_str(&format!("{directives}{with}{statement}{end}"));
        rules.psql.push_str(&format!("{with}{statement}{end}"));
    }

    fn is_twin(&self, table: &Table) -> bool {
        self.tables.iter().filter(|t| t.bare == table.bare).count() > 1
    }

    /// A statement over names that several schemas have: it runs in each that has them all.
    fn unqualified(&mut self, twins: &[&'c Table], rules: &mut Rules) {
        self.bare = true;
        let table = twins[self.choices.below(twins.len())];
        let own = self.tables.iter().filter(|t| t.schema == table.schema);
        let own: Vec<&'c Table> = own.collect();
        let other = own[self.choices.below(own.len())];
        let t = self.named(table);
        let inner = self.subquery_over(other, &t);
        let statement = match self.choices.below(3) {
            0 => {
                let (name, alias) = (self.name(table), &t.alias);
                format!("DELETE FROM {name} AS {alias} WHERE {inner}")
            }
            1 => {
                let name = self.name(table);
                format!("SELECT count(*) FROM {name} AS {} WHERE {inner}", t.alias)
            }
            _ => {
                let column = self.plain(table);
                let value = literal(column.family, self.choices);
                format!(
                    "UPDATE {} AS {} SET {} = {value} WHERE {inner}",
                    self.name(table),
                    t.alias,
                    column.name
                )
            }
        };
        self.bare = false;
        rules.scrub.push_str(&format!("{statement};\n"));
        let mut schemas: Vec<&str> = self.tables.iter().map(|t| t.schema.as_str()).collect();
        schemas.sort_unstable();
        schemas.dedup();
        for schema in schemas {
            let has = |bare: &str| {
                self.tables
                    .iter()
                    .any(|t| t.schema == schema && t.bare == bare)
            };
            if has(&table.bare) && has(&other.bare) {
                rules.psql.push_str(&format!(
                    "SET search_path = {schema};\n{statement};\nSET search_path = '';\n"
                ));
            }
        }
    }

    fn name(&self, table: &Table) -> String {
        match self.bare {
            true => table.bare.clone(),
            false => table.name(),
        }
    }

    fn table(&mut self) -> &'c Table {
        &self.tables[self.choices.below(self.tables.len())]
    }

    fn named(&mut self, table: &'c Table) -> Named<'c> {
        self.aliases += 1;
        let alias = format!("{}{}", self.choices.pick(&["t", "u", "x"]), self.aliases);
        Named { table, alias }
    }

    /// A column that may be set: no key.
    fn plain(&mut self, table: &'c Table) -> &'c Column {
        let plain = table.columns.iter().filter(|c| c.role == Role::Plain);
        let plain: Vec<&Column> = plain.collect();
        plain[self.choices.below(plain.len())]
    }

    fn of_family(&mut self, table: &'c Table, family: Family) -> Option<&'c Column> {
        let fitting = table.columns.iter().filter(|c| c.family == family);
        let fitting: Vec<&Column> = fitting.collect();
        if fitting.is_empty() {
            return None;
        }
        Some(fitting[self.choices.below(fitting.len())])
    }

    /// A column of each that can be compared; likely one that references the other.
    fn pair(&mut self, a: &'c Table, b: &'c Table) -> (&'c Column, &'c Column) {
        for (child, parent, turned) in [(a, b, false), (b, a, true)] {
            let foreign = child.foreign.iter().find(|f| {
                let table = &self.tables[f.parent];
                std::ptr::eq(table, parent) && f.columns.len() == 1
            });
            if let Some(foreign) = foreign
                && !self.choices.one_in(3)
            {
                let pair = (
                    child.column(&foreign.columns[0]),
                    parent.column(&foreign.parent_columns[0]),
                );
                return if turned { (pair.1, pair.0) } else { pair };
            }
        }
        let family = self
            .choices
            .of(&[Family::Number, Family::Number, Family::Text]);
        let family = if family == Family::Text {
            Family::Text
        } else {
            Family::Number
        };
        let left = self
            .of_family(a, family)
            .expect("link and word are everywhere");
        let right = self
            .of_family(b, family)
            .expect("link and word are everywhere");
        (left, right)
    }

    /// A condition on one table's row alone.
    fn own(&mut self, of: &Named<'c>, qualified: bool) -> String {
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
    fn filter(&mut self, of: &Named<'c>) -> String {
        match self.choices.below(3) {
            0 => String::new(),
            1 => format!(" WHERE {}", self.own(of, true)),
            _ => format!(" WHERE {}", self.own(of, false)),
        }
    }

    /// A condition on a row of `t` that looks at rows of some tables.
    fn predicate(&mut self, t: &Named<'c>, depth: usize) -> String {
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

    fn not(&mut self) -> &'static str {
        self.choices.pick(&["", "", "NOT "])
    }

    /// A condition with a subquery over `table`.
    fn subquery_over(&mut self, table: &'c Table, t: &Named<'c>) -> String {
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
    fn joined(&mut self, u: &Named<'c>) -> (String, Named<'c>) {
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
    fn scalar(&mut self, t: &Named<'c>, family: Family) -> String {
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
    fn value(&mut self, t: &Named<'c>, column: &Column) -> String {
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

    /// A new value for a foreign key of one column: a key that is there, or NULL.
    fn moved(&mut self, table: &'c Table) -> Option<String> {
        let single = table.foreign.iter().filter(|f| f.columns.len() == 1);
        let single: Vec<_> = single.collect();
        if single.is_empty() {
            return None;
        }
        let foreign = single[self.choices.below(single.len())];
        let parent = &self.tables[foreign.parent];
        let (column, key) = (&foreign.columns[0], &foreign.parent_columns[0]);
        let aggregate = self.choices.pick(&["min", "max"]);
        Some(match self.choices.below(3) {
            0 => format!("{column} = NULL"),
            _ => format!(
                "{column} = (SELECT {aggregate}(p.{key}) FROM {} p)",
                parent.name()
            ),
        })
    }

    fn one(&mut self) -> (bool, String) {
        let table = self.table();
        let statement = match self.choices.below(32) {
            0..=6 => self.update(table),
            7..=9 => self.update_from(table),
            10..=13 => self.delete(table),
            14 | 15 => self.delete_using(table),
            16..=18 => self.insert_select(table),
            19 => self.insert_values(table),
            20 | 21 => return (false, self.generated(table)),
            22 | 23 => match self.by_target() {
                Some(statement) => statement,
                None => self.update(table),
            },
            24 => {
                let t = self.named(table);
                // A test that no row can fail: the subquery is of its own key.
                let key = table.key().next().expect("a key").name.clone();
                let (name, alias) = (table.name(), &t.alias);
                let statement = format!(
                    "SELECT {alias}.{key} FROM {name} {alias} WHERE NOT EXISTS (SELECT 1 FROM {name} o WHERE o.{key} = {alias}.{key})"
                );
                return (true, statement);
            }
            25 => {
                let one = self.tables.iter().filter(|t| {
                    !self.tables.iter().any(|other| {
                        other
                            .foreign
                            .iter()
                            .any(|f| std::ptr::eq(&self.tables[f.parent], *t))
                    })
                });
                let one: Vec<_> = one.collect();
                match one.is_empty() {
                    true => self.delete(table),
                    false => format!("TRUNCATE {}", one[self.choices.below(one.len())].name()),
                }
            }
            26 => match self.keyed(table) {
                Some(statement) => statement,
                None => self.update(table),
            },
            _ => self.select(table),
        };
        (false, statement)
    }

    fn update(&mut self, table: &'c Table) -> String {
        let t = self.named(table);
        let mut set = Vec::new();
        if self.choices.one_in(6) {
            set.extend(self.moved(table));
        }
        for _ in 0..1 + self.choices.below(2) {
            let column = self.plain(table);
            if !set
                .iter()
                .any(|s: &String| s.starts_with(&format!("{} =", column.name)))
            {
                set.push(format!("{} = {}", column.name, self.value(&t, column)));
            }
        }
        let filter = match self.choices.one_in(4) {
            true => String::new(),
            false => format!(" WHERE {}", self.predicate(&t, 1)),
        };
        format!(
            "UPDATE {} AS {} SET {}{filter}",
            table.name(),
            t.alias,
            set.join(", ")
        )
    }

    /// New keys, which foreign keys follow.
    fn keyed(&mut self, table: &'c Table) -> Option<String> {
        if !table.counts() || table.columns[0].sql == "smallint" {
            return None;
        }
        let t = self.named(table);
        let condition = self.predicate(&t, 1);
        Some(format!(
            "UPDATE {} {} SET id = id + 100 WHERE {condition} AND id < 100",
            table.name(),
            t.alias
        ))
    }

    /// `UPDATE … FROM` where each row meets one row at most.
    fn update_from(&mut self, table: &'c Table) -> String {
        let t = self.named(table);
        let other = self.table();
        let u = self.named(other);
        let column = self.plain(table);
        let key = other.key().next().expect("a key");
        let by = self
            .of_family(table, key.family)
            .expect("link and word are everywhere");
        let keys = other.key().count();
        let source = self.of_family(other, column.family);
        let unique = keys == 1 && source.is_some() && !self.choices.one_in(3);
        let and = match self.choices.one_in(2) {
            true => format!(" AND {}", self.own(&t, true)),
            false => String::new(),
        };
        if let (true, Some(source)) = (unique, source) {
            let value = match self.choices.one_in(3) {
                true => fitting(
                    column,
                    format!("coalesce({}, {})", u.of(source), t.of(column)),
                ),
                false => fitting(column, u.of(source)),
            };
            let and = match self.choices.one_in(2) {
                true => format!("{and} AND {}", self.own(&u, true)),
                false => and,
            };
            // A third table that is met by its key as well.
            if self.choices.one_in(3) {
                let third = self.table();
                let v = self.named(third);
                let key_of_v = third.key().next().expect("a key");
                if third.key().count() == 1
                    && let Some(to) = self.of_family(other, key_of_v.family)
                {
                    let how = self.choices.pick(&["JOIN", "LEFT JOIN"]);
                    return format!(
                        "UPDATE {} AS {} SET {} = {value} FROM {} {} {how} {} {} ON {} = {} WHERE {} = {}{and}",
                        table.name(),
                        t.alias,
                        column.name,
                        other.name(),
                        u.alias,
                        third.name(),
                        v.alias,
                        v.of(key_of_v),
                        u.of(to),
                        u.of(key),
                        t.of(by)
                    );
                }
            }
            return format!(
                "UPDATE {} AS {} SET {} = {value} FROM {} AS {} WHERE {} = {}{and}",
                table.name(),
                t.alias,
                column.name,
                other.name(),
                u.alias,
                u.of(key),
                t.of(by)
            );
        }
        let (a, b) = self.pair(table, other);
        let value = match column.family {
            Family::Number => "s.c".to_owned(),
            Family::Text => fitting(column, "'n' || s.c".to_owned()),
            family => literal(family, self.choices),
        };
        format!(
            "UPDATE {} AS {} SET {} = {value} FROM (SELECT {} AS k, count(*) AS c FROM {} {} GROUP BY {}) s WHERE s.k = {}{and}",
            table.name(),
            t.alias,
            column.name,
            u.of(b),
            other.name(),
            u.alias,
            u.of(b),
            t.of(a)
        )
    }

    fn delete(&mut self, table: &'c Table) -> String {
        let t = self.named(table);
        format!(
            "DELETE FROM {} AS {} WHERE {}",
            table.name(),
            t.alias,
            self.predicate(&t, 1)
        )
    }

    fn delete_using(&mut self, table: &'c Table) -> String {
        let t = self.named(table);
        let other = self.table();
        let u = self.named(other);
        let (a, b) = self.pair(table, other);
        let and = match self.choices.below(3) {
            0 => format!(" AND {}", self.own(&u, true)),
            1 => format!(" AND {}", self.predicate(&t, 0)),
            _ => String::new(),
        };
        let (using, _) = match self.choices.one_in(3) {
            true => self.joined(&u),
            false => (format!("{} {}", other.name(), u.alias), u.clone()),
        };
        format!(
            "DELETE FROM {} AS {} USING {using} WHERE {} = {}{and}",
            table.name(),
            t.alias,
            t.of(a),
            u.of(b)
        )
    }

    /// The columns of an INSERT and how a row of `u` fills them. References stay NULL.
    fn filled(&mut self, table: &'c Table, u: &Named<'c>) -> Option<(Vec<String>, Vec<String>)> {
        if !u.table.counts() {
            return None;
        }
        self.inserted += 1;
        let (mut names, mut values) = (Vec::new(), Vec::new());
        let key = u.of(u.table.key().next().expect("a key"));
        for column in &table.columns {
            let value = match (column.role, column.family) {
                (Role::Reference, _) => continue,
                (Role::Key, Family::Number) => format!("{key} + {}", 200 * self.inserted),
                (Role::Key, _) if column.name == "part" => "'a'".to_owned(),
                (Role::Key | Role::Code, _) => format!("'n{}_' || {key}", self.inserted),
                (Role::Plain, family) => {
                    if !column.not_null && self.choices.one_in(3) {
                        continue;
                    }
                    match self.choices.below(3) {
                        0 => self
                            .value(u, column)
                            .replace(&u.of(column), &literal(family, self.choices)),
                        1 => literal(family, self.choices),
                        _ => match self.of_family(u.table, family) {
                            Some(source) => fitting(column, u.of(source)),
                            None => literal(family, self.choices),
                        },
                    }
                }
            };
            names.push(column.name.clone());
            values.push(value);
        }
        Some((names, values))
    }

    fn insert_select(&mut self, table: &'c Table) -> String {
        let other = self.table();
        let u = self.named(other);
        let Some((names, values)) = self.filled(table, &u) else {
            return self.update(table);
        };
        let condition = match self.choices.below(3) {
            0 => String::new(),
            1 => self.filter(&u),
            _ => format!(" WHERE {}", self.predicate(&u, 0)),
        };
        let conflict = match self.choices.below(5) {
            0 => self.conflict(table),
            _ => String::new(),
        };
        format!(
            "INSERT INTO {} ({}) SELECT {} FROM {} {}{condition}{conflict}",
            table.name(),
            names.join(", "),
            values.join(", "),
            other.name(),
            u.alias
        )
    }

    /// What happens to a row that is there.
    fn conflict(&mut self, table: &'c Table) -> String {
        let keys: Vec<&str> = table.key().map(|c| c.name.as_str()).collect();
        let other = self.table();
        let name = other.name();
        let action = match self.choices.below(4) {
            0 => "NOTHING".to_owned(),
            1 => "UPDATE SET word = excluded.word".to_owned(),
            2 => format!("UPDATE SET link = (SELECT count(*) FROM {name})"),
            _ => format!(
                "UPDATE SET word = (SELECT min(o.word) FROM {name} o WHERE o.link = excluded.link) WHERE {}.link IS NOT NULL",
                table.bare
            ),
        };
        format!(" ON CONFLICT ({}) DO {action}", keys.join(", "))
    }

    fn insert_values(&mut self, table: &'c Table) -> String {
        self.inserted += 1;
        let (mut names, mut values) = (Vec::new(), Vec::new());
        for column in &table.columns {
            let value = match (column.role, column.family) {
                (Role::Reference, _) => continue,
                // Some of these keys are there already.
                (Role::Key, Family::Number) => match self.choices.one_in(2) {
                    true => "2".to_owned(),
                    false => (3000 + self.inserted).to_string(),
                },
                (Role::Key, _) if column.name == "part" => "'a'".to_owned(),
                (Role::Key, _) => "'k1'".to_owned(),
                (Role::Code, _) => continue,
                (Role::Plain, family) => {
                    let other = self.table();
                    let name = other.name();
                    match self.of_family(other, family) {
                        Some(source) if family != Family::Flag && self.choices.one_in(2) => {
                            let max = format!("(SELECT max({}) FROM {name})", source.name);
                            fitting(column, max)
                        }
                        _ => literal(family, self.choices),
                    }
                }
            };
            names.push(column.name.clone());
            values.push(value);
        }
        let conflict = self.conflict(table);
        format!(
            "INSERT INTO {} ({}) VALUES ({}){conflict}",
            table.name(),
            names.join(", "),
            values.join(", ")
        )
    }

    /// `\gexec`: statements that are made of data.
    fn generated(&mut self, table: &'c Table) -> String {
        let other = self.table();
        let u = self.named(other);
        let filter = self.filter(&u);
        let (name, from, alias) = (table.name(), other.name(), &u.alias);
        let third = self.table().name();
        let plain = self.plain(table);
        let quoted = literal(plain.family, self.choices).replace('\'', "''");
        let text = match self.choices.below(4) {
            0 if other.counts() => format!(
                "SELECT 'UPDATE {name} SET {} = {quoted} WHERE link = ' || {alias}.id FROM {from} {alias}{filter}",
                plain.name
            ),
            1 => format!(
                "SELECT 'DELETE FROM ' || CASE WHEN max({alias}.n) > 6 THEN '{name}' ELSE '{third}' END || ' WHERE link = 3' FROM {from} {alias}{filter}"
            ),
            2 => format!(
                "SELECT DISTINCT 'DELETE FROM {name} WHERE word = ''' || {alias}.word || '''' FROM {from} {alias}{filter}"
            ),
            _ => format!(
                "SELECT 'UPDATE {name} SET {} = {quoted} WHERE link IN (SELECT link FROM {third} WHERE n > ' || {alias}.n || ')' FROM {from} {alias} WHERE {alias}.n IS NOT NULL AND {alias}.link = 2",
                plain.name
            ),
        };
        format!("{text} \\gexec")
    }

    /// Rows of the target environment.
    fn by_target(&mut self) -> Option<String> {
        let at = self.choices.below(self.target.len().max(1));
        let of = self.target.get(at)?;
        let name = format!("target.{}", of.bare);
        let table = self.tables.iter().find(|t| t.bare == of.bare)?;
        let t = self.named(table);
        let key = of.key().next().expect("a key").name.clone();
        Some(match self.choices.below(4) {
            0 => format!(
                "UPDATE {} AS {a} SET word = (SELECT max(o.word) FROM {name} o WHERE o.{key} = {a}.{key})",
                table.name(),
                a = t.alias
            ),
            1 => format!(
                "DELETE FROM {} AS {a} WHERE {a}.{key} NOT IN (SELECT {key} FROM {name})",
                table.name(),
                a = t.alias
            ),
            _ => {
                let names: Vec<&str> = table
                    .columns
                    .iter()
                    .filter(|c| !matches!(c.role, Role::Reference | Role::Code))
                    .map(|c| c.name.as_str())
                    .collect();
                let keys: Vec<&str> = table.key().map(|c| c.name.as_str()).collect();
                let list = names.join(", ");
                format!(
                    "INSERT INTO {} ({list}) SELECT {list} FROM {name} ON CONFLICT ({}) DO UPDATE SET word = excluded.word",
                    table.name(),
                    keys.join(", ")
                )
            }
        })
    }

    fn select(&mut self, table: &'c Table) -> String {
        let t = self.named(table);
        match self.choices.below(4) {
            0 => {
                let (from, v) = self.joined(&t);
                let other = self.of_family(v.table, Family::Number).expect("link");
                format!(
                    "SELECT {}, count(*), count({}) FROM {from} GROUP BY {}",
                    t.of(table.column("word")),
                    v.of(other),
                    t.of(table.column("word"))
                )
            }
            1 => format!(
                "SELECT count(*) FROM {} {} WHERE {}",
                table.name(),
                t.alias,
                self.predicate(&t, 1)
            ),
            2 => {
                let value = self.scalar(&t, Family::Number);
                let keys: Vec<String> = table.key().map(|key| t.of(key)).collect();
                format!(
                    "SELECT {}, {value} FROM {} {}",
                    keys.join(", "),
                    table.name(),
                    t.alias
                )
            }
            _ => {
                let value = self.scalar(&t, Family::Text);
                format!(
                    "SELECT count(DISTINCT {}), max({value}) FROM {} {}",
                    t.of(table.column("link")),
                    table.name(),
                    t.alias
                )
            }
        }
    }
}

/// A value of a family that has its type wherever it stands.
fn literal(family: Family, choices: &mut Choices) -> String {
    let value = plain_value(family, choices);
    match family {
        Family::Day => format!("DATE {value}"),
        _ => value,
    }
}

/// The value as something that the column can hold.
fn fitting(column: &Column, value: String) -> String {
    match column.sql {
        "varchar(6)" => format!("left({value}, 6)"),
        _ => value,
    }
}
