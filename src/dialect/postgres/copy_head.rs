//! The head of a COPY: which relation, which columns, which format.

use super::charset::Charset;
use super::tokens::{Kind, Token, Tokens};

/// Where a COPY gets its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The lines that follow.
    Stdin,
    /// A file or program: the rows are not in the dump.
    Elsewhere,
    /// `COPY … TO`: it reads only.
    To,
}

/// The format of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `FORMAT text`.
    Text,
    /// `FORMAT csv`.
    Csv,
    /// `FORMAT binary`.
    Binary,
}

/// The columns that an option like `FORCE_NULL` means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Columns {
    /// All of them.
    All,
    /// These.
    These(Vec<String>),
}

impl Columns {
    /// Is this one of the columns?
    pub fn has(&self, name: Option<&str>) -> bool {
        match self {
            Columns::All => true,
            Columns::These(names) => name.is_some_and(|name| names.iter().any(|n| n == name)),
        }
    }
}

/// A parsed COPY. The texts of options are in the session's encoding, as the rows are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyHead {
    /// The parts of the relation's name; empty for `COPY (query) TO`.
    pub relation: Vec<String>,
    /// The column list.
    pub columns: Option<Vec<String>>,
    /// Where the rows are.
    pub source: Source,
    /// Their format.
    pub format: Format,
    /// `DELIMITER`.
    pub delimiter: u8,
    /// `NULL`.
    pub null: Vec<u8>,
    /// `DEFAULT`: a cell that stands for the column's default.
    pub default: Option<Vec<u8>>,
    /// `HEADER`: the first line holds names.
    pub header: bool,
    /// `QUOTE`.
    pub quote: u8,
    /// `ESCAPE`.
    pub escape: u8,
    /// `FORCE_NULL`.
    pub force_null: Columns,
    /// `FORCE_NOT_NULL`.
    pub force_not_null: Columns,
    /// `ENCODING`.
    pub encoding: Option<Charset>,
    /// Why the rows cannot be read with certainty, if so.
    pub doubt: Option<String>,
}

/// Options before the format's own defaults are known.
#[derive(Default)]
struct Options {
    format: Option<Format>,
    delimiter: Option<Vec<u8>>,
    null: Option<Vec<u8>>,
    default: Option<Vec<u8>>,
    header: bool,
    quote: Option<Vec<u8>>,
    escape: Option<Vec<u8>>,
    force_null: Option<Columns>,
    force_not_null: Option<Columns>,
    encoding: Option<Charset>,
    doubt: Option<String>,
}

/// Reads a COPY (or the arguments of `\copy` with a COPY before them); none if it is not one.
pub fn parse(mut tokens: Tokens<'_>) -> Option<CopyHead> {
    if !tokens.eat_keyword("COPY") {
        return None;
    }
    let mut options = Options::default();
    let mut relation = Vec::new();
    let mut columns = None;
    if tokens.at_punctuation(b'(') {
        tokens.skip_parentheses()?;
    } else {
        if tokens.at_keyword("BINARY") {
            let mut ahead = tokens;
            ahead.next();
            if !ahead.at_punctuation(b'.')
                && !ahead.at_keyword("FROM")
                && !ahead.at_punctuation(b'(')
            {
                tokens = ahead;
                options.format = Some(Format::Binary);
            }
        }
        relation = tokens.qualified_name()?;
        if tokens.at_punctuation(b'(') {
            columns = Some(names(&mut tokens)?);
        }
    }
    let to = tokens.eat_keyword("TO");
    if !to && !tokens.eat_keyword("FROM") {
        return None;
    }
    tokens.eat_keyword("PROGRAM");
    let place = tokens.next()?;
    let source = match () {
        () if to => Source::To,
        () if place.keyword("STDIN") => Source::Stdin,
        () => Source::Elsewhere,
    };
    tokens.eat_keyword("USING");
    if tokens.eat_keyword("DELIMITERS") {
        options.delimiter = literal(&mut tokens);
    }
    tokens.eat_keyword("WITH");
    if tokens.eat_punctuation(b'(') {
        options.generic(&mut tokens)?;
    } else {
        options.old(&mut tokens);
    }
    if tokens.eat_keyword("WHERE") {
        options.doubts("COPY … WHERE leaves rows out while it loads");
    } else if let Some(token) = tokens.next()
        && !token.punctuation(b';')
        && token.kind != Kind::Backslash
    {
        options.doubts("this form of COPY is not known");
    }
    Some(options.finish(relation, columns, source))
}

/// A list of names in parentheses.
pub fn names(tokens: &mut Tokens<'_>) -> Option<Vec<String>> {
    let mut out = Vec::new();
    tokens.eat_punctuation(b'(').then_some(())?;
    if tokens.eat_punctuation(b')') {
        return Some(out);
    }
    loop {
        out.push(tokens.name()?);
        if tokens.eat_punctuation(b')') {
            return Some(out);
        }
        tokens.eat_punctuation(b',').then_some(())?;
    }
}

