//! The consumer's side: the list that a consumer calls by, guarded against pushes that come late, out of order, or empty.
//!
//! Push-empty protection is here and not in the registry: the registry may have removed an instance long ago while consumers keep it.

use alloc::string::String;
use alloc::vec::Vec;
use alloc::{format, vec};

use serde::{Deserialize, Serialize};

use crate::name::{Address, Weight};
use crate::time::{Instant, Span};

/// What a consumer's client does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubscriberPolicy {
    /// Which lists are kept out when a good one is there.
    pub protection: Protection,
    /// How long a good list is kept against empty ones, in ms; none for ever. Nacos's clients: for ever.
    pub hold: Option<Span>,
    /// Whether an emptiness with a cause passes: everybody deregistered, or was removed or switched off. Nacos's pushes carry no
    /// cause.
    pub honours_cause: bool,
    /// Whether a list older than the one in hand is dropped. Nacos's Java client to 2.0.3: no.
    pub drops_stale: bool,
}

/// Push-empty protection: which lists count as empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protection {
    /// None: every list is taken.
    Off,
    /// Lists without any host. Nacos's Go, Node and Python clients.
    NoHost,
    /// Lists without a healthy host of positive weight. Nacos's Java client with `namingPushEmptyProtection=true`.
    NoneUsable,
}

impl SubscriberPolicy {
    /// As Nacos's Java clients: protection is off unless `namingPushEmptyProtection` is true, and then without end.
    pub fn java(protection: bool) -> SubscriberPolicy {
        SubscriberPolicy {
            protection: if protection { Protection::NoneUsable } else { Protection::Off },
            hold: None,
            honours_cause: false,
            drops_stale: false,
        }
    }

    /// What consumers should do: mass silence is held against for a minute; what somebody decided passes.
    pub fn strict() -> SubscriberPolicy {
        SubscriberPolicy {
            protection: Protection::NoneUsable,
            hold: Some(Span::from_secs(60)),
            honours_cause: true,
            drops_stale: true,
        }
    }
}

/// An instance in a pushed list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// Its address.
    pub address: Address,
    /// Whether it is healthy.
    pub healthy: bool,
    /// Its weight.
    pub weight: Weight,
}

/// A list as the registry sent it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Push {
    /// Which connection it came over, counted by the consumer: a new connection may be behind the old one's revisions.
    pub epoch: u64,
    /// The service's revision.
    pub revision: u64,
    /// The list.
    pub hosts: Vec<Host>,
    /// Why it is empty, or has nobody usable.
    pub emptiness: Emptiness,
}

/// Why a list is empty or has nobody usable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Emptiness {
    /// It is not, or the registry does not say.
    Unknown,
    /// Everybody left on purpose: deregistered, removed, or switched off.
    Decided,
    /// Somebody only fell silent.
    Silence,
}

/// What protection holds against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guard {
    /// Since when the list in hand differs from what the registry says.
    pub since: Instant,
    /// Until when it is kept; none for ever.
    pub until: Option<Instant>,
}

/// One consumer's list of one service.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Subscriber {
    policy: SubscriberPolicy,
    hosts: Vec<Host>,
    /// Epoch, revision and time of the list in hand.
    taken: Option<(u64, u64, Instant)>,
    guard: Option<Guard>,
    /// The list that is kept out.
    blocked: Option<Push>,
}

impl Subscriber {
    /// A consumer without a list.
    pub fn new(policy: SubscriberPolicy) -> Subscriber {
        Subscriber { policy, hosts: Vec::new(), taken: None, guard: None, blocked: None }
    }

    /// A list came. True when the list in hand changed.
    pub fn receive(&mut self, now: Instant, push: Push) -> bool {
        self.advance(now);
        if self.is_stale(&push) {
            return false;
        }
        if self.keeps_out(&push) {
            let until = self.policy.hold.map(|hold| now + hold);
            self.guard.get_or_insert(Guard { since: now, until });
            self.blocked = Some(push);
            return false;
        }
        self.take(now, push)
    }

    /// Lets go of a list that was kept for as long as the policy says. True when the list in hand changed.
    pub fn advance(&mut self, now: Instant) -> bool {
        let over = self.guard.and_then(|guard| guard.until).filter(|&until| until <= now);
        let (Some(until), Some(push)) = (over, self.blocked.take_if(|_| over.is_some())) else { return false };
        self.take(until, push)
    }

    /// When it lets go by itself.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.guard.and_then(|guard| guard.until)
    }

    /// The list in hand.
    pub fn hosts(&self) -> &[Host] {
        &self.hosts
    }

    /// What the list in hand is kept against, if it is.
    pub fn guard(&self) -> Option<Guard> {
        self.guard
    }

    /// A healthy host by weight, for a number that the host drew from 0 to 1; none when nobody is usable.
    pub fn choose(&self, drawn: f64) -> Option<&Host> {
        let usable = || self.hosts.iter().filter(|host| host.healthy && host.weight.get() > 0.0);
        let total: f64 = usable().map(|host| host.weight.get()).sum();
        let mut left = drawn.clamp(0.0, 1.0) * total;
        for host in usable() {
            left -= host.weight.get();
            if left < 0.0 {
                return Some(host);
            }
        }
        usable().next_back()
    }

    /// Why this consumer calls, or does not call, an instance: in sentences, the verdict first.
    pub fn explain(&self, address: &Address) -> Vec<String> {
        let found = self.hosts.iter().find(|host| host.address == *address);
        let Some((_, revision, at)) = self.taken else {
            return vec![String::from("not called: no list has come yet")];
        };
        let from = format!("in the list of {at} (revision {revision})");
        match (found, self.guard) {
            (None, _) => vec![format!("not called: not {from}")],
            (Some(host), None) => {
                let health = if host.healthy { "healthy" } else { "unhealthy" };
                vec![format!("called: {health} {from}")]
            }
            (Some(_), Some(guard)) => {
                let until = guard.until.map_or(String::from("without end"), |until| format!("until {until}"));
                vec![
                    format!("called: {from}, which push-empty protection keeps since {} {until}", guard.since),
                    String::from("would be let go if: a list with a usable host comes"),
                ]
            }
        }
    }

    fn is_stale(&self, push: &Push) -> bool {
        let newest = match (&self.blocked, self.taken) {
            (Some(blocked), _) => Some((blocked.epoch, blocked.revision)),
            (None, Some((epoch, revision, _))) => Some((epoch, revision)),
            (None, None) => None,
        };
        self.policy.drops_stale && newest.is_some_and(|newest| (push.epoch, push.revision) < newest)
    }

    fn keeps_out(&self, push: &Push) -> bool {
        let empty = match self.policy.protection {
            Protection::Off => false,
            Protection::NoHost => push.hosts.is_empty(),
            Protection::NoneUsable => !push.hosts.iter().any(|host| host.healthy && host.weight.get() > 0.0),
        };
        let passes = self.policy.honours_cause && push.emptiness == Emptiness::Decided;
        empty && !passes && !self.hosts.is_empty()
    }

    fn take(&mut self, now: Instant, push: Push) -> bool {
        let changed = self.hosts != push.hosts;
        self.hosts = push.hosts;
        self.taken = Some((push.epoch, push.revision, now));
        self.guard = None;
        self.blocked = None;
        changed
    }
}
