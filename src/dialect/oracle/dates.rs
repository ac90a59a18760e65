//! Oracle's format models for dates, as far as dumps use them.

/// English months as models write them.
const MONTHS: [&str; 12] = [
    "JANUARY",
    "FEBRUARY",
    "MARCH",
    "APRIL",
    "MAY",
    "JUNE",
    "JULY",
    "AUGUST",
    "SEPTEMBER",
    "OCTOBER",
    "NOVEMBER",
    "DECEMBER",
];

/// A date with its time, as a dump says it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Moment {
    year: u32,
    month: u32,
    day: u32,
    hour: u32,
    minute: u32,
    second: u32,
    /// Digits of the fraction without trailing zeros.
    fraction: String,
    /// Minutes east of UTC.
    offset: Option<i32>,
}

/// Elements of models, the longer ones first.
const ELEMENTS: &[&str] = &[
    "YYYY", "RRRR", "MONTH", "HH24", "HH12", "A.M.", "P.M.", "FF1", "FF2", "FF3", "FF4", "FF5",
    "FF6", "FF7", "FF8", "FF9", "MON", "TZR", "TZH", "TZM", "YY", "RR", "MM", "DD", "HH", "MI",
    "SS", "FF", "AM", "PM", "X",
];

/// A model cut into elements and other characters.
fn elements(model: &str) -> Option<Vec<Result<&str, char>>> {
    let mut out = Vec::new();
    let mut rest = model;
    while let Some(first) = rest.chars().next() {
        let found = ELEMENTS.iter().find(|e| {
            rest.get(..e.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(e))
        });
        if let Some(element) = found {
            out.push(Ok(&rest[..element.len()]));
            rest = &rest[element.len()..];
        } else if let Some(quoted) = rest.strip_prefix('"') {
            let (text, after) = quoted.split_once('"')?;
            out.extend(text.chars().map(Err));
            rest = after;
        } else if first.is_ascii_alphanumeric() {
            return None;
        } else {
            out.push(Err(first));
            rest = &rest[first.len_utf8()..];
        }
    }
    Some(out)
}

