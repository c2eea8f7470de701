//! Requests of Nacos's clients: `MILLISECONDS METHOD PATH?NAME=VALUE&NAME=VALUE`, a line each; the first line is a version. Any of them
//! has an answer, and reading changes nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use liveset::{Instant, Registry};
use liveset_nacos::{Dialect, Request, serve};

const LINES_MAX: usize = 64;

fuzz_target!(|input: &[u8]| {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let mut lines = text.lines();
    let dialects = [Dialect::V1_4, Dialect::V2_0, Dialect::V2_1, Dialect::V2_5, Dialect::V3_0];
    let dialect = dialects[lines.next().map_or(0, str::len) % dialects.len()];
    let mut registry = Registry::new(dialect.policy()).expect("presets are good");
    let mut now = Instant::ZERO;
    for line in lines.take(LINES_MAX) {
        let mut words = line.splitn(3, ' ');
        let waits = words.next().and_then(|word| word.parse::<u32>().ok()).unwrap_or_default();
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let parameters = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        let request = Request::new(method, path, parameters).of_agent("Nacos-Java-Client:v2.0.3");
        now = Instant::from_millis(now.as_millis() + u64::from(waits)).unwrap_or(now);
        let response = serve(&mut registry, dialect, now, &request);
        assert!((200..600).contains(&response.status), "{request:?}");
    }
});
