//! Days and dates of the proleptic Gregorian calendar.
//!
//! A day is a number counted from 2000-01-01; years are counted astronomically (0 is 1 BC). Both
//! directions work in eras of 400 years, which all have 146097 days, with years that begin in
//! March, so that the leap day is the last day of its year and the lengths of the months before it
//! follow `(153 m + 2) / 5`.

/// Days of an era of 400 years.
const ERA: i64 = 146_097;
/// From 0000-03-01 to 2000-01-01.
const EPOCH: i64 = 730_425;

/// The day of a date.
pub fn day(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year = year.rem_euclid(400);
    let month = (month + 9) % 12;
    let of_year = (153 * month + 2) / 5 + day - 1;
    era * ERA + year * 365 + year / 4 - year / 100 + of_year - EPOCH
}

/// The date (year, month, day) of a day.
pub fn date(day: i64) -> (i64, i64, i64) {
    let day = day + EPOCH;
    let era = day.div_euclid(ERA);
    let of_era = day.rem_euclid(ERA);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + i64::from(month <= 2), month, day)
}

/// How many days the month has.
pub fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn is_leap(year: i64) -> bool {
    year.rem_euclid(4) == 0 && (year.rem_euclid(100) != 0 || year.rem_euclid(400) == 0)
}

/// The day of the week, Monday being 0. 2000-01-01 was a Saturday.
pub fn weekday(day: i64) -> i64 {
    (day + 5).rem_euclid(7)
}

/// The ISO 8601 week: its year, its number, and the Monday on which it begins.
pub fn iso_week(of: i64) -> (i64, i64, i64) {
    let monday = of - weekday(of);
    let (year, _, _) = date(monday + 3);
    let first = day(year, 1, 4);
    let first = first - weekday(first);
    (year, (monday - first) / 7 + 1, monday)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_days() {
        for (year, month, of_month, expected) in [
            (2000, 1, 1, 0),
            (2000, 3, 1, 60),
            (1999, 12, 31, -1),
            (1970, 1, 1, -10957),
            (1, 1, 1, -730119),
            (0, 12, 31, -730120),
            (-4713, 11, 24, -2451545),
            (5874897, 12, 31, 2145031948),
        ] {
            assert_eq!(day(year, month, of_month), expected);
            assert_eq!(date(expected), (year, month, of_month));
        }
    }

    #[test]
    fn weeks() {
        assert_eq!(weekday(0), 5);
        assert_eq!(iso_week(day(2021, 1, 3)), (2020, 53, day(2020, 12, 28)));
        assert_eq!(iso_week(day(2024, 12, 30)), (2025, 1, day(2024, 12, 30)));
    }

    proptest::proptest! {
        #[test]
        fn every_day_has_one_date(n in -3_000_000_000i64..3_000_000_000) {
            let (year, month, of_month) = date(n);
            proptest::prop_assert!((1..=days_in_month(year, month)).contains(&of_month));
            proptest::prop_assert_eq!(day(year, month, of_month), n);
        }
    }
}
