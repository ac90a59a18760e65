//! Generated statements that look at other rows.

mod change;
mod condition;

use super::schema::{Column, Family, Role, Table, plain_value};
use crate::differential::Choices;

/// A rulebook: as scrub reads it, and as psql does, which knows no schemas by themselves.
#[derive(Debug, Default, Clone)]
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
    /// A row came whose key the server gives it.
    ended: bool,
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
        ended: false,
    };
    let mut rules = Rules::default();
    for number in 0..2 + maker.choices.below(6) {
        maker.statement(number, &mut rules);
        // Nothing may read a row of which the server knows a part.
        if maker.ended {
            break;
        }
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
