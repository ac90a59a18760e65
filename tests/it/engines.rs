//! Statements that MariaDB and sqlite3 read otherwise than PostgreSQL does: scrub does what they do or
//! refuses, and never leaves another value.

use crate::mariadb::{Database, mariadb};
use crate::runner::filter_with;
use crate::sqlite;

const MARIADB_ROWS: &str = "CREATE TABLE t (id int primary key, i int, b bigint, d decimal(10,2), f double, s varchar(40), u int unsigned, dt datetime, da date, bin varchar(40) COLLATE utf8mb4_bin, e enum('x','y'), bl blob) DEFAULT CHARSET utf8mb4 COLLATE utf8mb4_general_ci;
INSERT INTO t VALUES (1,8,8,8.55,8.5,'7abc',3,'2024-02-29 10:00:00','2024-02-29','Tom ','x','a'),(2,-7,3,-0.05,0.1,'7',0,'2000-01-01 00:00:00','2000-01-31','tom','y','b'),(3,37499,25000,1.00,2.5,'',5,NULL,NULL,'','x','c'),(4,0,7,0,0,'abc',1,'1999-12-31 23:59:59','1999-12-31','a%b','y','d'),(5,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
";

/// A statement, and whether scrub runs it.
const MARIADB: &[(&str, bool)] = &[
    ("UPDATE t SET i = i / 3", true),
    ("UPDATE t SET d = i / 3", true),
    ("UPDATE t SET f = i / 3", true),
    ("UPDATE t SET d = d / 3", true),
    ("UPDATE t SET i = f / 3", true),
    ("UPDATE t SET i = i / b", true),
    ("UPDATE t SET f = i / b", true),
    ("UPDATE t SET f = d / 7.125 * 3", true),
    ("UPDATE t SET f = (1 / 3) * i", true),
    ("DELETE FROM t WHERE i / 3 > 2", false),
    ("DELETE FROM t WHERE i / 3 = 2.6667", false),
    ("UPDATE t SET s = i / 3", false),
    ("UPDATE t SET i = i DIV 3", true),
    ("UPDATE t SET i = -b DIV 2", true),
    ("UPDATE t SET i = i % 3", true),
    ("UPDATE t SET s = TRUE", true),
    ("UPDATE t SET s = (i > 3)", true),
    ("UPDATE t SET s = concat_ws('-', i > 3, id)", true),
    ("UPDATE t SET s = substring(s, 0, 2)", false),
    ("UPDATE t SET s = substring(s, -2)", false),
    ("UPDATE t SET s = mid(s, 2, 2)", true),
    ("UPDATE t SET s = left(s, -1)", false),
    ("UPDATE t SET s = lpad(s, 3, '')", false),
    ("UPDATE t SET i = 2.5e0", true),
    ("UPDATE t SET i = 2.5", true),
    ("UPDATE t SET s = CAST(d AS char)", true),
    ("UPDATE t SET s = CONVERT(i, char)", true),
    ("UPDATE t SET s = CAST(i AS char(9))", true),
    ("UPDATE t SET d = CAST(f AS decimal)", true),
    ("UPDATE t SET d = CAST(f AS decimal(10,1))", true),
    ("UPDATE t SET s = x'4142'", false),
    ("UPDATE t SET s = bl", false),
    ("DELETE FROM t WHERE bl LIKE 'a'", false),
    ("UPDATE t SET i = da - da", false),
    ("UPDATE t SET da = da + 1", false),
    ("UPDATE t SET da = da + INTERVAL 1 MONTH", true),
    ("DELETE FROM t WHERE s = 7", false),
    ("DELETE FROM t WHERE s + 0 = 7", false),
    ("UPDATE t SET i = '' + 1", false),
    ("UPDATE t SET i = '5' + 1", true),
    ("DELETE FROM t WHERE s", false),
    ("DELETE FROM t WHERE i", true),
    ("DELETE FROM t WHERE f AND NOT u", true),
    ("DELETE FROM t WHERE s <=> NULL", true),
    ("DELETE FROM t WHERE s <=> '7 '", true),
    ("UPDATE t SET s = s || 'x'", false),
    ("UPDATE t SET s = \"text\"", true),
    ("DELETE FROM t WHERE bin LIKE 'a\\%b'", true),
    ("DELETE FROM t WHERE bin LIKE 'a|%b' ESCAPE '|'", true),
    ("INSERT IGNORE INTO t (id, i) VALUES (1, 5)", false),
    ("REPLACE INTO t (id, i) VALUES (1, 5)", false),
    (
        "INSERT INTO t (id, i) VALUES (1, 5) ON DUPLICATE KEY UPDATE i = 99",
        false,
    ),
];

#[test]
fn mariadb_reads_these_in_its_own_way() {
    let Some(server) = mariadb() else { return };
    let options = ["--compact", "--skip-extended-insert", "--hex-blob"];
    let contents =
        |database: &Database| String::from_utf8_lossy(&database.dump(&options)).into_owned();
    let made = server.database();
    made.run(MARIADB_ROWS.as_bytes());
    let dump = made.dump(&options);
    for &(statement, runs) in MARIADB {
        let rules = format!("-- dialect: mysql\n{statement};\n");
        let out = filter_with(&["-f", "mysql"], &rules, &dump);
        assert_eq!(out.code == Some(0), runs, "{statement}: {}", out.err);
        if !runs {
            continue;
        }
        let (oracle, scrubbed) = (server.database(), server.database());
        oracle.run(&dump);
        oracle.run(statement.as_bytes());
        scrubbed.run(&out.out);
        assert_eq!(contents(&scrubbed), contents(&oracle), "{statement}");
    }
}

const SQLITE_ROWS: &str = "CREATE TABLE t (id integer primary key, i integer, d decimal(10,2), f real, s text, n text collate nocase, r text collate rtrim, u, b blob, w date, j json);
INSERT INTO t VALUES (1,8,8.55,8.5,'7abc','Tom','x ','z',x'41',7,'{}'),(2,-7,-0.05,0.1,'7','tom','x','Z',x'42','x','10'),(3,37499,1.00,2.5,'','É','y','',NULL,'007x','9'),(4,0,0,0,'café','é','É','7',x'','2024-01-01','a'),(5,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
";

const SQLITE: &[(&str, bool)] = &[
    ("DELETE FROM t WHERE n = 'é'", true),
    ("DELETE FROM t WHERE n IN ('é', 'TOM')", true),
    ("DELETE FROM t WHERE n LIKE 'É'", true),
    ("DELETE FROM t WHERE s LIKE 'CAFÉ'", true),
    ("DELETE FROM t WHERE s LIKE 'CAFé'", true),
    ("DELETE FROM t WHERE upper(s) = 'CAFé'", true),
    ("DELETE FROM t WHERE n || '' = 'TOM'", true),
    ("DELETE FROM t WHERE coalesce(n, '') = 'TOM'", true),
    ("DELETE FROM t WHERE n IN (SELECT 'TOM')", true),
    ("DELETE FROM t WHERE s = n", true),
    ("DELETE FROM t WHERE n = s", true),
    ("DELETE FROM t WHERE r = 'x'", true),
    (
        "INSERT INTO t (id, i) SELECT 9, count(DISTINCT n) FROM t",
        true,
    ),
    ("UPDATE t SET s = upper(s), r = lower(r)", true),
    ("UPDATE t SET i = i / 3", true),
    ("UPDATE t SET f = i / 3", true),
    ("UPDATE t SET d = d / 3", false),
    ("UPDATE t SET i = f / 2", false),
    ("UPDATE t SET i = i * 2.0", true),
    ("UPDATE t SET i = 2.5", false),
    ("UPDATE t SET i = CAST(f AS INTEGER)", true),
    ("UPDATE t SET i = round(f)", true),
    ("UPDATE t SET d = d * 3", true),
    ("UPDATE t SET d = 0.1 + 0.2, f = 0.1 + 0.2", true),
    ("UPDATE t SET s = f", false),
    ("UPDATE t SET s = s || d", false),
    ("UPDATE t SET s = 1.50", false),
    ("UPDATE t SET s = (i > 3)", true),
    ("UPDATE t SET s = CAST(i AS char)", true),
    ("UPDATE t SET s = CAST(s AS varchar(2))", true),
    ("UPDATE t SET s = substr(s, -2)", false),
    ("UPDATE t SET s = substr(s, 0, 2)", true),
    ("UPDATE t SET u = i", false),
    ("UPDATE t SET b = 'AB'", false),
    ("UPDATE t SET b = x'4142'", true),
    ("UPDATE t SET s = b", false),
    ("DELETE FROM t WHERE s = 7", true),
    ("DELETE FROM t WHERE i = '8'", true),
    ("DELETE FROM t WHERE s > 5", true),
    ("DELETE FROM t WHERE s = i", false),
    ("DELETE FROM t WHERE s || '' = 7", false),
    ("DELETE FROM t WHERE i + 0 = '8'", false),
    ("DELETE FROM t WHERE length(s) = '4'", false),
    ("DELETE FROM t WHERE b = 'A'", false),
    ("INSERT INTO t (id, i) VALUES (6, 7.5)", false),
    // What looks like a number is one in columns of numeric affinity.
    ("DELETE FROM t WHERE w <> '007'", true),
    ("DELETE FROM t WHERE w = 7", true),
    ("DELETE FROM t WHERE w IN ('7.0', 'x')", true),
    ("DELETE FROM t WHERE j < '9.5'", true),
    ("DELETE FROM t WHERE j > 9", true),
    ("DELETE FROM t WHERE j > s", true),
    ("DELETE FROM t WHERE w > '2023-12-31'", true),
    ("DELETE FROM t WHERE j BETWEEN '9' AND ' 10 '", true),
    (
        "UPDATE t SET s = CASE w WHEN '07' THEN 'seven' ELSE nullif(j, 'a') END",
        true,
    ),
    ("UPDATE t SET s = nullif(j, '10')", false),
    ("UPDATE t SET s = nullif(j, s)", false),
    ("UPDATE t SET i = nullif(i, '8')", false),
    ("UPDATE t SET i = nullif(i, 8), s = nullif(s, '7')", true),
    ("UPDATE t SET w = '7.50'; UPDATE t SET s = w || 'x'", true),
    (
        "UPDATE t SET w = rtrim(w); DELETE FROM t WHERE w = '07'",
        true,
    ),
    ("UPDATE t SET j = j || '.0'; UPDATE t SET s = j", true),
    ("UPDATE t SET j = '1e300'", false),
    (
        "INSERT INTO t (id, j) VALUES (6, '006'); UPDATE t SET s = j WHERE id = 6",
        true,
    ),
];

#[test]
fn sqlite_reads_these_in_its_own_way() {
    if !sqlite::available() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let count = std::cell::Cell::new(0);
    let contents = |script: &[u8]| {
        count.set(count.get() + 1);
        let path = folder.path().join(count.get().to_string());
        let output = sqlite::try_run(&path, &[b".bail on\n", script, b"\n.dump\n"].concat());
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.stderr.is_empty(), "{errors}");
        output.stdout
    };
    let dump = contents(SQLITE_ROWS.as_bytes());
    for &(statement, runs) in SQLITE {
        let rules = format!("-- dialect: sqlite\n{statement};\n");
        let out = filter_with(&["-f", "sqlite"], &rules, &dump);
        assert_eq!(out.code == Some(0), runs, "{statement}: {}", out.err);
        if !runs {
            continue;
        }
        let oracle = contents(&[&dump, statement.as_bytes(), b";"].concat());
        let scrubbed = contents(&out.out);
        assert_eq!(
            String::from_utf8_lossy(&scrubbed),
            String::from_utf8_lossy(&oracle),
            "{statement}"
        );
    }
}
