//! Dockerfile and workflows: no container runs here, so what they say is held to what is there.

use super::Session;
use crate::runner::root;
use crate::server::own_postgres;
use serde_json::Value;
use std::process::Command;

fn read(name: &str) -> String {
    std::fs::read_to_string(root().join(name)).expect(name)
}

/// A workflow as JSON. Python reads YAML; GitHub reads `on:` as a key where YAML has a truth value.
fn workflow(name: &str) -> Value {
    const READ: &str =
        "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))";
    let path = root().join(".github/workflows").join(name);
    let output = Command::new("python3")
        .args(["-c", READ])
        .arg(path)
        .output()
        .expect("python3");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// The toolchain that rust-toolchain.toml names.
fn toolchain() -> String {
    let text = read("rust-toolchain.toml");
    let (_, rest) = text.split_once("channel = \"").expect("a channel");
    rest.split('"').next().expect("a version").to_owned()
}

/// The files of the build's context, as `.dockerignore` leaves them: nothing but what it names again.
fn context() -> Vec<String> {
    let ignored = read(".dockerignore");
    let mut lines = ignored.lines().filter(|line| !line.starts_with('#'));
    assert_eq!(
        lines.next(),
        Some("*"),
        "nothing goes along that is not named"
    );
    lines
        .map(|line| line.strip_prefix('!').expect("a path").to_owned())
        .collect()
}

#[test]
fn the_image_is_built_of_what_is_there() {
    let text = read("Dockerfile");
    let joined = text.replace("\\\n", " ");
    let instructions: Vec<(&str, &str)> = joined
        .lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
        .map(|line| line.split_once(' ').expect("an instruction"))
        .collect();
    const KNOWN: [&str; 8] = [
        "FROM",
        "WORKDIR",
        "COPY",
        "RUN",
        "LABEL",
        "USER",
        "ENTRYPOINT",
        "ENV",
    ];
    for (word, _) in &instructions {
        assert!(KNOWN.contains(word), "{word}");
    }
    let all = |word: &str| -> Vec<&str> {
        let of = instructions.iter().filter(|(name, _)| *name == word);
        of.map(|(_, rest)| *rest).collect()
    };
    let from = all("FROM");
    assert_eq!(
        from[0],
        format!("rust:{}-slim-bookworm AS build", toolchain())
    );
    assert_eq!(
        from[1], "debian:bookworm-slim",
        "the same C library as where it was built"
    );
    let user = all("USER");
    assert!(
        user.len() == 1 && !user[0].starts_with(['0', 'r']),
        "{user:?}"
    );
    assert_eq!(all("ENTRYPOINT"), ["[\"scrub\"]"]);
    let run = all("RUN").concat();
    assert!(
        run.contains("cargo build --release --locked --bin scrub"),
        "{run}"
    );
    for file in ["README.md", "LICENSE-MIT", "LICENSE-APACHE"] {
        assert!(run.contains(file) && root().join(file).exists());
    }
    for shell in all("RUN") {
        let script = shell
            .split_whitespace()
            .filter(|word| !word.starts_with("--mount"))
            .collect::<Vec<_>>();
        let checked = Command::new("bash")
            .args(["-n", "-c", &script.join(" ")])
            .status();
        assert!(checked.expect("bash").success(), "{shell}");
    }
}

/// Cargo finds all that Cargo.toml names in the build's context, and nothing of the sources includes a file
/// that is not in it.
#[test]
fn the_context_is_enough_for_cargo() {
    let folder = tempfile::tempdir().expect("a folder");
    for path in context() {
        let copy = format!("cp -r --parents {path} {}", folder.path().display());
        let copied = Command::new("bash")
            .args(["-c", &copy])
            .current_dir(root())
            .status();
        assert!(copied.expect("cp").success(), "{path}");
    }
    let metadata = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--no-deps",
            "--offline",
            "--locked",
            "--format-version=1",
        ])
        .current_dir(folder.path())
        .output()
        .expect("cargo");
    assert!(
        metadata.status.success(),
        "{}",
        String::from_utf8_lossy(&metadata.stderr)
    );
    let metadata: Value = serde_json::from_slice(&metadata.stdout).expect("JSON");
    for target in metadata["packages"][0]["targets"]
        .as_array()
        .expect("targets")
    {
        let path = target["src_path"].as_str().expect("a path");
        assert!(std::path::Path::new(path).exists(), "{path}");
    }
    let listed = Command::new("grep")
        .args(["-rhoE", r#"include_(str|bytes)!\("[^"]+"#, "src"])
        .current_dir(root())
        .output()
        .expect("grep");
    for line in String::from_utf8_lossy(&listed.stdout).lines() {
        let path = line.split_once('"').expect("a path").1;
        let outside = path.trim_start_matches("../");
        let kept = context()
            .iter()
            .any(|name| outside.starts_with(name.as_str()));
        assert!(
            kept || root().join("src").exists() && !path.starts_with("../../"),
            "{path}"
        );
    }
}

/// All values under a key, anywhere.
fn under<'v>(value: &'v Value, key: &str, out: &mut Vec<&'v str>) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                match value.as_str() {
                    Some(text) if name == key => out.push(text),
                    _ => under(value, key, out),
                }
            }
        }
        Value::Array(all) => all.iter().for_each(|value| under(value, key, out)),
        _ => {}
    }
}

