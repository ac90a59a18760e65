//! Writes a world as a SQL Server script, in the ways of the tools and of people.

use super::world::{Column, Kind, Table, World};
use super::{Script, chance};
use crate::differential::Choices;
use scrub::schema::ReferentialAction;
use std::fmt::Write;

/// How the script is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Utf8Bom,
    Utf16Le,
    Utf16Be,
}

/// How rows become INSERTs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    One,
    Values(usize),
    Union(usize),
}

/// Where the DDL stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ddl {
    First,
    Between,
    /// In a file of its own, for `--schema`.
    Apart,
}

#[derive(Debug)]
struct Style {
    encoding: Encoding,
    crlf: bool,
    into: bool,
    brackets: bool,
    semicolons: bool,
    columns: bool,
    /// Every value as SMO writes it.
    smo: bool,
    /// Foreign keys within CREATE TABLE.
    inline_keys: bool,
    form: Form,
    ddl: Ddl,
    go_every: usize,
}

impl Style {
    fn any(choices: &mut Choices) -> Style {
        let smo = choices.one_in(2);
        let encoding = match smo {
            true => choices.of(&[
                Encoding::Utf16Le,
                Encoding::Utf16Le,
                Encoding::Utf16Be,
                Encoding::Utf8,
            ]),
            false => choices.of(&[Encoding::Utf8, Encoding::Utf8Bom, Encoding::Utf16Le]),
        };
        Style {
            encoding,
            crlf: match smo {
                true => encoding != Encoding::Utf8,
                false => choices.one_in(3),
            },
            into: !smo && choices.one_in(2),
            brackets: smo || choices.one_in(2),
            semicolons: !smo && choices.one_in(2),
            columns: smo || choices.one_in(2),
            smo,
            inline_keys: !smo && choices.one_in(2),
            form: match smo {
                true => Form::One,
                false => {
                    choices.of(&[Form::One, Form::Values(3), Form::Values(40), Form::Union(3)])
                }
            },
            ddl: choices.of(&[Ddl::First, Ddl::First, Ddl::Between, Ddl::Apart]),
            go_every: choices.of(&[1, 3, 100]),
        }
    }

    fn name(&self, text: &str) -> String {
        let plain = text.chars().all(|c| c.is_alphanumeric() || c == '_');
        let word = ["go", "order", "value", "note"].contains(&text.to_lowercase().as_str());
        match self.brackets || !plain || word {
            true => format!("[{}]", text.replace(']', "]]")),
            false => text.to_owned(),
        }
    }

    fn table(&self, table: &Table) -> String {
        match &table.schema {
            Some(schema) => format!("{}.{}", self.name(schema), self.name(&table.name)),
            None => self.name(&table.name),
        }
    }
}

/// Writes the world in one of the styles.
pub fn write(world: &World, choices: &mut Choices) -> Script {
    let style = Style::any(choices);
    let mut out = Out {
        style: &style,
        text: String::new(),
        choices,
    };
    let mut schema = None;
    if style.smo {
        out.line("USE [Shop]");
        out.go();
    } else {
        out.line("-- made by hand: it's a script");
        out.line("SET NOCOUNT ON;");
    }
    match style.ddl {
        Ddl::First => world
            .tables
            .iter()
            .for_each(|table| out.create(world, table)),
        Ddl::Between => {}
        Ddl::Apart => {
            let aside = std::mem::take(&mut out.text);
            if style.smo {
                out.line("USE [Shop]");
                out.go();
            }
            world
                .tables
                .iter()
                .for_each(|table| out.create(world, table));
            out.foreign_keys(world);
            schema = Some(encoded(
                &std::mem::replace(&mut out.text, aside),
                Encoding::Utf8,
            ));
        }
    }
    for table in &world.tables {
        if style.ddl == Ddl::Between {
            out.create(world, table);
        }
        out.rows(table);
    }
    if style.ddl != Ddl::Apart {
        out.foreign_keys(world);
    }
    let keys_first = schema.is_some() || style.inline_keys && style.ddl == Ddl::First;
    Script {
        bytes: encoded(&out.text, style.encoding),
        schema,
        keys_first,
        what: format!("{style:?}"),
    }
}

fn encoded(text: &str, encoding: Encoding) -> Vec<u8> {
    let units = |big: bool| {
        let marked = format!("\u{feff}{text}");
        let units = marked.encode_utf16().flat_map(|unit| match big {
            true => unit.to_be_bytes(),
            false => unit.to_le_bytes(),
        });
        units.collect()
    };
    match encoding {
        Encoding::Utf8 => text.as_bytes().to_vec(),
        Encoding::Utf8Bom => format!("\u{feff}{text}").into_bytes(),
        Encoding::Utf16Le => units(false),
        Encoding::Utf16Be => units(true),
    }
}

struct Out<'o> {
    style: &'o Style,
    text: String,
    choices: &'o mut Choices,
}

