//! Word lists by language: those of the crate `fake`, pinned, and templates over them. Its own
//! generators are not used: they draw from few values and from domains that exist.

use super::draw::Draw;
use super::fault;
use crate::value::{Value, ValueError};
use fake::locales::{
    AR_SA, CY_GB, DE_DE, Data, EN, FA_IR, FR_FR, IT_IT, JA_JP, NL_NL, PT_BR, PT_PT, TR_TR, ZH_CN,
    ZH_TW,
};

/// A language that has word lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Locale(usize);

/// The language when none is given.
pub const ENGLISH: Locale = Locale(0);

/// What a language brings along.
struct Words {
    names: &'static [&'static str],
    list: fn(List) -> &'static [&'static str],
    template: fn(Template) -> &'static str,
}

const LOCALES: &[Words] = &[
    words::<EN>(&["en", "en_us", "en_gb"]),
    words::<AR_SA>(&["ar", "ar_sa"]),
    words::<CY_GB>(&["cy", "cy_gb"]),
    words::<DE_DE>(&["de", "de_de", "de_at", "de_ch"]),
    words::<FA_IR>(&["fa", "fa_ir"]),
    words::<FR_FR>(&["fr", "fr_fr"]),
    words::<IT_IT>(&["it", "it_it"]),
    words::<JA_JP>(&["ja", "ja_jp"]),
    words::<NL_NL>(&["nl", "nl_nl"]),
    words::<PT_BR>(&["pt_br"]),
    words::<PT_PT>(&["pt", "pt_pt"]),
    words::<TR_TR>(&["tr", "tr_tr"]),
    words::<ZH_CN>(&["zh", "zh_cn"]),
    words::<ZH_TW>(&["zh_tw"]),
];

const fn words<D: Data>(names: &'static [&'static str]) -> Words {
    Words {
        names,
        list: list::<D>,
        template: template::<D>,
    }
}

/// The lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum List {
    FirstName,
    LastName,
    Title,
    CitySuffix,
    StreetSuffix,
    Country,
    Region,
    TimeZone,
    Postcode,
    CompanySuffix,
    Company,
    JobSeniority,
    JobField,
    JobPosition,
    Currency,
    UserAgent,
    Word,
}

/// The templates over the lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Template {
    Name,
    City,
    Street,
    Job,
}

fn list<D: Data>(list: List) -> &'static [&'static str] {
    match list {
        List::FirstName => D::NAME_FIRST_NAME,
        List::LastName => D::NAME_LAST_NAME,
        List::Title => D::NAME_TITLE,
        List::CitySuffix => D::ADDRESS_CITY_SUFFIX,
        List::StreetSuffix => D::ADDRESS_STREET_SUFFIX,
        List::Country => D::ADDRESS_COUNTRY,
        List::Region => D::ADDRESS_STATE,
        List::TimeZone => D::ADDRESS_TIME_ZONE,
        // Where only one of the two is set it is the ZIP.
        List::Postcode if D::ADDRESS_POSTCODE_FORMATS == EN::ADDRESS_POSTCODE_FORMATS => {
            if D::ADDRESS_ZIP_FORMATS == EN::ADDRESS_ZIP_FORMATS {
                &["#####"]
            } else {
                D::ADDRESS_ZIP_FORMATS
            }
        }
        List::Postcode => D::ADDRESS_POSTCODE_FORMATS,
        List::CompanySuffix => D::COMPANY_SUFFIX,
        List::Company => D::COMPANY_NAME_TPLS,
        List::JobSeniority => D::JOB_SENIORITY,
        List::JobField => D::JOB_FIELD,
        List::JobPosition => D::JOB_POSITION,
        List::Currency => D::CURRENCY_CODE,
        List::UserAgent => D::INTERNET_USER_AGENT,
        List::Word => D::LOREM_WORD,
    }
}

fn template<D: Data>(template: Template) -> &'static str {
    match template {
        Template::Name => D::NAME_TPL,
        Template::City => D::ADDRESS_CITY_TPL,
        Template::Street => D::ADDRESS_STREET_TPL,
        Template::Job => D::JOB_TITLE_TPL,
    }
}

