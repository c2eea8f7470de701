//! The hot path in instructions, which are exact where time is not: counted by callgrind, and held below limits that only go down.
//! `cargo xtask test rust` runs it. A change that makes a count smaller lowers its limit here.

// What the macros make is theirs to document.
#![allow(missing_docs)]

use std::hint::black_box;

use gungraun::prelude::*;
use gungraun::{Callgrind, EventKind};
use liveset::{Changes, LeaseId, Outcome, Registered, Registration, ServiceId};
use liveset_benches::{BATCH, Fleet, claim, fleet, moment};

const SIZE: usize = 10_000;

fn at_most(instructions: u64) -> LibraryBenchmarkConfig {
    let mut config = LibraryBenchmarkConfig::default();
    config.tool(Callgrind::default().hard_limits([(EventKind::Ir, instructions)]));
    config
}

fn filled() -> Fleet {
    let mut fleet = fleet(SIZE).expect("a fleet within its limits");
    fleet.all_beat(1);
    fleet
}

fn ready() -> (Fleet, Vec<LeaseId>) {
    let fleet = filled();
    let batch = fleet.beating[..BATCH].to_vec();
    (fleet, batch)
}

// The goal is 18 instructions a beat; 19.3 are counted.
#[library_benchmark(config = at_most(20_000))]
#[bench::of_1024(ready())]
fn beat_batch((mut fleet, batch): (Fleet, Vec<LeaseId>)) -> (Fleet, Vec<LeaseId>, Vec<LeaseId>) {
    let mut stale = Vec::new();
    fleet.registry.beat_many(moment(2), black_box(&batch), &mut stale);
    (fleet, batch, stale)
}

#[library_benchmark(config = at_most(42_800))]
#[bench::one_by_one(ready())]
fn beat_single((mut fleet, batch): (Fleet, Vec<LeaseId>)) -> (Fleet, Vec<LeaseId>) {
    for &lease in black_box(&batch) {
        let _ = black_box(fleet.registry.beat(moment(2), lease).is_ok());
    }
    (fleet, batch)
}

#[library_benchmark(config = at_most(250))]
#[bench::nothing_due(filled())]
fn advance(mut fleet: Fleet) -> Fleet {
    fleet.registry.advance(black_box(moment(100)));
    fleet
}

fn newcomer() -> (Fleet, Registration) {
    let mut newcomer = claim(SIZE).expect("a good claim");
    newcomer.service = claim(0).expect("a good claim").service;
    (filled(), newcomer)
}

#[library_benchmark(config = at_most(5_800))]
#[bench::known_service(newcomer())]
fn register((mut fleet, newcomer): (Fleet, Registration)) -> (Fleet, Option<Registered>) {
    let registered = fleet.registry.register(moment(2), black_box(&newcomer)).ok();
    (fleet, registered)
}

#[library_benchmark(config = at_most(3_100))]
#[bench::by_id(ready())]
fn deregister((mut fleet, batch): (Fleet, Vec<LeaseId>)) -> (Fleet, Option<Outcome>) {
    let outcome = fleet.registry.deregister_lease(moment(2), black_box(batch[0])).ok();
    (fleet, outcome)
}

fn changed() -> (Fleet, ServiceId, u64) {
    let mut fleet = filled();
    let mut again = claim(0).expect("a good claim");
    again.content.enabled = false;
    let service = fleet.registry.register(moment(2), &again).expect("it is there").service;
    let revision = fleet.registry.changes(service, 0).expect("it is known").revision;
    (fleet, service, revision - 1)
}

#[library_benchmark(config = at_most(750))]
#[bench::one_behind(changed())]
fn changes((fleet, service, since): (Fleet, ServiceId, u64)) -> (Fleet, Option<Changes>) {
    let changes = fleet.registry.changes(black_box(service), black_box(since)).ok();
    (fleet, changes)
}

library_benchmark_group!(
    name = hot_path,
    benchmarks = [beat_batch, beat_single, advance, register, deregister, changes]
);
main!(library_benchmark_groups = hot_path);
