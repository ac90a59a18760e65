//! Writes a world as an Oracle script, in the ways of the tools and of people.

use super::world::{Column, Kind, Table, World};
use super::{Script, chance};
use crate::differential::Choices;
use scrub::schema::ReferentialAction;

/// Whose script it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tool {
    SqlDeveloper,
    PlsqlDeveloper,
    SqlPlus,
}

/// How rows become INSERTs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    One,
    All(usize),
    Union(usize),
}

#[derive(Debug)]
struct Style {
    tool: Tool,
    crlf: bool,
    /// DDL ends with a semicolon; otherwise with nothing, or with a slash in SQL*Plus.
    terminators: bool,
    columns: bool,
    quoted: bool,
    form: Form,
    between: bool,
    apart: bool,
    /// A hyphen continues a line.
    continued: bool,
    inline_keys: bool,
}

impl Style {
    fn any(choices: &mut Choices) -> Style {
        let tool = choices.of(&[
            Tool::SqlDeveloper,
            Tool::SqlDeveloper,
            Tool::PlsqlDeveloper,
            Tool::SqlPlus,
        ]);
        let plus = tool == Tool::SqlPlus;
        let apart = choices.one_in(4);
        Style {
            tool,
            crlf: choices.one_in(3),
            terminators: !choices.one_in(3),
            columns: !plus || choices.one_in(2),
            quoted: tool == Tool::SqlDeveloper && choices.one_in(2),
            form: match plus {
                true => choices.of(&[Form::One, Form::All(3), Form::Union(3)]),
                false => Form::One,
            },
            between: choices.one_in(3),
            apart,
            continued: plus && choices.one_in(2),
            inline_keys: choices.one_in(2),
        }
    }

