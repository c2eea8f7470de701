//! Gathering the account of one instance from the rooms that know of it.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::Registry;
use crate::account::{
    BrakeAccount, Deciding, Explanation, FenceAccount, Gap, KindAccount, LeaseAccount, LeaseKind, NextEvent, NextKind,
    OverrideAccount, ProtectionAccount, Remedy, Rule, Sight, Sights, Standing, Transition, UnprotectedAccount,
};
use crate::id::NONE;
use crate::instance::{Cause, CopyReport, Key, Kind, state};
use crate::liveness::{DELETE_KEY, TIMEOUT_KEY};
use crate::memory::{Decided, Override};
use crate::name::{Address, ServiceKey, Threshold};
use crate::policy::{Kinds, OwnTimes};
use crate::time::Instant;
use crate::view::is_protected;

const HISTORY_MAX: usize = 8;

impl Registry {
    /// Why an instance is, or is not, what its readers get; for instances present, hidden, gone and never seen.
    pub fn explain(&self, service: &ServiceKey, address: &Address) -> Explanation {
        self.explain_beside(service, address, &[])
    }

    /// As [`Registry::explain`], with what readers' own layers hold of the instance, as their hosts report it: each copy is held against
    /// what consumers get here, with what it missed.
    pub fn explain_beside(&self, service: &ServiceKey, address: &Address, copies: &[CopyReport]) -> Explanation {
        let instance = self.find_row(service, address);
        let speaks = |key| self.overrides.get(key).is_some() || self.fences.get(key).is_some();
        let own = instance.map(|slot| self.memory_key(self.roster.row(slot).key));
        let key = own.or_else(|| self.find_memory(service, address, speaks));
        let mut explanation = Explanation {
            service: service.clone(),
            address: address.clone(),
            kind: instance.map(|slot| self.roster.row(slot).key.kind).unwrap_or_default(),
            at: self.now,
            standing: self.standing(instance),
            sights: self.sights(instance),
            telling: instance.map(|slot| self.telling(slot)).unwrap_or_default(),
            copies: Vec::new(),
            decided_by: Deciding { rule: Rule::Nothing, at: None, by: None, because: None, silence: None },
            leases: instance.map(|slot| self.lease_accounts(slot)).unwrap_or_default(),
            differing: instance.and_then(|slot| self.differing(slot)),
            overrides: key.map(|key| self.override_accounts(key, instance)).unwrap_or_default(),
            fence: key.and_then(|key| self.fence_account(key)),
            protection: instance.and_then(|slot| self.protection_account(slot)),
            doubted_by: instance
                .and_then(|slot| self.doubts.get(&slot))
                .into_iter()
                .flat_map(|doubt| &doubt.by)
                .flatten()
                .cloned()
                .collect(),
            unheeded: instance.map(|slot| self.unheeded(slot)).unwrap_or_default(),
            brake: instance.and_then(|slot| self.brake_account(slot)),
            cluster_protection: instance.and_then(|slot| self.cluster_protection(slot)),
            unprotected: instance.and_then(|slot| self.unprotected_account(slot)),
            kept_until: instance.and_then(|slot| self.kept_account(slot)),
            warming_until: self.warming_until,
            newest_life: instance
                .filter(|_| self.policy.claims.incarnations)
                .map(|slot| self.roster.row(slot).incarnation),
            kept_kind: self.find_service(service).and_then(|slot| self.kept_kind(slot)),
            gap: instance.and_then(|slot| self.gap_account(slot)),
            history: instance.map(|slot| self.history(slot)).unwrap_or_default(),
            next: None,
            remedies: Vec::new(),
            sentences: Vec::new(),
        };
        if let Some(instance) = instance {
            explanation.decided_by = self.deciding(instance, &explanation);
        }
        let (given, history) = (explanation.sights.consumer, &explanation.history);
        explanation.copies = copies.iter().map(|copy| self.copy_account(service, copy, given, history)).collect();
        explanation.next = self.next_event(key, instance, &explanation);
        explanation.remedies = remedies(&explanation, self.policy.expiry.beat_revives_unhealthy);
        explanation.sentences = explanation.tell();
        explanation
    }

    fn standing(&self, instance: Option<u32>) -> Standing {
        let Some(instance) = instance else { return Standing::Unknown };
        let bits = self.state_in_force(instance);
        if bits == 0 {
            Standing::Gone
        } else if bits & state::SERVED == 0 {
            Standing::Offline
        } else if bits & state::HEALTHY == 0 {
            Standing::Unhealthy
        } else {
            Standing::Online
        }
    }

