//! The proof that a regular expression's match has the same extent in PostgreSQL and here.
//!
//! Both engines find the leftmost place where anything matches. From there PostgreSQL takes the
//! longest match (or the shortest, if the first quantifier is a non-greedy one), whereas the
//! `regex` crate takes the one that a backtracking engine would try first. For `a|ab` on `ab` the
//! answers are `ab` and `a`. A wrong extent in a clean-up would leave half of a secret in place, so
//! a pattern passes only if the two rules provably agree on every text.
//!
//! The proof simulates the crate's rule. A state of the search is the list of places in the pattern
//! that are alive after some text, in order of preference. When one of them is the end of the
//! pattern, the crate forgets everything behind it in the list. So:
//!
//! * *longest*: if the end is always the last of its list, nothing that could still match more is
//!   ever forgotten, and first is longest;
//! * *shortest*: if the end is always the first of its list, nothing preferred could still go on,
//!   and first is shortest.
//!
//! An end that was reached through `$` conflicts with nothing, since no text follows. Word
//! boundaries may or may not hold; a place behind one does not count as already listed when it
//! turns up again. All lists that any text can lead to are visited, with one representative for each
//! class of characters that the pattern can tell apart. The check is sound and not complete: what
//! it cannot prove, or not within [`MAX_LISTS`], is refused.
//!
//! Groups need more. With the same extent as a whole, both engines prefer earlier parts over later
//! ones; they differ where the parts' own preferences do. So for groups, alternatives must have the
//! same fixed length each, something repeated more than once must have a fixed length, and greedy
//! and non-greedy quantifiers must not be mixed.

use regex_syntax::hir::{Class, Hir, HirKind, Look};
use std::collections::HashSet;

/// How many different lists are visited before the proof is given up.
const MAX_LISTS: usize = 3_000;
/// How many steps one list may take.
const MAX_STEPS: usize = 20_000;
/// How many states a pattern may have.
const MAX_STATES: usize = 4_000;
/// How many classes of characters a pattern may tell apart.
const MAX_CLASSES: usize = 4_000;

/// Do both engines give the same extent for every text? `longest` is PostgreSQL's preference for
/// the whole; `groups` asks the same for every group.
pub fn is_unambiguous(hir: &Hir, longest: bool, groups: bool) -> bool {
    if groups && !groups_agree(hir) {
        return false;
    }
    let mut program = Program { states: Vec::new() };
    let end = program.push(State::End);
    match end.and_then(|end| program.compile(hir, end)) {
        Some(start) => program.prove(start, longest).unwrap_or(false),
        None => false,
    }
}

#[derive(Debug)]
enum State {
    End,
    /// One character of the ranges.
    Set(Vec<(u32, u32)>, usize),
    /// Places in order of preference.
    Split(Vec<usize>),
    Look(Look, usize),
}

#[derive(Debug)]
struct Program {
    states: Vec<State>,
}

/// A place in the pattern: the state, and whether a word boundary had to hold to get there.
type Place = (usize, bool);

/// What follows one list of places.
#[derive(Default)]
struct List {
    /// The character-consuming places, and the end, in order.
    places: Vec<Place>,
    seen: HashSet<Place>,
    /// How much was looked at: paths without a character can be many.
    steps: usize,
}

impl Program {
    fn push(&mut self, state: State) -> Option<usize> {
        (self.states.len() < MAX_STATES).then(|| {
            self.states.push(state);
            self.states.len() - 1
        })
    }

