//! What comes of a node that stands still, dies or comes back? What was under way there waits or is lost, and what it missed it catches up.

use liveset::{Instant, Registry};

use super::nodes::{Cluster, Event, Standing};
use super::{Decisions, Record, Unit};

impl Cluster {
    /// A node's process stands still, ends, goes on or begins again.
    pub(crate) fn stand(&mut self, now: Instant, node: usize, standing: Standing) {
        let before = core::mem::replace(&mut self.nodes[node].standing, standing);
        self.nodes[node].is_touched = true;
        match (before, standing) {
            (Standing::Stopped, Standing::Up) => {
                self.at(now + self.replication.wakes_after, Event::Woken { node });
            }
            (Standing::Dead, Standing::Up) => self.start(now, node),
            (_, Standing::Stopped) => self.nodes[node].is_asleep = true,
            (_, Standing::Dead) => self.die(now, node),
            (Standing::Up, Standing::Up) => {}
        }
        if let Decisions::Log { leader, elected_after, .. } = self.replication.decisions
            && leader == node
            && standing != Standing::Up
        {
            self.at(now + elected_after, Event::Elected);
        }
    }

    fn die(&mut self, now: Instant, node: usize) {
        // Where decisions are a part of the instances, nothing of them is written down.
        let policy = self.nodes[node].registry.policy().clone();
        match Registry::new(policy) {
            Ok(registry) if self.replication.decisions == Decisions::Copied => self.nodes[node].registry = registry,
            _ => self.nodes[node].registry.restart(now),
        }
        self.nodes[node].forget_news();
        self.nodes[node].is_asleep = true;
        self.nodes[node].held.clear();
        self.nodes[node].claims.clear();
        self.nodes[node].connections.clear();
        self.nodes[node].pushes = None;
        self.nodes[node].revisions.clear();
        self.queue.retain(|_, event| event.node() != Some(node));
        self.waiting.retain(|(from, ..), _| *from != node);
    }

    /// It has its log, and nothing else yet.
    fn start(&mut self, now: Instant, node: usize) {
        self.nodes[node].is_asleep = false;
        self.nodes[node].members = (0..self.nodes.len()).collect();
        self.nodes[node].held.clear();
        self.take_note(now, node);
        self.hear(now, node);
        self.begin(now, node);
        self.at(now + self.replication.loads_after, Event::Loaded { node });
    }

    /// Takes all that another node has.
    pub(super) fn load(&mut self, now: Instant, node: usize) {
        let Some(peer) = (0..self.nodes.len()).find(|&other| other != node && !self.nodes[other].is_asleep) else {
            return;
        };
        if self.replication.unit == Unit::Service {
            for service in self.nodes[peer].registry.services() {
                self.make_service(now, node, &service);
            }
        }
        let records: Vec<Record> = self.nodes[peer].revisions.keys().cloned().collect();
        for record in records {
            let sent = self.sent(peer, record);
            self.arrive(now, node, &sent);
        }
    }

    /// What stood still does at once what it missed; copies go to it and from it a little later, and so does the log.
    pub(super) fn wake(&mut self, now: Instant, node: usize) {
        if self.nodes[node].standing != Standing::Up {
            return;
        }
        self.nodes[node].is_asleep = false;
        self.nodes[node].shares_from = now + self.replication.shares_after;
        self.nodes[node].registry.advance(now);
        self.take_note(now, node);
        for event in core::mem::take(&mut self.nodes[node].held) {
            match event {
                Event::Heard { .. } => self.at(now + self.replication.catches_up_after, event),
                event => self.happen(now, event),
            }
        }
    }

    /// At `now` a node will count another one in or out.
    pub(crate) fn will_count(&mut self, now: Instant, node: usize, other: usize, is_in: bool) {
        self.at(now, Event::Counted { node, other, is_in });
    }

    /// A node counts another one in or out; what it is responsible for changes with that.
    pub(super) fn count(&mut self, now: Instant, node: usize, other: usize, is_in: bool) {
        let members = &mut self.nodes[node].members;
        members.retain(|member| *member != other);
        if is_in {
            members.push(other);
            members.sort_unstable();
        }
        self.watch_claims(now, node);
    }
}
