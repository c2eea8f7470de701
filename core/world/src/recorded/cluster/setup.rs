//! What does the replay of a cluster begin with? The values of its version, and what a recording cannot show of it.

use std::collections::BTreeMap;

use liveset::policy::{Clock, Sweep};
use liveset::{Instant, Policy, Span};

use super::super::file::Header;
use super::clients::REDO;
use super::{NODES, node_of};
use crate::replication::{Decisions, Health, Replication, Standing, Unit, span};

/// What a replay begins with: the rules of each node, how they replicate, and what a recording cannot show.
#[derive(Clone, Debug)]
pub(super) struct Setup {
    pub(super) replication: Replication,
    pub(super) policy: Policy,
    /// When a request takes effect that the asked node serves itself, in parts of a thousand of the time until its answer.
    pub(super) direct: u64,
    /// The same of one that is handed on.
    pub(super) proxied: u64,
    /// How long after a request was answered the views may still miss what it did, in ms.
    pub(super) lag: i64,
    /// At which nodes a poll came between the making of the service and the entry of its first instance.
    pub(super) seen_making: [bool; 3],
    /// The same of a node that began again.
    pub(super) seen_making_again: [bool; 3],
    /// When the operator's requests were sent, in ms from t = 0, and how long behind each another record began the last wait of copies,
    /// in ms; 0 for never.
    pub(super) other_waits: Vec<(i64, u64)>,
    /// How much later each look for silence comes, in ms.
    pub(super) late_looks: u64,
    pub(super) views: [Turns; 3],
    pub(super) copies: [Turns; 3],
    pub(super) verify: [Tick; 3],
    pub(super) reports: [Tick; 3],
    pub(super) heard: [Tick; 3],
    /// Looks for empty services, and for ended decisions: their distances from t = 0.
    pub(super) services: [u64; 3],
    pub(super) overrides: [u64; 3],
    /// Looks for copies of connections that nobody verified for long.
    pub(super) caps: [u64; 3],
    /// Whether clients hold claims over connections.
    pub(super) has_connections: bool,
    /// When clients claim again over a new connection.
    pub(super) redo: u64,
    /// When the recording begins, when a node first stops or dies, and when one is first back, in ms of the recording.
    pub(super) begins: i64,
    pub(super) fault_from: i64,
    pub(super) back_from: i64,
    /// The node that stops or dies, where one does.
    pub(super) faulty: Option<usize>,
    /// Which of those that are left is then responsible, where that is not told.
    pub(super) takes_over: usize,
    /// Whether that is told, or follows from addresses.
    pub(super) is_taker_told: bool,
    /// Whether the leader of the log stops.
    pub(super) leader_stops: bool,
    /// Whether anybody decides anything.
    pub(super) decides: bool,
    /// Whether it dies.
    pub(super) is_deadly: bool,
    /// Whom a node in the mode of an older version takes for responsible.
    pub(super) by_service: usize,
    /// Where each node listens, as `host:port`.
    pub(super) addresses: Vec<String>,
    /// Whether the recording says who leads the log.
    pub(super) is_led: bool,
    /// How long after its process ended or began to answer a node was first seen so, in percent of the time between two looks.
    pub(super) seen_after: u64,
    /// How long after a fault each node counts the faulty one out, and in again, in ms.
    pub(super) out_after: [u64; 3],
    pub(super) in_after: [u64; 3],
}

/// Of a clock: a look's distance from the recording's t = 0, and how much later than its period each look comes, in ms.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tick {
    pub(super) phase: u64,
    pub(super) late: u64,
}

/// Of an engine: its first turn, in ms from the beginning of the recording, and how much more than its period each turn takes, in
/// thousandths of a ms.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Turns {
    pub(super) phase: u64,
    pub(super) slip: u32,
}

/// Where the nodes of each recorded cluster listened; and for the log a thousand below.
const PORTS: [(&str, [u16; 3]); 3] =
    [("1.4.1", [8410, 8420, 8430]), ("2.0.3", [8450, 8470, 8490]), ("2.5.1", [8510, 8530, 8550])];

/// The node of whichever cluster that listens there.
pub(super) fn node_at(address: &str) -> Option<usize> {
    let port: u16 = address.rsplit_once(':')?.1.parse().ok()?;
    PORTS.iter().find_map(|(_, ports)| ports.iter().position(|own| *own == port))
}

