//! The registry against the naive model, over random tapes.

use liveset_model::tape::{any_policy, policies};
use liveset_model::{fight, shrink};

#[test]
fn the_registry_is_what_its_rules_say() {
    let seeds: u64 = std::env::var("SEEDS").ok().and_then(|s| s.parse().ok()).unwrap_or(2);
    let from: u64 = std::env::var("FROM").ok().and_then(|s| s.parse().ok()).unwrap_or(0);
    let which = std::env::var("POLICY").unwrap_or_default();
    let mut total = 0;
    std::panic::set_hook(Box::new(|_| {}));
    for seed in from..from + seeds {
        let all = policies().into_iter().chain((0..8).map(|n| any_policy(seed * 8 + n)));
        for policy in all.filter(|p| p.label.starts_with(&which)) {
            let fight = fight(&policy, seed, 2000);
            total += fight.steps;
            if let Some(defeat) = fight.defeat {
                panic_with(shrink(defeat).to_string());
            }
        }
    }
    println!("{total} steps");
}

fn panic_with(text: String) {
    let _old = std::panic::take_hook();
    panic!("{text}");
}
