//! A service as its readers have it: its members, its counters, its revision, and the ring of its latest changes.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
use core::hint::black_box;

use serde::{Deserialize, Serialize};

use crate::id::InstanceId;
use crate::instance::{Cause, Kind, state};
use crate::name::{ContentId, ContentPool, Metadata, NameId, Threshold};
use crate::time::Instant;

/// How the view that readers have came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Computed {
    /// There is none.
    Never,
    /// For somebody who looked, and not in its turn since.
    LookedUp,
    /// In its turn.
    InTurn,
}

/// One instance's newest state after a revision, as a row of fixed width: instance, revision, state bits, cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Which instance. Read its address once, when an id is first seen.
    pub instance: InstanceId,
    /// The service's revision that brought it.
    pub revision: u64,
    /// Bits of [`state`]; 0 when it is gone.
    pub state: u32,
    /// Why, as a number of [`Cause`].
    pub cause: u32,
}

/// What happened to a service after a revision.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// The revision that these rows lead to; ask with it next time.
    pub revision: u64,
    /// True when the rows are the whole service: what is not among them is gone. It is so for a reader too far behind.
    pub full: bool,
    /// Whether protection is in force: consumers treat every served instance as healthy.
    pub protected: bool,
    /// Rows, oldest change first; a full list is in the order of the members.
    pub rows: Vec<Change>,
}

/// A change in the ring: whose, and from the low end eight bits of why. Each moved the revision by one, so that its revision is its place;
/// its state is the one that the instance has, or had until a later change.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Entry(u64);

impl Entry {
    fn new(instance: InstanceId, cause: Cause) -> Entry {
        Entry(instance.to_u64() << 8 | cause as u64)
    }

    // The id and not the slot: a row may be forgotten, and its slot be somebody else's, while a reader is still behind.
    fn instance(self) -> InstanceId {
        InstanceId::from_u64(self.0 >> 8)
    }

    fn cause(self) -> u32 {
        (self.0 & 0xff) as u32
    }
}

/// A row in a view that was computed once and is read until the next time; those of one instance stand together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Shown {
    pub(crate) slot: u32,
    /// Bits of [`state`], of this row alone.
    pub(crate) bits: u32,
    pub(crate) content: ContentId,
}

/// The rows of each instance.
pub(crate) fn rows_by_instance(shown: &[Shown]) -> BTreeMap<u32, &[Shown]> {
    shown.chunk_by(|one, next| one.slot == next.slot).map(|rows| (rows[0].slot, rows)).collect()
}

/// What an operator set for a service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Settings {
    pub(crate) threshold: Option<Threshold>,
    pub(crate) metadata: Metadata,
}

/// The record of a service. A forgotten one has none, though memories or subscribers may still need its names.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Record {
    /// When it was made; the clock of sweeps by service begins here.
    pub(crate) since: Instant,
    /// None until its first instance decides.
    pub(crate) kind: Option<Kind>,
    /// Whether an operator named that kind.
    pub(crate) kind_named: bool,
    /// Whether an operator made it, and no registration.
    pub(crate) created: bool,
}

/// Four lines of the cache, in the order of use: whoever comes or goes waits for as few of them as can be.
#[derive(Serialize, Deserialize)]
#[repr(C, align(64))]
pub(crate) struct Service {
    // Which it is, and what anybody asks of it.
    pub(crate) namespace: NameId,
    pub(crate) group: NameId,
    pub(crate) name: NameId,
    /// Half of the hash of its names, so that the table need not read them again.
    #[serde(skip)]
    pub(super) hash: u32,
    pub(super) generation: u32,
    /// Rows, memories and subscriptions that speak of it.
    pub(crate) uses: u32,
    /// Instances that some lease holds.
    pub(crate) held: u32,
    served: u32,
    served_healthy: u32,
    pub(super) used: bool,
    /// Whether a look at its emptiness, or at its settings, is on its way.
    pub(crate) look_armed: bool,
    pub(crate) notice_armed: bool,
    /// Whether the view was ever computed, where the policy computes it late.
    pub(crate) computed: Computed,
    pub(crate) record: Option<Record>,
    /// When anything about it last happened; an empty one is forgotten some time after.
    pub(crate) changed_at: Instant,

    // What a change writes.
    pub(crate) revision: u64,
    changes: VecDeque<Entry>,
    pub(crate) members: Vec<u32>,

    // What else a change asks for.
    /// Clusters that instances were ever in, and how many there are in each.
    pub(crate) clusters: Vec<(NameId, u32)>,
    pub(crate) subscriptions: Vec<u32>,
    /// Until when it is served as it last was, though everybody in it is silent.
    pub(crate) kept_until: Option<Instant>,
    /// Until when the settings of a forgotten service wait for it.
    pub(crate) settings_until: Option<Instant>,

    // What few services have, or no change asks for.
    settings: Option<Box<Settings>>,
    /// When the view is computed again, where that is on its way.
    pub(crate) refresh_at: Option<Instant>,
    /// Content of the view where the policy computes it late.
    pub(crate) shown: Vec<Shown>,
}

impl Service {
    /// One that has no record yet, under three names with this hash.
    pub(super) fn new(now: Instant, [namespace, group, name]: [NameId; 3], hash: u32) -> Service {
        Service {
            namespace,
            group,
            name,
            hash,
            generation: 1,
            uses: 0,
            held: 0,
            served: 0,
            served_healthy: 0,
            used: true,
            look_armed: false,
            notice_armed: false,
            computed: Computed::Never,
            record: None,
            changed_at: now,
            revision: 0,
            changes: VecDeque::new(),
            members: Vec::new(),
            clusters: Vec::new(),
            subscriptions: Vec::new(),
            kept_until: None,
            settings_until: None,
            settings: None,
            refresh_at: None,
            shown: Vec::new(),
        }
    }

