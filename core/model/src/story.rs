//! A defeat as a scenario: what happened in words that `liveset scenario FILE` plays, and what differed at its end.
//!
//! Every claim and every connection has an actor of its own, `r1`, `r2` and `s1`, `s2`, so that a beat by id is a beat of that actor. What
//! has no words stands there as a comment; the tape beside the file has all of it.

use std::collections::{BTreeMap, BTreeSet};

use liveset::policy::{Lifetime, diff};
use liveset::{
    Actor, Address, Command, Deregistration, Instant, Kind, LeaseId, Metadata, Outcome, OverrideChange, OverrideField,
    Policy, Reason, Registered, Registration, Registry, ServiceKey, ServiceSettings, SessionId, document,
};
use serde_json::Value;

use crate::fight::Defeat;
use crate::tape::{Deed, addresses, services};

/// The scenario's language goes no further than this, in ms.
const END: u64 = 864_000_000;

/// Writes a defeat as the text of a scenario.
pub fn as_scenario(defeat: &Defeat) -> String {
    let forever = defeat.policy.overrides.lifetime == Lifetime::UntilCleared;
    let mut story = Story { forever, ..Story::default() };
    let Ok(mut registry) = Registry::new(defeat.policy.clone()) else { return String::new() };
    for step in &defeat.steps {
        let Deed::Do(command) = &step.deed else {
            story.comment(format!("{:?}", step.deed));
            continue;
        };
        story.now = registry.now().max(step.at);
        let outcome = registry.apply(step.at, command.clone()).ok();
        // Time passes by itself, and the player takes every notice at once.
        if matches!(command, Command::Advance | Command::Poll { .. }) {
            continue;
        }
        let reaches = story.now.as_millis() <= END;
        match reaches.then(|| story.words(command, outcome.as_ref())).flatten() {
            Some(words) => story.line(&words),
            None => story.comment(document::write(command)),
        }
    }
    registry.advance(registry.now());
    story.ends(defeat, &registry)
}

#[derive(Default)]
struct Story {
    now: Instant,
    lines: String,
    /// Who acts for what an id stands for.
    leases: BTreeMap<LeaseId, String>,
    sessions: BTreeMap<SessionId, String>,
    subscriptions: BTreeMap<u64, String>,
    /// Services that some step is about.
    named: BTreeSet<ServiceKey>,
    /// What `r1` and the others after it registered.
    claims: Vec<Registration>,
    /// Whether a decision lasts until it is cleared where nothing else is said.
    forever: bool,
}

impl Story {
    fn line(&mut self, words: &str) {
        self.lines.push_str(&format!("{}ms {words}\n", self.now.as_millis()));
    }

    fn comment(&mut self, text: String) {
        self.lines.push_str(&format!("# {}ms, without words: {text}\n", self.now.as_millis()));
    }

    /// Header, steps, and what the registry says of every place at the end.
    fn ends(mut self, defeat: &Defeat, registry: &Registry) -> String {
        if registry.now().as_millis() <= END {
            for (service, address) in places().filter(|(service, _)| self.named.contains(service)) {
                let told = registry.explain(&service, &address).sentences;
                self.lines.push_str(&format!("{}ms explain {service} {address}\n", registry.now().as_millis()));
                told.iter().for_each(|sentence| self.lines.push_str(&format!("    | {sentence}\n")));
            }
        }
        let consumers: String = self.subscriptions.values().map(|name| format!("consumer {name} strict\n")).collect();
        let difference = defeat.disagreement.to_string().replace('\n', "\n# ");
        format!(
            "title    The registry and its model part, as tapes found\npolicy   {}\n{consumers}\n{}# They disagree about {difference}\n",
            policy_words(&defeat.policy),
            self.lines,
        )
    }

