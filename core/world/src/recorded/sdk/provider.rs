//! A process that publishes: what it is told to do, what its machines send, and what of that reaches the server.

use std::collections::BTreeMap;

use liveset::clients::{Publisher, Reply, Request, Transport};
use liveset::{
    Actor, Address, BatchMember, BatchRegistration, Command, Content, Deregistration, Error, Instant, Metadata,
    Registration, SessionId, Span,
};
use liveset_nacos::{Dialect, Request as Sent, Response};
use serde_json::{Value, json};

use super::super::door::Door;
use super::super::file::Event;
use super::super::track::Difference;
use super::dials::fails;
use super::wire::Call;
use super::{Replay, compare, steps};

/// The recorder's agent string; it decides a check of 1.4.1.
const AGENT: &str = "Nacos-Java-Client:v1.4.1";

pub(super) struct Provider {
    pub(super) name: String,
    /// Over a session one for the service, whatever port it names; else one for each port.
    published: BTreeMap<i64, (Publisher, Instance)>,
    /// The server's side of its connection.
    pub(super) session: Option<SessionId>,
    /// Number of its connection.
    pub(super) connection: u64,
    pub(super) is_dead: bool,
    pub(super) is_stopped: bool,
    /// It shuts down: the beats that are scheduled still leave, and nothing is scheduled any more.
    pub(super) is_closing: bool,
    /// Members of the batch that it published.
    batch: Option<Vec<i64>>,
}

/// What it publishes.
#[derive(Clone)]
pub(super) struct Instance {
    ip: String,
    port: i64,
    metadata: BTreeMap<String, String>,
}

impl Provider {
    fn new(name: &str) -> Provider {
        Provider {
            name: name.to_owned(),
            published: BTreeMap::new(),
            session: None,
            connection: 0,
            is_dead: false,
            is_stopped: false,
            is_closing: false,
            batch: None,
        }
    }

    pub(super) fn is_running(&self) -> bool {
        !self.is_dead && !self.is_stopped
    }

    pub(super) fn next_deadline(&self) -> Option<Instant> {
        let running = self.published.values().filter(|_| self.is_running());
        running.filter_map(|(publisher, _)| publisher.next_deadline()).min()
    }

    pub(super) fn publishers(&mut self) -> impl Iterator<Item = &mut Publisher> {
        self.published.values_mut().map(|(publisher, _)| publisher)
    }
}

impl Instance {
    fn address(&self) -> Result<Address, Error> {
        Address::new(&self.ip, u16::try_from(self.port).unwrap_or_default())
    }

    fn content(&self) -> Result<Content, Error> {
        Ok(Content { metadata: Metadata::new(self.metadata.clone())?, ..Content::default() })
    }

    fn metadata_json(&self) -> Value {
        json!(self.metadata)
    }
}

impl Replay {
    pub(super) fn is_over_sessions(&self) -> bool {
        matches!(self.version.publisher.transport, Transport::Session(_))
    }

    /// An SDK call of a provider.
    pub(super) fn provide(&mut self, event: &Event) -> Result<Option<Difference>, Error> {
        let over_sessions = self.is_over_sessions();
        if !self.providers.contains_key(&event.who) {
            self.providers.insert(event.who.clone(), Provider::new(&event.who));
            if over_sessions && fails(event) {
                self.begin_connection(&event.who)?;
            } else if over_sessions {
                self.open_session(&event.who)?;
            }
        }
        let instance = Instance {
            ip: event.args.get("ip").and_then(Value::as_str).unwrap_or_default().to_owned(),
            port: event.args.get("port").and_then(Value::as_i64).unwrap_or(8080),
            metadata: steps::metadata(event),
        };
        let persistent = event.args.get("ephemeral").and_then(Value::as_str) == Some("false");
        match event.event.as_str() {
            "register" if persistent => self.register_persistent(&instance)?,
            "register" => self.publish(&event.who, instance, None)?,
            "deregister" => self.unpublish(&event.who, &instance)?,
            _ => return self.batch(event),
        }
        Ok(None)
    }

