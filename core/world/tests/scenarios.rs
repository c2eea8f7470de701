//! Every scenario in the folder holds, and the format keeps its promises.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use liveset::{Command, Instant, Policy, Registry, document};
use liveset_world::{Report, Scenario, bless, incidents, play, vectors};
use serde_json::Value;

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("it can be read").path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

fn scenarios() -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    let files = files(&folder).into_iter();
    files.map(|file| (file.clone(), fs::read_to_string(file).expect("it is text"))).collect()
}

#[test]
fn every_scenario_holds() {
    let mut failures = Vec::new();
    for (file, text) in scenarios() {
        match Scenario::parse(&text) {
            Ok(scenario) => failures
                .extend(play(&scenario).failures().into_iter().map(|line| format!("{}: {line}", file.display()))),
            Err(problem) => failures.push(format!("{}: {problem}", file.display())),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn each_of_the_five_reports_has_a_complaint_and_an_answer() {
    for report in ["8254", "9121", "14774", "8265", "8197"] {
        let told: Vec<String> = scenarios()
            .iter()
            .map(|(_, text)| Scenario::parse(text).expect("it parses"))
            .filter(|scenario| scenario.report.as_deref() == Some(&format!("question-history-{report}")))
            .map(|scenario| scenario.policy_name)
            .collect();
        assert!(told.iter().any(|policy| policy == "strict"), "{report}");
        assert!(told.iter().any(|policy| policy.starts_with("nacos")), "{report}");
    }
}

#[test]
fn each_incident_is_told_and_explained_under_the_policy_at_fault_and_under_the_strict_one() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/incidents");
    let told = incidents(&folder).expect("it can be read");
    assert!(told.passed() > 0 && told.failed() == 0, "{told}");
}

#[test]
fn an_incident_that_lacks_a_side_or_an_explanation_has_failed() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("incidents");
    fs::create_dir_all(&folder).expect("it can be written");
    let text = |policy: &str, explain: &str| {
        format!(
            "title A\nincident Z01\npolicy {policy}\n\n0s expect orders counts 0, 0 healthy\n0s a register orders 10.0.0.1:80\n{explain}"
        )
    };
    let explain = "0s explain orders 10.0.0.1:80\n| online: since 0s, registered by a\n| alive: beats of a, last at 0s\n\
                   | would go if: a deregisters, or is silent until 15s\n";
    let told = |name: &str, text: &str| {
        fs::write(folder.join(name), text).expect("it can be written");
        let told = incidents(&folder).expect("it can be read");
        (told.passed(), told.failed())
    };
    assert_eq!(told("a.scenario", &text("strict", explain)), (0, 1));
    assert_eq!(told("b.scenario", &text("strict with overrides.enabled override_wins", explain)), (0, 1));
    assert_eq!(told("c.scenario", &text("nacos_1_4", "")), (0, 1));
    assert_eq!(told("c.scenario", &text("nacos_1_4", explain)), (1, 0));
    assert_eq!(told("d.scenario", "title B\n"), (1, 1));
    fs::remove_dir_all(&folder).expect("it can be removed");
}

#[test]
fn equal_texts_give_equal_reports_and_tapes() {
    for (file, text) in scenarios() {
        let scenario = Scenario::parse(&text).expect("it parses");
        assert_eq!(play(&scenario), play(&scenario), "{}", file.display());
        assert_eq!(vectors(&scenario), vectors(&scenario), "{}", file.display());
    }
}

#[test]
fn blessing_a_scenario_that_holds_changes_no_byte() {
    for (file, text) in scenarios() {
        assert_eq!(bless(&text).expect("it parses"), text, "{}", file.display());
    }
}

#[test]
fn blessing_rewrites_lists_and_explanations_and_nothing_else() {
    let text = "title    A\npolicy   strict\n\n0s  a  register  orders 10.0.0.1:80   # a comment\n1s  expect  orders serves nothing\n\
                1s  explain  orders 10.0.0.1:80\n    | no\n2s  a  deregister  orders 10.0.0.1:80\n";
    let blessed = bless(text).expect("it parses");
    let expected = "title    A\npolicy   strict\n\n0s  a  register  orders 10.0.0.1:80   # a comment\n\
                    1s  expect  orders serves 10.0.0.1:80\n1s  explain  orders 10.0.0.1:80\n\
                    \x20   | online: since 0s, registered by a\n    | alive: beats of a, last at 0s\n\
                    \x20   | would go if: a deregisters, or is silent until 15s\n2s  a  deregister  orders 10.0.0.1:80\n";
    assert_eq!(blessed, expected);
}

/// Fields that no scenario tells of: a name for timelines, and limits, which `core/tests/bad_input.rs` reaches.
const UNTOLD: [&str; 2] = ["label", "limits."];

#[test]
fn for_every_field_of_the_policy_two_scenarios_part_by_it_alone() {
    let told: Vec<(String, Value, Report)> = scenarios()
        .iter()
        .map(|(file, text)| {
            let stem = file.file_stem().expect("it has a name").to_string_lossy();
            let scenario = Scenario::parse(text).expect("it parses");
            let rule = stem.split('.').next().unwrap_or_default().to_owned();
            (rule, json(&scenario.policy), play(&scenario))
        })
        .collect();
    let mut parted = BTreeSet::new();
    for (index, (rule, policy, report)) in told.iter().enumerate() {
        for (other_rule, other_policy, other_report) in &told[index + 1..] {
            if rule == other_rule && found_in(report) != found_in(other_report) {
                let fields = parts(policy, other_policy);
                parted.extend(fields.first().filter(|_| fields.len() == 1).cloned());
            }
        }
    }
    let mut fields = fields_of(&json(&Policy::strict()));
    // What the strict policy does without has fields, too.
    fields.extend(
        fields_of(&json(&Policy::nacos_2_0())["expiry"]["cap"]).iter().map(|field| format!("expiry.cap.{field}")),
    );
    fields.insert(String::from("expiry.brake"));
    fields.retain(|field| !UNTOLD.iter().any(|untold| field.starts_with(untold)));
    let untold: Vec<&String> = fields.difference(&parted).collect();
    assert!(untold.is_empty(), "{untold:?}");
}

fn json(policy: &Policy) -> Value {
    serde_json::from_str(&document::write(policy)).expect("a policy is JSON")
}

/// What a scenario found, whatever it expected.
fn found_in(report: &Report) -> Vec<String> {
    let lists = report.expectations.iter().map(|held| format!("{} {} {}", held.at, held.about, held.found));
    lists.chain(report.explanations.iter().map(|explained| explained.found.join("; "))).collect()
}

/// Paths of all fields of a policy.
fn fields_of(tree: &Value) -> BTreeSet<String> {
    let Value::Object(fields) = tree else { return BTreeSet::from([String::new()]) };
    let inner = |(name, value): (&String, &Value)| {
        fields_of(value)
            .into_iter()
            .map(|field| format!("{name}.{field}").trim_end_matches('.').to_owned())
            .collect::<Vec<_>>()
    };
    fields.iter().flat_map(inner).collect()
}

/// Paths of the fields in which two policies differ.
fn parts(one: &Value, other: &Value) -> Vec<String> {
    match (one, other) {
        (Value::Object(left), Value::Object(right)) if left.keys().eq(right.keys()) => {
            let inner = |name: &String| {
                let below = parts(&left[name], &right[name]).into_iter();
                below.map(|field| format!("{name}.{field}").trim_end_matches('.').to_owned()).collect::<Vec<_>>()
            };
            left.keys().flat_map(inner).collect()
        }
        _ if one == other => Vec::new(),
        _ => vec![String::new()],
    }
}

#[test]
fn a_field_of_a_part_that_the_policy_lacks_brings_the_part_with_it() {
    let with =
        |text: &str| json(&Scenario::parse(&format!("title A\npolicy {text}\n")).expect(text).policy)["expiry"].clone();
    assert_eq!(with("strict with expiry.cap.silence 20s")["cap"]["silence"], 20_000);
    assert_eq!(with("nacos_2_0 with expiry.brake.floor 3")["brake"]["floor"], 3);
    assert_eq!(with("strict with expiry.brake none")["brake"], Value::Null);
    // In bounds together, though not one by one.
    assert_eq!(with("strict with expiry.timeout 40s, expiry.delete 60s")["timeout"], 40_000);
}

#[test]
fn a_fleet_is_many_who_do_the_same_each_on_its_own_host() {
    let head = "title A\npolicy strict\n\n0s 3 web register orders 10.0.0.254:80 in blue\n";
    let text =
        format!("{head}1s expect orders serves 10.0.0.254:80 in blue, 10.0.0.255:80 in blue, 10.0.1.0:80 in blue\n");
    assert_eq!(play(&Scenario::parse(&text).expect("it parses")).failures(), Vec::<String>::new());
    let problem = Scenario::parse(&format!("{head}1s 3 web subscribe orders")).expect_err("it is not for many");
    assert!(problem.message.contains("expected what many can do"), "{problem}");
}

#[test]
fn a_node_tells_in_its_own_time_and_an_actor_in_the_name_it_is_given() {
    let text = "title A\npolicy strict\n\n0s registry jumps 1h\n0s a register orders 10.0.0.1:80 as b copied\n\
                1h a beat of stock\n1h expect a told register again: no such lease or instance here (10.0.0.1:80 in stock)\n\
                1h expect a sent 3600s\n1h explain orders 10.0.0.1:80\n\
                | online: since 3600s, registered by b\n| alive: beats of b, last at 3600s\n\
                | not looked at here: finding the silence of b is left to others\n| would go if: b deregisters\n\
                1h registry watches orders 10.0.0.1:80\n1h expect orders serves nothing\n";
    assert_eq!(play(&Scenario::parse(text).expect("it parses")).failures(), Vec::<String>::new());
}

#[test]
fn a_problem_names_line_column_and_what_was_expected_there() {
    let head = "title A\npolicy strict\n\n";
    for (text, line, column, expected) in [
        ("titel A", 1, 1, "expected one of title, report, incident, policy"),
        ("title A\nincident A-1", 2, 10, "expected an incident's id, such as A01, found `A-1`"),
        ("title A\npolicy nacos_9", 2, 8, "expected a policy"),
        (&format!("{head}12 a register"), 4, 1, "expected a time such as 12s"),
        (&format!("{head}0s a registers"), 4, 6, "expected a verb"),
        (&format!("{head}0s a register orders 10.0.0.1"), 4, 22, "expected an instance such as"),
        (&format!("{head}0s a register orders 10.0.0.1:80 weight -1"), 4, 41, "expected a weight from 0 to 10000"),
        (&format!("{head}5s a dies\n4s a dies"), 5, 4, "expected a time from 5s on"),
        (&format!("{head}0s a dies now"), 4, 11, "expected the end of the line"),
        (
            &format!("{head}0s expect ordres serves nothing"),
            4,
            1,
            "expected a service that some step names, found `ordres`",
        ),
        (&format!("{head}0s expect shpo calls nothing"), 4, 11, "expected a consumer that the header declares"),
        (&format!("{head}0s.. a dies"), 4, 8, "expected `beats`"),
        ("title A\npolicy strict with expiry.timeot 3s", 2, 20, "expected a field of the policy"),
        ("title A\npolicy strict with expiry.timeout 0s", 2, 20, "at least 1 ms"),
        ("title A\npolicy strict with expiry.delete 60s, checks.rise 0", 2, 39, "checks.rise: 0; expected 1 to 100"),
        (&format!("{head}0s registry registers"), 4, 13, "expected `restarts`, `freezes`, `thaws`, `jumps`"),
        (&format!("{head}0s 1 web dies"), 4, 4, "expected how many: 2 to 1000"),
        (&format!("{head}0s ops reports orders 10.0.0.1:80 fine"), 4, 35, "expected `healthy` or `unhealthy`"),
        (&format!("{head}0s expect registry knows orders"), 4, 1, "found `orders`"),
        (&format!("{head}0s expect a told nothing"), 4, 11, "expected somebody who acts before this"),
    ] {
        let problem = Scenario::parse(text).expect_err(text);
        assert_eq!((problem.line, problem.column), (line, column), "{text}: {problem}");
        assert!(problem.message.contains(expected), "{text}: {problem}");
    }
}

#[test]
fn the_vectors_in_the_folder_are_what_the_scenarios_give_and_what_a_registry_answers() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors");
    let mut wanted = Vec::new();
    for (file, text) in scenarios() {
        let stem = file.file_stem().expect("it has a name").to_string_lossy().into_owned();
        for vector in vectors(&Scenario::parse(&text).expect("it parses")) {
            let file = folder.join(format!("{stem}.{}.jsonl", vector.node));
            let kept = fs::read_to_string(&file).unwrap_or_default();
            assert!(kept == vector.lines, "{} is stale: run `cargo xtask vectors`", file.display());
            replay(&kept);
            wanted.push(file);
        }
    }
    assert_eq!(
        files(&folder),
        {
            wanted.sort();
            wanted
        },
        "no other vectors lie there"
    );
}

fn replay(lines: &str) {
    let mut lines = lines.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("a line is JSON"));
    let header = lines.next().expect("there is a header");
    let policy: Policy = document::read_policy(header["policy"].to_string().as_bytes()).expect("its policy is good");
    let mut registry = Registry::with_seed(policy, (7, 11)).expect("its policy is good");
    for line in lines {
        let now = Instant::from_millis(line["now"].as_u64().expect("a number")).expect("in range");
        let command: Command = document::read(line["command"].to_string().as_bytes()).expect("a command");
        let answer = document::write(&document::Answer::from(registry.apply(now, command)));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&answer).expect("JSON"), line["answer"]);
        assert_eq!(format!("{:016x}", registry.digest()), line["digest"], "{line}");
    }
}

#[test]
fn a_scenario_that_asks_for_more_than_it_may_ends_and_says_so() {
    let text = "title    Too much\npolicy   strict\n\n0s     a  register  orders x:80\n0s..   a  beats every 1ms\n3600s  expect  orders serves x:80\n";
    let report = liveset_world::play(&liveset_world::Scenario::parse(text).expect("a scenario"));
    assert!(!report.passed);
    assert_eq!(report.expectations.last().map(|held| held.found.as_str()), Some("more than 250000"));
}
