//! What must hold for every tape of commands, under every policy.

use std::collections::BTreeMap;

use liveset::{
    Command, InstanceQuery, InstanceView, Instant, Outcome, Policy, Reader, Registry, ServiceId, ServiceKey, Span,
    Standing, document, policy::Lifetime, state,
};
use liveset_model::tape::{Random, address, policies, service, tape};

const SEEDS: u64 = 40;
const LENGTH: usize = 250;

/// Runs `check` on tapes of all policies; it gets the policy, the tape, and what to call it.
fn on_tapes(check: impl Fn(&Policy, &[(Instant, Command)], &str)) {
    for policy in policies() {
        for seed in 0..SEEDS {
            check(&policy, &tape(seed, &policy, LENGTH), &format!("{} seed {seed}", policy.label));
        }
    }
}

fn fresh(policy: &Policy) -> Registry {
    Registry::new(policy.clone()).expect("the policy is good")
}

#[test]
fn how_often_the_host_wakes_cannot_be_observed() {
    on_tapes(|policy, tape, name| {
        let (mut one, mut other) = (fresh(policy), fresh(policy));
        let mut random = Random(7);
        for (now, command) in tape {
            // Who says that it could hear nobody since a moment did not look after that moment.
            let until = if let Command::Excuse { from } = command { *from.min(now) } else { *now };
            while random.one_in(2) {
                let gap = until.since(other.now()).as_millis();
                other.advance(Instant::from_millis(other.now().as_millis() + random.below(gap + 1)).expect("small"));
            }
            assert_eq!(one.apply(*now, command.clone()), other.apply(*now, command.clone()), "{name}");
            assert_eq!(one.digest(), other.digest(), "{name} after {command:?} at {now}");
        }
    });
}

#[test]
fn a_refusal_is_time_passing_and_nothing_else() {
    on_tapes(|policy, tape, name| {
        let mut registry = fresh(policy);
        for (now, command) in tape {
            let mut only_time = Registry::restore(&registry.snapshot(), (0, 0)).expect("a good snapshot");
            only_time.advance(*now);
            if registry.apply(*now, command.clone()).is_err() {
                assert_eq!(registry.digest(), only_time.digest(), "{name}: {command:?} at {now}");
            }
        }
    });
}

#[test]
fn a_restored_registry_is_itself_future_ids_included_under_any_seed() {
    on_tapes(|policy, tape, name| {
        let mut registry = fresh(policy);
        let (before, after) = tape.split_at(LENGTH / 2);
        for (now, command) in before {
            let _ = registry.apply(*now, command.clone());
        }
        let bytes = registry.snapshot();
        let mut again = Registry::restore(&bytes, (3, 5)).expect("a good snapshot");
        assert_eq!(again.snapshot(), bytes, "{name}");
        for (now, command) in after {
            assert_eq!(registry.apply(*now, command.clone()), again.apply(*now, command.clone()), "{name}");
            assert_eq!(registry.digest(), again.digest(), "{name}");
        }
    });
}

#[test]
fn a_batch_of_beats_is_the_beats_one_by_one() {
    on_tapes(|policy, tape, name| {
        let (mut batch, mut single) = (fresh(policy), fresh(policy));
        for (now, command) in tape {
            let Command::BeatMany { leases } = command else {
                assert_eq!(batch.apply(*now, command.clone()), single.apply(*now, command.clone()), "{name}");
                continue;
            };
            let mut stale = Vec::new();
            batch.beat_many(*now, leases, &mut stale);
            let refused: Vec<_> = leases.iter().copied().filter(|&lease| single.beat(*now, lease).is_err()).collect();
            if leases.is_empty() {
                single.advance(*now);
            }
            assert_eq!(stale, refused, "{name}");
            assert_eq!(batch.digest(), single.digest(), "{name}");
        }
    });
}

#[test]
fn a_deadline_is_never_late() {
    on_tapes(|policy, tape, name| {
        let mut registry = fresh(policy);
        for (now, command) in tape {
            // Up to the moment before the deadline, only time passes.
            let newest = registry.newest_transition();
            let quiet = match registry.next_deadline() {
                Some(deadline) if deadline <= registry.now() => registry.now(),
                Some(deadline) if deadline <= *now => deadline - liveset::Span::from_millis(1).expect("small"),
                _ => *now,
            };
            if quiet > registry.now() {
                registry.advance(quiet);
            }
            assert_eq!(registry.newest_transition(), newest, "{name} at {quiet}");
            let _ = registry.apply(*now, command.clone());
        }
    });
}

