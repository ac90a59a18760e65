//! A section's tables with their columns judged: what was found, and what to do with it.
//!
//! Columns that foreign keys tie together are judged as one, by the worst that was found in any of them,
//! since whatever replaces a value has to be the same on both sides.

use super::judge::{Finding, Level, judge};
use super::sample::{Sampler, Stats};
use super::treat::{self, Facts};
use crate::rulebook::naming::quoted;
use crate::schema::{Catalog, Column, RelationName};
use std::collections::{BTreeSet, HashMap, HashSet};

/// A table whose columns have to be reviewed.
#[derive(Debug, Clone)]
pub struct Table {
    /// The name under which a rule should mean it: of a family of partitions the parent's.
    pub relation: RelationName,
    /// The columns.
    pub columns: Vec<Column>,
    /// Columns in unique keys.
    pub unique: BTreeSet<String>,
    /// Columns on either side of a foreign key.
    pub linked: BTreeSet<String>,
    /// Columns that some of its rows have and others have not.
    pub partly: BTreeSet<String>,
    /// Do names have to be quoted, because others differ only in case?
    pub quoted: bool,
}

/// A table and what was found in it.
#[derive(Debug, Clone)]
pub struct JudgedTable {
    /// Its name.
    pub relation: RelationName,
    /// The same as a statement writes it.
    pub name: String,
    /// Its rows in the dump, those of its children among them.
    pub rows: u64,
    /// Its columns.
    pub columns: Vec<Judged>,
}

/// A column and what was found in it.
#[derive(Debug, Clone)]
pub struct Judged {
    /// Its name as stored.
    pub column: String,
    /// The same as a statement writes it.
    pub name: String,
    /// What was found; none if it is harmless.
    pub finding: Option<Finding>,
    /// How many of its values the sample has.
    pub values: u64,
    /// What takes the place of a value; none if it is harmless, or if nothing can.
    pub value: Option<String>,
    /// What else somebody may want: what it does, and the value.
    pub others: Vec<(&'static str, String)>,
    /// Do some rows come without it, so that a statement that names it does not run there?
    pub partly: bool,
    /// How many foreign keys lead on from it: a rule for the referencing column has to come first.
    pub depth: usize,
}

type Place = (RelationName, String);

/// What is known of a section.
#[derive(Debug)]
pub struct Survey<'s> {
    catalog: &'s Catalog,
    sampler: &'s Sampler,
    /// From column to column, by foreign keys.
    links: Vec<(Place, Place)>,
}

impl<'s> Survey<'s> {
    /// A survey of a section whose schema is known.
    pub fn new(catalog: &'s Catalog, sampler: &'s Sampler) -> Self {
        let mut links = Vec::new();
        for child in catalog.relations.values() {
            for key in &child.foreign_keys {
                let referenced = catalog.referenced_columns(key).unwrap_or_default();
                for (from, to) in key.columns.iter().zip(referenced) {
                    let link = (
                        home(catalog, &child.name, from),
                        home(catalog, &key.references, to),
                    );
                    if link.0 != link.1 && !links.contains(&link) {
                        links.push(link);
                    }
                }
            }
        }
        Survey {
            catalog,
            sampler,
            links,
        }
    }

    /// Judges the columns of these tables.
    pub fn judge(&self, tables: Vec<Table>) -> Vec<JudgedTable> {
        let stats = |table: &Table, column: &Column| self.stats(&table.relation, &column.name);
        let mut found: HashMap<Place, Finding> = HashMap::new();
        for table in &tables {
            for column in &table.columns {
                // A number that refers to a row, `device_id`, says nothing of what is in that row.
                let refers = table.linked.contains(&column.name) && is_number(column);
                let finding = judge(&table.relation.name, column, &stats(table, column));
                let finding = finding.filter(|finding| !refers || finding.share.is_some());
                if let Some(finding) = finding {
                    found.insert((table.relation.clone(), column.name.clone()), finding);
                }
            }
        }
        self.spread(&mut found);
        let whole = |table: &Table| {
            table
                .columns
                .iter()
                .map(|column| self.judged(table, column, &found))
                .collect()
        };
        let judged = tables.iter().map(|table| JudgedTable {
            relation: table.relation.clone(),
            name: written(table),
            rows: self.stats(&table.relation, "").rows,
            columns: whole(table),
        });
        judged.collect()
    }

