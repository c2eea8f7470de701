//! The account of one instance, found by looking at everything that may speak of it.

use liveset::{
    Address, BrakeAccount, Cause, Deciding, Explanation, FenceAccount, Gap, Kind, KindAccount, LeaseAccount, LeaseKind,
    NextEvent, NextKind, OverrideAccount, ProtectionAccount, Remedy, Rule, ServiceKey, Sight, Sights, Span, Standing,
    Telling, UnprotectedAccount, state,
};

use super::apply::millis;
use super::facts::{Decided, Decisions, Session};
use super::times::{DELETE, TIMEOUT, removed_at};
use super::{Maker, Model, Place};
use liveset::policy::{Kinds, OwnTimes};

impl Model {
    /// Everything but the sentences, which follow from it.
    pub(crate) fn explain(&self, service: &ServiceKey, address: &Address) -> Explanation {
        let number = self.service_names.iter().position(|name| name == service);
        let at = self.addresses.iter().position(|known| known == address);
        let place = number.zip(at).and_then(|(service, address)| self.find(service, address));
        let memory = place.map(|place| self.memory(place)).or_else(|| {
            let speaks =
                |model: &Model, memory| model.decisions.contains_key(&memory) || model.fence_of(memory).is_some();
            number.zip(at).and_then(|(service, address)| self.memory_with(service, address, speaks))
        });
        let mut explanation = Explanation {
            service: service.clone(),
            address: address.clone(),
            kind: place.map(|place| place.kind).unwrap_or_default(),
            at: millis(self.now),
            standing: self.standing(place),
            sights: self.sights(place),
            telling: place.map(|place| self.telling(place)).unwrap_or_default(),
            copies: Vec::new(),
            decided_by: Deciding { rule: Rule::Nothing, at: None, by: None, because: None, silence: None },
            leases: place.map(|place| self.lease_accounts(place)).unwrap_or_default(),
            differing: place.and_then(|place| self.differing(place)),
            overrides: memory.map(|memory| self.override_accounts(memory, place)).unwrap_or_default(),
            fence: memory.and_then(|memory| self.fence_account(memory)),
            protection: place.and_then(|place| self.protection_account(place)),
            doubted_by: place.map(|place| self.doubters(place)).unwrap_or_default(),
            unheeded: place.map(|place| self.unheeded(place)).unwrap_or_default(),
            brake: place.and_then(|place| self.brake_account(place)),
            cluster_protection: place.and_then(|place| self.cluster_protection(place)),
            unprotected: place.and_then(|place| self.unprotected_account(place)),
            kept_until: None,
            warming_until: self.warming_until.map(millis),
            newest_life: place
                .filter(|_| self.policy.claims.incarnations)
                .map(|place| self.instances[&place].incarnation),
            kept_kind: number.and_then(|service| self.kept_kind(service)),
            gap: None,
            history: Vec::new(),
            next: None,
            remedies: Vec::new(),
            sentences: Vec::new(),
        };
        if let Some(place) = place {
            let shown = self.instances[&place].shown;
            let kept = self.services[&place.service].kept_until;
            explanation.kept_until =
                kept.filter(|_| self.is_kept(place.service) && shown & state::SERVED != 0).map(millis);
            explanation.gap = self.gap_account(place);
            explanation.history = self.entries_about(place).take(8).map(|index| self.transition(index)).collect();
            explanation.decided_by = self.deciding(place, &explanation);
        }
        explanation.next = self.next_turn(memory, place, &explanation);
        explanation.remedies = self.remedies(&explanation);
        explanation
    }

    fn standing(&self, place: Option<Place>) -> Standing {
        let Some(place) = place else { return Standing::Unknown };
        let bits = self.state_in_force(place);
        match (bits & state::PRESENT != 0, bits & state::SERVED != 0, bits & state::HEALTHY != 0) {
            (false, ..) => Standing::Gone,
            (true, false, _) => Standing::Offline,
            (true, true, false) => Standing::Unhealthy,
            (true, true, true) => Standing::Online,
        }
    }

