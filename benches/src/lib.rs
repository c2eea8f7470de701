//! What the benches measure on: registries full of beating instances, and the order in which they beat.

use liveset::{Actor, Address, Error, Instant, LeaseId, Policy, Registration, Registry, ServiceKey};

/// Instances of one service.
const PER_SERVICE: usize = 20;

/// A registry with `count` instances under the strict policy, 20 a service, and their leases.
pub fn registry_of(count: usize) -> Result<(Registry, Vec<LeaseId>), Error> {
    let mut registry = Registry::new(Policy::strict())?;
    let mut leases = Vec::with_capacity(count);
    for number in 0..count {
        let service = ServiceKey::named(&format!("service-{}", number / PER_SERVICE))?;
        let host = format!("10.{}.{}.{}", number >> 16 & 255, number >> 8 & 255, number & 255);
        let source = Actor::parse(&format!("client-{}", number / PER_SERVICE % 1000))?;
        let claim = Registration::new(service, Address::new(&host, 8080)?, source);
        leases.push(registry.register(Instant::ZERO, &claim)?.lease);
    }
    Ok((registry, leases))
}

/// `0..count` in an order without pattern, the same in every run.
pub fn shuffled(count: usize) -> Vec<u32> {
    let mut order: Vec<u32> = (0..count as u32).collect();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for place in (1..count).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        order.swap(place, (state % (place as u64 + 1)) as usize);
    }
    order
}
