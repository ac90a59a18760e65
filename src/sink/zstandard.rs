//! Compressing with Zstandard, in a dump's own way if no level is asked for.
//!
//! The level that is usual, 3, searches in tables of 768 KiB, which push each other out of the caches as soon as other
//! threads work beside. Rows repeat what stands a few lines above: smaller tables find that as well, and without
//! matches of five bytes the longer ones are found that begin a little later. Rows of tables (numbers, times, JSON,
//! hashes) become as small or smaller by up to 4 % in four fifths of the time; prose and sources become larger by 3 to 5 %
//! (`benches/README.md`). Whoever names a level gets Zstandard's own.

use std::io::{self, Write};
use zstd::stream::raw::CParameter;
use zstd::stream::write::Encoder;

/// The usual level with smaller tables, as binary logarithms of their entries, with longer matches, and with a quarter
/// of the bytes for a worker at a time, which then takes less memory and waits less for the next ones.
const OF_ROWS: [CParameter; 4] = [
    CParameter::HashLog(15),
    CParameter::ChainLog(13),
    CParameter::MinMatch(6),
    CParameter::JobSize(2 << 20),
];

/// What writes one frame with a checksum. `workers`: threads of its own, if it gets any.
///
/// # Errors
/// If there is no memory for it.
pub fn zstandard<W: Write>(
    out: W,
    level: Option<i32>,
    workers: Option<u32>,
) -> io::Result<Encoder<'static, W>> {
    let mut encoder = Encoder::new(out, level.unwrap_or(zstd::DEFAULT_COMPRESSION_LEVEL))?;
    if level.is_none() {
        for parameter in OF_ROWS {
            encoder.set_parameter(parameter)?;
        }
    }
    encoder.include_checksum(true)?;
    if let Some(workers) = workers {
        encoder.multithread(workers)?;
    }
    Ok(encoder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(text: &[u8], level: Option<i32>) -> Vec<u8> {
        let mut encoder = zstandard(Vec::new(), level, Some(1)).unwrap();
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
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