    fn publish(&mut self, who: &str, instance: Instance, batch: Option<Vec<i64>>) -> Result<(), Error> {
        let (key, over_sessions) = (self.key(instance.port), self.is_over_sessions());
        let (now, begun) = (self.instant()?, self.instant_of(self.span.map_or(self.now, |(begun, _)| begun))?);
        let policy = self.version.publisher.clone();
        let Some(provider) = self.providers.get_mut(who) else { return Ok(()) };
        provider.batch = batch;
        let is_connected = provider.session.is_some();
        let mut publisher = match provider.published.remove(&key) {
            Some((publisher, _)) => publisher,
            None => Publisher::new(policy),
        };
        if over_sessions && !is_connected {
            publisher.disconnected();
        }
        // Beats are scheduled before the registration is sent.
        publisher.register(if over_sessions { now } else { begun });
        provider.published.insert(key, (publisher, instance));
        self.send_all(who)
    }

    fn unpublish(&mut self, who: &str, instance: &Instance) -> Result<(), Error> {
        let key = self.key(instance.port);
        let Some(provider) = self.providers.get_mut(who) else { return Ok(()) };
        if let Some((publisher, _)) = provider.published.get_mut(&key) {
            publisher.deregister();
            provider.batch = None;
            return self.send_all(who);
        }
        self.withdraw(who, instance)?;
        Ok(())
    }

    fn key(&self, port: i64) -> i64 {
        if self.is_over_sessions() { 0 } else { port }
    }

    pub(super) fn advance_provider(&mut self, who: &str) -> Result<(), Error> {
        let now = self.instant()?;
        let Some(provider) = self.providers.get_mut(who).filter(|provider| provider.is_running()) else {
            return Ok(());
        };
        provider.publishers().for_each(|publisher| publisher.advance(now));
        self.send_all(who)
    }

    /// Sends what the machines of a process want sent.
    pub(super) fn send_all(&mut self, who: &str) -> Result<(), Error> {
        loop {
            let Some(provider) = self.providers.get_mut(who).filter(|provider| provider.is_running()) else {
                return Ok(());
            };
            let found = provider.published.iter_mut().find_map(|(&port, (publisher, _))| {
                publisher.poll().map(|request| (port, request, publisher.patience()))
            });
            let Some((port, request, patience)) = found else { return Ok(()) };
            if matches!(request, Request::Connect { .. }) {
                provider.connection += 1;
            }
            provider.is_dead |= provider.is_closing && matches!(request, Request::Beat { .. });
            let connection = provider.connection;
            let arrives = self.wire.arrival(self.now, &request);
            let call = Call { from: who.to_owned(), port, request, arrives, until: None };
            if self.wire.freezes(who, connection) || arrives.is_some() {
                self.wire.held.push(Call { until: Some(self.now + patience.as_millis() as i64), ..call });
                continue;
            }
            self.carry(&call, true)?;
        }
    }

    /// A call reaches the server, and its answer the caller, where that still waits.
    pub(super) fn carry(&mut self, call: &Call, is_waited_for: bool) -> Result<(), Error> {
        let now = self.instant()?;
        let (ticket, reply) = match call.request {
            Request::Connect { ticket } => {
                if is_waited_for && self.server.is_up() {
                    return self.begin_connection(&call.from);
                }
                (ticket, Reply::Lost)
            }
            Request::KeepAlive { ticket } => {
                let session = self.providers.get(&call.from).and_then(|provider| provider.session);
                match session.map(|session| self.server.registry().touch_session(now, session)) {
                    Some(Ok(())) => (ticket, DONE),
                    _ => return self.reconnect(&call.from),
                }
            }
            Request::Register { ticket } => (ticket, self.claim(call)?),
            Request::Beat { ticket, full } => (ticket, self.beat(call, full)?),
            Request::Deregister { ticket } => {
                let instance = self.instance_of(call);
                let reply = match instance {
                    Some(instance) => self.withdraw(&call.from, &instance)?,
                    None => DONE,
                };
                (ticket, reply)
            }
        };
        if is_waited_for
            && let Some(provider) = self.providers.get_mut(&call.from)
            && let Some((publisher, _)) = provider.published.get_mut(&call.port)
        {
            publisher.answered(now, ticket, reply);
        }
        Ok(())
    }

