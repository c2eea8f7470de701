//! The rules of liveset once more, without cleverness: sorted maps, full scans, nothing kept that can be found again.
//!
//! [`Model`] takes the commands that a [`liveset::Registry`] takes, and must give the same outcomes, views, changes, accounts and
//! deadlines. [`Duel`] hands both the same tape and compares them after every step; [`tape`] makes random tapes that meet deadlines,
//! limits and each other; [`shrink`] makes the tape of a disagreement short.
//!
//! What the two are not compared in: the sentences of an account, which follow from the rest of it; the copies that readers' hosts
//! report; and an excuse from further back than the gap that a registry excuses by itself, as what it had asked for by then decides it.

mod duel;
mod fight;
mod model;
mod shrink;
mod story;
pub mod tape;
mod tell;

pub use duel::{Disagreement, Duel};
pub use fight::{Defeat, Fight, fight, fight_told};
pub use model::Model;
pub use shrink::{replay, shrink};
pub use story::as_scenario;
pub use tell::as_vector;
