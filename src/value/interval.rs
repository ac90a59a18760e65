//! `interval`: text form, order and arithmetic.
//!
//! The three parts are independent: a month is not a number of days until two intervals are
//! compared (then it has 30), and a fraction flows only downwards, from months to days to time.

use super::datetime::{DAY, HOUR, MINUTE, SECOND, calendar, check_timestamp, write_seconds};
use super::{Interval, ValueError};
use std::io::Write;

/// "interval out of range".
pub(crate) fn out_of_range() -> ValueError {
    ValueError::new("interval out of range")
}

/// Appends the text form: `1 year 2 mons -3 days +04:05:06.7`.
pub fn write(interval: Interval, out: &mut Vec<u8>) {
    let start = out.len();
    let mut negative_before = false;
    let parts = [
        (interval.months / 12, "year"),
        (interval.months % 12, "mon"),
        (interval.days, "day"),
    ];
    for (number, unit) in parts {
        if number == 0 {
            continue;
        }
        if out.len() > start {
            out.push(b' ');
        }
        let sign = if negative_before && number > 0 {
            "+"
        } else {
            ""
        };
        let plural = if number == 1 { "" } else { "s" };
        let _ = write!(out, "{sign}{number} {unit}{plural}");
        negative_before = number < 0;
    }
    if interval.micros == 0 && out.len() > start {
        return;
    }
    if out.len() > start {
        out.push(b' ');
    }
    if interval.micros < 0 {
        out.push(b'-');
    } else if negative_before {
        out.push(b'+');
    }
    let micros = interval.micros.unsigned_abs();
    let (hour, minute) = (micros / HOUR as u64, micros / MINUTE as u64 % 60);
    let _ = write!(out, "{hour:02}:{minute:02}:");
    write_seconds((micros % MINUTE as u64) as i64, out);
}

impl Interval {
    /// The length by which intervals compare: a month has 30 days, a day 24 hours.
    pub fn length(self) -> i128 {
        (i128::from(self.months) * 30 + i128::from(self.days)) * i128::from(DAY)
            + i128::from(self.micros)
    }

    /// `self + other`.
    pub fn checked_add(self, other: Interval) -> Result<Interval, ValueError> {
        let sum = || {
            Some(Interval {
                months: self.months.checked_add(other.months)?,
                days: self.days.checked_add(other.days)?,
                micros: self.micros.checked_add(other.micros)?,
            })
        };
        sum().ok_or_else(out_of_range)
    }

    /// `self - other`.
    pub fn checked_sub(self, other: Interval) -> Result<Interval, ValueError> {
        let difference = || {
            Some(Interval {
                months: self.months.checked_sub(other.months)?,
                days: self.days.checked_sub(other.days)?,
                micros: self.micros.checked_sub(other.micros)?,
            })
        };
        difference().ok_or_else(out_of_range)
    }

    /// `- self`.
    pub fn checked_neg(self) -> Result<Interval, ValueError> {
        Interval::default().checked_sub(self)
    }

    /// `self * factor`.
    pub fn checked_mul(self, factor: f64) -> Result<Interval, ValueError> {
        self.scale(|part| part * factor)
    }

    /// `self / divisor`.
    pub fn checked_div(self, divisor: f64) -> Result<Interval, ValueError> {
        if divisor == 0.0 {
            return Err(super::decimal_math::division_by_zero());
        }
        self.scale(|part| part / divisor)
    }

    /// Scales each part; what is left of a month goes to the days, what is left of a day to the time.
    fn scale(self, by: impl Fn(f64) -> f64) -> Result<Interval, ValueError> {
        let micro = |x: f64| (x * 1e6).round_ties_even() / 1e6;
        let months = to_i32(by(f64::from(self.months)))?;
        let mut days = to_i32(by(f64::from(self.days)))?;
        let of_month = micro((by(f64::from(self.months)) - f64::from(months)) * 30.0);
        let mut seconds = micro(
            (by(f64::from(self.days)) - f64::from(days) + of_month - of_month.trunc()) * 86_400.0,
        );
        if seconds.abs() >= 86_400.0 {
            let whole = (seconds / 86_400.0).trunc();
            days = days.checked_add(whole as i32).ok_or_else(out_of_range)?;
            seconds -= whole * 86_400.0;
        }
        days = days.checked_add(of_month as i32).ok_or_else(out_of_range)?;
        let micros = (by(self.micros as f64) + seconds * 1e6).round_ties_even();
        // 2^63 itself is the first that does not fit.
        if !(-(2f64.powi(63))..2f64.powi(63)).contains(&micros) {
            return Err(out_of_range());
        }
        Ok(Interval {
            months,
            days,
            micros: micros as i64,
        })
    }

