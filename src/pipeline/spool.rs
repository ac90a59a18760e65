//! Rows that have to wait: in memory up to a limit, then in an unlinked file.
//!
//! The file has no name from the start (mode 0600, removed before the first byte is written), so
//! nothing stays on disk whatever happens, and it is compressed. Rows come out in the order in
//! which they went in.

use super::transform::TextRow;
use crate::error::{Error, Result};
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, Write};
use std::path::PathBuf;

/// Rows in the order in which they were pushed.
pub(super) struct Spool {
    memory: Vec<u8>,
    limit: u64,
    dir: Option<PathBuf>,
    file: Option<zstd::Encoder<'static, BufWriter<File>>>,
    rows: u64,
}

impl Spool {
    /// A spool that keeps up to `limit` bytes in memory and the rest in a file in `dir`.
    pub(super) fn new(limit: u64, dir: Option<PathBuf>) -> Self {
        Spool {
            memory: Vec::new(),
            limit,
            dir,
            file: None,
            rows: 0,
        }
    }

    /// Appends a row.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(super) fn push(&mut self, row: &TextRow) -> Result<()> {
        self.rows += 1;
        self.memory
            .extend_from_slice(&(row.len() as u32).to_le_bytes());
        for cell in row {
            match cell {
                None => self.memory.extend_from_slice(&u32::MAX.to_le_bytes()),
                Some(text) => {
                    self.memory
                        .extend_from_slice(&(text.len() as u32).to_le_bytes());
                    self.memory.extend_from_slice(text);
                }
            }
        }
        if self.memory.len() as u64 > self.limit {
            self.spill().map_err(|error| failed(&error))?;
        }
        Ok(())
    }

    fn spill(&mut self) -> std::io::Result<()> {
        let encoder = match &mut self.file {
            Some(encoder) => encoder,
            none => {
                let file = match &self.dir {
                    Some(dir) => tempfile::tempfile_in(dir)?,
                    None => tempfile::tempfile()?,
                };
                none.insert(zstd::Encoder::new(BufWriter::new(file), 1)?)
            }
        };
        encoder.write_all(&self.memory)?;
        self.memory.clear();
        Ok(())
    }

    /// Takes the rows out, at most about `size` bytes of them at a time.
    ///
    /// # Errors
    /// If the file cannot be written or read back.
    pub(super) fn batches(mut self, size: usize) -> Result<Batches> {
        let input: Box<dyn Read + Send> = match self.file.take() {
            None => Box::new(std::io::Cursor::new(self.memory)),
            Some(mut encoder) => {
                let read_back = || {
                    encoder.write_all(&self.memory)?;
                    let mut file = encoder.finish()?.into_inner().map_err(|e| e.into_error())?;
                    file.rewind()?;
                    zstd::Decoder::new(file)
                };
                Box::new(BufReader::new(read_back().map_err(|error| failed(&error))?))
            }
        };
        Ok(Batches {
            input,
            rows: self.rows,
            size,
        })
    }
}

/// The rows of a spool, some at a time.
pub(super) struct Batches {
    input: Box<dyn Read + Send>,
    rows: u64,
    size: usize,
}

impl Iterator for Batches {
    type Item = Result<Vec<TextRow>>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut rows = Vec::new();
        let mut size = 0;
        while self.rows > 0 && size < self.size {
            self.rows -= 1;
            match read_row(&mut self.input) {
                Ok(row) => {
                    size += row.iter().flatten().map(Vec::len).sum::<usize>() + row.len();
                    rows.push(row);
                }
                Err(error) => return Some(Err(failed(&error))),
            }
        }
        (!rows.is_empty()).then_some(Ok(rows))
    }
}

fn failed(error: &std::io::Error) -> Error {
    Error::io(format!("cannot keep rows aside: {error}"))
        .remedy("give a directory with room by --spool-dir DIR, or more memory by --memory SIZE")
}

fn read_u32(input: &mut dyn Read) -> std::io::Result<u32> {
    let mut bytes = [0; 4];
    input.read_exact(&mut bytes)?;
    Ok(u32::from_le_bytes(bytes))
}

fn read_row(input: &mut dyn Read) -> std::io::Result<TextRow> {
    let cells = read_u32(input)?;
    (0..cells)
        .map(|_| match read_u32(input)? {
            u32::MAX => Ok(None),
            length => {
                let mut text = vec![0; length as usize];
                input.read_exact(&mut text)?;
                Ok(Some(text))
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_out_as_they_went_in() {
        for limit in [0, 100, 1 << 20] {
            let rows: Vec<TextRow> = (0..200u32)
                .map(|n| {
                    vec![
                        None,
                        Some(n.to_string().into_bytes()),
                        Some(vec![0; n as usize % 7]),
                    ]
                })
                .collect();
            let mut spool = Spool::new(limit, None);
            for row in &rows {
                spool.push(row).unwrap();
            }
            let mut out = Vec::new();
            let mut batches = 0;
            for rows in spool.batches(64).unwrap() {
                batches += 1;
                out.append(&mut rows.unwrap());
            }
            assert_eq!(out, rows, "limit {limit}");
            assert!(batches > 10);
        }
    }

    #[test]
    fn a_directory_that_cannot_be_written_is_an_error() {
        let mut spool = Spool::new(0, Some("/nonexistent/scrub".into()));
        let error = spool
            .push(&vec![Some(b"secret".to_vec())])
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("--spool-dir") && !error.contains("secret"),
            "{error}"
        );
    }
}