    fn judged(&self, table: &Table, column: &Column, found: &HashMap<Place, Finding>) -> Judged {
        let place = (table.relation.clone(), column.name.clone());
        let stats = self.stats(&table.relation, &column.name);
        let name = quoted(&column.name, table.quoted);
        let declared = self
            .catalog
            .relation(&table.relation)
            .is_some_and(|relation| !relation.headed);
        let facts = Facts {
            column,
            name: &name,
            stats: &stats,
            unique: table.unique.contains(&column.name),
            linked: table.linked.contains(&column.name),
            declared,
        };
        let finding = found.get(&place).cloned();
        let value = finding
            .as_ref()
            .filter(|_| !self.is_partition_key(&place))
            .and_then(|finding| treat::expression(finding, facts));
        let others = finding
            .as_ref()
            .filter(|f| f.level == Level::Low && value.is_some());
        Judged {
            column: column.name.clone(),
            others: others
                .map(|finding| treat::alternatives(finding, facts))
                .unwrap_or_default(),
            name: name.clone(),
            finding,
            values: stats.values(),
            value,
            partly: table.partly.contains(&column.name),
            depth: self.depth(&place),
        }
    }

    /// What is known of a column's values, those of all children among them.
    fn stats(&self, relation: &RelationName, column: &str) -> Stats {
        let below = self.catalog.descendants(relation);
        let all = std::iter::once(relation).chain(below.iter().map(|child| &child.name));
        self.sampler.column(all, column)
    }

    /// Columns that foreign keys tie together get the worst finding of them all.
    fn spread(&self, found: &mut HashMap<Place, Finding>) {
        let mut seen: HashSet<&Place> = HashSet::new();
        for (start, _) in &self.links {
            let mut class = vec![start];
            let mut at = 0;
            if !seen.insert(start) {
                continue;
            }
            while let Some(place) = class.get(at).copied() {
                at += 1;
                for (from, to) in &self.links {
                    let next = match () {
                        () if from == place => to,
                        () if to == place => from,
                        () => continue,
                    };
                    if seen.insert(next) {
                        class.push(next);
                    }
                }
            }
            let known = class.iter().filter_map(|place| found.get(*place));
            // Something that is known is worth more than something of which nothing is.
            let worst = known
                .min_by_key(|finding| (finding.level, finding.kind))
                .cloned();
            let Some(worst) = worst else { continue };
            for place in class {
                let own = found
                    .get(place)
                    .is_some_and(|own| own.kind == worst.kind && own.level == worst.level);
                if !own {
                    let finding = Finding {
                        why: format!("a foreign key ties it to a column with: {}", worst.why),
                        share: None,
                        ..worst.clone()
                    };
                    found.insert(place.clone(), finding);
                }
            }
        }
    }

    /// How many foreign keys lead on from a column, one after another.
    fn depth(&self, place: &Place) -> usize {
        let mut depth = 0;
        let mut here: HashSet<&Place> = HashSet::from([place]);
        let mut seen = here.clone();
        loop {
            let next: HashSet<&Place> = self
                .links
                .iter()
                .filter(|(from, _)| here.contains(from))
                .map(|(_, to)| to)
                .collect();
            here = next.into_iter().filter(|to| seen.insert(to)).collect();
            if here.is_empty() {
                return depth;
            }
            depth += 1;
        }
    }

    /// Would another value move the row to another partition?
    fn is_partition_key(&self, (relation, column): &Place) -> bool {
        let below = self.catalog.descendants(relation);
        let own = self.catalog.relation(relation);
        own.into_iter().chain(below).any(|relation| {
            let expression = relation.partition_key.iter().any(String::is_empty);
            expression || relation.partition_key.iter().any(|key| key == column)
        })
    }
}

