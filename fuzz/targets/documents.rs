//! Documents: each line of the input is a command or a question as JSON, the first line a policy. Nothing panics, a refusal is time
//! passing and nothing else, and what explains an instance is what readers get.
#![no_main]

use libfuzzer_sys::fuzz_target;
use liveset::{Command, Instant, InstanceQuery, Question, Reader, Registry, document};

const LINES_MAX: usize = 64;

fuzz_target!(|input: &[u8]| {
    let mut lines = input.split(|&byte| byte == b'\n');
    let Ok(policy) = document::read_policy(lines.next().unwrap_or_default()) else { return };
    // A limit of millions costs memory for nothing here.
    let Ok(mut registry) = Registry::new(policy) else { return };
    let mut now = Instant::ZERO;
    for line in lines.take(LINES_MAX) {
        // `MILLISECONDS DOCUMENT`, as in a tape.
        let (time, rest) = line.split_at(line.iter().position(|&byte| byte == b' ').unwrap_or(0));
        let waits = std::str::from_utf8(time).ok().and_then(|time| time.parse::<u32>().ok()).unwrap_or_default();
        now = Instant::from_millis(now.as_millis() + u64::from(waits)).unwrap_or(now);
        if let Ok(question) = document::read::<Question>(rest) {
            let before = registry.digest();
            let _ = registry.ask(&question).map(|reply| document::write(&reply));
            assert_eq!(registry.digest(), before, "a question changes nothing");
        }
        let Ok(command) = document::read::<Command>(rest) else { continue };
        let again: Command = document::read(document::write(&command).as_bytes()).expect("what was written is read");
        assert_eq!(again, command);
        let mut only_time = Registry::restore(&registry.snapshot(), (1, 2)).expect("a good snapshot");
        only_time.advance(now);
        if registry.apply(now, command).is_err() {
            assert_eq!(registry.digest(), only_time.digest(), "a refusal is time passing and nothing else");
        }
    }
    for service in registry.services() {
        let view = registry.instances(&InstanceQuery::new(service.clone(), Reader::Consumer));
        for instance in view.instances {
            let sight = registry.explain(&service, &instance.address).sights.consumer;
            assert!(sight.listed, "what is served is explained as served");
        }
    }
});
