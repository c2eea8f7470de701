//! What do readers get? Which instances stand in a service, what protection makes of them, and who is told of a change.

mod protection;
mod roster;
mod sayings;
mod service;
mod services;
mod subscription;

pub(crate) use protection::is_protected;
pub(crate) use roster::{Fate, Roster, Row};
pub(crate) use sayings::{Saying, Sayings};
pub use service::{Change, Changes};
pub(crate) use service::{Computed, Record, Service, Settings, Shown, rows_by_instance};
pub(crate) use services::Services;
pub use subscription::Notice;
pub(crate) use subscription::{Subscription, Subscriptions};
