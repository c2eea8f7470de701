//! Is it alive? Leases that live by beats, sessions that live by their connection, and when either is over.

mod brake;
mod callers;
mod due;
mod expiry;
mod hot;
mod lease;
mod record;
mod records;
mod session;
mod waiting;

pub(crate) use brake::{Brake, Braked, Pulse};
pub(crate) use callers::{Caller, Callers};
pub(crate) use due::Due;
pub(crate) use expiry::{DELETE_KEY, Measure, TIMEOUT_KEY, Times, times_of};
pub(crate) use lease::{Lapse, Lease, Leases};
pub(crate) use record::Marks;
pub(crate) use session::{Check, Sessions};