    fn sights(&self, place: Option<Place>) -> Sights {
        let Some(place) = place else {
            return Sights { operator: Sight::default(), consumer: Sight::default(), stale: false };
        };
        let known = self.services[&place.service].record.is_some();
        let shown = if known { self.instances[&place].shown } else { 0 };
        let has = |bit| shown & bit != 0;
        let operator =
            Sight { listed: has(state::PRESENT), healthy: has(state::HEALTHY), enabled: has(state::ENABLED) };
        let listed = has(state::SERVED);
        let healthy = listed && (has(state::HEALTHY) || self.protects(place.service));
        let seen = state::PRESENT | state::HEALTHY | state::SERVED;
        let stale = (shown ^ self.state_in_force(place)) & seen != 0;
        Sights { operator, consumer: Sight { listed, healthy, enabled: listed }, stale }
    }

    /// Which subscribers were not told of its last change, as far as the changes of its service are remembered.
    fn telling(&self, place: Place) -> Telling {
        let (known, id) = (&self.services[&place.service], self.instances[&place].id);
        let newest = known.changes.iter().rev().find(|change| change.instance == id);
        let newest = newest.map_or(known.revision - known.changes.len() as u64, |change| change.revision);
        let all = self.subscribers(&self.service_names[place.service]);
        let subscribers = all.len() as u32;
        let behind: Vec<_> = all.into_iter().filter(|account| account.told < newest).collect();
        Telling { subscribers, behind: behind.len() as u32, first: behind.into_iter().take(8).collect() }
    }

    fn lease_accounts(&self, place: Place) -> Vec<LeaseAccount> {
        let account = |order: u64| {
            let lease = &self.leases[&order];
            let by_beats = self.by_beats(order);
            let session = lease.session.map(|id| &self.sessions[&id]);
            let given_up = |session: &Session| {
                session.probed.unwrap_or_else(|| self.session_look(session)) + self.policy.session.probe.as_millis()
            };
            let last_seen = if by_beats { lease.last_beat } else { session.map_or(lease.since, |open| open.last) };
            let silence_allowed = match session {
                Some(session) => Some(self.session_idle(session)),
                None => by_beats.then_some(lease.times.timeout),
            };
            let due = match session {
                Some(session) => Some(given_up(session)),
                None => self.lease_due(order).or_else(|| self.not_recovered_at(place)),
            };
            LeaseAccount {
                source: lease.source.clone(),
                kind: match (by_beats, place.kind) {
                    (true, _) => LeaseKind::Beats,
                    (false, Kind::Ephemeral) => LeaseKind::Session,
                    (false, Kind::Persistent) => LeaseKind::Persistent,
                },
                connection: session.map(|session| session.name.clone()),
                incarnation: lease.incarnation,
                since: millis(lease.since),
                last_seen: millis(last_seen),
                age: millis(self.now).since(millis(last_seen)),
                asked: session.and_then(|session| session.probed).map(millis),
                watched: self.looks_for(order) || session.is_some(),
                silence_allowed: silence_allowed.map(|allowed| Span::from_millis(allowed).expect("parsed as a span")),
                alive: lease.alive,
                due: due.map(millis),
                waits: lease.waits.is_some(),
            }
        };
        self.leases_of(place).into_iter().map(account).collect()
    }

    fn override_accounts(&self, memory: Place, place: Option<Place>) -> Vec<OverrideAccount> {
        let Some(decided) = self.decisions.get(&memory) else { return Vec::new() };
        let published = place.filter(|&place| self.is_present(place)).map(|place| &self.instances[&place].content);
        let mut accounts = Vec::new();
        if let Some(enabled) = &decided.enabled {
            let own = published.map(|content| content.enabled.to_string());
            accounts.push(self.account("enabled", enabled.value.to_string(), own, enabled, decided));
        }
        if let Some(weight) = &decided.weight {
            // A weight that a whole write set to what the provider says anyway is no news.
            if let Some(own) = published.map(|content| content.weight).filter(|&own| own != weight.value) {
                accounts.push(self.account("weight", weight.value.to_string(), Some(own.to_string()), weight, decided));
            }
        }
        for (key, value) in &decided.metadata {
            let own = published.and_then(|content| content.metadata.value(key)).map(str::to_owned);
            if own.as_ref() != Some(&value.value) {
                accounts.push(self.account(&format!("metadata.{key}"), value.value.clone(), own, value, decided));
            }
        }
        accounts
    }

