//! Nacos's HTTP API v1 for naming as pure translation, without sockets: a request becomes commands and questions, and what comes of them
//! becomes the answer that a Nacos client expects.
//!
//! What a policy decides is not decided here. Here is what belongs to parameters, statuses, texts and the shape of JSON, as each version
//! of the API has it: a [`Dialect`].
//!
//! ```
//! use liveset::{Instant, Policy, Registry};
//! use liveset_nacos::{Dialect, Request, serve};
//!
//! let mut registry = Registry::new(Policy::nacos_2_5())?;
//! let request = Request::new("POST", "/instance", [("serviceName", "orders"), ("ip", "10.0.0.1"), ("port", "8080")]);
//! let response = serve(&mut registry, Dialect::V2_5, Instant::ZERO, &request);
//! assert_eq!((response.status, response.body.as_str()), (200, "ok"));
//! # Ok::<(), liveset::Error>(())
//! ```
//!
//! Not built: the text of a server's crash (a `NullPointerException` in an answer, the service that a 1.4.1 server freezes after a beat
//! `{}`), and selectors.

#![forbid(unsafe_code)]

mod beat;
mod check;
mod instance;
mod metadata;
mod push;
mod read;
mod request;
mod response;
mod service;
mod update;
mod wire;

pub use push::{Datagram, Pushes};
pub use request::{CONSOLE, Request};
pub use response::Response;

use liveset::{Command, Error, Instant, Outcome, Policy, Registry};

/// A version of the API: what differs between servers and is no rule of a registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dialect {
    /// As Nacos 1.4.1 answered.
    V1_4,
    /// As Nacos 2.0.3 answered in 1.x mode: a node of a cluster that took another one for older, and kept the store of 1.4 (R-MH-2).
    V2_0As1,
    /// As Nacos 2.0.3 answered.
    V2_0,
    /// As Nacos 2.1.0 answered.
    V2_1,
    /// As Nacos 2.5.1 answered.
    V2_5,
    /// As Nacos 3.0.3 answered, with its API v1 opened.
    V3_0,
}

impl Dialect {
    /// The rules of the servers that speak so.
    pub fn policy(self) -> Policy {
        match self {
            Dialect::V1_4 | Dialect::V2_0As1 => Policy::nacos_1_4(),
            Dialect::V2_0 => Policy::nacos_2_0(),
            Dialect::V2_1 => Policy::nacos_2_1(),
            Dialect::V2_5 => Policy::nacos_2_5(),
            Dialect::V3_0 => Policy::nacos_3_0(),
        }
    }
}

/// Where requests go: a registry, or a host that keeps books of what it tells its registry (a log, copies for other nodes).
pub trait Door {
    /// What there is to read.
    fn registry(&self) -> &Registry;
    /// Does what a command says.
    fn apply(&mut self, now: Instant, command: Command) -> Result<Outcome, Error>;
}

impl Door for Registry {
    fn registry(&self) -> &Registry {
        self
    }

    fn apply(&mut self, now: Instant, command: Command) -> Result<Outcome, Error> {
        Registry::apply(self, now, command)
    }
}

/// Answers a request below `/nacos/v1/ns`, at `now`.
pub fn serve(door: &mut impl Door, dialect: Dialect, now: Instant, request: &Request) -> Response {
    let mut call = Call { door, dialect, now, request };
    let answered = call.checked().and_then(|()| match (request.method(), request.path()) {
        ("POST", "/instance") => call.register(),
        ("DELETE", "/instance") => call.deregister(),
        ("PUT", "/instance") => call.update(),
        ("PATCH", "/instance") => call.patch(),
        ("GET", "/instance") => call.instance(),
        ("GET", "/instance/list") => call.list(),
        ("PUT", "/instance/beat") => call.beat(),
        ("PUT", "/instance/metadata/batch") => call.batch_metadata(false),
        ("DELETE", "/instance/metadata/batch") => call.batch_metadata(true),
        ("PUT", "/health" | "/health/instance") => call.health(),
        ("GET", "/catalog/instances") => call.console(),
        ("POST", "/service") => call.create_service(),
        ("PUT", "/service") => call.update_service(),
        ("DELETE", "/service") => call.delete_service(),
        ("GET", "/service") => call.service_detail(),
        ("GET", "/service/list") => call.service_list(),
        (method, path) => {
            let text = format!("no such api:{method}:/nacos/v1/ns{path}");
            Err(call.spring(501, "Not Implemented", &text))
        }
    });
    answered.unwrap_or_else(|refusal| refusal)
}

/// One request on its way.
struct Call<'a, D> {
    door: &'a mut D,
    dialect: Dialect,
    now: Instant,
    request: &'a Request,
}

/// What a handler comes to: an answer, or a refusal.
type Answer = Result<Response, Response>;

impl<D: Door> Call<'_, D> {
    fn registry(&self) -> &Registry {
        self.door.registry()
    }

    fn apply(&mut self, command: Command) -> Result<Outcome, Error> {
        self.door.apply(self.now, command)
    }
}
