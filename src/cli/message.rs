//! Everything that is printed: results on standard output, the rest on standard error.

use crate::error::{Error, Result};
use crate::report::Page;
use clap::builder::StyledStr;
use clap::builder::styling::{AnsiColor, Style};
use std::io::{self, Write};

const PREFIX: Style = AnsiColor::Red.on_default().bold();

/// Prints the result of a subcommand.
pub(super) fn result(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|e| match e.kind() {
            io::ErrorKind::BrokenPipe => Error::io("the reader of the output has gone"),
            _ => Error::io(format!("cannot write standard output: {e}")),
        })
}

/// What standard output is: how wide, and whether colours show on it.
pub(super) fn page() -> Page {
    let stdout = io::stdout();
    let set = std::env::var("COLUMNS").ok().and_then(|n| n.parse().ok());
    let terminal = || {
        let size = rustix::termios::tcgetwinsize(&stdout).ok()?;
        Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
    };
    let colours = anstream::AutoStream::choice(&stdout) != anstream::ColorChoice::Never;
    Page {
        width: set.or_else(terminal).unwrap_or(Page::default().width),
        colours,
    }
}

/// Prints an error, in colours on a terminal. What cannot be printed is lost; the exit code stays.
pub(super) fn error(error: &Error) {
    let _ = writeln!(
        anstream::stderr().lock(),
        "{PREFIX}scrub:{PREFIX:#} {error}"
    );
}

/// Prints the summary of a run.
pub(super) fn summary(text: &str) {
    let _ = anstream::stderr().lock().write_all(text.as_bytes());
}

/// Prints the short help where somebody who typed nothing but the name sees it.
pub(super) fn help(text: &StyledStr) {
    let _ = write!(anstream::stderr().lock(), "{}", text.ansi());
}
