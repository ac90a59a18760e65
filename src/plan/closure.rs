//! Cascading deletes that run in a circle: a tree in one table, or tables that reference each
//! other. Which rows go is a question about all of them at once.
//!
//! Every row of the circle's relations is gathered with the columns by which the circle's foreign
//! keys reference each other and whether it goes anyway. Once all rows have passed, the rows that
//! go are followed along the foreign keys until no more are found; their keys then are the input
//! of removed keys that the relations' own cascade steps wait for.

use super::effects::{referenced, root};
use super::reader::Known;
use super::rule::Rule;
use super::step::{Step, StepKey};
use crate::expression::Rows;
use crate::schema::{Column, DataType, ReferentialAction, RelationName};
use crate::value::{self, Collation, ValueError};
use std::collections::{BTreeSet, HashMap};

/// Tables whose cascades run in a circle, for one rule.
#[derive(Debug, Clone)]
pub(super) struct Closure {
    rule: super::RuleId,
    parts: Vec<Part>,
}

/// One relation of the circle.
#[derive(Debug, Clone)]
struct Part {
    root: RelationName,
    /// What is gathered of each row; behind it stands whether it goes anyway.
    columns: Vec<Column>,
    /// The columns whose values the input of removed keys wants.
    removed: Vec<usize>,
    /// The circle's foreign keys of this relation.
    keys: Vec<Reference>,
}

/// The referencing columns, the part that they reference and the columns there, by name.
type ByName = (Vec<String>, usize, Vec<String>);

/// A foreign key within the circle.
#[derive(Debug, Clone)]
struct Reference {
    /// The referencing columns.
    own: Vec<usize>,
    /// The part that they reference.
    to: usize,
    /// The columns there.
    referenced: Vec<usize>,
    /// The types in which the two sides compare.
    types: Vec<DataType>,
}

impl Closure {
    /// The circle that a rule's deletes run in.
    ///
    /// # Errors
    /// If columns that reference each other have different types.
    pub fn of(
        rule: &Rule,
        known: &Known<'_>,
        cycle: &BTreeSet<RelationName>,
    ) -> Result<Closure, String> {
        let catalog = known.catalog;
        let roots: Vec<&RelationName> = cycle.iter().collect();
        let mut parts: Vec<Part> = Vec::new();
        let mut named: Vec<Vec<ByName>> = Vec::new();
        for name in &roots {
            let relation = catalog
                .relations
                .get(*name)
                .ok_or_else(|| format!("{name} is not known"))?;
            let mut wanted = referenced(catalog, name);
            let mut keys = Vec::new();
            for key in &relation.foreign_keys {
                let parent = root(catalog, &key.references);
                let at = roots.iter().position(|root| **root == parent);
                let to = catalog.referenced_columns(key);
                if let (Some(at), Some(to), ReferentialAction::Cascade) = (at, to, key.on_delete) {
                    wanted.extend(key.columns.iter().cloned());
                    keys.push((key.columns.clone(), at, to.to_vec()));
                }
            }
            let columns: Vec<Column> = wanted
                .iter()
                .filter_map(|column| relation.column(column).cloned())
                .collect();
            let removed = referenced(catalog, name);
            parts.push(Part {
                root: (*name).clone(),
                removed: (0..columns.len())
                    .filter(|at| removed.contains(&columns[*at].name))
                    .collect(),
                columns,
                keys: Vec::new(),
            });
            named.push(keys);
        }
        for (number, keys) in named.into_iter().enumerate() {
            for (own, to, referenced) in keys {
                let own = parts[number].positions(&own)?;
                let referenced = parts[to].positions(&referenced)?;
                let mut types = Vec::new();
                for (own, referenced) in own.iter().zip(&referenced) {
                    let (a, b) = (
                        &parts[number].columns[*own],
                        &parts[to].columns[*referenced],
                    );
                    let together = together(a.data_type.base(), b.data_type.base());
                    types.push(together.ok_or_else(|| {
                        format!(
                            "columns {} and {} of a circle of cascades have types that do not \
                             compare here",
                            a.name, b.name
                        )
                    })?);
                }
                parts[number].keys.push(Reference {
                    own,
                    to,
                    referenced,
                    types,
                });
            }
        }
        Ok(Closure {
            rule: rule.id,
            parts,
        })
    }

