//! What the registry can tell of itself: who was told of what, what comes next, and a journal that stays within its bounds.

use liveset::{
    Actor, Address, Instant, NextKind, Notice, Outcome, OverrideChange, Policy, Reason, Registration, Registry,
    ServiceKey,
    policy::{Lifetime, Limits},
};

fn orders() -> ServiceKey {
    ServiceKey::named("orders").expect("good")
}

fn host(name: &str) -> Address {
    Address::new(name, 8080).expect("good")
}

fn actor(name: &str) -> Actor {
    Actor::parse(name).expect("good")
}

fn at(seconds: u32) -> Instant {
    Instant::from_secs(seconds)
}

fn claim(name: &str) -> Registration {
    Registration::new(orders(), host(name), actor("order-1"))
}

fn offline(name: &str, because: &str, lifetime: Option<Lifetime>) -> OverrideChange {
    OverrideChange {
        service: orders(),
        address: host(name),
        kind: None,
        by: actor("console"),
        because: Reason::parse(because).ok(),
        lifetime,
        enabled: Some(false),
        weight: None,
        metadata: None,
    }
}

fn strict(limits: impl FnOnce(&mut Limits)) -> Registry {
    let mut policy = Policy::strict();
    limits(&mut policy.limits);
    Registry::new(policy).expect("the policy is good")
}

#[test]
fn who_was_not_told_of_the_last_change_is_named_until_the_host_took_the_notice() {
    let mut registry = strict(|_| {});
    registry.register(at(0), &claim("x")).expect("good");
    registry.register(at(0), &claim("y")).expect("good");
    for name in ["gateway", "shop"] {
        let subscribed = registry.subscribe(at(1), &orders(), &actor(name)).expect("there is room");
        assert!(matches!(subscribed, Outcome::Subscribed { revision: 2, .. }));
    }
    assert_eq!(registry.explain(&orders(), &host("x")).telling.behind, 0);
    registry.set_override(at(3), &offline("x", "drain", None)).expect("good");
    let explained = registry.explain(&orders(), &host("x"));
    assert_eq!((explained.telling.subscribers, explained.telling.behind), (2, 2));
    assert!(
        explained.sentences.contains(
            &"not told yet: 2 of 2 subscribers: gateway (a notice waits since 3s), shop (a notice waits since 3s)"
                .into()
        ),
        "{:?}",
        explained.sentences
    );
    // The other instance did not change: nobody is behind about it.
    assert_eq!(registry.explain(&orders(), &host("y")).telling.behind, 0);
    let counters = registry.counters();
    assert_eq!((counters.notices, counters.oldest_notice), (2, Some(at(3))));

    registry.advance(at(4));
    assert!(matches!(registry.poll(), Some(Notice::Changed { revision: 3, .. })));
    let telling = registry.explain(&orders(), &host("x")).telling;
    assert_eq!((telling.behind, telling.first[0].subscriber.as_str()), (1, "shop"));
    let told: Vec<_> = registry.subscribers(&orders()).into_iter().map(|one| (one.told, one.told_at)).collect();
    assert_eq!(told, [(3, at(4)), (2, at(1))]);
}

#[test]
fn a_subscriber_too_far_behind_for_the_ring_counts_as_behind() {
    let mut registry = strict(|limits| limits.changes_per_service_max = 2);
    registry.register(at(0), &claim("x")).expect("good");
    registry.subscribe(at(0), &orders(), &actor("gateway")).expect("there is room");
    registry.set_override(at(1), &offline("x", "drain", None)).expect("good");
    for name in ["a", "b", "c"] {
        registry.register(at(2), &claim(name)).expect("good");
    }
    assert_eq!(registry.explain(&orders(), &host("x")).telling.behind, 1);
}

#[test]
fn what_comes_next_is_the_earliest_of_what_comes_by_itself() {
    let mut registry = strict(|_| {});
    registry.register(at(0), &claim("x")).expect("good");
    let next = |registry: &Registry| registry.explain(&orders(), &host("x")).next.expect("something comes");
    assert_eq!((next(&registry).what, next(&registry).at), (NextKind::Unhealthy, at(15)));
    registry
        .set_override(at(1), &offline("x", "drain", Some(Lifetime::For(liveset::Span::from_secs(24)))))
        .expect("good");
    assert_eq!((next(&registry).what, next(&registry).at), (NextKind::OverrideForgottenWhileAlive, at(25)));
    registry.advance(at(16));
    // Silent by now: the end of the decision comes first, the removal after it.
    assert_eq!(next(&registry).at, at(25));
    registry.advance(at(26));
    assert_eq!((next(&registry).what, next(&registry).at), (NextKind::Removed, at(30)));
    let removal = liveset::Removal {
        service: orders(),
        address: host("x"),
        by: actor("console"),
        because: None,
        fence_for: Some(liveset::Span::from_secs(9)),
    };
    registry.remove(at(27), &removal).expect("held");
    assert_eq!((next(&registry).what, next(&registry).at), (NextKind::FenceEnds, at(36)));
}

#[test]
fn the_journal_stays_within_its_bytes_and_counts_what_it_dropped() {
    let mut registry = strict(|limits| limits.journal_bytes_max = 4096);
    let long = "x".repeat(200);
    registry.register(at(0), &claim("x")).expect("good");
    for round in 1..100 {
        registry.set_override(at(round), &offline("x", &long, None)).expect("good");
        let counters = registry.counters();
        assert!(counters.transition_bytes <= 4096);
        assert_eq!(u64::from(counters.transitions) + counters.transitions_dropped, counters.newest_transition);
    }
    let counters = registry.counters();
    assert!(counters.transitions_dropped > 80, "{counters:?}");
    assert!(counters.transitions >= 15, "{counters:?}");
    // What is left is the newest.
    let told = registry.transitions(0);
    assert_eq!(told.last().map(|entry| entry.at), Some(at(99)));
    let again = Registry::restore(&registry.snapshot(), (1, 2)).expect("a good snapshot");
    assert_eq!(again.counters(), counters);
}

#[test]
fn who_switched_it_on_again_is_what_decides_that_it_is_online() {
    let mut registry = strict(|_| {});
    registry.register(at(0), &claim("x")).expect("good");
    registry.set_override(at(1), &offline("x", "drain", None)).expect("good");
    let online = OverrideChange { by: actor("boss"), enabled: Some(true), ..offline("x", "checked", None) };
    registry.set_override(at(2), &online).expect("good");
    registry.register(at(3), &claim("x")).expect("good");
    let explained = registry.explain(&orders(), &host("x"));
    assert_eq!(explained.sentences[0], "online: switched on by boss (\"checked\") at 2s");
    // Somebody who says once more what holds already took nothing back.
    registry.register(at(3), &claim("y")).expect("good");
    registry.set_override(at(4), &OverrideChange { address: host("y"), ..online }).expect("good");
    assert_eq!(registry.explain(&orders(), &host("y")).sentences[0], "online: since 3s, registered by order-1");
}
