//! The threads that batches of rows are given to, and when one is not: while the output is what all wait for, whoever has a batch
//! works on it at once. Waking a worker would as a rule bring nothing forward then, and costs a server the processor.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// The workers.
pub(super) struct Workers {
    pool: Arc<rayon::ThreadPool>,
    /// Held by every task that the pool has not finished.
    at_work: Arc<()>,
}

impl Workers {
    /// The threads of a pool, which others may use as well.
    pub(super) fn new(pool: Arc<rayon::ThreadPool>) -> Self {
        Workers {
            pool,
            at_work: Arc::default(),
        }
    }

    /// Does a task: in this thread if the output has to be waited for anyway and no worker has anything to do.
    pub(super) fn run(&self, output_is_behind: bool, task: impl FnOnce() + Send + 'static) {
        if output_is_behind && Arc::strong_count(&self.at_work) == 1 {
            // As in a worker, what panics leaves a promise that nobody keeps.
            let _ = catch_unwind(AssertUnwindSafe(task));
            return;
        }
        let at_work = Arc::clone(&self.at_work);
        self.pool.spawn(move || {
            task();
            drop(at_work);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::{Receiver, channel};
    use std::thread::{ThreadId, current};
    use std::time::Duration;

    fn workers() -> Workers {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1);
        Workers::new(Arc::new(pool.panic_handler(|_| {}).build().unwrap()))
    }

    /// Where a task is done.
    fn thread(workers: &Workers, output_is_behind: bool) -> Receiver<ThreadId> {
        let (sender, receiver) = channel();
        workers.run(output_is_behind, move || {
            sender.send(current().id()).unwrap();
        });
        receiver
    }

    fn wait_for_idle(workers: &Workers) {
        while Arc::strong_count(&workers.at_work) > 1 {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn a_worker_is_woken_unless_the_output_is_behind() {
        let workers = workers();
        assert_ne!(thread(&workers, false).recv().unwrap(), current().id());
        wait_for_idle(&workers);
        assert_eq!(thread(&workers, true).recv().unwrap(), current().id());
    }

    #[test]
    fn while_workers_are_at_work_they_get_the_rest() {
        let workers = workers();
        let (go, wait) = channel::<()>();
        workers.run(false, move || wait.recv().unwrap());
        let behind = thread(&workers, true);
        go.send(()).unwrap();
        assert_ne!(behind.recv().unwrap(), current().id());
    }

    #[test]
    fn a_task_that_panics_ends_alone() {
        let workers = workers();
        for output_is_behind in [true, false] {
            let (sender, receiver) = channel::<()>();
            workers.run(output_is_behind, move || {
                let _sender = sender;
                panic!("as the test wants");
            });
            receiver.recv().unwrap_err();
            wait_for_idle(&workers);
        }
        assert_eq!(thread(&workers, true).recv().unwrap(), current().id());
    }
}
