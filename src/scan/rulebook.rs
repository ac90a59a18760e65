//! The rulebook to start from: statements in order of risk, what somebody has to decide, GRANTs.
//!
//! Nothing of which scan is not sure is granted: until somebody has decided, a line hides it. So the rulebook
//! passes `--strict` as it is written, and what `--strict` lets through has been found harmless. It holds
//! names of tables and columns, counts and kinds, and never a value.

use super::judge::{Finding, Level};
use super::kind::Kind;
use super::survey::{Judged, JudgedTable};
use crate::search::Texts;
use std::collections::BTreeMap;

/// Everything that a rulebook is made of.
#[derive(Debug)]
pub struct Scanned<'s> {
    /// What was read.
    pub input: &'s str,
    /// The tables of each database section.
    pub sections: &'s [Vec<JudgedTable>],
    /// What could not be judged, in sentences.
    pub notes: &'s [String],
    /// Definitions that hold texts, which nobody judges.
    pub definitions: &'s [Texts],
}

/// How wide the headings are.
const WIDTH: usize = 100;

/// One column of one table, of all sections that have it.
struct Line<'s> {
    table: &'s JudgedTable,
    judged: &'s Judged,
    finding: &'s Finding,
    order: usize,
}

/// The text of the rulebook.
pub fn write(scanned: &Scanned<'_>) -> String {
    let mut out = head(scanned);
    let several = several(scanned.sections);
    let optional = |table: &JudgedTable, partly: bool, out: &mut String, number: &mut usize| {
        if partly || several.contains(&table.name.as_str()) {
            *number += 1;
            *out += &format!("-- name: scan-{number} :optional\n");
        }
    };
    let mut number = 0;
    let lines = lines(scanned.sections);
    let (found, open): (Vec<&Line>, Vec<&Line>) = lines
        .iter()
        .partition(|line| line.finding.level != Level::Low && line.judged.value.is_some());
    let mut under = "";
    for line in found {
        if line.finding.kind.heading() != under {
            under = line.finding.kind.heading();
            heading(&mut out, under);
        }
        comment(&mut out, line);
        optional(line.table, line.judged.partly, &mut out, &mut number);
        if let Some(value) = &line.judged.value {
            update(&mut out, line, value);
        }
    }
    if !open.is_empty() {
        heading(&mut out, "To decide");
        out += "-- Nobody can tell from outside whether these may be seen. The line below each hides it, until you\n\
                -- take one of the lines that are commented out in its place. Look for DECIDE.\n";
    }
    for line in open {
        comment(&mut out, line);
        let (table, column) = (&line.table.name, &line.judged.name);
        let grant = format!("GRANT SELECT ({column}) ON {table} TO testbed;");
        match &line.judged.value {
            Some(value) => {
                for (does, other) in &line.judged.others {
                    out += &format!(
                        "--   {does}:\n-- {}\n",
                        one_line(&format!("UPDATE {table} SET {column} = {other};"))
                    );
                }
                out += &format!("--   it may be seen as it is:\n-- {}\n", one_line(&grant));
                optional(line.table, line.judged.partly, &mut out, &mut number);
                update(&mut out, line, value);
            }
            None => {
                out += "-- No other value can stand in its place (a partition key, or a type without one), so this line shows\n\
                        -- it. If it must not be seen, write a rule of your own, or empty the table.\n";
                optional(line.table, line.judged.partly, &mut out, &mut number);
                out += &grant;
                out.push('\n');
            }
        }
    }
    grants(&mut out, scanned.sections, &lines, &mut |table, out| {
        optional(table, false, out, &mut number)
    });
    if !scanned.definitions.is_empty() {
        heading(&mut out, "Definitions that hold texts");
        out += "-- Defaults, checks, comments, bodies of functions leave as they are, and may name people. Look at each in the\n\
                -- dump; --strict takes the lines that stay here for reviewed, until a text changes.\n";
        for definition in scanned.definitions {
            out += &one_line(&definition.line());
            out.push('\n');
        }
    }
    out
}

