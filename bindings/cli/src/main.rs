//! The command `liveset`: plays scenarios, blesses their expectations, writes the vectors that every language replays, and replays
//! recordings of real servers.

use std::fs;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use liveset_world::recorded::{CONSUMERS, Recording, part, score};
use liveset_world::{Scenario, bless, incidents, play, play_document, vectors};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const USAGE: &str = "\
usage: liveset scenario [--bless | --timeline | --json] FILE|DIR...
       liveset incidents DIR
       liveset vectors SCENARIOS_DIR VECTORS_DIR [--check]
       liveset story RECORDING...
       liveset recordings FILE|DIR [--explain] [--only SUBSTRING] [--all]

scenario   plays scenarios and says of each whether it held; closes with `N passed, N failed`
           --bless      rewrites the expectations of those that did not, and nothing else
           --timeline   prints what happened, too
           --json       prints the report document of each on a line of its own, and nothing else
incidents  plays the scenarios that tell of incidents, and lists each: id, title, compatible, strict, explain; closes with
           `N passed, N failed`, where one without a compatible or a strict file failed
vectors    writes what the registries of all scenarios were told, one file for each registry
           --check      writes nothing and fails when a file is not as it would be written
story      plays what a recorded server was asked under its policy and under the strict one, and says when and why they part
recordings replays what real servers did, and says of each recording `match` or where ours parts from it; then the score by version
           --explain    names the phases that were chosen for timers that a recording does not show, too
           --only       replays those whose path contains the text
           --all        fails when any does not match";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match &words[..] {
        ["scenario", rest @ ..] if !rest.is_empty() => scenarios(rest),
        ["incidents", place] => list_incidents(Path::new(place)),
        ["vectors", from, to] => write_vectors(Path::new(from), Path::new(to), false),
        ["vectors", from, to, "--check"] => write_vectors(Path::new(from), Path::new(to), true),
        ["story", files @ ..] if !files.is_empty() => stories(files),
        ["recordings", place, options @ ..] => recordings(Path::new(place), options),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(problem) => {
            eprintln!("liveset: {problem}");
            ExitCode::from(2)
        }
    }
}

fn scenarios(words: &[&str]) -> io::Result<bool> {
    let (options, places): (Vec<&str>, Vec<&str>) = words.iter().partition(|word| word.starts_with("--"));
    let has = |name: &str| options.contains(&name);
    let mut files = Vec::new();
    for place in places {
        files.extend(liveset_world::files(Path::new(place), "scenario")?);
    }
    if files.is_empty() {
        return Err(io::Error::other("no scenario there (files that end in .scenario)"));
    }
    let (mut passed, mut failed) = (0, 0);
    for file in &files {
        let text = fs::read_to_string(file).map_err(|error| in_file(file, &error))?;
        if has("--json") {
            println!("{}", play_document(text.as_bytes()));
            continue;
        }
        match one(file, &text, has("--bless"), has("--timeline"))? {
            true => passed += 1,
            false => failed += 1,
        }
    }
    if !has("--json") {
        println!("{passed} passed, {failed} failed");
    }
    Ok(failed == 0)
}

fn one(file: &Path, text: &str, blesses: bool, timeline: bool) -> io::Result<bool> {
    let name = file.display();
    let scenario = match Scenario::parse(text) {
        Ok(scenario) => scenario,
        Err(problem) => {
            println!("FAILED  {name}\n  {problem}");
            return Ok(false);
        }
    };
    let report = play(&scenario);
    let word = match (report.passed, blesses) {
        (true, _) => "ok",
        (false, true) => {
            let blessed = bless(text).map_err(|problem| io::Error::other(problem.to_string()))?;
            fs::write(file, blessed)?;
            "blessed"
        }
        (false, false) => "FAILED",
    };
    println!("{word:7} {name}: {}", report.title);
    if timeline {
        for moment in &report.timeline {
            println!("  {:>9}  {:12} {}", moment.at.to_string(), moment.who, moment.what);
        }
    }
    if word == "FAILED" {
        for failure in report.failures() {
            println!("  {failure}");
        }
    }
    Ok(word != "FAILED")
}

fn list_incidents(place: &Path) -> io::Result<bool> {
    let found = incidents(place).map_err(|error| in_file(place, &error))?;
    println!("{found}");
    Ok(found.failed() == 0 && found.passed() > 0)
}

fn stories(files: &[&str]) -> io::Result<bool> {
    for file in files {
        let problem = |error: &dyn std::fmt::Display| in_file(Path::new(file), error);
        let text = fs::read_to_string(file).map_err(|error| problem(&error))?;
        let recording = Recording::parse(&text).map_err(|error| problem(&error))?;
        let server = &recording.header.server;
        let Some(parting) = part(&recording).map_err(|error| problem(&error))? else {
            println!("server {server}: {}\n  the strict policy would have shown the same\n", recording.header.about);
            continue;
        };
        println!("server {server}: {}", parting.about);
        let gets = if parting.reader == CONSUMERS { "get" } else { "gets" };
        println!("  from {} on {} {gets}", parting.at, parting.reader);
        for (policy, served, why) in [
            (server.as_str(), &parting.served, &parting.why),
            ("strict", &parting.served_strictly, &parting.why_strictly),
        ] {
            println!("    {policy:7} {served}");
            for sentence in why {
                println!("            | {sentence}");
            }
        }
        println!();
    }
    Ok(true)
}

fn recordings(place: &Path, options: &[&str]) -> io::Result<bool> {
    let (mut explains, mut needs_all, mut only) = (false, false, None);
    let mut options = options.iter();
    while let Some(&option) = options.next() {
        match option {
            "--explain" => explains = true,
            "--all" => needs_all = true,
            "--only" => only = Some(*options.next().ok_or_else(|| io::Error::other("--only needs a text"))?),
            other => return Err(io::Error::other(format!("no option `{other}`"))),
        }
    }
    let score = score(place, only)?;
    for run in &score.runs {
        println!("{}", run.lines(explains));
    }
    println!("\n{score}");
    Ok(!needs_all || score.failed() == 0)
}

fn write_vectors(from: &Path, to: &Path, checks: bool) -> io::Result<bool> {
    let files = liveset_world::files(from, "scenario")?;
    let mut wanted = Vec::new();
    for file in &files {
        let text = fs::read_to_string(file)?;
        let scenario = Scenario::parse(&text).map_err(|problem| in_file(file, &problem))?;
        let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        for vector in vectors(&scenario) {
            wanted.push((to.join(format!("{stem}.{}.jsonl", vector.node)), vector.lines));
        }
    }
    if checks {
        let stale: Vec<_> =
            wanted.iter().filter(|(file, lines)| fs::read_to_string(file).ok().as_ref() != Some(lines)).collect();
        for (file, _) in &stale {
            println!("stale: {}", file.display());
        }
        println!("{} vectors, {} stale", wanted.len(), stale.len());
        return Ok(stale.is_empty());
    }
    if to.exists() {
        fs::remove_dir_all(to)?;
    }
    fs::create_dir_all(to)?;
    for (file, lines) in &wanted {
        fs::write(file, lines)?;
    }
    println!("{} vectors written", wanted.len());
    Ok(true)
}

fn in_file(file: &Path, problem: &dyn std::fmt::Display) -> io::Error {
    io::Error::other(format!("{}: {problem}", file.display()))
}
