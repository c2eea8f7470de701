//! What operators decide about instances, and how long it is remembered. Rule 5.

use liveset::policy::{Absence, Lifetime, OverrideWrite};
use liveset::{
    Actor, Address, Cause, Error, Kind, Metadata, Outcome, OverrideChange, OverrideField, ServiceKey, Weight, state,
};

use super::claim::unknown;
use super::facts::{Author, Decided, Decisions, Settings};
use super::times::times_of;
use super::{Model, Place};

type Contents = Vec<(Place, (Weight, Metadata))>;

impl Model {
    /// Under which key decisions and fences about an instance are remembered: one for both kinds, unless each record has its own.
    pub(super) fn memory(&self, place: Place) -> Place {
        match self.policy.overrides.write {
            OverrideWrite::Record => place,
            OverrideWrite::Fields | OverrideWrite::Whole => Place { kind: Kind::Ephemeral, ..place },
        }
    }

    /// The memory that an operator means by an address: that of the instance that is there, else whichever has what he speaks of.
    pub(super) fn memory_named(
        &mut self,
        service: &ServiceKey,
        address: &Address,
        has: impl Fn(&Model, Place) -> bool,
    ) -> Option<Place> {
        let (service, address) = (self.service_number(service), self.address_number(address));
        self.memory_with(service, address, has)
    }

    pub(super) fn memory_with(
        &self,
        service: usize,
        address: usize,
        has: impl Fn(&Model, Place) -> bool,
    ) -> Option<Place> {
        let kinds = [Kind::Ephemeral, Kind::Persistent].map(|kind| Place { service, address, kind });
        let meant = self.find_present(service, address, None).into_iter().chain(kinds);
        meant.map(|place| self.memory(place)).find(|&memory| has(self, memory))
    }

    /// Instances, there or remembered, that a memory is about.
    pub(super) fn instances_about(&self, memory: Place) -> Vec<Place> {
        let kinds = [Kind::Ephemeral, Kind::Persistent].map(|kind| Place { kind, ..memory });
        let about = |place: &Place| self.instances.contains_key(place) && self.memory(*place) == memory;
        kinds.into_iter().filter(about).collect()
    }

    pub(super) fn set_override(&mut self, change: &OverrideChange) -> Result<Outcome, Error> {
        let OverrideChange { service, address, kind, by, because, lifetime, enabled, weight, metadata } = change;
        if enabled.is_none() && weight.is_none() && metadata.as_ref().is_none_or(|given| given.entries().is_empty()) {
            return Err(Error::invalid("set_override", "nothing", "something"));
        }
        let (number, at) = (self.service_number(service), self.address_number(address));
        let present = self.find_present(number, at, *kind);
        let mut decided_times =
            present.map(|place| self.content_in_force(place).1).unwrap_or_default().entries().clone();
        decided_times.extend(metadata.iter().flat_map(|given| given.entries().clone()));
        let times = times_of(&self.policy, &Metadata::new(decided_times).expect("small"));
        if let (Err(Error::Invalid { field, problem }), Some(_)) = (times, metadata) {
            return Err(Error::Invalid { field: format!("set_override.{field}"), problem });
        }
        let holds = present.is_some_and(|place| self.holders(place).contains(by));
        if holds && !self.policy.overrides.by_owner {
            return Err(Error::invalid("set_override.by", by, "an operator"));
        }
        self.make_service(number);
        let kind = present.map_or(kind.unwrap_or_default(), |place| place.kind);
        let memory = self.memory(Place { service: number, address: at, kind });
        let life = present.map_or(0, |place| self.instances[&place].incarnation);
        let (now, lifetime) = (self.now, lifetime.unwrap_or(self.policy.overrides.lifetime));
        let write = self.policy.overrides.write;
        let ages = present.is_none() && self.policy.overrides.absence == Absence::NoLeaseLeft;
        let before = self.contents(memory);
        let decided = self.decisions.entry(memory).or_default();
        let (enabled, weight) = match write {
            OverrideWrite::Fields => (*enabled, *weight),
            OverrideWrite::Whole | OverrideWrite::Record => {
                decided.metadata.clear();
                decided.hides_metadata = write == OverrideWrite::Record;
                (Some(enabled.unwrap_or(true)), Some(weight.unwrap_or_default()))
            }
        };
        fn field<T>(
            value: T,
            by: &Actor,
            because: &Option<liveset::Reason>,
            at: u64,
            lifetime: Lifetime,
            life: u64,
        ) -> Decided<T> {
            Decided { value, by: by.clone(), because: because.clone(), at, lifetime, life }
        }
        if let Some(value) = enabled {
            let earlier = decided.enabled.as_ref().map(|earlier| earlier.value);
            decided.overturned = earlier.is_some_and(|earlier| earlier != value || decided.overturned);
            decided.enabled = Some(field(value, by, because, now, lifetime, life));
        }
        if let Some(value) = weight {
            decided.weight = Some(field(value, by, because, now, lifetime, life));
        }
        for (key, value) in metadata.iter().flat_map(Metadata::entries) {
            decided.metadata.insert(key.clone(), field(value.clone(), by, because, now, lifetime, life));
        }
        if ages {
            decided.absent_since = decided.absent_since.or(Some(now));
        }
        self.service_mut(number).changed_at = now;
        self.tell_decision(before, Cause::OverrideSet, Author::with(by, because.as_ref()));
        Ok(Outcome::OverrideSet)
    }

