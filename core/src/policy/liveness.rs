//! Is it alive? Silence, sweeps, and connections.

use serde::{Deserialize, Serialize};

use crate::time::Span;

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
