//! One registry machine: a registry, and the tape of everything it was told.

use liveset::document::{Answer, write};
use liveset::{
    Address, Command, CopyReport, Error, Explanation, InstanceQuery, Instant, Outcome, Policy, Reader, Registry,
    ServiceKey, ServiceView, Span, Transition,
};

use crate::scenario::Scenario;

pub(crate) struct Node {
    pub(crate) name: String,
    registry: Registry,
    tape: Tape,
    /// Suspended: nobody calls the registry, and nothing arrives.
    pub(crate) frozen: bool,
    /// Its host takes no notices: subscribers are told nothing.
    pub(crate) silent: bool,
    /// How far its clock is ahead of the world's.
    ahead: Span,
    /// Newest entry of the journal that the world has seen.
    seen: u64,
}

/// What a registry was told, what it answered, and what it was then.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tape(Vec<String>);

impl Tape {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As lines of JSON behind a header.
    pub(crate) fn lines(&self, scenario: &Scenario, node: &str) -> String {
        let header = serde_json::json!({
            "scenario": scenario.title,
            "node": node,
            "policy": serde_json::from_str::<serde_json::Value>(&write(&scenario.policy)).unwrap_or_default(),
        });
        let mut lines = format!("{header}\n");
        for line in &self.0 {
            lines.push_str(line);
            lines.push('\n');
        }
        lines
    }
}

impl Node {
    /// The policy was checked when the scenario was read.
    pub(crate) fn new(name: &str, policy: &Policy) -> Option<Node> {
        let registry = Registry::new(policy.clone()).ok()?;
        Some(Node {
            name: name.to_owned(),
            registry,
            tape: Tape::default(),
            frozen: false,
            silent: false,
            ahead: Span::ZERO,
            seen: 0,
        })
    }

    pub(crate) fn apply(&mut self, now: Instant, command: &Command) -> Result<Outcome, Error> {
        let now = self.clock(now);
        let result = self.registry.apply(now, command.clone());
        self.tape.0.push(format!(
            "{{\"now\":{},\"command\":{},\"answer\":{},\"digest\":\"{:016x}\"}}",
            now.as_millis(),
            write(command),
            write(&Answer::from(result.clone())),
            self.registry.digest()
        ));
        result
    }

    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        let due = self.registry.next_deadline().filter(|_| !self.frozen)?;
        Some(Instant::ZERO + due.since(Instant::ZERO + self.ahead))
    }

    /// What its clock says at a moment of the world.
    pub(crate) fn clock(&self, now: Instant) -> Instant {
        now + self.ahead
    }

    /// Its clock is so much further ahead from here on.
    pub(crate) fn jump(&mut self, span: Span) {
        self.ahead = Span::from_millis(self.ahead.as_millis() + span.as_millis()).unwrap_or(Span::MAX);
    }

    pub(crate) fn view(&self, service: &ServiceKey, reader: Reader) -> ServiceView {
        self.registry.instances(&InstanceQuery::new(service.clone(), reader))
    }

    pub(crate) fn view_of(&self, query: &InstanceQuery) -> ServiceView {
        self.registry.instances(query)
    }

    pub(crate) fn knows(&self, service: &ServiceKey) -> bool {
        self.registry.service(service).is_some_and(|record| record.known)
    }

    pub(crate) fn explain(&self, service: &ServiceKey, address: &Address, copies: &[CopyReport]) -> Explanation {
        self.registry.explain_beside(service, address, copies)
    }

    pub(crate) fn registry(&self) -> &Registry {
        &self.registry
    }

    /// What happened since the world last asked.
    pub(crate) fn news(&mut self) -> Vec<Transition> {
        let news = self.registry.transitions(self.seen);
        self.seen = self.registry.newest_transition();
        news
    }

    pub(crate) fn into_tape(self) -> (String, Tape) {
        (self.name, self.tape)
    }
}
