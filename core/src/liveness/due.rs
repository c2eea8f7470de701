//! What is due, and the order in which it happens.

use alloc::vec::Vec;

use crate::grouped::grouped;
use crate::time::Instant;

/// A deadline that has come: when it is acted on, and whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Due {
    pub(crate) at: Instant,
    pub(crate) slot: u32,
}

/// What was found by slot, by (moment, slot). Many that fell silent together did so within few moments: those are counted and not
/// compared.
pub(crate) fn in_order(mut found: Vec<Due>) -> Vec<Due> {
    let (Some(first), Some(last)) = (found.iter().map(|due| due.at).min(), found.iter().map(|due| due.at).max()) else {
        return found;
    };
    let moments = last.since(first).as_millis() + 1;
    if moments > found.len() as u64 {
        found.sort_unstable();
        return found;
    }
    grouped(&found, moments as usize, |due| due.at.since(first).as_millis() as usize).0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Span;

    #[test]
    fn what_is_due_comes_by_moment_and_by_slot_within_one_whether_counted_or_compared() {
        for moments in [1, 7, 300, 100_000] {
            let at = |slot: u32| Instant::ZERO + Span::unbounded(u64::from(slot).wrapping_mul(0x9e37_79b9) % moments);
            let found: Vec<Due> = (0..1000).map(|slot| Due { at: at(slot), slot }).collect();
            let mut expected = found.clone();
            expected.sort_unstable();
            assert_eq!(in_order(found), expected, "{moments} moments");
        }
        assert_eq!(in_order(Vec::new()), Vec::new());
    }
}
