//! Columns that a foreign key ties together take the shorter of their lengths, so that a value
//! that is shortened is shortened alike on both sides.

use crate::schema::{Catalog, LengthUnit, RelationName};
use std::collections::HashSet;

/// The shortest length among a column and all that foreign keys tie to it, near or far. None if no
/// key does, or none of them has a length.
pub fn shortest(
    catalog: &Catalog,
    relation: &RelationName,
    column: &str,
) -> Option<(u32, LengthUnit)> {
    let start = (relation.clone(), column.to_owned());
    let mut seen = HashSet::from([start.clone()]);
    let mut todo = vec![start];
    let mut shortest: Option<(u32, LengthUnit)> = None;
    while let Some((name, column)) = todo.pop() {
        let Some(relation) = catalog.relation(&name) else {
            continue;
        };
        let limit = relation.column(&column).and_then(|c| c.data_type.limit());
        if let Some((length, unit)) = limit
            && shortest.is_none_or(|(so_far, _)| length < so_far)
        {
            shortest = Some((length, unit));
        }
        let own = relation.foreign_keys.iter().map(|key| (relation, key));
        for (child, key) in own.chain(catalog.referencing(&relation.name)) {
            let referenced = catalog.referenced_columns(key).unwrap_or_default();
            for (from, to) in key.columns.iter().zip(referenced) {
                let (child, parent) = (
                    (child.name.clone(), from.clone()),
                    (key.references.clone(), to.clone()),
                );
                let here = (name.clone(), column.clone());
                if child != here && parent != here {
                    continue;
                }
                for end in [child, parent] {
                    if seen.insert(end.clone()) {
                        todo.push(end);
                    }
                }
            }
        }
    }
    (seen.len() > 1).then_some(shortest).flatten()
}

/// Columns that a foreign key ties together although their lengths differ.
pub fn uneven(catalog: &Catalog) -> Vec<[(RelationName, String); 2]> {
    let mut out = Vec::new();
    for child in catalog.relations.values() {
        for key in &child.foreign_keys {
            let referenced = catalog.referenced_columns(key).unwrap_or_default();
            for (from, to) in key.columns.iter().zip(referenced) {
                let length = |relation: &RelationName, column: &str| {
                    let column = catalog.relation(relation)?.column(column)?;
                    Some(column.data_type.limit())
                };
                let lengths = (length(&child.name, from), length(&key.references, to));
                if let (Some(here), Some(there)) = lengths
                    && here != there
                {
                    out.push([
                        (child.name.clone(), from.clone()),
                        (key.references.clone(), to.clone()),
                    ]);
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{Column, DataType, ForeignKey, Relation};

    fn catalog() -> Catalog {
        let mut catalog = Catalog::default();
        for (name, length, references) in
            [("a", 40, None), ("b", 30, Some("a")), ("c", 20, Some("b"))]
        {
            let mut relation = Relation::new(RelationName::new(Some("public"), name));
            let text = DataType::Varchar(Some(length), LengthUnit::Characters);
            relation.columns.push(Column::new("code", text));
            relation
                .foreign_keys
                .extend(references.map(|parent| ForeignKey {
                    referenced_columns: vec!["code".to_owned()],
                    ..ForeignKey::new(
                        vec!["code".to_owned()],
                        RelationName::new(Some("public"), parent),
                    )
                }));
            catalog.relations.insert(relation.name.clone(), relation);
        }
        catalog
    }

    #[test]
    fn the_shortest_of_a_chain_binds_all_of_it() {
        let catalog = catalog();
        for name in ["a", "b", "c"] {
            let found = shortest(&catalog, &RelationName::new(Some("public"), name), "code");
            assert_eq!(found, Some((20, LengthUnit::Characters)), "{name}");
        }
        assert_eq!(uneven(&catalog).len(), 2);
    }

    #[test]
    fn a_column_without_a_partner_keeps_its_own() {
        let mut catalog = catalog();
        let c = RelationName::new(Some("public"), "c");
        catalog.relations.get_mut(&c).unwrap().foreign_keys.clear();
        let name = RelationName::new(Some("public"), "c");
        assert_eq!(shortest(&catalog, &name, "code"), None);
    }
}