#[test]
fn changes_applied_in_order_are_the_view() {
    on_tapes(|policy, tape, name| {
        let mut registry = fresh(policy);
        let mut copies: BTreeMap<u64, (u64, BTreeMap<u64, u32>)> = BTreeMap::new();
        let mut random = Random(11);
        for (now, command) in tape {
            let _ = registry.apply(*now, command.clone());
            for number in 0..registry.services().len() as u64 {
                if random.one_in(3) {
                    continue;
                }
                let id = ServiceId::from_u64(1 << 32 | number);
                let (revision, copy) = copies.entry(number).or_default();
                let Ok(changes) = registry.changes(id, *revision) else {
                    // Forgotten; its slot may be another's by now.
                    copies.remove(&number);
                    continue;
                };
                if changes.full {
                    copy.clear();
                }
                for row in &changes.rows {
                    if row.state == 0 {
                        copy.remove(&row.instance.to_u64())
                    } else {
                        copy.insert(row.instance.to_u64(), row.state)
                    };
                }
                *revision = changes.revision;
                let full = registry.changes(id, u64::MAX).expect("the service is known");
                assert!(full.full);
                let view: BTreeMap<u64, u32> = full.rows.iter().map(|row| (row.instance.to_u64(), row.state)).collect();
                assert_eq!(*copy, view, "{name} at {now}");
            }
        }
    });
}

#[test]
fn explain_agrees_with_the_view_for_every_instance_at_every_step() {
    on_tapes(|policy, tape, name| {
        let mut registry = fresh(policy);
        for (now, command) in tape {
            let _ = registry.apply(*now, command.clone());
            for number in 0..2 {
                let service = service(number);
                let list = |reader| registry.instances(&InstanceQuery::new(service.clone(), reader)).instances;
                let (consumer, operator) = (list(Reader::Consumer), list(Reader::Operator));
                for number in 0..3 {
                    let address = address(number);
                    let explanation = registry.explain(&service, &address);
                    // Several sources may be several rows.
                    let own = |row: &&InstanceView| row.address == address && row.kind == explanation.kind;
                    let found: Vec<&InstanceView> = consumer.iter().filter(own).collect();
                    let shown: Vec<&InstanceView> = operator.iter().filter(own).collect();
                    let sights = explanation.sights;
                    assert_eq!(sights.consumer.listed, !found.is_empty(), "{name} at {now}: {explanation:?}");
                    assert_eq!(sights.consumer.healthy, found.iter().any(|row| row.healthy), "{name} at {now}");
                    assert_eq!(sights.operator.listed, !shown.is_empty(), "{name} at {now}");
                    assert_eq!(sights.operator.enabled, shown.iter().any(|row| row.enabled), "{name} at {now}");
                    if !sights.stale {
                        let served = matches!(explanation.standing, Standing::Online | Standing::Unhealthy);
                        assert_eq!(served, !found.is_empty(), "{name} at {now}: {:?}", explanation.sentences);
                    }
                    assert!(!explanation.sentences.is_empty());
                }
            }
        }
    });
}

#[test]
fn protection_shows_health_and_brings_nobody_back() {
    on_tapes(|policy, tape, name| {
        let mut registry = fresh(policy);
        for (now, command) in tape {
            let _ = registry.apply(*now, command.clone());
            for number in 0..2 {
                let list = |reader| registry.instances(&InstanceQuery::new(service(number), reader));
                let (consumer, operator) = (list(Reader::Consumer), list(Reader::Operator));
                for row in &consumer.instances {
                    let said = |row: &InstanceView| (row.id, row.weight, row.metadata.clone(), row.enabled);
                    let mut real = operator.instances.iter().filter(|real| said(real) == said(row));
                    assert!(real.any(|real| real.enabled), "{name} at {now}");
                    assert!(row.healthy || !consumer.protected, "{name} at {now}");
                }
            }
        }
    });
}

#[test]
fn an_operators_offline_outlasts_everything_but_operators_under_the_strict_policy() {
    let policy = Policy::strict();
    for seed in 0..SEEDS {
        let mut registry = fresh(&policy);
        let mut offline = BTreeMap::new();
        for (now, command) in tape(seed, &Policy::strict(), LENGTH) {
            let done = registry.apply(now, command.clone());
            match (&command, done) {
                (Command::SetOverride(change), Ok(_)) => {
                    let lasting =
                        change.lifetime.is_none_or(|lifetime| lifetime == liveset::policy::Lifetime::UntilCleared);
                    let key = (change.service.clone(), change.address.clone());
                    match change.enabled {
                        Some(false) if lasting => drop(offline.insert(key, ())),
                        Some(_) => drop(offline.remove(&key)),
                        None => {}
                    }
                }
                (
                    Command::ClearOverride { service, address, .. } | Command::EndOverride { service, address },
                    Ok(_),
                ) => {
                    offline.remove(&(service.clone(), address.clone()));
                }
                _ => {}
            }
            for (service, address) in offline.keys() {
                let view = registry.instances(&InstanceQuery::new(service.clone(), Reader::Consumer));
                assert!(!view.instances.iter().any(|row| row.address == *address), "seed {seed} at {now}: {command:?}");
            }
        }
    }
}

