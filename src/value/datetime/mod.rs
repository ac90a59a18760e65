//! `date`, `time`, `timetz`, `timestamp` and `timestamptz`: reading, writing and rounding.
//!
//! A moment is a number of days or microseconds from 2000-01-01, as the server stores it, so that
//! every date it can hold is held here too; the time zone of the session is UTC.

pub mod calendar;
pub mod fields;
pub mod parse;

use super::ValueError;
use std::io::Write;

/// Microseconds of a second.
pub const SECOND: i64 = 1_000_000;
/// Microseconds of a minute.
pub const MINUTE: i64 = 60 * SECOND;
/// Microseconds of an hour.
pub const HOUR: i64 = 60 * MINUTE;
/// Microseconds of a day.
pub const DAY: i64 = 24 * HOUR;

/// 4714-11-24 BC: the first day of the Julian count.
const FIRST_DAY: i64 = -2_451_545;
/// The day after 5874897-12-31.
const DATE_END: i64 = 2_145_031_949;
/// The day after 294276-12-31.
const TIMESTAMP_END: i64 = 106_751_983;

/// The day, if a `date` can hold it.
pub(crate) fn check_date(day: i64) -> Result<i32, ValueError> {
    match i32::try_from(day) {
        Ok(fits) if (FIRST_DAY..DATE_END).contains(&day) => Ok(fits),
        _ => Err(ValueError::new("date out of range")),
    }
}

/// The moment, if a `timestamp` can hold it.
pub(crate) fn check_timestamp(micros: i128) -> Result<i64, ValueError> {
    match i64::try_from(micros) {
        Ok(fits) if (FIRST_DAY * DAY..TIMESTAMP_END * DAY).contains(&fits) => Ok(fits),
        _ => Err(ValueError::new("timestamp out of range")),
    }
}

/// The midnight with which a day begins; infinities stay.
pub fn midnight(day: i32) -> Result<i64, ValueError> {
    match day {
        i32::MIN => Ok(i64::MIN),
        i32::MAX => Ok(i64::MAX),
        day => check_timestamp(i128::from(day) * i128::from(DAY))
            .map_err(|_| ValueError::new("date out of range for timestamp")),
    }
}

/// The day of a moment; infinities stay.
pub fn day_of(timestamp: i64) -> i32 {
    match timestamp {
        i64::MIN => i32::MIN,
        i64::MAX => i32::MAX,
        // A timestamp's day fits: its range is smaller than a date's.
        micros => micros.div_euclid(DAY) as i32,
    }
}

/// Digits after a point as microseconds; more than six are rounded, as the server does it in binary.
pub(crate) fn fraction(digits: &[u8]) -> i64 {
    if digits.len() <= 6 {
        let value = digits.iter().fold(0, |n, d| n * 10 + i64::from(d - b'0'));
        return value * 10i64.pow(6 - digits.len() as u32);
    }
    let text = String::from_utf8_lossy(digits);
    let value: f64 = format!("0.{text}").parse().unwrap_or(0.0);
    (value * 1e6).round_ties_even() as i64
}

/// Rounds microseconds to `precision` digits after the second's point; infinities stay.
pub fn round(micros: i64, precision: u32) -> i64 {
    if precision >= 6 || micros == i64::MIN || micros == i64::MAX {
        return micros;
    }
    let unit = 10i64.pow(6 - precision);
    let rounded = (micros.abs() + unit / 2) / unit * unit;
    if micros < 0 { -rounded } else { rounded }
}

/// Appends the text form of a `date`.
pub fn write_date(day: i32, out: &mut Vec<u8>) {
    if !write_infinity(day == i32::MIN, day == i32::MAX, out) {
        let before_christ = write_day(i64::from(day), out);
        write_era(before_christ, out);
    }
}

/// Appends the text form of a `time`.
pub fn write_time(micros: i64, out: &mut Vec<u8>) {
    let (hour, minute) = (micros / HOUR, micros / MINUTE % 60);
    let _ = write!(out, "{hour:02}:{minute:02}:");
    write_seconds(micros % MINUTE, out);
}

/// Appends the text form of a `timetz`.
pub fn write_time_tz(micros: i64, zone: i32, out: &mut Vec<u8>) {
    write_time(micros, out);
    out.push(if zone < 0 { b'-' } else { b'+' });
    let zone = zone.abs();
    let _ = write!(out, "{:02}", zone / 3600);
    if zone % 3600 != 0 {
        let _ = write!(out, ":{:02}", zone / 60 % 60);
    }
    if zone % 60 != 0 {
        let _ = write!(out, ":{:02}", zone % 60);
    }
}

/// Appends the text form of a `timestamp`, or of a `timestamptz` in UTC.
pub fn write_timestamp(micros: i64, zoned: bool, out: &mut Vec<u8>) {
    if write_infinity(micros == i64::MIN, micros == i64::MAX, out) {
        return;
    }
    let before_christ = write_day(micros.div_euclid(DAY), out);
    out.push(b' ');
    write_time(micros.rem_euclid(DAY), out);
    if zoned {
        out.extend_from_slice(b"+00");
    }
    write_era(before_christ, out);
}

/// Seconds and fraction without zeros at its end.
pub(crate) fn write_seconds(micros: i64, out: &mut Vec<u8>) {
    let _ = write!(out, "{:02}", micros / SECOND);
    let fraction = micros % SECOND;
    if fraction != 0 {
        let _ = write!(out, ".{fraction:06}");
        while out.last() == Some(&b'0') {
            out.pop();
        }
    }
}

