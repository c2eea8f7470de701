//! Messages between parties and nodes: calls, answers, pushes, probes.

use liveset::clients::{Emptiness, Host, Push, Reply, Request, Transport};
use liveset::{
    BatchMember, BatchRegistration, Command, Deregistration, Error, InstanceBeat, Outcome, Reader, Registration,
    ServiceKey, SessionId, Span, SubscriptionId,
};

use super::{Class, Event, World};
use crate::parties::{Consumer, Subscribed};
use crate::scenario::Cluster;

/// What a party asks of a node.
#[derive(Clone, Debug)]
pub(super) enum Call {
    Register { registration: Box<Registration>, over_session: bool },
    RegisterBatch { service: ServiceKey, members: Vec<BatchMember> },
    Deregister(Box<Deregistration>),
    Beat { full: bool, of: Option<ServiceKey> },
    KeepAlive,
    Subscribe(ServiceKey),
    Pull(ServiceKey),
    Close(SessionId),
    Other(Box<Command>),
}

/// What somebody who acts by hand goes on to send.
#[derive(Clone, Debug)]
pub(super) struct Beats {
    pub(super) actor: String,
    /// Which of the actor's lives.
    pub(super) life: u64,
    pub(super) every: Span,
    pub(super) full: bool,
    pub(super) of: Option<ServiceKey>,
    pub(super) until: Option<liveset::Instant>,
}

/// How long a caller waits before it gives an answer up.
const PATIENCE: Span = Span::from_secs(3);

