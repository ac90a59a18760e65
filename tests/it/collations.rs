//! What scrub knows of MariaDB's collations, compared with a server: character by character, and in
//! thousands of comparisons.

use crate::mariadb::mariadb;
use crate::runner::filter_with;
use scrub::value::weights::{Weight, Weights};
use std::collections::HashMap;

const COLLATIONS: [&str; 5] = [
    "utf8mb4_general_ci",
    "latin1_swedish_ci",
    "utf8mb4_unicode_ci",
    "utf8mb4_unicode_520_ci",
    "utf8mb4_uca1400_ai_ci",
];

/// Of every character its weight, as the server has it.
fn weights_of(collation: &str) -> HashMap<char, String> {
    let Some(server) = mariadb() else {
        return HashMap::new();
    };
    let charset = collation.split('_').next().unwrap_or_default();
    let mut of = HashMap::new();
    for (from, to) in [(1, 0xd7ff), (0xe000, 0xffff), (0x1_0000, 0x2_ffff)] {
        let query = format!(
            "SELECT seq, HEX(WEIGHT_STRING(CONVERT(CHAR(seq USING utf32) USING {charset}) COLLATE {collation})),
             CONVERT(CHAR(seq USING utf32) USING {charset}) = CHAR(seq USING utf32) COLLATE utf32_bin
             FROM seq_{from}_to_{to};"
        );
        let answer = server.database().run(query.as_bytes());
        for line in answer.lines() {
            let mut cells = line.split('\t');
            let code = cells.next().and_then(|c| c.parse().ok());
            let c = code.and_then(char::from_u32).expect("a character");
            let weight = cells.next().expect("a weight").to_owned();
            if cells.next() == Some("1") {
                of.insert(c, weight);
            }
        }
    }
    of
}

#[test]
fn characters_weigh_what_they_weigh_in_mariadb() {
    if mariadb().is_none() {
        return;
    }
    for collation in COLLATIONS {
        let server = weights_of(collation);
        let weights = Weights::named(collation);
        let complete = matches!(weights, Weights::General | Weights::Swedish);
        let mut stands = HashMap::new();
        let mut known = 0;
        for (c, weight) in &server {
            let code = u32::from(*c);
            let Some(ours) = weights.of(*c) else {
                assert!(!complete, "{collation}: U+{code:04X} is not known");
                continue;
            };
            known += 1;
            let expected: String = match ours {
                Weight::One(one) => {
                    let other = stands.insert(weight.clone(), one);
                    let alike = other.is_none_or(|other| other == one);
                    assert!(alike, "{collation}: U+{code:04X} weighs as {other:?} too");
                    match weights {
                        Weights::Swedish => format!("{:02X}", u32::from(one)),
                        Weights::General => format!("{:04X}", u32::from(one)),
                        _ => server[&one].clone(),
                    }
                }
                Weight::Other("\u{fffd}", _) => "FFFD".to_owned(),
                Weight::Other(spelled, member) => {
                    assert_eq!(server[&member], *weight, "{collation}: U+{code:04X}");
                    spelled.chars().map(|c| server[&c].as_str()).collect()
                }
            };
            assert_eq!(expected, *weight, "{collation}: U+{code:04X}");
        }
        assert!(known > 200, "{collation}: {known}");
        if weights == Weights::Swedish {
            let beyond = (0x100..0x3000).filter_map(char::from_u32);
            let beyond = beyond.filter(|c| !server.contains_key(c));
            assert_eq!(beyond.filter(|c| weights.of(*c).is_some()).count(), 0);
        }
    }
}

/// Numbers that look like chance.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        usize::try_from(self.0 >> 33).unwrap_or_default() % limit
    }

    fn one<'a>(&mut self, from: &'a [char]) -> &'a char {
        &from[self.below(from.len())]
    }
}

const LETTERS: &str = "aAàÀäÄåÅæÆœŒbBcCçÇčdDđĐðeEéÉiIıİlLłŁnNñoOöÖøØsSßẞšuUüÜyYÿžŽþÞ[]%_ \t-.@1¹²①αΑάβжЖёеЕ中文한カかがＡａ％€\u{a0}😀🎉😀";