    fn sights(&self, instance: Option<u32>) -> Sights {
        let Some(instance) = instance else {
            return Sights { operator: Sight::default(), consumer: Sight::default(), stale: false };
        };
        let row = self.roster.row(instance);
        let known = self.services.get(row.key.service).record.is_some();
        let has = |bit| known && row.state() & bit != 0;
        let protected = self.protects(self.services.get(row.key.service));
        let consumer = Sight {
            listed: has(state::SERVED),
            healthy: has(state::SERVED) && (has(state::HEALTHY) || protected),
            enabled: has(state::SERVED),
        };
        let operator =
            Sight { listed: has(state::PRESENT), healthy: has(state::HEALTHY), enabled: has(state::ENABLED) };
        let seen = state::PRESENT | state::HEALTHY | state::SERVED;
        let shown = if known { row.state() } else { 0 };
        Sights { operator, consumer, stale: (shown ^ self.state_in_force(instance)) & seen != 0 }
    }

    fn lease_accounts(&self, instance: u32) -> Vec<LeaseAccount> {
        let kind = self.roster.row(instance).key.kind;
        let accounts = self.leases_of(instance).map(|slot| {
            let row = self.leases.row(slot);
            let session = self.sessions.at(row.session);
            let last_seen = self.leases.last_beat(slot).or(session.map(|session| session.last)).unwrap_or(row.since);
            let lives_by_beats = self.leases.lives_by_beats(slot);
            LeaseAccount {
                source: self.actor(row.source),
                connection: session.map(|session| self.actor(session.name)),
                asked: session.and_then(|session| session.probed),
                watched: self.leases.is_watched(slot) || session.is_some(),
                kind: match (lives_by_beats, kind) {
                    (true, _) => LeaseKind::Beats,
                    (false, Kind::Ephemeral) => LeaseKind::Session,
                    (false, Kind::Persistent) => LeaseKind::Persistent,
                },
                incarnation: row.incarnation,
                since: row.since,
                last_seen,
                age: self.now.since(last_seen),
                silence_allowed: self
                    .leases
                    .silence_allowed(slot)
                    .or(session.map(|session| session.idle(&self.policy.session))),
                alive: self.leases.is_alive(slot),
                due: match session {
                    Some(session) => Some(session.given_up(&self.policy.session)),
                    None => self.leases.due(slot).or_else(|| self.not_recovered_at(instance)),
                },
                waits: self.leases.waits(slot),
            }
        });
        accounts.collect()
    }

    fn override_accounts(&self, key: Key, instance: Option<u32>) -> Vec<OverrideAccount> {
        let Some(entry) = self.overrides.get(key) else { return Vec::new() };
        let row = instance.map(|slot| self.roster.row(slot)).filter(|row| row.first_lease != NONE);
        let published = row.map(|row| self.contents.metadata(row.content));
        let mut accounts = Vec::new();
        if let Some(enabled) = &entry.enabled {
            let own = row.map(|row| row.enabled.to_string());
            accounts.push(self.account(entry, "enabled".to_string(), enabled.value.to_string(), own, enabled));
        }
        if let Some(weight) = &entry.weight {
            let own = row.map(|row| self.contents.weight(row.content).to_string());
            // A weight that a whole write set to what the provider says anyway is no news.
            if own.as_deref() != Some(weight.value.to_string().as_str()) && row.is_some() {
                accounts.push(self.account(entry, "weight".to_string(), weight.value.to_string(), own, weight));
            }
        }
        for (name, value) in &entry.metadata {
            let own = published.as_ref().and_then(|metadata| metadata.value(name)).map(ToString::to_string);
            if own.as_deref() != Some(value.value.as_str()) {
                accounts.push(self.account(entry, alloc::format!("metadata.{name}"), value.value.clone(), own, value));
            }
        }
        accounts
    }

    fn account<T>(
        &self,
        entry: &Override,
        field: String,
        value: String,
        published: Option<String>,
        decided: &Decided<T>,
    ) -> OverrideAccount {
        OverrideAccount {
            field,
            value,
            published,
            by: decided.by.clone(),
            because: decided.because.clone(),
            at: decided.at,
            lifetime: decided.lifetime,
            ends: entry.end(&self.policy.overrides, decided),
        }
    }

