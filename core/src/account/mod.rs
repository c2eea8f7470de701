//! Why? What happened, what is in force, and a copy of all of it.

mod explain;
mod journal;
mod reader;
mod sentence;
pub(crate) mod snapshot;

pub use explain::{
    Deciding, Explanation, FenceAccount, Gap, KindAccount, LeaseAccount, LeaseKind, NextEvent, NextKind,
    OverrideAccount, ProtectionAccount, Remedy, Rule, Sight, Sights, Standing, UnprotectedAccount,
};
pub use journal::Transition;
pub(crate) use journal::{Entry, Journal};
pub use reader::{CopyAccount, CopyReport, Layer, SubscriberAccount, Telling};
