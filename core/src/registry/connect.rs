//! Connections: opening, touching, closing, and the clock that looks for silent ones.

use super::journal::Author;
use super::{Registry, Timer};
use crate::account::Silence;
use crate::error::Error;
use crate::id::SessionId;
use crate::instance::Cause;
use crate::liveness::Check;
use crate::name::Actor;
use crate::time::{Instant, Span};

impl Registry {
    /// Opens a session for a connection. Its end will end every lease registered over it.
    pub fn open_session(&mut self, now: Instant, name: &Actor) -> Result<SessionId, Error> {
        self.settle(now);
        let max = self.policy.limits.sessions_max;
        if self.sessions.open_count() >= max {
            return Err(Error::LimitReached { limit: "sessions_max", max: u64::from(max) });
        }
        let name = self.names.intern(name.as_str());
        let session = self.sessions.open(self.now, name);
        self.arm_session(session.slot());
        Ok(session)
    }

    /// A claim over a session asks for its silence to be looked at so soon.
    pub(super) fn shorten_idle(&mut self, slot: u32, idle: Span) {
        if let Some(session) = self.sessions.in_slot(slot).filter(|session| session.idle.is_none_or(|own| idle < own)) {
            session.idle = Some(idle);
            self.arm_session(slot);
        }
    }

    pub(super) fn arm_session(&mut self, slot: u32) {
        if let Some(session) = self.sessions.at(slot) {
            let at = session.look(&self.policy.session).max(self.now);
            self.timers.insert(at, Timer::Session(slot));
        }
    }

    /// A sign of life of the connection, asked for or not.
    pub fn touch_session(&mut self, now: Instant, session: SessionId) -> Result<(), Error> {
        self.settle(now);
        self.open(session)?;
        self.hear_session(session.slot());
        Ok(())
    }

    /// A sign of life of whatever session is in this slot.
    pub(super) fn hear_session(&mut self, slot: u32) {
        if self.sessions.hear(self.now, slot) {
            self.arm_session(slot);
        }
    }

    /// The connection ended: its leases are withdrawn at once, oldest first. Returns how many there were.
    pub fn close_session(&mut self, now: Instant, session: SessionId) -> Result<u32, Error> {
        self.settle(now);
        self.open(session)?;
        Ok(self.end_session(session.slot(), Cause::SessionClosed))
    }

    pub(super) fn session_due(&mut self, slot: u32) {
        match self.sessions.check(&self.policy.session, self.now, slot) {
            Some(Check::Again(at)) => {
                self.timers.insert(at, Timer::Session(slot));
            }
            Some(Check::Probe(until)) => {
                self.timers.insert(until, Timer::Session(slot));
                let id = self.sessions.id(slot);
                let waits = self.sessions.in_slot(slot).map(|open| core::mem::replace(&mut open.probe_waits, true));
                // One notice for a session, however often it is probed before the host looks.
                if waits == Some(false) {
                    self.subscriptions.probe(id);
                }
            }
            Some(Check::Lost) => {
                self.end_session(slot, Cause::SessionLost);
            }
            None => {}
        }
    }

    fn end_session(&mut self, slot: u32, cause: Cause) -> u32 {
        let Some(session) = self.sessions.close(slot) else { return 0 };
        let mut author = Author::of(session.name);
        if cause == Cause::SessionLost {
            author.silence = Some(Silence { since: session.last, asked: session.probed });
        }
        for &lease in &session.leases {
            self.withdraw(lease, cause, &author);
        }
        self.names.release(session.name);
        session.leases.len() as u32
    }

    fn open(&self, session: SessionId) -> Result<(), Error> {
        match self.sessions.get(session) {
            Some(_) => Ok(()),
            None => Err(Error::UnknownSession { session: session.to_u64() }),
        }
    }
}
