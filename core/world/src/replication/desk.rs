//! What does a node do with a request? Commands become its own, the log's or copies; and what it answers where it cannot hand one on.

use liveset::{Command, Error, Instant, Outcome, Registry};
use liveset_nacos::{Dialect, Door, Request, Response, serve};

use super::Decisions;
use super::nodes::{Claim, Cluster, Published, Standing};

/// A node as requests see it: commands become its own, the log's or copies.
pub(super) struct Desk<'a> {
    pub(super) cluster: &'a mut Cluster,
    pub(super) node: usize,
    /// Whether a decision was refused because nobody leads the log.
    pub(super) is_refused: bool,
}

impl Desk<'_> {
    pub(super) fn of(cluster: &mut Cluster, node: usize) -> Desk<'_> {
        Desk { cluster, node, is_refused: false }
    }
}

impl Cluster {
    /// Sends a request to a node, which hands it on to the one that it takes for responsible; none where nobody answers.
    pub(crate) fn send(&mut self, now: Instant, node: usize, request: &Request, claim: &Claim) -> Option<Response> {
        if !self.nodes[node].is_answering() {
            return None;
        }
        let record = self.record(claim);
        let owner = self.owner_at(node, &record);
        if owner == node {
            return Some(self.serve(now, node, request));
        }
        match self.nodes[owner].standing {
            Standing::Up => {}
            Standing::Stopped => return None,
            Standing::Dead => return Some(refused_connection(&self.owners.addresses[owner])),
        }
        if !self.is_responsible(owner, &record) {
            return Some(refused_peer(request));
        }
        Some(self.serve(now, owner, request))
    }

    /// The node that takes a request at `node`.
    pub(crate) fn taker(&self, node: usize, claim: &Claim) -> usize {
        self.owner_at(node, &self.record(claim))
    }

    pub(super) fn serve(&mut self, now: Instant, node: usize, request: &Request) -> Response {
        self.advance(now);
        let dialect = self.dialects[node];
        let mut desk = Desk::of(self, node);
        let response = serve(&mut desk, dialect, now, request);
        let response = if desk.is_refused { refused_decision(dialect) } else { response };
        self.take_note(now, node);
        response
    }
}

/// What a node answers where the responsible one's process is gone.
fn refused_connection(address: &str) -> Response {
    let host = address.split(':').next().unwrap_or(address);
    let body = format!(
        "org.apache.http.conn.HttpHostConnectException: Connect to {address} [/{host}] failed: Connection refused"
    );
    Response { status: 500, body }
}

/// What a node answers to a decision while it knows nobody who leads the log.
fn refused_decision(dialect: Dialect) -> Response {
    let failed = "errCode: 500, errMsg: do metadata operation failed ";
    let body = match dialect {
        Dialect::V2_0 => format!("caused: {failed};caused: {failed}Could not find leader : naming_instance_metadata ;"),
        _ => failed.to_owned(),
    };
    Response { status: 500, body }
}

/// What a node answers to a peer that takes it for responsible when it does not (R-DS-14).
fn refused_peer(request: &Request) -> Response {
    let body = serde_json::json!({
        "status": 400,
        "error": "Bad Request",
        "message": "receive invalid redirect request from peer 127.0.0.1",
        "path": format!("/nacos/v1/ns{}", request.path()),
    });
    Response { status: 400, body: body.to_string() }
}

impl Door for Desk<'_> {
    fn registry(&self) -> &Registry {
        &self.cluster.nodes[self.node].registry
    }

    fn apply(&mut self, now: Instant, command: Command) -> Result<Outcome, Error> {
        let Desk { cluster, node, is_refused } = self;
        let is_apart = cluster.replication.apart == Some(*node);
        let logged = matches!(cluster.replication.decisions, Decisions::Log { .. }) && !is_apart;
        if logged && matches!(command, Command::SetOverride(_)) {
            *is_refused = !cluster.decide(now, *node, command);
            return Ok(Outcome::OverrideSet);
        }
        let outcome = cluster.nodes[*node].registry.apply(now, command.clone())?;
        let changed = match (&command, &outcome) {
            (Command::Register(registration), _) => {
                let published =
                    Published { source: registration.source.clone(), content: registration.content.clone() };
                Some(((registration.service.clone(), registration.address.clone()), Some(published)))
            }
            (Command::BeatInstance(beat), Outcome::Beaten { registered: Some(_), .. }) => {
                let content = beat.content.clone().unwrap_or_default();
                let published = Published { source: beat.source.clone(), content };
                Some(((beat.service.clone(), beat.address.clone()), Some(published)))
            }
            (Command::Deregister(gone), Outcome::Deregistered { withdrawn: 1.., .. }) => {
                Some(((gone.service.clone(), gone.address.clone()), None))
            }
            (Command::SetOverride(change), _) => {
                let claim = (change.service.clone(), change.address.clone());
                let published = cluster.nodes[*node].claims.get(&claim).cloned();
                Some((claim, published))
            }
            _ => None,
        };
        if let Some((claim, published)) = changed {
            let record = cluster.record(&claim);
            match published {
                Some(published) => cluster.nodes[*node].claims.insert(claim, published),
                None => cluster.nodes[*node].claims.remove(&claim),
            };
            let revision = cluster.content(*node, &record);
            cluster.nodes[*node].revisions.insert(record.clone(), revision);
            cluster.copy(now, *node, &record);
        }
        Ok(outcome)
    }
}
