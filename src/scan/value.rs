//! One value → what the detectors say of it. The value itself is forgotten.

use super::detect::person::Person;
use super::detect::phone::Phone;
use super::detect::shape::{self, Shape};
use super::detect::{card, iban, national, network, password, person, phone, postal};
use super::kind::Kind;
use super::name;
use crate::search::{self, What};
use std::ops::Range;

/// More of a value is not looked at.
const LONGEST: usize = 64 << 10;

/// How many names of fields of a document are looked at.
const MOST_KEYS: usize = 60;

/// What a value is or has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Trait {
    /// NULL.
    Null,
    /// Nothing but blanks.
    Blank,
    /// An address and nothing else.
    Address,
    /// Several of them, with nothing but names and separators between.
    AddressList,
    /// A text with an address in it.
    AddressInside,
    /// A secret of a known shape.
    Secret,
    /// The hash of a password.
    PasswordHash,
    /// A hexadecimal digest.
    Digest,
    /// Something that a machine has made up.
    Token,
    /// A card number.
    Card,
    /// An IBAN.
    Iban,
    /// A telephone number with its country.
    PhoneInternational,
    /// A telephone number in a form of its country.
    PhoneNational,
    /// So many digits as a telephone number has.
    PhoneBare,
    /// Ten or eleven of them, the first a zero.
    PhoneZero,
    /// A national number.
    National,
    /// One that is made of letters.
    NationalLetters,
    /// A known first and last name.
    FullName,
    /// A known first name and more.
    PartlyName,
    /// A known first name.
    FirstName,
    /// A known last name.
    LastName,
    /// A street with its number.
    Street,
    /// What could be a postal code.
    Postcode,
    /// An IP address.
    Ip,
    /// A dotted number.
    Version,
    /// A MAC address.
    Mac,
    /// A document with fields that are named like personal data.
    PersonalKeys,
    /// A document with fields that are named like secrets.
    SecretKeys,
    /// A code in capitals and digits.
    PlainCode,
    /// A cell that is no literal.
    Unreadable,
    /// Longer than forty characters.
    Long,
    /// The shapes.
    Number,
    /// See [`Shape`].
    Date,
    /// See [`Shape`].
    Uuid,
    /// See [`Shape`].
    Url,
    /// See [`Shape`].
    Structured,
    /// See [`Shape`].
    Agent,
    /// See [`Shape`].
    Bytes,
    /// See [`Shape`].
    Code,
    /// See [`Shape`].
    Word,
    /// See [`Shape`].
    Words,
    /// See [`Shape`].
    Prose,
}

impl Trait {
    /// How many there are.
    pub const COUNT: usize = Trait::Prose as usize + 1;
}

/// All that one value is or has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Traits(u64);

impl Traits {
    /// A set of one.
    pub fn of(one: Trait) -> Traits {
        Traits(1 << one as u8)
    }

    /// The set with one more.
    pub fn with(mut self, one: Trait) -> Traits {
        self.add(one, true);
        self
    }

    fn add(&mut self, one: Trait, is: bool) {
        self.0 |= u64::from(is) << one as u8;
    }

    /// Is it in the set?
    pub fn has(self, one: Trait) -> bool {
        self.0 >> one as u8 & 1 == 1
    }

    /// The bits, in the order of [`Trait`].
    pub fn bits(self) -> impl Iterator<Item = usize> {
        (0..Trait::COUNT).filter(move |bit| self.0 >> bit & 1 == 1)
    }
}

