//! How do the nodes of a cluster come to know the same? What differs between clusters is a [`Replication`]: values, with presets that are
//! held to recordings of real ones. [`Cluster`] is the machine that lives by them.

mod connections;
mod copies;
mod desk;
mod faults;
mod log;
mod nodes;
mod owner;
#[cfg(test)]
mod tests;

pub(crate) use nodes::{Cluster, Standing};
pub(crate) use owner::{Owners, Record};

use liveset::policy::Clock;
use liveset::{Instant, Span};

/// How claims, health and decisions travel between nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Replication {
    /// What is copied as one, and what one node is responsible for.
    pub(crate) unit: Unit,
    /// What a change waits for before it is sent, one wait after the other, in ms. Nacos 1.4: 1000 and again 1000 (recorded); 2.0: 2000
    /// (recorded); 2.5: 1000 (R-DS-5).
    pub(crate) waits: Vec<Span>,
    /// When the waits of a node are looked at. Nacos: every 100 ms.
    pub(crate) engine: Vec<Engine>,
    /// How long after a copy could not go, since its sender counted the other node out or was not connected with it again, it is tried
    /// again, in ms; none where it lies in the other's socket. Nacos 2: 3000 (R-DS-6).
    pub(crate) retry: Option<Span>,
    /// When a node asks the others whether their copies are right. Nacos: every 5000 ms (R-DS-7).
    pub(crate) verify: Vec<Clock>,
    /// What is compared then.
    pub(crate) verified: Verified,
    /// How the health of a copy follows.
    pub(crate) health: Health,
    /// How operators' decisions travel.
    pub(crate) decisions: Decisions,
    /// A node that keeps a store of its own in the way of an older version: nothing is copied to it or from it, it hears nothing of the
    /// log, and it goes by the services' names to find who is responsible. Nacos 2.0.3: in 1.x mode (R-MH-2).
    pub(crate) apart: Option<usize>,
    /// When other records began the last of several waits, which serves all that comes to it meanwhile.
    pub(crate) other_waits: Vec<Instant>,
    /// How long a copy takes to each node, in ms.
    pub(crate) reach: Vec<Span>,
    /// How long after a node began again it has what the others know, in ms. Nacos 2.0: up to 9 s (recorded); others have it when they
    /// first answer.
    pub(crate) loads_after: Span,
    /// How long a node that was stopped answers as before until its clocks go on, in ms. Nacos: below a second (recorded).
    pub(crate) wakes_after: Span,
    /// How long after that copies go to it and from it again, in ms. Nacos: up to its retries, 3000 or 5000.
    pub(crate) shares_after: Span,
    /// How long after that it hears what the log had meanwhile, in ms. Nacos: seconds (recorded).
    pub(crate) catches_up_after: Span,
    /// Whether no copies go out while a node stands still, since all who send them hang there; what is verified still goes. Nacos 1.4:
    /// either (recorded).
    pub(crate) copies_hang: bool,
    /// At which nodes somebody reads a service while its first copy is on its way into it. Where views are computed late, readers keep
    /// seeing nobody until then.
    pub(crate) seen_making: Vec<bool>,
    /// How long that copy is on its way into it, in ms.
    pub(crate) enters_after: Span,
}

/// A clock whose turns may slip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Engine {
    pub(crate) clock: Clock,
    /// How much later each turn comes, in thousandths of a ms.
    pub(crate) slip: u32,
}

impl Engine {
    /// The first turn at or after `due`.
    pub(crate) fn turn(self, due: Instant) -> Instant {
        self.clock.turn(due, self.slip)
    }
}

/// What is copied as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// All that one client holds; over HTTP that is an `ip:port`. Nacos 2 (R-DS-1).
    Client,
    /// All instances of a service. Nacos 1 (R-DS-18).
    Service,
}

/// What a node compares when it asks another one about a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verified {
    /// Whether it is there at all; then this counts as a beat of it. Nacos 2.0 (R-DS-7).
    Existence,
    /// What it was at the last registration or deregistration; where it is the same, this counts as a beat. Nacos 2.1.2 and later.
    Revision,
    /// All of it. It is no beat. Nacos 1 (R-DS-18).
    Content,
}

/// How the health of a copy follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Health {
    /// With the copy: a change of health is a change. Nacos 2.
    Copied,
    /// By a report of each node at its own times: who is healthy of those it is responsible for, and whoever it does not name is not.
    /// Nacos 1: every 5000 ms.
    Reported(Vec<Clock>),
}

/// How operators' decisions travel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Decisions {
    /// They are a part of the instance, and of its copies. Nacos 1 (R-MD-16).
    Copied,
    /// By one ordered log. Its leader applies an entry at once, and the others when they next hear of the leader, at their own times.
    /// Nacos 2: the leader is heard of every 500 ms.
    Log {
        /// The node that leads.
        leader: usize,
        /// When each node hears of the leader.
        heard: Vec<Clock>,
        /// How long after the leader stopped or died another one leads, in ms. Nacos: seconds (recorded).
        elected_after: Span,
        /// Who leads then.
        successor: usize,
        /// Whether a leader that was stopped refuses what is decided at it until it hears of the other one, and does not let it wait.
        /// Nacos: either (recorded).
        deposed_refuses: bool,
    },
}

impl Replication {
    /// As a cluster of three of Nacos 1.4.1.
    pub(crate) fn nacos_1_4() -> Replication {
        Replication {
            unit: Unit::Service,
            waits: vec![span(1000), span(1000)],
            engine: vec![Engine { clock: every(100), slip: 0 }; 3],
            retry: None,
            verify: vec![every(5000); 3],
            verified: Verified::Content,
            health: Health::Reported(vec![every(5000); 3]),
            decisions: Decisions::Copied,
            apart: None,
            other_waits: Vec::new(),
            reach: vec![Span::ZERO; 3],
            loads_after: Span::ZERO,
            wakes_after: Span::ZERO,
            shares_after: Span::ZERO,
            catches_up_after: Span::ZERO,
            copies_hang: false,
            seen_making: vec![false; 3],
            enters_after: Span::ZERO,
        }
    }

    /// As a cluster of three of Nacos 2.0.3.
    pub(crate) fn nacos_2_0() -> Replication {
        Replication {
            unit: Unit::Client,
            waits: vec![span(2000)],
            engine: vec![Engine { clock: every(100), slip: 0 }; 3],
            retry: Some(span(3000)),
            verify: vec![every(5000); 3],
            verified: Verified::Existence,
            health: Health::Copied,
            decisions: Decisions::Log {
                leader: 0,
                heard: vec![every(500); 3],
                elected_after: span(5000),
                successor: 1,
                deposed_refuses: false,
            },
            apart: None,
            other_waits: Vec::new(),
            reach: vec![Span::ZERO; 3],
            loads_after: Span::ZERO,
            wakes_after: Span::ZERO,
            shares_after: Span::ZERO,
            catches_up_after: Span::ZERO,
            copies_hang: false,
            seen_making: vec![false; 3],
            enters_after: Span::ZERO,
        }
    }

    /// As a cluster of three of Nacos 2.5.1.
    pub(crate) fn nacos_2_5() -> Replication {
        Replication { waits: vec![span(1000)], verified: Verified::Revision, ..Replication::nacos_2_0() }
    }
}

fn every(millis: u64) -> Clock {
    Clock::every(span(millis))
}

pub(crate) fn span(millis: u64) -> Span {
    Span::from_millis(millis).unwrap_or_default()
}
