//! `scrub functions`: the registry of the anon functions, printed.

use crate::error::{Error, Result};
use crate::functions::{Example, Function, Kind, Nature, find, registry};

/// The list, or one function's page.
pub(super) fn run(name: Option<&str>) -> Result<String> {
    let Some(name) = name else { return Ok(list()) };
    let wanted = name.to_ascii_lowercase();
    let wanted = wanted.strip_prefix("anon.").unwrap_or(&wanted);
    find(wanted).map(page).ok_or_else(|| {
        Error::usage(format!("no such function: anon.{wanted}")).remedy("see scrub functions")
    })
}

fn list() -> String {
    let signatures: Vec<_> = registry()
        .iter()
        .map(|f| (signature(f), f.summary))
        .collect();
    let mut out = String::new();
    for (signature, summary) in signatures {
        out += &format!("{signature}\n    {summary}\n");
    }
    out
}

fn page(function: &Function) -> String {
    let mut out = format!("{}\n\n{}\n", signature(function), function.summary);
    out += &nature(function);
    if !function.examples.is_empty() {
        out += "\nExamples:\n";
    }
    for example in function.examples {
        out += &format!("  {}\n    → {}\n", example.sql, result(example));
    }
    out
}

/// What the result depends on.
pub(super) fn nature(function: &Function) -> String {
    let mut out = match function.nature {
        Nature::Plain => "The result depends on the arguments only.\n",
        Nature::Keyed => "The result depends on the arguments and the key: the same everywhere.\n",
        Nature::Fresh => {
            "The result differs from row to row; a run with the same key repeats it.\n"
        }
    }
    .to_owned();
    if function.may_collide {
        out += "Different inputs can give the same result: it is refused on a unique column.\n";
    }
    out
}

/// The result of an example, as SQL would write it.
pub(super) fn result(example: &Example) -> String {
    let result = example.result;
    result.map_or("NULL".to_owned(), |r| format!("'{r}'"))
}

/// `anon.partial(text v, integer prefix [, …]) → text`
pub(super) fn signature(function: &Function) -> String {
    let mut parameters = String::new();
    let mut optional = 0;
    for (i, parameter) in function.parameters.iter().enumerate() {
        if parameter.optional {
            parameters += if i == 0 { "[" } else { " [" };
            optional += 1;
        }
        if i > 0 {
            parameters += ", ";
        }
        parameters += &format!("{} {}", parameter.name, kind(parameter.kind));
    }
    parameters += &"]".repeat(optional);
    format!(
        "anon.{}({parameters}) → {}",
        function.name,
        kind(function.returns)
    )
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "text",
        Kind::Integer => "integer",
        Kind::Number => "number",
        Kind::Date => "date",
        Kind::Interval => "interval",
        Kind::TextArray => "text[]",
        Kind::Any => "any",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_is_listed_and_has_a_page() {
        let list = run(None).unwrap();
        for function in registry() {
            assert!(list.contains(function.summary));
            let page = run(Some(&format!("anon.{}", function.name))).unwrap();
            assert_eq!(page, run(Some(function.name)).unwrap());
            assert!(function.examples.iter().all(|e| page.contains(e.sql)));
        }
    }

    #[test]
    fn a_function_that_is_not_there() {
        let error = run(Some("anon.nope")).unwrap_err();
        assert!(error.message.contains("anon.nope"));
    }
}
