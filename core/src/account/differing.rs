//! What each of several sources says of one instance.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::Serialize;

use super::sentence::carrier;
use crate::instance::Content;
use crate::name::Actor;
use crate::policy::Shared;

/// Sources of one instance that describe it in different ways.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DifferingAccount {
    /// What readers get of that.
    pub shared: Shared,
    /// Each source with what it says, the newest word last.
    pub sources: Vec<SayingAccount>,
}

/// What one source says of an instance.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SayingAccount {
    /// Who.
    pub source: Actor,
    /// The name of the connection that carries the claim, where one does.
    pub connection: Option<Actor>,
    /// What it published.
    pub content: Content,
}

impl DifferingAccount {
    pub(super) fn tell(&self) -> String {
        let said: Vec<String> = self.sources.iter().map(SayingAccount::tell).collect();
        let given = match (self.shared, self.sources.last()) {
            (Shared::Newest, Some(last)) => format!("what {} said last", last.carrier()),
            _ => "a row for each that differs".to_string(),
        };
        format!("described apart: {}; readers get {given}", said.join("; "))
    }
}

impl SayingAccount {
    fn tell(&self) -> String {
        let Content { weight, enabled, metadata } = &self.content;
        let switched = if *enabled { "" } else { ", disabled" };
        let entries = metadata.entries().iter().map(|(key, value)| format!(", {key}={value}"));
        format!("weight {weight}{switched}{} by {}", entries.collect::<String>(), self.carrier())
    }

    fn carrier(&self) -> String {
        carrier(&self.source, self.connection.as_ref())
    }
}