fn head(scanned: &Scanned<'_>) -> String {
    let columns = || {
        scanned
            .sections
            .iter()
            .flatten()
            .flat_map(|table| &table.columns)
    };
    let input = one_line(scanned.input);
    let mut out = format!(
        "-- title: Rules to start from, for {input}\n-- source: scrub scan; ours once they have been read\n"
    );
    out += "--\n\
            -- scrub scan has looked at names, types and samples of values, and may be wrong about any of them. Read\n\
            -- every line, change it, and then use it with --strict, which stops when a column comes that is not\n\
            -- in here:\n\
            --   scrub --strict -r RULES DUMP\n\
            -- What stands outside of tables (large objects, comments, definitions) is not judged: scrub verify\n\
            -- searches it. UNIQUE and CHECK are checked by the server that loads the dump.\n";
    for note in scanned.notes {
        out += &format!("-- Not judged: {}\n", one_line(note));
    }
    let values = columns().flat_map(|judged| {
        judged
            .value
            .iter()
            .chain(judged.others.iter().map(|(_, value)| value))
    });
    if values
        .into_iter()
        .any(|value| value.contains("mail_domain"))
    {
        out += "\n-- Where addresses are sent to. mailinator.com is a public inbox: use a domain of your own.\n\
                \\set mail_domain mailinator.com\n";
    }
    out
}

fn heading(out: &mut String, text: &str) {
    let dashes = "-".repeat(WIDTH.saturating_sub(text.len() + 4));
    *out += &format!("\n-- {text} {dashes}\n");
}

fn comment(out: &mut String, line: &Line<'_>) {
    let finding = line.finding;
    let what = match finding.kind {
        Kind::Unknown => String::new(),
        kind => format!("{kind}, confidence {}: ", finding.level.name()),
    };
    let place = format!("{}.{}", line.table.relation, line.judged.column);
    *out += &format!(
        "\n-- {}: {what}{}\n",
        one_line(&place),
        one_line(&finding.why)
    );
}

fn update(out: &mut String, line: &Line<'_>, value: &str) {
    let mark = if line.finding.level == Level::Low {
        " -- DECIDE"
    } else {
        ""
    };
    *out += &format!(
        "UPDATE {} SET {} = {value};{mark}\n",
        line.table.name, line.judged.name
    );
}

/// A name may hold anything, a line end among others, behind which a comment would be over.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// Tables of one name that have other columns in another database.
fn several(sections: &[Vec<JudgedTable>]) -> Vec<&str> {
    let mut known: BTreeMap<&str, &JudgedTable> = BTreeMap::new();
    let mut several = Vec::new();
    let columns = |table: &JudgedTable| {
        table
            .columns
            .iter()
            .map(|c| c.name.clone())
            .collect::<Vec<_>>()
    };
    for table in sections.iter().flatten() {
        match known.get(table.name.as_str()) {
            Some(other) if columns(other) != columns(table) => several.push(table.name.as_str()),
            Some(_) => {}
            None => {
                known.insert(&table.name, table);
            }
        }
    }
    several
}

/// What was found, the worst of all sections for each column, in order of risk; what references others
/// comes before them.
fn lines(sections: &[Vec<JudgedTable>]) -> Vec<Line<'_>> {
    let mut worst: BTreeMap<(&str, &str), Line> = BTreeMap::new();
    let mut order = 0;
    for table in sections.iter().flatten() {
        for judged in &table.columns {
            let Some(finding) = &judged.finding else {
                continue;
            };
            order += 1;
            let key = (table.name.as_str(), judged.name.as_str());
            let line = Line {
                table,
                judged,
                finding,
                order,
            };
            match worst.get(&key) {
                Some(known)
                    if (known.finding.level, known.finding.kind)
                        <= (finding.level, finding.kind) => {}
                _ => {
                    worst.insert(key, line);
                }
            }
        }
    }
    let mut lines: Vec<Line> = worst.into_values().collect();
    let unknown = |line: &Line| line.finding.level == Level::Low || line.judged.value.is_none();
    lines.sort_by_key(|line| {
        (
            unknown(line),
            line.finding.kind,
            usize::MAX - line.judged.depth,
            line.order,
        )
    });
    lines
}

