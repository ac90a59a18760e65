//! The `anon` functions: one file per function, one line in the registry.
//!
//! A function is pure: its result depends on the key, its arguments and, for the fresh ones, the
//! place of the call and the row's ordinal. It knows no dump, no dialect and no expression syntax.
//! NULL never reaches a function: a NULL argument makes a NULL result before the call.
//!
//! What other tools offer is one of these or plain SQL. PostgreSQL Anonymizer's names are kept; its
//! `dummy_*` and `random_zip` are `fake_*`, `random_in_enum` is `random_in(ARRAY[…])`, `digest` is `hash`,
//! `ternary` is CASE. Of greenmask, `Masking` is `partial`, `NoiseDate` is `dnoise`, `Dict` is CASE,
//! `RegexpReplace`, `Replace` and `SetNull` are SQL, `RandomBool` is `random_int_between(0, 1) = 1`, random
//! decimals and coordinates are `random_int_between(…) / 100.0`. Of datanymizer, `words` is
//! `lorem_ipsum(0, n)`, `template` is `||`. Shuffling a column among rows is not offered: it keeps real values.

use crate::schema::LengthUnit;
use crate::value::{Value, ValueError};

pub mod address;
pub mod check_digits;
mod city;
mod company;
mod country;
mod credit_card;
mod currency;
mod digits;
mod dnoise;
pub mod doc;
mod draw;
mod email;
mod first_name;
pub mod fit;
mod generalize_date;
mod generalize_number;
mod hash;
mod iban;
mod ip;
mod job;
mod json_mask;
pub mod key;
mod last_name;
mod lorem_ipsum;
mod mac;
mod mailinator;
mod moment;
mod name;
mod noise;
mod partial;
mod partial_email;
mod phone;
pub mod php;
mod postcode;
mod random_date_between;
mod random_in;
mod random_int_between;
mod random_phone;
mod random_string;
mod region;
mod rewrite_emails;
mod secret;
mod sentence;
mod shift_date;
mod street;
mod subject;
mod time_zone;
mod title;
mod url;
mod user_agent;
mod user_name;
mod uuid;
mod word;
pub mod words;
mod xml_mask;

#[cfg(test)]
mod sweep;

pub use key::{Key, Subkey};
pub use mailinator::{DOMAIN as DEFAULT_DOMAIN, Plain};

/// One function, as tests, documentation and the compiler of expressions see it.
#[derive(Debug, Clone, Copy)]
pub struct Function {
    /// The name after `anon.`.
    pub name: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// The parameters in order.
    pub parameters: &'static [Parameter],
    /// What its subkey is for: its own name, or that of the function whose results it has to agree with.
    pub purpose: &'static str,
    /// The type of the result.
    pub returns: Kind,
    /// Does a function of text also take `bytea` and `uuid`, and return them as what they are?
    pub keeps_bytes: bool,
    /// What the result depends on.
    pub nature: Nature,
    /// Can two different inputs give the same result? Then it is refused on a unique column.
    pub may_collide: bool,
    /// Examples: they run as tests (under the key `example`) and become the documentation.
    pub examples: &'static [Example],
    /// Refuses constant arguments that are wrong, when the rulebook is loaded. None stands for an
    /// argument that is not constant.
    pub check: fn(&[Option<&Value<'_>>]) -> Result<(), ValueError>,
    /// The function. Arguments are as many as were given, coerced to the parameters' kinds; none is NULL.
    pub call: for<'v> fn(&Call<'_>, &[Value<'v>]) -> Result<Value<'v>, ValueError>,
}

impl Function {
    /// Its subkey of a run's key.
    pub fn subkey(&self, key: &Key) -> Subkey {
        key.subkey(self.purpose)
    }

    /// How many arguments it takes: at least and at most.
    pub fn arity(&self) -> (usize, usize) {
        let optional = self.parameters.iter().filter(|p| p.optional).count();
        (self.parameters.len() - optional, self.parameters.len())
    }
}

/// One parameter.
#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    /// Its name in the documentation.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// May it be left out?
    pub optional: bool,
}

/// The kinds of values that functions take and give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text of any type.
    Text,
    /// An integer.
    Integer,
    /// Any number, given and returned in its own type.
    Number,
    /// `date`, `timestamp` or `timestamptz`, given and returned in its own type.
    Date,
    /// `interval`.
    Interval,
    /// An array of text.
    TextArray,
    /// Whatever the first argument is.
    Any,
}

/// What a result depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nature {
    /// Only on the arguments.
    Plain,
    /// On the arguments and the key: the same input gives the same output everywhere.
    Keyed,
    /// On the key, the table, the row's ordinal and the place of the call.
    Fresh,
}

