//! Everybody at once: a network that goes away, and comes back or does not.

use std::hint::black_box;
use std::time::Duration;

use liveset::Error;
use liveset_benches::{BATCH, Figure, Fleet, fleet, moment, once};

use crate::Run;

/// A fleet's last beats, spread over the five seconds of an interval.
const INTERVAL: u64 = 5_000;
const TIMEOUT: u64 = 15_000;
const DELETE: u64 = 30_000;

pub(crate) fn measure(run: &Run, size: usize) -> Result<(), Error> {
    let rounds = run.rounds(if size > 100_000 { 3 } else { 9 });
    let (mut silent, mut returned, mut removed, mut sorts) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        sorts.push(sorting(size));
        let mut fleet = fleet(size)?;
        beat_for_the_last_time(&mut fleet);
        silent.push(once(|| fleet.registry.advance(moment(TIMEOUT + INTERVAL))));
        assert_eq!(fleet.registry.newest_transition() as usize, 2 * size, "everybody came and fell silent");
        removed.push(once(|| fleet.registry.advance(moment(DELETE + INTERVAL))));
        assert_eq!(fleet.registry.instance_count(), 0, "nobody is left");

        let mut fleet = self::fleet(size)?;
        beat_for_the_last_time(&mut fleet);
        fleet.registry.advance(moment(TIMEOUT + INTERVAL));
        let mut stale = Vec::new();
        returned.push(once(|| {
            for batch in fleet.beating.chunks(BATCH) {
                fleet.registry.beat_many(moment(TIMEOUT + INTERVAL), batch, &mut stale);
            }
        }));
        assert_eq!(fleet.registry.newest_transition() as usize, 3 * size, "everybody came back");
    }
    for (name, times) in [("mass-silent", silent), ("mass-returned", returned), ("mass-removed", removed)] {
        if run.wants(name) {
            let (value, reference) = (least(&times), least(&sorts));
            run.tell(name, size, "ms", Figure { value, reference: Some(reference), ratio: Some(value / reference) });
        }
    }
    Ok(())
}

/// Everybody, one batch after another within an interval.
fn beat_for_the_last_time(fleet: &mut Fleet) {
    let mut stale = Vec::new();
    for (place, batch) in fleet.beating.chunks(BATCH).enumerate() {
        let now = 1 + (place * BATCH) as u64 * (INTERVAL - 1) / fleet.beating.len() as u64;
        fleet.registry.beat_many(moment(now), batch, &mut stale);
    }
}

/// The least that order costs: as many moments and slots, sorted.
fn sorting(size: usize) -> Duration {
    let mut due: Vec<(u64, u32)> =
        (0..size as u32).map(|slot| (u64::from(slot).wrapping_mul(0x9e37_79b9_7f4a_7c15) % INTERVAL, slot)).collect();
    once(|| black_box(&mut due).sort_unstable())
}

fn least(times: &[Duration]) -> f64 {
    times.iter().min().map_or(0.0, |time| time.as_nanos() as f64)
}
