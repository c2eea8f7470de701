//! The words that the stories are told in.

use liveset::{Actor, Address, Instant, Policy, Registration, Registry, ServiceKey};

pub(crate) fn at(secs: u32) -> Instant {
    Instant::from_secs(secs)
}

pub(crate) fn orders() -> ServiceKey {
    ServiceKey::named("orders").expect("good")
}

pub(crate) fn host(name: &str) -> Address {
    Address::new(name, 80).expect("good")
}

pub(crate) fn actor(name: &str) -> Actor {
    Actor::parse(name).expect("good")
}

pub(crate) fn claim(place: &str, source: &str) -> Registration {
    Registration::new(orders(), host(place), actor(source))
}

pub(crate) fn strict(change: impl FnOnce(&mut Policy)) -> Registry {
    let mut policy = Policy::strict();
    change(&mut policy);
    Registry::new(policy).expect("good")
}
