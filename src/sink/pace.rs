//! When to write into a pipe whose reader is slower than its writer.
//!
//! A writer that waits in a full pipe is woken for every page that the reader takes, fills this page and waits again, and each
//! time it takes the processor from somebody, as a rule from the reader: `psql` takes 4 KiB at a time, so a gigabyte
//! costs a hundred thousand switches between processes, and a restore up to a tenth of its time. Therefore a writer that knows how
//! fast its reader is sleeps until a piece has room, while the reader still has most of a pipe to go on with.
//!
//! Only time is won or lost here: what is written is the same without. A reader that is fast, or has stopped, is waited for in
//! the pipe.

use std::fs::File;
use std::io::{self, Write};
use std::time::{Duration, Instant};

/// Shorter sleeps are not worth it: waiting in the pipe is as good then.
const LEAST: Duration = Duration::from_micros(400);
/// A reader that stood still may be fast again: longer than this it is not left alone.
const MOST: Duration = Duration::from_millis(2);

/// What is known of the pipe and of its reader.
pub(super) struct Pace {
    /// What the pipe holds at most, in bytes.
    capacity: usize,
    /// Bytes written so far.
    written: u64,
    /// A moment, and the bytes read by then, since which the reader has had something to do.
    busy: Option<(Instant, u64)>,
    /// How fast the reader is, in bytes a second.
    rate: Option<f64>,
}

impl Pace {
    /// For a pipe; none for anything else, and where a pipe does not say what stands in it.
    pub(super) fn of(file: &File) -> Option<Pace> {
        #[cfg(target_os = "linux")]
        let capacity = rustix::pipe::fcntl_getpipe_size(file).ok()?;
        #[cfg(not(target_os = "linux"))]
        let capacity = 0;
        unread(file)?;
        (capacity > 0).then(|| Pace::new(capacity))
    }

    fn new(capacity: usize) -> Pace {
        Pace {
            capacity,
            written: 0,
            busy: None,
            rate: None,
        }
    }

    /// Writes all if the reader is fast, and else as much as there is room for after a sleep.
    pub(super) fn write(&mut self, pipe: &mut File, bytes: &[u8]) -> io::Result<usize> {
        let piece = bytes.len().min(self.capacity / 8);
        let bytes = match self.time(piece) {
            Some(_) => {
                self.wait(pipe, piece);
                &bytes[..piece]
            }
            None => bytes,
        };
        let written = pipe.write(bytes)?;
        if let Some(unread) = unread(pipe) {
            self.wrote(written, unread, Instant::now());
        }
        Ok(written)
    }

    /// Sleeps until so many bytes have room, as long as somebody reads.
    fn wait(&self, pipe: &File, bytes: usize) {
        let mut before = usize::MAX;
        while let Some(unread) = unread(pipe)
            && unread < before
            && let Some(time) = self.time((unread + bytes).saturating_sub(self.capacity))
        {
            std::thread::sleep(time);
            before = unread;
        }
    }

    /// How long the reader takes for so many bytes, if that is worth a sleep.
    fn time(&self, bytes: usize) -> Option<Duration> {
        let time = Duration::try_from_secs_f64(bytes as f64 / self.rate?).unwrap_or(MOST);
        (time >= LEAST).then_some(time.min(MOST))
    }

    /// So many bytes have been written, and so many stand in the pipe now.
    fn wrote(&mut self, bytes: usize, unread: usize, now: Instant) {
        self.written += bytes as u64;
        let read = self.written.saturating_sub(unread as u64);
        let half = self.capacity / 2;
        match self.busy {
            // It may soon have nothing to do.
            _ if unread < half => self.busy = None,
            None => self.busy = Some((now, read)),
            // Whoever else writes into the pipe makes it seem that less has been read than before.
            Some((since, before)) if read.saturating_sub(before) >= half as u64 => {
                let rate = (read - before) as f64 / now.duration_since(since).as_secs_f64();
                self.rate = rate.is_finite().then_some(rate);
                self.busy = Some((now, read));
            }
            Some(_) => {}
        }
    }
}

