//! Reading dates and times.
//!
//! What is read is ISO 8601 as servers write it, with the freedom that the server allows around
//! it: `2024-02-29`, `20240229`, `2024/2/9`, `T` or blanks before the time, fractions of any
//! length, `AM`/`PM`, `Z`, `UTC` or an offset with minutes and seconds, `BC`, years beyond 9999,
//! `infinity` and `epoch`. What depends on a setting or on the moment (`03/04/2024`, names of
//! months and zones, `now`, `today`) is not guessed but refused.

use super::{DAY, HOUR, MINUTE, SECOND, calendar};
use crate::value::ValueError;
use crate::value::integer::trim;

/// What a text says about a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Moment {
    /// The day since 2000-01-01.
    day: Option<i64>,
    /// Microseconds since midnight; at most a whole day.
    time: Option<i64>,
    /// Seconds east of UTC.
    zone: Option<i32>,
}

enum Read {
    Moment(Moment),
    Infinity,
    NegativeInfinity,
}

fn invalid(name: &str) -> ValueError {
    ValueError::new(format!(
        "invalid or unsupported input syntax for type {name}; write it as ISO 8601"
    ))
}

fn out_of_range() -> ValueError {
    ValueError::new("date/time field value out of range")
}

/// Reads a `date`.
pub fn date(text: &[u8]) -> Result<i32, ValueError> {
    match read(text, "date")? {
        Read::Infinity => Ok(i32::MAX),
        Read::NegativeInfinity => Ok(i32::MIN),
        Read::Moment(moment) => super::check_date(moment.day.ok_or_else(|| invalid("date"))?),
    }
}

/// Reads a `time`; a date or an offset beside it does not count.
pub fn time(text: &[u8]) -> Result<i64, ValueError> {
    match read(text, "time")? {
        Read::Moment(Moment {
            time: Some(time), ..
        }) => Ok(time),
        _ => Err(invalid("time")),
    }
}

/// Reads a `timetz`.
pub fn time_tz(text: &[u8]) -> Result<(i64, i32), ValueError> {
    match read(text, "time with time zone")? {
        Read::Moment(Moment {
            time: Some(time),
            zone,
            ..
        }) => Ok((time, zone.unwrap_or(0))),
        _ => Err(invalid("time with time zone")),
    }
}

/// Reads a `timestamp`; an offset does not count.
pub fn timestamp(text: &[u8]) -> Result<i64, ValueError> {
    instant(text, "timestamp", false)
}

/// Reads a `timestamptz`; without an offset it is UTC.
pub fn timestamp_tz(text: &[u8]) -> Result<i64, ValueError> {
    instant(text, "timestamp with time zone", true)
}

fn instant(text: &[u8], name: &str, zoned: bool) -> Result<i64, ValueError> {
    match read(text, name)? {
        Read::Infinity => Ok(i64::MAX),
        Read::NegativeInfinity => Ok(i64::MIN),
        Read::Moment(moment) => {
            let day = moment.day.ok_or_else(|| invalid(name))?;
            let zone = if zoned {
                i64::from(moment.zone.unwrap_or(0))
            } else {
                0
            };
            let micros = i128::from(day) * i128::from(DAY)
                + i128::from(moment.time.unwrap_or(0) - zone * SECOND);
            super::check_timestamp(micros)
        }
    }
}

fn read(text: &[u8], name: &str) -> Result<Read, ValueError> {
    let text = trim(text);
    if text
        .first()
        .is_some_and(|b| b.is_ascii_alphabetic() || matches!(b, b'-' | b'+'))
    {
        return match text.to_ascii_lowercase().as_slice() {
            b"infinity" => Ok(Read::Infinity),
            b"-infinity" => Ok(Read::NegativeInfinity),
            b"epoch" => Ok(Read::Moment(Moment {
                day: Some(calendar::day(1970, 1, 1)),
                time: Some(0),
                zone: Some(0),
            })),
            _ => Err(invalid(name)),
        };
    }
    let mut cursor = Cursor { rest: text };
    let date = cursor.date();
    if date.is_some() && !cursor.rest.is_empty() {
        let blank = cursor.blanks();
        let t = cursor.letter(b't');
        // Behind a date something must separate what follows.
        if !blank && !t {
            return Err(invalid(name));
        }
    }
    let mut moment = Moment::default();
    if let Some(fields) = cursor.time().ok_or_else(|| invalid(name))? {
        moment.time = Some(fields.micros()?);
        cursor.blanks();
        moment.zone = cursor.zone().ok_or_else(|| invalid(name))?;
        if moment.zone.is_some_and(|zone| zone.abs() >= 16 * 3600) {
            return Err(ValueError::new("time zone displacement out of range"));
        }
        cursor.blanks();
    }
    if let Some((year, month, day)) = date {
        let before_christ = cursor.word(b"bc");
        if !before_christ {
            cursor.word(b"ad");
        }
        if year == 0 || !(1..=12).contains(&month) {
            return Err(out_of_range());
        }
        let year = if before_christ { 1 - year } else { year };
        if !(1..=calendar::days_in_month(year, month)).contains(&day) {
            return Err(out_of_range());
        }
        moment.day = Some(calendar::day(year, month, day));
    }
    if cursor.rest.is_empty() && (moment.day.is_some() || moment.time.is_some()) {
        Ok(Read::Moment(moment))
    } else {
        Err(invalid(name))
    }
}

/// A time of day as written.
struct Clock {
    hour: i64,
    minute: i64,
    second: i64,
    micros: i64,
    /// `AM` is false, `PM` true.
    afternoon: Option<bool>,
}

