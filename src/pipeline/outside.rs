//! Addresses and secrets that stand outside the rows and pass: in defaults, constraints, views, function
//! bodies, comments, client commands.
//!
//! They leave as they came, since no rule speaks of them; the first of each kind is told by its line,
//! and stops a run under `--strict`, where somebody has to have looked at any other text as well
//! (`review.rs`). It is the search of `scrub verify`, without the forms of transport.
//! What is dealt with by its kind (statistics, large objects, what a rulebook cannot follow) is not
//! searched here, and neither is anything that is left out.

use super::driver::Driver;
use crate::dialect::{Effect, Frame};
use crate::error::{Position, Result};
use crate::search::{Hit, Outside, PASSWORD, Rules, Verdict, What, label, texts};
use std::collections::HashSet;

const ADDRESS: &str = "an address outside the safe domain";

/// What a run has seen outside the rows.
pub(super) struct Passing {
    rules: Rules,
    outside: Outside,
    /// Where the last frame ended that was no row.
    here: Position,
    /// What has been told: the kind of statement, and of what it holds.
    told: HashSet<(String, &'static str)>,
    /// How often there was more of the same.
    more: u64,
    /// Has the last statement a secret that is known by its shape?
    secret: bool,
}

impl Passing {
    pub(super) fn new(rules: Rules) -> Self {
        Passing {
            rules,
            outside: Outside::default(),
            here: Position::START,
            told: HashSet::new(),
            more: 0,
            secret: false,
        }
    }

    /// The first address and the first secret of each shape in a statement, or in a comment.
    fn search(&mut self, bytes: &[u8], comment: bool) -> Vec<(usize, &'static str)> {
        let mut found: Vec<(usize, &'static str)> = Vec::new();
        let rules = &self.rules;
        let mut take = |at: usize, hit: Hit| {
            let what = match hit.what {
                What::Address(address) => match rules.judge(None, &address) {
                    Verdict::Safe | Verdict::Allowed => return,
                    Verdict::Left | Verdict::Outside => ADDRESS,
                },
                What::Secret(shape) => shape,
                What::Encoded(..) => return,
            };
            if !found.iter().any(|(_, known)| *known == what) {
                found.push((at, what));
            }
        };
        match comment {
            true => self.outside.other(bytes, &mut take),
            false => self.outside.statement(bytes, &mut take),
        }
        found
    }
}

/// Does it pass without anything being said of what it holds?
pub(super) fn is_searched(effect: &Effect) -> bool {
    !matches!(
        effect,
        Effect::OtherData
            | Effect::Opaque(..)
            | Effect::Unfollowed(_)
            | Effect::Included(_)
            | Effect::Anything(_)
            | Effect::Words(_)
            | Effect::Statistics(_)
    )
}

impl Driver<'_> {
    /// A frame comes: if it is a comment, does it hold anything?
    pub(super) fn comment(&mut self, frame: &Frame) -> Result<()> {
        let Some(passing) = &mut self.passing else {
            return Ok(());
        };
        let at = match frame {
            Frame::Other { .. } => passing.here,
            Frame::Statement { at, .. } | Frame::Head { at, .. } | Frame::End { at, .. } => *at,
            Frame::Rows { .. } | Frame::Part(_) => return Ok(()),
        };
        passing.here = at.after(frame.bytes());
        let Frame::Other { bytes } = frame else {
            passing.outside.interrupt();
            return Ok(());
        };
        let found = passing.search(bytes, true);
        self.holds(bytes, at, "a comment", found)
    }

    /// A statement passes: what does it hold?
    pub(super) fn definition(&mut self, bytes: &[u8], at: Position, effect: &Effect) -> Result<()> {
        let Some(passing) = self.passing.as_mut().filter(|_| is_searched(effect)) else {
            return Ok(());
        };
        if bytes.is_empty() {
            return Ok(());
        }
        let mut found = passing.search(bytes, false);
        if matches!(effect, Effect::Password(_)) {
            found.retain(|(_, what)| *what == ADDRESS);
        }
        passing.secret = found.iter().any(|(_, what)| *what != ADDRESS);
        // What holds something worse is not to be reviewed, but to go.
        let worse = !found.is_empty() || matches!(effect, Effect::Password(_));
        if let Some(review) = self.review.as_mut().filter(|_| !worse)
            && let Some(texts) = texts(bytes)
        {
            review.defined(texts, at);
        }
        self.holds(bytes, at, &label(bytes), found)
    }

    fn holds(
        &mut self,
        bytes: &[u8],
        at: Position,
        name: &str,
        found: Vec<(usize, &'static str)>,
    ) -> Result<()> {
        for (place, what) in found {
            let Some(passing) = &mut self.passing else {
                return Ok(());
            };
            if !passing.told.insert((name.to_owned(), what)) {
                passing.more += 1;
                continue;
            }
            let (holds, remedy) = match what == ADDRESS {
                true => (
                    what.to_owned(),
                    "take it out of the database, or name its domain with --safe-domain",
                ),
                false if what == PASSWORD => {
                    ("a password".to_owned(), self.planner.advice().password)
                }
                false => (format!("a secret ({what})"), "take it out of the database"),
            };
            let message = format!("{name} holds {holds}, which passes as it is");
            let at = at.after(&bytes[..place.min(bytes.len())]);
            self.passes(at, &message, remedy)?;
        }
        Ok(())
    }

    /// Has the password of a statement been told already? `rest` is empty if this is a further effect of
    /// the statement before.
    pub(super) fn password_told(&self, rest: &[u8]) -> bool {
        rest.is_empty() && self.passing.as_ref().is_some_and(|passing| passing.secret)
    }

    /// At the end: what else there was.
    pub(super) fn more_outside(&mut self) {
        let more = self.passing.as_ref().map_or(0, |passing| passing.more);
        if more > 0 {
            let (verb, places) = match more {
                1 => ("holds", "place"),
                _ => ("hold", "places"),
            };
            self.report.warnings.push(format!(
                "{more} more {places} outside the rows {verb} the same kinds of addresses and secrets; \
                 scrub verify tells where"
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::{Allowed, Safe};

    #[test]
    fn the_first_of_each_kind() {
        let safe = || Safe {
            mail: vec!["mailinator.com".into()],
            domains: vec![".example.org".into()],
            ..Safe::default()
        };
        let mut passing = Passing::new(Rules::new(safe, Allowed::default()));
        for (text, expected) in [
            ("CREATE TABLE t (a text DEFAULT 'x');", &[][..]),
            ("-- a@mailinator.com, b@x.example.org", &[]),
            ("x 6a40782e6465 x", &[]),
            ("DEFAULT 'a@x.de', 'b@x.de'", &[(9, ADDRESS)]),
            // What stands before the host could be an address as well.
            (
                "'ftp://u:pw@x.de', 'b@x.de'",
                &[(9, ADDRESS), (1, "URL with a password")],
            ),
        ] {
            for comment in [false, true] {
                assert_eq!(passing.search(text.as_bytes(), comment), expected, "{text}");
                passing.outside.interrupt();
            }
        }
    }
}