    /// Compiles `hir` so that it goes on to `next`.
    fn compile(&mut self, hir: &Hir, next: usize) -> Option<usize> {
        match hir.kind() {
            HirKind::Empty => Some(next),
            HirKind::Literal(literal) => {
                let text = std::str::from_utf8(&literal.0).ok()?;
                text.chars().rev().try_fold(next, |next, c| {
                    self.push(State::Set(vec![(u32::from(c), u32::from(c))], next))
                })
            }
            HirKind::Class(Class::Unicode(class)) => {
                let ranges = class
                    .ranges()
                    .iter()
                    .map(|r| (u32::from(r.start()), u32::from(r.end())))
                    .collect();
                self.push(State::Set(ranges, next))
            }
            HirKind::Class(Class::Bytes(class)) => {
                if !class.is_ascii() {
                    return None;
                }
                let ranges = class
                    .ranges()
                    .iter()
                    .map(|r| (u32::from(r.start()), u32::from(r.end())))
                    .collect();
                self.push(State::Set(ranges, next))
            }
            HirKind::Look(look) => self.push(State::Look(*look, next)),
            HirKind::Capture(capture) => self.compile(&capture.sub, next),
            HirKind::Concat(parts) => parts
                .iter()
                .rev()
                .try_fold(next, |next, part| self.compile(part, next)),
            HirKind::Alternation(parts) => {
                let starts = parts
                    .iter()
                    .map(|part| self.compile(part, next))
                    .collect::<Option<Vec<_>>>()?;
                self.push(State::Split(starts))
            }
            HirKind::Repetition(repetition) => {
                // An empty iteration makes both engines' rules hard to state: refused.
                if repetition.sub.properties().minimum_len() == Some(0) && repetition.max != Some(1)
                {
                    return None;
                }
                let order = |inner: usize, outer: usize| {
                    State::Split(if repetition.greedy {
                        vec![inner, outer]
                    } else {
                        vec![outer, inner]
                    })
                };
                let mut at = next;
                match repetition.max {
                    None => {
                        let split = self.push(State::Split(Vec::new()))?;
                        let inner = self.compile(&repetition.sub, split)?;
                        self.states[split] = order(inner, next);
                        at = split;
                    }
                    Some(max) => {
                        for _ in repetition.min..max {
                            let inner = self.compile(&repetition.sub, at)?;
                            at = self.push(order(inner, next))?;
                        }
                    }
                }
                (0..repetition.min).try_fold(at, |at, _| self.compile(&repetition.sub, at))
            }
        }
    }

    fn prove(&self, start: usize, longest: bool) -> Option<bool> {
        let letters = self.letters()?;
        let mut todo = Vec::new();
        let mut visited: HashSet<Vec<Place>> = HashSet::new();
        for at_start in [true, false] {
            let mut list = List::default();
            self.follow(start, false, at_start, false, &mut list);
            if list.steps > MAX_STEPS {
                return None;
            }
            todo.push(list.places);
        }
        while let Some(places) = todo.pop() {
            if visited.contains(&places) {
                continue;
            }
            if visited.len() >= MAX_LISTS {
                return None;
            }
            let end = places
                .iter()
                .position(|&(s, _)| matches!(self.states[s], State::End));
            let conflict = match end {
                None => false,
                Some(at) if longest => at + 1 < places.len(),
                Some(at) => at > 0,
            };
            if conflict {
                return Some(false);
            }
            for &letter in &letters {
                let mut list = List::default();
                for &(place, conditional) in &places {
                    if let State::Set(ranges, next) = &self.states[place]
                        && contains(ranges, letter)
                    {
                        self.follow(*next, conditional, false, false, &mut list);
                    }
                }
                if list.steps > MAX_STEPS {
                    return None;
                }
                if !list.places.is_empty() && !visited.contains(&list.places) {
                    todo.push(list.places);
                }
            }
            visited.insert(places);
        }
        Some(true)
    }

    /// Adds `state` and what it leads to without a character. `last`: only if the text ends here.
    fn follow(&self, state: usize, conditional: bool, at_start: bool, last: bool, list: &mut List) {
        list.steps += 1;
        if list.steps > MAX_STEPS {
            return;
        }
        match &self.states[state] {
            State::Split(targets) => {
                // Loops around an empty iteration are refused when they are compiled, so this ends.
                for &target in targets {
                    self.follow(target, conditional, at_start, last, list);
                }
            }
            State::Look(Look::Start, next) => {
                if at_start {
                    self.follow(*next, conditional, at_start, last, list);
                }
            }
            State::Look(Look::End, next) => {
                self.follow(*next, conditional, at_start, true, list);
            }
            State::Look(_, next) => self.follow(*next, true, at_start, last, list),
            // Behind `$` only the end matters, and it conflicts with nothing.
            State::Set(..) | State::End if last => {}
            State::Set(..) | State::End => {
                let place = (state, conditional);
                if list.seen.contains(&(state, false)) {
                    return;
                }
                // A conditional place is listed again behind the end, where it would be forgotten.
                let ended = list
                    .places
                    .iter()
                    .any(|&(s, _)| matches!(self.states[s], State::End));
                if (list.seen.insert(place) || ended) && list.places.last() != Some(&place) {
                    list.places.push(place);
                }
            }
        }
    }

