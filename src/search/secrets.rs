//! Secrets that are known by their shape: keys, tokens, connection strings with passwords.
//!
//! A shape has signs, literals of which each match holds at least one: they are all searched for at
//! once, and only the shapes whose sign is there run their pattern. What is plainly a place for a
//! secret (`${PASSWORD}`, `***`) is none. Secrets without a shape of their own (a password in a column) are a
//! rulebook's business.

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use memchr::memchr2_iter;
use regex::bytes::{Captures, Regex};
use std::ops::Range;
use std::sync::{LazyLock, OnceLock};

/// One shape.
struct Shape {
    /// What reports call it.
    name: &'static str,
    /// Literals without regard to case, one of which is in every match.
    signs: &'static [&'static str],
    /// The secret.
    pattern: &'static str,
}

impl Shape {
    fn compile(&self) -> Regex {
        let pattern = format!("(?-u){}", self.pattern);
        Regex::new(&pattern).expect("the patterns are sound: a test compiles them")
    }
}

/// The first two lines are `-----BEGIN … PRIVATE KEY` in base64 and in hex, the way keys stand in
/// Kubernetes secrets and bytea columns.
const SHAPES: &[Shape] = &[
    Shape {
        name: "private key",
        signs: &[
            "PRIVATE KEY",
            "PuTTY-User-Key-File-",
            "LS0tLS1CRUdJTi",
            "50524956415445204b4559",
        ],
        pattern: concat!(
            r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----",
            r"|PuTTY-User-Key-File-[0-9]:",
            r"|LS0tLS1CRUdJTi(?:BQUklWQVRFIEtFWS|BSU0EgUFJJVkFURSBLRVkt|BFQyBQUklWQVRFIEtFWS",
            r"|BPUEVOU1NIIFBSSVZBVEUgS0VZ|BFTkNSWVBURUQgUFJJVkFURSBLRVkt|BEU0EgUFJJVkFURSBLRVkt)",
            r"|(?i:50524956415445204b4559)",
        ),
    },
    Shape {
        name: "JSON web token",
        signs: &["eyJ"],
        pattern: r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}",
    },
    Shape {
        name: "AWS access key",
        signs: &["AKIA", "ASIA", "secret_access_key", "secretaccesskey"],
        pattern: concat!(
            r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
            r#"|(?i:secret_?access_?key)[\\"' ]{0,4}[:=][\\"' ]{0,4}[A-Za-z0-9/+]{40}\b"#,
        ),
    },
    Shape {
        name: "Google API key",
        signs: &["AIza"],
        pattern: r"\bAIza[A-Za-z0-9_-]{35}",
    },
    Shape {
        name: "Google service account",
        signs: &["private_key_id"],
        pattern: r#"private_key_id[\\" ]{1,8}:[\\" ]{1,8}[0-9a-f]{40}"#,
    },
    Shape {
        name: "Azure key",
        signs: &["AccountKey=", "SharedAccessKey=", "&sig=", "?sig="],
        pattern: concat!(
            r"(?i:AccountKey|SharedAccessKey)=[A-Za-z0-9+/]{42,86}={1,2}",
            r"|[?&]sig=[A-Za-z0-9%+/]{42,}(?:%3D|=)",
        ),
    },
    Shape {
        name: "GitHub token",
        signs: &["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"],
        pattern: r"\bgh[pousr]_[A-Za-z0-9]{36,}|\bgithub_pat_[A-Za-z0-9_]{22,}",
    },
    Shape {
        name: "GitLab token",
        signs: &["glpat-"],
        pattern: r"\bglpat-[A-Za-z0-9_-]{20,}",
    },
    Shape {
        name: "Slack token",
        signs: &[
            "xoxa-",
            "xoxb-",
            "xoxe-",
            "xoxo-",
            "xoxp-",
            "xoxr-",
            "xoxs-",
            "xapp-",
            "hooks.slack.com",
        ],
        pattern: concat!(
            r"\b(?:xox[abeoprs]|xapp)-[A-Za-z0-9-]{10,}",
            r"|hooks\.slack\.com/services/T[A-Z0-9]+/B[A-Z0-9]+/[A-Za-z0-9]{20,}",
        ),
    },
    Shape {
        name: "Stripe key",
        signs: &["k_live_", "k_test_", "whsec_"],
        pattern: r"\b[sr]k_(?:live|test)_[A-Za-z0-9]{16,}|\bwhsec_[A-Za-z0-9+/]{24,}",
    },
    Shape {
        name: "SendGrid key",
        signs: &["SG."],
        pattern: r"\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{32,}",
    },
    Shape {
        name: "npm token",
        signs: &["npm_"],
        pattern: r"\bnpm_[A-Za-z0-9]{36}\b",
    },
    Shape {
        name: "URL with a password",
        signs: &["://"],
        pattern: concat!(
            r#"\b[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s/?#:@'"<>\\]{0,100}:"#,
            r#"([^\s/?#@'"<>\\]{1,200})@[^\s@/'"]"#,
        ),
    },
    Shape {
        name: "connection string with a password",
        signs: &["password", "pwd", "jdbc:oracle"],
        pattern: concat!(
            r"(?i)\b(?:server|data source|host|hostaddr|addr|initial catalog|dbname|database|user id|uid|user)",
            r#"=[^\r\n'"(){}]{1,300}?\b(?:password|pwd)=['"\\]{0,3}([^\s;'"&\\]+)"#,
            r#"|\b(?:password|pwd)=['"\\]{0,3}([^\s;'"&\\]+)[^\r\n'"(){}]{0,300}?"#,
            r"[; ](?:server|data source|host|hostaddr|addr|initial catalog|dbname|database|user id|uid|user)=",
            // With blanks, nothing but pairs may stand before it: a query has AND and commas.
            r"|\b(?:host|hostaddr|port|dbname|user) ?= ?[^\s,;'(){}]{1,100}",
            r"(?: [a-z_]{1,30} ?= ?[^\s,;'(){}]{1,100}){0,9} password ?= ?([^\s,;'(){}]+)",
            r"|\b(?:server|data source|host|initial catalog|database|user id|uid) ?= ?[^;,\r\n'(){}]{1,100}",
            r"(?:; ?[a-z ]{1,30} ?= ?[^;\r\n'(){}]{0,100}){0,9}; ?(?:password|pwd) ?= ?(\{[^;]+\}|[^\s;'(){}]+)",
            // libpq's quotes
            r"|\b(?:host|hostaddr|port|dbname|user)\s?=\s?'[^'\r\n]{0,100}'\s[^\r\n(){}]{0,300}?\bpassword\s?=\s?'?([^\s']+)",
            r#"|\bjdbc:oracle:[a-z0-9]{2,6}:[^\s/'"@]{1,60}/([^\s@'"]{1,60})@"#,
        ),
    },
    Shape {
        name: "password hash of a server's user",
        signs: &[
            "SCRAM-SHA-256$",
            "PASSWORD 'md5",
            "IDENTIFIED ",
            "authentication_string",
            "$A$005$",
            "mysql_native_password",
        ],
        pattern: concat!(
            r"SCRAM-SHA-256\$[0-9]+:[A-Za-z0-9+/=]+\$[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+",
            r"|\bPASSWORD 'md5[0-9a-f]{32}'",
            r"|(?i:IDENTIFIED\s+(?:WITH|BY|VIA)\s[^;]{0,200}?)'\*[0-9A-Fa-f]{40}'",
            r#"|authentication_string[\\"': =]{1,12}(?:\*[0-9A-Fa-f]{40}|\$A\$005\$)"#,
            r#"|mysql_native_password[\\"', ]{1,12}\*[0-9A-Fa-f]{40}"#,
            r"|\$A\$005\$[^\s]{20}",
        ),
    },
    Shape {
        name: "key of a known form",
        signs: &[
            "sk-ant-",
            "sk-proj-",
            "T3BlbkFJ",
            "GOCSPX-",
            "8Q~",
            "dop_v1_",
            "shpat_",
            "shpss_",
            "shpca_",
            "shppa_",
            "hf_",
            "hvs.",
            "pypi-AgEI",
            "dckr_pat_",
            "/api/webhooks/",
            "SSH2 ENCRYPTED PRIVATE KEY",
        ],
        pattern: concat!(
            r"\bsk-(?:ant|proj)-[A-Za-z0-9_-]{24,}|\bsk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}",
            r"|\bGOCSPX-[A-Za-z0-9_-]{28}|\b[A-Za-z0-9_~.-]{3}8Q~[A-Za-z0-9_~.-]{34}",
            r"|\bdop_v1_[0-9a-f]{64}|\bshp(?:at|ss|ca|pa)_[0-9A-Fa-f]{32}|\bhf_[A-Za-z0-9]{30,}",
            r"|\bhvs\.[A-Za-z0-9_-]{24,}|\bpypi-AgEI[A-Za-z0-9_-]{40,}|\bdckr_pat_[A-Za-z0-9_-]{20,}",
            r"|\bdiscord(?:app)?\.com/api/webhooks/[0-9]{10,}/[A-Za-z0-9_-]{40,}",
            r"|---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----",
        ),
    },
];

