//! The verbs as data. [`crate::Registry::apply`] is the door for all of them: logs, replicas and bindings speak this.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::id::{LeaseId, ServiceId, SessionId, SubscriptionId};
use crate::instance::{Content, Kind, Registered, Registration};
use crate::memory::OverrideChange;
use crate::name::{Actor, Address, Metadata, Reason, ServiceKey, Threshold};
use crate::time::{Instant, Span};
use crate::view::Notice;

/// Everything that can be done to a registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Command {
    /// Claims an instance, or says anew what it is. Counts as a beat.
    Register(Registration),
    /// A sign of life of one lease.
    Beat {
        /// Which.
        lease: LeaseId,
    },
    /// Signs of life of many leases; the stale ones are returned.
    BeatMany {
        /// Which.
        leases: Vec<LeaseId>,
    },
    /// A sign of life by name, as clients without ids send it.
    BeatInstance(InstanceBeat),
    /// Claims several instances of one service over one session at once, in the place of all that it holds there.
    RegisterBatch(BatchRegistration),
    /// What the host's checker found out about a persistent instance.
    ReportHealth {
        /// Which service.
        service: ServiceKey,
        /// Which instance.
        address: Address,
        /// What was found.
        healthy: bool,
        /// Whether this report is enough by itself; else it takes as many equal ones in a row as the policy says.
        #[serde(default)]
        sure: bool,
    },
    /// Says whether this node of a cluster looks for the silence of an instance that lives by beats. Copies of other nodes' claims are not
    /// looked at until it says so, and then it counts from the last beat known here.
    Watch {
        /// Which service.
        service: ServiceKey,
        /// Which instance.
        address: Address,
        /// Whether it is this node.
        watches: bool,
    },
    /// Takes back a claim, by name.
    Deregister(Deregistration),
    /// Takes back a claim, by id.
    DeregisterLease {
        /// Which.
        lease: LeaseId,
    },
    /// An operator ends every claim on an instance and fences the life that ended.
    Remove(Removal),
    /// An operator lifts the fence of an instance.
    LiftFence {
        /// Which service.
        service: ServiceKey,
        /// Which instance.
        address: Address,
        /// Who lifts it.
        by: Actor,
    },
    /// An operator decides about an instance, present or not.
    SetOverride(OverrideChange),
    /// An operator takes a decision back.
    ClearOverride {
        /// Which service.
        service: ServiceKey,
        /// Which instance.
        address: Address,
        /// Who takes it back.
        by: Actor,
        /// Which field; all of them where none is named.
        #[serde(default)]
        field: Option<OverrideField>,
    },
    /// The lifetime of a decision ended at another node, which says so: it ends here as if it had ended here.
    EndOverride {
        /// Which service.
        service: ServiceKey,
        /// Which instance.
        address: Address,
    },
    /// Sets the settings of a service as a whole, creating it where it is not known.
    SetService(ServiceSettings),
    /// An operator takes an empty service away, with its settings.
    RemoveService {
        /// Which service.
        service: ServiceKey,
    },
    /// A reader is about to read a service: where the policy computes views late and nobody computed this one yet, it is computed now.
    Look {
        /// Which service.
        service: ServiceKey,
    },
    /// A connection opens.
    OpenSession {
        /// Whose it is.
        name: Actor,
    },
    /// A sign of life of a connection.
    TouchSession {
        /// Which.
        session: SessionId,
    },
    /// A connection ended; so do its leases.
    CloseSession {
        /// Which.
        session: SessionId,
    },
    /// Somebody wants to be told of a service, known or not.
    Subscribe {
        /// Which service.
        service: ServiceKey,
        /// Who wants to know.
        subscriber: Actor,
    },
    /// Nobody wants to be told any more.
    Unsubscribe {
        /// Which subscription.
        subscription: SubscriptionId,
    },
    /// The registry's process ended and began again: what the policy does not keep over that is gone.
    Restart,
    /// The host has handed in all that a restart lost: lists are complete from here on.
    Loaded,
    /// Takes up to `max` notices (1 to 65536).
    Poll {
        /// How many.
        max: u32,
    },
    /// Only time passes.
    Advance,
}

/// A sign of life by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstanceBeat {
    /// Which service.
    pub service: ServiceKey,
    /// Which instance.
    pub address: Address,
    /// Who beats.
    pub source: Actor,
    /// For which life; none counts as the life that the source last had.
    #[serde(default, deserialize_with = "crate::name::incarnation")]
    pub incarnation: Option<u64>,
    /// The whole instance, in a full beat; a light beat has none.
    #[serde(default)]
    pub content: Option<Content>,
}

