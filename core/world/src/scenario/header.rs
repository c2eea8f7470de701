//! The header: title, policy, nodes, clients.

use liveset::clients::{PublisherPolicy, SubscriberPolicy};
use liveset::{Policy, Span, document};
use serde_json::Value;

use super::words::{Problem, Words, span};
use super::{Client, ClientKind, Cluster, Scenario};

#[derive(Default)]
pub(super) struct Header {
    title: Option<String>,
    report: Option<String>,
    incident: Option<String>,
    policy: Option<(String, Policy)>,
    seed: u64,
    nodes: Vec<String>,
    cluster: Option<Cluster>,
    clients: Vec<Client>,
}

const LINES: [&str; 9] = ["title", "report", "incident", "policy", "seed", "nodes", "cluster", "provider", "consumer"];

impl Header {
    pub(super) fn has_title(&self) -> bool {
        self.title.is_some()
    }

    pub(super) fn line(&mut self, words: &mut Words) -> Result<(), Problem> {
        let what = words.peek().unwrap_or_default().to_owned();
        if !LINES.contains(&what.as_str()) {
            return Err(words.expected(&format!("one of {}", LINES.join(", "))));
        }
        words.take("a line of the header")?;
        if words.is_empty() {
            return Err(words.expected(&format!("what the {what} is")));
        }
        match what.as_str() {
            "title" => self.title = Some(words.rest()),
            "report" => self.report = Some(words.rest()),
            "incident" => self.incident = Some(words.parsed("an incident's id, such as A01", incident)?),
            "policy" => self.policy = Some(policy(words)?),
            "seed" => self.seed = words.parsed("a number", |word| word.parse().ok())?,
            "nodes" => self.nodes = words.rest().split(' ').map(str::to_owned).collect(),
            "cluster" => self.cluster = Some(cluster(words, &self.nodes)?),
            "provider" => self.client(words, true)?,
            _ => self.client(words, false)?,
        }
        words.finish()
    }

    pub(super) fn finish(self) -> Result<Scenario, Problem> {
        let missing = |what: &str| Problem { line: 1, column: 1, message: format!("expected a header with {what}") };
        let (policy_name, policy) = self.policy.ok_or_else(|| missing("a policy"))?;
        let nodes = if self.nodes.is_empty() { vec![String::from("registry")] } else { self.nodes };
        Ok(Scenario {
            title: self.title.ok_or_else(|| missing("a title"))?,
            report: self.report,
            incident: self.incident,
            policy_name,
            policy,
            seed: self.seed,
            nodes,
            cluster: self.cluster.unwrap_or(Cluster::Apart),
            clients: self.clients,
            steps: Vec::new(),
        })
    }

    fn client(&mut self, words: &mut Words, provider: bool) -> Result<(), Problem> {
        let name = words.take("the client's name")?;
        let kind = if provider {
            words.parsed("a client: java_1_4, java_2_0, java_2_5 or strict", |word| match word {
                "java_1_4" => Some(ClientKind::Provider(PublisherPolicy::java_1_4())),
                "java_2_0" => Some(ClientKind::Provider(PublisherPolicy::java_2_0())),
                "java_2_5" => Some(ClientKind::Provider(PublisherPolicy::java_2_5())),
                "strict" => Some(ClientKind::Provider(PublisherPolicy::strict())),
                _ => None,
            })?
        } else {
            words.parsed("a client: java_1_4, java_2_0, java_2_5, each with _protected, or strict", consumer)?
        };
        let node = words.at_node(&self.nodes)?;
        self.clients.push(Client { name, kind, node });
        Ok(())
    }
}

/// A word of letters and digits.
fn incident(word: &str) -> Option<String> {
    (!word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric())).then(|| word.to_owned())
}

fn consumer(word: &str) -> Option<ClientKind> {
    let (version, protection) = word.strip_suffix("_protected").map_or((word, false), |version| (version, true));
    Some(ClientKind::Consumer(match version {
        "java_1_4" => SubscriberPolicy::java_1_4(protection),
        "java_2_0" => SubscriberPolicy::java_2_0(protection),
        "java_2_5" => SubscriberPolicy::java_2_5(protection),
        "strict" if !protection => SubscriberPolicy::strict(),
        _ => return None,
    }))
}

