//! Lookups over small tables that are written out here.

mod answers;
mod joined;
mod rows;
mod world;
