//! Ids as the design says them: a 32-bit slot and a generation above it; the slot freed first is used again first.

use std::collections::VecDeque;

#[derive(Debug, Default)]
pub(super) struct Ids {
    generations: Vec<u64>,
    free: VecDeque<usize>,
}

impl Ids {
    pub(super) fn make(&mut self) -> u64 {
        let slot = self.free.pop_front().unwrap_or_else(|| {
            self.generations.push(1);
            self.generations.len() - 1
        });
        self.generations[slot] << 32 | slot as u64
    }

    pub(super) fn end(&mut self, id: u64) {
        let slot = slot(id);
        self.generations[slot] += 1;
        self.free.push_back(slot);
    }
}

pub(super) fn slot(id: u64) -> usize {
    (id & 0xffff_ffff) as usize
}
