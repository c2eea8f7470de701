//! The two machines on the other side, by themselves.

use liveset::clients::{
    Emptiness, Host, Publisher, PublisherPolicy, Push, Query, Reply, Request, Subscriber, SubscriberPolicy,
};
use liveset::{Address, Content, Instant, Kind, Span, Weight};

const DONE: Reply = Reply::Done { interval: None, light: false };

fn at(secs: u32) -> Instant {
    Instant::from_secs(secs)
}

fn sent(publisher: &mut Publisher) -> Vec<Request> {
    std::iter::from_fn(|| publisher.poll()).collect()
}

fn ticket(request: Request) -> u64 {
    match request {
        Request::Register { ticket }
        | Request::Beat { ticket, .. }
        | Request::Deregister { ticket }
        | Request::KeepAlive { ticket }
        | Request::Connect { ticket } => ticket,
    }
}

/// A publisher that registered at 0 s, with its beat of 5 s on the way.
fn with_a_beat_out(policy: PublisherPolicy) -> (Publisher, u64) {
    let mut publisher = Publisher::new(policy);
    publisher.register(at(0));
    let register = sent(&mut publisher)[0];
    publisher.answered(at(0), ticket(register), DONE);
    publisher.advance(at(5));
    let beat = sent(&mut publisher)[0];
    assert!(matches!(beat, Request::Beat { full: true, .. }));
    (publisher, ticket(beat))
}

#[test]
fn beats_come_every_interval_that_the_registry_names_and_turn_light_when_it_says_so() {
    let (mut publisher, beat) = with_a_beat_out(PublisherPolicy::strict());
    publisher.answered(at(5), beat, Reply::Done { interval: Some(Span::from_secs(2)), light: true });
    publisher.advance(at(14));
    let beats = sent(&mut publisher);
    assert_eq!(beats.len(), 3, "at 10, 12 and 14 s");
    assert!(beats.iter().all(|beat| matches!(beat, Request::Beat { full: false, .. })));
}

#[test]
fn after_a_deregistration_no_beat_leaves_any_more() {
    for policy in [PublisherPolicy::strict(), PublisherPolicy::java_1_4(), PublisherPolicy::java_2_5()] {
        let mut publisher = Publisher::new(policy);
        publisher.register(at(0));
        publisher.advance(at(10));
        publisher.deregister();
        publisher.advance(at(100));
        assert!(matches!(sent(&mut publisher)[..], [Request::Deregister { .. }]));
        assert_eq!(publisher.next_deadline(), None);
    }
}

#[test]
fn the_java_1_4_client_obeys_a_late_register_again_and_the_strict_one_does_not() {
    for (policy, obeys) in [(PublisherPolicy::java_1_4(), true), (PublisherPolicy::strict(), false)] {
        let (mut publisher, beat) = with_a_beat_out(policy);
        publisher.deregister();
        sent(&mut publisher);
        publisher.answered(at(6), beat, Reply::RegisterAgain);
        assert_eq!(matches!(sent(&mut publisher)[..], [Request::Register { .. }]), obeys);
    }
}

#[test]
fn a_beat_that_was_accepted_after_the_end_is_taken_back_by_the_strict_client() {
    for (policy, confirms) in [(PublisherPolicy::strict(), true), (PublisherPolicy::java_1_4(), false)] {
        let (mut publisher, beat) = with_a_beat_out(policy);
        publisher.deregister();
        let deregister = sent(&mut publisher)[0];
        publisher.answered(at(6), ticket(deregister), DONE);
        assert!(sent(&mut publisher).is_empty(), "the deregistration's own answer is no beat");
        publisher.answered(at(6), beat, DONE);
        assert_eq!(matches!(sent(&mut publisher)[..], [Request::Deregister { .. }]), confirms);
    }
}

#[test]
fn told_to_stop_it_stops_and_a_new_registration_begins_a_new_life() {
    let (mut publisher, beat) = with_a_beat_out(PublisherPolicy::strict());
    publisher.answered(at(5), beat, Reply::Stop);
    publisher.advance(at(60));
    assert!(publisher.is_stopped() && sent(&mut publisher).is_empty());
    publisher.register(at(60));
    publisher.answered(at(60), beat, Reply::Stop);
    assert!(!publisher.is_stopped(), "an answer to the old life does not stop the new one");
}

#[test]
fn over_a_connection_it_registers_again_when_the_connection_is_back() {
    let mut publisher = Publisher::new(PublisherPolicy::java_2_0());
    publisher.register(at(0));
    let register = sent(&mut publisher)[0];
    publisher.answered(at(0), ticket(register), DONE);
    publisher.disconnected();
    publisher.advance(at(20));
    assert!(sent(&mut publisher).is_empty());
    publisher.connected(at(20));
    assert_eq!(publisher.next_deadline(), Some(at(21)), "the redo task's next tick of three seconds");
    publisher.advance(at(21));
    assert!(matches!(sent(&mut publisher)[..], [Request::Register { .. }]));
}

