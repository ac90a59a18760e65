//! When a pipe is enlarged: as soon as it, or scrub, turns out to be what all wait for.
//!
//! A pipe holds 64 KiB. Between processes that are fast, switching from one to the other is most of what it costs, and a pipe of
//! 1 MiB saves most of the switches. Between servers it takes time from them: `pg_dump` with room before it goes on for each message of
//! its server, and `psql` with rows before it is woken by nobody but its own. With little room they take turns with
//! all others, and a restore is shorter (benches/README.md has the figures). So every pipe begins as it is and grows when it is
//! certain that large ones are of use: when bytes go through it faster than a server makes or loads them, or when scrub
//! itself has something to do most of the time.
//!
//! Only time is won or lost here: what goes through a pipe is the same. It knows nothing of who is at the other end.

use rustix::time::{ClockId, clock_gettime};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

/// What a pipe is enlarged to, in bytes: the most that Linux gives to everybody.
#[cfg(target_os = "linux")]
const LARGE: usize = 1 << 20;
/// So many bytes are looked at together. What fills the pipes and buffers of a pipeline at first is little beside them.
const STRETCH: usize = 8 << 20;
/// A stretch that takes no longer is fast: 256 MiB/s and more, which hardly a server does.
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
    /// So many bytes have gone through the pipe just now; enlarges it when it is certain that this is of use. A pipe that cannot be
    /// enlarged, or no pipe at all, works as it is.
    pub fn passed(&mut self, pipe: impl AsFd, bytes: usize) {
        self.passed_at(pipe, bytes, Moment::now);
    }

    fn passed_at(&mut self, pipe: impl AsFd, bytes: usize, now: impl Fn() -> Moment) {
        if !self.decided && self.is_due(bytes, now) {
            self.decided = true;
            enlarge(pipe);
        }
    }

    /// Was this the end of a stretch after which it is certain?
    fn is_due(&mut self, bytes: usize, now: impl Fn() -> Moment) -> bool {
        let begin = *self.begin.get_or_insert_with(&now);
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

    /// Is a pipe enlarged after so many pieces, each of which takes so long and so much work?
    fn grows(pieces: u32, time: Duration, work: Duration) -> bool {
        let (mut growth, at) = (Growth::default(), clocks());
        (0..pieces).any(|i| growth.is_due(PIECE, || at(time * i, work * i)))
    }

    #[test]
    fn a_fast_pipe_grows() {
        let pieces = (STRETCH / PIECE) as u32;
        let micros = Duration::from_micros;
        // 65 MB and 655 MB a second.
        assert!(!grows(10 * pieces, micros(1000), micros(80)));
        assert!(grows(pieces, micros(100), micros(10)));
        assert!(!grows(pieces - 1, micros(100), micros(10)), "too little");
    }

    #[test]
    fn a_pipe_grows_when_scrub_has_always_something_to_do() {
        let pieces = (STRETCH / PIECE) as u32;
        let micros = Duration::from_micros;
        assert!(grows(pieces, micros(1000), micros(500)));
        assert!(grows(pieces, micros(1000), micros(2000)), "two threads");
        assert!(!grows(10 * pieces, micros(1000), micros(490)));
    }

    #[test]
    fn what_fills_the_buffers_at_once_is_not_fast() {
        let (mut growth, at) = (Growth::default(), clocks());
        assert!(!growth.is_due(2 << 20, || at(Duration::ZERO, Duration::ZERO)));
        for millis in 1..=100 {
            // 64 MiB a second.
            let now = at(Duration::from_millis(millis), Duration::ZERO);
            assert!(!growth.is_due(PIECE, || now));
        }
    }

    #[test]
    fn a_pipe_may_become_fast() {
        let (mut growth, at) = (Growth::default(), clocks());
        let late = at(Duration::from_secs(10), Duration::ZERO);
        assert!(!growth.is_due(1, || at(Duration::ZERO, Duration::ZERO)));
        assert!(!growth.is_due(STRETCH, || late), "it waited");
        assert!(growth.is_due(STRETCH, || late));
    }

    #[test]
    fn work_is_measured() {
        let before = Moment::now().work;
        while Moment::now().work == before {
            std::hint::spin_loop();
        }
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
        let file = tempfile::tempfile().unwrap();
        let (mut growth, now) = (Growth::default(), Moment::now());
        growth.passed_at(&file, STRETCH, || now);
        assert!(growth.decided);
    }
}
