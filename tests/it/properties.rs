//! Settings files: the same SQL over their pairs, and every other byte as it was.

use crate::runner::{Run, command, filter_with, run};
use std::path::Path;

const HUB: &[u8] = b"# The hub. Do not edit.\r\n\
! written by setup\r\n\
\r\n\
hub.host = hub.shop.com\r\n\
lui.host:lui.shop.com\r\n\
\r\n\
# Whose installation this is\r\n\
instance.id=i-4711\r\n\
database.url=jdbc:mysql://db.shop.com/hub\\\r\n\
\x20   ?user=hub\r\n\
motd  Gr\xfc\xdfe\r\n\
last=1";

fn hub(rules: &str) -> Run {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("hub.ini"), HUB).unwrap();
    std::fs::write(folder.path().join("rules.sql"), rules).unwrap();
    scrub(folder.path(), "-q -f properties -r rules.sql hub.ini")
}

fn scrub(folder: &Path, line: &str) -> Run {
    let args = line.split_whitespace();
    let output = command().current_dir(folder).args(args).output();
    output.unwrap().into()
}

fn replaced(pairs: &[(&str, &str)]) -> Vec<u8> {
    // Latin-1 has a character for every byte.
    let mut text: String = HUB.iter().map(|b| char::from(*b)).collect();
    for (from, to) in pairs {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    text.chars().map(|c| c as u8).collect()
}

#[test]
fn without_rules_every_byte_stays() {
    assert_eq!(hub("").ok(), HUB);
}

#[test]
fn pairs_are_rows_of_a_table_called_like_the_file() {
    let run = hub(
        "UPDATE \"hub.ini\" SET value = 'localhost' WHERE key LIKE '%.host';\n\
         DELETE FROM \"hub.ini\" WHERE key = 'instance.id';\n\
         UPDATE \"hub.ini\" SET value = 'gr\u{f6}\u{df}er' WHERE key = 'motd' AND value = 'Gr\u{fc}\u{df}e';\n\
         UPDATE \"hub.ini\" SET value = 'internal' WHERE value LIKE 'jdbc:%/hub?user=hub';\n\
         INSERT INTO \"hub.ini\" (key, value) VALUES ('outbox.sending', 'disabled');\n\
         -- name: gone :test\n\
         SELECT key FROM \"hub.ini\" WHERE key = 'instance.id' OR value LIKE '%shop.com%';",
    );
    let want = replaced(&[
        ("hub.shop.com", "localhost"),
        ("lui.shop.com", "localhost"),
        ("instance.id=i-4711\r\n", ""),
        (
            "jdbc:mysql://db.shop.com/hub\\\r\n    ?user=hub",
            "internal",
        ),
        ("  Gr\u{fc}\u{df}e", "  gr\\u00F6\\u00DFer"),
        ("last=1", "last=1\noutbox.sending=disabled\n"),
    ]);
    let out = run.ok();
    assert_eq!(
        String::from_utf8_lossy(&out),
        String::from_utf8_lossy(&want)
    );
}

#[test]
fn from_a_pipe_the_table_is_called_properties() {
    let rules = "UPDATE properties SET value = upper(value) WHERE key = 'a'";
    let out = filter_with(&["-q", "-f", "properties"], rules, b"a=b\n#c\n").ok();
    assert_eq!(out, b"a=B\n#c\n");
}

#[test]
fn the_baseline_rewrites_addresses_and_says_where_a_comment_holds_one() {
    let text = b"# ask eve@company.com\nadmin=bob@company.com\n";
    let run = run(&["-f", "properties", "-r", "baseline"], text);
    assert!(run.err.contains("a comment"), "{}", run.err);
    let out = String::from_utf8(run.ok()).unwrap();
    assert!(
        out.contains("mailinator.com") && !out.contains("bob@company.com"),
        "{out}"
    );
    let proof = crate::runner::run(&["verify", "-f", "properties", "-r", "baseline"], text);
    assert_eq!(proof.code, Some(1));
    assert!(proof.text().contains("value"), "{}", proof.text());
}

#[test]
fn a_rule_that_cannot_be_followed_stops_and_java_refuses_the_rest() {
    for (rules, text) in [
        ("UPDATE properties SET value = NULL", &b"a=b\n"[..]),
        (
            "UPDATE properties SET value = 'x' WHERE value = 'y'",
            b"a=\\u12\n",
        ),
        ("UPDATE properties SET value = 'x'", b"a=b\\\n"),
        ("UPDATE other SET value = 'x'", b"a=b\n"),
    ] {
        let run = filter_with(&["-q", "-f", "properties"], rules, text);
        assert!(!matches!(run.code, Some(0)), "{rules}");
        assert!(run.text().contains("\\u(scrub)"), "{rules}: {}", run.text());
    }
}
