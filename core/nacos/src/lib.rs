//! Nacos's HTTP API v1 for naming as pure translation, without sockets: a request becomes a command or a question, and what comes of it
//! becomes the answer that a Nacos client expects.
//!
//! Spoken so far: registering, beating, deregistering, updating (the console's button) and listing ephemeral instances. What a policy
//! decides is not decided here; a [`Dialect`] holds what differs between versions in parameters, statuses and texts.
//!
//! ```
//! use liveset::{Instant, Policy, Registry};
//! use liveset_nacos::{Dialect, Request, serve};
//!
//! let mut registry = Registry::new(Policy::nacos_2_5())?;
//! let request = Request::new("POST", "/instance", [("serviceName", "orders"), ("ip", "10.0.0.1"), ("port", "8080")]);
//! let response = serve(&mut registry, &Dialect::nacos_2_5(), Instant::ZERO, &request);
//! assert_eq!((response.status, response.body.as_str()), (200, "ok"));
//! # Ok::<(), liveset::Error>(())
//! ```

#![forbid(unsafe_code)]

mod answer;
mod request;

pub use answer::Response;
pub use request::Request;

use liveset::{Command, Instant, Question, Registry};

/// What differs between versions of the API and is no rule of a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// Status of what a server refuses for a reason of its own. Recorded: 500 up to 2.1, 400 from 2.5 on.
    pub refusal_status: u16,
    /// Whether the text of a refusal is wrapped as `caused: TEXT;`. Recorded: up to 2.1.
    pub refusal_wrapped: bool,
    /// Whether the answer "unknown, register again" to a beat says that light beats are enough. Recorded: from 2.0 on.
    pub light_beats_in_refusals: bool,
}

impl Dialect {
    /// As Nacos 1.4.1 answered.
    pub fn nacos_1_4() -> Dialect {
        Dialect { refusal_status: 500, refusal_wrapped: true, light_beats_in_refusals: false }
    }

    /// As Nacos 2.0.3 answered.
    pub fn nacos_2_0() -> Dialect {
        Dialect { light_beats_in_refusals: true, ..Dialect::nacos_1_4() }
    }

    /// As Nacos 2.5.1 answered.
    pub fn nacos_2_5() -> Dialect {
        Dialect { refusal_status: 400, refusal_wrapped: false, light_beats_in_refusals: true }
    }
}

/// What a request means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// Something to do.
    Do(Box<Command>),
    /// Something to read.
    Ask(Question),
}

/// Answers a request from a registry, at `now`.
pub fn serve(registry: &mut Registry, dialect: &Dialect, now: Instant, request: &Request) -> Response {
    match request::meaning(dialect, request) {
        Err(refusal) => refusal,
        Ok(Meaning::Do(command)) => answer::done(dialect, registry.apply(now, *command), registry),
        Ok(Meaning::Ask(question)) => {
            registry.advance(now);
            answer::read(dialect, registry.ask(&question))
        }
    }
}
