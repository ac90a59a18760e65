use super::*;
use crate::expression::Fault;
use crate::expression::testing::*;
use crate::rulebook::SqlDialect;
use crate::schema::LengthUnit;

fn rows() -> Vec<Cells> {
    [
        (1, "a", Some("1.50"), "0.1"),
        (2, "b", None, "0.2"),
        (3, "a", Some("2.5"), "0.3"),
        (4, "c", Some("4"), "1e300"),
        (5, "b", Some("4"), "-1e300"),
    ]
    .into_iter()
    .map(|(id, name, n, f)| {
        let varchar = DataType::Varchar(Some(9), LengthUnit::Characters);
        Cells::default()
            .with("id", DataType::Integer, Some(&id.to_string()))
            .with("name", varchar, Some(name))
            .with("n", DataType::Numeric(None), n)
            .with("f", DataType::Double, Some(f))
    })
    .collect()
}

fn compiled(text: &str) -> Result<CompiledQuery, Vec<Fault>> {
    let mut scope = rows().remove(0);
    let columns: Vec<_> = scope
        .0
        .iter()
        .enumerate()
        .map(|(slot, (column, _))| (column.name.clone(), slot, column.clone()))
        .collect();
    compile_query(
        &select(text, SqlDialect::Postgres),
        &columns,
        &mut scope,
        &postgres(),
    )
}

/// Runs the query with the rows cut into batches of every size: the results must be the same.
fn run(text: &str) -> String {
    let query = compiled(text).unwrap_or_else(|f| panic!("{text}: {f:?}"));
    let rows = rows();
    let mut results: Vec<String> = (1..=rows.len())
        .map(|size| {
            let mut whole: Option<Partial> = None;
            for batch in rows.chunks(size) {
                let mut partial = query.partial();
                for row in batch {
                    partial.update(&query, row).unwrap();
                }
                match &mut whole {
                    Some(whole) => whole.merge(partial, &query).unwrap(),
                    None => whole = Some(partial),
                }
            }
            let table = query.finish(whole).unwrap();
            let line = |row: &Vec<Option<String>>| {
                let cells = row.iter().map(|c| c.clone().unwrap_or("-".to_owned()));
                cells.collect::<Vec<_>>().join("|")
            };
            let lines: Vec<String> = table.rows.iter().map(line).collect();
            format!("{}: {}", table.columns.join("|"), lines.join(" "))
        })
        .collect();
    results.dedup();
    assert_eq!(results.len(), 1, "{text}: {results:?}");
    results.remove(0)
}

#[test]
fn queries_give_what_postgres_gives() {
    for (text, expected) in [
        ("SELECT count(*) FROM t", "count: 5"),
        (
            "SELECT count(n), count(DISTINCT n) FROM t",
            "count|count: 4|3",
        ),
        (
            "SELECT sum(id), avg(id), min(name), max(n) FROM t",
            "sum|avg|min|max: 15|3.0000000000000000|a|4",
        ),
        ("SELECT sum(n) AS total FROM t WHERE id > 9", "total: -"),
        ("SELECT sum(f) FROM t", "sum: 0.6"),
        (
            "SELECT name, count(*) FROM t GROUP BY name",
            "name|count: a|2 b|2 c|1",
        ),
        (
            "SELECT upper(name), sum(id) + 1 FROM t GROUP BY upper(name)",
            "upper|?column?: A|5 B|8 C|5",
        ),
        (
            "SELECT upper(name) FROM t GROUP BY name HAVING count(*) > 1",
            "upper: A B",
        ),
        (
            "SELECT name AS x, count(*) FROM t GROUP BY x ORDER BY 2, x DESC",
            "x|count: c|1 b|2 a|2",
        ),
        ("SELECT count(*) FILTER (WHERE n > 2) FROM t", "count: 3"),
        (
            "SELECT string_agg(name, ',') FROM t",
            "string_agg: a,b,a,c,b",
        ),
        (
            "SELECT bool_and(id > 0), bool_or(id > 4) FROM t",
            "bool_and|bool_or: t|t",
        ),
        (
            "SELECT id FROM t ORDER BY n DESC NULLS LAST, id DESC LIMIT 2",
            "id: 5 4",
        ),
        ("SELECT id FROM t ORDER BY n DESC LIMIT 1", "id: 2"),
        (
            "SELECT DISTINCT name FROM t ORDER BY name DESC",
            "name: c b a",
        ),
        ("SELECT id, name FROM t LIMIT 2", "id|name: 1|a 2|b"),
        ("SELECT * FROM t WHERE id = 2", "id|name|n|f: 2|b|-|0.2"),
        (
            "SELECT n, count(*) FROM t GROUP BY n",
            "n|count: 1.50|1 2.5|1 4|2 -|1",
        ),
        (
            "SELECT CASE WHEN count(*) > 3 THEN 'many' ELSE 'few' END FROM t",
            "case: many",
        ),
        ("SELECT min(id) FROM t HAVING count(*) > 9", "min: "),
    ] {
        assert_eq!(run(text), expected, "{text}");
    }
}

#[test]
fn queries_that_postgres_refuses_are_refused() {
    for (text, message) in [
        (
            "SELECT id, count(*) FROM t",
            "column \"id\" must appear in the GROUP BY clause",
        ),
        (
            "SELECT name FROM t GROUP BY upper(name)",
            "column \"name\" must appear",
        ),
        (
            "SELECT sum(name) FROM t",
            "function sum(character varying) does not exist",
        ),
        (
            "SELECT sum(count(*)) FROM t",
            "aggregate function calls cannot be nested",
        ),
        (
            "SELECT id FROM t WHERE count(*) > 1",
            "count is an aggregate",
        ),
        (
            "SELECT count(*) FROM t GROUP BY 'name'",
            "non-integer constant in GROUP BY",
        ),
        (
            "SELECT id FROM t ORDER BY 'id'",
            "non-integer constant in ORDER BY",
        ),
        (
            "SELECT id FROM t ORDER BY 3",
            "position 3 is not in the select list",
        ),
        (
            "SELECT DISTINCT name FROM t ORDER BY id",
            "for SELECT DISTINCT",
        ),
        (
            "SELECT * FROM t GROUP BY id",
            "* cannot stand in a query with groups",
        ),
    ] {
        let faults = compiled(text).expect_err(text);
        assert!(faults[0].message.starts_with(message), "{text}: {faults:?}");
    }
}

#[test]
fn no_rows_give_one_group_without_keys() {
    let query = compiled("SELECT count(*), max(id) FROM t").unwrap();
    let table = query.finish(None).unwrap();
    assert_eq!(table.rows, vec![vec![Some("0".to_owned()), None]]);
    let query = compiled("SELECT name, count(*) FROM t GROUP BY name").unwrap();
    assert!(query.finish(None).unwrap().rows.is_empty());
}
