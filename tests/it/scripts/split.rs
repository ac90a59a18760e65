//! Cuts scripts into statements, by its own means and no more than the writers here need.

/// What stands open at a place of a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    Nothing,
    /// A quote, closed by this character; doubled ones do not close it if that is said.
    Quote(char, bool),
    /// Oracle's `q'…'`: closed by the character and a quote.
    Alternative(char),
    Line,
    Block(u32),
}

/// Walks over a text and knows what is open.
struct Walker {
    oracle: bool,
    open: Open,
    depth: i32,
    /// The characters before, the nearest one last.
    before: [char; 3],
    /// The character next closes what is open, or belongs to its beginning.
    skip: usize,
}

impl Walker {
    fn new(oracle: bool) -> Walker {
        Walker {
            oracle,
            open: Open::Nothing,
            depth: 0,
            before: [' '; 3],
            skip: 0,
        }
    }

    fn top(&self) -> bool {
        self.open == Open::Nothing
    }

    fn step(&mut self, c: char, rest: &str) {
        let next = rest.chars().next();
        if self.skip > 0 {
            self.skip -= 1;
        } else {
            match self.open {
                Open::Quote(end, doubled) if c == end => match doubled && next == Some(end) {
                    true => self.skip = 1,
                    false => self.open = Open::Nothing,
                },
                Open::Alternative(end) if c == end && next == Some('\'') => {
                    self.open = Open::Nothing;
                    self.skip = 1;
                }
                Open::Line if c == '\n' => self.open = Open::Nothing,
                Open::Block(depth) if c == '*' && next == Some('/') => {
                    self.skip = 1;
                    self.open = if depth > 1 {
                        Open::Block(depth - 1)
                    } else {
                        Open::Nothing
                    };
                }
                Open::Block(depth) if c == '/' && next == Some('*') && !self.oracle => {
                    self.skip = 1;
                    self.open = Open::Block(depth + 1);
                }
                Open::Nothing => self.begin(c, next),
                _ => {}
            }
        }
        self.before = [self.before[1], self.before[2], c];
    }

    fn begin(&mut self, c: char, next: Option<char>) {
        let word = |c: char| c.is_alphanumeric() || c == '_';
        let [_, second, last] = self.before;
        let alternative =
            matches!(last, 'q' | 'Q') && (!word(second) || matches!(second, 'n' | 'N'));
        match (c, next) {
            ('\'', Some(open)) if self.oracle && alternative => {
                self.skip = 1;
                self.open = Open::Alternative(match open {
                    '[' => ']',
                    '{' => '}',
                    '<' => '>',
                    '(' => ')',
                    other => other,
                });
            }
            ('\'', _) => self.open = Open::Quote('\'', true),
            ('"', _) => self.open = Open::Quote('"', !self.oracle),
            ('[', _) if !self.oracle => self.open = Open::Quote(']', true),
            ('-', Some('-')) => self.open = Open::Line,
            ('/', Some('*')) => {
                self.skip = 1;
                self.open = Open::Block(1);
            }
            ('(', _) => self.depth += 1,
            (')', _) => self.depth -= 1,
            _ => {}
        }
    }
}

/// The lines of a text with their ends, each with what `top` says at its beginning.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive('\n')
}

/// The batches between the lines that say GO.
pub fn batches(script: &str) -> Vec<String> {
    let mut walker = Walker::new(false);
    let mut out = vec![String::new()];
    let mut at = 0;
    for line in lines(script) {
        let bare = line.split("--").next().unwrap_or_default().trim();
        if walker.top() && bare.eq_ignore_ascii_case("go") {
            out.push(String::new());
        } else {
            out.last_mut().expect("a batch").push_str(line);
            for (place, c) in line.char_indices() {
                walker.step(c, &script[at + place + c.len_utf8()..]);
            }
        }
        at += line.len();
    }
    assert!(walker.top(), "the script ends within {:?}", walker.open);
    out
}

/// The statements of an Oracle script, without terminators and the client's commands.
pub fn statements(script: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut walker = Walker::new(true);
    let mut statement = String::new();
    let mut at = 0;
    for line in lines(script) {
        let here = at;
        at += line.len();
        if walker.top() {
            let bare = line.trim();
            let first = bare
                .split([' ', ';'])
                .next()
                .unwrap_or_default()
                .to_ascii_uppercase();
            let client = ["REM", "PROMPT", "SET", "EXIT", "WHENEVER"].contains(&first.as_str());
            let begins = client || ["INSERT", "CREATE", "ALTER"].contains(&first.as_str());
            let pending = statement.trim_start().to_ascii_uppercase();
            // DDL may end without anything that says so.
            let ended = begins
                && walker.depth == 0
                && (pending.starts_with("CREATE ") || pending.starts_with("ALTER "));
            if bare == "/" || ended {
                out.push(std::mem::take(&mut statement));
            }
            if bare == "/" || statement.trim().is_empty() && (client || bare.starts_with("--")) {
                statement.clear();
                continue;
            }
        }
        let mut ended = false;
        for (place, c) in line.char_indices() {
            let rest = &script[here + place + c.len_utf8()..];
            let end = rest.trim_end_matches([' ', '\r']);
            if walker.top() && c == ';' && (rest.is_empty() || rest.starts_with(['\n', '\r'])) {
                ended = true;
                break;
            }
            // The client takes a hyphen at a line's end away.
            let hyphen =
                walker.top() && c == '-' && (end.is_empty() || rest.starts_with(['\n', '\r']));
            walker.step(if hyphen { ' ' } else { c }, rest);
            statement.push(if hyphen { ' ' } else { c });
        }
        if ended {
            out.push(std::mem::take(&mut statement));
        }
    }
    assert!(walker.top(), "the script ends within {:?}", walker.open);
    out.push(statement);
    out.retain(|statement| !statement.trim().is_empty());
    out
}
