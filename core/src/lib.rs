//! liveset decides which instances of a service are live, and says why.
//!
//! It is the rules of a service registry as one pure state machine: no sockets, clock, threads, randomness, logging or globals. The
//! host hands in time and commands, and takes out outcomes, notices, changes and the next deadline:
//!
//! ```
//! use liveset::{Address, Actor, Instant, Notice, Outcome, Policy, Registration, Registry, ServiceKey};
//!
//! let mut registry = Registry::new(Policy::default())?;
//! let orders = ServiceKey::named("orders")?;
//! registry.subscribe(Instant::ZERO, &orders, &Actor::parse("gateway")?)?;
//!
//! let claim = Registration::new(orders.clone(), Address::new("10.0.0.1", 8080)?, Actor::parse("order-1")?);
//! let registered = registry.register(Instant::ZERO, &claim)?;
//!
//! // The hot path: many leases, one call. What nobody holds any more comes back.
//! let mut stale = Vec::new();
//! registry.beat_many(Instant::from_secs(5), &[registered.lease], &mut stale);
//! assert!(stale.is_empty());
//!
//! // Sleep until the next deadline, then let everything happen that is due.
//! assert_eq!(registry.next_deadline(), Some(Instant::from_secs(15)));
//! registry.advance(Instant::from_secs(15));
//!
//! // "This service moved; you have not looked yet."
//! while let Some(notice) = registry.poll() {
//!     if let Notice::Changed { service, .. } = notice {
//!         let changes = registry.changes(service, 0)?;
//!         assert_eq!(changes.rows.len(), 1);
//!     }
//! }
//! # Ok::<(), liveset::Error>(())
//! ```
//!
//! Every verb of [`Registry`] is also data, a [`Command`], and [`Registry::apply`] is the door for both. Rules are values in
//! [`Policy`]; [`Policy::strict`] is what operators asked for, and the presets named after Nacos versions are what those did.
//!
//! `ARCHITECTURE.md` beside this crate is the tour of the house.

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod account;
pub mod clients;
mod command;
pub mod document;
mod error;
mod grouped;
mod id;
mod instance;
mod liveness;
mod memory;
mod name;
mod pages;
pub mod policy;
mod registry;
mod slots;
mod table;
mod time;
mod view;

pub use account::{
    BrakeAccount, CopyAccount, Deciding, DifferingAccount, Explanation, FenceAccount, Gap, KindAccount, LeaseAccount,
    LeaseKind, NextEvent, NextKind, OverrideAccount, ProtectionAccount, Remedy, Rule, SayingAccount, Sight, Sights,
    Silence, Standing, SubscriberAccount, Telling, Transition, UnprotectedAccount,
};
pub use command::{
    BatchMember, BatchRegistration, Command, Deregistration, HealthReport, InstanceBeat, Outcome, OverrideField,
    Removal, ServiceSettings,
};
pub use error::{Error, ErrorDocument};
pub use id::{InstanceId, LeaseId, ServiceId, SessionId, SubscriptionId};
pub use instance::{Cause, Content, CopyReport, InstanceView, Kind, Layer, Registered, Registration, state};
pub use memory::OverrideChange;
pub use name::{
    Actor, Address, Cluster, Group, Host, Metadata, Namespace, Port, Reason, ServiceKey, ServiceName, Threshold, Weight,
};
pub use policy::Policy;
pub use registry::{Counters, InstanceQuery, Question, Reader, Registry, Reply, ServiceRecord, ServiceView};
pub use time::{Instant, Span};
pub use view::{Change, Changes, Notice};
