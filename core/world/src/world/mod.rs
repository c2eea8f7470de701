//! The loop of virtual time: events in order of (time, class, sequence), and everything that happens because of them.

mod acting;
mod calling;
mod cluster;
mod looking;
mod machine;
mod telling;

use std::collections::BTreeMap;

use liveset::clients::{Publisher, Push, Subscriber};
use liveset::{Command, Error, Instant, Outcome, ServiceKey, SessionId, Span};

use crate::network::Network;
use crate::node::{Node, Tape};
use crate::parties::{Consumer, Party};
use crate::report::{Moment, Report};
use crate::scenario::{Action, ClientKind, Scenario};
use calling::{Beats, Call};
use cluster::Replication;

/// Bounds what a scenario can ask of its player: `beats every 1ms` for a day is a text of one line.
const EVENTS_MAX: u32 = 250_000;

pub(crate) struct World<'a> {
    scenario: &'a Scenario,
    now: Instant,
    queue: BTreeMap<(Instant, Class, u64), Event>,
    sequence: u64,
    nodes: Vec<Node>,
    replication: Replication,
    network: Network,
    parties: BTreeMap<String, Party>,
    services: Vec<ServiceKey>,
    /// What each reader had when it was last looked at.
    seen: BTreeMap<String, String>,
    report: Report,
}

/// What goes first at one moment: messages on their way, then clients' own clocks, then the steps of the scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    Message,
    Step,
}

enum Event {
    Step(usize),
    Beats(Beats),
    Call {
        from: String,
        connection: u64,
        node: usize,
        call: Call,
        ticket: u64,
    },
    Answer {
        to: String,
        call: Call,
        ticket: u64,
        result: Option<Result<Outcome, Error>>,
    },
    Push {
        to: String,
        push: Push,
    },
    Probe {
        node: usize,
        session: SessionId,
    },
    /// A message between nodes: a copy, or an operator's decision.
    Copy {
        from: usize,
        to: usize,
        what: cluster::Copied,
    },
    /// A node that restarted has been told all that the others hold.
    Loaded {
        node: usize,
    },
    /// A copy that nobody verified may have come to its end.
    Lapse {
        node: usize,
        session: SessionId,
    },
    Decide {
        node: usize,
        command: Command,
    },
    Log {
        node: usize,
        index: usize,
    },
}

