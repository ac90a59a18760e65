//! `anon.mailinator`: the safe form of an address, and how addresses inside a text are put into it.
//!
//! `john.doe@company.com` becomes `john.doe_company.com@mailinator.com`. The domain that is moved into
//! the local part has no underscore, so the last underscore separates the two and distinct addresses
//! stay distinct. Where that does not hold, or the local part would be longer than the 64 bytes that
//! mail allows or the column has room for, it ends with `_` and a keyed suffix that the whole
//! address determines; a suffix has no dot, so it is no domain. An address that is in the safe domain
//! already stays: running twice is running once. That is the one exception to distinctness.
//!
//! The suffix is computed from the decoded address under one key, so that the same address gets
//! the same form in a column of its own, in JSON and in a URL, by `mailinator` and by `rewrite_emails`.
//!
//! When a text with its rewritten addresses is too long for its column, the local parts are shortened
//! as far as needed, at least 8 characters each. If that is not enough every address becomes a
//! keyed word that is not longer than the address was: what stands around it stays whole.

use super::address::{self, Address, addresses};
use super::fit::{self, Limit, SUFFIX};
use super::{Call, Example, Function, Kind, Nature, Parameter, Subkey, fault, php};
use crate::value::{Value, ValueError};
use std::borrow::Cow;

mod plain;

pub use plain::Plain;

/// The function.
pub const FUNCTION: Function = Function {
    name: "mailinator",
    summary: "Moves an address, or each of a list, to a domain that reaches nobody.",
    parameters: PARAMETERS,
    purpose: "mailinator",
    returns: Kind::Text,
    keeps_bytes: false,
    nature: Nature::Keyed,
    may_collide: false,
    examples: &[
        Example {
            sql: "anon.mailinator('john.doe@company.com')",
            result: Some("john.doe_company.com@mailinator.com"),
        },
        Example {
            sql: "anon.mailinator('John Doe <john.doe@company.com>, jane@firm.example', 'test.example')",
            result: Some(
                "John Doe <john.doe_company.com@test.example>, jane_firm.example@test.example",
            ),
        },
        Example {
            sql: "anon.mailinator('john.doe_company.com@mailinator.com')",
            result: Some("john.doe_company.com@mailinator.com"),
        },
        Example {
            sql: "anon.mailinator('root@localhost')",
            result: Some("root_localhost@mailinator.com"),
        },
        Example {
            sql: "anon.mailinator('no address')",
            result: Some("no address"),
        },
    ],
    check,
    call: |call, args| apply(call, args, true, lone),
};

/// The parameters of both functions.
pub const PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "v",
        kind: Kind::Text,
        optional: false,
    },
    Parameter {
        name: "domain",
        kind: Kind::Text,
        optional: true,
    },
];

/// The domain when none is given.
pub const DOMAIN: &[u8] = b"mailinator.com";

