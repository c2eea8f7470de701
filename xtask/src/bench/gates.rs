//! The figures: what each is, and what it must hold.

/// A figure and its gate.
pub struct Gate {
    pub name: &'static str,
    pub what: &'static str,
    /// What the subject is held against, in words.
    pub reference: &'static str,
    pub held_to: Held,
    /// The size at which it is held to it; at every size where none is named.
    pub at: Option<usize>,
    pub gate: f64,
    pub goal: f64,
}

/// What of a figure the gate bounds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Held {
    Ratio,
    Value,
}

const MILLION: Option<usize> = Some(1_000_000);
const TEN_MILLION: Option<usize> = Some(10_000_000);

const STORE: &str = "a bare random 8-byte store, same size";

pub const GATES: &[Gate] = &[
    ratio("beat-batch", "beat by id, batch of 1024, random order", STORE, 1.3, 1.05),
    ratio("beat-single", "beat by id, one call a beat", STORE, 1.6, 1.3),
    value(
        "steady",
        "share of one core: everybody beats every 5 s, the clock is looked at every 100 ms",
        STORE,
        MILLION,
        0.3,
        0.1,
    ),
    value("steady", "", STORE, TEN_MILLION, 4.0, 3.0),
    value("expiry-share", "what expiry adds to a beat", STORE, None, 0.5, 0.2),
    value(
        "mass-silent",
        "everybody falls silent, one advance, in the order of (due, slot)",
        "sorting as many (due, slot)",
        MILLION,
        100.0,
        40.0,
    ),
    value(
        "mass-returned",
        "everybody who fell silent beats again, in batches of 1024, random order",
        "sorting as many (due, slot)",
        MILLION,
        300.0,
        150.0,
    ),
    value(
        "mass-removed",
        "everybody who fell silent is removed, one advance",
        "sorting as many (due, slot)",
        MILLION,
        150.0,
        80.0,
    ),
    value("growth", "longest single call while registering that many", "the median call", MILLION, 1000.0, 50.0),
    value("growth", "", "the median call", TEN_MILLION, 1000.0, 50.0),
    value("memory", "bytes an instance beyond its names' text", "the text", MILLION, 96.0, 64.0),
    value("register", "an instance into a known service", "insert into std's HashMap by text", MILLION, 400.0, 200.0),
    value("deregister", "by id", "remove from std's HashMap by text", MILLION, 400.0, 200.0),
    value(
        "diff",
        "one change in a service of 1000, to a reader one revision behind",
        "a row on the heap",
        None,
        20.0,
        10.0,
    ),
    value(
        "list",
        "whether a reader's list of a service of 1000 still holds: asked with its revision",
        "clone of an Arc",
        None,
        20.0,
        10.0,
    ),
    value("fanout", "one change, 1000 subscribers, notices polled; each", "push to a queue and pop", None, 50.0, 20.0),
    value("snapshot", "everything out", "copy of the bytes", MILLION, 300.0, 100.0),
    value("restore", "everything in again", "copy of the bytes", MILLION, 300.0, 100.0),
    value("boundary-jni", "beat in a batch of 1024 that Java fills", "random store in Java", Some(100_000), 2.0, 1.5),
    value("boundary-cgo", "the same from Go by cgo", "random store in Go", Some(100_000), 2.0, 1.5),
    value("boundary-wazero", "the same from Go by wazero", "random store in Go", Some(100_000), 10.0, 5.0),
    value("boundary-wasm", "the same from JavaScript", "random store in JavaScript", Some(100_000), 3.0, 2.0),
    value("wasm-size", "npm's WebAssembly, raw", "gzip", None, 250.0, 150.0),
    value("js-start", "import and first registry of a fresh process", "", None, 15.0, 5.0),
    value("explain", "one instance among all", "its name as text", MILLION, 5.0, 1.0),
];

const fn ratio(name: &'static str, what: &'static str, reference: &'static str, gate: f64, goal: f64) -> Gate {
    Gate { name, what, reference, held_to: Held::Ratio, at: None, gate, goal }
}

const fn value(
    name: &'static str,
    what: &'static str,
    reference: &'static str,
    at: Option<usize>,
    gate: f64,
    goal: f64,
) -> Gate {
    Gate { name, what, reference, held_to: Held::Value, at, gate, goal }
}

/// What a figure is, whatever its size.
pub fn about(name: &str) -> Option<&'static Gate> {
    GATES.iter().find(|gate| gate.name == name)
}

/// The gate of a figure at a size.
pub fn gate_of(name: &str, size: usize) -> Option<&'static Gate> {
    GATES.iter().find(|gate| gate.name == name && gate.at.is_none_or(|at| at == size))
}
