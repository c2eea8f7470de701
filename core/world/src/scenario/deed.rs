//! What somebody does: the verbs.

use std::collections::BTreeMap;

use liveset::{
    Actor, BatchMember, Content, Deregistration, Instant, Kind, Metadata, OverrideChange, OverrideField, Reason,
    Registration, Removal, ServiceKey, ServiceSettings, Threshold, Weight, policy::Lifetime,
};

use super::words::{Problem, Words};
use super::{Action, Fault, MachineDeed, Scenario};

const VERBS: &str = "a verb: register, register-batch, beat, beats, deregister, restarts, dies, freezes, thaws, moves, connects, \
    disconnects, subscribe, unsubscribe, pulls, copies, reads, reports, offline, online, weighs, marks, clears, removes, lifts, creates, sets, \
    cuts, half-opens, heals, delays, loses, duplicates, reorders, parts or joins";

pub(super) fn deed(
    words: &mut Words,
    scenario: &Scenario,
    who: &Actor,
    until: Option<Option<Instant>>,
) -> Result<Action, Problem> {
    let nodes = &scenario.nodes;
    let verb = words.peek().unwrap_or_default().to_owned();
    if until.is_some() && verb != "beats" {
        return Err(words.expected("`beats`, which is all that goes on for a stretch"));
    }
    if nodes.iter().any(|node| node == who.as_str()) {
        return machine(words, who.as_str());
    }
    let is_client = scenario.clients.iter().any(|client| client.name == who.as_str());
    if is_client && ["beat", "beats", "register-batch"].contains(&verb.as_str()) {
        return Err(words.problem(format!("`{who}` is a client: it registers one instance, and beats by itself")));
    }
    let unknown = words.expected(VERBS);
    words.take(VERBS)?;
    Ok(match verb.as_str() {
        "register" => register(words, scenario, who)?,
        "register-batch" => batch(words, nodes)?,
        "beat" => Action::Beat { full: words.take_if("fully"), of: of(words)? },
        "beats" => {
            let (full, of) = (words.take_if("fully"), of(words)?);
            if !words.take_if("every") {
                return Err(words.expected("`every`, or `fully every`"));
            }
            Action::Beats { every: words.span()?, full, of, until: until.flatten() }
        }
        "deregister" => {
            let deregistration = Deregistration::new(words.service()?, words.address()?, who.clone());
            let (kind, incarnation) = (kind(words), incarnation(words)?);
            let source = source(words)?.unwrap_or_else(|| who.clone());
            let copied = words.take_if("copied");
            let because = because(words)?;
            let deregistration =
                Box::new(Deregistration { kind, incarnation, source, copied, because, ..deregistration });
            Action::Deregister { deregistration, node: words.at_node(nodes)? }
        }
        "restarts" => Action::Restarts,
        "dies" => Action::Dies,
        "freezes" => Action::Freezes,
        "thaws" => Action::Thaws,
        "moves" => {
            if !words.take_if("to") {
                return Err(words.expected("`to` and a node"));
            }
            Action::Moves { node: words.node(nodes)? }
        }
        "connects" => Action::Connects { node: words.at_node(nodes)? },
        "disconnects" => Action::Disconnects,
        "subscribe" => Action::Subscribes { service: words.service()?, node: words.at_node(nodes)? },
        "unsubscribe" => Action::Unsubscribes,
        "pulls" => Action::Pulls { service: words.service()?, node: words.at_node(nodes)? },
        "copies" => Action::Copies,
        "reads" => Action::Reads { service: words.service()?, node: words.at_node(nodes)? },
        "reports" => {
            let (service, address) = (words.service()?, words.address()?);
            let healthy = words.parsed("`healthy` or `unhealthy`", |word| match word {
                "healthy" => Some(true),
                "unhealthy" => Some(false),
                _ => None,
            })?;
            let sure = words.take_if("surely");
            Action::Reports { service, address, healthy, sure, node: words.at_node(nodes)? }
        }
        "offline" | "online" | "weighs" | "marks" => overrides(words, nodes, &verb, who)?,
        "clears" => Action::Clears {
            service: words.service()?,
            address: words.address()?,
            field: field(words)?,
            node: words.at_node(nodes)?,
        },
        "removes" if words.take_if("service") => {
            Action::RemovesService { service: words.service()?, node: words.at_node(nodes)? }
        }
        "removes" => {
            let (service, address, by) = (words.service()?, words.address()?, who.clone());
            let because = because(words)?;
            let fence_for = if words.take_if("fenced") { Some(words.span()?) } else { None };
            let removal = Box::new(Removal { service, address, by, because, fence_for });
            Action::Removes { removal, node: words.at_node(nodes)? }
        }
        "lifts" => {
            Action::LiftsFence { service: words.service()?, address: words.address()?, node: words.at_node(nodes)? }
        }
        "creates" | "sets" => settings(words, nodes)?,
        _ => Action::Network(fault(words, nodes, &verb)?.ok_or(unknown)?),
    })
}

