//! `scrub man`: the manual pages, one for each subcommand, as the table of arguments has them.

use super::args::Cli;
use crate::error::{Error, Result};
use clap::{Command, CommandFactory};
use std::path::Path;

/// The page of a subcommand, or of scrub itself.
pub(super) fn page(names: &[String]) -> Result<String> {
    let mut all = Cli::command();
    all.build();
    let mut command = &all;
    for name in names {
        command = command.find_subcommand(name).ok_or_else(|| {
            let error = Error::usage(format!("no such subcommand: {}", names.join(" ")));
            error.remedy("see scrub --help")
        })?;
    }
    render(command.clone())
}

fn render(command: Command) -> Result<String> {
    let mut page = Vec::new();
    let rendered = clap_mangen::Man::new(command).render(&mut page);
    rendered.map_err(|e| Error::io(format!("cannot make the manual page: {e}")))?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}

/// Writes all pages into a directory.
pub(super) fn write(folder: &Path) -> Result<()> {
    clap_mangen::generate_to(Cli::command(), folder).map_err(|e| {
        let folder = folder.display();
        Error::io(format!("{folder}: cannot write the manual pages: {e}"))
            .remedy("name a directory that is there")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pages that a page refers to.
    fn referred(page: &str) -> Vec<String> {
        let words = page
            .split_whitespace()
            .filter_map(|w| w.strip_suffix("(1)"));
        let words = words.map(|word| {
            word.replace("\\-", "-")
                .replace("\\fR", "")
                .replace("\\fB", "")
        });
        words.filter(|word| word.starts_with("scrub-")).collect()
    }

    #[test]
    fn every_page_that_a_page_names_is_there() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path()).unwrap();
        let mut seen = 0;
        for file in std::fs::read_dir(folder.path()).unwrap() {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
            for name in referred(&text).iter().filter(|name| !name.contains("help")) {
                let file = folder.path().join(format!("{name}.1"));
                assert!(file.exists(), "{name}");
                seen += 1;
            }
        }
        assert!(seen > 10, "{seen}");
    }

    #[test]
    fn a_page_for_each() {
        for (names, title) in [
            (&[][..], ".TH scrub 1"),
            (&["check"], ".TH scrub-check 1"),
            (&["archive", "create"], ".TH scrub-archive-create 1"),
        ] {
            let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
            let page = page(&names).unwrap();
            assert!(page.contains(title), "{page}");
        }
        assert!(page(&["nope".to_owned()]).is_err());
        assert!(write(Path::new("/nowhere/at/all")).is_err());
    }
}
