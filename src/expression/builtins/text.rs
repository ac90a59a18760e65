//! Functions over text and bytes.

use super::encoding::{decode, encode, hex, utf8_only};
use super::{Builtin, Output, Ty, bytes_arg, int_arg, part, strict, take, text_arg};
use crate::value::text::{self, chars};
use crate::value::{Value, ValueError};
use md5::{Digest, Md5};
use memchr::memmem;
use std::borrow::Cow;

/// The longest text that a function makes: PostgreSQL's limit for one value.
const LONGEST: usize = 0x3fff_ffff;

pub(super) const FUNCTIONS: &[Builtin] = &[
    strict("lower", &[Ty::Text], Ty::Text, |a| mapped(a, text::lower)),
    strict("upper", &[Ty::Text], Ty::Text, |a| mapped(a, text::upper)),
    strict("initcap", &[Ty::Text], Ty::Text, initcap),
    strict("length", &[Ty::Text], Ty::Int, length),
    strict("char_length", &[Ty::Text], Ty::Int, length),
    strict("character_length", &[Ty::Text], Ty::Int, length),
    strict("length", &[Ty::Bytea], Ty::Int, |a| {
        Ok(Value::Int(bytes_arg(a, 0)?.len() as i64))
    }),
    strict("octet_length", &[Ty::Text], Ty::Int, octet_length),
    strict("octet_length", &[Ty::Char], Ty::Int, octet_length),
    strict("octet_length", &[Ty::Bytea], Ty::Int, |a| {
        Ok(Value::Int(bytes_arg(a, 0)?.len() as i64))
    }),
    strict("left", &[Ty::Text, Ty::Int], Ty::Text, |a| {
        let count = int_arg(a, 1)?;
        Ok(Value::Text(part(text_arg(a, 0)?, |t| text::left(t, count))))
    }),
    strict("right", &[Ty::Text, Ty::Int], Ty::Text, |a| {
        let count = int_arg(a, 1)?;
        Ok(Value::Text(part(text_arg(a, 0)?, |t| {
            text::right(t, count)
        })))
    }),
    strict("substring", &[Ty::Text, Ty::Int], Ty::Text, substring),
    strict(
        "substring",
        &[Ty::Text, Ty::Int, Ty::Int],
        Ty::Text,
        substring,
    ),
    strict("substr", &[Ty::Text, Ty::Int], Ty::Text, substring),
    strict("substr", &[Ty::Text, Ty::Int, Ty::Int], Ty::Text, substring),
    strict("position", &[Ty::Text, Ty::Text], Ty::Int, |a| {
        a.swap(0, 1);
        strpos(a)
    }),
    strict("strpos", &[Ty::Text, Ty::Text], Ty::Int, strpos),
    strict(
        "replace",
        &[Ty::Text, Ty::Text, Ty::Text],
        Ty::Text,
        replace,
    ),
    strict(
        "split_part",
        &[Ty::Text, Ty::Text, Ty::Int],
        Ty::Text,
        split_part,
    ),
    strict("btrim", &[Ty::Text], Ty::Text, |a| trim(a, true, true)),
    strict("btrim", &[Ty::Text, Ty::Text], Ty::Text, |a| {
        trim(a, true, true)
    }),
    strict("trim", &[Ty::Text], Ty::Text, |a| trim(a, true, true)),
    strict("trim", &[Ty::Text, Ty::Text], Ty::Text, |a| {
        trim(a, true, true)
    }),
    strict("ltrim", &[Ty::Text], Ty::Text, |a| trim(a, true, false)),
    strict("ltrim", &[Ty::Text, Ty::Text], Ty::Text, |a| {
        trim(a, true, false)
    }),
    strict("rtrim", &[Ty::Text], Ty::Text, |a| trim(a, false, true)),
    strict("rtrim", &[Ty::Text, Ty::Text], Ty::Text, |a| {
        trim(a, false, true)
    }),
    strict("lpad", &[Ty::Text, Ty::Int], Ty::Text, |a| pad(a, true)),
    strict("lpad", &[Ty::Text, Ty::Int, Ty::Text], Ty::Text, |a| {
        pad(a, true)
    }),
    strict("rpad", &[Ty::Text, Ty::Int], Ty::Text, |a| pad(a, false)),
    strict("rpad", &[Ty::Text, Ty::Int, Ty::Text], Ty::Text, |a| {
        pad(a, false)
    }),
    Builtin {
        name: "concat",
        args: &[Ty::Any],
        variadic: true,
        returns: Ty::Text,
        strict: false,
        call: concat,
    },
    Builtin {
        name: "concat_ws",
        args: &[Ty::Text, Ty::Any],
        variadic: true,
        returns: Ty::Text,
        strict: false,
        call: concat_ws,
    },
    strict("repeat", &[Ty::Text, Ty::Int], Ty::Text, repeat),
    strict("reverse", &[Ty::Text], Ty::Text, |a| {
        mapped(a, |t| {
            Cow::Owned(chars(t).rev().flatten().copied().collect())
        })
    }),
    strict(
        "translate",
        &[Ty::Text, Ty::Text, Ty::Text],
        Ty::Text,
        translate,
    ),
    strict("overlay", &[Ty::Text, Ty::Text, Ty::Int], Ty::Text, overlay),
    strict(
        "overlay",
        &[Ty::Text, Ty::Text, Ty::Int, Ty::Int],
        Ty::Text,
        overlay,
    ),
    strict("ascii", &[Ty::Text], Ty::Int, ascii),
    strict("chr", &[Ty::Int], Ty::Text, chr),
    strict("starts_with", &[Ty::Text, Ty::Text], Ty::Bool, |a| {
        Ok(Value::Bool(text_arg(a, 0)?.starts_with(&text_arg(a, 1)?)))
    }),
    strict("md5", &[Ty::Text], Ty::Text, |a| {
        Ok(Value::text(hex(&Md5::digest(text_arg(a, 0)?))))
    }),
    strict("md5", &[Ty::Bytea], Ty::Text, |a| {
        Ok(Value::text(hex(&Md5::digest(bytes_arg(a, 0)?))))
    }),
    strict("sha256", &[Ty::Bytea], Ty::Bytea, |a| {
        let digest = sha2::Sha256::digest(bytes_arg(a, 0)?);
        Ok(Value::Bytes(Cow::Owned(digest.to_vec())))
    }),
    strict("encode", &[Ty::Bytea, Ty::Text], Ty::Text, encode),
    strict("decode", &[Ty::Text, Ty::Text], Ty::Bytea, decode),
    strict("convert_to", &[Ty::Text, Ty::Text], Ty::Bytea, |a| {
        utf8_only(&text_arg(a, 1)?)?;
        Ok(Value::Bytes(text_arg(a, 0)?))
    }),
    strict("convert_from", &[Ty::Bytea, Ty::Text], Ty::Text, |a| {
        utf8_only(&text_arg(a, 1)?)?;
        let bytes = bytes_arg(a, 0)?;
        if std::str::from_utf8(&bytes).is_err() {
            return Err(ValueError::new(
                "invalid byte sequence for encoding \"UTF8\"",
            ));
        }
        Ok(Value::Text(bytes))
    }),
    strict("to_hex", &[Ty::Int], Ty::Text, |a| {
        let value = int_arg(a, 0)? as i32;
        Ok(Value::text(format!("{value:x}").into_bytes()))
    }),
    strict("to_hex", &[Ty::BigInt], Ty::Text, |a| {
        Ok(Value::text(format!("{:x}", int_arg(a, 0)?).into_bytes()))
    }),
    strict("quote_literal", &[Ty::Text], Ty::Text, |a| {
        let text = text_arg(a, 0)?;
        let escaped = text.contains(&b'\\');
        let mut out = Vec::with_capacity(text.len() + 3);
        out.extend_from_slice(if escaped { b"E'" } else { b"'" });
        for &byte in text.iter() {
            if byte == b'\'' || byte == b'\\' {
                out.push(byte);
            }
            out.push(byte);
        }
        out.push(b'\'');
        Ok(Value::text(out))
    }),
];

