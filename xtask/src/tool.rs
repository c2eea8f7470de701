//! Running other programs, and saying by name what is missing.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// The top of the checkout.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the checkout").to_path_buf()
}

/// Fails with the name of a program that is not there, and how to get it.
pub fn need(program: &str, how_to_get_it: &str) -> Result<()> {
    match Command::new(program).arg(if program == "go" { "version" } else { "--version" }).output() {
        Ok(output) if output.status.success() => Ok(()),
        _ => bail!("`{program}` is missing: {how_to_get_it}"),
    }
}

/// Makes sure that the toolchain builds for a target. `rust-toolchain.toml` names it, but rustup may be told not to install by itself.
pub fn need_target(target: &str) -> Result<()> {
    let listed = program("rustc", ".").args(["--print", "target-libdir", "--target", target]).output();
    let folder = listed.ok().map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    if folder.is_some_and(|folder| folder.is_dir()) {
        return Ok(());
    }
    run(program("rustup", ".").args(["target", "add", target])).with_context(|| {
        format!("the Rust target {target} is missing: install rustup, or the target with your toolchain")
    })
}

/// A program about to run in a folder of the checkout.
pub fn program(name: impl AsRef<OsStr>, folder: impl AsRef<Path>) -> Command {
    let mut command = Command::new(name);
    command.current_dir(root().join(folder));
    command
}

/// Runs it with our own output; fails when it does.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot start {command:?}"))?;
    if status.success() { Ok(()) } else { bail!("failed: {command:?}") }
}

/// Runs it and returns what it printed.
pub fn output(command: &mut Command) -> Result<String> {
    let output =
        command.stderr(std::process::Stdio::inherit()).output().with_context(|| format!("cannot start {command:?}"))?;
    if !output.status.success() {
        bail!("failed: {command:?}\n{}", String::from_utf8_lossy(&output.stdout));
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// The same files by paths that hold in any folder: the programs run in the folders of their bindings, our caller's paths may not.
pub fn absolute(files: &[PathBuf]) -> Result<Vec<PathBuf>> {
    files.iter().map(|file| file.canonicalize().with_context(|| format!("no file {}", file.display()))).collect()
}

/// The cargo that runs us.
pub fn cargo() -> Command {
    program(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()), ".")
}
