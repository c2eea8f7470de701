//! What is in a recording? A file of JSON lines as typed data; a problem names line and field.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// A run of a real server, as it was recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// Its first line.
    pub header: Header,
    /// All others, in order of time.
    pub lines: Vec<Line>,
}

/// What was recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    /// Name of the case.
    pub case: String,
    /// `http`, `sdk` or `cluster`.
    pub family: String,
    /// Version of the server.
    pub server: String,
    /// What drove it.
    pub client: String,
    /// How many servers there were.
    pub nodes: u32,
    /// Which run of the case.
    pub phase: u32,
    /// What is done.
    pub about: String,
    /// What t = 0 is.
    pub t0: String,
    /// The widest (after, t] of the file, in ms.
    pub widest_window: i64,
    /// Of a cluster: the node responsible for the case's first instance, as long as all are there, and without the one named.
    pub responsible: BTreeMap<String, String>,
    /// Of a cluster with a fault: where the leader of the log of operators' decisions listens, before the fault and during it.
    pub leaders: [Option<String>; 2],
}

/// A line behind the header.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Number of the line in the file.
    pub number: usize,
    /// When, in ms from `t0`; may be negative.
    pub t: i64,
    /// What.
    pub what: What,
}

/// What a line tells of.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// A request over HTTP and its answer.
    Request(Request),
    /// A call of an SDK, a fault or a note.
    Event(Event),
    /// A view that was not as before.
    Sight(Sight),
}

/// A request below `/nacos/v1/ns`.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// How long the answer took, in ms; 0 where nobody answered.
    pub took: i64,
    /// Who sent it.
    pub who: String,
    /// To which node.
    pub node: Option<String>,
    /// `GET`, `POST`, ...
    pub method: String,
    /// Its path.
    pub path: String,
    /// Its parameters.
    pub args: Map<String, Value>,
    /// Status of the answer; 0 where nobody answered.
    pub status: u16,
    /// Body of the answer: JSON where it was JSON, else text.
    pub got: Value,
    /// What the recorder called the step.
    pub label: Option<String>,
}

/// A call of an SDK, a fault or a note.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Who did it; empty in a note.
    pub who: String,
    /// `register`, `silence`, `SIGKILL`, `note`, ...
    pub event: String,
    /// To which node.
    pub node: Option<String>,
    /// How long the call took, in ms; 0 where it was none.
    pub took: i64,
    /// What it was called with.
    pub args: Map<String, Value>,
    /// What it returned, or the text of the note.
    pub got: Value,
}

/// A view that was not as before.
#[derive(Clone, Debug, PartialEq)]
pub struct Sight {
    /// The last poll that still saw the previous state; absent in a first sight.
    pub after: Option<i64>,
    /// Which view: `list`, `console`, ...
    pub see: String,
    /// At which node.
    pub node: Option<String>,
    /// Of which service, where it is not the case's one.
    pub of: Option<String>,
    /// The instances seen; absent where the view is none of instances.
    pub is: Option<Vec<Row>>,
    /// Status and body of an answer that was an error.
    pub err: Option<(u16, String)>,
    /// Whether the answer said that the protection threshold is reached.
    pub reach: bool,
    /// Label of the step behind which the change was seen, where the recorder looked once behind each step instead of all the time.
    pub changed_by: Option<String>,
    /// What else stands in the line.
    pub rest: Map<String, Value>,
}

/// An instance in a view.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Row {
    /// Host; one recorded case has none.
    pub ip: Option<String>,
    /// Port.
    pub port: i64,
    /// Cluster.
    #[serde(alias = "clusterName", default = "default_cluster")]
    pub cluster: String,
    /// Health.
    pub healthy: bool,
    /// Whether it takes traffic.
    pub enabled: bool,
    /// Weight: a number, or the text `NaN`.
    #[serde(deserialize_with = "number_or_text")]
    pub weight: Value,
    /// Metadata.
    pub metadata: Option<BTreeMap<String, Value>>,
    /// Whether it lives by beats or a session.
    #[serde(default = "yes")]
    pub ephemeral: bool,
}

impl Request {
    /// The `ip:port` that it names; what a beat carries counts.
    pub(crate) fn client(&self) -> Option<String> {
        if let Some(Value::Object(beat)) = self.args.get("beat") {
            let host = beat.get("ip").and_then(Value::as_str).unwrap_or("null");
            return Some(format!("{host}:{}", beat.get("port").unwrap_or(&Value::from(0))));
        }
        let port = self.args.get("port").map(|port| port.as_str().map_or_else(|| port.to_string(), str::to_owned))?;
        Some(format!("{}:{port}", self.args.get("ip")?.as_str()?.trim()))
    }
}

impl Row {
    /// Its `ip:port`.
    pub(crate) fn client(&self) -> String {
        format!("{}:{}", self.ip.as_deref().unwrap_or("null"), self.port)
    }