impl Setup {
    /// Of the cluster in a recording.
    pub(super) fn of(header: &Header) -> Option<Setup> {
        let (mut replication, policy) = match header.server.as_str() {
            "1.4.1" => (Replication::nacos_1_4(), Policy::nacos_1_4()),
            "2.0.3" => (Replication::nacos_2_0(), Policy::nacos_2_0()),
            "2.5.1" => (Replication::nacos_2_5(), Policy::nacos_2_5()),
            _ => return None,
        };
        let (_, ports) = PORTS.into_iter().find(|(server, _)| *server == header.server)?;
        let led = header
            .leaders
            .each_ref()
            .map(|leader| ports.iter().position(|port| leader.as_ref() == Some(&format!("127.0.0.1:{}", port - 1000))));
        replication.apart = apart(header);
        if let Decisions::Log { leader, successor, .. } = &mut replication.decisions {
            *leader = led[0].unwrap_or(*leader);
            *successor = led[1].unwrap_or(*leader);
        }
        let ticks = [Tick::default(); 3];
        Some(Setup {
            replication,
            policy,
            direct: 1000,
            proxied: 1000,
            lag: 0,
            seen_making: [false; 3],
            seen_making_again: [false; 3],
            other_waits: Vec::new(),
            late_looks: 0,
            views: [Turns::default(); 3],
            copies: [Turns::default(); 3],
            verify: ticks,
            reports: ticks,
            heard: ticks,
            services: [0; 3],
            overrides: [0; 3],
            caps: [0; 3],
            has_connections: false,
            redo: 0,
            begins: 0,
            fault_from: i64::MAX,
            back_from: i64::MAX,
            faulty: None,
            takes_over: 0,
            is_taker_told: true,
            leader_stops: false,
            decides: false,
            is_deadly: false,
            by_service: 0,
            addresses: ports.iter().map(|port| format!("127.0.0.1:{port}")).collect(),
            is_led: led[0].is_some(),
            seen_after: 50,
            out_after: [20_000; 3],
            in_after: [1000; 3],
        })
    }

    /// The values with their phases, where t = 0 is `zero` ms behind the cluster's own zero.
    pub(super) fn begun(&self, zero: u64) -> (Replication, Vec<Policy>) {
        let mut replication = self.replication.clone();
        let mut policies = vec![self.policy.clone(); NODES.len()];
        replication.seen_making = self.seen_making.to_vec();
        let others = self.other_waits.iter().filter(|(_, behind)| *behind > 0);
        replication.other_waits =
            others.map(|(at, behind)| Instant::ZERO + span(zero.saturating_add_signed(*at) + behind)).collect();
        for (node, policy) in policies.iter_mut().enumerate() {
            if replication.apart == Some(node) {
                *policy = Policy::nacos_1_4();
            }
            if policy.view.engine.every != Span::ZERO {
                policy.view.engine.phase = span(self.views[node].phase);
                policy.view.engine_slip = self.views[node].slip;
            }
            let look = |phase| Tick { phase, late: 0 };
            look(self.services[node]).set(&mut policy.services.sweep, zero);
            look(self.overrides[node]).set(&mut policy.overrides.sweep, zero);
            if let Some(cap) = &mut policy.expiry.cap {
                look(self.caps[node]).set(&mut cap.sweep, zero);
            }
            replication.engine[node].clock.phase = span(self.copies[node].phase);
            replication.engine[node].slip = self.copies[node].slip;
            self.verify[node].set(&mut replication.verify[node], zero);
            if let Health::Reported(clocks) = &mut replication.health {
                self.reports[node].set(&mut clocks[node], zero);
            }
            if let Decisions::Log { heard, .. } = &mut replication.decisions {
                self.heard[node].set(&mut heard[node], zero);
            }
            if let Sweep::PerLease(period) | Sweep::PerService(period) = &mut policy.expiry.sweep {
                *period = span(period.as_millis() + self.late_looks);
            }
        }
        (replication, policies)
    }

    /// When a client that moved at a moment of the recording claims again.
    pub(super) fn redone(&self, moved: i64) -> i64 {
        let every = REDO.as_millis() as i64;
        moved + (self.redo as i64 - moved).rem_euclid(every)
    }

    /// Who is responsible, where records belong to services, whose names are not in the recording: by its header, or by choice.
    pub(super) fn told(&self, responsible: &BTreeMap<String, String>) -> BTreeMap<Vec<usize>, usize> {
        if self.replication.unit == Unit::Client {
            return BTreeMap::new();
        }
        let members =
            |without: &str| -> Vec<usize> { (0..NODES.len()).filter(|&node| NODES[node] != without).collect() };
        let told = responsible.iter().filter_map(|(without, node)| Some((members(without), node_of(Some(node))?)));
        let mut told: BTreeMap<Vec<usize>, usize> = told.collect();
        if let Some(faulty) = self.faulty {
            let left = members(NODES[faulty]);
            told.entry(left.clone()).or_insert(left[self.takes_over % left.len()]);
        }
        told
    }

    /// Which nodes come to count a faulty one out, or in again, and when.
    pub(super) fn counted(&self, node: usize, standing: Standing) -> Vec<(usize, Span)> {
        let after = match standing {
            Standing::Up => self.in_after,
            Standing::Stopped | Standing::Dead => self.out_after,
        };
        (0..NODES.len()).filter(|&other| other != node).map(|other| (other, span(after[other]))).collect()
    }
}

/// The node that the header says to be in 1.x mode.
fn apart(header: &Header) -> Option<usize> {
    NODES.iter().position(|node| header.about.starts_with(&format!("NODE {node} IN 1.x MODE")))
}

impl Tick {
    fn set(self, clock: &mut Clock, zero: u64) {
        clock.every = span(clock.every.as_millis() + self.late);
        let every = clock.every.as_millis();
        if every > 0 {
            clock.phase = span((zero + self.phase) % every);
        }
    }
}
