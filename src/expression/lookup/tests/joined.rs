use super::world::{World, shown};
use crate::expression::testing::postgres;
use crate::expression::*;
use crate::rulebook::{Action, Load, load};
use crate::value::Value;
use std::borrow::Cow;

const TABLES: &[&str] = &[
    "t(id integer, name text, u_id integer): 1|a|1; 2|b|2; 3|c|-; 4|d|9",
    "u(id integer, label text): 1|one; 2|-; 3|three",
    "v(u_id integer, extra text): 1|x; 2|y; 2|z",
];

/// Runs the statement over the rows of `t`: for each the new value of the first assignment, or for
/// a DELETE whether it goes. `=` stands for a row that is left alone.
fn run(text: &str) -> Result<String, String> {
    let rulebook = load(&Load {
        name: "test",
        path: "test.sql",
        text: &format!("{text};\n"),
        variables: &[],
        include: &|_| Err(std::io::Error::other("no files here")),
    })
    .map_err(|e| e.to_string())?;
    let mut world = World::new(TABLES);
    let settings = postgres();
    let action = rulebook.statements.into_iter().next().unwrap().action;
    let (from, filter, assignments) = match action {
        Action::Update(update) => (update.from, update.filter, update.assignments),
        Action::Delete(delete) => (delete.using, delete.filter, Vec::new()),
        other => panic!("{other:?}"),
    };
    let assignments: Vec<_> = assignments
        .into_iter()
        .map(|a| {
            (
                world.column(None, &a.column).unwrap().1,
                a.value,
                settings.clone(),
            )
        })
        .collect();
    let compiled = compile_joined(&from, filter.as_ref(), &assignments, &mut world, &settings);
    let (joined, assignments) = compiled.map_err(|f| f[0].message.clone())?;
    assert!(!joined.is_prepared());
    joined.prepare().map_err(|e| e.to_string())?;
    assert!(joined.is_prepared());
    let mut results = Vec::new();
    for row in world.rows() {
        let Some(assignment) = assignments.first() else {
            results.push(shown(
                &Value::Bool(joined.any(&row).map_err(|e| e.to_string())?),
                &DataType::Boolean,
            ));
            continue;
        };
        let found = joined.find(&row).map_err(|e| e.to_string())?;
        results.push(match found {
            None => "=".to_owned(),
            Some(found) => {
                assert_eq!(found.ordinal(), row.ordinal());
                let text = assignment.eval(&found).map_err(|e| e.to_string())?;
                text.map_or("-".to_owned(), |t: Cow<'_, [u8]>| {
                    String::from_utf8_lossy(&t).into_owned()
                })
            }
        });
    }
    Ok(results.join(" "))
}

#[test]
fn updates_and_deletes_are_joined_with_other_tables() {
    for (text, expected) in [
        (
            "UPDATE t SET name = label FROM u WHERE u.id = t.u_id",
            "one - = =",
        ),
        (
            "UPDATE t SET name = t.name || u.label FROM u WHERE u.id = u_id",
            "aone - = =",
        ),
        (
            "UPDATE t SET name = extra || (SELECT count(*) FROM v w WHERE w.u_id = u.id) FROM u JOIN v ON v.u_id = u.id WHERE u.id = t.u_id AND extra < 'z'",
            "x1 y2 = =",
        ),
        (
            "UPDATE t SET name = n FROM (SELECT max(label) AS n FROM u) s WHERE t.id > 2",
            "= = three three",
        ),
        (
            "UPDATE t SET name = coalesce(extra, 'none') FROM u LEFT JOIN v ON v.u_id = u.id AND extra <> 'z' WHERE u.id = t.id",
            "x y none =",
        ),
        ("DELETE FROM t USING u WHERE u.id = t.u_id", "t t f f"),
        ("DELETE FROM t USING v WHERE v.u_id = t.u_id", "t t f f"),
        (
            "DELETE FROM t USING u, v WHERE v.u_id = u.id AND u.id = t.u_id AND extra > t.name || 'x'",
            "t t f f",
        ),
        ("DELETE FROM t USING u", "t t t t"),
        (
            "DELETE FROM t USING u WHERE u.id > t.id AND u.id IN (SELECT u_id FROM v)",
            "t f f f",
        ),
    ] {
        assert_eq!(run(text).as_deref(), Ok(expected), "{text}");
    }
}

#[test]
fn what_is_not_decided_is_refused() {
    for (text, message) in [
        (
            "UPDATE t SET name = extra FROM v WHERE v.u_id = t.u_id",
            "several rows of v match one row; which one counts is not decided: narrow the condition",
        ),
        (
            "UPDATE t SET name = 'x' FROM v a, v b WHERE a.extra < b.extra AND t.id IN (SELECT id FROM u)",
            "several rows of v match one row; which one counts is not decided: narrow the condition",
        ),
        (
            "UPDATE t SET name = label FROM u WHERE id = 1",
            "column id is in more than one table; write the table in front",
        ),
        (
            "UPDATE t SET name = label FROM u JOIN v ON v.u_id = t.u_id",
            "there is no table t here",
        ),
        (
            "UPDATE t SET name = s.m FROM (SELECT max(label) AS m FROM u WHERE u.id = t.id) s",
            "there is no table t here",
        ),
        (
            "UPDATE t SET name = nosuch FROM u",
            "there is no column nosuch",
        ),
        (
            "UPDATE t SET id = label FROM u",
            "column \"id\" is of type integer but expression is of type text",
        ),
    ] {
        assert_eq!(run(text), Err(message.to_owned()), "{text}");
    }
}