/// What reports call a password that a statement sets.
pub const PASSWORD: &str = "password in a statement";

/// A password that a statement within a definition sets: the body of a routine, an event. In rows the
/// same words are prose.
const SPOKEN: &str = concat!(
    r"(?i-u)\bPASSWORD\s*[\s=]\s*N?'{1,2}([^'\s,;)|][^']*)'",
    r#"|(?i-u)\bIDENTIFIED\s+BY\s+(?:VALUES\s+)?["']{0,2}([^\s'",;)|]+)"#,
);

/// Ways in which a dialect can write an `@` that nobody sees before the cell is decoded, and the
/// seams of texts that are written in pieces.
const ESCAPES: [&str; 10] = [
    r"\x40",
    r"\100",
    r"\0040",
    r"\+000040",
    "char(",
    "char (",
    "chr(",
    "chr (",
    "||",
    "+ n'",
];

struct Shapes {
    /// All signs; those of shapes first.
    signs: Vec<&'static str>,
    /// What searches for them, for much text and for little.
    fast: OnceLock<AhoCorasick>,
    small: OnceLock<AhoCorasick>,
    /// Which shape a sign belongs to.
    owners: Vec<usize>,
    /// Compiled when a sign of theirs is first met: that takes longer than a short run.
    patterns: Vec<OnceLock<Regex>>,
}