    fn gap_account(&self, instance: u32) -> Option<Gap> {
        let gap = self.gap?;
        let fresh =
            |slot: u32| self.leases.last_beat(slot) == Some(gap.until) && self.leases.row(slot).since < gap.from;
        self.leases_of(instance).any(fresh).then_some(gap)
    }

    fn fence_account(&self, key: Key) -> Option<FenceAccount> {
        let fence = self.fences.get(key)?;
        Some(FenceAccount {
            incarnation: fence.incarnation,
            by: self.actor(fence.by),
            because: fence.because.clone(),
            at: fence.at,
            until: fence.until,
            by_operator: fence.by_operator,
        })
    }

    fn protection_account(&self, instance: u32) -> Option<ProtectionAccount> {
        let slot = self.roster.row(instance).key.service;
        let service = self.services.get(slot);
        let threshold = self.threshold(slot)?;
        let (total, healthy) = service.served();
        // Where none is unhealthy it changes nothing for anybody.
        (self.protects(service) && healthy < total).then_some(ProtectionAccount { healthy, total, threshold })
    }

    /// The threshold of a service, its own or the policy's.
    fn threshold(&self, slot: u32) -> Option<Threshold> {
        self.services.get(slot).settings().threshold.or(self.policy.view.default_threshold)
    }

    /// Times in its metadata that mean nothing for what it lives by.
    fn unheeded(&self, instance: u32) -> Vec<String> {
        let Some(lease) = self.leases_of(instance).next() else { return Vec::new() };
        let row = self.leases.row(lease);
        let heeded: &[&str] = match (self.policy.expiry.own_times, self.roster.row(instance).key.kind) {
            (_, Kind::Ephemeral) if row.session == NONE => return Vec::new(),
            (OwnTimes::BeatsOnly, _) => &[],
            (OwnTimes::All, Kind::Ephemeral) => &[TIMEOUT_KEY],
            (OwnTimes::All, Kind::Persistent) => &[DELETE_KEY],
        };
        let (_, metadata) = self.content_in_force(instance);
        let keys = [TIMEOUT_KEY, DELETE_KEY].into_iter().filter(|key| !heeded.contains(key));
        keys.filter_map(|key| Some(alloc::format!("{key}={}", metadata.value(key)?))).collect()
    }

    fn brake_account(&self, instance: u32) -> Option<BrakeAccount> {
        let brake = self.policy.expiry.brake?;
        let (silent, claims) = self.leases.silent();
        let held = self.leases_of(instance).filter(|&slot| self.leases.waits(slot)).map(|slot| self.pulse(slot));
        let deaf_until = held.map(|pulse| self.brake.deaf_until(brake, self.now, pulse, claims)).max()?;
        let (silent, all) = self.brake.missing(brake, (silent, claims));
        let (waiting, oldest) = self.leases.waiting()?;
        Some(BrakeAccount { silent, all, share: brake.share, deaf_until, waiting, oldest })
    }

    fn cluster_protection(&self, instance: u32) -> Option<ProtectionAccount> {
        let key = self.roster.row(instance).key;
        let service = self.services.get(key.service);
        let threshold = self.threshold(key.service)?;
        let states = |own: bool| {
            let members = service.members.iter().map(|&slot| self.roster.row(slot));
            members.filter(move |row| row.state() & state::SERVED != 0 && (row.key.cluster == key.cluster) == own)
        };
        let total = states(true).count() as u32;
        let healthy = states(true).filter(|row| row.state() & state::HEALTHY != 0).count() as u32;
        let several = states(false).next().is_some();
        let protects = is_protected(&self.policy.view, service.settings().threshold, healthy, total);
        (several && protects && healthy < total).then_some(ProtectionAccount { healthy, total, threshold })
    }

    fn kept_kind(&self, slot: u32) -> Option<KindAccount> {
        let apart = self.policy.services.kinds == Kinds::Apart;
        let service = self.services.get(slot);
        let record = service.record.filter(|record| apart && service.held == 0 && !record.kind_named)?;
        let kind = self.kind_in_force(slot)?;
        let until = self.service_look(slot);
        Some(KindAccount { kind, since: record.since, empty_since: service.changed_at, until })
    }