impl Locale {
    /// The language of an argument: `'de'`, `'pt_BR'`, `'pt-br'`.
    pub fn parse(argument: Option<&Value<'_>>) -> Result<Locale, ValueError> {
        let Some(argument) = argument else {
            return Ok(ENGLISH);
        };
        let Value::Text(name) = argument else {
            return fault("the language has to be text");
        };
        let same = |a: u8, b: u8| a == b.to_ascii_lowercase() || (a, b) == (b'_', b'-');
        let spells = |known: &&str| {
            known.len() == name.len() && known.bytes().zip(&**name).all(|(a, b)| same(a, *b))
        };
        let found = LOCALES
            .iter()
            .position(|words| words.names.iter().any(spells));
        match found {
            Some(found) => Ok(Locale(found)),
            None => Err(ValueError(
                "there are no word lists for this language: take ar, cy, de, en, fa, fr, it, ja, nl, pt, pt_BR, tr, zh or zh_TW"
                    .into(),
            )),
        }
    }

    /// All languages that have word lists.
    pub fn all() -> impl Iterator<Item = Locale> {
        (0..LOCALES.len()).map(Locale)
    }

    /// A list in this language.
    pub fn list(self, list: List) -> &'static [&'static str] {
        (LOCALES[self.0].list)(list)
    }

    /// Does the language go by this name?
    pub fn is(self, name: &str) -> bool {
        LOCALES[self.0].names.contains(&name)
    }

    /// A word of a list.
    pub fn word(self, list: List, draw: &mut Draw) -> &'static str {
        draw.pick(self.list(list))
    }

    /// A template filled in.
    pub fn fill(self, template: Template, draw: &mut Draw) -> String {
        self.fill_text((LOCALES[self.0].template)(template), draw)
    }

    /// A template's text filled in.
    pub fn fill_text(self, template: &str, draw: &mut Draw) -> String {
        let mut out = String::with_capacity(32);
        let mut rest = template;
        // Templates are shorter than what pays for a search by vectors.
        let find = |text: &str, at: u8| text.bytes().position(|b| b == at);
        while let Some(open) = find(rest, b'{') {
            out.push_str(&rest[..open]);
            let after = &rest[open + 1..];
            let (name, behind) = match find(after, b'}') {
                Some(close) => (&after[..close], &after[close + 1..]),
                None => (after, ""),
            };
            let word = match name {
                "FirstName" => self.word(List::FirstName, draw),
                "CitySuffix" => self.word(List::CitySuffix, draw),
                "StreetSuffix" => self.word(List::StreetSuffix, draw),
                "Suffix" => self.word(List::CompanySuffix, draw),
                "Seniority" => self.word(List::JobSeniority, draw),
                "Field" => self.word(List::JobField, draw),
                "Position" => self.word(List::JobPosition, draw),
                _ => self.word(List::LastName, draw),
            };
            // `Müller` and `straße` are one word.
            if word.starts_with(char::is_lowercase) && name == "StreetSuffix" {
                out.truncate(out.trim_end().len());
            }
            out.push_str(word);
            rest = behind;
        }
        out.push_str(rest);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::{Call, Key};

    #[test]
    fn every_language_fills_every_template() {
        let key = Key::new(b"example".to_vec()).subkey("words");
        let call = Call {
            key: &key,
            limit: None,
            not_null: true,
            fresh: 0,
        };
        let mut draw = Draw::fresh(&call);
        for (index, words) in LOCALES.iter().enumerate() {
            let name = Value::Text(words.names[0].as_bytes().into());
            let locale = Locale::parse(Some(&name)).unwrap();
            assert_eq!(locale, Locale(index));
            for template in [
                Template::Name,
                Template::City,
                Template::Street,
                Template::Job,
            ] {
                let text = locale.fill(template, &mut draw);
                assert!(!text.is_empty() && !text.contains(['{', '}']), "{text}");
            }
            for company in locale.list(List::Company) {
                assert!(!locale.fill_text(company, &mut draw).contains('{'));
            }
            assert!(locale.list(List::Postcode).iter().all(|p| p.contains('#')));
        }
        let unknown = Value::Text(b"xx"[..].into());
        assert!(Locale::parse(Some(&unknown)).is_err());
        let spelled = Value::Text(b"pt-BR"[..].into());
        assert!(Locale::parse(Some(&spelled)).unwrap().is("pt_br"));
    }
}
