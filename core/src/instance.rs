//! An instance as its provider describes it, and as readers see it.

use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher13;

use crate::id::{InstanceId, LeaseId, ServiceId, SessionId};
use crate::name::{Actor, Address, HostId, Metadata, NameId, ServiceKey, Weight};
use crate::time::Instant;

/// What a provider says of its instance when it claims it: the content of a registration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    /// Which service.
    pub service: ServiceKey,
    /// Which address.
    pub address: Address,
    /// Who claims: a client id, a proxy, a connection's name.
    pub source: Actor,
    /// Over which session; none for a claim that lives by beats.
    #[serde(default)]
    pub session: Option<SessionId>,
    /// Which life of the instance. Without a number a claim continues the life that its source's lease has, and begins a new one
    /// where it has none; a fence takes it for the life that its source last had.
    #[serde(default, deserialize_with = "crate::name::incarnation")]
    pub incarnation: Option<u64>,
    /// Whether it is a copy of a claim that another node of a cluster holds.
    #[serde(default)]
    pub copied: bool,
    /// What ends it: silence or its session, or its source alone.
    #[serde(default)]
    pub kind: Kind,
    /// Whether it is healthy to begin with; true where nothing is said.
    #[serde(default = "yes")]
    pub healthy: bool,
    /// What it asks of load balancers.
    #[serde(default)]
    pub content: Content,
}

/// What keeps an instance: rule 4.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Beats, or its session.
    #[default]
    Ephemeral,
    /// Nothing: it stays until its source or an operator takes it back, and its health is what the host's checker reports.
    Persistent,
}

impl Kind {
    /// Its name for people.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Kind::Ephemeral => "ephemeral",
            Kind::Persistent => "persistent",
        }
    }

    /// The one that it is not.
    pub(crate) fn other(self) -> Kind {
        match self {
            Kind::Ephemeral => Kind::Persistent,
            Kind::Persistent => Kind::Ephemeral,
        }
    }
}

/// The part of a registration that later registrations replace as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    /// Share of traffic; 1 where none is named.
    #[serde(default)]
    pub weight: Weight,
    /// Whether the provider itself wants traffic; true where nothing is said.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Free texts. The keys `preserved.heart.beat.interval`, `preserved.heart.beat.timeout` and `preserved.ip.delete.timeout`
    /// (milliseconds) set the instance's own times, as in Nacos.
    #[serde(default)]
    pub metadata: Metadata,
}

fn yes() -> bool {
    true
}

impl Default for Content {
    fn default() -> Content {
        Content { weight: Weight::default(), enabled: true, metadata: Metadata::default() }
    }
}

impl Registration {
    /// A claim of `source` on `address` in `service`, living by beats, with default content.
    pub fn new(service: ServiceKey, address: Address, source: Actor) -> Registration {
        Registration {
            service,
            address,
            source,
            session: None,
            incarnation: None,
            copied: false,
            kind: Kind::Ephemeral,
            healthy: true,
            content: Content::default(),
        }
    }
}

/// State bits of an instance, as rows of changes carry them.
pub mod state {
    /// It is there: some lease holds it.
    pub const PRESENT: u32 = 1;
    /// At least one lease is alive.
    pub const HEALTHY: u32 = 1 << 1;
    /// Provider and operator let it have traffic, as the policy joins the two.
    pub const ENABLED: u32 = 1 << 2;
    /// Consumers get it: present and enabled. Health is a mark on it, not a condition.
    pub const SERVED: u32 = 1 << 3;
    /// An operator's override is in force.
    pub const OVERRIDDEN: u32 = 1 << 4;
    /// More than one source holds it.
    pub const SHARED: u32 = 1 << 5;
}

