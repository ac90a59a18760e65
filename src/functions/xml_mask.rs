//! `anon.xml_mask`: replaces the content of elements, or the values of attributes, inside XML. Everything
//! else keeps its bytes.
//!
//! Paths are a part of XPath: `/a/b`, `//b` at any depth, `/a/*`, `/a/b/@c`, `//@c`, `/a/b/text()` (the same
//! as `/a/b`). A name without prefix means the local name. A path that leads nowhere changes nothing.

use super::subject::{V, parameter, text};
use super::{Call, Example, Function, Kind, Nature, accepts_all, fault, fit};
use crate::value::{Value, ValueError};
use memchr::memchr;
use memchr::memmem::find;

/// The function.
pub const FUNCTION: Function = Function {
    name: "xml_mask",
    summary: "Replaces the content of elements or attributes at a path inside XML.",
    parameters: &[
        V,
        parameter("path", Kind::Text),
        parameter("replacement", Kind::Text),
    ],
    purpose: "xml_mask",
    returns: Kind::Text,
    keeps_bytes: false,
    nature: Nature::Plain,
    may_collide: true,
    examples: &[
        Example {
            sql: "anon.xml_mask('<user id=\"7\"><name>Jane</name></user>', '/user/name', 'x')",
            result: Some("<user id=\"7\"><name>x</name></user>"),
        },
        Example {
            sql: "anon.xml_mask('<a><b pin=\"1234\"/></a>', '//@pin', '0')",
            result: Some("<a><b pin=\"0\"/></a>"),
        },
    ],
    check: |args| match args.get(1) {
        Some(Some(path)) => Path::parse(text(std::slice::from_ref(*path), 0)?).map(drop),
        _ => accepts_all(args),
    },
    call,
};

/// Names of elements, each with whether it is at any depth; then perhaps an attribute.
struct Path<'p> {
    steps: Vec<(bool, &'p [u8])>,
    attribute: Option<&'p [u8]>,
}

impl<'p> Path<'p> {
    fn parse(path: &'p [u8]) -> Result<Self, ValueError> {
        let mut steps = Vec::new();
        let mut attribute = None;
        let mut deep = false;
        let relative = path.strip_prefix(b"/").unwrap_or(path);
        let mut parts = relative.split(|b| *b == b'/').peekable();
        while let Some(part) = parts.next() {
            let last = parts.peek().is_none();
            match part {
                b"" if !deep && !last => deep = true,
                b"text()" if last && !steps.is_empty() && !deep => {}
                [b'@', name @ ..] if last && is_name(name) => {
                    if deep {
                        steps.push((true, &b"*"[..]));
                    }
                    attribute = Some(name);
                }
                name if is_name(name) => steps.push((std::mem::take(&mut deep), name)),
                _ => return fault("this is no path: write it as '/a/b', '//b' or '//b/@c'"),
            }
        }
        if steps.is_empty() {
            return fault("this is no path: it names no element");
        }
        Ok(Path { steps, attribute })
    }
}

fn is_name(name: &[u8]) -> bool {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"_-.:".contains(b) || !b.is_ascii();
    name == b"*" || (!name.is_empty() && name.iter().all(plain))
}

fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let local = name.rsplit(|b| *b == b':').next();
    pattern == b"*" || pattern == name || Some(pattern) == local
}

fn call<'v>(call: &Call<'_>, args: &[Value<'v>]) -> Result<Value<'v>, ValueError> {
    let value = text(args, 0)?;
    let path = Path::parse(text(args, 1)?)?;
    let mut replacement = Vec::new();
    for byte in text(args, 2)? {
        match byte {
            b'<' => replacement.extend_from_slice(b"&lt;"),
            b'>' => replacement.extend_from_slice(b"&gt;"),
            b'&' => replacement.extend_from_slice(b"&amp;"),
            b'"' => replacement.extend_from_slice(b"&quot;"),
            b'\'' => replacement.extend_from_slice(b"&apos;"),
            other => replacement.push(*other),
        }
    }
    let Some(out) = masked(value, &path, &replacement) else {
        return fault("the value is not well-formed XML");
    };
    if !fit::fits(&out, call.limit) {
        return fault("the masked XML is too long for its column");
    }
    Ok(Value::Text(out.into()))
}

/// An open element: its name and the numbers of steps that have been taken to get here.
struct Open<'x> {
    name: &'x [u8],
    states: Vec<usize>,
}