    /// A span of time as days and hours.
    pub(crate) fn from_micros(micros: i64) -> Interval {
        Interval {
            months: 0,
            days: (micros / DAY) as i32,
            micros: micros % DAY,
        }
    }

    /// `timestamp + self`; infinities stay.
    pub fn after(self, timestamp: i64) -> Result<i64, ValueError> {
        if timestamp == i64::MIN || timestamp == i64::MAX {
            return Ok(timestamp);
        }
        let mut day = timestamp.div_euclid(DAY);
        if self.months != 0 {
            let (year, month, of_month) = calendar::date(day);
            let months = year * 12 + month - 1 + i64::from(self.months);
            let (year, month) = (months.div_euclid(12), months.rem_euclid(12) + 1);
            day = calendar::day(
                year,
                month,
                of_month.min(calendar::days_in_month(year, month)),
            );
        }
        let days = i128::from(day) + i128::from(self.days);
        let of_day = i128::from(timestamp.rem_euclid(DAY)) + i128::from(self.micros);
        check_timestamp(days * i128::from(DAY) + of_day)
    }
}

fn to_i32(value: f64) -> Result<i32, ValueError> {
    if value.is_nan() || value > f64::from(i32::MAX) || value < f64::from(i32::MIN) {
        return Err(out_of_range());
    }
    Ok(value as i32)
}

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
            + super::datetime::fraction(fraction.unwrap_or("").as_bytes());
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

#[cfg(test)]
mod tests {
    use super::*;

    fn text(interval: Interval) -> String {
        let mut out = Vec::new();
        write(interval, &mut out);
        String::from_utf8(out).unwrap()
    }

    /// The answers are PostgreSQL's.
    #[test]
    fn read_and_written_as_the_server_does() {
        for (input, expected) in [
            (
                "1 year 2 mons 3 days 04:05:06.7",
                "1 year 2 mons 3 days 04:05:06.7",
            ),
            ("-1 days +02:03:04", "-1 days +02:03:04"),
            ("1 day -02:03", "1 day -02:03:00"),
            ("P1Y2M3DT4H5M6.5S", "1 year 2 mons 3 days 04:05:06.5"),
            ("P-1Y3M", "-9 mons"),
            ("P1.2M", "1 mon 5 days 24:00:00"),
            ("P2W", "14 days"),
            ("1-2 3 4:05:06", "1 year 2 mons 3 days 04:05:06"),
            ("-1-2", "-1 years -2 mons"),
            ("90", "00:01:30"),
            ("1.5 days", "1 day 12:00:00"),
            ("1.5 months", "1 mon 15 days"),
            ("1.5 years", "1 year 6 mons"),
            ("1.5 weeks", "10 days 12:00:00"),
            ("@ 2 hours 5 minutes ago", "-02:05:00"),
            ("1day2h", "1 day 02:00:00"),
            ("100:00:00", "100:00:00"),
            ("10:30.5", "00:10:30.5"),
            ("3 centuries", "300 years"),
            ("00:00:00", "00:00:00"),
            ("-0.5 seconds", "-00:00:00.5"),
        ] {
            assert_eq!(
                parse(input.as_bytes()).map(text).as_deref(),
                Ok(expected),
                "{input}"
            );
        }
        for input in [
            "",
            "day",
            "1 parsec",
            "P",
            "P1H",
            "1 2",
            "1:2:3:4",
            "12:60",
            "ago",
            "1-13",
            "-.5 days",
            "1 day 2 days",
            "1 hour 2:00",
        ] {
            assert!(parse(input.as_bytes()).is_err(), "{input}");
        }
    }

    #[test]
    fn length_takes_a_month_for_thirty_days() {
        let of = |text: &str| parse(text.as_bytes()).unwrap().length();
        assert_eq!(of("1 month"), of("30 days"));
        assert_eq!(of("1 day"), of("24:00"));
        assert!(of("1 year") < of("365 days"));
    }

    #[test]
    fn scaled_parts_flow_downwards() {
        let of = |text: &str| parse(text.as_bytes()).unwrap();
        assert_eq!(text(of("1 month").checked_mul(0.5).unwrap()), "15 days");
        assert_eq!(
            text(of("1 day").checked_div(7.0).unwrap()),
            "03:25:42.857143"
        );
        assert_eq!(
            text(of("1 year 1 mon").checked_mul(1.1).unwrap()),
            "1 year 2 mons 9 days"
        );
        assert!(of("1 day").checked_div(0.0).is_err());
        assert!(of("1 day").checked_mul(1e300).is_err());
    }
}