#[test]
fn texts_compare_as_in_mariadb() {
    let Some(server) = mariadb() else { return };
    for collation in COLLATIONS.into_iter().chain([
        "utf8mb4_general_nopad_ci",
        "utf8mb4_bin",
        "utf8mb4_nopad_bin",
        "utf8mb3_general_ci",
    ]) {
        let weights = Weights::named(collation);
        let narrow = collation.starts_with("utf8mb3");
        let letters: Vec<char> = LETTERS
            .chars()
            .filter(|c| collation.ends_with("_bin") || weights.of(*c).is_some())
            .filter(|c| !narrow || *c < '\u{ffff}')
            .collect();
        let mut chance = Chance(7);
        let charset = collation.split('_').next().unwrap_or_default();
        let mut script = format!(
            "CREATE TABLE t (id int primary key, a varchar(9), b varchar(9), eq int, lk int, lt int, li int) \
             CHARSET {charset} COLLATE {collation};\nCREATE TABLE n (id int primary key, n int);\n"
        );
        for id in 0..1500 {
            let length = chance.below(5);
            let a: String = (0..length).map(|_| *chance.one(&letters)).collect();
            let mut b: String = a
                .chars()
                .map(|c| match weights.of(c) {
                    Some(weight) if chance.below(2) == 0 => {
                        let alike = letters.iter().filter(|c| weights.of(**c) == Some(weight));
                        *chance.one(&alike.copied().collect::<Vec<_>>())
                    }
                    Some(Weight::Other(spelled, _)) if chance.below(2) == 0 => {
                        spelled.chars().next().filter(char::is_ascii).unwrap_or(c)
                    }
                    _ if chance.below(6) == 0 => *chance.one(&letters),
                    _ => c,
                })
                .collect();
            if chance.below(6) == 0 {
                b.push(' ');
            }
            if chance.below(8) == 0 {
                b = b.replace('ß', "ss").replace('œ', "OE").replace('Æ', "ae");
            }
            script.push_str(&format!(
                "INSERT INTO t VALUES ({id},'{a}','{b}',NULL,NULL,NULL,NULL);\n"
            ));
        }
        let made = server.database();
        made.run(script.as_bytes());
        let options = ["--compact", "--skip-extended-insert"];
        let dump = made.dump(&options);
        let ordered = matches!(weights, Weights::General);
        let mut rules = "UPDATE t SET eq = (a = b), lk = (a LIKE b);
            UPDATE t SET li = 1 WHERE a IN ('ÄÖ', 'a', '\\\\', 'ss', '\u{a0}', 'é', '中');
            UPDATE t SET li = 2 WHERE a LIKE '%s%' OR b LIKE 'é_';
            INSERT INTO n SELECT 1, count(DISTINCT a) FROM t;
            INSERT INTO n SELECT 2, count(*) FROM t WHERE a COLLATE utf8mb4_bin = b;
            DELETE FROM t WHERE a IN (SELECT x.b FROM t x WHERE x.id < 40);\n"
            .to_owned();
        if charset != "utf8mb4" {
            rules = rules.replace("utf8mb4_bin", &format!("{charset}_bin"));
        }
        if charset == "latin1" {
            rules = rules.replace(", '中'", "");
        }
        if ordered {
            rules.insert_str(0, "UPDATE t SET lt = (a < b);\n");
        }
        let oracle = server.database();
        oracle.run(&dump);
        oracle.run(rules.as_bytes());
        let out = filter_with(
            &["-f", "mysql"],
            &format!("-- dialect: mysql\n{rules}"),
            &dump,
        );
        assert_eq!(out.code, Some(0), "{collation}: {}", out.err);
        let scrubbed = server.database();
        scrubbed.run(&out.out);
        let (ours, theirs) = (scrubbed.fingerprint(), oracle.fingerprint());
        let differ = ours.iter().zip(&theirs).find(|(a, b)| a != b);
        assert_eq!(differ, None, "{collation}");
        assert_eq!(ours.len(), theirs.len(), "{collation}");
    }
}
