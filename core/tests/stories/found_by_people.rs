//! Faults that somebody found who read or used the registry.

use liveset::policy::{Kinds, Lifetime};
use liveset::{
    Cause, Deregistration, InstanceBeat, InstanceQuery, Instant, Kind, Metadata, Notice, Outcome, OverrideChange,
    Policy, Reader, Registration, Registry, Remedy, Removal, ServiceKey, ServiceSettings, Span, Standing, Threshold,
};

use crate::words::{actor, at, claim, host, orders, strict};

fn offline(place: &str, lifetime: Option<Lifetime>) -> OverrideChange {
    OverrideChange {
        kind: None,
        service: orders(),
        address: host(place),
        by: actor("ops"),
        because: None,
        lifetime,
        enabled: Some(false),
        weight: None,
        metadata: None,
    }
}

/// Registers and deregisters so many others, so that rings and lists of the gone move on.
fn others_come_and_go(registry: &mut Registry, now: Instant, count: u32) {
    for number in 0..count {
        let service = ServiceKey::named("other").expect("good");
        let claim = Registration::new(service, host(&format!("other-{number}")), actor("other"));
        let lease = registry.register(now, &claim).expect("there is room").lease;
        registry.deregister_lease(now, lease).expect("held");
    }
}

#[test]
fn an_owner_that_leaves_does_not_take_over_an_operators_fence() {
    let mut registry = strict(|_| {});
    registry.register(at(0), &claim("x", "pod-1")).expect("good");
    let removal = Removal { service: orders(), address: host("x"), by: actor("ops"), because: None, fence_for: None };
    registry.remove(at(10), &removal).expect("there");
    let lease = registry.register(at(20), &claim("x", "pod-2")).expect("another source is another life").lease;
    registry.deregister_lease(at(30), lease).expect("held");
    registry.register(at(31), &claim("x", "pod-2")).expect("an owner may change its mind");
    let fenced = registry.register(at(32), &claim("x", "pod-1")).expect_err("the operator's word stands");
    assert!(fenced.to_string().contains("ended by ops at 10s"), "{fenced}");
    assert_eq!(registry.explain(&orders(), &host("x")).fence.expect("one").by, actor("ops"));
}

#[test]
fn an_owners_fence_does_not_become_an_operators_when_a_ghost_is_removed() {
    let mut registry = strict(|_| {});
    let lease = registry.register(at(0), &claim("x", "pod-1")).expect("good").lease;
    registry.register(at(0), &claim("x", "ghost")).expect("good");
    registry.deregister_lease(at(10), lease).expect("held");
    let removal = Removal { service: orders(), address: host("x"), by: actor("ops"), because: None, fence_for: None };
    registry.remove(at(12), &removal).expect("there");
    registry.register(at(13), &claim("x", "pod-1")).expect("only the ghost was removed");
    registry.register(at(13), &claim("x", "ghost")).expect_err("the ghost is fenced");
}

#[test]
fn a_reader_hears_that_an_instance_went_also_when_its_row_was_forgotten_or_is_somebody_elses() {
    let mut registry = strict(|policy| {
        policy.limits.journal_max = 16;
        policy.limits.changes_per_service_max = 64;
    });
    let x = registry.register(at(0), &claim("x", "a")).expect("good");
    let seen = registry.changes(x.service, 0).expect("known").revision;
    registry.deregister_lease(at(1), x.lease).expect("held");
    others_come_and_go(&mut registry, at(2), 17);
    let new = registry.register(at(3), &claim("new", "a")).expect("good");
    let rows = registry.changes(x.service, seen).expect("known").rows;
    let states: Vec<_> = rows.iter().map(|row| (row.instance, row.state != 0)).collect();
    assert_eq!(states, [(x.instance, false), (new.instance, true)]);
}

#[test]
fn a_deadline_that_waits_for_its_sweep_is_not_moved_when_the_epoch_is() {
    let begin = (1_u64 << 31) - 19_000;
    let run = |wakes: &[u64]| {
        let mut registry = Registry::new(Policy::nacos_1_4()).expect("good");
        let mut claim = claim("x", "a");
        let delete = ("preserved.ip.delete.timeout".to_owned(), "32000".to_owned());
        claim.content.metadata = liveset::Metadata::new([delete].into()).expect("good");
        registry.register(Instant::from_millis(begin).expect("small"), &claim).expect("good");
        for wake in wakes {
            registry.advance(Instant::from_millis(begin + wake).expect("small"));
        }
        (registry.digest(), registry.transitions(0))
    };
    assert_eq!(run(&[50_000]), run(&[19_500, 21_000, 50_000]));
}

