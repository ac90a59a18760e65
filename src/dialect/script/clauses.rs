//! The parts of CREATE TABLE and ALTER TABLE: columns, keys, foreign keys.
//!
//! MySQL and SQLite write them alike; what a type means is the dialect's to say. Attributes that
//! change neither columns nor keys are passed over.

use super::lexer::Unit;
use super::tokens::{Token, Tokens};
use crate::schema::{
    Column, DataType, Deferrable, ForeignKey, Generated, Key, ReferentialAction, Relation,
    RelationName,
};

/// A declared type as written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TypeWords {
    /// Its words in lower case.
    pub words: Vec<String>,
    /// What stands in its parentheses; literals without their quotes.
    pub arguments: Vec<String>,
}

impl TypeWords {
    /// Is this one of its words?
    pub fn has(&self, word: &str) -> bool {
        self.words.iter().any(|w| w == word)
    }

    /// A number in its parentheses.
    pub fn number(&self, at: usize) -> Option<u32> {
        self.arguments.get(at)?.trim().parse().ok()
    }
}

/// What a dialect makes of the clauses.
pub struct Clauses<'a> {
    /// The type of these words.
    pub types: fn(&TypeWords) -> DataType,
    /// The relation of a name.
    pub resolve: &'a dyn Fn(Vec<String>) -> RelationName,
    /// MySQL's words (KEY, INDEX …), or SQLite's.
    pub mysql: bool,
}

/// Something that a relation gets.
#[derive(Debug, Clone, PartialEq)]
pub enum Element {
    /// A column, with the keys and foreign keys that its clauses say.
    Column(Box<Column>, Vec<Key>, Vec<ForeignKey>),
    /// A key.
    Key(Key),
    /// An index that is no key, over these columns.
    Index(Vec<String>),
    /// A foreign key.
    ForeignKey(ForeignKey),
    /// Nothing that matters: a check.
    Nothing,
}

impl Element {
    /// Adds it to a relation.
    pub fn add(self, relation: &mut Relation) {
        match self {
            Element::Column(column, keys, foreign_keys) => {
                match relation.columns.iter_mut().find(|c| c.name == column.name) {
                    Some(known) => *known = *column,
                    None => relation.columns.push(*column),
                }
                keys.into_iter().for_each(|k| relation.add_key(k));
                foreign_keys
                    .into_iter()
                    .for_each(|f| relation.add_foreign_key(f));
            }
            Element::Key(key) => {
                if key.primary {
                    for column in &mut relation.columns {
                        column.not_null |= key.columns.contains(&column.name);
                    }
                }
                relation.add_key(key);
            }
            Element::Index(columns) => {
                if let Some(indexed) = &mut relation.indexed {
                    indexed.extend(columns);
                }
            }
            Element::ForeignKey(foreign_key) => relation.add_foreign_key(foreign_key),
            Element::Nothing => {}
        }
    }
}

/// Words that end a type.
const CLAUSES: &[&str] = &[
    "CONSTRAINT",
    "PRIMARY",
    "UNIQUE",
    "NOT",
    "NULL",
    "DEFAULT",
    "CHECK",
    "REFERENCES",
    "COLLATE",
    "GENERATED",
    "AS",
    "AUTO_INCREMENT",
    "AUTOINCREMENT",
    "COMMENT",
    "ON",
    "CHARSET",
    "KEY",
    "INVISIBLE",
    "VISIBLE",
    "VIRTUAL",
    "STORED",
    "PERSISTENT",
    "SRID",
    "COMPRESSED",
    "FIRST",
    "AFTER",
    "WITH",
    "WITHOUT",
    "COLUMN_FORMAT",
    "STORAGE",
    "REF_SYSTEM_ID",
    "ENGINE_ATTRIBUTE",
];

