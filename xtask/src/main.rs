//! `cargo xtask`: the only build script. It builds, tests and shows everything, and says by name what a machine lacks.

mod bench;
mod corpus;
mod demo;
mod digests;
mod fuzz;
mod golden;
mod header;
mod lang;
mod museum;
mod proof;
mod readme;
mod rust;
mod soak;
mod tidy;
mod tool;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail};

const USAGE: &str = "\
usage: cargo xtask TASK

demo [--lang rust|c|java|go|js]   plays the five reports under the policy complained about and under the strict one
test [rust|c|java|go|js]...       runs every test, or those of the languages named
scenario [--bless|--timeline] FILE|DIR...
                                  plays scenarios; closes with `N passed, N failed`
incidents [DIR]                   lists the incidents, by default core/scenarios/incidents: id, title, compatible, strict, explain;
                                  closes with `N passed, N failed`
recordings [DIR] [--explain] [--only SUBSTRING]
                                  replays what real servers did, by default core/nacos/recordings, which must all match
vectors                           writes core/vectors from core/scenarios
golden                            writes the kept snapshots of this version of the format, core/snapshots
digests                           replays the vectors in every engine and compares the digests
header                            writes bindings/c/include/liveset.h from the Rust sources
museum [NAME]                     puts historic bugs back one by one, into a copy; each must be caught
soak [--minutes N] [--seed S]     compares the registry with its naive model on random tapes, and shortens what parts them
proof [--seconds N]               what takes longer than a test may; fuzzes each target for N seconds (60 without it)
fuzz [TARGET...] [--seconds N]    lets strangers' bytes in, N seconds for each target (60 without it)
fuzz --keep [TARGET...]           adds to fuzz/corpus what grew and reaches further than all that is there
bench [--quick|--peers] [--large] [--only NAME]
                                  measures every figure and the peers; a table, and target/bench/report.{json,html}";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("xtask: {problem:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[&str]) -> Result<()> {
    match words {
        ["demo"] => demo::demo("rust"),
        ["demo", "--lang", language] => demo::demo(language),
        ["test", languages @ ..] => test(languages),
        ["scenario", rest @ ..] if !rest.is_empty() => rust::cli(&[&["scenario"], rest].concat()),
        ["incidents"] => rust::cli(&["incidents", "core/scenarios/incidents"]),
        ["incidents", place] => rust::cli(&["incidents", place]),
        ["recordings", rest @ ..] => rust::recordings(rest),
        ["museum"] => museum::museum(None),
        ["museum", only] => museum::museum(Some(only)),
        ["soak", options @ ..] => soak::soak(options),
        ["vectors"] => rust::cli(&["vectors", "core/scenarios", "core/vectors"]),
        ["golden"] => golden::write(),
        ["digests"] => digests::digests(),
        ["header"] => header::generate(),
        ["proof"] => proof::proof(60),
        ["proof", "--seconds", seconds] => proof::proof(seconds.parse()?),
        ["fuzz", "--keep", targets @ ..] => corpus::keep(targets),
        ["fuzz", targets @ .., "--seconds", seconds] => fuzz::fuzz(targets, seconds.parse()?),
        ["fuzz", targets @ ..] => fuzz::fuzz(targets, 60),
        ["bench", rest @ ..] => bench::bench(rest),
        _ => bail!("{USAGE}"),
    }
}

/// A language's name and its tests.
type Tests = (&'static str, fn() -> Result<()>);

fn test(languages: &[&str]) -> Result<()> {
    let all: [Tests; 5] = [
        ("rust", rust::test),
        ("c", lang::c::test),
        ("java", lang::java::test),
        ("go", lang::go::test),
        ("js", lang::js::test),
    ];
    if let Some(unknown) = languages.iter().find(|language| all.iter().all(|(name, _)| name != *language)) {
        bail!("no language `{unknown}`; there are rust, c, java, go and js");
    }
    let mut failed = Vec::new();
    for (name, test) in all {
        if languages.is_empty() || languages.contains(&name) {
            println!("==> {name}");
            if let Err(problem) = test() {
                eprintln!("xtask: {name}: {problem:#}");
                failed.push(name);
            }
        }
    }
    if failed.is_empty() { Ok(()) } else { bail!("failed: {}", failed.join(", ")) }
}

/// Folders that hold what was built or fetched.
const BUILT: [&str; 4] = ["target", "node_modules", "dist", ".git"];

/// Files of a folder that end in `ending`, at any depth, by name; without what was built or fetched.
fn files(folder: &str, ending: &str) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![tool::root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() && !BUILT.contains(&name.as_str()) {
                folders.push(path);
            } else if path.is_dir() {
                continue;
            } else if path.to_string_lossy().ends_with(ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