#[test]
fn who_brings_an_instance_back_from_silence_is_named() {
    let mut registry = strict(|_| {});
    registry.register(at(0), &claim("x", "a")).expect("good");
    registry.register(at(20), &claim("x", "a")).expect("good");
    let explanation = registry.explain(&orders(), &host("x"));
    assert_eq!(explanation.sentences[0], "online: since 20s, when a beat again");
}

#[test]
fn who_leaves_the_silent_behind_does_not_take_the_blame_for_their_silence() {
    let mut registry = strict(|_| {});
    registry.register(at(0), &claim("x", "a")).expect("good");
    let b = registry.register(at(10), &claim("x", "b")).expect("good").lease;
    registry.deregister_lease(at(20), b).expect("held");
    let explanation = registry.explain(&orders(), &host("x"));
    assert_eq!(explanation.sentences[0], "unhealthy: no beat of a for 15s; last at 0s, marked at 20s");
}

#[test]
fn the_journal_never_names_a_stranger() {
    let mut registry = strict(|policy| {
        policy.limits.journal_max = 16;
        policy.fence.deregistration = liveset::Span::ZERO;
    });
    let lease = registry.register(at(0), &claim("victim", "a")).expect("good").lease;
    registry.deregister_lease(at(0), lease).expect("held");
    others_come_and_go(&mut registry, at(1), 7);
    registry.set_override(at(2), &offline("victim", None)).expect("good");
    registry.clear_override(at(2), &orders(), &host("victim"), &actor("ops"), None).expect("set");
    others_come_and_go(&mut registry, at(3), 6);
    let told = registry.transitions(0);
    let about: Vec<_> = told.iter().filter(|entry| entry.by == Some(actor("ops"))).collect();
    assert_eq!(about.len(), 2);
    assert!(about.iter().all(|entry| entry.address == host("victim")), "{about:?}");
}

#[test]
fn what_was_decided_for_a_life_does_not_meet_a_stranger_after_the_life_is_forgotten() {
    let mut registry = strict(|policy| policy.limits.journal_max = 16);
    let lease = registry.register(at(0), &claim("x", "a")).expect("good").lease;
    registry.set_override(at(1), &offline("x", Some(Lifetime::ThisIncarnation))).expect("good");
    registry.deregister_lease(at(2), lease).expect("held");
    others_come_and_go(&mut registry, at(100), 17);
    assert!(registry.overridden().is_empty());
    registry.register(at(101), &claim("x", "new pod")).expect("good");
    assert_eq!(registry.explain(&orders(), &host("x")).standing, Standing::Online);
}

#[test]
fn subscribers_are_told_of_a_threshold_that_changes_what_they_get() {
    let mut registry = strict(|_| {});
    registry.register(at(0), &claim("x", "a")).expect("good");
    let Ok(Outcome::Subscribed { service, revision, .. }) = registry.subscribe(at(16), &orders(), &actor("shop"))
    else {
        panic!("there is room");
    };
    let protect_threshold = Threshold::new(0.5).ok();
    registry.set_service(at(17), &ServiceSettings { protect_threshold, ..ServiceSettings::new(orders()) });
    assert!(matches!(registry.poll(), Some(Notice::Changed { .. })));
    let changes = registry.changes(service, revision).expect("known");
    assert!(changes.protected && changes.rows[0].cause == Cause::ServiceChanged as u32);
    let view = registry.instances(&InstanceQuery::new(orders(), Reader::Consumer));
    assert!(view.instances[0].healthy);
}

#[test]
fn a_session_that_is_probed_often_waits_with_one_notice() {
    let mut registry = strict(|_| {});
    let session = registry.open_session(at(0), &actor("a")).expect("there is room");
    for round in 1..5 {
        registry.advance(at(round * 21));
        registry.touch_session(at(round * 21), session).expect("open");
    }
    registry.advance(at(105));
    assert!(matches!(registry.poll(), Some(Notice::Probe { .. })));
    assert_eq!(registry.poll(), None);
}

