//! The abstract database of a case: tables, columns, keys and values, before anybody writes them down.

use crate::differential::Choices;
use crate::naive::{Cell, Database};
use scrub::rulebook::SqlDialect;
use scrub::schema::{
    Catalog, Column as Declared, DataType, ForeignKey, Generated, Key, LengthUnit,
    ReferentialAction, Relation, RelationName,
};

/// What a column holds; each system has its own name for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Int,
    Big,
    Decimal,
    Bit,
    Float,
    /// 40 characters.
    Short,
    /// 60 bytes.
    Narrow,
    /// 6 characters, padded.
    Fixed,
    Long,
    Moment,
    Stamp,
    /// With an offset.
    Zoned,
    /// A time of day; Oracle has none.
    Clock,
    Money,
    Day,
    Guid,
    Binary,
}

const KINDS: [Kind; 21] = [
    Kind::Short,
    Kind::Short,
    Kind::Short,
    Kind::Narrow,
    Kind::Narrow,
    Kind::Long,
    Kind::Long,
    Kind::Fixed,
    Kind::Int,
    Kind::Int,
    Kind::Big,
    Kind::Decimal,
    Kind::Bit,
    Kind::Float,
    Kind::Moment,
    Kind::Stamp,
    Kind::Zoned,
    Kind::Clock,
    Kind::Money,
    Kind::Day,
    Kind::Binary,
];

/// Texts that lead a reader astray.
const TEXTS: [&str; 48] = [
    "Ann",
    "ann",
    "ANN",
    "Bob Lee",
    "it's",
    "''",
    "'",
    "O'Malley & Sons",
    "ann@shop.example",
    "Bob.Lee@Other.Test",
    "a@b.example; c@d.example",
    "line one\nGO\nline two",
    "crlf\r\nGO\r\nend",
    "GO",
    "\nGO\n",
    "a;b",
    "ends with ;\nnext",
    "-- no comment",
    "x -- y",
    "/* no comment",
    "*/",
    "[x]",
    "a]]b[",
    "\"quoted\"",
    "ünï côdé",
    "Straße",
    "日本語",
    "smile 😀",
    "",
    "",
    " ",
    "trail  ",
    "  lead",
    "NULL",
    "0x1F",
    "back\\slash",
    "back\\\nline",
    "back\\\r\nline",
    "tab\tx",
    "/\n/",
    "x]'y",
    "q'[z]'",
    "hyphen -\nnext",
    "INSERT INTO t VALUES (1, 'x');",
    "100%",
    "a_b",
    "&name",
    "\n\nblank",
];

/// A column.
#[derive(Debug, Clone)]
pub struct Column {
    /// The name as the catalog stores it.
    pub name: String,
    pub kind: Kind,
    pub nullable: bool,
    /// A default, as SQL.
    pub default: Option<&'static str>,
    /// Compares exactly where the system usually does not.
    pub exact: bool,
}

/// A reference to another table's key.
#[derive(Debug, Clone, Copy)]
pub struct Reference {
    pub parent: usize,
    pub action: ReferentialAction,
}

/// A table. The first column is its key; the second may reference another table.
#[derive(Debug, Clone)]
pub struct Table {
    pub schema: Option<String>,
    pub name: String,
    pub columns: Vec<Column>,
    pub identity: bool,
    pub reference: Option<Reference>,
    /// The text forms of the cells; none is NULL.
    pub rows: Vec<Vec<Option<String>>>,
}

/// A database.
#[derive(Debug, Clone)]
pub struct World {
    pub system: SqlDialect,
    pub tables: Vec<Table>,
}

impl Kind {
    pub fn is_text(self) -> bool {
        matches!(self, Kind::Short | Kind::Narrow | Kind::Fixed | Kind::Long)
    }

    pub fn is_number(self) -> bool {
        matches!(
            self,
            Kind::Int | Kind::Big | Kind::Decimal | Kind::Float | Kind::Money
        )
    }

    pub fn is_date(self) -> bool {
        matches!(self, Kind::Moment | Kind::Stamp | Kind::Day)
    }

    /// So many characters fit.
    pub fn width(self) -> usize {
        match self {
            Kind::Short => 40,
            Kind::Narrow => 60,
            Kind::Fixed => 6,
            _ => usize::MAX,
        }
    }

