//! What the statements that passed so far have set for the session that will load the dump.
//!
//! Only what changes how later bytes are read: character set, string rules, search path. Other
//! settings pass by.

use super::charset::Charset;
use super::lexer::Rules;
use super::tokens::Lexing;
use crate::schema::{Catalog, RelationName};

/// The settings of one database section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionState {
    /// `client_encoding`.
    pub charset: Charset,
    /// `standard_conforming_strings`: is the backslash an ordinary character in `'…'`?
    pub standard_conforming_strings: bool,
    /// `search_path`: the schemas as stored, `$user` and `pg_catalog` left out.
    pub search_path: Vec<String>,
    /// The database named by the last `\connect`.
    pub database: Option<String>,
}

impl Default for SessionState {
    fn default() -> Self {
        SessionState {
            charset: Charset::utf8(),
            standard_conforming_strings: true,
            search_path: vec!["public".to_owned()],
            database: None,
        }
    }
}

impl SessionState {
    /// The settings under which whole statements are cut into tokens.
    pub fn lexing(&self) -> Lexing {
        self.charset.lexing(self.standard_conforming_strings)
    }

    /// The settings under which a stream is cut into statements.
    pub fn rules(&self) -> Rules {
        Rules {
            standard: self.standard_conforming_strings,
            charset: self.charset.clone(),
        }
    }

    /// The name of a relation that exists: an unqualified name is looked up along the search path.
    pub fn resolve(&self, catalog: &Catalog, name: RelationName) -> RelationName {
        if name.schema.is_some() {
            return name;
        }
        self.search_path
            .iter()
            .map(|schema| RelationName::new(Some(schema), &name.name))
            .find(|candidate| catalog.relations.contains_key(candidate))
            .unwrap_or_else(|| self.place(name))
    }

    /// The name of a relation that is being created: an unqualified name goes to the first schema
    /// of the search path.
    pub fn place(&self, name: RelationName) -> RelationName {
        match (&name.schema, self.search_path.first()) {
            (None, Some(schema)) => RelationName::new(Some(schema), &name.name),
            _ => name,
        }
    }

    /// Sets `search_path` from its elements as stored.
    pub fn set_search_path<'a>(&mut self, schemas: impl IntoIterator<Item = &'a str>) {
        self.search_path = schemas
            .into_iter()
            .filter(|s| !s.is_empty() && *s != "$user" && *s != "pg_catalog")
            .map(str::to_owned)
            .collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Relation;

    #[test]
    fn names_follow_the_search_path() {
        let mut catalog = Catalog::default();
        let known = RelationName::new(Some("b"), "t");
        catalog
            .relations
            .insert(known.clone(), Relation::new(known));
        let mut session = SessionState::default();
        let bare = |name| RelationName::new(None, name);
        assert_eq!(session.resolve(&catalog, bare("t")).to_string(), "public.t");
        session.set_search_path(["$user", "a", "b", "pg_catalog"]);
        assert_eq!(session.resolve(&catalog, bare("t")).to_string(), "b.t");
        assert_eq!(session.resolve(&catalog, bare("u")).to_string(), "a.u");
        assert_eq!(session.place(bare("t")).to_string(), "a.t");
        session.set_search_path([""]);
        assert_eq!(session.resolve(&catalog, bare("t")).to_string(), "t");
        let full = RelationName::new(Some("x"), "t");
        assert_eq!(session.resolve(&catalog, full.clone()), full);
    }
}
