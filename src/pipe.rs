//! When a pipe is enlarged: when bytes go through it fast, or scrub uses much of a processor.
//!
//! A pipe usually holds 64 KiB. Where all processes of a pipeline are fast, a good part of their time goes into switching from one to the
//! other, and a pipe of 1 MiB saves most of the switches. Where servers make and load the rows, the switches are not what costs: with
//! large pipes pg_dump, psql and their servers run in another order, and the restore takes longer (benches/README.md has the figures
//! and what they let suppose). So every pipe begins as it is, and is enlarged when it has shown that it is of the first kind.
//!
//! Only time is won or lost by that: what goes through a pipe is the same.
//!
//! And a pipe that somebody else has made one that does not wait (`O_NONBLOCK`, which ssh and node do) is waited for.

use rustix::event::{PollFd, PollFlags, poll};
use rustix::time::{ClockId, clock_gettime};
use std::io::{self, ErrorKind};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

/// What a pipe is enlarged to, in bytes: the most that Linux gives to everybody.
#[cfg(target_os = "linux")]
const LARGE: usize = 1 << 20;
/// So many bytes are looked at together. What fills the pipes and buffers of a pipeline at first is little beside them.
const STRETCH: usize = 8 << 20;
/// A stretch that takes no longer is fast: 250 MiB/s and more, which hardly a server does.
const FAST: Duration = Duration::from_millis(32);

/// A moment, on two clocks.
#[derive(Debug, Clone, Copy)]
struct Moment {
    time: Instant,
    /// How long scrub has had a processor, all threads together.
    work: Duration,
}

impl Moment {
    fn now() -> Self {
        Moment {
            time: Instant::now(),
            work: clock_gettime(ClockId::ProcessCPUTime)
                .try_into()
                .unwrap_or_default(),
        }
    }
}

/// What is known of how fast a pipe is.
#[derive(Debug, Default)]
pub struct Growth {
    /// When the stretch began.
    begin: Option<Moment>,
    /// Bytes of it so far.
    bytes: usize,
    /// Nothing more is to be found out.
    decided: bool,
}

impl Growth {
    /// So many bytes have gone through the pipe just now; enlarges it if that is the end of the first stretch that was fast or
    /// took scrub at least half of a processor's time. A pipe that cannot be
    /// enlarged, or no pipe at all, works as it is.
    pub fn passed(&mut self, pipe: impl AsFd, bytes: usize) {
        self.passed_at(pipe, bytes, Moment::now);
    }

    fn passed_at(&mut self, pipe: impl AsFd, bytes: usize, now: impl Fn() -> Moment) {
        if !self.decided && self.ends_such_a_stretch(bytes, now) {
            self.decided = true;
            enlarge(pipe);
        }
    }

    fn ends_such_a_stretch(&mut self, bytes: usize, now: impl Fn() -> Moment) -> bool {
        // How long the first piece took is not known.
        let Some(begin) = self.begin else {
            self.begin = Some(now());
            return false;
        };
        self.bytes += bytes;
        if self.bytes < STRETCH {
            return false;
        }
        let now = now();
        (self.begin, self.bytes) = (Some(now), 0);
        let took = now.time.duration_since(begin.time);
        let worked = now.work.saturating_sub(begin.work);
        took <= FAST || worked >= took / 2
    }
}

/// Reads or writes, when the pipe can be read (`IN`) or written (`OUT`).
///
/// # Errors
/// As the reading or writing, but for those that say that it is not time yet.
pub fn when_ready<T>(
    pipe: impl AsFd,
    ready: PollFlags,
    mut go: impl FnMut() -> io::Result<T>,
) -> io::Result<T> {
    loop {
        match go() {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                poll(&mut [PollFd::new(&pipe, ready)], None)?;
            }
            done => return done,
        }
    }
}

#[cfg(target_os = "linux")]
fn enlarge(pipe: impl AsFd) {
    use rustix::pipe::{fcntl_getpipe_size, fcntl_setpipe_size};
    // Somebody may have made it larger still.
    if fcntl_getpipe_size(&pipe).is_ok_and(|size| size < LARGE) {
        let _ = fcntl_setpipe_size(&pipe, LARGE);
    }
}

/// Other systems let nobody choose.
#[cfg(not(target_os = "linux"))]
fn enlarge(_pipe: impl AsFd) {}

