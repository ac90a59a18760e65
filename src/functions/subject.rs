//! What `pseudo_x` and its fresh mirror `fake_x` share: both are made by one generator, which is in
//! the file `x.rs` with the two registry entries.

use super::draw::Draw;
use super::fit::{self, Limit};
use super::words::Locale;
use super::{Call, Example, Function, Kind, Nature, Parameter, fault};
use crate::value::{Value, ValueError};

/// Makes one value; it is asked again if the value does not fit.
pub type Make = fn(&mut Draw, Locale, Limit) -> String;

type CallFn = for<'v> fn(&Call<'_>, &[Value<'v>]) -> Result<Value<'v>, ValueError>;

/// A first parameter that takes text.
pub const V: Parameter = parameter("v", Kind::Text);
const LOCALE: Parameter = optional("locale", Kind::Text);

/// A parameter that has to be given.
pub const fn parameter(name: &'static str, kind: Kind) -> Parameter {
    Parameter {
        name,
        kind,
        optional: false,
    }
}

/// A parameter that may be left out.
pub const fn optional(name: &'static str, kind: Kind) -> Parameter {
    Parameter {
        name,
        kind,
        optional: true,
    }
}

/// The entry of a `pseudo_x` that knows languages.
pub const fn pseudo(
    name: &'static str,
    summary: &'static str,
    examples: &'static [Example],
    call: CallFn,
) -> Function {
    Function {
        name,
        summary,
        parameters: &[V, LOCALE],
        purpose: name,
        returns: Kind::Text,
        keeps_bytes: false,
        nature: Nature::Keyed,
        may_collide: true,
        examples,
        check: check_second,
        call,
    }
}

/// The entry of a `fake_x` that knows languages.
pub const fn fake(
    name: &'static str,
    summary: &'static str,
    examples: &'static [Example],
    call: CallFn,
) -> Function {
    Function {
        parameters: &[LOCALE],
        nature: Nature::Fresh,
        check: check_first,
        ..pseudo(name, summary, examples, call)
    }
}

/// The same without languages.
pub const fn plain(function: Function) -> Function {
    Function {
        parameters: match function.nature {
            Nature::Fresh => &[],
            _ => &[V],
        },
        check: super::accepts_all,
        ..function
    }
}

/// The same for results that have too many keyed bits to meet.
pub const fn distinct(function: Function) -> Function {
    Function {
        may_collide: false,
        ..function
    }
}

fn check_first(args: &[Option<&Value<'_>>]) -> Result<(), ValueError> {
    Locale::parse(args.first().copied().flatten()).map(drop)
}

fn check_second(args: &[Option<&Value<'_>>]) -> Result<(), ValueError> {
    Locale::parse(args.get(1).copied().flatten()).map(drop)
}

/// The text of an argument.
pub fn text<'a>(args: &'a [Value<'_>], index: usize) -> Result<&'a [u8], ValueError> {
    match args.get(index) {
        Some(Value::Text(text) | Value::Bytes(text)) => Ok(text),
        _ => fault("this has to be text"),
    }
}

/// The call of a `pseudo_x`.
pub fn keyed<'v>(call: &Call<'_>, args: &[Value<'v>], make: Make) -> Result<Value<'v>, ValueError> {
    let input = text(args, 0)?;
    let locale = Locale::parse(args.get(1))?;
    let mut draw = Draw::keyed(call, input);
    Ok(made(call, &mut draw, locale, input, make))
}

/// The call of a `fake_x`.
pub fn fresh<'v>(call: &Call<'_>, args: &[Value<'v>], make: Make) -> Result<Value<'v>, ValueError> {
    let locale = Locale::parse(args.first())?;
    let mut draw = Draw::fresh(call);
    let identity = call.fresh.to_le_bytes();
    Ok(made(call, &mut draw, locale, &identity, make))
}

/// More tries find a word for a short column; after that it is cut.
const TRIES: usize = 64;

fn made<'v>(
    call: &Call<'_>,
    draw: &mut Draw,
    locale: Locale,
    identity: &[u8],
    make: Make,
) -> Value<'v> {
    let mut made = make(draw, locale, call.limit).into_bytes();
    for _ in 1..TRIES {
        if fit::fits(&made, call.limit) {
            break;
        }
        made = make(draw, locale, call.limit).into_bytes();
    }
    Value::Text(fit::fit(made.into(), call.limit, call.key, identity))
}