    fn account<T>(
        &self,
        field: &str,
        value: String,
        published: Option<String>,
        field_decided: &Decided<T>,
        all: &Decisions,
    ) -> OverrideAccount {
        let Decided { by, because, at, lifetime, .. } = field_decided;
        OverrideAccount {
            field: field.to_owned(),
            value,
            published,
            by: by.clone(),
            because: because.clone(),
            at: millis(*at),
            lifetime: *lifetime,
            ends: all.end(&self.policy.overrides, *lifetime, *at).map(millis),
        }
    }

    fn fence_account(&self, memory: Place) -> Option<FenceAccount> {
        let (maker, fence) = self.fence_of(memory)?;
        Some(FenceAccount {
            incarnation: fence.incarnation,
            by: fence.by.clone(),
            because: fence.because.clone(),
            at: millis(fence.at),
            until: millis(fence.until),
            by_operator: maker == Maker::Operator,
        })
    }

    fn protection_account(&self, place: Place) -> Option<ProtectionAccount> {
        let threshold = self.services[&place.service].settings.threshold.or(self.policy.view.default_threshold)?;
        let (total, healthy) = self.served(place.service);
        let matters = self.protects(place.service) && healthy < total;
        matters.then_some(ProtectionAccount { healthy, total, threshold })
    }

    /// The protection that readers of its cluster alone meet, where others of the service are served from other clusters.
    fn cluster_protection(&self, place: Place) -> Option<ProtectionAccount> {
        let threshold = self.services[&place.service].settings.threshold.or(self.policy.view.default_threshold)?;
        let cluster = |place: Place| &self.addresses[place.address].cluster;
        let served = self.services[&place.service].members.iter().copied();
        let served: Vec<Place> = served.filter(|member| self.instances[member].shown & state::SERVED != 0).collect();
        let (own, others): (Vec<Place>, Vec<Place>) =
            served.into_iter().partition(|&member| cluster(member) == cluster(place));
        let healthy = own.iter().filter(|member| self.instances[member].shown & state::HEALTHY != 0).count() as u32;
        let total = own.len() as u32;
        let protects = self.is_protected(place.service, total, healthy);
        (!others.is_empty() && protects && healthy < total).then_some(ProtectionAccount { healthy, total, threshold })
    }

    fn doubters(&self, place: Place) -> Vec<liveset::Actor> {
        self.instances[&place].doubted_by.iter().flatten().cloned().collect()
    }

    /// Times in its metadata that mean nothing for what its oldest claim lives by.
    fn unheeded(&self, place: Place) -> Vec<String> {
        let Some(&oldest) = self.leases_of(place).first() else { return Vec::new() };
        let all = self.policy.expiry.own_times == OwnTimes::All;
        let means = |key: &str| match (self.by_beats(oldest), place.kind) {
            (true, _) => true,
            (false, Kind::Ephemeral) => all && key == TIMEOUT,
            (false, Kind::Persistent) => all && key == DELETE,
        };
        let (_, metadata) = self.content_in_force(place);
        let keys = [TIMEOUT, DELETE].into_iter().filter(|key| !means(key));
        keys.filter_map(|key| Some(format!("{key}={}", metadata.value(key)?))).collect()
    }

    /// The brake, where it or its service holds the removal of a claim up.
    fn brake_account(&self, place: Place) -> Option<BrakeAccount> {
        let share = self.policy.expiry.brake?.share;
        let held = self.leases_of(place).into_iter().filter(|order| self.leases[order].waits.is_some());
        let deaf_until = held.map(|order| self.deaf_until(order)).max()?.map(millis);
        let waiting = self.leases.values().filter(|lease| lease.waits.is_some());
        let since: Vec<u64> = waiting.map(|lease| removed_at(&self.policy, lease)).collect();
        let (silent, all) = self.missing();
        let oldest = millis(*since.iter().min()?);
        let (silent, all, waiting) = (silent as u32, all as u32, since.len() as u32);
        Some(BrakeAccount { silent, all, share, deaf_until, waiting, oldest })
    }

    fn unprotected_account(&self, place: Place) -> Option<UnprotectedAccount> {
        let shown = self.instances[&place].shown;
        let threshold = self.services[&place.service].settings.threshold.or(self.policy.view.default_threshold);
        let (total, healthy) = self.served(place.service);
        let silent = shown & state::SERVED != 0 && shown & state::HEALTHY == 0;
        (silent && !self.protects(place.service)).then_some(UnprotectedAccount { healthy, total, threshold })
    }