    pub(super) fn clear_override(
        &mut self,
        service: &ServiceKey,
        address: &Address,
        by: &Actor,
        field: Option<&OverrideField>,
    ) -> Result<Outcome, Error> {
        let has = |decided: &Decisions| match field {
            None => true,
            Some(OverrideField::Enabled) => decided.enabled.is_some(),
            Some(OverrideField::Weight) => decided.weight.is_some(),
            Some(OverrideField::Metadata(key)) => decided.metadata.contains_key(key),
        };
        let memory = self
            .memory_named(service, address, |model, memory| model.decisions.get(&memory).is_some_and(has))
            .ok_or_else(|| unknown(service, address))?;
        let before = self.contents(memory);
        let decided = self.decisions.get_mut(&memory).expect("found before");
        match field {
            None => *decided = Decisions::default(),
            Some(OverrideField::Enabled) => decided.enabled = None,
            Some(OverrideField::Weight) => decided.weight = None,
            Some(OverrideField::Metadata(key)) => drop(decided.metadata.remove(key)),
        }
        self.drop_empty_decisions();
        self.tell_decision(before, Cause::OverrideCleared, Author::of(by));
        Ok(Outcome::OverrideCleared)
    }

    pub(super) fn end_override(&mut self, service: &ServiceKey, address: &Address) -> Result<Outcome, Error> {
        let memory = self
            .memory_named(service, address, |model, memory| model.decisions.contains_key(&memory))
            .ok_or_else(|| unknown(service, address))?;
        let before = self.contents(memory);
        self.decisions.remove(&memory);
        self.decision_ended(memory, before);
        Ok(Outcome::OverrideEnded)
    }

    /// Ends the fields of a memory whose time is over.
    pub(super) fn decision_due(&mut self, memory: Place) {
        let (policy, now) = (self.policy.overrides.clone(), self.now);
        let before = self.contents(memory);
        let decided = self.decisions[&memory].clone();
        let ends = |lifetime, at| decided.end(&policy, lifetime, at).is_some_and(|end| end <= now);
        self.keep_fields(memory, |lifetime, at, _| !ends(lifetime, at));
        self.decision_ended(memory, before);
    }

    fn decision_ended(&mut self, memory: Place, before: Contents) {
        if self.policy.overrides.end_drops_settings
            && !self.decisions.keys().any(|place| place.service == memory.service)
        {
            self.service_mut(memory.service).settings = Settings::default();
        }
        if self.policy.overrides.end_is_told {
            return self.tell_decision(before, Cause::OverrideEnded, Author::time());
        }
        for (place, _) in before {
            self.note(place, Cause::OverrideEnded, Author::time());
            self.linger(place);
            self.retime(place);
        }
    }

