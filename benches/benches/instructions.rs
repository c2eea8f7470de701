//! The hot path in instructions, which are exact where time is not: counted by callgrind, and held below limits that only go down.
//! `cargo xtask test rust` runs it. A change that makes a count smaller lowers its limit here.

// What the macros make is theirs to document.
#![allow(missing_docs)]

mod limit;

use std::hint::black_box;

use gungraun::prelude::*;
use liveset::{Changes, InstanceBeat, LeaseId, Registration, ServiceId};
use liveset_benches::{BATCH, Fleet, claim, fleet, moment};

use limit::at_most;

const SIZE: usize = 10_000;

/// In a box: how large a registry is, is no cost of what it does.
fn filled() -> Box<Fleet> {
    let mut fleet = Box::new(fleet(SIZE).expect("a fleet within its limits"));
    fleet.all_beat(1);
    fleet
}

fn ready() -> (Box<Fleet>, Vec<LeaseId>) {
    let fleet = filled();
    let batch = fleet.beating[..BATCH].to_vec();
    (fleet, batch)
}

// The goal is 18 instructions a beat; 10.1 are counted.
#[library_benchmark(config = at_most(10_400))]
#[bench::of_1024(ready())]
fn beat_batch((mut fleet, batch): (Box<Fleet>, Vec<LeaseId>)) -> (Box<Fleet>, Vec<LeaseId>, Vec<LeaseId>) {
    let mut stale = Vec::new();
    fleet.registry.beat_many(moment(2), black_box(&batch), &mut stale);
    (fleet, batch, stale)
}

#[library_benchmark(config = at_most(19_600))]
#[bench::one_by_one(ready())]
fn beat_single((mut fleet, batch): (Box<Fleet>, Vec<LeaseId>)) -> (Box<Fleet>, Vec<LeaseId>) {
    for &lease in black_box(&batch) {
        let _ = black_box(fleet.registry.beat(moment(2), lease).is_ok());
    }
    (fleet, batch)
}

fn named() -> (Box<Fleet>, Vec<InstanceBeat>) {
    let beat = |number: usize| {
        let Registration { service, address, source, .. } = claim(number).expect("a good claim");
        InstanceBeat { service, address, source, incarnation: None, content: None }
    };
    (filled(), (0..BATCH).map(beat).collect())
}

#[library_benchmark(config = at_most(1_604_000))]
#[bench::one_by_one(named())]
fn beat_by_name((mut fleet, beats): (Box<Fleet>, Vec<InstanceBeat>)) -> (Box<Fleet>, Vec<InstanceBeat>) {
    for beat in black_box(&beats) {
        let _ = black_box(fleet.registry.beat_instance(moment(2), beat).is_ok());
    }
    (fleet, beats)
}

#[library_benchmark(config = at_most(25))]
#[bench::nothing_due(filled())]
fn advance(mut fleet: Box<Fleet>) -> Box<Fleet> {
    fleet.registry.advance(black_box(moment(100)));
    fleet
}

fn newcomers() -> (Box<Fleet>, Vec<Registration>) {
    let newcomer = |number: usize| {
        let mut newcomer = claim(SIZE + number).expect("a good claim");
        newcomer.service = claim(number).expect("a good claim").service;
        newcomer
    };
    (filled(), (0..BATCH).map(newcomer).collect())
}

// 1024 of them, so that what grows has its part: a single one is the dearest or the cheapest.
#[library_benchmark(config = at_most(4_427_000))]
#[bench::known_services(newcomers())]
fn register((mut fleet, newcomers): (Box<Fleet>, Vec<Registration>)) -> (Box<Fleet>, Vec<Registration>) {
    for newcomer in black_box(&newcomers) {
        let _ = black_box(fleet.registry.register(moment(2), newcomer).is_ok());
    }
    (fleet, newcomers)
}

#[library_benchmark(config = at_most(2_197_000))]
#[bench::by_id(ready())]
fn deregister((mut fleet, batch): (Box<Fleet>, Vec<LeaseId>)) -> (Box<Fleet>, Vec<LeaseId>) {
    for &lease in black_box(&batch) {
        let _ = black_box(fleet.registry.deregister_lease(moment(2), lease).is_ok());
    }
    (fleet, batch)
}

fn changed() -> (Box<Fleet>, ServiceId, Changes) {
    let mut fleet = filled();
    let mut again = claim(0).expect("a good claim");
    again.content.enabled = false;
    let service = fleet.registry.register(moment(2), &again).expect("it is there").service;
    let changes = fleet.registry.changes(service, 0).expect("it is known");
    (fleet, service, changes)
}

#[library_benchmark(config = at_most(195))]
#[bench::one_behind(changed())]
fn changes((fleet, service, mut changes): (Box<Fleet>, ServiceId, Changes)) -> (Box<Fleet>, Changes) {
    let since = black_box(changes.revision - 1);
    let _ = black_box(fleet.registry.changes_into(black_box(service), since, &mut changes).is_ok());
    (fleet, changes)
}

library_benchmark_group!(
    name = hot_path,
    benchmarks = [beat_batch, beat_single, beat_by_name, advance, register, deregister, changes]
);
main!(library_benchmark_groups = hot_path);
