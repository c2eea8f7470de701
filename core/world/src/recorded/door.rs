//! How is a server asked? What every replay needs of one, and a standalone server behind its HTTP API.

use std::fmt;

use liveset::{Error, Instant, Policy, Registry};
use liveset_nacos::{Dialect, Request, Response, serve};
use serde_json::{Map, Value, json};

use super::file::{Row, Sight};
use super::track::State;

/// One thing to look at again and again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct View {
    pub(crate) see: String,
    pub(crate) node: Option<String>,
    pub(crate) of: Option<String>,
}

/// What a replay needs of a server.
pub(crate) trait Door {
    /// Sends what somebody sent.
    fn send(&mut self, now: Instant, request: &Request) -> Response;
    /// Looks as the recorder did. On some servers a look has an effect on the next one.
    fn look(&mut self, now: Instant, view: &View);
    /// What looks at this moment would show, without any effect.
    fn peek(&self, now: Instant, views: &[View]) -> Result<Vec<State>, Error>;
    /// When something may next happen by itself; may be early, never late.
    fn next_deadline(&self) -> Option<Instant>;
    /// Lets everything due by `now` happen.
    fn advance(&mut self, now: Instant);
}

/// A standalone server: one registry behind the HTTP API.
pub(crate) struct Standalone {
    registry: Registry,
    dialect: Dialect,
}

impl Standalone {
    pub(crate) fn new(policy: Policy, dialect: Dialect) -> Result<Standalone, Error> {
        Ok(Standalone { registry: Registry::new(policy)?, dialect })
    }
}

impl Door for Standalone {
    fn send(&mut self, now: Instant, request: &Request) -> Response {
        serve(&mut self.registry, self.dialect, now, request)
    }

    fn look(&mut self, now: Instant, view: &View) {
        view.read(&mut self.registry, self.dialect, now);
    }

    fn peek(&self, now: Instant, views: &[View]) -> Result<Vec<State>, Error> {
        let mut copy = Registry::restore(&self.registry.snapshot(), (0, 0))?;
        Ok(views.iter().map(|view| view.read(&mut copy, self.dialect, now)).collect())
    }

    fn next_deadline(&self) -> Option<Instant> {
        self.registry.next_deadline()
    }

    fn advance(&mut self, now: Instant) {
        self.registry.advance(now);
    }
}

impl View {
    pub(crate) fn of(sight: &Sight) -> View {
        View { see: sight.see.clone(), node: sight.node.clone(), of: sight.of.clone() }
    }

    /// Whether it is read by asking; a push is not.
    pub(crate) fn is_asked_for(&self) -> bool {
        self.see != "udp"
    }

    pub(crate) fn read(&self, registry: &mut Registry, dialect: Dialect, now: Instant) -> State {
        let service = self.of.as_deref().unwrap_or(super::SERVICE);
        let mut get = |path: &str, parameters: &[(&str, &str)]| {
            let parameters = [("serviceName", service)].into_iter().chain(parameters.iter().copied());
            serve(registry, dialect, now, &Request::new("GET", path, parameters))
        };
        match self.see.split_once('-').unwrap_or((&self.see, "")) {
            ("list", "") => rows(&get("/instance/list", &[]), "hosts"),
            ("list", "healthyOnly") => rows(&get("/instance/list", &[("healthyOnly", "true")]), "hosts"),
            ("list", clusters) => rows(&get("/instance/list", &[("clusters", clusters)]), "hosts"),
            ("console", cluster) => {
                let cluster = if cluster.is_empty() { "DEFAULT" } else { cluster };
                let page = [("clusterName", cluster), ("pageNo", "1"), ("pageSize", "1000")];
                rows(&get("/catalog/instances", &page), "list")
            }
            ("service", "") => {
                let (record, page) =
                    (get("/service", &[]), get("/service/list", &[("pageNo", "1"), ("pageSize", "1000")]));
                self::record(service, &record, &page)
            }
            _ => State::of_error(0, format!("a view `{}` is not replayed yet", self.see)),
        }
    }
}

impl fmt::Display for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.see)?;
        for (word, name) in [("at", &self.node), ("of", &self.of)] {
            if let Some(name) = name {
                write!(f, " {word} {name}")?;
            }
        }
        Ok(())
    }
}

/// The instances in an answer, or the answer where there are none in it.
fn rows(response: &Response, field: &str) -> State {
    let error = || State::of_error(response.status, response.body.clone());
    if response.status != 200 {
        return error();
    }
    let mut body: Map<String, Value> = serde_json::from_str(&response.body).unwrap_or_default();
    let reach = body.get("reachProtectionThreshold") == Some(&Value::Bool(true));
    let rows: Result<Vec<Row>, _> = serde_json::from_value(body.remove(field).unwrap_or_default());
    rows.map_or_else(|_| error(), |rows| State::of_rows(rows, reach))
}

/// A service's record as it was recorded: threshold and metadata of it, or the refusal to read it; and whether it is listed.
fn record(service: &str, record: &Response, page: &Response) -> State {
    let read = match serde_json::from_str::<Value>(&record.body) {
        Ok(body) if record.status == 200 => {
            json!({ "protectThreshold": body["protectThreshold"], "metadata": body["metadata"] })
        }
        _ => Value::String(record.body.clone()),
    };
    let page: Value = serde_json::from_str(&page.body).unwrap_or_default();
    let listed = page["doms"].as_array().is_some_and(|names| names.iter().any(|name| name == service));
    State { record: Some((listed.into(), json!([record.status, read]))), ..State::default() }
}
