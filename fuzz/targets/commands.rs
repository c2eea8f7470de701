//! Tapes of commands: the policy and each step come from the bytes, the registry and its naive model take them, and must say the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use liveset_model::{fight_told, shrink};

fuzz_target!(|input: &[u8]| {
    if let Some(defeat) = fight_told(input).defeat {
        panic!("{}", shrink(defeat));
    }
});
