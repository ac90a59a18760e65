//! The input function of `interval`: words with numbers, times of day, ISO 8601.
//!
//! A text is a sum: every number is added to the unit that follows it, a unit may come once, and a
//! fraction of it flows down into the smaller ones as it does in the server.

use super::out_of_range;
use crate::value::datetime::{self, DAY, HOUR, MINUTE, SECOND};
use crate::value::{Interval, ValueError};

/// Reads an interval: the server's own form, `P1Y2M3DT4H5M6S`, or the words of SQL and PostgreSQL.
pub fn parse(text: &[u8]) -> Result<Interval, ValueError> {
    let text = std::str::from_utf8(text)
        .map_err(|_| invalid())?
        .trim()
        .to_ascii_lowercase();
    match text.strip_prefix('p') {
        Some(designators) => parse_iso(designators),
        None => parse_words(&text),
    }
}

fn invalid() -> ValueError {
    ValueError::new("invalid input syntax for type interval")
}

/// A unit of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Microsecond,
    Millisecond,
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
    Decade,
    Century,
    Millennium,
}

impl Unit {
    /// What a time of day names: hour, minute, second and all below.
    const CLOCK: u16 = 0b1_1111;

    fn find(name: &str) -> Option<Unit> {
        Some(match name {
            "us" | "usec" | "usecs" | "usecond" | "useconds" | "microsecond" | "microseconds"
            | "microsecon" => Unit::Microsecond,
            "ms" | "msec" | "msecs" | "msecond" | "mseconds" | "millisecond" | "milliseconds"
            | "millisecon" => Unit::Millisecond,
            "s" | "sec" | "secs" | "second" | "seconds" => Unit::Second,
            "m" | "min" | "mins" | "minute" | "minutes" => Unit::Minute,
            "h" | "hr" | "hrs" | "hour" | "hours" => Unit::Hour,
            "d" | "day" | "days" => Unit::Day,
            "w" | "week" | "weeks" => Unit::Week,
            "mon" | "mons" | "month" | "months" => Unit::Month,
            "y" | "yr" | "yrs" | "year" | "years" => Unit::Year,
            "dec" | "decs" | "decade" | "decades" => Unit::Decade,
            "c" | "cent" | "century" | "centuries" => Unit::Century,
            "mil" | "mils" | "millennium" | "millennia" => Unit::Millennium,
            _ => return None,
        })
    }

    /// The units that a number of this one names; a fraction of a second reaches below it.
    fn bits(self, fraction: f64) -> u16 {
        if self == Unit::Second && fraction != 0.0 {
            0b111
        } else {
            1 << self as u16
        }
    }
}

/// A sum of units under way.
#[derive(Default)]
struct Sum {
    months: i64,
    days: i64,
    micros: i64,
    /// The units that were named, a bit each.
    seen: u16,
}

/// A number with its fraction, both with the number's sign.
#[derive(Debug, Clone, Copy)]
struct Number {
    whole: i64,
    fraction: f64,
}

impl Number {
    /// The same for ISO 8601, where the server splits the number after it made a float of it:
    /// the fraction of 1.2 is a little less than 0.2.
    fn parse_binary(text: &str, negative: bool) -> Option<Number> {
        let mut number = Number::parse(text, negative)?;
        if number.fraction != 0.0 {
            let exact: f64 = text.parse().ok()?;
            number.fraction = (exact - exact.trunc()) * if negative { -1.0 } else { 1.0 };
        }
        Some(number)
    }

    /// `12`, `-1.5`, `.5`; the sign is taken off before.
    fn parse(text: &str, negative: bool) -> Option<Number> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let whole: i64 = if whole.is_empty() {
            0
        } else {
            whole.parse().ok()?
        };
        let fraction: f64 = if fraction.is_empty() {
            0.0
        } else {
            format!("0.{fraction}").parse().ok()?
        };
        Some(if negative {
            Number {
                whole: -whole,
                fraction: -fraction,
            }
        } else {
            Number { whole, fraction }
        })
    }
}

impl Sum {
    /// Notes units that are written in words: none may come twice.
    fn see(&mut self, units: u16) -> Result<(), ValueError> {
        if self.seen & units != 0 {
            return Err(invalid());
        }
        self.seen |= units;
        Ok(())
    }