#[cfg(test)]
mod tests {
    use super::*;

    const PIECE: usize = 64 << 10;

    /// Begins at a moment, and says which one it is so much time and work later.
    fn clocks() -> impl Fn(Duration, Duration) -> Moment {
        let begin = Instant::now();
        move |time, work| Moment {
            time: begin + time,
            work,
        }
    }

    /// Is a pipe enlarged after the first piece and so many more, each of which takes so long and so much work?
    fn grows(pieces: u32, time: Duration, work: Duration) -> bool {
        let (mut growth, at) = (Growth::default(), clocks());
        (0..=pieces).any(|i| growth.ends_such_a_stretch(PIECE, || at(time * i, work * i)))
    }

    const PIECES: u32 = (STRETCH / PIECE) as u32;

    #[test]
    fn a_fast_pipe_grows() {
        let micros = Duration::from_micros;
        // 65 MB and 655 MB a second.
        assert!(!grows(10 * PIECES, micros(1000), micros(80)));
        assert!(grows(PIECES, micros(100), micros(10)));
        assert!(!grows(PIECES - 1, micros(100), micros(10)), "too little");
    }

    #[test]
    fn a_pipe_grows_when_scrub_uses_half_of_a_processor() {
        let micros = Duration::from_micros;
        assert!(grows(PIECES, micros(1000), micros(500)));
        assert!(grows(PIECES, micros(1000), micros(2000)), "two threads");
        assert!(!grows(10 * PIECES, micros(1000), micros(490)));
    }

    #[test]
    fn what_fills_the_buffers_at_once_is_not_fast() {
        let (mut growth, at) = (Growth::default(), clocks());
        let begin = at(Duration::ZERO, Duration::ZERO);
        assert!(!growth.ends_such_a_stretch(PIECE, || begin));
        assert!(!growth.ends_such_a_stretch(2 << 20, || begin));
        for millis in 1..=100 {
            // 64 MiB a second.
            let now = at(Duration::from_millis(millis), Duration::ZERO);
            assert!(!growth.ends_such_a_stretch(PIECE, || now));
        }
    }

    #[test]
    fn a_pipe_may_become_fast() {
        let (mut growth, at) = (Growth::default(), clocks());
        let begin = at(Duration::ZERO, Duration::ZERO);
        let late = at(Duration::from_secs(10), Duration::ZERO);
        assert!(
            !growth.ends_such_a_stretch(2 * STRETCH, || begin),
            "one piece"
        );
        assert!(!growth.ends_such_a_stretch(STRETCH, || late), "it waited");
        assert!(growth.ends_such_a_stretch(STRETCH, || late));
    }

    #[test]
    fn work_is_measured() {
        let begin = Moment::now();
        let mut now = begin;
        while now.work == begin.work && now.time - begin.time < Duration::from_secs(60) {
            now = Moment::now();
        }
        assert!(now.work > begin.work);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_pipe_grows_once() {
        use rustix::pipe::{fcntl_getpipe_size, fcntl_setpipe_size};
        let (_reader, writer) = std::io::pipe().unwrap();
        let size = || fcntl_getpipe_size(&writer).unwrap();
        let small = size();
        assert!(small < LARGE);
        let (mut growth, now) = (Growth::default(), Moment::now());
        growth.passed_at(&writer, 1, || now);
        growth.passed_at(&writer, STRETCH - 1, || now);
        assert_eq!(size(), small);
        growth.passed_at(&writer, 1, || now);
        assert_eq!(size(), LARGE);
        // Who makes it small afterwards has a reason.
        fcntl_setpipe_size(&writer, small).unwrap();
        growth.passed_at(&writer, STRETCH, || now);
        assert_eq!(size(), small);
    }

    #[test]
    fn what_is_no_pipe_works_as_it_is() {
        use std::io::{Read, Seek, Write};
        let mut file = tempfile::tempfile().unwrap();
        let (mut growth, now) = (Growth::default(), Moment::now());
        for _ in 0..2 {
            growth.passed_at(&file, STRETCH, || now);
        }
        assert!(growth.decided);
        file.write_all(b"SELECT 1;\n").unwrap();
        file.rewind().unwrap();
        let mut read = String::new();
        file.read_to_string(&mut read).unwrap();
        assert_eq!(read, "SELECT 1;\n");
    }
}
