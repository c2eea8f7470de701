//! The facts that are kept.

use std::collections::BTreeMap;

use liveset::policy::Lifetime;
use liveset::{Actor, Cause, Cluster, Content, Metadata, Reason, Silence, Threshold, Weight};

use super::sources::Description;
use super::{Ms, Place};

/// An instance that is there, or went and is remembered.
#[derive(Clone, Debug)]
pub(super) struct Instance {
    pub(super) id: u64,
    pub(super) content: Content,
    /// Newest life ever seen.
    pub(super) incarnation: u64,
    pub(super) fate: Fate,
    /// State bits as readers have them.
    pub(super) shown: u32,
    /// Reports in a row that said the opposite of its health.
    pub(super) contrary: u32,
    /// Who reported so, as many as matter.
    pub(super) doubted_by: Vec<Option<Actor>>,
    /// Which of the entries in the list of the gone is its last.
    pub(super) departure: u64,
}

/// What last made or ended its presence or its health.
#[derive(Clone, Debug)]
pub(super) struct Fate {
    pub(super) at: Ms,
    pub(super) cause: Cause,
    pub(super) by: Option<Actor>,
}

#[derive(Clone, Debug)]
pub(super) struct Lease {
    pub(super) id: u64,
    pub(super) place: Place,
    pub(super) source: Actor,
    /// What its source says, behind the number of that word: later ones are higher.
    pub(super) said: (u64, Content),
    pub(super) session: Option<u64>,
    pub(super) incarnation: u64,
    pub(super) since: Ms,
    pub(super) times: Times,
    /// When the clock that looks for its silence began.
    pub(super) clock_began: Ms,
    /// Whether it was claimed in a batch.
    pub(super) in_batch: bool,
    /// Whether its source last registered it as unhealthy.
    pub(super) said_unhealthy: bool,
    pub(super) last_beat: Ms,
    pub(super) alive: bool,
    /// Whether this node looks for its silence.
    pub(super) watched: bool,
    /// When its removal, which waits, is considered again.
    pub(super) waits: Option<Ms>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Times {
    pub(super) interval: Ms,
    pub(super) timeout: Ms,
    pub(super) delete: Ms,
}

#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) name: Actor,
    pub(super) last: Ms,
    pub(super) probed: Option<Ms>,
    pub(super) notice_waits: bool,
    /// The shortest silence that a claim over it asked to be probed after.
    pub(super) asked_idle: Option<Ms>,
}

/// One field that an operator decided.
#[derive(Clone, Debug)]
pub(super) struct Decided<T> {
    pub(super) value: T,
    pub(super) by: Actor,
    pub(super) because: Option<Reason>,
    pub(super) at: Ms,
    pub(super) lifetime: Lifetime,
    pub(super) life: u64,
}

/// All that is decided about an address.
#[derive(Clone, Debug, Default)]
pub(super) struct Decisions {
    pub(super) enabled: Option<Decided<bool>>,
    /// Whether that took back the opposite.
    pub(super) overturned: bool,
    pub(super) weight: Option<Decided<Weight>>,
    pub(super) metadata: BTreeMap<String, Decided<String>>,
    pub(super) hides_metadata: bool,
    pub(super) absent_since: Option<Ms>,
}

#[derive(Clone, Debug)]
pub(super) struct Fence {
    pub(super) incarnation: u64,
    pub(super) sources: Vec<Actor>,
    pub(super) at: Ms,
    pub(super) until: Ms,
    pub(super) by: Actor,
    pub(super) because: Option<Reason>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Settings {
    pub(super) threshold: Option<Threshold>,
    pub(super) metadata: Metadata,
}

#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) since: Ms,
    pub(super) kind: Option<liveset::Kind>,
    /// Whether an operator named it.
    pub(super) kind_named: bool,
    pub(super) created: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Service {
    pub(super) id: u64,
    pub(super) record: Option<Record>,
    pub(super) settings: Settings,
    pub(super) settings_until: Option<Ms>,
    pub(super) changed_at: Ms,
    /// Clusters that have or had instances, in the order in which they came.
    pub(super) clusters: Vec<Cluster>,
    /// Instances that are in the view or wait to be; the last one takes the place of one that leaves.
    pub(super) members: Vec<Place>,
    pub(super) revision: u64,
    pub(super) changes: Vec<Changed>,
    pub(super) computed: bool,
    /// Rows of the view where it is computed late.
    pub(super) rows: BTreeMap<Place, Vec<Description>>,
    pub(super) refresh_at: Option<Ms>,
    pub(super) notice_at: Option<Ms>,
    pub(super) look_at: Option<Ms>,
    pub(super) kept_until: Option<Ms>,
}

/// One revision of a service.
#[derive(Clone, Copy, Debug)]
pub(super) struct Changed {
    pub(super) revision: u64,
    pub(super) instance: u64,
    pub(super) state: u32,
    pub(super) cause: Cause,
}

#[derive(Clone, Debug)]
pub(super) struct Subscription {
    pub(super) id: u64,
    pub(super) service: usize,
    pub(super) subscriber: Actor,
    pub(super) since: Ms,
    /// The revision that its host was last told of, and when.
    pub(super) told: u64,
    pub(super) told_at: Ms,
    /// Since when a notice waits.
    pub(super) waiting_since: Option<Ms>,
}

/// What the host should be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Waiting {
    /// The subscription made in this order.
    Changed(u64),
    /// The session of this id.
    Probe(u64),
}

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) at: Ms,
    pub(super) place: Place,
    pub(super) cause: Cause,
    pub(super) by: Option<Actor>,
    pub(super) because: Option<Reason>,
    pub(super) silence: Option<Silence>,
}

/// Who did something, and why; time itself has neither, but somebody's silence.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Author<'a> {
    pub(super) by: Option<&'a Actor>,
    pub(super) because: Option<&'a Reason>,
    pub(super) silence: Option<Silence>,
}

impl<'a> Author<'a> {
    pub(super) fn time() -> Author<'a> {
        Author::default()
    }

    pub(super) fn of(by: &'a Actor) -> Author<'a> {
        Author { by: Some(by), ..Author::default() }
    }

    pub(super) fn with(by: &'a Actor, because: Option<&'a Reason>) -> Author<'a> {
        Author { by: Some(by), because, silence: None }
    }

    pub(super) fn silence(since: Ms) -> Author<'a> {
        Author { silence: Some(Silence { since: super::apply::millis(since), asked: None }), ..Author::default() }
    }
}

impl Entry {
    /// What it counts for in the journal.
    pub(super) fn bytes(&self) -> u64 {
        64 + self.because.as_ref().map_or(0, |because| because.as_str().len() as u64)
    }
}

/// An entry in the list of the gone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Departure {
    pub(super) place: Place,
    pub(super) number: u64,
}
