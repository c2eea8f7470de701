//! A step: when, who, what.

use std::collections::BTreeMap;

use liveset::{
    Actor, Content, Instant, OverrideChange, Reason, Registration, Removal, Threshold, Weight, policy::Lifetime,
};

use super::words::{Problem, Words, moment};
use super::{Action, Expectation, Fault, Listed, Scenario, Step, Subject};

const VERBS: &str = "a verb: register, beat, beats, deregister, restarts, dies, freezes, thaws, moves, connects, disconnects, \
    subscribe, offline, online, weighs, clears, removes, lifts, threshold, cuts, half-opens, heals, delays, loses, duplicates, \
    reorders, parts or joins";

pub(super) fn step(words: &mut Words, scenario: &Scenario) -> Result<Step, Problem> {
    let (at, until) = when(words)?;
    if let Some(before) = scenario.steps.last().filter(|before| before.at > at) {
        return Err(words.problem(format!("expected a time from {} on, since steps stand in order", before.at)));
    }
    let line = words.line;
    let actor = words.take("somebody who acts, `expect` or `explain`")?;
    let action = match actor.as_str() {
        "expect" => Action::Expect(expectation(words, scenario)?),
        "explain" => explain(words, scenario)?,
        _ => deed(words, scenario, &actor, until)?,
    };
    words.finish()?;
    Ok(Step { line, at, actor, action })
}

/// `12s`, `5s..` or `5s..40s`.
fn when(words: &mut Words) -> Result<(Instant, Option<Option<Instant>>), Problem> {
    words.parsed("a time such as 12s, or a stretch such as 5s.. or 5s..40s", |word| match word.split_once("..") {
        None => Some((moment(word)?, None)),
        Some((from, "")) => Some((moment(from)?, Some(None))),
        Some((from, until)) => Some((moment(from)?, Some(Some(moment(until)?)))),
    })
}

fn deed(
    words: &mut Words,
    scenario: &Scenario,
    actor: &str,
    until: Option<Option<Instant>>,
) -> Result<Action, Problem> {
    let nodes = &scenario.nodes;
    let who = Actor::parse(actor).map_err(|error| words.problem(error.to_string()))?;
    let verb = words.peek().unwrap_or_default().to_owned();
    let is_client = scenario.clients.iter().any(|client| client.name == actor);
    let column_of_verb = words.expected(VERBS);
    if until.is_some() && verb != "beats" {
        return Err(words.expected("`beats`, which is all that goes on for a stretch"));
    }
    if is_client && ["beat", "beats"].contains(&verb.as_str()) {
        return Err(words.problem(format!("`{actor}` is a client and beats by itself")));
    }
    if !words.is_empty() {
        words.take(VERBS)?;
    }
    Ok(match verb.as_str() {
        "register" => register(words, scenario, who)?,
        "beat" => Action::Beat { full: words.take_if("fully") },
        "beats" => {
            let full = words.take_if("fully");
            if !words.take_if("every") {
                return Err(words.expected("`every`, or `fully every`"));
            }
            Action::Beats { every: words.span()?, full, until: until.flatten() }
        }
        "deregister" => {
            let (service, address) = (words.service()?, words.address()?);
            let incarnation = incarnation(words)?;
            Action::Deregister { service, address, incarnation, node: words.at_node(nodes)? }
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
        "offline" | "online" | "weighs" => overrides(words, nodes, &verb, who)?,
        "clears" => {
            Action::Clears { service: words.service()?, address: words.address()?, node: words.at_node(nodes)? }
        }
        "removes" => {
            let (service, address) = (words.service()?, words.address()?);
            let removal = Removal { service, address, by: who, because: because(words)?, fence_for: None };
            Action::Removes { removal: Box::new(removal), node: words.at_node(nodes)? }
        }
        "lifts" => {
            Action::LiftsFence { service: words.service()?, address: words.address()?, node: words.at_node(nodes)? }
        }
        "threshold" => {
            let service = words.service()?;
            let threshold = words.parsed("a threshold from 0 to 1", |word| Threshold::new(word.parse().ok()?).ok())?;
            Action::Threshold { service, threshold, node: words.at_node(nodes)? }
        }
        "cuts" => Action::Network(Fault::Cuts(words.take("whose messages")?)),
        "half-opens" => Action::Network(Fault::HalfOpens(words.take("whose connection")?)),
        "heals" => Action::Network(Fault::Heals(words.take("whose messages")?)),
        "delays" => Action::Network(Fault::Delays(words.take("whose messages")?, words.span()?)),
        "reorders" => Action::Network(Fault::Reorders(words.take("whose messages")?, words.span()?)),
        "loses" => Action::Network(Fault::Loses(words.take("whose messages")?, words.percent()?)),
        "duplicates" => Action::Network(Fault::Duplicates(words.take("whose messages")?, words.percent()?)),
        "parts" => Action::Network(Fault::Parts(words.node(nodes)?, words.node(nodes)?)),
        "joins" => Action::Network(Fault::Joins(words.node(nodes)?, words.node(nodes)?)),
        _ => return Err(column_of_verb),
    })
}

fn register(words: &mut Words, scenario: &Scenario, source: Actor) -> Result<Action, Problem> {
    let mut registration = Registration::new(words.service()?, words.address()?, source);
    let mut content = Content::default();
    let mut metadata = BTreeMap::new();
    let (mut over_session, mut node) = (false, None);
    while let Some(word) = words.peek() {
        let word = word.to_owned();
        match word.as_str() {
            "weight" => {
                words.take("weight")?;
                content.weight =
                    words.parsed("a weight from 0 to 10000", |word| Weight::new(word.parse().ok()?).ok())?;
            }
            "disabled" => {
                words.take("disabled")?;
                content.enabled = false;
            }
            "incarnation" => registration.incarnation = incarnation(words)?,
            "connected" => {
                words.take("connected")?;
                over_session = true;
            }
            "interval" | "timeout" | "delete" => {
                words.take("a time")?;
                let key = match word.as_str() {
                    "interval" => "preserved.heart.beat.interval",
                    "timeout" => "preserved.heart.beat.timeout",
                    _ => "preserved.ip.delete.timeout",
                };
                metadata.insert(key.to_owned(), words.span()?.as_millis().to_string());
            }
            "at" => node = words.at_node(&scenario.nodes)?,
            _ => {
                let (key, value) = words.parsed(
                    "weight, disabled, incarnation, connected, interval, timeout, delete, at, or metadata such as version=2",
                    |word| word.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned())),
                )?;
                metadata.insert(key, value);
            }
        }
    }
    content.metadata = liveset::Metadata::new(metadata).map_err(|error| words.problem(error.to_string()))?;
    registration.content = content;
    Ok(Action::Register { registration: Box::new(registration), over_session, node })
}