fn machine(words: &mut Words, node: &str) -> Result<Action, Problem> {
    let node = node.to_owned();
    for (verb, watches) in [("watches", true), ("leaves", false)] {
        if words.take_if(verb) {
            return Ok(Action::Watches { node, service: words.service()?, address: words.address()?, watches });
        }
    }
    if words.take_if("jumps") {
        return Ok(Action::Machine { node, does: MachineDeed::Jumps(words.span()?) });
    }
    let what = "`restarts`, `freezes`, `thaws`, `jumps`, `falls-silent`, `speaks-again`, `watches` or `leaves`, since this is a node";
    let does = words.parsed(what, |word| match word {
        "restarts" => Some(MachineDeed::Restarts),
        "freezes" => Some(MachineDeed::Freezes),
        "thaws" => Some(MachineDeed::Thaws),
        "falls-silent" => Some(MachineDeed::FallsSilent),
        "speaks-again" => Some(MachineDeed::SpeaksAgain),
        _ => None,
    })?;
    Ok(Action::Machine { node, does })
}

/// `of SERVICE`, where it stands.
fn of(words: &mut Words) -> Result<Option<ServiceKey>, Problem> {
    if words.take_if("of") { words.service().map(Some) } else { Ok(None) }
}

/// `as SOURCE`, where it stands.
fn source(words: &mut Words) -> Result<Option<Actor>, Problem> {
    if words.take_if("as") { words.checked("a source", Actor::parse).map(Some) } else { Ok(None) }
}

fn fault(words: &mut Words, nodes: &[String], verb: &str) -> Result<Option<Fault>, Problem> {
    Ok(Some(match verb {
        "cuts" => Fault::Cuts(words.take("whose messages")?),
        "half-opens" => Fault::HalfOpens(words.take("whose connection")?),
        "heals" => Fault::Heals(words.take("whose messages")?),
        "delays" => Fault::Delays(words.take("whose messages")?, words.span()?),
        "reorders" => Fault::Reorders(words.take("whose messages")?, words.span()?),
        "loses" => Fault::Loses(words.take("whose messages")?, words.percent()?),
        "duplicates" => Fault::Duplicates(words.take("whose messages")?, words.percent()?),
        "parts" => Fault::Parts(words.node(nodes)?, words.node(nodes)?),
        "joins" => Fault::Joins(words.node(nodes)?, words.node(nodes)?),
        _ => return Ok(None),
    }))
}

fn register(words: &mut Words, scenario: &Scenario, who: &Actor) -> Result<Action, Problem> {
    let mut registration = Registration::new(words.service()?, words.address()?, who.clone());
    let mut metadata = BTreeMap::new();
    let (mut over_session, mut node) = (false, None);
    while let Some(word) = words.peek() {
        let word = word.to_owned();
        match word.as_str() {
            "weight" => {
                words.take_if("weight");
                registration.content.weight = weight(words)?;
            }
            "disabled" => registration.content.enabled = !words.take_if("disabled"),
            "unhealthy" => registration.healthy = !words.take_if("unhealthy"),
            "persistent" => registration.kind = kind(words).unwrap_or_default(),
            "incarnation" => registration.incarnation = incarnation(words)?,
            "copied" => registration.copied = words.take_if("copied"),
            "as" => registration.source = source(words)?.unwrap_or_else(|| who.clone()),
            "connected" => over_session = words.take_if("connected"),
            "interval" | "timeout" | "delete" => {
                words.take_if(&word);
                let key = match word.as_str() {
                    "interval" => "preserved.heart.beat.interval",
                    "timeout" => "preserved.heart.beat.timeout",
                    _ => "preserved.ip.delete.timeout",
                };
                metadata.insert(key.to_owned(), words.span()?.as_millis().to_string());
            }
            "at" => node = words.at_node(&scenario.nodes)?,
            _ => {
                let (key, value) = entry(
                    words,
                    "weight, disabled, unhealthy, persistent, incarnation, connected, copied, as, interval, timeout, delete, at, or \
                     metadata such as version=2",
                )?;
                metadata.insert(key, value);
            }
        }
    }
    registration.content.metadata = Metadata::new(metadata).map_err(|error| words.problem(error.to_string()))?;
    Ok(Action::Register { registration: Box::new(registration), over_session, node })
}