    /// Its address, where it is one.
    pub(crate) fn address(&self) -> Option<liveset::Address> {
        let mut address = liveset::Address::new(self.ip.as_deref()?, u16::try_from(self.port).ok()?).ok()?;
        address.cluster = liveset::Cluster::parse(&self.cluster).ok()?;
        Some(address)
    }
}

/// Why a file is no recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// Number of the line.
    pub line: usize,
    /// The field, where it is one.
    pub field: Option<String>,
    /// What is wrong.
    pub message: String,
}

impl Recording {
    /// Reads the text of a file.
    pub fn parse(text: &str) -> Result<Recording, Malformed> {
        let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let (number, first) =
            lines.next().ok_or(Malformed { line: 1, field: None, message: "an empty file".to_owned() })?;
        let header = header(Fields::read(number + 1, first)?)?;
        let lines = lines.map(|(number, text)| line(Fields::read(number + 1, text)?)).collect::<Result<Vec<_>, _>>()?;
        if let Some(pair) = lines.windows(2).find(|pair| pair[0].t > pair[1].t) {
            let message = format!("{} behind {}: lines are in order of time", pair[1].t, pair[0].t);
            return Err(Malformed { line: pair[1].number, field: Some("t".to_owned()), message });
        }
        Ok(Recording { header, lines })
    }

    /// The lines that decide what differs by `until`: every window that begins by then, none of which is longer, has to end in them.
    pub(crate) fn beginning(&self, until: Option<i64>, longest_window: i64) -> &[Line] {
        let last = until.map_or(i64::MAX, |until| until.saturating_add(longest_window));
        &self.lines[..self.lines.partition_point(|line| line.t <= last)]
    }
}

fn header(mut fields: Fields) -> Result<Header, Malformed> {
    Ok(Header {
        case: fields.need("case")?,
        family: fields.need("family")?,
        server: fields.need("server")?,
        client: fields.need("client")?,
        nodes: fields.need("nodes")?,
        phase: fields.need("phase")?,
        about: fields.need("about")?,
        t0: fields.need("t0")?,
        widest_window: fields.need("widest_window")?,
        responsible: responsible(&mut fields)?,
        leaders: leaders(&mut fields)?,
    })
}

/// By the node that is not there; by nothing where all are.
fn responsible(fields: &mut Fields) -> Result<BTreeMap<String, String>, Malformed> {
    let mut responsible = BTreeMap::new();
    for (without, field) in [("", "responsible"), ("A", "responsible_without_A"), ("C", "responsible_without_C")] {
        let node: Option<String> = fields.take(field)?;
        responsible.extend(node.map(|node| (without.to_owned(), node)));
    }
    Ok(responsible)
}

fn leaders(fields: &mut Fields) -> Result<[Option<String>; 2], Malformed> {
    let mut of_decisions = |name: &str| {
        let leaders: Option<BTreeMap<String, String>> = fields.take(name)?;
        Ok(leaders.and_then(|mut leaders| leaders.remove("naming_instance_metadata")))
    };
    let before = of_decisions("leaders_before")?;
    let (down, stopped) = (of_decisions("leaders_down")?, of_decisions("leaders_while_stopped")?);
    Ok([before, down.or(stopped)])
}

fn line(mut fields: Fields) -> Result<Line, Malformed> {
    let (number, t) = (fields.line, fields.need("t")?);
    let what = if fields.has("see") {
        What::Sight(sight(fields)?)
    } else if fields.has("api") {
        What::Request(request(fields)?)
    } else {
        What::Event(event(fields)?)
    };
    Ok(Line { number, t, what })
}

fn sight(mut fields: Fields) -> Result<Sight, Malformed> {
    // Clusters' files write an error as `is: {"error": "500 TEXT"}`, standalone servers' as `err: [500, TEXT]`.
    let error = fields.rest.get("is").and_then(|is| is.get("error")).and_then(Value::as_str);
    let error = error
        .and_then(|error| error.split_once(' '))
        .and_then(|(status, text)| Some((status.parse().ok()?, text.to_owned())));
    // Other families see what is no list of instances; that stays as it is in `rest`.
    let is_rows = fields.rest.get("is").and_then(Value::as_array).is_some_and(|is| is.iter().all(Value::is_object));
    Ok(Sight {
        after: fields.take("after")?,
        see: fields.need("see")?,
        node: fields.take("node")?,
        of: fields.take("of")?,
        is: if is_rows { fields.take("is")? } else { None },
        err: fields.take("err")?.or(error),
        reach: fields.take("reach")?.unwrap_or(false),
        changed_by: fields.take("changed_by")?,
        rest: fields.rest,
    })
}

fn request(mut fields: Fields) -> Result<Request, Malformed> {
    let api: String = fields.need("api")?;
    let (method, path) = api.split_once(' ').ok_or_else(|| fields.problem("api", "no method and path"))?;
    Ok(Request {
        took: fields.take("took")?.unwrap_or(0),
        who: fields.need("who")?,
        node: fields.take("node")?,
        method: method.to_owned(),
        path: path.to_owned(),
        args: fields.take("args")?.unwrap_or_default(),
        status: fields.need("status")?,
        got: fields.need("got")?,
        label: fields.take("label")?,
    })
}