/// `nacos_2_0`, or `strict with expiry.timeout 3s, view.default_threshold 0.5`.
fn policy(words: &mut Words) -> Result<(String, Policy), Problem> {
    let mut name = words.peek().unwrap_or_default().to_owned();
    let mut policy = words.checked("a policy", Policy::preset)?;
    if !words.take_if("with") {
        return Ok((name, policy));
    }
    name.push_str(" with");
    let mut document = tree(&policy);
    let mut changes = Vec::new();
    loop {
        let column = words.column();
        let path = words.take("a field of the policy, as in expiry.timeout")?;
        let word = words.take("its value")?;
        let last = !word.ends_with(',');
        let word = word.trim_end_matches(',');
        let place = place(&mut document, &path).ok_or_else(|| {
            let message = format!("expected a field of the policy, found `{path}`");
            Problem { line: words.line, column, message }
        })?;
        *place = value(word);
        name.push_str(&format!(" {path} {word}{}", if last { "" } else { "," }));
        changes.push((path, column));
        if last {
            break;
        }
    }
    // All of it is checked together: a field may be in bounds only beside another one.
    policy = document::read_policy(document.to_string().as_bytes()).map_err(|error| {
        let message = error.to_string();
        let at_fault = changes.iter().rfind(|(path, _)| message.contains(path.as_str())).or(changes.last());
        Problem { line: words.line, column: at_fault.map_or(1, |&(_, column)| column), message }
    })?;
    Ok((name, policy))
}

fn tree(policy: &Policy) -> Value {
    serde_json::from_str(&document::write(policy)).unwrap_or_default()
}

/// The place of a field. Where it is in a part that the policy lacks, the rest of that part is as the first preset with one has it.
fn place<'a>(document: &'a mut Value, path: &str) -> Option<&'a mut Value> {
    let mut place = document;
    let mut above = String::new();
    for part in path.split('.') {
        if place.is_null() {
            *place = PRESETS.iter().find_map(|preset| {
                tree(&Policy::preset(preset).ok()?).pointer(&above).filter(|found| found.is_object()).cloned()
            })?;
        }
        place = place.get_mut(part)?;
        above.push_str(&format!("/{part}"));
    }
    Some(place)
}

const PRESETS: [&str; 2] = ["strict", "nacos_2_0"];

/// A time, a number, true, false, none, a word, or a word with a time as in `per_lease:5s`.
fn value(word: &str) -> Value {
    if let Some((kind, time)) = word.split_once(':') {
        return serde_json::json!({ kind: value(time) });
    }
    match (word, span(word), word.parse::<f64>()) {
        ("true", ..) => Value::Bool(true),
        ("false", ..) => Value::Bool(false),
        ("none", ..) => Value::Null,
        (_, Some(time), _) => Value::from(time.as_millis()),
        (_, _, Ok(number)) if number.fract() == 0.0 && number >= 0.0 => Value::from(number as u64),
        (_, _, Ok(number)) => Value::from(number),
        _ => Value::from(word),
    }
}

/// `two transports, claims after 2s, decisions after 500ms 700ms 900ms copies for 180s`, or `one log, after 50ms 80ms 30ms`.
fn cluster(words: &mut Words, nodes: &[String]) -> Result<Cluster, Problem> {
    if nodes.len() < 2 {
        return Err(words.problem(String::from("expected a line `nodes` with at least two names before this one")));
    }
    if words.take_if("two") {
        literal(words, "transports,")?;
        literal(words, "claims")?;
        literal(words, "after")?;
        let claims = words.parsed("a time and a comma", |word| span(word.strip_suffix(',')?))?;
        literal(words, "decisions")?;
        literal(words, "after")?;
        let decisions = lags(words, nodes)?;
        let mut copies = None;
        if words.take_if("copies") {
            literal(words, "for")?;
            copies = Some(words.span()?);
        }
        return Ok(Cluster::TwoTransports { claims, decisions, copies });
    }
    literal(words, "one")?;
    literal(words, "log,")?;
    literal(words, "after")?;
    Ok(Cluster::OneLog { lags: lags(words, nodes)? })
}

fn lags(words: &mut Words, nodes: &[String]) -> Result<Vec<Span>, Problem> {
    nodes.iter().map(|_| words.span()).collect()
}

fn literal(words: &mut Words, word: &str) -> Result<(), Problem> {
    if words.take_if(word) { Ok(()) } else { Err(words.expected(&format!("`{word}`"))) }
}
