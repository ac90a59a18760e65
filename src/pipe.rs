//! When a pipe is enlarged: when it has shown that the pipeline is [fast](crate::pace).
//!
//! A pipe usually holds 64 KiB. Where all processes of a pipeline are fast, a good part of their time goes into switching from one to the
//! other, and a pipe of 1 MiB saves most of the switches. Where servers make and load the rows, the switches are not what costs: with
//! large pipes pg_dump, psql and their servers run in another order, and the restore takes longer (benches/README.md has the figures
//! and what they let suppose). So every pipe begins as it is, and is enlarged when it has shown that it is of the first kind.
//!
//! Only time is won or lost by that: what goes through a pipe is the same.
//!
//! And a pipe that somebody else has made one that does not wait (`O_NONBLOCK`, which ssh and node do) is waited for.

use crate::pace::Pace;
use rustix::event::{PollFd, PollFlags, poll};
use std::io::{self, ErrorKind};
use std::os::fd::AsFd;

/// What a pipe is enlarged to, in bytes: the most that Linux gives to everybody.
#[cfg(target_os = "linux")]
const LARGE: usize = 1 << 20;

/// What is known of how fast a pipe is.
#[derive(Debug, Default)]
pub struct Growth {
    pace: Pace,
    /// Nothing more is to be found out.
    decided: bool,
}

impl Growth {
    /// So many bytes have gone through the pipe just now; enlarges it if that is the end of the first stretch that was fast. A pipe
    /// that cannot be enlarged, or no pipe at all, works as it is.
    pub fn passed(&mut self, pipe: impl AsFd, bytes: usize) {
        if !self.decided && self.pace.passed(bytes) == Some(true) {
            self.decided = true;
            enlarge(pipe);
        }
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
    use crate::pace::STRETCH;

    /// Lets stretches pass without taking time.
    fn fast(growth: &mut Growth, pipe: impl AsFd, stretches: usize) {
        for _ in 0..=stretches {
            growth.passed(&pipe, STRETCH);
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
        let mut growth = Growth::default();
        fast(&mut growth, &writer, 0);
        assert_eq!(size(), small);
        fast(&mut growth, &writer, 9);
        assert_eq!(size(), LARGE);
        // Who makes it small afterwards has a reason.
        fcntl_setpipe_size(&writer, small).unwrap();
        fast(&mut growth, &writer, 9);
        assert_eq!(size(), small);
    }

    #[test]
    fn what_is_no_pipe_works_as_it_is() {
        use std::io::{Read, Seek, Write};
        let mut file = tempfile::tempfile().unwrap();
        let mut growth = Growth::default();
        fast(&mut growth, &file, 9);
        assert!(growth.decided);
        file.write_all(b"SELECT 1;\n").unwrap();
        file.rewind().unwrap();
        let mut read = String::new();
        file.read_to_string(&mut read).unwrap();
        assert_eq!(read, "SELECT 1;\n");
    }
}
