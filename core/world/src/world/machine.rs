//! The machines that registries run on: restarted, suspended, and woken.

use liveset::Command;

use super::calling::Call;
use super::{Event, World};
use crate::scenario::{Cluster, MachineDeed};

impl World<'_> {
    pub(super) fn machine(&mut self, name: &str, does: MachineDeed) {
        let Some(node) = self.node_named(Some(&name.to_owned())) else { return };
        match does {
            MachineDeed::Restarts => self.registry_restarts(node),
            MachineDeed::Freezes => {
                self.nodes[node].frozen = true;
                self.verified_last(node, |_| true);
            }
            MachineDeed::Thaws => {
                self.nodes[node].frozen = false;
                self.catch_up();
            }
            MachineDeed::FallsSilent => self.nodes[node].silent = true,
            MachineDeed::SpeaksAgain => {
                self.nodes[node].silent = false;
                self.settle_node(node, false);
            }
            MachineDeed::Jumps(span) => self.nodes[node].jump(span),
        }
    }

    fn registry_restarts(&mut self, node: usize) {
        self.nodes[node].frozen = false;
        self.catch_up();
        // A node of a log reads it again, and is what it was.
        if matches!(self.scenario.cluster, Cluster::OneLog { .. }) {
            return;
        }
        // A restart is never refused.
        let _ = self.execute(node, Command::Restart);
        if self.scenario.policy.restart.instances {
            return;
        }
        self.lose_connections(node);
        self.copy_again(node);
        if let Cluster::TwoTransports { claims, .. } = self.scenario.cluster
            && self.scenario.policy.restart.warming.is_some()
        {
            self.after(claims, Event::Loaded { node });
        }
    }

    /// Whoever was connected finds his connection reset: clients open another one, and consumers subscribe anew.
    fn lose_connections(&mut self, node: usize) {
        let now = self.now;
        let names: Vec<String> = self.parties.keys().cloned().collect();
        for name in names {
            let Some(party) = self.parties.get_mut(&name) else { continue };
            if party.session.is_some_and(|(at, _)| at == node) {
                party.session = None;
                party.connection += 1;
                if let Some(publisher) = &mut party.publisher {
                    publisher.disconnected();
                    publisher.connected(now);
                }
                self.send_requests(&name);
            }
            let subscribed =
                self.consumer(&name).and_then(|consumer| consumer.subscribed.take_if(|had| had.node == node));
            if let Some(subscribed) = subscribed {
                self.call(&name, node, Call::Subscribe(subscribed.key), 0);
            }
        }
    }
}
