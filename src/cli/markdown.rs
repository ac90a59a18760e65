//! Pages of the book that nobody writes by hand: the functions from their registry, a rulebook from
//! its own comments. What stands in them is true by construction; `tests/it/book.rs` keeps the
//! committed pages equal to what is printed here.

use super::functions::{nature, result, signature};
use crate::functions::{Function, registry};

const FUNCTIONS: &str = "\
# The anon functions

<!-- Made by `scrub functions --markdown`; the examples run as tests. -->

Names and the order of arguments follow
[PostgreSQL Anonymizer](https://postgresql-anonymizer.readthedocs.io) where it has the function. NULL stays
NULL. What is in brackets may be left out. A result fits its column: where `varchar(n)` is too short, a value is cut
and gets a keyed suffix, so that what was distinct stays distinct.

Functions come in three kinds. *Plain* ones depend on their arguments only. *Keyed* ones also on the key
(`--key-file`): the same input gives the same output in every table and every run. *Fresh* ones differ from
row to row, and a run with the same key repeats them.

";

/// All functions.
pub(super) fn functions() -> String {
    let mut out = FUNCTIONS.to_owned();
    out += "| function | what it does |\n| --- | --- |\n";
    for f in registry() {
        let summary = escaped(f.summary).replace('|', "\\|");
        out += &format!("| [`anon.{0}`](#anon{0}) | {summary} |\n", f.name);
    }
    registry().iter().for_each(|f| function(&mut out, f));
    out
}

fn function(out: &mut String, function: &Function) {
    *out += &format!("\n## anon.{}\n\n", function.name);
    *out += &format!("`{}`\n\n", signature(function));
    *out += &format!("{}\n{}", escaped(function.summary), nature(function));
    if !function.examples.is_empty() {
        *out += "\n```sql\n";
        for example in function.examples {
            let result = result(example).replace('\n', "\n--     ");
            *out += &format!("{}\n-- → {result}\n", example.sql);
        }
        *out += "```\n";
    }
}

/// A rulebook: what its head says, then its comments as prose and its statements as they stand.
pub(super) fn rulebook(name: &str, text: &str) -> String {
    let head = |what: &str| -> Vec<&str> {
        let begin = format!("-- {what}: ");
        let lines = text.lines();
        lines.filter_map(|l| l.strip_prefix(&*begin)).collect()
    };
    let mut out = format!(
        "# {}\n\n<!-- Made by `scrub rules show --markdown {name}` from the rulebook's own comments. -->\n\n",
        head("title")
            .first()
            .map_or(name.to_owned(), |t| escaped(t)),
    );
    out += &match head("detect").first() {
        Some(tables) => format!(
            "The rulebook `{name}` runs by itself on a dump that has all of these tables: {}.\n",
            code(tables)
        ),
        None if name == "baseline" => {
            "The rulebook `baseline` runs on every dump, unless `-r` names others.\n".to_owned()
        }
        None => format!("The rulebook `{name}` runs when `-r {name}` names it.\n"),
    };
    let excepted = head("baseline-except");
    if let Some(columns) = excepted.first() {
        out += &format!(
            "The baseline's patterns leave these columns alone: {}.\n",
            code(columns)
        );
    }
    for (title, lines) in [
        ("What remains by hand", head("by-hand")),
        ("Where it comes from", head("source")),
    ] {
        if !lines.is_empty() {
            out += &format!("\n## {title}\n\n");
            lines
                .iter()
                .for_each(|line| out += &format!("* {}\n", escaped(line)));
        }
    }
    out += "\n## The rulebook\n";
    body(&mut out, text);
    out
}

/// `a, b` → `` `a`, `b` ``.
fn code(names: &str) -> String {
    let names: Vec<_> = names.split(", ").map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

const HEAD: [&str; 6] = [
    "title",
    "source",
    "dialect",
    "detect",
    "baseline-except",
    "by-hand",
];

/// What a line of a rulebook is.
enum Line<'t> {
    Blank,
    /// `-- Options -----`
    Section(&'t str),
    Comment(&'t str),
    Code,
}

fn line(text: &str) -> Option<Line<'_>> {
    let Some(comment) = text.strip_prefix("--") else {
        return Some(match text.trim().is_empty() {
            true => Line::Blank,
            false => Line::Code,
        });
    };
    let comment = comment.strip_prefix(' ').unwrap_or(comment);
    if HEAD
        .iter()
        .any(|word| comment.starts_with(&format!("{word}:")))
    {
        return None;
    }
    if comment.starts_with("name:") {
        return Some(Line::Code);
    }
    let bare = comment.trim_end_matches('-').trim_end();
    Some(match bare {
        "" => Line::Blank,
        _ if comment.len() - bare.len() > 8 => Line::Section(bare),
        _ => Line::Comment(comment),
    })
}

fn body(out: &mut String, text: &str) {
    // A blank line within a statement belongs to it.
    let mut open = false;
    let mut fenced = false;
    let mut prose = false;
    for text in text.lines() {
        let kind = match open {
            true => Some(Line::Code),
            false => line(text),
        };
        let Some(kind) = kind else { continue };
        if fenced && !matches!(kind, Line::Code) {
            *out += "```\n";
            fenced = false;
        }
        match kind {
            Line::Blank => prose = false,
            Line::Section(title) => {
                *out += &format!("\n### {}\n", escaped(title));
                prose = false;
            }
            Line::Comment(comment) => {
                *out += if prose { "" } else { "\n" };
                *out += &format!("{}\n", escaped(comment));
                prose = true;
            }
            Line::Code => {
                if !fenced {
                    *out += "\n```sql\n";
                }
                *out += &format!("{text}\n");
                (fenced, prose) = (true, false);
                let end = text.trim_end();
                let comment = text.starts_with("--");
                open = !comment
                    && !end.ends_with(';')
                    && !text.starts_with('\\')
                    && !end.ends_with("\\gexec");
            }
        }
    }
    if fenced {
        *out += "```\n";
    }
}

/// Text that Markdown shows as it is, but for `code`.
fn escaped(text: &str) -> String {
    let ticks = text.matches('`').count();
    let mut out = String::with_capacity(text.len());
    let mut in_code = false;
    for c in text.chars() {
        if c == '`' && ticks.is_multiple_of(2) {
            in_code = !in_code;
            out.push(c);
            continue;
        }
        match c {
            '*' | '_' | '[' | ']' | '<' | '\\' | '`' | '#' if !in_code => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::builtins;

    #[test]
    fn every_function_has_its_part() {
        let page = functions();
        for f in registry() {
            assert!(page.contains(&format!("\n## anon.{}\n\n`anon.{}(", f.name, f.name)));
            assert!(
                f.examples.iter().all(|e| page.contains(e.sql)),
                "{}",
                f.name
            );
        }
    }

    #[test]
    fn a_rulebook_becomes_prose_and_code() {
        let text = "-- title: Some_shop\n-- source: its docs\n-- detect: a, b\n-- by-hand: set `x_y`, look at *_z\n--\n\
                    -- About\n-- it.\n\n\\set v 1\n\n-- Part one --------------\n-- Vendor: gone.\n-- name: r :optional\n\
                    DELETE FROM a\n\n  WHERE b = 1;\n-- Ours.\nUPDATE a SET b = 2;\n";
        assert_eq!(
            rulebook("shop", text),
            "# Some\\_shop\n\n<!-- Made by `scrub rules show --markdown shop` from the rulebook's own \
             comments. -->\n\nThe rulebook `shop` runs by itself on a dump that has all of these tables: `a`, `b`.\n\n\
             ## What remains by hand\n\n* set `x_y`, look at \\*\\_z\n\n## Where it comes from\n\n* its docs\n\n\
             ## The rulebook\n\nAbout\nit.\n\n```sql\n\\set v 1\n```\n\n### Part one\n\nVendor: gone.\n\n```sql\n\
             -- name: r :optional\nDELETE FROM a\n\n  WHERE b = 1;\n```\n\nOurs.\n\n```sql\nUPDATE a SET b = 2;\n```\n"
        );
    }

    /// Nothing of a built-in is lost on the way: every line of its statements is in a code block.
    #[test]
    fn pages_of_the_built_in_rulebooks_have_every_statement() {
        for built_in in builtins() {
            let page = rulebook(built_in.name, built_in.text);
            let code: Vec<&str> = page.split("```").skip(1).step_by(2).collect();
            assert_eq!(page.matches("```").count() % 2, 0, "{}", built_in.name);
            let code = code.concat();
            for text in built_in.text.lines() {
                if !text.starts_with("--") && !text.trim().is_empty() {
                    assert!(code.contains(text), "{}: {text}", built_in.name);
                }
                if let Some(line) = text.strip_prefix("-- by-hand: ") {
                    assert!(page.contains(&escaped(line)), "{}", built_in.name);
                }
            }
        }
    }
}
