//! `anon.json_mask`: replaces values inside JSON. Everything else keeps its bytes, so that `json` stays as
//! it was written.
//!
//! Paths are a part of JSONPath: `$.a.b`, `a.b`, `$.a[0]`, `$.a[*].b`, `$.a.*`, `$."odd key"`, and
//! `$..password` for any depth; PostgreSQL's `{a,0,b}` works, too. A path that leads nowhere changes nothing.

use super::subject::{V, parameter, text};
use super::{Call, Example, Function, Kind, Nature, accepts_all, fault, fit};
use crate::value::float::Width;
use crate::value::json::{self, Json};
use crate::value::{Value, ValueError};

/// The function.
pub const FUNCTION: Function = Function {
    name: "json_mask",
    summary: "Replaces the values at a path inside JSON.",
    parameters: &[
        V,
        parameter("path", Kind::Text),
        parameter("replacement", Kind::Any),
    ],
    purpose: "json_mask",
    returns: Kind::Text,
    keeps_bytes: false,
    nature: Nature::Plain,
    may_collide: true,
    examples: &[
        Example {
            sql: "anon.json_mask('{\"user\": {\"name\": \"Jane\", \"id\": 7}}', '$.user.name', 'x')",
            result: Some("{\"user\": {\"name\": \"x\", \"id\": 7}}"),
        },
        Example {
            sql: "anon.json_mask('[{\"pin\": 1234}, {\"pin\": 5678}]', '$..pin', 0)",
            result: Some("[{\"pin\": 0}, {\"pin\": 0}]"),
        },
    ],
    check: |args| match args.get(1) {
        Some(Some(path)) => parse(text(std::slice::from_ref(*path), 0)?).map(drop),
        _ => accepts_all(args),
    },
    call,
};

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Step {
    /// At any depth below.
    deep: bool,
    key: Option<Vec<u8>>,
    index: Option<usize>,
    all: bool,
}

impl Step {
    fn new(deep: bool, key: Option<&[u8]>, index: Option<usize>) -> Step {
        Step {
            deep,
            all: key.is_none() && index.is_none(),
            key: key.map(<[u8]>::to_vec),
            index,
        }
    }
}

fn invalid<T>() -> Result<T, ValueError> {
    fault("this is no path: write it as '$.user.name', '$.list[*].name' or '$..password'")
}

fn parse(path: &[u8]) -> Result<Vec<Step>, ValueError> {
    let number = |text: &[u8]| std::str::from_utf8(text).ok()?.parse::<usize>().ok();
    if let Some(list) = path.strip_prefix(b"{") {
        let Some(list) = list.strip_suffix(b"}") else {
            return invalid();
        };
        let steps = list.split(|b| *b == b',').map(<[u8]>::trim_ascii);
        return Ok(steps
            .map(|key| Step::new(false, Some(key), number(key)))
            .collect());
    }
    let mut rest = path.strip_prefix(b"$").unwrap_or(path);
    // `a.b` is `$.a.b`.
    let mut bare = rest.len() == path.len() && !matches!(path, [b'.' | b'[', ..]);
    let mut steps = Vec::new();
    while !rest.is_empty() || bare {
        let deep = rest.starts_with(b"..");
        let dots = usize::from(rest.starts_with(b".")) + usize::from(deep);
        rest = &rest[dots..];
        let bracket = rest.strip_prefix(b"[");
        if dots == 0 && !bare && bracket.is_none() {
            return invalid();
        }
        bare = false;
        let (key, quoted, behind) = name(bracket.unwrap_or(rest));
        rest = behind;
        if bracket.is_some() {
            let Some(behind) = rest.strip_prefix(b"]") else {
                return invalid();
            };
            rest = behind;
        }
        steps.push(match (quoted, bracket.is_some(), key) {
            (false, _, b"*") => Step::new(deep, None, None),
            (false, _, b"") => return invalid(),
            (false, true, digits) => match number(digits) {
                Some(index) => Step::new(deep, None, Some(index)),
                None => return invalid(),
            },
            (_, _, key) => Step::new(deep, Some(key), None),
        });
    }
    if steps.is_empty() {
        invalid()
    } else {
        Ok(steps)
    }
}

/// A key, whether it is quoted, and what follows.
fn name(text: &[u8]) -> (&[u8], bool, &[u8]) {
    if let [quote @ (b'"' | b'\''), inside @ ..] = text
        && let Some(end) = memchr::memchr(*quote, inside)
    {
        return (&inside[..end], true, &inside[end + 1..]);
    }
    let end = text.iter().position(|b| b".[]".contains(b));
    let (key, rest) = text.split_at(end.unwrap_or(text.len()));
    (key, false, rest)
}