    /// The kind that an empty service keeps though no operator named it.
    fn kept_kind(&self, service: usize) -> Option<KindAccount> {
        let known = self.services.get(&service)?;
        let record = known.record.as_ref().filter(|record| !record.kind_named)?;
        let held = self.leases.values().any(|lease| lease.place.service == service);
        if held || self.policy.services.kinds == Kinds::Together {
            return None;
        }
        let (since, empty_since) = (millis(record.since), millis(known.changed_at));
        let until = self.ends_at(service).map(millis);
        Some(KindAccount { kind: self.kind_in_force(service)?, since, empty_since, until })
    }

    /// The last time in which nobody watched, where it gave one of the leases a fresh start.
    fn gap_account(&self, place: Place) -> Option<Gap> {
        let (from, until) = self.gap?;
        let fresh = |order: &u64| {
            let lease = &self.leases[order];
            self.by_beats(*order) && lease.last_beat == until && lease.since < from
        };
        let gap = Gap { from: millis(from), until: millis(until) };
        self.leases_of(place).iter().any(fresh).then_some(gap)
    }

    fn deciding(&self, place: Place, explanation: &Explanation) -> Deciding {
        let known = &self.instances[&place];
        let all = self.decisions.get(&self.memory(place));
        let decided = all.and_then(|decided| decided.enabled.as_ref());
        let overturned = all.is_some_and(|decided| decided.overturned);
        let operators_word = match explanation.standing {
            Standing::Offline => decided.filter(|decided| !decided.value),
            Standing::Online => decided.filter(|decided| decided.value && (!self.is_published(place) || overturned)),
            _ => None,
        };
        if let Some(word) = operators_word {
            let (by, because) = (Some(word.by.clone()), word.because.clone());
            return Deciding { rule: Rule::Override, at: Some(millis(word.at)), by, because, silence: None };
        }
        let fate = &known.fate;
        let is_end = |cause: Cause| [Cause::OverrideEnded, Cause::OverrideCleared].contains(&cause);
        let end = explanation.history.iter().find(|entry| is_end(entry.cause) && entry.at > millis(fate.at));
        if let (Standing::Online, None, Some(end)) = (explanation.standing, decided, end) {
            let (at, by) = (Some(end.at), end.by.clone());
            return Deciding { rule: Rule::OverrideEnded, at, by, because: None, silence: None };
        }
        if explanation.standing == Standing::Offline {
            let says = [Cause::Registered, Cause::RegisteredByBeat, Cause::Reregistered, Cause::SourceJoined];
            let lease = &self.leases[&self.speaker(place)];
            let by = Some(lease.source.clone());
            let word = explanation.history.iter().find(|entry| says.contains(&entry.cause) && entry.by == by);
            let at = word.map_or(millis(lease.since), |word| word.at);
            return Deciding { rule: Rule::Published, at: Some(at), by, because: None, silence: None };
        }
        let rule = match fate.cause {
            // One that is heard says that it takes no traffic.
            _ if explanation.standing == Standing::Unhealthy && self.is_alive(place) => Rule::BeatExpiry,
            Cause::RegisteredByBeat => Rule::BeatForTheUnknown,
            Cause::Beat => Rule::Recovery,
            Cause::Silent | Cause::Expired => Rule::BeatExpiry,
            Cause::SessionClosed => Rule::SessionClosed,
            Cause::SessionLost => Rule::SessionLost,
            Cause::Deregistered => Rule::Deregistration,
            Cause::CopyEnded => Rule::EndedElsewhere,
            Cause::Removed => Rule::Removal,
            Cause::ReportedUp | Cause::ReportedDown | Cause::NotRecovered => Rule::HealthReport,
            Cause::Replaced => Rule::Replacement,
            Cause::RegistryRestarted => Rule::Restart,
            Cause::SourceLeft => Rule::SourceLeft,
            _ => Rule::Registration,
        };
        let entry = explanation.history.iter().find(|entry| entry.at == millis(fate.at) && entry.cause == fate.cause);
        let because = entry.and_then(|entry| entry.because.clone());
        let silence = entry.and_then(|entry| entry.silence);
        Deciding { rule, at: Some(millis(fate.at)), by: fate.by.clone(), because, silence }
    }

