//! DDL: what CREATE, DROP and RENAME say about tables, their columns and keys. ALTER TABLE is in `alter`.
//!
//! What is not understood and could change columns or keys puts the table in doubt; storage,
//! partitions, checks and the like are passed over.

use super::Flavour;
use super::tokens::{Token, Tokens, tokens};
use crate::schema::{
    Catalog, Column, DataType, ForeignKey, Generated, Key, ReferentialAction, Relation,
    RelationKind, RelationName,
};

/// What names and types mean.
#[derive(Debug, Clone)]
pub struct Context {
    /// Whose script it is.
    pub flavour: Flavour,
    /// The schema of names without one.
    pub schema: Option<String>,
    /// Reads the type that is next.
    pub data_type: fn(&mut Tokens<'_>, &Catalog) -> Option<DataType>,
}

impl Context {
    /// The relation of a name, spelled as the catalog spells it.
    pub fn resolve(&self, catalog: &Catalog, mut parts: Vec<String>) -> RelationName {
        let name = parts.pop().unwrap_or_default();
        let schema = parts.pop().filter(|schema| !schema.is_empty());
        let wanted = RelationName {
            schema: schema.or_else(|| self.schema.clone()),
            name,
        };
        if self.flavour == Flavour::Mssql && !catalog.relations.contains_key(&wanted) {
            let alike = |a: &str, b: &str| a.to_lowercase() == b.to_lowercase();
            let mut known = catalog.relations.alike(&wanted.name).map(|r| &r.name);
            let found = known.find(|known| match (&known.schema, &wanted.schema) {
                (Some(a), Some(b)) => alike(a, b),
                (a, b) => a == b,
            });
            return found.cloned().unwrap_or(wanted);
        }
        match catalog.relation(&wanted) {
            Some(known) => known.name.clone(),
            None => wanted,
        }
    }

    /// A column list, spelled as the relation spells it.
    pub fn columns(&self, relation: Option<&Relation>, names: Vec<String>) -> Vec<String> {
        let Some(relation) = relation.filter(|_| self.flavour == Flavour::Mssql) else {
            return names;
        };
        let spelled = |name: String| {
            let lower = name.to_lowercase();
            let known = relation.columns.iter().map(|c| &c.name);
            let mut same = known.filter(|known| **known == name || known.to_lowercase() == lower);
            same.next().cloned().unwrap_or(name)
        };
        names.into_iter().map(spelled).collect()
    }

    /// Learns from one statement.
    pub fn learn(&self, catalog: &mut Catalog, statement: &[u8]) {
        self.statement(catalog, tokens(statement, self.flavour));
    }

    /// Learns from the statement that begins here.
    pub fn statement(&self, catalog: &mut Catalog, mut t: Tokens<'_>) {
        let Some(first) = t.next() else { return };
        if first.keyword("CREATE") {
            self.create(catalog, t);
        } else if first.keyword("ALTER") && t.eat("TABLE") {
            self.alter(catalog, t);
        } else if first.keyword("RENAME") && self.flavour == Flavour::Oracle {
            if let (Some(old), true, Some(new)) = (t.name(), t.eat("TO"), t.name()) {
                let old = self.resolve(catalog, vec![old]);
                let schema = old.schema.clone();
                catalog.rename_relation(&old, RelationName { schema, name: new });
            }
        } else if first.keyword("DROP") && (t.eat("TABLE") || t.eat("VIEW")) {
            t.eat("IF EXISTS");
            while let Some(parts) = t.qualified_name() {
                let name = self.resolve(catalog, parts);
                catalog.drop_relation(&name);
                if !t.eat_mark(b',') {
                    break;
                }
            }
        }
    }

    fn create(&self, catalog: &mut Catalog, mut t: Tokens<'_>) {
        let _ = t.eat("OR ALTER") || t.eat("OR REPLACE");
        for word in [
            "GLOBAL",
            "PRIVATE",
            "TEMPORARY",
            "FORCE",
            "NO",
            "EDITIONABLE",
            "NONEDITIONABLE",
        ] {
            t.eat(word);
        }
        if t.eat("UNIQUE") {
            self.unique_index(catalog, t);
        } else if t.eat("TABLE") {
            t.eat("IF NOT EXISTS");
            self.table(catalog, t);
        } else if t.eat("VIEW") {
            self.view(catalog, t, RelationKind::View);
        } else if t.eat("MATERIALIZED VIEW") {
            self.view(catalog, t, RelationKind::MaterializedView);
        } else if t.eat("SYNONYM") || t.eat("PUBLIC SYNONYM") {
            self.synonym(catalog, t);
        } else if t.eat("TYPE") && self.flavour == Flavour::Mssql {
            self.alias(catalog, t);
        }
    }

