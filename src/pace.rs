//! Whether a pipeline is fast: whether its bytes pass fast, or scrub uses much of a processor.
//!
//! A slow pipeline waits for somebody else or for a processor, as a rule for the servers that make and load the rows. Nothing that scrub does sooner brings
//! it forward then, and what scrub does in more threads or larger pieces takes the processors from those that are waited for.
//! [Pipes](crate::pipe) and [workers](crate::pipeline) go by it. It says nothing of who is slow, or why.

use rustix::time::{ClockId, clock_gettime};
use std::time::{Duration, Instant};

/// So many bytes are looked at together. What fills the pipes and buffers of a pipeline at first is little beside them.
pub const STRETCH: usize = 8 << 20;
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

/// How fast bytes pass at one place.
#[derive(Debug, Default)]
pub struct Pace {
    /// When the stretch began.
    begin: Option<Moment>,
    /// Bytes of it so far.
    bytes: usize,
}

impl Pace {
    /// So many bytes have passed just now. At the end of a stretch: was it fast, or did it take scrub at least half of a
    /// processor's time?
    pub fn passed(&mut self, bytes: usize) -> Option<bool> {
        self.passed_at(bytes, Moment::now)
    }

    fn passed_at(&mut self, bytes: usize, now: impl Fn() -> Moment) -> Option<bool> {
        // How long the first piece took is not known.
        let Some(begin) = self.begin else {
            self.begin = Some(now());
            return None;
        };
        self.bytes += bytes;
        if self.bytes < STRETCH {
            return None;
        }
        let now = now();
        (self.begin, self.bytes) = (Some(now), 0);
        let took = now.time.duration_since(begin.time);
        let worked = now.work.saturating_sub(begin.work);
        Some(took <= FAST || worked >= took / 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIECE: usize = 64 << 10;
    const PIECES: u32 = (STRETCH / PIECE) as u32;

    /// Begins at a moment, and says which one it is so much time and work later.
    fn clocks() -> impl Fn(Duration, Duration) -> Moment {
        let begin = Instant::now();
        move |time, work| Moment {
            time: begin + time,
            work,
        }
    }

    /// What is said after the first piece and so many more, each of which takes so long and so much work.
    fn said(pieces: u32, time: Duration, work: Duration) -> Vec<bool> {
        let (mut pace, at) = (Pace::default(), clocks());
        (0..=pieces)
            .filter_map(|i| pace.passed_at(PIECE, || at(time * i, work * i)))
            .collect()
    }

    #[test]
    fn bytes_that_pass_fast_are() {
        let micros = Duration::from_micros;
        // 65 MB and 655 MB a second.
        assert_eq!(said(3 * PIECES, micros(1000), micros(80)), [false; 3]);
        assert_eq!(said(3 * PIECES, micros(100), micros(10)), [true; 3]);
        let too_little = said(PIECES - 1, micros(100), micros(10));
        assert!(too_little.is_empty());
    }

    #[test]
    fn half_of_a_processor_is_much() {
        let micros = Duration::from_micros;
        assert_eq!(said(PIECES, micros(1000), micros(500)), [true]);
        assert_eq!(
            said(PIECES, micros(1000), micros(2000)),
            [true],
            "two threads"
        );
        assert_eq!(said(PIECES, micros(1000), micros(490)), [false]);
    }

    #[test]
    fn what_fills_the_buffers_at_once_is_not_fast() {
        let (mut pace, at) = (Pace::default(), clocks());
        let begin = at(Duration::ZERO, Duration::ZERO);
        assert_eq!(pace.passed_at(PIECE, || begin), None);
        assert_eq!(pace.passed_at(2 << 20, || begin), None);
        for millis in 1..=100 {
            // 64 MiB a second.
            let now = at(Duration::from_millis(millis), Duration::ZERO);
            assert_ne!(pace.passed_at(PIECE, || now), Some(true));
        }
    }

    #[test]
    fn the_pace_may_change() {
        let (mut pace, at) = (Pace::default(), clocks());
        let begin = at(Duration::ZERO, Duration::ZERO);
        let late = at(Duration::from_secs(10), Duration::ZERO);
        assert_eq!(pace.passed_at(2 * STRETCH, || begin), None, "one piece");
        assert_eq!(pace.passed_at(STRETCH, || late), Some(false), "it waited");
        assert_eq!(pace.passed_at(STRETCH, || late), Some(true));
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
}