fn call<'v>(call: &Call<'_>, args: &[Value<'v>]) -> Result<Value<'v>, ValueError> {
    let value = text(args, 0)?;
    let steps = parse(text(args, 1)?)?;
    let mut replacement = Vec::new();
    match args.get(2) {
        Some(Value::Text(text)) => json::write_string(text, &mut replacement),
        Some(Value::Int(number)) => replacement.extend(number.to_string().into_bytes()),
        Some(Value::Bool(truth)) => replacement.extend(truth.to_string().into_bytes()),
        Some(Value::Numeric(number)) if number.scale().is_some() => number.write(&mut replacement),
        Some(Value::Float(number)) if number.is_finite() => {
            Width::Double.write(*number, &mut replacement);
        }
        _ => return fault("the replacement has to be text, a number or a boolean"),
    }
    if json::validate(value).is_err() {
        return fault("the value is not JSON");
    }
    let mut masker = Masker {
        text: value,
        at: 0,
        copied: 0,
        steps: &steps,
        replacement: &replacement,
        out: Vec::with_capacity(value.len()),
    };
    masker.value(&[0])?;
    let Masker {
        copied, mut out, ..
    } = masker;
    out.extend_from_slice(&value[copied..]);
    if !fit::fits(&out, call.limit) {
        return fault("the masked JSON is too long for its column");
    }
    Ok(Value::Text(out.into()))
}

/// Walks over JSON that has been found valid.
struct Masker<'a> {
    text: &'a [u8],
    at: usize,
    copied: usize,
    steps: &'a [Step],
    replacement: &'a [u8],
    out: Vec<u8>,
}

impl Masker<'_> {
    /// Walks over a value; `states` are the numbers of steps that have been taken to get here.
    fn value(&mut self, states: &[usize]) -> Result<(), ValueError> {
        self.blanks();
        if states.contains(&self.steps.len()) {
            self.out.extend_from_slice(&self.text[self.copied..self.at]);
            self.out.extend_from_slice(self.replacement);
            self.skip();
            self.copied = self.at;
            return Ok(());
        }
        let open = self.text.get(self.at).copied();
        if states.is_empty() || !matches!(open, Some(b'{' | b'[')) {
            self.skip();
            return Ok(());
        }
        self.at += 1;
        for index in 0.. {
            self.blanks();
            match self.text.get(self.at) {
                Some(b',') => self.at += 1,
                Some(b'}' | b']') | None => break,
                Some(_) => {}
            }
            self.blanks();
            let mut key = None;
            if open == Some(b'{') {
                let start = self.at;
                self.skip();
                let Json::String(name) = json::parse(&self.text[start..self.at])? else {
                    return fault("the value is not JSON");
                };
                key = Some(name);
                self.blanks();
                self.at += 1;
            }
            let next: Vec<usize> = states
                .iter()
                .flat_map(|state| {
                    let step = &self.steps[*state];
                    let hit = step.all
                        || match &key {
                            Some(key) => step.key.as_ref() == Some(key),
                            None => step.index == Some(index),
                        };
                    [step.deep.then_some(*state), hit.then_some(state + 1)]
                })
                .flatten()
                .collect();
            self.value(&next)?;
        }
        self.at = self.text.len().min(self.at + 1);
        Ok(())
    }

    fn blanks(&mut self) {
        while self.text.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
    }

    /// Moves behind the value that begins here.
    fn skip(&mut self) {
        let mut depth = 0u32;
        while let Some(byte) = self.text.get(self.at) {
            match byte {
                b'"' => {
                    self.at += 1;
                    while let Some(byte) = self.text.get(self.at).filter(|b| **b != b'"') {
                        self.at += if *byte == b'\\' { 2 } else { 1 };
                    }
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' if depth == 0 => return,
                b'}' | b']' => depth -= 1,
                b',' | b':' if depth == 0 => return,
                b if depth == 0 && b.is_ascii_whitespace() => return,
                _ => {}
            }
            self.at += 1;
            if depth == 0 && matches!(byte, b'"' | b'}' | b']') {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::Key;

    fn mask(json: &str, path: &str) -> Result<String, ValueError> {
        let key = Key::new(b"example".to_vec()).subkey("json_mask");
        let made = Call {
            key: &key,
            limit: None,
            not_null: true,
            fresh: 0,
        };
        let args = [json, path, "x"].map(|t| Value::Text(t.as_bytes().to_vec().into()));
        match (FUNCTION.call)(&made, &args)? {
            Value::Text(text) => Ok(String::from_utf8(text.into_owned()).unwrap()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn paths() {
        let json = r#" {"a" : {"b":[1, {"c":"} ]"}, "q\"u"] , "b.c":null},"p\u0061":{"a":true}}"#;
        for (path, result) in [
            ("$.a.b[1].c", json.replace(r#""} ]""#, r#""x""#)),
            ("a.b[2]", json.replace(r#""q\"u""#, r#""x""#)),
            ("{a,b,0}", json.replace("1,", r#""x","#)),
            ("$.a.\"b.c\"", json.replace("null", r#""x""#)),
            ("$['pa'].a", json.replace("true", r#""x""#)),
            ("$..c", json.replace(r#""} ]""#, r#""x""#)),
            (
                "$.a.b[*]",
                json.replace(r#"[1, {"c":"} ]"}, "q\"u"]"#, r#"["x", "x", "x"]"#),
            ),
            ("$.nowhere.at[0].all", json.to_owned()),
            ("*", r#" {"a" : "x","p\u0061":"x"}"#.to_owned()),
            ("..a", r#" {"a" : "x","p\u0061":{"a":"x"}}"#.to_owned()),
        ] {
            assert_eq!(mask(json, path), Ok(result), "{path}");
        }
        assert_eq!(mask("5", "$.a"), Ok("5".to_owned()));
        assert_eq!(mask("[[],{}]", "$[0][0]"), Ok("[[],{}]".to_owned()));
    }

    #[test]
    fn what_is_no_path_or_no_json_is_refused() {
        for path in ["", "$", "$x", "a..", "a[", "a[x]", "{a", "a.b]"] {
            assert!(mask("{}", path).is_err(), "{path}");
        }
        assert!(mask("{", "a").is_err());
    }
}
