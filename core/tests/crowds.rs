//! What must hold of many as it does of a few: while their records grow, and move.

use liveset::{Actor, Address, InstanceQuery, Instant, LeaseId, Policy, Reader, Registration, Registry, ServiceKey};
use liveset_model::tape::Random;

const TIMEOUT: u64 = 15_000;

fn at(millis: u64) -> Instant {
    Instant::from_millis(millis).expect("small")
}

fn registered(registry: &mut Registry, now: u64, number: usize) -> LeaseId {
    let service = ServiceKey::named(&format!("service-{}", number % 7)).expect("a good name");
    let address = Address::new(&format!("10.0.{}.{}", number / 256, number % 256), 8080).expect("a good address");
    let claim = Registration::new(service, address, Actor::parse("client").expect("a good name"));
    registry.register(at(now), &claim).expect("a good claim").lease
}

fn unbraked() -> Policy {
    let mut policy = Policy::strict();
    policy.expiry.brake = None;
    policy
}

/// Each ms one comes, and a few of those who are there beat, alone and together.
#[test]
fn whoever_beats_while_a_fleet_grows_has_his_whole_time_and_no_more() {
    let mut registry = Registry::new(unbraked()).expect("a good policy");
    let mut random = Random(3);
    let (mut leases, mut heard, mut stale) = (Vec::new(), Vec::new(), Vec::new());
    for now in 0..14_000_u64 {
        leases.push(registered(&mut registry, now, leases.len()));
        heard.push(now);
        let some: Vec<usize> = (0..3).map(|_| random.below(leases.len() as u64) as usize).collect();
        let batch: Vec<LeaseId> = some.iter().map(|&number| leases[number]).collect();
        registry.beat_many(at(now), &batch, &mut stale);
        let single = random.below(leases.len() as u64) as usize;
        registry.beat(at(now), leases[single]).expect("it is held");
        some.iter().chain([&single]).for_each(|&number| heard[number] = now);
    }
    assert!(stale.is_empty(), "everybody is known");
    let mut restored = Registry::restore(&registry.snapshot(), (0, 0)).expect("a good snapshot");
    assert_eq!(registry.digest(), restored.digest());
    for now in (TIMEOUT..14_000 + TIMEOUT).step_by(997) {
        registry.advance(at(now));
        restored.advance(at(now));
        assert_eq!(registry.digest(), restored.digest(), "at {now}");
        let silent = heard.iter().filter(|&&last| last + TIMEOUT <= now).count();
        let healthy: u32 = (0..7).map(|number| healthy(&registry, &format!("service-{number}"))).sum();
        assert_eq!(healthy as usize, heard.len() - silent, "at {now}");
    }
}

fn healthy(registry: &Registry, service: &str) -> u32 {
    let query = InstanceQuery::new(ServiceKey::named(service).expect("a good name"), Reader::Operator);
    registry.instances(&query).instances.iter().filter(|instance| instance.healthy).count() as u32
}
