//! The account of one instance: what each reader gets, which rule decides, who or what brought it about, and what would change it.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::{CopyAccount, DifferingAccount, Silence, Telling, Transition};
use crate::instance::Kind;
use crate::name::{Actor, Address, Reason, ServiceKey, Threshold};
use crate::policy::Lifetime;
use crate::time::{Instant, Span};

/// Why an instance is, or is not, what its readers get. Structure first; [`Explanation::sentences`] says the same to people.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// The instance's service.
    pub service: ServiceKey,
    /// The instance.
    pub address: Address,
    /// Which of the two that an address may have; the ephemeral one where both are there.
    pub kind: Kind,
    /// The moment it is explained at.
    pub at: Instant,
    /// What it is, in a word.
    pub standing: Standing,
    /// What each kind of reader gets.
    pub sights: Sights,
    /// Who was told of its last change, and who was not yet.
    pub telling: Telling,
    /// The copies that hosts reported, beside what consumers get here.
    pub copies: Vec<CopyAccount>,
    /// What decides its standing.
    pub decided_by: Deciding,
    /// Every claim on it, oldest first.
    pub leases: Vec<LeaseAccount>,
    /// What each of its sources says of it, where they do not all say the same.
    pub differing: Option<DifferingAccount>,
    /// Every field an operator decided.
    pub overrides: Vec<OverrideAccount>,
    /// The fence of its ended life.
    pub fence: Option<FenceAccount>,
    /// The protection of its service, when in force.
    pub protection: Option<ProtectionAccount>,
    /// Who reports its health to be other than it is, where more of them must agree.
    pub doubted_by: Vec<Actor>,
    /// Times in its metadata that nobody looks at, because it does not live by beats: `KEY=VALUE`.
    pub unheeded: Vec<String>,
    /// The brake, where it holds the removal of a claim up.
    pub brake: Option<BrakeAccount>,
    /// The protection that readers of its cluster alone meet, where its service has several clusters.
    pub cluster_protection: Option<ProtectionAccount>,
    /// Why protection does not show it as healthy, where it is unhealthy and served.
    pub unprotected: Option<UnprotectedAccount>,
    /// Until when its service is served as it last was, because everybody in it is silent.
    pub kept_until: Option<Instant>,
    /// Until when the registry, which restarted without its instances, does not know whether what it does not list is there.
    pub warming_until: Option<Instant>,
    /// Its newest life, where claims as an older one are refused.
    pub newest_life: Option<u64>,
    /// The kind that its empty service keeps.
    pub kept_kind: Option<KindAccount>,
    /// The time in which nobody watched the registry, where that gave its claims a fresh start.
    pub gap: Option<Gap>,
    /// What happened to it, newest first, at most eight entries.
    pub history: Vec<Transition>,
    /// What happens next by itself.
    pub next: Option<NextEvent>,
    /// What would change its standing: any one of these; all of them for an instance that is gone or offline.
    pub remedies: Vec<Remedy>,
    /// The same in sentences, the verdict first.
    pub sentences: Vec<String>,
}

/// Time in which the host did not run the registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// When it should have been called.
    pub from: Instant,
    /// When it was.
    pub until: Instant,
}

/// What an instance is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Held, alive, and allowed to have traffic.
    Online,
    /// Held and allowed, but silent.
    Unhealthy,
    /// Held, but not allowed to have traffic.
    Offline,
    /// Held no more.
    Gone,
    /// Never seen here, or forgotten.
    Unknown,
}

/// What each kind of reader gets of the instance now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Sights {
    /// The operator's page.
    pub operator: Sight,
    /// A consumer's query.
    pub consumer: Sight,
    /// Whether both still get an older state, because the view has not been computed again since the last change.
    pub stale: bool,
}

/// An instance in one reader's list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Sight {
    /// Whether it is listed.
    pub listed: bool,
    /// Whether it is listed as healthy.
    pub healthy: bool,
    /// Whether it is listed as enabled.
    pub enabled: bool,
}

/// The rule that decides, and the event that set it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Deciding {
    /// Which rule.
    pub rule: Rule,
    /// When it came to be so.
    pub at: Option<Instant>,
    /// Who brought it about; none where time did.
    pub by: Option<Actor>,
    /// Why, in an operator's words.
    pub because: Option<Reason>,
    /// The silence that brought it about, where one did.
    pub silence: Option<Silence>,
}

/// Rules that can decide an instance's standing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// A registration holds it.
    Registration,
    /// A full beat registered it.
    BeatForTheUnknown,
    /// A beat came after silence.
    Recovery,
    /// Silence past a timeout.
    BeatExpiry,
    /// A session that was closed.
    SessionClosed,
    /// A session that fell silent.
    SessionLost,
    /// A report of the host's checker.
    HealthReport,
    /// A restart of the registry that had not kept it.
    Restart,
    /// Its source went to another address.
    Replacement,
    /// A source that had said otherwise left it to the others.
    SourceLeft,
    /// A deregistration.
    Deregistration,
    /// Its claim ended at another node, of which this one held a copy.
    EndedElsewhere,
    /// An operator's removal.
    Removal,
    /// An operator's override.
    Override,
    /// The end of an operator's override.
    OverrideEnded,
    /// The provider's own word.
    Published,
    /// Nothing is known of it.
    Nothing,
}

