//! What a soak finds is written as a scenario, and is one.

use liveset::{Command, Instant, Policy};
use liveset_model::tape::{Deed, Step, any_policy, policies, tape};
use liveset_model::{Defeat, Disagreement, as_scenario};
use liveset_world::{Scenario, play, vectors};

/// A disagreement planted at the end of a tape.
fn defeat(policy: &Policy, tape: Vec<(Instant, Command)>) -> Defeat {
    let step = |(serial, (at, command))| Step { serial, at, deed: Deed::Do(command), origins: Vec::new() };
    let disagreement = Disagreement {
        about: "the account of 10.0.0.1:8080 in orders".into(),
        registry: "online".into(),
        model: "gone".into(),
    };
    Defeat { policy: policy.clone(), steps: tape.into_iter().enumerate().map(step).collect(), disagreement }
}

/// Tapes of some length under many policies, told.
fn told(length: usize) -> impl Iterator<Item = (Policy, String)> {
    let all = policies().into_iter().chain((0..150).map(any_policy)).zip(0..);
    all.map(move |(policy, seed)| {
        let text = as_scenario(&defeat(&policy, tape(seed, &policy, length)));
        (policy, text)
    })
}

#[test]
fn any_tape_is_told_as_a_scenario_under_the_same_policy_that_ends_in_what_differs() {
    for (policy, text) in told(60) {
        let scenario = Scenario::parse(&text).unwrap_or_else(|problem| panic!("{problem}\n{text}"));
        let lines = &vectors(&scenario)[0].lines;
        let header: serde_json::Value = serde_json::from_str(lines.lines().next().expect("a header")).expect("JSON");
        let mut wanted = serde_json::to_value(&policy).expect("JSON");
        wanted["label"] = header["policy"]["label"].clone();
        assert_eq!(header["policy"], wanted, "{text}");
        let end =
            "# They disagree about the account of 10.0.0.1:8080 in orders\n#   registry: online\n#   model:    gone\n";
        assert!(text.ends_with(end), "{text}");
    }
}

#[test]
fn what_is_told_without_a_gap_happens_again_when_it_is_played() {
    let mut whole = 0;
    for (_, text) in told(6).filter(|(_, text)| !text.contains("without words")) {
        let report = play(&Scenario::parse(&text).expect("it parses"));
        assert_eq!(report.failures(), Vec::<String>::new(), "{text}");
        whole += usize::from(text.contains("| online"));
    }
    assert!(whole > 5, "only {whole} of them speak of somebody who is online");
}
