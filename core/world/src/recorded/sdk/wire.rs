//! What happens between a process and the server: the recorder's proxy freezes connections, and what was sent over one waits until it heals.

use liveset::clients::Request;

use super::super::file::{Recording, What};
use super::provider::Provider;

/// The recorder's proxy stood between this process and the server.
pub(super) const PROXIED: &str = "P";

/// Something sent and not answered.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) from: String,
    /// Which of the process's publishers.
    pub(super) port: i64,
    pub(super) request: Request,
    /// When it arrives, in ms of the recording, where the proxy only delays it.
    pub(super) arrives: Option<i64>,
    /// When the caller gives it up, in ms of the recording; none once it has.
    pub(super) until: Option<i64>,
}

#[derive(Debug, Default)]
pub(super) struct Wire {
    is_frozen: bool,
    /// Connections up to this number are frozen, where only existing ones are.
    frozen_to: Option<u64>,
    /// How long the proxy holds each beat, in ms.
    holds_beats: Option<i64>,
    pub(super) held: Vec<Call>,
}

impl Wire {
    pub(super) fn of(recording: &Recording) -> Wire {
        let holds = recording.lines.iter().find_map(|line| match &line.what {
            What::Event(event) if event.event == "holds a beat" => event.args.get("for")?.as_i64(),
            _ => None,
        });
        Wire { holds_beats: holds, ..Wire::default() }
    }

    /// When something sent now arrives, where that is not at once.
    pub(super) fn arrival(&self, now: i64, request: &Request) -> Option<i64> {
        self.holds_beats.filter(|_| matches!(request, Request::Beat { .. })).map(|holds| now + holds)
    }

    /// What was delayed until now.
    pub(super) fn arrived(&mut self, now: i64) -> Vec<Call> {
        let due = |call: &mut Call| call.arrives.is_some_and(|at| at <= now);
        self.held.extract_if(.., due).collect()
    }

    pub(super) fn freeze(&mut self) {
        self.is_frozen = true;
    }

    pub(super) fn freeze_existing(&mut self, newest: u64) {
        self.frozen_to = Some(newest);
    }

    /// Everything goes on; what was held is handed out, in the order in which it was sent.
    pub(super) fn heal(&mut self) -> Vec<Call> {
        (self.is_frozen, self.frozen_to) = (false, None);
        std::mem::take(&mut self.held)
    }

    pub(super) fn is_frozen(&self, provider: &Provider) -> bool {
        self.freezes(&provider.name, provider.connection)
    }

    pub(super) fn freezes(&self, name: &str, connection: u64) -> bool {
        name == PROXIED && (self.is_frozen || self.frozen_to.is_some_and(|newest| connection <= newest))
    }

    pub(super) fn next_due(&self) -> Option<i64> {
        self.held.iter().flat_map(|call| [call.until, call.arrives]).flatten().min()
    }

    /// What callers give up by now.
    pub(super) fn given_up(&mut self, now: i64) -> Vec<Call> {
        let due = |call: &&mut Call| call.until.is_some_and(|until| until <= now);
        let given_up = self.held.iter_mut().filter(due).map(|call| {
            call.until = None;
            call.clone()
        });
        given_up.collect()
    }
}