    /// What a command is in words; none where it has none.
    fn words(&mut self, command: &Command, outcome: Option<&Outcome>) -> Option<String> {
        Some(match command {
            Command::Register(claim) => self.register(claim, outcome)?,
            Command::RegisterBatch(batch) => {
                let actor = self.sessions.get(&batch.session)?.clone();
                // What a member says of itself has no words.
                let plain = batch.members.iter().all(|member| member.content == Default::default());
                let members: Vec<String> = batch.members.iter().map(|member| member.address.to_string()).collect();
                if !plain || members.is_empty() {
                    return None;
                }
                format!("{actor} register-batch {} {}", self.name(&batch.service), members.join(" and "))
            }
            Command::Beat { lease } => format!("{} beat", self.leases.get(lease)?),
            Command::BeatMany { leases } => {
                let (last, others) = leases.split_last()?;
                let actors: Option<Vec<String>> = others.iter().map(|id| self.leases.get(id).cloned()).collect();
                let last = self.leases.get(last)?.clone();
                actors?.iter().for_each(|actor| self.line(&format!("{actor} beat")));
                format!("{last} beat")
            }
            Command::BeatInstance(beat) => {
                let is_its = |claim: &Registration| {
                    (&claim.service, &claim.address, &claim.source) == (&beat.service, &beat.address, &beat.source)
                        && claim.incarnation == beat.incarnation
                        && beat.content.as_ref().is_none_or(|content| *content == claim.content)
                };
                let actor = self.claims.iter().rposition(is_its)? + 1;
                format!("r{actor} beat{}", word(beat.content.is_some(), "fully"))
            }
            Command::Deregister(end) => self.deregister(end)?,
            Command::Remove(removal) => {
                let fence = removal.fence_for.map(|span| format!(" fenced {}ms", span.as_millis())).unwrap_or_default();
                let place = self.place(&removal.service, &removal.address);
                format!("{} removes {place}{}{fence}", removal.by, because(removal.because.as_ref()))
            }
            Command::LiftFence { service, address, by } => format!("{by} lifts {}", self.place(service, address)),
            Command::SetOverride(change) => self.decide(change)?,
            Command::ClearOverride { service, address, by, field } => {
                let field = match field {
                    None => String::new(),
                    Some(OverrideField::Enabled) => " enabled".into(),
                    Some(OverrideField::Weight) => " weight".into(),
                    Some(OverrideField::Metadata(key)) => format!(" metadata.{key}"),
                };
                format!("{by} clears {}{field}", self.place(service, address))
            }
            Command::SetService(settings) => self.settings(settings),
            Command::RemoveService { service } => format!("ops removes service {}", self.name(service)),
            Command::OpenSession { .. } => {
                let Some(Outcome::SessionOpened { session }) = outcome else { return None };
                let actor = format!("s{}", self.sessions.len() + 1);
                self.sessions.insert(*session, actor.clone());
                format!("{actor} connects")
            }
            Command::CloseSession { session } => format!("{} disconnects", self.sessions.remove(session)?),
            Command::Subscribe { service, .. } => {
                let Some(Outcome::Subscribed { subscription, .. }) = outcome else { return None };
                let actor = format!("c{}", self.subscriptions.len() + 1);
                self.subscriptions.insert(subscription.to_u64(), actor.clone());
                format!("{actor} subscribe {}", self.name(service))
            }
            Command::Unsubscribe { subscription } => {
                format!("{} unsubscribe", self.subscriptions.get(&subscription.to_u64())?)
            }
            Command::ReportHealth(report) => {
                let by = report.by.as_ref().map_or("checker", Actor::as_str);
                let health = if report.healthy { "healthy" } else { "unhealthy" };
                let place = self.place(&report.service, &report.address);
                format!("{by} reports {place} {health}{}", word(report.sure, "surely"))
            }
            Command::Watch { service, address, watches } => {
                format!("registry {} {service} {address}", if *watches { "watches" } else { "leaves" })
            }
            Command::Look { service } => format!("reader reads {}", self.name(service)),
            Command::Restart => "registry restarts".into(),
            Command::Excuse { from } if *from <= self.now => {
                format!("registry excuses {}ms", self.now.since(*from).as_millis())
            }
            _ => return None,
        })
    }

    fn register(&mut self, claim: &Registration, outcome: Option<&Outcome>) -> Option<String> {
        let connected = claim.session.is_some();
        let actor = match &claim.session {
            Some(session) => self.sessions.get(session)?.clone(),
            None => format!("r{}", self.claims.len() + 1),
        };
        if !connected {
            self.claims.push(claim.clone());
            if let Some(Outcome::Registered(Registered { lease, .. })) = outcome {
                self.leases.insert(*lease, actor.clone());
            }
        }
        let content = &claim.content;
        Some(format!(
            "{actor} register {}{}{} weight {}{}{}{} as {}{}{}",
            self.place(&claim.service, &claim.address),
            word(claim.kind == Kind::Persistent, "persistent"),
            word(!claim.healthy, "unhealthy"),
            content.weight.get(),
            word(!content.enabled, "disabled"),
            word(connected, "connected"),
            incarnation(claim.incarnation),
            claim.source,
            word(claim.copied, "copied"),
            entries(&content.metadata)?,
        ))
    }

    fn deregister(&mut self, end: &Deregistration) -> Option<String> {
        let actor = match &end.session {
            Some(session) => self.sessions.get(session)?.clone(),
            None => end.source.to_string(),
        };
        let kind = end.kind.map(|kind| word(true, kind_word(kind))).unwrap_or_default();
        let place = self.place(&end.service, &end.address);
        let (incarnation, copied) = (incarnation(end.incarnation), word(end.copied, "copied"));
        let source = &end.source;
        Some(format!(
            "{actor} deregister {place}{kind}{incarnation} as {source}{copied}{}",
            because(end.because.as_ref())
        ))
    }

