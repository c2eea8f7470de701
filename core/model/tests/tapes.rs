//! Laws over tapes that meet deadlines and use the ids they were given.

use std::collections::{BTreeMap, BTreeSet};

use liveset::{Address, Command, Instant, Policy, Registry, Rule, ServiceKey, document};
use liveset_model::tape::{address, policies, service, tape, varied};
use serde_json::Value;

const SEEDS: u64 = 12;
const LENGTH: usize = 250;

fn on_tapes(mut check: impl FnMut(&Policy, &[(Instant, Command)], &str)) {
    for policy in policies() {
        for seed in 0..SEEDS {
            check(&policy, &tape(seed, &policy, LENGTH), &format!("{} seed {seed}", policy.label));
        }
    }
}

fn play<'a>(policy: &Policy, seed: (u64, u64), tape: impl Iterator<Item = &'a (Instant, Command)>) -> Registry {
    let mut registry = Registry::with_seed(policy.clone(), seed).expect("the policy is good");
    for (now, command) in tape {
        let _refusals_count_too = registry.apply(*now, command.clone());
    }
    registry
}

#[test]
fn equal_commands_give_equal_bytes_under_three_hash_seeds() {
    on_tapes(|policy, tape, name| {
        let first = play(policy, (0, 0), tape.iter()).snapshot();
        for seed in [(3, 5), (u64::MAX, 0x9e37_79b9_7f4a_7c15)] {
            assert_eq!(play(policy, seed, tape.iter()).snapshot(), first, "{name} under {seed:?}");
        }
    });
}

/// Whether a command is what an account of this instance names: an operator's word or removal, its own registration or deregistration.
fn is_named(command: &Command, rule: Rule, service: &ServiceKey, address: &Address) -> bool {
    let place = (service, address);
    match (command, rule) {
        (Command::SetOverride(change), Rule::Override) => (&change.service, &change.address) == place,
        (Command::Remove(removal), Rule::Removal) => (&removal.service, &removal.address) == place,
        (Command::Deregister(claim), Rule::Deregistration) => (&claim.service, &claim.address) == place,
        (Command::BeatInstance(beat), Rule::BeatForTheUnknown) => (&beat.service, &beat.address) == place,
        (Command::Register(claim), Rule::Registration | Rule::Published) => (&claim.service, &claim.address) == place,
        (Command::RegisterBatch(batch), Rule::Registration | Rule::Published) => {
            batch.service == *service && batch.members.iter().any(|member| member.address == *address)
        }
        _ => false,
    }
}

#[test]
fn without_the_deed_that_an_account_names_the_verdict_is_another() {
    let mut tried = BTreeMap::new();
    on_tapes(|policy, tape, name| {
        for end in (50..=LENGTH).step_by(50) {
            let mut registry = Registry::new(policy.clone()).expect("the policy is good");
            // What was refused decided nothing.
            let done: Vec<&(Instant, Command)> =
                tape[..end].iter().filter(|(at, command)| registry.apply(*at, command.clone()).is_ok()).collect();
            for (service, address) in (0..2).flat_map(|s| (0..3).map(move |a| (service(s), address(a)))) {
                let decided = registry.explain(&service, &address).decided_by;
                let deed = |(at, command): &(Instant, Command)| {
                    decided.at == Some(*at) && is_named(command, decided.rule, &service, &address)
                };
                if !done.iter().any(|step| deed(step)) {
                    continue;
                }
                *tried.entry(format!("{:?}", decided.rule)).or_insert(0) += 1;
                let without = play(policy, (0, 0), tape[..end].iter().filter(|step| !deed(step)));
                let verdict = without.explain(&service, &address).decided_by;
                assert_ne!(verdict, decided, "{name}, {end} steps: {address} in {service}");
            }
        }
    });
    assert!(tried.len() == 6 && tried.values().all(|&times| times > 20), "accounts named a deed so often: {tried:?}");
}

/// The fields of a document by their paths, with their values.
fn fields_of(path: &str, value: &Value, found: &mut BTreeMap<String, BTreeSet<String>>) {
    found.entry(path.to_owned()).or_default().insert(value.to_string());
    for (name, value) in value.as_object().into_iter().flatten() {
        fields_of(&format!("{path}.{name}"), value, found);
    }
}

#[test]
fn no_field_of_a_policy_stands_still_in_the_tapes() {
    let mut found = BTreeMap::new();
    for seed in 0..300 {
        let policy = document::write(&varied(Policy::strict(), seed));
        fields_of("policy", &serde_json::from_str(&policy).expect("a document"), &mut found);
    }
    let still: Vec<&String> = found.iter().filter(|(_, values)| values.len() < 2).map(|(path, _)| path).collect();
    assert!(still.is_empty(), "these have one value only: {still:?}");
    assert!(found.len() > 60, "only {} fields", found.len());
}
