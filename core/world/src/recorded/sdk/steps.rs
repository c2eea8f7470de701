//! What is done, in order: the recorded calls, faults and requests, and the looks that the recorder is known to have taken.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::door::View;
use super::super::file::{Event, Line, Request, Sight, What};
use super::super::phases::Setup;
use super::compare;

/// The calls that register.
pub(super) const REGISTER: [&str; 2] = ["register", "batchreg"];

/// One thing to do.
pub(super) enum Step<'a> {
    /// The recorder is known to have looked.
    Look(View),
    /// A registration has made the service, and its instance is not in it yet.
    Make,
    /// Somebody sends a request, and has its answer: from when to when.
    Send(&'a Request, (i64, i64)),
    /// An SDK is called, and returns: from when to when.
    Call(&'a Event, (i64, i64)),
    /// The subscription of a call that has returned reaches the server.
    Subscribed(&'a str, (i64, i64)),
    /// A consumer is read: from when to when.
    Read(&'a str, (i64, i64)),
    /// A process has shut down its client.
    Closed(&'a str),
    /// Something breaks, or is whole again.
    Fault(&'a Event),
    /// The server's process ends.
    Stop,
    /// It answers again.
    Start,
    /// What cannot be replayed.
    Cannot(&'a str),
}

pub(super) fn steps<'a>(lines: &'a [Line], setup: &Setup) -> Vec<(i64, Step<'a>)> {
    let mut steps: Vec<(i64, Step)> = Vec::new();
    let reached = |t: i64, took: i64| t + took * setup.client.reached / 100;
    for line in lines {
        if let What::Sight(sight) = &line.what
            && compare::is_of_server(sight)
        {
            steps.extend(sight.after.map(|after| (after, Step::Look(View::of(sight)))));
        }
    }
    let (mut registered, late) = (false, setup.client.late);
    for line in lines {
        let t = line.t;
        match &line.what {
            What::Sight(sight) if compare::is_of_server(sight) => steps.push((t, Step::Look(View::of(sight)))),
            What::Sight(sight) => {
                steps.extend(reader(sight).map(|who| (t, Step::Read(who, (t - super::PUSH_TAKES, t)))))
            }
            What::Request(request) => {
                let at = reached(t, request.took);
                steps.push((at, Step::Send(request, (t, t + request.took + setup.lag))));
            }
            What::Event(event) => match event.event.as_str() {
                "register" | "deregister" | "subscribe" | "batchreg" | "batchdereg" | "start" | "getAllInstances"
                | "selectInstances" => {
                    let at = reached(t, event.took);
                    let registers = REGISTER.contains(&event.event.as_str());
                    if registers && setup.client.early && !std::mem::replace(&mut registered, true) {
                        steps.push((t, Step::Make));
                    }
                    steps.push((at, Step::Call(event, (t, t + event.took + setup.lag))));
                    if event.event == "subscribe" && setup.client.subscribed > 0 {
                        let late = setup.client.subscribed;
                        steps.push((at + late, Step::Subscribed(&event.who, (t, t + event.took + late))));
                    }
                }
                "shutDown" => {
                    let (at, end) = (reached(t, event.took) + late, t + event.took + late);
                    steps.push((at, Step::Call(event, (t, end + setup.lag))));
                    steps.push((end, Step::Closed(&event.who)));
                }
                "kill -9" => steps.push((t + late, Step::Stop)),
                "process started" => {}
                "metrics answers 200" => steps.push((answers(lines, t), Step::Start)),
                "killed -9" | "SIGCONT" | "reset" => steps.push((t + late, Step::Fault(event))),
                "killed" | "SIGSTOP" | "freeze" | "old" | "heal" | "holds a beat" | "lets the beat go on" => {
                    steps.push((t, Step::Fault(event)));
                }
                other => steps.push((t, Step::Cannot(other))),
            },
        }
    }
    steps.sort_by_key(|(at, _)| *at);
    steps
}

/// The consumer that was read for a sight; what its listener heard was not.
fn reader(sight: &Sight) -> Option<&str> {
    sight.see.strip_suffix(".all").or(sight.see.strip_suffix(".sel"))
}

/// When a server answered again that was noted to at `up`: with the first poll that it answered.
fn answers(lines: &[Line], up: i64) -> i64 {
    let polls = |is_down: bool| {
        lines.iter().filter(move |line| {
            matches!(&line.what, What::Sight(sight)
                if compare::is_of_server(sight) && sight.rest.contains_key("down") == is_down)
        })
    };
    let Some(down) = polls(true).map(|line| line.t).filter(|&t| t < up).max() else { return up };
    polls(false).map(|line| line.t).filter(|&t| t > down).min().map_or(up, |t| t.min(up))
}

/// The metadata of a call, as `k:v,k:v`. Where the recorder left it out it follows from the views: its third party said `kick`, and a
/// registration without a port was the second one of its case.
pub(super) fn metadata(event: &Event) -> BTreeMap<String, String> {
    let usual = match event.who.as_str() {
        "X" => "kick:1",
        _ if event.event == "register" && !event.args.contains_key("port") => "v:2",
        _ => "v:1",
    };
    let text = event.args.get("meta").and_then(Value::as_str).unwrap_or(usual);
    text.split(',').filter_map(|pair| pair.split_once(':')).map(|(k, v)| (k.to_owned(), v.to_owned())).collect()
}