/// How many signs of life in a row a client sends without an answer until it connects anew.
fn signs_until_it_connects(policy: PublisherPolicy) -> usize {
    let mut publisher = Publisher::new(policy);
    publisher.register(at(0));
    let register = sent(&mut publisher)[0];
    publisher.answered(at(0), ticket(register), DONE);
    let mut signs = 0;
    for second in 5..60 {
        publisher.advance(at(second));
        while let Some(request) = publisher.poll() {
            match request {
                Request::Connect { .. } => return signs,
                lost => publisher.answered(at(second), ticket(lost), Reply::Lost),
            }
            signs += 1;
        }
    }
    signs
}

#[test]
fn a_silent_connection_is_given_up_after_one_try_by_java_2_0_and_after_four_by_java_2_5() {
    assert_eq!(signs_until_it_connects(PublisherPolicy::java_2_0()), 1);
    assert_eq!(signs_until_it_connects(PublisherPolicy::java_2_5()), 4);
}

#[test]
fn a_beat_that_hangs_keeps_back_all_that_follow_where_beats_wait_for_answers() {
    for (policy, sent_meanwhile) in [(PublisherPolicy::java_1_4(), 0), (PublisherPolicy::strict(), 4)] {
        let (mut publisher, _hanging) = with_a_beat_out(policy);
        publisher.advance(at(25));
        assert_eq!(sent(&mut publisher).len(), sent_meanwhile);
    }
}

#[test]
fn a_process_that_was_held_up_registers_again_a_whole_redo_period_after_it_goes_on() {
    let mut publisher = Publisher::new(PublisherPolicy::java_2_0());
    publisher.register(at(0));
    publisher.resumed(at(61));
    publisher.disconnected();
    publisher.connected(at(61));
    assert_eq!(publisher.next_deadline(), Some(at(64)));
}

#[test]
fn a_consumer_with_an_empty_list_asks_ever_more_seldom_and_one_that_was_told_only_shows_itself() {
    let mut subscriber = Subscriber::new(SubscriberPolicy::java_1_4(false));
    subscriber.receive(at(0), push(1, &[], Emptiness::Unknown));
    subscriber.subscribed(at(0));
    let mut asked = Vec::new();
    while let Some(at) = subscriber.next_query().filter(|&due| due < at(100)) {
        asked.push(at.as_millis() / 1000);
        assert_eq!(subscriber.query(), Query::Take);
        subscriber.queried(at, Some(push(1, &[], Emptiness::Unknown)));
        // What it took is not what it was told.
        assert_eq!(subscriber.query(), Query::Take);
    }
    assert_eq!(asked, [1, 3, 7, 15, 31, 63]);
    subscriber.receive(at(70), push(2, &[("a", true, 1.0)], Emptiness::Unknown));
    assert_eq!(subscriber.query(), Query::Touch);
}

#[test]
fn a_consumer_that_asks_in_vain_asks_ever_more_seldom_until_it_is_answered() {
    let mut subscriber = Subscriber::new(SubscriberPolicy::java_1_4(false));
    subscriber.receive(at(0), push(1, &[("a", true, 1.0)], Emptiness::Unknown));
    subscriber.subscribed(at(0));
    let mut asked = Vec::new();
    while let Some(at) = subscriber.next_query().filter(|&due| due < at(200)) {
        asked.push(at.as_millis() / 1000);
        subscriber.unanswered(at);
    }
    assert_eq!(asked, [1, 3, 7, 15, 31, 63, 123, 183]);
    subscriber.queried(at(243), Some(push(1, &[("a", true, 1.0)], Emptiness::Unknown)));
    assert_eq!(subscriber.next_query(), Some(at(253)));
}

#[test]
fn a_consumer_asks_more_often_while_the_list_in_its_hand_lay_on_disk() {
    let saved = push(9, &[("a", true, 1.0)], Emptiness::Unknown).hosts;
    let mut subscriber = Subscriber::with_cache(SubscriberPolicy::java_2_0(true), at(0), saved);
    subscriber.subscribed(at(0));
    let mut asked = Vec::new();
    while let Some(at) = subscriber.next_query().filter(|&due| due < at(100)) {
        asked.push(at.as_millis() / 1000);
        let hosts: &[_] = if asked.len() < 3 { &[] } else { &[("b", true, 1.0)] };
        subscriber.queried(at, Some(push(1, hosts, Emptiness::Unknown)));
    }
    assert_eq!(asked, [1, 7, 13, 73]);
}

