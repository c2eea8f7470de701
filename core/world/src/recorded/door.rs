//! How is a server asked? What every replay needs of one, and a standalone server behind its HTTP API.

use std::fmt;
use std::rc::Rc;

use liveset::{
    Address, Command, Error, HealthReport, Instant, Outcome, Policy, Registry, ServiceKey, ServiceRecord,
    ServiceSettings,
};
use liveset_nacos::{Datagram, Dialect, Pushes, Request, Response, serve};
use serde_json::{Map, Value, json};

use super::file::{Row, Sight};
use super::peek::{Said, Views};
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
    /// What looks at this moment would show, without any effect; none where that is what it was the last time.
    fn peek(&mut self, now: Instant, views: &Views) -> Result<Option<Vec<Rc<State>>>, Error>;
    /// When something may next happen by itself; may be early, never late.
    fn next_deadline(&self) -> Option<Instant>;
    /// Lets everything due by `now` happen.
    fn advance(&mut self, now: Instant);
    /// A registration has made a service, and its instance has not entered it yet: whoever looks now sees nobody, and keeps seeing that
    /// where views are computed late. An instance that comes and goes leaves the same traces in a server of 1.4.
    fn make_service(&mut self, _now: Instant, _service: &str, _comes_and_goes: Option<[Request; 2]>) {}
    /// The host's checker finds a persistent instance unhealthy.
    fn report_unhealthy(&mut self, _now: Instant, _row: &Row, _service: &str) {}
    /// What was pushed so far: when, and what it showed.
    fn pushed(&self) -> &[(Instant, State)] {
        &[]
    }
    /// The server's process ends.
    fn stop(&mut self) {}
    /// It answers again.
    fn start(&mut self, _now: Instant) {}
}

/// A standalone server: one registry behind the HTTP API.
pub(crate) struct Standalone {
    registry: Registry,
    dialect: Dialect,
    is_down: bool,
    said: Said,
    pushes: Pushes,
    pushed: Vec<(Instant, State)>,
    /// Whether the recorded subscriber acknowledged what it got; none where nobody listens over UDP.
    acknowledges: Option<bool>,
}

/// What the recorder noted where nobody answered.
pub(crate) const NOBODY: &str = "ERR ConnectionRefusedError";

impl Standalone {
    pub(crate) fn new(policy: Policy, dialect: Dialect, acknowledges: Option<bool>) -> Result<Standalone, Error> {
        Ok(Standalone {
            registry: Registry::new(policy)?,
            dialect,
            is_down: false,
            said: Said::default(),
            pushes: Pushes::new(dialect),
            pushed: Vec::new(),
            acknowledges,
        })
    }

    /// What other clients than those of the HTTP API talk to.
    pub(crate) fn registry(&mut self) -> &mut Registry {
        &mut self.registry
    }

    /// Why an instance is what it is, in sentences.
    pub(crate) fn account(&self, service: &ServiceKey, address: &Address) -> Vec<String> {
        self.registry.explain(service, address).sentences
    }

    pub(crate) fn is_up(&self) -> bool {
        !self.is_down
    }
}

/// A registry that is only read: nobody's look computes anything.
pub(crate) struct Quiet<'a>(pub(crate) &'a Registry);

impl liveset_nacos::Door for Quiet<'_> {
    fn registry(&self) -> &Registry {
        self.0
    }

    fn apply(&mut self, _now: Instant, _command: Command) -> Result<Outcome, Error> {
        Ok(Outcome::Looked)
    }
}

impl Standalone {
    fn push(&mut self, now: Instant) {
        let Some(acknowledges) = self.acknowledges else { return };
        for datagram in self.pushes.due(&mut self.registry, now) {
            if acknowledges {
                self.pushes.acknowledged(datagram.reference);
            }
            self.pushed.push((now, pushed(&datagram)));
        }
    }
}

/// Whether a look at this view has no effect.
pub(crate) fn is_computed(registry: &Registry, view: &View) -> bool {
    let service = ServiceKey::named(view.service());
    is_settled(service.ok().and_then(|service| registry.service(&service)).as_ref())
}

/// Whether a look at a service has no effect.
pub(crate) fn is_settled(record: Option<&ServiceRecord>) -> bool {
    record.is_none_or(|record| !record.known || record.computed)
}

impl Door for Standalone {
    fn send(&mut self, now: Instant, request: &Request) -> Response {
        if self.is_down {
            return Response { status: 0, body: NOBODY.to_owned() };
        }
        let response = serve(&mut self.registry, self.dialect, now, request);
        if self.acknowledges.is_some() {
            self.pushes.asked(&mut self.registry, now, request);
        }
        self.push(now);
        response
    }