impl World<'_> {
    /// Sends what a client's machine wants sent.
    pub(super) fn send_requests(&mut self, name: &str) {
        loop {
            let Some(party) = self.parties.get_mut(name).filter(|party| party.is_up()) else { return };
            let Some(request) = party.publisher.as_mut().and_then(|publisher| publisher.poll()) else { return };
            let over_session = party.publisher.as_ref().is_some_and(|p| matches!(p.transport(), Transport::Session(_)));
            let Some((registration, _)) = party.registration.clone() else { continue };
            let (call, ticket) = match request {
                Request::Register { ticket } => {
                    (Call::Register { registration: Box::new(registration), over_session }, ticket)
                }
                Request::Beat { ticket, full } => (Call::Beat { full, of: None }, ticket),
                Request::KeepAlive { ticket } => (Call::KeepAlive, ticket),
                Request::Connect { .. } => {
                    // What the new connection carries is claimed again as the client's own clock says.
                    party.session = None;
                    party.connection += 1;
                    if let Some(publisher) = &mut party.publisher {
                        publisher.connected(self.now);
                    }
                    continue;
                }
                Request::Deregister { ticket } => {
                    let Registration { service, address, source, incarnation, .. } = registration;
                    let deregistration = Deregistration::new(service, address, source);
                    (Call::Deregister(Box::new(Deregistration { incarnation, ..deregistration })), ticket)
                }
            };
            let node = party.node;
            self.call(name, node, call, ticket);
        }
    }

    /// Puts a call on the network.
    pub(super) fn call(&mut self, from: &str, node: usize, call: Call, ticket: u64) {
        let now = self.now;
        let Some(party) = self.parties.get_mut(from) else { return };
        party.sent = Some(now);
        let connection = party.connection;
        let arrivals = self.network.arrivals(from, connection);
        if arrivals.is_empty() {
            let to = from.to_owned();
            return self.after(PATIENCE, Event::Answer { to, call, ticket, result: None });
        }
        for delay in arrivals {
            let event = Event::Call { from: from.to_owned(), connection, node, call: call.clone(), ticket };
            self.after(delay, event);
        }
    }

    /// A call arrived at a node.
    pub(super) fn called(&mut self, from: &str, connection: u64, node: usize, call: Call, ticket: u64) {
        let deaf = self.replication.log_deadline().is_some() && self.is_minority(node);
        if deaf || self.nodes[node].frozen {
            let to = from.to_owned();
            return self.after(PATIENCE, Event::Answer { to, call, ticket, result: None });
        }
        if let Call::Pull(service) = &call {
            return self.pulled(from, connection, node, service);
        }
        if let Call::Subscribe(service) = &call {
            self.looks(node, service);
        }
        let result = match self.command(from, node, &call) {
            Ok(Some(command)) => self.execute(node, command),
            Ok(None) => return,
            Err(error) => Err(error),
        };
        if let (Call::Subscribe(service), Ok(Outcome::Subscribed { subscription, service: id, revision })) =
            (&call, &result)
        {
            let subscribed = Subscribed {
                node,
                subscription: *subscription,
                service: *id,
                key: service.clone(),
                revision: *revision,
            };
            self.subscribed(from, subscribed);
        }
        for delay in self.network.arrivals(from, connection) {
            let event = Event::Answer { to: from.to_owned(), call: call.clone(), ticket, result: Some(result.clone()) };
            self.after(delay, event);
        }
    }

    /// An answer arrived, or was given up.
    pub(super) fn answered(&mut self, to: &str, call: &Call, ticket: u64, result: Option<Result<Outcome, Error>>) {
        self.tell_answer(to, call, result.as_ref());
        let now = self.now;
        let Some(party) = self.parties.get_mut(to).filter(|party| party.is_up()) else { return };
        let Some(publisher) = &mut party.publisher else { return };
        if matches!(result, Some(Err(Error::UnknownSession { .. }))) {
            // The server closed it: a new one, and what it carried is claimed again as the client's own clock says.
            publisher.disconnected();
            party.session = None;
            party.connection += 1;
            publisher.connected(now);
        } else {
            publisher.answered(now, ticket, reply_of(result));
        }
        self.send_requests(to);
    }

    /// One of somebody's beats by hand, and the next.
    pub(super) fn beats(&mut self, beats: Beats) {
        let Some(party) = self.parties.get(&beats.actor) else { return };
        if party.life != beats.life || party.dead || beats.until.is_some_and(|until| self.now > until) {
            return;
        }
        if party.is_up() {
            let node = party.node;
            self.call(&beats.actor, node, Call::Beat { full: beats.full, of: beats.of.clone() }, 0);
        }
        let at = self.now + beats.every;
        self.at(at, Class::Message, Event::Beats(beats));
    }

    /// The node tells a subscription's consumer what its service is now.
    pub(super) fn push(&mut self, node: usize, subscription: SubscriptionId) {
        let found = self.parties.iter().find_map(|(name, party)| {
            let subscribed = party.consumer.as_ref()?.subscribed.as_ref()?;
            (subscribed.node == node && subscribed.subscription == subscription)
                .then(|| (name.clone(), subscribed.clone()))
        });
        let Some((name, subscribed)) = found else { return };
        let push = self.current_push(&name, &subscribed);
        let Some(connection) = self.parties.get(&name).map(|party| party.connection) else { return };
        let revision = push.revision;
        for delay in self.network.arrivals(&name, connection) {
            self.after(delay, Event::Push { to: name.clone(), push: push.clone() });
        }
        if let Some(subscribed) = self.consumer(&name).and_then(|consumer| consumer.subscribed.as_mut()) {
            subscribed.revision = revision;
        }
    }

    pub(super) fn pushed(&mut self, to: &str, push: Push) {
        let now = self.now;
        if self.parties.get(to).is_some_and(|party| party.is_up())
            && let Some(consumer) = self.consumer(to)
        {
            consumer.heard += u64::from(consumer.machine.receive(now, push));
            consumer.lists += 1;
        }
    }

    /// A node asks a connection for a sign of life.
    pub(super) fn probed(&mut self, node: usize, session: SessionId) {
        if self.nodes[node].frozen || self.verify_copies(node, session) {
            return;
        }
        let owner = self.parties.iter().find(|(_, party)| party.session == Some((node, session)));
        let Some((name, party)) = owner.map(|(name, party)| (name.clone(), party)) else { return };
        let (up, connection) = (party.is_up(), party.connection);
        if up && !self.network.arrivals(&name, connection).is_empty() {
            // A refusal means that it closed meanwhile.
            let _ = self.execute(node, Command::TouchSession { session });
        }
    }

    pub(super) fn consumer(&mut self, name: &str) -> Option<&mut Consumer> {
        self.parties.get_mut(name)?.consumer.as_mut()
    }

    fn subscribed(&mut self, name: &str, subscribed: Subscribed) {
        self.begin_epoch(name);
        let push = self.current_push(name, &subscribed);
        if let Some(consumer) = self.consumer(name) {
            consumer.subscribed = Some(subscribed);
        }
        // The answer to the subscription carries the list.
        self.after(Span::ZERO, Event::Push { to: name.to_owned(), push });
    }

    fn current_push(&mut self, name: &str, subscribed: &Subscribed) -> Push {
        let registry = self.nodes[subscribed.node].registry();
        let emptiness = (registry.changes(subscribed.service, subscribed.revision))
            .map_or(Emptiness::Unknown, |changes| Emptiness::of(&changes));
        self.list(name, subscribed.node, &subscribed.key, emptiness)
    }

    /// A service's list as a node gives it to a consumer.
    fn list(&self, name: &str, node: usize, service: &ServiceKey, emptiness: Emptiness) -> Push {
        let epoch = self.parties.get(name).and_then(|party| party.consumer.as_ref()).map_or(0, |had| had.epoch);
        let view = self.nodes[node].view(service, Reader::Consumer);
        Push { epoch, revision: view.revision, hosts: view.instances.into_iter().map(Host::from).collect(), emptiness }
    }

    /// Revisions are compared within one epoch: those of one subscription, or of all nodes where they read one log.
    fn begin_epoch(&mut self, name: &str) {
        let one_log = matches!(self.scenario.cluster, Cluster::OneLog { .. });
        if let Some(consumer) = self.consumer(name).filter(|_| !one_log) {
            consumer.epoch += 1;
        }
    }

    /// Somebody reads: where views are computed late, the first reader has them computed.
    fn looks(&mut self, node: usize, service: &ServiceKey) {
        if self.scenario.policy.view.refresh != Span::ZERO {
            // A look is never refused.
            let _ = self.execute(node, Command::Look { service: service.clone() });
        }
    }

    /// A consumer asks once for a list, and takes what it gets.
    fn pulled(&mut self, from: &str, connection: u64, node: usize, service: &ServiceKey) {
        self.looks(node, service);
        self.begin_epoch(from);
        let push = self.list(from, node, service, Emptiness::Unknown);
        for delay in self.network.arrivals(from, connection) {
            self.after(delay, Event::Push { to: from.to_owned(), push: push.clone() });
        }
    }

    /// The command that a call means at a node; none when there is nothing to do.
    fn command(&mut self, from: &str, node: usize, call: &Call) -> Result<Option<Command>, Error> {
        Ok(Some(match call {
            Call::Register { registration, over_session } => {
                let mut registration = (**registration).clone();
                if *over_session {
                    registration.session = Some(self.session(from, node)?);
                }
                Command::Register(registration)
            }
            Call::RegisterBatch { service, members } => Command::RegisterBatch(BatchRegistration {
                service: service.clone(),
                source: liveset::Actor::parse(from)?,
                session: self.session(from, node)?,
                members: members.clone(),
            }),
            Call::Deregister(deregistration) => {
                let open = self.parties.get(from).and_then(|party| party.session).filter(|&(at, _)| at == node);
                let session = open.map(|(_, session)| session);
                Command::Deregister(Deregistration { session, ..(**deregistration).clone() })
            }
            Call::Beat { full, of } => {
                let Some((registration, _)) = self.parties.get(from).and_then(|party| party.registration.clone())
                else {
                    return Ok(None);
                };
                Command::BeatInstance(InstanceBeat {
                    service: of.clone().unwrap_or(registration.service),
                    address: registration.address,
                    source: registration.source,
                    incarnation: registration.incarnation,
                    content: full.then_some(registration.content),
                })
            }
            Call::KeepAlive => match self.parties.get(from).and_then(|party| party.session) {
                Some((_, session)) => Command::TouchSession { session },
                None => return Ok(None),
            },
            Call::Subscribe(service) => {
                Command::Subscribe { service: service.clone(), subscriber: liveset::Actor::parse(from)? }
            }
            Call::Close(session) => Command::CloseSession { session: *session },
            Call::Pull(_) => return Ok(None),
            Call::Other(command) => (**command).clone(),
        }))
    }

    /// The party's session at a node; a new one when it has none there.
    pub(super) fn session(&mut self, name: &str, node: usize) -> Result<SessionId, Error> {
        if let Some((at, session)) = self.parties.get(name).and_then(|party| party.session)
            && at == node
        {
            return Ok(session);
        }
        let opened = self.execute(node, Command::OpenSession { name: liveset::Actor::parse(name)? })?;
        let Outcome::SessionOpened { session } = opened else { return Err(Error::UnknownSession { session: 0 }) };
        if let Some(party) = self.parties.get_mut(name) {
            party.session = Some((node, session));
        }
        Ok(session)
    }
}

fn reply_of(result: Option<Result<Outcome, Error>>) -> Reply {
    match result {
        None => Reply::Lost,
        Some(Ok(Outcome::Beaten { interval, .. })) => Reply::Done { interval: Some(interval), light: true },
        Some(Ok(_)) => Reply::Done { interval: None, light: false },
        Some(Err(Error::UnknownLease { .. })) => Reply::RegisterAgain,
        // Only a deregistration is answered so: there is nothing left to do.
        Some(Err(Error::UnknownInstance { .. })) => Reply::Done { interval: None, light: false },
        Some(Err(Error::Fenced { .. } | Error::Stale { .. })) => Reply::Stop,
        Some(Err(_)) => Reply::Lost,
    }
}
