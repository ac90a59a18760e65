//! From which share of its values on a column is of a kind: alone, with a name that says so, or as a
//! question. The shares come from `fixtures/scan`, whose test says what becomes of them.

use super::kind::Kind;
use super::value::Trait;

/// What a kind of value needs.
pub(super) struct Needs {
    pub kind: Kind,
    /// The traits that are such a value.
    pub traits: &'static [Trait],
    /// The share from which values alone are enough, and that from which they are worth a question.
    pub alone: f64,
    pub question: f64,
    /// The share from which they confirm a name.
    pub confirms: f64,
    /// Is a name wrong if no value confirms it? Else its values are only not known.
    pub refutes: bool,
    /// What the values are called.
    pub called: &'static str,
}

const NEVER: f64 = 2.0;

/// The first that is met counts, so the surest stand first.
pub(super) const NEEDS: &[Needs] = &[
    Needs {
        kind: Kind::Secret,
        traits: &[Trait::Secret],
        alone: 0.5,
        question: 1e-9,
        confirms: 1e-9,
        refutes: false,
        called: "keys, tokens or passwords in URLs",
    },
    Needs {
        kind: Kind::Secret,
        traits: &[Trait::PasswordHash],
        alone: 0.3,
        question: 1e-9,
        confirms: 1e-9,
        refutes: false,
        called: "hashes of passwords",
    },
    Needs {
        kind: Kind::Address,
        traits: &[Trait::Address, Trait::AddressList],
        alone: 0.5,
        question: NEVER,
        confirms: 0.1,
        refutes: true,
        called: "addresses",
    },
    Needs {
        kind: Kind::Bank,
        traits: &[Trait::Iban],
        alone: 0.3,
        question: 0.02,
        confirms: 0.1,
        refutes: false,
        called: "IBANs",
    },
    Needs {
        kind: Kind::Card,
        traits: &[Trait::Card],
        alone: 0.7,
        question: 0.3,
        confirms: 0.3,
        refutes: false,
        called: "card numbers with their check digit",
    },
    Needs {
        kind: Kind::Mac,
        traits: &[Trait::Mac],
        alone: 0.5,
        question: 0.1,
        confirms: 0.1,
        refutes: true,
        called: "MAC addresses",
    },
    Needs {
        kind: Kind::Device,
        traits: &[Trait::Agent],
        alone: 0.5,
        question: 0.1,
        confirms: 0.1,
        refutes: false,
        called: "browsers",
    },
    Needs {
        kind: Kind::Phone,
        traits: &[Trait::PhoneInternational, Trait::PhoneNational],
        alone: 0.6,
        question: 0.25,
        confirms: 0.3,
        refutes: false,
        called: "telephone numbers",
    },
    Needs {
        kind: Kind::Phone,
        traits: &[Trait::PhoneZero],
        alone: NEVER,
        question: 0.6,
        confirms: 0.3,
        refutes: false,
        called: "digits with a zero in front, as telephone numbers have",
    },
    Needs {
        kind: Kind::National,
        traits: &[Trait::National],
        alone: 0.8,
        question: 0.5,
        confirms: 0.3,
        refutes: false,
        called: "national numbers with their check digit",
    },
    Needs {
        kind: Kind::Street,
        traits: &[Trait::Street],
        alone: 0.5,
        question: 0.2,
        confirms: 0.05,
        refutes: false,
        called: "streets",
    },
    Needs {
        kind: Kind::Ip,
        traits: &[Trait::Ip],
        alone: 0.8,
        question: 0.3,
        confirms: 0.3,
        refutes: true,
        called: "IP addresses",
    },
    Needs {
        kind: Kind::Name,
        traits: &[Trait::FullName],
        alone: 0.5,
        question: 0.15,
        confirms: 0.05,
        refutes: false,
        called: "first and last names",
    },
    Needs {
        kind: Kind::Name,
        traits: &[Trait::FullName, Trait::PartlyName],
        alone: 0.8,
        question: 0.4,
        confirms: 0.1,
        refutes: false,
        called: "names",
    },
    Needs {
        kind: Kind::FirstName,
        traits: &[Trait::FirstName],
        alone: NEVER,
        question: 0.6,
        confirms: 0.05,
        refutes: false,
        called: "first names",
    },
    Needs {
        kind: Kind::LastName,
        traits: &[Trait::LastName],
        alone: NEVER,
        question: 0.5,
        confirms: 0.05,
        refutes: false,
        called: "last names",
    },
    Needs {
        kind: Kind::Postcode,
        traits: &[Trait::Postcode],
        alone: NEVER,
        question: NEVER,
        confirms: 0.5,
        refutes: true,
        called: "postal codes",
    },
];
