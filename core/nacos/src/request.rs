//! From parameters to commands.

use std::collections::BTreeMap;

use liveset::{
    Actor, Address, Cluster, Command, Content, Deregistration, Error, Group, Host, InstanceBeat, InstanceQuery,
    Metadata, Namespace, OverrideChange, Port, Question, Reader, Registration, ServiceKey, ServiceName, Weight,
};
use serde_json::Value;

use crate::answer::{Response, refused};
use crate::{Dialect, Meaning};

/// A request below `/nacos/v1/ns`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    method: String,
    path: String,
    parameters: BTreeMap<String, String>,
}

impl Request {
    /// A request with its query and form parameters, decoded.
    pub fn new<'a>(method: &str, path: &str, parameters: impl IntoIterator<Item = (&'a str, &'a str)>) -> Request {
        let parameters = parameters.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Request { method: method.to_owned(), path: path.to_owned(), parameters }
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str).filter(|value| !value.trim().is_empty())
    }

    fn required(&self, dialect: &Dialect, name: &str) -> Result<&str, Response> {
        self.parameter(name).ok_or_else(|| {
            let text = format!("Param '{name}' is required.");
            let body = if dialect.refusal_wrapped { format!("caused: {text};") } else { text };
            Response { status: 400, body }
        })
    }
}

pub(crate) fn meaning(dialect: &Dialect, request: &Request) -> Result<Meaning, Response> {
    let command = match (request.method.as_str(), request.path.as_str()) {
        ("POST", "/instance") => register(dialect, request)?,
        ("DELETE", "/instance") => deregister(dialect, request)?,
        ("PUT", "/instance") => update(dialect, request)?,
        ("PUT", "/instance/beat") => beat(dialect, request)?,
        ("GET", "/instance/list") => {
            let query = InstanceQuery { service: service(dialect, request)?, reader: Reader::Consumer };
            return Ok(Meaning::Ask(Question::Instances(query)));
        }
        (method, path) => {
            return Err(Response { status: 501, body: format!("{method} {path} is not translated") });
        }
    };
    Ok(Meaning::Do(Box::new(command)))
}

fn register(dialect: &Dialect, request: &Request) -> Result<Command, Response> {
    ephemeral(request)?;
    let address = address(dialect, request)?;
    let mut registration = Registration::new(service(dialect, request)?, address.clone(), client(dialect, &address)?);
    registration.content = content(dialect, request)?;
    Ok(Command::Register(registration))
}

fn deregister(dialect: &Dialect, request: &Request) -> Result<Command, Response> {
    ephemeral(request)?;
    let address = address(dialect, request)?;
    let source = client(dialect, &address)?;
    Ok(Command::Deregister(Deregistration { service: service(dialect, request)?, address, source, incarnation: None }))
}

/// The console's button and the API's update: the whole row is written as the operator's word.
fn update(dialect: &Dialect, request: &Request) -> Result<Command, Response> {
    let content = content(dialect, request)?;
    Ok(Command::SetOverride(OverrideChange {
        service: service(dialect, request)?,
        address: address(dialect, request)?,
        by: Actor::parse("operator").map_err(|error| refused(dialect, &error))?,
        because: None,
        lifetime: None,
        enabled: Some(content.enabled),
        weight: Some(content.weight),
        metadata: Some(content.metadata),
    }))
}

/// A light beat names the instance; a full beat carries it as JSON, and what that says counts.
fn beat(dialect: &Dialect, request: &Request) -> Result<Command, Response> {
    let service = service(dialect, request)?;
    let Some(text) = request.parameter("beat") else {
        let address = address(dialect, request)?;
        let source = client(dialect, &address)?;
        return Ok(Command::BeatInstance(InstanceBeat { service, address, source, incarnation: None, content: None }));
    };
    let body: Value = serde_json::from_str(text).map_err(|error| Response { status: 500, body: error.to_string() })?;
    let bad = |error: Error| refused(dialect, &error);
    let host = Host::parse(body["ip"].as_str().unwrap_or_default()).map_err(bad)?;
    let port = port(dialect, &body["port"].to_string())?;
    let cluster = body["cluster"].as_str().filter(|name| !name.is_empty()).or(request.parameter("clusterName"));
    let address = Address { host, port, cluster: Cluster::parse(cluster.unwrap_or("DEFAULT")).map_err(bad)? };
    let entries = body["metadata"].as_object().into_iter().flatten();
    let entries = entries.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())));
    let content = Content {
        // Recorded: a full beat without a weight registers weight 0.
        weight: weight(dialect, body["weight"].as_f64().unwrap_or(0.0))?,
        enabled: true,
        metadata: Metadata::new(entries.collect()).map_err(bad)?,
    };
    let source = client(dialect, &address)?;
    Ok(Command::BeatInstance(InstanceBeat { service, address, source, incarnation: None, content: Some(content) }))
}

