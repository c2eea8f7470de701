//! The rules of liveset once more, without cleverness: sorted maps, full scans, nothing kept that can be found again.
//!
//! [`Model`] takes the commands that a [`liveset::Registry`] takes, and must give the same outcomes, views, changes, accounts and
//! deadlines. [`Duel`] hands both the same tape and compares them after every step; [`tape`] makes random tapes that meet deadlines,
//! limits and each other; [`shrink`] makes the tape of a disagreement short.

mod duel;
mod fight;
mod model;
mod shrink;
pub mod tape;
mod tell;

pub use duel::{Disagreement, Duel};
pub use fight::{Defeat, Fight, fight};
pub use model::Model;
pub use shrink::{replay, shrink};
pub use tell::as_vector;
