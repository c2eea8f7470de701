//! What do readers get, and when?

use serde::{Deserialize, Serialize};

use super::Clock;
use crate::name::Threshold;
use crate::time::{Instant, Span};

/// Rules 8 and 12, what readers get and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ViewPolicy {
    /// How long after a change the view is computed again, in ms; 0 means at once. Nacos 2: 500, and reads lag with it: but for the first
    /// one, which computes what nobody computed yet (R-RD-1, R-RD-2).
    pub refresh: Span,
    /// When views that wait are computed. Nacos 2: every 100 ms.
    pub engine: Clock,
    /// How much more than its period that clock takes for each turn, in thousandths of a ms, 0 to 100000: one that waits from the end of a
    /// turn to the next is later every time. Nacos 2: up to a few ms (recorded); 0 in the presets.
    pub engine_slip: u32,
    /// How long a subscriber's notice waits for more changes, in ms; 0 means not at all. Nacos 1.4: 1000.
    pub notice_window: Span,
    /// Whether subscribers are told of a registration that changed nothing they can see. Nacos: yes (recorded).
    pub unchanged_is_told: bool,
    /// Protect threshold of a service for which none was set. Nacos 1.4: 0; Nacos 2: none.
    pub default_threshold: Option<Threshold>,
    /// Whether subscribers are told when a new threshold brings protection into force or ends it. Nacos: no, readers meet it at their
    /// next query.
    pub threshold_is_told: bool,
    /// Whether a threshold of 0 protects a service without any healthy instance (0 <= 0). Nacos: yes.
    pub protect_at_zero: bool,
    /// Rule 9, on the registry's side: how long a service of which everybody fell silent is served as it last was, flagged, in ms; none
    /// for not at all. What somebody decided (a deregistration, a removal, an offline) is not held against. Nacos: none (R-PU-7).
    pub keep_last: Option<Span>,
    /// What a reader who asks for healthy instances only gets of a protected service.
    pub healthy_only: HealthyOnly,
    /// Rule 7, what readers get of an instance that several sources hold and describe in different ways.
    pub shared: Shared,
}

impl ViewPolicy {
    /// The first turn of the engine at or after `due`.
    pub fn turn(&self, due: Instant) -> Instant {
        self.engine.turn(due, self.engine_slip)
    }
}

/// Which goes first when a reader asks for healthy instances only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HealthyOnly {
    /// Protection: all instances, as healthy. Nacos up to 2.0.3.
    AfterProtection,
    /// The filter: protection never shows such a reader an instance that is unhealthy. Nacos 2.0.4 and later.
    BeforeProtection,
}

/// What readers get of an instance that several sources describe in different ways: other weight, metadata or switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shared {
    /// What was said last, by a source that still holds it. Health is that of the healthiest claim.
    Newest,
    /// A row for each description that differs, and each with the health of its own claims: one `ip:port` stands twice in a list. Changes
    /// stay one row an instance, and protection counts instances. Nacos 2: it lists what each client published (R-RD-3, recorded).
    Each,
}

/// Rule 13, services: which there are, of which kind, and when an empty one is forgotten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServicePolicy {
    /// Whether ephemeral and persistent instances may stand in one service.
    pub kinds: Kinds,
    /// Whether an empty service keeps the kind that its first instance gave it. Nacos 2.0.4 and later: yes, until it is forgotten
    /// (R-DM-13). A kind that an operator named stays in any case.
    pub empty_keeps_kind: bool,
    /// How long a service may be empty before it is forgotten, in ms; none means for ever. Nacos 1.4: 120000; Nacos 2: 60000.
    pub empty: Option<Span>,
    /// When empty services are looked for. Nacos 1.4: every 30000 ms; Nacos 2: every 60000 ms.
    pub sweep: Clock,
    /// Whether a service that an operator created is kept although it is empty. Nacos: no (R-ES-3).
    pub created_stays: bool,
    /// How long the settings of a forgotten service wait for it to come back, in ms. Nacos 1.4: 0; Nacos 2: 60000.
    pub settings: Span,
    /// Whether the end of that wait is looked at again when it comes. Where it is not, it takes the record of a service that came back,
    /// and readers get nothing of it until the next registration. Nacos 2.0 and 2.1: not, a defect (R-ES-4).
    pub settings_end_rechecked: bool,
}

/// Rule 4: the two kinds of instances in one service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kinds {
    /// A service has the kind of whoever made it; a registration of the other kind is refused. Nacos 2.0.4 and later.
    Apart,
    /// Both, and one address may be there twice. Nacos up to 2.0.3.
    Together,
}
