//! What real servers did, replayed: every answer and every view of ours is held against the recording of one.
//!
//! [`score`] replays the recordings of a folder. A new family of recordings is a new replay behind [`replay`].

mod cluster;
mod door;
mod engine;
mod file;
mod http;
mod peek;
mod phases;
mod pushes;
mod report;
mod sdk;
mod search;
mod steps;
mod story;
mod track;

pub use file::{Event, Header, Line, Malformed, Recording, Request, Row, Sight, What};
pub use phases::Chosen;
pub use report::{Run, Score, Verdict};
pub use story::{CONSUMERS, Parting, part};
pub use track::Difference;

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{fs, io, iter, thread};

use liveset::{Error, Policy};
use liveset_nacos::Dialect;

/// What stands for the name of the case's service in every recording.
pub(crate) const SERVICE: &str = "SERVICE";

/// Replays the recordings of a folder, at any depth, or a single one; those whose path contains `only`.
pub fn score(place: &Path, only: Option<&str>) -> io::Result<Score> {
    let mut files = crate::files(place, "jsonl")?;
    files.retain(|file| only.is_none_or(|only| file.to_string_lossy().contains(only)));
    if files.is_empty() {
        return Err(io::Error::other(format!("no recording there: {}", place.display())));
    }
    // Two at a time: recordings know nothing of one another.
    let next = AtomicUsize::new(0);
    let play = || -> io::Result<Vec<(usize, Run)>> {
        let numbers =
            iter::repeat_with(|| next.fetch_add(1, Ordering::Relaxed)).take_while(|&number| number < files.len());
        numbers.map(|number| Ok((number, run(&files[number])?))).collect()
    };
    let mut runs = thread::scope(|scope| {
        let other = scope.spawn(play);
        let own = play();
        let other = other.join().unwrap_or_else(|_| Err(io::Error::other("a replay panicked")));
        Ok::<_, io::Error>([own?, other?].concat())
    })?;
    runs.sort_by_key(|(number, _)| *number);
    Ok(Score { runs: runs.into_iter().map(|(_, run)| run).collect() })
}

fn run(file: &Path) -> io::Result<Run> {
    let problem = |message: String| io::Error::other(format!("{}: {message}", file.display()));
    let text = fs::read_to_string(file).map_err(|error| problem(error.to_string()))?;
    let recording = Recording::parse(&text).map_err(|error| problem(error.to_string()))?;
    let (verdict, chosen) = replay(&recording).map_err(|error| problem(error.to_string()))?;
    Ok(Run {
        server: recording.header.server,
        family: recording.header.family,
        name: file.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        verdict,
        chosen,
    })
}

/// Replays one recording on the preset of its server.
pub fn replay(recording: &Recording) -> Result<(Verdict, Vec<Chosen>), Error> {
    let Header { server, family, .. } = &recording.header;
    if family == "cluster" {
        return cluster::replay(recording);
    }
    if family != "http" && family != "sdk" {
        return Ok((Verdict::NotReplayed("not replayed yet".to_owned()), Vec::new()));
    }
    let Some(dialect) = dialect(server) else {
        return Ok((Verdict::NotReplayed(format!("no preset for {server} yet")), Vec::new()));
    };
    let policy = dialect.policy();
    if family == "sdk" {
        return replay_sdk(recording, &policy, dialect);
    }
    let case = http::Case::of(recording);
    let (difference, chosen) = phases::search(&policy, recording, |setup, until| {
        let mut server = door::Standalone::new(setup.policy.clone(), dialect, Some(acknowledges(recording)))?;
        case.replay(setup, until, &mut server)
    })?;
    Ok((difference.map_or(Verdict::Match, Verdict::Differs), chosen))
}

/// Whether the subscriber in a recording acknowledged what it got.
fn acknowledges(recording: &Recording) -> bool {
    let acked = |line: &Line| matches!(&line.what, What::Sight(sight) if sight.rest.get("acked") == Some(&true.into()));
    recording.lines.iter().any(acked)
}

fn replay_sdk(recording: &Recording, policy: &Policy, dialect: Dialect) -> Result<(Verdict, Vec<Chosen>), Error> {
    let client = &recording.header.client;
    let Some(version) = sdk::Version::of(client) else {
        return Ok((Verdict::NotReplayed(format!("{client} is not imitated")), Vec::new()));
    };
    let case = sdk::Case::of(recording, &version);
    let (difference, chosen) =
        sdk::search(policy, recording, &version, |setup, until| sdk::replay(&case, until, &version, setup, dialect))?;
    Ok((difference.map_or(Verdict::Match, Verdict::Differs), chosen))
}

/// The recording's time of the server's zero: a recording may begin before its own.
pub(crate) fn zero(recording: &Recording) -> i64 {
    recording.lines.first().map_or(0, |line| line.t.min(0))
}

/// What imitates a server of that version.
fn dialect(server: &str) -> Option<Dialect> {
    Some(match server {
        "1.4.1" => Dialect::V1_4,
        "2.0.3" => Dialect::V2_0,
        "2.1.0" => Dialect::V2_1,
        "2.5.1" => Dialect::V2_5,
        "3.0.3" => Dialect::V3_0,
        _ => return None,
    })
}