/// `SERVICE HOST:PORT and HOST:PORT`.
fn batch(words: &mut Words, nodes: &[String]) -> Result<Action, Problem> {
    let service = words.service()?;
    let mut members = Vec::new();
    loop {
        members.push(BatchMember { address: words.address()?, content: Content::default() });
        if !words.take_if("and") {
            return Ok(Action::RegisterBatch { service, members, node: words.at_node(nodes)? });
        }
    }
}

fn overrides(words: &mut Words, nodes: &[String], verb: &str, by: &Actor) -> Result<Action, Problem> {
    let weight = if verb == "weighs" { Some(weight(words)?) } else { None };
    let entries = entries(words)?;
    let metadata = if verb == "marks" || !entries.entries().is_empty() { Some(entries) } else { None };
    let enabled = match verb {
        "online" => Some(true),
        "offline" => Some(false),
        _ => None,
    };
    let (service, address, by) = (words.service()?, words.address()?, by.clone());
    let because = because(words)?;
    let mut lifetime = None;
    if words.take_if("for") {
        lifetime =
            Some(if words.take_if("this-life") { Lifetime::ThisIncarnation } else { Lifetime::For(words.span()?) });
    } else if words.take_if("while-absent") {
        lifetime = Some(Lifetime::Absent(words.span()?));
    }
    let change = OverrideChange { service, address, kind: None, by, because, lifetime, enabled, weight, metadata };
    Ok(Action::Override { change: Box::new(change), node: words.at_node(nodes)? })
}

fn settings(words: &mut Words, nodes: &[String]) -> Result<Action, Problem> {
    let mut settings = ServiceSettings::new(words.service()?);
    settings.kind = kind(words);
    if words.take_if("threshold") {
        settings.protect_threshold =
            Some(words.parsed("a threshold from 0 to 1", |word| Threshold::new(word.parse().ok()?).ok())?);
    }
    settings.metadata = entries(words)?;
    let settings = Box::new(settings);
    Ok(Action::SetsService { settings, node: words.at_node(nodes)? })
}

/// `ephemeral` or `persistent`, where it stands.
fn kind(words: &mut Words) -> Option<Kind> {
    if words.take_if("persistent") {
        return Some(Kind::Persistent);
    }
    words.take_if("ephemeral").then_some(Kind::Ephemeral)
}

/// A field of an override, as explanations name it: `enabled`, `weight` or `metadata.KEY`.
fn field(words: &mut Words) -> Result<Option<OverrideField>, Problem> {
    if words.peek().is_none_or(|word| word == "at") {
        return Ok(None);
    }
    let field = words.parsed("enabled, weight or metadata.KEY", |word| match word {
        "enabled" => Some(OverrideField::Enabled),
        "weight" => Some(OverrideField::Weight),
        _ => word.strip_prefix("metadata.").map(|key| OverrideField::Metadata(key.to_owned())),
    })?;
    Ok(Some(field))
}

/// Metadata such as `env=green version=2`, as much as stands there.
fn entries(words: &mut Words) -> Result<Metadata, Problem> {
    let mut metadata = BTreeMap::new();
    while words.peek().is_some_and(|word| word.contains('=')) {
        let (key, value) = entry(words, "metadata such as version=2")?;
        metadata.insert(key, value);
    }
    Metadata::new(metadata).map_err(|error| words.problem(error.to_string()))
}

fn entry(words: &mut Words, what: &str) -> Result<(String, String), Problem> {
    words.parsed(what, |word| word.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned())))
}

fn weight(words: &mut Words) -> Result<Weight, Problem> {
    words.parsed("a weight from 0 to 10000", |word| Weight::new(word.parse().ok()?).ok())
}

fn because(words: &mut Words) -> Result<Option<Reason>, Problem> {
    if !words.take_if("because") {
        return Ok(None);
    }
    words.checked("a reason in quotes", Reason::parse).map(Some)
}

fn incarnation(words: &mut Words) -> Result<Option<u64>, Problem> {
    if !words.take_if("incarnation") {
        return Ok(None);
    }
    words.parsed("a number", |word| word.parse().ok()).map(Some)
}
