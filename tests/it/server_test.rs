//! The harness itself: it must see what it is there to see.

use crate::runner::fixture;
use crate::server::postgres;

#[test]
fn a_fingerprint_sees_rows_sequences_and_large_objects() {
    let Some(pg) = postgres() else { return };
    let setup = "CREATE TABLE t (b text, a int); INSERT INTO t VALUES (E'x\\ny', 2), ('z', 1), ('z', 1);
                 CREATE TABLE empty (); INSERT INTO empty DEFAULT VALUES; CREATE SEQUENCE s;
                 CREATE TABLE \"it's \"\"odd\"\" \\ one\" (a int); SELECT lo_from_bytea(77, 'one');";
    let changes: [(&str, &str); 5] = [
        (
            "UPDATE t SET b = 'Z' WHERE ctid = '(0,2)'",
            "t: 3 rows on the left, 3 on the right",
        ),
        ("DELETE FROM t WHERE a = 1 AND b = 'z'", "only left, row"),
        (
            "INSERT INTO empty DEFAULT VALUES",
            "empty: 1 rows on the left, 2 on the right",
        ),
        ("SELECT nextval('s')", "(sequences)"),
        ("SELECT lo_put(77, 0, 'two')", "(large objects)"),
    ];
    let (left, right) = (pg.database(), pg.database());
    left.psql(setup);
    right.psql(setup);
    left.fingerprint()
        .assert_same(&right.fingerprint(), "nothing changed");
    assert_eq!(left.fingerprint().rows("t"), ["1\tz", "1\tz", "2\tx\\ny"]);
    for (change, seen) in changes {
        right.psql(change);
        let difference = left.fingerprint().difference(&right.fingerprint());
        let difference = difference.unwrap_or_else(|| panic!("not seen: {change}"));
        assert!(difference.contains(seen), "{change}:\n{difference}");
        left.psql(change);
    }
}

#[test]
fn the_campaign_dump_restores_to_what_it_was_dumped_from() {
    let Some(pg) = postgres() else { return };
    let dump = std::fs::read(fixture("postgres/campaign/dump.sql")).expect("the dump");
    let (first, second) = (pg.database(), pg.database());
    first.restore(&dump);
    second.restore(first.dump(&[]));
    first
        .fingerprint()
        .assert_same(&second.fingerprint(), "dumped and restored again");
    assert_eq!(
        first.psql("SELECT count(*) > 500 FROM neolane.nmsrecipient"),
        "t\n"
    );
}
