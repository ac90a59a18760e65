//! Rows that wait: the output is the same wherever they wait, and what cannot be waited for is
//! refused.

use crate::runner::{command, filter};
use std::fmt::Write as _;

/// A table of about 300 KB whose rule looks up one that comes later.
fn dump() -> String {
    let mut dump = "CREATE TABLE a (id int, z int, mail text);\nCREATE TABLE z (id int);\n\
                    COPY a (id, z, mail) FROM stdin;\n"
        .to_owned();
    for id in 0..9_000 {
        let _ = writeln!(dump, "{id}\t{}\tuser{id}@example.com", id * 7 % 1_000);
    }
    dump.push_str("\\.\nCOPY z (id) FROM stdin;\n");
    for id in (0..1_000).step_by(3) {
        let _ = writeln!(dump, "{id}");
    }
    dump.push_str("\\.\nALTER TABLE z ADD PRIMARY KEY (id);\n");
    dump
}

const RULES: &str = "DELETE FROM a WHERE z NOT IN (SELECT id FROM z);\n\
                     UPDATE a SET mail = id || '@example.org' WHERE id % 5 = 0;\n";

struct Folder(tempfile::TempDir);

impl Folder {
    fn with(dump: &str, rules: &str) -> Folder {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("dump.sql"), dump).expect("the dump");
        std::fs::write(folder.path().join("rules.sql"), rules).expect("the rules");
        std::fs::create_dir(folder.path().join("spool")).expect("a folder");
        Folder(folder)
    }

    fn run(&self, args: &str, input: Option<&str>) -> crate::runner::Run {
        let mut command = command();
        command.current_dir(self.0.path()).args(["-r", "rules.sql"]);
        command.args(args.split_whitespace());
        command.write_stdin(input.unwrap_or_default());
        command.output().expect("scrub could not be run").into()
    }
}

#[test]
fn the_output_is_the_same_wherever_rows_wait() {
    let dump = dump();
    let folder = Folder::with(&dump, RULES);
    let piped = folder.run("--spool-dir spool", Some(&dump)).ok();
    let text = String::from_utf8_lossy(&piped);
    let place = |what: &str| text.find(what).unwrap_or_else(|| panic!("{what}"));
    assert!(place("COPY z ") < place("COPY a ") && place("COPY a ") < place("ALTER TABLE"));
    assert_eq!(text.matches("@example.").count(), 3_006);
    for memory in ["100K", "200K", "8M"] {
        for jobs in ["1", "3"] {
            let args = format!("--spool-dir spool --memory {memory} -j {jobs}");
            let spooled = folder.run(&args, Some(&dump));
            assert!(spooled.ok() == piped, "{args}");
        }
    }
    let file = folder.run("--spool-dir spool --memory 100K dump.sql", None);
    assert!(file.ok() == piped, "a file");
    let left = std::fs::read_dir(folder.0.path().join("spool")).expect("the folder");
    assert_eq!(left.count(), 0);
}

#[test]
fn a_compressed_file_and_a_byte_order_mark_are_no_plain_file() {
    let dump = format!("\u{feff}{}", dump());
    let folder = Folder::with(&dump, RULES);
    let piped = folder.run("-1", Some(&dump)).ok();
    assert!(folder.run("-1 --memory 100K dump.sql", None).ok() == piped);
    let zipped = folder.0.path().join("dump.sql.zst");
    std::fs::write(&zipped, zstd::encode_all(dump.as_bytes(), 1).expect("zstd")).expect("a file");
    assert!(folder.run("-1 --memory 100K dump.sql.zst", None).ok() == piped);
}

#[test]
fn a_lookup_that_outgrows_the_memory_names_the_option() {
    let dump = dump();
    let folder = Folder::with(&dump, RULES);
    let run = folder.run("--memory 1K", Some(&dump));
    assert_eq!(run.code, Some(3));
    assert!(
        run.err.contains("--memory SIZE") && run.err.contains("rules.sql:1"),
        "{}",
        run.err
    );
}

#[test]
fn rows_that_come_after_their_lookup_are_refused() {
    let dump = dump().replace(
        "ALTER TABLE",
        "COPY z (id) FROM stdin;\n5\n\\.\nALTER TABLE",
    );
    let run = Folder::with(&dump, RULES).run("", Some(&dump));
    assert_eq!(run.code, Some(3));
    assert!(run.err.contains("more of its rows come"), "{}", run.err);
}

#[test]
fn rows_that_cannot_leave_later_are_refused() {
    let dump = dump().replace("FROM stdin;\n0\t", "FROM stdin; SELECT 1;\n0\t");
    let run = Folder::with(&dump, RULES).run("", Some(&dump));
    assert_eq!(run.code, Some(3));
    assert!(run.err.contains("on the same line"), "{}", run.err);
}

/// A run that fails while rows wait leaves none of them behind.
#[test]
fn held_rows_do_not_leave_a_run_that_fails() {
    let dump = dump();
    let cut = &dump[..dump.find("ALTER").expect("the constraint") - 20];
    let run = filter(RULES, cut.as_bytes());
    assert_eq!(run.code, Some(3));
    assert!(!run.text().contains("@example"), "{}", run.err);
}
