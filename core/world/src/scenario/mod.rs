//! Scenarios as text: a header that says what there is, then steps in time, expectations among them.

mod action;
mod bless;
mod deed;
mod fleet;
mod header;
mod look;
mod words;

use liveset::clients::{PublisherPolicy, SubscriberPolicy};
use liveset::{
    Address, BatchMember, Deregistration, Instant, OverrideChange, OverrideField, Policy, Registration, Removal,
    ServiceKey, ServiceSettings, Span,
};

pub use bless::bless;
pub use words::Problem;

use words::Words;

/// A parsed scenario.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The behaviour it shows, as a sentence.
    pub title: String,
    /// Which report it tells of.
    pub report: Option<String>,
    /// Which incident it tells of.
    pub incident: Option<String>,
    /// Name of the policy, with what was changed in it.
    pub policy_name: String,
    /// The policy itself.
    pub policy: Policy,
    pub(crate) seed: u64,
    pub(crate) nodes: Vec<String>,
    pub(crate) cluster: Cluster,
    pub(crate) clients: Vec<Client>,
    pub(crate) steps: Vec<Step>,
}

/// How the nodes of a cluster keep up with one another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cluster {
    /// One node, or several that do not speak.
    Apart,
    /// Claims are copied by one transport, operators' decisions by another, each with its own lag. Nacos 2: Distro and Raft.
    TwoTransports {
        /// From a change of a claim to its copies.
        claims: Span,
        /// From an operator's command to each node, in the order of the nodes.
        decisions: Vec<Span>,
        /// How long a copy outlives the last time its holder verified it; as long as a silent connection where none is named.
        copies: Option<Span>,
    },
    /// One log of all commands, which every node applies in order, with its own lag.
    OneLog {
        /// From a command to each node, in the order of the nodes.
        lags: Vec<Span>,
    },
}

/// A machine that runs a client.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) name: String,
    pub(crate) kind: ClientKind,
    pub(crate) node: Option<String>,
}

#[derive(Clone, Debug)]
pub(crate) enum ClientKind {
    Provider(PublisherPolicy),
    Consumer(SubscriberPolicy),
}

#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) line: usize,
    pub(crate) at: Instant,
    pub(crate) actor: String,
    pub(crate) action: Action,
}

/// What somebody does, or what is expected.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    Register {
        registration: Box<Registration>,
        over_session: bool,
        node: Option<String>,
    },
    Beat {
        full: bool,
        /// Another service than the one it registered in.
        of: Option<ServiceKey>,
    },
    Beats {
        every: Span,
        full: bool,
        of: Option<ServiceKey>,
        until: Option<Instant>,
    },
    RegisterBatch {
        service: ServiceKey,
        members: Vec<BatchMember>,
        node: Option<String>,
    },
    Deregister {
        deregistration: Box<Deregistration>,
        node: Option<String>,
    },
    Restarts,
    Dies,
    Freezes,
    Thaws,
    Moves {
        node: String,
    },
    Connects {
        node: Option<String>,
    },
    Disconnects,
    Subscribes {
        service: ServiceKey,
        node: Option<String>,
    },
    Unsubscribes,
    Pulls {
        service: ServiceKey,
        node: Option<String>,
    },
    /// The framework above a consumer's client takes over the list that the client has.
    Copies,
    Reads {
        service: ServiceKey,
        node: Option<String>,
    },
    Reports {
        service: ServiceKey,
        address: Address,
        healthy: bool,
        sure: bool,
        node: Option<String>,
    },
    Override {
        change: Box<OverrideChange>,
        node: Option<String>,
    },
    Clears {
        service: ServiceKey,
        address: Address,
        field: Option<OverrideField>,
        node: Option<String>,
    },
    Removes {
        removal: Box<Removal>,
        node: Option<String>,
    },
    LiftsFence {
        service: ServiceKey,
        address: Address,
        node: Option<String>,
    },
    SetsService {
        settings: Box<ServiceSettings>,
        node: Option<String>,
    },
    RemovesService {
        service: ServiceKey,
        node: Option<String>,
    },
    /// A node begins, or ceases, to look for somebody's silence.
    Watches {
        node: String,
        service: ServiceKey,
        address: Address,
        watches: bool,
    },
    Machine {
        node: String,
        does: MachineDeed,
    },
    Network(Fault),
    Expect(Expectation),
    Explain {
        subject: Subject,
        expected: Vec<String>,
        node: Option<String>,
        /// Consumers whose own copies are explained beside what the node gives.
        beside: Vec<String>,
    },
}

/// What becomes of the machine a registry runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MachineDeed {
    /// The registry's process ends and begins again.
    Restarts,
    /// It stands still: a suspended host. Its registry is not called, and what is sent to it gets no answer.
    Freezes,
    /// It goes on, with a clock that went on meanwhile.
    Thaws,
    /// Its host is too busy to tell subscribers anything.
    FallsSilent,
    /// It tells them again.
    SpeaksAgain,
    /// Its clock jumps ahead.
    Jumps(Span),
    /// It says that it heard nobody for so long.
    Excuses(Span),
}

/// What the network does to somebody's messages.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// Nothing gets through either way, and nobody is told.
    Cuts(String),
    /// As a cut, for the connections there are; new ones work.
    HalfOpens(String),
    /// All faults of that link end.
    Heals(String),
    /// Each message takes so long.
    Delays(String, Span),
    /// So many of a hundred messages get lost.
    Loses(String, u32),
    /// So many of a hundred messages come twice.
    Duplicates(String, u32),
    /// Messages take up to so long, each its own time, and overtake one another.
    Reorders(String, Span),
    /// Two nodes do not hear each other.
    Parts(String, String),
    /// They do again; what was meant for the other arrives.
    Joins(String, String),
}