pub(super) const OPERATORS: &[Builtin] = &[
    strict("textcat", &[Ty::Text, Ty::Text], Ty::Text, |a| {
        let mut left = text_arg(a, 0)?.into_owned();
        left.extend_from_slice(&text_arg(a, 1)?);
        Ok(Value::text(left))
    }),
    Builtin {
        name: "oracle_concat",
        args: &[Ty::Text, Ty::Text],
        variadic: false,
        returns: Ty::Text,
        strict: false,
        call: |a| {
            if a.iter().all(Value::is_null) {
                return Ok(Value::Null);
            }
            concat(a)
        },
    },
    strict("byteacat", &[Ty::Bytea, Ty::Bytea], Ty::Bytea, |a| {
        let mut left = bytes_arg(a, 0)?.into_owned();
        left.extend_from_slice(&bytes_arg(a, 1)?);
        Ok(Value::Bytes(Cow::Owned(left)))
    }),
    // T-SQL's LEN leaves trailing blanks out.
    strict("tsql_len", &[Ty::Text], Ty::Int, |a| {
        let text = text_arg(a, 0)?;
        Ok(Value::Int(text::length(text::trim_blanks(&text)) as i64))
    }),
    strict("charindex", &[Ty::Text, Ty::Text], Ty::Int, |a| {
        a.swap(0, 1);
        strpos(a)
    }),
];