    fn unprotected_account(&self, instance: u32) -> Option<UnprotectedAccount> {
        let row = self.roster.row(instance);
        let slot = row.key.service;
        let service = self.services.get(slot);
        let threshold = self.threshold(slot);
        let (total, healthy) = service.served();
        let shown_silent = row.state() & state::SERVED != 0 && row.state() & state::HEALTHY == 0;
        (shown_silent && !self.protects(service)).then_some(UnprotectedAccount { healthy, total, threshold })
    }

    fn kept_account(&self, instance: u32) -> Option<Instant> {
        let row = self.roster.row(instance);
        let service = self.services.get(row.key.service);
        service.kept_until.filter(|_| row.state() & state::SERVED != 0 && service.is_kept())
    }

    fn history(&self, instance: u32) -> Vec<Transition> {
        let mut entries = Vec::new();
        let mut newest = self.roster.row(instance).newest_entry;
        while entries.len() < HISTORY_MAX {
            let sequence = self.journal.sequence(newest);
            let Some(entry) = self.journal.entry(sequence).filter(|entry| entry.instance == instance) else { break };
            entries.push(self.transition(sequence, entry));
            newest = entry.previous;
        }
        entries
    }

    fn deciding(&self, instance: u32, explanation: &Explanation) -> Deciding {
        let row = self.roster.row(instance);
        let decided = explanation.overrides.iter().find(|account| account.field == "enabled");
        let overturned = self.overrides.get(self.memory_key(row.key)).is_some_and(|entry| entry.overturned);
        let wins = match explanation.standing {
            Standing::Offline => decided.filter(|account| account.value == "false"),
            Standing::Online => {
                decided.filter(|account| account.value == "true" && (!self.is_published(instance) || overturned))
            }
            _ => None,
        };
        if let Some(account) = wins {
            let (by, because) = (Some(account.by.clone()), account.because.clone());
            return Deciding { rule: Rule::Override, at: Some(account.at), by, because, silence: None };
        }
        let ended = [Cause::OverrideEnded, Cause::OverrideCleared];
        let ended = explanation.history.iter().find(|entry| ended.contains(&entry.cause) && entry.at > row.fate().at);
        if let Some(entry) = ended.filter(|_| explanation.standing == Standing::Online && decided.is_none()) {
            let (at, by) = (Some(entry.at), entry.by.clone());
            return Deciding { rule: Rule::OverrideEnded, at, by, because: None, silence: None };
        }
        if explanation.standing == Standing::Offline {
            let claims = [Cause::Registered, Cause::RegisteredByBeat, Cause::Reregistered, Cause::SourceJoined];
            let lease = self.leases.row(self.speaker(instance));
            let speaker = self.actor(lease.source);
            let mut words = explanation.history.iter().filter(|entry| claims.contains(&entry.cause));
            let at = words.find(|entry| entry.by.as_ref() == Some(&speaker)).map_or(lease.since, |entry| entry.at);
            return Deciding { rule: Rule::Published, at: Some(at), by: Some(speaker), because: None, silence: None };
        }
        let rule = match (explanation.standing, row.fate().cause) {
            // One that is heard says that it takes no traffic.
            (Standing::Unhealthy, _) if self.is_alive(instance) => Rule::BeatExpiry,
            (_, Cause::RegisteredByBeat) => Rule::BeatForTheUnknown,
            (_, Cause::Beat) => Rule::Recovery,
            (_, Cause::Silent | Cause::Expired) => Rule::BeatExpiry,
            (_, Cause::SessionClosed) => Rule::SessionClosed,
            (_, Cause::SessionLost) => Rule::SessionLost,
            (_, Cause::Deregistered) => Rule::Deregistration,
            (_, Cause::CopyEnded) => Rule::EndedElsewhere,
            (_, Cause::Removed) => Rule::Removal,
            (_, Cause::ReportedUp | Cause::ReportedDown | Cause::NotRecovered) => Rule::HealthReport,
            (_, Cause::Replaced) => Rule::Replacement,
            (_, Cause::RegistryRestarted) => Rule::Restart,
            (_, Cause::SourceLeft) => Rule::SourceLeft,
            _ => Rule::Registration,
        };
        let entry =
            explanation.history.iter().find(|entry| entry.at == row.fate().at && entry.cause == row.fate().cause);
        Deciding {
            rule,
            at: Some(row.fate().at),
            by: row.fate().by.map(|by| self.actor(by)),
            because: entry.and_then(|entry| entry.because.clone()),
            silence: entry.and_then(|entry| entry.silence),
        }
    }

