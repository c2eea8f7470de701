//! The same work on other systems: `benches/peers`, a program for each language, each peer from its published artefact.

use std::process::Command;

use anyhow::Result;

use super::{Found, Wanted, read_rows};
use crate::lang::{go, java, js};
use crate::tool::{cargo, output, program, root, run};

/// A program of peers: its name for `--only`, how many rows it prints a size, and how it is made.
type Program = (&'static str, usize, fn() -> Result<Command>);

const PROGRAMS: [Program; 5] = [
    ("peers-rust", 4, rust),
    ("peers-rnacos", 1, rnacos),
    ("peers-java", 15, java),
    ("peers-go", 6, go),
    ("peers-js", 2, js),
];

/// What `--only` calls them.
pub fn names() -> [&'static str; 5] {
    PROGRAMS.map(|(name, ..)| name)
}

/// Peers keep a task or a row of objects for each entry: a million of them take minutes and gigabytes.
const SIZE: &str = "100000";

pub fn is_one(name: &str) -> bool {
    names().contains(&name)
}

pub fn measure(wanted: &Wanted, found: &mut Found) {
    for (name, count, command) in PROGRAMS.iter().filter(|(name, ..)| wanted.wants(name)) {
        found.measure(name, |rows| read_rows(command()?.arg(SIZE), *count, name, rows));
    }
}

fn rust() -> Result<Command> {
    built("rust", "liveset-peers")
}

fn rnacos() -> Result<Command> {
    eprintln!("r-nacos is a server of 530 packages: building it takes some minutes the first time");
    built("rnacos", "liveset-peer-rnacos")
}

/// A program of a cargo package of its own, in `benches/peers`.
fn built(folder: &str, program_name: &str) -> Result<Command> {
    let target = root().join("target/peers").join(folder);
    let manifest = root().join("benches/peers").join(folder).join("Cargo.toml");
    let build = ["build", "--quiet", "--release"];
    run(cargo().args(build).arg("--manifest-path").arg(manifest).arg("--target-dir").arg(&target))?;
    Ok(program(target.join("release").join(program_name), "."))
}

fn java() -> Result<Command> {
    let jar = java::jar()?;
    let folder = "benches/peers/java";
    output(program("mvn", folder).args(["-B", "-q", "package"]).arg(format!("-Dliveset.jar={}", jar.display())))?;
    let target = root().join(folder).join("target");
    let mut java = program("java", folder);
    let class_path = [target.join("classes"), jar, target.join("runtime/*")];
    java.args(["-Xms2g", "-Xmx2g", "-XX:+UseG1GC", "-cp"]).arg(std::env::join_paths(class_path)?).arg("peers.Main");
    Ok(java)
}

fn go() -> Result<Command> {
    go::peers()
}

fn js() -> Result<Command> {
    js::build()?;
    run(program("npm", "benches/peers/js").args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]))?;
    let mut node = program("node", "benches/peers/js");
    node.arg("peers.mjs");
    Ok(node)
}
