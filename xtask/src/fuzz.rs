//! Fuzzing: cargo-fuzz with a nightly compiler, both fetched by this task, over targets that begin with what the project already has
//! and with the corpora kept in `fuzz/corpus`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command as Process;

use anyhow::{Context, Result, bail};
use liveset_model::tape::Random;
use serde_json::Value;

use crate::{corpus, files, golden, tool};

/// The version that is fetched.
const CARGO_FUZZ: &str = "0.13.2";
/// What grew on this machine, and what the project already has.
pub const GROWN: &str = "grown";
pub const SEEDS: &str = "seeds";
const TARGETS: [&str; 6] = ["commands", "documents", "requests", "rows", "scenarios", "snapshots"];
/// What a snapshot has before the body of its only section: the head, and the head of the section.
const CONTAINER: usize = 24 + 20;
/// So many tapes of commands to begin with, of so many steps at most.
const TAPES: u64 = 200;
const TAPE_MAX: u64 = 120;

/// Runs targets, each for so many seconds; closes with `N passed, N failed`.
pub fn fuzz(targets: &[&str], seconds: u32) -> Result<()> {
    let chosen = chosen(targets)?;
    seeds()?;
    let mut failed = Vec::new();
    for target in &chosen {
        // What it finds goes to the first folder; the others are only read.
        let mut run = run(target, &[&folder(GROWN, target)?, &corpus::unfolded(target)?, &folder(SEEDS, target)?])?;
        run.args([&format!("-max_total_time={seconds}"), "-print_final_stats=1"]);
        let said = run.stderr(std::process::Stdio::piped()).output().context("cannot start cargo-fuzz")?;
        let log = String::from_utf8_lossy(&said.stderr);
        let executed = log.lines().rev().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
        match executed.filter(|_| said.status.success()) {
            Some(count) => println!("{target}: {} inputs, nothing found", count.trim()),
            None => {
                println!("{target}: FAILED\n{log}");
                failed.push(*target);
            }
        }
    }
    println!("{} passed, {} failed", chosen.len() - failed.len(), failed.len());
    if failed.is_empty() { Ok(()) } else { bail!("fuzzing found something: {}", failed.join(", ")) }
}

/// The targets that are named; all of them where none is.
pub fn chosen(targets: &[&str]) -> Result<Vec<&'static str>> {
    if let Some(unknown) = targets.iter().find(|target| !TARGETS.contains(target)) {
        bail!("no fuzz target `{unknown}`; there are {}", TARGETS.join(", "));
    }
    Ok(TARGETS.into_iter().filter(|name| targets.is_empty() || targets.contains(name)).collect())
}

/// A run of a target over folders of inputs; options of libFuzzer may follow.
pub fn run(target: &str, folders: &[&Path]) -> Result<Process> {
    let mut run = Process::new(fetched()?);
    run.current_dir(tool::root()).args(["fuzz", "run", "--fuzz-dir", "fuzz", target]).args(folders);
    run.env("RUSTUP_TOOLCHAIN", "nightly").args(["--", "-timeout=300", "-rss_limit_mb=4096"]);
    Ok(run)
}

/// A folder of a target's inputs, by what they are.
pub fn folder(what: &str, target: &str) -> Result<PathBuf> {
    let place = tool::root().join("target/fuzz").join(what).join(target);
    fs::create_dir_all(&place)?;
    Ok(place)
}

/// The program cargo-fuzz, and a nightly compiler for it.
fn fetched() -> Result<PathBuf> {
    let nightly = Process::new("rustc").arg("+nightly").arg("--version").output();
    if !nightly.is_ok_and(|found| found.status.success()) {
        let fetch = ["toolchain", "install", "nightly", "--profile", "minimal"];
        tool::run(tool::program("rustup", ".").args(fetch))
            .context("a nightly compiler is missing: install rustup, and then `rustup toolchain install nightly`")?;
    }
    let place = tool::root().join("target/tools");
    let made = place.join("bin/cargo-fuzz");
    if !made.exists() {
        let version = format!("cargo-fuzz@{CARGO_FUZZ}");
        tool::run(tool::cargo().args(["install", "--quiet", "--locked", &version, "--root"]).arg(&place))?;
    }
    Ok(made)
}

/// What the project already has, in the form of each target's inputs.
pub fn seeds() -> Result<()> {
    let (scenarios, documents) = (folder(SEEDS, "scenarios")?, folder(SEEDS, "documents")?);
    let (snapshots, commands) = (folder(SEEDS, "snapshots")?, folder(SEEDS, "commands")?);
    for file in files("core/scenarios", ".scenario")? {
        fs::copy(&file, scenarios.join(name(&file)))?;
    }
    for file in files("core/vectors", ".jsonl")? {
        fs::write(documents.join(name(&file)), tape(&fs::read_to_string(&file)?)?)?;
        let snapshot = golden::at_the_end_of(&file)?.snapshot();
        fs::write(snapshots.join(name(&file)).with_extension("whole"), &snapshot)?;
        fs::write(snapshots.join(name(&file)).with_extension("body"), &snapshot[CONTAINER..])?;
    }
    // A tape is a policy's number and one for each step, of any length.
    for tape in 0..TAPES {
        let mut random = Random(tape);
        let length = random.below(TAPE_MAX);
        let bytes: Vec<u8> = (0..8 + 4 * length).map(|_| random.any() as u8).collect();
        fs::write(commands.join(format!("{tape}.tape")), bytes)?;
    }
    Ok(())
}

fn name(file: &Path) -> &std::ffi::OsStr {
    file.file_name().unwrap_or_default()
}

/// A vector as lines of `WAIT COMMAND` under the policy's line.
fn tape(vector: &str) -> Result<String> {
    let mut lines = vector.lines();
    let header: Value = serde_json::from_str(lines.next().context("an empty file")?)?;
    let mut tape = format!("{}\n", header["policy"]);
    let mut before = 0;
    for line in lines {
        let line: Value = serde_json::from_str(line)?;
        let now = line["now"].as_u64().context("`now` is no number")?;
        tape.push_str(&format!("{} {}\n", now - before, line["command"]));
        before = now;
    }
    Ok(tape)
}
