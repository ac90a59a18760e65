//! Without rules nothing changes.

use super::{STYLES, archive, made, restored, restored_file, to_file};
use crate::runner;
use crate::server::postgres;

#[test]
fn an_archive_that_no_rule_concerns_leaves_as_it_came() {
    let Some(server) = postgres() else { return };
    let made = made(server);
    let before = made.fingerprint();
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = |name: &str| dir.path().join(name);
    for (number, style) in STYLES.iter().enumerate() {
        let what = format!("{style:?}");
        let piped = archive(&made, style);
        let through = runner::filter("", &piped).ok();
        assert!(through == piped, "{what}: from pipe to pipe");

        let (from, to) = (
            path(&format!("{number}.dump")),
            path(&format!("{number}.out")),
        );
        let name = from.to_str().expect("UTF-8");
        made.dump(&[&["-Fc", "-f", name], *style].concat());
        let file = std::fs::read(&from).expect("the archive");
        assert_eq!(to_file(&[], "", &from, &to).code, Some(0), "{what}");
        let written = std::fs::read(&to).expect("the archive");
        assert!(
            written == file,
            "{what}: from file to file, offsets and all"
        );

        std::fs::write(path("piped"), &piped).expect("a file");
        assert_eq!(to_file(&[], "", &path("piped"), &to).code, Some(0));
        let through = runner::run(&["-r", "/dev/null", to.to_str().expect("UTF-8")], b"").ok();
        assert!(through == piped, "{what}: offsets come and go");

        let same = |database: &crate::server::Database, how: &str| {
            let what = format!("{what}, {how}");
            before.assert_same(&database.fingerprint(), &what);
        };
        same(&restored(server, &through, &what), "from a pipe");
        same(&restored_file(server, &to, &["-j4"], &what), "in parallel");
    }
}

#[test]
fn lists_and_parts_of_it_can_be_restored() {
    let Some(server) = postgres() else { return };
    let made = made(server);
    let dir = tempfile::tempdir().expect("a temporary directory");
    let path = |name: &str| dir.path().join(name);
    std::fs::write(path("a.dump"), archive(&made, &[])).expect("a file");
    // The order of the blocks is another one.
    let rules = "UPDATE aside SET b = 'x' WHERE a IN (SELECT k FROM part);";
    let run = to_file(&["-Z", "gzip:1"], rules, &path("a.dump"), &path("b.dump"));
    assert_eq!(run.code, Some(0), "{}", run.err);
    made.psql(rules);
    let before = made.fingerprint();

    let mut list = server.tool("pg_restore");
    let list = list.arg("-l").arg(path("b.dump")).output().expect("a list");
    let list = String::from_utf8(list.stdout).expect("UTF-8");
    let (data, others): (Vec<&str>, Vec<&str>) =
        list.lines().partition(|line| line.contains(" TABLE DATA "));
    let first = others.iter().position(|line| line.contains(" CONSTRAINT "));
    let first = first.expect("a constraint");
    let backwards: Vec<&str> = (others[..first].iter().copied())
        .chain(data.into_iter().rev())
        .chain(others[first..].iter().copied())
        .collect();
    std::fs::write(path("list"), backwards.join("\n")).expect("a file");
    let option = format!("--use-list={}", path("list").display());
    let whole = restored_file(server, &path("b.dump"), &[&option], "a list");
    before.assert_same(&whole.fingerprint(), "a list");

    let part = restored_file(server, &path("b.dump"), &["-t", "aside"], "a table");
    let part = part.fingerprint();
    assert_eq!(part.rows("aside"), before.rows("aside"));
}

#[test]
fn another_compression_holds_the_same() {
    let Some(server) = postgres() else { return };
    let made = made(server);
    let before = made.fingerprint();
    for style in [STYLES[0], STYLES[1], STYLES[3]] {
        let piped = archive(&made, style);
        for method in ["none", "gzip", "gzip:9"] {
            let what = format!("{style:?} to {method}");
            let through = runner::filter_with(&["-Z", method], "", &piped).ok();
            assert!(through != piped, "{what}");
            before.assert_same(&restored(server, &through, &what).fingerprint(), &what);
            // And back, by way of an archive of chunks that scrub has cut.
            let again = runner::filter_with(&["-Z", "none"], "", &through).ok();
            let back = runner::filter_with(&["-Z", "none"], "", &piped).ok();
            assert!(again == back, "{what}");
        }
    }
    let run = runner::filter_with(&["-Z", "zstd"], "", &archive(&made, &[]));
    assert_eq!(run.code, Some(2), "{}", run.err);
    assert!(run.err.contains("pg_dump 15 or older"), "{}", run.err);
}
