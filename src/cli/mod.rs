//! The command line: arguments, messages, exit codes. Only this module prints.
//!
//! One file per subcommand; `args` is the table from which help, man page and completions come.

mod archive;
mod args;
mod batch;
mod check;
mod filter;
mod functions;
mod job;
mod key;
mod man;
mod markdown;
mod message;
mod progress;
mod rules;
mod scan;
mod verify;

use crate::error::Result;
use crate::source::stdin_is_terminal;
use args::{Cli, Command, Rules};
use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use rustix::process::{Resource, Rlimit, setrlimit};
use std::process::ExitCode;

/// Runs the command line and gives the exit code.
pub fn main() -> ExitCode {
    batch::ask();
    // The memory of a run holds rows of production and its key: no file of it is left when it crashes.
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    let _ = setrlimit(Resource::Core, none);
    // Alone on a terminal: nobody has piped anything in, so somebody wants to know what this is.
    if std::env::args_os().len() == 1 && stdin_is_terminal() {
        message::help(&Cli::command().render_help());
        return ExitCode::from(2);
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are answers, on standard output; everything else is wrong usage.
            let answer = matches!(
                error.kind(),
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
            );
            let printed = error.print();
            return ExitCode::from(if answer && printed.is_ok() { 0 } else { 2 });
        }
    };
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            message::error(&error);
            ExitCode::from(error.kind.exit_code())
        }
    }
}

fn run(cli: Cli) -> Result<()> {
    match cli.command {
        None => filter::run(cli.filter),
        Some(Command::Check(args)) => check::run(*args),
        Some(Command::Verify(args)) => verify::run(*args),
        Some(Command::Scan(args)) => scan::run(*args),
        Some(Command::Archive { what }) => archive::run(what),
        Some(Command::Rules { what: Rules::List }) => message::result(&rules::list()?),
        Some(Command::Rules {
            what: Rules::Show { name, markdown },
        }) => {
            let text = rules::show(&name)?;
            match markdown {
                true => message::result(&markdown::rulebook(&name, text)),
                false => message::result(text),
            }
        }
        Some(Command::Functions { markdown: true, .. }) => message::result(&markdown::functions()),
        Some(Command::Functions { name, .. }) => message::result(&functions::run(name.as_deref())?),
        Some(Command::Completions { shell }) => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "scrub", &mut script);
            message::result(&String::from_utf8_lossy(&script))
        }
        Some(Command::Man {
            directory: Some(folder),
            ..
        }) => man::write(&folder),
        Some(Command::Man { names, .. }) => message::result(&man::page(&names)?),
    }
}