/// An example.
#[derive(Debug, Clone, Copy)]
pub struct Example {
    /// A SQL expression, for instance `anon.mailinator('john.doe@company.com')`.
    pub sql: &'static str,
    /// The text form of its result; none for NULL.
    pub result: Option<&'static str>,
}

/// What a call knows beside its arguments.
#[derive(Debug, Clone, Copy)]
pub struct Call<'c> {
    /// The function's own subkey.
    pub key: &'c Subkey,
    /// The length limit of the column that takes the result, if it takes it directly.
    pub limit: Option<(u32, LengthUnit)>,
    /// Must the column that takes the result not be NULL? (True also when it is not known.)
    pub not_null: bool,
    /// For the fresh functions: a number that is unique to table, row and place of the call.
    pub fresh: u128,
}

/// The check of a function that takes every value.
fn accepts_all(_: &[Option<&Value<'_>>]) -> Result<(), ValueError> {
    Ok(())
}

/// A fault in a call.
fn fault<T>(message: &'static str) -> Result<T, ValueError> {
    Err(ValueError(message.into()))
}

/// All functions, sorted by name.
static REGISTRY: &[Function] = &[
    digits::FUNCTION,
    dnoise::FUNCTION,
    city::FAKE,
    company::FAKE,
    country::FAKE,
    credit_card::FAKE,
    currency::FAKE,
    email::FAKE,
    first_name::FAKE,
    iban::FAKE,
    ip::FAKE,
    job::FAKE,
    last_name::FAKE,
    mac::FAKE,
    name::FAKE,
    phone::FAKE,
    postcode::FAKE,
    region::FAKE,
    sentence::FAKE,
    street::FAKE,
    time_zone::FAKE,
    title::FAKE,
    url::FAKE,
    user_agent::FAKE,
    user_name::FAKE,
    uuid::FAKE,
    word::FAKE,
    generalize_date::FUNCTION,
    generalize_number::FUNCTION,
    hash::FUNCTION,
    json_mask::FUNCTION,
    lorem_ipsum::FUNCTION,
    mailinator::FUNCTION,
    noise::FUNCTION,
    partial::FUNCTION,
    partial_email::FUNCTION,
    city::PSEUDO,
    company::PSEUDO,
    country::PSEUDO,
    credit_card::PSEUDO,
    currency::PSEUDO,
    email::PSEUDO,
    first_name::PSEUDO,
    iban::PSEUDO,
    ip::PSEUDO,
    job::PSEUDO,
    last_name::PSEUDO,
    mac::PSEUDO,
    name::PSEUDO,
    phone::PSEUDO,
    postcode::PSEUDO,
    region::PSEUDO,
    sentence::PSEUDO,
    street::PSEUDO,
    time_zone::PSEUDO,
    title::PSEUDO,
    url::PSEUDO,
    user_agent::PSEUDO,
    user_name::PSEUDO,
    uuid::PSEUDO,
    word::PSEUDO,
    random_int_between::BIGINT,
    random_date_between::FUNCTION,
    random_in::FUNCTION,
    random_int_between::FUNCTION,
    random_phone::FUNCTION,
    random_string::FUNCTION,
    rewrite_emails::FUNCTION,
    secret::FUNCTION,
    shift_date::FUNCTION,
    xml_mask::FUNCTION,
];

/// All functions, by name.
pub fn registry() -> &'static [Function] {
    REGISTRY
}

/// The function of this name.
pub fn find(name: &str) -> Option<&'static Function> {
    let found = REGISTRY.binary_search_by(|f| f.name.cmp(name)).ok()?;
    REGISTRY.get(found)
}
