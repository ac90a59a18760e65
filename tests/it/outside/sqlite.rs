//! What SQLite's dumps hold outside the rows.

use super::*;

#[test]
fn statements() {
    all(
        "sqlite",
        &[
            ("CREATE TABLE t(a TEXT DEFAULT 'jane@firma.de');", ADDRESS),
            ("CREATE TABLE t(a TEXT DEFAULT 'x@mailinator.com');", ""),
            ("CREATE TABLE t(a TEXT /* ask jane@firma.de */);", ADDRESS),
            (
                "CREATE TABLE t(a TEXT, CHECK (a <> 'jane@firma.de'));",
                ADDRESS,
            ),
            ("CREATE VIEW v AS SELECT 'jane@firma.de';", ADDRESS),
            ("CREATE INDEX i ON t(a) WHERE a = 'jane@firma.de';", ADDRESS),
            (
                "CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 'jane@firma.de'; END;",
                ADDRESS,
            ),
            ("CREATE VIEW v AS SELECT 'ftp://u:S3CRET@firma';", URL),
            ("INSERT INTO sqlite_stat1 VALUES('t','i','1 1');", ""),
            ("PRAGMA key = 'S3CRET';", PASSWORD),
            ("PRAGMA rekey('S3CRET');", PASSWORD),
            ("PRAGMA foreign_keys = 'on';", ""),
            (".user login u S3CRET", PASSWORD),
            ("-- jane@firma.de", ADDRESS),
        ],
    );
}