/// One GRANT for each table, for what has been found harmless in every section.
fn grants(
    out: &mut String,
    sections: &[Vec<JudgedTable>],
    lines: &[Line<'_>],
    optional: &mut dyn FnMut(&JudgedTable, &mut String),
) {
    let found = |table: &JudgedTable, judged: &Judged| {
        let same = |line: &&Line| line.table.name == table.name && line.judged.name == judged.name;
        lines.iter().any(|line| same(&line))
    };
    let mut written: Vec<String> = Vec::new();
    for table in sections.iter().flatten() {
        let columns = table.columns.iter().filter(|judged| !found(table, judged));
        let names: Vec<&str> = columns.map(|judged| judged.name.as_str()).collect();
        if names.is_empty() {
            continue;
        }
        let grant = format!(
            "GRANT SELECT ({}) ON {} TO testbed;\n",
            names.join(", "),
            table.name
        );
        if written.contains(&grant) {
            continue;
        }
        if written.is_empty() {
            heading(out, "Harmless");
            *out += "-- Neither names nor values say anything against showing these.\n\n";
        }
        optional(table, out);
        *out += &grant;
        written.push(grant);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::{Load, load};
    use crate::schema::RelationName;

    fn judged(column: &str, finding: Option<(Kind, Level)>, value: Option<&str>) -> Judged {
        Judged {
            column: column.to_owned(),
            name: crate::rulebook::naming::quoted(column, false),
            finding: finding.map(|(kind, level)| Finding {
                kind,
                level,
                share: None,
                why: "why".to_owned(),
            }),
            values: 1,
            value: value.map(str::to_owned),
            others: Vec::new(),
            partly: false,
            depth: 0,
        }
    }

    fn table(name: &str, columns: Vec<Judged>) -> JudgedTable {
        JudgedTable {
            relation: RelationName::new(None, name),
            name: crate::rulebook::naming::quoted(name, false),
            rows: 1,
            columns,
        }
    }

    fn written(sections: &[Vec<JudgedTable>]) -> String {
        let text = write(&Scanned {
            input: "d\n.sql",
            sections,
            notes: &[],
            definitions: &[],
        });
        let loaded = load(&Load {
            name: "t",
            path: "t.sql",
            text: &text,
            variables: &[],
            include: &|_| Err(std::io::ErrorKind::NotFound.into()),
        });
        loaded.unwrap_or_else(|_| panic!("{text}"));
        text
    }

    /// The statements without what stands around them.
    fn statements(text: &str) -> Vec<&str> {
        text.lines()
            .filter(|line| line.starts_with(['U', 'G']) || line.contains(":optional"))
            .collect()
    }

    #[test]
    fn in_order_of_risk() {
        let text = written(&[vec![
            table(
                "a\nb",
                vec![
                    judged("id", None, None),
                    judged(
                        "phone",
                        Some((Kind::Phone, Level::High)),
                        Some("anon.pseudo_phone(phone)"),
                    ),
                    judged("note", Some((Kind::Unknown, Level::Low)), Some("NULL")),
                ],
            ),
            table(
                "u",
                vec![
                    judged("pw", Some((Kind::Secret, Level::Medium)), Some("NULL")),
                    judged("part", Some((Kind::City, Level::High)), None),
                ],
            ),
        ]]);
        assert_eq!(
            statements(&text.replace("a\nb", "ab")),
            [
                "UPDATE u SET pw = NULL;",
                "UPDATE \"ab\" SET phone = anon.pseudo_phone(phone);",
                "GRANT SELECT (part) ON u TO testbed;",
                "UPDATE \"ab\" SET note = NULL; -- DECIDE",
                "GRANT SELECT (id) ON \"ab\" TO testbed;",
            ]
        );
        assert!(
            text.contains("-- GRANT SELECT (note) ON \"a b\" TO testbed;"),
            "{text}"
        );
    }

    #[test]
    fn what_is_found_in_one_database_counts_in_all() {
        let first = table("t", vec![judged("id", None, None), judged("v", None, None)]);
        let second = table(
            "t",
            vec![
                judged("id", None, None),
                judged("v", Some((Kind::Secret, Level::High)), Some("NULL")),
            ],
        );
        assert_eq!(
            statements(&written(&[vec![first.clone()], vec![second]])),
            [
                "UPDATE t SET v = NULL;",
                "GRANT SELECT (id) ON t TO testbed;"
            ]
        );
        let other = table("t", vec![judged("id", None, None)]);
        assert_eq!(
            statements(&written(&[vec![first], vec![other]])),
            [
                "-- name: scan-1 :optional",
                "GRANT SELECT (id, v) ON t TO testbed;",
                "-- name: scan-2 :optional",
                "GRANT SELECT (id) ON t TO testbed;",
            ]
        );
    }
}
