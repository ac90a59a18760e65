//! Statements.

use super::{Maker, Named, fitting, literal};
use crate::differential::multi::schema::{Family, Role, Table};

impl<'c> Maker<'c> {
    /// A new value for a foreign key of one column: a key that is there, or NULL.
    pub(super) fn moved(&mut self, table: &'c Table) -> Option<String> {
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
    pub(super) fn update(&mut self, table: &'c Table) -> String {
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
    pub(super) fn keyed(&mut self, table: &'c Table) -> Option<String> {
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
    pub(super) fn update_from(&mut self, table: &'c Table) -> String {
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

    pub(super) fn delete(&mut self, table: &'c Table) -> String {
        let t = self.named(table);
        format!(
            "DELETE FROM {} AS {} WHERE {}",
            table.name(),
            t.alias,
            self.predicate(&t, 1)
        )
    }

    pub(super) fn delete_using(&mut self, table: &'c Table) -> String {
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
    pub(super) fn filled(
        &mut self,
        table: &'c Table,
        u: &Named<'c>,
    ) -> Option<(Vec<String>, Vec<String>)> {
        if !u.table.counts() {
            return None;
        }
        self.inserted += 1;
        let (mut names, mut values) = (Vec::new(), Vec::new());
        let by_server = table.serial && self.choices.one_in(3);
        self.ended |= by_server;
        let key = u.of(u.table.key().next().expect("a key"));
        for column in &table.columns {
            let value = match (column.role, column.family) {
                (Role::Reference, _) => continue,
                (Role::Key, _) if by_server => continue,
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

    pub(super) fn insert_select(&mut self, table: &'c Table) -> String {
        let other = self.table();
        let u = self.named(other);
        let Some((names, values)) = self.filled(table, &u) else {
            return self.update(table);
        };
        let condition = match self.choices.below(3) {
            // The numbers of a sequence go by the order of the rows, so there is one row.
            _ if table.serial && !names.iter().any(|name| name == "id") => {
                format!(" WHERE {} = 2", u.of(&u.table.columns[0]))
            }
            0 => String::new(),
            1 => self.filter(&u),
            _ => format!(" WHERE {}", self.predicate(&u, 0)),
        };
        let conflict = match self.choices.below(5) {
            0 if !self.ended => self.conflict(table),
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
    pub(super) fn conflict(&mut self, table: &'c Table) -> String {
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

    pub(super) fn insert_values(&mut self, table: &'c Table) -> String {
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
    pub(super) fn generated(&mut self, table: &'c Table) -> String {
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
    pub(super) fn by_target(&mut self) -> Option<String> {
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

    pub(super) fn select(&mut self, table: &'c Table) -> String {
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