fn write_infinity(negative: bool, positive: bool, out: &mut Vec<u8>) -> bool {
    if negative {
        out.extend_from_slice(b"-infinity");
    } else if positive {
        out.extend_from_slice(b"infinity");
    }
    negative || positive
}

/// Appends the date and says whether it is before Christ.
fn write_day(day: i64, out: &mut Vec<u8>) -> bool {
    let (year, month, day) = calendar::date(day);
    let before_christ = year <= 0;
    let shown = if before_christ { 1 - year } else { year };
    let _ = write!(out, "{shown:04}-{month:02}-{day:02}");
    before_christ
}

fn write_era(before_christ: bool, out: &mut Vec<u8>) {
    if before_christ {
        out.extend_from_slice(b" BC");
    }
}

#[cfg(test)]
mod tests {
    use crate::schema::DataType;
    use crate::value::tests::roundtrip;

    #[test]
    fn dates() {
        for (text, expected) in [
            ("2024-02-29", Some("2024-02-29")),
            ("20240229", Some("2024-02-29")),
            ("2024/2/9", Some("2024-02-09")),
            ("2024-02-29 13:00:00+02", Some("2024-02-29")),
            ("0044-03-15 BC", Some("0044-03-15 BC")),
            ("4714-11-24 BC", Some("4714-11-24 BC")),
            ("4714-11-23 BC", None),
            ("5874897-12-31", Some("5874897-12-31")),
            ("5874898-01-01", None),
            ("infinity", Some("infinity")),
            ("-infinity", Some("-infinity")),
            ("epoch", Some("1970-01-01")),
            ("2023-02-29", None),
            ("0000-01-01", None),
            ("2024-13-01", None),
            ("01/02/2024", None),
            ("2024-01-01x", None),
            ("", None),
        ] {
            assert_eq!(
                roundtrip(text, &DataType::Date).as_deref(),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn times() {
        for (text, expected) in [
            ("04:05:06.789", Some("04:05:06.789")),
            ("04:05", Some("04:05:00")),
            ("4:05 PM", Some("16:05:00")),
            ("24:00:00", Some("24:00:00")),
            ("24:00:00.1", None),
            ("23:59:60", Some("24:00:00")),
            ("23:59:59.9999999", Some("24:00:00")),
            ("12:00:00+05:30", Some("12:00:00")),
            ("25:00", None),
            ("2024-02-29 10:00", Some("10:00:00")),
        ] {
            assert_eq!(
                roundtrip(text, &DataType::Time(None)).as_deref(),
                expected,
                "{text}"
            );
        }
        for (text, expected) in [
            ("04:05:06-08", Some("04:05:06-08")),
            ("04:05:06+05:30", Some("04:05:06+05:30")),
            ("04:05:06 -00:25:21", Some("04:05:06-00:25:21")),
            ("04:05", Some("04:05:00+00")),
            ("04:05+1530", Some("04:05:00+15:30")),
            ("04:05+16", None),
        ] {
            assert_eq!(
                roundtrip(text, &DataType::TimeTz(None)).as_deref(),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn timestamps() {
        for (text, plain, zoned) in [
            (
                "2024-02-29 13:14:15.5+02",
                Some("2024-02-29 13:14:15.5"),
                Some("2024-02-29 11:14:15.5+00"),
            ),
            (
                "2024-02-29T13:14:15Z",
                Some("2024-02-29 13:14:15"),
                Some("2024-02-29 13:14:15+00"),
            ),
            (
                "2024-02-29",
                Some("2024-02-29 00:00:00"),
                Some("2024-02-29 00:00:00+00"),
            ),
            (
                "2024-12-31 23:59:60",
                Some("2025-01-01 00:00:00"),
                Some("2025-01-01 00:00:00+00"),
            ),
            (
                "1892-01-01 00:00:00-00:25:21",
                Some("1892-01-01 00:00:00"),
                Some("1892-01-01 00:25:21+00"),
            ),
            (
                "0001-01-01 00:00:00+01 BC",
                Some("0001-01-01 00:00:00 BC"),
                Some("0002-12-31 23:00:00+00 BC"),
            ),
            (
                "10000-01-01 00:00:00",
                Some("10000-01-01 00:00:00"),
                Some("10000-01-01 00:00:00+00"),
            ),
            (
                "294276-12-31 23:59:59.999999",
                Some("294276-12-31 23:59:59.999999"),
                Some("294276-12-31 23:59:59.999999+00"),
            ),
            ("294277-01-01", None, None),
            ("-infinity", Some("-infinity"), Some("-infinity")),
            ("10:00", None, None),
            ("2024-02-29 13", None, None),
        ] {
            assert_eq!(
                roundtrip(text, &DataType::Timestamp(None)).as_deref(),
                plain,
                "{text}"
            );
            assert_eq!(
                roundtrip(text, &DataType::TimestampTz(None)).as_deref(),
                zoned,
                "{text}"
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn every_timestamp_survives(micros in super::FIRST_DAY * super::DAY..super::TIMESTAMP_END * super::DAY) {
            let mut out = Vec::new();
            super::write_timestamp(micros, true, &mut out);
            proptest::prop_assert_eq!(super::parse::timestamp_tz(&out), Ok(micros));
        }
    }
}