    /// One character for each class that the pattern can tell apart.
    fn letters(&self) -> Option<Vec<u32>> {
        let mut letters: Vec<u32> = self
            .states
            .iter()
            .filter_map(|s| match s {
                State::Set(ranges, _) => Some(ranges),
                _ => None,
            })
            .flatten()
            .flat_map(|&(low, high)| [low, high + 1])
            .chain([0])
            .collect();
        letters.sort_unstable();
        letters.dedup();
        (letters.len() <= MAX_CLASSES).then_some(letters)
    }
}

fn contains(ranges: &[(u32, u32)], letter: u32) -> bool {
    ranges
        .binary_search_by(|&(low, high)| {
            if letter < low {
                std::cmp::Ordering::Greater
            } else if letter > high {
                std::cmp::Ordering::Less
            } else {
                std::cmp::Ordering::Equal
            }
        })
        .is_ok()
}

/// Are the groups' extents the same, given that the whole's are?
fn groups_agree(hir: &Hir) -> bool {
    let (mut greedy, mut lazy) = (false, false);
    let mut todo = vec![hir];
    while let Some(hir) = todo.pop() {
        match hir.kind() {
            HirKind::Repetition(r) => {
                if r.max != Some(1) && length(&r.sub).is_none() {
                    return false;
                }
                if r.max != Some(r.min) {
                    greedy |= r.greedy;
                    lazy |= !r.greedy;
                }
            }
            HirKind::Alternation(parts) => {
                let first = length(&parts[0]);
                if first.is_none() || parts.iter().any(|p| length(p) != first) {
                    return false;
                }
            }
            _ => {}
        }
        todo.extend(hir.kind().subs());
    }
    !(greedy && lazy)
}

/// How many characters `hir` matches, if that is always the same.
fn length(hir: &Hir) -> Option<usize> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Some(0),
        HirKind::Literal(literal) => std::str::from_utf8(&literal.0)
            .ok()
            .map(|t| t.chars().count()),
        HirKind::Class(_) => Some(1),
        HirKind::Repetition(r) => (r.max == Some(r.min))
            .then(|| Some(length(&r.sub)? * r.min as usize))
            .flatten(),
        HirKind::Capture(capture) => length(&capture.sub),
        HirKind::Concat(parts) => parts.iter().map(length).sum(),
        HirKind::Alternation(parts) => {
            let first = length(&parts[0])?;
            parts
                .iter()
                .all(|p| length(p) == Some(first))
                .then_some(first)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Usage, compile};

    fn accepted(pattern: &str, usage: Usage) -> bool {
        compile(pattern, false, usage).is_ok()
    }

    #[test]
    fn patterns_of_one_extent_pass() {
        for pattern in [
            "@.*$",
            "[0-9]+",
            "^(.*)@(.*)$",
            "\\d{3}-\\d{4}",
            "(foo|bar)",
            "\\s+",
            "^https?://[^/]+",
            "[^@]+@[^@]+",
            "<.*?>",
            "a+?",
            "x{2,5}",
            "\\mfoo\\M",
            "a*ab?",
            "(ab)*",
            "",
            "(a|b)*c",
            "[[:alpha:]_]\\w*",
            "^a|b$",
            "(?i)secret=[^&]*",
            "foo$|foo bar$",
        ] {
            assert!(accepted(pattern, Usage::Extent), "{pattern}");
        }
    }

    #[test]
    fn patterns_of_two_extents_are_refused() {
        for pattern in [
            "a|ab",
            "a?(ab)?",
            "x*?y*",
            ".*?x|y",
            "(foo|foobar)",
            "a*?",
            "(a|ab)c?",
            "\\y(a|ab)",
            "a|ab|c",
        ] {
            let expected = matches!(pattern, "a*?");
            assert_eq!(accepted(pattern, Usage::Extent), expected, "{pattern}");
            assert!(accepted(pattern, Usage::Test), "{pattern}");
        }
    }

    #[test]
    fn groups_need_more() {
        for (pattern, expected) in [
            ("^(.*)@(.*)$", true),
            ("([0-9]+)-([0-9]+)", true),
            ("(a|b)([0-9]*)", true),
            ("(a|bc)([0-9]*)", false),
            ("((a|b)[0-9]+)*", false),
            // The whole has one extent, its groups have two.
            ("(a|ab)(c|bcd)", false),
            ("^(.*?)@(.*)$", false),
            ("(.)(.{3})?", true),
        ] {
            assert_eq!(accepted(pattern, Usage::Groups), expected, "{pattern}");
        }
    }
}