fn mapped<'v>(
    args: &mut [Value<'v>],
    map: impl for<'t> Fn(&'t [u8]) -> Cow<'t, [u8]>,
) -> Output<'v> {
    Ok(Value::Text(match text_arg(args, 0)? {
        Cow::Borrowed(text) => map(text),
        Cow::Owned(text) => Cow::Owned(map(&text).into_owned()),
    }))
}

fn length<'v>(args: &mut [Value<'v>]) -> Output<'v> {
    Ok(Value::Int(text::length(&text_arg(args, 0)?) as i64))
}

fn octet_length<'v>(args: &mut [Value<'v>]) -> Output<'v> {
    Ok(Value::Int(text_arg(args, 0)?.len() as i64))
}

fn initcap<'v>(args: &mut [Value<'v>]) -> Output<'v> {
    mapped(args, |t| {
        let mut out = Vec::with_capacity(t.len());
        let mut within = false;
        for c in chars(t) {
            out.extend_from_slice(&if within {
                text::lower(c)
            } else {
                text::upper(c)
            });
            within = std::str::from_utf8(c).is_ok_and(|c| c.chars().all(char::is_alphanumeric));
        }
        Cow::Owned(out)
    })
}

fn substring<'v>(args: &mut [Value<'v>]) -> Output<'v> {
    let start = int_arg(args, 1)?;
    let length = if args.len() > 2 {
        Some(int_arg(args, 2)?)
    } else {
        None
    };
    Ok(Value::Text(match text_arg(args, 0)? {
        Cow::Borrowed(text) => Cow::Borrowed(text::substring(text, start, length)?),
        Cow::Owned(text) => Cow::Owned(text::substring(&text, start, length)?.to_vec()),
    }))
}

/// `strpos(text, part)`, in characters.
fn strpos<'v>(args: &mut [Value<'v>]) -> Output<'v> {
    let text = text_arg(args, 0)?;
    let found = memmem::find(&text, &text_arg(args, 1)?);
    Ok(Value::Int(
        found.map_or(0, |at| text::length(&text[..at]) as i64 + 1),
    ))
}

fn replace<'v>(args: &mut [Value<'v>]) -> Output<'v> {
    let text = text_arg(args, 0)?;
    let (from, to) = (text_arg(args, 1)?, text_arg(args, 2)?);
    if from.is_empty() || memmem::find(&text, &from).is_none() {
        return Ok(Value::Text(text));
    }
    let mut out = Vec::with_capacity(text.len());
    let mut copied = 0;
    for at in memmem::find_iter(&text, &from[..]) {
        out.extend_from_slice(&text[copied..at]);
        out.extend_from_slice(&to);
        copied = at + from.len();
    }
    out.extend_from_slice(&text[copied..]);
    Ok(Value::text(out))
}

fn split_part<'v>(args: &mut [Value<'v>]) -> Output<'v> {
    let field = int_arg(args, 2)?;
    let text = text_arg(args, 0)?;
    let separator = text_arg(args, 1)?;
    if field == 0 {
        return Err(ValueError::new("field position must not be zero"));
    }
    let mut parts = Vec::new();
    if separator.is_empty() {
        parts.push(0..text.len());
    } else {
        let mut start = 0;
        for at in memmem::find_iter(&text, &separator[..]) {
            parts.push(start..at);
            start = at + separator.len();
        }
        parts.push(start..text.len());
    }
    if text.is_empty() {
        parts.clear();
    }
    let index = if field > 0 {
        usize::try_from(field - 1).ok()
    } else {
        usize::try_from(field.unsigned_abs())
            .ok()
            .and_then(|back| parts.len().checked_sub(back))
    };
    let range = index.and_then(|i| parts.get(i).cloned()).unwrap_or(0..0);
    Ok(Value::Text(part(text, |t| &t[range.clone()])))
}

fn trim<'v>(args: &mut [Value<'v>], leading: bool, trailing: bool) -> Output<'v> {
    let set = if args.len() > 1 {
        text_arg(args, 1)?
    } else {
        Cow::Borrowed(&b" "[..])
    };
    let set: Vec<&[u8]> = chars(&set).collect();
    let text = text_arg(args, 0)?;
    Ok(Value::Text(part(text, |mut t| {
        while leading && let Some(first) = chars(t).next() {
            if !set.contains(&first) {
                break;
            }
            t = &t[first.len()..];
        }
        while trailing && let Some(last) = chars(t).next_back() {
            if !set.contains(&last) {
                break;
            }
            t = &t[..t.len() - last.len()];
        }
        t
    })))
}

fn too_long() -> ValueError {
    ValueError::new("requested length too large")
}

