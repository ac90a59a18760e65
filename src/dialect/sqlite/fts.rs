//! Full-text indexes, as `.dump` writes them: their definition as a row of `sqlite_schema`, then the
//! tables in which they keep what they hold.
//!
//! One of these tables has the rows (`f_content`, unless the rows are those of another table), the
//! others the words of the rows in blobs that nobody can rewrite. So a rule on the rows leaves the
//! words out, and the index builds itself anew from the rows at the end of the script. An index
//! without rows anywhere (`content=''`) cannot, and stops every rule.

use crate::dialect::script::clauses::string;
use crate::dialect::script::insert;
use crate::dialect::script::lexer::Grammar;
use crate::dialect::script::tokens::{Tokens, tokens};
use crate::schema::{Column, DataType, Generated, Relation, RelationName};

/// Where the rows of an index stand.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Content {
    /// In a table of its own.
    Own,
    /// In another table, or what a view shows.
    Of(String),
    /// Nowhere that could be read.
    Nowhere,
}

/// A full-text index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Index {
    /// Its name.
    pub name: String,
    fifth: bool,
    columns: Vec<String>,
    content: Content,
    /// The columns as a rule names them, and as the table of the rows does.
    stored: Vec<(String, String)>,
}

/// What a table belongs to an index for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shadow {
    /// It has the rows.
    Rows,
    /// It has their words.
    Words,
    /// Nothing of the rows.
    Settings,
}

/// Reads `CREATE VIRTUAL TABLE f USING fts5(…)`; none if it is anything else.
pub fn parse(mut t: Tokens<'_>) -> Option<Index> {
    t.eat("CREATE VIRTUAL TABLE").then_some(())?;
    t.eat("IF NOT EXISTS");
    let name = t.names()?.pop()?;
    t.eat("USING").then_some(())?;
    let fifth = t.eat("fts5");
    if !fifth && !t.eat_any(&["fts3", "fts4"]) {
        return None;
    }
    let mut columns = Vec::new();
    let mut content = Content::Own;
    if let Some(range) = t.group() {
        let list = t.within(range);
        for part in list.list() {
            let mut part = list.within(part);
            let Some(column) = part.name() else { continue };
            let option = part.eat_mark(b'=');
            match column.to_ascii_lowercase().as_str() {
                "content" if option => {
                    let of = part.next().and_then(|t| string(&t)).unwrap_or_default();
                    content = match of.is_empty() {
                        true => Content::Nowhere,
                        false => Content::Of(of),
                    };
                }
                // What the rows hold is then what a function makes of them.
                "compress" | "uncompress" if option => content = Content::Nowhere,
                "tokenize" if !fifth => {}
                _ if option => {}
                _ => columns.push(column),
            }
        }
    }
    if columns.is_empty() && !fifth {
        columns.push("content".to_owned());
    }
    let id = if fifth {
        ("rowid", "id")
    } else {
        ("docid", "docid")
    };
    let stored = columns.iter().enumerate().map(|(number, column)| {
        let stored = match fifth {
            true => format!("c{number}"),
            false => format!("c{number}{column}"),
        };
        (column.clone(), stored)
    });
    let stored = std::iter::once((id.0.to_owned(), id.1.to_owned())).chain(stored);
    Some(Index {
        stored: stored.collect(),
        name,
        fifth,
        columns,
        content,
    })
}

/// The index that a row of `sqlite_schema` defines.
pub fn defined(grammar: &Grammar, mut row: Tokens<'_>) -> Option<Index> {
    row.find_map(|token| {
        let sql = token.content()?;
        parse(tokens(grammar, &sql))
    })
}

impl Index {
    /// Can it be built anew?
    pub fn can_be_built(&self) -> bool {
        self.content != Content::Nowhere
    }

    /// The relation whose rows it is over.
    pub fn source(&self) -> RelationName {
        match &self.content {
            Content::Of(table) => RelationName::new(None, table),
            _ => RelationName::new(None, &self.name),
        }
    }

    /// It as a relation: with the number of the row if its rows stand in a table of its own.
    pub fn relation(&self, numbered: bool) -> Relation {
        let mut relation = Relation::new(RelationName::new(None, &self.name));
        if numbered {
            let mut id = Column::new(&self.stored[0].0, DataType::BigInt);
            id.generated = Generated::IdentityByDefault;
            relation.columns.push(id);
        }
        let columns = self.columns.iter();
        relation
            .columns
            .extend(columns.map(|name| Column::new(name, DataType::Text)));
        relation
    }

    /// The table of its rows, and how its columns are called there.
    pub fn stored(&self) -> Option<(RelationName, &[(String, String)])> {
        let table = RelationName::new(None, &format!("{}_content", self.name));
        (self.content == Content::Own).then_some((table, &self.stored))
    }