    /// Under what the rows of a relation of the circle are gathered, and which columns of them.
    pub fn links(&self, own: &RelationName) -> (StepKey, Vec<Column>) {
        let part = self.parts.iter().find(|part| part.root == *own);
        let columns = part.map_or_else(Vec::new, |part| part.columns.clone());
        (self.key(own, Step::LINKS), columns)
    }

    fn key(&self, root: &RelationName, place: u32) -> StepKey {
        StepKey {
            rule: self.rule,
            place,
            named: root.clone(),
        }
    }

    /// The inputs of links that it waits for.
    pub fn waits_for(&self) -> impl Iterator<Item = StepKey> {
        let keys = self.parts.iter();
        keys.map(|part| self.key(&part.root, Step::LINKS))
    }

    /// The inputs of removed keys that it answers.
    pub fn answers(&self) -> impl Iterator<Item = StepKey> {
        let keys = self.parts.iter();
        keys.map(|part| self.key(&part.root, Step::REMOVED))
    }

    /// The removed keys of each relation, in the order of `answers`; `links` in that of
    /// `waits_for`.
    ///
    /// # Errors
    /// If a key cannot be read as its type.
    pub fn removed(&self, links: &[&Rows]) -> Result<Vec<Rows>, ValueError> {
        // For each foreign key the rows that have a value, by its key.
        let mut by_key: HashMap<(usize, usize, Vec<u8>), Vec<usize>> = HashMap::new();
        for (number, part) in self.parts.iter().enumerate() {
            for (index, key) in part.keys.iter().enumerate() {
                for row in 0..links[number].len() {
                    if let Some(key) = key_of(links[number], row, &key.own, &key.types)? {
                        by_key.entry((number, index, key)).or_default().push(row);
                    }
                }
            }
        }
        let mut gone: Vec<Vec<bool>> = links.iter().map(|rows| vec![false; rows.len()]).collect();
        let mut todo: Vec<(usize, usize)> = Vec::new();
        for (number, part) in self.parts.iter().enumerate() {
            for (row, gone) in gone[number].iter_mut().enumerate() {
                if links[number].cell(row, part.columns.len()).is_some() {
                    *gone = true;
                    todo.push((number, row));
                }
            }
        }
        while let Some((parent, row)) = todo.pop() {
            for (number, part) in self.parts.iter().enumerate() {
                for (index, key) in part.keys.iter().enumerate() {
                    if key.to != parent {
                        continue;
                    }
                    let key = key_of(links[parent], row, &key.referenced, &key.types)?;
                    let Some(key) = key else {
                        continue;
                    };
                    for child in by_key.get(&(number, index, key)).into_iter().flatten() {
                        if !std::mem::replace(&mut gone[number][*child], true) {
                            todo.push((number, *child));
                        }
                    }
                }
            }
        }
        let mut removed = Vec::new();
        for (number, part) in self.parts.iter().enumerate() {
            let mut rows = Rows::new(part.removed.len());
            for (row, gone) in gone[number].iter().enumerate() {
                if *gone {
                    rows.push(part.removed.iter().map(|at| links[number].cell(row, *at)));
                }
            }
            removed.push(rows);
        }
        Ok(removed)
    }
}

impl Part {
    fn positions(&self, names: &[String]) -> Result<Vec<usize>, String> {
        let position = |name: &String| {
            let found = self.columns.iter().position(|column| column.name == *name);
            found.ok_or_else(|| format!("{} has no column {name}", self.root))
        };
        names.iter().map(position).collect()
    }
}

