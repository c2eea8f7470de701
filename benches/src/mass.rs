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
        if run.wants("mass-silent") || run.wants("mass-removed") {
            let mut fleet = last_heard(size)?;
            silent.push(once(|| fleet.registry.advance(moment(TIMEOUT + INTERVAL))));
            assert_eq!(fleet.registry.newest_transition() as usize, 2 * size, "everybody came and fell silent");
            removed.push(once(|| fleet.registry.advance(moment(DELETE + INTERVAL))));
            assert_eq!(fleet.registry.instance_count(), 0, "nobody is left");
        }
        if run.wants("mass-returned") {
            let mut fleet = last_heard(size)?;
            fleet.registry.advance(moment(TIMEOUT + INTERVAL));
            returned.push(once(|| beat_in_batches(&mut fleet, |_| TIMEOUT + INTERVAL)));
            assert_eq!(fleet.registry.newest_transition() as usize, 3 * size, "everybody came back");
        }
    }
    for (name, times) in [("mass-silent", silent), ("mass-returned", returned), ("mass-removed", removed)] {
        if run.wants(name) {
            let (value, reference) = (least(&times), least(&sorts));
            run.tell(name, size, "ms", Figure { value, reference: Some(reference), ratio: Some(value / reference) });
        }
    }
    Ok(())
}

/// A fleet whose last beats came one batch after another within an interval.
fn last_heard(size: usize) -> Result<Fleet, Error> {
    let mut fleet = fleet(size)?;
    beat_in_batches(&mut fleet, |begun| 1 + begun as u64 * (INTERVAL - 1) / size as u64);
    Ok(fleet)
}

/// Everybody beats; `at` says when a batch does that so many beat before.
fn beat_in_batches(fleet: &mut Fleet, at: impl Fn(usize) -> u64) {
    let mut stale = Vec::new();
    for (place, batch) in fleet.beating.chunks(BATCH).enumerate() {
        fleet.registry.beat_many(moment(at(place * BATCH)), batch, &mut stale);
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