    /// Adds `number` of the unit; none if the sum does not fit.
    fn add(&mut self, number: Number, unit: Unit) -> Option<()> {
        match unit {
            Unit::Microsecond => self.micros(number, 1),
            Unit::Millisecond => self.micros(number, 1000),
            Unit::Second => self.micros(number, SECOND),
            Unit::Minute => self.micros(number, MINUTE),
            Unit::Hour => self.micros(number, HOUR),
            Unit::Day => {
                self.days = self.days.checked_add(number.whole)?;
                self.fraction_of(number.fraction, DAY)
            }
            Unit::Week => {
                self.days = self.days.checked_add(number.whole.checked_mul(7)?)?;
                self.fraction_of_days(number.fraction, 7.0)
            }
            Unit::Month => {
                self.months = self.months.checked_add(number.whole)?;
                self.fraction_of_days(number.fraction, 30.0)
            }
            Unit::Year => self.years(number, 1),
            Unit::Decade => self.years(number, 10),
            Unit::Century => self.years(number, 100),
            Unit::Millennium => self.years(number, 1000),
        }
    }

    fn micros(&mut self, number: Number, unit: i64) -> Option<()> {
        self.micros = self.micros.checked_add(number.whole.checked_mul(unit)?)?;
        self.fraction_of(number.fraction, unit)
    }

    /// Adds a fraction of a unit of time; exactly half a microsecond is cut off.
    fn fraction_of(&mut self, fraction: f64, unit: i64) -> Option<()> {
        let exact = fraction * unit as f64;
        let cut = exact.trunc();
        let rest = exact - cut;
        let carry = if rest > 0.5 {
            1
        } else if rest < -0.5 {
            -1
        } else {
            0
        };
        self.micros = self.micros.checked_add(cut as i64 + carry)?;
        Some(())
    }

    fn fraction_of_days(&mut self, fraction: f64, unit: f64) -> Option<()> {
        let exact = fraction * unit;
        let cut = exact.trunc();
        self.days = self.days.checked_add(cut as i64)?;
        self.fraction_of(exact - cut, DAY)
    }

    fn years(&mut self, number: Number, unit: i64) -> Option<()> {
        let months = number.whole.checked_mul(12 * unit)?;
        let part = (number.fraction * (12 * unit) as f64).round_ties_even() as i64;
        self.months = self.months.checked_add(months.checked_add(part)?)?;
        Some(())
    }

    fn finish(self, ago: bool) -> Result<Interval, ValueError> {
        let sign = if ago { -1 } else { 1 };
        let interval = || {
            Some(Interval {
                months: i32::try_from(self.months.checked_mul(sign)?).ok()?,
                days: i32::try_from(self.days.checked_mul(sign)?).ok()?,
                micros: self.micros.checked_mul(sign)?,
            })
        };
        interval().ok_or_else(out_of_range)
    }
}

/// `1 year -2 mons 3 days 04:05:06`, `1-2 3 4:05`, `@ 2 hours ago`, `90`.
///
/// A number without a unit is days if a time follows, else seconds at the end.
fn parse_words(text: &str) -> Result<Interval, ValueError> {
    let tokens = tokens(text)?;
    let mut sum = Sum::default();
    let mut ago = false;
    let mut at = 0;
    while at < tokens.len() {
        let token = tokens[at];
        at += 1;
        if token == "ago" && at == tokens.len() && at > 1 {
            ago = true;
            continue;
        }
        let (negative, unsigned) = sign(token);
        // `.5` is a number here and `-.5` is none.
        if unsigned.len() < token.len() && unsigned.starts_with('.') {
            return Err(invalid());
        }
        if unsigned.contains(':') {
            sum.see(Unit::CLOCK)?;
            add_clock(&mut sum, unsigned, negative)?;
        } else if let Some((years, months)) = unsigned.split_once('-') {
            let years = Number::parse(years, negative).ok_or_else(invalid)?;
            let months = Number::parse(months, negative).ok_or_else(invalid)?;
            if years.fraction != 0.0 || months.fraction != 0.0 || months.whole.abs() >= 12 {
                return Err(invalid());
            }
            sum.see(Unit::Month.bits(0.0))?;
            sum.add(years, Unit::Year).ok_or_else(out_of_range)?;
            sum.add(months, Unit::Month).ok_or_else(out_of_range)?;
        } else {
            let number = Number::parse(unsigned, negative).ok_or_else(invalid)?;
            let unit = match tokens.get(at) {
                None => Unit::Second,
                Some(next) if next.starts_with(|c: char| c.is_ascii_alphabetic()) => {
                    at += 1;
                    Unit::find(next).ok_or_else(invalid)?
                }
                Some(next) if next.contains(':') => Unit::Day,
                Some(_) => return Err(invalid()),
            };
            sum.see(unit.bits(number.fraction))?;
            sum.add(number, unit).ok_or_else(invalid)?;
        }
    }
    sum.finish(ago)
}