fn pad<'v>(args: &mut [Value<'v>], left: bool) -> Output<'v> {
    let wanted = usize::try_from(int_arg(args, 1)?.max(0)).map_err(|_| too_long())?;
    let fill = if args.len() > 2 {
        text_arg(args, 2)?
    } else {
        Cow::Borrowed(&b" "[..])
    };
    if wanted > LONGEST / 4 {
        return Err(too_long());
    }
    let text = text_arg(args, 0)?;
    let length = text::length(&text);
    if length >= wanted || fill.is_empty() {
        return Ok(Value::Text(part(text, |t| text::prefix(t, wanted))));
    }
    let mut padding = Vec::new();
    for c in chars(&fill).cycle_checked(wanted - length) {
        padding.extend_from_slice(c);
    }
    let mut out = Vec::with_capacity(text.len() + padding.len());
    if left {
        out.extend_from_slice(&padding);
        out.extend_from_slice(&text);
    } else {
        out.extend_from_slice(&text);
        out.extend_from_slice(&padding);
    }
    Ok(Value::text(out))
}

/// Repeats the characters of a non-empty text until there are `count`.
trait CycleChecked<'t> {
    fn cycle_checked(self, count: usize) -> impl Iterator<Item = &'t [u8]>;
}

impl<'t, I: Iterator<Item = &'t [u8]>> CycleChecked<'t> for I {
    fn cycle_checked(self, count: usize) -> impl Iterator<Item = &'t [u8]> {
        let all: Vec<&[u8]> = self.collect();
        (0..count).map(move |i| all[i % all.len()])
    }
}

fn concat<'v>(args: &mut [Value<'v>]) -> Output<'v> {
    let mut out = Vec::new();
    for arg in args {
        if let Value::Text(text) = arg {
            out.extend_from_slice(text);
        }
    }
    Ok(Value::text(out))
}

fn concat_ws<'v>(args: &mut [Value<'v>]) -> Output<'v> {
    let Value::Text(separator) = take(args, 0) else {
        return Ok(Value::Null);
    };
    let mut out = Vec::new();
    let mut first = true;
    for arg in &args[1..] {
        if let Value::Text(text) = arg {
            if !first {
                out.extend_from_slice(&separator);
            }
            first = false;
            out.extend_from_slice(text);
        }
    }
    Ok(Value::text(out))
}

fn repeat<'v>(args: &mut [Value<'v>]) -> Output<'v> {
    let count = usize::try_from(int_arg(args, 1)?.max(0)).map_err(|_| too_long())?;
    let text = text_arg(args, 0)?;
    match text.len().checked_mul(count) {
        Some(length) if length <= LONGEST => Ok(Value::text(text.repeat(count))),
        _ => Err(too_long()),
    }
}

fn translate<'v>(args: &mut [Value<'v>]) -> Output<'v> {
    let (text, from, to) = (text_arg(args, 0)?, text_arg(args, 1)?, text_arg(args, 2)?);
    let from: Vec<&[u8]> = chars(&from).collect();
    let to: Vec<&[u8]> = chars(&to).collect();
    let mut out = Vec::with_capacity(text.len());
    for c in chars(&text) {
        match from.iter().position(|f| *f == c) {
            None => out.extend_from_slice(c),
            Some(at) => out.extend_from_slice(to.get(at).copied().unwrap_or_default()),
        }
    }
    Ok(Value::text(out))
}

fn overlay<'v>(args: &mut [Value<'v>]) -> Output<'v> {
    let start = int_arg(args, 2)?;
    let count = if args.len() > 3 {
        Some(int_arg(args, 3)?)
    } else {
        None
    };
    let (text, new) = (text_arg(args, 0)?, text_arg(args, 1)?);
    if start <= 0 {
        return Err(ValueError::new("negative substring length not allowed"));
    }
    let count = count.unwrap_or_else(|| text::length(&new) as i64);
    let after = start
        .checked_add(count)
        .ok_or_else(|| ValueError::new("integer out of range"))?;
    let mut out = text::substring(&text, 1, Some(start - 1))?.to_vec();
    out.extend_from_slice(&new);
    out.extend_from_slice(text::substring(&text, after, None)?);
    Ok(Value::text(out))
}

fn ascii<'v>(args: &mut [Value<'v>]) -> Output<'v> {
    let text = text_arg(args, 0)?;
    Ok(Value::Int(match bstr::decode_utf8(&text) {
        (Some(c), _) => i64::from(u32::from(c)),
        (None, _) => i64::from(text.first().copied().unwrap_or(0)),
    }))
}

fn chr<'v>(args: &mut [Value<'v>]) -> Output<'v> {
    match int_arg(args, 0)? {
        0 => Err(ValueError::new("null character not permitted")),
        code => u32::try_from(code)
            .ok()
            .and_then(char::from_u32)
            .map(|c| Value::text(c.to_string().into_bytes()))
            .ok_or_else(|| ValueError::new("requested character is not valid")),
    }
}
