//! Pushes to subscribers of the API v1: who asked for them, what goes out, and what goes out once more because nobody acknowledged it.
//!
//! Also without sockets: the host sends the datagrams, and says which were acknowledged.

use std::collections::BTreeMap;

use liveset::{Actor, Command, Instant, Notice, Outcome, ServiceKey, Span, SubscriptionId};

use crate::{Dialect, Door, Request, serve};

/// How long a list may wait for its acknowledgement, in ms; then it is sent once more, as it was (R-PU-11, recorded).
const ACKNOWLEDGED_WITHIN: Span = seconds(10);

/// A list on its way to a subscriber.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Datagram {
    /// Where to.
    pub host: String,
    /// Where to.
    pub port: u16,
    /// To be given back with its acknowledgement.
    pub reference: u64,
    /// The list, as `GET /instance/list` answers it.
    pub body: String,
}

/// Everybody who is told of changes over UDP.
#[derive(Clone, Debug)]
pub struct Pushes {
    dialect: Dialect,
    subscribers: BTreeMap<Subscriber, Asked>,
    unacknowledged: BTreeMap<u64, (Instant, Datagram)>,
    sent: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Subscriber {
    host: String,
    port: u16,
    service: ServiceKey,
}

#[derive(Clone, Debug)]
struct Asked {
    subscription: SubscriptionId,
    at: Instant,
    request: Request,
}

const fn seconds(count: u32) -> Span {
    Span::from_secs(count)
}

impl Pushes {
    /// Nobody is told yet.
    pub fn new(dialect: Dialect) -> Pushes {
        Pushes { dialect, subscribers: BTreeMap::new(), unacknowledged: BTreeMap::new(), sent: 0 }
    }

    /// Takes note of a request that was served: a list that the SDK asks for with a port is a wish to be told of changes.
    pub fn asked(&mut self, door: &mut impl Door, now: Instant, request: &Request) {
        let wants = request.path() == "/instance/list" && request.is_of_sdk();
        let port =
            request.parameter("udpPort").and_then(|port| port.parse().ok()).filter(|&port: &u16| wants && port > 0);
        let (Some(port), Some(host)) = (port, request.parameter("clientIP")) else { return };
        let Some(service) = request.service_key() else { return };
        let subscriber = Subscriber { host: host.to_owned(), port, service: service.clone() };
        if let Some(asked) = self.subscribers.get_mut(&subscriber) {
            asked.at = now;
            asked.request = request.clone();
            return;
        }
        let Ok(name) = Actor::parse(&format!("{host}:{port}")) else { return };
        if let Ok(Outcome::Subscribed { subscription, .. }) =
            door.apply(now, Command::Subscribe { service, subscriber: name })
        {
            self.subscribers.insert(subscriber, Asked { subscription, at: now, request: request.clone() });
        }
    }

    /// What is to be sent at `now`: lists of services that moved, and those nobody acknowledged.
    pub fn due(&mut self, door: &mut impl Door, now: Instant) -> Vec<Datagram> {
        let mut out = Vec::new();
        let late = self.late(now);
        self.forget_silent(door, now);
        while let Ok(Outcome::Notices { notices }) = door.apply(now, Command::Poll { max: 64 }) {
            if notices.is_empty() {
                break;
            }
            for notice in notices {
                let Notice::Changed { subscription, .. } = notice else { continue };
                out.extend(self.list(door, now, subscription));
            }
        }
        // Once more and never again, whatever went out meanwhile.
        out.extend(late.into_iter().filter_map(|reference| Some(self.unacknowledged.remove(&reference)?.1)));
        out
    }

    /// A datagram arrived.
    pub fn acknowledged(&mut self, reference: u64) {
        self.unacknowledged.remove(&reference);
    }

    /// When something is to be sent though no service moves.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.unacknowledged.values().map(|(at, _)| *at).min()
    }

    fn late(&self, now: Instant) -> Vec<u64> {
        let late = self.unacknowledged.iter().filter(|(_, (at, _))| *at <= now);
        late.map(|(reference, _)| *reference).collect()
    }

    fn list(&mut self, door: &mut impl Door, now: Instant, subscription: SubscriptionId) -> Option<Datagram> {
        let (subscriber, asked) = self.subscribers.iter().find(|(_, asked)| asked.subscription == subscription)?;
        let response = serve(door, self.dialect, now, &asked.request);
        self.sent += 1;
        let datagram = Datagram {
            host: subscriber.host.clone(),
            port: subscriber.port,
            reference: self.sent,
            body: response.body,
        };
        self.unacknowledged.insert(self.sent, (now + ACKNOWLEDGED_WITHIN, datagram.clone()));
        Some(datagram)
    }

    /// Who did not ask for long is told no more: after 10 s in 1.4, after 30 s later (R-PU-12, R-CE-3).
    fn forget_silent(&mut self, door: &mut impl Door, now: Instant) {
        let patience = if self.dialect == Dialect::V1_4 { seconds(10) } else { seconds(30) };
        let silent = self.subscribers.iter().filter(|(_, asked)| asked.at + patience < now);
        let silent: Vec<Subscriber> = silent.map(|(subscriber, _)| subscriber.clone()).collect();
        for subscriber in silent {
            if let Some(asked) = self.subscribers.remove(&subscriber) {
                let _active = door.apply(now, Command::Unsubscribe { subscription: asked.subscription });
            }
        }
    }
}
