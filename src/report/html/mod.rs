//! The report as one page: a file that needs nothing but a browser, on a screen, a phone or paper.
//!
//! The page is a template with its style beside it; this module says what it shows, in words and
//! lengths. It holds no script and loads nothing. What comes from a dump is escaped twice: control
//! characters here ([`plain`]), markup by the template.

mod results;
mod tables;

use super::number::{count, duration, grouped, size};
use super::text::{plain, reviewed};
use super::verify::{amount, clean, place, safe, spot};
use super::{FindingReport, Report, RuleReport};
use askama::Template;
use results::Group;
use tables::{TouchedTable, UntouchedTable};

/// The page, ready to be filled in.
#[derive(Template)]
#[template(path = "page.html")]
struct Page {
    title: String,
    complete: bool,
    error: Option<String>,
    exit_code: u8,
    facts: Vec<Fact>,
    figures: Vec<Fact>,
    rulebooks: Vec<Rulebook>,
    by_hand: Vec<String>,
    warnings: Vec<String>,
    excepted: Vec<String>,
    passed: Vec<String>,
    failed: Vec<(String, String)>,
    touched: Vec<TouchedTable>,
    untouched: Vec<UntouchedTable>,
    untouched_count: String,
    unlisted: Option<String>,
    groups: Vec<Group>,
    rules: Vec<Rule>,
    idle: Vec<(String, Vec<String>)>,
    review: Option<Review>,
    search: Option<Search>,
    scrub: String,
}

/// A name and what it is.
struct Fact {
    name: &'static str,
    value: String,
}

struct Rulebook {
    name: String,
    title: Option<String>,
    sha256: String,
}

/// A rule that ran.
struct Rule {
    name: String,
    action: String,
    rulebook: String,
    generated: bool,
    hits: Vec<(String, String)>,
}

struct Review {
    summary: String,
    lines: Vec<String>,
}

/// What `scrub verify` found.
struct Search {
    clean: bool,
    summary: String,
    findings: Vec<Finding>,
    apart: Vec<Finding>,
}

struct Finding {
    place: String,
    what: String,
    spots: Vec<String>,
    more: Option<String>,
}

/// The page as HTML.
pub(super) fn page(report: &Report) -> String {
    let page = Page::of(report);
    page.render()
        .expect("a template of text and numbers is written to memory")
}

impl Page {
    fn of(report: &Report) -> Page {
        let (touched, untouched) = tables::split(report);
        let shown = untouched.len();
        let untouched_total = report.tables.iter().filter(|t| t.untouched()).count();
        let (failed, passed): (Vec<_>, Vec<_>) = report.tests.iter().partition(|t| !t.passed);
        Page {
            title: match report.verify {
                Some(_) => plain(&report.input),
                None => format!("{} → {}", plain(&report.input), plain(&report.output)),
            },
            complete: report.outcome.complete,
            error: report.outcome.error.as_deref().map(plain),
            exit_code: report.outcome.exit_code,
            facts: facts(report),
            figures: figures(report),
            rulebooks: report
                .rulebooks
                .iter()
                .map(|r| Rulebook {
                    name: plain(&r.name),
                    title: r.title.as_deref().map(plain),
                    sha256: r.sha256.clone(),
                })
                .collect(),
            by_hand: lines(&report.by_hand),
            warnings: lines(&report.warnings),
            excepted: lines(&report.excepted),
            passed: passed.iter().map(|t| plain(&t.name)).collect(),
            failed: failed
                .iter()
                .map(|t| (plain(&t.name), count(t.rows, "row")))
                .collect(),
            touched,
            untouched,
            untouched_count: count(untouched_total as u64, "table"),
            unlisted: (untouched_total > shown)
                .then(|| count((untouched_total - shown) as u64, "smaller table")),
            groups: results::groups(&report.selects),
            rules: report
                .rules
                .iter()
                .filter(|r| r.skipped.is_none())
                .map(rule)
                .collect(),
            idle: idle(&report.rules),
            review: report.strict.as_ref().map(|strict| Review {
                summary: reviewed(strict),
                lines: lines(&strict.unreviewed),
            }),
            search: report.verify.as_ref().map(|found| Search {
                clean: clean(found),
                summary: safe(found),
                findings: findings(&found.findings),
                apart: findings(&found.apart),
            }),
            scrub: report.scrub.clone(),
        }
    }
}