#[test]
fn the_workflows_run_what_is_there() {
    let version = toolchain();
    let mut commands = Vec::new();
    // What GitHub puts in is a word.
    let put_in = regex::Regex::new(r"\$\{\{[^}]*\}\}").expect("a pattern");
    for name in ["ci.yml", "release.yml"] {
        let read = workflow(name);
        for (job, what) in read["jobs"].as_object().expect("jobs") {
            assert!(
                what["runs-on"].is_string() && what["steps"].is_array(),
                "{name}: {job}"
            );
            for step in what["steps"].as_array().expect("steps") {
                assert!(
                    step["run"].is_string() != step["uses"].is_string(),
                    "{name}: {job}: {step}"
                );
            }
            if let Some(needed) = what["needs"].as_str() {
                assert!(
                    read["jobs"][needed].is_object(),
                    "{name}: {job} needs {needed}"
                );
            }
        }
        let mut containers = Vec::new();
        under(&read, "container", &mut containers);
        assert!(!containers.is_empty());
        let image = format!("rust:{version}-bookworm");
        assert!(
            containers.iter().all(|c| *c == image),
            "{name}: {containers:?}"
        );
        let mut actions = Vec::new();
        under(&read, "uses", &mut actions);
        for action in actions {
            let (owner, tag) = action.split_once('@').expect("a version");
            assert!(
                owner.split('/').count() == 2 && tag.starts_with('v'),
                "{action}"
            );
        }
        let mut runs = Vec::new();
        under(&read, "run", &mut runs);
        for run in runs {
            let run = put_in.replace_all(run, "word");
            let checked = Command::new("bash").args(["-n", "-c", &run]).status();
            assert!(checked.expect("bash").success(), "{name}: {run}");
            commands.push(run.into_owned());
        }
    }
    let all = commands.join("\n");
    for command in [
        "cargo fmt --check",
        "cargo clippy --all-targets --locked -- -D warnings",
        "tests/run",
        "sha256sum",
    ] {
        assert!(all.contains(command), "{command}");
    }
    // What .ci/run asks for is what a pull request is asked for.
    for line in read(".ci/run")
        .lines()
        .filter(|l| l.starts_with("cargo ") || l.starts_with("tests/"))
    {
        assert!(all.contains(line), "{line}");
    }
    let path = regex::Regex::new(r"(?m)(?:^|[\s<])((?:tests|fixtures|benches|fuzz)/[\w./-]+)")
        .expect("a pattern");
    let mut paths = 0;
    for found in path.captures_iter(&all) {
        assert!(root().join(&found[1]).exists(), "{}", &found[1]);
        paths += 1;
    }
    assert!(paths >= 2);
    for file in ["README.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE"] {
        assert!(all.contains(file) && root().join(file).exists());
    }
}

/// The image's own test, and how a release is packed, with stand-ins for docker and the build.
#[test]
fn the_steps_of_the_workflows_run() {
    let Some(pg) = own_postgres() else { return };
    let session = Session::new(pg);
    let step = |name: &str, job: &str, step: &str| -> String {
        let all = workflow(name);
        let steps = all["jobs"][job]["steps"].as_array().expect("steps").clone();
        let found = steps.iter().find(|s| s["name"] == step).expect(step);
        found["run"].as_str().expect("a script").to_owned()
    };
    let image = step("ci.yml", "image", "It filters, and it is not root");
    let (code, printed) = session.run(&image);
    assert_eq!(code, Some(0), "{printed}");
    let safe = std::fs::read_to_string(session.work().join("safe.sql")).expect("a dump");
    assert!(safe.contains("jane.roe_company.com@mailinator.com"));

    for file in ["README.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE"] {
        std::fs::copy(root().join(file), session.work().join(file)).expect(file);
    }
    let version = env!("CARGO_PKG_VERSION");
    let checked = step("release.yml", "build", "The tag is the version");
    let pack = step("release.yml", "build", "Pack");
    let publish = step("release.yml", "publish", "Checksums, and a release");
    let script = format!(
        "set -e\nmkdir -p target/release; cp \"$(command -v scrub)\" target/release/\n\
         export GITHUB_REF_NAME=v{version} NAME=scrub-v{version}-here GITHUB_REPOSITORY=a/b\n\
         gh() {{ echo gh \"$@\"; }}\n{checked}\n{pack}\n{publish}\nsha256sum -c SHA256SUMS\n\
         tar -tzf \"$NAME.tar.gz\"\nGITHUB_REF_NAME=v0.0.0-other\nif {checked}; then exit 9; fi"
    );
    let (code, printed) = session.run(&script);
    assert_eq!(code, Some(0), "{printed}");
    for part in [
        "man/scrub-check.1",
        "completions/scrub.fish",
        "/scrub\n",
        ": OK",
        "gh release create",
    ] {
        assert!(printed.contains(part), "{part}: {printed}");
    }
}
