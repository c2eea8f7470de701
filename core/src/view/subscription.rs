//! Rule 12: who is told. A notice says "this service moved; you have not looked yet". There is one at most for each
//! subscription, however many changes it stands for, so a slow reader costs no memory.

use alloc::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::id::{ServiceId, SessionId, SubscriptionId};
use crate::name::NameId;
use crate::slots::Slots;
use crate::time::Instant;

/// What the host should do next; taken with `poll`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// A service moved. Read its changes and tell the subscriber.
    Changed {
        /// Whom to tell.
        subscription: SubscriptionId,
        /// About what.
        service: ServiceId,
        /// Revision it stands at.
        revision: u64,
    },
    /// A session has been silent for long. Ask its peer for a sign of life, and touch the session when one comes.
    Probe {
        /// Which session.
        session: SessionId,
    },
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Subscription {
    pub(crate) service: u32,
    pub(crate) subscriber: NameId,
    /// When it began.
    pub(crate) since: Instant,
    /// The service's revision when its host last took a notice, and when that was.
    pub(crate) told: u64,
    pub(crate) told_at: Instant,
    /// Since when a notice waits in the queue.
    waiting_since: Option<Instant>,
}

impl Subscription {
    pub(crate) fn waiting_since(&self) -> Option<Instant> {
        self.waiting_since
    }
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum Waiting {
    Subscription { slot: u32, generation: u32 },
    Session { slot: u32, generation: u32 },
}

impl Waiting {
    fn is_orphan(&self, active: &Slots<Subscription>) -> bool {
        matches!(*self, Waiting::Subscription { slot, generation } if active.get(slot, generation).is_none())
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Subscriptions {
    active: Slots<Subscription>,
    waiting: VecDeque<Waiting>,
    /// How many of the notices that wait are nobody's, because their subscriptions ended.
    #[serde(skip)]
    orphaned: usize,
}

impl Subscriptions {
    pub(crate) const fn new() -> Subscriptions {
        Subscriptions { active: Slots::new(), waiting: VecDeque::new(), orphaned: 0 }
    }

    /// A subscription that begins now, with the service as it stands at `told`.
    pub(crate) fn insert(&mut self, now: Instant, service: u32, told: u64, subscriber: NameId) -> SubscriptionId {
        let begun = Subscription { service, subscriber, since: now, told, told_at: now, waiting_since: None };
        let (slot, generation) = self.active.insert(begun);
        SubscriptionId::new(slot, generation)
    }

    pub(crate) fn remove(&mut self, id: SubscriptionId) -> Option<Subscription> {
        self.active.get(id.slot(), id.generation())?;
        let ended = self.active.remove(id.slot())?;
        if ended.waiting_since.is_some() {
            self.orphaned += 1;
            // Together, once they are most of all: so that a thousand who leave cost a few steps each, and who comes and goes leaves nothing.
            if self.orphaned * 2 > self.waiting.len() {
                self.drop_orphans();
            }
        }
        Some(ended)
    }

    fn drop_orphans(&mut self) {
        let Subscriptions { active, waiting, orphaned } = self;
        waiting.retain(|waiting| !waiting.is_orphan(active));
        *orphaned = 0;
    }

    pub(crate) fn active_ids(&self) -> impl Iterator<Item = SubscriptionId> + '_ {
        let slots = 0..self.active.len() as u32;
        slots
            .filter(|&slot| self.active.at(slot).is_some())
            .map(|slot| SubscriptionId::new(slot, self.active.generation(slot)))
    }

    pub(crate) fn at(&self, slot: u32) -> Option<(SubscriptionId, &Subscription)> {
        self.active.at(slot).map(|found| (SubscriptionId::new(slot, self.active.generation(slot)), found))
    }

    pub(crate) fn active(&self) -> u32 {
        self.active.used()
    }

    pub(crate) fn len(&self) -> usize {
        self.active.len()
    }

    /// Puts a notice in the queue, unless one waits there already.
    pub(crate) fn notify(&mut self, now: Instant, slot: u32) {
        let generation = self.active.generation(slot);
        let Some(subscription) = self.active.at_mut(slot).filter(|subscription| subscription.waiting_since.is_none())
        else {
            return;
        };
        subscription.waiting_since = Some(now);
        self.waiting.push_back(Waiting::Subscription { slot, generation });
    }

    pub(crate) fn has_waiting(&self) -> bool {
        self.waiting.len() > self.orphaned
    }

    /// How many notices of changes wait, and since when the oldest does.
    pub(crate) fn backlog(&self) -> (u32, Option<Instant>) {
        let since = |waiting: &Waiting| match *waiting {
            Waiting::Subscription { slot, generation } => self.active.get(slot, generation)?.waiting_since,
            Waiting::Session { .. } => None,
        };
        let mut waiting = self.waiting.iter().filter_map(since).peekable();
        let oldest = waiting.peek().copied();
        (waiting.count() as u32, oldest)
    }

    pub(crate) fn probe(&mut self, session: SessionId) {
        self.waiting.push_back(Waiting::Session { slot: session.slot(), generation: session.generation() });
    }

    /// The next notice; `service` tells a service's id and where it stands, `open` whether a session still waits for its probe.
    pub(crate) fn poll(
        &mut self,
        now: Instant,
        service: impl Fn(u32) -> (ServiceId, u64),
        mut open: impl FnMut(SessionId) -> bool,
    ) -> Option<Notice> {
        while let Some(waiting) = self.waiting.pop_front() {
            match waiting {
                Waiting::Session { slot, generation } => {
                    let session = SessionId::new(slot, generation);
                    if open(session) {
                        return Some(Notice::Probe { session });
                    }
                }
                Waiting::Subscription { slot, generation } => {
                    let Some(subscription) = self.active.get_mut(slot, generation) else {
                        self.orphaned = self.orphaned.saturating_sub(1);
                        continue;
                    };
                    let (service, revision) = service(subscription.service);
                    subscription.waiting_since = None;
                    (subscription.told, subscription.told_at) = (revision, now);
                    let subscription = SubscriptionId::new(slot, generation);
                    return Some(Notice::Changed { subscription, service, revision });
                }
            }
        }
        None
    }

    /// Counts what a snapshot leaves out; false when what it holds does not fit together.
    pub(crate) fn rebuild(&mut self, names: usize, services: usize, sessions: usize) -> bool {
        let fit = |s: &Subscription| (s.service as usize) < services && (s.subscriber.0 as usize) < names;
        self.orphaned = self.waiting.iter().filter(|waiting| waiting.is_orphan(&self.active)).count();
        self.active.all_fit(fit)
            && self.waiting.iter().all(|waiting| match *waiting {
                Waiting::Subscription { slot, .. } => (slot as usize) < self.active.len(),
                Waiting::Session { slot, .. } => (slot as usize) < sessions,
            })
    }
}