    /// What a table is to this index; none if it is no part of it.
    pub fn shadow(&self, table: &str) -> Option<Shadow> {
        let (index, part) = table.rsplit_once('_')?;
        if index != self.name {
            return None;
        }
        match (part, self.fifth) {
            ("content", _) if self.content == Content::Own => Some(Shadow::Rows),
            ("data" | "idx" | "docsize", true) => Some(Shadow::Words),
            ("segments" | "segdir" | "docsize" | "stat", false) => Some(Shadow::Words),
            ("config", true) => Some(Shadow::Settings),
            _ => None,
        }
    }

    /// What stands for a row of words: nothing, but for the two records that FTS5 cannot do without.
    pub fn instead(&self, mut row: Tokens<'_>) -> String {
        let name = insert::target(row).and_then(|mut names| names.pop());
        let name = name.unwrap_or_default().replace('"', "\"\"");
        while self.fifth && name.ends_with("_data") && row.peek().is_some() {
            if row.eat("VALUES") && row.eat_mark(b'(') {
                let record = match row.next().map(|id| id.raw) {
                    Some(b"1") => "1,X''",
                    Some(b"10") => "10,X'00000000000000'",
                    _ => break,
                };
                return format!("INSERT INTO \"{name}\" VALUES({record});");
            }
            row.next();
        }
        String::new()
    }

    /// The statement that builds it from its rows.
    pub fn rebuild(&self) -> String {
        let name = self.name.replace('"', "\"\"");
        format!("INSERT INTO \"{name}\"(\"{name}\") VALUES('rebuild');\n")
    }
}

#[cfg(test)]
mod tests {
    use super::super::SqliteFlavour;
    use super::*;

    fn of(sql: &str) -> Option<Index> {
        parse(tokens(&SqliteFlavour::default().grammar, sql.as_bytes()))
    }

    #[test]
    fn definitions() {
        for (sql, columns, source, built) in [
            (
                "CREATE VIRTUAL TABLE f USING fts5(a, \"b c\" UNINDEXED, tokenize='porter x')",
                &["a", "b c"][..],
                "f",
                true,
            ),
            (
                "create virtual table if not exists f using FTS5(a, content=users, content_rowid='id')",
                &["a"],
                "users",
                true,
            ),
            (
                "CREATE VIRTUAL TABLE f USING fts5(a, content='')",
                &["a"],
                "f",
                false,
            ),
            (
                "CREATE VIRTUAL TABLE f USING fts4(a TEXT, content=\"t\", tokenize=porter)",
                &["a"],
                "t",
                true,
            ),
            (
                "CREATE VIRTUAL TABLE f USING fts3(tokenize porter)",
                &["content"],
                "f",
                true,
            ),
            (
                "CREATE VIRTUAL TABLE f USING fts4(a, compress=zip, uncompress=unzip)",
                &["a"],
                "f",
                false,
            ),
        ] {
            let index = of(sql).unwrap_or_else(|| panic!("{sql}"));
            assert_eq!(index.columns, columns, "{sql}");
            assert_eq!(index.source().name, source, "{sql}");
            assert_eq!(index.can_be_built(), built, "{sql}");
        }
        assert_eq!(of("CREATE VIRTUAL TABLE f USING rtree(a, b)"), None);
        assert_eq!(of("CREATE TABLE f (fts5)"), None);
    }

    #[test]
    fn shadows() {
        let five = of("CREATE VIRTUAL TABLE f_x USING fts5(a)").unwrap();
        assert_eq!(five.shadow("f_x_content"), Some(Shadow::Rows));
        assert_eq!(five.shadow("f_x_data"), Some(Shadow::Words));
        assert_eq!(five.shadow("f_x_config"), Some(Shadow::Settings));
        assert_eq!(five.shadow("f_x"), None);
        assert_eq!(five.shadow("f_data"), None);
        let outside = of("CREATE VIRTUAL TABLE f USING fts4(a, content=t)").unwrap();
        assert_eq!(outside.shadow("f_content"), None);
        assert_eq!(outside.shadow("f_segdir"), Some(Shadow::Words));
        let grammar = SqliteFlavour::default().grammar;
        let instead = |row: &str| five.instead(tokens(&grammar, row.as_bytes()));
        assert_eq!(instead("INSERT INTO f_x_data VALUES(137,X'01');"), "");
        assert_eq!(
            instead("INSERT INTO 'f_x_data' VALUES(10,X'01');"),
            "INSERT INTO \"f_x_data\" VALUES(10,X'00000000000000');"
        );
        assert_eq!(instead("INSERT INTO f_x_docsize VALUES(1,X'61');"), "");
    }
}
