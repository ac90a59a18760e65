//! SuperOffice: the built-in rulebook's plain statements against psql, and what it takes from the target.

use crate::rulebooks::same_as_psql;
use crate::runner;
use crate::server::postgres;

const TABLES: &str = include_str!("superoffice/tables.sql");
const BOOK: &str = include_str!("../../transforms/superoffice.sql");

#[test]
fn the_rulebook_does_what_psql_does() {
    // The check of the addresses needs the rules that are no plain SQL.
    let start = BOOK
        .find("-- name: no-address-of-a-person")
        .expect("the check");
    let end = start
        + BOOK[start..]
            .find("-- name: no-task-runs")
            .expect("the next");
    let book = format!("{}{}", &BOOK[..start], &BOOK[end..]);
    let set = [("serial", "99"), ("close_tickets", "yes")];
    let Some((copy, ran)) = same_as_psql(&book, TABLES, &set) else {
        return;
    };
    assert!(ran > 18, "only {ran} statements ran");
    for (query, expected) in [
        (
            "SELECT id, address, category_id FROM mail_in_filter",
            "4|test@mailinator.com|3",
        ),
        ("SELECT count(*) FROM schedule WHERE disabled = 1", "3"),
        (
            "SELECT string_agg(status::text, ',' ORDER BY id) FROM s_shipment",
            "1,2,5,2",
        ),
        (
            "SELECT string_agg(status::text, ',' ORDER BY id) FROM ticket",
            "2,2",
        ),
        (
            "SELECT serialno, ownercontactname, dbcontactname FROM company",
            "99|Test Env - Shop Inc / 99|Test Env - Shop Inc / 99",
        ),
    ] {
        assert_eq!(copy.psql(query).trim(), expected, "{query}");
    }
}

#[test]
fn system_users_and_plans_come_from_the_target() {
    let Some(server) = postgres() else { return };
    let (made, target) = (server.database(), server.database());
    made.psql(TABLES);
    target.psql(TABLES);
    target.psql(
        "UPDATE associate SET associate_id = 95, name = 'SYSTEST' WHERE associate_id = 90;
        UPDATE credentials SET associateid = 95, secret = 'test-token' WHERE associateid = 90;
        DELETE FROM licenseassoclink WHERE licenseassoclink_id = 2;",
    );
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = dir.path().join("target.sql");
    std::fs::write(&path, target.dump(&[])).expect("the target's dump");
    let args = ["--target", path.to_str().expect("UTF-8")];
    let dump = made.dump(&[]);
    let users = "SELECT string_agg(name, ',' ORDER BY associate_id), (SELECT string_agg(secret, ',' ORDER BY credentials_id) FROM credentials),
        (SELECT count(*) FROM licenseassoclink) FROM associate";
    for (more, expected) in [
        (&[][..], "ADMIN,ANN,SYSERP|hash-1,hash-2,sys-token|2"),
        (
            &["--set", "system_users=target", "--set", "user_plans=target"][..],
            "ADMIN,ANN,SYSTEST|hash-1,hash-2,test-token|1",
        ),
    ] {
        let copy = server.database();
        copy.restore(runner::filter_with(&[&args[..], more].concat(), BOOK, &dump).ok());
        assert_eq!(copy.psql(users).trim(), expected);
    }
    // An id that is somebody else's here: nobody's rights are given away.
    target.psql("DELETE FROM associate WHERE associate_id = 2; UPDATE associate SET associate_id = 2 WHERE associate_id = 95;");
    std::fs::write(&path, target.dump(&[])).expect("the target's dump");
    let all = [&args[..], &["--set", "system_users=target"]].concat();
    let run = runner::filter_with(&all, BOOK, &dump);
    assert_eq!(run.code, Some(1), "{}", run.err);
    assert!(
        run.err.contains("system-user-ids-that-are-taken"),
        "{}",
        run.err
    );
}

/// Both the baseline and the rulebook know the outbox: a text that waits there goes with it.
#[test]
fn texts_that_wait_go_also_behind_the_baseline() {
    let path = runner::fixture("mssql/superoffice/dump.sql");
    let dump = std::fs::read(path).expect("the dump");
    for out in [
        runner::run(&[], &dump).ok(),
        runner::run(&["-r", "superoffice"], &dump).ok(),
    ] {
        let (text, _, _) = encoding_rs::UTF_16LE.decode(&out);
        assert!(!text.contains("INSERT [crm7].[OUTBOX]"), "the outbox stays");
        assert!(!text.contains("Your code is 4711"), "a waiting text stays");
        assert!(text.contains("N'Old'"), "a text that was sent goes");
    }
}