#[test]
fn what_is_done_to_one_service_never_changes_another() {
    on_tapes(|policy, tape, name| {
        let mut registry = fresh(policy);
        for (now, command) in tape {
            registry.advance(*now);
            let views = |registry: &Registry, number| {
                [Reader::Consumer, Reader::Operator]
                    .map(|reader| registry.instances(&InstanceQuery::new(service(number), reader)))
            };
            let before = [views(&registry, 0), views(&registry, 1)];
            let touched = (0..2).filter(|&number| names(command, &service(number))).collect::<Vec<u64>>();
            let _ = registry.apply(*now, command.clone());
            if let [only] = touched[..] {
                let other = 1 - only;
                assert_eq!(before[other as usize], views(&registry, other), "{name}: {command:?} at {now}");
            }
        }
    });
}

/// Whether a command says in words that it is about a service.
fn names(command: &Command, service: &ServiceKey) -> bool {
    document::write(command).contains(&document::write(service))
}

#[test]
fn commands_survive_the_document_lane() {
    for seed in 0..SEEDS {
        for (_, command) in tape(seed, &Policy::strict(), LENGTH) {
            let text = document::write(&command);
            assert_eq!(document::read::<Command>(text.as_bytes()), Ok(command), "{text}");
        }
    }
}

#[test]
fn every_single_bit_flip_of_a_snapshot_is_refused() {
    let mut registry = fresh(&Policy::strict());
    for (now, command) in tape(1, &Policy::strict(), 12) {
        let _ = registry.apply(now, command);
    }
    let bytes = registry.snapshot();
    for place in 0..bytes.len() {
        for bit in 0..8 {
            let mut flipped = bytes.clone();
            flipped[place] ^= 1 << bit;
            assert!(Registry::restore(&flipped, (0, 0)).is_err(), "byte {place}, bit {bit}");
        }
    }
    for length in 0..bytes.len() {
        assert!(Registry::restore(&bytes[..length], (0, 0)).is_err(), "{length} bytes");
    }
    assert!(Registry::restore(&[&bytes[..], &[0]].concat(), (0, 0)).is_err());
}

/// Both readers' views, without the revision.
fn views(registry: &Registry) -> Vec<liveset::ServiceView> {
    let queries = [Reader::Consumer, Reader::Operator].into_iter();
    let view = |reader| (0..2).map(move |number| InstanceQuery::new(service(number), reader));
    queries.flat_map(view).map(|query| registry.instances(&query)).collect()
}

#[test]
fn what_is_said_twice_at_once_changes_nothing_and_is_told_to_nobody() {
    let mut repeated = 0;
    for seed in 0..60 {
        let mut registry = fresh(&Policy::strict());
        for (now, command) in tape(seed, &Policy::strict(), 300) {
            let _ = registry.apply(now, command.clone());
            // A node that begins to watch finds what is overdue when it looks next.
            registry.advance(now);
            while registry.poll().is_some() {}
            // An open connection or a subscription is new each time: it has an id of its own.
            let mints = matches!(command, Command::OpenSession { .. } | Command::Subscribe { .. } | Command::Restart);
            // A checker that reports twice has found out twice, and a decision for no time begins and ends twice.
            let twice = match &command {
                Command::SetOverride(change) => change.lifetime == Some(Lifetime::For(Span::ZERO)),
                command => matches!(command, Command::ReportHealth { .. }),
            };
            if mints || twice {
                continue;
            }
            let before = views(&registry);
            let _ = registry.apply(now, command.clone());
            assert_eq!(views(&registry), before, "{command:?} at {now}, seed {seed}");
            assert!(!registry.has_notices(), "{command:?} at {now}, seed {seed}");
            repeated += 1;
        }
    }
    assert!(repeated > 10_000);
}

#[test]
fn beats_alone_never_create_an_instance_under_the_strict_policy() {
    for seed in 0..SEEDS {
        let mut registry = fresh(&Policy::strict());
        for (now, command) in tape(seed, &Policy::strict(), LENGTH) {
            let before = registry.instance_count();
            let is_beat = matches!(command, Command::Beat { .. } | Command::BeatMany { .. } | Command::BeatInstance(_));
            let done = registry.apply(now, command);
            if is_beat {
                assert!(registry.instance_count() <= before, "seed {seed} at {now}");
                assert!(!matches!(done, Ok(Outcome::Beaten { registered: Some(_), .. })));
            }
        }
    }
}

