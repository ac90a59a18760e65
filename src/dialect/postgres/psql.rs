//! psql's own commands: where they end and what they are called.
//!
//! A command ends with its line, or at the next backslash outside of its arguments' quotes.

use super::charset::Charset;
use memchr::memchr;

/// The length of the command at the start of `bytes`, its line end or the `\\` that separates it
/// included; none if more input is needed.
pub fn command_end(bytes: &[u8], charset: &Charset, eof: bool) -> Option<usize> {
    match bytes.get(1) {
        None if !eof => return None,
        Some(b';' | b':' | b'\\') => return Some(2),
        _ => {}
    }
    let line = match memchr(b'\n', bytes) {
        Some(at) => at + 1,
        None if eof => bytes.len(),
        None => return None,
    };
    let name = command_name(&bytes[..line]);
    let start = 1 + name.len();
    if matches!(
        name,
        b"!" | b"copy" | b"h" | b"help" | b"ef" | b"ev" | b"sf" | b"sv"
    ) {
        return Some(line);
    }
    let mut quote = None;
    let mut at = start;
    while at < line {
        let b = bytes[at];
        match quote {
            None if b == b'\\' => {
                let separator = usize::from(bytes.get(at + 1) == Some(&b'\\')) * 2;
                return Some(at + separator);
            }
            None if matches!(b, b'\'' | b'"' | b'`') => quote = Some(b),
            Some(b'\'') if b == b'\\' => at += 1,
            Some(open) if open == b => quote = None,
            _ => {}
        }
        at += charset.width(&bytes[at.min(line - 1)..line]);
    }
    Some(line)
}

/// The name of a command, without its backslash.
pub fn command_name(command: &[u8]) -> &[u8] {
    let name = command.get(1..).unwrap_or_default();
    let end = name
        .iter()
        .position(|b| b.is_ascii_whitespace() || *b == 0x0b || *b == b'\\')
        .unwrap_or(name.len());
    match name.first() {
        Some(b'!' | b';' | b':') => &name[..1],
        _ => &name[..end],
    }
}

/// Does the command send the statement before it, or throw it away?
pub fn sends(name: &[u8]) -> bool {
    matches!(
        name,
        b"g" | b"gx" | b"gexec" | b"gset" | b"gdesc" | b"crosstabview" | b"watch" | b"r" | b"reset"
    )
}

/// The arguments of a command, quotes taken off.
pub fn arguments(command: &[u8]) -> Vec<Vec<u8>> {
    let mut rest = &command[1 + command_name(command).len()..];
    let mut out = Vec::new();
    loop {
        let space = rest.iter().take_while(|b| b.is_ascii_whitespace()).count();
        rest = &rest[space..];
        if rest.is_empty() || rest[0] == b'\\' {
            return out;
        }
        let mut argument = Vec::new();
        let mut quote = None;
        let mut at = 0;
        while let Some(&b) = rest.get(at) {
            match quote {
                None if b.is_ascii_whitespace() || b == b'\\' => break,
                None if matches!(b, b'\'' | b'"') => quote = Some(b),
                Some(open) if open == b => {
                    if rest.get(at + 1) == Some(&b) {
                        argument.push(b);
                        at += 1;
                    } else {
                        quote = None;
                    }
                }
                Some(b'\'') if b == b'\\' => {
                    at += 1;
                    argument.extend(rest.get(at));
                }
                _ => argument.push(b),
            }
            at += 1;
        }
        out.push(argument);
        rest = &rest[at.min(rest.len())..];
    }
}

/// The database that a `\connect` names; none if it stays the same.
pub fn connect_target(command: &[u8]) -> Option<String> {
    let target = arguments(command)
        .into_iter()
        .find(|a| !a.starts_with(b"-reuse-previous"))?;
    if target == b"-" || target.is_empty() {
        return None;
    }
    let target = String::from_utf8_lossy(&target).into_owned();
    if let Some((_, rest)) = target.split_once("://") {
        let path = rest.split_once('/').map_or("", |(_, path)| path);
        return Some(path.split('?').next().unwrap_or_default().to_owned());
    }
    if !target.contains('=') {
        return Some(target);
    }
    let (_, value) = target.split_once("dbname")?;
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    let quoted = value.strip_prefix('\'');
    let mut name = String::new();
    let mut letters = quoted.unwrap_or(value).chars();
    while let Some(c) = letters.next() {
        match c {
            '\\' => name.extend(letters.next()),
            '\'' if quoted.is_some() => break,
            c if quoted.is_none() && c.is_whitespace() => break,
            c => name.push(c),
        }
    }
    Some(name)
}

/// The user that a `\connect` names.
pub fn connect_user(command: &[u8]) -> Option<String> {
    if !matches!(command_name(command), b"c" | b"connect") {
        return None;
    }
    let mut arguments = arguments(command)
        .into_iter()
        .filter(|a| !a.starts_with(b"-reuse-previous"));
    let user = arguments.nth(1)?;
    Some(String::from_utf8_lossy(&user).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_end_with_their_line_or_the_next_backslash() {
        let utf8 = Charset::utf8();
        for (text, end) in [
            ("\\echo a\nb", Some(8)),
            ("\\echo a\\echo b\n", Some(7)),
            ("\\echo a\\\\SELECT", None),
            ("\\echo a\\\\SELECT\n", Some(9)),
            ("\\set a 'b\\'c \\\\'\nx", Some(17)),
            ("\\copy t from 'C:\\x'\nx", Some(20)),
            ("\\;x", Some(2)),
            ("\\restrict", None),
        ] {
            assert_eq!(command_end(text.as_bytes(), &utf8, false), end, "{text}");
        }
        assert_eq!(command_end(b"\\unrestrict x", &utf8, true), Some(13));
        let sjis = Charset::from_name("SJIS");
        assert_eq!(command_end(b"\\echo \x95\\ x\n", &sjis, false), Some(11));
    }

    #[test]
    fn connect_names_a_database() {
        for (command, name) in [
            ("\\connect shop\n", Some("shop")),
            ("\\c \"My DB\"\n", Some("My DB")),
            (
                "\\connect -reuse-previous=on \"dbname='odd\"\"d;b name'\"\n",
                Some("odd\"d;b name"),
            ),
            (
                "\\connect -reuse-previous=on \"dbname='it\\\\'s'\"\n",
                Some("it\\"),
            ),
            ("\\connect \"host=x dbname=shop user=y\"\n", Some("shop")),
            ("\\c postgresql://u@h/shop?x=1\n", Some("shop")),
            ("\\c - someone\n", None),
            ("\\connect\n", None),
        ] {
            assert_eq!(
                connect_target(command.as_bytes()).as_deref(),
                name,
                "{command}"
            );
        }
        for (command, user) in [
            ("\\c d u\n", Some("u")),
            (
                "\\connect -reuse-previous=on \"dbname='d'\" \"U x\"\n",
                Some("U x"),
            ),
            ("\\c d\n", None),
            ("\\echo d u\n", None),
        ] {
            assert_eq!(
                connect_user(command.as_bytes()).as_deref(),
                user,
                "{command}"
            );
        }
    }
}
