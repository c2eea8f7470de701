//! The consumer's side: the list that a consumer calls by, guarded against pushes that come late, out of order, or empty.
//!
//! Push-empty protection is here and not in the registry: the registry may have removed an instance long ago while consumers keep it.

use alloc::string::String;
use alloc::vec::Vec;
use alloc::{format, vec};

use serde::{Deserialize, Serialize};

use super::list::{Emptiness, Host, Push, by_address, changes};
use crate::instance::{CopyReport, Layer};
use crate::name::{Actor, Address};
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
    /// Whether listeners are told of a first list that is empty. Nacos's Java client 2.0.3: yes; 1.4.1, 2.5.1: no (recorded).
    pub tells_empty_start: bool,
    /// Whether the listeners of all clients in one process hear what any of them takes. Nacos's Java clients 1.4.1, 2.0.3: yes
    /// (recorded).
    pub shares_events: bool,
    /// How it asks by itself, pushes or not; none where it lives by pushes alone.
    pub polling: Option<Polling>,
}

/// How a consumer asks for its list by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Polling {
    /// From the subscription to the first query, in ms, and the unit of the waits with an empty list in hand. Nacos's Java client: 1000.
    pub first: Span,
    /// From one query to the next, in ms, with a good list in hand. Nacos's Java client 1: 10000, 2.0.3: 60000.
    pub every: Span,
    /// The same with a list in hand that lay on disk, and nothing taken since. Nacos's Java client 1: 10000, as ever; 2.0.3: 6000 (recorded).
    pub every_cached: Span,
    /// The longest wait, in ms: with an empty list in hand, or without an answer, it doubles from query to query, up to this. Nacos's
    /// Java client: 60000.
    pub longest: Span,
    /// Whether it asks although a push came since the query before. It does so to stay known at the server; the answer is not
    /// looked at. Nacos's Java client 1: yes, 2.0.3: no.
    pub asks_anyway: bool,
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
    /// As Nacos's Java client 1.4.1: protection is off unless `namingPushEmptyProtection` is true, and then without end.
    pub fn java_1_4(protection: bool) -> SubscriberPolicy {
        let polling = Polling {
            first: Span::from_secs(1),
            every: Span::from_secs(10),
            every_cached: Span::from_secs(10),
            longest: Span::from_secs(60),
            asks_anyway: true,
        };
        SubscriberPolicy {
            protection: if protection { Protection::NoneUsable } else { Protection::Off },
            hold: None,
            honours_cause: false,
            drops_stale: false,
            tells_empty_start: false,
            shares_events: true,
            polling: Some(polling),
        }
    }

    /// As Nacos's Java client 2.0.3.
    pub fn java_2_0(protection: bool) -> SubscriberPolicy {
        let earlier = SubscriberPolicy::java_1_4(protection);
        let polling = |polling: Polling| Polling {
            every: Span::from_secs(60),
            every_cached: Span::from_secs(6),
            asks_anyway: false,
            ..polling
        };
        SubscriberPolicy { tells_empty_start: true, polling: earlier.polling.map(polling), ..earlier }
    }

    /// As Nacos's Java client 2.5.1: pushes alone.
    pub fn java_2_5(protection: bool) -> SubscriberPolicy {
        SubscriberPolicy { shares_events: false, polling: None, ..SubscriberPolicy::java_1_4(protection) }
    }

    /// What consumers should do: mass silence is held against for a minute; what somebody decided passes.
    pub fn strict() -> SubscriberPolicy {
        SubscriberPolicy {
            protection: Protection::NoneUsable,
            hold: Some(Span::from_secs(60)),
            honours_cause: true,
            drops_stale: true,
            tells_empty_start: false,
            shares_events: false,
            polling: None,
        }
    }
}

/// What protection holds against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guard {
    /// Since when the list in hand differs from what the registry says.
    pub since: Instant,
    /// Until when it is kept; none for ever.
    pub until: Option<Instant>,
}

/// What a consumer that polls is about to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Query {
    /// Ask for the list and take it.
    Take,
    /// Ask only to stay known at the server.
    Touch,
    /// Nothing: a push came meanwhile.
    Skip,
}

/// One consumer's list of one service.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Subscriber {
    policy: SubscriberPolicy,
    hosts: Vec<Host>,
    /// Whether that list lay on disk.
    is_cached: bool,
    /// Epoch, revision and time of the list in hand.
    taken: Option<(u64, u64, Instant)>,
    guard: Option<Guard>,
    /// The list that is kept out.
    blocked: Option<Push>,
    /// Revision of the last list that was dropped as older than the one in hand, and when it came.
    dropped: Option<(u64, Instant)>,
    /// What the last list that changed anything changed in hosts that were there before, at most eight of them.
    changed: Vec<(Address, String)>,
    /// When it asks by itself.
    query: Option<Instant>,
    /// Whether a list was taken since it last asked.
    taken_since: bool,
    /// How many queries in a row were in vain, or left it with an empty list.
    empties: u32,
}

impl Subscriber {
    /// A consumer without a list.
    pub fn new(policy: SubscriberPolicy) -> Subscriber {
        Subscriber {
            policy,
            hosts: Vec::new(),
            is_cached: false,
            taken: None,
            guard: None,
            blocked: None,
            dropped: None,
            changed: Vec::new(),
            query: None,
            taken_since: false,
            empties: 0,
        }
    }