    fn look(&mut self, now: Instant, view: &View) {
        // Where the view is there already, a look has no effect.
        if !self.is_down && !is_computed(&self.registry, view) {
            view.read(&mut self.registry, self.dialect, now);
        }
    }

    fn peek(&mut self, now: Instant, views: &Views) -> Result<Option<Vec<Rc<State>>>, Error> {
        let registry = (!self.is_down).then_some(&self.registry);
        views.peek(registry, self.dialect, now, &mut self.said)
    }

    fn next_deadline(&self) -> Option<Instant> {
        [self.registry.next_deadline(), self.pushes.next_deadline()].into_iter().flatten().min()
    }

    fn pushed(&self) -> &[(Instant, State)] {
        &self.pushed
    }

    fn advance(&mut self, now: Instant) {
        self.registry.advance(now);
        self.push(now);
    }

    fn make_service(&mut self, now: Instant, service: &str, comes_and_goes: Option<[Request; 2]>) {
        // In 1.4 the registration makes the cluster, too, which stays when its instance goes.
        for request in comes_and_goes.iter().flatten().filter(|_| self.dialect == Dialect::V1_4) {
            serve(&mut self.registry, self.dialect, now, request);
        }
        let Ok(key) = ServiceKey::named(service) else { return };
        if self.registry.service(&key).is_none_or(|record| !record.known) {
            self.registry.set_service(now, &ServiceSettings::new(key.clone()));
        }
        self.registry.look(now, &key);
    }

    fn report_unhealthy(&mut self, now: Instant, row: &Row, service: &str) {
        let (service, address) = (ServiceKey::named(service), row.address());
        if let (Ok(service), Some(address)) = (service, address) {
            // Whoever is gone by then has no health to report.
            let report = HealthReport { service, address, healthy: false, sure: true, by: None };
            let _gone = self.registry.report_health(now, &report);
        }
    }

    fn stop(&mut self) {
        self.is_down = true;
    }

    fn start(&mut self, now: Instant) {
        self.is_down = false;
        self.registry.restart(now);
    }
}

impl View {
    pub(crate) fn of(sight: &Sight) -> View {
        View { see: sight.see.clone(), node: sight.node.clone(), of: sight.of.clone() }
    }

    /// The views that a sight is of: the recorder asked for a service's record and for the list of services one after the other.
    pub(crate) fn all_of(sight: &Sight) -> Vec<View> {
        let view = View::of(sight);
        if view.see != "service" {
            return vec![view];
        }
        vec![View { see: "service-listed".to_owned(), ..view.clone() }, view]
    }

    /// The name of the service that it is of.
    pub(crate) fn service(&self) -> &str {
        self.of.as_deref().unwrap_or(super::SERVICE)
    }

    /// Whether it is read by asking; a push is not.
    pub(crate) fn is_asked_for(&self) -> bool {
        self.see != "udp"
    }

    pub(crate) fn read(&self, registry: &mut impl liveset_nacos::Door, dialect: Dialect, now: Instant) -> State {
        let service = self.service();
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
            ("service", "") => record(&get("/service", &[])),
            ("service", "listed") => listed(service, &get("/service/list", &[("pageNo", "1"), ("pageSize", "1000")])),
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

/// What a datagram shows, as the recorder noted it: ip, health and whether it is enabled, of each host.
fn pushed(datagram: &Datagram) -> State {
    let body: Value = serde_json::from_str(&datagram.body).unwrap_or_default();
    let hosts = body["hosts"].as_array().into_iter().flatten();
    State::of_pushed(hosts.map(|host| json!([host["ip"], host["healthy"], host["enabled"]])).collect())
}

/// A service's record as it was recorded: threshold and metadata of it, or the refusal to read it.
fn record(record: &Response) -> State {
    let read = match serde_json::from_str::<Value>(&record.body) {
        Ok(body) if record.status == 200 => {
            json!({ "protectThreshold": body["protectThreshold"], "metadata": body["metadata"] })
        }
        _ => Value::String(record.body.clone()),
    };
    State { record: Some(json!([record.status, read])), ..State::default() }
}

/// Whether a service is on the list.
fn listed(service: &str, page: &Response) -> State {
    let page: Value = serde_json::from_str(&page.body).unwrap_or_default();
    let listed = page["doms"].as_array().is_some_and(|names| names.iter().any(|name| name == service));
    State { record: Some(listed.into()), ..State::default() }
}
