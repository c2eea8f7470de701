//! The steps of a scenario: what each actor does.

use liveset::{Command, Registration, ServiceSettings};

use super::calling::Call;
use super::{Class, Event, World, cluster};
use crate::scenario::{Action, Fault};

impl World<'_> {
    pub(super) fn step(&mut self, index: usize) {
        let scenario = self.scenario;
        let step = &scenario.steps[index];
        let actor = step.actor.as_str();
        match &step.action {
            Action::Expect(expectation) => self.expect(step.line, expectation),
            Action::Explain { subject, expected, node } => {
                let node = self.node_named(node.as_ref());
                self.explain(step.line, subject, expected, node);
            }
            Action::Network(fault) => self.network_suffers(fault),
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
            Action::Beat { full } => self.sends(actor, Call::Beat { full: *full }),
            Action::Beats { every, full, until } => {
                let Some(party) = self.parties.get(actor) else { return };
                let (actor, life) = (actor.to_owned(), party.life);
                let beats = Event::Beats { actor, life, every: *every, full: *full, until: *until };
                self.at(self.now, Class::Message, beats);
            }
            Action::Deregister { service, address, incarnation, node } => {
                self.settles_at(actor, node.as_ref());
                self.deregisters(actor, service, address, *incarnation);
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
            Action::Override { change, node } => self.operates(actor, node, Command::SetOverride((**change).clone())),
            Action::Clears { service, address, node } => {
                let Ok(by) = liveset::Actor::parse(actor) else { return };
                let (service, address) = (service.clone(), address.clone());
                self.operates(actor, node, Command::ClearOverride { service, address, by, field: None });
            }
            Action::Removes { removal, node } => self.operates(actor, node, Command::Remove((**removal).clone())),
            Action::LiftsFence { service, address, node } => {
                let Ok(by) = liveset::Actor::parse(actor) else { return };
                let (service, address) = (service.clone(), address.clone());
                self.operates(actor, node, Command::LiftFence { service, address, by });
            }
            Action::Threshold { service, threshold, node } => {
                let settings = ServiceSettings::new(service.clone());
                let command = Command::SetService(ServiceSettings { protect_threshold: Some(*threshold), ..settings });
                self.operates(actor, node, command);
            }
            Action::Network(_) | Action::Expect(_) | Action::Explain { .. } => {}
        }
    }

    fn registers(&mut self, actor: &str, registration: &Registration, over_session: bool) {
        let now = self.now;
        if !self.services.contains(&registration.service) {
            self.services.push(registration.service.clone());
        }
        let Some(party) = self.parties.get_mut(actor) else { return };
        party.registration = Some((registration.clone(), over_session));
        party.dead = false;
        if let Some(publisher) = &mut party.publisher {
            publisher.register(now);
            return self.send_requests(actor);
        }
        self.sends(actor, Call::Register { registration: Box::new(registration.clone()), over_session });
    }

    fn deregisters(
        &mut self,
        actor: &str,
        service: &liveset::ServiceKey,
        address: &liveset::Address,
        incarnation: Option<u64>,
    ) {
        let Some(party) = self.parties.get_mut(actor) else { return };
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
        let Ok(source) = liveset::Actor::parse(actor) else { return };
        let command = cluster::deregister(service.clone(), address.clone(), source, incarnation);
        self.sends(actor, Call::Other(Box::new(command)));
    }

    /// A new process of the same provider: it registers what the old one had, and its beats go on.
    fn restarts(&mut self, actor: &str) {
        let Some((registration, over_session)) = self.parties.get(actor).and_then(|party| party.registration.clone())
        else {
            return;
        };
        self.disconnects(actor);
        if let Some(party) = self.parties.get_mut(actor) {
            party.frozen = false;
        }
        self.registers(actor, &registration, over_session);
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
        self.network.suffer(fault, |who| connections.get(who).copied().unwrap_or(0));
    }
}

fn describe(action: &Action) -> String {
    let at = |node: &Option<String>| node.as_ref().map(|node| format!(" at {node}")).unwrap_or_default();
    match action {
        Action::Register { registration, over_session, node } => {
            let how = if *over_session { " over a connection" } else { "" };
            let life = registration.incarnation.map(|number| format!(" as incarnation {number}")).unwrap_or_default();
            format!("registers {} {}{life}{how}{}", registration.service, registration.address, at(node))
        }
        Action::Beat { full: true } => "sends a full beat".to_owned(),
        Action::Beat { full: false } => "sends a beat".to_owned(),
        Action::Beats { every, full: true, .. } => format!("sends full beats every {every}"),
        Action::Beats { every, full: false, .. } => format!("beats every {every}"),
        Action::Deregister { service, address, node, .. } => format!("deregisters {service} {address}{}", at(node)),
        Action::Restarts => "restarts".to_owned(),
        Action::Dies => "dies".to_owned(),
        Action::Freezes => "freezes".to_owned(),
        Action::Thaws => "thaws".to_owned(),
        Action::Moves { node } => format!("moves to {node}"),
        Action::Connects { node } => format!("connects{}", at(node)),
        Action::Disconnects => "disconnects".to_owned(),
        Action::Subscribes { service, node } => format!("subscribes to {service}{}", at(node)),
        Action::Override { change, node } => {
            let what = match (change.enabled, change.weight) {
                (Some(false), _) => "switches off".to_owned(),
                (Some(true), _) => "switches on".to_owned(),
                (None, Some(weight)) => format!("sets weight {weight} on"),
                (None, None) => "changes".to_owned(),
            };
            let why = change.because.as_ref().map(|why| format!(" (\"{why}\")")).unwrap_or_default();
            format!("{what} {} {}{why}{}", change.service, change.address, at(node))
        }
        Action::Clears { service, address, node } => format!("clears the override of {service} {address}{}", at(node)),
        Action::Removes { removal, node } => {
            let why = removal.because.as_ref().map(|why| format!(" (\"{why}\")")).unwrap_or_default();
            format!("removes {} {}{why}{}", removal.service, removal.address, at(node))
        }
        Action::LiftsFence { service, address, node } => format!("lifts the fence of {service} {address}{}", at(node)),
        Action::Threshold { service, threshold, node } => {
            format!("sets the protect threshold of {service} to {threshold}{}", at(node))
        }
        Action::Network(_) | Action::Expect(_) | Action::Explain { .. } => String::new(),
    }
}

fn describe_fault(fault: &Fault) -> String {
    match fault {
        Fault::Cuts(who) => format!("cuts {who} off"),
        Fault::HalfOpens(who) => format!("leaves the connection of {who} half-open"),
        Fault::Heals(who) => format!("heals for {who}"),
        Fault::Delays(who, by) => format!("delays messages of {who} by {by}"),
        Fault::Reorders(who, by) => format!("reorders messages of {who} within {by}"),
        Fault::Loses(who, share) => format!("loses {share}% of the messages of {who}"),
        Fault::Duplicates(who, share) => format!("doubles {share}% of the messages of {who}"),
        Fault::Parts(one, other) => format!("parts {one} from {other}"),
        Fault::Joins(one, other) => format!("joins {one} and {other}"),
    }
}
