//! The whole of a quiet day: everybody beats every five seconds, and the clock is looked at ten times a second.

use std::hint::black_box;
use std::time::Duration;

use cpu_time::ThreadTime;
use liveset::Error;
use liveset_benches::{BATCH, Figure, fleet, moment, once, shuffled};

use crate::Run;

const STEP: u64 = 100;
const STEPS_OF_A_BEAT: usize = 50;
/// So many beats at least; the first fifteen seconds, in which nobody is due yet, are not counted.
const BEATS: usize = 6_000_000;

pub(crate) fn measure(run: &Run, size: usize) -> Result<(), Error> {
    let mut fleet = fleet(size)?;
    let beating = fleet.beating.clone();
    let steps: Vec<&[_]> = beating.chunks(size.div_ceil(STEPS_OF_A_BEAT)).collect();
    let order = shuffled(size);
    let mut memory = vec![0_u64; size];
    let mut stale = Vec::new();

    let turns = BEATS.div_ceil(size).max(6) / if run.quick { 3 } else { 1 };
    // What looking at our own clock costs.
    let glance = (0..1000).map(|_| once(|| ())).min().unwrap_or_default();
    let (mut due, mut beats, mut stores) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    for turn in 0..turns + 3 {
        let counted = u32::from(turn >= 3);
        for (step, part) in steps.iter().enumerate() {
            fleet.now += STEP;
            let now = moment(fleet.now);
            let begin = ThreadTime::now();
            fleet.registry.advance(now);
            let advanced = ThreadTime::now();
            for batch in part.chunks(BATCH) {
                fleet.registry.beat_many(now, black_box(batch), &mut stale);
            }
            let beaten = ThreadTime::now();
            for &slot in black_box(&order[step * part.len()..][..part.len().min(size - step * part.len())]) {
                if let Some(place) = memory.get_mut(slot as usize) {
                    *place = turn as u64;
                }
            }
            due += advanced.duration_since(begin).saturating_sub(glance) * counted;
            beats += beaten.duration_since(advanced).saturating_sub(glance) * counted;
            stores += beaten.elapsed().saturating_sub(glance) * counted;
        }
    }
    assert!(stale.is_empty() && fleet.registry.instance_count() as usize == size, "nobody is late on a quiet day");
    let each = |time: Duration| time.as_nanos() as f64 / (turns * size) as f64;
    let virtual_ns = (turns as u64 * STEPS_OF_A_BEAT as u64 * STEP * 1_000_000) as f64;
    let share = |time: Duration| time.as_nanos() as f64 / virtual_ns * 100.0;
    let (whole, bare) = (due + beats, stores);
    let ratio = Some(whole.as_nanos() as f64 / bare.as_nanos() as f64);
    if run.wants("steady") {
        run.tell("steady", size, "%", Figure { value: share(whole), reference: Some(share(bare)), ratio });
    }
    if run.wants("expiry-share") {
        let ratio = Some(due.as_nanos() as f64 / bare.as_nanos() as f64);
        run.tell("expiry-share", size, "ns", Figure { value: each(due), reference: Some(each(bare)), ratio });
    }
    Ok(())
}