    /// The earliest of what time will bring; that silence makes it unhealthy only where nothing else is to come.
    fn next_event(&self, key: Option<Key>, instance: Option<u32>, explanation: &Explanation) -> Option<NextEvent> {
        let held = !explanation.leases.is_empty();
        let service = instance.map(|slot| self.services.get(self.roster.row(slot).key.service));
        let computed = service.filter(|_| explanation.sights.stale).and_then(|service| service.refresh_at);
        let forgotten =
            key.and_then(|key| self.overrides.get(key)).and_then(|entry| entry.next_end(&self.policy.overrides));
        let forgets = if held { NextKind::OverrideForgottenWhileAlive } else { NextKind::OverrideForgotten };
        let events = [
            computed.map(|at| NextEvent { at, what: NextKind::ViewComputed }),
            forgotten.map(|at| NextEvent { at, what: forgets }),
            explanation.fence.as_ref().map(|fence| NextEvent { at: fence.until, what: NextKind::FenceEnds }),
            silence(explanation).filter(|event| !LATER.contains(&event.what)),
        ];
        events.into_iter().flatten().min_by_key(|event| event.at).or_else(|| silence(explanation))
    }
}

/// What is to come only if nobody gives a sign of life.
const LATER: [NextKind; 2] = [NextKind::Unhealthy, NextKind::ConnectionGivenUp];

/// What silence brings next, where every claim that counts lives by signs of life: those that are alive, as long as there are any.
fn silence(explanation: &Explanation) -> Option<NextEvent> {
    let any_alive = explanation.leases.iter().any(|lease| lease.alive);
    let counts = explanation.leases.iter().filter(|lease| lease.alive || !any_alive);
    let at = counts.map(|lease| lease.due).collect::<Option<Vec<_>>>()?.into_iter().max()?;
    if explanation.leases.iter().any(|lease| lease.kind == LeaseKind::Session && lease.due == Some(at)) {
        return Some(NextEvent { at, what: NextKind::ConnectionGivenUp });
    }
    if any_alive {
        return Some(NextEvent { at, what: NextKind::Unhealthy });
    }
    if let Some(until) = explanation.kept_until.filter(|&until| until > at) {
        return Some(NextEvent { at: until, what: NextKind::RemovalConsidered });
    }
    let waits = explanation.leases.iter().any(|lease| lease.waits);
    Some(NextEvent { at, what: if waits { NextKind::RemovalConsidered } else { NextKind::Removed } })
}

fn remedies(explanation: &Explanation, beats_revive: bool) -> Vec<Remedy> {
    let says_unhealthy = explanation.decided_by.rule == Rule::Registration && !beats_revive;
    let decided_off =
        explanation.overrides.iter().find(|account| account.field == "enabled" && account.value == "false");
    let mut ways = Vec::new();
    match explanation.standing {
        Standing::Online => {
            let sources: Vec<_> = explanation.leases.iter().map(|lease| lease.source.clone()).collect();
            if let [only] = &explanation.leases[..] {
                let (source, kind) = (only.source.clone(), only.kind);
                ways.push(Remedy::ClaimEnds { source, kind, until: only.due });
            } else {
                ways.push(Remedy::AllClaimsEnd { sources });
            }
        }
        Standing::Unhealthy => {
            let way = |lease: &LeaseAccount| match lease.kind {
                LeaseKind::Beats if !says_unhealthy => Remedy::Beat { source: lease.source.clone() },
                LeaseKind::Beats | LeaseKind::Session => Remedy::PublishHealthy { source: lease.source.clone() },
                LeaseKind::Persistent => Remedy::ReportHealthy,
            };
            ways.extend(explanation.leases.iter().map(way));
        }
        Standing::Offline => {
            ways.extend(decided_off.map(|account| Remedy::ClearOverride { by: account.by.clone() }));
            if decided_off.is_none_or(|account| account.published.as_deref() == Some("false")) {
                ways.push(Remedy::PublishEnabled);
            }
        }
        Standing::Gone | Standing::Unknown => {
            ways.push(match explanation.fence.as_ref().filter(|fence| fence.by_operator) {
                Some(fence) => Remedy::RegisterNewer { than: fence.incarnation, until: fence.until },
                None => Remedy::Register,
            });
            if let Some(account) = decided_off {
                ways.push(Remedy::ClearOverride { by: account.by.clone() });
            }
        }
    }
    ways
}
