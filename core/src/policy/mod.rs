//! What is set: every rule's constants as plain data. No rule asks which product a policy imitates.
//!
//! [`Policy::strict`] is the default: what operators asked for. The presets named after servers give what those versions
//! did, surprises included; they are values, one file each.

mod bounds;
mod nacos_1_4;
mod nacos_2_0;
mod nacos_2_5;
mod strict;

use alloc::string::String;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::name::Threshold;
use crate::time::Span;

/// All rules and constants of one registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// What to call it in timelines; no rule reads it. 1 to 64 bytes.
    pub label: String,
    /// Beats: when silence makes an instance unhealthy, and when it removes it.
    pub expiry: Expiry,
    /// Beats and registrations: who may claim what.
    pub claims: Claims,
    /// Connections.
    pub session: SessionPolicy,
    /// What is remembered of an operator's decisions.
    pub overrides: OverridePolicy,
    /// What is remembered of an ended life.
    pub fence: FencePolicy,
    /// What readers get.
    pub view: ViewPolicy,
    /// How many of everything there may be.
    pub limits: Limits,
}

/// Rule 1, beat expiry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expiry {
    /// How often a client is told to beat, in ms. Nacos: 5000.
    pub interval: Span,
    /// Silence after which an instance is unhealthy, in ms. Nacos: 15000.
    pub timeout: Span,
    /// Silence after which it is removed, in ms. Nacos: 30000.
    pub delete: Span,
    /// Whether silence of exactly the timeout is already too long.
    pub bound: Bound,
    /// When silence is looked for.
    pub sweep: Sweep,
    /// What to do with a time in an instance's metadata that is not whole milliseconds up to ten days.
    pub malformed_times: MalformedTimes,
    /// Whether a registration is refused whose timeout or delete time is below its interval. Nacos: from 2.5 on (recorded).
    pub times_in_order: bool,
}

/// Strictness of a time limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// Due when the time has been reached.
    Reached,
    /// Due one millisecond later: Nacos compares with `>`.
    Exceeded,
}

/// When a condition is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sweep {
    /// At the very moment.
    Exact,
    /// Every so many ms, counted from the first registration of the service. Nacos 1.4: one timer a service.
    PerService(Span),
    /// Every so many ms, counted from the first registration of the claim. Nacos 2: one timer an `ip:port`.
    PerLease(Span),
}

/// What a malformed time in metadata means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MalformedTimes {
    /// The registration is refused, naming the key.
    Refused,
    /// The policy's own time holds. Nacos 1.4 (recorded).
    Default,
    /// It counts as 0, so the instance goes at the first look. Nacos 2 (recorded).
    Zero,
}

/// Rules 2, 6 and 7: beats for the unknown, deregistration, several sources.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// What a beat does for an instance that is not there.
    pub unknown_beat: UnknownBeat,
    /// Whether claims that live by beats are told apart by their source.
    pub sources: Sources,
    /// What happens to the deregistration of an instance that only others hold.
    pub foreign_deregistration: ForeignDeregistration,
    /// Whether incarnations are compared. Off, late commands of an older life act on the newer one.
    pub incarnations: bool,
}

/// Rule 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownBeat {
    /// Refused: register again. A beat never creates an instance.
    Refused,
    /// A beat that carries the whole instance registers it. Nacos: all versions.
    Registers,
}

/// Rule 7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sources {
    /// Each source has its own lease.
    Distinct,
    /// All claims by beats on one address are one lease, which anyone may withdraw. Nacos over HTTP: the client is `ip:port`.
    OnePerAddress,
}

/// Rule 6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForeignDeregistration {
    /// An error that names the holders.
    Refused,
    /// Answered as done, and nothing happens. Nacos 2: another client's deregistration of a gRPC instance.
    Ignored,
}

/// Rule 3, sessions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionPolicy {
    /// Silence after which a session is probed, in ms. Nacos 2: 20000.
    pub idle: Span,
    /// Silence is looked for every so often, in ms; 0 means at the very moment. Nacos 2: 3000.
    pub sweep: Span,
    /// How long a probe waits for an answer before the session is lost, in ms. Nacos 2: 1000 to 5000.
    pub probe: Span,
}

/// Rule 5, offline memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OverridePolicy {
    /// How long a decision holds where the operator names no lifetime.
    pub lifetime: Lifetime,
    /// What an operator's command replaces.
    pub write: OverrideWrite,
    /// What decides when provider and operator disagree on `enabled`.
    pub enabled: EnabledRule,
    /// Whether a registration writes the decision away. Nacos 1.4: the flag lives in the instance's own record.
    pub ends_at_registration: bool,
    /// When an instance counts as absent, for lifetimes that are counted during absence.
    pub absence: Absence,
    /// Whether a copy of a registration made at another node ends the absence, too. Nacos 2.0 to 2.2: no.
    pub copies_end_absence: bool,
    /// Ended lifetimes are looked for every so often, in ms; 0 means at the very moment. Nacos 2: 5000.
    pub sweep: Span,
    /// Whether the end of a lifetime changes the view at once. Nacos 2: no, readers see it at the service's next change.
    pub end_is_told: bool,
}

