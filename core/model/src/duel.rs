//! A registry and a model under the same tape, compared after every step.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use liveset::{
    Address, Command, Error, Explanation, InstanceQuery, Instant, Outcome, Policy, Reader, Registry, ServiceId,
    ServiceKey,
};

use crate::model::Model;
use crate::tape::{Deed, addresses, services};

/// Where the two part.
#[derive(Clone, Debug)]
pub struct Disagreement {
    /// What they disagree about.
    pub about: String,
    /// What the registry says.
    pub registry: String,
    /// What the model says.
    pub model: String,
}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n  registry: {}\n  model:    {}", self.about, self.registry, self.model)
    }
}

/// The two, and what has been compared of them.
pub struct Duel {
    registry: Registry,
    model: Model,
    journal_seen: u64,
    /// Revisions seen, by service.
    revisions: Vec<u64>,
    services: Vec<ServiceKey>,
    addresses: Vec<Address>,
    /// Compares everything after every step, where it otherwise takes turns with what no command touched.
    thorough: bool,
    pinned: bool,
    steps: u64,
    /// The registry as it was some time ago, and all that it was told since.
    written: (Vec<u8>, Vec<(Instant, Command)>),
}

/// After so many steps everything is compared.
const ROUND: u64 = 256;
/// After so many, what one service comes to, though nothing is known to have happened.
const TURN: u64 = 8;
/// So many steps from one account to the next: an account costs as much as all else of a step.
const ACCOUNT: u64 = 3;
/// A replay is from so many commands ago at most.
const REPLAYED: usize = 300;

impl Duel {
    /// Both empty. A tape that pins its names makes them known in their order first.
    pub fn new(policy: &Policy, pinned: bool) -> Duel {
        let registry = Registry::new(policy.clone()).expect("the policy is good");
        let services = services();
        Duel {
            written: (registry.snapshot(), Vec::new()),
            registry,
            model: Model::new(policy.clone()),
            journal_seen: 0,
            revisions: vec![0; services.len()],
            services,
            addresses: addresses(),
            pinned,
            thorough: false,
            steps: 0,
        }
    }

    /// Compares everything after every step.
    pub fn thorough(mut self) -> Duel {
        self.thorough = true;
        self
    }