    /// A consumer that starts with the list of an earlier process, as it lay on disk.
    pub fn with_cache(policy: SubscriberPolicy, now: Instant, hosts: Vec<Host>) -> Subscriber {
        let is_cached = !hosts.is_empty();
        Subscriber { hosts, is_cached, taken: is_cached.then_some((0, 0, now)), ..Subscriber::new(policy) }
    }

    /// A list came. True when listeners are told: some address is new, gone or not as before.
    pub fn receive(&mut self, now: Instant, push: Push) -> bool {
        self.advance(now);
        if self.is_stale(&push) {
            self.dropped = Some((push.revision, now));
            return false;
        }
        if self.keeps_out(&push) {
            let until = self.policy.hold.map(|hold| now + hold);
            self.guard.get_or_insert(Guard { since: now, until });
            self.blocked = Some(push);
            return false;
        }
        self.taken_since = true;
        self.take(now, push)
    }

    /// It subscribed and has the answer: from here on it asks by itself, where the policy says so.
    pub fn subscribed(&mut self, now: Instant) {
        self.taken_since = false;
        self.query = self.policy.polling.map(|polling| now + polling.first);
    }

    /// When it asks by itself.
    pub fn next_query(&self) -> Option<Instant> {
        self.query
    }

    /// What it does when the time to ask has come. [`Subscriber::queried`] follows, whatever it is.
    pub fn query(&self) -> Query {
        match self.policy.polling {
            Some(polling) if self.taken_since && polling.asks_anyway => Query::Touch,
            Some(_) if !self.taken_since => Query::Take,
            _ => Query::Skip,
        }
    }

    /// It asked; `answer` is the list to be taken. True when listeners are told.
    pub fn queried(&mut self, now: Instant, answer: Option<Push>) -> bool {
        let told = answer.is_some_and(|push| self.receive(now, push));
        self.taken_since = false;
        if self.hosts.is_empty() {
            self.unanswered(now);
        } else {
            self.empties = 0;
            let every = |polling: Polling| if self.is_cached { polling.every_cached } else { polling.every };
            self.query = self.policy.polling.map(|polling| now + every(polling));
        }
        told
    }

    /// It asked in vain: it waits longer for the next time.
    pub fn unanswered(&mut self, now: Instant) {
        self.empties = (self.empties + 1).min(6);
        self.query = self
            .policy
            .polling
            .map(|polling| now + Span::unbounded(polling.first.as_millis() << self.empties).min(polling.longest));
    }

    /// Whether the listeners of one process hear each other's lists.
    pub fn shares_events(&self) -> bool {
        self.policy.shares_events
    }

    /// Lets go of a list that was kept for as long as the policy says. True when listeners are told.
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

    /// Whether it is protected, and nothing came yet that protection lets in.
    pub fn is_empty_handed(&self) -> bool {
        self.hosts.is_empty() && self.policy.protection != Protection::Off
    }

    /// What the list in hand is kept against, if it is.
    pub fn guard(&self) -> Option<Guard> {
        self.guard
    }

    /// A healthy host by weight, for a number that the host drew from 0 to 1; none when nobody is usable.
    pub fn choose(&self, drawn: f64) -> Option<&Host> {
        let usable = || self.hosts.iter().filter(|host| host.healthy && host.content.weight.get() > 0.0);
        let total: f64 = usable().map(|host| host.content.weight.get()).sum();
        let mut left = drawn.clamp(0.0, 1.0) * total;
        for host in usable() {
            left -= host.content.weight.get();
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
        let mut sentences = match (found, self.guard) {
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
        };
        if let Some((_, fields)) = self.changed.iter().find(|(changed, _)| changed == address) {
            sentences.push(format!("changed: {fields}, with the last list that changed anything"));
        }
        if let Some((older, came)) = self.dropped {
            sentences.push(format!("dropped: a list of revision {older}, which came at {came} and is older"));
        }
        sentences
    }

    /// What it holds of an instance, to be explained beside what the registry gives.
    pub fn copy(&self, reader: &Actor, address: &Address) -> CopyReport {
        let found = self.hosts.iter().find(|host| host.address == *address);
        CopyReport {
            reader: reader.clone(),
            layer: Layer::Client,
            taken: self.taken.map(|(_, _, at)| at),
            listed: found.is_some(),
            healthy: found.is_some_and(|host| host.healthy),
            kept_since: self.guard.map(|guard| guard.since),
            kept_until: self.guard.and_then(|guard| guard.until),
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
            Protection::NoneUsable => !push.hosts.iter().any(|host| host.healthy && host.content.weight.get() > 0.0),
        };
        let passes = self.policy.honours_cause && push.emptiness == Emptiness::Decided;
        empty && !passes && !self.hosts.is_empty()
    }

    fn take(&mut self, now: Instant, push: Push) -> bool {
        let told = if self.taken.is_none() && push.hosts.is_empty() {
            self.policy.tells_empty_start && self.policy.protection == Protection::Off
        } else {
            by_address(&self.hosts) != by_address(&push.hosts)
        };
        if told {
            self.changed = changes(&self.hosts, &push.hosts);
        }
        self.hosts = push.hosts;
        self.is_cached = false;
        self.taken = Some((push.epoch, push.revision, now));
        self.guard = None;
        self.blocked = None;
        self.dropped = None;
        told
    }
}