/// Refuses a domain that is none.
pub fn check(args: &[Option<&Value<'_>>]) -> Result<(), ValueError> {
    match args.get(1) {
        Some(Some(domain)) => parse_domain(domain).map(drop),
        _ => Ok(()),
    }
}

fn parse_domain<'a>(value: &'a Value<'_>) -> Result<&'a [u8], ValueError> {
    let Value::Text(domain) = value else {
        return fault("the domain has to be text");
    };
    let label = |l: &[u8]| {
        let ok = |b: &u8| b.is_ascii_alphanumeric() || *b == b'-';
        !l.is_empty() && l.len() < 64 && l.iter().all(ok)
    };
    let labels = domain.split(|b| *b == b'.');
    if domain.len() > 200 || !domain.contains(&b'.') || !labels.clone().all(label) {
        return fault("the domain is not one: write it as 'mailinator.com'");
    }
    Ok(domain)
}

/// Rewrites a text; none if there is nothing to rewrite.
type Change = fn(&Safe<'_>, &[u8]) -> Option<Vec<u8>>;

/// The call of both functions. `is_lone`: a text that is one word around an `@` is an address.
pub fn apply<'v>(
    call: &Call<'_>,
    args: &[Value<'v>],
    is_lone: bool,
    change: Change,
) -> Result<Value<'v>, ValueError> {
    let Some(Value::Text(text)) = args.first() else {
        return fault("addresses are looked for in text");
    };
    let safe = Safe {
        key: call.key,
        domain: args.get(1).map_or(Ok(DOMAIN), parse_domain)?,
        limit: call.limit,
    };
    if let Some(plain) = Plain::new(safe.domain, safe.limit, is_lone) {
        let mut moved = Vec::new();
        match plain.rewrite(text, &mut moved) {
            Some(true) => return Ok(Value::Text(Cow::Owned(moved))),
            Some(false) => return Ok(Value::Text(text.clone())),
            None => {}
        }
    }
    let changed = change(&safe, text).map(Cow::Owned);
    Ok(Value::Text(
        safe.cut(changed.unwrap_or_else(|| text.clone())),
    ))
}

/// [`Safe::rewrite`] for a column of addresses.
fn lone(safe: &Safe<'_>, text: &[u8]) -> Option<Vec<u8>> {
    if let Some(changed) = safe.rewrite(text) {
        return Some(changed);
    }
    // In a column of addresses `root@localhost` is one, too.
    let trimmed = text.trim_ascii();
    let at = memchr::memchr(b'@', trimmed)?;
    let blank = |b: &u8| b.is_ascii_whitespace() || *b == b'@' || *b == b',' || *b == b'<';
    let (local, domain) = (&trimmed[..at], &trimmed[at + 1..]);
    if local.is_empty() || domain.is_empty() || local.iter().chain(domain).any(blank) {
        return None;
    }
    let start = text.len() - text.trim_ascii_start().len();
    let whole = Address {
        local: start..start + at,
        quote: 0,
        at: start + at..start + at + 1,
        domain: start + at + 1..start + trimmed.len(),
    };
    (!whole.is_in(text, safe.domain)).then(|| safe.fitted(text, &[whole]))
}

/// Puts addresses into their safe form.
#[derive(Debug, Clone, Copy)]
pub struct Safe<'c> {
    key: &'c Subkey,
    domain: &'c [u8],
    limit: Limit,
}

/// How much room a rewritten address has.
#[derive(Debug, Clone, Copy)]
enum Room {
    /// So many bytes for the local part.
    Local(usize),
    /// Not more than the address had: a word instead of an address.
    Word,
}

/// How often a text with chains of addresses is looked through again.
const ROUNDS: usize = 8;
/// What mail allows for a local part.
const LOCAL: usize = 64;
/// Below this many characters a local part tells too few addresses apart.
const SHORTEST: usize = 8;

impl<'c> Safe<'c> {
    /// The text with every address rewritten; none if there is nothing to rewrite.
    pub fn rewrite(&self, text: &[u8]) -> Option<Vec<u8>> {
        let (mut changed, mut again) = self.round(text)?;
        // In a chain an address may be left in front of the safe one; a round ends one chain.
        for _ in 0..ROUNDS {
            if !again {
                break;
            }
            let Some(next) = self.round(&changed) else {
                break;
            };
            (changed, again) = next;
        }
        Some(changed)
    }

    /// One pass over a text, and whether it has to be looked through again.
    fn round(&self, text: &[u8]) -> Option<(Vec<u8>, bool)> {
        let mut outside = addresses(text).filter(|a| !a.is_in(text, self.domain));
        outside.next()?;
        let all: Vec<Address> = addresses(text).collect();
        let chain = |a: &Address| address::decode(&text[a.local.clone()]).contains(&b'@');
        // Nothing that would end an address stands between the two.
        let touch = |pair: &[Address]| {
            let between = &text[pair[0].domain.end..pair[1].local.start];
            !between.iter().any(|b| b.is_ascii())
        };
        let chains = all.iter().any(chain) || all.windows(2).any(touch);
        let changed = self.fitted(text, &all);
        // What takes an address's place may leave its quote to the one before.
        let again = chains || (self.limit.is_some() && changed.contains(&b'@'));
        Some((changed, again))
    }