/// The text with everything replaced that the path leads to; none if it is not well formed.
fn masked(text: &[u8], path: &Path<'_>, replacement: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut copied = 0;
    let mut open: Vec<Open<'_>> = Vec::new();
    // The number of elements that are open around the content that is being replaced.
    let mut inside: Option<usize> = None;
    let mut at = 0;
    while let Some(start) = memchr(b'<', &text[at..]).map(|p| p + at) {
        let rest = &text[start..];
        let end_of = |mark: &[u8]| find(rest, mark).map(|p| start + p + mark.len());
        if rest.starts_with(b"<!--") {
            at = end_of(b"-->")?;
        } else if rest.starts_with(b"<![CDATA[") {
            at = end_of(b"]]>")?;
        } else if rest.starts_with(b"<?") {
            at = end_of(b"?>")?;
        } else if rest.starts_with(b"<!") {
            at = start + doctype(rest)?;
        } else if let Some(closing) = rest.strip_prefix(b"</") {
            let end = memchr(b'>', closing)?;
            if open.pop()?.name != closing[..end].trim_ascii_end() {
                return None;
            }
            if inside == Some(open.len() + 1) {
                inside = None;
                copied = start;
            }
            at = start + 2 + end + 1;
        } else {
            let tag = Tag::parse(rest)?;
            let name = &rest[1..1 + tag.name];
            let root = vec![0];
            let before = open.last().map_or(&root, |o| &o.states);
            let states: Vec<usize> = before
                .iter()
                .filter_map(|state| Some((state, path.steps.get(*state)?)))
                .flat_map(|(state, (deep, pattern))| {
                    let hit = matches(pattern, name);
                    [deep.then_some(*state), hit.then_some(state + 1)]
                })
                .flatten()
                .collect();
            at = start + tag.len;
            let hit = inside.is_none() && states.contains(&path.steps.len());
            for (key, value) in tag.attributes.iter().filter(|_| hit) {
                if path
                    .attribute
                    .is_some_and(|a| matches(a, &rest[key.clone()]))
                {
                    out.extend_from_slice(&text[copied..start + value.start]);
                    out.extend_from_slice(replacement);
                    copied = start + value.end;
                }
            }
            if !tag.empty {
                open.push(Open { name, states });
                if hit && path.attribute.is_none() {
                    inside = Some(open.len());
                    out.extend_from_slice(&text[copied..at]);
                    out.extend_from_slice(replacement);
                }
            }
        }
    }
    out.extend_from_slice(&text[copied..]);
    open.is_empty().then_some(out)
}

/// The length of `<!DOCTYPE … [ … ] >`.
fn doctype(text: &[u8]) -> Option<usize> {
    let (mut depth, mut at) = (0usize, 0);
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' | b'\'' => at += 1 + memchr(*byte, &text[at + 1..])?,
            b'<' | b'[' => depth += 1,
            b'>' | b']' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// A start tag; all places are from its `<`.
struct Tag {
    name: usize,
    attributes: Vec<(std::ops::Range<usize>, std::ops::Range<usize>)>,
    empty: bool,
    len: usize,
}

impl Tag {
    fn parse(text: &[u8]) -> Option<Tag> {
        let name_at = |at: usize| {
            let end = |b: &u8| b.is_ascii_whitespace() || b"=/><\"'".contains(b);
            let len = text.get(at..)?.iter().position(end)?;
            (len > 0).then_some(at + len)
        };
        let blanks = |mut at: usize| {
            while text.get(at).is_some_and(u8::is_ascii_whitespace) {
                at += 1;
            }
            at
        };
        let mut at = name_at(1)?;
        let name = at - 1;
        let mut attributes = Vec::new();
        loop {
            at = blanks(at);
            let (empty, len) = match text.get(at..)? {
                [b'>', ..] => (false, at + 1),
                [b'/', b'>', ..] => (true, at + 2),
                _ => {
                    let key = at..name_at(at)?;
                    at = blanks(key.end);
                    if text.get(at) != Some(&b'=') {
                        return None;
                    }
                    at = blanks(at + 1);
                    let quote = *text.get(at).filter(|b| matches!(b, b'"' | b'\''))?;
                    let end = at + 1 + memchr(quote, &text[at + 1..])?;
                    attributes.push((key, at + 1..end));
                    at = end + 1;
                    continue;
                }
            };
            return Some(Tag {
                name,
                attributes,
                empty,
                len,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(xml: &str, path: &str) -> Option<String> {
        let path = Path::parse(path.as_bytes()).unwrap();
        masked(xml.as_bytes(), &path, b"X").map(|out| String::from_utf8(out).unwrap())
    }

    #[test]
    fn paths() {
        let xml = r#"<?xml version="1.0"?><!DOCTYPE a [<!ENTITY e "<b>">]><a x='1'><!-- <b> --><n:b y="2">t<b/></n:b><![CDATA[<b>]]><c><b>u</b></c></a>"#;
        for (path, from, to) in [
            ("/a/b", r#"t<b/>"#, "X"),
            ("/a/n:b/text()", r#"t<b/>"#, "X"),
            ("//c/b", ">u<", ">X<"),
            ("/a/*/b", ">u<", ">X<"),
            ("/a/@x", "'1'", "'X'"),
            ("//@y", "\"2\"", "\"X\""),
            ("a/b/@y", "\"2\"", "\"X\""),
            ("/b", "", ""),
        ] {
            assert_eq!(mask(xml, path), Some(xml.replacen(from, to, 1)), "{path}");
        }
        let both = xml.replace("t<b/>", "X").replace(">u<", ">X<");
        assert_eq!(mask(xml, "//b"), Some(both));
        assert_eq!(
            mask("<a>1</a> <a>2</a>", "/a"),
            Some("<a>X</a> <a>X</a>".to_owned())
        );
    }

    #[test]
    fn what_is_not_well_formed_is_refused() {
        for xml in [
            "<a>", "</a>", "<a></b>", "<a x=1/>", "<a x='1>", "<", "<!--", "<a b/>", "<!x",
        ] {
            assert_eq!(mask(xml, "//a"), None, "{xml}");
        }
        for path in ["", "/", "//", "/a//", "/a/@", "/a/@b/c", "a b", "///a"] {
            assert!(Path::parse(path.as_bytes()).is_err(), "{path}");
        }
    }
}
