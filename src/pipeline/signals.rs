//! The signals that ask a run to end: SIGHUP, SIGINT and SIGTERM, unless scrub was started with them ignored
//! (`nohup`, a job in the background of a script).
//!
//! A thread of its own listens from the start, since scrub may wait long for the first of its input. Before
//! the run listens, a signal ends the process. Then the first one is the run's, which ends its output so
//! that nobody takes it for a whole one; that can take as long as the reader of the output does, so a later
//! signal ends the process at once.

use crate::error::Error;
use rustix::process::Signal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;

/// Signals that come together ask once: service managers send SIGTERM and SIGHUP, a terminal that is closed
/// SIGHUP twice.
const TOGETHER: Duration = Duration::from_secs(1);

/// Where a run learns of signals. The default hears none.
#[derive(Debug, Default, Clone)]
pub struct Signals {
    asked: Arc<Notify>,
    /// The run listens.
    runs: Arc<AtomicBool>,
    /// A signal has come.
    came: Arc<AtomicBool>,
}

impl Signals {
    /// Starts listening. `end` has to end the process; it is told whether a run had begun. Without a thread
    /// or handlers, signals do what they do by themselves.
    pub fn watch(end: impl FnOnce(bool) + Send + 'static) -> Signals {
        let signals = Signals::default();
        let theirs = signals.clone();
        let (listening, listens) = std::sync::mpsc::channel::<()>();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            let Ok(runtime) = runtime else { return };
            runtime.block_on(async {
                // A file that reaches its limit (`ulimit -f`) is a failed write like any other.
                let _ = signal(SignalKind::from_raw(Signal::XFSZ.as_raw()));
                let first = one();
                drop(listening);
                first.await;
                theirs.came.store(true, Ordering::SeqCst);
                let begun = theirs.runs.load(Ordering::SeqCst);
                if begun {
                    theirs.asked.notify_one();
                    tokio::time::sleep(TOGETHER).await;
                    one().await;
                }
                end(begun);
            });
        });
        // The channel closes when the handlers stand, or when they cannot.
        let _ = listens.recv();
        signals
    }

    /// Has a signal asked the run to end? For whoever has something to do behind the last run.
    pub fn came(&self) -> bool {
        self.came.load(Ordering::SeqCst)
    }

    /// Resolves when a signal asks the run to end.
    pub(super) async fn asked(&self) -> Error {
        self.runs.store(true, Ordering::SeqCst);
        self.asked.notified().await;
        Error::interrupted()
    }
}

/// Listens at once; resolves with the next signal.
fn one() -> impl Future<Output = ()> {
    let ignored = ignored();
    let kinds = [Signal::HUP, Signal::INT, Signal::TERM].map(Signal::as_raw);
    let heard = kinds
        .into_iter()
        .filter(move |raw| ignored & (1 << (raw - 1)) == 0);
    let mut streams: Vec<_> = heard
        .filter_map(|raw| signal(SignalKind::from_raw(raw)).ok())
        .collect();
    std::future::poll_fn(move |context| {
        let came = streams
            .iter_mut()
            .any(|stream| stream.poll_recv(context).is_ready());
        match came {
            true => std::task::Poll::Ready(()),
            false => std::task::Poll::Pending,
        }
    })
}

/// The signals that whoever started scrub wants ignored, a bit for each. None where the system does not say.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0)
}
