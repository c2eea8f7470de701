//! What the world does to commands, clocks and what was written down, and what must hold nevertheless.

use std::collections::{BTreeMap, BTreeSet};

use liveset::policy::Lifetime;
use liveset::{
    Actor, Address, Command, Error, InstanceQuery, Instant, LeaseId, Notice, Outcome, Policy, Reader, Registration,
    Registry, ServiceId, ServiceKey, Span, document,
};
use liveset_model::tape::{Random, address, policies, service, tape};

const SEEDS: u64 = 40;
const LENGTH: usize = 300;

fn fresh(policy: &Policy) -> Registry {
    Registry::new(policy.clone()).expect("the policy is good")
}

fn at(millis: u64) -> Instant {
    Instant::from_millis(millis).expect("small")
}

/// A tape as a bad network brings it: a fifth is lost, a tenth comes twice, and each comes up to twelve places later. The moments are
/// those of arriving.
fn through_a_bad_network(tape: &[(Instant, Command)], seed: u64) -> Vec<(Instant, Command)> {
    let mut random = Random(seed);
    let mut arriving = Vec::new();
    for (place, (_, command)) in tape.iter().enumerate() {
        let copies = if random.one_in(5) { 0 } else { 1 + usize::from(random.one_in(10)) };
        for _ in 0..copies {
            arriving.push((place as u64 + random.below(13), command.clone()));
        }
    }
    arriving.sort_by_key(|&(place, _)| place);
    let moment = |place: u64| tape[(place as usize).min(tape.len() - 1)].0;
    arriving.into_iter().map(|(place, command)| (moment(place), command)).collect()
}

/// Runs `check` on such tapes of all policies.
fn on_bad_networks(check: impl Fn(&Policy, &[(Instant, Command)], &str)) {
    for policy in policies() {
        for seed in 0..SEEDS {
            let sent = tape(seed, &policy, LENGTH);
            let mut arrived = through_a_bad_network(&sent, seed);
            arrived.sort_by_key(|&(now, _)| now);
            check(&policy, &arrived, &format!("{} seed {seed}", policy.label));
        }
    }
}

fn is_listed(registry: &Registry, service: &ServiceKey, address: &Address) -> bool {
    let view = registry.instances(&InstanceQuery::new(service.clone(), Reader::Consumer));
    view.instances.iter().any(|row| row.address == *address)
}

#[test]
fn what_is_offline_stays_so_whatever_is_lost_doubled_or_overtaken() {
    let mut watched = 0;
    for seed in 0..3 * SEEDS {
        let mut registry = fresh(&Policy::strict());
        let mut offline = BTreeSet::new();
        for (now, command) in through_a_bad_network(&tape(seed, &Policy::strict(), LENGTH), seed) {
            let done = registry.apply(now, command.clone()).is_ok();
            match &command {
                Command::SetOverride(change) if done => {
                    let lasts = change.lifetime.is_none_or(|lifetime| lifetime == Lifetime::UntilCleared);
                    let key = (change.service.clone(), change.address.clone());
                    match change.enabled {
                        Some(false) if lasts => drop(offline.insert(key)),
                        Some(_) => drop(offline.remove(&key)),
                        None => {}
                    }
                }
                Command::ClearOverride { service, address, .. } | Command::EndOverride { service, address } if done => {
                    offline.remove(&(service.clone(), address.clone()));
                }
                _ => {}
            }
            for (service, address) in &offline {
                assert!(!is_listed(&registry, service, address), "seed {seed} at {now}: {command:?}");
                watched += 1;
            }
        }
    }
    assert!(watched > 10_000, "{watched}");
}