/// What a decoded value is or has.
pub fn look(bytes: &[u8]) -> Traits {
    let bytes = &bytes[..bytes.len().min(LONGEST)];
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim();
    if text.is_empty() {
        return Traits::of(Trait::Blank);
    }
    let mut traits = Traits::default();
    let shape = shape::shape(text);
    traits.add(shape_trait(shape), true);
    traits.add(Trait::Long, text.len() > 40);
    let mut addresses = Vec::new();
    search::each(bytes, &mut |hit| match hit.what {
        What::Address(_) => addresses.push(hit.at),
        What::Encoded(..) => traits.add(Trait::AddressInside, shape != Shape::Number),
        What::Secret(_) => traits.add(Trait::Secret, true),
    });
    if !addresses.is_empty() {
        let alone = addresses.len() == 1 && addresses[0].len() == text.len();
        traits.add(Trait::Address, alone);
        traits.add(Trait::AddressList, !alone && is_list(bytes, &addresses));
        traits.add(Trait::AddressInside, true);
    }
    if matches!(shape, Shape::Structured | Shape::Prose) {
        keys(text, &mut traits);
        traits.add(
            Trait::Street,
            shape == Shape::Prose && text.len() < 200 && postal::has_street(text),
        );
        return traits;
    }
    traits.add(Trait::PasswordHash, password::is_password_hash(text));
    traits.add(Trait::Digest, password::is_digest(text));
    traits.add(Trait::Token, password::is_token(text));
    traits.add(Trait::Card, card::is_card(text));
    traits.add(Trait::Iban, iban::is_iban(text));
    match phone::phone(text) {
        Some(Phone::International) => traits.add(Trait::PhoneInternational, true),
        Some(Phone::National) => traits.add(Trait::PhoneNational, true),
        None => {
            traits.add(Trait::PhoneBare, phone::is_bare(text));
            traits.add(Trait::PhoneZero, phone::has_trunk(text));
        }
    }
    let national = national::number(text);
    traits.add(Trait::National, national.is_some());
    traits.add(
        Trait::NationalLetters,
        national == Some(national::Number::Letters),
    );
    match person::person(text) {
        Some(Person::Full) => traits.add(Trait::FullName, true),
        Some(Person::Partly) => traits.add(Trait::PartlyName, true),
        Some(Person::First) => traits.add(Trait::FirstName, true),
        Some(Person::Last) => traits.add(Trait::LastName, true),
        None => {}
    }
    traits.add(Trait::Street, postal::has_street(text));
    traits.add(Trait::Postcode, postal::is_postcode(text));
    traits.add(Trait::Ip, network::is_ip(text));
    traits.add(Trait::Version, network::is_version(text));
    traits.add(Trait::Mac, network::is_mac(text));
    traits.add(Trait::PlainCode, shape::is_plain_code(text));
    traits
}

/// Is there nothing around the addresses but separators, or names if they stand in `<>`?
fn is_list(bytes: &[u8], addresses: &[Range<usize>]) -> bool {
    let mut rest = Vec::new();
    let mut end = 0;
    for at in addresses {
        rest.extend_from_slice(&bytes[end.min(at.start)..at.start]);
        end = at.end;
    }
    rest.extend_from_slice(&bytes[end..]);
    let rest = String::from_utf8_lossy(&rest);
    let bracketed = rest.matches("<>").count() == addresses.len();
    let separates = |c: char| c.is_whitespace() || ",;|\"'".contains(c);
    let names = |c: char| c.is_alphabetic() || "<>.-".contains(c);
    rest.len() < 60 * addresses.len() && rest.chars().all(|c| separates(c) || bracketed && names(c))
}

fn keys(text: &str, traits: &mut Traits) {
    for kind in shape::keys(text, MOST_KEYS).filter_map(name::of_key) {
        traits.add(Trait::SecretKeys, kind == Kind::Secret);
        traits.add(Trait::PersonalKeys, kind != Kind::Secret);
    }
}

fn shape_trait(shape: Shape) -> Trait {
    match shape {
        Shape::Number => Trait::Number,
        Shape::Date => Trait::Date,
        Shape::Uuid => Trait::Uuid,
        Shape::Url => Trait::Url,
        Shape::Structured => Trait::Structured,
        Shape::Agent => Trait::Agent,
        Shape::Bytes => Trait::Bytes,
        Shape::Code => Trait::Code,
        Shape::Word => Trait::Word,
        Shape::Words => Trait::Words,
        Shape::Prose => Trait::Prose,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_seen_of_a_value() {
        use Trait::*;
        for (text, expected) in [
            ("", &[Blank][..]),
            ("  ", &[Blank]),
            ("jane@example.org", &[Address, AddressInside, Code]),
            (
                "Jane Roe <jane@example.org>",
                &[AddressList, AddressInside, Words],
            ),
            ("a@x.de, b@x.de", &[AddressList, AddressInside, Words]),
            ("mail jane@example.org today", &[AddressInside, Words]),
            ("4111111111111111", &[Card, Number]),
            ("+49 30 1234567", &[PhoneInternational, Words]),
            ("192.0.2.1", &[Ip, Version, PlainCode, Code]),
            ("Jennifer Smith", &[FullName, Words]),
            (
                "{\"phone\": \"x\", \"password\": 1}",
                &[PersonalKeys, SecretKeys, Structured],
            ),
            (
                "postgres://app:hunter2@db.example.com/prod",
                &[Secret, Long, Url],
            ),
            ("shipped", &[Word]),
        ] {
            let traits = look(text.as_bytes());
            for one in expected {
                assert!(traits.has(*one), "{text}: {one:?}");
            }
        }
        const { assert!(Trait::COUNT <= 64) };
        assert!(!look(b"shipped").has(Address));
        assert_eq!(look(&[0xff, 0xfe]).bits().count(), 1);
    }
}