impl Moment {
    /// Reads a text by a model.
    pub fn read(text: &str, model: &str) -> Option<Moment> {
        let mut moment = Moment {
            day: 1,
            ..Moment::default()
        };
        let mut rest = text.trim();
        let mut afternoon = None;
        for element in elements(model)? {
            let element = match element {
                Ok(element) => element.to_ascii_uppercase(),
                Err(c) => {
                    rest = rest.strip_prefix(c)?;
                    continue;
                }
            };
            let mut number = |most: usize| {
                let digits = rest
                    .bytes()
                    .take(most)
                    .take_while(u8::is_ascii_digit)
                    .count();
                let (digits, after) = rest.split_at(digits);
                rest = after;
                digits.parse::<u32>().ok()
            };
            match element.as_str() {
                "YYYY" | "RRRR" => moment.year = number(4)?,
                "YY" => moment.year = 2000 + number(2)?,
                "RR" => {
                    let year = number(2)?;
                    moment.year = if year < 50 { 2000 + year } else { 1900 + year };
                }
                "MM" => moment.month = number(2)?,
                "DD" => moment.day = number(2)?,
                "HH24" | "HH12" | "HH" => moment.hour = number(2)?,
                "MI" => moment.minute = number(2)?,
                "SS" => moment.second = number(2)?,
                "TZM" => {
                    let minutes = number(2)? as i32;
                    let offset = moment.offset?;
                    moment.offset = Some(offset + if offset < 0 { -minutes } else { minutes });
                }
                "X" => rest = rest.strip_prefix(['.', ',']).unwrap_or(rest),
                "MON" | "MONTH" => {
                    let (month, name) = MONTHS.iter().enumerate().find_map(|(n, name)| {
                        let name = if element == "MON" { &name[..3] } else { name };
                        let start = rest.get(..name.len())?;
                        start
                            .eq_ignore_ascii_case(name)
                            .then_some((n as u32 + 1, name))
                    })?;
                    moment.month = month;
                    rest = &rest[name.len()..];
                }
                "AM" | "PM" | "A.M." | "P.M." => {
                    let length = element.len();
                    let half = rest.get(..length)?.to_ascii_uppercase();
                    afternoon = Some(match half.chars().next()? {
                        'A' => false,
                        'P' => true,
                        _ => return None,
                    });
                    rest = &rest[length..];
                }
                "TZR" | "TZH" => {
                    if let Some(after) = rest.strip_prefix("UTC").or(rest.strip_prefix("GMT")) {
                        moment.offset = Some(0);
                        rest = after;
                        continue;
                    }
                    let west = rest.starts_with('-');
                    rest = rest.strip_prefix(['+', '-'])?;
                    let digits = rest.bytes().take(2).take_while(u8::is_ascii_digit).count();
                    let mut minutes = rest[..digits].parse::<i32>().ok()? * 60;
                    rest = &rest[digits..];
                    if element == "TZR"
                        && let Some(after) = rest.strip_prefix(':')
                    {
                        minutes += after.get(..2)?.parse::<i32>().ok()?;
                        rest = &after[2..];
                    }
                    moment.offset = Some(if west { -minutes } else { minutes });
                }
                _ => {
                    let digits = rest.bytes().take(9).take_while(u8::is_ascii_digit).count();
                    moment.fraction = rest[..digits].trim_end_matches('0').to_owned();
                    rest = &rest[digits..];
                }
            }
        }
        match afternoon {
            Some(true) if moment.hour < 12 => moment.hour += 12,
            Some(false) if moment.hour == 12 => moment.hour = 0,
            _ => {}
        }
        let valid = (1..=12).contains(&moment.month)
            && (1..=31).contains(&moment.day)
            && moment.hour < 24
            && moment.minute < 60
            && moment.second < 60;
        (rest.is_empty() && valid).then_some(moment)
    }

    /// Reads a text form, which is ISO 8601.
    pub fn of(text: &str) -> Option<Moment> {
        let has_time = text.len() > 10;
        let (clock, zone) = match text.get(11..).and_then(|t| t.find(['+', '-'])) {
            Some(sign) => text.split_at(11 + sign),
            None => (text, ""),
        };
        let mut moment = match (has_time, clock.contains('.')) {
            (false, _) => Moment::read(clock, "YYYY-MM-DD"),
            (true, false) => Moment::read(clock, "YYYY-MM-DD HH24:MI:SS"),
            (true, true) => Moment::read(clock, "YYYY-MM-DD HH24:MI:SS.FF"),
        }?;
        if !zone.is_empty() {
            moment.offset = Moment::read(&format!("1 {zone}"), "MM TZR")?.offset;
        }
        Some(moment)
    }

    /// The text form.
    pub fn text(&self) -> String {
        let mut text = self.clock();
        if let Some(offset) = self.offset {
            text += &zone(offset);
        }
        text
    }