/// What stands in the pipe, in bytes.
fn unread(file: &File) -> Option<usize> {
    rustix::io::ioctl_fionread(file).ok()?.try_into().ok()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::io::{ErrorKind, PipeReader, Read, pipe};
    use std::os::fd::OwnedFd;

    fn paced() -> (PipeReader, File, Pace) {
        let (reader, writer) = pipe().unwrap();
        let writer = File::from(OwnedFd::from(writer));
        let pace = Pace::of(&writer).unwrap();
        (reader, writer, pace)
    }

    fn write_all(pace: &mut Pace, pipe: &mut File, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let written = pace.write(pipe, bytes)?;
            bytes = &bytes[written..];
        }
        Ok(())
    }

    #[test]
    fn only_a_pipe_is_paced() {
        assert!(Pace::of(&tempfile::tempfile().unwrap()).is_none());
        assert!(Pace::of(&File::create("/dev/null").unwrap()).is_none());
    }

    #[test]
    fn a_reader_is_slept_for_if_it_is_slow() {
        let begin = Instant::now();
        let at = |millis| begin + Duration::from_millis(millis);
        let mut pace = Pace::new(1 << 20);
        assert_eq!(pace.time(1 << 20), None, "nothing is known of it");
        // It takes 512 KiB in 8 ms.
        pace.wrote(1 << 20, 1 << 20, at(0));
        pace.wrote(512 << 10, 1 << 20, at(8));
        assert_eq!(pace.rate, Some(65_536_000.0));
        assert_eq!(pace.time(64 << 10), Some(Duration::from_millis(1)));
        assert_eq!(pace.time(1 << 20), Some(MOST));
        assert_eq!(pace.time(1 << 10), None, "shorter than it is worth");
        // It takes as much in 1 ms.
        pace.wrote(512 << 10, 1 << 20, at(9));
        assert_eq!(pace.time(128 << 10), None);
    }

    #[test]
    fn a_reader_that_may_have_had_nothing_to_do_is_not_measured() {
        let begin = Instant::now();
        let at = |millis| begin + Duration::from_millis(millis);
        let mut pace = Pace::new(1 << 20);
        pace.wrote(1 << 20, 1 << 20, at(0));
        pace.wrote(300 << 10, 400 << 10, at(1));
        pace.wrote(624 << 10, 1 << 20, at(1000));
        assert_eq!(pace.rate, None);
    }

    #[test]
    fn others_may_write_into_the_pipe() {
        let begin = Instant::now();
        let mut pace = Pace::new(1 << 20);
        pace.wrote(1 << 20, 700 << 10, begin);
        pace.wrote(1 << 10, 1 << 20, begin + Duration::from_millis(1));
        assert_eq!(pace.rate, None);
    }

    #[test]
    fn a_slow_reader_gets_everything_in_its_order() {
        let (mut reader, mut writer, mut pace) = paced();
        let sent: Vec<u8> = (0..2_000_000u32).map(|i| (i % 251) as u8).collect();
        let reading = std::thread::spawn(move || {
            let (mut got, mut page) = (Vec::new(), [0; 16 << 10]);
            loop {
                match reader.read(&mut page).unwrap() {
                    0 => return got,
                    n => got.extend_from_slice(&page[..n]),
                }
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        for piece in sent.chunks(20_000) {
            write_all(&mut pace, &mut writer, piece).unwrap();
        }
        drop(writer);
        assert!(reading.join().unwrap() == sent);
        assert!(pace.rate.is_some_and(|rate| rate < 50e6));
    }

    #[test]
    fn a_reader_that_has_stopped_is_not_slept_for_without_end() {
        let (_reader, mut writer, mut pace) = paced();
        let full = vec![0; pace.capacity];
        write_all(&mut pace, &mut writer, &full).unwrap();
        pace.rate = Some(1e3);
        pace.wait(&writer, 4096);
    }

    #[test]
    fn a_reader_that_has_gone_is_told() {
        let (reader, mut writer, mut pace) = paced();
        drop(reader);
        pace.rate = Some(1e3);
        let gone = pace.write(&mut writer, b"SELECT 1;\n").unwrap_err();
        assert_eq!(gone.kind(), ErrorKind::BrokenPipe);
    }
}