    fn decide(&mut self, change: &OverrideChange) -> Option<String> {
        let marks = entries(&change.metadata.clone().unwrap_or_default())?;
        let verb = match (change.enabled, &change.weight) {
            (Some(_), Some(_)) => return None,
            (Some(true), None) => "online".into(),
            (Some(false), None) => "offline".into(),
            (None, Some(weight)) => format!("weighs {}", weight.get()),
            (None, None) if marks.is_empty() => return None,
            (None, None) => "marks".into(),
        };
        let lifetime = match change.lifetime {
            None => String::new(),
            Some(Lifetime::For(span)) => format!(" for {}ms", span.as_millis()),
            Some(Lifetime::ThisIncarnation) => " for this-life".into(),
            Some(Lifetime::UntilCleared) if self.forever => String::new(),
            Some(Lifetime::Absent(span)) => format!(" while-absent {}ms", span.as_millis()),
            Some(_) => return None,
        };
        if change.kind.is_some() {
            return None;
        }
        let place = self.place(&change.service, &change.address);
        Some(format!("{} {verb}{marks} {place}{}{lifetime}", change.by, because(change.because.as_ref())))
    }

    fn settings(&mut self, settings: &ServiceSettings) -> String {
        let kind = settings.kind.map(|kind| word(true, kind_word(kind))).unwrap_or_default();
        let threshold = settings.protect_threshold.map(|it| format!(" threshold {}", it.get())).unwrap_or_default();
        let entries = entries(&settings.metadata).unwrap_or_default();
        format!("ops sets {}{kind}{threshold}{entries}", self.name(&settings.service))
    }

    fn name(&mut self, service: &ServiceKey) -> String {
        self.named.insert(service.clone());
        service.to_string()
    }

    fn place(&mut self, service: &ServiceKey, address: &Address) -> String {
        format!("{} {address}", self.name(service))
    }
}

fn places() -> impl Iterator<Item = (ServiceKey, Address)> {
    services().into_iter().flat_map(|service| addresses().into_iter().map(move |address| (service.clone(), address)))
}

fn word(holds: bool, word: &str) -> String {
    if holds { format!(" {word}") } else { String::new() }
}

fn kind_word(kind: Kind) -> &'static str {
    if kind == Kind::Persistent { "persistent" } else { "ephemeral" }
}

fn incarnation(number: Option<u64>) -> String {
    number.map(|number| format!(" incarnation {number}")).unwrap_or_default()
}

fn because(reason: Option<&Reason>) -> String {
    reason.map(|reason| format!(" because \"{reason}\"")).unwrap_or_default()
}

/// Metadata in words; none where a value has a space in it.
fn entries(metadata: &Metadata) -> Option<String> {
    let mut words = String::new();
    for (key, value) in metadata.entries() {
        if key.is_empty() || format!("{key}{value}").contains(|c: char| c.is_whitespace() || "#\"=".contains(c)) {
            return None;
        }
        words.push_str(&format!(" {key}={value}"));
    }
    Some(words)
}

/// The nearest preset, and what is changed in it.
fn policy_words(policy: &Policy) -> String {
    let presets = ["strict", "nacos_1_4", "nacos_2_0", "nacos_2_1", "nacos_2_5", "nacos_3_0"];
    let changes = |name: &&str| {
        let preset = Policy::preset(name).expect("it is a preset");
        let mut fields = Vec::new();
        for difference in diff(&preset, policy) {
            let value = serde_json::from_str(&difference.right).unwrap_or_default();
            fields_of(&difference.field, &value, &mut fields);
        }
        fields
    };
    let told = presets.iter().map(|name| (changes(name), *name)).min_by_key(|(changes, _)| changes.len());
    let (changes, name) = told.unwrap_or_default();
    if changes.is_empty() { name.into() } else { format!("{name} with {}", changes.join(", ")) }
}

/// `PATH VALUE` for each field of a part; a word with a time, as in `{"for": 60000}`, is no part.
fn fields_of(path: &str, value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Null => found.push(format!("{path} none")),
        Value::String(word) => found.push(format!("{path} {word}")),
        Value::Object(fields) if fields.len() == 1 => {
            found.extend(fields.iter().map(|(word, time)| format!("{path} {word}:{time}")));
        }
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| fields_of(&format!("{path}.{name}"), value, found))
        }
        other => found.push(format!("{path} {other}")),
    }
}
