//! The threads that batches of rows are given to, and when one is not: while the pipeline is [slow](crate::pace), whoever has a batch
//! works on it at once. Waking a worker would as a rule bring nothing forward then, and costs a server the processor.
//!
//! Nobody knows where a task is done but by the time that it takes.

use crate::pace::Pace;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// The workers.
pub(super) struct Workers {
    pool: Arc<rayon::ThreadPool>,
    pace: Pace,
    /// Is the pipeline slow?
    rest: bool,
}

impl Workers {
    /// The threads of a pool, which others may use as well.
    pub(super) fn new(pool: Arc<rayon::ThreadPool>) -> Self {
        Workers {
            pool,
            pace: Pace::default(),
            rest: false,
        }
    }

    /// So many bytes have come just now, of the input or of what has waited.
    pub(super) fn come(&mut self, bytes: usize) {
        if let Some(fast) = self.pace.passed(bytes) {
            self.rest = !fast;
        }
    }

    /// Is a task done by whoever has it?
    pub(super) fn rest(&self) -> bool {
        self.rest
    }

    /// Does a task.
    pub(super) fn run(&self, task: impl FnOnce() + Send + 'static) {
        if self.rest {
            // As in a worker, what panics leaves a promise that nobody keeps.
            let _ = catch_unwind(AssertUnwindSafe(task));
        } else {
            self.pool.spawn(task);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Receiver, channel};
    use std::thread::{ThreadId, current};

    fn workers(rest: bool) -> Workers {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1);
        let pool = Arc::new(pool.panic_handler(|_| {}).build().unwrap());
        Workers {
            rest,
            ..Workers::new(pool)
        }
    }

    /// Where a task is done.
    fn thread(workers: &Workers) -> Receiver<ThreadId> {
        let (sender, receiver) = channel();
        workers.run(move || {
            sender.send(current().id()).unwrap();
        });
        receiver
    }

    #[test]
    fn workers_rest_while_the_pipeline_is_slow() {
        assert_ne!(thread(&workers(false)).recv().unwrap(), current().id());
        assert_eq!(thread(&workers(true)).recv().unwrap(), current().id());
    }

    #[test]
    fn workers_are_woken_again_when_it_becomes_fast() {
        use crate::pace::STRETCH;
        let mut workers = workers(true);
        workers.come(STRETCH);
        assert!(workers.rest());
        while workers.rest() {
            workers.come(STRETCH);
        }
    }

    #[test]
    fn a_task_that_panics_ends_alone() {
        for rest in [true, false] {
            let workers = workers(rest);
            let (sender, receiver) = channel::<()>();
            workers.run(move || {
                let _sender = sender;
                panic!("as the test wants");
            });
            receiver.recv().unwrap_err();
            thread(&workers).recv().unwrap();
        }
    }
}