    /// The first of the things that happen to it by themselves; that silence makes it unhealthy only where nothing else is to come.
    fn next_turn(&self, memory: Option<Place>, place: Option<Place>, explanation: &Explanation) -> Option<NextEvent> {
        let mut turns = Vec::new();
        if let Some(place) = place.filter(|_| explanation.sights.stale) {
            let refresh = self.services[&place.service].refresh_at;
            turns.extend(refresh.map(|at| NextEvent { at: millis(at), what: NextKind::ViewComputed }));
        }
        let held = !explanation.leases.is_empty();
        let end = memory.and_then(|memory| self.decisions.get(&memory)?.next_end(&self.policy.overrides));
        let forgets = if held { NextKind::OverrideForgottenWhileAlive } else { NextKind::OverrideForgotten };
        turns.extend(end.map(|at| NextEvent { at: millis(at), what: forgets }));
        turns.extend(explanation.fence.as_ref().map(|fence| NextEvent { at: fence.until, what: NextKind::FenceEnds }));
        let silence = silence(explanation);
        let for_want_of_life = [NextKind::Unhealthy, NextKind::ConnectionGivenUp];
        turns.extend(silence.filter(|turn| !for_want_of_life.contains(&turn.what)));
        turns.into_iter().min_by_key(|turn| turn.at).or(silence)
    }

    fn remedies(&self, explanation: &Explanation) -> Vec<Remedy> {
        let off = explanation.overrides.iter().find(|account| account.field == "enabled" && account.value == "false");
        let leases = &explanation.leases;
        let clear = off.map(|account| Remedy::ClearOverride { by: account.by.clone() });
        match explanation.standing {
            Standing::Online => match &leases[..] {
                [only] => {
                    vec![Remedy::ClaimEnds { source: only.source.clone(), kind: only.kind, until: only.due }]
                }
                _ => vec![Remedy::AllClaimsEnd { sources: leases.iter().map(|lease| lease.source.clone()).collect() }],
            },
            Standing::Unhealthy => {
                let says_so = explanation.decided_by.rule == Rule::Registration;
                let beats_help = !says_so || self.policy.expiry.beat_revives_unhealthy;
                let revive = |lease: &LeaseAccount| match lease.kind {
                    LeaseKind::Beats if beats_help => Remedy::Beat { source: lease.source.clone() },
                    LeaseKind::Beats | LeaseKind::Session => Remedy::PublishHealthy { source: lease.source.clone() },
                    LeaseKind::Persistent => Remedy::ReportHealthy,
                };
                leases.iter().map(revive).collect()
            }
            Standing::Offline => {
                let published_off = off.is_none_or(|account| account.published.as_deref() == Some("false"));
                clear.into_iter().chain(published_off.then_some(Remedy::PublishEnabled)).collect()
            }
            Standing::Gone | Standing::Unknown => {
                let back = match explanation.fence.as_ref().filter(|fence| fence.by_operator) {
                    Some(fence) => Remedy::RegisterNewer { than: fence.incarnation, until: fence.until },
                    None => Remedy::Register,
                };
                [Some(back), clear].into_iter().flatten().collect()
            }
        }
    }
}

/// What silence brings next: it is unhealthy when the last claim that is alive falls silent, and gone when the last of all is over.
fn silence(explanation: &Explanation) -> Option<NextEvent> {
    let alive: Vec<&LeaseAccount> = explanation.leases.iter().filter(|lease| lease.alive).collect();
    let all: Vec<&LeaseAccount> = explanation.leases.iter().collect();
    let counted = if alive.is_empty() { &all } else { &alive };
    let dues: Option<Vec<_>> = counted.iter().map(|lease| lease.due).collect();
    let at = dues?.into_iter().max()?;
    let given_up = |lease: &&LeaseAccount| lease.kind == LeaseKind::Session && lease.due == Some(at);
    if all.iter().any(given_up) {
        return Some(NextEvent { at, what: NextKind::ConnectionGivenUp });
    }
    Some(match explanation.kept_until.filter(|&until| until > at && alive.is_empty()) {
        Some(until) => NextEvent { at: until, what: NextKind::RemovalConsidered },
        None if !alive.is_empty() => NextEvent { at, what: NextKind::Unhealthy },
        None if all.iter().any(|lease| lease.waits) => NextEvent { at, what: NextKind::RemovalConsidered },
        None => NextEvent { at, what: NextKind::Removed },
    })
}
