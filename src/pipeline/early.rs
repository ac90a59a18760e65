//! Signals that come before a run has begun, while scrub waits for the first of its input.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Watches for SIGINT and SIGTERM until the run does so itself.
#[derive(Debug)]
pub struct Early {
    over: Arc<AtomicBool>,
}

impl Early {
    /// Starts watching, in a thread of its own: `end` runs there when a signal comes, and ends the
    /// process. Without a thread or handlers, signals do what they do by themselves.
    pub fn watch(end: impl FnOnce() + Send + 'static) -> Early {
        let over = Arc::new(AtomicBool::new(false));
        let watched = Arc::clone(&over);
        let (listening, listens) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            let Ok(runtime) = runtime else { return };
            runtime.block_on(async {
                super::run::interrupted(|| drop(listening)).await;
            });
            if !watched.load(Ordering::SeqCst) {
                end();
            }
        });
        // The channel closes when the handlers stand, or when they cannot.
        let _: Result<(), _> = listens.recv();
        Early { over }
    }

    /// The run takes over.
    pub fn release(self) {
        self.over.store(true, Ordering::SeqCst);
    }
}
