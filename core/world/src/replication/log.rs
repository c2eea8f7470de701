//! What do operators' decisions go through? One ordered log: its leader applies an entry at once, the others when they next hear of it.

use liveset::{Command, Instant};

use super::Decisions;
use super::nodes::{Cluster, Event, Standing};

/// Entries in their order.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    entries: Vec<Command>,
    /// How many of them each node has applied.
    applied: Vec<usize>,
    /// Who led when it was stopped, and has not heard yet that another one leads.
    deposed: Option<usize>,
}

impl Log {
    pub(crate) fn of(nodes: usize) -> Log {
        Log { entries: Vec::new(), applied: vec![0; nodes], deposed: None }
    }
}

impl Cluster {
    /// Writes what was decided at a node; false where that knows nobody who leads, and refuses it.
    pub(super) fn decide(&mut self, now: Instant, node: usize, command: Command) -> bool {
        let Decisions::Log { leader, deposed_refuses, .. } = self.replication.decisions else { return true };
        let is_deposed = deposed_refuses && self.log.deposed == Some(node);
        let is_led = self.nodes[leader].standing != Standing::Dead && !is_deposed;
        if is_led {
            self.append(now, command);
        }
        is_led
    }

    /// Writes an entry, which every node will apply.
    pub(crate) fn append(&mut self, now: Instant, command: Command) {
        if self.replication.decisions == Decisions::Copied {
            return;
        }
        self.log.entries.push(command);
        self.tell(now);
    }

    /// Where somebody leads, all will hear how far the log goes.
    fn tell(&mut self, now: Instant) {
        let Decisions::Log { leader, heard, .. } = &self.replication.decisions else { return };
        if self.nodes[*leader].standing != Standing::Up {
            return;
        }
        let hears: Vec<Instant> = (0..self.nodes.len())
            .map(|node| if node == *leader { now } else { heard[node].look(now + super::span(1)) })
            .collect();
        for (node, at) in hears.into_iter().enumerate() {
            self.at(at, Event::Heard { node });
        }
    }

    /// Another node leads from now on.
    pub(super) fn elect(&mut self, now: Instant) {
        if let Decisions::Log { leader, successor, .. } = &mut self.replication.decisions {
            self.log.deposed = Some(*leader).filter(|deposed| deposed != successor);
            *leader = *successor;
        }
        self.tell(now);
    }

    /// A node has heard how far the log goes, and applies what it lacks.
    pub(crate) fn hear(&mut self, now: Instant, node: usize) {
        let Decisions::Log { leader, .. } = &self.replication.decisions else { return };
        if self.nodes[*leader].standing != Standing::Up {
            // The next leader will tell.
            return;
        }
        if self.replication.apart == Some(node) {
            return;
        }
        self.log.deposed.take_if(|deposed| *deposed == node);
        let lacking: Vec<Command> = self.log.entries[self.log.applied[node]..].to_vec();
        self.log.applied[node] = self.log.entries.len();
        for command in lacking {
            // What has ended here by itself cannot end again.
            let _ = self.nodes[node].registry.apply(now, command);
        }
        self.take_note(now, node);
    }
}
