//! Things by generational id: a slot is used again, first freed first, and an id that outlived its owner finds nothing.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::id::{RETIRED, next_generation};

#[derive(Serialize, Deserialize)]
struct Slot<T> {
    generation: u32,
    value: Option<T>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Slots<T> {
    slots: Vec<Slot<T>>,
    free: VecDeque<u32>,
    used: u32,
}

impl<T> Slots<T> {
    pub(crate) const fn new() -> Slots<T> {
        Slots { slots: Vec::new(), free: VecDeque::new(), used: 0 }
    }

    /// Puts a value into a slot, and returns the slot with its generation.
    pub(crate) fn insert(&mut self, value: T) -> (u32, u32) {
        let slot = self.free.pop_front().unwrap_or_else(|| {
            self.slots.push(Slot { generation: 1, value: None });
            self.slots.len() as u32 - 1
        });
        let entry = &mut self.slots[slot as usize];
        entry.value = Some(value);
        self.used += 1;
        (slot, entry.generation)
    }

    /// Takes the value out; ids with this generation find nothing from here on.
    pub(crate) fn remove(&mut self, slot: u32) -> Option<T> {
        let entry = self.slots.get_mut(slot as usize)?;
        let value = entry.value.take()?;
        self.used -= 1;
        entry.generation = next_generation(entry.generation);
        if entry.generation != RETIRED {
            self.free.push_back(slot);
        }
        Some(value)
    }

    pub(crate) fn get(&self, slot: u32, generation: u32) -> Option<&T> {
        let entry = self.slots.get(slot as usize)?;
        if entry.generation == generation { entry.value.as_ref() } else { None }
    }

    pub(crate) fn get_mut(&mut self, slot: u32, generation: u32) -> Option<&mut T> {
        let entry = self.slots.get_mut(slot as usize)?;
        if entry.generation == generation { entry.value.as_mut() } else { None }
    }

    /// Whatever stands in a slot now.
    pub(crate) fn at(&self, slot: u32) -> Option<&T> {
        self.slots.get(slot as usize)?.value.as_ref()
    }

    pub(crate) fn at_mut(&mut self, slot: u32) -> Option<&mut T> {
        self.slots.get_mut(slot as usize)?.value.as_mut()
    }

    pub(crate) fn generation(&self, slot: u32) -> u32 {
        self.slots[slot as usize].generation
    }

    /// How many slots hold a value.
    pub(crate) fn used(&self) -> u32 {
        self.used
    }

    /// How many slots there are; every slot number is below it.
    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether this is as the methods above leave it, and `fits` every value. For what a snapshot brought.
    pub(crate) fn all_fit(&self, fits: impl Fn(&T) -> bool) -> bool {
        let used = self.slots.iter().filter(|slot| slot.value.is_some()).count();
        used == self.used as usize
            && self.free.iter().all(|&slot| self.slots.get(slot as usize).is_some_and(|slot| slot.value.is_none()))
            && self.slots.iter().filter_map(|slot| slot.value.as_ref()).all(fits)
    }
}

/// Takes the one entry out that is this slot; those behind it keep their order.
pub(crate) fn take_out(slots: &mut Vec<u32>, slot: u32) {
    if let Some(place) = slots.iter().position(|&other| other == slot) {
        slots.remove(place);
    }
}

/// Whether `free` names the unused of so many slots, each once. For what a snapshot brought.
pub(crate) fn frees_exactly(free: &VecDeque<u32>, slots: usize, is_unused: impl Fn(u32) -> bool) -> bool {
    let mut free: Vec<u32> = free.iter().copied().collect();
    free.sort_unstable();
    free.into_iter().eq((0..slots as u32).filter(|&slot| is_unused(slot)))
}
