//! The WebAssembly shell of liveset: one class for JavaScript. It translates and never decides.
//!
//! - Ids and moments cross as doubles, which hold every integer below 2^53 exactly. The package around this class checks that a
//!   single number is one; what comes in bulk is checked here, where it is read anyway.
//! - Documents cross as JSON text, and rows as a `Float64Array`.
//! - A refusal is thrown as the text of its error document. Anything else that is thrown is a panic: the package marks the
//!   registry broken and hands it no further call.

use liveset::document::{read, read_policy, write};
use liveset::{Changes, Command, Error, Instant, LeaseId, Notice, Question, ServiceId};
use liveset_wasm_doubles::read_ids;
use wasm_bindgen::prelude::wasm_bindgen;

/// A registry.
#[wasm_bindgen]
pub struct Registry {
    core: liveset::Registry,
    /// The batch that was read last; its room is used again.
    batch: Vec<LeaseId>,
}

#[wasm_bindgen]
impl Registry {
    /// An empty registry under a policy document; no text means strict. The seed is random bits for the hash tables.
    #[wasm_bindgen(constructor)]
    pub fn new(policy: &str, seed: &[u32]) -> Result<Registry, String> {
        let policy = read_policy(policy.as_bytes()).map_err(refusal)?;
        liveset::Registry::with_seed(policy, seed_of(seed)).map(Registry::of).map_err(refusal)
    }

    /// The registry that a snapshot holds; all or nothing.
    pub fn restore(snapshot: &[u8], seed: &[u32]) -> Result<Registry, String> {
        liveset::Registry::restore(snapshot, seed_of(seed)).map(Registry::of).map_err(refusal)
    }

    /// A sign of life of one lease.
    pub fn beat(&mut self, now: f64, lease: f64) -> Result<(), String> {
        self.core.beat(moment(now)?, LeaseId::from_u64(lease as u64)).map_err(refusal)
    }

    /// Signs of life of many leases; returns the ones nobody holds, or nothing where there are none. A number that is no lease id
    /// refuses the whole batch.
    pub fn beat_many(&mut self, now: f64, leases: &[f64]) -> Result<Option<Vec<f64>>, String> {
        if let Err(place) = read_ids(leases, &mut self.batch) {
            let field = format!("leases[{place}]");
            return Err(refusal(Error::invalid(field, leases[place], "a lease id from 0 to 9007199254740991")));
        }
        let mut stale = Vec::new();
        self.core.beat_many(moment(now)?, &self.batch, &mut stale);
        Ok((!stale.is_empty()).then(|| stale.into_iter().map(|lease| lease.to_u64() as f64).collect()))
    }

    /// Lets everything happen that is due by `now`.
    pub fn advance(&mut self, now: f64) -> Result<(), String> {
        self.core.advance(moment(now)?);
        Ok(())
    }

    /// The moment before which nothing happens by itself.
    pub fn next_deadline(&self) -> Option<f64> {
        self.core.next_deadline().map(|at| at.as_millis() as f64)
    }

    /// Up to `max` notices as rows of four: kind (1 changed, 2 probe), subscription or session, service, revision.
    pub fn poll(&mut self, max: u32) -> Vec<f64> {
        let mut rows = Vec::new();
        for notice in core::iter::from_fn(|| self.core.poll()).take(max as usize) {
            rows.extend(match notice {
                Notice::Changed { subscription, service, revision } => {
                    [1.0, subscription.to_u64() as f64, service.to_u64() as f64, revision as f64]
                }
                Notice::Probe { session } => [2.0, session.to_u64() as f64, 0.0, 0.0],
            });
        }
        rows
    }

    /// What happened to a service after a revision: a head of four (revision, full, protected, 0), and rows of four: instance,
    /// revision, state bits, cause.
    pub fn changes(&self, service: f64, since: f64) -> Result<Vec<f64>, String> {
        let Changes { revision, full, protected, rows } =
            self.core.changes(ServiceId::from_u64(service as u64), since as u64).map_err(refusal)?;
        let mut packed = Vec::with_capacity(4 + 4 * rows.len());
        packed.extend([revision as f64, f64::from(u8::from(full)), f64::from(u8::from(protected)), 0.0]);
        for row in rows {
            packed.extend([
                row.instance.to_u64() as f64,
                row.revision as f64,
                f64::from(row.state),
                f64::from(row.cause),
            ]);
        }
        Ok(packed)
    }

    /// Does what a command document says; returns the outcome's document.
    pub fn apply(&mut self, now: f64, command: &str) -> Result<String, String> {
        let command = read::<Command>(command.as_bytes()).map_err(refusal)?;
        self.core.apply(moment(now)?, command).map(|outcome| write(&outcome)).map_err(refusal)
    }

    /// Answers a question document; it changes nothing.
    pub fn ask(&self, question: &str) -> Result<String, String> {
        let question = read::<Question>(question.as_bytes()).map_err(refusal)?;
        self.core.ask(&question).map(|reply| write(&reply)).map_err(refusal)
    }

    /// Everything, as bytes.
    pub fn snapshot(&self) -> Vec<u8> {
        self.core.snapshot()
    }

    /// The number that equal registries share, as 16 hex digits.
    pub fn digest(&self) -> String {
        format!("{:016x}", self.core.digest())
    }
}

impl Registry {
    fn of(core: liveset::Registry) -> Registry {
        Registry { core, batch: Vec::new() }
    }
}

fn refusal(error: Error) -> String {
    write(&error.document())
}

/// The cast saturates and takes NaN for 0, so that whatever is handed in is a moment or refused.
fn moment(now: f64) -> Result<Instant, String> {
    Instant::from_millis(now as u64).map_err(refusal)
}

fn seed_of(bits: &[u32]) -> (u64, u64) {
    let word = |place: usize| u64::from(bits.get(place).copied().unwrap_or_default());
    (word(0) | word(1) << 32, word(2) | word(3) << 32)
}
