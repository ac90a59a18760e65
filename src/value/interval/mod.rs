//! `interval`: written form, order and arithmetic; [`parse()`] reads it.
//!
//! The three parts are independent: a month is not a number of days until two intervals are
//! compared (then it has 30), and a fraction flows only downwards, from months to days to time.

mod parse;

pub use parse::parse;

use super::datetime::{DAY, HOUR, MINUTE, calendar, check_timestamp, write_seconds};
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
