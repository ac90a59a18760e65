//! The head of an INSERT: what stands before its first row.

use super::Flavour;
use super::tokens::Tokens;

/// How rows follow a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// `VALUES (…), (…)`.
    Values,
    /// `SELECT … UNION ALL SELECT …`, each with `FROM DUAL` in Oracle.
    Select,
    /// `INSERT ALL INTO t VALUES (…) INTO t VALUES (…) SELECT …`.
    All,
}

/// The head of an INSERT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InsertHead {
    /// The parts of the relation's name.
    pub relation: Vec<String>,
    /// The column list.
    pub columns: Option<Vec<String>>,
    /// How rows follow.
    pub style: Style,
}

/// Reads a head that ends with VALUES or SELECT; none if it is not exactly that.
pub fn parse_head(mut tokens: Tokens<'_>, flavour: Flavour) -> Option<InsertHead> {
    tokens.eat("INSERT").then_some(())?;
    let all = flavour == Flavour::Oracle && tokens.eat("ALL");
    if !tokens.eat("INTO") && flavour == Flavour::Oracle {
        return None;
    }
    let (relation, columns) = target(&mut tokens)?;
    let style = match tokens.next()? {
        word if word.keyword("VALUES") && all => Style::All,
        word if word.keyword("VALUES") => Style::Values,
        word if word.keyword("SELECT") && !all => Style::Select,
        _ => return None,
    };
    tokens.next().is_none().then_some(InsertHead {
        relation,
        columns,
        style,
    })
}

/// `t [WITH (hints)] [(columns)]`.
pub fn target(tokens: &mut Tokens<'_>) -> Option<(Vec<String>, Option<Vec<String>>)> {
    let relation = tokens.qualified_name()?;
    if tokens.eat("WITH") {
        tokens.skip_parentheses()?;
    }
    let columns = match tokens.at_mark(b'(') {
        true => Some(tokens.names()?),
        false => None,
    };
    Some((relation, columns))
}

#[cfg(test)]
mod tests {
    use super::super::tokens::tokens;
    use super::*;

    #[test]
    fn heads() {
        let names = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        for (flavour, text, relation, columns, style) in [
            (
                Flavour::Mssql,
                "INSERT [dbo].[t] ([a], [b]) VALUES ",
                &["dbo", "t"][..],
                Some(&["a", "b"][..]),
                Style::Values,
            ),
            (
                Flavour::Mssql,
                "insert into t with (tablock) select",
                &["t"],
                None,
                Style::Select,
            ),
            (
                Flavour::Mssql,
                "INSERT t VALUES",
                &["t"],
                None,
                Style::Values,
            ),
            (
                Flavour::Oracle,
                "Insert into HR.t (a,\"b\") values ",
                &["HR", "T"],
                Some(&["A", "b"]),
                Style::Values,
            ),
            (
                Flavour::Oracle,
                "INSERT ALL\n INTO t (a) VALUES ",
                &["T"],
                Some(&["A"]),
                Style::All,
            ),
        ] {
            let expected = InsertHead {
                relation: names(relation),
                columns: columns.map(names),
                style,
            };
            assert_eq!(
                parse_head(tokens(text.as_bytes(), flavour), flavour),
                Some(expected),
                "{text}"
            );
        }
        for text in [
            "INSERT TOP (5) INTO t VALUES",
            "INSERT t OUTPUT inserted.* VALUES",
            "INSERT t EXEC x",
            "INSERT t DEFAULT VALUES",
        ] {
            assert_eq!(
                parse_head(tokens(text.as_bytes(), Flavour::Mssql), Flavour::Mssql),
                None,
                "{text}"
            );
        }
    }
}
