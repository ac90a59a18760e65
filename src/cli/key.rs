//! The secret behind pseudonyms: from a file or the environment, never from the command line,
//! where every user of the machine could read it.
//!
//! Every copy that scrub makes is zeroed. The environment's own is not scrub's to change: whoever may
//! read the process's memory finds it there until the process ends.

use crate::error::{Error, Result};
use crate::functions::Key;
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use zeroize::{Zeroize, Zeroizing};

/// The variable of the environment.
pub(super) const VARIABLE: &str = "SCRUB_KEY";

/// A key shorter than this can be guessed.
const SHORT: usize = 16;

/// A file larger than this is no key.
const LARGE: usize = 64 << 10;

/// The key of the run, and what should be said about it.
pub(super) fn key(file: Option<&Path>) -> Result<(Key, Option<String>)> {
    match file {
        Some(path) => from_file(path),
        None => match std::env::var_os(VARIABLE) {
            Some(secret) => from_secret(secret.into_vec().into(), VARIABLE),
            // That it is random is in the report, with a warning.
            None => Ok((Key::random(), None)),
        },
    }
}

fn from_file(path: &Path) -> Result<(Key, Option<String>)> {
    let name = path.display();
    // Room for all of it at once: a buffer that grows leaves copies behind.
    let mut secret = Zeroizing::new(Vec::with_capacity(LARGE + 2));
    let mut read = || {
        let file = File::open(path)?;
        (&file).take(LARGE as u64 + 1).read_to_end(&mut secret)?;
        file.metadata()
    };
    // Its name is not told: who mistakes the option gives the key itself.
    let metadata = read().map_err(|e| {
        Error::io(format!("cannot read the file that --key-file names: {e}"))
            .remedy("give the name of a file that holds the key, not the key")
    })?;
    if secret.len() > LARGE {
        return Err(Error::usage(format!("{name} is too large to be a key"))
            .remedy("make one: openssl rand -hex 32 > FILE"));
    }
    let (key, short) = from_secret(secret, &name.to_string())?;
    // A secret of a container's is often readable for its group, which holds nobody else.
    let open = metadata.is_file() && metadata.permissions().mode() & 0o004 != 0;
    let open = open
        .then(|| format!("every user of this machine can read the key file {name}: chmod 600 it"));
    Ok((key, short.or(open)))
}

fn from_secret(mut secret: Zeroizing<Vec<u8>>, origin: &str) -> Result<(Key, Option<String>)> {
    let trimmed = secret.strip_suffix(b"\n").unwrap_or(&secret);
    let length = trimmed.strip_suffix(b"\r").unwrap_or(trimmed).len();
    secret[length..].zeroize();
    secret.truncate(length);
    if secret.is_empty() {
        return Err(Error::usage(format!("the key in {origin} is empty"))
            .remedy("make one: openssl rand -hex 32 > FILE"));
    }
    let warning = (length < SHORT)
        .then(|| format!("the key in {origin} is shorter than {SHORT} bytes and can be guessed"));
    Ok((Key::new(secret), warning))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn given(secret: impl Into<Vec<u8>>) -> Result<(Key, Option<String>)> {
        from_secret(Zeroizing::new(secret.into()), "x")
    }

    const LONG: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn the_line_end_is_no_part_of_it() {
        let plain = given(LONG).unwrap();
        assert!(plain.1.is_none() && !plain.0.random);
        for end in ["\n", "\r\n"] {
            let key = given(format!("{LONG}{end}")).unwrap().0;
            assert_eq!(key.fingerprint(), plain.0.fingerprint());
        }
        let spaced = given(format!("{LONG} ")).unwrap().0;
        assert_ne!(spaced.fingerprint(), plain.0.fingerprint());
    }

    #[test]
    fn an_empty_key_is_refused_and_a_short_one_named() {
        for secret in ["", "\n", "\r\n"] {
            assert!(given(secret).is_err());
        }
        let (_, warning) = given("secret").unwrap();
        let warning = warning.unwrap();
        assert!(warning.contains("shorter") && !warning.contains("secret"));
    }

    #[test]
    fn from_a_file() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(format!("{LONG}\n").as_bytes()).unwrap();
        let (read, warning) = key(Some(file.path())).unwrap();
        assert_eq!(read.fingerprint(), given(LONG).unwrap().0.fingerprint());
        assert_eq!(warning, None);
        let error = key(Some(Path::new("/nowhere/key"))).unwrap_err();
        assert!(error.message.contains("--key-file") && !error.to_string().contains("nowhere"));
        let error = key(Some(Path::new("/dev/zero"))).unwrap_err();
        assert!(error.message.contains("too large"), "{error}");
    }

    #[test]
    fn a_file_that_everybody_can_read_is_named() {
        for (mode, told) in [(0o600, false), (0o440, false), (0o644, true)] {
            let mut file = tempfile::NamedTempFile::new().unwrap();
            file.write_all(LONG.as_bytes()).unwrap();
            file.as_file()
                .set_permissions(std::fs::Permissions::from_mode(mode))
                .unwrap();
            let (_, warning) = key(Some(file.path())).unwrap();
            assert_eq!(warning.is_some(), told, "{mode:o}: {warning:?}");
            assert!(!warning.unwrap_or_default().contains(LONG));
        }
    }
}
