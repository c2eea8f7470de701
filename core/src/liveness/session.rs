//! Rule 3: connections. A silent one is probed; one that ends, ends all its leases, in the order in which they were made.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::id::{SessionId, next_generation};
use crate::name::NameId;
use crate::policy::SessionPolicy;
use crate::time::{Instant, Span, next_tick};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) name: NameId,
    pub(crate) opened: Instant,
    /// Last sign of life.
    pub(crate) last: Instant,
    /// When it was asked for a sign of life, while the answer is out.
    pub(crate) probed: Option<Instant>,
    /// Slots of its leases, oldest first.
    pub(crate) leases: Vec<u32>,
}

#[derive(Serialize, Deserialize)]
struct Slot {
    generation: u32,
    session: Option<Session>,
}

/// What a session's clock found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Check {
    /// It gave a sign of life meanwhile; look again then.
    Again(Instant),
    /// It is to be asked for a sign of life, until then.
    Probe(Instant),
    /// It did not answer.
    Lost,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Sessions {
    slots: Vec<Slot>,
    free: VecDeque<u32>,
    open: u32,
}

impl Sessions {
    pub(crate) fn new() -> Sessions {
        Sessions { slots: Vec::new(), free: VecDeque::new(), open: 0 }
    }

    pub(crate) fn open(&mut self, now: Instant, name: NameId) -> SessionId {
        let session = Session { name, opened: now, last: now, probed: None, leases: Vec::new() };
        self.open += 1;
        let slot = match self.free.pop_front() {
            Some(slot) => slot,
            None => {
                self.slots.push(Slot { generation: 1, session: None });
                self.slots.len() as u32 - 1
            }
        };
        let entry = &mut self.slots[slot as usize];
        entry.session = Some(session);
        SessionId::new(slot, entry.generation)
    }

    pub(crate) fn close(&mut self, slot: u32) -> Option<Session> {
        let entry = &mut self.slots[slot as usize];
        let session = entry.session.take()?;
        entry.generation = next_generation(entry.generation);
        self.free.push_back(slot);
        self.open -= 1;
        Some(session)
    }

    pub(crate) fn get(&self, id: SessionId) -> Option<&Session> {
        let entry = self.slots.get(id.slot() as usize)?;
        if entry.generation == id.generation() { entry.session.as_ref() } else { None }
    }

    pub(crate) fn in_slot(&mut self, slot: u32) -> Option<&mut Session> {
        self.slots.get_mut(slot as usize)?.session.as_mut()
    }

    pub(crate) fn at(&self, slot: u32) -> Option<&Session> {
        self.slots.get(slot as usize)?.session.as_ref()
    }

    pub(crate) fn id(&self, slot: u32) -> SessionId {
        SessionId::new(slot, self.slots[slot as usize].generation)
    }

    pub(crate) fn open_count(&self) -> u32 {
        self.open
    }

    /// When the clock of a session with its last sign of life at `last` looks next.
    pub(crate) fn first_look(policy: &SessionPolicy, last: Instant) -> Instant {
        let idle = last + policy.idle;
        if policy.sweep == Span::ZERO { idle } else { next_tick(idle, policy.sweep, 0) }
    }

    /// Looks at the session in `slot` at `now`; none when it is closed.
    pub(crate) fn check(&mut self, policy: &SessionPolicy, now: Instant, slot: u32) -> Option<Check> {
        let session = self.in_slot(slot)?;
        let answer_due = session.probed.map(|probed| probed + policy.probe);
        if let Some(due) = answer_due {
            return Some(if due <= now { Check::Lost } else { Check::Again(due) });
        }
        let look = Sessions::first_look(policy, session.last);
        if look > now {
            return Some(Check::Again(look));
        }
        session.probed = Some(now);
        Some(Check::Probe(now + policy.probe))
    }

    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    pub(crate) fn fits(&self, names: usize, leases: usize) -> bool {
        let open = self.slots.iter().filter(|slot| slot.session.is_some()).count();
        open == self.open as usize
            && self.free.iter().all(|&slot| (slot as usize) < self.slots.len())
            && self.slots.iter().filter_map(|slot| slot.session.as_ref()).all(|session| {
                (session.name.0 as usize) < names && session.leases.iter().all(|&slot| (slot as usize) < leases)
            })
    }
}