impl<'a> World<'a> {
    pub(crate) fn new(scenario: &'a Scenario) -> World<'a> {
        let nodes: Vec<Node> = scenario.nodes.iter().filter_map(|name| Node::new(name, &scenario.policy)).collect();
        let node_of = |name: &Option<String>| {
            name.as_ref().and_then(|name| scenario.nodes.iter().position(|node| node == name)).unwrap_or(0)
        };
        let mut parties = BTreeMap::new();
        for client in &scenario.clients {
            let mut party = Party::at(node_of(&client.node));
            match &client.kind {
                ClientKind::Provider(policy) => party.publisher = Some(Publisher::new(policy.clone())),
                ClientKind::Consumer(policy) => {
                    let machine = Subscriber::new(policy.clone());
                    party.consumer =
                        Some(Consumer { machine, subscribed: None, epoch: 0, lists: 0, heard: 0, copied: None });
                }
            }
            parties.insert(client.name.clone(), party);
        }
        let mut world = World {
            scenario,
            now: Instant::ZERO,
            queue: BTreeMap::new(),
            sequence: 0,
            nodes,
            replication: Replication::new(scenario),
            network: Network::new(scenario.seed),
            parties,
            services: Vec::new(),
            seen: BTreeMap::new(),
            report: Report {
                title: scenario.title.clone(),
                report: scenario.report.clone().or_else(|| scenario.incident.clone()),
                policy: scenario.policy_name.clone(),
                passed: true,
                timeline: Vec::new(),
                expectations: Vec::new(),
                explanations: Vec::new(),
            },
        };
        for (index, step) in scenario.steps.iter().enumerate() {
            if !world.parties.contains_key(&step.actor)
                && !matches!(
                    step.action,
                    Action::Expect(_) | Action::Explain { .. } | Action::Machine { .. } | Action::Watches { .. }
                )
            {
                world.parties.insert(step.actor.clone(), Party::at(0));
            }
            world.at(step.at, Class::Step, Event::Step(index));
        }
        world
    }

    /// Plays to the last step, or until so much has happened that the text is no scenario anybody reads.
    pub(crate) fn play(mut self) -> (Report, Vec<(String, Tape)>) {
        let until = self.scenario.until();
        for happened in 0.. {
            if happened == EVENTS_MAX {
                let held = self.fact(0, "everything".to_owned(), "at most 250000 events", "more than 250000");
                self.report.expectations.push(held);
                break;
            }
            let message = self.queue.first_key_value().map(|(&(at, class, _), _)| (at, class));
            let clock = self.next_clock();
            // Clocks go before steps of the same moment: what is due has happened when somebody acts or looks.
            let clock_first = clock.filter(|&at| message.is_none_or(|next| (at, Class::Message) < next));
            match (clock_first, message) {
                (Some(at), _) if at <= until => {
                    self.now = at;
                    self.clocks();
                }
                (None, Some((at, _))) if at <= until => {
                    self.now = at;
                    if let Some((_, event)) = self.queue.pop_first() {
                        self.happen(event);
                    }
                }
                _ => break,
            }
            self.look();
        }
        self.report.passed = self.report.expectations.iter().all(|held| held.held)
            && self.report.explanations.iter().all(|explained| explained.held);
        let report = self.report;
        (report, self.nodes.into_iter().map(Node::into_tape).collect())
    }

    fn at(&mut self, at: Instant, class: Class, event: Event) {
        self.sequence += 1;
        self.queue.insert((at.max(self.now), class, self.sequence), event);
    }

    fn after(&mut self, span: Span, event: Event) {
        self.at(self.now + span, Class::Message, event);
    }

    /// The next moment at which a registry or a client does something by itself.
    fn next_clock(&self) -> Option<Instant> {
        let parties = self.parties.values().filter(|party| party.is_up()).flat_map(|party| {
            let publisher = party.publisher.as_ref().and_then(Publisher::next_deadline);
            let consumer = party.consumer.as_ref().and_then(|consumer| consumer.machine.next_deadline());
            [publisher, consumer].into_iter().flatten()
        });
        let registries = match self.replication.log_deadline() {
            Some(head) => head.into_iter().collect::<Vec<_>>(),
            None => self.nodes.iter().filter_map(Node::next_deadline).collect(),
        };
        parties.chain(registries).min().map(|at| at.max(self.now))
    }

    fn clocks(&mut self) {
        let now = self.now;
        self.advance_registries();
        let names: Vec<String> =
            self.parties.iter().filter(|(_, party)| party.is_up()).map(|(name, _)| name.clone()).collect();
        for name in names {
            let Some(party) = self.parties.get_mut(&name) else { continue };
            if let Some(publisher) = &mut party.publisher {
                publisher.advance(now);
            }
            if let Some(consumer) = &mut party.consumer {
                consumer.machine.advance(now);
            }
            self.send_requests(&name);
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Step(index) => self.step(index),
            Event::Beats(beats) => self.beats(beats),
            Event::Call { from, connection, node, call, ticket } => self.called(&from, connection, node, call, ticket),
            Event::Answer { to, call, ticket, result } => self.answered(&to, &call, ticket, result),
            Event::Push { to, push } => self.pushed(&to, push),
            Event::Probe { node, session } => self.probed(node, session),
            Event::Copy { from, to, what } => self.copied(from, to, what),
            Event::Decide { node, command } => self.decided(node, &command),
            Event::Loaded { node } => {
                // It is never refused.
                let _ = self.nodes[node].apply(self.now, &Command::Loaded);
            }
            Event::Lapse { node, session } => self.lapsed(node, session),
            Event::Log { node, index } => self.logged(node, index),
        }
    }

    fn tell(&mut self, who: &str, what: String, is_view: bool) {
        self.report.timeline.push(Moment { at: self.now, who: who.to_owned(), what, is_view });
    }

    fn node_named(&self, name: Option<&String>) -> Option<usize> {
        self.scenario.nodes.iter().position(|node| Some(node) == name)
    }
}