    /// Calls of which the callers have had enough.
    pub(super) fn give_up(&mut self) -> Result<(), Error> {
        let now = self.instant()?;
        for call in self.wire.given_up(self.now) {
            let (Request::Register { ticket }
            | Request::Beat { ticket, .. }
            | Request::Deregister { ticket }
            | Request::KeepAlive { ticket }
            | Request::Connect { ticket }) = call.request;
            let Some(provider) = self.providers.get_mut(&call.from) else { continue };
            if matches!(call.request, Request::Beat { .. }) {
                // It goes on over another connection of the pool.
                provider.connection += 1;
            }
            if let Some((publisher, _)) = provider.published.get_mut(&call.port) {
                publisher.answered(now, ticket, Reply::Lost);
            }
            self.send_all(&call.from)?;
        }
        Ok(())
    }

    fn instance_of(&self, call: &Call) -> Option<Instance> {
        let (_, instance) = self.providers.get(&call.from)?.published.get(&call.port)?;
        Some(instance.clone())
    }

    fn claim(&mut self, call: &Call) -> Result<Reply, Error> {
        let Some(instance) = self.instance_of(call).filter(|_| self.server.is_up()) else { return Ok(Reply::Lost) };
        if !self.is_over_sessions() {
            let response = self.post(&instance, true)?;
            return Ok(if response.status == 200 { DONE } else { Reply::Lost });
        }
        let session = self.providers.get(&call.from).and_then(|provider| provider.session);
        let batch = self.providers.get(&call.from).and_then(|provider| provider.batch.clone());
        let Some(session) = session else { return Ok(Reply::Lost) };
        let command = match batch {
            None => {
                let mut registration =
                    Registration::new(self.service.clone(), instance.address()?, Actor::parse(&call.from)?);
                registration.session = Some(session);
                registration.content = instance.content()?;
                Command::Register(registration)
            }
            Some(ports) => Command::RegisterBatch(self.batch_of(&call.from, session, &instance, &ports)?),
        };
        let now = self.instant()?;
        Ok(if self.server.registry().apply(now, command).is_ok() { DONE } else { Reply::Lost })
    }

    fn beat(&mut self, call: &Call, full: bool) -> Result<Reply, Error> {
        let Some(instance) = self.instance_of(call) else { return Ok(Reply::Lost) };
        let (port, body) = (instance.port.to_string(), beat_body(&instance).to_string());
        let mut parameters = vec![
            ("serviceName", super::super::SERVICE),
            ("clusterName", "DEFAULT"),
            ("ip", &instance.ip),
            ("port", &port),
        ];
        if full {
            parameters.push(("beat", &body));
        }
        let request = Sent::new("PUT", "/instance/beat", parameters).of_agent(AGENT);
        let response = self.server.send(self.instant()?, &request);
        let answer: Value = serde_json::from_str(&response.body).unwrap_or_default();
        Ok(match (response.status, answer["code"].as_u64()) {
            (200, Some(20_404)) => Reply::RegisterAgain,
            (200, _) => {
                let interval = answer["clientBeatInterval"].as_u64().map(|millis| millis + self.beat_takes);
                let interval = interval.and_then(|millis| Span::from_millis(millis).ok());
                Reply::Done { interval, light: answer["lightBeatEnabled"].as_bool().unwrap_or(false) }
            }
            _ => Reply::Done { interval: None, light: false },
        })
    }

