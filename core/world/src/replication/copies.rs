//! How do the claims of a record get to the other nodes? Late, as it is when it is sent; and verified at a node's own times.

use liveset::{Actor, Command, Content, Deregistration, HealthReport, InstanceBeat, Instant, Registration};

use super::nodes::{Claim, Cluster, Event, Published, Standing};
use super::owner::Record;
use super::{Decisions, Health, Verified, span};

/// One claim as it is sent.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Copied {
    pub(super) claim: Claim,
    pub(super) source: Actor,
    pub(super) content: Content,
    pub(super) healthy: bool,
}

/// A record as it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    record: Record,
    claims: Vec<Copied>,
    revision: Option<Vec<Copied>>,
}

/// A copy that waits: from where, to where, what, and in which of its waits it is.
pub(crate) type Waiting = (usize, usize, Record, usize);

impl Cluster {
    /// A record changed at the node responsible for it: the others get it when the waits are over. A change that meets one that waits
    /// goes with it.
    pub(crate) fn copy(&mut self, now: Instant, from: usize, record: &Record) {
        for to in self.others(from) {
            self.wait(now, (from, to, record.clone(), 0));
        }
    }

    fn wait(&mut self, now: Instant, waiting: Waiting) {
        let Some(&wait) = self.replication.waits.get(waiting.3) else {
            let (from, to, record, _) = waiting;
            return self.hand_out(now, from, to, record);
        };
        if !self.waiting.contains_key(&waiting) {
            let is_shared = |begun: &Instant| waiting.3 > 0 && (*begun..*begun + wait).contains(&now);
            let begun = self.replication.other_waits.iter().copied().find(is_shared).unwrap_or(now);
            self.wait_until((begun + wait).max(now), waiting);
        }
    }

    /// It goes on at the next look of its engine.
    fn wait_until(&mut self, due: Instant, waiting: Waiting) {
        let at = self.replication.engine[waiting.0].turn(due);
        self.waiting.insert(waiting.clone(), at);
        self.at(at, Event::Waited(waiting));
    }

    /// A wait is over.
    pub(crate) fn waited(&mut self, now: Instant, waiting: Waiting) {
        if self.waiting.get(&waiting) == Some(&now) {
            self.waiting.remove(&waiting);
            let (from, to, record, stage) = waiting;
            self.wait(now, (from, to, record, stage + 1));
        }
    }

    /// Asks the other nodes about every record that this one is responsible for.
    pub(crate) fn verify(&mut self, now: Instant, from: usize) {
        for record in self.records_of(from) {
            for to in self.others_up(from) {
                if self.replication.retry.is_some() && !self.reaches(now, from, to) {
                    continue;
                }
                let right = match self.replication.verified {
                    Verified::Existence => self.nodes[to].revisions.contains_key(&record),
                    Verified::Revision => {
                        self.nodes[to].revisions.get(&record) == self.nodes[from].revisions.get(&record)
                    }
                    // Who takes itself for responsible does not listen.
                    Verified::Content if self.is_responsible(to, &record) => true,
                    Verified::Content => {
                        let here = self.content(from, &record);
                        self.content(to, &record)
                            .iter()
                            .map(Copied::without_health)
                            .eq(here.iter().map(Copied::without_health))
                    }
                };
                match (right, self.replication.verified) {
                    (true, Verified::Content) => {}
                    (true, _) => self.beat_copies(now, to, &record),
                    (false, Verified::Content) => {
                        self.send_copy(now, from, to, record.clone());
                    }
                    (false, _) => {
                        // It goes at the engine's next look, and takes along what waits.
                        self.wait_until(now, (from, to, record.clone(), 0));
                    }
                }
            }
        }
        let next = self.replication.verify[from].look(now + span(1));
        self.at(next, Event::Verify { node: from });
    }

    /// Tells the other nodes who is healthy.
    pub(crate) fn report(&mut self, now: Instant, from: usize) {
        let Health::Reported(clocks) = &self.replication.health else { return };
        let next = clocks[from].look(now + span(1));
        self.at(next, Event::Report { node: from });
        for record in self.records_of(from) {
            let named = self.content(from, &record);
            for to in self.others_up(from) {
                for copy in self.content(to, &record) {
                    let healthy = named.iter().any(|one| one.claim == copy.claim && one.healthy);
                    if healthy != copy.healthy {
                        let (service, address) = copy.claim;
                        let report = HealthReport { service, address, healthy, sure: true, by: None };
                        let _ = self.nodes[to].registry.report_health(now, &report);
                    }
                }
                self.take_note(now, to);
            }
        }
    }

    /// What has waited is sent, unless all who could send it hang at a node that stands still.
    pub(super) fn hand_out(&mut self, now: Instant, from: usize, to: usize, record: Record) {
        let stopped = self.nodes.iter_mut().find(|node| node.standing == Standing::Stopped);
        match stopped.filter(|_| self.replication.copies_hang) {
            Some(stopped) => stopped.held.push(Event::HandOut { from, to, record }),
            None => self.send_copy(now, from, to, record),
        }
    }

