//! Faults that the naive model found, each told as the shortest story that shows it.

use liveset::policy::{Brake, Kinds, Lifetime, OverrideWrite, OwnTimes, ShareOf, Sources};
use liveset::{
    Address, BatchMember, BatchRegistration, Cause, Cluster, Command, Content, Deregistration, HealthReport, Kind,
    Metadata, NextKind, Notice, OverrideChange, Policy, Registration, Registry, Removal, Span, Standing,
};

use crate::words::{actor, at, claim, host, orders, strict};

/// Whoever is silent brakes, and one goes in a second.
const ONE_AT_A_TIME: Brake = Brake { floor: 0, share: 0, pace: 1, of: ShareOf::Held, longest: None };

fn decision(place: &str, lifetime: Lifetime) -> OverrideChange {
    OverrideChange {
        service: orders(),
        address: host(place),
        kind: None,
        by: actor("ops"),
        because: None,
        lifetime: Some(lifetime),
        enabled: Some(false),
        weight: None,
        metadata: None,
    }
}

fn removal(place: &str) -> Removal {
    Removal { service: orders(), address: host(place), by: actor("ops"), because: None, fence_for: None }
}

#[test]
fn a_refused_poll_is_time_passing_like_any_refusal() {
    let mut registry = strict(|_| {});
    registry.apply(at(9), Command::Poll { max: 0 }).expect_err("at least one");
    assert_eq!(registry.now(), at(9));
}

#[test]
fn a_moment_that_is_too_early_counts_as_the_latest_for_what_is_due_then() {
    let mut registry = strict(|_| {});
    registry.register(at(5), &claim("x", "a")).expect("good");
    registry.set_override(at(5), &decision("x", Lifetime::For(Span::ZERO))).expect("good");
    registry.advance(at(4));
    assert_eq!(registry.explain(&orders(), &host("x")).standing, Standing::Online);
}

#[test]
fn a_removal_that_waits_has_its_turn_among_the_others_however_long_the_host_slept() {
    let braked = |policy: &mut Policy| policy.expiry.brake = Some(ONE_AT_A_TIME);
    let run = |wakes: &[u32]| {
        let mut registry = strict(braked);
        registry.register(at(0), &claim("x", "a")).expect("good");
        registry.register(at(0), &claim("y", "b")).expect("good");
        let late = registry.register(at(10), &claim("z", "c")).expect("good").lease;
        registry.beat(at(21), late).expect("held");
        wakes.iter().for_each(|&secs| registry.advance(at(secs)));
        (registry.transitions(0), registry.digest())
    };
    assert_eq!(run(&[60]), run(&[30, 31, 32, 33, 40, 51, 52, 53, 60]));
}

#[test]
fn a_removal_that_waits_shows_the_instance_as_unhealthy_though_it_was_never_silent_before() {
    let mut registry = strict(|policy| policy.expiry.brake = Some(ONE_AT_A_TIME));
    let mut quick = claim("x", "a");
    let delete = ("preserved.ip.delete.timeout".to_owned(), "7000".to_owned());
    quick.content.metadata = Metadata::new([delete].into()).expect("good");
    registry.register(at(0), &claim("y", "b")).expect("good");
    registry.register(at(0), &quick).expect("good");
    registry.advance(at(20));
    let explanation = registry.explain(&orders(), &host("x"));
    assert!(!explanation.sights.stale, "{explanation:?}");
}

#[test]
fn a_session_that_answered_its_probe_is_probed_again_in_time_where_probes_are_patient() {
    let mut registry = strict(|policy| policy.session.idle = Span::from_secs(2));
    let session = registry.open_session(at(0), &actor("a")).expect("there is room");
    registry.advance(at(2));
    assert_eq!(registry.poll(), Some(Notice::Probe { session }));
    registry.touch_session(at(3), session).expect("open");
    registry.advance(at(5));
    assert_eq!(registry.poll(), Some(Notice::Probe { session }));
}

#[test]
fn a_gap_is_the_same_for_a_registry_that_was_written_down_and_read_back() {
    let mut registry = strict(|policy| policy.expiry.gap_max = Some(Span::from_secs(10)));
    let lease = registry.register(at(0), &claim("x", "a")).expect("good").lease;
    registry.beat(at(5), lease).expect("held");
    let mut again = Registry::restore(&registry.snapshot(), (0, 0)).expect("good");
    registry.advance(at(29));
    again.advance(at(29));
    assert_eq!(registry.digest(), again.digest());
}

/// A claim in a cluster of its own.
fn claim_in(cluster: &str, place: &str, source: &str) -> Registration {
    let cluster = Cluster::parse(cluster).expect("good");
    Registration { address: Address { cluster, ..host(place) }, ..claim(place, source) }
}

