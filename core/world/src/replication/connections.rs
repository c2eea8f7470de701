//! What of clients that hold their claims over connections? A connection leads to one node. Elsewhere a session carries its copy, which
//! ends when that node tells so, or has not verified it for long.

use std::collections::BTreeMap;

use liveset::{Actor, Command, Content, Instant, Outcome, Registration, SessionId};
use liveset_nacos::{Pushes, Request, Response};

use super::Record;
use super::copies::Copied;
use super::desk::Desk;
use super::nodes::{Claim, Cluster, Event, Node};

/// A connection as one node knows it.
#[derive(Debug)]
pub(crate) struct Connection {
    session: SessionId,
    held: BTreeMap<Claim, Content>,
    /// When the copy was last verified; none at the node that the connection leads to.
    verified: Option<Instant>,
}

impl Cluster {
    /// A client claims over a connection that leads to a node.
    pub(crate) fn claim_over(&mut self, now: Instant, node: usize, number: usize, claim: &Claim, content: &Content) {
        if !self.nodes[node].is_answering() {
            return;
        }
        self.advance(now);
        self.enter(now, node, number, (claim, content), None);
        let record = Record::Connection(number);
        let revision = self.content(node, &record);
        self.nodes[node].revisions.insert(record.clone(), revision);
        self.take_note(now, node);
        self.copy(now, node, &record);
    }

    /// A connection that led to a node ends.
    pub(crate) fn disconnect(&mut self, now: Instant, node: usize, number: usize) {
        if self.nodes[node].is_answering() {
            self.advance(now);
            self.end(now, node, number);
            self.copy(now, node, &Record::Connection(number));
        }
    }

    /// Somebody reads at a node, and may wish to be told of changes there.
    pub(crate) fn read(&mut self, now: Instant, node: usize, request: &Request) -> Option<Response> {
        if !self.nodes[node].is_answering() {
            return None;
        }
        let response = self.serve(now, node, request);
        let dialect = self.dialects[node];
        let mut pushes = self.nodes[node].pushes.take().unwrap_or_else(|| Pushes::new(dialect));
        pushes.asked(&mut Desk::of(self, node), now, request);
        self.nodes[node].pushes = Some(pushes);
        self.begin_to_tend(now, node);
        Some(response)
    }

    /// Whether a connection leads to a node.
    pub(super) fn leads_to(&self, node: usize, number: usize) -> bool {
        self.nodes[node].connections.get(&number).is_some_and(|connection| connection.verified.is_none())
    }

    /// What a node knows to be held over a connection.
    pub(super) fn held_over(&self, node: usize, number: usize) -> Vec<Copied> {
        let (connection, source) = (self.nodes[node].connections.get(&number), name(number));
        let held = connection.into_iter().flat_map(|connection| &connection.held);
        let copied = |(claim, content): (&Claim, &Content)| {
            Some(Copied { claim: claim.clone(), source: source.clone()?, content: content.clone(), healthy: true })
        };
        held.filter_map(copied).collect()
    }

    /// A node is told what another one's connection holds; nothing where it ended.
    pub(super) fn carry(&mut self, now: Instant, node: usize, number: usize, sent: &[Copied]) {
        if self.leads_to(node, number) {
            return;
        }
        if sent.is_empty() {
            return self.end(now, node, number);
        }
        let known = self.held_over(node, number);
        for copy in sent.iter().filter(|copy| !known.contains(copy)) {
            self.enter(now, node, number, (&copy.claim, &copy.content), Some(now));
        }
        self.nodes[node].revisions.insert(Record::Connection(number), sent.to_vec());
        self.take_note(now, node);
    }

    /// The node that a connection leads to has verified its copy here.
    pub(super) fn verified(&mut self, now: Instant, node: usize, number: usize) {
        if let Some(connection) = self.nodes[node].connections.get_mut(&number) {
            connection.verified = Some(now);
        }
    }

    /// A node looks after connections and subscribers: copies that nobody verified for long end, and all others give a sign of life.
    pub(super) fn tend(&mut self, now: Instant, node: usize) {
        let Some(cap) = self.nodes[node].registry.policy().expiry.cap else { return };
        let lapsed = |connection: &Connection| connection.verified.is_some_and(|last| last + cap.silence < now);
        let ended = self.nodes[node].connections.iter().filter(|(_, connection)| lapsed(connection));
        for number in ended.map(|(number, _)| *number).collect::<Vec<_>>() {
            self.end(now, node, number);
        }
        let sessions = self.nodes[node].connections.values().map(|connection| connection.session);
        for session in sessions.collect::<Vec<_>>() {
            // Nobody else closes it.
            let _ = self.nodes[node].registry.apply(now, Command::TouchSession { session });
        }
        if let Some(mut pushes) = self.nodes[node].pushes.take() {
            // Nobody of the recordings listens.
            let _datagrams = pushes.due(&mut Desk::of(self, node), now);
            self.nodes[node].pushes = Some(pushes);
        }
        self.take_note(now, node);
        self.at(cap.sweep.look(now + super::span(1)), Event::Tended { node });
    }

    fn begin_to_tend(&mut self, now: Instant, node: usize) {
        let is_tended =
            self.queue.values().any(|event| matches!(event, Event::Tended { node: tended } if *tended == node));
        let cap = self.nodes[node].registry.policy().expiry.cap.filter(|_| !is_tended);
        if let Some(cap) = cap {
            self.at(cap.sweep.look(now), Event::Tended { node });
        }
    }

    /// A claim over a connection comes to a node: over that itself, or over the session of its copy.
    fn enter(
        &mut self,
        now: Instant,
        node: usize,
        number: usize,
        (claim, content): (&Claim, &Content),
        verified: Option<Instant>,
    ) {
        let Some(source) = name(number) else { return };
        let Node { registry, connections, .. } = &mut self.nodes[node];
        let open = connections.get(&number).map(|connection| connection.session);
        let session = match open {
            Some(session) => session,
            None => match registry.apply(now, Command::OpenSession { name: source.clone() }) {
                Ok(Outcome::SessionOpened { session }) => session,
                _ => return,
            },
        };
        let mut registration = Registration::new(claim.0.clone(), claim.1.clone(), source);
        registration.session = Some(session);
        registration.copied = verified.is_some();
        registration.content = content.clone();
        let _ = registry.apply(now, Command::Register(registration));
        let new = || Connection { session, held: BTreeMap::new(), verified };
        let connection = connections.entry(number).or_insert_with(new);
        connection.held.insert(claim.clone(), content.clone());
        self.begin_to_tend(now, node);
    }

    /// A connection, or its copy, ends at a node.
    fn end(&mut self, now: Instant, node: usize, number: usize) {
        let Some(connection) = self.nodes[node].connections.remove(&number) else { return };
        self.nodes[node].revisions.remove(&Record::Connection(number));
        let session = connection.session;
        let _ = self.nodes[node].registry.apply(now, Command::CloseSession { session });
        self.take_note(now, node);
    }
}

/// Who claims over a connection.
fn name(number: usize) -> Option<Actor> {
    Actor::parse(&format!("connection {number}")).ok()
}
