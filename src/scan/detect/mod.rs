//! What can be told of one value: a detector a file, each a pure function of a text.
//!
//! A detector says what form a value has, no more. That `4111 1111 1111 1111` has a card's check digit is
//! its business; that a column of such values holds card numbers is [`super::judge`]'s.

pub mod card;
pub mod iban;
pub mod national;
pub mod network;
pub mod password;
pub mod person;
pub mod phone;
pub mod postal;
pub mod shape;

/// The digits of a text that is nothing but digits and single separators between them.
fn grouped_digits(text: &str, separators: &[u8]) -> Option<Vec<u8>> {
    let mut digits = Vec::new();
    let mut separated = true;
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' => {
                digits.push(byte - b'0');
                separated = false;
            }
            _ if separators.contains(&byte) && !separated => separated = true,
            _ => return None,
        }
    }
    (!separated).then_some(digits)
}
