//! What costs one the same however many others there are, in instructions. Each of these once went through all of the others.
//! `cargo xtask test rust` runs it.
//!
//! The limits leave a tenth: tables that grow ask the system for memory, whose own instructions depend on where it has some. A cost that
//! grows with the others is a multiple.

// What the macros make is theirs to document.
#![allow(missing_docs)]

mod limit;

use std::hint::black_box;

use gungraun::prelude::*;
use liveset::{Actor, BatchMember, BatchRegistration, Content, Policy, Registration, Registry, SessionId};
use liveset_benches::{BATCH, PER_SERVICE, claim, moment};

use limit::at_most;

const SIZE: usize = 10_000;

fn connected() -> (Box<Registry>, SessionId) {
    let mut registry = Box::new(Registry::new(Policy::nacos_2_5()).expect("a good policy"));
    let connection = Actor::parse("connection").expect("a good name");
    let session = registry.open_session(moment(0), &connection).expect("there is room");
    (registry, session)
}

fn claim_over(session: SessionId, number: usize) -> Registration {
    let mut claim = claim(number * PER_SERVICE).expect("a good claim");
    claim.session = Some(session);
    claim
}

fn carried() -> (Box<Registry>, Vec<Registration>) {
    let (mut registry, session) = connected();
    for number in 0..SIZE {
        registry.register(moment(0), &claim_over(session, number)).expect("there is room");
    }
    (registry, (SIZE..SIZE + BATCH).map(|number| claim_over(session, number)).collect())
}

// The connection of a proxy: beside 10 000 others, as beside none.
#[library_benchmark(config = at_most(11_500_000))]
#[bench::of_ten_thousand_services(carried())]
fn register_over_one((mut registry, newcomers): (Box<Registry>, Vec<Registration>)) -> Box<Registry> {
    for newcomer in black_box(&newcomers) {
        let _ = black_box(registry.register(moment(0), newcomer).is_ok());
    }
    registry
}

fn gathered() -> (Box<Registry>, BatchRegistration) {
    let (registry, session) = connected();
    let Registration { service, source, .. } = claim(0).expect("a good claim");
    let member =
        |number| BatchMember { address: claim(number).expect("a good claim").address, content: Content::default() };
    (registry, BatchRegistration { service, source, session, members: (0..BATCH).map(member).collect() })
}

#[library_benchmark(config = at_most(11_500_000))]
#[bench::of_1024(gathered())]
fn register_batch((mut registry, batch): (Box<Registry>, BatchRegistration)) -> Box<Registry> {
    let _ = black_box(registry.register_batch(moment(0), black_box(&batch)).is_ok());
    registry
}

fn held_up() -> (Box<Registry>, Registration) {
    let mut registry = Box::new(Registry::new(Policy::strict()).expect("a good policy"));
    for number in 0..SIZE {
        registry.register(moment(0), &claim(number).expect("a good claim")).expect("there is room");
    }
    registry.advance(moment(60_000));
    let asked = claim(0).expect("a good claim");
    // Once before: what an allocator does at its first call after a large one is not the account's.
    black_box(registry.explain(&asked.service, &asked.address));
    (registry, asked)
}

// While nobody is heard, 10 000 removals wait.
#[library_benchmark(config = at_most(20_000))]
#[bench::while_all_wait(held_up())]
fn explain((registry, asked): (Box<Registry>, Registration)) -> Box<Registry> {
    let _ = black_box(registry.explain(&asked.service, &asked.address));
    registry
}

library_benchmark_group!(name = crowds, benchmarks = [register_over_one, register_batch, explain]);
main!(library_benchmark_groups = crowds);