    /// The type as scrub must understand it.
    pub fn data_type(self, system: SqlDialect) -> DataType {
        let oracle = system == SqlDialect::Oracle;
        let number = |digits, scale| DataType::Numeric(Some((digits, scale)));
        match self {
            Kind::Int if oracle => number(10, 0),
            Kind::Int => DataType::Integer,
            Kind::Big if oracle => DataType::Numeric(None),
            Kind::Big => DataType::BigInt,
            Kind::Decimal => number(10, 2),
            Kind::Bit if oracle => number(1, 0),
            Kind::Bit => DataType::Boolean,
            Kind::Float => DataType::Double,
            Kind::Short => DataType::Varchar(Some(40), LengthUnit::Characters),
            Kind::Narrow => DataType::Varchar(Some(60), LengthUnit::Bytes),
            Kind::Fixed => DataType::Char(6, LengthUnit::Characters),
            Kind::Long => DataType::Text,
            Kind::Moment if oracle => DataType::Timestamp(Some(0)),
            Kind::Moment => DataType::Timestamp(Some(3)),
            Kind::Stamp => DataType::Timestamp(Some(6)),
            Kind::Zoned => DataType::TimestampTz(Some(6)),
            Kind::Clock => DataType::Time(Some(6)),
            Kind::Money => number(19, 4),
            Kind::Day if oracle => DataType::Timestamp(Some(0)),
            Kind::Day => DataType::Date,
            Kind::Guid if oracle => DataType::Bytea,
            Kind::Guid => DataType::Uuid,
            Kind::Binary => DataType::Bytea,
        }
    }

    /// A value's text form.
    pub fn value(self, system: SqlDialect, choices: &mut Choices) -> String {
        let oracle = system == SqlDialect::Oracle;
        let text = |choices: &mut Choices| choices.pick(&TEXTS).to_owned();
        let day = |choices: &mut Choices| {
            let year = choices.of(&[1951, 1999, 2000, 2024, 2031]);
            let (month, day) = (1 + choices.below(12), 1 + choices.below(28));
            format!("{year}-{month:02}-{day:02}")
        };
        let clock = |choices: &mut Choices| match choices.one_in(3) {
            true => "00:00:00".to_owned(),
            false => format!(
                "{:02}:{:02}:{:02}",
                choices.below(24),
                choices.below(60),
                choices.below(60)
            ),
        };
        match self {
            Kind::Int => choices
                .of(&[0, 1, 2, 3, 5, 7, -1, 2_147_483_647])
                .to_string(),
            Kind::Big => choices
                .of(&[0, 1, 42, -9_007_199_254_740_993, i64::MAX])
                .to_string(),
            Kind::Decimal => choices
                .pick(&["0.00", "12.50", "-0.01", "7.00", "12345678.99"])
                .to_owned(),
            Kind::Bit if oracle => choices.pick(&["0", "1"]).to_owned(),
            Kind::Bit => choices.pick(&["f", "t"]).to_owned(),
            Kind::Float => choices
                .pick(&["0", "1.5", "-2.25", "1e+100", "1.5e-30"])
                .to_owned(),
            Kind::Short | Kind::Narrow => text(choices),
            Kind::Fixed => choices
                .pick(&["abc", "ABC", "a'b", "ü", "x y z", "123456"])
                .to_owned(),
            Kind::Long => match choices.below(8) {
                0 => text(choices).repeat(300),
                1 => format!("{}\n{}", text(choices), text(choices)),
                _ => text(choices),
            },
            Kind::Moment if oracle => format!("{} {}", day(choices), clock(choices)),
            Kind::Moment => format!(
                "{} {}{}",
                day(choices),
                clock(choices),
                choices.pick(&["", ".007", ".123"])
            ),
            Kind::Stamp => format!(
                "{} {}{}",
                day(choices),
                clock(choices),
                choices.pick(&["", ".5", ".123456"])
            ),
            Kind::Zoned => format!(
                "{} {}{}",
                day(choices),
                clock(choices),
                choices.pick(&["+00:00", ".5+02:00", "-09:30"])
            ),
            Kind::Clock => format!("{}{}", clock(choices), choices.pick(&["", ".25"])),
            Kind::Money => choices.pick(&["0.0000", "12.5000", "-7.2501"]).to_owned(),
            Kind::Day if oracle => format!("{} 00:00:00", day(choices)),
            Kind::Day => day(choices),
            Kind::Guid if oracle => "\\x6f9619ff8b86d011b42d00c04fc964ff".to_owned(),
            Kind::Guid => "6f9619ff-8b86-d011-b42d-00c04fc964ff".to_owned(),
            Kind::Binary => choices
                .pick(&["\\x00", "\\x0aff", "\\x27", "\\xdeadbeef00"])
                .to_owned(),
        }
    }
}

const COLUMNS: [(&str, &str); 12] = [
    ("Name", "NAME"),
    ("E-Mail", "E-Mail"),
    ("Note", "NOTE"),
    ("Mixed Case", "Mixed Case"),
    ("Amount", "AMOUNT"),
    ("Größe", "GRÖßE"),
    ("Order", "\u{4e2d}"),
    ("GO", "GO"),
    ("Created", "CREATED_"),
    ("a]b", "a]b"),
    ("Value_1", "VALUE$1"),
    ("it's", "it's"),
];
const TABLES: [(&str, &str); 6] = [
    ("Customer", "CUSTOMERS"),
    ("Order Items", "Order Items"),
    ("pets", "PETS"),
    ("Session", "SESSIONS#"),
    ("Log", "LOGS"),
    ("Ünit", "Ünit"),
];