    fn clock(&self) -> String {
        let Moment {
            year,
            month,
            day,
            hour,
            minute,
            second,
            fraction,
            ..
        } = self;
        let dot = if fraction.is_empty() { "" } else { "." };
        format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}{dot}{fraction}")
    }

    /// Does it say a time of day?
    pub fn has_time(&self) -> bool {
        self.hour + self.minute + self.second > 0 || !self.fraction.is_empty()
    }

    /// Writes it by a model; none if the model cannot say it.
    pub fn write(&self, model: &str) -> Option<String> {
        let mut out = String::new();
        for element in elements(model)? {
            let element = match element {
                Ok(element) => element,
                Err(c) => {
                    out.push(c);
                    continue;
                }
            };
            let twelve = (self.hour + 11) % 12 + 1;
            out += &match element.to_ascii_uppercase().as_str() {
                "YYYY" | "RRRR" => format!("{:04}", self.year),
                "YY" | "RR" => format!("{:02}", self.year % 100),
                "MM" => format!("{:02}", self.month),
                "DD" => format!("{:02}", self.day),
                "HH24" => format!("{:02}", self.hour),
                "HH12" | "HH" => format!("{twelve:02}"),
                "MI" => format!("{:02}", self.minute),
                "SS" => format!("{:02}", self.second),
                "X" => ".".to_owned(),
                "MON" => cased(&MONTHS[self.month as usize - 1][..3], element),
                "MONTH" => cased(MONTHS[self.month as usize - 1], element),
                "AM" | "PM" => (if self.hour < 12 { "AM" } else { "PM" }).to_owned(),
                "A.M." | "P.M." => (if self.hour < 12 { "A.M." } else { "P.M." }).to_owned(),
                "TZR" => zone(self.offset?),
                "TZH" | "TZM" => return None,
                fraction => {
                    let width = fraction[2..].parse().unwrap_or(9);
                    format!("{:0<width$}", self.fraction)
                }
            };
        }
        (Moment::read(&out, model).as_ref() == Some(self)).then_some(out)
    }
}

/// `+01:00`.
fn zone(offset: i32) -> String {
    let sign = if offset < 0 { '-' } else { '+' };
    format!("{sign}{:02}:{:02}", offset.abs() / 60, offset.abs() % 60)
}

/// A name in the case of the model's element: MON, Mon, mon.
fn cased(name: &str, element: &str) -> String {
    let mut letters = element.chars();
    let upper = |c: Option<char>| c.is_some_and(|c| c.is_ascii_uppercase());
    match (upper(letters.next()), upper(letters.next())) {
        (true, true) => name.to_owned(),
        (true, false) => name[..1].to_owned() + &name[1..].to_ascii_lowercase(),
        _ => name.to_ascii_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_follow_their_models_in_both_directions() {
        for (text, model, iso) in [
            ("02-FEB-22", "DD-MON-RR", "2022-02-02 00:00:00"),
            ("02-FEB-72", "DD-MON-RR", "1972-02-02 00:00:00"),
            (
                "2020-01-02 03:04:05",
                "YYYY-MM-DD HH24:MI:SS",
                "2020-01-02 03:04:05",
            ),
            (
                "02-Feb-22 12.00.00.500000000 AM",
                "DD-Mon-RR HH.MI.SSXFF AM",
                "2022-02-02 00:00:00.5",
            ),
            (
                "02-FEB-22 01.02.03.000000000 PM +01:00",
                "DD-MON-RR HH.MI.SSXFF AM TZR",
                "2022-02-02 13:02:03+01:00",
            ),
            (
                "2020-01-02T03:04:05",
                "YYYY-MM-DD\"T\"HH24:MI:SS",
                "2020-01-02 03:04:05",
            ),
            ("31/12/1999", "DD/MM/YYYY", "1999-12-31 00:00:00"),
            (
                "2020-01-02 03:04:05.123",
                "YYYY-MM-DD HH24:MI:SS.FF3",
                "2020-01-02 03:04:05.123",
            ),
        ] {
            let moment = Moment::read(text, model).unwrap();
            assert_eq!(moment.text(), iso);
            assert_eq!(Moment::of(iso), Some(moment.clone()), "{iso}");
            assert_eq!(moment.write(model).as_deref(), Some(text));
        }
        for (text, model) in [
            ("02-FÉV-22", "DD-MON-RR"),
            ("1", "J"),
            ("02-13-2020", "DD-MM-YYYY"),
            ("2020-01-02x", "YYYY-MM-DD"),
        ] {
            assert_eq!(Moment::read(text, model), None, "{text}");
        }
        let late = Moment::of("2022-02-02 10:00:00").unwrap();
        assert_eq!(late.write("DD-MON-RR"), None);
    }
}