fn is_number(column: &Column) -> bool {
    use crate::schema::DataType::{BigInt, Integer, Numeric, SmallInt};
    matches!(
        column.data_type.base(),
        SmallInt | Integer | BigInt | Numeric(_)
    )
}

/// The table as a statement writes it.
fn written(table: &Table) -> String {
    let name = |name: &str| quoted(name, table.quoted);
    match &table.relation.schema {
        Some(schema) => format!("{}.{}", name(schema), name(&table.relation.name)),
        None => name(&table.relation.name),
    }
}

/// The furthest ancestor that has a column: rules name it there.
fn home(catalog: &Catalog, relation: &RelationName, column: &str) -> Place {
    let ancestors = catalog.ancestors(relation);
    let furthest = ancestors
        .iter()
        .rev()
        .find(|ancestor| ancestor.column(column).is_some());
    let home = furthest.map_or(relation, |ancestor| &ancestor.name);
    (home.clone(), column.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{DataType, ForeignKey, Key, Relation};

    fn name(name: &str) -> RelationName {
        RelationName::new(None, name)
    }

    fn table(relation: &str, columns: &[(&str, DataType)], linked: &[&str]) -> Table {
        Table {
            relation: name(relation),
            columns: columns
                .iter()
                .map(|(name, t)| Column::new(name, t.clone()))
                .collect(),
            unique: BTreeSet::new(),
            linked: linked.iter().map(|c| (*c).to_owned()).collect(),
            partly: BTreeSet::new(),
            quoted: false,
        }
    }

    #[test]
    fn both_sides_of_a_foreign_key_get_the_same() {
        let mut catalog = Catalog::default();
        let columns = [("person", &["email"][..]), ("letter", &["to_person"])];
        for (relation, columns) in columns {
            let mut made = Relation::new(name(relation));
            made.columns = columns
                .iter()
                .map(|c| Column::new(c, DataType::Text))
                .collect();
            catalog.relations.insert(name(relation), made);
        }
        let key = Key {
            name: None,
            primary: true,
            columns: vec!["email".into()],
            partial: false,
            nulls_not_distinct: false,
        };
        catalog.add_key(&name("person"), &key);
        catalog.add_foreign_key(
            &name("letter"),
            &ForeignKey::new(vec!["to_person".into()], name("person")),
        );
        let sampler = Sampler::new(9);
        let survey = Survey::new(&catalog, &sampler);
        let judged = survey.judge(vec![
            table("person", &[("email", DataType::Text)], &["email"]),
            table(
                "letter",
                &[("to_person", DataType::Text), ("id", DataType::Integer)],
                &["to_person"],
            ),
        ]);
        let (person, letter) = (&judged[0].columns[0], &judged[1].columns[0]);
        assert_eq!(
            person.value.as_deref(),
            Some("anon.mailinator(email, :'mail_domain')")
        );
        assert_eq!(
            letter.value.as_deref(),
            Some("anon.mailinator(to_person, :'mail_domain')")
        );
        assert_eq!((person.depth, letter.depth), (0, 1));
        assert!(letter.finding.as_ref().unwrap().why.contains("foreign key"));
        assert!(letter.others.is_empty() && judged[1].columns[1].finding.is_none());
    }

    #[test]
    fn a_partition_key_stays() {
        let mut catalog = Catalog::default();
        let mut made = Relation::new(name("p"));
        made.columns = vec![Column::new("email", DataType::Text)];
        made.partition_key = vec!["email".into()];
        catalog.relations.insert(name("p"), made);
        let sampler = Sampler::new(9);
        let judged = Survey::new(&catalog, &sampler).judge(vec![table(
            "p",
            &[("email", DataType::Text)],
            &[],
        )]);
        assert!(judged[0].columns[0].finding.is_some() && judged[0].columns[0].value.is_none());
    }
}