fn ephemeral(request: &Request) -> Result<(), Response> {
    match request.parameter("ephemeral") {
        None | Some("true") => Ok(()),
        Some(_) => Err(Response { status: 501, body: "persistent instances are not translated".to_owned() }),
    }
}

fn service(dialect: &Dialect, request: &Request) -> Result<ServiceKey, Response> {
    let bad = |error: Error| refused(dialect, &error);
    let full = request.required(dialect, "serviceName")?.trim();
    let (group, name) =
        full.split_once("@@").unwrap_or((request.parameter("groupName").unwrap_or("DEFAULT_GROUP"), full));
    Ok(ServiceKey {
        namespace: Namespace::parse(request.parameter("namespaceId").unwrap_or("public")).map_err(bad)?,
        group: Group::parse(group).map_err(bad)?,
        name: ServiceName::parse(name).map_err(bad)?,
    })
}

fn address(dialect: &Dialect, request: &Request) -> Result<Address, Response> {
    let bad = |error: Error| refused(dialect, &error);
    let cluster = request.parameter("clusterName").or(request.parameter("cluster")).unwrap_or("DEFAULT");
    Ok(Address {
        host: Host::parse(request.required(dialect, "ip")?.trim()).map_err(bad)?,
        port: port(dialect, request.required(dialect, "port")?)?,
        cluster: Cluster::parse(cluster).map_err(bad)?,
    })
}

fn port(dialect: &Dialect, text: &str) -> Result<Port, Response> {
    let bad = || refused(dialect, &Error::invalid("port", text, "a port from 0 to 65535"));
    text.trim().parse().map(Port::new).map_err(|_| bad())
}

fn content(dialect: &Dialect, request: &Request) -> Result<Content, Response> {
    let number = request.parameter("weight").map(|text| text.parse::<f64>().unwrap_or(f64::NAN));
    let enabled = request.parameter("enabled").or(request.parameter("enable")).unwrap_or("true").to_lowercase();
    Ok(Content {
        weight: weight(dialect, number.unwrap_or(1.0))?,
        enabled: ["y", "yes", "on", "true", "t"].contains(&enabled.as_str()),
        metadata: metadata(dialect, request.parameter("metadata").unwrap_or_default())?,
    })
}

fn weight(dialect: &Dialect, number: f64) -> Result<Weight, Response> {
    let text = "instance format invalid: The weights range from 0.0 to 10000.0";
    Weight::new(number).map_err(|_| Response::refusal(dialect, text))
}

/// A JSON object of texts, or `key=value,key=value`.
fn metadata(dialect: &Dialect, text: &str) -> Result<Metadata, Response> {
    let incorrect = || Response::refusal(dialect, &format!("metadata format incorrect:{text}"));
    let entries: BTreeMap<String, String> = match serde_json::from_str(text) {
        Ok(entries) => entries,
        Err(_) if text.is_empty() => BTreeMap::new(),
        Err(_) => {
            let pair = |part: &str| match part.split('=').collect::<Vec<_>>()[..] {
                [key, value] => Ok((key.to_owned(), value.to_owned())),
                _ => Err(incorrect()),
            };
            text.split(',').map(pair).collect::<Result<_, _>>()?
        }
    };
    Metadata::new(entries).map_err(|error| refused(dialect, &error))
}

/// Over HTTP a client is its `ip:port`, whoever sends the request.
fn client(dialect: &Dialect, address: &Address) -> Result<Actor, Response> {
    Actor::parse(&format!("{}:{}", address.host, address.port)).map_err(|error| refused(dialect, &error))
}