/// The type in which columns of two types compare, if their text forms can be read as it.
fn together(a: &DataType, b: &DataType) -> Option<DataType> {
    let integer =
        |t: &DataType| matches!(t, DataType::SmallInt | DataType::Integer | DataType::BigInt);
    let number = |t: &DataType| integer(t) || matches!(t, DataType::Numeric(_));
    let text = |t: &DataType| matches!(t, DataType::Text | DataType::Varchar(..));
    match (a, b) {
        (a, b) if a == b => Some(a.clone()),
        (a, b) if integer(a) && integer(b) => Some(DataType::BigInt),
        (a, b) if number(a) && number(b) => Some(DataType::Numeric(None)),
        (a, b) if text(a) && text(b) => Some(DataType::Text),
        _ => None,
    }
}

/// The key of some columns; none if one of them is NULL.
fn key_of(
    rows: &Rows,
    row: usize,
    columns: &[usize],
    types: &[DataType],
) -> Result<Option<Vec<u8>>, ValueError> {
    let mut key = Vec::new();
    for (at, data_type) in columns.iter().zip(types) {
        let Some(text) = rows.cell(row, *at) else {
            return Ok(None);
        };
        let value = value::parse(text, data_type)?;
        let start = key.len();
        key.extend_from_slice(&[0; 8]);
        value::key(&value, data_type, Collation::default(), &mut key)?;
        let length = (key.len() - start - 8) as u64;
        key[start..start + 8].copy_from_slice(&length.to_be_bytes());
    }
    Ok(Some(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reference of `parent` to the `id` of a part.
    fn to(to: usize) -> Vec<Reference> {
        vec![Reference {
            own: vec![1],
            to,
            referenced: vec![0],
            types: vec![DataType::BigInt],
        }]
    }

    fn part(name: &str, keys: Vec<Reference>) -> Part {
        Part {
            root: RelationName::new(None, name),
            columns: vec![
                Column::new("id", DataType::Integer),
                Column::new("parent", DataType::Integer),
            ],
            removed: vec![0],
            keys,
        }
    }

    fn rows(rows: &[(&str, Option<&str>, bool)]) -> Rows {
        let mut packed = Rows::new(3);
        for (id, parent, goes) in rows {
            packed.push([
                Some(id.as_bytes()),
                parent.map(str::as_bytes),
                goes.then_some(b"t".as_slice()),
            ]);
        }
        packed
    }

    fn ids(rows: &Rows) -> Vec<String> {
        (0..rows.len())
            .map(|row| String::from_utf8_lossy(rows.cell(row, 0).unwrap_or_default()).into_owned())
            .collect()
    }

    fn closure(parts: Vec<Part>) -> Closure {
        let rule = super::super::RuleId {
            book: 0,
            statement: 0,
            generated: 0,
        };
        Closure { rule, parts }
    }

    #[test]
    fn a_tree_goes_with_its_root_whatever_the_order_of_its_rows() {
        let tree = closure(vec![part("t", to(0))]);
        let all = rows(&[
            ("5", Some("4"), false),
            ("4", Some("1"), false),
            ("1", None, true),
            ("2", None, false),
            ("3", Some("2"), false),
            ("6", Some("6"), false),
        ]);
        let removed = tree.removed(&[&all]).unwrap();
        assert_eq!(ids(&removed[0]), ["5", "4", "1"]);
    }

    #[test]
    fn tables_that_reference_each_other_go_together() {
        let circle = closure(vec![part("a", to(1)), part("b", to(0))]);
        let a = rows(&[("1", Some("10"), false), ("2", Some("20"), false)]);
        let b = rows(&[
            ("10", None, true),
            ("20", Some("3"), false),
            ("30", Some("1"), false),
        ]);
        let removed = circle.removed(&[&a, &b]).unwrap();
        assert_eq!(ids(&removed[0]), ["1"]);
        assert_eq!(ids(&removed[1]), ["10", "30"]);
    }
}
