//! Which relations and columns the names of a rulebook mean.
//!
//! A rule on a partitioned or inherited parent means its children too, unless it says `ONLY`.

use crate::rulebook::naming::{self, same_letters};
use crate::rulebook::{Ident, TableRef};
use crate::schema::{Catalog, Column, Relation, RelationKind, RelationName};

pub use crate::rulebook::naming::{glob, names};

/// How a statement concerns a relation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Concern {
    /// The relation that the statement names: the relation itself or one of its ancestors.
    pub named: RelationName,
    /// Is the relation named by a pattern?
    pub pattern: bool,
}

/// Does the table reference, with the statement's current schema, name exactly this relation?
pub fn names_relation(table: &TableRef, current: Option<&str>, relation: &RelationName) -> bool {
    let schema = match (&table.schema, current) {
        (Some(schema), _) => relation
            .schema
            .as_deref()
            .is_none_or(|name| names(schema, name)),
        (None, Some(current)) => relation
            .schema
            .as_deref()
            .is_none_or(|name| same_letters(current, name)),
        (None, None) => !is_system(relation),
    };
    schema && names(&table.name, &relation.name)
}

/// The schemas of the server itself: an unqualified name never means them.
fn is_system(relation: &RelationName) -> bool {
    matches!(
        relation.schema.as_deref(),
        Some("pg_catalog" | "information_schema")
    )
}

/// Does the statement's table mean this relation, by its own name or through an ancestor?
pub fn concerns(
    table: &TableRef,
    current: Option<&str>,
    catalog: &Catalog,
    relation: &RelationName,
) -> Option<Concern> {
    let pattern = table.name.is_pattern();
    let itself = names_relation(table, current, relation);
    if table.only {
        return itself.then(|| Concern {
            named: relation.clone(),
            pattern,
        });
    }
    // The furthest ancestor that is named is the statement's target.
    let furthest = catalog
        .ancestors(relation)
        .into_iter()
        .rev()
        .find(|ancestor| names_relation(table, current, &ancestor.name));
    let named = match furthest {
        Some(ancestor) => ancestor.name.clone(),
        None if itself => relation.clone(),
        None => return None,
    };
    Some(Concern { named, pattern })
}

/// Is it a kind of relation that rules cannot name?
pub fn is_view(relation: &Relation) -> bool {
    matches!(
        relation.kind,
        RelationKind::View | RelationKind::MaterializedView
    )
}

/// The column that a plain (not pattern) identifier names: exactly, else the only one without regard to case.
///
/// # Errors
/// The message, with the nearest name if there is one.
pub fn column(ident: &Ident, columns: &[Column]) -> Result<usize, String> {
    naming::column(ident, columns.iter().map(|c| c.name.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_that_names_a_parent_means_its_children_whatever_their_names() {
        let mut catalog = Catalog::default();
        let parent = RelationName::new(Some("public"), "broadlog");
        let leaf = RelationName::new(Some("public"), "part_2024");
        catalog
            .relations
            .insert(parent.clone(), Relation::new(parent.clone()));
        let mut relation = Relation::new(leaf.clone());
        relation.partition_of = Some(parent.clone());
        catalog.relations.insert(leaf.clone(), relation);
        let table = |only| TableRef {
            schema: None,
            name: Ident {
                text: "broad*".to_owned(),
                quoted: true,
                span: crate::rulebook::Span::default(),
            },
            alias: None,
            target: false,
            only,
        };
        let concern = concerns(&table(false), None, &catalog, &leaf);
        assert_eq!(
            concern,
            Some(Concern {
                named: parent,
                pattern: true
            })
        );
        assert_eq!(concerns(&table(true), None, &catalog, &leaf), None);
    }
}
