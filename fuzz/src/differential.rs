//! The generator of the differential test.

#[path = "../../tests/it/differential/choices.rs"]
mod choices;
#[path = "../../tests/it/differential/generate.rs"]
mod generate;
#[path = "../../tests/it/differential/prepared.rs"]
pub mod prepared;
#[path = "../../tests/it/differential/rules.rs"]
mod rules;
#[path = "../../tests/it/differential/values.rs"]
mod values;

pub use choices::Choices;
