//! Is it alive? Silence, sweeps, and connections.

use serde::{Deserialize, Serialize};

use crate::time::{Instant, Span, next_tick};

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
    /// How long after its last sign of life an `ip:port` that claims nothing any more keeps its clock, in ms; where it claims again, that
    /// goes on. The clock is one for all that the `ip:port` claims by beats, in whatever service. 0: each claim has its own. Of sweeps
    /// `per_lease` only; looked for when the cap is. Nacos 2: 30000 (recorded).
    pub clock_kept: Span,
    /// How long a removal for silence takes, in ms, 0 to ten days: until then the instance is there, unhealthy if its silence has passed
    /// the timeout, and a beat keeps it. Nacos 1.4 asks itself over HTTP to remove it, which took 20 to 60 ms (recorded); its preset leaves
    /// that out.
    pub removal_takes: Span,
    /// What to do with a time in an instance's metadata that is not whole milliseconds up to ten days.
    pub malformed_times: MalformedTimes,
    /// Whether a registration is refused whose timeout or delete time is below its interval. Nacos: from 2.5 on (recorded).
    pub times_in_order: bool,
    /// Whether registering again makes a silent instance healthy. Nacos 1.4: no, only a beat does (recorded).
    pub registration_revives: bool,
    /// Whether a beat makes an instance healthy that its own source registered as unhealthy. Nacos: yes. Where it does not, the source
    /// says so by registering anew.
    pub beat_revives_unhealthy: bool,
    /// The silence that ends any claim, whatever times of its own it has. Nacos 2.0.3 and later: 180000 (R-CE-6).
    pub cap: Option<Cap>,
    /// What slows removals down when too many are silent at once; none for as fast as silence says. It never holds a deregistration or an
    /// operator up.
    pub brake: Option<Brake>,
    /// Which claims are held to the times in their own metadata.
    pub own_times: OwnTimes,
    /// Rule 10: a registry that is called later than this after the moment it asked to be called at did not watch, and nobody's silence
    /// meanwhile counts, in ms; none counts everything. For hosts on a real clock; 0 to ten days.
    pub gap_max: Option<Span>,
}

/// The longest silence there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cap {
    /// Silence of more than this ends the claim, in ms; at least 1.
    pub silence: Span,
    /// When it is looked for.
    pub sweep: Clock,
}

/// A clock that looks at `phase` and every so often after it. With `every` 0 it looks at the very moment, and `phase` is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    /// From one look to the next, in ms.
    pub every: Span,
    /// When the first look is, in ms after the host's zero; below `every`.
    pub phase: Span,
}

impl Clock {
    /// Looks at the very moment.
    pub const EXACT: Clock = Clock { every: Span::ZERO, phase: Span::ZERO };

    /// Looks every so often, beginning at the host's zero.
    pub const fn every(every: Span) -> Clock {
        Clock { every, phase: Span::ZERO }
    }

    /// The first look at or after `at`.
    pub fn look(self, at: Instant) -> Instant {
        if self.every == Span::ZERO { at } else { next_tick(at, self.every, self.phase.as_millis()) }
    }

    /// The first turn at or after `due` where each comes `slip` thousandths of a ms later than `every` behind the one before, as of whoever
    /// counts its next wait from the end of the last turn.
    pub fn turn(self, due: Instant, slip: u32) -> Instant {
        if slip == 0 {
            return self.look(due);
        }
        // Beyond the end of time there is no turn: bounds keep every product below 2^64.
        let turn = self.every.as_millis() * 1000 + u64::from(slip);
        let behind = due.as_millis().saturating_sub(self.phase.as_millis()) * 1000;
        let micros = behind.div_ceil(turn) * turn;
        Instant::from_millis(self.phase.as_millis() + micros / 1000).unwrap_or(Instant::MAX)
    }
}

/// Which claims are held to the times in their own metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OwnTimes {
    /// Those that live by beats; for others such times mean nothing. Nacos 2: all versions (R-HB scope).
    BeatsOnly,
    /// All: over a connection, the timeout is the silence after which the connection is probed; of a persistent instance, the delete time
    /// is how long it may be unhealthy.
    All,
}

/// Strictness of a time limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// Due when the time has been reached.
    Reached,
    /// Due one millisecond later: a comparison with `>` on exact clocks.
    Exceeded,
}

/// Rule 11: when too many fall silent together, more likely the registry is deaf than all of them dead, and removals wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Brake {
    /// Silent claims up to this number never brake, 0 to 1000000.
    pub floor: u32,
    /// Above this share of all claims by beats, in percent from 0 to 100, silent ones brake.
    pub share: u32,
    /// How many claims are removed in a second while the brake is on: so many in a thousand of all claims by beats, 0 to 1000, and at
    /// least one; 0 for none at all. None at all, too, while nobody beat for the timeout less an interval (two intervals at
    /// least), and for a timeout after that.
    pub pace: u32,
    /// What the share is of.
    pub of: ShareOf,
    /// How long a removal waits at most, in ms; none for as long as it takes. Eureka: as long as it takes.
    pub longest: Option<Span>,
}

/// What the share of the silent is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShareOf {
    /// The claims by beats that there are.
    Held,
    /// The most there ever were: whoever was removed is missing for ever. Eureka: evictions do not lower what is expected.
    Most,
}

/// When a condition is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sweep {
    /// At the very moment.
    Exact,
    /// Every so many ms, first that long after the first registration of the service. Nacos 1.4: one timer a service.
    PerService(Span),
    /// Every so many ms, first that long after the first registration of the claim. Nacos 2: one timer an `ip:port`.
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
    /// When silence is looked for. Nacos 2: every 3000 ms.
    pub sweep: Clock,
    /// How long a probe waits for an answer before the session is lost, in ms. Nacos 2: 1000 to 5000.
    pub probe: Span,
    /// How many instances of one service a session may hold.
    pub holds: Holds,
}

/// How many instances of one service a connection may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Holds {
    /// Any number.
    Many,
    /// One of each source, or one batch: another registration is refused and told what there is; a batch takes the place of all.
    OneOrBatch,
    /// One, or one batch: what it registers next takes the place of what it held, and what it deregisters is whatever it holds, whatever
    /// address it names. Nacos 2 over gRPC (R-DM-8, R-CC-9).
    One,
}

/// Rule 4, instances that never expire because somebody checks their health and reports it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckPolicy {
    /// How many good reports in a row make an unhealthy instance healthy, 1 to 100. Nacos: 3.
    pub rise: u32,
    /// How many bad reports in a row make a healthy instance unhealthy, 1 to 100. Nacos: 3.
    pub fall: u32,
    /// How many different observers must be among them, 1 to 100. Nacos: 1, the node that checks.
    pub observers: u32,
    /// How long an instance may be unhealthy before it is removed, in ms; none for ever. Nacos: none (R-HC).
    pub remove_after: Option<Span>,
    /// When that is looked for. Consul's reaper: every 30000 ms.
    pub sweep: Clock,
}
