//! Golden snapshots: what each version of the format wrote, kept, and read by every later one to the same digest.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use liveset::{Command, Instant, Registry, document};
use serde_json::Value;

use crate::{files, tool};

const FOLDER: &str = "core/snapshots";
/// Tapes whose registries at their ends are kept: sessions, fences, decisions, persistent instances, subscribers, batches.
const KEPT: [&str; 6] = [
    "8197-away-for-over-a-minute.nacos_2_0",
    "8254-beat-in-flight.strict",
    "9121-ghost.nacos_2_0",
    "batch.strict",
    "override-fields.strict",
    "persistent.strict",
];

/// Writes the snapshots of this version anew; those of earlier versions stay as they are.
pub fn write() -> Result<()> {
    let folder = tool::root().join(FOLDER);
    fs::create_dir_all(&folder)?;
    for file in files(FOLDER, ".snapshot")? {
        if version_of(&fs::read(&file)?)? == current()? {
            fs::remove_file(file)?;
        }
    }
    for tape in KEPT {
        let registry = at_the_end_of(&tool::root().join(format!("core/vectors/{tape}.registry.jsonl")))?;
        let name = format!("v{}-{tape}.{:016x}.snapshot", current()?, registry.digest());
        fs::write(folder.join(name), registry.snapshot())?;
    }
    println!("{} snapshots of version {} written", KEPT.len(), current()?);
    Ok(())
}

/// Every kept snapshot is read to the digest in its name, and one of this version is written again byte for byte.
pub fn check() -> Result<()> {
    let mut ours = 0;
    for file in files(FOLDER, ".snapshot")? {
        let bytes = fs::read(&file)?;
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let digest = name.rsplit('.').next().unwrap_or_default();
        let read = Registry::restore(&bytes, (1, 2));
        let same = read.as_ref().is_ok_and(|registry| format!("{:016x}", registry.digest()) == digest);
        ensure!(
            same,
            "{name} is not read as it was written ({}): raise VERSION in core/src/account/snapshot.rs and keep reading the version before; \
             or, while nobody has such snapshots, `cargo xtask golden`",
            read.err().map_or("another digest".to_owned(), |error| error.to_string())
        );
        if version_of(&bytes)? == current()? {
            ensure!(Registry::restore(&bytes, (1, 2))?.snapshot() == bytes, "{name} is not written again as it was");
            ours += 1;
        }
    }
    ensure!(
        ours == KEPT.len(),
        "{ours} snapshots of this version in {FOLDER}, not {}: `cargo xtask golden`",
        KEPT.len()
    );
    Ok(())
}

/// The registry that a vector's commands make.
pub fn at_the_end_of(vector: &Path) -> Result<Registry> {
    let text = fs::read_to_string(vector).with_context(|| format!("no vector {}", vector.display()))?;
    let mut lines = text.lines();
    let header: Value = serde_json::from_str(lines.next().context("an empty file")?)?;
    let mut registry = Registry::new(document::read_policy(header["policy"].to_string().as_bytes())?)?;
    for line in lines {
        let line: Value = serde_json::from_str(line)?;
        let now = Instant::from_millis(line["now"].as_u64().context("`now` is no number")?)?;
        // What it answers is the vectors' own test.
        let _ = registry.apply(now, document::read::<Command>(line["command"].to_string().as_bytes())?);
    }
    Ok(registry)
}

fn current() -> Result<u32> {
    version_of(&Registry::new(liveset::Policy::strict())?.snapshot())
}

/// The version stands behind the eight bytes that every snapshot begins with.
fn version_of(snapshot: &[u8]) -> Result<u32> {
    match snapshot.get(8..12).map(<[u8; 4]>::try_from) {
        Some(Ok(bytes)) => Ok(u32::from_le_bytes(bytes)),
        _ => bail!("it ends within its version"),
    }
}