    /// Reads what a change of an instance will write: see `registry/ahead.rs`. If it leaves, the last member takes its place.
    pub(crate) fn read_ahead(&self, leaves: bool) -> Option<u32> {
        black_box((self.held, self.changes.back().copied(), self.kept_until));
        let last = self.members.last().copied().filter(|_| leaves)?;
        black_box(self.clusters.first().copied());
        Some(last)
    }

    /// What an operator set, where one did.
    pub(crate) fn settings(&self) -> &Settings {
        static NONE: Settings = Settings { threshold: None, metadata: Metadata::NONE };
        self.settings.as_deref().unwrap_or(&NONE)
    }

    pub(crate) fn set(&mut self, settings: Settings) {
        self.settings = (settings != Settings::default()).then(|| Box::new(settings));
    }

    /// Whether nothing needs it any more.
    pub(super) fn is_over(&self) -> bool {
        let waits = self.notice_armed || self.look_armed;
        self.uses == 0
            && self.record.is_none()
            && !waits
            && self.kept_until.is_none()
            && self.settings.is_none()
            && self.refresh_at.is_none()
    }

    /// An instance of `cluster` is held from now on. True when the cluster is a new one, whose name is to be kept.
    pub(crate) fn arrived(&mut self, cluster: NameId) -> bool {
        self.held += 1;
        if let Some((_, count)) = self.clusters.iter_mut().find(|(known, _)| *known == cluster) {
            *count += 1;
            return false;
        }
        self.clusters.push((cluster, 1));
        true
    }

    /// Nobody holds an instance of `cluster` any more.
    pub(crate) fn departed(&mut self, cluster: NameId) {
        self.held -= 1;
        if let Some((_, count)) = self.clusters.iter_mut().find(|(known, _)| *known == cluster) {
            *count -= 1;
        }
    }

    /// Rule 9: whether it is served as it last was.
    pub(crate) fn is_kept(&self) -> bool {
        self.kept_until.is_some() && self.served > 0 && self.served_healthy == 0
    }

    /// Served instances, and how many of them are healthy.
    pub(crate) fn served(&self) -> (u32, u32) {
        (self.served, self.served_healthy)
    }

    /// Moves on to a new revision, with one entry in the ring. `before` and `after` are state bits of `instance`.
    pub(crate) fn record(&mut self, instance: InstanceId, before: u32, after: u32, cause: Cause, kept: usize) {
        let healthy = state::SERVED | state::HEALTHY;
        self.served = self.served - u32::from(before & state::SERVED != 0) + u32::from(after & state::SERVED != 0);
        self.served_healthy =
            self.served_healthy - u32::from(before & healthy == healthy) + u32::from(after & healthy == healthy);
        self.revision += 1;
        if self.changes.len() >= kept {
            self.changes.pop_front();
        }
        self.changes.push_back(Entry::new(instance, cause));
    }

    /// Revision of the newest change of `instance` that the ring holds; where it holds none, the newest it may have lost.
    pub(crate) fn newest_change(&self, instance: InstanceId) -> u64 {
        let since = self.changes.iter().rev().take_while(|entry| entry.instance() != instance).count();
        self.revision - since as u64
    }

    /// Adds the newest change of each instance that changed after `since`, oldest first; false when the ring does not reach back. `state`
    /// tells the bits that an instance has.
    pub(crate) fn changes_after(&self, since: u64, state: impl Fn(InstanceId) -> u32, rows: &mut Vec<Change>) -> bool {
        if since >= self.revision {
            // The commonest question of a reader who polls.
            return since == self.revision;
        }
        let missed = (self.revision - since) as usize;
        if missed > self.changes.len() {
            return false;
        }
        let (first, end) = (self.changes.len() - missed, self.changes.len());
        rows.reserve(missed);
        for place in first..end {
            let entry = self.changes[place];
            let instance = entry.instance();
            if !(place + 1..end).any(|later| self.changes[later].instance() == instance) {
                let revision = since + (place - first + 1) as u64;
                rows.push(Change { instance, revision, state: state(instance), cause: entry.cause() });
            }
        }
        true
    }

    pub(crate) fn fits(&self, names: usize, rows: usize, subscriptions: usize, contents: &ContentPool) -> bool {
        [self.namespace, self.group, self.name].iter().all(|name| (name.0 as usize) < names)
            && self.members.iter().all(|&slot| (slot as usize) < rows)
            && self.shown.iter().all(|shown| (shown.slot as usize) < rows && contents.holds(shown.content))
            && self.subscriptions.iter().all(|&slot| (slot as usize) < subscriptions)
            && self.clusters.iter().all(|(name, _)| (name.0 as usize) < names)
            && self.changes.len() as u64 <= self.revision
            && self.served <= self.members.len() as u32
            && self.served_healthy <= self.served
    }
}

#[cfg(test)]
mod tests {
    use core::mem::offset_of;

    use super::*;

    #[test]
    fn a_service_is_four_lines_of_the_cache_in_the_order_of_use() {
        let lines = [
            offset_of!(Service, namespace),
            offset_of!(Service, revision),
            offset_of!(Service, clusters),
            offset_of!(Service, settings),
        ];
        assert_eq!((lines, size_of::<Service>()), ([0, 64, 128, 192], 256));
    }
}