/// One claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeaseAccount {
    /// Who claims.
    pub source: Actor,
    /// What the claim lives by.
    pub kind: LeaseKind,
    /// The name of the connection that carries it, where one does.
    pub connection: Option<Actor>,
    /// Which life it is for.
    pub incarnation: u64,
    /// When it was made.
    pub since: Instant,
    /// The last sign of life.
    pub last_seen: Instant,
    /// How long ago that was.
    pub age: Span,
    /// When its connection was asked for a sign of life, while the answer is out.
    pub asked: Option<Instant>,
    /// Whether its silence is looked for here; that of a copy may be another node's to find.
    pub watched: bool,
    /// How long silence may last.
    pub silence_allowed: Option<Span>,
    /// Whether it makes the instance healthy.
    pub alive: bool,
    /// When silence has its next consequence.
    pub due: Option<Instant>,
    /// Whether its removal waits though its time is over: too many are silent at once, or its service is served as it last was.
    pub waits: bool,
}

/// What a claim lives by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LeaseKind {
    /// Beats.
    Beats,
    /// A connection.
    Session,
    /// Nothing: it stays until somebody takes it back.
    Persistent,
}

/// One decided field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OverrideAccount {
    /// `enabled`, `weight` or `metadata.KEY`.
    pub field: String,
    /// The decided value.
    pub value: String,
    /// The provider's own value, where there is one.
    pub published: Option<String>,
    /// Who decided.
    pub by: Actor,
    /// Why.
    pub because: Option<Reason>,
    /// When.
    pub at: Instant,
    /// For how long.
    pub lifetime: Lifetime,
    /// When it ends as things stand.
    pub ends: Option<Instant>,
}

/// The fence of an ended life.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FenceAccount {
    /// Highest incarnation that is dead.
    pub incarnation: u64,
    /// Who ended it.
    pub by: Actor,
    /// Why.
    pub because: Option<Reason>,
    /// When.
    pub at: Instant,
    /// When the fence ends.
    pub until: Instant,
    /// Whether an operator ended it; an owner that took itself back may come again.
    pub by_operator: bool,
}

/// The protection of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ProtectionAccount {
    /// Healthy served instances.
    pub healthy: u32,
    /// Served instances.
    pub total: u32,
    /// The threshold they are at or below.
    pub threshold: Threshold,
}

/// The brake, while it holds removals up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct BrakeAccount {
    /// Claims by beats that are silent.
    pub silent: u32,
    /// All claims by beats.
    pub all: u32,
    /// The share above which removals wait, in percent.
    pub share: u32,
    /// Until when nobody was heard at all, which holds removals up for a timeout from then on.
    pub deaf_until: Option<Instant>,
    /// How many removals wait.
    pub waiting: u32,
    /// When the oldest of them was due.
    pub oldest: Instant,
}

/// A service that protection leaves alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct UnprotectedAccount {
    /// Healthy served instances.
    pub healthy: u32,
    /// Served instances.
    pub total: u32,
    /// The threshold they are not at or below; none where none is set.
    pub threshold: Option<Threshold>,
}

/// An empty service that keeps the kind of its first instance: one of the other kind cannot register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct KindAccount {
    /// The kind.
    pub kind: Kind,
    /// Since when the service is known.
    pub since: Instant,
    /// Since when it is empty, or when anything about it last happened.
    pub empty_since: Instant,
    /// When it is forgotten, and its kind with it.
    pub until: Option<Instant>,
}

/// What happens next by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct NextEvent {
    /// When.
    pub at: Instant,
    /// What.
    pub what: NextKind,
}

/// Kinds of events that time brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NextKind {
    /// It turns unhealthy unless it beats.
    Unhealthy,
    /// It is removed unless it beats.
    Removed,
    /// Its connection is given up unless it gives a sign of life.
    ConnectionGivenUp,
    /// Its removal, which waits, is considered again.
    RemovalConsidered,
    /// What an operator decided is forgotten, unless it comes back before.
    OverrideForgotten,
    /// What an operator decided is forgotten although the instance lives.
    OverrideForgottenWhileAlive,
    /// The view is computed again.
    ViewComputed,
    /// The fence of its ended life ends.
    FenceEnds,
}

/// What would change the standing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Remedy {
    /// An operator clears or reverses the override of this actor.
    ClearOverride {
        /// Who decided.
        by: Actor,
    },
    /// The provider registers it as enabled.
    PublishEnabled,
    /// A beat of one of its sources.
    Beat {
        /// Which source.
        source: Actor,
    },
    /// Reports of its checker that it is healthy.
    ReportHealthy,
    /// One of its sources registers it as healthy.
    PublishHealthy {
        /// Which source.
        source: Actor,
    },
    /// A registration.
    Register,
    /// A registration as a newer incarnation than this.
    RegisterNewer {
        /// The dead one.
        than: u64,
        /// When the fence ends.
        until: Instant,
    },
    /// Its only claim ends: it deregisters, its connection ends, or it is silent until then.
    ClaimEnds {
        /// Whose claim.
        source: Actor,
        /// What it lives by.
        kind: LeaseKind,
        /// When silence would end it.
        until: Option<Instant>,
    },
    /// All its claims end.
    AllClaimsEnd {
        /// Whose.
        sources: Vec<Actor>,
    },
}
