//! The registry: the verbs, calling the rooms of the rules in a fixed order.
//!
//! Every verb does the same three things. It lets everything happen that is due by `now`; it checks all it is about to do; and
//! only then it changes anything. A refusal therefore leaves the registry as if only time had passed.

mod ahead;
mod batch;
mod beat;
mod check;
mod claim;
mod connect;
mod explain;
mod fits;
mod journal;
mod operate;
mod query;
mod question;
mod reading;
mod resolve;
mod restart;
mod restore;
mod services;
mod settle;
mod show;
mod sources;
mod timers;
mod withdraw;

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::account::{Gap, Journal};
use crate::command::{Command, Outcome};
use crate::error::Error;
use crate::liveness::{Brake, Callers, Leases, Measure, Sessions};
use crate::memory::{Fences, Overrides};
use crate::name::{ContentPool, Names};
use crate::policy::Policy;
use crate::time::Instant;
use crate::view::{Roster, Sayings, Services, Subscriptions};

use check::Doubt;
use settle::Beating;
use timers::{Timer, Timers};

pub use query::{InstanceQuery, Reader, ServiceRecord, ServiceView};
pub use question::{Counters, Question, Reply};

/// A service registry as a pure state machine.
///
/// It holds no clock, thread or socket: the host hands in `now` with every verb, and takes out outcomes, notices, changes and the
/// next deadline. Equal policies and equal commands at equal times give equal registries, byte for byte, in every language.
///
/// ```
/// use liveset::{Address, Actor, Instant, Policy, Registration, Registry, ServiceKey};
///
/// let mut registry = Registry::new(Policy::strict())?;
/// let orders = ServiceKey::named("orders")?;
/// let address = Address::new("10.0.0.1", 8080)?;
/// let claim = Registration::new(orders.clone(), address.clone(), Actor::parse("order-1")?);
///
/// let lease = registry.register(Instant::ZERO, &claim)?.lease;
/// registry.beat(Instant::from_secs(5), lease)?;
/// registry.advance(Instant::from_secs(20));
/// assert_eq!(
///     registry.explain(&orders, &address).sentences[0],
///     "unhealthy: no beat of order-1 for 15s; last at 5s, marked at 20s",
/// );
/// # Ok::<(), liveset::Error>(())
/// ```
#[derive(Serialize, Deserialize)]
pub struct Registry {
    policy: Policy,
    now: Instant,
    /// Until anything else happens, further beats of one moment.
    #[serde(skip)]
    beating: Beating,
    /// How often the host handed in a moment earlier than one before.
    clamped: u64,
    names: Names,
    contents: ContentPool,
    leases: Leases,
    callers: Callers,
    sessions: Sessions,
    overrides: Overrides,
    fences: Fences,
    roster: Roster,
    sayings: Sayings,
    services: Services,
    subscriptions: Subscriptions,
    journal: Journal,
    timers: Timers,
    brake: Brake,
    /// The last time in which nobody watched.
    gap: Option<Gap>,
    /// Reports that an instance's health is other than it is, since it was so.
    doubts: BTreeMap<u32, Doubt>,
    /// Until when its lists are marked as incomplete.
    warming_until: Option<Instant>,
}

impl Registry {
    /// An empty registry under `policy`, at the host's zero. Refuses a policy out of bounds.
    ///
    /// Names come from strangers: a host that faces them hands in a random seed with [`Registry::with_seed`]. The seed never
    /// reaches an output.
    pub fn new(policy: Policy) -> Result<Registry, Error> {
        Registry::with_seed(policy, (0, 0))
    }