    /// When the registry asks to be called.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.registry.next_deadline()
    }

    /// Whether what comes next cannot be compared: several things happened at one moment, in an order that only a history of names
    /// says, and the tape does not pin the names.
    pub fn is_over(&self) -> bool {
        self.model.tied && !self.pinned
    }

    /// Does the same to both, and compares. The outcome of a command comes back.
    pub fn step(&mut self, at: Instant, deed: &Deed) -> Result<Option<Outcome>, Disagreement> {
        let done = catch_unwind(AssertUnwindSafe(|| self.try_step(at, deed)));
        done.unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            Err(Disagreement { about: "it panics".into(), registry: text.unwrap_or_default(), model: String::new() })
        })
    }

    fn try_step(&mut self, at: Instant, deed: &Deed) -> Result<Option<Outcome>, Disagreement> {
        self.steps += 1;
        let command = match deed {
            Deed::Do(command) => command,
            Deed::Restore => {
                let bytes = self.registry.snapshot();
                self.registry = restored(&bytes, self.steps)?;
                same("the snapshot of a restored registry", &self.registry.snapshot(), &bytes)?;
                return self.compare_all(None).map(|()| None);
            }
            Deed::Replay => {
                let (bytes, commands) = &self.written;
                let mut again = restored(bytes, self.steps)?;
                for (at, command) in commands {
                    let _as_before = again.apply(*at, command.clone());
                }
                same("the digest after a replay", &again.digest(), &self.registry.digest())?;
                self.registry = again;
                return self.compare_all(None).map(|()| None);
            }
        };
        if self.written.1.len() >= REPLAYED {
            self.written = (self.registry.snapshot(), Vec::new());
        }
        let until = if let Command::Excuse { from } = command { at.min(*from) } else { at };
        self.come_when_asked_for_nothing(until);
        self.written.1.push((at, command.clone()));
        let told = self.registry.apply(at, command.clone()).map_err(without_words);
        let expected = self.model.apply(at, command).map_err(without_words);
        if self.is_over() {
            return Ok(told.ok());
        }
        same("the outcome", &told, &expected)?;
        if self.thorough || self.steps.is_multiple_of(ROUND) {
            self.compare_all(Some(command))?;
        } else {
            self.compare_some(command)?;
        }
        Ok(told.ok())
    }

    /// A deadline may be early. Where the time between two calls matters, a host comes when it is asked, though nothing happens then.
    fn come_when_asked_for_nothing(&mut self, at: Instant) {
        if self.registry.policy().expiry.gap_max.is_none() {
            return;
        }
        while let Some(asked) = self.registry.next_deadline().filter(|&asked| asked <= at) {
            if self.model.next_deadline() == Some(asked.as_millis()) {
                break;
            }
            self.written.1.push((asked, Command::Advance));
            self.registry.advance(asked);
        }
    }

    /// What every step may change.
    fn compare_some(&mut self, command: &Command) -> Result<(), Disagreement> {
        self.compare_clocks()?;
        let happened = self.compare_journal()?;
        let moved = self.compare_revisions()?;
        if !happened && !moved && !self.steps.is_multiple_of(TURN) {
            return Ok(());
        }
        let turn = (self.steps / TURN) as usize;
        let named = self.services.iter().position(|service| named_service(command) == Some(service));
        let service = named.unwrap_or(turn % self.services.len());
        self.compare_service(service, turn)?;
        if !self.steps.is_multiple_of(ACCOUNT) {
            return Ok(());
        }
        let address = match command_address(command) {
            Some(address) => address.clone(),
            None => self.addresses[turn / self.services.len() % self.addresses.len()].clone(),
        };
        self.compare_account(service, &address)
    }

    fn compare_all(&mut self, _command: Option<&Command>) -> Result<(), Disagreement> {
        self.compare_clocks()?;
        self.compare_journal()?;
        for service in 0..self.services.len() {
            for turn in 0..4 {
                self.compare_service(service, turn)?;
            }
            for address in self.addresses.clone() {
                self.compare_account(service, &address)?;
            }
        }
        same("the counters", &self.registry.counters(), &self.model.counters())?;
        for key in &self.services {
            same("the subscribers", &self.registry.subscribers(key), &self.model.subscribers(key))?;
        }
        let remembered = [self.registry.overridden(), self.registry.fenced()];
        same("what is remembered", &remembered, &self.model.remembered())?;
        for (id, service, address) in self.model.instance_ids() {
            let name = self.registry.instance_name(liveset::InstanceId::from_u64(id));
            same("the name of an instance", &name, &Some((service, address)))?;
        }
        Ok(())
    }

    fn compare_clocks(&self) -> Result<(), Disagreement> {
        same("now", &self.registry.now().as_millis(), &self.model.now)?;
        same("how often time went backwards", &self.registry.clamped(), &self.model.clamped)?;
        let (asked, due) = (self.registry.next_deadline().map(Instant::as_millis), self.model.next_deadline());
        let late = due.is_some_and(|due| asked.is_none_or(|asked| asked > due));
        let past = asked.is_some_and(|asked| asked < self.model.now);
        if late || past { same("a deadline, which may be early but not late", &asked, &due) } else { Ok(()) }
    }

    /// True when anything was written since.
    fn compare_journal(&mut self) -> Result<bool, Disagreement> {
        let newest = self.registry.newest_transition();
        same("the newest entry of the journal", &newest, &self.model.newest_transition())?;
        if newest > self.journal_seen {
            let (told, expected) =
                (self.registry.transitions(self.journal_seen), self.model.transitions(self.journal_seen));
            same("the journal", &told, &expected)?;
            self.journal_seen = newest;
            return Ok(true);
        }
        Ok(false)
    }

    /// True when any service moved since.
    fn compare_revisions(&self) -> Result<bool, Disagreement> {
        let mut moved = false;
        for (key, seen) in self.services.iter().zip(&self.revisions) {
            let Some((id, revision)) = self.model.stands_at(key) else { continue };
            let told = self.registry.changes(ServiceId::from_u64(id), revision).ok().map(|changes| changes.revision);
            if told != Some(revision) {
                return same(format_args!("the revision of {key}"), &told, &Some(revision)).map(|()| true);
            }
            moved |= revision != *seen;
        }
        Ok(moved)
    }

    fn compare_service(&mut self, number: usize, turn: usize) -> Result<(), Disagreement> {
        let key = &self.services[number];
        same(format_args!("the record of {key}"), &self.registry.service(key), &self.model.service(key))?;
        for reader in [Reader::Consumer, Reader::Operator] {
            let mut query = InstanceQuery::new(key.clone(), reader);
            query.healthy_only = turn % 4 == 3;
            if turn % 8 == 1 {
                query.clusters.push(self.addresses[turn % self.addresses.len()].cluster.clone());
            }
            let (told, expected) = (self.registry.instances(&query), self.model.instances(&query));
            same(format_args!("the {reader:?}'s list of {key}"), &told, &expected)?;
        }
        let Some((id, _)) = self.model.stands_at(key) else {
            self.revisions[number] = 0;
            return Ok(());
        };
        let since = [self.revisions[number], 0, u64::MAX, self.revisions[number].saturating_sub(2)][turn % 4];
        let told = self.registry.changes(ServiceId::from_u64(id), since).ok();
        same(format_args!("the changes after {since} of {key}"), &told, &self.model.changes(key, since))?;
        self.revisions[number] = told.map_or(0, |changes| changes.revision);
        Ok(())
    }

    fn compare_account(&self, service: usize, address: &Address) -> Result<(), Disagreement> {
        let key = &self.services[service];
        let told = self.registry.explain(key, address);
        let expected = self.model.explain(key, address);
        if told.sentences.is_empty() {
            return same("sentences", &0, &1);
        }
        let told = Explanation { sentences: Vec::new(), ..told };
        same(format_args!("the account of {address} in {key}"), &told, &expected)
    }
}