#[test]
fn a_row_of_a_gone_instance_has_no_state() {
    on_tapes(|policy, tape, name| {
        let mut registry = fresh(policy);
        for (now, command) in tape {
            let _ = registry.apply(*now, command.clone());
        }
        for number in 0..registry.services().len() as u64 {
            let Ok(changes) = registry.changes(ServiceId::from_u64(1 << 32 | number), u64::MAX) else { continue };
            for row in changes.rows {
                assert!(row.state & state::PRESENT != 0, "{name}");
                assert!(registry.instance_name(row.instance).is_some(), "{name}");
            }
        }
    });
}

#[test]
fn deadlines_hold_across_months_of_beats_and_of_silence() {
    let mut registry = fresh(&Policy::strict());
    let day = 24 * 3600;
    for start in [0, 20, 26, 60, 61, 130, 400, 401, 5000] {
        let begin = Instant::from_secs(start * day);
        let claim = liveset::Registration::new(service(0), address(0), liveset::Actor::parse("a").expect("good"));
        let lease = registry.register(begin, &claim).expect("good").lease;
        registry.beat(begin + liveset::Span::from_secs(10), lease).expect("held");
        registry.advance(begin + liveset::Span::from_millis(24_999).expect("good"));
        assert_eq!(registry.explain(&service(0), &address(0)).standing, Standing::Online, "day {start}");
        registry.advance(begin + liveset::Span::from_secs(25));
        assert_eq!(registry.explain(&service(0), &address(0)).standing, Standing::Unhealthy, "day {start}");
        registry.advance(begin + liveset::Span::from_secs(40));
        assert_eq!(registry.explain(&service(0), &address(0)).standing, Standing::Gone, "day {start}");
    }
    assert_eq!(registry.transitions(0).len(), 27);
}

#[test]
fn strangers_that_come_and_go_leave_nothing_behind() {
    use liveset::{Actor, Address, Content, Metadata, OverrideChange, Registration, Removal, Span};
    for mut policy in policies() {
        policy.limits.journal_max = 16;
        policy.limits.instances_max = 100;
        policy.limits.sessions_max = 100;
        policy.limits.subscriptions_max = 100;
        policy.limits.leases_per_instance_max = 16;
        let mut registry = fresh(&policy);
        let mut sizes = Vec::new();
        for round in 0..600_u64 {
            let now = Instant::from_secs(round as u32 * 200);
            let who = |what: &str| Actor::parse(&format!("{what}-{round}")).expect("good");
            let place = Address::new(&format!("host-{round}"), 80).expect("good");
            let mut claim = Registration::new(service(0), place.clone(), who("source"));
            claim.content = Content {
                metadata: Metadata::new([("round".into(), round.to_string())].into()).expect("good"),
                ..Content::default()
            };
            let lease = registry.register(now, &claim).expect("there is room").lease;
            claim.source = who("other");
            claim.session = Some(registry.open_session(now, &who("session")).expect("there is room"));
            registry.register(now, &claim).expect("there is room");
            let Ok(Outcome::Subscribed { subscription, .. }) = registry.subscribe(now, &service(0), &who("subscriber"))
            else {
                panic!("there is room");
            };
            let change = OverrideChange {
                service: service(0),
                address: place.clone(),
                kind: None,
                by: who("operator"),
                because: None,
                lifetime: Some(liveset::policy::Lifetime::For(Span::from_secs(9))),
                enabled: Some(false),
                weight: None,
                metadata: None,
            };
            registry.set_override(now, &change).expect("good");
            let (service, address, by) = (service(0), place, who("remover"));
            let fence_for = Some(Span::from_secs(30));
            match round % 3 {
                0 => drop(registry.remove(now, &Removal { service, address, by, because: None, fence_for })),
                1 => drop(registry.deregister_lease(now, lease)),
                _ => drop(registry.close_session(now, claim.session.expect("open"))),
            }
            while registry.poll().is_some() {}
            registry.unsubscribe(now, subscription).expect("active");
            registry.advance(now + Span::from_secs(190));
            if round >= 300 {
                sizes.push(registry.snapshot().len());
            }
        }
        let (first, last) = (sizes[..100].iter().max(), sizes[200..].iter().max());
        assert!(last <= first.map(|size| size + 64).as_ref(), "{}: {first:?} grew to {last:?}", policy.label);
        assert!(registry.instance_count() <= 1);
    }
}