#[test]
fn who_looks_only_when_told_has_the_list_whatever_is_lost_doubled_or_overtaken() {
    on_bad_networks(|policy, tape, name| {
        // Nacos does not tell everything, nor at once.
        let view = &policy.view;
        if !policy.overrides.end_is_told || view.refresh != Span::ZERO || view.notice_window != Span::ZERO {
            return;
        }
        let mut registry = fresh(policy);
        let mut copies: BTreeMap<u64, (u64, BTreeMap<u64, u32>)> = BTreeMap::new();
        for number in 0..2 {
            let subscriber = Actor::parse("outside").expect("good");
            let told = registry.subscribe(Instant::ZERO, &service(number), &subscriber).expect("there is room");
            let Outcome::Subscribed { service, .. } = told else { panic!("subscribed: {told:?}") };
            copies.insert(service.to_u64(), (0, BTreeMap::new()));
        }
        for (now, command) in tape {
            // Its own subscription is not the tape's to end, and what is said is its to hear.
            if matches!(command, Command::Unsubscribe { .. } | Command::Poll { .. } | Command::RemoveService { .. }) {
                continue;
            }
            let _refused_or_not = registry.apply(*now, command.clone());
            while let Some(notice) = registry.poll() {
                let Notice::Changed { service, .. } = notice else { continue };
                let Some((revision, copy)) = copies.get_mut(&service.to_u64()) else { continue };
                let changes = registry.changes(service, *revision).expect("subscribed, so it is known");
                if changes.full {
                    copy.clear();
                }
                for row in changes.rows {
                    match row.state {
                        0 => drop(copy.remove(&row.instance.to_u64())),
                        state => drop(copy.insert(row.instance.to_u64(), state)),
                    }
                }
                *revision = changes.revision;
            }
            for (&id, (_, copy)) in &copies {
                let Ok(all) = registry.changes(ServiceId::from_u64(id), u64::MAX) else { continue };
                let list: BTreeMap<u64, u32> = all.rows.iter().map(|row| (row.instance.to_u64(), row.state)).collect();
                assert_eq!(*copy, list, "{name} at {now} after {command:?}");
            }
        }
    });
}

#[test]
fn a_host_whose_clock_steps_back_is_one_whose_clock_stood_still() {
    on_bad_networks(|policy, tape, name| {
        let (mut stepping, mut standing) = (fresh(policy), fresh(policy));
        let (mut random, mut latest) = (Random(9), Instant::ZERO);
        for (now, command) in tape {
            // An excuse names a moment itself.
            if matches!(command, Command::Excuse { .. }) {
                continue;
            }
            let back = if random.one_in(3) { random.below(60_000) } else { 0 };
            let stepped = at(now.as_millis().saturating_sub(back));
            latest = latest.max(stepped);
            let (one, other) = (stepping.apply(stepped, command.clone()), standing.apply(latest, command.clone()));
            assert_eq!(one, other, "{name} at {now}");
            assert_eq!(stepping.now(), latest, "{name}");
            assert_eq!(stepping.transitions(0), standing.transitions(0), "{name} at {now}");
        }
        assert!(stepping.clamped() > 0 && standing.clamped() == 0, "{name}");
    });
}