impl Clock {
    fn micros(&self) -> Result<i64, ValueError> {
        let hour = match self.afternoon {
            Some(_) if self.hour > 12 => return Err(out_of_range()),
            Some(false) => self.hour % 12,
            Some(true) => self.hour % 12 + 12,
            None => self.hour,
        };
        let rest = self.minute * MINUTE + self.second * SECOND + self.micros;
        let micros = hour.min(25) * HOUR + rest;
        if self.minute > 59 || self.second > 60 || micros > DAY {
            return Err(out_of_range());
        }
        Ok(micros)
    }
}

struct Cursor<'a> {
    rest: &'a [u8],
}

impl Cursor<'_> {
    /// A number of at most nine digits, and how many digits it has.
    fn number(&mut self) -> Option<(i64, usize)> {
        let length = self.rest.iter().take_while(|b| b.is_ascii_digit()).count();
        if !(1..=9).contains(&length) {
            return None;
        }
        let value = self.rest[..length]
            .iter()
            .fold(0, |n, d| n * 10 + i64::from(d - b'0'));
        self.rest = &self.rest[length..];
        Some((value, length))
    }

    fn byte(&mut self, byte: u8) -> bool {
        let found = self.rest.first() == Some(&byte);
        if found {
            self.rest = &self.rest[1..];
        }
        found
    }

    fn blanks(&mut self) -> bool {
        let mut any = false;
        while self.byte(b' ') {
            any = true;
        }
        any
    }

    fn letter(&mut self, letter: u8) -> bool {
        let found = self
            .rest
            .first()
            .is_some_and(|b| b.to_ascii_lowercase() == letter);
        if found {
            self.rest = &self.rest[1..];
        }
        found
    }

    /// A whole word in any case.
    fn word(&mut self, word: &[u8]) -> bool {
        let found = self.rest.len() >= word.len()
            && self.rest[..word.len()].eq_ignore_ascii_case(word)
            && !matches!(self.rest.get(word.len()), Some(b) if b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-'));
        if found {
            self.rest = &self.rest[word.len()..];
        }
        found
    }

    /// A date: year first. Leaves the cursor alone if there is none.
    fn date(&mut self) -> Option<(i64, i64, i64)> {
        let mut ahead = Cursor { rest: self.rest };
        let (first, length) = ahead.number()?;
        let date = match ahead.rest.first() {
            Some(&separator @ (b'-' | b'/' | b'.')) if length >= 3 => {
                ahead.byte(separator);
                let (month, month_length) = ahead.number()?;
                if month_length > 2 || !ahead.byte(separator) {
                    return None;
                }
                let (day, day_length) = ahead.number()?;
                if day_length > 2 {
                    return None;
                }
                (first, month, day)
            }
            Some(b':' | b'.') => return None,
            _ if length == 8 => (first / 10_000, first / 100 % 100, first % 100),
            _ => return None,
        };
        self.rest = ahead.rest;
        Some(date)
    }

    /// A time. The outer none is a fault, the inner one says that there is no time.
    #[expect(
        clippy::option_option,
        reason = "a fault and an absence are two things"
    )]
    fn time(&mut self) -> Option<Option<Clock>> {
        if !self.rest.first().is_some_and(u8::is_ascii_digit) {
            return Some(None);
        }
        let (hour, _) = self.number()?;
        if !self.byte(b':') {
            return None;
        }
        let (minute, _) = self.number()?;
        let mut clock = Clock {
            hour,
            minute,
            second: 0,
            micros: 0,
            afternoon: None,
        };
        if self.byte(b':') {
            (clock.second, _) = self.number()?;
            if self.byte(b'.') {
                clock.micros = self.fraction();
            }
        }
        let behind = self.rest;
        self.blanks();
        if self.word(b"am") {
            clock.afternoon = Some(false);
        } else if self.word(b"pm") {
            clock.afternoon = Some(true);
        } else {
            self.rest = behind;
        }
        Some(Some(clock))
    }

    /// Digits after the point, rounded to microseconds.
    fn fraction(&mut self) -> i64 {
        let length = self.rest.iter().take_while(|b| b.is_ascii_digit()).count();
        let digits = &self.rest[..length];
        self.rest = &self.rest[length..];
        super::fraction(digits)
    }

    /// An offset. The outer none is a fault.
    #[expect(
        clippy::option_option,
        reason = "a fault and an absence are two things"
    )]
    fn zone(&mut self) -> Option<Option<i32>> {
        if self.word(b"z") || self.word(b"utc") || self.word(b"gmt") {
            return Some(Some(0));
        }
        let east = match self.rest.first() {
            Some(b'+') => 1,
            Some(b'-') => -1,
            _ => return Some(None),
        };
        self.rest = &self.rest[1..];
        let (number, length) = self.number()?;
        let (mut hour, mut minute, mut second) = match length {
            1 | 2 => (number, 0, 0),
            3 | 4 => (number / 100, number % 100, 0),
            6 => (number / 10_000, number / 100 % 100, number % 100),
            _ => return None,
        };
        if length <= 2 && self.byte(b':') {
            (minute, _) = self.number()?;
            if self.byte(b':') {
                (second, _) = self.number()?;
            }
        }
        if minute > 59 || second > 59 {
            return None;
        }
        hour = hour.min(99);
        i32::try_from(hour * 3600 + minute * 60 + second)
            .ok()
            .map(|zone| Some(east * zone))
    }
}
