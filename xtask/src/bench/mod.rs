//! `cargo xtask bench`: every figure beside its reference, the gates, and the report.

mod gates;
pub mod instructions;
mod page;
mod peers;
mod report;

use std::fs;
use std::io::{BufRead, BufReader, IsTerminal, Write};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use self::report::Row;
use crate::lang::{go, java, js};
use crate::tool;

pub const USAGE: &str = "bench [--quick|--peers] [--large] [--only NAME]";

/// What was asked for.
struct Wanted {
    /// Fewer rounds, and no peers.
    quick: bool,
    /// The peers, and nothing else.
    peers: bool,
    /// Ten million instances, too.
    large: bool,
    only: Option<String>,
}

impl Wanted {
    fn read(words: &[&str]) -> Result<Wanted> {
        let mut wanted = Wanted { quick: false, peers: false, large: false, only: None };
        let mut words = words.iter();
        while let Some(&word) = words.next() {
            match word {
                "--quick" => wanted.quick = true,
                "--peers" => wanted.peers = true,
                "--large" => wanted.large = true,
                "--only" => wanted.only = Some((*words.next().context("--only NAME")?).to_owned()),
                other => bail!("no option `{other}`; there is {USAGE}"),
            }
        }
        match &wanted.only {
            Some(name) if gates::about(name).is_none() && !peers::is_one(name) => {
                let known: Vec<&str> = gates::GATES.iter().map(|gate| gate.name).collect();
                bail!("no figure `{name}`; there are {}, and the peers {}", known.join(", "), peers::names().join(", "))
            }
            _ => Ok(wanted),
        }
    }

    fn wants(&self, name: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only == name)
    }
}

pub fn bench(words: &[&str]) -> Result<()> {
    let wanted = Wanted::read(words)?;
    let mut found = Found { rows: Vec::new(), failed: Vec::new() };
    if !wanted.peers {
        figures(&wanted, &mut found);
    }
    if !wanted.quick {
        peers::measure(&wanted, &mut found);
    }
    let Found { rows, failed } = found;
    report::print(&rows);
    let folder = tool::root().join("target/bench");
    fs::create_dir_all(&folder)?;
    report::write(&rows, &folder.join("report.json"))?;
    page::write(&rows, &machine(), &folder.join("report.html"))?;
    println!("\n{}\nwritten to target/bench/report.json and target/bench/report.html", machine());
    let missed: Vec<String> = rows
        .iter()
        .filter(|row| row.holds() == Some(false))
        .map(|row| format!("{} at {}", row.name, row.size))
        .collect();
    if !failed.is_empty() {
        bail!("not measured: {}", failed.join(", "));
    }
    if missed.is_empty() { Ok(()) } else { bail!("missed: {}", missed.join(", ")) }
}

/// What a run has so far.
struct Found {
    rows: Vec<Row>,
    failed: Vec<String>,
}

impl Found {
    /// Measures a part. What was measured is shown in the end, whatever cannot be measured here.
    fn measure(&mut self, name: &str, part: impl FnOnce(&mut Vec<Row>) -> Result<()>) {
        if let Err(problem) = part(&mut self.rows) {
            eprintln!("bench: {name}: {problem:#}");
            self.failed.push(name.to_owned());
        }
    }
}

fn figures(wanted: &Wanted, found: &mut Found) {
    const RUST: [&str; 16] = [
        "beat-batch",
        "beat-single",
        "steady",
        "expiry-share",
        "register",
        "deregister",
        "growth",
        "mass-silent",
        "mass-returned",
        "mass-removed",
        "diff",
        "list",
        "fanout",
        "snapshot",
        "restore",
        "explain",
    ];
    let mut sizes = vec!["10000", "100000", "1000000"];
    if wanted.large {
        sizes.push("10000000");
    }
    let mut options: Vec<&str> = Vec::new();
    if wanted.quick {
        options.push("--quick");
    }
    if let Some(only) = &wanted.only {
        options.extend(["--only", only]);
    }
    let count = RUST.iter().filter(|name| wanted.wants(name)).count();
    if count > 0 {
        found.measure("figures", |rows| {
            read_rows(rust("figures")?.args(options).args(&sizes), count * sizes.len(), "figures", rows)
        });
    }
    if wanted.wants("memory") {
        found.measure("memory", |rows| read_rows(rust("memory")?.args(&sizes), sizes.len(), "memory", rows));
    }
    // Documents cross the boundary to fill a registry: a million of them take a minute.
    let crossed = if wanted.quick { &sizes[1..2] } else { &sizes[..2] };
    type Boundary = (&'static str, fn() -> Result<Command>);
    let boundaries: [Boundary; 4] = [
        ("boundary-jni", java::boundary),
        ("boundary-cgo", || go::boundary("cgo")),
        ("boundary-wazero", || go::boundary("wazero")),
        ("boundary-wasm", js::boundary),
    ];
    for (name, command) in boundaries.into_iter().filter(|(name, _)| wanted.wants(name)) {
        found.measure(name, |rows| read_rows(command()?.args(crossed), crossed.len(), name, rows));
    }
    if wanted.wants("wasm-size") {
        found.measure("wasm-size", |rows| {
            let (raw, packed) = js::wasm_size()?;
            let (value, packed) = (raw as f64 / 1024.0, packed as f64 / 1024.0);
            let (name, unit) = ("wasm-size".to_owned(), "KB".to_owned());
            rows.push(Row { name, size: 1, value, unit, reference: Some(packed), ratio: Some(value / packed) });
            Ok(())
        });
    }
    if wanted.wants("js-start") {
        found.measure("js-start", |rows| {
            let mut starts = Vec::new();
            for _ in 0..if wanted.quick { 5 } else { 15 } {
                read_rows(&mut js::start()?, 1, "js-start", &mut starts)?;
            }
            starts.sort_by(|a, b| a.value.total_cmp(&b.value));
            rows.extend(starts.get(starts.len() / 4).cloned());
            Ok(())
        });
    }
}

/// A measuring program of ours, built as it is shipped.
fn rust(name: &str) -> Result<Command> {
    let build = ["build", "--quiet", "--release", "--package", "liveset-benches", "--bin", name];
    tool::run(tool::cargo().args(build))?;
    Ok(tool::program(tool::root().join("target/release").join(name), "."))
}

/// Runs a program that prints a figure a line, and shows how far it is.
fn read_rows(command: &mut Command, expected: usize, title: &str, rows: &mut Vec<Row>) -> Result<()> {
    let mut running = command.stdout(Stdio::piped()).spawn().with_context(|| format!("cannot start {command:?}"))?;
    let printed = running.stdout.take().context("a program without an output")?;
    let mut read = 0;
    progress(title, read, expected);
    for line in BufReader::new(printed).lines() {
        rows.push(Row::read(&line?)?);
        read += 1;
        progress(title, read, expected);
    }
    if std::io::stderr().is_terminal() {
        eprintln!();
    }
    if !running.wait()?.success() {
        bail!("failed: {command:?}");
    }
    Ok(())
}

fn progress(title: &str, done: usize, all: usize) {
    const WIDTH: usize = 30;
    if std::io::stderr().is_terminal() {
        let filled = WIDTH * done.min(all) / all.max(1);
        eprint!("\r{title:<18} [{}{}] {done}/{all} ", "#".repeat(filled), ".".repeat(WIDTH - filled));
        let _ = std::io::stderr().flush();
    }
}

/// The kind of machine, in a line.
fn machine() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map_or("", |rest| rest.trim_start_matches([' ', '\t', ':']));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default();
    format!("{model}, {cores} cores, {}, load {load} at the end", std::env::consts::OS)
}