static ALL: LazyLock<Shapes> = LazyLock::new(|| {
    let owned = SHAPES.iter().enumerate();
    let owned = owned.flat_map(|(n, shape)| shape.signs.iter().map(move |sign| (n, *sign)));
    let (owners, mut signs): (Vec<usize>, Vec<&str>) = owned.unzip();
    signs.extend(ESCAPES);
    Shapes {
        signs,
        fast: OnceLock::new(),
        small: OnceLock::new(),
        owners,
        patterns: SHAPES.iter().map(|_| OnceLock::new()).collect(),
    }
});

const SMALL: Option<AhoCorasickKind> = Some(AhoCorasickKind::NoncontiguousNFA);

impl Shapes {
    /// What searches a text for signs. The one that is fast takes longer to make than a short run, which searches
    /// a few statements.
    fn searcher(&self, text: &[u8]) -> &AhoCorasick {
        const LITTLE: usize = 16 << 10;
        match self.fast.get() {
            Some(fast) => fast,
            None if text.len() < LITTLE => self.small.get_or_init(|| self.make(SMALL)),
            None => self.fast.get_or_init(|| self.make(None)),
        }
    }

    fn make(&self, kind: Option<AhoCorasickKind>) -> AhoCorasick {
        let mut builder = AhoCorasick::builder();
        let builder = builder.ascii_case_insensitive(true).kind(kind);
        builder.build(&self.signs).expect("a few short signs")
    }
}

