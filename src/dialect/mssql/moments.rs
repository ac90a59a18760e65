//! Dates that are not in ISO 8601: the bytes that older versions of SMO write (`CAST(0x… AS
//! DateTime2)`), and the styles of CONVERT.

/// What a CAST of binary digits to a type of dates makes, as a text in ISO 8601; none if it is no such
/// type or the bytes are none of its values.
pub fn of_bytes(data_type: &str, hex: &[u8]) -> Option<Vec<u8>> {
    let bytes = bytes(hex)?;
    let text = match data_type {
        "datetime" => {
            let (days, ticks) = bytes.split_first_chunk::<4>()?;
            let ticks = u64::from(u32::from_be_bytes(ticks.try_into().ok()?));
            let millis = (ticks * 10 + 1) / 3;
            let day = i64::from(i32::from_be_bytes(*days)) - 25_567;
            format!("{} {}", date(day), clock(millis * 10_000))
        }
        "smalldatetime" => {
            let [a, b, c, d] = bytes[..] else { return None };
            let day = i64::from(u16::from_be_bytes([a, b])) - 25_567;
            let minutes = u64::from(u16::from_be_bytes([c, d]));
            format!("{} {}", date(day), clock(minutes * 600_000_000))
        }
        "date" => date(day(&bytes)?),
        "time" => {
            let (clock_of, rest) = ticks(&bytes)?;
            zero(rest)?;
            clock(clock_of)
        }
        "datetime2" => {
            let (clock_of, rest) = ticks(&bytes)?;
            format!("{} {}", date(day(rest)?), clock(clock_of))
        }
        "datetimeoffset" => {
            let (utc, rest) = ticks(&bytes)?;
            let ([a, b, c], [low, high]) = (*rest.first_chunk::<3>()?, rest[3..].try_into().ok()?);
            let offset = i64::from(i16::from_le_bytes([low, high]));
            let local = utc as i64 + offset * 600_000_000;
            let day = day(&[a, b, c])? + local.div_euclid(DAY);
            let sign = if offset < 0 { '-' } else { '+' };
            let offset = offset.abs();
            format!(
                "{} {}{sign}{:02}:{:02}",
                date(day),
                clock(local.rem_euclid(DAY) as u64),
                offset / 60,
                offset % 60
            )
        }
        _ => return None,
    };
    Some(text.into_bytes())
}

/// A day in units of 100 nanoseconds.
const DAY: i64 = 864_000_000_000;

fn bytes(hex: &[u8]) -> Option<Vec<u8>> {
    let digit = |b: u8| char::from(b).to_digit(16).map(|d| d as u8);
    let pairs = hex.chunks_exact(2);
    let even = pairs.remainder().is_empty();
    let all = pairs.map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?));
    all.collect::<Option<Vec<u8>>>().filter(|_| even)
}

fn zero(rest: &[u8]) -> Option<()> {
    rest.iter().all(|b| *b == 0).then_some(())
}

/// Three bytes of days since the year 1, as days since 1970.
fn day(bytes: &[u8]) -> Option<i64> {
    let (days, rest) = bytes.split_first_chunk::<3>()?;
    zero(rest)?;
    let days = u32::from_le_bytes([days[0], days[1], days[2], 0]);
    (days <= 3_652_058).then_some(i64::from(days) - 719_162)
}

/// The scale and the time of day, as units of 100 nanoseconds.
fn ticks(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (scale, rest) = bytes.split_first()?;
    let length = match scale {
        0..=2 => 3,
        3 | 4 => 4,
        5..=7 => 5,
        _ => return None,
    };
    let (time, rest) = rest.split_at_checked(length)?;
    let mut wide = [0; 8];
    wide[..length].copy_from_slice(time);
    let ticks = u64::from_le_bytes(wide).checked_mul(10_u64.pow(u32::from(7 - scale)))?;
    (ticks < DAY as u64).then_some((ticks, rest))
}

