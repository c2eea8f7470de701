//! Rule 5: what an operator decided about an instance, field by field, with who, when, why and for how long.
//!
//! The memory is keyed by the instance's address, not by a lease or a life: it outlasts beats, re-registrations, reconnects,
//! expiry and restarts, and ends only as its lifetime says.

use alloc::collections::BTreeMap;
use alloc::string::String;

use serde::{Deserialize, Serialize};

use crate::instance::{Key, Kind};
use crate::name::{Actor, Address, Metadata, Reason, ServiceKey, Weight};
use crate::policy::{Absence, Lifetime, OverridePolicy, OverrideWrite};
use crate::time::Instant;

/// An operator's command about an instance, present or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OverrideChange {
    /// Which service.
    pub service: ServiceKey,
    /// Which instance.
    pub address: Address,
    /// Which of the two that an address may have; whichever is there where none is named.
    #[serde(default)]
    pub kind: Option<Kind>,
    /// Who decides.
    pub by: Actor,
    /// Why.
    #[serde(default)]
    pub because: Option<Reason>,
    /// For how long; the policy's lifetime where none is named.
    #[serde(default)]
    pub lifetime: Option<Lifetime>,
    /// False takes it offline, true says that the operator allows it.
    #[serde(default)]
    pub enabled: Option<bool>,
    /// Weight to show instead of the provider's.
    #[serde(default)]
    pub weight: Option<Weight>,
    /// Keys to show over the provider's.
    #[serde(default)]
    pub metadata: Option<Metadata>,
}

/// One decided field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Decided<T> {
    pub(crate) value: T,
    pub(crate) by: Actor,
    pub(crate) because: Option<Reason>,
    pub(crate) at: Instant,
    pub(crate) lifetime: Lifetime,
    /// The life it was made about.
    pub(crate) incarnation: u64,
}

/// Everything decided about one instance.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Override {
    pub(crate) enabled: Option<Decided<bool>>,
    /// Whether the decision about `enabled` took back the opposite one.
    pub(crate) overturned: bool,
    pub(crate) weight: Option<Decided<Weight>>,
    pub(crate) metadata: BTreeMap<String, Decided<String>>,
    /// Whether the provider's own metadata does not show.
    pub(crate) hides_metadata: bool,
    /// Since when the time of absence is counted.
    pub(crate) absent_since: Option<Instant>,
}

impl Override {
    fn is_empty(&self) -> bool {
        self.enabled.is_none() && self.weight.is_none() && self.metadata.is_empty()
    }

    fn lifetimes(&self) -> impl Iterator<Item = (Lifetime, Instant, u64)> {
        let enabled = self.enabled.iter().map(|d| (d.lifetime, d.at, d.incarnation));
        let weight = self.weight.iter().map(|d| (d.lifetime, d.at, d.incarnation));
        let metadata = self.metadata.values().map(|d| (d.lifetime, d.at, d.incarnation));
        enabled.chain(weight).chain(metadata)
    }

    fn retain(&mut self, keep: impl Fn(Lifetime, Instant, u64) -> bool) {
        let enabled = self.enabled.take();
        self.enabled = enabled.filter(|d| keep(d.lifetime, d.at, d.incarnation));
        let weight = self.weight.take();
        self.weight = weight.filter(|d| keep(d.lifetime, d.at, d.incarnation));
        self.metadata.retain(|_, d| keep(d.lifetime, d.at, d.incarnation));
    }

    /// When the next of its fields ends, as things stand.
    pub(crate) fn next_end(&self, policy: &OverridePolicy) -> Option<Instant> {
        self.lifetimes().filter_map(|(lifetime, at, _)| end_of(policy, lifetime, at, self.absent_since)).min()
    }

    /// When one of its fields ends, as things stand.
    pub(crate) fn end<T>(&self, policy: &OverridePolicy, decided: &Decided<T>) -> Option<Instant> {
        end_of(policy, decided.lifetime, decided.at, self.absent_since)
    }
}

fn end_of(policy: &OverridePolicy, lifetime: Lifetime, at: Instant, absent_since: Option<Instant>) -> Option<Instant> {
    let end = match lifetime {
        Lifetime::UntilCleared | Lifetime::ThisIncarnation => return None,
        Lifetime::For(span) => at + span,
        Lifetime::Absent(span) => absent_since? + span,
    };
    Some(policy.sweep.look(end))
}