    fn view(&self, catalog: &mut Catalog, mut t: Tokens<'_>, kind: RelationKind) {
        let Some(parts) = t.qualified_name() else {
            return;
        };
        let name = self.resolve(catalog, parts);
        let mut view = Relation::new(name.clone());
        view.kind = kind;
        catalog.relations.insert_new(name, view);
    }

    /// Another name of a table is to its rows what a view is. Oracle's usually is the table's own name
    /// without its schema: that one is found as it is.
    fn synonym(&self, catalog: &mut Catalog, t: Tokens<'_>) {
        let mut ahead = t;
        let name = ahead.qualified_name().and_then(|mut parts| parts.pop());
        ahead.eat("FOR");
        let base = ahead.qualified_name().and_then(|mut parts| parts.pop());
        if self.flavour == Flavour::Mssql || name != base {
            self.view(catalog, t, RelationKind::View);
        }
    }

    /// `CREATE TYPE t FROM nvarchar(50) [NOT NULL]`.
    fn alias(&self, catalog: &mut Catalog, mut t: Tokens<'_>) {
        let Some(parts) = t.qualified_name() else {
            return;
        };
        if t.eat("FROM")
            && let Some(data_type) = (self.data_type)(&mut t, catalog)
        {
            let name = self.resolve(&Catalog::default(), parts);
            catalog.types.insert(name, data_type);
        }
    }

    fn unique_index(&self, catalog: &mut Catalog, mut t: Tokens<'_>) {
        let _ = t.eat("CLUSTERED") || t.eat("NONCLUSTERED");
        if !t.eat("INDEX") {
            return;
        }
        let index = t.qualified_name().and_then(|mut parts| parts.pop());
        if !t.eat("ON") {
            return;
        }
        let Some(parts) = t.qualified_name() else {
            return;
        };
        let name = self.resolve(catalog, parts);
        let Some(columns) = self.key_columns(catalog, &name, &mut t) else {
            return;
        };
        let partial = columns.is_empty() || t.any(|t| t.keyword("WHERE"));
        let key = Key {
            name: index,
            primary: false,
            columns,
            partial,
            nulls_not_distinct: self.flavour == Flavour::Mssql,
        };
        catalog.add_key(&name, &key);
    }

    /// `(a ASC, b)`; empty if one is an expression. None if there is no list.
    fn key_columns(
        &self,
        catalog: &Catalog,
        relation: &RelationName,
        t: &mut Tokens<'_>,
    ) -> Option<Vec<String>> {
        let range = t.skip_parentheses()?;
        let mut names = Vec::new();
        for mut part in t.within(range).split_commas() {
            let name = part.name();
            let _ = part.eat("ASC") || part.eat("DESC");
            match name {
                Some(name) if part.peek().is_none() => names.push(name),
                _ => return Some(Vec::new()),
            }
        }
        Some(self.columns(catalog.relations.get(relation), names))
    }

    fn table(&self, catalog: &mut Catalog, mut t: Tokens<'_>) {
        let Some(parts) = t.qualified_name() else {
            return;
        };
        let name = self.resolve(catalog, parts);
        let mut relation = Relation::new(name.clone());
        let t_all = t;
        match t.skip_parentheses() {
            Some(range) => {
                catalog.relations.insert(name.clone(), relation);
                for item in t.within(range).split_commas() {
                    if self.item(catalog, &name, item).is_none()
                        && let Some(relation) = catalog.relations.get_mut(&name)
                    {
                        relation.doubt("a part of its CREATE TABLE is not understood");
                    }
                }
            }
            None => {
                let mut rest = t_all;
                if rest.any(|t| t.any_keyword(&["AS", "OF"])) {
                    relation.doubt("its columns come from a query or a type");
                }
                catalog.relations.insert(name.clone(), relation);
            }
        }
        if t.any(|t| t.keyword("SELECT"))
            && let Some(relation) = catalog.relations.get_mut(&name)
        {
            relation.doubt("it is made by a query");
        }
        catalog.recall(&name);
    }

