//! `extract` and `date_trunc`: the fields of moments and intervals.

use super::{DAY, HOUR, MINUTE, SECOND, calendar};
use crate::value::{Decimal, Interval, Value, ValueError};
use bigdecimal::num_bigint::BigInt;

/// A field of a moment or interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Field {
    Microseconds,
    Milliseconds,
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
    Decade,
    Century,
    Millennium,
    /// The day of the week, Sunday being 0.
    DayOfWeek,
    /// The day of the week, Monday being 1 and Sunday 7.
    IsoDayOfWeek,
    DayOfYear,
    IsoYear,
    Epoch,
    Julian,
    TimeZone,
    TimeZoneHour,
    TimeZoneMinute,
}

impl Field {
    /// The field of this name, in any case.
    pub fn find(name: &str) -> Option<Field> {
        use Field::*;
        Some(match name.trim().to_ascii_lowercase().as_str() {
            "microseconds" | "microsecond" | "us" | "usec" | "usecs" => Microseconds,
            "milliseconds" | "millisecond" | "ms" | "msec" | "msecs" => Milliseconds,
            "second" | "seconds" | "s" | "sec" | "secs" => Second,
            "minute" | "minutes" | "m" | "min" | "mins" => Minute,
            "hour" | "hours" | "h" | "hr" | "hrs" => Hour,
            "day" | "days" | "d" => Day,
            "week" | "weeks" | "w" => Week,
            "month" | "months" | "mon" | "mons" => Month,
            "quarter" | "qtr" => Quarter,
            "year" | "years" | "y" | "yr" | "yrs" => Year,
            "decade" | "decades" | "dec" | "decs" => Decade,
            "century" | "centuries" | "c" | "cent" => Century,
            "millennium" | "millennia" | "mil" | "mils" => Millennium,
            "dow" => DayOfWeek,
            "isodow" => IsoDayOfWeek,
            "doy" => DayOfYear,
            "isoyear" => IsoYear,
            "epoch" => Epoch,
            "julian" => Julian,
            "timezone" => TimeZone,
            "timezone_hour" => TimeZoneHour,
            "timezone_minute" => TimeZoneMinute,
            _ => return None,
        })
    }

    /// Does it only grow with time? Then infinity has an infinite one, else none.
    fn grows(self) -> bool {
        use Field::*;
        matches!(
            self,
            Year | Decade | Century | Millennium | IsoYear | Epoch | Julian
        )
    }
}

fn unsupported(type_name: &str) -> ValueError {
    ValueError::new(format!("this field is not supported for type {type_name}"))
}

fn int(value: i64) -> Result<Decimal, ValueError> {
    Ok(Decimal::from_int(value))
}

fn scaled(value: i128, scale: i64) -> Result<Decimal, ValueError> {
    Ok(Decimal::from_parts(BigInt::from(value), scale))
}