    /// Cuts what is too long even without a single address.
    fn cut<'t>(&self, text: Cow<'t, [u8]>) -> Cow<'t, [u8]> {
        if fit::fits(&text, self.limit) {
            return text;
        }
        let all: Vec<Address> = addresses(&text).collect();
        let words = self.render(&text, &all, Room::Word);
        let mut short = fit::fit(Cow::Owned(words), self.limit, self.key, &text).into_owned();
        // What was too long for a domain may be cut to one.
        for _ in 0..ROUNDS {
            let all: Vec<Address> = addresses(&short)
                .filter(|a| !a.is_in(&short, self.domain))
                .collect();
            if all.is_empty() {
                return Cow::Owned(short);
            }
            short = self.render(&short, &all, Room::Word);
        }
        Cow::Owned(fit::suffix(self.key, &text, short.len()).into_bytes())
    }

    fn fitted(&self, text: &[u8], all: &[Address]) -> Vec<u8> {
        let render = |room| self.render(text, all, room);
        let full = render(Room::Local(LOCAL));
        if fit::fits(&full, self.limit) {
            return full;
        }
        let (mut fitting, mut low, mut high) = (None, SHORTEST, LOCAL);
        while low < high {
            let middle = (low + high) / 2;
            let shorter = render(Room::Local(middle));
            if fit::fits(&shorter, self.limit) {
                fitting = Some(shorter);
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        fitting.unwrap_or_else(|| render(Room::Word))
    }

    /// As for [`Safe::rewrite`], over everything that can hold text: a PHP-serialised value gets its
    /// lengths mended.
    pub fn rewrite_all(&self, text: &[u8]) -> Option<Vec<u8>> {
        let mut outside = addresses(text).filter(|a| !a.is_in(text, self.domain));
        outside.next()?;
        for room in [LOCAL, 40, 28, 20, 14, SHORTEST]
            .map(Room::Local)
            .into_iter()
            .chain([Room::Word])
        {
            let Some(changed) = self.php(text, room) else {
                return self.rewrite(text);
            };
            if fit::fits(&changed, self.limit) || matches!(room, Room::Word) {
                return Some(changed);
            }
        }
        None
    }

    fn php(&self, text: &[u8], room: Room) -> Option<Vec<u8>> {
        php::rewrite(text, &mut |string, out| {
            let changed = self.php(string, room).unwrap_or_else(|| {
                let all: Vec<Address> = addresses(string).collect();
                self.render(string, &all, room)
            });
            out.extend_from_slice(&changed);
        })
    }

    fn render(&self, text: &[u8], all: &[Address], room: Room) -> Vec<u8> {
        let mut out = Vec::with_capacity(text.len() + all.len() * (self.domain.len() + 2));
        let mut done = 0;
        for address in all {
            out.extend_from_slice(&text[done..address.local.start]);
            self.address(text, address, room, &mut out);
            done = address.domain.end;
        }
        out.extend_from_slice(&text[done..]);
        out
    }

    fn address(&self, text: &[u8], address: &Address, room: Room, out: &mut Vec<u8>) {
        let whole = &text[address.local.start..address.domain.end];
        let inside = &text[address.local.start + address.quote..address.local.end - address.quote];
        let domain = &text[address.domain.clone()];
        let decoded = (address::decode(inside), address::decode(domain));
        let identity = [&decoded.0[..], b"@", &decoded.1].concat();
        let most = match room {
            Room::Local(_) if address.is_in(text, self.domain) => {
                return out.extend_from_slice(whole);
            }
            Room::Local(most) => most,
            Room::Word => {
                let word = fit::suffix(self.key, &identity, identity.len());
                return out.extend_from_slice(word.as_bytes());
            }
        };
        let quote = &text[address.local.start..address.local.start + address.quote];
        out.extend_from_slice(quote);
        self.local(inside, domain, &decoded, &identity, most, out);
        out.extend_from_slice(quote);
        out.extend_from_slice(&text[address.at.clone()]);
        out.extend_from_slice(self.domain);
    }

    /// Appends the new local part: the old one, the domain, a suffix where it needs one.
    fn local(
        &self,
        inside: &[u8],
        domain: &[u8],
        decoded: &(Vec<u8>, Vec<u8>),
        identity: &[u8],
        most: usize,
        out: &mut Vec<u8>,
    ) {
        // `[192.0.2.1]`: what a local part cannot hold becomes a hyphen.
        let literal = domain.first() == Some(&b'[');
        let moved: Cow<'_, [u8]> = if literal {
            let inner = domain.iter().filter(|b| !matches!(b, b'[' | b']'));
            inner.map(|b| if *b == b':' { b'-' } else { *b }).collect()
        } else {
            domain.into()
        };
        let chain = decoded.0.contains(&b'@');
        let written_on = literal && domain.last() != Some(&b']');
        let colon = decoded.1.contains(&b':');
        let ambiguous = chain || written_on || colon || decoded.1.contains(&b'_');
        let mut natural = Vec::with_capacity(inside.len() + moved.len() + 1);
        let mut lengths = Vec::new();
        for (piece, char) in address::characters(inside).chain([(&b"_"[..], Some('_'))]) {
            let piece = if char == Some('@') { b"_" } else { piece };
            natural.extend_from_slice(piece);
            lengths.push((natural.len(), char.map_or(1, char::len_utf8)));
        }
        if chain && decoded.1.eq_ignore_ascii_case(self.domain) {
            natural.pop();
            lengths.pop();
        } else {
            for (piece, char) in address::characters(&moved) {
                natural.extend_from_slice(piece);
                lengths.push((natural.len(), char.map_or(1, char::len_utf8)));
            }
        }
        let total: usize = lengths.iter().map(|(_, len)| len).sum();
        if !ambiguous && total <= most {
            return out.extend_from_slice(&natural);
        }
        let suffix = fit::suffix(self.key, identity, most.min(SUFFIX));
        let (mut end, mut used) = (0, 0);
        for (until, len) in lengths {
            if used + len + 1 + suffix.len() > most {
                break;
            }
            (end, used) = (until, used + len);
        }
        if end > 0 {
            out.extend_from_slice(&natural[..end]);
            out.push(b'_');
        }
        out.extend_from_slice(suffix.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::Key;
    use crate::schema::LengthUnit;
    use std::collections::HashSet;

    fn rewrite(text: &str, limit: Option<u32>) -> String {
        let call = Call {
            key: &FUNCTION.subkey(&Key::new(b"example".to_vec())),
            limit: limit.map(|l| (l, LengthUnit::Characters)),
            not_null: true,
            fresh: 0,
        };
        match (FUNCTION.call)(&call, &[Value::Text(text.as_bytes().into())]) {
            Ok(Value::Text(text)) => String::from_utf8(text.into_owned()).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn forms() {
        for (from, to) in [
            (
                "John.Doe+x@Company.COM",
                "John.Doe+x_Company.COM@mailinator.com",
            ),
            ("\"john doe\"@b.de", "\"john doe_b.de\"@mailinator.com"),
            ("jörg@müller.de", "jörg_müller.de@mailinator.com"),
            ("root@[192.0.2.1]", "root_192.0.2.1@mailinator.com"),
            (
                "root@[192.0.2.1], root@[192.0.2.1].",
                "root_192.0.2.1@mailinator.com, root_192.0.2.1@mailinator.com.",
            ),
            (" a@b ", " a_b@mailinator.com "),
            ("x@MAILINATOR.com", "x@MAILINATOR.com"),
            ("a b@c", "a b@c"),
            ("", ""),
        ] {
            assert_eq!(rewrite(from, None), to);
        }
    }

    #[test]
    fn distinct_stays_distinct() {
        let addresses = [
            "a_b@c.de",
            "a@b_c.de",
            "a@b.de@c.de",
            "a_b.de@c.de",
            "\"a@b.de\"@c.de",
            "a@[1::2]",
            "a@[1:2::]",
            "a@[1.2.3.4]",
            "a@[1.2.3.4].example.org",
            "a@[1.2.3.4]example.org",
            "A@b.de",
            "a@b.de",
            "a@b.de@mailinator.com",
        ];
        let long = ["x", "y"].map(|end| format!("{}@b.de", "a".repeat(64) + end));
        let all = addresses.map(str::to_owned).into_iter().chain(long);
        let results: Vec<String> = all.map(|a| rewrite(&a, None)).collect();
        assert_eq!(
            results.iter().collect::<HashSet<_>>().len(),
            results.len(),
            "{results:?}"
        );
        for result in results {
            assert!(
                result.ends_with("@mailinator.com") && result.len() <= 64 + 15,
                "{result}"
            );
            assert_eq!(rewrite(&result, None), result);
        }
    }

    #[test]
    fn a_short_column_keeps_the_domain_as_long_as_it_can() {
        let address = "john.doe@company.com";
        assert_eq!(
            rewrite(address, Some(36)),
            "john.doe_company.com@mailinator.com"
        );
        for limit in 1..36 {
            let result = rewrite(address, Some(limit));
            assert!(
                !result.is_empty() && result.len() <= limit as usize,
                "{result}"
            );
            assert_eq!(
                limit >= 23,
                result.ends_with("@mailinator.com"),
                "{limit}: {result}"
            );
            assert_ne!(result, rewrite("jane.doe@company.com", Some(limit)));
        }
    }

    #[test]
    fn a_domain_that_is_none_is_refused() {
        for domain in ["", "mailinator", "a b.com", "@b.com", "b..com"] {
            let domain = Value::Text(domain.as_bytes().into());
            assert!(check(&[None, Some(&domain)]).is_err(), "{domain:?}");
        }
    }
}
