//! The command line: arguments, messages, exit codes. Only this module prints.

use std::process::ExitCode;

/// Runs the command line and gives the exit code.
pub fn main() -> ExitCode {
    todo!()
}
