//! What is done to a cluster in a replay, and when: the recorded requests, the polls that are known, and the faults.

use std::collections::BTreeMap;

use liveset::{Address, Cluster as ClusterName, Host, Port, ServiceKey};
use liveset_nacos::Request as Sent;
use serde_json::{Map, Value, json};

use super::super::door::View;
use super::super::file::{Line, Request, Sight, What};
use super::super::http::sent;
use super::SERVICE;
use super::clients::clients;
use super::faults::faults;
use crate::replication::Standing;

/// What is done, in order.
pub(super) enum Step<'a> {
    Look(View),
    Send(&'a Request, Sent, (ServiceKey, Address)),
    /// Somebody reads, and may wish to be told of changes.
    Read(&'a Request, Sent),
    /// A client claims over its connection of that number: some time in a call, or as soon as it does so again by itself behind a move,
    /// which was seen so many ms later.
    Claim {
        number: usize,
        node: usize,
        claim: (ServiceKey, Address),
        how: How,
    },
    /// A connection that led to a node ended; it was seen so many ms later.
    Disconnect {
        number: usize,
        node: usize,
        within: i64,
    },
    /// A node's process does so; it was seen so many ms later.
    Fault {
        node: usize,
        standing: Standing,
        within: i64,
    },
}

/// How a client comes to claim.
#[derive(Clone, Copy)]
pub(super) enum How {
    Called { took: i64 },
    Moved { within: i64 },
}

pub(super) fn steps(lines: &[Line]) -> Vec<(i64, Step<'_>)> {
    let mut steps: Vec<(i64, Step)> = Vec::new();
    for line in lines {
        if let What::Sight(sight) = &line.what {
            steps.extend(sight.after.map(|after| (after, Step::Look(View::of(sight)))));
        }
    }
    let mut published: BTreeMap<&str, &Value> = BTreeMap::new();
    for line in lines {
        match &line.what {
            What::Sight(sight) => {
                let at = looked_at(lines, line.t, sight);
                // What the operator's page shows somebody has computed by then: the recorder asked for the list as often.
                if sight.see == "console" && sight.is.is_some() {
                    steps.push((at, Step::Look(View { see: "list".to_owned(), ..View::of(sight) })));
                }
                steps.push((at, Step::Look(View::of(sight))));
            }
            What::Request(request) => {
                if request.method == "POST" {
                    published.extend(request.args.get("metadata").map(|metadata| (request.who.as_str(), metadata)));
                }
                let step = match claim_of(&request.args) {
                    Some(claim) => {
                        let metadata = published.get(request.who.as_str()).copied();
                        Step::Send(request, sent_of(request, metadata), claim)
                    }
                    None => Step::Read(request, sent(request)),
                };
                steps.push((line.t, step));
            }
            What::Event(_) => {}
        }
    }
    steps.extend(clients(lines));
    steps.extend(faults(lines));
    steps.sort_by_key(|(at, _)| *at);
    steps
}

/// A first poll that found somebody came behind what was in flight when it was sent.
fn looked_at(lines: &[Line], at: i64, sight: &Sight) -> i64 {
    let found = sight.after.is_none() && sight.is.as_ref().is_some_and(|rows| !rows.is_empty());
    let flights = lines.iter().filter_map(|line| match &line.what {
        What::Request(request) if line.t <= at => Some(line.t + request.took),
        _ => None,
    });
    if found { flights.fold(at, i64::max) } else { at }
}

/// Whom something is about; requests about nobody are reads.
pub(super) fn claim_of(args: &Map<String, Value>) -> Option<(ServiceKey, Address)> {
    let (ip, port) = (args.get("ip")?.as_str()?, args.get("port")?.as_u64()?);
    let cluster = ClusterName::parse("DEFAULT").ok()?;
    let address = Address { host: Host::parse(ip).ok()?, port: Port::new(u16::try_from(port).ok()?), cluster };
    Some((ServiceKey::named(SERVICE).ok()?, address))
}

/// The recorder noted of a beat whether it was full; a full one carries what its sender last registered.
fn sent_of(request: &Request, metadata: Option<&Value>) -> Sent {
    let is_beat = request.path == "/instance/beat";
    if !is_beat {
        // The recorder of clusters did not say that it was an SDK.
        return sent(request).of_agent("Mozilla/5.0");
    }
    let (ip, port) = (&request.args["ip"], &request.args["port"]);
    let mut parameters = vec![
        ("serviceName", SERVICE.to_owned()),
        ("ip", ip.as_str().unwrap_or_default().to_owned()),
        ("port", port.to_string()),
        ("clusterName", "DEFAULT".to_owned()),
    ];
    if request.args.get("body").is_some_and(|body| body == "full") {
        let name = format!("DEFAULT_GROUP@@{}", SERVICE);
        let empty = json!({});
        let metadata = metadata.unwrap_or(&empty);
        let beat = json!({ "cluster": "DEFAULT", "ip": ip, "port": port, "metadata": metadata, "serviceName": name, "weight": 1.0 });
        parameters.push(("beat", beat.to_string()));
    }
    Sent::new("PUT", &request.path, parameters.iter().map(|(name, value)| (*name, value.as_str())))
}