/// What is expected.
#[derive(Clone, Debug)]
pub(crate) enum Expectation {
    /// What a reader has.
    List { of: Listed, list: String, column: usize },
    /// A provider was told to stop.
    Stopped { provider: String },
    /// All nodes give consumers the same.
    NodesAgree { service: ServiceKey },
    /// A node has a record of a service, or none.
    Knows { node: String, service: ServiceKey, known: bool },
}

/// Whose list.
#[derive(Clone, Debug)]
pub(crate) enum Listed {
    /// What consumers' queries get.
    Serves { service: ServiceKey, healthy_only: bool, cluster: Option<liveset::Cluster>, node: Option<String> },
    /// How many of them there are.
    Counts { service: ServiceKey, node: Option<String> },
    /// What the operator's page shows.
    Shows { service: ServiceKey, node: Option<String> },
    /// Weight and metadata of one instance, as consumers get it.
    Gives { service: ServiceKey, address: Address, node: Option<String> },
    /// What one consumer calls by.
    Calls { consumer: String },
    /// How many lists it got.
    Got { consumer: String },
    /// How often its listeners were told of a change.
    Heard { consumer: String },
    /// How many instances, decisions and fences a node has.
    Holds { node: String },
    /// How many subscribers a node's host has yet to tell, and since when the first of them waits.
    Owes { node: String },
    /// How far a node is behind the log.
    Lags { node: String },
    /// The last answer that somebody got which was more than "done".
    Told { actor: String },
    /// When somebody last sent anything.
    Sent { actor: String },
}

#[derive(Clone, Debug)]
pub(crate) enum Subject {
    Instance { service: ServiceKey, address: Address },
    Consumer { consumer: String, address: Address },
}

impl Action {
    /// The service that it does something to.
    fn acts_on(&self) -> Option<&ServiceKey> {
        match self {
            Action::Register { registration, .. } => Some(&registration.service),
            Action::Override { change, .. } => Some(&change.service),
            Action::Removes { removal, .. } => Some(&removal.service),
            Action::Deregister { deregistration, .. } => Some(&deregistration.service),
            Action::SetsService { settings, .. } => Some(&settings.service),
            Action::RegisterBatch { service, .. }
            | Action::Subscribes { service, .. }
            | Action::Pulls { service, .. }
            | Action::Reads { service, .. }
            | Action::Reports { service, .. }
            | Action::Clears { service, .. }
            | Action::LiftsFence { service, .. }
            | Action::RemovesService { service, .. } => Some(service),
            _ => None,
        }
    }

    /// The service that it looks at.
    fn looks_at(&self) -> Option<&ServiceKey> {
        match self {
            Action::Expect(Expectation::NodesAgree { service } | Expectation::Knows { service, .. }) => Some(service),
            Action::Expect(Expectation::List { of, .. }) => match of {
                Listed::Serves { service, .. }
                | Listed::Counts { service, .. }
                | Listed::Shows { service, .. }
                | Listed::Gives { service, .. } => Some(service),
                Listed::Calls { .. }
                | Listed::Got { .. }
                | Listed::Heard { .. }
                | Listed::Told { .. }
                | Listed::Sent { .. }
                | Listed::Holds { .. }
                | Listed::Owes { .. }
                | Listed::Lags { .. } => None,
            },
            Action::Explain { subject: Subject::Instance { service, .. }, .. } => Some(service),
            _ => None,
        }
    }
}

impl Scenario {
    /// Reads a scenario. A problem names line and column, and what was expected there.
    pub fn parse(text: &str) -> Result<Scenario, Problem> {
        let mut lines = text.lines().enumerate().peekable();
        let mut header = header::Header::default();
        for (number, line) in lines.by_ref() {
            let mut words = Words::new(number + 1, line);
            if words.is_empty() {
                if header.has_title() { break } else { continue }
            }
            header.line(&mut words)?;
        }
        let mut scenario = header.finish()?;
        while let Some((number, line)) = lines.next() {
            let mut words = Words::new(number + 1, line);
            if words.is_empty() {
                continue;
            }
            let mut steps = action::steps(&mut words, &scenario)?;
            if let [Step { action: Action::Explain { expected, .. }, .. }] = &mut steps[..] {
                while let Some((_, line)) = lines.next_if(|(_, line)| line.trim_start().starts_with('|')) {
                    expected.push(line.trim_start()[1..].trim().to_owned());
                }
            }
            scenario.steps.append(&mut steps);
        }
        scenario.check_services()?;
        Ok(scenario)
    }

    /// Refuses expectations of a service that nobody does anything to: it is a typing error, and would hold of nothing.
    fn check_services(&self) -> Result<(), Problem> {
        let named: Vec<&ServiceKey> = self.steps.iter().filter_map(|step| step.action.acts_on()).collect();
        let unknown =
            self.steps.iter().find(|step| step.action.looks_at().is_some_and(|service| !named.contains(&service)));
        match unknown.and_then(|step| Some((step.line, step.action.looks_at()?))) {
            None => Ok(()),
            Some((line, service)) => Err(Problem {
                line,
                column: 1,
                message: format!("expected a service that some step names, found `{service}`"),
            }),
        }
    }

    /// How the story goes on the outside: who is there and what is done, without expectations.
    pub(crate) fn until(&self) -> Instant {
        self.steps.iter().map(|step| step.at).max().unwrap_or_default()
    }
}