#[test]
fn a_claim_moves_here_though_a_connection_holds_the_address_here_already() {
    let mut registry = strict(|policy| policy.claims.sources = Sources::OnePerHostPort);
    registry.register(at(0), &claim_in("other", "x", "a")).expect("good");
    let session = registry.open_session(at(0), &actor("a")).expect("there is room");
    registry.register(at(0), &Registration { session: Some(session), ..claim("x", "a") }).expect("good");
    registry.register(at(1), &claim("x", "a")).expect("good");
    assert!(!registry.is_held(&orders(), &claim_in("other", "x", "a").address, Kind::Ephemeral));
}

#[test]
fn a_claim_that_moves_is_held_also_when_its_own_gone_instance_is_forgotten_meanwhile() {
    let mut registry = strict(|policy| {
        policy.claims.sources = Sources::OnePerHostPort;
        policy.fence.deregistration = Span::ZERO;
        policy.limits.journal_max = 16;
    });
    let lease = registry.register(at(0), &claim("x", "a")).expect("good").lease;
    registry.deregister_lease(at(0), lease).expect("held");
    registry.register(at(1), &claim_in("other", "x", "a")).expect("good");
    for number in 0..15 {
        let lease = registry.register(at(2), &claim(&format!("y{number}"), "b")).expect("good").lease;
        registry.deregister_lease(at(2), lease).expect("held");
    }
    registry.register(at(3), &claim("x", "a")).expect("good");
    assert!(registry.is_held(&orders(), &host("x"), Kind::Ephemeral));
}

#[test]
fn where_each_record_has_its_own_memory_a_persistent_one_is_fenced_lifted_and_cleared_by_its_address() {
    let mut registry = strict(|policy| {
        policy.overrides.write = OverrideWrite::Record;
        policy.services.kinds = Kinds::Together;
    });
    let checked = Registration { kind: Kind::Persistent, ..claim("x", "a") };
    registry.register(at(0), &checked).expect("good");
    registry.set_override(at(1), &decision("x", Lifetime::UntilCleared)).expect("good");
    registry.remove(at(2), &removal("x")).expect("there");
    assert!(registry.explain(&orders(), &host("x")).fence.is_some());
    registry.register(at(3), &checked).expect_err("its life is fenced");
    registry.lift_fence(at(4), &orders(), &host("x"), &actor("ops")).expect("fenced");
    registry.clear_override(at(5), &orders(), &host("x"), &actor("ops"), None).expect("decided");
}

#[test]
fn what_was_decided_for_a_life_goes_with_a_persistent_one_too_when_that_is_forgotten() {
    let mut registry = strict(|policy| policy.limits.journal_max = 16);
    let lease = registry.register(at(0), &Registration { kind: Kind::Persistent, ..claim("x", "a") });
    registry.set_override(at(1), &decision("x", Lifetime::ThisIncarnation)).expect("good");
    registry.deregister_lease(at(2), lease.expect("good").lease).expect("held");
    for number in 0..17 {
        let other = Registration { kind: Kind::Persistent, ..claim(&format!("y{number}"), "b") };
        let lease = registry.register(at(100), &other).expect("good").lease;
        registry.deregister_lease(at(100), lease).expect("held");
    }
    assert!(registry.overridden().is_empty());
}

#[test]
fn a_deregistration_over_a_connection_means_the_claim_over_it() {
    let mut registry = strict(|_| {});
    registry.register(at(0), &claim("x", "a")).expect("good");
    let session = Some(registry.open_session(at(0), &actor("a")).expect("there is room"));
    let connected = registry.register(at(0), &Registration { session, ..claim("x", "a") }).expect("good").lease;
    let over = Deregistration { session, ..Deregistration::new(orders(), host("x"), actor("a")) };
    registry.deregister(at(1), &over).expect("held");
    registry.beat(at(2), connected).expect_err("the claim over the connection went");
}

#[test]
fn a_batch_that_is_sent_again_is_no_news_at_the_limits() {
    let mut registry = strict(|policy| {
        policy.limits.instances_max = 1;
        policy.limits.leases_per_instance_max = 1;
    });
    let session = registry.open_session(at(0), &actor("a")).expect("there is room");
    let members = vec![BatchMember { address: host("x"), content: Content::default() }];
    let batch = BatchRegistration { service: orders(), source: actor("a"), session, members };
    registry.register_batch(at(0), &batch).expect("good");
    registry.register_batch(at(1), &batch).expect("it holds them already");
}

#[test]
fn reports_before_a_turn_of_health_do_not_count_after_it() {
    let mut registry = strict(|_| {});
    let checked = Registration { kind: Kind::Persistent, ..claim("x", "a") };
    registry.register(at(0), &checked).expect("good");
    let report = |registry: &mut Registry, healthy| {
        let report = HealthReport { service: orders(), address: host("x"), healthy, sure: false, by: None };
        registry.report_health(at(1), &report).expect("there");
    };
    report(&mut registry, false);
    report(&mut registry, false);
    registry.register(at(2), &Registration { healthy: false, ..checked }).expect("good");
    report(&mut registry, true);
    assert_eq!(registry.explain(&orders(), &host("x")).standing, Standing::Unhealthy);
}