fn sign(token: &str) -> (bool, &str) {
    match token.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, token.strip_prefix('+').unwrap_or(token)),
    }
}

/// Numbers with everything that belongs to them, and words. `1day` is two tokens, `@` is none.
fn tokens(text: &str) -> Result<Vec<&str>, ValueError> {
    let mut out = Vec::new();
    let mut rest = text.trim_start();
    rest = rest.strip_prefix('@').unwrap_or(rest).trim_start();
    while let Some(first) = rest.chars().next() {
        let end = if first.is_ascii_alphabetic() {
            rest.find(|c: char| !c.is_ascii_alphabetic())
        } else if first.is_ascii_digit() || matches!(first, '+' | '-' | '.') {
            rest[1..]
                .find(|c: char| !c.is_ascii_digit() && !matches!(c, ':' | '.' | '-'))
                .map(|n| n + 1)
        } else {
            return Err(invalid());
        };
        let (token, after) = rest.split_at(end.unwrap_or(rest.len()));
        out.push(token);
        rest = after.trim_start();
    }
    if out.is_empty() {
        Err(invalid())
    } else {
        Ok(out)
    }
}

/// `HH:MM`, `HH:MM:SS.f`, or `MM:SS.f`.
fn add_clock(sum: &mut Sum, text: &str, negative: bool) -> Result<(), ValueError> {
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    let mut fields = Vec::new();
    for field in whole.split(':') {
        fields.push(Number::parse(field, false).ok_or_else(invalid)?.whole);
    }
    let (hour, minute, second) = match (fields.as_slice(), fraction) {
        (&[hour, minute], None) => (hour, minute, 0),
        (&[minute, second], Some(_)) => (0, minute, second),
        (&[hour, minute, second], _) => (hour, minute, second),
        _ => return Err(invalid()),
    };
    if minute > 59 || second > 60 || !fraction.unwrap_or("").bytes().all(|b| b.is_ascii_digit()) {
        return Err(invalid());
    }
    let micros = || {
        let rest = minute * MINUTE
            + second * SECOND
            + datetime::fraction(fraction.unwrap_or("").as_bytes());
        let micros = hour.checked_mul(HOUR)?.checked_add(rest)?;
        sum.micros
            .checked_add(if negative { -micros } else { micros })
    };
    sum.micros = micros().ok_or_else(out_of_range)?;
    Ok(())
}

/// What follows the `P` of ISO 8601's form with designators.
fn parse_iso(text: &str) -> Result<Interval, ValueError> {
    let mut sum = Sum::default();
    let mut in_time = false;
    let mut rest = text;
    if rest.is_empty() {
        return Err(invalid());
    }
    while !rest.is_empty() {
        if let Some(time) = rest.strip_prefix('t') {
            if in_time {
                return Err(invalid());
            }
            in_time = true;
            rest = time;
            continue;
        }
        let (negative, unsigned) = sign(rest);
        let end = unsigned
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .ok_or_else(invalid)?;
        let number = Number::parse_binary(&unsigned[..end], negative).ok_or_else(invalid)?;
        let unit = match (unsigned.as_bytes()[end], in_time) {
            (b'y', false) => Unit::Year,
            (b'm', false) => Unit::Month,
            (b'w', false) => Unit::Week,
            (b'd', false) => Unit::Day,
            (b'h', true) => Unit::Hour,
            (b'm', true) => Unit::Minute,
            (b's', true) => Unit::Second,
            _ => return Err(invalid()),
        };
        sum.add(number, unit).ok_or_else(out_of_range)?;
        rest = &unsigned[end + 1..];
    }
    sum.finish(false)
}
