//! The naive interpreter agrees: the bytes choose tables, rows and a rulebook as the differential
//! test's seeds do, so that a fuzzer can vary one choice at a time.

use crate::differential::{Choices, prepared};
use crate::naive::{read, rulebook};
use crate::stream::run;
use scrub::dialect::postgres::Postgres;

pub fn agrees(data: &[u8]) {
    let Some((form, choices)) = data.split_first() else {
        return;
    };
    let case = prepared::chosen(u64::from(*form), &mut Choices::of_bytes(choices));
    let jobs = usize::from(*form) % 3 + 1;
    let run = run(
        &Postgres,
        &case.dump,
        Some(&case.rules),
        jobs,
        Box::new(|| usize::MAX),
    );
    let mut after = case.before;
    match (after.run(&rulebook(&case.rules)), run.error) {
        (Err(_), Some(_)) => {}
        (Err(stop), None) => panic!("scrub goes on where it must stop: {stop}\n{}", case.rules),
        (Ok(_), Some(error)) => panic!("scrub fails: {error}\n{}", case.rules),
        (Ok(_), None) => {
            let output = run.output.expect("an output");
            if let Some(difference) = after.difference(&read(&output)) {
                panic!(
                    "left is the naive interpreter, right is scrub\n{difference}\n--- rules\n{}",
                    case.rules
                );
            }
        }
    }
}
