//! What takes longer than a test may: every engine and build profile against one another, the C programs under valgrind, old bugs put
//! back, the registry against its naive model, and strangers' bytes.

use anyhow::{Result, bail};

use crate::{digests, fuzz, lang, museum, soak};

/// A proof's name and what it does.
type Proof = (&'static str, fn(u32) -> Result<()>);

/// Runs every proof, fuzzing each target and comparing with the model for so many seconds; closes with `N passed, N failed`.
pub fn proof(seconds: u32) -> Result<()> {
    let all: [Proof; 5] = [
        ("equal bytes in every engine, both build profiles and wasm32", |_| digests::digests()),
        ("the C programs under valgrind", |_| lang::c::valgrind()),
        ("historic bugs, put back", |_| museum::museum(None)),
        ("the registry and its naive model", |seconds| soak::soak_for(seconds)),
        ("strangers' bytes", |seconds| fuzz::fuzz(&[], seconds)),
    ];
    let mut failed = Vec::new();
    for (name, run) in all {
        println!("==> {name}");
        if let Err(problem) = run(seconds) {
            eprintln!("xtask: {name}: {problem:#}");
            failed.push(name);
        }
    }
    println!("{} passed, {} failed", all.len() - failed.len(), failed.len());
    if failed.is_empty() { Ok(()) } else { bail!("not proved: {}", failed.join(", ")) }
}