/// What the host's clock shows, by the true time.
type Fault = (&'static str, fn(u64) -> u64);

const CLOCKS: [Fault; 7] = [
    ("5 % fast", |now| now + now / 20),
    ("5 % slow", |now| now - now / 20),
    ("back by 20 s every minute", |now| now - now / 60_000 * 20_000),
    ("stands still for 8 s of every minute", |now| if now % 60_000 < 8_000 { now / 60_000 * 60_000 } else { now }),
    ("ahead by a minute after 100 s", |now| now + if now > 100_000 { 60_000 } else { 0 }),
    ("ahead by an hour after 100 s", |now| now + if now > 100_000 { 3_600_000 } else { 0 }),
    ("ahead by a hundred years after 100 s", |now| now + if now > 100_000 { 3_155_760_000_000 } else { 0 }),
];

/// Ten who beat every 5 s of true time for ten minutes, to a host that looks every second of it; how often one was not healthy.
fn missed_under(policy: &Policy, clock: fn(u64) -> u64) -> usize {
    let mut registry = fresh(policy);
    let claim = |number: u64| {
        let host = Address::new(&format!("10.0.1.{number}"), 80).expect("good");
        Registration::new(service(0), host, Actor::parse(&format!("order-{number}")).expect("good"))
    };
    let join = |number| registry.register(at(clock(0)), &claim(number)).expect("there is room").lease;
    let leases: Vec<LeaseId> = (0..10).map(join).collect();
    let mut missed = 0;
    for tick in 1..6000 {
        let now = tick * 100;
        if tick % 10 == 0 {
            registry.advance(at(clock(now)));
            let query = InstanceQuery::new(service(0), Reader::Consumer);
            missed += 10 - registry.instances(&query).instances.iter().filter(|row| row.healthy).count();
        }
        // Each at its own time of five seconds.
        if tick % 5 == 0
            && let Some(&lease) = leases.get((tick / 5 % 10) as usize)
        {
            let _gone = registry.beat(at(clock(now)), lease);
        }
    }
    missed
}

#[test]
fn no_fault_of_the_hosts_clock_makes_anybody_unhealthy_who_beats_in_time() {
    // A host on a real clock says so.
    let mut policy = Policy::strict();
    policy.expiry.gap_max = Some(Span::from_secs(10));
    for (name, clock) in CLOCKS {
        assert_eq!(missed_under(&policy, clock), 0, "{name}");
    }
    let counts = Policy::nacos_2_5();
    assert!(missed_under(&counts, CLOCKS[5].1) > 0, "without rule 10 a step of an hour is an hour of silence");
}

#[test]
fn after_a_crash_at_any_command_any_older_snapshot_and_the_log_from_there_give_the_same_registry() {
    for policy in policies() {
        let log = tape(5, &policy, LENGTH);
        let mut registry = fresh(&policy);
        let mut snapshots = Vec::new();
        for (count, (now, command)) in log.iter().enumerate() {
            if count % 40 == 0 {
                snapshots.push((count, registry.snapshot()));
            }
            let _refused_or_not = registry.apply(*now, command.clone());
            if count % 15 != 0 {
                continue;
            }
            for (from, snapshot) in &snapshots {
                let mut again = Registry::restore(snapshot, (3, 5)).expect("a good snapshot");
                for (now, command) in &log[*from..=count] {
                    let _as_before = again.apply(*now, command.clone());
                }
                assert_eq!(again.digest(), registry.digest(), "{} from {from} to {count}", policy.label);
            }
        }
    }
}

#[test]
fn a_log_that_is_torn_anywhere_gives_what_was_whole_and_refuses_the_rest() {
    let policy = Policy::strict();
    let log = tape(7, &policy, 40);
    let mut text = String::new();
    let mut registry = fresh(&policy);
    // Where each line ends, and the registry then.
    let mut whole = vec![(0, registry.digest())];
    for (now, command) in &log {
        text.push_str(&format!("{} {}\n", now.as_millis(), document::write(command)));
        let _refused_or_not = registry.apply(*now, command.clone());
        whole.push((text.len(), registry.digest()));
    }
    for end in 0..=text.len() {
        let mut again = fresh(&policy);
        for line in text[..end].split_terminator('\n') {
            let Some((now, command)) = line.split_once(' ') else { break };
            let Ok(command) = document::read::<Command>(command.as_bytes()) else { break };
            let _as_before = again.apply(at(now.parse().expect("a number")), command);
        }
        // The end of a line is whole without what ends it.
        let last = whole.iter().rfind(|&&(length, _)| length <= end + 1);
        assert_eq!(Some(again.digest()), last.map(|&(_, digest)| digest), "cut at byte {end}");
    }
}

#[test]
fn nothing_outgrows_its_limit_and_only_newcomers_are_refused() {
    let mut refused = 0;
    for base in policies() {
        let mut policy = base;
        policy.limits.instances_max = 3;
        policy.limits.leases_per_instance_max = 1;
        policy.limits.services_max = 2;
        policy.limits.sessions_max = 2;
        policy.limits.subscriptions_max = 2;
        policy.limits.journal_max = 16;
        policy.limits.metadata_bytes_max = 50;
        for seed in 0..SEEDS {
            let mut registry = fresh(&policy);
            for (now, command) in through_a_bad_network(&tape(seed, &policy, LENGTH), seed) {
                let done = registry.apply(now, command.clone());
                let name = format!("{} seed {seed} at {now}: {command:?}", policy.label);
                if let Err(Error::LimitReached { .. }) = done {
                    let comes = matches!(
                        command,
                        Command::Register(_)
                            | Command::RegisterBatch(_)
                            | Command::BeatInstance(_)
                            | Command::OpenSession { .. }
                            | Command::Subscribe { .. }
                    );
                    assert!(comes, "{name}");
                    refused += 1;
                }
                let counters = registry.counters();
                assert!(counters.instances <= 3, "{name}");
                assert!(counters.sessions <= 2 && counters.subscriptions <= 2, "{name}");
                assert!(counters.transitions <= 16, "{name}");
                // One for each subscription, and one for each session that is asked for a sign of life.
                assert!(counters.notices <= counters.subscriptions + counters.sessions, "{name}");
            }
        }
    }
    assert!(refused > 1000, "{refused}");
}

#[test]
fn a_subscriber_that_never_looks_costs_as_much_after_ten_thousand_changes_as_after_a_hundred() {
    let mut policy = Policy::strict();
    policy.limits.journal_max = 16;
    let mut registry = fresh(&policy);
    let slow = Actor::parse("slow").expect("good");
    registry.subscribe(Instant::ZERO, &service(0), &slow).expect("there is room");
    let claim = Registration::new(service(0), address(0), slow);
    let mut sizes = Vec::new();
    for round in 1..=10_000 {
        let lease = registry.register(at(round * 10), &claim).expect("there is room").lease;
        registry.deregister_lease(at(round * 10 + 5), lease).expect("held");
        if round % 100 == 0 {
            assert_eq!(registry.counters().notices, 1);
            sizes.push(registry.snapshot().len());
        }
    }
    let (early, late) = (sizes[50], sizes[99]);
    assert!(late < early + 64, "{early} bytes became {late}");
}