/// A claim taken back by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deregistration {
    /// Which service.
    pub service: ServiceKey,
    /// Which instance.
    pub address: Address,
    /// Who takes its claim back.
    pub source: Actor,
    /// Of which life; a late command of an older one is refused.
    #[serde(default, deserialize_with = "crate::name::incarnation")]
    pub incarnation: Option<u64>,
    /// Over which session; none for a claim by beats, or by name alone.
    #[serde(default)]
    pub session: Option<SessionId>,
    /// Which of the two instances that an address may have; whichever is there where none is named.
    #[serde(default)]
    pub kind: Option<Kind>,
    /// Whether the claim ended at another node of a cluster, and this takes its copy away: nobody's absence begins to count here.
    #[serde(default)]
    pub copied: bool,
    /// Why.
    #[serde(default)]
    pub because: Option<Reason>,
}

impl Deregistration {
    /// The claim of `source` on `address` in `service`, whichever life it is.
    pub fn new(service: ServiceKey, address: Address, source: Actor) -> Deregistration {
        Deregistration {
            service,
            address,
            source,
            incarnation: None,
            session: None,
            kind: None,
            copied: false,
            because: None,
        }
    }
}

/// What an operator sets for a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceSettings {
    /// Which service.
    pub service: ServiceKey,
    /// Protect threshold; none goes back to the policy's.
    #[serde(default)]
    pub protect_threshold: Option<Threshold>,
    /// Free texts.
    #[serde(default)]
    pub metadata: Metadata,
    /// Its kind where it is created by this; the kind of its first instance where none is named.
    #[serde(default)]
    pub kind: Option<Kind>,
}

impl ServiceSettings {
    /// No settings at all.
    pub fn new(service: ServiceKey) -> ServiceSettings {
        ServiceSettings { service, protect_threshold: None, metadata: Metadata::default(), kind: None }
    }
}

/// Several claims of one session on instances of one service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchRegistration {
    /// Which service.
    pub service: ServiceKey,
    /// Who claims.
    pub source: Actor,
    /// Over which session.
    pub session: SessionId,
    /// What it claims; whatever else it holds there is withdrawn.
    pub members: Vec<BatchMember>,
}

/// One claim of a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchMember {
    /// Which instance.
    pub address: Address,
    /// What it asks of load balancers.
    #[serde(default)]
    pub content: Content,
}

/// An operator's removal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Removal {
    /// Which service.
    pub service: ServiceKey,
    /// Which instance.
    pub address: Address,
    /// Who removes it.
    pub by: Actor,
    /// Why.
    #[serde(default)]
    pub because: Option<Reason>,
    /// How long the ended life stays fenced; the policy's time where none is named, no fence at 0.
    #[serde(default)]
    pub fence_for: Option<Span>,
}

/// A field of an override.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum OverrideField {
    /// On or off.
    Enabled,
    /// Weight.
    Weight,
    /// One metadata key.
    Metadata(alloc::string::String),
}

/// What a command brought about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// The claim holds.
    Registered(Registered),
    /// The claims hold, and nothing else that the session held in the service.
    RegisteredBatch {
        /// In the order given.
        members: Vec<Registered>,
        /// How many other claims ended.
        withdrawn: u32,
    },
    /// The report counts.
    HealthReported {
        /// Whether the instance is healthy now.
        healthy: bool,
    },
    /// This node watches the instance, or another one does.
    Watched,
    /// It counts.
    Beaten {
        /// The lease that beats; a host without ids may keep it.
        lease: LeaseId,
        /// How often to beat.
        interval: Span,
        /// Set when the beat registered an instance that was not there.
        registered: Option<Registered>,
    },
    /// They count, but for the stale ones.
    BeatenMany {
        /// Leases nobody holds any more, in the order given: register again.
        stale: Vec<LeaseId>,
    },
    /// Taken back.
    Deregistered {
        /// How many claims ended; 0 where the policy answers so and does nothing.
        withdrawn: u32,
        /// Sources that hold the instance still.
        remaining: Vec<Actor>,
    },
    /// The instance is gone.
    Removed {
        /// How many claims ended.
        withdrawn: u32,
        /// Until when that life is fenced; none without a fence.
        fenced_until: Option<Instant>,
    },
    /// The fence is lifted.
    FenceLifted,
    /// The decision holds.
    OverrideSet,
    /// The decision is forgotten.
    OverrideCleared,
    /// The decision has ended.
    OverrideEnded,
    /// The settings hold.
    ServiceSet {
        /// The service.
        service: ServiceId,
    },
    /// The service is gone.
    ServiceRemoved,
    /// The reader may read.
    Looked,
    /// The connection is known.
    SessionOpened {
        /// Its id.
        session: SessionId,
    },
    /// The sign of life counts.
    SessionTouched,
    /// The connection is over.
    SessionClosed {
        /// How many claims ended with it.
        withdrawn: u32,
    },
    /// Notices will come.
    Subscribed {
        /// The subscription's id.
        subscription: SubscriptionId,
        /// The service.
        service: ServiceId,
        /// Where it stands now.
        revision: u64,
    },
    /// No notices will come.
    Unsubscribed,
    /// What was kept is there.
    Restarted,
    /// Lists are complete.
    Loaded,
    /// What to do next.
    Notices {
        /// In the order in which they arose.
        notices: Vec<Notice>,
    },
    /// Time passed.
    Advanced,
}
