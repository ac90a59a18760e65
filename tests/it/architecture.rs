//! ARCHITECTURE.md says which module may know which; this holds the code to it.

use crate::runner::root;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The table's rows: module → what it may know.
fn allowed() -> BTreeMap<String, BTreeSet<String>> {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let mut rows = BTreeMap::new();
    for line in text.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [module, _, knows] = cells[..] else {
            continue;
        };
        let knows = match knows {
            "nothing" => BTreeSet::new(),
            list => list.split(',').map(|name| name.trim().to_owned()).collect(),
        };
        rows.insert(module.trim_matches('`').to_owned(), knows);
    }
    rows
}

/// The modules that a file declares for unit tests only.
fn test_modules(file: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    text.split("#[cfg(test)]\n")
        .skip(1)
        .filter_map(|rest| {
            rest.trim_start_matches("pub ")
                .trim_start_matches("pub(crate) ")
                .strip_prefix("mod ")
        })
        .filter_map(|rest| rest.split([';', ' ']).next().map(str::to_owned))
        .collect()
}

/// Every file of a module with its code: comments and unit tests left out.
fn sources(module: &Path, visit: &mut dyn FnMut(&Path, &str)) {
    if module.is_dir() {
        let entries = || {
            std::fs::read_dir(module)
                .expect("a folder")
                .map(|e| e.expect("an entry").path())
        };
        let tests: Vec<String> = entries().flat_map(|file| test_modules(&file)).collect();
        for path in entries() {
            let name = path
                .file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            if !tests.contains(&name) {
                sources(&path, visit);
            }
        }
    } else if module.extension().is_some_and(|e| e == "rs") {
        let text = std::fs::read_to_string(module).expect("a source file");
        let code: Vec<&str> = text
            .split("\n#[cfg(test)]\nmod tests")
            .next()
            .unwrap_or_default()
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .collect();
        visit(module, &code.join("\n"));
    }
}

fn module_path(module: &str) -> std::path::PathBuf {
    let folder = root().join("src").join(module);
    if folder.is_dir() {
        folder
    } else {
        folder.with_extension("rs")
    }
}

#[test]
fn modules_know_what_the_table_says_and_no_more() {
    let allowed = allowed();
    let modules: BTreeSet<&String> = allowed.keys().collect();
    assert!(
        modules.len() > 10,
        "the table of ARCHITECTURE.md was not found"
    );
    let mut wrong = Vec::new();
    for (module, knows) in &allowed {
        sources(&module_path(module), &mut |path, code| {
            for (at, _) in code.match_indices("crate::") {
                let rest = &code[at + "crate::".len()..];
                let names: Vec<&str> = match rest.strip_prefix('{') {
                    Some(list) => list.split(['}', ',']).map(str::trim).collect(),
                    None => vec![rest],
                };
                for name in names {
                    let end = name.find(|c: char| !c.is_alphanumeric() && c != '_');
                    let other = name[..end.unwrap_or(name.len())].to_owned();
                    if modules.contains(&other) && other != *module && !knows.contains(&other) {
                        wrong.push(format!(
                            "{}: {module} must not know {other}",
                            path.display()
                        ));
                    }
                }
            }
        });
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_module_stands_in_the_table() {
    let allowed = allowed();
    for entry in std::fs::read_dir(root().join("src")).expect("src") {
        let path = entry.expect("an entry").path();
        let name = path
            .file_stem()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        if !["lib", "main"].contains(&name.as_str()) {
            assert!(
                allowed.contains_key(&name),
                "src/{name} is not in ARCHITECTURE.md's table"
            );
        }
    }
}

#[test]
fn libraries_stay_where_they_belong() {
    let only = [
        ("tokio", &["source", "sink", "pipeline"][..]),
        ("rayon", &["pipeline"]),
        ("sqlparser", &["rulebook"]),
        ("clap", &["cli"]),
        ("indicatif", &["cli"]),
        ("anstream", &["cli"]),
    ];
    let mut wrong = Vec::new();
    for module in allowed().keys() {
        sources(&module_path(module), &mut |path, code| {
            for (library, places) in only {
                if code.contains(&format!("{library}::")) && !places.contains(&module.as_str()) {
                    wrong.push(format!(
                        "{}: {library} does not belong here",
                        path.display()
                    ));
                }
            }
            for macro_name in ["println!", "eprintln!", "print!(", "eprint!("] {
                if code.contains(macro_name) && module != "cli" {
                    wrong.push(format!("{}: only cli prints", path.display()));
                }
            }
        });
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
