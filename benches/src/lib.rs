//! What the benches share: registries full of instances, orders without pattern, and measuring two things in turns.

mod fleet;
mod rounds;

pub use fleet::{BATCH, Fleet, PER_SERVICE, claim, fleet, moment, shuffled};
pub use rounds::{Figure, alternate, once};