fn lines(lines: &[String]) -> Vec<String> {
    lines.iter().map(|line| plain(line)).collect()
}

/// What ran, and when.
fn facts(report: &Report) -> Vec<Fact> {
    let fact = |name, value| Fact { name, value };
    let key = match report.key.random {
        true => format!("{} (random, for this run only)", report.key.fingerprint),
        false => report.key.fingerprint.clone(),
    };
    let mut facts = vec![
        fact("Started", report.started.clone()),
        fact("Finished", report.finished.clone()),
        fact("Dialect", report.dialect.clone()),
        fact("Input", plain(&report.input)),
    ];
    if report.verify.is_none() {
        facts.push(fact("Output", plain(&report.output)));
    }
    facts.push(fact("Key", key));
    facts.retain(|fact| !fact.value.is_empty());
    facts
}

/// The numbers at the top.
fn figures(report: &Report) -> Vec<Fact> {
    let fact = |name, value| Fact { name, value };
    let rate = report.bytes_in as f64 / report.seconds.max(0.001);
    let sum = |of: fn(&super::TableReport) -> u64| report.tables.iter().map(of).sum::<u64>();
    let mut figures = vec![fact("read", size(report.bytes_in))];
    if report.verify.is_none() {
        figures.push(fact("written", size(report.bytes_out)));
    }
    figures.push(fact("took", duration(report.seconds)));
    figures.push(fact("a second", size(rate as u64)));
    if report.verify.is_none() {
        figures.push(fact("changed", grouped(sum(|t| t.changed))));
        figures.push(fact("dropped", grouped(sum(|t| t.dropped))));
        figures.push(fact("added", grouped(sum(|t| t.added))));
    }
    if !report.tests.is_empty() {
        let passed = report.tests.iter().filter(|t| t.passed).count() as u64;
        let all = report.tests.len() as u64;
        figures.push(fact(
            "tests passed",
            format!("{} of {}", grouped(passed), grouped(all)),
        ));
    }
    figures
}

fn rule(rule: &RuleReport) -> Rule {
    let hits = rule.relations.iter().map(|hits| {
        let what = match hits.looked_up {
            true => "looked up".to_owned(),
            false => count(hits.matched, "row"),
        };
        let columns = match hits.columns.is_empty() {
            true => String::new(),
            false => format!(" ({})", plain(&hits.columns.join(", "))),
        };
        (format!("{}{columns}", plain(&hits.relation)), what)
    });
    Rule {
        name: plain(&rule.name),
        action: rule.action.clone(),
        rulebook: plain(&rule.rulebook),
        generated: rule.generated,
        hits: hits.collect(),
    }
}

/// The rules that did not run, by the reason.
fn idle(rules: &[RuleReport]) -> Vec<(String, Vec<String>)> {
    let mut idle: indexmap::IndexMap<String, Vec<String>> = indexmap::IndexMap::new();
    for rule in rules {
        if let Some(why) = &rule.skipped {
            idle.entry(plain(why)).or_default().push(plain(&rule.name));
        }
    }
    idle.into_iter().collect()
}

fn findings(findings: &[FindingReport]) -> Vec<Finding> {
    let finding = |f: &FindingReport| {
        let more = f.count.saturating_sub(f.places.len() as u64);
        Finding {
            place: plain(&place(f)),
            what: amount(f.count, &f.what),
            spots: f.places.iter().filter_map(spot).collect(),
            more: (more > 0).then(|| grouped(more)),
        }
    };
    findings.iter().map(finding).collect()
}

#[cfg(test)]
mod tests;
