//! Rows before and after, side by side, as `diff -y` shows files: `|` stands between cells that differ, `<`
//! behind those of a row that goes, nothing where a cell only says which row it is.

use super::number::{count, grouped};
use super::text::{name, plain};
use super::{Sample, SampleCell, TableReport};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// What is printed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// How many characters go into a line.
    pub width: usize,
    /// Does it show colours?
    pub colours: bool,
}

impl Default for Page {
    fn default() -> Page {
        Page {
            width: 80,
            colours: false,
        }
    }
}

const INDENT: &str = "    ";
const GUTTER: usize = 3;

/// The least that is left for a value, however narrow the page is.
const LEAST: usize = 12;

const BOLD: &str = "1";
const DIM: &str = "2";
const RED: &str = "31";
const GREEN: &str = "32";

/// The samples of a table.
pub(super) fn table(out: &mut String, table: &TableReport, page: Page) {
    let happened = [
        (table.changed, "changed"),
        (table.dropped, "dropped"),
        (table.moved, "moved"),
    ];
    let happened = happened.iter().filter(|(n, _)| *n > 0);
    let happened: Vec<_> = happened
        .map(|(n, what)| format!("{} {what}", grouped(*n)))
        .collect();
    let title = paint(&name(table), BOLD, page);
    let of = table
        .rows
        .map_or(String::new(), |rows| format!(" of {}", count(rows, "row")));
    *out += &format!("{title}: {}{of}\n", happened.join(", "));
    let columns = Columns::of(&table.samples, page.width);
    columns.line(out, ["", "before", "after"], " ", [BOLD; 2], page);
    for sample in &table.samples {
        let dropped = if sample.dropped { ", dropped" } else { "" };
        *out += &format!("  row {}{dropped}\n", grouped(sample.row));
        for cell in &sample.cells {
            columns.cell(out, cell, page);
        }
    }
}

/// The widths of what stands beside one another.
struct Columns {
    name: usize,
    before: usize,
    after: usize,
}

impl Columns {
    /// As wide as the cells need; what they cannot all have is shared out.
    fn of(samples: &[Sample], width: usize) -> Columns {
        let cells = || samples.iter().flat_map(|sample| &sample.cells);
        let widest = |text: fn(&SampleCell) -> &str| {
            let widths = cells().map(|cell| plain(text(cell)).width());
            widths.max().unwrap_or_default()
        };
        let name = widest(|cell| &cell.column).min(width / 4).max(3);
        let before = widest(|cell| &cell.before).max("before".len());
        let after = widest(|cell| cell.after.as_deref().unwrap_or_default()).max("after".len());
        let room = width.saturating_sub(INDENT.len() + name + 2 + GUTTER);
        let room = room.max(2 * LEAST);
        let half = room / 2;
        let (before, after) = match (before <= half, after <= half) {
            (true, _) => (before, after.min(room - before)),
            (false, true) => (before.min(room - after), after),
            (false, false) => (half, room - half),
        };
        Columns {
            name,
            before,
            after,
        }
    }

    fn cell(&self, out: &mut String, cell: &SampleCell, page: Page) {
        let after = cell.after.as_deref().unwrap_or_default();
        let (mark, colours) = match (&cell.after, cell.changed) {
            (None, _) => ("<", [RED, RED]),
            (Some(_), true) => ("|", [RED, GREEN]),
            (Some(_), false) => (" ", [DIM, DIM]),
        };
        let texts = [&*plain(&cell.column), &*plain(&cell.before), &*plain(after)];
        self.line(out, texts, mark, colours, page);
    }