#[test]
fn each_decided_field_ends_at_its_own_time() {
    let mut registry = strict(|_| {});
    registry.set_override(at(0), &decision("x", Lifetime::UntilCleared)).expect("good");
    let metadata = Metadata::new([("v".to_owned(), "1".to_owned())].into()).ok();
    let other = OverrideChange { enabled: None, metadata, ..decision("x", Lifetime::For(Span::from_secs(9))) };
    registry.set_override(at(0), &other).expect("good");
    let ends = registry.explain(&orders(), &host("x")).overrides.into_iter().map(|account| account.ends);
    assert_eq!(ends.collect::<Vec<_>>(), [None, Some(at(9))]);
}

#[test]
fn an_instance_turns_unhealthy_when_the_last_that_is_alive_falls_silent() {
    let mut registry = strict(|_| {});
    registry.register(at(0), &claim("x", "a")).expect("good");
    registry.register(at(5), &Registration { healthy: false, ..claim("x", "b") }).expect("good");
    let next = registry.explain(&orders(), &host("x")).next.expect("silence");
    assert_eq!((next.at, next.what), (at(15), NextKind::Unhealthy));
}

#[test]
fn a_restart_ends_nothing_in_its_middle() {
    let mut registry = Registry::new(Policy::nacos_1_4()).expect("good");
    registry.register(at(0), &claim("x", "a")).expect("good");
    registry
        .set_override(at(1), &OverrideChange { lifetime: None, ..decision("x", Lifetime::UntilCleared) })
        .expect("good");
    registry.subscribe(at(2), &orders(), &actor("shop")).expect("there is room");
    registry.restart(at(3));
    assert_eq!(registry.transitions(0).last().map(|entry| entry.cause), Some(Cause::RegistryRestarted));
}

/// A persistent instance that may be unhealthy for seven seconds.
fn seven_seconds() -> Metadata {
    Metadata::new([("preserved.ip.delete.timeout".to_owned(), "7000".to_owned())].into()).expect("good")
}

#[test]
fn a_persistent_instance_that_registers_as_unhealthy_is_removed_in_time() {
    let mut registry = strict(|policy| policy.checks.remove_after = Some(Span::from_secs(9)));
    let checked = Registration { kind: Kind::Persistent, ..claim("x", "a") };
    registry.register(at(0), &checked).expect("good");
    registry.register(at(100), &Registration { healthy: false, ..checked }).expect("good");
    assert_eq!(registry.next_deadline(), Some(at(109)));
    registry.advance(at(109));
    assert!(!registry.is_held(&orders(), &host("x"), Kind::Persistent));
}

#[test]
fn an_operators_delete_time_holds_for_a_persistent_instance_too() {
    let mut registry = strict(|policy| policy.expiry.own_times = OwnTimes::All);
    registry
        .register(at(0), &Registration { kind: Kind::Persistent, healthy: false, ..claim("x", "a") })
        .expect("good");
    let times =
        OverrideChange { enabled: None, metadata: Some(seven_seconds()), ..decision("x", Lifetime::UntilCleared) };
    registry.set_override(at(1), &times).expect("good");
    registry.advance(at(7));
    assert!(!registry.is_held(&orders(), &host("x"), Kind::Persistent));
}

#[test]
fn a_persistent_instance_whose_healthy_claim_ends_is_removed_in_time() {
    let mut registry = strict(|policy| policy.checks.remove_after = Some(Span::from_secs(9)));
    let checked = Registration { kind: Kind::Persistent, ..claim("x", "a") };
    let healthy = registry.register(at(0), &checked).expect("good").lease;
    registry.register(at(1), &Registration { healthy: false, source: actor("b"), ..checked }).expect("good");
    registry.deregister_lease(at(50), healthy).expect("held");
    registry.advance(at(59));
    assert!(!registry.is_held(&orders(), &host("x"), Kind::Persistent));
}

#[test]
fn a_claim_that_another_node_gave_back_is_among_the_most_there_ever_were() {
    let of_most = Brake { of: ShareOf::Most, ..ONE_AT_A_TIME };
    let mut registry = strict(|policy| policy.expiry.brake = Some(of_most));
    registry.register(at(0), &Registration { copied: true, ..claim("x", "a") }).expect("good");
    registry.register(at(0), &claim("y", "b")).expect("good");
    registry.watch(at(1), &orders(), &host("x"), true).expect("there");
    registry.watch(at(2), &orders(), &host("x"), false).expect("there");
    registry.advance(at(30));
    let brake = registry.explain(&orders(), &host("y")).brake.expect("it holds the removal up");
    assert_eq!((brake.silent, brake.all), (2, 2));
}
