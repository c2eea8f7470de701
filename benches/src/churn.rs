//! Coming and going one by one.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::hint::black_box;
use std::time::{Duration, Instant as Clock};

use liveset::{Error, Instant, LeaseId, Policy, Registration, Registry};
use liveset_benches::{Figure, PER_SERVICE, claim, fleet, moment, once, shuffled};
use siphasher::sip::SipHasher13;

use crate::Run;

/// As many come and go in a round, each from a host of its own to a service that is there.
const COMING: usize = 10_000;

pub(crate) fn measure(run: &Run, size: usize) -> Result<(), Error> {
    if run.wants("register") || run.wants("deregister") {
        one_by_one(run, size)?;
    }
    if run.wants("growth") {
        growth(run, size)?;
    }
    Ok(())
}

fn one_by_one(run: &Run, size: usize) -> Result<(), Error> {
    let mut fleet = fleet(size)?;
    let claims: Vec<Registration> = shuffled(size)
        .into_iter()
        .take(COMING)
        .map(|slot| {
            let mut claim = claim(slot as usize)?;
            let service = claim.service.clone();
            claim = self::claim((slot as usize % 65_536) + (200 << 16))?;
            claim.service = service;
            Ok(claim)
        })
        .collect::<Result<_, Error>>()?;
    // The least of it: one table from a text to a number, with the same hash.
    let mut table: HashMap<String, u64, BuildHasherDefault<SipHasher13>> = HashMap::default();
    let key = |claim: &Registration| format!("{}#{}", claim.service, claim.address);
    for number in 0..size {
        table.insert(key(&self::claim(number)?), number as u64);
    }
    let keys: Vec<String> = claims.iter().map(key).collect();

    let (mut came, mut went) = (Vec::new(), Vec::new());
    let (mut came_bare, mut went_bare) = (Vec::new(), Vec::new());
    for _ in 0..run.rounds(15) {
        let now = moment(fleet.now);
        let mut leases: Vec<LeaseId> = Vec::with_capacity(claims.len());
        came.push(once(|| {
            leases.extend(
                claims.iter().filter_map(|claim| Some(fleet.registry.register(now, black_box(claim)).ok()?.lease)),
            );
        }));
        came_bare.push(once(|| {
            for (number, key) in keys.iter().enumerate() {
                table.insert(black_box(key).clone(), number as u64);
            }
        }));
        went.push(once(|| {
            for &lease in &leases {
                let _ = black_box(fleet.registry.deregister_lease(now, black_box(lease)));
            }
        }));
        went_bare.push(once(|| {
            for key in &keys {
                black_box(table.remove(black_box(key)));
            }
        }));
        assert!(leases.len() == claims.len() && fleet.registry.instance_count() as usize == size, "all came and went");
        // Until the fences of those who went have ended.
        for _ in 0..4 {
            fleet.all_beat(10_000);
        }
    }
    for (name, mut times, mut bare) in [("register", came, came_bare), ("deregister", went, went_bare)] {
        let mut ratios: Vec<f64> =
            times.iter().zip(&bare).map(|(&time, &bare)| time.as_secs_f64() / bare.as_secs_f64()).collect();
        times.sort_unstable();
        bare.sort_unstable();
        ratios.sort_by(f64::total_cmp);
        let each = |times: &[Duration]| times[times.len() / 4].as_nanos() as f64 / claims.len() as f64;
        if run.wants(name) {
            run.tell(
                name,
                size,
                "ns",
                Figure { value: each(&times), reference: Some(each(&bare)), ratio: Some(ratios[ratios.len() / 2]) },
            );
        }
    }
    Ok(())
}

/// The longest single call while a registry grows. A neighbour's turn on our core looks like a long call, too, but it does not come
/// at the same call every time: of each call the shortest of several runs counts.
fn growth(run: &Run, size: usize) -> Result<(), Error> {
    let mut shortest = vec![u32::MAX; size];
    for _ in 0..run.rounds(5).max(3) {
        let mut registry = Registry::new(Policy::strict())?;
        for (number, shortest) in shortest.iter_mut().enumerate() {
            let claim = claim(number)?;
            let begin = Clock::now();
            registry.register(Instant::ZERO, &claim)?;
            let took = begin.elapsed().as_nanos().min(u128::from(u32::MAX)) as u32;
            *shortest = took.min(*shortest);
        }
    }
    let typical = {
        let mut sorted = shortest.clone();
        sorted.sort_unstable();
        f64::from(sorted[size / 2])
    };
    let (place, longest) = shortest.iter().enumerate().max_by_key(|&(_, time)| time).map_or((0, 0), |(p, &t)| (p, t));
    eprintln!("growth: the longest call of {size} was number {place}, in a service of {PER_SERVICE}");
    let longest = f64::from(longest);
    run.tell("growth", size, "us", Figure { value: longest, reference: Some(typical), ratio: Some(longest / typical) });
    Ok(())
}