impl Out<'_> {
    fn newline(&self) -> &'static str {
        if self.style.crlf { "\r\n" } else { "\n" }
    }

    fn line(&mut self, text: &str) {
        self.text.push_str(text);
        self.text.push_str(self.newline());
    }

    fn go(&mut self) {
        let go = match self.style.smo {
            true => "GO",
            false => self.choices.pick(&["GO", "go", "  Go ", "GO -- batch"]),
        };
        self.line(go);
    }

    /// The end of a statement.
    fn end(&mut self) {
        if self.style.semicolons {
            self.text.push(';');
        }
        self.text.push_str(self.newline());
    }

    fn create(&mut self, world: &World, table: &Table) {
        let style = self.style;
        if style.smo {
            let comment = format!(
                "/****** Object:  Table {}    Script Date: 11/20/2026 9:14:02 AM ******/",
                style.table(table)
            );
            self.line(&comment);
            self.line("SET ANSI_NULLS ON");
            self.go();
        }
        let mut lines = Vec::new();
        for (at, column) in table.columns.iter().enumerate() {
            let identity = match at == 0 && table.identity {
                true => " IDENTITY(1,1)",
                false => "",
            };
            let collation = match column.exact {
                true => " COLLATE Latin1_General_BIN2",
                false => "",
            };
            let null = if column.nullable { "NULL" } else { "NOT NULL" };
            let default = match column.default {
                Some(sql) => format!(" CONSTRAINT [DF_{}_{at}] DEFAULT (({sql}))", table.name),
                None => String::new(),
            };
            let key = match at == 0 && !style.smo {
                true => " PRIMARY KEY",
                false => "",
            };
            lines.push(format!(
                "\t{} {}{collation}{identity} {null}{default}{key}",
                style.name(&column.name),
                type_name(column, style.brackets)
            ));
        }
        if style.smo {
            lines.push(format!(
                " CONSTRAINT [PK_{}] PRIMARY KEY CLUSTERED ({n}\t[Id] ASC{n})WITH (PAD_INDEX = OFF) ON [PRIMARY]",
                table.name,
                n = self.newline()
            ));
        }
        if style.inline_keys {
            lines.extend(self.foreign_key(world, table).map(|key| format!("\t{key}")));
        }
        let head = format!("CREATE TABLE {} (", style.table(table));
        self.line(&head);
        let separator = format!(",{}", self.newline());
        let body = lines.join(&separator);
        self.line(&body);
        self.text
            .push_str(if style.smo { ") ON [PRIMARY]" } else { ")" });
        self.end();
        // Rows may follow in the same batch.
        if style.smo || self.choices.one_in(2) {
            self.go();
        }
    }

    /// The constraint, if the table has one.
    fn foreign_key(&self, world: &World, table: &Table) -> Option<String> {
        let reference = table.reference?;
        let parent = &world.tables[reference.parent];
        let action = match reference.action {
            ReferentialAction::Cascade => " ON DELETE CASCADE",
            ReferentialAction::SetNull => " ON DELETE SET NULL",
            _ => "",
        };
        Some(format!(
            "CONSTRAINT [FK_{}] FOREIGN KEY({}) REFERENCES {} ({}){action}",
            table.name,
            self.style.name(&table.columns[1].name),
            self.style.table(parent),
            self.style.name(&parent.columns[0].name)
        ))
    }

    fn foreign_keys(&mut self, world: &World) {
        if self.style.inline_keys {
            return;
        }
        for table in &world.tables {
            if let Some(key) = self.foreign_key(world, table) {
                let check = if self.style.smo { "  WITH CHECK" } else { "" };
                self.text.push_str(&format!(
                    "ALTER TABLE {}{check} ADD {key}",
                    self.style.table(table)
                ));
                self.end();
                self.go();
            }
        }
    }

    fn rows(&mut self, table: &Table) {
        let style = self.style;
        if table.rows.is_empty() {
            return;
        }
        let name = style.table(table);
        if table.identity {
            let n = self.newline();
            let set = format!("SET IDENTITY_INSERT {name} ON {n}");
            self.line(&set);
        }
        let per = match style.form {
            Form::One => 1,
            Form::Values(n) | Form::Union(n) => n,
        };
        let listed = style.columns || table.identity;
        for (number, rows) in table.rows.chunks(per).enumerate() {
            if number > 0 && number % style.go_every == 0 {
                self.go();
                if style.smo && self.choices.one_in(2) {
                    self.line("print 'Processed 100 total records'");
                }
            }
            let insert = match (style.smo, style.into) {
                (true, _) => "INSERT",
                (false, true) => self
                    .choices
                    .pick(&["INSERT INTO", "insert into", "Insert  Into"]),
                (false, false) => self.choices.pick(&["INSERT", "insert"]),
            };
            let _ = write!(self.text, "{insert} {name}");
            if listed {
                let names: Vec<String> =
                    table.columns.iter().map(|c| style.name(&c.name)).collect();
                let _ = write!(self.text, " ({})", names.join(", "));
            }
            let texts: Vec<String> = rows
                .iter()
                .map(|row| {
                    let cells = row.iter().zip(&table.columns);
                    let cells: Vec<String> = cells
                        .map(|(cell, column)| self.literal(cell.as_deref(), column))
                        .collect();
                    cells.join(", ")
                })
                .collect();
            let n = self.newline();
            match style.form {
                Form::Union(_) => {
                    let all = texts.join(&format!(" UNION ALL{n}SELECT "));
                    let _ = write!(self.text, "{n}SELECT {all}");
                }
                _ => {
                    let separator = self.choices.pick(&[", (", ",(", ",\n\t(", ", -- next\n("]);
                    let all = texts.join(&format!("){separator}"));
                    let word = if style.smo {
                        "VALUES"
                    } else {
                        self.choices.pick(&["VALUES", "values"])
                    };
                    let _ = write!(self.text, " {word} ({all})");
                }
            }
            self.end();
        }
        if style.smo {
            self.go();
        }
        if table.identity {
            let set = format!("SET IDENTITY_INSERT {name} OFF");
            self.line(&set);
            self.go();
        } else if chance(self.choices) {
            self.go();
        }
    }

    fn literal(&mut self, cell: Option<&str>, column: &Column) -> String {
        let Some(text) = cell else {
            return "NULL".to_owned();
        };
        let smo = self.style.smo;
        match column.kind {
            Kind::Int | Kind::Big | Kind::Float | Kind::Money => text.to_owned(),
            Kind::Decimal if smo => format!("CAST({text} AS Decimal(10, 2))"),
            Kind::Decimal => text.to_owned(),
            Kind::Bit => if text == "t" { "1" } else { "0" }.to_owned(),
            Kind::Guid => format!("N'{text}'"),
            Kind::Binary => format!("0x{}", text[2..].to_uppercase()),
            Kind::Fixed => self.text(&format!("{text:<6}"), column),
            Kind::Short | Kind::Narrow | Kind::Long => self.text(text, column),
            Kind::Zoned if smo => {
                let (clock, offset) = text.split_at(text.len() - 6);
                let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
                let clock = clock.replace(' ', "T");
                format!("CAST(N'{clock}.{fraction:0<7}{offset}' AS DateTimeOffset)")
            }
            Kind::Clock if smo => format!("CAST(N'{text}' AS Time)"),
            Kind::Zoned | Kind::Clock => format!("'{text}'"),
            Kind::Day if smo => format!("CAST(N'{text}' AS Date)"),
            Kind::Day => format!("'{text}'"),
            Kind::Moment | Kind::Stamp => {
                let (name, digits) = match column.kind {
                    Kind::Moment => ("DateTime", 3),
                    _ => ("DateTime2", 7),
                };
                let (clock, fraction) = text.split_once('.').unwrap_or((text, ""));
                if smo {
                    let clock = clock.replace(' ', "T");
                    return format!("CAST(N'{clock}.{fraction:0<digits$}' AS {name})");
                }
                match self.choices.below(3) {
                    0 => format!("'{}'", text.replace(' ', "T")),
                    1 => format!("CAST('{text}' AS {})", name.to_lowercase()),
                    _ => format!("'{text}'"),
                }
            }
        }
    }

    /// A text, perhaps in pieces; always where a backslash stands before a line end.
    fn text(&mut self, text: &str, column: &Column) -> String {
        let national = self.style.smo
            || !text.is_ascii()
            || column.kind != Kind::Narrow && self.choices.one_in(2);
        let prefix = if national { "N" } else { "" };
        let mut pieces = vec![String::new()];
        let cut = !self.style.smo && self.choices.one_in(6);
        let mut before = ' ';
        for c in text.chars() {
            let continued = before == '\\' && matches!(c, '\r' | '\n');
            if continued || cut && pieces.len() < 9 && before != ' ' && self.choices.one_in(4) {
                pieces.push(String::new());
            }
            pieces.last_mut().expect("a piece").push(c);
            before = c;
        }
        let pieces: Vec<String> = pieces
            .iter()
            .map(|piece| format!("{prefix}'{}'", piece.replace('\'', "''")))
            .collect();
        let joined = pieces.join(" + ");
        match column.kind {
            Kind::Long if !self.style.smo && pieces.len() == 1 && self.choices.one_in(8) => {
                format!("CAST({joined} AS nvarchar(max))")
            }
            _ => joined,
        }
    }
}

fn type_name(column: &Column, brackets: bool) -> String {
    let (name, rest) = match column.kind {
        Kind::Int => ("int", ""),
        Kind::Big => ("bigint", ""),
        Kind::Decimal => ("decimal", "(10, 2)"),
        Kind::Bit => ("bit", ""),
        Kind::Float => ("float", ""),
        Kind::Short => ("nvarchar", "(40)"),
        Kind::Narrow => ("varchar", "(60)"),
        Kind::Fixed => ("nchar", "(6)"),
        Kind::Long => ("nvarchar", "(max)"),
        Kind::Moment => ("datetime", ""),
        Kind::Stamp => ("datetime2", "(7)"),
        Kind::Zoned => ("datetimeoffset", "(7)"),
        Kind::Clock => ("time", "(7)"),
        Kind::Money => ("money", ""),
        Kind::Day => ("date", ""),
        Kind::Guid => ("uniqueidentifier", ""),
        Kind::Binary => ("varbinary", "(max)"),
    };
    match brackets {
        true => format!("[{name}]{rest}"),
        false => format!("{name}{rest}"),
    }
}
