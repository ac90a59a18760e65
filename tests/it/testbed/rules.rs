//! Rulebooks of a set: for all components or for one, for the dump or for settings files.

use super::System;
use serde_json::Value;

fn set_of(system: &System, line: &str) -> String {
    let out = system
        .scrub(&format!("archive create -q -d sets {line}"), "")
        .ok();
    String::from_utf8(out).unwrap().trim_end().to_owned()
}

#[test]
fn statements_go_to_the_dump_or_to_the_settings_file_that_they_name() {
    let system = System::new();
    std::fs::write(
        system.at("own.sql"),
        "UPDATE maestro_settings SET value = 'gone' WHERE name = 'hub.host';\n\
         UPDATE \"hub.ini\" SET value = 'here' WHERE key = 'hub.host';\n\
         INSERT INTO \"hub.ini\" (key, value) VALUES ('test', 'bed');\n\
         UPDATE \"*\" SET value = 'x@mailinator.com' WHERE value LIKE '%@%';\n",
    )
    .unwrap();
    let set = set_of(
        &system,
        "-r own.sql --component hub=dumps/hub.sql --member hub=dumps/hub.ini",
    );
    let out = system
        .scrub(&format!("archive extract {set} hub hub.ini"), "")
        .ok();
    assert_eq!(
        String::from_utf8_lossy(&out),
        "# hub\r\n\r\nhub.host = here\r\ninstance.id = i-4711\r\n! admin\r\nadmin=x@mailinator.com\r\ntest=bed\n"
    );
    let out = system.scrub(&format!("archive extract {set} hub"), "").ok();
    let out = String::from_utf8_lossy(&out);
    assert!(
        out.contains("'gone'") && out.contains("x@mailinator.com"),
        "{out}"
    );
    // The manifest knows the rulebook's file, and that it is another one now.
    system.scrub(&format!("archive verify -q {set}"), "").ok();
    std::fs::write(system.at("own.sql"), "-- nothing\n").unwrap();
    let run = system.scrub(&format!("archive verify -q {set}"), "");
    assert_eq!(run.code, Some(2), "{}", run.err);
    system
        .scrub(&format!("archive verify -q {set} -r own.sql"), "")
        .ok();
}

#[test]
fn verify_proves_each_component_and_says_which_is_not_safe() {
    let system = System::new();
    let rules = "-r hub=auto -r lui=auto -r trk=rules.sql";
    let set = system.create(rules);
    let run = system.scrub(&format!("archive verify {set}"), "");
    assert_eq!(run.code, Some(1), "{}", run.err);
    assert!(run.err.contains("trk/"), "{}", run.err);
    assert!(run.text().contains("click.address"), "{}", run.text());
    assert!(!run.text().contains("eve@company.com"));
    system
        .scrub(
            &format!("archive verify -q {set} --safe-domain company.com"),
            "",
        )
        .ok();
}

#[test]
fn one_random_key_serves_all_components() {
    let system = System::new();
    std::fs::write(
        system.at("same.sql"),
        "UPDATE maestro_settings SET value = anon.pseudo_email(value) WHERE value LIKE '%@%'",
    )
    .unwrap();
    let line = "env -u SCRUB_KEY ";
    let run = system.bash(&format!(
        "{line} {} archive create -q -d sets -r same.sql --component a=dumps/hub.sql --component b=dumps/lui.sql.gz",
        env!("CARGO_BIN_EXE_scrub")
    ));
    let set = String::from_utf8(run.ok()).unwrap().trim_end().to_owned();
    assert_eq!(system.manifest(&set)["key"]["random"], Value::Bool(true));
    let pseudonym = |component: &str| {
        let out = system
            .scrub(&format!("archive extract {set} {component}"), "")
            .ok();
        let text = String::from_utf8(out).unwrap();
        let at = text.find('@').expect("an address");
        let start = text[..at].rfind('\'').unwrap();
        text[start..].split('\'').nth(1).unwrap().to_owned()
    };
    assert_eq!(pseudonym("a"), pseudonym("b"));
}

#[test]
fn a_set_of_one_component_with_an_empty_settings_file() {
    let system = System::new();
    for file in ["trk.sql", "lui.sql.gz", "tracker.ini"] {
        std::fs::remove_file(system.at("dumps").join(file)).expect(file);
    }
    std::fs::write(system.at("dumps/hub.ini"), "").expect("an empty file");
    let set = set_of(&system, "dumps");
    let verified = system.scrub(&format!("archive verify {set}"), "");
    assert_eq!(verified.code, Some(0), "{}", verified.err);
    assert!(
        verified.err.contains("whole, 1 component\n"),
        "{}",
        verified.err
    );
    let empty = system.scrub("-f properties -r rules.sql dumps/hub.ini", "");
    assert_eq!(empty.ok(), b"");
    let nothing = system.scrub("-f properties -r rules.sql", "");
    assert_eq!(
        nothing.code,
        Some(3),
        "an empty pipe is a command that failed"
    );
}
