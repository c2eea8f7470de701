//! Scenarios: any text is a scenario or a problem with its place; a scenario plays twice alike.
#![no_main]

use libfuzzer_sys::fuzz_target;
use liveset_world::{Scenario, play};

fuzz_target!(|input: &[u8]| {
    let Ok(text) = std::str::from_utf8(input) else { return };
    match Scenario::parse(text) {
        Ok(scenario) => assert_eq!(play(&scenario), play(&scenario)),
        Err(problem) => {
            let lines = text.lines().count().max(1);
            assert!((1..=lines + 1).contains(&problem.line), "{problem} is in the text");
        }
    }
});