    /// A column or a constraint.
    pub(super) fn item(
        &self,
        catalog: &mut Catalog,
        name: &RelationName,
        mut t: Tokens<'_>,
    ) -> Option<()> {
        let mut ahead = t;
        if ahead.eat("INDEX") || ahead.eat("PERIOD FOR") || ahead.eat("SUPPLEMENTAL LOG") {
            return Some(());
        }
        let mut constraint = None;
        if t.eat("CONSTRAINT") {
            constraint = Some(t.name()?);
        }
        if let Some(done) = self.constraint(catalog, name, constraint.as_deref(), &mut t) {
            return done;
        }
        if constraint.is_some() {
            return None;
        }
        self.column(catalog, name, t)
    }

    /// A table constraint, if one begins here; the inner option is whether it is understood.
    fn constraint(
        &self,
        catalog: &mut Catalog,
        name: &RelationName,
        constraint: Option<&str>,
        t: &mut Tokens<'_>,
    ) -> Option<Option<()>> {
        let primary = t.eat("PRIMARY KEY");
        if primary || t.eat("UNIQUE") {
            let _ = t.eat("CLUSTERED") || t.eat("NONCLUSTERED");
            let columns = self.key_columns(catalog, name, t);
            return Some(columns.map(|columns| {
                let key = self.key(constraint, primary, columns);
                catalog.add_key(name, &key);
            }));
        }
        if t.eat("FOREIGN KEY") {
            let columns = self.key_columns(catalog, name, t);
            let made = columns.and_then(|columns| {
                t.eat("REFERENCES").then_some(())?;
                self.references(catalog, columns, constraint, t)
            });
            return Some(made.map(|foreign| catalog.add_foreign_key(name, &foreign)));
        }
        if t.eat("CHECK") {
            return Some(Some(()));
        }
        if constraint.is_some() && t.eat("DEFAULT") {
            return Some(self.default_for(catalog, name, t));
        }
        None
    }

    fn key(&self, name: Option<&str>, primary: bool, columns: Vec<String>) -> Key {
        Key {
            name: name.map(str::to_owned),
            primary,
            partial: columns.is_empty(),
            columns,
            nulls_not_distinct: self.flavour == Flavour::Mssql,
        }
    }

    /// What follows REFERENCES.
    fn references(
        &self,
        catalog: &Catalog,
        columns: Vec<String>,
        constraint: Option<&str>,
        t: &mut Tokens<'_>,
    ) -> Option<ForeignKey> {
        let parts = t.qualified_name()?;
        let parent = self.resolve(catalog, parts);
        let mut foreign = ForeignKey::new(columns, parent.clone());
        foreign.name = constraint.map(str::to_owned);
        if t.at_mark(b'(') {
            foreign.referenced_columns = self.key_columns(catalog, &parent, t)?;
        }
        loop {
            let delete = t.eat("ON DELETE");
            if !delete && !t.eat("ON UPDATE") {
                break;
            }
            let action = if t.eat("CASCADE") {
                ReferentialAction::Cascade
            } else if t.eat("SET NULL") {
                ReferentialAction::SetNull
            } else if t.eat("SET DEFAULT") {
                ReferentialAction::SetDefault
            } else {
                t.eat("NO ACTION").then_some(())?;
                ReferentialAction::NoAction
            };
            match delete {
                true => foreign.on_delete = action,
                false => foreign.on_update = action,
            }
        }
        Some(foreign)
    }

    /// `DEFAULT (…) FOR column`.
    pub(super) fn default_for(
        &self,
        catalog: &mut Catalog,
        name: &RelationName,
        t: &mut Tokens<'_>,
    ) -> Option<()> {
        let start = t.offset();
        let mut end = start;
        while !t.at_keyword("FOR") {
            if t.skip_parentheses().is_none() {
                t.next()?;
            }
            end = t.offset();
        }
        t.eat("FOR");
        let column = vec![t.name()?];
        let column = self.columns(catalog.relations.get(name), column);
        let text = String::from_utf8_lossy(&t.source()[start..end])
            .trim()
            .to_owned();
        let relation = catalog.relations.get_mut(name)?;
        let found = relation.columns.iter_mut().find(|c| c.name == column[0])?;
        found.default = Some(text);
        Some(())
    }

