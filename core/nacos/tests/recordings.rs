//! What real servers answered and showed: each recording is replayed request by request at the recorded times, and every answer is
//! compared. Consumers must see the same lists in the same order, each within its recorded interval, give or take the phase of a
//! server's own timers that a recording does not show.

use std::fs;
use std::path::Path;

use liveset::{Instant, Policy, Registry};
use liveset_nacos::{Dialect, Request, Response, serve};
use serde_json::{Value, json};

#[test]
fn recorded_runs_of_real_servers_are_answered_and_shown_alike() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("recordings");
    let mut failures = Vec::new();
    let mut count = 0;
    for (version, policy, dialect) in [
        ("1.4.1", Policy::nacos_1_4(), Dialect::nacos_1_4()),
        ("2.0.3", Policy::nacos_2_0(), Dialect::nacos_2_0()),
        ("2.5.1", Policy::nacos_2_5(), Dialect::nacos_2_5()),
    ] {
        let mut files: Vec<_> = fs::read_dir(folder.join(version))
            .expect("there are some")
            .map(|file| file.expect("good").path())
            .collect();
        files.sort();
        for file in files {
            let text = fs::read_to_string(&file).expect("text");
            count += 1;
            if let Err(difference) = replay(&text, &policy, &dialect) {
                failures.push(format!("{}: {difference}", file.display()));
            }
        }
    }
    assert!(failures.is_empty(), "{} of {count}:\n{}", failures.len(), failures.join("\n"));
    assert!(count >= 12, "only {count} recordings");
}

/// How far a change may lie outside of its recorded interval, in ms: a server looks every so often, from a moment of its own.
const PHASE: u64 = 700;
/// How often the list is read here, in ms.
const STEP: u64 = 50;

/// A list, and when it was first seen; after the last moment at which it was not yet.
struct Seen {
    after: u64,
    at: u64,
    list: Value,
}

fn replay(text: &str, policy: &Policy, dialect: &Dialect) -> Result<(), String> {
    let lines: Vec<Value> = text.lines().skip(1).map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let recorded = recorded(&lines);
    let mut requests = lines.iter().filter(|line| line["api"].is_string()).peekable();
    let end = lines.iter().filter_map(|line| line["t"].as_u64()).max().unwrap_or(0);
    let mut registry = Registry::new(policy.clone()).map_err(|error| error.to_string())?;
    let mut ours: Vec<Seen> = Vec::new();
    for now in (0..=end).step_by(STEP as usize) {
        while let Some(line) = requests.next_if(|line| line["t"].as_u64() <= Some(now)) {
            let at = Instant::from_millis(line["t"].as_u64().unwrap_or(now)).map_err(|error| error.to_string())?;
            let response = serve(&mut registry, dialect, at, &request(line));
            let got: Value = serde_json::from_str(&response.body).unwrap_or(Value::String(response.body.clone()));
            if Some(u64::from(response.status)) != line["status"].as_u64() || got != line["got"] {
                return Err(format!(
                    "at {at} {}: {} {got}, recorded {} {}",
                    line["api"], response.status, line["status"], line["got"]
                ));
            }
        }
        let query = Request::new("GET", "/instance/list", [("serviceName", "SERVICE")]);
        let list =
            rows(&serve(&mut registry, dialect, Instant::from_millis(now).map_err(|error| error.to_string())?, &query));
        if ours.last().map_or(&json!([]), |seen| &seen.list) != &list {
            ours.push(Seen { after: now.saturating_sub(STEP), at: now, list });
        }
    }
    for (ours, recorded) in ours.iter().zip(&recorded) {
        if ours.list != recorded.list {
            return Err(format!(
                "at {} ms consumers get {}, recorded at {} ms {}",
                ours.at, ours.list, recorded.at, recorded.list
            ));
        }
        if ours.at + PHASE < recorded.after || ours.after > recorded.at + PHASE {
            return Err(format!("{} at {} ms, recorded in ({}, {}]", ours.list, ours.at, recorded.after, recorded.at));
        }
    }
    if ours.len() == recorded.len() {
        Ok(())
    } else {
        Err(format!("{} changes, recorded {}", ours.len(), recorded.len()))
    }
}

/// The lists that consumers of the recorded server saw, each where it differs from the one before.
fn recorded(lines: &[Value]) -> Vec<Seen> {
    let mut all: Vec<Seen> = Vec::new();
    for line in lines.iter().filter(|line| line["see"] == "list" && line["is"].is_array()) {
        let list = sorted(line["is"].as_array().expect("rows").iter().map(row).collect());
        if all.last().map_or(&json!([]), |seen| &seen.list) != &list {
            let at = line["t"].as_u64().unwrap_or(0);
            all.push(Seen { after: line["after"].as_u64().unwrap_or(0), at, list });
        }
    }
    all
}

fn request(line: &Value) -> Request {
    let (method, path) = line["api"].as_str().expect("an api").split_once(' ').expect("method and path");
    let mut parameters = vec![("serviceName".to_owned(), "SERVICE".to_owned())];
    for (name, value) in line["args"].as_object().expect("arguments") {
        parameters.push((name.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned)));
    }
    Request::new(method, path, parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())))
}

fn rows(response: &Response) -> Value {
    let body: Value = serde_json::from_str(&response.body).expect("JSON");
    sorted(body["hosts"].as_array().expect("hosts").iter().map(row).collect())
}

fn row(host: &Value) -> Value {
    json!([host["ip"], host["port"], host["healthy"], host["enabled"], host["weight"].as_f64(), host["metadata"]])
}

fn sorted(mut rows: Vec<Value>) -> Value {
    rows.sort_by_key(Value::to_string);
    Value::Array(rows)
}