fn literal(tokens: &mut Tokens<'_>) -> Option<Vec<u8>> {
    let token = tokens.eat_if(|t| matches!(t.kind, Kind::Literal(_)))?;
    token.value().map(|value| value.into_owned())
}

/// The value of an option: a literal, a word or a number.
fn word(token: &Token<'_>) -> Option<Vec<u8>> {
    match token.kind {
        Kind::Literal(_) => token.value().map(|value| value.into_owned()),
        _ => Some(token.raw.to_vec()),
    }
}

impl Options {
    fn doubts(&mut self, doubt: &str) {
        self.doubt.get_or_insert_with(|| doubt.to_owned());
    }

    fn set_format(&mut self, name: &[u8]) {
        match name.to_ascii_lowercase().as_slice() {
            b"text" => self.format = Some(Format::Text),
            b"csv" => self.format = Some(Format::Csv),
            b"binary" => self.format = Some(Format::Binary),
            _ => self.doubts("the format of this COPY is not known"),
        }
    }

    /// `(option value, …)`.
    fn generic(&mut self, tokens: &mut Tokens<'_>) -> Option<()> {
        loop {
            let option = tokens.name()?;
            let mut value = None;
            let mut columns = None;
            if tokens.at_punctuation(b'(') {
                columns = Some(Columns::These(names(tokens)?));
            } else if tokens.eat_if(|t| t.operator("*")).is_some() {
                columns = Some(Columns::All);
            } else if !tokens.at_punctuation(b',') && !tokens.at_punctuation(b')') {
                value = Some(word(&tokens.next()?)?);
            }
            match option.as_str() {
                "format" => self.set_format(value.as_deref().unwrap_or_default()),
                "delimiter" => self.delimiter = value,
                "null" => self.null = value,
                "default" => self.default = value,
                "header" => {
                    let value = value.unwrap_or_default().to_ascii_lowercase();
                    self.header = !matches!(value.as_slice(), b"false" | b"off" | b"0");
                }
                "quote" => self.quote = value,
                "escape" => self.escape = value,
                "force_null" => self.force_null = columns,
                "force_not_null" => self.force_not_null = columns,
                "encoding" => {
                    let name = value.unwrap_or_default();
                    self.encoding = Some(Charset::from_name(&String::from_utf8_lossy(&name)));
                }
                "freeze" | "on_error" | "log_verbosity" | "reject_limit" | "force_quote" => {}
                _ => self.doubts("COPY has an option that is not known"),
            }
            if tokens.eat_punctuation(b')') {
                return Some(());
            }
            tokens.eat_punctuation(b',').then_some(())?;
        }
    }

    /// The options of PostgreSQL before 9.0.
    fn old(&mut self, tokens: &mut Tokens<'_>) {
        loop {
            if tokens.eat_keyword("BINARY") {
                self.format = Some(Format::Binary);
            } else if tokens.eat_keyword("CSV") {
                self.format = Some(Format::Csv);
            } else if tokens.eat_keyword("HEADER") {
                self.header = true;
            } else if tokens.eat_keyword("FREEZE") {
            } else if tokens.eat_keyword("DELIMITER") {
                tokens.eat_keyword("AS");
                self.delimiter = literal(tokens);
            } else if tokens.eat_keyword("NULL") {
                tokens.eat_keyword("AS");
                self.null = literal(tokens);
            } else if tokens.eat_keyword("QUOTE") {
                tokens.eat_keyword("AS");
                self.quote = literal(tokens);
            } else if tokens.eat_keyword("ESCAPE") {
                tokens.eat_keyword("AS");
                self.escape = literal(tokens);
            } else if tokens.eat_keyword("ENCODING") {
                let name = literal(tokens).unwrap_or_default();
                self.encoding = Some(Charset::from_name(&String::from_utf8_lossy(&name)));
            } else if tokens.eat_keywords("FORCE NOT NULL") {
                self.force_not_null = old_columns(tokens);
            } else if tokens.eat_keywords("FORCE NULL") {
                self.force_null = old_columns(tokens);
            } else {
                return;
            }
        }
    }

    fn byte(&mut self, value: Option<Vec<u8>>, default: u8) -> u8 {
        match value.as_deref() {
            None => default,
            Some(&[byte]) => byte,
            Some(_) => {
                self.doubts("a delimiter, quote or escape of this COPY is not one byte");
                default
            }
        }
    }