    /// Sends a record as it is now. Where the other's process stands still it lies in its socket; where that is gone it is lost.
    fn send_copy(&mut self, now: Instant, from: usize, to: usize, record: Record) {
        if let Some(retry) = self.replication.retry
            && !self.reaches(now, from, to)
        {
            return self.wait_until(now + retry, (from, to, record, 0));
        }
        if self.nodes[to].standing != Standing::Dead {
            let sent = self.sent(from, record);
            self.at(now + self.replication.reach[to], Event::Arrived { from, to, sent });
        }
    }

    pub(super) fn sent(&self, from: usize, record: Record) -> Sent {
        let (claims, revision) = (self.content(from, &record), self.nodes[from].revisions.get(&record).cloned());
        Sent { record, claims, revision }
    }

    /// A node knows of a record what another one sent.
    pub(super) fn arrive(&mut self, now: Instant, to: usize, arrived: &Sent) {
        let Sent { record, claims: sent, revision } = arrived;
        if let Record::Connection(number) = record {
            return self.carry(now, to, *number, sent);
        }
        if self.replication.seen_making[to] {
            let mut made = false;
            for copy in sent {
                made |= self.make_service(now, to, &copy.claim.0);
            }
            if made {
                return self
                    .at(now + self.replication.enters_after, Event::Arrived { from: to, to, sent: arrived.clone() });
            }
        }
        let known = self.content(to, record);
        for copy in known.iter().filter(|known| !sent.iter().any(|one| one.claim == known.claim)) {
            let (service, address) = copy.claim.clone();
            let gone = Deregistration { copied: true, ..Deregistration::new(service, address, copy.source.clone()) };
            let _ = self.nodes[to].registry.apply(now, Command::Deregister(gone));
            self.nodes[to].claims.remove(&copy.claim);
        }
        for copy in sent.iter().filter(|one| !known.contains(one)) {
            let (service, address) = copy.claim.clone();
            let mut registration = Registration::new(service, address, copy.source.clone());
            registration.copied = true;
            registration.healthy = copy.healthy;
            registration.content = copy.content.clone();
            let _ = self.nodes[to].registry.apply(now, Command::Register(registration));
            let published = Published { source: copy.source.clone(), content: copy.content.clone() };
            self.nodes[to].claims.insert(copy.claim.clone(), published);
        }
        if let Some(revision) = revision.clone() {
            self.nodes[to].revisions.insert(record.clone(), revision);
        }
        self.watch_claims(now, to);
        self.take_note(now, to);
    }

    /// A verified copy has beaten.
    fn beat_copies(&mut self, now: Instant, node: usize, record: &Record) {
        if let Record::Connection(number) = record {
            return self.verified(now, node, *number);
        }
        for copy in self.content(node, record) {
            let (service, address) = copy.claim;
            let beat = InstanceBeat { service, address, source: copy.source, incarnation: None, content: None };
            let _ = self.nodes[node].registry.apply(now, Command::BeatInstance(beat));
        }
    }

    /// What a node holds of a record, as it would send it.
    pub(crate) fn content(&self, node: usize, record: &Record) -> Vec<Copied> {
        if let Record::Connection(number) = record {
            return self.held_over(node, *number);
        }
        let registry = &self.nodes[node].registry;
        let claims = self.nodes[node].claims.iter().filter(|(claim, _)| self.record(claim) == *record);
        let copied = claims.filter_map(|(claim, published)| {
            let (service, address) = claim;
            let row = registry.instance(service, address)?;
            let content = match self.replication.decisions {
                Decisions::Log { .. } => published.content.clone(),
                Decisions::Copied => Content { weight: row.weight, enabled: row.enabled, metadata: row.metadata },
            };
            Some(Copied { claim: claim.clone(), source: published.source.clone(), content, healthy: row.healthy })
        });
        copied.collect()
    }

    fn others_up(&self, from: usize) -> Vec<usize> {
        self.others(from).into_iter().filter(|&to| self.nodes[to].is_answering()).collect()
    }

    /// Whether a node counts another one in and is connected with it.
    fn reaches(&self, now: Instant, from: usize, to: usize) -> bool {
        self.nodes[from].members.contains(&to) && now >= self.nodes[to].shares_from
    }

    /// The nodes that share with this one.
    fn others(&self, from: usize) -> Vec<usize> {
        let apart = self.replication.apart;
        (0..self.nodes.len()).filter(|&to| to != from && apart != Some(to) && apart != Some(from)).collect()
    }

    fn records_of(&self, node: usize) -> Vec<Record> {
        let mut records: Vec<Record> = self.nodes[node].revisions.keys().cloned().collect();
        records.retain(|record| self.is_responsible(node, record));
        records
    }
}

impl Copied {
    fn without_health(&self) -> (&Claim, &Content) {
        (&self.claim, &self.content)
    }
}
