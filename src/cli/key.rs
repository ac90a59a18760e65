//! The secret behind pseudonyms: from a file or the environment, never from the command line,
//! where every user of the machine could read it.

use crate::error::{Error, Result};
use crate::functions::Key;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use zeroize::Zeroize;

/// The variable of the environment.
pub(super) const VARIABLE: &str = "SCRUB_KEY";

/// A key shorter than this can be guessed.
const SHORT: usize = 16;

/// The key of the run, and what should be said about it.
pub(super) fn key(file: Option<&Path>) -> Result<(Key, Option<String>)> {
    let (secret, origin) = match file {
        Some(path) => {
            let name = path.display().to_string();
            let secret = std::fs::read(path)
                .map_err(|e| Error::io(format!("cannot read the key file {name}: {e}")))?;
            (secret, name)
        }
        None => match std::env::var_os(VARIABLE) {
            Some(secret) => (secret.into_vec(), VARIABLE.to_owned()),
            // That it is random is in the report, with a warning.
            None => return Ok((Key::random(), None)),
        },
    };
    from_secret(secret, &origin)
}

fn from_secret(mut secret: Vec<u8>, origin: &str) -> Result<(Key, Option<String>)> {
    let trimmed = secret.strip_suffix(b"\n").unwrap_or(&secret);
    let length = trimmed.strip_suffix(b"\r").unwrap_or(trimmed).len();
    // What is cut off stays in the buffer, which the key zeroes as a whole.
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

    #[test]
    fn the_line_end_is_no_part_of_it() {
        let long = "0123456789abcdef0123456789abcdef";
        let plain = from_secret(long.into(), "x").unwrap();
        assert!(plain.1.is_none() && !plain.0.random);
        for end in ["\n", "\r\n"] {
            let key = from_secret(format!("{long}{end}").into(), "x").unwrap().0;
            assert_eq!(key.fingerprint(), plain.0.fingerprint());
        }
        let spaced = from_secret(format!("{long} ").into(), "x").unwrap().0;
        assert_ne!(spaced.fingerprint(), plain.0.fingerprint());
    }

    #[test]
    fn an_empty_key_is_refused_and_a_short_one_named() {
        for secret in ["", "\n", "\r\n"] {
            assert!(from_secret(secret.into(), "x").is_err());
        }
        let (_, warning) = from_secret("secret".into(), "x").unwrap();
        let warning = warning.unwrap();
        assert!(warning.contains("shorter") && !warning.contains("secret"));
    }

    #[test]
    fn from_a_file() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"0123456789abcdef\n").unwrap();
        let (read, _) = key(Some(file.path())).unwrap();
        let given = from_secret("0123456789abcdef".into(), "x").unwrap().0;
        assert_eq!(read.fingerprint(), given.fingerprint());
        let error = key(Some(Path::new("/nowhere/key"))).unwrap_err();
        assert!(error.message.contains("/nowhere/key"));
    }
}
