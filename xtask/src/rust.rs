//! Rust itself: formatting, lints, the purity of the core, tests and doc-tests, and the command `liveset`.

use std::path::{Path, PathBuf};
use std::process::Command as Process;

use anyhow::{Context, Result, bail};
use liveset::{Command, Instant, Registry, document};
use serde_json::Value;

use crate::bench::instructions;
use crate::lang::Engine;
use crate::{files, golden, header, museum, readme, tidy, tool};

/// The crates that are tested on this machine's own target.
const CRATES: [&str; 7] =
    ["liveset", "liveset-model", "liveset-nacos", "liveset-world", "liveset-ffi", "liveset-cli", "xtask"];

/// The core under its own Rust API.
pub const ENGINE: Engine = Engine { name: "rust", replay, play };

pub fn test() -> Result<()> {
    tidy::check()?;
    header::check()?;
    golden::check()?;
    museum::check()?;
    tool::run(tool::cargo().args(["fmt", "--all", "--check"]))?;
    tool::run(tool::cargo().args(["clippy", "--quiet", "--workspace", "--all-targets", "--", "--deny", "warnings"]))?;
    tool::need_target("wasm32v1-none")?;
    // A target without a standard library: whatever needs one does not build there.
    tool::run(tool::cargo().args(["build", "--quiet", "--package", "liveset", "--target", "wasm32v1-none"]))?;
    let packages = CRATES.iter().flat_map(|package| ["--package", package]);
    tool::run(tool::cargo().arg("test").arg("--quiet").args(packages))?;
    instructions::check()?;
    readme::check("rust", readme::place("rust/src/main.rs"), readme_package)?;
    cli(&["scenario", "core/scenarios"])
}

/// A package of its own around the program in README.md, as a user would have one.
fn readme_package(_program: &Path) -> Result<Process> {
    let folder = readme::place("rust");
    let core = tool::root().join("core");
    let package = "[package]\nname = \"loop\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n[dependencies]\n";
    std::fs::write(folder.join("Cargo.toml"), format!("{package}liveset = {{ path = {core:?} }}\n"))?;
    std::fs::copy(tool::root().join("Cargo.lock"), folder.join("Cargo.lock"))?;
    let mut run = tool::cargo();
    run.args(["run", "--quiet", "--manifest-path"]).arg(folder.join("Cargo.toml"));
    run.arg("--target-dir").arg(tool::root().join("target/readme/target"));
    Ok(run)
}

/// Runs the command `liveset`.
pub fn cli(words: &[&str]) -> Result<()> {
    tool::run(tool::cargo().args(["run", "--quiet", "--package", "liveset-cli", "--"]).args(words))
}

/// Replays recordings, optimized: a search for phases replays each many times. The project's own must all match.
pub fn recordings(words: &[&str]) -> Result<()> {
    let own = tool::root().join("core/nacos/recordings");
    let (place, options) = match words {
        [place, options @ ..] if !place.starts_with("--") => (PathBuf::from(place), options),
        options => (own.clone(), options),
    };
    let place = place.canonicalize().with_context(|| format!("no recordings at {}", place.display()))?;
    let mut liveset = tool::cargo();
    liveset.args(["run", "--quiet", "--release", "--package", "liveset-cli", "--", "recordings"]);
    liveset.arg(&place).args(options);
    if place == own.canonicalize()? {
        liveset.arg("--all");
    }
    tool::run(&mut liveset)
}

fn replay() -> Result<String> {
    let mut lines = String::new();
    for file in files("core/vectors", ".jsonl")? {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let digest = replay_one(&std::fs::read_to_string(&file)?).with_context(|| name.clone())?;
        lines.push_str(&format!("{name} {digest}\n"));
    }
    Ok(lines)
}

fn replay_one(text: &str) -> Result<String> {
    let mut lines = text.lines();
    let header: Value = serde_json::from_str(lines.next().context("an empty file")?)?;
    let policy = document::read_policy(header["policy"].to_string().as_bytes())?;
    let mut registry = Registry::new(policy)?;
    let mut digest = String::new();
    for (number, line) in lines.enumerate() {
        let line: Value = serde_json::from_str(line)?;
        let now = Instant::from_millis(line["now"].as_u64().context("`now` is no number")?)?;
        let command: Command = document::read(line["command"].to_string().as_bytes())?;
        let answer = document::write(&document::Answer::from(registry.apply(now, command)));
        digest = format!("{:016x}", registry.digest());
        if serde_json::from_str::<Value>(&answer)? != line["answer"] || line["digest"] != *digest {
            bail!("line {}: {answer} {digest}", number + 2);
        }
    }
    Ok(digest)
}

fn play(scenarios: &[PathBuf]) -> Result<String> {
    let mut lines = String::new();
    for file in scenarios {
        lines.push_str(&liveset_world::play_document(&std::fs::read(file)?));
        lines.push('\n');
    }
    Ok(lines)
}