/// `extract(field from value)`, a `numeric`; NULL for the fields that infinity lacks.
pub fn extract(field: Field, value: &Value<'_>) -> Result<Value<'static>, ValueError> {
    let (low, high, finite) = match *value {
        Value::Null => return Ok(Value::Null),
        Value::Date(day) => (day == i32::MIN, day == i32::MAX, of_date(field, day)),
        Value::Timestamp(micros) => (
            micros == i64::MIN,
            micros == i64::MAX,
            of_timestamp(field, micros, false),
        ),
        Value::TimestampTz(micros) => (
            micros == i64::MIN,
            micros == i64::MAX,
            of_timestamp(field, micros, true),
        ),
        Value::Time(micros) => (false, false, of_time(field, micros, None)),
        Value::TimeTz(micros, zone) => (false, false, of_time(field, micros, Some(zone))),
        Value::Interval(interval) => (false, false, of_interval(field, interval)),
        _ => {
            return Err(ValueError::new(
                "only dates, times and intervals have fields",
            ));
        }
    };
    let number = finite?;
    Ok(match (low, high) {
        (false, false) => Value::Numeric(Box::new(number)),
        _ if !field.grows() => Value::Null,
        (true, _) => Value::Numeric(Box::new(Decimal::NegativeInfinity)),
        (_, true) => Value::Numeric(Box::new(Decimal::Infinity)),
    })
}

fn of_date(field: Field, day: i32) -> Result<Decimal, ValueError> {
    use Field::*;
    let day = i64::from(day);
    let (year, month, of_month) = calendar::date(day);
    // There is no year 0: 1 BC is -1.
    let shown = |year: i64| if year > 0 { year } else { year - 1 };
    int(match field {
        Day => of_month,
        Month => month,
        Quarter => (month - 1) / 3 + 1,
        Week => calendar::iso_week(day).1,
        Year => shown(year),
        IsoYear => shown(calendar::iso_week(day).0),
        Decade => year.div_euclid(10),
        Century => period(year, 100),
        Millennium => period(year, 1000),
        DayOfWeek => (calendar::weekday(day) + 1) % 7,
        IsoDayOfWeek => calendar::weekday(day) + 1,
        DayOfYear => day - calendar::day(year, 1, 1) + 1,
        Epoch => (day - calendar::day(1970, 1, 1)) * 86_400,
        Julian => day - super::FIRST_DAY,
        _ => return Err(unsupported("date")),
    })
}

/// The century or millennium: the first begins with year 1, the one before Christ is -1.
fn period(year: i64, length: i64) -> i64 {
    if year > 0 {
        (year + length - 1) / length
    } else {
        -((length - year) / length)
    }
}

fn of_timestamp(field: Field, micros: i64, zoned: bool) -> Result<Decimal, ValueError> {
    use Field::*;
    if zoned && matches!(field, TimeZone | TimeZoneHour | TimeZoneMinute) {
        return int(0);
    }
    let day = super::day_of(micros);
    let of_day = micros.rem_euclid(DAY);
    match field {
        Microseconds | Milliseconds | Second | Minute | Hour => of_clock(field, of_day),
        Epoch => {
            let unix = i128::from(calendar::day(1970, 1, 1)) * i128::from(DAY);
            scaled(i128::from(micros) - unix, 6)
        }
        Julian => {
            let part = Decimal::from_int(of_day).div(&Decimal::from_int(DAY))?;
            of_date(Julian, day)?.add(&part)
        }
        TimeZone | TimeZoneHour | TimeZoneMinute => Err(unsupported("timestamp without time zone")),
        _ => of_date(field, day),
    }
}

fn of_clock(field: Field, micros: i64) -> Result<Decimal, ValueError> {
    let seconds = micros % MINUTE;
    match field {
        Field::Microseconds => int(seconds),
        Field::Milliseconds => scaled(seconds.into(), 3),
        Field::Second => scaled(seconds.into(), 6),
        Field::Minute => int(micros / MINUTE % 60),
        Field::Hour => int(micros / HOUR),
        _ => Err(unsupported("time")),
    }
}

fn of_time(field: Field, micros: i64, zone: Option<i32>) -> Result<Decimal, ValueError> {
    match (field, zone.map(i64::from)) {
        (Field::Epoch, zone) => scaled(i128::from(micros - zone.unwrap_or(0) * SECOND), 6),
        (Field::TimeZone, Some(zone)) => int(zone),
        (Field::TimeZoneHour, Some(zone)) => int(zone / 3600),
        (Field::TimeZoneMinute, Some(zone)) => int(zone / 60 % 60),
        _ => of_clock(field, micros),
    }
}

fn of_interval(field: Field, interval: Interval) -> Result<Decimal, ValueError> {
    use Field::*;
    let (years, months) = (
        i64::from(interval.months / 12),
        i64::from(interval.months % 12),
    );
    match field {
        Day => int(interval.days.into()),
        Month => int(months),
        Quarter => int(months / 3 + 1),
        Year => int(years),
        Decade => int(years / 10),
        Century => int(years / 100),
        Millennium => int(years / 1000),
        Epoch => {
            // A year has 365.25 days here and a month 30; quarters of a day keep it whole.
            let quarters =
                i128::from(years) * 1461 + i128::from(months) * 120 + i128::from(interval.days) * 4;
            scaled(
                quarters * i128::from(DAY / 4) + i128::from(interval.micros),
                6,
            )
        }
        Microseconds | Milliseconds | Second | Minute | Hour => of_clock(field, interval.micros),
        _ => Err(unsupported("interval")),
    }
}

/// `date_trunc(field, value)`. A `date` becomes a `timestamptz`, as on the server.
pub fn trunc(field: Field, value: &Value<'_>) -> Result<Value<'static>, ValueError> {
    match *value {
        Value::Null => Ok(Value::Null),
        Value::Date(day) => trunc(field, &Value::TimestampTz(super::midnight(day)?)),
        Value::Timestamp(micros) => Ok(Value::Timestamp(trunc_timestamp(field, micros)?)),
        Value::TimestampTz(micros) => Ok(Value::TimestampTz(trunc_timestamp(field, micros)?)),
        Value::Time(micros) => trunc(
            field,
            &Value::Interval(Interval {
                micros,
                ..Default::default()
            }),
        ),
        Value::Interval(interval) => Ok(Value::Interval(trunc_interval(field, interval)?)),
        _ => Err(ValueError::new(
            "only dates, times and intervals have fields",
        )),
    }
}

fn trunc_timestamp(field: Field, micros: i64) -> Result<i64, ValueError> {
    use Field::*;
    let (year, month, _) = calendar::date(i64::from(super::day_of(micros)));
    let first = |year: i64, month: i64| calendar::day(year, month, 1);
    let of_period = |length: i64| {
        if year > 0 {
            period(year, length) * length - (length - 1)
        } else {
            period(year, length) * length + 1
        }
    };
    let day = match field {
        Microseconds | Milliseconds | Second | Minute | Hour | Day => {
            if micros == i64::MIN || micros == i64::MAX {
                return Ok(micros);
            }
            let unit = match field {
                Microseconds => 1,
                Milliseconds => 1000,
                Second => SECOND,
                Minute => MINUTE,
                Hour => HOUR,
                _ => DAY,
            };
            return Ok(micros - micros.rem_euclid(unit));
        }
        Week => calendar::iso_week(i64::from(super::day_of(micros))).2,
        Month => first(year, month),
        Quarter => first(year, (month - 1) / 3 * 3 + 1),
        Year => first(year, 1),
        Decade => first(year.div_euclid(10) * 10, 1),
        Century => first(of_period(100), 1),
        Millennium => first(of_period(1000), 1),
        _ => return Err(unsupported("timestamp")),
    };
    if micros == i64::MIN || micros == i64::MAX {
        return Ok(micros);
    }
    super::check_timestamp(i128::from(day) * i128::from(DAY))
}

fn trunc_interval(field: Field, interval: Interval) -> Result<Interval, ValueError> {
    use Field::*;
    let months = |unit: i32| Interval {
        months: interval.months / unit * unit,
        ..Default::default()
    };
    let micros = |unit: i64| Interval {
        micros: interval.micros / unit * unit,
        ..interval
    };
    Ok(match field {
        Microseconds => interval,
        Milliseconds => micros(1000),
        Second => micros(SECOND),
        Minute => micros(MINUTE),
        Hour => micros(HOUR),
        Day => Interval {
            micros: 0,
            ..interval
        },
        Month => months(1),
        Quarter => months(3),
        Year => months(12),
        Decade => months(120),
        Century => months(1200),
        Millennium => months(12_000),
        _ => return Err(unsupported("interval")),
    })
}
