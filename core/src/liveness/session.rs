//! Rule 3: connections. A silent one is probed; one that ends, ends all its leases, in the order in which they were made.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::id::SessionId;
use crate::name::NameId;
use crate::policy::SessionPolicy;
use crate::slots::Slots;
use crate::time::{Instant, Span};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Session {
    pub(crate) name: NameId,
    pub(crate) opened: Instant,
    /// Last sign of life.
    pub(crate) last: Instant,
    /// When it was asked for a sign of life, while the answer is out.
    pub(crate) probed: Option<Instant>,
    /// Whether the host has a notice of the probe to take.
    pub(crate) probe_waits: bool,
    /// Slots of its leases, oldest first.
    pub(crate) leases: Vec<u32>,
    /// The shortest silence that a claim over it asked to be probed after.
    pub(crate) idle: Option<Span>,
}

impl Session {
    /// How long it may be silent before it is probed.
    pub(crate) fn idle(&self, policy: &SessionPolicy) -> Span {
        self.idle.map_or(policy.idle, |own| own.min(policy.idle))
    }

    /// When its silence is looked at next.
    pub(crate) fn look(&self, policy: &SessionPolicy) -> Instant {
        policy.sweep.look(self.last + self.idle(policy))
    }

    /// When it is lost without a sign of life.
    pub(crate) fn given_up(&self, policy: &SessionPolicy) -> Instant {
        self.probed.unwrap_or_else(|| self.look(policy)) + policy.probe
    }
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
pub(crate) struct Sessions(Slots<Session>);

impl Sessions {
    pub(crate) const fn new() -> Sessions {
        Sessions(Slots::new())
    }

    pub(crate) fn open(&mut self, now: Instant, name: NameId) -> SessionId {
        let session =
            Session { name, opened: now, last: now, probed: None, probe_waits: false, leases: Vec::new(), idle: None };
        let (slot, generation) = self.0.insert(session);
        SessionId::new(slot, generation)
    }

    pub(crate) fn close(&mut self, slot: u32) -> Option<Session> {
        self.0.remove(slot)
    }

    pub(crate) fn get(&self, id: SessionId) -> Option<&Session> {
        self.0.get(id.slot(), id.generation())
    }

    pub(crate) fn in_slot(&mut self, slot: u32) -> Option<&mut Session> {
        self.0.at_mut(slot)
    }

    pub(crate) fn at(&self, slot: u32) -> Option<&Session> {
        self.0.at(slot)
    }

    pub(crate) fn id(&self, slot: u32) -> SessionId {
        SessionId::new(slot, self.0.generation(slot))
    }

    /// Notes that the host takes the notice of a probe; false when there is nothing to ask any more.
    pub(crate) fn take_probe(&mut self, id: SessionId) -> bool {
        let Some(session) = self.0.get_mut(id.slot(), id.generation()) else { return false };
        session.probe_waits = false;
        session.probed.is_some()
    }

    pub(crate) fn open_count(&self) -> u32 {
        self.0.used()
    }

    /// Looks at the session in `slot` at `now`; none when it is closed.
    pub(crate) fn check(&mut self, policy: &SessionPolicy, now: Instant, slot: u32) -> Option<Check> {
        let session = self.in_slot(slot)?;
        let answer_due = session.probed.map(|probed| probed + policy.probe);
        if let Some(due) = answer_due {
            return Some(if due <= now { Check::Lost } else { Check::Again(due) });
        }
        let look = session.look(policy);
        if look > now {
            return Some(Check::Again(look));
        }
        session.probed = Some(now);
        Some(Check::Probe(now + policy.probe))
    }

    /// Nobody watched until `now`: everybody has his whole time from here on.
    /// Slots of those that had been probed come back: their clocks look at the end of the probe, and that may be later.
    pub(crate) fn excuse(&mut self, now: Instant) -> Vec<u32> {
        (0..self.0.len() as u32).filter(|&slot| self.hear(now, slot)).collect()
    }

    /// A sign of life. True when it had been probed: its clock looks at the end of the probe, and that may be later than it should.
    pub(crate) fn hear(&mut self, now: Instant, slot: u32) -> bool {
        let Some(session) = self.in_slot(slot) else { return false };
        session.last = now;
        session.probed.take().is_some()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn fits(&self, names: usize, leases: usize) -> bool {
        self.0.all_fit(|session| {
            (session.name.0 as usize) < names && session.leases.iter().all(|&slot| (slot as usize) < leases)
        })
    }
}
