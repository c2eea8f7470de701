//! What is looked at: expectations and explanations.

use super::words::{Problem, Words};
use super::{Action, ClientKind, Expectation, Listed, Scenario, Subject};

const WHAT: &str = "what is expected: SERVICE serves LIST, SERVICE shows LIST, SERVICE counts NUMBERS, SERVICE gives \
    HOST:PORT CONTENT, SERVICE agrees, CONSUMER calls LIST, CONSUMER got N lists, CONSUMER heard N changes, PROVIDER stopped, NODE knows \
    SERVICE, NODE holds NUMBERS, NODE owes NOTICES, NODE lags ENTRIES, ACTOR told WORDS, or ACTOR sent TIME";

pub(super) fn expectation(words: &mut Words, scenario: &Scenario) -> Result<Expectation, Problem> {
    if words.is_empty() {
        return Err(words.expected(WHAT));
    }
    match words.peek_second() {
        Some("calls" | "got" | "heard") => consumer(words, scenario),
        Some("stopped") => {
            let provider = client(words, scenario, true)?;
            words.take_if("stopped");
            Ok(Expectation::Stopped { provider })
        }
        Some("knows") => {
            let node = words.node(&scenario.nodes)?;
            words.take_if("knows");
            let known = !words.take_if("no");
            Ok(Expectation::Knows { node, service: words.service()?, known })
        }
        Some("holds" | "owes" | "lags") => {
            let node = words.node(&scenario.nodes)?;
            let verb = words.take("`holds`, `owes` or `lags`")?;
            let of = match verb.as_str() {
                "holds" => Listed::Holds { node },
                "owes" => Listed::Owes { node },
                _ => Listed::Lags { node },
            };
            Ok(list(words, of))
        }
        Some(verb @ ("told" | "sent")) => {
            let is_told = verb == "told";
            let what = "somebody who acts before this";
            let acted = |name: &str| scenario.steps.iter().any(|step| step.actor == name);
            let actor = words.parsed(what, |word| acted(word).then(|| word.to_owned()))?;
            words.take("a verb")?;
            Ok(list(words, if is_told { Listed::Told { actor } } else { Listed::Sent { actor } }))
        }
        _ => of_service(words, scenario),
    }
}

fn of_service(words: &mut Words, scenario: &Scenario) -> Result<Expectation, Problem> {
    let service = words.service()?;
    let verb = words.parsed("`serves`, `shows`, `counts`, `gives` or `agrees`", |word| {
        ["serves", "shows", "counts", "gives", "agrees"].into_iter().find(|verb| *verb == word)
    })?;
    if verb == "agrees" {
        return Ok(Expectation::NodesAgree { service });
    }
    if verb == "gives" {
        let address = words.address()?;
        let node = words.at_node(&scenario.nodes)?;
        return Ok(list(words, Listed::Gives { service, address, node }));
    }
    let healthy_only = verb == "serves" && words.take_if("healthy-only");
    let cluster = if verb == "serves" { words.in_cluster()? } else { None };
    // `at NODE` comes before the list, so that blessing can write the list anew to the end of the line.
    let node = words.at_node(&scenario.nodes)?;
    let of = match verb {
        "serves" => Listed::Serves { service, healthy_only, cluster, node },
        "counts" => Listed::Counts { service, node },
        _ => Listed::Shows { service, node },
    };
    Ok(list(words, of))
}

fn consumer(words: &mut Words, scenario: &Scenario) -> Result<Expectation, Problem> {
    let consumer = client(words, scenario, false)?;
    if words.take_if("calls") {
        return Ok(list(words, Listed::Calls { consumer }));
    }
    if words.take_if("got") {
        return Ok(list(words, Listed::Got { consumer }));
    }
    words.take_if("heard");
    Ok(list(words, Listed::Heard { consumer }))
}

fn client(words: &mut Words, scenario: &Scenario, provider: bool) -> Result<String, Problem> {
    let named = |word: &str| {
        let declared = scenario.clients.iter().find(|client| client.name == word)?;
        (matches!(declared.kind, ClientKind::Provider(_)) == provider).then(|| word.to_owned())
    };
    let role = if provider { "provider" } else { "consumer" };
    words.parsed(&format!("a {role} that the header declares"), named)
}

fn list(words: &mut Words, of: Listed) -> Expectation {
    let column = words.column();
    Expectation::List { of, list: words.rest(), column }
}

pub(super) fn explain(words: &mut Words, scenario: &Scenario) -> Result<Action, Problem> {
    let consumer =
        scenario.clients.iter().find(|client| Some(client.name.as_str()) == words.peek()).map(|c| c.name.clone());
    let subject = match consumer {
        Some(consumer) => {
            words.take("a consumer")?;
            Subject::Consumer { consumer, address: words.address()? }
        }
        None => Subject::Instance { service: words.service()?, address: words.address()? },
    };
    let node = words.at_node(&scenario.nodes)?;
    let mut beside = Vec::new();
    if words.take_if("beside") {
        beside.push(client(words, scenario, false)?);
        while words.take_if("and") {
            beside.push(client(words, scenario, false)?);
        }
    }
    Ok(Action::Explain { subject, expected: Vec::new(), node, beside })
}
