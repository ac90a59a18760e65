//! The book's structure, as mdBook wants it, and its generated pages.

use crate::runner::{root, run};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const SRC: &str = "docs/src";

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The pages that SUMMARY.md names, in its order, as paths from the root.
pub fn pages() -> Vec<String> {
    let summary = read(&root().join(SRC).join("SUMMARY.md"));
    let links = links(&summary).into_iter();
    links.map(|(_, target)| format!("{SRC}/{target}")).collect()
}

/// The links of a page outside of its code: where they stand, and where they lead.
fn links(page: &str) -> Vec<(usize, String)> {
    let mut all = Vec::new();
    let mut fenced = false;
    for (number, line) in page.lines().enumerate() {
        if line.starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        // Code has no links; the pieces between back ticks are skipped.
        let text: String = line.split('`').step_by(2).collect::<Vec<_>>().join("`");
        let mut rest = text.as_str();
        while let Some((_, after)) = rest.split_once("](") {
            let Some((target, after)) = after.split_once(')') else {
                break;
            };
            all.push((number + 1, target.to_owned()));
            rest = after;
        }
    }
    all
}

/// The anchors that mdBook and GitHub make of a page's headings.
fn anchors(page: &str) -> BTreeSet<String> {
    let mut fenced = false;
    let headings = page.lines().filter(|line| {
        fenced ^= line.starts_with("```");
        !fenced && line.starts_with('#')
    });
    headings
        .map(|line| {
            let text = line.trim_start_matches('#').trim().to_lowercase();
            let kept = text
                .chars()
                .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
            kept.map(|c| if c == ' ' { '-' } else { c }).collect()
        })
        .collect()
}

fn markdown_files(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            markdown_files(&path, out);
        } else if path.extension().is_some_and(|end| end == "md") {
            out.push(path);
        }
    }
}

#[test]
fn the_summary_names_every_page_once_and_nothing_else() {
    let named = pages();
    let unique: BTreeSet<_> = named.iter().cloned().collect();
    assert_eq!(unique.len(), named.len());
    let mut files = Vec::new();
    markdown_files(&root().join(SRC), &mut files);
    let files = files.iter().map(|path| {
        path.strip_prefix(root())
            .expect("inside")
            .display()
            .to_string()
    });
    let files: BTreeSet<_> = files.filter(|name| !name.ends_with("SUMMARY.md")).collect();
    assert_eq!(unique, files);
    let config = read(&root().join("docs/book.toml"));
    assert!(config.contains("[book]") && config.contains("src = \"src\""));
    for name in named {
        let page = read(&root().join(&name));
        assert!(page.starts_with("# "), "{name} has no title");
    }
}

#[test]
fn every_link_leads_somewhere() {
    let mut files = vec![root().join("README.md")];
    markdown_files(&root().join(SRC), &mut files);
    let mut seen = 0;
    for file in files {
        let page = read(&file);
        for (line, target) in links(&page) {
            if target.starts_with("https://") {
                continue;
            }
            let at = format!("{}:{line}: {target}", file.display());
            let (path, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let there = match path {
                "" => file.clone(),
                path => file.parent().expect("a folder").join(path),
            };
            assert!(there.exists(), "{at}");
            if !anchor.is_empty() {
                assert!(
                    anchors(&read(&there)).contains(anchor),
                    "{at}: no such heading"
                );
            }
            seen += 1;
        }
    }
    assert!(seen > 30, "{seen} links");
}

/// `SCRUB_UPDATE_GOLDEN=1` writes them.
#[test]
fn generated_pages_are_what_the_program_prints() {
    let names = String::from_utf8(run(&["rules", "list"], b"").ok()).expect("text");
    let names = names.lines().filter(|line| !line.starts_with(' '));
    let rulebooks = names.map(|name| {
        let args = ["rules", "show", "--markdown", name].map(str::to_owned);
        (format!("applications/{name}.md"), args.to_vec())
    });
    let functions = (
        "functions.md".to_owned(),
        vec!["functions".to_owned(), "--markdown".to_owned()],
    );
    let mut pages = 0;
    for (name, args) in rulebooks.chain([functions]) {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let printed = String::from_utf8(run(&args, b"").ok()).expect("text");
        let path = root().join(SRC).join(&name);
        if std::env::var_os("SCRUB_UPDATE_GOLDEN").is_some() {
            std::fs::write(&path, &printed).expect("a page");
        }
        assert_eq!(read(&path), printed, "{name}: scrub {}", args.join(" "));
        pages += 1;
    }
    assert!(pages >= 8);
}

/// The page of the command line has the help of every subcommand; that it is the program's is for the test of
/// all commands.
#[test]
fn every_subcommand_is_on_the_page_of_the_command_line() {
    let page = read(&root().join(SRC).join("command-line.md"));
    let mut todo = vec![Vec::new()];
    let mut seen = 0;
    while let Some(command) = todo.pop() {
        let mut line = vec!["scrub".to_owned()];
        line.extend(command.iter().cloned());
        line.push("--help".to_owned());
        let line = line.join(" ");
        assert!(page.contains(&format!("```sh\n{line}\n```")), "{line}");
        let args: Vec<&str> = command
            .iter()
            .map(String::as_str)
            .chain(["--help"])
            .collect();
        let help = String::from_utf8(run(&args, b"").ok()).expect("text");
        let names = help.split_once("ommands:\n").map_or("", |(_, rest)| rest);
        for line in names.lines().take_while(|line| !line.is_empty()) {
            let name = line.split_whitespace().next().expect("a name");
            todo.push(command.iter().cloned().chain([name.to_owned()]).collect());
        }
        seen += 1;
    }
    assert!(seen > 10, "{seen} subcommands");
}