/// Every secret in a text, with the name of its shape.
pub(super) fn each(text: &[u8], take: &mut dyn FnMut(Range<usize>, &'static str)) {
    let mut wanted = 0_u32;
    for sign in ALL.searcher(text).find_overlapping_iter(text) {
        if let Some(owner) = ALL.owners.get(sign.pattern().as_usize()) {
            wanted |= 1 << owner;
        }
    }
    for (n, (shape, pattern)) in SHAPES.iter().zip(&ALL.patterns).enumerate() {
        if wanted & 1 << n == 0 {
            continue;
        }
        for found in pattern.get_or_init(|| shape.compile()).captures_iter(text) {
            if let Some(whole) = secret(&found) {
                take(whole, shape.name);
            }
        }
    }
}

/// Every password that a definition's own statements set.
pub(super) fn spoken(definition: &[u8], take: &mut dyn FnMut(Range<usize>, &'static str)) {
    static PATTERN: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(SPOKEN).expect("the pattern is sound: a test compiles it"));
    if !holds(definition, b"password", 4) && !holds(definition, b"identified", 6) {
        return;
    }
    for found in PATTERN.captures_iter(definition) {
        if let Some(whole) = secret(&found) {
            take(whole, PASSWORD);
        }
    }
}

/// Does a word stand in the text, in letters of any case? It is found by its letter number `rare`.
fn holds(text: &[u8], word: &[u8], rare: usize) -> bool {
    let (low, high) = (word[rare], word[rare].to_ascii_uppercase());
    memchr2_iter(low, high, text).any(|at| {
        let from = at.checked_sub(rare);
        let found = from.and_then(|from| text.get(from..from + word.len()));
        found.is_some_and(|found| found.eq_ignore_ascii_case(word))
    })
}

/// Where a secret stands, unless the value that it names is plainly a place for one.
fn secret(found: &Captures<'_>) -> Option<Range<usize>> {
    let value = found.iter().skip(1).flatten().next();
    match value.is_some_and(|value| is_placeholder(value.as_bytes())) {
        true => None,
        false => found.get(0).map(|whole| whole.range()),
    }
}

/// `***`, `xxx`, `${PASSWORD}`, `$1`, `{password}`, `{{ secret }}`, `<secret>`, `%s`, `%(pw)s`, `:password`, `?`:
/// the whole of it, for a real password may begin with any of these marks.
fn is_placeholder(value: &[u8]) -> bool {
    static WHOLE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"(?x-u)^(?: [*xX.\#]* | \$\{[^{}]*\} | \$\([^()]*\) | \$[A-Z0-9_]+ | <[^<>]+> | \?
            | % (?: \([a-zA-Z_]+\) )? [a-zA-Z] | %[A-Z_]+% | :[A-Za-z_]+
            | \{\{.*\}\} | \{ (?: [A-Z0-9_.]* | [^{}]* (?i:pass|pwd|secret|token|key) [^{}]* ) \} )$",
        )
        .expect("the pattern is sound")
    });
    WHOLE.is_match(value)
}