/// How long an operator's decision holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lifetime {
    /// Until an operator clears it.
    UntilCleared,
    /// For a time in ms, counted from the decision.
    For(Span),
    /// For the life of the instance it was made about; a newer incarnation comes without it.
    ThisIncarnation,
    /// For a time in ms, counted only while the instance is absent, from zero at each disappearance. Nacos 2: 60000.
    Absent(Span),
}

/// What an operator's command replaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OverrideWrite {
    /// The fields it names.
    Fields,
    /// Everything: what it does not name becomes enabled, weight 1, no metadata. Nacos: all versions.
    Whole,
}

/// How published and decided `enabled` join.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EnabledRule {
    /// Served only when provider and operator both allow it.
    BothAllow,
    /// The operator's word replaces the provider's. Nacos: all versions.
    OverrideWins,
}

/// When an instance counts as absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Absence {
    /// When no lease is left, until one is there again.
    NoLeaseLeft,
    /// From the end of any of its leases, until the next registration. Nacos 2: the old connection's end marks the memory of
    /// an instance that lives on over a new one.
    AnyLeaseEnded,
}

/// Rule 6, fences.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FencePolicy {
    /// How long an operator's removal keeps the removed life away, in ms; 0 means no fence. Nacos: none.
    pub removal: Span,
    /// How long an owner's deregistration keeps beats of that life away, in ms; 0 means no fence. Nacos: none.
    pub deregistration: Span,
}

/// Rules 8 and 12, what readers get and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ViewPolicy {
    /// How long after a change the view is computed again, in ms; 0 means at once. Nacos 2: 500, and reads lag with it.
    pub refresh: Span,
    /// How long a subscriber's notice waits for more changes, in ms; 0 means not at all. Nacos 1.4: 1000.
    pub notice_window: Span,
    /// Protect threshold of a service for which none was set. Nacos 1.4: 0; Nacos 2: none.
    pub default_threshold: Option<Threshold>,
    /// Whether subscribers are told when a new threshold brings protection into force or ends it. Nacos: no, readers meet it at their
    /// next query.
    pub threshold_is_told: bool,
    /// Whether a threshold of 0 protects a service without any healthy instance (0 <= 0). Nacos: yes.
    pub protect_at_zero: bool,
}

/// How many of everything there may be. At a limit, new registrations, sessions and subscriptions are refused; beats of what is there,
/// deregistrations and operators' commands go through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Instances, 1 to 4000000000.
    pub instances_max: u32,
    /// Leases of one instance, 1 to 1000.
    pub leases_per_instance_max: u32,
    /// Services ever named, 1 to 100000000; a service is not forgotten. Operators' commands go beyond.
    pub services_max: u32,
    /// Open sessions, 1 to 100000000.
    pub sessions_max: u32,
    /// Subscriptions, 1 to 100000000.
    pub subscriptions_max: u32,
    /// Bytes of an instance's metadata, 0 to 65536. Nacos 2.3 and later: 1024.
    pub metadata_bytes_max: u32,
    /// Entries of the journal, 16 to 16000000; older ones are dropped and counted. As many gone instances are remembered.
    pub journal_max: u32,
    /// Changes kept for each service, 1 to 1024; a subscriber further behind gets the whole list.
    pub changes_per_service_max: u32,
}

impl Policy {
    /// What operators asked for: no resurrection by beats, memory until cleared, exact times.
    pub fn strict() -> Policy {
        strict::policy()
    }

    /// As Nacos 1.4.1 did.
    pub fn nacos_1_4() -> Policy {
        nacos_1_4::policy()
    }

    /// As Nacos 2.0.3 did.
    pub fn nacos_2_0() -> Policy {
        nacos_2_0::policy()
    }

    /// As Nacos 2.5.1 did.
    pub fn nacos_2_5() -> Policy {
        nacos_2_5::policy()
    }

    /// The preset of that name: `strict`, `nacos_1_4`, `nacos_2_0` or `nacos_2_5`.
    pub fn preset(name: &str) -> Result<Policy, Error> {
        match name {
            "strict" => Ok(Policy::strict()),
            "nacos_1_4" => Ok(Policy::nacos_1_4()),
            "nacos_2_0" => Ok(Policy::nacos_2_0()),
            "nacos_2_5" => Ok(Policy::nacos_2_5()),
            other => Err(Error::invalid("policy", alloc::format!("{other:?}"), PRESETS)),
        }
    }
}

const PRESETS: &str = "one of strict, nacos_1_4, nacos_2_0, nacos_2_5";

impl Default for Policy {
    fn default() -> Policy {
        Policy::strict()
    }
}
