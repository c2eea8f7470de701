//! Rule 12: who is told. A notice says "this service moved; you have not looked yet". There is one at most for each
//! subscription, however many changes it stands for, so a slow reader costs no memory.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::id::{ServiceId, SessionId, SubscriptionId, next_generation};
use crate::name::NameId;

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
    queued: bool,
}

#[derive(Serialize, Deserialize)]
struct Slot {
    generation: u32,
    subscription: Option<Subscription>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum Waiting {
    Subscription { slot: u32, generation: u32 },
    Session { slot: u32, generation: u32 },
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Subscriptions {
    slots: Vec<Slot>,
    free: VecDeque<u32>,
    waiting: VecDeque<Waiting>,
    active: u32,
}

impl Subscriptions {
    pub(crate) fn new() -> Subscriptions {
        Subscriptions { slots: Vec::new(), free: VecDeque::new(), waiting: VecDeque::new(), active: 0 }
    }

    pub(crate) fn insert(&mut self, service: u32, subscriber: NameId) -> SubscriptionId {
        let subscription = Subscription { service, subscriber, queued: false };
        self.active += 1;
        let slot = match self.free.pop_front() {
            Some(slot) => slot,
            None => {
                self.slots.push(Slot { generation: 1, subscription: None });
                self.slots.len() as u32 - 1
            }
        };
        let entry = &mut self.slots[slot as usize];
        entry.subscription = Some(subscription);
        SubscriptionId::new(slot, entry.generation)
    }

    pub(crate) fn remove(&mut self, id: SubscriptionId) -> Option<Subscription> {
        let entry = self.slots.get_mut(id.slot() as usize).filter(|entry| entry.generation == id.generation())?;
        let subscription = entry.subscription.take()?;
        entry.generation = next_generation(entry.generation);
        self.free.push_back(id.slot());
        self.active -= 1;
        Some(subscription)
    }

    pub(crate) fn active(&self) -> u32 {
        self.active
    }

    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Puts a notice in the queue, unless one waits there already.
    pub(crate) fn notify(&mut self, slot: u32) {
        let entry = &mut self.slots[slot as usize];
        let Some(subscription) = entry.subscription.as_mut().filter(|subscription| !subscription.queued) else {
            return;
        };
        subscription.queued = true;
        self.waiting.push_back(Waiting::Subscription { slot, generation: entry.generation });
    }

    pub(crate) fn has_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    pub(crate) fn probe(&mut self, session: SessionId) {
        self.waiting.push_back(Waiting::Session { slot: session.slot(), generation: session.generation() });
    }

    /// The next notice; `revision` tells where a service stands, `open` whether a session still waits for its probe.
    pub(crate) fn poll(&mut self, revision: impl Fn(u32) -> u64, open: impl Fn(SessionId) -> bool) -> Option<Notice> {
        while let Some(waiting) = self.waiting.pop_front() {
            match waiting {
                Waiting::Session { slot, generation } => {
                    let session = SessionId::new(slot, generation);
                    if open(session) {
                        return Some(Notice::Probe { session });
                    }
                }
                Waiting::Subscription { slot, generation } => {
                    let entry = &mut self.slots[slot as usize];
                    let Some(subscription) = entry.subscription.as_mut().filter(|_| entry.generation == generation)
                    else {
                        continue;
                    };
                    subscription.queued = false;
                    return Some(Notice::Changed {
                        subscription: SubscriptionId::new(slot, generation),
                        service: super::Services::id(subscription.service),
                        revision: revision(subscription.service),
                    });
                }
            }
        }
        None
    }

    pub(crate) fn fits(&self, names: usize, services: usize, sessions: usize) -> bool {
        let slots = self.slots.len();
        let active = self.slots.iter().filter_map(|slot| slot.subscription.as_ref());
        active.clone().count() == self.active as usize
            && active.clone().all(|s| (s.service as usize) < services && (s.subscriber.0 as usize) < names)
            && self.free.iter().all(|&slot| (slot as usize) < slots)
            && self.waiting.iter().all(|waiting| match *waiting {
                Waiting::Subscription { slot, .. } => (slot as usize) < slots,
                Waiting::Session { slot, .. } => (slot as usize) < sessions,
            })
    }
}
