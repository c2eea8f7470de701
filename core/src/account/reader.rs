//! How far each reader is: what a subscriber was told, and what the layers behind it hold.

use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::Transition;
use crate::id::SubscriptionId;
use crate::name::Actor;
use crate::time::Instant;

/// How far one subscriber was told of its service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SubscriberAccount {
    /// Its subscription.
    pub subscription: SubscriptionId,
    /// Who it is.
    pub subscriber: Actor,
    /// When it subscribed.
    pub since: Instant,
    /// The revision it was last told of, or subscribed at.
    pub told: u64,
    /// When that was.
    pub told_at: Instant,
    /// Since when a notice waits that its host has not taken; none where none waits.
    pub waiting_since: Option<Instant>,
}

/// The subscribers of an instance's service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Telling {
    /// How many there are.
    pub subscribers: u32,
    /// How many were not told of the instance's last change yet.
    pub behind: u32,
    /// The first of those, in the order of their subscriptions, at most eight.
    pub first: Vec<SubscriberAccount>,
}

/// A layer between the registry and the calls that a reader makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// The list of its registry client.
    Client,
    /// The list of the framework above that client: a load balancer's or a gateway's cache.
    Framework,
}

/// What one layer of a reader holds of an instance, as its host reports it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CopyReport {
    /// Whose.
    pub reader: Actor,
    /// Which layer.
    pub layer: Layer,
    /// When it took the list it holds; none where it never took one.
    pub taken: Option<Instant>,
    /// Whether the instance is in that list.
    pub listed: bool,
    /// Whether it is there as healthy.
    #[serde(default)]
    pub healthy: bool,
    /// Since when push-empty protection keeps that list against a newer one; none where it does not.
    #[serde(default)]
    pub kept_since: Option<Instant>,
    /// Until when it keeps it; none without end.
    #[serde(default)]
    pub kept_until: Option<Instant>,
}

/// A copy beside what the registry gives consumers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CopyAccount {
    /// The copy.
    pub copy: CopyReport,
    /// Whether it lists the instance as the registry does.
    pub agrees: bool,
    /// Whether the reader is subscribed to the service here, so that it will be told of the next change.
    pub subscribed: bool,
    /// The newest that happened to the instance since the copy was taken, where they differ and the journal still knows.
    pub missed: Option<Transition>,
}

impl Telling {
    /// Nothing where everybody was told.
    pub(super) fn tell(&self) -> Option<String> {
        let others = self.behind - self.first.len() as u32;
        let mut names: Vec<String> = self.first.iter().map(behind).collect();
        if others > 0 {
            names.push(alloc::format!("and {others} more"));
        }
        (self.behind > 0).then(|| {
            alloc::format!("not told yet: {} of {} subscribers: {}", self.behind, self.subscribers, names.join(", "))
        })
    }
}

fn behind(account: &SubscriberAccount) -> String {
    match account.waiting_since {
        Some(since) => alloc::format!("{} (a notice waits since {since})", account.subscriber),
        None => alloc::format!("{} (last told at {})", account.subscriber, account.told_at),
    }
}

impl CopyAccount {
    pub(super) fn tell(&self, event: impl Fn(&Transition) -> String) -> String {
        let CopyReport { reader, layer, listed, healthy, .. } = &self.copy;
        let layer = match layer {
            Layer::Client => "client",
            Layer::Framework => "framework",
        };
        let Some(taken) = self.copy.taken else { return alloc::format!("{reader}'s {layer}: has no list yet") };
        let still = if self.agrees { "" } else { "still " };
        let has = match (listed, healthy) {
            (true, true) => "has it as healthy",
            (true, false) => "has it as unhealthy",
            (false, _) => "does not have it",
        };
        let kept = self.copy.kept_since.map(|since| {
            let until = self.copy.kept_until.map_or(String::from("without end"), |at| alloc::format!("until {at}"));
            alloc::format!(", which push-empty protection keeps since {since} {until}")
        });
        let missed = self.missed.as_ref().map(|entry| alloc::format!("; since then: {}", event(entry)));
        let unknown = if self.subscribed { "" } else { ", and it is not subscribed here" };
        alloc::format!(
            "{reader}'s {layer}: {still}{has}, by its list of {taken}{}{unknown}{}",
            kept.unwrap_or_default(),
            missed.unwrap_or_default()
        )
    }
}
