//! Several sources of one instance, and what each of them says of it. Rule 7.

use liveset::policy::{EnabledRule, Shared};
use liveset::{Content, DifferingAccount, Metadata, SayingAccount, Weight, state};

use super::{Model, Place};

/// A row that readers get: state bits, weight and metadata.
pub(super) type Description = (u32, Weight, Metadata);

impl Model {
    /// What each source says, the newest word last.
    fn words(&self, place: Place) -> Vec<(u64, Content)> {
        let mut orders = self.leases_of(place);
        orders.sort_by_key(|order| self.leases[order].said.0);
        orders.into_iter().map(|order| (order, self.leases[&order].said.1.clone())).collect()
    }

    /// The claim that said something last.
    pub(super) fn speaker(&self, place: Place) -> u64 {
        self.words(place).last().expect("it is there").0
    }

    /// A source says what its instance is; true when readers get something else by that.
    pub(super) fn say(&mut self, place: Place, order: u64, before: Option<&Content>, content: &Content) -> bool {
        let others: Vec<Content> = self.words(place).into_iter().filter(|word| word.0 != order).map(|w| w.1).collect();
        let number = self.next_made();
        self.lease_mut(order).said = (number, content.clone());
        let last = std::mem::replace(&mut self.instances.get_mut(&place).expect("known").content, content.clone());
        match (self.policy.view.shared, before) {
            (Shared::Each, Some(before)) if !others.is_empty() => before != content,
            (Shared::Each, None) if !others.is_empty() => !others.contains(content),
            _ => last != *content,
        }
    }

    /// A source that said this is gone; true when readers get something else by that.
    pub(super) fn fall_still(&mut self, place: Place, said: &Content) -> bool {
        let words = self.words(place);
        let Some((_, newest)) = words.last() else { return false };
        let known = self.instances.get_mut(&place).expect("known");
        let last = std::mem::replace(&mut known.content, newest.clone());
        match self.policy.view.shared {
            Shared::Newest => last != *newest,
            Shared::Each => words.iter().all(|(_, word)| word != said),
        }
    }

    pub(super) fn is_apart(&self, place: Place) -> bool {
        self.policy.view.shared == Shared::Each && self.leases_of(place).len() > 1
    }

    pub(super) fn is_published(&self, place: Place) -> bool {
        match self.is_apart(place) {
            true => self.words(place).iter().any(|(_, word)| word.enabled),
            false => self.instances[&place].content.enabled,
        }
    }

    /// The rows that readers get as things stand.
    pub(super) fn describe(&self, place: Place) -> Vec<Description> {
        let all = self.state_in_force(place);
        if !self.is_apart(place) {
            let (weight, metadata) = self.content_in_force(place);
            return vec![(all, weight, metadata)];
        }
        let mut rows = Vec::new();
        for order in self.leases_of(place) {
            let lease = &self.leases[&order];
            let mut bits = all & !(state::HEALTHY | state::ENABLED | state::SERVED);
            if lease.alive {
                bits |= state::HEALTHY;
            }
            if self.takes_traffic(place, lease.said.1.enabled) {
                bits |= state::ENABLED | state::SERVED;
            }
            let (weight, metadata) = self.decided_over(place, &lease.said.1);
            if !rows.contains(&(bits, weight, metadata.clone())) {
                rows.push((bits, weight, metadata));
            }
        }
        rows
    }

    pub(super) fn takes_traffic(&self, place: Place, published: bool) -> bool {
        let decided = self.decisions.get(&self.memory(place)).and_then(|decided| decided.enabled.as_ref());
        match (decided, self.policy.overrides.enabled) {
            (None, _) => published,
            (Some(allowed), EnabledRule::BothAllow) => published && allowed.value,
            (Some(allowed), EnabledRule::OverrideWins) => allowed.value,
        }
    }

    /// What one says, and the operator's word over it.
    pub(super) fn decided_over(&self, place: Place, own: &Content) -> (Weight, Metadata) {
        let Some(decided) = self.decisions.get(&self.memory(place)) else { return (own.weight, own.metadata.clone()) };
        let mut entries = if decided.hides_metadata { Default::default() } else { own.metadata.entries().clone() };
        entries.extend(decided.metadata.iter().map(|(key, decided)| (key.clone(), decided.value.clone())));
        let weight = decided.weight.as_ref().map_or(own.weight, |decided| decided.value);
        (weight, Metadata::new(entries).expect("small"))
    }

    pub(super) fn differing(&self, place: Place) -> Option<DifferingAccount> {
        let words = self.words(place);
        let first = words.first()?.1.clone();
        let sources = words.into_iter().map(|(order, content)| {
            let lease = &self.leases[&order];
            let connection = lease.session.map(|session| self.sessions[&session].name.clone());
            SayingAccount { source: lease.source.clone(), connection, content }
        });
        let sources: Vec<SayingAccount> = sources.collect();
        let differ = sources.iter().any(|said| said.content != first);
        differ.then_some(DifferingAccount { shared: self.policy.view.shared, sources })
    }
}
