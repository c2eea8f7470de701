//! Reading ahead: what comes next in no order of memory is waited for together.

use core::hint::black_box;

use super::Registry;
use crate::id::{LeaseId, NONE};
use crate::liveness::{Due, Leases};
use crate::name::HostId;

/// How many are looked at before the first of them has its turn.
pub(super) const AHEAD: usize = 64;

impl Registry {
    /// Reads what the next lapses will write. They come in the order of their moments, which is none in memory: each by itself would
    /// wait for it several times over, and together they wait at once.
    pub(super) fn before_lapses(&mut self, due: &[Due]) {
        self.read_ahead(due, |leases, due| Some((due.slot, !leases.is_alive(due.slot))));
    }

    /// As [`Registry::before_lapses`] for those among the next beats that bring somebody back: after a network went away, everybody.
    pub(super) fn before_beats(&mut self, beats: &[LeaseId]) {
        self.read_ahead(beats, |leases, &beat| {
            let silent = leases.get(beat).is_some() && !leases.is_alive(beat.slot());
            silent.then_some((beat.slot(), false))
        });
    }

    /// Reads what the next of these will write, where they are about a lease, and about one that leaves or does not.
    fn read_ahead<T>(&mut self, coming: &[T], lease: impl Fn(&Leases, &T) -> Option<(u32, bool)>) {
        let mut rows = [(0, false); AHEAD];
        let mut count = 0;
        for (lease, leaves) in coming.iter().take(AHEAD).filter_map(|one| lease(&self.leases, one)) {
            rows[count] = (self.leases.row(lease).instance, leaves);
            count += 1;
        }
        let rows = &mut rows[..count];
        for (row, _) in rows.iter_mut() {
            *row = self.roster.row(*row).key.service;
        }
        let mut leaving = 0;
        for (row, leaves) in rows.iter_mut() {
            leaving += usize::from(*leaves);
            // The member that takes the place of the one that leaves.
            *row = self.services.get(*row).read_ahead(*leaves).unwrap_or(NONE);
        }
        for (member, _) in rows.iter().filter(|(member, _)| *member != NONE) {
            black_box(self.roster.row(*member).position);
        }
        // Each that goes lets one be forgotten that went long ago.
        for key in self.roster.read_ahead(leaving) {
            black_box(self.services.get(key.service).uses);
            if let HostId::Named(name) = key.host {
                self.names.read_ahead(name);
            }
        }
    }
}
