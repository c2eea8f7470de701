//! A beat by id beside a bare random store of eight bytes.

use std::hint::black_box;

use liveset::Error;
use liveset_benches::{BATCH, alternate, fleet, moment, shuffled};

use crate::Run;

/// Beats a round; enough that a small fleet's round is longer than a glance at the clock.
const BEATS: usize = 400_000;

pub(crate) fn measure(run: &Run, size: usize) -> Result<(), Error> {
    let mut fleet = fleet(size)?;
    let beating = fleet.beating.clone();
    // Handed in from outside, as a host hands in ids: the compiler knows nothing of them.
    let slots: Vec<u64> = shuffled(size).into_iter().map(u64::from).collect();
    let mut memory = vec![0_u64; size];
    let turns = BEATS.div_ceil(size);
    let mut store = || {
        for turn in 0..turns {
            for batch in slots.chunks(BATCH) {
                for &slot in black_box(batch) {
                    if let Some(place) = memory.get_mut(slot as usize) {
                        *place = turn as u64;
                    }
                }
            }
            black_box(&mut memory);
        }
    };
    let rounds = run.rounds(if size > 100_000 { 60 } else { 300 });
    if run.wants("beat-batch") {
        let mut stale = Vec::new();
        let batch = || {
            for _ in 0..turns {
                fleet.now += 1;
                for batch in beating.chunks(BATCH) {
                    fleet.registry.beat_many(moment(fleet.now), black_box(batch), &mut stale);
                }
            }
        };
        run.tell("beat-batch", size, "ns", alternate(rounds, turns * size, batch, &mut store));
        assert!(stale.is_empty(), "everybody in a fleet has a lease");
    }
    if run.wants("beat-single") {
        let mut refused = 0;
        let single = || {
            for _ in 0..turns {
                fleet.now += 1;
                let now = moment(fleet.now);
                for batch in beating.chunks(BATCH) {
                    refused +=
                        black_box(batch).iter().filter(|&&lease| fleet.registry.beat(now, lease).is_err()).count();
                }
            }
        };
        run.tell("beat-single", size, "ns", alternate(rounds, turns * size, single, &mut store));
        assert_eq!(refused, 0, "everybody in a fleet has a lease");
    }
    Ok(())
}
