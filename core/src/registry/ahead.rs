//! Reading ahead: what comes next in no order of memory is waited for together.

use core::hint::black_box;

use super::Registry;
use crate::id::NONE;
use crate::liveness::Due;
use crate::name::HostId;

/// How many lapses are looked at before the first of them happens.
pub(super) const AHEAD: usize = 64;

impl Registry {
    /// Reads what the next lapses will write. They come in the order of their moments, which is none in memory: each by itself would
    /// wait for it several times over, and together they wait at once.
    pub(super) fn look_ahead(&mut self, due: &[Due]) {
        let due = &due[..due.len().min(AHEAD)];
        let mut rows = [(0, false); AHEAD];
        let rows = &mut rows[..due.len()];
        for ((row, leaves), due) in rows.iter_mut().zip(due) {
            *row = self.leases.row(due.slot).instance;
            *leaves = !self.leases.is_alive(due.slot);
        }
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
