//! Registries full of beating instances, and the order in which they beat.

use liveset::{Actor, Address, Error, Instant, LeaseId, Policy, Registration, Registry, ServiceKey};

/// Instances of one service.
pub const PER_SERVICE: usize = 20;

/// Beats in one call.
pub const BATCH: usize = 1024;

/// A registry and what it gave.
pub struct Fleet {
    /// The registry.
    pub registry: Registry,
    /// The leases, in the order of their instances.
    pub leases: Vec<LeaseId>,
    /// The same leases, in no order.
    pub beating: Vec<LeaseId>,
    /// Where the fleet's clock stands.
    pub now: u64,
}

/// A registry with `count` instances, [`PER_SERVICE`] a service, under the strict policy without its brake, which a fleet that falls
/// silent as one would otherwise meet.
pub fn fleet(count: usize) -> Result<Fleet, Error> {
    let mut policy = Policy::strict();
    policy.expiry.brake = None;
    let mut registry = Registry::new(policy)?;
    let mut leases = Vec::with_capacity(count);
    for number in 0..count {
        leases.push(registry.register(Instant::ZERO, &claim(number)?)?.lease);
    }
    let beating = shuffled(count).iter().map(|&slot| leases[slot as usize]).collect();
    Ok(Fleet { registry, leases, beating, now: 0 })
}

/// The claim on instance `number` of a fleet.
pub fn claim(number: usize) -> Result<Registration, Error> {
    let service = ServiceKey::named(&format!("service-{}", number / PER_SERVICE))?;
    let host = format!("10.{}.{}.{}", number >> 16 & 255, number >> 8 & 255, number & 255);
    let source = Actor::parse(&format!("client-{}", number / PER_SERVICE % 1000))?;
    Ok(Registration::new(service, Address::new(&host, 8080)?, source))
}

impl Fleet {
    /// Lets everybody beat, `later` ms from now.
    pub fn all_beat(&mut self, later: u64) {
        self.now += later;
        let mut stale = Vec::new();
        self.registry.beat_many(moment(self.now), &self.beating, &mut stale);
        assert!(stale.is_empty(), "everybody in a fleet has a lease");
    }
}

/// Milliseconds as a moment.
pub fn moment(millis: u64) -> Instant {
    Instant::from_millis(millis).unwrap_or(Instant::MAX)
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