fn event(mut fields: Fields) -> Result<Event, Malformed> {
    if let Some(note) = fields.take("note")? {
        return Ok(Event {
            who: String::new(),
            event: "note".to_owned(),
            node: None,
            took: 0,
            args: Map::new(),
            got: Value::String(note),
        });
    }
    // Some steps of clusters have a label only.
    let event = if fields.has("event") { fields.need("event")? } else { fields.need("label")? };
    Ok(Event {
        who: fields.need("who")?,
        event,
        node: fields.take("node")?,
        took: fields.take("took")?.unwrap_or(0),
        args: fields.take("args")?.unwrap_or_default(),
        got: fields.take("got")?.unwrap_or_default(),
    })
}

/// The fields of a line that were not taken yet.
struct Fields {
    line: usize,
    rest: Map<String, Value>,
}

impl Fields {
    fn read(line: usize, text: &str) -> Result<Fields, Malformed> {
        let rest = serde_json::from_str(text).map_err(|error| Malformed {
            line,
            field: None,
            message: format!("no JSON object: {error}"),
        })?;
        Ok(Fields { line, rest })
    }

    fn has(&self, name: &str) -> bool {
        self.rest.contains_key(name)
    }

    /// Absent and null are the same.
    fn take<T: DeserializeOwned>(&mut self, name: &str) -> Result<Option<T>, Malformed> {
        let value = self.rest.remove(name).unwrap_or_default();
        serde_json::from_value(value).map_err(|error| self.problem(name, &error.to_string()))
    }

    fn need<T: DeserializeOwned>(&mut self, name: &str) -> Result<T, Malformed> {
        self.take(name)?.ok_or_else(|| self.problem(name, "missing"))
    }

    fn problem(&self, name: &str, message: &str) -> Malformed {
        Malformed { line: self.line, field: Some(name.to_owned()), message: message.to_owned() }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: ", self.line)?;
        if let Some(field) = &self.field {
            write!(f, "`{field}`: ")?;
        }
        f.write_str(&self.message)
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.client())?;
        if self.cluster != default_cluster() {
            write!(f, " in {}", self.cluster)?;
        }
        let words = [(self.healthy, " unhealthy"), (self.enabled, " OFFLINE"), (self.ephemeral, " persistent")];
        for (_, word) in words.iter().filter(|(usual, _)| !usual) {
            f.write_str(word)?;
        }
        write!(f, " w{}", self.weight)?;
        match &self.metadata {
            None => f.write_str(" metadata null"),
            Some(entries) if entries.is_empty() => Ok(()),
            Some(entries) => write!(f, " {}", serde_json::json!(entries)),
        }
    }
}

fn default_cluster() -> String {
    "DEFAULT".to_owned()
}

fn yes() -> bool {
    true
}

/// JSON tells 1 from 1.0; a weight does not.
fn number_or_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(value.as_f64().map_or(value, Value::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = r#"{"case":"c","family":"http","server":"2.0.3","client":"http v1","nodes":1,"phase":1,"about":"a","t0":"start","widest_window":200}"#;

    fn problem(line: &str) -> String {
        Recording::parse(&format!("{HEADER}\n{line}")).expect_err(line).to_string()
    }

    #[test]
    fn a_problem_names_line_and_field() {
        assert_eq!(problem(r#"{"see":"list","is":[]}"#), "line 2: `t`: missing");
        assert_eq!(
            problem(r#"{"t":1,"see":"list","is":[{"ip":"a","healthy":true,"enabled":true,"weight":1,"metadata":{}}]}"#),
            "line 2: `is`: missing field `port`"
        );
        assert_eq!(
            problem(r#"{"t":1,"who":"p","api":"POST","status":200,"got":"ok"}"#),
            "line 2: `api`: no method and path"
        );
        assert!(problem("{").starts_with("line 2: no JSON object"));
        assert!(problem("{\"t\":2,\"note\":\"a\"}\n{\"t\":1,\"note\":\"b\"}").starts_with("line 3: `t`: 1 behind 2"));
    }

    #[test]
    fn what_a_row_does_not_say_is_the_usual() {
        let text =
            r#"{"t":1,"see":"list","is":[{"ip":"a","port":1,"healthy":true,"enabled":true,"weight":1,"metadata":{}}]}"#;
        let recording = Recording::parse(&format!("{HEADER}\n{text}")).expect("it is one");
        let What::Sight(sight) = &recording.lines[0].what else { panic!("a sight") };
        let row = &sight.is.as_ref().expect("rows")[0];
        assert_eq!((row.cluster.as_str(), row.ephemeral, row.weight.as_f64()), ("DEFAULT", true, Some(1.0)));
        assert_eq!((sight.after, sight.reach), (None, false));
    }
}
