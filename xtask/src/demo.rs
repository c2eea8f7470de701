//! What a newcomer runs first: the five reports, each under the policy that was complained about and under the strict one.

use std::io::IsTerminal;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::lang::engines;
use crate::{rust, tool};

/// A report, its complaint, its pair of scenarios, and the moment at which each is compared.
struct Tale {
    report: &'static str,
    complaint: &'static str,
    compatible: (&'static str, u64),
    strict: (&'static str, u64),
}

const TALES: [Tale; 5] = [
    Tale {
        report: "8254",
        complaint: "deregistered, yet it came back",
        compatible: ("8254-deregistered-by-another.nacos_2_5", 16_000),
        strict: ("8254-deregistered-by-another.strict", 60_000),
    },
    Tale {
        report: "9121",
        complaint: "destroyed, yet still listed",
        compatible: ("9121-ghost.nacos_2_0", 22_000),
        strict: ("9121-ghost.strict", 60_000),
    },
    Tale {
        report: "14774",
        complaint: "offline on every node but one",
        compatible: ("14774-offline-but-on-one-node.nacos_2_0", 121_000),
        strict: ("14774-offline-but-on-one-node.strict", 121_000),
    },
    Tale {
        report: "8265",
        complaint: "unplugged for an hour, never gone",
        compatible: ("8265-kept-by-consumers.nacos_2_5", 3_600_000),
        strict: ("8265-kept-by-consumers.strict", 3_600_000),
    },
    Tale {
        report: "8197",
        complaint: "switched offline, and on again by itself",
        compatible: ("8197-registered-online-again.nacos_1_4", 41_000),
        strict: ("8197-registered-online-again.strict", 41_000),
    },
];

pub fn demo(language: &str) -> Result<()> {
    let engine = match language {
        "go" => "go-wazero",
        other => other,
    };
    let Some(engine) = engines().into_iter().find(|known| known.name == engine) else {
        bail!("no language `{language}`; there are rust, c, java, go and js");
    };
    let file = |name: &str| tool::root().join("core/scenarios/reports").join(format!("{name}.scenario"));
    let files: Vec<PathBuf> = TALES.iter().flat_map(|tale| [file(tale.compatible.0), file(tale.strict.0)]).collect();
    let lines = (engine.play)(&files)?;
    let reports: Vec<Value> = lines.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    if reports.len() != files.len() {
        bail!("{language} played {} of {} scenarios", reports.len(), files.len());
    }
    let ink = Ink { on: std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none() };
    let mut rows = Vec::new();
    for (tale, pair) in TALES.iter().zip(reports.chunks(2)) {
        println!("{}", ink.bold(&format!("Report {}: {}", tale.report, tale.complaint)));
        let mut row = vec![format!("{} {}", tale.report, tale.complaint)];
        for (report, at) in pair.iter().zip([tale.compatible.1, tale.strict.1]) {
            let report = report.get("ok").with_context(|| format!("{report}"))?;
            show(report, &ink);
            row.push(verdict(report, at));
        }
        rows.push(row);
    }
    table(&rows, &ink);
    if language == "rust" {
        recorded(&ink)?;
    }
    println!("\nEach story is a text in core/scenarios/reports: change a line and play it again with");
    println!("  cargo xtask scenario --timeline core/scenarios/reports/8197-registered-online-again.strict.scenario");
    Ok(())
}

/// What recorded servers were asked, again, under their policies and under the strict one: on every version that shows the complaint.
fn recorded(ink: &Ink) -> Result<()> {
    let stories = [
        (
            "8254 deregistered, yet it came back",
            "http/dereg-fullbeat",
            &["1.4.1", "2.0.3", "2.1.0", "2.5.1", "3.0.3"][..],
        ),
        ("9121 deregistered, and called for ever", "sdk/prot-dereg", &["1.4.1", "2.0.3", "2.5.1"]),
        ("14774 switched offline, and online at two nodes of three", "cluster/mixed-c1-beatsRot", &["2.0.3"]),
        ("8265 silent for good, and served as healthy until it is removed", "http/empty-silent", &["1.4.1"]),
        ("8197 switched offline, registered again, and on again", "http/off-b-reregister", &["1.4.1"]),
        (
            "8197 switched offline, away for 65 s, and on again",
            "http/off-d-dereg-65s",
            &["1.4.1", "2.0.3", "2.1.0", "2.5.1", "3.0.3"],
        ),
    ];
    for (tale, place, versions) in stories {
        let (family, case) = place.split_once('/').context("a family and a case")?;
        println!("\n{}\n", ink.bold(&format!("Recorded {tale}")));
        let mut words = vec!["story".to_owned()];
        for version in versions {
            let of_case = |run: &&PathBuf| run.file_name().is_some_and(|name| name.to_string_lossy().starts_with(case));
            let folder = tool::root().join("core/nacos/recordings").join(version).join(family);
            let runs = crate::files(&folder.to_string_lossy(), ".jsonl").unwrap_or_default();
            words.extend(runs.iter().find(of_case).map(|run| run.to_string_lossy().into_owned()));
        }
        rust::cli(&words.iter().map(String::as_str).collect::<Vec<_>>())?;
    }
    Ok(())
}

fn show(report: &Value, ink: &Ink) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let policy = text(&report["policy"]);
    let kind = if policy == "strict" { ink.green(&policy) } else { ink.red(&policy) };
    println!("\n  {kind}  {}", text(&report["title"]));
    for moment in list(&report["timeline"]) {
        let at = seconds(moment["at"].as_u64().unwrap_or_default());
        let line = format!("{at:>9}  {:10} {}", text(&moment["who"]), text(&moment["what"]));
        println!("    {}", if moment["is_view"] == true { ink.cyan(&line) } else { line });
    }
    for explained in list(&report["explanations"]) {
        let at = seconds(explained["at"].as_u64().unwrap_or_default());
        println!("    {}", ink.bold(&format!("why, at {at}: {}", text(&explained["about"]))));
        for sentence in list(&explained["found"]) {
            println!("    | {}", text(sentence));
        }
    }
    if report["passed"] != true {
        println!("    {}", ink.red("not as expected; see `cargo xtask scenario core/scenarios`"));
    }
    println!();
}

/// What readers had at a moment: everything expected there, said once.
fn verdict(report: &Value, at: u64) -> String {
    let found: Vec<String> = list(&report["expectations"])
        .filter(|held| held["at"] == at)
        .map(|held| {
            format!("{} {}", held["about"].as_str().unwrap_or_default(), held["found"].as_str().unwrap_or_default())
        })
        .collect();
    found.join("; ")
}

/// Three columns, wrapped to the width of a page.
fn table(rows: &[Vec<String>], ink: &Ink) {
    const WIDTHS: [usize; 3] = [30, 42, 42];
    let head = ["report", "the policy complained about", "strict"].map(str::to_owned);
    for (number, row) in std::iter::once(&head[..]).chain(rows.iter().map(Vec::as_slice)).enumerate() {
        let cells: Vec<Vec<String>> = row.iter().zip(WIDTHS).map(|(text, width)| wrap(text, width)).collect();
        for line in 0..cells.iter().map(Vec::len).max().unwrap_or(0) {
            let mut printed = String::new();
            for (column, (cell, width)) in cells.iter().zip(WIDTHS).enumerate() {
                let part = format!("{:width$}  ", cell.get(line).map_or("", String::as_str));
                printed.push_str(&match (number, column) {
                    (0, _) => ink.bold(&part),
                    (_, 1) => ink.red(&part),
                    (_, 2) => ink.green(&part),
                    _ => part,
                });
            }
            println!("{}", printed.trim_end());
        }
        if number == 0 {
            println!("{}", "-".repeat(WIDTHS.iter().sum::<usize>() + 4));
        }
    }
}

fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let last = lines.last_mut().expect("there is always a line");
        if !last.is_empty() && last.len() + 1 + word.len() > width {
            lines.push(word.to_owned());
        } else {
            if !last.is_empty() {
                last.push(' ');
            }
            last.push_str(word);
        }
    }
    lines
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn seconds(millis: u64) -> String {
    liveset::Instant::from_millis(millis).unwrap_or_default().to_string()
}

/// Colour, where the output is a terminal.
struct Ink {
    on: bool,
}

impl Ink {
    fn paint(&self, code: &str, text: &str) -> String {
        if self.on { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn bold(&self, text: &str) -> String {
        self.paint("1", text)
    }

    fn red(&self, text: &str) -> String {
        self.paint("31", text)
    }

    fn green(&self, text: &str) -> String {
        self.paint("32", text)
    }

    fn cyan(&self, text: &str) -> String {
        self.paint("36", text)
    }
}
