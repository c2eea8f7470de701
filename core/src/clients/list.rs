//! Lists as the registry sends them, why one is empty, and in what two of them differ.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::instance::{Cause, Content, InstanceView, Kind, state};
use crate::name::Address;

/// An instance in a pushed list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Host {
    /// Its address.
    pub address: Address,
    /// Whether it is healthy.
    pub healthy: bool,
    /// What keeps it.
    #[serde(default)]
    pub kind: Kind,
    /// Weight, whether it takes traffic, and free texts.
    #[serde(default)]
    pub content: Content,
}

impl Host {
    /// Whether a consumer may call it: healthy, enabled and of positive weight (R6.1).
    pub fn is_usable(&self) -> bool {
        self.healthy && self.content.enabled && self.content.weight.get() > 0.0
    }
}

impl From<InstanceView> for Host {
    fn from(row: InstanceView) -> Host {
        let InstanceView { address, kind, healthy, enabled, weight, metadata, .. } = row;
        Host { address, healthy, kind, content: Content { weight, enabled, metadata } }
    }
}

/// A list as the registry sent it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Push {
    /// Which connection it came over, counted by the consumer: a new connection may be behind the old one's revisions.
    pub epoch: u64,
    /// The service's revision.
    pub revision: u64,
    /// The list.
    pub hosts: Vec<Host>,
    /// Why it is empty, or has nobody usable.
    pub emptiness: Emptiness,
}

/// Why a list is empty or has nobody usable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Emptiness {
    /// It is not, or the registry does not say.
    Unknown,
    /// Everybody left on purpose: deregistered, removed, or switched off.
    Decided,
    /// Somebody only fell silent.
    Silence,
}

impl Emptiness {
    /// Why a list has nobody usable, by what happened to a service since the list before: it was decided only where every instance that
    /// left, or is healthy no more, did so by somebody's decision. A connection that ended, a copy that ended or a registry that lost its
    /// instances is no decision. `changes` are the state bits and the cause of each row; a full list does not say.
    pub fn of(changes: impl IntoIterator<Item = (u32, u32)>) -> Emptiness {
        let usable = state::SERVED | state::HEALTHY;
        let mut left = changes.into_iter().filter(|(bits, _)| bits & usable != usable);
        if left.all(|(_, cause)| DECIDED.contains(&cause)) { Emptiness::Decided } else { Emptiness::Silence }
    }
}

/// Causes that are somebody's decision about the instance.
const DECIDED: [u32; 6] = [
    Cause::Deregistered as u32,
    Cause::Removed as u32,
    Cause::OverrideSet as u32,
    Cause::OverrideCleared as u32,
    Cause::Reregistered as u32,
    Cause::Replaced as u32,
];

/// Of two rows for one `ip:port` the later one counts (R2.10).
pub(super) fn by_address(hosts: &[Host]) -> BTreeMap<(&str, u16), &Host> {
    hosts.iter().map(|host| ((host.address.host.as_str(), host.address.port.get()), host)).collect()
}

const CHANGED_MAX: usize = 8;

/// Which fields of which hosts differ between two lists, for hosts that are in both.
pub(super) fn changes(before: &[Host], after: &[Host]) -> Vec<(Address, String)> {
    let before = by_address(before);
    let named = by_address(after).into_iter().filter_map(|(key, host)| {
        let fields = differences(before.get(&key)?, host);
        (!fields.is_empty()).then(|| (host.address.clone(), fields.join(", ")))
    });
    named.take(CHANGED_MAX).collect()
}

fn differences(before: &Host, after: &Host) -> Vec<String> {
    let (old, new) = (&before.content, &after.content);
    let table = [
        ("healthy", before.healthy != after.healthy),
        ("kind", before.kind != after.kind),
        ("enabled", old.enabled != new.enabled),
        ("weight", old.weight != new.weight),
    ];
    let fields = table.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| String::from(name));
    let (old, new) = (&old.metadata, &new.metadata);
    let mut keys: Vec<&String> = [old, new].into_iter().flat_map(|side| side.entries().keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    let keys = keys.into_iter().filter(|key| old.value(key) != new.value(key)).map(|key| format!("metadata.{key}"));
    fields.chain(keys).collect()
}