    /// A line, or as many as the longest of its texts needs.
    fn line(&self, out: &mut String, texts: [&str; 3], mark: &str, colours: [&str; 2], page: Page) {
        let [names, before, after] = [
            pieces(texts[0], self.name),
            pieces(texts[1], self.before),
            pieces(texts[2], self.after),
        ];
        for n in 0..names.len().max(before.len()).max(after.len()) {
            let piece = |of: &[String]| of.get(n).cloned().unwrap_or_default();
            let (name, before, after) = (piece(&names), piece(&before), piece(&after));
            let blanks = |text: &str, width: usize| " ".repeat(width.saturating_sub(text.width()));
            let line = format!(
                "{INDENT}{name}{}  {}{} {mark} {}",
                blanks(&name, self.name),
                paint(&before, colours[0], page),
                blanks(&before, self.before),
                paint(&after, colours[1], page),
            );
            *out += line.trim_end();
            out.push('\n');
        }
    }
}

/// A text in pieces of at most so many columns.
fn pieces(text: &str, width: usize) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut used = 0;
    for c in text.chars() {
        let wide = c.width().unwrap_or_default();
        if used + wide > width && used > 0 {
            all.push(String::new());
            used = 0;
        }
        used += wide;
        if let Some(last) = all.last_mut() {
            last.push(c);
        }
    }
    all
}

fn paint(text: &str, colour: &str, page: Page) -> String {
    match page.colours && !text.is_empty() {
        true => format!("\x1b[{colour}m{text}\x1b[0m"),
        false => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> TableReport {
        let changed = |column: &str, before: &str, after: &str| {
            SampleCell::changed(
                column,
                Some(before.as_bytes()),
                Some(after.as_bytes()),
                true,
            )
        };
        TableReport {
            relation: "public.job".into(),
            rows: Some(1200),
            changed: 1,
            dropped: 1,
            samples: vec![
                Sample {
                    row: 1,
                    dropped: false,
                    cells: vec![
                        SampleCell::same("id", Some(b"7"), true),
                        changed(
                            "mail",
                            "jane.roe@company.com",
                            "jane.roe_company.com@mailinator.com",
                        ),
                        changed("state", "on", "off"),
                    ],
                },
                Sample {
                    row: 2,
                    dropped: true,
                    cells: vec![SampleCell::dropped("id", Some(b"8"), true)],
                },
            ],
            ..TableReport::default()
        }
    }

    fn shown(width: usize, colours: bool) -> String {
        let mut out = String::new();
        table(&mut out, &report(), Page { width, colours });
        out
    }

    #[test]
    fn cells_stand_beside_one_another() {
        assert_eq!(
            shown(80, false),
            "public.job: 1 changed, 1 dropped of 1,200 rows\n           before                   after\n  \
             row 1\n    id     '7'                      '7'\n    mail   'jane.roe@company.com' | \
             'jane.roe_company.com@mailinator.com'\n    state  'on'                   | 'off'\n  \
             row 2, dropped\n    id     '8'                    <\n"
        );
    }

    #[test]
    fn what_is_too_long_goes_on_in_the_next_line_and_no_line_is_wider_than_the_page() {
        for width in [40, 60, 80, 160] {
            let text = shown(width, false);
            assert!(text.lines().all(|l| l.width() <= width.max(47)), "{text}");
            assert_eq!(text.contains("company.com@mailinator.com'"), width >= 80);
        }
        assert_eq!(pieces("中文字x", 4), ["中文", "字x"]);
        assert_eq!(pieces("", 4), [""]);
        assert_eq!(pieces("中", 1), ["中"]);
    }

    #[test]
    fn colours_stress_what_changed_only() {
        let text = shown(80, true);
        assert!(text.contains("\x1b[31m'on'\x1b[0m"), "{text:?}");
        assert!(text.contains("\x1b[32m'off'\x1b[0m"), "{text:?}");
        assert!(text.contains("\x1b[2m'7'\x1b[0m"), "{text:?}");
        let strip = |text: &str| {
            let mut plain = String::new();
            for (n, part) in text.split('\x1b').enumerate() {
                plain += if n == 0 {
                    part
                } else {
                    part.split_once('m').unwrap().1
                };
            }
            plain
        };
        assert_eq!(strip(&text), shown(80, false));
    }
}