    fn post(&mut self, instance: &Instance, ephemeral: bool) -> Result<Response, Error> {
        let (port, metadata) = (instance.port.to_string(), instance.metadata_json().to_string());
        let parameters = [
            ("serviceName", super::super::SERVICE),
            ("clusterName", "DEFAULT"),
            ("ip", &instance.ip),
            ("port", &port),
            ("weight", "1.0"),
            ("enable", "true"),
            ("healthy", "true"),
            ("ephemeral", if ephemeral { "true" } else { "false" }),
            ("metadata", &metadata),
        ];
        let request = Sent::new("POST", "/instance", parameters).of_agent(AGENT);
        Ok(self.server.send(self.instant()?, &request))
    }

    fn register_persistent(&mut self, instance: &Instance) -> Result<(), Error> {
        self.post(instance, false).map(|_| ())
    }

    fn withdraw(&mut self, who: &str, instance: &Instance) -> Result<Reply, Error> {
        let now = self.instant()?;
        if !self.is_over_sessions() {
            let port = instance.port.to_string();
            let parameters = [
                ("serviceName", super::super::SERVICE),
                ("clusterName", "DEFAULT"),
                ("ip", &instance.ip),
                ("port", &port),
                ("ephemeral", "true"),
            ];
            self.server.send(now, &Sent::new("DELETE", "/instance", parameters).of_agent(AGENT));
            return Ok(DONE);
        }
        let mut command = Deregistration::new(self.service.clone(), instance.address()?, Actor::parse(who)?);
        command.session = self.providers.get(who).and_then(|provider| provider.session);
        Ok(if self.server.registry().deregister(now, &command).is_ok() { DONE } else { Reply::Lost })
    }

    fn batch(&mut self, event: &Event) -> Result<Option<Difference>, Error> {
        if !self.is_over_sessions() || self.dialect < Dialect::V2_5 {
            return Ok(compare::call_differs(self.now, event, Err("ErrCode:302, ErrMsg:RequestHandler Not Found")));
        }
        let ports: Vec<i64> =
            event.args.get("ports").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_i64).collect();
        let Some(provider) = self.providers.get_mut(&event.who) else { return Ok(None) };
        let kept = match (event.event.as_str(), &provider.batch) {
            ("batchreg", _) => ports,
            (_, Some(members)) if !members.is_empty() => {
                members.iter().copied().filter(|member| !ports.contains(member)).collect()
            }
            _ => return Ok(compare::call_differs(self.now, event, Err("ErrCode:400, ErrMsg:[Batch deRegistration]"))),
        };
        let instance = Instance { ip: self.ip.clone(), port: 0, metadata: steps::metadata(event) };
        self.publish(&event.who, instance, Some(kept))?;
        Ok(compare::call_differs(self.now, event, Ok(())))
    }

    fn batch_of(
        &self,
        who: &str,
        session: SessionId,
        instance: &Instance,
        ports: &[i64],
    ) -> Result<BatchRegistration, Error> {
        let members = ports.iter().map(|&port| {
            let member = Instance { port, ..instance.clone() };
            Ok(BatchMember { address: member.address()?, content: member.content()? })
        });
        Ok(BatchRegistration {
            service: self.service.clone(),
            source: Actor::parse(who)?,
            session,
            members: members.collect::<Result<_, Error>>()?,
        })
    }
}

const DONE: Reply = Reply::Done { interval: None, light: false };

fn beat_body(instance: &Instance) -> Value {
    json!({
        "ip": instance.ip,
        "port": instance.port,
        "weight": 1.0,
        "serviceName": format!("DEFAULT_GROUP@@{}", super::super::SERVICE),
        "cluster": "DEFAULT",
        "metadata": instance.metadata_json(),
        "scheduled": false,
        "period": 5000,
        "stopped": false,
    })
}