#[test]
fn subscribers_that_come_and_go_unread_leave_no_notices() {
    let mut registry = Registry::new(Policy::nacos_2_5()).expect("good");
    let mut sizes = Vec::new();
    for round in 0..200 {
        let Ok(Outcome::Subscribed { subscription, .. }) = registry.subscribe(at(round), &orders(), &actor("shop"))
        else {
            panic!("there is room");
        };
        registry.advance(at(round) + liveset::Span::from_millis(900).expect("small"));
        registry
            .unsubscribe(at(round) + liveset::Span::from_millis(900).expect("small"), subscription)
            .expect("active");
        sizes.push(registry.snapshot().len());
    }
    assert!(sizes[199] <= sizes[10] + 8, "{} grew to {}", sizes[10], sizes[199]);
}

#[test]
fn the_order_of_times_is_asked_of_an_instance_that_names_some_and_not_of_the_policy() {
    let short = |policy: &mut Policy| policy.expiry.timeout = Span::from_secs(3);
    let mut registry = strict(short);
    registry.register(at(0), &claim("a", "a")).expect("it names no times");
    let naming = |times: &[(&str, &str)]| {
        let mut own = claim("b", "b");
        let entries = times.iter().map(|(key, value)| (format!("preserved.heart.beat.{key}"), value.to_string()));
        own.content.metadata = Metadata::new(entries.collect()).expect("good");
        own
    };
    registry.register(at(0), &naming(&[("interval", "4000")])).expect_err("it is above the timeout it lives by");
    let in_order = naming(&[("interval", "4000"), ("timeout", "4000")]);
    registry.register(at(0), &in_order).expect("they are in order");
}

#[test]
fn an_unhealthy_instance_names_the_one_who_can_make_it_healthy() {
    let mut registry = strict(|policy| policy.services.kinds = Kinds::Together);
    let mut checked = claim("checked", "a");
    checked.kind = Kind::Persistent;
    checked.healthy = false;
    registry.register(at(0), &checked).expect("good");
    let mut connected = claim("connected", "b");
    connected.session = Some(registry.open_session(at(0), &actor("b")).expect("there is room"));
    connected.healthy = false;
    registry.register(at(0), &connected).expect("good");
    let remedy = |place: &str| registry.explain(&orders(), &host(place)).remedies;
    assert_eq!(remedy("checked"), [Remedy::ReportHealthy]);
    assert_eq!(remedy("connected"), [Remedy::PublishHealthy { source: actor("b") }]);
}

/// A copy of another node's claim in a policy with exact times: unhealthy after 15 s, gone after 30 s.
fn copy(place: &str) -> Registration {
    Registration { copied: true, ..claim(place, place) }
}

#[test]
fn a_copy_is_not_looked_at_until_this_node_is_told_to_watch_it() {
    let mut registry = strict(|_| {});
    registry.register(at(0), &copy("a")).expect("good");
    registry.advance(at(100));
    assert!(registry.explain(&orders(), &host("a")).sights.operator.healthy);
    let beat =
        InstanceBeat { service: orders(), address: host("a"), source: actor("a"), incarnation: None, content: None };
    registry.beat_instance(at(100), &beat).expect("held");
    registry.watch(at(110), &orders(), &host("a"), true).expect("there");
    registry.advance(at(114));
    assert!(registry.explain(&orders(), &host("a")).sights.operator.healthy, "silence counts from the last beat");
    registry.advance(at(115));
    assert!(!registry.explain(&orders(), &host("a")).sights.operator.healthy);
    registry.watch(at(116), &orders(), &host("a"), false).expect("there");
    registry.advance(at(300));
    assert_eq!(registry.explain(&orders(), &host("a")).standing, Standing::Unhealthy);
}

#[test]
fn what_was_overdue_when_a_node_began_to_watch_is_found_at_the_next_look_of_the_clock() {
    let mut registry = Registry::new(Policy::nacos_2_5()).expect("good");
    registry.register(at(0), &copy("a")).expect("good");
    registry.watch(at(42), &orders(), &host("a"), true).expect("there");
    registry.advance(Instant::from_millis(44_999).expect("good"));
    assert_eq!(registry.explain(&orders(), &host("a")).leases.len(), 1);
    registry.advance(at(45));
    assert_eq!(registry.explain(&orders(), &host("a")).leases.len(), 0);
}

#[test]
fn the_end_of_a_copy_ages_no_operators_word() {
    let mut registry = Registry::new(Policy::nacos_2_0()).expect("good");
    registry.register(at(0), &copy("a")).expect("good");
    registry.set_override(at(1), &offline("a", None)).expect("good");
    let gone = Deregistration { copied: true, ..Deregistration::new(orders(), host("a"), actor("a")) };
    registry.deregister(at(2), &gone).expect("held");
    registry.advance(at(200));
    assert_eq!(registry.overridden().len(), 1);
}
