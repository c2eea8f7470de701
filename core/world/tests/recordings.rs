//! What real servers answered and showed, replayed: the runs in the project, and the reading and comparing of recordings.

use std::fs;
use std::path::{Path, PathBuf};

use liveset_world::recorded::{Recording, Verdict, What, replay, score};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../nacos/recordings")
}

fn read(name: &str) -> Recording {
    let text = fs::read_to_string(folder().join(format!("{name}.jsonl"))).expect(name);
    Recording::parse(&text).unwrap_or_else(|problem| panic!("{name}: {problem}"))
}

#[test]
fn what_real_servers_did_is_done_again_answer_for_answer_and_view_for_view() {
    let runs = score(&folder(), None).expect("they can be read").runs;
    let parted: Vec<String> = (runs.iter())
        .filter(|run| run.verdict != Verdict::Match)
        .map(|run| format!("{} {} {}: {}", run.server, run.family, run.name, run.verdict))
        .collect();
    assert!(parted.is_empty(), "{} of {}:\n{}", parted.len(), runs.len(), parted.join("\n"));
    assert!(runs.len() > 100, "only {} recordings", runs.len());
}

#[test]
fn an_answer_that_differs_fails_and_both_sides_are_told() {
    let mut recording = read("1.4.1/http/off-b-reregister.2");
    let request = recording.lines.iter_mut().find_map(|line| match &mut line.what {
        What::Request(request) if request.path == "/instance/beat" => Some((line.t..=line.t + request.took, request)),
        _ => None,
    });
    let (in_flight, request) = request.expect("a beat");
    request.got["clientBeatInterval"] = 5001.into();
    recording.lines.retain(|line| !matches!(line.what, What::Sight(_)));
    let (Verdict::Differs(difference), _) = replay(&recording).expect("the preset is good") else { panic!("a match") };
    assert!(in_flight.contains(&difference.at), "{difference}");
    assert!(difference.recorded.contains("5001") && difference.ours.contains("5000"), "{difference}");
}

#[test]
fn a_list_that_came_one_ms_after_its_window_fails() {
    let mut recording = read("1.4.1/http/off-b-reregister.2");
    recording.lines.retain(|line| !matches!(&line.what, What::Sight(sight) if sight.see != "list"));
    assert_eq!(replay(&recording).expect("good").0, Verdict::Match);
    // The operator's word at 6 s is sent so much later that its window is over.
    let sight =
        recording.lines.iter().position(|line| matches!(&line.what, What::Sight(sight) if sight.after > Some(5000)));
    let (number, by) = sight.map(|number| (number, recording.lines[number].t)).expect("a later sight");
    let request = recording.lines[..number].iter().rposition(
        |line| matches!(&line.what, What::Request(request) if request.path == "/instance" && request.method == "PUT"),
    );
    let mut line = recording.lines.remove(request.expect("an operator"));
    line.t = by + 1;
    recording.lines.insert(number, line);
    let (Verdict::Differs(difference), _) = replay(&recording).expect("good") else { panic!("a match") };
    assert_eq!((difference.at, difference.place.as_str()), (by, "list"));
}

#[test]
fn families_and_servers_that_are_not_imitated_yet_count_as_failed() {
    let mut recording = read("1.4.1/http/off-b-reregister.2");
    recording.header.family = "other".to_owned();
    assert_eq!(replay(&recording).expect("good").0, Verdict::NotReplayed("not replayed yet".to_owned()));
    recording.header.family = "sdk".to_owned();
    recording.header.client = "go nacos-sdk".to_owned();
    assert_eq!(replay(&recording).expect("good").0, Verdict::NotReplayed("go nacos-sdk is not imitated".to_owned()));
    recording.header.family = "http".to_owned();
    recording.header.server = "0.9".to_owned();
    assert_eq!(replay(&recording).expect("good").0, Verdict::NotReplayed("no preset for 0.9 yet".to_owned()));
}

#[test]
fn a_score_names_a_file_that_is_no_recording() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("no-recording");
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("a.jsonl"), "{\"case\":\"c\"}\n").expect("a file");
    let problem = score(&folder, None).expect_err("no recording").to_string();
    assert!(problem.ends_with("a.jsonl: line 1: `family`: missing"), "{problem}");
}
