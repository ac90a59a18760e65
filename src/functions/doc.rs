//! The registry as text, for `scrub functions`.

use super::{Function, Nature, registry};
use std::fmt::Write;

/// All functions with signature, summary and examples; only those whose name contains `filter`.
pub fn render(filter: Option<&str>) -> String {
    let mut out = String::new();
    for function in registry() {
        if filter.is_none_or(|part| function.name.contains(part)) {
            let _ = writeln!(out, "{}", entry(function));
        }
    }
    out
}

/// `anon.name(a, b [, c])`.
pub fn signature(function: &Function) -> String {
    let mut out = format!("anon.{}(", function.name);
    for (index, parameter) in function.parameters.iter().enumerate() {
        out += match (index, parameter.optional) {
            (0, false) => "",
            (0, true) => "[",
            (_, false) => ", ",
            (_, true) => " [, ",
        };
        out += parameter.name;
    }
    let optional = function.parameters.iter().filter(|p| p.optional);
    out += &"]".repeat(optional.count());
    out + ")"
}

fn entry(function: &Function) -> String {
    let mut out = format!("{}\n    {}\n", signature(function), function.summary);
    let note = match (function.nature, function.may_collide) {
        (Nature::Fresh, _) => "Other values for each row; the same in each run with the same key.",
        (Nature::Keyed, true) => "Distinct values may meet: refused on a unique column.",
        (Nature::Keyed, false) => "Distinct values stay distinct.",
        (Nature::Plain, _) => "Needs no key. Distinct values may meet: refused on a unique column.",
    };
    let _ = writeln!(out, "    {note}");
    for example in function.examples {
        let result = example.result.unwrap_or("NULL").replace('\n', "\\n");
        let _ = writeln!(out, "      {}\n      → {result}", example.sql);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::find;

    #[test]
    fn every_function_is_shown_with_its_examples() {
        let all = render(None);
        for function in registry() {
            assert!(all.contains(&signature(function)) && all.contains(function.summary));
            assert!(function.examples.iter().all(|e| all.contains(e.sql)));
        }
        assert!(!render(Some("emails")).contains("anon.noise"));
    }

    #[test]
    fn signatures() {
        for (name, shown) in [
            ("mailinator", "anon.mailinator(v [, domain])"),
            ("fake_city", "anon.fake_city([locale])"),
            ("fake_uuid", "anon.fake_uuid()"),
            (
                "lorem_ipsum",
                "anon.lorem_ipsum([paragraphs [, words [, characters]]])",
            ),
            ("partial", "anon.partial(v, prefix, padding, suffix)"),
        ] {
            assert_eq!(find(name).map(signature).as_deref(), Some(shown));
        }
    }
}
