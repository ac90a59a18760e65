//! The rulebooks that are part of the program, from `transforms/`.

use std::io;

/// A built-in rulebook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Builtin {
    /// Its name on the command line.
    pub name: &'static str,
    /// Its text.
    pub text: &'static str,
}

impl Builtin {
    /// The path under which messages name it and other built-ins include it.
    pub fn path(&self) -> String {
        format!("{}.sql", self.name)
    }
}

/// All of them, by name.
pub fn builtins() -> &'static [Builtin] {
    &[]
}

/// The built-in of this name.
pub fn builtin(name: &str) -> Option<&'static Builtin> {
    builtins().iter().find(|builtin| builtin.name == name)
}

/// What `\ir` means inside a built-in: another built-in.
pub fn include(path: &str) -> io::Result<String> {
    let found = builtins().iter().find(|builtin| builtin.path() == path);
    match found {
        Some(builtin) => Ok(builtin.text.to_owned()),
        None => Err(io::Error::new(
            io::ErrorKind::NotFound,
            "there is no such built-in rulebook",
        )),
    }
}
