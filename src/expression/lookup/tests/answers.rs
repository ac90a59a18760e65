use super::world::World;
use crate::expression::testing::{parse, postgres};
use crate::expression::*;
use crate::rulebook::{ExprKind, reads};
use crate::value;
use proptest::prelude::*;
use proptest::strategy::Strategy;

/// The outer table first.
const TABLES: &[&str] = &[
    "t(id integer, name text, n numeric, c char(3)): 1|a|1.0|x; 2|b|-|xy; 3|-|2.50|-; 4|d|4|zzz",
    "u(id integer, t_id bigint, kind text, amount numeric): \
     1|1|a|10; 2|1|b|5.5; 3|2|a|-; 4|-|a|7; 5|4|-|1",
    "v(id integer, u_id integer, tag varchar(5)): 1|1|p; 2|1|q; 3|3|p; 4|5|-",
    "empty(id integer, name text): ",
    "nulls(id integer, x integer): 1|-; 2|3",
];

fn world() -> World {
    World::new(TABLES)
}

#[test]
fn subqueries_give_what_postgres_gives() {
    let mut wrong = Vec::new();
    for (text, expected) in [
        // IN and its NULLs.
        ("id IN (SELECT t_id FROM u)", "t t - t"),
        ("id NOT IN (SELECT t_id FROM u)", "f f - f"),
        (
            "id IN (SELECT t_id FROM u WHERE t_id IS NOT NULL)",
            "t t f t",
        ),
        ("name IN (SELECT kind FROM u)", "t t - -"),
        (
            "name IN (SELECT kind FROM u WHERE kind IS NOT NULL)",
            "t t - f",
        ),
        (
            "name NOT IN (SELECT kind FROM u WHERE kind IS NOT NULL)",
            "f f - t",
        ),
        ("name IN (SELECT name FROM empty)", "f f f f"),
        ("name NOT IN (SELECT name FROM empty)", "t t t t"),
        ("NULL IN (SELECT id FROM u)", "- - - -"),
        ("NULL NOT IN (SELECT id FROM empty)", "t t t t"),
        ("id IN (SELECT x FROM nulls)", "- - t -"),
        ("id IN (SELECT x FROM nulls n WHERE n.id = 1)", "- - - -"),
        ("(id, name) IN (SELECT t_id, kind FROM u)", "t f - -"),
        ("(id, name) NOT IN (SELECT t_id, kind FROM u)", "f t - -"),
        ("(id, n) IN (SELECT t_id, amount / 10 FROM u)", "t - f f"),
        // Types meet as they do for =.
        ("n IN (SELECT id FROM v)", "t - f t"),
        ("c IN (SELECT tag FROM v WHERE tag IS NOT NULL)", "f f - f"),
        ("c IN (SELECT 'x '::varchar(5) FROM v)", "t f - f"),
        ("c IN (SELECT 'x' FROM v)", "t f - f"),
        ("name IN (SELECT 'a' FROM v)", "t f - f"),
        ("'3' IN (SELECT id FROM v)", "t t t t"),
        // Correlated.
        ("name IN (SELECT kind FROM u WHERE t_id = t.id)", "t f f -"),
        ("EXISTS (SELECT 1 FROM u WHERE t_id = t.id)", "t t f t"),
        (
            "NOT EXISTS (SELECT * FROM u WHERE u.t_id = t.id AND amount > 6)",
            "f t t t",
        ),
        (
            "EXISTS (SELECT 1 FROM u WHERE u.amount > t.n * 2)",
            "t f t t",
        ),
        ("EXISTS (SELECT 1 FROM u WHERE t.id > 2)", "f f t t"),
        (
            "EXISTS (SELECT 1 FROM u WHERE kind = name AND u.id > t.id)",
            "t f f f",
        ),
        ("EXISTS (SELECT 1 FROM empty)", "f f f f"),
        ("EXISTS (SELECT count(*) FROM empty)", "t t t t"),
        ("EXISTS (SELECT 1 FROM u LIMIT 0)", "f f f f"),
        (
            "EXISTS (SELECT kind FROM u WHERE t_id = t.id GROUP BY kind HAVING count(*) > 1)",
            "f f f f",
        ),
        // The inner name wins.
        ("EXISTS (SELECT 1 FROM u WHERE id = 5)", "t t t t"),
        (
            "EXISTS (SELECT 1 FROM u WHERE id = t.id AND name = 'a')",
            "t f f f",
        ),
        // Scalars.
        ("(SELECT kind FROM u WHERE u.id = t.id)", "a b a a"),
        ("(SELECT max(amount) FROM u)", "10 10 10 10"),
        ("(SELECT max(amount) FROM u WHERE t_id = t.id)", "10 - - 1"),
        ("(SELECT count(*) FROM u WHERE t_id = t.id)", "2 1 0 1"),
        (
            "(SELECT count(*) + t.id FROM u WHERE t_id = t.id)",
            "3 3 3 5",
        ),
        ("(SELECT t.id + 1)", "2 3 4 5"),
        (
            "(SELECT amount FROM u ORDER BY amount DESC NULLS LAST LIMIT 1)",
            "10 10 10 10",
        ),
        (
            "(SELECT u.id FROM u WHERE t_id = t.id ORDER BY u.id DESC LIMIT 1)",
            "2 3 - 5",
        ),
        ("(SELECT id FROM u WHERE t_id = 1 LIMIT 1) > 0", "t t t t"),
        ("(SELECT DISTINCT t_id FROM u WHERE t_id = t.id)", "1 2 - 4"),
        (
            "coalesce((SELECT name FROM empty), 'none')",
            "none none none none",
        ),
        (
            "(SELECT sum(amount) FROM u WHERE t_id = t.id GROUP BY t_id)",
            "15.5 - - 1",
        ),
        (
            "(SELECT 'k' FROM u WHERE u.id = t.id) || 'x'",
            "kx kx kx kx",
        ),
        // Joins.
        (
            "id IN (SELECT t_id FROM u JOIN v ON v.u_id = u.id WHERE tag = 'p')",
            "t t f f",
        ),
        (
            "id IN (SELECT t_id FROM u, v WHERE v.u_id = u.id AND tag = 'q')",
            "t f f f",
        ),
        (
            "(SELECT count(*) FROM u LEFT JOIN v ON v.u_id = u.id WHERE u.t_id = t.id)",
            "3 1 0 1",
        ),
        (
            "(SELECT count(v.id) FROM u LEFT JOIN v ON v.u_id = u.id AND tag = 'p' WHERE u.t_id = t.id)",
            "1 1 0 0",
        ),
        (
            "(SELECT count(*) FROM u LEFT JOIN v ON v.u_id = u.id WHERE v.id IS NULL)",
            "2 2 2 2",
        ),
        (
            "EXISTS (SELECT 1 FROM v LEFT JOIN u ON v.u_id = u.id AND u.t_id = t.id WHERE u.id IS NULL AND v.id = t.id)",
            "f t t f",
        ),
        ("(SELECT count(*) FROM u CROSS JOIN v)", "20 20 20 20"),
        (
            "(SELECT count(*) FROM u a JOIN u b ON a.kind = b.kind AND a.id < b.id)",
            "3 3 3 3",
        ),
        (
            "EXISTS (SELECT 1 FROM u, v WHERE u.t_id = t.id AND v.id > u.id AND v.u_id < t.id)",
            "f f f f",
        ),
        // FROM (SELECT …).
        (
            "id IN (SELECT m FROM (SELECT max(t_id) AS m FROM u GROUP BY kind) x)",
            "t t f t",
        ),
        (
            "(SELECT total FROM (SELECT t_id, sum(amount) AS total FROM u GROUP BY t_id) s WHERE s.t_id = t.id)",
            "15.5 - - 1",
        ),
        (
            "EXISTS (SELECT 1 FROM (SELECT * FROM u WHERE u.t_id = t.id) x WHERE x.amount > 1)",
            "t f f f",
        ),
        (
            "id IN (SELECT max(t_id) FROM u WHERE kind = t.name)",
            "f f - -",
        ),
        (
            "id IN (SELECT t_id FROM u WHERE t_id IS NOT NULL ORDER BY t_id LIMIT 2)",
            "t f f f",
        ),
        // Nested.
        (
            "id IN (SELECT t_id FROM u WHERE u.id IN (SELECT u_id FROM v WHERE tag = 'p'))",
            "t t f f",
        ),
        (
            "EXISTS (SELECT 1 FROM u WHERE t_id = t.id AND EXISTS (SELECT 1 FROM v WHERE u_id = u.id AND v.id >= t.id))",
            "t t f t",
        ),
        (
            "(SELECT (SELECT count(*) FROM v WHERE u_id = u.id) FROM u WHERE u.id = t.id)",
            "2 0 1 0",
        ),
        (
            "(SELECT count(*) FROM u GROUP BY kind HAVING kind = t.name AND EXISTS (SELECT 1 FROM v WHERE tag = 'p' OR kind = 'b'))",
            "3 1 - -",
        ),
        // Three-valued within expressions.
        (
            "CASE WHEN id IN (SELECT t_id FROM u) THEN 'in' ELSE 'out' END",
            "in in out in",
        ),
        ("id IN (SELECT t_id FROM u) IS NULL", "f f t f"),
        ("id IN (SELECT t_id FROM u) OR id = 3", "t t t t"),
    ] {
        let found = world().eval(text);
        if found.as_deref() != Ok(expected) {
            wrong.push(format!("{text}: {found:?}, not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Documents in texts, beside the outer table.
const LISTS: &[&str] = &[
    TABLES[0],
    r#"l(id integer, j text, a text): 1|[1,2,null]|p,q; 2|[]|r; 3|-|-; 4|[4, 4]|s"#,
];

#[test]
fn functions_in_a_select_list_give_rows() {
    let mut wrong = Vec::new();
    for (text, expected) in [
        (
            "id IN (SELECT CAST(jsonb_array_elements(CAST(j AS jsonb)) AS integer) FROM l WHERE l.id = 4)",
            "f f f t",
        ),
        (
            "id NOT IN (SELECT jsonb_array_elements_text(j::jsonb)::integer FROM l)",
            "f f - f",
        ),
        (
            "id NOT IN (SELECT jsonb_array_elements_text(j::jsonb)::integer FROM l WHERE l.id IN (2, 3))",
            "t t t t",
        ),
        (
            "id NOT IN (SELECT jsonb_array_elements_text(j::jsonb)::integer FROM l WHERE l.id = t.id)",
            "f t t f",
        ),
        (
            "EXISTS (SELECT json_array_elements(j::json) FROM l WHERE l.id = t.id)",
            "t f f t",
        ),
        (
            "(SELECT string_to_table(a, ',') FROM l WHERE l.id = t.id LIMIT 1)",
            "p r - s",
        ),
        (
            "(SELECT count(*) FROM (SELECT unnest(string_to_array(a, ',')) AS part FROM l) x WHERE part > t.name)",
            "4 4 0 4",
        ),
        (
            "name IN (SELECT json_array_elements_text('[\"a\", \"d\", \"d\"]'))",
            "t f - t",
        ),
        (
            "(SELECT max(n) FROM (SELECT generate_series(1, t.id) AS n) s)",
            "1 2 3 4",
        ),
    ] {
        let found = World::new(LISTS).eval(text);
        if found.as_deref() != Ok(expected) {
            wrong.push(format!("{text}: {found:?}, not {expected}"));
        }
    }
    for (text, expected) in [
        (
            "SELECT id, jsonb_array_elements(j::jsonb) AS e, string_to_table(a, ',') FROM l",
            "id|e|string_to_table: 1|1|p 1|2|q 1|null|- 2|-|r 4|4|s 4|4|-",
        ),
        (
            "SELECT DISTINCT jsonb_array_elements_text(j::jsonb) AS e FROM l ORDER BY e DESC LIMIT 3",
            "e: - 4 2",
        ),
        (
            "SELECT generate_series(3, 1, -1) * 2 AS n, jsonb_object_keys('{\"b\": 1, \"a\": 2}')",
            "n|jsonb_object_keys: 6|a 4|b 2|-",
        ),
    ] {
        let found = World::alone(LISTS).table(text);
        if found.as_deref() != Ok(expected) {
            wrong.push(format!("{text}: {found:?}, not {expected}"));
        }
    }
    for (text, message) in [
        (
            "(SELECT jsonb_array_elements_text('[1, 2]')) = '1'",
            "more than one row returned by a subquery used as an expression",
        ),
        (
            "id IN (SELECT jsonb_array_elements_text('{}')::integer)",
            "cannot extract elements from an object",
        ),
        (
            "EXISTS (SELECT 1 FROM l WHERE unnest(string_to_array(a, ',')) = 'p')",
            "unnest gives rows; it stands only in the list of a SELECT without groups",
        ),
        (
            "EXISTS (SELECT CASE WHEN id = 1 THEN unnest(string_to_array(a, ',')) END FROM l)",
            "unnest gives rows; it stands only in the list of a SELECT without groups",
        ),
        (
            "EXISTS (SELECT count(*), generate_series(1, 2) FROM l)",
            "generate_series gives rows; it stands only in the list of a SELECT without groups",
        ),
    ] {
        let found = World::new(LISTS).eval(text);
        if found != Err(message.to_owned()) {
            wrong.push(format!("{text}: {found:?}, not {message}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_wrong_is_refused_when_it_is_compiled() {
    for (text, message) in [
        (
            "id IN (SELECT kind FROM u)",
            "operator does not exist: integer = text",
        ),
        (
            "n IN (SELECT '1' FROM u)",
            "operator does not exist: numeric = text",
        ),
        (
            "(SELECT id, kind FROM u) = 1",
            "a subquery that stands for a value has one column",
        ),
        (
            "id IN (SELECT * FROM u)",
            "the subquery gives 4 columns, compared with 1",
        ),
        ("EXISTS (SELECT nosuch FROM u)", "there is no column nosuch"),
        ("EXISTS (SELECT 1 FROM nosuch)", "there is no table nosuch"),
        (
            "EXISTS (SELECT 1 FROM u WHERE x.id = 1)",
            "there is no table x",
        ),
        (
            "EXISTS (SELECT 1 FROM u, u)",
            "two tables have the same name here; give one an alias",
        ),
        (
            "EXISTS (SELECT 1 FROM u, v WHERE id = 1)",
            "column id is in more than one table; write the table in front",
        ),
        (
            "EXISTS (SELECT 1 FROM u a JOIN v ON b.id = 1 JOIN u b ON true)",
            "there is no table b",
        ),
        (
            "(SELECT max(t.id) FROM u) = 1",
            "an aggregate over columns of the query around it is not supported",
        ),
        (
            "EXISTS (SELECT 1 FROM u WHERE kind)",
            "a condition must be of type boolean, not text",
        ),
        (
            "(SELECT kind FROM u GROUP BY t_id) = 'a'",
            "column \"kind\" must appear in the GROUP BY clause or be used in an aggregate function",
        ),
        (
            "(SELECT count(*) FROM u GROUP BY t_id HAVING EXISTS (SELECT 1 FROM v WHERE tag = kind)) = 1",
            "column \"kind\" must appear in the GROUP BY clause or be used in an aggregate function",
        ),
    ] {
        assert_eq!(world().eval(text), Err(message.to_owned()), "{text}");
    }
}

#[test]
fn queries_that_stand_by_themselves_give_their_rows() {
    for (text, expected) in [
        (
            "SELECT t.id, u.kind FROM t JOIN u ON u.t_id = t.id ORDER BY u.id",
            "id|kind: 1|a 1|b 2|a 4|-",
        ),
        (
            "SELECT t.*, v.tag FROM t LEFT JOIN v ON v.id = t.id AND v.id > 2 WHERE t.id IN (SELECT t_id FROM u)",
            "id|name|n|c|tag: 1|a|1.0|x  |- 2|b|-|xy |- 4|d|4|zzz|-",
        ),
        (
            "SELECT kind, count(*) AS n, (SELECT count(*) FROM v WHERE tag < kind) FROM u GROUP BY kind ORDER BY n DESC, 1",
            "kind|n|count: a|3|0 b|1|0 -|1|0",
        ),
        (
            "SELECT 'UPDATE ' || name FROM t WHERE name < 'c'",
            "?column?: UPDATE a UPDATE b",
        ),
        ("SELECT 1 WHERE 1 = 2", "?column?: "),
        ("SELECT count(*)", "count: 1"),
        (
            "SELECT (SELECT name FROM t WHERE id = 2) AS x, 'y'",
            "x|?column?: b|y",
        ),
        (
            "SELECT DISTINCT tag FROM v, u ORDER BY tag LIMIT 2",
            "tag: p q",
        ),
        (
            "SELECT u.id FROM u, v, t WHERE t.id = v.id AND v.u_id = u.id AND t.n > 2",
            "id: 3 5",
        ),
    ] {
        let found = World::alone(TABLES).table(text);
        assert_eq!(found.as_deref(), Ok(expected), "{text}");
    }
}

#[test]
fn the_rows_of_a_query_have_the_types_of_its_items() {
    let lookup = World::alone(TABLES)
        .lookup("SELECT c, id, n, 'lit', NULL FROM t WHERE id = 1")
        .unwrap();
    let types: Vec<String> = lookup
        .columns()
        .iter()
        .map(|c| format!("{:?}", c.data_type))
        .collect();
    assert_eq!(
        types,
        [
            "Char(3, Characters)",
            "Integer",
            "Numeric(None)",
            "Unknown",
            "Unknown"
        ]
    );
    let rows = lookup.rows().unwrap();
    let cells: Vec<_> = (0..5).map(|at| rows.cell(0, at)).collect();
    let text = |t: &'static str| Some(t.as_bytes());
    assert_eq!(
        cells,
        [text("x  "), text("1"), text("1.0"), text("lit"), None]
    );
}

#[test]
fn a_scalar_subquery_with_two_rows_fails_for_the_row_that_asks() {
    let message = "more than one row returned by a subquery used as an expression";
    for text in [
        "(SELECT id FROM u WHERE t_id = t.id)",
        "(SELECT id FROM u)",
        "(SELECT DISTINCT kind FROM u)",
        "(SELECT id FROM u LIMIT 2)",
    ] {
        assert_eq!(world().eval(text), Err(message.to_owned()), "{text}");
    }
    // Nobody asks.
    let text = "CASE WHEN id > 0 THEN 0 ELSE (SELECT id FROM u) END";
    assert_eq!(world().eval(text).as_deref(), Ok("0 0 0 0"));
}

#[test]
fn before_the_rows_are_complete_there_is_no_answer() {
    let mut world = world();
    world.complete = false;
    let expr = parse("id IN (SELECT t_id FROM u)", SqlDialect::Postgres);
    let compiled = compile(&expr, &mut world, &postgres()).unwrap();
    let [lookup] = compiled.lookups() else {
        panic!()
    };
    assert_eq!(compiled.slots(), [0]);
    assert_eq!(lookup.inputs().len(), 1);
    let row = &world.rows()[0];
    assert!(compiled.eval(row).is_err());
    assert!(lookup.prepare().is_err() && !lookup.is_prepared());
    lookup.inputs()[0].complete(world.tables[1].packed());
    assert!(lookup.prepare().unwrap() > 0 && lookup.is_prepared());
    assert_eq!(lookup.prepare(), Ok(0));
    assert_eq!(compiled.eval(row), Ok(value::Value::Bool(true)));
}

#[test]
fn the_same_subquery_compiled_again_shares_what_it_keeps() {
    let mut world = world();
    let expr = parse(
        "(SELECT count(*) FROM u WHERE t_id = t.id)",
        SqlDialect::Postgres,
    );
    let first = compile(&expr, &mut world, &postgres()).unwrap();
    // A partition whose columns have another order.
    world.tables[0].columns.swap(0, 2);
    world.tables[0].columns.swap(0, 1);
    let second = compile(&expr, &mut world, &postgres()).unwrap();
    assert_eq!((first.slots(), second.slots()), (&[0][..], &[2][..]));
    assert!(first.lookups()[0].prepare().unwrap() > 0);
    assert!(second.lookups()[0].is_prepared());
    // Columns of another type make another lookup.
    world.tables[0].columns[2].data_type = DataType::Numeric(None);
    let third = compile(&expr, &mut world, &postgres()).unwrap();
    assert!(!third.lookups()[0].is_prepared());
}

#[test]
fn what_gathered_rows_have_passed_is_not_asked_again() {
    // The column of the decided condition is not even there.
    let text = "EXISTS (SELECT 1 FROM u WHERE u.secret = 'x' AND u.t_id = t.id)";
    let expr = parse(text, SqlDialect::Postgres);
    let ExprKind::Exists { query, .. } = &expr.kind else {
        panic!()
    };
    let decided = reads::conjuncts(query.filter.as_ref().unwrap())[0].span;
    let mut world = world();
    world.decided = vec![decided];
    let compiled = compile(&expr, &mut world, &postgres()).unwrap();
    compiled.lookups()[0].prepare().unwrap();
    assert_eq!(
        compiled.eval(&world.rows()[0]),
        Ok(value::Value::Bool(true))
    );
}

#[test]
fn subqueries_can_be_nested_but_not_without_end() {
    let nested = |depth: usize| {
        let open = "(SELECT max(id) FROM u WHERE id = ".repeat(depth);
        format!("{open}t.id{}", ")".repeat(depth))
    };
    assert_eq!(world().eval(&nested(8)).as_deref(), Ok("1 2 3 4"));
    let message = "the expression is nested too deeply";
    let found = std::panic::catch_unwind(|| world().eval(&nested(40)));
    // The reader of SQL may be the first that has enough.
    assert!(found.is_err() || found.is_ok_and(|found| found == Err(message.to_owned())));
}

#[test]
fn a_name_that_two_columns_of_a_subquery_have_is_ambiguous() {
    let text = "EXISTS (SELECT 1 FROM (SELECT u.id, v.id FROM u, v) x WHERE x.id = 1)";
    let message = "column id is in more than one table; write the table in front";
    assert_eq!(world().eval(text), Err(message.to_owned()));
}

#[test]
fn a_fresh_function_draws_again_for_every_row() {
    for text in [
        "(SELECT gen_random_uuid() FROM u WHERE u.id = t.id)",
        "(SELECT gen_random_uuid() FROM u WHERE u.id = t.id ORDER BY 1)",
    ] {
        let mut drawn: Vec<String> = world()
            .eval(text)
            .unwrap()
            .split(' ')
            .map(str::to_owned)
            .collect();
        assert_eq!(
            world().eval(text).unwrap(),
            drawn.join(" "),
            "the same in every run"
        );
        drawn.sort_unstable();
        drawn.dedup();
        assert_eq!(drawn.len(), 4, "{text}");
    }
    let table = World::alone(TABLES)
        .table("SELECT gen_random_uuid() FROM u")
        .unwrap();
    let drawn: std::collections::HashSet<&str> = table.split(' ').skip(1).collect();
    assert_eq!(drawn.len(), 5);
    // What does not look at the row is drawn once.
    let once = world().eval("(SELECT gen_random_uuid())").unwrap();
    let drawn: std::collections::HashSet<&str> = once.split(' ').collect();
    assert_eq!(drawn.len(), 1);
}

#[test]
fn a_result_fits_the_column_that_it_is_assigned_to() {
    let mut world = world();
    let varchar = DataType::Varchar(Some(12), crate::schema::LengthUnit::Characters);
    let column = Column::new("name", varchar);
    let text = "(SELECT anon.hash(kind) FROM u WHERE u.id = t.id)";
    let expr = parse(text, SqlDialect::Postgres);
    let assignment = compile_assignment(&expr, &column, &mut world, &postgres()).unwrap();
    assignment.lookups()[0].prepare().unwrap();
    for row in &world.rows() {
        let value = assignment.eval(row).unwrap().unwrap();
        assert!(value.len() <= 12, "{value:?}");
    }
}

type Pair = (Option<u8>, Option<u8>);

fn same(a: Option<u8>, b: Option<u8>) -> Option<bool> {
    Some(a? == b?)
}

fn both(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    match (a, b) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

/// IN as the standard has it: OR over all rows.
fn any(parts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let parts: Vec<_> = parts.collect();
    match parts.contains(&Some(true)) {
        true => Some(true),
        false if parts.contains(&None) => None,
        false => Some(false),
    }
}

fn pairs() -> impl Strategy<Value = Vec<Pair>> {
    let cell = || prop::option::weighted(0.8, 0u8..3);
    prop::collection::vec((cell(), cell()), 0..6)
}

proptest! {
    #[test]
    fn in_is_or_over_the_rows(outer in pairs(), inner in pairs(), negated: bool) {
        let cell = |cell: Option<u8>| cell.map_or("-".to_owned(), |c| c.to_string());
        let rows = |pairs: &[Pair]| {
            let rows = pairs.iter().map(|(a, b)| format!("{}|{}", cell(*a), cell(*b)));
            rows.collect::<Vec<_>>().join("; ")
        };
        let t = format!("t(a integer, b integer): {}", rows(&outer));
        let r = format!("r(x integer, y bigint): {}", rows(&inner));
        let not = if negated { "NOT " } else { "" };
        let shown = |of: &dyn Fn(&Pair) -> Option<bool>| match any(inner.iter().map(of)) {
            None => "-",
            Some(found) if found != negated => "t",
            Some(_) => "f",
        };
        let single: Vec<_> = outer.iter().map(|o| shown(&|i| same(o.0, i.0))).collect();
        let double: Vec<_> = outer
            .iter()
            .map(|o| shown(&|i| both(same(o.0, i.0), same(o.1, i.1))))
            .collect();
        // Rows that the correlation leaves out do not count at all.
        let correlated: Vec<_> = outer
            .iter()
            .map(|o| shown(&|i| if same(o.1, i.1) == Some(true) { same(o.0, i.0) } else { Some(false) }))
            .collect();
        for (text, expected) in [
            (format!("a {not}IN (SELECT x FROM r)"), single.clone()),
            (format!("a {not}IN (SELECT x FROM r GROUP BY x)"), single.clone()),
            (format!("a {not}IN (SELECT r.x FROM r, r q WHERE q.x IS NULL OR q.x < 9)"), single),
            (format!("(a, b) {not}IN (SELECT x, y FROM r)"), double.clone()),
            (format!("(a, b) {not}IN (SELECT DISTINCT x, y FROM r LIMIT 99)"), double),
            (format!("a {not}IN (SELECT x FROM r WHERE y = b)"), correlated.clone()),
            (format!("a {not}IN (SELECT x FROM r WHERE y <= b AND y >= t.b)"), correlated),
        ] {
            let found = World::new(&[&t, &r]).eval(&text);
            prop_assert_eq!(found, Ok(expected.join(" ")), "{}", text);
        }
    }
}
