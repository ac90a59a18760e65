//! The heads of INSERT and REPLACE.

use super::tokens::{Token, Tokens};
use std::ops::Range;

/// What the head of an INSERT says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InsertHead {
    /// The parts of the relation's name.
    pub relation: Vec<String>,
    /// The column list.
    pub columns: Option<Vec<String>>,
}

/// The words before the relation's name; false if this is no INSERT.
fn begin(t: &mut Tokens<'_>) -> bool {
    if t.eat("REPLACE") {
        t.eat_any(&["LOW_PRIORITY", "DELAYED"]);
    } else if t.eat("INSERT") {
        if t.eat("OR") {
            t.next();
        }
        t.eat_any(&["LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY"]);
        t.eat("IGNORE");
    } else {
        return false;
    }
    t.eat("INTO");
    true
}

/// The relation that an INSERT of any form is into.
pub fn target(mut t: Tokens<'_>) -> Option<Vec<String>> {
    begin(&mut t).then_some(())?;
    t.names()
}

/// Reads `INSERT … t [(columns)] VALUES`; none if it is not exactly that.
pub fn parse_head(mut t: Tokens<'_>) -> Option<InsertHead> {
    begin(&mut t).then_some(())?;
    let relation = t.names()?;
    if t.eat("PARTITION") {
        t.group()?;
    }
    let columns = match t.group() {
        Some(range) => Some(columns(t.within(range))?),
        None => None,
    };
    t.eat_any(&["VALUES", "VALUE"]).then_some(())?;
    (t.next().is_none() && !t.in_code()).then_some(InsertHead { relation, columns })
}

fn columns(mut list: Tokens<'_>) -> Option<Vec<String>> {
    let mut out = Vec::new();
    while list.peek().is_some() {
        out.push(list.names()?.pop()?);
        if !list.eat_mark(b',') {
            break;
        }
    }
    list.next().is_none().then_some(out)
}

/// `INSERT … t SET a = 1, b = 'x';`: one row, whose columns stand beside their cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetRow {
    /// The relation, and the columns in their order.
    pub head: InsertHead,
    /// From the first column's name to the last cell's end.
    pub row: Range<usize>,
}

/// Reads an INSERT … SET; none if it is not exactly that.
pub fn parse_set(mut t: Tokens<'_>) -> Option<SetRow> {
    begin(&mut t).then_some(())?;
    let relation = t.names()?;
    t.eat("SET").then_some(())?;
    let start = t.peek()?.start;
    let mut columns = Vec::new();
    let mut end = start;
    set_cells(t, |name, cell| {
        columns.push(name);
        end = cell.end;
    })?;
    let mut rest = t.within(end..usize::MAX);
    let ended = rest.next().is_none_or(|t| t.ends()) && rest.next().is_none();
    ended.then_some(SetRow {
        head: InsertHead {
            relation,
            columns: Some(columns),
        },
        row: start..end,
    })
}

/// Goes over `name = cell, …` up to the end of the statement.
pub fn set_cells(mut t: Tokens<'_>, mut take: impl FnMut(String, Range<usize>)) -> Option<()> {
    loop {
        let name = t.names()?.pop()?;
        t.eat_mark(b':');
        t.eat_mark(b'=').then_some(())?;
        let first = t.next()?;
        let mut end = first.end;
        let ends = |token: &Token<'_>| token.ends() || token.mark(b',');
        while t.peek().is_some_and(|next| !ends(&next)) {
            // What follows the cells, as ON DUPLICATE KEY UPDATE, is no part of a literal.
            if t.at_keyword("ON") || t.at_keyword("AS") {
                return None;
            }
            t.pass_over();
            end = t.offset();
        }
        take(name, first.start..end);
        if !t.eat_mark(b',') {
            return Some(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tokens::{testing::mysql, tokens};
    use super::*;

    #[test]
    fn heads() {
        let g = mysql();
        let names = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        for (text, relation, columns) in [
            ("INSERT INTO `t` VALUES\n", &["t"][..], None),
            (
                "insert  ignore into d.t (`a`, b) values",
                &["d", "t"],
                Some(&["a", "b"][..]),
            ),
            ("INSERT DELAYED INTO t VALUES", &["t"], None),
            ("REPLACE INTO t () VALUE", &["t"], Some(&[])),
            ("INSERT OR REPLACE INTO \"t\"VALUES", &["t"], None),
            ("INSERT /*!50000 IGNORE */ t VALUES", &["t"], None),
        ] {
            let mut g = g.clone();
            g.double_quoted_names = true;
            let head = parse_head(tokens(&g, text.as_bytes()));
            let expected = InsertHead {
                relation: names(relation),
                columns: columns.map(names),
            };
            assert_eq!(head, Some(expected), "{text}");
        }
        for text in [
            "INSERT INTO t SELECT",
            "/*!50000 INSERT INTO t VALUES",
            "UPDATE t VALUES",
        ] {
            assert_eq!(parse_head(tokens(&g, text.as_bytes())), None, "{text}");
        }
    }

    #[test]
    fn sets() {
        let g = mysql();
        let text = "INSERT INTO t SET a:=1, `b` = concat('x', ','), t.c=NULL;";
        let set = parse_set(tokens(&g, text.as_bytes())).unwrap();
        assert_eq!(set.head.columns.unwrap(), ["a", "b", "c"]);
        assert_eq!(&text[set.row], "a:=1, `b` = concat('x', ','), t.c=NULL");
        for text in [
            "INSERT INTO t SET a=1 ON DUPLICATE KEY UPDATE b=2;",
            "INSERT INTO t SET;",
        ] {
            assert_eq!(parse_set(tokens(&g, text.as_bytes())), None, "{text}");
        }
    }
}
