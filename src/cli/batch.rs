//! Asks the system to treat scrub as a batch process, as `chrt -b 0` does: when it is woken it waits for a processor rather than
//! taking one from whoever has it.
//!
//! In `pg_dump | scrub | psql` all wait for the server that loads the rows. Each time that scrub is woken and takes the
//! processor from that server, the restore takes longer; nobody has as a rule to wait for scrub, since pipes lie before and behind it.
//! Its share of the processors and its nice value stay what they are, and so does what somebody has chosen for it (`chrt -i 0 scrub`).

/// Asks for it; a system that does not know it goes on as before. Threads are scheduled as the one that starts them, so this
/// comes before all of them.
#[cfg(target_os = "linux")]
pub(super) fn ask() {
    use preempt_rt::sched::{Pid, Scheduler, SchedulerParams, get_scheduler, set_scheduler};
    let this = Pid::current_thread();
    if let Ok(Scheduler::SCHED_NORMAL) = get_scheduler(this) {
        let _ = set_scheduler(
            this,
            Scheduler::SCHED_BATCH,
            SchedulerParams { priority: 0 },
        );
    }
}

/// Other systems have no such thing.
#[cfg(not(target_os = "linux"))]
pub(super) fn ask() {}
