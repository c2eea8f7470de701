//! The gate of the hot path: a batch of beats over a bare random store of the same size, measured in turns so that a noisy machine
//! disturbs both alike. Fails when the best of the rounds is above the gate.

use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant as Clock};

use liveset::{Instant, LeaseId};
use liveset_benches::{registry_of, shuffled};

const BATCH: usize = 1024;
const ROUNDS: usize = 15;
const GATE: f64 = 1.3;

fn main() -> ExitCode {
    let mut holds = true;
    println!("{:>10} {:>10} {:>10} {:>7} {:>6}", "instances", "store ns", "beat ns", "ratio", "gate");
    for count in [10_000, 100_000, 1_000_000] {
        let Ok((mut registry, leases)) = registry_of(count) else { return ExitCode::FAILURE };
        let order = shuffled(count);
        let slots: Vec<u64> = order.iter().map(|&slot| u64::from(slot)).collect();
        let ids: Vec<LeaseId> = order.iter().map(|&slot| leases[slot as usize]).collect();
        let mut memory = vec![0_u64; count];
        let mut stale = Vec::new();
        let repeats = 4_000_000 / count;
        let mut now = 0;
        let (mut stores, mut beats) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            stores.push(timed(|| {
                for turn in 0..repeats {
                    for batch in slots.chunks(BATCH) {
                        for &slot in black_box(batch) {
                            if let Some(place) = memory.get_mut(slot as usize) {
                                *place = turn as u64;
                            }
                        }
                    }
                    black_box(&mut memory);
                }
            }));
            beats.push(timed(|| {
                for _ in 0..repeats {
                    now += 5;
                    let at = Instant::from_millis(now).unwrap_or_default();
                    for batch in ids.chunks(BATCH) {
                        registry.beat_many(at, black_box(batch), &mut stale);
                    }
                }
            }));
        }
        let each = |times: &mut Vec<Duration>| {
            times.sort();
            times[ROUNDS / 2].as_nanos() as f64 / (count * repeats) as f64
        };
        let (store, beat) = (each(&mut stores), each(&mut beats));
        let ratio = beat / store;
        holds &= ratio <= GATE && stale.is_empty();
        println!("{count:>10} {store:>10.2} {beat:>10.2} {ratio:>7.2} {GATE:>6.2}");
    }
    if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn timed(work: impl FnOnce()) -> Duration {
    let begin = Clock::now();
    work();
    begin.elapsed()
}