/// The time of day of so many units of 100 nanoseconds.
fn clock(ticks: u64) -> String {
    let (seconds, fraction) = (ticks / 10_000_000, ticks % 10_000_000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let text = format!("{hour:02}:{minute:02}:{second:02}.{fraction:07}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The date so many days after 1970-01-01.
fn date(days: i64) -> String {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

/// A text that CONVERT reads in a style, in ISO 8601; none if the style does not say it in digits.
pub fn in_style(text: &[u8], style: u32) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(text).ok()?.trim();
    let (mark, order) = match style {
        20 | 21 | 23 | 25 | 120 | 121 | 126 => ('-', [0, 1, 2]),
        101 => ('/', [2, 0, 1]),
        102 => ('.', [0, 1, 2]),
        103 => ('/', [2, 1, 0]),
        104 => ('.', [2, 1, 0]),
        105 => ('-', [2, 1, 0]),
        110 => ('-', [2, 0, 1]),
        111 => ('/', [0, 1, 2]),
        112 if text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit()) => {
            return Some(format!("{}-{}-{}", &text[..4], &text[4..6], &text[6..]).into_bytes());
        }
        _ => return None,
    };
    let split = text.find([' ', 'T']);
    let (day, time) = text.split_at(split.unwrap_or(text.len()));
    let parts: Vec<_> = day.split(mark).collect();
    let [a, b, c] = parts[..] else { return None };
    let part = |n: usize| [a, b, c][order[n]].parse::<u32>().ok();
    let (year, month, day) = (part(0)?, part(1)?, part(2)?);
    let digits = time.bytes().skip(1);
    let plain = { digits }.all(|b| b.is_ascii_digit() || matches!(b, b':' | b'.'));
    let valid = (1000..10_000).contains(&year) && month <= 12 && day <= 31 && plain;
    let blank = if time.is_empty() { "" } else { " " };
    let time = time.get(1..).unwrap_or_default();
    valid.then(|| format!("{year:04}-{month:02}-{day:02}{blank}{time}").into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_read_as_the_server_casts_them() {
        for (data_type, hex, expected) in [
            ("datetime", "0000A5B400000000", Some("2016-02-22 00:00:00")),
            (
                "datetime",
                "0000A5B4018B81FF",
                Some("2016-02-22 23:59:59.997"),
            ),
            ("datetime", "FFFF2E4600000000", Some("1753-01-01 00:00:00")),
            ("smalldatetime", "A5B4059F", Some("2016-02-22 23:59:00")),
            ("date", "5A950A", Some("1899-12-31")),
            ("date", "5A950A00", Some("1899-12-31")),
            ("date", "000000", Some("0001-01-01")),
            ("date", "DAB937", Some("9999-12-31")),
            ("date", "DBB937", None),
            ("time", "0700A8E76F4B0000", Some("09:00:00")),
            ("time", "03E8030000", Some("00:00:01")),
            ("time", "000A0000", Some("00:00:10")),
            (
                "datetime2",
                "0700A8E76F4B5A950A",
                Some("1899-12-31 09:00:00"),
            ),
            (
                "datetimeoffset",
                "0700A8E76F4B5A950A3C00",
                Some("1899-12-31 10:00:00+01:00"),
            ),
            (
                "datetimeoffset",
                "0700000000005A950AC4FF",
                Some("1899-12-30 23:00:00-01:00"),
            ),
            ("datetimeoffset", "0700000000005A950A", None),
            ("money", "0000000000000001", None),
            ("datetime", "00", None),
        ] {
            let text = of_bytes(data_type, hex.as_bytes());
            assert_eq!(
                text.as_deref(),
                expected.map(str::as_bytes),
                "{data_type} {hex}"
            );
        }
    }

    #[test]
    fn styles_say_which_part_is_which() {
        for (text, style, expected) in [
            ("02/01/2020", 103, Some("2020-01-02")),
            ("02/01/2020 10:00:00.5", 101, Some("2020-02-01 10:00:00.5")),
            ("2.1.2020", 104, Some("2020-01-02")),
            ("20200102", 112, Some("2020-01-02")),
            ("2020-01-02T10:00:00", 126, Some("2020-01-02 10:00:00")),
            ("Jan  2 2020 10:00AM", 100, None),
            ("02/01/20", 103, None),
            ("02/13/2020", 103, None),
            ("02/01/2020 10:00 PM", 103, None),
        ] {
            let read = in_style(text.as_bytes(), style);
            assert_eq!(
                read.as_deref(),
                expected.map(str::as_bytes),
                "{text} {style}"
            );
        }
    }
}
