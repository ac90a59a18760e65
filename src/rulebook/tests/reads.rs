use super::super::reads::{Needed, each_column, reads};
use super::{Statement, statements};

fn one(sql: &str) -> Statement {
    statements(sql).remove(0)
}

#[test]
fn every_read_is_found_with_the_conjuncts_that_are_its_own() {
    for (sql, expected) in [
        ("DELETE FROM t WHERE x = 1", ""),
        (
            "DELETE FROM t WHERE x IN (SELECT id FROM u WHERE dead)",
            "u:1",
        ),
        (
            "DELETE FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.id = t.id AND u.a > 1 AND b = 2)",
            "u:2",
        ),
        (
            "UPDATE t SET a = u.a FROM u WHERE u.id = t.id AND u.b = 1",
            "u:1",
        ),
        (
            "UPDATE t SET a = (SELECT max(v.a) FROM v JOIN w ON v.id = w.id AND w.x = 1 WHERE v.z IS NULL)",
            "v:1 w:1",
        ),
        (
            "DELETE FROM t WHERE id IN (SELECT v.id FROM v LEFT JOIN w ON v.id = w.id AND w.x = 1 WHERE w.id IS NULL)",
            "v:0 w:1",
        ),
        (
            "INSERT INTO t SELECT * FROM target.t x WHERE x.a = 1 AND x.b IN (SELECT c FROM u)",
            "t:1 u:0",
        ),
        ("SELECT a FROM t WHERE a = 1", ""),
        (
            "SELECT t.a FROM t, u WHERE t.a = u.a AND u.b = 1 AND t.b = 2",
            "t:1 u:1",
        ),
        (
            "SELECT 'DELETE FROM ' || n FROM t WHERE n = 'x' \\gexec",
            "t:1",
        ),
        (
            "WITH x AS (SELECT id FROM u WHERE a = 1) DELETE FROM t WHERE p IN (SELECT id FROM x) OR q IN (SELECT id FROM x)",
            "u:0",
        ),
        (
            "DELETE FROM t WHERE a IN (SELECT id FROM u WHERE anon.hash(b) = 'x')",
            "u:0",
        ),
    ] {
        let statement = one(sql);
        let mut found: Vec<String> = reads(&statement)
            .iter()
            .map(|r| format!("{}:{}", r.table.name.text, r.conditions.len()))
            .collect();
        found.sort();
        assert_eq!(found.join(" "), expected, "{sql}");
    }
}

#[test]
fn columns_of_decided_conjuncts_are_not_asked_for() {
    let statement = one("DELETE FROM t WHERE x IN (SELECT id FROM u WHERE a = 1 AND b = t.c)");
    let decided: Vec<_> = reads(&statement)[0]
        .conditions
        .iter()
        .map(|c| c.span)
        .collect();
    let mut names = Vec::new();
    each_column(&statement, &decided, &mut |needed| match needed {
        Needed::Column(_, column) => names.push(column.text.clone()),
        Needed::All(_) => names.push("*".to_owned()),
    });
    names.sort();
    assert_eq!(names, ["b", "c", "id", "x"]);
}