    /// What readers may get of the instances of a memory: weight and metadata.
    fn contents(&self, memory: Place) -> Contents {
        self.instances_about(memory).into_iter().map(|place| (place, self.content_in_force(place))).collect()
    }

    fn tell_decision(&mut self, before: Contents, cause: Cause, author: Author) {
        for (place, content) in before {
            self.note(place, cause, author);
            self.linger(place);
            self.retime(place);
            let changed =
                self.policy.view.unchanged_is_told || self.is_apart(place) || self.content_in_force(place) != content;
            self.touch(place, cause, changed);
        }
    }

    /// A registration ends the absence, and what does not outlive it. True when that ended anything.
    pub(super) fn decisions_meet_registration(&mut self, place: Place, life: u64, copied: bool) -> bool {
        let memory = self.memory(place);
        let ends_absence = !copied || self.policy.overrides.copies_end_absence;
        let Some(decided) = self.decisions.get_mut(&memory) else { return false };
        if ends_absence {
            decided.absent_since = None;
        }
        let overwrites = self.policy.overrides.write == OverrideWrite::Record;
        self.keep_fields(memory, |lifetime, _, about| {
            !overwrites && (lifetime != Lifetime::ThisIncarnation || about == life)
        })
    }

    /// An instance is forgotten. What was decided for a life goes with the last instance that the memory is about.
    pub(super) fn life_forgotten(&mut self, place: Place) {
        let memory = self.memory(place);
        if self.instances_about(memory).is_empty() && self.decisions.contains_key(&memory) {
            self.keep_fields(memory, |lifetime, _, _| lifetime != Lifetime::ThisIncarnation);
        }
    }

    /// Keeps the fields of a memory that `keep` says, by lifetime, moment and life. True when any went.
    fn keep_fields(&mut self, memory: Place, keep: impl Fn(Lifetime, u64, u64) -> bool) -> bool {
        let decided = self.decisions.get_mut(&memory).expect("found before");
        let count = |decided: &Decisions| {
            decided.metadata.len() + usize::from(decided.enabled.is_some()) + usize::from(decided.weight.is_some())
        };
        let before = count(decided);
        decided.enabled = decided.enabled.take().filter(|d| keep(d.lifetime, d.at, d.life));
        decided.weight = decided.weight.take().filter(|d| keep(d.lifetime, d.at, d.life));
        decided.metadata.retain(|_, d| keep(d.lifetime, d.at, d.life));
        let ended = count(decided) != before;
        self.drop_empty_decisions();
        ended
    }

    fn drop_empty_decisions(&mut self) {
        self.decisions
            .retain(|_, decided| decided.enabled.is_some() || decided.weight.is_some() || !decided.metadata.is_empty());
    }

    /// Weight and metadata as things stand: the operator's over the provider's.
    pub(super) fn content_in_force(&self, place: Place) -> (Weight, Metadata) {
        self.decided_over(place, &self.instances[&place].content)
    }

    /// State bits as things stand.
    pub(super) fn state_in_force(&self, place: Place) -> u32 {
        let leases = self.leases_of(place);
        if leases.is_empty() {
            return 0;
        }
        let decided = self.decisions.get(&self.memory(place));
        let enabled = self.takes_traffic(place, self.is_published(place));
        let bit = |holds: bool, bits: u32| if holds { bits } else { 0 };
        let mut alive: Vec<u64> = leases.iter().copied().filter(|order| self.leases[order].alive).collect();
        if enabled && self.is_apart(place) {
            alive.retain(|order| self.takes_traffic(place, self.leases[order].said.1.enabled));
        }
        state::PRESENT
            | bit(!alive.is_empty(), state::HEALTHY)
            | bit(leases.len() > 1, state::SHARED)
            | bit(decided.is_some(), state::OVERRIDDEN)
            | bit(enabled, state::ENABLED | state::SERVED)
    }
}