impl World {
    /// The world of a seed.
    pub fn generate(system: SqlDialect, choices: &mut Choices) -> World {
        let oracle = system == SqlDialect::Oracle;
        let name = |names: &[(&str, &str)], at: usize| {
            let (mssql, other) = names[at % names.len()];
            (if oracle { other } else { mssql }).to_owned()
        };
        let schema = match oracle {
            true => choices.one_in(2).then(|| "HR".to_owned()),
            false => Some("dbo".to_owned()),
        };
        let first = choices.below(TABLES.len());
        let mut tables: Vec<Table> = Vec::new();
        for number in 0..1 + choices.below(3) {
            let identity = !oracle && choices.one_in(2);
            let key = Column {
                name: if oracle { "ID" } else { "Id" }.to_owned(),
                kind: Kind::Int,
                nullable: false,
                default: None,
                exact: false,
            };
            let mut columns = vec![key];
            let reference = (number > 0 && choices.one_in(2)).then(|| Reference {
                parent: choices.below(number),
                action: choices.of(&[
                    ReferentialAction::NoAction,
                    ReferentialAction::Cascade,
                    ReferentialAction::SetNull,
                ]),
            });
            if reference.is_some() {
                columns.push(Column {
                    name: if oracle { "PARENT_ID" } else { "ParentId" }.to_owned(),
                    kind: Kind::Int,
                    nullable: true,
                    default: None,
                    exact: false,
                });
            }
            let start = choices.below(COLUMNS.len());
            for at in 0..2 + choices.below(5) {
                let kind = match choices.one_in(12) {
                    true => Kind::Guid,
                    false => choices.of(&KINDS),
                };
                let kind = match kind {
                    Kind::Clock if oracle => Kind::Short,
                    kind => kind,
                };
                columns.push(Column {
                    name: name(&COLUMNS, start + at),
                    kind,
                    nullable: !choices.one_in(4),
                    default: (kind == Kind::Int && choices.one_in(2)).then_some("7"),
                    exact: !oracle && kind.is_text() && choices.one_in(6),
                });
            }
            tables.push(Table {
                schema: schema.clone(),
                name: name(&TABLES, first + number),
                columns,
                identity,
                reference,
                rows: Vec::new(),
            });
            let count = choices.of(&[0, 1, 2, 5, 9, 25]);
            let parents = reference.map_or(0, |r| tables[r.parent].rows.len());
            let table = tables.last_mut().expect("the table just made");
            table.fill(system, count, parents, choices);
        }
        World { system, tables }
    }

    /// The tables in memory, as they are before any rule.
    pub fn database(&self) -> Database {
        let mut catalog = Catalog::default();
        for table in &self.tables {
            catalog
                .relations
                .insert(table.relation_name(), self.relation(table));
        }
        let mut database = Database::new(catalog, self.system);
        for table in &self.tables {
            let rows = table.rows.iter().map(|row| {
                row.iter()
                    .map(|cell| match cell {
                        None => Cell::Null,
                        Some(text) => Cell::Text(text.clone().into_bytes()),
                    })
                    .collect()
            });
            database.tables[&table.relation_name()] = rows.collect();
        }
        database.normalise();
        database
    }

    fn relation(&self, table: &Table) -> Relation {
        let mut relation = Relation::new(table.relation_name());
        for (at, column) in table.columns.iter().enumerate() {
            let mut declared = Declared::new(&column.name, column.kind.data_type(self.system));
            declared.not_null = !column.nullable;
            declared.default = column.default.map(str::to_owned);
            declared.collation = column.exact.then(|| "Latin1_General_BIN2".to_owned());
            if at == 0 && table.identity {
                declared.generated = Generated::IdentityByDefault;
            }
            relation.columns.push(declared);
        }
        relation.add_key(Key {
            name: None,
            primary: true,
            columns: vec![table.columns[0].name.clone()],
            partial: false,
            nulls_not_distinct: false,
        });
        if let Some(reference) = table.reference {
            let parent = &self.tables[reference.parent];
            let mut key =
                ForeignKey::new(vec![table.columns[1].name.clone()], parent.relation_name());
            key.referenced_columns = vec![parent.columns[0].name.clone()];
            key.on_delete = reference.action;
            relation.add_foreign_key(key);
        }
        relation
    }
}

impl Table {
    pub fn relation_name(&self) -> RelationName {
        RelationName::new(self.schema.as_deref(), &self.name)
    }

    fn fill(&mut self, system: SqlDialect, count: usize, parents: usize, choices: &mut Choices) {
        let oracle = system == SqlDialect::Oracle;
        for number in 0..count {
            let mut row = vec![Some((number + 1).to_string())];
            if self.reference.is_some() {
                let parent =
                    (parents > 0 && !choices.one_in(4)).then(|| 1 + choices.below(parents));
                row.push(parent.map(|n| n.to_string()));
            }
            for column in &self.columns[row.len()..] {
                let null = column.nullable && choices.one_in(5);
                let mut value = (!null).then(|| column.kind.value(system, choices));
                // Nothing is the empty text in Oracle.
                if oracle && value.as_deref() == Some("") {
                    value = column
                        .nullable
                        .then_some(())
                        .map_or(Some("-".into()), |()| None);
                }
                row.push(value);
            }
            self.rows.push(row);
        }
    }
}
