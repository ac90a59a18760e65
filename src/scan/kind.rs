//! What scan finds, in order of risk.

use std::fmt;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Passwords, keys, tokens and hashes of them.
    Secret,
    /// E-mail addresses.
    Address,
    /// Numbers of payment cards.
    Card,
    /// Bank accounts.
    Bank,
    /// Numbers that a state gives to a person or a document.
    National,
    /// Telephone numbers.
    Phone,
    /// First names.
    FirstName,
    /// Last names.
    LastName,
    /// Names of people.
    Name,
    /// Names under which people log in.
    UserName,
    /// Streets and whole postal addresses.
    Street,
    /// Postal codes.
    Postcode,
    /// Cities.
    City,
    /// Dates of birth.
    Birth,
    /// IP addresses.
    Ip,
    /// MAC addresses.
    Mac,
    /// What tells a device or a browser from others.
    Device,
    /// Where somebody or something is.
    Location,
    /// What somebody earns.
    Pay,
    /// Religion, health and other special categories; pictures and signatures.
    Sensitive,
    /// Nothing that is known: text or bytes of which only a person can say what they are.
    Unknown,
}

impl Kind {
    /// All kinds, in order of risk.
    pub const ALL: &[Kind] = &[
        Kind::Secret,
        Kind::Address,
        Kind::Card,
        Kind::Bank,
        Kind::National,
        Kind::Phone,
        Kind::FirstName,
        Kind::LastName,
        Kind::Name,
        Kind::UserName,
        Kind::Street,
        Kind::Postcode,
        Kind::City,
        Kind::Birth,
        Kind::Ip,
        Kind::Mac,
        Kind::Device,
        Kind::Location,
        Kind::Pay,
        Kind::Sensitive,
        Kind::Unknown,
    ];

    /// Its name in tables and reports.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Secret => "secret",
            Kind::Address => "e-mail address",
            Kind::Card => "payment card",
            Kind::Bank => "bank account",
            Kind::National => "national number",
            Kind::Phone => "phone",
            Kind::FirstName => "first name",
            Kind::LastName => "last name",
            Kind::Name => "name",
            Kind::UserName => "user name",
            Kind::Street => "postal address",
            Kind::Postcode => "postal code",
            Kind::City => "city",
            Kind::Birth => "date of birth",
            Kind::Ip => "IP address",
            Kind::Mac => "MAC address",
            Kind::Device => "device",
            Kind::Location => "location",
            Kind::Pay => "pay",
            Kind::Sensitive => "sensitive",
            Kind::Unknown => "not known",
        }
    }

    /// The heading of its part of a rulebook; some kinds share one.
    pub fn heading(self) -> &'static str {
        match self {
            Kind::Secret => "Secrets",
            Kind::Address => "E-mail addresses",
            Kind::Card | Kind::Bank => "Payment data",
            Kind::National => "National numbers and documents",
            Kind::Phone => "Telephone numbers",
            Kind::FirstName | Kind::LastName | Kind::Name | Kind::UserName => "Names",
            Kind::Street | Kind::Postcode | Kind::City => "Postal addresses",
            Kind::Birth => "Dates of birth",
            Kind::Ip | Kind::Mac | Kind::Device => "Devices and networks",
            Kind::Location | Kind::Pay | Kind::Sensitive | Kind::Unknown => {
                "What else is about people"
            }
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_kinds_in_their_order() {
        assert!(Kind::ALL.is_sorted());
        assert_eq!(Kind::ALL.len(), Kind::Unknown as usize + 1);
    }
}
