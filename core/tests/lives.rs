//! Commands of several lives of one instance, as networks bring them: late, and in another order.

use liveset::{
    Actor, Address, Command, Content, Deregistration, InstanceBeat, Instant, Policy, Registration, Registry, Removal,
    ServiceKey, Standing,
};

const LIVES: u64 = 3;

fn strict() -> Registry {
    Registry::new(Policy::strict()).expect("the policy is good")
}

fn orders() -> ServiceKey {
    ServiceKey::named("orders").expect("good")
}

fn host() -> Address {
    Address::new("10.0.0.1", 8080).expect("good")
}

fn provider() -> Actor {
    Actor::parse("order-1").expect("good")
}

/// What life `life` sends: it registers, beats, and, where it ends, takes itself back.
fn life(life: u64, ends: bool) -> Vec<Command> {
    let register = Registration { incarnation: Some(life), ..Registration::new(orders(), host(), provider()) };
    let beat = InstanceBeat {
        service: orders(),
        address: host(),
        source: provider(),
        incarnation: Some(life),
        content: Some(Content::default()),
    };
    let end = Deregistration { incarnation: Some(life), ..Deregistration::new(orders(), host(), provider()) };
    let last = ends.then_some(Command::Deregister(end));
    [Command::Register(register), Command::BeatInstance(beat)].into_iter().chain(last).collect()
}

/// Every way to merge sequences without changing the order within one of them.
fn merged(sequences: &[Vec<Command>]) -> Vec<Vec<Command>> {
    if sequences.iter().all(Vec::is_empty) {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for (number, sequence) in sequences.iter().enumerate() {
        let Some((first, rest)) = sequence.split_first() else { continue };
        let mut left = sequences.to_vec();
        left[number] = rest.to_vec();
        all.extend(merged(&left).into_iter().map(|tail| [vec![first.clone()], tail].concat()));
    }
    all
}

#[test]
fn commands_of_different_lives_end_the_same_in_any_order() {
    for last_ends in [false, true] {
        let lives: Vec<Vec<Command>> = (1..=LIVES).map(|number| life(number, number < LIVES || last_ends)).collect();
        let ways = merged(&lives);
        assert!(ways.len() > 500);
        for order in ways {
            let mut registry = strict();
            for (moment, command) in order.iter().enumerate() {
                let _ = registry.apply(Instant::from_millis(moment as u64).expect("small"), command.clone());
            }
            let explained = registry.explain(&orders(), &host());
            let found = (explained.standing, explained.leases.first().map(|lease| lease.incarnation));
            let expected = if last_ends { (Standing::Gone, None) } else { (Standing::Online, Some(LIVES)) };
            assert_eq!(found, expected, "{order:?}");
        }
    }
}

#[test]
fn a_late_removal_of_an_older_life_leaves_the_newer_one_alone() {
    let mut registry = strict();
    for command in life(1, true).into_iter().chain(life(2, false)) {
        registry.apply(Instant::from_secs(1), command).expect("in order");
    }
    let late = Deregistration { incarnation: Some(1), ..Deregistration::new(orders(), host(), provider()) };
    registry.apply(Instant::from_secs(2), Command::Deregister(late)).expect_err("of an older life");
    assert_eq!(registry.explain(&orders(), &host()).standing, Standing::Online);
    // An operator's removal is about whoever is there.
    let (service, address, by) = (orders(), host(), Actor::parse("ops").expect("good"));
    let removal = Removal { service, address, by, because: None, fence_for: None };
    registry.apply(Instant::from_secs(3), Command::Remove(removal)).expect("held");
    for command in life(2, false) {
        registry.apply(Instant::from_secs(4), command).expect_err("fenced");
    }
}
