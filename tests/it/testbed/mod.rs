//! Test-bed archives: a set is whole or not there, and nothing of a set leaves that is not.

mod broken;
mod ends;
mod rules;

use crate::mariadb::mariadb;
use crate::runner::{KEY, Run, command};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The last line of a valid report.
const COMPLETED: &str = "The test-bed-backup was completed successfully";

const HUB: &str = "CREATE TABLE `maestro_settings` (`name` varchar(100) NOT NULL, `value` text, PRIMARY KEY (`name`)) ENGINE=InnoDB;\n\
    INSERT INTO `maestro_settings` VALUES ('hub.host','hub.shop.com'),('instance.id','i-4711'),('admin','bob@company.com');\n";
const LUI: &str = "CREATE TABLE `maestro_settings` (`name` varchar(100) NOT NULL, `value` text, PRIMARY KEY (`name`)) ENGINE=InnoDB;\n\
    INSERT INTO `maestro_settings` VALUES ('outbox.sending','enabled'),('owner','bob@company.com');\n\
    CREATE TABLE `maestro_job` (`job_id` int NOT NULL, `job_name` text, `state` text, `send_time` datetime, PRIMARY KEY (`job_id`)) ENGINE=InnoDB;\n\
    INSERT INTO `maestro_job` VALUES (1,'Newsletter','scheduled','2026-12-01 08:00:00'),(2,'Draft','draft',NULL);\n";
const TRK: &str = "CREATE TABLE `click` (`id` int NOT NULL, `address` text, PRIMARY KEY (`id`)) ENGINE=InnoDB;\n\
    INSERT INTO `click` VALUES (1,'eve@company.com');\n";
const HUB_INI: &str = "# hub\r\n\r\nhub.host = hub.shop.com\r\ninstance.id = i-4711\r\n! admin\r\nadmin=bob@company.com\r\n";
const TRACKER_INI: &str = "trk.host=trk.shop.com\ntracking.host=t.shop.com\nport=80\n\
    database.type=mysql\ndatabase.url=jdbc:mysql://db.shop.com/trk\ndatabase.password=s3cret\noutbox.sending=enabled\n";

/// A folder with the dumps and settings files of a system in `dumps`, and `sets`.
struct System(tempfile::TempDir);

impl System {
    fn new() -> System {
        let system = System(tempfile::tempdir().expect("a folder"));
        for folder in ["dumps", "sets"] {
            std::fs::create_dir(system.at(folder)).expect(folder);
        }
        let files = [
            ("hub.sql", HUB),
            ("trk.sql", TRK),
            ("hub.ini", HUB_INI),
            ("tracker.ini", TRACKER_INI),
        ];
        for (name, text) in files {
            std::fs::write(system.at("dumps").join(name), text).expect(name);
        }
        std::fs::write(system.at("rules.sql"), "").expect("rules.sql");
        system
            .scrub("-q -f mysql -r rules.sql - -o dumps/lui.sql.gz", LUI)
            .ok();
        system
    }

    fn at(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    /// `scrub LINE < input`, in the folder.
    fn scrub(&self, line: &str, input: &str) -> Run {
        let mut command = command();
        let args = line.split_whitespace();
        command.current_dir(self.0.path()).args(args);
        command.write_stdin(input).output().expect("scrub").into()
    }

    /// A line of bash in the folder.
    fn bash(&self, line: &str) -> Run {
        let line = format!(
            "scrub() {{ {} \"$@\"; }}\n{line}",
            env!("CARGO_BIN_EXE_scrub")
        );
        let mut bash = Command::new("bash");
        bash.args(["-c", &line])
            .current_dir(self.0.path())
            .env("SCRUB_KEY", KEY);
        bash.output().expect("bash").into()
    }

    /// Makes a set of the system: its folder, within the system's.
    #[track_caller]
    fn create(&self, more: &str) -> String {
        let line = format!("archive create -q -d sets --member trk=dumps/tracker.ini dumps {more}");
        let out = String::from_utf8(self.scrub(&line, "").ok()).expect("a path");
        out.trim_end().to_owned()
    }

    /// The names in a folder.
    fn names(&self, folder: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.at(folder)).expect("a folder");
        let mut names: Vec<_> = entries
            .map(|e| {
                e.expect("an entry")
                    .file_name()
                    .into_string()
                    .expect("a name")
            })
            .collect();
        names.sort();
        names
    }

    /// The one file of the set whose name begins and ends like this.
    #[track_caller]
    fn file(&self, set: &str, begin: &str, end: &str) -> PathBuf {
        let mut names = self.names(set);
        names.retain(|name| name.starts_with(begin) && name.ends_with(end));
        assert_eq!(names.len(), 1, "{begin}…{end} in {set}");
        self.at(set).join(names.remove(0))
    }

    fn manifest(&self, set: &str) -> Value {
        let text = std::fs::read(self.file(set, "manifest_", ".json")).expect("the manifest");
        serde_json::from_slice(&text).expect("JSON")
    }
}

/// The id in the name of a set's folder.
fn id(set: &str) -> &str {
    set.split_once("TestBedBackup_").expect("a set").1
}

