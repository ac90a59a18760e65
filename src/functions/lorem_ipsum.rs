//! `anon.lorem_ipsum`: filler text, by paragraphs, words or characters.

use super::draw::Draw;
use super::sentence::sentence;
use super::subject::optional;
use super::words::{ENGLISH, List};
use super::{Call, Example, Function, Kind, Nature, fault, fit};
use crate::value::{Value, ValueError};

/// The function.
pub const FUNCTION: Function = Function {
    name: "lorem_ipsum",
    summary: "Filler text: paragraphs (5 if not given); or so many words; or so many characters.",
    parameters: &[
        optional("paragraphs", Kind::Integer),
        optional("words", Kind::Integer),
        optional("characters", Kind::Integer),
    ],
    purpose: "lorem_ipsum",
    returns: Kind::Text,
    keeps_bytes: false,
    nature: Nature::Fresh,
    may_collide: true,
    examples: &[
        Example {
            sql: "anon.lorem_ipsum(0, 6)",
            result: Some("qui optio nulla deserunt nostrum explicabo"),
        },
        Example {
            sql: "anon.lorem_ipsum(0, 0, 20)",
            result: Some("qui optio nulla dese"),
        },
    ],
    check: |args| args.iter().flatten().try_for_each(|a| count(a).map(drop)),
    call,
};

fn count(value: &Value<'_>) -> Result<i64, ValueError> {
    match value {
        Value::Int(count @ 0..=100_000) => Ok(*count),
        _ => fault("the number of paragraphs, words or characters is 0 to 100000"),
    }
}

fn call<'v>(call: &Call<'_>, args: &[Value<'v>]) -> Result<Value<'v>, ValueError> {
    let counts: Vec<i64> = args.iter().map(count).collect::<Result<_, _>>()?;
    let mut draw = Draw::fresh(call);
    let draw = &mut draw;
    let mut text = match counts[..] {
        [_, _, characters] if characters > 0 => {
            let mut text = String::new();
            while (text.len() as i64) < characters {
                text += ENGLISH.word(List::Word, draw);
                text.push(' ');
            }
            text.truncate(usize::try_from(characters).unwrap_or(0));
            text
        }
        [_, words, ..] if words > 0 => (0..words)
            .map(|_| ENGLISH.word(List::Word, draw))
            .collect::<Vec<_>>()
            .join(" "),
        _ => (0..counts.first().copied().unwrap_or(5))
            .map(|_| paragraph(draw))
            .collect::<Vec<_>>()
            .join("\n\n"),
    };
    if let Some((limit, unit)) = call.limit {
        text.truncate(fit::prefix(text.as_bytes(), limit as usize, unit).len());
    }
    Ok(Value::Text(text.into_bytes().into()))
}

fn paragraph(draw: &mut Draw) -> String {
    let sentences = draw.between(3, 6);
    (0..sentences)
        .map(|_| {
            let words = draw.between(5, 12);
            sentence(words, draw, ENGLISH)
        })
        .collect::<Vec<_>>()
        .join(" ")
}
