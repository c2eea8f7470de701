//! Everything that can be refused, each with a number that never changes.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::Display;

use serde::Serialize;
use thiserror::Error;

use crate::time::Instant;

/// Why a command was refused. A refusal changes nothing: the registry is as if only time had passed.
///
/// The message names the field and its bound, or the holder and what to do instead; [`Error::code`] is for programs.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Error {
    /// 100: a field is out of its bounds, of the wrong type, missing, or unknown.
    #[error("{field}: {problem}")]
    Invalid {
        /// Path of the field, as in `registration.weight`.
        field: String,
        /// What stood there and what was expected, with the bound.
        problem: String,
    },
    /// 101: the document is not JSON.
    #[error("document is not JSON: {problem}")]
    Malformed {
        /// What the parser met, with line and column.
        problem: String,
    },
    /// 200: nobody holds this lease here. What to do: register again.
    #[error("register again: no such lease or instance here ({what})")]
    UnknownLease {
        /// What was asked for.
        what: String,
    },
    /// 201: no such instance, present or remembered.
    #[error("no instance {instance} in {service}")]
    UnknownInstance {
        /// The service asked for.
        service: String,
        /// The instance asked for.
        instance: String,
    },
    /// 202: no such service.
    #[error("no service {service}")]
    UnknownService {
        /// The service asked for.
        service: String,
    },
    /// 203: the session is closed, or was never open.
    #[error("no open session {session}")]
    UnknownSession {
        /// The id asked for.
        session: u64,
    },
    /// 204: the subscription is over, or never was.
    #[error("no subscription {subscription}")]
    UnknownSubscription {
        /// The id asked for.
        subscription: u64,
    },
    /// 300: this life of the instance was ended on purpose. What to do: stop, or come back as a newer incarnation.
    #[error("stop: {instance} up to incarnation {incarnation} was ended by {by} at {at}; fenced until {until}")]
    Fenced {
        /// The instance.
        instance: String,
        /// The highest incarnation that is dead.
        incarnation: u64,
        /// Who ended it.
        by: String,
        /// When.
        at: Instant,
        /// When the fence ends.
        until: Instant,
    },
    /// 301: a newer life of this instance is known; a late command of an older one never touches it.
    #[error("stale: incarnation {given} of {instance} is older than {current}")]
    Stale {
        /// The instance.
        instance: String,
        /// The incarnation in the command.
        given: u64,
        /// The newest known.
        current: u64,
    },
    /// 302: the caller holds no lease on this instance; others do.
    #[error("not the owner: {instance} is held by {}; an operator may remove it", holders.join(", "))]
    NotOwner {
        /// The instance.
        instance: String,
        /// Sources that hold it.
        holders: Vec<String>,
    },
    /// 303: the service is of the other kind.
    #[error("{service} is {}, and {instance} is {}", words(*persistent), words(!*persistent))]
    OtherKind {
        /// The service.
        service: String,
        /// The instance that was to be registered.
        instance: String,
        /// Whether the service is the persistent one.
        persistent: bool,
    },
    /// 304: a service that has instances is not taken away.
    #[error("{service} is not empty: {instances} instances; deregister them first")]
    NotEmpty {
        /// The service.
        service: String,
        /// How many it has.
        instances: u32,
    },
    /// 400: a limit of the policy is reached. Beats, deregistrations and operator commands still go through.
    #[error("{limit}: the limit of {max} is reached")]
    LimitReached {
        /// The field of `Policy::limits`.
        limit: &'static str,
        /// Its value.
        max: u64,
    },
    /// 500: the snapshot is damaged, or no snapshot at all.
    #[error("snapshot: {problem}")]
    CorruptSnapshot {
        /// What does not hold.
        problem: String,
    },
    /// 501: the snapshot was made by a newer version.
    #[error("snapshot: version {found} is newer than {supported}")]
    NewerSnapshot {
        /// Version in the container.
        found: u32,
        /// Newest version read here.
        supported: u32,
    },
}

fn words(persistent: bool) -> &'static str {
    if persistent { "persistent" } else { "ephemeral" }
}

/// What a document as a whole is called where no field is at fault.
pub(crate) const WHOLE: &str = "document";

impl Error {
    /// A field out of bounds: `field: found; expected expected`.
    pub fn invalid(field: impl Into<String>, found: impl Display, expected: &str) -> Error {
        Error::Invalid { field: field.into(), problem: format!("{found}; expected {expected}") }
    }

    /// The stable number: it means the same in every language and every version.
    pub fn code(&self) -> u32 {
        match self {
            Error::Invalid { .. } => 100,
            Error::Malformed { .. } => 101,
            Error::UnknownLease { .. } => 200,
            Error::UnknownInstance { .. } => 201,
            Error::UnknownService { .. } => 202,
            Error::UnknownSession { .. } => 203,
            Error::UnknownSubscription { .. } => 204,
            Error::Fenced { .. } => 300,
            Error::Stale { .. } => 301,
            Error::NotOwner { .. } => 302,
            Error::OtherKind { .. } => 303,
            Error::NotEmpty { .. } => 304,
            Error::LimitReached { .. } => 400,
            Error::CorruptSnapshot { .. } => 500,
            Error::NewerSnapshot { .. } => 501,
        }
    }

    /// The error as a document: its code, its message and, where there is one, the field.
    pub fn document(&self) -> ErrorDocument {
        let field = match self {
            Error::Invalid { field, .. } => Some(field.clone()),
            Error::LimitReached { limit, .. } => Some((*limit).to_string()),
            _ => None,
        };
        ErrorDocument { code: self.code(), message: self.to_string(), field }
    }

    /// The same refusal, said of the field `outer` that holds the one at fault.
    pub(crate) fn within(self, outer: &str) -> Error {
        match self {
            Error::Invalid { field, problem } if field == WHOLE => {
                Error::Invalid { field: String::from(outer), problem }
            }
            Error::Invalid { field, problem } => Error::Invalid { field: format!("{outer}.{field}"), problem },
            other => other,
        }
    }
}

/// An [`Error`] in JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ErrorDocument {
    /// The stable number.
    pub code: u32,
    /// The message for people.
    pub message: String,
    /// The field at fault, where one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}