/// Where a secret, or an `@` that is escaped, may begin.
pub(super) fn signs(text: &[u8], signs: &mut Vec<usize>) {
    signs.extend(
        ALL.searcher(text)
            .find_overlapping_iter(text)
            .map(|sign| sign.start()),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&'static str> {
        let mut all = Vec::new();
        each(text.as_bytes(), &mut |_, name| all.push(name));
        all
    }

    /// Joined here, so that nobody's scanner takes this file for a leak.
    fn join(parts: &[&str]) -> String {
        parts.concat()
    }

    #[test]
    fn little_is_searched_as_much_is() {
        let text = ALL.signs.concat() + &ALL.signs.join(" ").to_uppercase();
        let found = |searcher: &AhoCorasick| -> Vec<_> {
            let found = searcher.find_overlapping_iter(&text);
            found.map(|sign| (sign.pattern(), sign.start())).collect()
        };
        let (mut small, mut fast) = (found(&ALL.make(SMALL)), found(&ALL.make(None)));
        small.sort_unstable();
        fast.sort_unstable();
        assert!(small.len() > ALL.signs.len());
        assert_eq!(small, fast);
    }

    #[test]
    fn what_a_definition_must_hold_to_set_a_password() {
        for (text, set) in [
            ("x Password 'abc'", 1),
            ("x PASSWORD='abc'", 1),
            ("identified\nby abc", 1),
            ("passwort 'abc' identifie by abc", 0),
            ("word", 0),
        ] {
            let mut count = 0;
            spoken(text.as_bytes(), &mut |_, _| count += 1);
            assert_eq!(count, set, "{text}");
        }
    }

    #[test]
    fn shapes() {
        let digits = "0123456789abcdefABCDEF0123456789abcdefABCDEF";
        for (text, name) in [
            (
                join(&["-----BEGIN RSA PRIVATE", " KEY-----\\nMII"]),
                "private key",
            ),
            (join(&["-----BEGIN PRIVATE", " KEY-----"]), "private key"),
            (
                join(&["-----BEGIN PGP PRIVATE", " KEY BLOCK-----"]),
                "private key",
            ),
            (
                join(&["LS0tLS1CRUdJTi", "BQUklWQVRFIEtFWS0tLS0tCg"]),
                "private key",
            ),
            (
                join(&[r"\x2d424547494e20", "50524956415445204B4559"]),
                "private key",
            ),
            (
                join(&[
                    "eyJ",
                    "hbGciOiJIUzI1NiJ9.eyJ",
                    "zdWIiOiIxMjM0In0.c2lnbmF0dXJl",
                ]),
                "JSON web token",
            ),
            (join(&["AK", "IAIOSFODNN7EXAMPLE"]), "AWS access key"),
            (
                join(&["aws_secret_access_key = ", &digits[..40]]),
                "AWS access key",
            ),
            (join(&["AI", "za", &digits[..35]]), "Google API key"),
            (
                join(&[r#"\"private_key_id\": \""#, &digits[..16].repeat(3)[..40]]),
                "Google service account",
            ),
            (
                join(&["AccountKey=", &digits.repeat(2)[..86], "=="]),
                "Azure key",
            ),
            (join(&["gh", "p_", &digits[..36]]), "GitHub token"),
            (join(&["github_", "pat_", &digits[..36]]), "GitHub token"),
            (join(&["gl", "pat-", &digits[..20]]), "GitLab token"),
            (join(&["xo", "xb-", &digits[..20]]), "Slack token"),
            (join(&["sk_", "live_", &digits[..24]]), "Stripe key"),
            (
                join(&["S", "G.", &digits[..22], ".", &digits[..43]]),
                "SendGrid key",
            ),
            (join(&["np", "m_", &digits[..36]]), "npm token"),
            (
                "postgres://app:hunter2@db.example.com/prod".into(),
                "URL with a password",
            ),
            ("https://:hunter2@example.com".into(), "URL with a password"),
            (
                "Server=db;Database=x;User Id=sa;Password=hunter2;".into(),
                "connection string with a password",
            ),
            (
                "password=hunter2 host=db dbname=x".into(),
                "connection string with a password",
            ),
            (
                "host=db password=hunter2".into(),
                "connection string with a password",
            ),
            (
                "host='h' user='u' password='hunter2'".into(),
                "connection string with a password",
            ),
            (
                "host = h password = hunter2".into(),
                "connection string with a password",
            ),
            (
                "Data Source=h; Password = hunter2".into(),
                "connection string with a password",
            ),
            (
                "Server=h;Uid=u;Pwd={hunter2}".into(),
                "connection string with a password",
            ),
            (
                "jdbc:oracle:thin:scott/tiger@db:1521/x".into(),
                "connection string with a password",
            ),
            ("postgres://u:%40dmin1@h/d".into(), "URL with a password"),
            ("postgres://u:$ecret1@h/d".into(), "URL with a password"),
            ("postgres://u:{abc1@h/d".into(), "URL with a password"),
            (join(&["sk-", "ant-", &digits[..40]]), "key of a known form"),
            (join(&["GOC", "SPX-", &digits[..28]]), "key of a known form"),
            (join(&["hv", "s.", &digits[..30]]), "key of a known form"),
            (
                join(&["{\"authentication_string\":\"*", &"CF".repeat(20), "\"}"]),
                "password hash of a server's user",
            ),
            (
                join(&["SCRAM-SHA-256$4096:c2FsdA==$", "c3RvcmVk:c2VydmVy"]),
                "password hash of a server's user",
            ),
            (
                join(&[
                    "IDENTIFIED WITH 'mysql_native_password' AS '*",
                    &"AB".repeat(20),
                    "'",
                ]),
                "password hash of a server's user",
            ),
        ] {
            assert_eq!(found(&text), [name], "{text}");
            let mut places = Vec::new();
            signs(text.as_bytes(), &mut places);
            assert!(!places.is_empty(), "{text}");
        }
    }

    #[test]
    fn every_pattern_compiles() {
        assert!(
            SHAPES
                .iter()
                .all(|shape| shape.compile().captures_len() > 0)
        );
    }

    #[test]
    fn what_is_no_secret() {
        for text in [
            "",
            "PRIVATE KEY",
            "-----BEGIN PUBLIC KEY-----",
            "-----BEGIN CERTIFICATE-----",
            "eyJ0",
            "AKIA",
            "https://example.com/a:b@c",
            "https://user@example.com/",
            "postgres://app:${PASSWORD}@db/x",
            "postgres://app:***@db/x",
            "Server=db;Password=;",
            "Server=db;Password=****;",
            "postgres://app:{{ password }}@db/x",
            "postgres://app:%(pw)s@db/x",
            "postgres://app:<password>@db/x",
            "postgres://app:$1@db/x",
            "task-risk-8Q~",
            "UPDATE t SET password = p WHERE host = h",
            "pwd=x",
            "mailto:a@b.de",
        ] {
            assert_eq!(found(text), Vec::<&str>::new(), "{text}");
        }
    }

    #[test]
    fn what_statements_say() {
        for (text, expected) in [
            ("AS $$ALTER ROLE x PASSWORD 'pw'$$", 1),
            ("AS 'ALTER ROLE x PASSWORD ''pw'''", 1),
            ("BEGIN ALTER USER r IDENTIFIED BY 'pw'; END", 1),
            ("EXECUTE IMMEDIATE 'ALTER USER x IDENTIFIED BY pw'", 1),
            ("OPEN MASTER KEY DECRYPTION BY PASSWORD = N'pw'", 1),
            ("format('ALTER ROLE %I PASSWORD %L', a, b)", 0),
            ("INSERT INTO s VALUES ('password', 'x')", 0),
            ("CHECK (password <> '')", 0),
            ("password text DEFAULT 'x'", 0),
            ("CREATE USER u IDENTIFIED EXTERNALLY", 0),
            ("ALTER ROLE x PASSWORD NULL", 0),
            ("RAISE NOTICE 'no password ', x", 0),
        ] {
            let mut count = 0;
            spoken(text.as_bytes(), &mut |_, _| count += 1);
            assert_eq!(count, expected, "{text}");
        }
    }
}
