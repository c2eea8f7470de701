//! What is left when the registry's process ends and begins again.

use alloc::vec::Vec;

use super::journal::Author;
use super::{Registry, Timer};
use crate::id::SubscriptionId;
use crate::instance::Cause;
use crate::liveness::Brake;
use crate::time::Instant;

impl Registry {
    /// The process ended and began again, and what the policy does not keep over that is gone. A host that writes a snapshot and
    /// restores it needs no such thing; this is for imitating one that does not.
    pub fn restart(&mut self, now: Instant) {
        self.settle(now);
        if !self.policy.restart.instances {
            self.lose_instances();
            self.forget_callers(Instant::MAX);
            self.lose_subscriptions();
            self.warm_up();
        }
        if !self.policy.restart.ages {
            self.overrides.stop_ageing();
        }
        if !self.policy.restart.services {
            let empty: Vec<u32> = self.services.known().filter(|&slot| self.services.get(slot).held == 0).collect();
            for slot in empty {
                self.forget_record(slot);
            }
        }
    }

    /// All that a restart lost has been handed in again, or there was nothing: lists are complete from here on.
    pub fn loaded(&mut self, now: Instant) {
        self.settle(now);
        self.end_warming();
    }

    fn end_warming(&mut self) {
        if let Some(until) = self.warming_until.take() {
            self.timers.remove(until, Timer::Warm);
        }
    }

    fn warm_up(&mut self) {
        self.end_warming();
        self.warming_until = self.policy.restart.warming.map(|span| self.now + span);
        if let Some(until) = self.warming_until {
            self.timers.insert(until, Timer::Warm);
        }
    }

    fn lose_instances(&mut self) {
        let held = (0..self.leases.len() as u32).filter(|&slot| self.leases.is_held(slot));
        let lost: Vec<u32> = held.filter(|&slot| !self.leases.marks(slot).persistent).collect();
        for lease in lost {
            self.withdraw(lease, Cause::RegistryRestarted, &Author::time());
        }
        self.brake = Brake::default();
        for slot in 0..self.sessions.len() as u32 {
            if let Some(session) = self.sessions.close(slot) {
                self.names.release(session.name);
            }
        }
        self.timers.remove_sessions();
    }

    fn lose_subscriptions(&mut self) {
        let active: Vec<SubscriptionId> = self.subscriptions.active_ids().collect();
        for subscription in active {
            let _active = self.end_subscription(subscription);
        }
    }
}
