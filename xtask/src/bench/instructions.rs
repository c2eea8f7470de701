//! The hot path in instructions, which are exact on any machine: callgrind counts them, and the limits stand beside the benches.

use anyhow::{Context, Result};

use crate::tool::{cargo, need, root, run};

/// The runner that the harness in `benches/Cargo.toml` asks for: of its own version.
const RUNNER: &str = "gungraun-runner";

/// Fails when something on the hot path, or one beside ten thousand others, takes more instructions than it may.
pub fn check() -> Result<()> {
    need("valgrind", "install valgrind 3.19 or later, on Debian: apt-get install valgrind")?;
    let home = root().join("target/gungraun");
    let version = version()?;
    let runner = home.join(&version);
    if !runner.join("bin").join(RUNNER).is_file() {
        println!("building {RUNNER} {version} once");
        let mut install = cargo();
        install.args(["install", "--quiet", "--locked", RUNNER, "--version", &format!("={version}"), "--root"]);
        run(install.arg(&runner)).with_context(|| format!("{RUNNER} {version} cannot be built"))?;
    }
    let mut bench = cargo();
    bench.args(["bench", "--quiet", "--package", "liveset-benches", "--bench", "instructions", "--bench", "crowds"]);
    run(bench.env("GUNGRAUN_RUNNER", runner.join("bin").join(RUNNER)))
}

fn version() -> Result<String> {
    let lock = std::fs::read_to_string(root().join("Cargo.lock"))?;
    let (_, rest) = lock.split_once("name = \"gungraun\"\nversion = \"").context("Cargo.lock has no gungraun")?;
    Ok(rest.split('"').next().unwrap_or_default().to_owned())
}
