//! The progress line on standard error, drawn by a thread of its own while the pipeline runs.

use crate::pipeline::Progress;
use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often the line is drawn.
const PERIOD: Duration = Duration::from_millis(200);

/// A progress line; dropping it wipes it.
pub(super) struct Line {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Line {
    /// Shows how far the input has been read, if standard error is a terminal.
    pub(super) fn start(
        length: Option<u64>,
        consumed: Arc<AtomicU64>,
        progress: Arc<Progress>,
    ) -> Line {
        if !is_watched() {
            return Line {
                stop: None,
                thread: None,
            };
        }
        let bar = ProgressBar::with_draw_target(length, ProgressDrawTarget::stderr());
        bar.set_style(style(length.is_some()));
        let (stop, stopped) = channel();
        let thread = std::thread::spawn(move || {
            while stopped.recv_timeout(PERIOD) == Err(RecvTimeoutError::Timeout) {
                bar.set_position(consumed.load(Ordering::Relaxed));
                bar.set_message(message(&progress));
            }
            bar.finish_and_clear();
        });
        Line {
            stop: Some(stop),
            thread: Some(thread),
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A thread that has died drew its last line; there is nothing to add.
            let _ = thread.join();
        }
    }
}

/// Does anybody look? A CI server may give its jobs a terminal, and a log is none that draws.
fn is_watched() -> bool {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    std::io::stderr().is_terminal() && !set("CI") && !dumb
}

fn style(length_known: bool) -> ProgressStyle {
    let template = if length_known {
        "{bar:10} {percent:>3}% {binary_bytes}/{binary_total_bytes} {binary_bytes_per_sec} ETA {eta} {wide_msg}"
    } else {
        "{spinner} {binary_bytes} {binary_bytes_per_sec} {elapsed} {wide_msg}"
    };
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// What has been rewritten so far and the current table, which is cut off first where lines are short.
fn message(progress: &Progress) -> String {
    let table = progress
        .table
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    let table: String = table.chars().filter(|c| !c.is_control()).collect();
    match progress.rows_changed.load(Ordering::Relaxed) {
        0 => table,
        rows => format!("{} changed, {table}", HumanCount(rows)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_names_the_table_and_nothing_that_steers_the_terminal() {
        let progress = Progress::default();
        assert_eq!(message(&progress), "");
        *progress.table.lock().unwrap() = "public.\u{1b}[2Jusers".to_owned();
        progress.rows_changed.store(7_000, Ordering::Relaxed);
        assert_eq!(message(&progress), "7,000 changed, public.[2Jusers");
    }

    #[test]
    fn the_templates_are_sound() {
        for known in [true, false] {
            let bar = ProgressBar::with_draw_target(Some(10), ProgressDrawTarget::hidden());
            bar.set_style(style(known));
            bar.set_position(3);
        }
        assert!(ProgressStyle::with_template("{bar:20} {wide_msg}").is_ok());
    }
}