fn overrides(words: &mut Words, nodes: &[String], verb: &str, by: Actor) -> Result<Action, Problem> {
    let weight = match verb {
        "weighs" => Some(words.parsed("a weight from 0 to 10000", |word| Weight::new(word.parse().ok()?).ok())?),
        _ => None,
    };
    let (service, address) = (words.service()?, words.address()?);
    let mut change = OverrideChange {
        service,
        address,
        kind: None,
        by,
        because: None,
        lifetime: None,
        enabled: (verb != "weighs").then_some(verb == "online"),
        weight,
        metadata: None,
    };
    change.because = because(words)?;
    if words.take_if("for") {
        change.lifetime =
            Some(if words.take_if("this-life") { Lifetime::ThisIncarnation } else { Lifetime::For(words.span()?) });
    } else if words.take_if("while-absent") {
        change.lifetime = Some(Lifetime::Absent(words.span()?));
    }
    Ok(Action::Override { change: Box::new(change), node: words.at_node(nodes)? })
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

fn expectation(words: &mut Words, scenario: &Scenario) -> Result<Expectation, Problem> {
    let what = "what is expected: SERVICE serves LIST, SERVICE shows LIST, CONSUMER calls LIST, PROVIDER stopped, or SERVICE agrees";
    if words.is_empty() {
        return Err(words.expected(what));
    }
    if let Some(client) = scenario.clients.iter().find(|client| Some(client.name.as_str()) == words.peek()) {
        let client = client.name.clone();
        words.take("a client")?;
        if words.take_if("calls") {
            return Ok(list(words, Listed::Calls { consumer: client }));
        }
        if words.take_if("stopped") {
            return Ok(Expectation::Stopped { provider: client });
        }
        return Err(words.expected("`calls` or `stopped`"));
    }
    let service = words.service()?;
    if words.take_if("agrees") {
        return Ok(Expectation::NodesAgree { service });
    }
    let shows = words.take_if("shows");
    if !shows && !words.take_if("serves") {
        let what = match words.peek() {
            Some("calls" | "stopped") => {
                "`serves`, `shows` or `agrees`, since no provider or consumer of that name is declared"
            }
            _ => "`serves`, `shows` or `agrees`",
        };
        return Err(words.expected(what));
    }
    // `at NODE` comes before the list, so that blessing can write the list anew to the end of the line.
    let node = words.at_node(&scenario.nodes)?;
    Ok(list(words, if shows { Listed::Shows { service, node } } else { Listed::Serves { service, node } }))
}

fn list(words: &mut Words, of: Listed) -> Expectation {
    let column = words.column();
    Expectation::List { of, list: words.rest(), column }
}

fn explain(words: &mut Words, scenario: &Scenario) -> Result<Action, Problem> {
    let consumer =
        scenario.clients.iter().find(|client| Some(client.name.as_str()) == words.peek()).map(|c| c.name.clone());
    let subject = match consumer {
        Some(consumer) => {
            words.take("a consumer")?;
            Subject::Consumer { consumer, address: words.address()? }
        }
        None => Subject::Instance { service: words.service()?, address: words.address()? },
    };
    Ok(Action::Explain { subject, expected: Vec::new(), node: words.at_node(&scenario.nodes)? })
}
