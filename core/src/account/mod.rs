//! Why? What happened, what is in force, and a copy of all of it.

mod differing;
mod explain;
mod journal;
mod reader;
mod sentence;
pub(crate) mod snapshot;

pub use differing::{DifferingAccount, SayingAccount};
pub use explain::{
    BrakeAccount, Deciding, Explanation, FenceAccount, Gap, KindAccount, LeaseAccount, LeaseKind, NextEvent, NextKind,
    OverrideAccount, ProtectionAccount, Remedy, Rule, Sight, Sights, Standing, UnprotectedAccount,
};
pub(crate) use journal::{Entry, Journal};
pub use journal::{Silence, Transition};
pub use reader::{CopyAccount, SubscriberAccount, Telling};
