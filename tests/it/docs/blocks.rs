//! The fenced blocks of a page. The first word of an info string is the language, as everywhere; what
//! follows it, behind commas, is for the test: `exit=1`, `file=NAME`, `output`,
//! `keep` (the databases of the block before), `target` (`test` has the test bed's own rows), `not-run`, `steps`.

/// A fenced block.
pub struct Block {
    /// The line of its fence, from 1.
    pub line: usize,
    info: String,
    /// What is in it.
    pub text: String,
}

/// What is done with a block.
#[derive(Debug, PartialEq, Eq)]
pub enum Kind {
    /// It runs.
    Shell,
    /// Its `run:` lines run.
    Steps,
    /// The commands of its lines run.
    Crontab,
    /// It is what the block before printed.
    Output,
    /// Nothing, unless it is written to a file.
    Other,
}

impl Block {
    /// What is done with it.
    pub fn kind(&self) -> Kind {
        match self.info.split(',').next().unwrap_or_default() {
            "sh" if self.value("file").is_none() => Kind::Shell,
            "crontab" => Kind::Crontab,
            "yaml" if self.says("steps") => Kind::Steps,
            _ if self.says("output") => Kind::Output,
            _ => Kind::Other,
        }
    }

    /// Does its info string have the word?
    pub fn says(&self, word: &str) -> bool {
        self.info.split(',').skip(1).any(|part| part == word)
    }

    /// What stands behind `word=` in the info string.
    pub fn value(&self, word: &str) -> Option<&str> {
        let parts = self.info.split(',').skip(1);
        let mut values = parts.filter_map(|part| part.split_once('='));
        values
            .find(|(name, _)| *name == word)
            .map(|(_, value)| value)
    }
}

/// All blocks of a page.
pub fn blocks(page: &str) -> Vec<Block> {
    let mut all: Vec<Block> = Vec::new();
    let mut open = false;
    for (number, line) in page.lines().enumerate() {
        match (line.strip_prefix("```"), open) {
            (Some(info), false) => {
                all.push(Block {
                    line: number + 1,
                    info: info.trim().to_owned(),
                    text: String::new(),
                });
                open = true;
            }
            (Some(_), true) => open = false,
            (None, true) => {
                let text = &mut all.last_mut().expect("an open block").text;
                *text += line;
                text.push('\n');
            }
            (None, false) => {}
        }
    }
    assert!(!open, "a block is not closed");
    all
}

/// The page with other text in the blocks that begin at these lines.
pub fn with_outputs(page: &str, outputs: &[(usize, String)]) -> String {
    let mut out = String::new();
    let mut inside = false;
    for (number, line) in page.lines().enumerate() {
        if inside && line == "```" {
            inside = false;
        }
        if inside {
            continue;
        }
        out += line;
        out.push('\n');
        if let Some((_, text)) = outputs.iter().find(|(at, _)| *at == number + 1) {
            inside = true;
            if !text.is_empty() {
                out += text;
                out.push('\n');
            }
        }
    }
    out
}
