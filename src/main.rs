//! The `scrub` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    scrub::cli::main()
}