impl Clauses<'_> {
    /// One element of a table's list.
    pub fn element(&self, mut t: Tokens<'_>) -> Result<Element, &'static str> {
        let mut name = None;
        let mut ahead = t;
        if ahead.eat("CONSTRAINT") {
            let unnamed = ["PRIMARY", "UNIQUE", "FOREIGN", "CHECK"];
            if !unnamed.iter().any(|word| ahead.at_keyword(word)) {
                name = ahead.name();
            }
            t = ahead;
        }
        if t.eat("PRIMARY KEY") {
            return self.key(t, None, true);
        }
        if t.at_keyword("UNIQUE") {
            t.next();
            if self.mysql {
                t.eat_any(&["KEY", "INDEX"]);
            }
            return self.key(t, name, false);
        }
        if t.eat("FOREIGN KEY") {
            return self.foreign_key(t, name).map(Element::ForeignKey);
        }
        let word = t.peek().ok_or("a part of its list of columns is empty")?;
        let is = |words: &[&str]| words.iter().any(|w| word.keyword(w));
        let mut behind = t;
        behind.next();
        if is(&["CHECK"]) && behind.at_mark(b'(')
            || self.mysql && is(&["FULLTEXT", "SPATIAL", "VECTOR", "PERIOD"])
        {
            return Ok(Element::Nothing);
        }
        if self.mysql && is(&["KEY", "INDEX"]) {
            return match self.key(behind, None, false)? {
                Element::Key(key) => Ok(Element::Index(key.columns)),
                other => Ok(other),
            };
        }
        if self.mysql && is(&["LIKE"]) {
            return Err("it is LIKE another table");
        }
        self.column(t)
    }

    /// A key, from its name or its list of columns on.
    pub fn key(
        &self,
        mut t: Tokens<'_>,
        mut name: Option<String>,
        primary: bool,
    ) -> Result<Element, &'static str> {
        while !t.at_mark(b'(') {
            let using = t.eat("USING");
            let word = t.next().ok_or("a key is not understood")?;
            if !using {
                name = word.name();
            }
        }
        let range = t.group().ok_or("a key is not understood")?;
        let list = t.within(range);
        let (mut columns, mut partial) = (Vec::new(), false);
        for part in list.list() {
            let mut part = list.within(part);
            match part.name() {
                Some(column) => {
                    partial |= part.at_mark(b'(');
                    columns.push(column);
                }
                None => partial = true,
            }
        }
        partial |= t.any(|token| token.keyword("WHERE"));
        let name = if primary {
            Some("PRIMARY".to_owned())
        } else {
            name
        };
        Ok(Element::Key(Key {
            name,
            primary,
            columns,
            partial,
            nulls_not_distinct: false,
        }))
    }

    fn foreign_key(
        &self,
        mut t: Tokens<'_>,
        name: Option<String>,
    ) -> Result<ForeignKey, &'static str> {
        let fault = "a foreign key is not understood";
        if !t.at_mark(b'(') {
            t.name();
        }
        let columns = names(&mut t).ok_or(fault)?;
        if !t.eat("REFERENCES") {
            return Err(fault);
        }
        let mut foreign_key = self.references(&mut t, columns).ok_or(fault)?;
        foreign_key.name = name;
        Ok(foreign_key)
    }

    /// What follows REFERENCES.
    fn references(&self, t: &mut Tokens<'_>, columns: Vec<String>) -> Option<ForeignKey> {
        let parent = (self.resolve)(t.names()?);
        let mut out = ForeignKey::new(columns, parent);
        if t.at_mark(b'(') {
            out.referenced_columns = names(t)?;
        }
        loop {
            if t.eat("ON DELETE") {
                out.on_delete = action(t)?;
            } else if t.eat("ON UPDATE") {
                out.on_update = action(t)?;
            } else if t.eat("MATCH") {
                out.match_full = t.next()?.keyword("FULL") && self.mysql;
            } else if t.eat("DEFERRABLE") {
                out.deferrable = Deferrable::Immediate;
            } else if t.eat("INITIALLY DEFERRED") {
                out.deferrable = Deferrable::Deferred;
            } else if !t.eat_any(&["INITIALLY IMMEDIATE", "NOT DEFERRABLE"]) {
                return Some(out);
            }
        }
    }

    /// A column with its type and clauses.
    pub fn column(&self, mut t: Tokens<'_>) -> Result<Element, &'static str> {
        let name = t.name().ok_or("a column's name is missing")?;
        let written = type_words(&mut t);
        let mut column = Column::new(&name, (self.types)(&written));
        let (mut keys, mut foreign_keys) = (Vec::new(), Vec::new());
        let key = |primary: bool| Key {
            name: primary.then(|| "PRIMARY".to_owned()),
            primary,
            columns: vec![name.clone()],
            partial: false,
            nulls_not_distinct: false,
        };
        if written.has("serial") {
            column.not_null = true;
            column.generated = Generated::IdentityByDefault;
            keys.push(key(false));
        }
        let mut charset = None;
        while let Some(token) = t.peek() {
            if t.eat("NOT NULL") {
                column.not_null = true;
            } else if t.eat("DEFAULT") {
                column.default = Some(default(&mut t));
            } else if t.eat("COLLATE") {
                t.eat_mark(b'=');
                column.collation = t.next().and_then(|t| string(&t));
            } else if t.eat_any(&["CHARACTER SET", "CHARSET"]) {
                t.eat_mark(b'=');
                charset = t.next().and_then(|t| string(&t));
            } else if t.eat_any(&["PRIMARY KEY", "KEY"]) {
                column.not_null |= self.mysql;
                // An INTEGER PRIMARY KEY is SQLite's rowid, which it fills in.
                if !self.mysql && written.words == ["integer"] {
                    column.generated = Generated::IdentityByDefault;
                }
                keys.push(key(true));
            } else if t.eat("UNIQUE") {
                t.eat("KEY");
                keys.push(key(false));
            } else if t.eat_any(&["AUTO_INCREMENT", "AUTOINCREMENT"]) {
                column.not_null = true;
                column.generated = Generated::IdentityByDefault;
            } else if t.eat_any(&["GENERATED ALWAYS AS ROW", "AS ROW"]) {
                // The times of a system-versioned row.
                t.next();
            } else if t.eat_any(&["GENERATED ALWAYS AS", "AS"]) {
                let range = t.group().ok_or("a generated column is not understood")?;
                let sql = t.expression(range);
                let stored = t.eat_any(&["STORED", "PERSISTENT"]);
                column.generated = match stored {
                    true => Generated::Stored(sql),
                    false => Generated::Virtual(sql),
                };
            } else if t.eat("REFERENCES") {
                let found = self.references(&mut t, vec![name.clone()]);
                // MySQL reads such a clause and forgets it.
                if !self.mysql {
                    foreign_keys.extend(found);
                }
            } else if t.eat_any(&["ON UPDATE", "COMMENT", "ON CONFLICT", "CONSTRAINT"]) {
                t.next();
            } else if token.ends() {
                break;
            } else {
                t.pass_over();
            }
        }
        if let (None, Some(charset)) = (&column.collation, charset) {
            column.collation = Some(default_collation(&charset));
        }
        Ok(Element::Column(Box::new(column), keys, foreign_keys))
    }
}

