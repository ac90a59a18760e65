//! Memory for what workers write, used again when it has been written out.
//!
//! A batch takes some hundred kilobytes. Given back to the system and asked for anew, they would come as
//! pages that the kernel has to clear first, which costs more than filling them.

use bytes::Bytes;
use std::sync::{Mutex, PoisonError};

/// Buffers that wait for being used again, at most.
const KEPT: usize = 8;
/// What is larger is not kept: a row may have any size.
const LARGEST: usize = 2 << 20;
/// Room is made in steps, so that the next batch, which is a little longer, finds enough.
const STEP: usize = 128 << 10;

static SPARE: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

fn spare() -> std::sync::MutexGuard<'static, Vec<Vec<u8>>> {
    SPARE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An empty buffer with room for so many bytes.
pub(super) fn buffer(capacity: usize) -> Vec<u8> {
    let mut buffer = spare().pop().unwrap_or_default();
    buffer.reserve(capacity.next_multiple_of(STEP));
    buffer
}

/// What stands in a buffer, which will be used again.
pub(super) fn bytes(buffer: Vec<u8>) -> Bytes {
    let lent = Lent(buffer);
    match lent.0.len() < lent.0.capacity() / 4 {
        // Somebody may keep much that is small.
        true => Bytes::copy_from_slice(&lent.0),
        false => Bytes::from_owner(lent),
    }
}

struct Lent(Vec<u8>);

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let mut buffer = std::mem::take(&mut self.0);
        buffer.clear();
        let mut spare = spare();
        if buffer.capacity() <= LARGEST && spare.len() < KEPT {
            spare.push(buffer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_lent_stays_until_the_last_part_of_it_goes() {
        let mut parts = Vec::new();
        for round in 0..50u8 {
            let mut whole = buffer(1000);
            assert!(whole.is_empty() && whole.capacity() >= 1000);
            whole.extend([round; 700]);
            let whole = bytes(whole);
            parts.push((round, whole.slice(5..9), whole.slice(600..)));
            if parts.len() > 5 {
                parts.remove(1);
            }
            for (round, a, b) in &parts {
                assert!(a.iter().chain(b).all(|byte| byte == round));
            }
        }
    }
}