    /// As [`Registry::new`], with the host's 128 random bits for the hash tables.
    pub fn with_seed(policy: Policy, seed: (u64, u64)) -> Result<Registry, Error> {
        policy.check().map_err(|error| error.within("policy"))?;
        Ok(Registry {
            now: Instant::ZERO,
            beating: Beating::default(),
            clamped: 0,
            names: Names::new(seed),
            contents: ContentPool::new(seed),
            leases: Leases::new(Measure::of(&policy.expiry)),
            callers: Callers::default(),
            sessions: Sessions::new(),
            overrides: Overrides::new(),
            fences: Fences::new(seed),
            roster: Roster::new(seed),
            sayings: Sayings::default(),
            services: Services::new(seed),
            subscriptions: Subscriptions::new(),
            journal: Journal::new(),
            timers: Timers::new(),
            brake: Brake::default(),
            gap: None,
            doubts: BTreeMap::new(),
            warming_until: None,
            policy,
        })
    }

    /// The rules in force.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The latest moment it was handed.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// How often it was handed a moment earlier than one before. Time never goes backwards: such a moment counts as the latest.
    pub fn clamped(&self) -> u64 {
        self.clamped
    }

    /// Does what `command` says, at `now`. Every verb of this type is a reading of this door.
    pub fn apply(&mut self, now: Instant, command: Command) -> Result<Outcome, Error> {
        match command {
            Command::Register(registration) => self.register(now, &registration).map(Outcome::Registered),
            Command::Beat { lease } => {
                self.beat(now, lease)?;
                Ok(Outcome::Beaten { lease, interval: self.leases.times(lease.slot()).interval, registered: None })
            }
            Command::BeatMany { leases } => {
                let mut stale = Vec::new();
                self.beat_many(now, &leases, &mut stale);
                Ok(Outcome::BeatenMany { stale })
            }
            Command::BeatInstance(beat) => self.beat_instance(now, &beat),
            Command::RegisterBatch(batch) => self.register_batch(now, &batch),
            Command::ReportHealth(report) => self.report_health(now, &report),
            Command::Watch { service, address, watches } => {
                self.watch(now, &service, &address, watches).map(|()| Outcome::Watched)
            }
            Command::Deregister(deregistration) => self.deregister(now, &deregistration),
            Command::DeregisterLease { lease } => self.deregister_lease(now, lease),
            Command::Remove(removal) => self.remove(now, &removal),
            Command::LiftFence { service, address, by } => self.lift_fence(now, &service, &address, &by),
            Command::SetOverride(change) => self.set_override(now, &change),
            Command::ClearOverride { service, address, by, field } => {
                self.clear_override(now, &service, &address, &by, field.as_ref())
            }
            Command::EndOverride { service, address } => self.end_override(now, &service, &address),
            Command::SetService(settings) => Ok(Outcome::ServiceSet { service: self.set_service(now, &settings) }),
            Command::RemoveService { service } => self.remove_service(now, &service).map(|()| Outcome::ServiceRemoved),
            Command::Look { service } => {
                self.look(now, &service);
                Ok(Outcome::Looked)
            }
            Command::OpenSession { name } => Ok(Outcome::SessionOpened { session: self.open_session(now, &name)? }),
            Command::TouchSession { session } => self.touch_session(now, session).map(|()| Outcome::SessionTouched),
            Command::CloseSession { session } => {
                Ok(Outcome::SessionClosed { withdrawn: self.close_session(now, session)? })
            }
            Command::Subscribe { service, subscriber } => self.subscribe(now, &service, &subscriber),
            Command::Unsubscribe { subscription } => {
                self.unsubscribe(now, subscription).map(|()| Outcome::Unsubscribed)
            }
            Command::Restart => {
                self.restart(now);
                Ok(Outcome::Restarted)
            }
            Command::Loaded => {
                self.loaded(now);
                Ok(Outcome::Loaded)
            }
            Command::Poll { max } => {
                const MAX: u32 = 65_536;
                self.advance(now);
                if !(1..=MAX).contains(&max) {
                    return Err(Error::invalid("poll.max", max, "1 to 65536"));
                }
                Ok(Outcome::Notices { notices: core::iter::from_fn(|| self.poll()).take(max as usize).collect() })
            }
            Command::Excuse { from } => self.excuse(now, from).map(|()| Outcome::Excused),
            Command::Advance => {
                self.advance(now);
                Ok(Outcome::Advanced)
            }
        }
    }
}
