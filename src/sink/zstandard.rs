//! Compressing with Zstandard, in a dump's own way if no level is asked for.
//!
//! The level that is usual, 3, searches in tables of 768 KiB and in the 2 MiB before, which push each other out of the caches as
//! soon as other threads work beside. Rows repeat what stands a few lines above: smaller tables and a smaller window find that
//! as well, and without matches of five bytes the longer ones are found that begin a little later. Rows of tables (numbers,
//! times, JSON, hashes) become 5 % smaller to half a percent larger in half to four fifths of the time; prose and sources,
//! which repeat what is far away, 8 and 12 % larger. As frames of a MiB, which know nothing of each other, all of these become up to
//! 2 % larger than as one (`benches/README.md`). Whoever names a level gets Zstandard's own.

use std::io::{self, Write};
use zstd::bulk::Compressor;
use zstd::stream::raw::CParameter;
use zstd::stream::write;

/// The usual level with smaller tables and a smaller window, as binary logarithms of their entries and bytes, with longer
/// matches, and in a stream with a quarter of the bytes for a worker at a time, which then takes less memory.
const OF_ROWS: [CParameter; 5] = [
    CParameter::WindowLog(19),
    CParameter::HashLog(15),
    CParameter::ChainLog(11),
    CParameter::MinMatch(6),
    CParameter::JobSize(2 << 20),
];

/// A frame with a checksum, made at once in a dump's own way.
///
/// # Errors
/// If there is no memory for it.
pub fn frame_of_rows(text: &[u8]) -> io::Result<Vec<u8>> {
    let mut compressor = Compressor::new(zstd::DEFAULT_COMPRESSION_LEVEL)?;
    for parameter in OF_ROWS {
        compressor.set_parameter(parameter)?;
    }
    compressor.include_checksum(true)?;
    compressor.compress(text)
}

/// Writes one frame with a checksum. With workers its bytes do not depend on how they are cut into writes, nor on
/// how many workers there are, nor on how fast anything is.
pub struct Zstandard<W: Write> {
    inner: write::Encoder<'static, W>,
    has_workers: bool,
}

impl<W: Write> Zstandard<W> {
    /// `workers`: threads of its own, if it gets any.
    ///
    /// # Errors
    /// If there is no memory for it.
    pub fn new(out: W, level: Option<i32>, workers: Option<u32>) -> io::Result<Self> {
        let known = level.unwrap_or(zstd::DEFAULT_COMPRESSION_LEVEL);
        let mut inner = write::Encoder::new(out, known)?;
        if level.is_none() {
            for parameter in OF_ROWS {
                inner.set_parameter(parameter)?;
            }
        }
        inner.include_checksum(true)?;
        if let Some(workers) = workers {
            inner.multithread(workers)?;
        }
        Ok(Zstandard {
            inner,
            has_workers: workers.is_some(),
        })
    }

    /// What has been written to.
    pub fn get_ref(&self) -> &W {
        self.inner.get_ref()
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self) -> &mut W {
        self.inner.get_mut()
    }

    /// Ends the frame, and gives back what has been written to.
    ///
    /// # Errors
    /// As those of the writer.
    pub fn finish(mut self) -> io::Result<W> {
        // Where a worker's bytes end with the stream, it would depend on how many wait whether they are known to be the last.
        if self.has_workers {
            self.inner.flush()?;
        }
        self.inner.finish()
    }
}

impl<W: Write> Write for Zstandard<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.inner.write(bytes)
    }

    /// Nothing: it would show in the bytes.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(text: &[u8], level: Option<i32>) -> Vec<u8> {
        let mut encoder = Zstandard::new(Vec::new(), level, Some(1)).unwrap();
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn a_stream_that_ends_with_a_workers_bytes_is_the_same_however_it_was_written() {
        let mut noise = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = || {
            noise ^= noise << 13;
            noise ^= noise >> 7;
            noise ^= noise << 17;
            noise.to_le_bytes()
        };
        let text: Vec<u8> = (0..(12 << 20) / 8).flat_map(|_| next()).collect();
        let text = [&text[..], &text[..]].concat();
        let encode = |workers, write: usize, pause| {
            let mut encoder = Zstandard::new(Vec::new(), None, Some(workers)).unwrap();
            for piece in text.chunks(write) {
                encoder.write_all(piece).unwrap();
                std::thread::sleep(std::time::Duration::from_millis(pause));
            }
            encoder.finish().unwrap()
        };
        let whole = encode(1, text.len(), 0);
        for (workers, write, pause) in [(2, 1 << 20, 20), (7, 1 << 20, 20), (2, 256 << 10, 0)] {
            assert!(encode(workers, write, pause) == whole, "{workers} {write}");
        }
        assert!(zstd::decode_all(&whole[..]).unwrap() == text);
    }

    #[test]
    fn rows_become_no_larger_than_at_the_usual_level() {
        let row = |n: u64| {
            let (a, b) = (n.wrapping_mul(0x9e37_79b9_7f4a_7c15), n * 7919 % 1000);
            let name = ["Ada", "Grace", "Barbara", "Edsger", "Niklaus"][(a >> 61) as usize % 5];
            format!(
                "{n}\t{name}\t{name}.{b}@example.com\t{a:x}\t2026-11-{:02} 10:{:02}\t\\N\n",
                1 + b % 28,
                b % 60
            )
        };
        let rows: String = (0..20_000).map(row).collect();
        let own = packed(rows.as_bytes(), None);
        let usual = packed(rows.as_bytes(), Some(zstd::DEFAULT_COMPRESSION_LEVEL));
        assert!(own.len() <= usual.len(), "{} > {}", own.len(), usual.len());
        for bytes in [own, usual] {
            assert_eq!(zstd::decode_all(&bytes[..]).unwrap(), rows.as_bytes());
        }
    }
}