fn restored(bytes: &[u8], seed: u64) -> Result<Registry, Disagreement> {
    let seed = (seed.wrapping_mul(0x9e37_79b9_7f4a_7c15), seed);
    Registry::restore(bytes, seed).map_err(|error| Disagreement {
        about: "a snapshot is refused".into(),
        registry: error.to_string(),
        model: String::new(),
    })
}

fn same<T: PartialEq + fmt::Debug>(about: impl fmt::Display, registry: &T, model: &T) -> Result<(), Disagreement> {
    if registry == model {
        return Ok(());
    }
    let (registry, model) = (format!("{registry:?}"), format!("{model:?}"));
    let equal = registry.chars().zip(model.chars()).take_while(|(a, b)| a == b).count();
    // From a little before where they part.
    let part = |text: &str| text.chars().skip(equal.saturating_sub(120)).take(600).collect();
    Err(Disagreement { about: about.to_string(), registry: part(&registry), model: part(&model) })
}

/// What is wrong, without the words for it.
fn without_words(error: Error) -> Error {
    match error {
        Error::Invalid { field, .. } => Error::Invalid { field, problem: String::new() },
        other => other,
    }
}

fn named_service(command: &Command) -> Option<&ServiceKey> {
    Some(match command {
        Command::Register(claim) => &claim.service,
        Command::RegisterBatch(batch) => &batch.service,
        Command::BeatInstance(beat) => &beat.service,
        Command::Deregister(claim) => &claim.service,
        Command::Remove(removal) => &removal.service,
        Command::SetOverride(change) => &change.service,
        Command::SetService(settings) => &settings.service,
        Command::ReportHealth(report) => &report.service,
        Command::Watch { service, .. }
        | Command::LiftFence { service, .. }
        | Command::ClearOverride { service, .. }
        | Command::EndOverride { service, .. }
        | Command::RemoveService { service }
        | Command::Look { service }
        | Command::Subscribe { service, .. } => service,
        _ => return None,
    })
}

fn command_address(command: &Command) -> Option<&Address> {
    Some(match command {
        Command::Register(claim) => &claim.address,
        Command::BeatInstance(beat) => &beat.address,
        Command::Deregister(claim) => &claim.address,
        Command::Remove(removal) => &removal.address,
        Command::SetOverride(change) => &change.address,
        Command::ReportHealth(report) => &report.address,
        Command::Watch { address, .. }
        | Command::LiftFence { address, .. }
        | Command::ClearOverride { address, .. }
        | Command::EndOverride { address, .. } => address,
        _ => return None,
    })
}