/// Why an instance changed. The numbers are stable: rows of changes carry them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Cause {
    /// A registration.
    Registered = 1,
    /// A beat that carried the whole instance while it was unknown.
    RegisteredByBeat = 2,
    /// A beat after silence.
    Beat = 3,
    /// A registration that changed what an instance already there says of itself.
    Reregistered = 4,
    /// A further source claimed an instance that was there.
    SourceJoined = 5,
    /// A source ended its claim on an instance that others hold.
    SourceLeft = 6,
    /// Its source claimed another address of the service instead, where the policy lets it hold one only.
    Replaced = 7,
    /// Silence past the timeout.
    Silent = 10,
    /// Silence past the delete time.
    Expired = 11,
    /// Its own source took it back.
    Deregistered = 12,
    /// Its session was closed.
    SessionClosed = 13,
    /// Its session fell silent and did not answer the probe.
    SessionLost = 14,
    /// An operator removed it.
    Removed = 15,
    /// The host's checker found a persistent instance healthy again.
    ReportedUp = 16,
    /// The host's checker found a persistent instance unhealthy.
    ReportedDown = 17,
    /// The registry's process ended, and it had not kept the instance.
    RegistryRestarted = 18,
    /// It was a copy of another node's claim, which ended there.
    CopyEnded = 19,
    /// An operator's override was set.
    OverrideSet = 20,
    /// An operator's override was cleared.
    OverrideCleared = 21,
    /// An operator's override came to the end of its lifetime.
    OverrideEnded = 22,
    /// An operator lifted a fence.
    FenceLifted = 23,
    /// A deregistration that the policy answers as done, and that took nothing away.
    DeregistrationIgnored = 24,
    /// A persistent instance had been unhealthy for longer than the policy, or it itself, allows.
    NotRecovered = 25,
    /// A setting of the service was changed.
    ServiceChanged = 30,
    /// The record of its service was taken away although it was there.
    ServiceForgotten = 31,
}

/// An instance as a reader gets it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstanceView {
    /// Its id in rows of changes.
    pub id: InstanceId,
    /// Its address.
    pub address: Address,
    /// What keeps it.
    pub kind: Kind,
    /// As this reader gets it: protection shows all as healthy.
    pub healthy: bool,
    /// Whether traffic is allowed.
    pub enabled: bool,
    /// Weight in force, the operator's where one is set.
    pub weight: Weight,
    /// Metadata in force, the operator's keys over the provider's.
    pub metadata: Metadata,
}

/// What a successful registration returns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registered {
    /// What to beat with.
    pub lease: LeaseId,
    /// The instance in rows of changes.
    pub instance: InstanceId,
    /// Its service.
    pub service: ServiceId,
    /// Which life this is.
    pub incarnation: u64,
    /// Whether it was absent before.
    pub created: bool,
    /// Other sources that hold the same instance: usually none. A ghost process or a sync proxy shows here.
    pub other_sources: alloc::vec::Vec<Actor>,
}

/// An instance's key in numbers: its service's slot and its interned address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Key {
    pub(crate) service: u32,
    pub(crate) host: HostId,
    pub(crate) port: u16,
    pub(crate) cluster: NameId,
    pub(crate) kind: Kind,
}

impl Key {
    /// Its place in a table, under the host's seed: addresses come from strangers.
    pub(crate) fn hash(self, seed: (u64, u64)) -> u64 {
        let kind = u64::from(self.kind == Kind::Persistent);
        let place = u128::from(self.service) << 32 | u128::from(self.cluster.0);
        let address = kind << 49 | u64::from(self.port) << 33 | self.host.bits();
        SipHasher13::new_with_keys(seed.0, seed.1).hash(&(place << 64 | u128::from(address)).to_le_bytes())
    }
}

/// A layer between the registry and the calls that a reader makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// The list of its registry client.
    Client,
    /// The list of the framework above that client: a load balancer's or a gateway's cache.
    Framework,
}

/// What one layer of a reader holds of an instance, as its host reports it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CopyReport {
    /// Whose.
    pub reader: Actor,
    /// Which layer.
    pub layer: Layer,
    /// When it took the list it holds; none where it never took one.
    pub taken: Option<Instant>,
    /// Whether the instance is in that list.
    pub listed: bool,
    /// Whether it is there as healthy.
    #[serde(default)]
    pub healthy: bool,
    /// Since when push-empty protection keeps that list against a newer one; none where it does not.
    #[serde(default)]
    pub kept_since: Option<Instant>,
    /// Until when it keeps it; none without end.
    #[serde(default)]
    pub kept_until: Option<Instant>,
}
