//! The steps of a scenario: what each actor does.

use liveset::{Command, Deregistration, Registration};

use super::calling::{Beats, Call};
use super::telling::{describe, describe_fault};
use super::{Class, Event, World};
use crate::scenario::{Action, Fault};

impl World<'_> {
    pub(super) fn step(&mut self, index: usize) {
        let scenario = self.scenario;
        let step = &scenario.steps[index];
        let actor = step.actor.as_str();
        match &step.action {
            Action::Expect(expectation) => self.expect(step.line, expectation),
            Action::Explain { subject, expected, node, beside } => {
                let node = self.node_named(node.as_ref());
                self.explain(step.line, subject, expected, node, beside);
            }
            Action::Network(fault) => self.network_suffers(fault),
            Action::Watches { node, service, address, watches } => {
                self.tell(actor, describe(&step.action), false);
                let Some(node) = self.node_named(Some(node)) else { return };
                let (service, address, watches) = (service.clone(), address.clone(), *watches);
                // There may be nothing to watch, and then nobody is told.
                let _ = self.execute(node, Command::Watch { service, address, watches });
            }
            Action::Machine { node, does } => {
                self.tell(actor, describe(&step.action), false);
                self.machine(node, *does);
            }
            action => {
                self.tell(actor, describe(action), false);
                self.act(actor, action);
            }
        }
    }

    fn act(&mut self, actor: &str, action: &Action) {
        match action {
            Action::Register { registration, over_session, node } => {
                self.settles_at(actor, node.as_ref());
                self.registers(actor, registration, *over_session);
            }
            Action::Beat { full, of } => self.sends(actor, Call::Beat { full: *full, of: of.clone() }),
            Action::Beats { every, full, of, until } => {
                let Some(party) = self.parties.get(actor) else { return };
                let (actor, life, of) = (actor.to_owned(), party.life, of.clone());
                let beats = Beats { actor, life, every: *every, full: *full, of, until: *until };
                self.at(self.now, Class::Message, Event::Beats(beats));
            }
            Action::RegisterBatch { service, members, node } => {
                self.settles_at(actor, node.as_ref());
                self.registers_batch(actor, service, members);
            }
            Action::Deregister { deregistration, node } => {
                self.settles_at(actor, node.as_ref());
                self.deregisters(actor, deregistration);
            }
            Action::Restarts => self.restarts(actor),
            Action::Dies => self.dies(actor),
            Action::Freezes => self.set_frozen(actor, true),
            Action::Thaws => self.set_frozen(actor, false),
            Action::Moves { node } => self.moves(actor, node),
            Action::Connects { node } => {
                self.settles_at(actor, node.as_ref());
                let Some(at) = self.parties.get(actor).map(|party| party.node) else { return };
                // A refusal would be the session limit, and the next registration meets it, too.
                let _ = self.session(actor, at);
            }
            Action::Disconnects => self.disconnects(actor),
            Action::Subscribes { service, node } => {
                self.settles_at(actor, node.as_ref());
                self.sends(actor, Call::Subscribe(service.clone()));
            }
            Action::Unsubscribes => self.unsubscribes(actor),
            Action::Pulls { service, node } => {
                self.settles_at(actor, node.as_ref());
                self.sends(actor, Call::Pull(service.clone()));
            }
            Action::Copies => {
                let now = self.now;
                if let Some(consumer) = self.parties.get_mut(actor).and_then(|party| party.consumer.as_mut()) {
                    consumer.copied = Some((now, consumer.machine.hosts().to_vec()));
                }
            }
            Action::Reads { service, node } => {
                self.operates(actor, node, Command::Look { service: service.clone() });
            }
            Action::Reports { service, address, healthy, sure, node } => {
                let (service, address) = (service.clone(), address.clone());
                self.operates(actor, node, Command::ReportHealth { service, address, healthy: *healthy, sure: *sure });
            }
            Action::Override { change, node } => self.operates(actor, node, Command::SetOverride((**change).clone())),
            Action::Clears { service, address, field, node } => {
                let Ok(by) = liveset::Actor::parse(actor) else { return };
                let (service, address, field) = (service.clone(), address.clone(), field.clone());
                self.operates(actor, node, Command::ClearOverride { service, address, by, field });
            }
            Action::Removes { removal, node } => self.operates(actor, node, Command::Remove((**removal).clone())),
            Action::LiftsFence { service, address, node } => {
                let Ok(by) = liveset::Actor::parse(actor) else { return };
                let (service, address) = (service.clone(), address.clone());
                self.operates(actor, node, Command::LiftFence { service, address, by });
            }
            Action::SetsService { settings, node } => {
                self.operates(actor, node, Command::SetService((**settings).clone()));
            }
            Action::RemovesService { service, node } => {
                self.operates(actor, node, Command::RemoveService { service: service.clone() });
            }
            Action::Machine { .. }
            | Action::Watches { .. }
            | Action::Network(_)
            | Action::Expect(_)
            | Action::Explain { .. } => {}
        }
    }

    fn registers(&mut self, actor: &str, registration: &Registration, over_session: bool) {
        let now = self.now;
        self.meets(&registration.service);
        let Some(party) = self.parties.get_mut(actor) else { return };
        party.registration = Some((registration.clone(), over_session));
        party.dead = false;
        if let Some(publisher) = &mut party.publisher {
            publisher.register(now);
            return self.send_requests(actor);
        }
        self.sends(actor, Call::Register { registration: Box::new(registration.clone()), over_session });
    }

    fn registers_batch(&mut self, actor: &str, service: &liveset::ServiceKey, members: &[liveset::BatchMember]) {
        self.meets(service);
        let Some(party) = self.parties.get_mut(actor) else { return };
        party.batch = Some((service.clone(), members.to_vec()));
        party.dead = false;
        self.sends(actor, Call::RegisterBatch { service: service.clone(), members: members.to_vec() });
    }

    fn deregisters(&mut self, actor: &str, deregistration: &Deregistration) {
        let Some(party) = self.parties.get_mut(actor) else { return };
        let Deregistration { service, address, .. } = deregistration;
        let own =
            party.registration.as_ref().is_some_and(|(own, _)| own.service == *service && own.address == *address);
        if own {
            // Its own beats end with the life.
            party.life += 1;
        }
        if let Some(publisher) = party.publisher.as_mut().filter(|_| own) {
            publisher.deregister();
            return self.send_requests(actor);
        }
        self.sends(actor, Call::Deregister(Box::new(deregistration.clone())));
    }

    fn unsubscribes(&mut self, actor: &str) {
        let Some(subscribed) = self.consumer(actor).and_then(|consumer| consumer.subscribed.take()) else { return };
        self.sends(actor, Call::Other(Box::new(Command::Unsubscribe { subscription: subscribed.subscription })));
    }

    /// A new process of the same provider: it registers what the old one had, and its beats go on.
    fn restarts(&mut self, actor: &str) {
        let Some(party) = self.parties.get_mut(actor) else { return };
        party.frozen = false;
        let (registration, batch) = (party.registration.clone(), party.batch.clone());
        self.disconnects(actor);
        if let Some((registration, over_session)) = registration {
            self.registers(actor, &registration, over_session);
        }
        if let Some((service, members)) = batch {
            self.registers_batch(actor, &service, &members);
        }
    }

    /// The timeline shows what becomes of the service from here on.
    fn meets(&mut self, service: &liveset::ServiceKey) {
        if !self.services.contains(service) {
            self.services.push(service.clone());
        }
    }

    /// The process is gone: a connection is reset, beats just end.
    fn dies(&mut self, actor: &str) {
        self.disconnects(actor);
        if let Some(party) = self.parties.get_mut(actor) {
            party.dead = true;
            party.life += 1;
        }
    }

    fn disconnects(&mut self, actor: &str) {
        let Some(party) = self.parties.get_mut(actor) else { return };
        let session = party.session.take();
        let connection = party.connection;
        party.connection += 1;
        if let Some(publisher) = &mut party.publisher {
            publisher.disconnected();
        }
        let Some((node, session)) = session else { return };
        if !self.network.arrivals(actor, connection).is_empty() {
            self.called(actor, connection, node, Call::Close(session), 0);
        }
        if let Some(publisher) = self.parties.get_mut(actor).and_then(|party| party.publisher.as_mut()) {
            // A restart begins a new life, and a new connection with it.
            publisher.connected(self.now);
        }
    }

    /// A client goes to another node by itself: the old connection ends, and it claims again over the new one.
    fn moves(&mut self, actor: &str, node: &str) {
        let Some(to) = self.node_named(Some(&node.to_owned())) else { return };
        if let Some(party) = self.parties.get_mut(actor) {
            party.node = to;
        }
        self.disconnects(actor);
        self.send_requests(actor);
    }

    fn set_frozen(&mut self, actor: &str, frozen: bool) {
        if let Some(party) = self.parties.get_mut(actor) {
            party.frozen = frozen;
        }
    }

    fn operates(&mut self, actor: &str, node: &Option<String>, command: Command) {
        self.settles_at(actor, node.as_ref());
        self.sends(actor, Call::Other(Box::new(command)));
    }

    fn sends(&mut self, actor: &str, call: Call) {
        let Some(party) = self.parties.get(actor).filter(|party| party.is_up()) else { return };
        let node = party.node;
        self.call(actor, node, call, 0);
    }

    fn settles_at(&mut self, actor: &str, node: Option<&String>) {
        let found = self.node_named(node);
        if let (Some(node), Some(party)) = (found, self.parties.get_mut(actor)) {
            party.node = node;
        }
    }

    fn network_suffers(&mut self, fault: &Fault) {
        self.tell("network", describe_fault(fault), false);
        let connections: std::collections::BTreeMap<String, u64> =
            self.parties.iter().map(|(name, party)| (name.clone(), party.connection)).collect();
        if let Fault::Parts(one, other) = fault {
            let (one, other) = (self.node_named(Some(one)), self.node_named(Some(other)));
            if let (Some(one), Some(other)) = (one, other) {
                self.verified_last(one, |to| to == other);
                self.verified_last(other, |to| to == one);
            }
        }
        self.network.suffer(fault, |who| connections.get(who).copied().unwrap_or(0));
        self.catch_up();
    }
}
