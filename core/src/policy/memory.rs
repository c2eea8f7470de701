//! What was decided? How long an operator's word and the end of a life are remembered.

use serde::{Deserialize, Serialize};

use super::Clock;
use crate::time::Span;

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
    /// When an instance counts as absent, for lifetimes that are counted during absence.
    pub absence: Absence,
    /// Whether a copy of a registration made at another node ends the absence, too. Nacos 2.0 to 2.2: no.
    pub copies_end_absence: bool,
    /// Whether the absence of a persistent instance counts. Nacos up to 2.5.0: no, what was decided about one is remembered for ever
    /// (R-MH-9).
    pub persistent_ages: bool,
    /// Whether the absence of a member of a batch counts. Nacos 2: no, for the batch's own record stands where the member's should
    /// (BatchInstancePublishInfo).
    pub batches_age: bool,
    /// Whether a source may decide, as an operator, about an instance that it holds itself. Nacos: yes.
    pub by_owner: bool,
    /// When ended lifetimes are looked for. Nacos 2: every 5000 ms.
    pub sweep: Clock,
    /// Whether the end of a lifetime changes the view at once. Nacos 2: no, readers see it at the service's next change.
    pub end_is_told: bool,
    /// Whether the end of the last decision in a service takes the service's own settings with it. Nacos 2.0 to 2.4: yes, a defect (R-MH-6).
    pub end_drops_settings: bool,
}

/// What is left when the registry's process ends and begins again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RestartPolicy {
    /// Whether ephemeral instances, sessions and subscriptions are still there. Nacos: no.
    pub instances: bool,
    /// How long a registry that came back without its instances marks its lists as incomplete, in ms, unless its host says earlier that
    /// all is loaded; none for not at all. Nacos: none. Service Center: 120000.
    pub warming: Option<Span>,
    /// Whether the clocks of absence go on. Nacos 2: no, so that what was decided about somebody who was away holds until he goes
    /// again (R-MD-14).
    pub ages: bool,
    /// Whether services without instances are still known. Nacos 1.4: yes; Nacos 2: no, though their settings are.
    pub services: bool,
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
    /// Everything decided before: what it does not name becomes enabled and weight 1. Nacos 2.
    Whole,
    /// The instance's own record: as `whole`, the provider's metadata is hidden, and the next registration writes it all away. Nacos 1.4.
    Record,
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