    fn column(&self, catalog: &mut Catalog, name: &RelationName, mut t: Tokens<'_>) -> Option<()> {
        let column = t.name()?;
        let mut made = Column::new(&column, DataType::Unknown);
        if t.eat("AS") {
            let text = String::from_utf8_lossy(&t.source()[t.offset()..])
                .trim()
                .to_owned();
            made.generated = Generated::Stored(text);
        } else {
            let generated = t.at_keyword("GENERATED") || t.at_keyword("AS");
            if !generated {
                let row_version = self.flavour == Flavour::Mssql
                    && t.peek().and_then(|t| t.name()).is_some_and(|t| {
                        matches!(t.to_lowercase().as_str(), "timestamp" | "rowversion")
                    });
                made.data_type = (self.data_type)(&mut t, catalog)?;
                if row_version {
                    made.generated = Generated::Stored("rowversion".to_owned());
                }
            }
            self.clauses(catalog, name, &mut made, t)?;
        }
        let relation = catalog.relations.get_mut(name)?;
        match relation.columns.iter_mut().find(|c| c.name == made.name) {
            Some(known) => *known = made,
            None => relation.columns.push(made),
        }
        Some(())
    }

    pub(super) fn clauses(
        &self,
        catalog: &mut Catalog,
        name: &RelationName,
        made: &mut Column,
        mut t: Tokens<'_>,
    ) -> Option<()> {
        let mut constraint = None;
        loop {
            if t.eat("CONSTRAINT") {
                constraint = Some(t.name()?);
            } else if t.eat("NOT NULL") {
                made.not_null = true;
            } else if t.eat("IDENTITY") {
                t.skip_parentheses();
                made.not_null = true;
                made.generated = Generated::IdentityByDefault;
            } else if t.eat("COLLATE") {
                made.collation = t.name();
            } else if t.eat("DEFAULT") {
                t.eat("ON NULL");
                made.default = Some(default(&mut t));
            } else if t.eat("GENERATED ALWAYS AS ROW")
                || t.eat("GENERATED ALWAYS AS TRANSACTION_ID")
            {
                made.generated = Generated::Stored(String::new());
            } else if t.eat("GENERATED ALWAYS AS IDENTITY") {
                made.generated = Generated::IdentityAlways;
                t.skip_parentheses();
            } else if t.eat("GENERATED BY DEFAULT") {
                t.eat("ON NULL");
                t.eat("AS IDENTITY").then_some(())?;
                made.generated = Generated::IdentityByDefault;
                t.skip_parentheses();
            } else if t.eat("GENERATED ALWAYS AS") || t.eat("AS") {
                let range = t.skip_parentheses()?;
                let text = String::from_utf8_lossy(&t.source()[range]).into_owned();
                made.generated = Generated::Virtual(text);
            } else if t.at_keyword("UNIQUE") || t.at_keyword("PRIMARY") {
                let primary = !t.eat("UNIQUE");
                if primary {
                    t.eat("PRIMARY KEY").then_some(())?;
                }
                made.not_null |= primary;
                let key = self.key(
                    constraint.take().as_deref(),
                    primary,
                    vec![made.name.clone()],
                );
                catalog.relations.get_mut(name)?.add_key(key);
            } else if t.eat("FOREIGN KEY") {
            } else if t.eat("REFERENCES") {
                let columns = vec![made.name.clone()];
                let foreign =
                    self.references(catalog, columns, constraint.take().as_deref(), &mut t)?;
                catalog.relations.get_mut(name)?.add_foreign_key(foreign);
            } else if t.skip_parentheses().is_none() && t.next().is_none() {
                return Some(());
            }
        }
    }
}

/// Where the statement's terminator stands, or its end.
pub(super) fn end_of_statement(t: Tokens<'_>) -> usize {
    let mut rest = t;
    rest.find(|t: &Token<'_>| t.mark(b';'))
        .map_or(t.source().len(), |t| t.start)
}

/// A DEFAULT's expression as written: it reaches to the next clause.
fn default(t: &mut Tokens<'_>) -> String {
    const CLAUSES: &[&str] = &[
        "CONSTRAINT",
        "NOT",
        "NULL",
        "IDENTITY",
        "COLLATE",
        "PRIMARY",
        "UNIQUE",
        "REFERENCES",
        "CHECK",
        "FOREIGN",
        "ROWGUIDCOL",
        "WITH",
        "ENABLE",
        "DISABLE",
        "SPARSE",
    ];
    let start = t.peek().map_or(t.offset(), |t| t.start);
    let mut end = start;
    let mut first = true;
    while let Some(token) = t.peek() {
        if token.any_keyword(CLAUSES) && !(first && token.keyword("NULL")) {
            break;
        }
        if t.skip_parentheses().is_none() {
            t.next();
        }
        end = t.offset();
        first = false;
    }
    String::from_utf8_lossy(&t.source()[start..end]).into_owned()
}