/// The table of `CREATE … TRIGGER … ON table`; none if it is another statement.
pub fn trigger_table(mut t: Tokens<'_>) -> Option<Vec<String>> {
    t.eat("CREATE").then_some(())?;
    while !t.eat("TRIGGER") {
        let others = [
            "TABLE",
            "VIEW",
            "FUNCTION",
            "PROCEDURE",
            "EVENT",
            "INDEX",
            "AS",
        ];
        if t.peek()?.ends() || others.iter().any(|word| t.at_keyword(word)) {
            return None;
        }
        t.next();
    }
    while !t.eat("ON") {
        t.next()?;
    }
    t.names()
}

/// The name of a character set's default collation. Servers that have another one for `utf8mb4` than
/// `utf8mb4_general_ci` write it into their dumps.
pub fn default_collation(charset: &str) -> String {
    let charset = charset.to_ascii_lowercase();
    let rule = match charset.as_str() {
        "binary" => return charset,
        "latin1" | "dec8" | "swe7" => "swedish",
        "hp8" => "english",
        "latin5" => "turkish",
        "tis620" => "thai",
        "euckr" => "korean",
        "sjis" | "cp932" | "ujis" | "eucjpms" => "japanese",
        "big5" | "gbk" | "gb2312" | "gb18030" => "chinese",
        _ => "general",
    };
    format!("{charset}_{rule}_ci")
}

/// A word, a name or a literal's content.
pub fn string(token: &Token<'_>) -> Option<String> {
    match token.kind {
        Unit::Word => token.name(),
        _ => Some(String::from_utf8_lossy(&token.content()?).into_owned()),
    }
}

/// The names in a pair of parentheses.
pub fn names(t: &mut Tokens<'_>) -> Option<Vec<String>> {
    let range = t.group()?;
    let list = t.within(range);
    list.list()
        .into_iter()
        .map(|part| list.within(part).name())
        .collect()
}

fn action(t: &mut Tokens<'_>) -> Option<ReferentialAction> {
    let found = if t.eat("CASCADE") {
        ReferentialAction::Cascade
    } else if t.eat("SET NULL") {
        ReferentialAction::SetNull
    } else if t.eat("SET DEFAULT") {
        ReferentialAction::SetDefault
    } else if t.eat("RESTRICT") {
        ReferentialAction::Restrict
    } else if t.eat("NO ACTION") {
        ReferentialAction::NoAction
    } else {
        return None;
    };
    Some(found)
}

/// The words of a type, up to the first clause.
fn type_words(t: &mut Tokens<'_>) -> TypeWords {
    let mut out = TypeWords::default();
    while let Some(token) = t.peek() {
        let mut ahead = *t;
        let ends = match token.kind {
            Unit::Word => {
                CLAUSES.iter().any(|word| token.keyword(word)) || ahead.eat("CHARACTER SET")
            }
            Unit::Quoted => false,
            Unit::Mark(b'(') => out.words.is_empty(),
            _ => true,
        };
        if ends {
            break;
        }
        if let Some(range) = t.group() {
            let list = t.within(range);
            for part in list.list() {
                let mut part = list.within(part);
                let Some(first) = part.next() else { continue };
                out.arguments.push(
                    string(&first)
                        .unwrap_or_else(|| String::from_utf8_lossy(first.raw).into_owned()),
                );
            }
            continue;
        }
        out.words
            .extend(token.name().map(|w| w.to_ascii_lowercase()));
        t.next();
    }
    out
}

/// The expression of a DEFAULT: what hangs together without blanks, or stands in parentheses.
fn default(t: &mut Tokens<'_>) -> String {
    let Some(first) = t.peek() else {
        return String::new();
    };
    if let Some(range) = t.group() {
        return t.expression(range);
    }
    t.next();
    let mut end = first.end;
    while let Some(next) = t.peek() {
        let sign = end == first.end && (first.mark(b'-') || first.mark(b'+'));
        if next.ends() || next.mark(b',') || next.start != end && !sign {
            break;
        }
        t.pass_over();
        end = t.offset();
    }
    t.text(first.start..end)
}