#[test]
fn a_protected_consumer_is_empty_handed_until_somebody_comes_and_an_unprotected_one_never() {
    for (protection, expected) in [(true, [true, true, false, false]), (false, [false; 4])] {
        let mut subscriber = Subscriber::new(SubscriberPolicy::java_2_0(protection));
        let mut seen = vec![subscriber.is_empty_handed()];
        for (revision, hosts) in (1..).zip([&[][..], &[("a", true, 1.0)], &[]]) {
            subscriber.receive(at(1), push(revision, hosts, Emptiness::Unknown));
            seen.push(subscriber.is_empty_handed());
        }
        assert_eq!(seen, expected);
    }
}

#[test]
fn of_two_rows_for_one_address_listeners_hear_the_later_one_only() {
    let mut subscriber = Subscriber::new(SubscriberPolicy::java_2_5(false));
    assert!(subscriber.receive(at(1), push(1, &[("a", true, 1.0)], Emptiness::Unknown)));
    let two = [("a", false, 1.0), ("a", true, 1.0)];
    assert!(!subscriber.receive(at(2), push(2, &two, Emptiness::Unknown)), "the later row is as before");
    assert_eq!(subscriber.hosts().len(), 2);
}

fn push(revision: u64, hosts: &[(&str, bool, f64)], emptiness: Emptiness) -> Push {
    let host = |&(host, healthy, weight): &(&str, bool, f64)| Host {
        address: Address::new(host, 80).expect("good"),
        healthy,
        kind: Kind::Ephemeral,
        content: Content { weight: Weight::new(weight).expect("good"), ..Content::default() },
    };
    Push { epoch: 1, revision, hosts: hosts.iter().map(host).collect(), emptiness }
}

#[test]
fn an_older_list_is_dropped_by_the_strict_client_and_taken_by_javas() {
    for (policy, kept) in [(SubscriberPolicy::strict(), true), (SubscriberPolicy::java_1_4(false), false)] {
        let mut subscriber = Subscriber::new(policy);
        subscriber.receive(at(1), push(5, &[("a", true, 1.0)], Emptiness::Unknown));
        subscriber.receive(at(2), push(4, &[("b", true, 1.0)], Emptiness::Unknown));
        assert_eq!(subscriber.hosts()[0].address.host.as_str() == "a", kept);
    }
}

#[test]
fn an_emptiness_with_a_cause_passes_and_mass_silence_is_held_for_a_bounded_time() {
    let mut subscriber = Subscriber::new(SubscriberPolicy::strict());
    subscriber.receive(at(1), push(1, &[("a", true, 1.0)], Emptiness::Unknown));
    assert!(!subscriber.receive(at(10), push(2, &[("a", false, 1.0)], Emptiness::Silence)));
    assert_eq!(subscriber.next_deadline(), Some(at(70)));
    assert!(!subscriber.receive(at(30), push(3, &[], Emptiness::Silence)), "held since 10 s, not since 30 s");
    assert!(subscriber.advance(at(70)) && subscriber.hosts().is_empty());

    subscriber.receive(at(80), push(4, &[("a", true, 1.0)], Emptiness::Unknown));
    assert!(subscriber.receive(at(81), push(5, &[], Emptiness::Decided)));
    assert!(subscriber.hosts().is_empty() && subscriber.guard().is_none());
}

#[test]
fn a_consumer_that_starts_with_the_list_on_its_disk_keeps_it_against_a_first_empty_push() {
    let saved = push(9, &[("a", true, 1.0)], Emptiness::Unknown).hosts;
    let mut subscriber = Subscriber::with_cache(SubscriberPolicy::strict(), at(0), saved);
    assert!(!subscriber.receive(at(1), push(1, &[], Emptiness::Silence)));
    assert!(subscriber.hosts().len() == 1 && subscriber.guard().is_some());
}

#[test]
fn the_choice_is_by_weight_among_the_healthy_and_the_hosts_draw_decides() {
    let mut subscriber = Subscriber::new(SubscriberPolicy::strict());
    assert!(subscriber.choose(0.5).is_none());
    let hosts = [("a", true, 1.0), ("b", false, 9.0), ("c", true, 3.0), ("d", true, 0.0)];
    subscriber.receive(at(1), push(1, &hosts, Emptiness::Unknown));
    let chosen = |drawn| subscriber.choose(drawn).expect("somebody").address.host.as_str().to_owned();
    assert_eq!([0.0, 0.24, 0.26, 0.99, 1.0, 7.0].map(chosen), ["a", "a", "c", "c", "c", "c"]);
}
