//! The same vectors through every engine: one line each, and all the same.

use anyhow::{Result, bail};
use sha2::{Digest, Sha256};

use crate::lang::engines;

pub fn digests() -> Result<()> {
    let mut first: Option<String> = None;
    let mut differ = Vec::new();
    for engine in engines() {
        let lines = (engine.replay)()?;
        let digest: String =
            Sha256::digest(lines.as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        println!("{:10} {digest}  {} vectors", engine.name, lines.lines().count());
        if *first.get_or_insert_with(|| lines.clone()) != lines {
            differ.push(engine.name);
        }
    }
    if differ.is_empty() { Ok(()) } else { bail!("differ from the first: {}", differ.join(", ")) }
}
