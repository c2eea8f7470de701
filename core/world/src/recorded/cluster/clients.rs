//! What did the clients of a cluster do that connect to it? They claim at the node that they are connected to, and again where they go.

use liveset::Span;
use serde_json::Value;

use super::super::file::{Event, Line, What};
use super::node_of;
use super::setup::node_at;
use super::steps::{How, Step, claim_of};

/// How often the recorded client, Nacos's Java client 2.5.1, looks whether it has to claim again (R4.2).
pub(super) const REDO: Span = Span::from_secs(3);

/// What each client did: its registration, and from each connection that was seen to stand elsewhere that the one before had ended. The
/// recorder saw it some time after, and the client had been where it was before when anything was last noted of it.
pub(super) fn clients<'a>(lines: &[Line]) -> Vec<(i64, Step<'a>)> {
    let mut steps = Vec::new();
    let mut connections = 0;
    let events = |of: &'static str| {
        lines.iter().filter_map(move |line| event(line).filter(|event| event.event == of).map(|event| (line.t, event)))
    };
    for (at, register) in events("grpc register") {
        let (Some(claim), Some(mut node)) = (claim_of(&register.args), node_of(register.node.as_deref())) else {
            continue;
        };
        steps.push((
            at,
            Step::Claim { number: connections, node, claim: claim.clone(), how: How::Called { took: register.took } },
        ));
        for (seen, connection) in events("connection").filter(|(seen, event)| *seen > at && event.who == register.who) {
            let to = connection.got.get("server").and_then(Value::as_str).and_then(node_at);
            let Some(to) = to.filter(|to| is_running(connection) && *to != node) else { continue };
            let noted = lines.iter().filter(|line| {
                line.t < seen && event(line).is_some_and(|event| event.who == register.who || event.event == "SIGKILL")
            });
            let within = seen - noted.map(|line| line.t).max().unwrap_or(at);
            steps.push((seen, Step::Disconnect { number: connections, node, within }));
            (connections, node) = (connections + 1, to);
            steps.push((
                seen,
                Step::Claim { number: connections, node, claim: claim.clone(), how: How::Moved { within } },
            ));
        }
        connections += 1;
    }
    steps
}

fn is_running(connection: &Event) -> bool {
    connection.got.get("running") == Some(&Value::Bool(true))
}

fn event(line: &Line) -> Option<&Event> {
    match &line.what {
        What::Event(event) => Some(event),
        _ => None,
    }
}
