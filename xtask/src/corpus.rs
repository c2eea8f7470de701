//! What fuzzing found its way with: of all inputs that grew, the few that reach what no other one does, kept as lines of hex in
//! `fuzz/corpus`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::{fuzz, tool};

/// Longer inputs are left to grow again.
const KEPT_MAX: u64 = 2048;

/// Adds to what is kept of each target whatever grew and reaches further.
pub fn keep(targets: &[&str]) -> Result<()> {
    let chosen = fuzz::chosen(targets)?;
    fuzz::seeds()?;
    for target in chosen {
        let (known, small) = (emptied("known", target)?, emptied("small", target)?);
        for place in [unfolded(target)?, fuzz::folder(fuzz::SEEDS, target)?] {
            copy(&place, &known, u64::MAX)?;
        }
        copy(&fuzz::folder(fuzz::GROWN, target)?, &small, KEPT_MAX)?;
        let before = names(&known)?;
        // By the places that are reached, not by how often: what is kept stays small.
        let mut merge = fuzz::run(target, &[&known, &small])?;
        merge.args(["-merge=1", "-use_counters=0"]);
        let said = merge.output().context("cannot start cargo-fuzz")?;
        if !said.status.success() {
            bail!("{target}: {}", String::from_utf8_lossy(&said.stderr));
        }
        let new: Vec<String> = names(&known)?.difference(&before).cloned().collect();
        let mut lines = fs::read_to_string(file(target)).unwrap_or_default();
        for name in &new {
            lines.extend(fs::read(known.join(name))?.iter().map(|byte| format!("{byte:02x}")));
            lines.push('\n');
        }
        fs::write(file(target), &lines)?;
        println!("{target}: {} kept, {} of them new", lines.lines().count(), new.len());
    }
    Ok(())
}

/// The folder into which the kept inputs of a target were written, one file each.
pub fn unfolded(target: &str) -> Result<PathBuf> {
    let place = fuzz::folder("kept", target)?;
    for (number, line) in fs::read_to_string(file(target)).unwrap_or_default().lines().enumerate() {
        let digits = line.as_bytes().chunks(2).map(|pair| Ok(u8::from_str_radix(std::str::from_utf8(pair)?, 16)?));
        let bytes =
            digits.collect::<Result<Vec<u8>>>().with_context(|| format!("{target}.hex, line {}", number + 1))?;
        fs::write(place.join(format!("kept-{number}")), bytes)?;
    }
    Ok(place)
}

fn file(target: &str) -> PathBuf {
    tool::root().join("fuzz/corpus").join(target).with_extension("hex")
}

fn emptied(what: &str, target: &str) -> Result<PathBuf> {
    fs::remove_dir_all(fuzz::folder(what, target)?)?;
    fuzz::folder(what, target)
}

/// Copies the files of a folder that are no longer than `max`.
fn copy(from: &Path, to: &Path, max: u64) -> Result<()> {
    for file in fs::read_dir(from)? {
        let file = file?;
        if file.metadata()?.len() <= max {
            fs::copy(file.path(), to.join(file.file_name()))?;
        }
    }
    Ok(())
}

fn names(place: &Path) -> Result<BTreeSet<String>> {
    fs::read_dir(place)?.map(|file| Ok(file?.file_name().to_string_lossy().into_owned())).collect()
}