#[test]
fn a_set_has_a_file_for_each_component_a_manifest_and_a_report() {
    let system = System::new();
    let set = system.create("");
    let id = id(&set);
    let mut want = ["hub", "lui", "trk"]
        .map(|c| format!("{c}_TestBedBackup_{id}.zip"))
        .to_vec();
    want.insert(0, format!("backupReport_{id}.txt"));
    want.push(format!("manifest_{id}.json"));
    want.sort();
    assert_eq!(system.names(&set), want);
    assert_eq!(system.names("sets").len(), 1, "nothing else is left");

    let report = std::fs::read_to_string(system.file(&set, "backupReport_", ".txt")).unwrap();
    assert_eq!(report.lines().next_back(), Some(COMPLETED));
    assert!(report.starts_with("TEST-BED BACKUP"), "{report}");
    assert!(
        report.contains("Newsletter"),
        "the jobs in the outbox are listed"
    );
    assert!(!report.contains("bob@company.com"));

    let manifest = system.manifest(&set);
    assert_eq!(manifest["id"], id);
    assert_eq!(manifest["key"]["random"], false);
    let hub = &manifest["components"][0];
    let size = std::fs::metadata(system.file(&set, "hub_", ".zip"))
        .unwrap()
        .len();
    assert_eq!(hub["files"][0]["size"], size);
    assert_eq!(hub["dump"]["source"]["size"], HUB.len());
    assert_eq!(hub["dump"]["rulebooks"][1]["name"], "listserv-maestro");
    assert_eq!(hub["dump"]["tables"][0]["rows"], 3);
    assert_eq!(hub["settings"][0]["name"], "hub.ini");

    let tested = system.bash(&format!(
        "for f in {set}/*.zip; do unzip -tq $f || exit 9; done"
    ));
    assert_eq!(tested.code, Some(0), "{}", tested.err);
    system.scrub(&format!("archive verify {set}"), "").ok();
}

#[test]
fn what_comes_out_is_what_the_filter_gives() {
    let system = System::new();
    for format in ["zip", "zst"] {
        let set = system.create(&format!("--format {format}"));
        for (component, dump) in [
            ("hub", "hub.sql"),
            ("lui", "lui.sql.gz"),
            ("trk", "trk.sql"),
        ] {
            let want = system.scrub(&format!("-q dumps/{dump}"), "").ok();
            let out = system
                .scrub(&format!("archive extract {set} {component}"), "")
                .ok();
            assert_eq!(
                String::from_utf8_lossy(&out),
                String::from_utf8_lossy(&want),
                "{format} {component}"
            );
            assert!(!String::from_utf8_lossy(&out).contains("@company.com"));
        }
        system
            .scrub(&format!("archive extract {set} hub -o out.sql.gz"), "")
            .ok();
        let unpacked = system.bash("gzip -dc out.sql.gz").ok();
        assert_eq!(unpacked, system.scrub("-q dumps/hub.sql", "").ok());
        system.scrub(&format!("archive verify -q {set}"), "").ok();
    }
    let [zip, zst] = [".zip", ".sql.zst"].map(|suffix| {
        let count = |set: &String| {
            let names = system.names(&format!("sets/{set}"));
            names.iter().filter(|name| name.ends_with(suffix)).count()
        };
        system.names("sets").iter().map(count).sum::<usize>()
    });
    assert_eq!((zip, zst), (3, 3));
}

#[test]
fn settings_files_lose_hosts_and_ids_and_keep_the_rest() {
    let system = System::new();
    for format in ["zip", "zst"] {
        let set = system.create(&format!("--format {format}"));
        let hub = system
            .scrub(&format!("archive extract {set} hub hub.ini"), "")
            .ok();
        let hub = String::from_utf8(hub).unwrap();
        let (start, admin) = hub.split_once("admin=").expect("the last pair");
        assert_eq!(start, "# hub\r\n\r\nhub.host = localhost\r\n! admin\r\n");
        assert!(admin.ends_with("@mailinator.com\r\n"), "{admin}");
        // Its dump has no table of Maestro's, but the set has.
        let tracker = system
            .scrub(&format!("archive extract {set} trk tracker.ini"), "")
            .ok();
        assert_eq!(
            String::from_utf8_lossy(&tracker),
            "trk.host=localhost\nport=80\ndatabase.type=internal\noutbox.sending=disabled\n"
        );
    }
}

#[test]
fn a_component_goes_through_a_pipe_into_its_server() {
    let Some(server) = mariadb() else { return };
    let system = System::new();
    let set = system.create("");
    let made = server.database();
    let client = made.client();
    let run = system.bash(&format!(
        "set -o pipefail; scrub archive extract {set} lui | {client}"
    ));
    assert_eq!(run.code, Some(0), "{}", run.err);
    let found = made.run(
        b"SELECT value FROM maestro_settings ORDER BY name; SELECT count(*) FROM maestro_job;",
    );
    assert!(
        found.starts_with("disabled\n") && found.ends_with("\n2\n"),
        "{found}"
    );
    assert!(!found.contains("@company.com"));
}

#[test]
fn archives_of_pg_dump_are_components() {
    let Some(server) = crate::server::postgres() else {
        return;
    };
    let system = System::new();
    let made = server.database();
    made.psql("CREATE TABLE person (id int PRIMARY KEY, mail text); INSERT INTO person VALUES (1, 'bob@company.com');");
    std::fs::write(system.at("app.dump"), made.dump(&["-Fc"])).unwrap();
    let out = system
        .scrub("archive create -q -d sets --component app=app.dump", "")
        .ok();
    let set = String::from_utf8(out).unwrap().trim_end().to_owned();
    system.scrub(&format!("archive verify -q {set}"), "").ok();
    let dump = system.scrub(&format!("archive extract {set} app"), "").ok();
    assert!(dump.starts_with(b"PGDMP"));
    assert_eq!(
        system.manifest(&set)["components"][0]["dump"]["name"],
        "app.dump"
    );
}

/// Is there a set, or anything else, in the folder for sets?
#[track_caller]
fn nothing_in(path: &Path) {
    let left: Vec<_> = std::fs::read_dir(path).expect("a folder").collect();
    assert!(left.is_empty(), "{left:?}");
}