/// Which fields an operator clears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fields<'a> {
    All,
    Enabled,
    Weight,
    Metadata(&'a str),
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Overrides {
    by_key: BTreeMap<Key, Override>,
}

impl Overrides {
    pub(crate) fn new() -> Overrides {
        Overrides { by_key: BTreeMap::new() }
    }

    pub(crate) fn get(&self, key: Key) -> Option<&Override> {
        self.by_key.get(&key)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (&Key, &Override)> {
        self.by_key.iter()
    }

    /// Whether anything is decided about any instance of a service.
    pub(crate) fn any_in(&self, service: u32) -> bool {
        self.by_key.keys().any(|key| key.service == service)
    }

    /// Writes an operator's command. `incarnation` is the life it is about; `absent` whether nobody holds the instance now.
    pub(crate) fn set(
        &mut self,
        policy: &OverridePolicy,
        now: Instant,
        key: Key,
        change: &OverrideChange,
        incarnation: u64,
        absent: bool,
    ) {
        fn decided<T>(
            change: &OverrideChange,
            at: Instant,
            incarnation: u64,
            lifetime: Lifetime,
            value: T,
        ) -> Decided<T> {
            Decided { value, by: change.by.clone(), because: change.because.clone(), at, lifetime, incarnation }
        }
        let lifetime = change.lifetime.unwrap_or(policy.lifetime);
        let entry = self.by_key.entry(key).or_default();
        let (enabled, weight) = match policy.write {
            OverrideWrite::Fields => (change.enabled, change.weight),
            OverrideWrite::Whole | OverrideWrite::Record => {
                entry.metadata.clear();
                entry.hides_metadata = policy.write == OverrideWrite::Record;
                (Some(change.enabled.unwrap_or(true)), Some(change.weight.unwrap_or_default()))
            }
        };
        if let Some(value) = enabled {
            let before = entry.enabled.as_ref().map(|decided| decided.value);
            entry.overturned = before.is_some_and(|before| before != value || entry.overturned);
            entry.enabled = Some(decided(change, now, incarnation, lifetime, value));
        }
        if let Some(value) = weight {
            entry.weight = Some(decided(change, now, incarnation, lifetime, value));
        }
        for (name, value) in change.metadata.iter().flat_map(Metadata::entries) {
            entry.metadata.insert(name.clone(), decided(change, now, incarnation, lifetime, value.clone()));
        }
        // A decision about somebody who is away begins to age at once, unless the policy ages only what it saw leave.
        if absent && policy.absence == Absence::NoLeaseLeft && entry.absent_since.is_none() {
            entry.absent_since = Some(now);
        }
    }

    /// Whether there is anything to forget.
    pub(crate) fn has(&self, key: Key, fields: &Fields<'_>) -> bool {
        self.by_key.get(&key).is_some_and(|entry| match fields {
            Fields::All => true,
            Fields::Enabled => entry.enabled.is_some(),
            Fields::Weight => entry.weight.is_some(),
            Fields::Metadata(name) => entry.metadata.contains_key(*name),
        })
    }

    /// Forgets fields.
    pub(crate) fn clear(&mut self, key: Key, fields: &Fields<'_>) {
        let Some(entry) = self.by_key.get_mut(&key) else { return };
        match fields {
            Fields::All => *entry = Override::default(),
            Fields::Enabled => entry.enabled = None,
            Fields::Weight => entry.weight = None,
            Fields::Metadata(name) => drop(entry.metadata.remove(*name)),
        }
        if entry.is_empty() {
            self.by_key.remove(&key);
        }
    }

    /// A lease of the instance ended; `left` says whether others hold it still. True when the clock of absence begins.
    pub(crate) fn lease_ended(&mut self, policy: &OverridePolicy, now: Instant, key: Key, left: bool) -> bool {
        let Some(entry) = self.by_key.get_mut(&key) else { return false };
        let away = !left || policy.absence == Absence::AnyLeaseEnded;
        if !away || entry.absent_since.is_some() {
            return false;
        }
        entry.absent_since = Some(now);
        true
    }

    /// The instance was registered, as life `incarnation`, here or as a copy from another node. True when that ended fields.
    pub(crate) fn registered(&mut self, policy: &OverridePolicy, key: Key, incarnation: u64, copied: bool) -> bool {
        let Some(entry) = self.by_key.get_mut(&key) else { return false };
        if !copied || policy.copies_end_absence {
            entry.absent_since = None;
        }
        let before = entry.clone();
        if policy.write == OverrideWrite::Record {
            entry.retain(|_, _, _| false);
        } else {
            entry.retain(|lifetime, _, made_for| lifetime != Lifetime::ThisIncarnation || made_for == incarnation);
        }
        let ended = *entry != before;
        if entry.is_empty() {
            self.by_key.remove(&key);
        }
        ended
    }

    /// The instance is gone and forgotten, and with it the life that decisions may have been made for. True when any was.
    pub(crate) fn life_forgotten(&mut self, key: Key) -> bool {
        let Some(entry) = self.by_key.get_mut(&key) else { return false };
        let before = entry.clone();
        entry.retain(|lifetime, _, _| lifetime != Lifetime::ThisIncarnation);
        let ended = *entry != before;
        if entry.is_empty() {
            self.by_key.remove(&key);
        }
        ended
    }

    /// The clocks of absence stand still until each instance goes again.
    pub(crate) fn stop_ageing(&mut self) {
        for entry in self.by_key.values_mut() {
            entry.absent_since = None;
        }
    }

    /// Ends what has come to its end by `now`; true when anything did.
    pub(crate) fn end_due(&mut self, policy: &OverridePolicy, now: Instant, key: Key) -> bool {
        let Some(entry) = self.by_key.get_mut(&key) else { return false };
        let before = entry.clone();
        let absent_since = entry.absent_since;
        entry.retain(|lifetime, at, _| end_of(policy, lifetime, at, absent_since).is_none_or(|end| end > now));
        let ended = *entry != before;
        if entry.is_empty() {
            self.by_key.remove(&key);
        }
        ended
    }
}