    fn finish(
        mut self,
        relation: Vec<String>,
        columns: Option<Vec<String>>,
        source: Source,
    ) -> CopyHead {
        let format = self.format.unwrap_or(Format::Text);
        let csv = format == Format::Csv;
        let delimiter = self.delimiter.take();
        let delimiter = self.byte(delimiter, if csv { b',' } else { b'\t' });
        let quote = self.quote.take();
        let quote = self.byte(quote, b'"');
        let escape = self.escape.take();
        let escape = self.byte(escape, quote);
        let none = || Columns::These(Vec::new());
        CopyHead {
            relation,
            columns,
            source,
            format,
            delimiter,
            null: self
                .null
                .unwrap_or_else(|| if csv { Vec::new() } else { b"\\N".to_vec() }),
            default: self.default,
            header: self.header,
            quote,
            escape,
            force_null: self.force_null.unwrap_or_else(none),
            force_not_null: self.force_not_null.unwrap_or_else(none),
            encoding: self.encoding,
            doubt: self.doubt,
        }
    }
}

fn old_columns(tokens: &mut Tokens<'_>) -> Option<Columns> {
    if tokens.eat_if(|t| t.operator("*")).is_some() {
        return Some(Columns::All);
    }
    let mut names = vec![tokens.name()?];
    while tokens.eat_punctuation(b',') {
        names.push(tokens.name()?);
    }
    Some(Columns::These(names))
}

#[cfg(test)]
mod tests {
    use super::super::tokens::{Lexing, tokens};
    use super::*;

    fn head(text: &str) -> CopyHead {
        parse(tokens(text.as_bytes(), Lexing::default())).expect(text)
    }

    #[test]
    fn heads_in_any_spelling() {
        let plain = head("COPY public.t (a, \"b,c\") FROM stdin;");
        assert_eq!(plain.relation, ["public", "t"]);
        assert_eq!(
            plain.columns.as_deref(),
            Some(&["a".to_owned(), "b,c".to_owned()][..])
        );
        assert_eq!(
            (plain.format, plain.delimiter, plain.null.as_slice()),
            (Format::Text, b'\t', &b"\\N"[..])
        );
        let spread =
            head("copy /*x*/ t (a, b) from\nSTDIN with (format text, null 'NUL', delimiter E'|');");
        assert_eq!(
            (spread.null.as_slice(), spread.delimiter, spread.doubt),
            (&b"NUL"[..], b'|', None)
        );
        assert_eq!(head("COPY public.t  FROM stdin;").columns, None);
        let csv = head(
            "COPY t FROM STDIN WITH (FORMAT csv, HEADER MATCH, DELIMITER ';', NULL 'x', QUOTE '''', ESCAPE '\\', \
             FORCE_NULL (a, \"B\"), FORCE_NOT_NULL *, ENCODING 'latin1', DEFAULT 'd', FREEZE);",
        );
        assert_eq!(
            (csv.format, csv.header, csv.delimiter, csv.quote, csv.escape),
            (Format::Csv, true, b';', b'\'', b'\\')
        );
        assert_eq!(csv.force_null, Columns::These(vec!["a".into(), "B".into()]));
        assert_eq!(
            (csv.force_not_null, csv.default.as_deref(), csv.doubt),
            (Columns::All, Some(&b"d"[..]), None)
        );
        assert_eq!(
            csv.encoding.map(|c| c.name().to_owned()).as_deref(),
            Some("LATIN1")
        );
        let old = head("COPY t FROM stdin USING DELIMITERS '|' WITH NULL AS 'n';");
        assert_eq!(
            (old.delimiter, old.null.as_slice(), old.doubt),
            (b'|', &b"n"[..], None)
        );
        let old = head(
            "COPY t (a) FROM stdin WITH DELIMITER AS ';' CSV HEADER QUOTE AS '\"' FORCE NOT NULL a, b;",
        );
        assert_eq!(
            (old.format, old.header, old.delimiter, old.doubt),
            (Format::Csv, true, b';', None)
        );
        assert!(old.force_not_null.has(Some("b")));
        assert!(!head("COPY t FROM stdin (FORMAT csv, HEADER false)").header);
    }

    #[test]
    fn other_sources_and_doubts() {
        assert_eq!(head("COPY BINARY t FROM stdin").format, Format::Binary);
        assert_eq!(
            head("COPY t FROM stdin (FORMAT binary)").format,
            Format::Binary
        );
        assert_eq!(head("COPY binary FROM stdin").relation, ["binary"]);
        assert_eq!(head("COPY t FROM '/x'").source, Source::Elsewhere);
        assert_eq!(
            head("COPY t FROM PROGRAM 'cat stdin'").source,
            Source::Elsewhere
        );
        assert_eq!(head("COPY (SELECT 1) TO stdout").source, Source::To);
        for text in [
            "COPY t FROM stdin WHERE a > 1;",
            "COPY t FROM stdin (FORMAT x)",
            "COPY t FROM stdin (y 1)",
            "COPY t FROM stdin WITH DELIMITER 'ab'",
            "COPY t FROM stdin ODD;",
        ] {
            assert!(head(text).doubt.is_some(), "{text}");
        }
        assert_eq!(parse(tokens(b"COPY t", Lexing::default())), None);
    }
}