    fn name(&self, text: &str) -> String {
        let plain = text.starts_with(|c: char| c.is_ascii_uppercase())
            && text
                .chars()
                .all(|c| matches!(c, 'A'..='Z' | '0'..='9' | '_' | '$' | '#'));
        match (plain && !self.quoted, self.tool) {
            (false, _) => format!("\"{text}\""),
            (true, Tool::SqlPlus) => text.to_lowercase(),
            (true, _) => text.to_owned(),
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
    if style.tool == Tool::SqlDeveloper && chance(out.choices) {
        out.text.push('\u{feff}');
    }
    out.preface();
    if style.apart {
        let aside = std::mem::take(&mut out.text);
        world
            .tables
            .iter()
            .for_each(|table| out.create(world, table));
        out.foreign_keys(world);
        schema = Some(std::mem::replace(&mut out.text, aside).into_bytes());
    } else if !style.between {
        world
            .tables
            .iter()
            .for_each(|table| out.create(world, table));
    }
    for table in &world.tables {
        if style.between && !style.apart {
            out.create(world, table);
        }
        out.rows(table);
    }
    if !style.apart {
        out.foreign_keys(world);
    }
    match style.tool {
        Tool::PlsqlDeveloper => out.line("prompt Done."),
        Tool::SqlPlus => {
            out.line("COMMIT;");
            out.line("EXIT");
        }
        Tool::SqlDeveloper => {}
    }
    Script {
        bytes: out.text.into_bytes(),
        keys_first: schema.is_some() || style.inline_keys && !style.between,
        schema,
        what: format!("{style:?}"),
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

    fn preface(&mut self) {
        match self.style.tool {
            Tool::SqlDeveloper => {
                self.line("--------------------------------------------------------");
                self.line("--  File created - Friday-November-20-2026   ");
                self.line("--------------------------------------------------------");
            }
            Tool::PlsqlDeveloper => {
                self.line("prompt PL/SQL Developer import file: it's free text");
                self.line("set feedback off");
                self.line("set define off");
                self.line("");
            }
            Tool::SqlPlus => {
                self.line("REM  It's a script; by hand");
                self.line("SET ECHO OFF");
                self.line("SET DEFINE OFF");
            }
        }
    }

    /// The end of DDL.
    fn end(&mut self) {
        match (self.style.terminators, self.style.tool) {
            (true, _) => self.line(";"),
            (false, Tool::SqlDeveloper) => self.line(""),
            (false, _) => {
                self.line("");
                self.line("/");
            }
        }
        self.line("");
    }

    fn create(&mut self, world: &World, table: &Table) {
        let style = self.style;
        if style.tool == Tool::SqlDeveloper {
            self.line("--------------------------------------------------------");
            let comment = format!("--  DDL for Table {}", table.name);
            self.line(&comment);
            self.line("--------------------------------------------------------");
            self.line("");
        }
        let mut lines = Vec::new();
        for (at, column) in table.columns.iter().enumerate() {
            let default = column
                .default
                .map_or(String::new(), |sql| format!(" DEFAULT {sql}"));
            let null = if column.nullable { "" } else { " NOT NULL" };
            let key = if at == 0 { " PRIMARY KEY" } else { "" };
            lines.push(format!(
                "\t{} {}{default}{null}{key}",
                style.name(&column.name),
                type_name(column)
            ));
        }
        if style.inline_keys {
            lines.extend(self.foreign_key(world, table).map(|key| format!("\t{key}")));
        }
        let head = format!("  CREATE TABLE {} ", style.table(table));
        self.line(&head);
        let separator = format!(", {}", self.newline());
        let body = format!("   ({}", lines.join(&separator));
        self.line(&body);
        let tail = match style.tool {
            Tool::SqlDeveloper => {
                "   ) SEGMENT CREATION IMMEDIATE \n  PCTFREE 10 TABLESPACE \"USERS\" "
            }
            _ => ")",
        };
        self.text.push_str(&tail.replace('\n', self.newline()));
        self.end();
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
            "FOREIGN KEY ({}) REFERENCES {} ({}){action}",
            self.style.name(&table.columns[1].name),
            self.style.table(parent),
            self.style.name(&parent.columns[0].name)
        ))
    }

    fn foreign_keys(&mut self, world: &World) {
        if self.style.inline_keys {
            return;
        }
        for (number, table) in world.tables.iter().enumerate() {
            if let Some(key) = self.foreign_key(world, table) {
                let alter = format!(
                    "  ALTER TABLE {} ADD CONSTRAINT \"FK_{number}\" {key}",
                    self.style.table(table)
                );
                self.text.push_str(&alter);
                self.end();
            }
        }
    }

    fn rows(&mut self, table: &Table) {
        let style = self.style;
        let name = style.table(table);
        match style.tool {
            Tool::SqlDeveloper => {
                let remark = format!("REM INSERTING into {name} don't stop");
                self.line(&remark);
                self.line("SET DEFINE OFF;");
            }
            Tool::PlsqlDeveloper => {
                let prompt = format!("prompt Loading {name}'s rows...");
                self.line(&prompt);
            }
            Tool::SqlPlus => {}
        }
        let names: Vec<String> = table.columns.iter().map(|c| style.name(&c.name)).collect();
        let list = format!(
            " ({})",
            names.join(if style.tool == Tool::SqlDeveloper {
                ","
            } else {
                ", "
            })
        );
        let list = if style.columns { list.as_str() } else { "" };
        let per = match style.form {
            Form::One => 1,
            Form::All(n) | Form::Union(n) => n,
        };
        let n = self.newline();
        for (number, rows) in table.rows.chunks(per).enumerate() {
            if number % 4 == 3 && style.tool == Tool::PlsqlDeveloper {
                self.line("commit;");
                self.line("prompt 100 records committed...");
            }
            let texts: Vec<String> = rows.iter().map(|row| self.cells(row, table)).collect();
            let statement = match (style.form, style.tool) {
                (Form::One, Tool::SqlDeveloper) => {
                    format!("Insert into {name}{list} values ({});", texts[0])
                }
                (Form::One, Tool::PlsqlDeveloper) => {
                    format!("insert into {name}{list}{n}values ({});{n}", texts[0])
                }
                (Form::One, Tool::SqlPlus) => {
                    let insert = self.choices.pick(&["INSERT INTO", "insert into"]);
                    let hyphen = if style.continued { "-" } else { "" };
                    format!("{insert} {name}{list} VALUES ({}{hyphen}{n});", texts[0])
                }
                (Form::All(_), _) => {
                    let all = texts
                        .iter()
                        .map(|text| format!("  INTO {name}{list} VALUES ({text}){n}"));
                    format!(
                        "INSERT ALL{n}{}SELECT * FROM dual;",
                        all.collect::<String>()
                    )
                }
                (Form::Union(_), _) => {
                    let all = texts.join(&format!(" FROM dual UNION ALL{n}SELECT "));
                    format!("INSERT INTO {name}{list} SELECT {all} FROM DUAL;")
                }
            };
            let statement = match (style.tool, chance(self.choices)) {
                // A slash runs what has no semicolon.
                (Tool::SqlPlus, true) => {
                    let bare = statement.strip_suffix(';').expect("a semicolon");
                    format!("{bare}{n}/")
                }
                _ => statement,
            };
            self.line(&statement);
        }
        if style.tool == Tool::PlsqlDeveloper {
            self.line("commit;");
        }
    }

    fn cells(&mut self, row: &[Option<String>], table: &Table) -> String {
        let mut out = String::new();
        for (at, (cell, column)) in row.iter().zip(&table.columns).enumerate() {
            if at > 0 {
                out.push_str(match self.style.tool {
                    Tool::SqlDeveloper => ",",
                    Tool::SqlPlus if self.style.continued && self.choices.one_in(3) => {
                        if self.style.crlf { ",-\r\n" } else { ",-\n" }
                    }
                    _ => ", ",
                });
            }
            out.push_str(&self.literal(cell.as_deref(), column));
        }
        out
    }

    fn literal(&mut self, cell: Option<&str>, column: &Column) -> String {
        let Some(text) = cell else {
            let empty = column.kind.is_text() && self.choices.one_in(4);
            return match self.style.tool {
                Tool::SqlPlus if empty => "''".to_owned(),
                Tool::SqlPlus => "NULL".to_owned(),
                _ => "null".to_owned(),
            };
        };
        match column.kind {
            Kind::Int
            | Kind::Big
            | Kind::Decimal
            | Kind::Bit
            | Kind::Float
            | Kind::Money
            | Kind::Clock => text.to_owned(),
            Kind::Guid | Kind::Binary => {
                let digits = text[2..].to_uppercase();
                match self.choices.one_in(3) {
                    true => format!("'{digits}'"),
                    false => format!("HEXTORAW('{digits}')"),
                }
            }
            Kind::Moment | Kind::Day => self.day(text),
            Kind::Stamp => self.stamp(text, ""),
            Kind::Zoned => {
                let (clock, offset) = text.split_at(text.len() - 6);
                self.stamp(clock, offset)
            }
            Kind::Fixed => self.text(&format!("{text:<6}")),
            Kind::Short | Kind::Narrow => self.text(text),
            Kind::Long => self.clob(text),
        }
    }

    fn day(&mut self, text: &str) -> String {
        let (date, clock) = text.split_once(' ').expect("a date and a time");
        let [year, month, day] = date.split('-').collect::<Vec<_>>()[..] else {
            panic!("a date has three parts")
        };
        match self.style.tool {
            Tool::SqlDeveloper
                if clock == "00:00:00" && (1950..2050).contains(&year.parse().unwrap_or(0)) =>
            {
                format!(
                    "to_date('{day}-{}-{}','DD-MON-RR')",
                    month_name(month),
                    &year[2..]
                )
            }
            Tool::PlsqlDeveloper => {
                format!("to_date('{day}-{month}-{year} {clock}', 'dd-mm-yyyy hh24:mi:ss')")
            }
            Tool::SqlPlus if clock == "00:00:00" && self.choices.one_in(2) => {
                format!("DATE '{date}'")
            }
            _ => format!("to_date('{text}','YYYY-MM-DD HH24:MI:SS')"),
        }
    }

    fn stamp(&mut self, text: &str, offset: &str) -> String {
        if self.style.tool != Tool::SqlDeveloper {
            let blank = if offset.is_empty() { "" } else { " " };
            return format!("TIMESTAMP '{text}{blank}{offset}'");
        }
        let (date, clock) = text.split_once(' ').expect("a date and a time");
        let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
        let date: Vec<&str> = date.split('-').collect();
        let clock: Vec<&str> = clock.split(':').collect();
        let hour: u32 = clock[0].parse().expect("an hour");
        let (function, zone) = match offset {
            "" => ("to_timestamp", ""),
            _ => ("to_timestamp_tz", " TZR"),
        };
        let offset = if offset.is_empty() {
            ""
        } else {
            &format!(" {offset}")
        };
        format!(
            "{function}('{}-{}-{} {:02}.{}.{}.{fraction:0<9} {}{offset}','DD-MON-RR HH.MI.SSXFF AM{zone}')",
            date[2],
            month_name(date[1]),
            &date[0][2..],
            (hour + 11) % 12 + 1,
            clock[1],
            clock[2],
            if hour < 12 { "AM" } else { "PM" }
        )
    }

    fn text(&mut self, text: &str) -> String {
        let plain = format!("'{}'", text.replace('\'', "''"));
        match self.style.tool {
            Tool::SqlDeveloper
                if self.choices.one_in(10) && !text.contains("]'") && !text.ends_with(']') =>
            {
                format!("q'[{text}]'")
            }
            Tool::SqlDeveloper => plain,
            Tool::PlsqlDeveloper => lines_apart(text),
            Tool::SqlPlus if self.choices.one_in(5) || text.contains(['\n', '\r']) => unistr(text),
            Tool::SqlPlus => {
                let prefix = if self.choices.one_in(4) { "N" } else { "" };
                format!("{prefix}{}", plain)
            }
        }
    }

    /// A CLOB in pieces of no more than 4,000 bytes, cut anywhere.
    fn clob(&mut self, text: &str) -> String {
        let most = self.choices.of(&[3900, 900, 40]);
        let mut pieces = vec![String::new()];
        for c in text.chars() {
            let piece = pieces.last_mut().expect("a piece");
            // As many bytes in the end, whatever each quote, line end or escape costs.
            if piece.len() * 5 + 60 > most * 5
                || self.style.tool != Tool::SqlDeveloper && piece.len() >= 300
            {
                pieces.push(String::new());
            }
            pieces.last_mut().expect("a piece").push(c);
        }
        let pieces: Vec<String> = pieces
            .iter()
            .map(|piece| {
                let quotes = ["[]", "{}", "<>", "!!"];
                let open = quotes.iter().find(|q| !piece.contains(&q[1..]));
                let literal = match (self.style.tool, open) {
                    (Tool::SqlDeveloper, Some(q)) => format!("q'{}{piece}{}'", &q[..1], &q[1..]),
                    _ => self.text(piece),
                };
                format!("TO_CLOB({literal})")
            })
            .collect();
        pieces.join(&format!("{}|| ", self.newline()))
    }
}

/// PL/SQL Developer writes line ends as `chr(10)`.
fn lines_apart(text: &str) -> String {
    let mut parts = Vec::new();
    let mut piece = String::new();
    for c in text.chars() {
        if matches!(c, '\n' | '\r') {
            if !piece.is_empty() {
                parts.push(format!("'{}'", std::mem::take(&mut piece)));
            }
            parts.push(format!("chr({})", u32::from(c)));
        } else {
            piece.push(c);
            if c == '\'' {
                piece.push(c);
            }
        }
    }
    if !piece.is_empty() || parts.is_empty() {
        parts.push(format!("'{piece}'"));
    }
    parts.join(" || ")
}

fn unistr(text: &str) -> String {
    let mut out = String::from("UNISTR('");
    for c in text.chars() {
        match c {
            ' ' | 'a'..='z' | 'A'..='Z' | '0'..='9' | '@' | '.' => out.push(c),
            '\\' => out.push_str("\\\\"),
            _ => c
                .encode_utf16(&mut [0; 2])
                .iter()
                .for_each(|unit| out.push_str(&format!("\\{unit:04x}"))),
        }
    }
    out + "')"
}

fn month_name(month: &str) -> &'static str {
    let names = [
        "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC",
    ];
    names[month.parse::<usize>().expect("a month") - 1]
}

fn type_name(column: &Column) -> &'static str {
    match column.kind {
        Kind::Int => "NUMBER(10,0)",
        Kind::Big => "NUMBER",
        Kind::Decimal => "NUMBER(10,2)",
        Kind::Bit => "NUMBER(1)",
        Kind::Float => "BINARY_DOUBLE",
        Kind::Short => "VARCHAR2(40 CHAR)",
        Kind::Narrow => "VARCHAR2(60 BYTE)",
        Kind::Fixed => "CHAR(6 CHAR)",
        Kind::Long => "CLOB",
        Kind::Moment | Kind::Day => "DATE",
        Kind::Stamp => "TIMESTAMP (6)",
        Kind::Zoned => "TIMESTAMP (6) WITH TIME ZONE",
        Kind::Money => "NUMBER(19,4)",
        Kind::Clock => unreachable!("Oracle has no time of day"),
        Kind::Guid => "RAW(16)",
        Kind::Binary => "RAW(100)",
    }
}
