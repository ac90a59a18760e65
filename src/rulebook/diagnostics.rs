//! The faults of a rulebook: all at once, each with its source line and a caret.
//!
//! It only renders. What is a fault is decided where the fault is found; the plan and the
//! compiler of expressions can render theirs here as well, since all spans point into the same
//! files.

use super::ast::{SourceFile, Span};
use crate::error::Error;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use std::fmt;

/// One fault: where, what, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub span: Span,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub help: Option<String>,
}

impl Fault {
    /// A fault without advice.
    pub fn new(span: Span, message: impl Into<String>) -> Self {
        Fault {
            span,
            message: message.into(),
            help: None,
        }
    }

    /// Says what to write instead.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// All faults of a rulebook. `Display` renders them without colours.
#[derive(Debug, Clone)]
pub struct Diagnostics {
    /// The rulebook's files, into which the spans point.
    pub files: Vec<SourceFile>,
    /// The faults, in the order of their places.
    pub faults: Vec<Fault>,
}

impl Diagnostics {
    /// Sorts the faults by place and drops repetitions.
    pub fn new(files: Vec<SourceFile>, mut faults: Vec<Fault>) -> Self {
        faults.sort_by_key(|fault| (fault.span.file, fault.span.start, fault.span.end));
        faults.dedup();
        Diagnostics { files, faults }
    }

    /// Renders for a terminal, with colours.
    pub fn coloured(&self) -> String {
        self.render(&Renderer::styled())
    }

    fn render(&self, renderer: &Renderer) -> String {
        let mut out = String::new();
        for fault in &self.faults {
            if !out.is_empty() {
                out.push_str("\n\n");
            }
            out.push_str(&renderer.render(&self.report(fault)));
        }
        out
    }

    fn report<'a>(&'a self, fault: &'a Fault) -> Vec<Group<'a>> {
        let title = Level::ERROR.primary_title(fault.message.as_str());
        let group = match self.files.get(fault.span.file as usize) {
            Some(file) => {
                let (start, end) = within(&file.text, fault.span);
                title.element(
                    Snippet::source(&*file.text)
                        .path(file.path.as_str())
                        .annotation(AnnotationKind::Primary.span(start..end)),
                )
            }
            None => Group::with_title(title),
        };
        match &fault.help {
            Some(help) => vec![group.element(Level::HELP.message(help.as_str()))],
            None => vec![group],
        }
    }
}

/// The span's bytes, cut to the text and to whole characters, and to its first line: a caret
/// under a whole statement says no more than one under its beginning.
fn within(text: &str, span: Span) -> (usize, usize) {
    let floor = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = floor(span.start as usize);
    let end = floor(span.end as usize).max(start);
    let line = text[start..end].find('\n').map_or(end, |n| start + n);
    (start, line)
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(&Renderer::plain()))
    }
}

impl std::error::Error for Diagnostics {}

impl From<Diagnostics> for Error {
    fn from(diagnostics: Diagnostics) -> Self {
        Error::usage(format!("the rulebook cannot be run\n{diagnostics}"))
    }
}

/// "did you mean": the candidate nearest to `word`, if it is near enough to be a typing mistake.
/// One edit in a short word, one in three letters in a longer one; two letters that changed places
/// are one edit.
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let word = word.to_lowercase();
    let allowed = (word.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| {
            let distance = strsim::osa_distance(&word, &candidate.to_lowercase());
            (distance, candidate)
        })
        .filter(|(distance, _)| *distance <= allowed)
        // Of several the first by name: the candidates come in any order.
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_takes_typing_mistakes_only() {
        for (word, nearest_word) in [
            ("titel", Some("title")),
            ("nmae", Some("name")),
            ("detetc", Some("detect")),
            ("note", None),
            ("see", None),
            ("name", Some("name")),
        ] {
            assert_eq!(
                nearest(word, ["name", "title", "source", "detect"]),
                nearest_word,
                "{word}"
            );
        }
    }

    #[test]
    fn nearest_does_not_depend_on_the_order() {
        assert_eq!(nearest("*", ["u", "t"]), Some("t"));
        assert_eq!(nearest("*", ["t", "u"]), Some("t"));
    }

    #[test]
    fn spans_outside_the_text_are_cut() {
        let files = vec![SourceFile {
            path: "a.sql".into(),
            text: "é".into(),
        }];
        let span = Span {
            file: 0,
            start: 1,
            end: 99,
        };
        let rendered = Diagnostics::new(files, vec![Fault::new(span, "odd")]).to_string();
        assert!(rendered.contains("odd"), "{rendered}");
    }
}
