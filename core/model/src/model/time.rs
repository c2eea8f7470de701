//! Time: the next thing that happens by itself, found by looking at everything, again and again.

use liveset::policy::{Brake, Lifetime, OverridePolicy, OwnTimes, ShareOf};
use liveset::{Cause, Error, Kind, Outcome};

use super::facts::{Author, Decisions, Session, Waiting};
use super::ids::slot;
use super::times::{DELETE, look, removed_at, silent_at, times_of};
use super::{Maker, Model, Ms, Place};

/// What happens by itself. Things of one moment happen in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Event {
    Session { slot: usize, id: u64 },
    Decision { key: Tie, place: Place },
    Fence { key: Tie, place: Place, maker: Maker },
    Refresh { slot: usize, service: usize },
    Notice { slot: usize, service: usize },
    Look { slot: usize, service: usize },
    Kept { slot: usize, service: usize },
    Check { slot: usize, place: Place },
    Warm,
    Lease { slot: usize, order: u64 },
}

/// What orders decisions of one moment: services as they were met, then names. Tapes see to it that names were met in their order.
pub(super) type Tie = (usize, usize, u16, usize, Kind);

impl Model {
    /// Lets everything happen that is due by `now`. An earlier moment than the latest counts as the latest.
    pub(super) fn pass(&mut self, now: Ms) {
        let now = if now < self.now {
            self.clamped += 1;
            self.now
        } else {
            now
        };
        if let Some(max) = self.policy.expiry.gap_max {
            let missed = self.next_deadline().filter(|&asked| asked <= now && now - asked > max.as_millis());
            if let Some(asked) = missed {
                self.excuse(now);
                self.gap = Some((asked, now));
            }
        }
        while let Some((at, event)) = self.next_event().filter(|&(at, _)| at <= now) {
            self.tied |= self.ties(at, event);
            self.now = self.now.max(at);
            self.happen(event);
            self.forget_services();
        }
        self.now = now;
    }

    /// When the next thing happens by itself.
    pub(crate) fn next_deadline(&self) -> Option<Ms> {
        self.next_event().map(|(at, _)| at.max(self.now))
    }

    fn next_event(&self) -> Option<(Ms, Event)> {
        let sessions = self.sessions.iter().map(|(&id, session)| {
            let at = match session.probed {
                Some(probed) => probed + self.policy.session.probe.as_millis(),
                None => self.session_look(session),
            };
            (at, Event::Session { slot: slot(id), id })
        });
        let decisions = self.decisions.iter().filter_map(|(&place, decided)| {
            let at = decided.next_end(&self.policy.overrides)?;
            Some((at, Event::Decision { key: self.tie(place), place }))
        });
        let fences = self
            .fences
            .iter()
            .map(|(&(place, maker), fence)| (fence.until, Event::Fence { key: self.tie(place), place, maker }));
        let services = self.services.iter().flat_map(|(&service, known)| {
            let slot = slot(known.id);
            let events = [
                (known.refresh_at, Event::Refresh { slot, service }),
                (known.notice_at, Event::Notice { slot, service }),
                (known.look_at, Event::Look { slot, service }),
                (known.kept_until, Event::Kept { slot, service }),
            ];
            events.into_iter().filter_map(|(at, event)| Some((at?, event)))
        });
        let leases = self
            .leases
            .iter()
            .filter_map(|(&order, lease)| Some((self.lease_due(order)?, Event::Lease { slot: slot(lease.id), order })));
        let checks = self.instances.iter().filter_map(|(&place, known)| {
            Some((self.not_recovered_at(place)?, Event::Check { slot: slot(known.id), place }))
        });
        let warm = self.warming_until.map(|at| (at, Event::Warm));
        sessions.chain(decisions).chain(fences).chain(services).chain(checks).chain(warm).chain(leases).min()
    }

    /// When silence has its next consequence for a lease.
    pub(super) fn lease_due(&self, order: u64) -> Option<Ms> {
        let lease = &self.leases[&order];
        if !self.looks_for(order) {
            return None;
        }
        let removed = lease.waits.unwrap_or_else(|| removed_at(&self.policy, lease));
        Some(if lease.alive { silent_at(&self.policy, lease).min(removed) } else { removed })
    }

    /// Whether it lives by beats, and this node looks for its silence.
    pub(super) fn looks_for(&self, order: u64) -> bool {
        self.by_beats(order) && self.leases[&order].watched
    }

    pub(super) fn by_beats(&self, order: u64) -> bool {
        let lease = &self.leases[&order];
        lease.session.is_none() && lease.place.kind == Kind::Ephemeral
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Session { id, .. } => self.session_due(id),
            Event::Decision { place, .. } => self.decision_due(place),
            Event::Fence { place, maker, .. } => drop(self.fences.remove(&(place, maker))),
            Event::Refresh { service, .. } => self.refresh(service),
            Event::Notice { service, .. } => {
                self.service_mut(service).notice_at = None;
                self.queue_notices(service);
            }
            Event::Look { service, .. } => self.service_due(service),
            Event::Kept { service, .. } => {
                self.service_mut(service).kept_until = None;
                self.service_changed(service);
            }
            Event::Check { place, .. } => self.not_recovered(place),
            Event::Warm => self.warming_until = None,
            Event::Lease { order, .. } => self.lease_due_now(order),
        }
    }

    fn session_due(&mut self, id: u64) {
        let now = self.now;
        let session = self.sessions.get_mut(&id).expect("its clock rings");
        if session.probed.is_some() {
            self.end_session(id, Cause::SessionLost);
            return;
        }
        session.probed = Some(now);
        if !session.notice_waits {
            session.notice_waits = true;
            self.waiting.push_back(Waiting::Probe(id));
        }
    }

    fn lease_due_now(&mut self, order: u64) {
        let lease = &self.leases[&order];
        let falls_silent = lease.alive && silent_at(&self.policy, lease) < removed_at(&self.policy, lease);
        if falls_silent {
            self.fall_silent(order);
            return;
        }
        match self.held_up(order) {
            Some(until) => {
                // A delete time below the timeout: it was never silent before its removal was due.
                if self.leases[&order].alive {
                    self.fall_silent(order);
                }
                self.lease_mut(order).waits = Some(until);
            }
            None => self.withdraw(order, Cause::Expired, Author::silence(self.leases[&order].last_beat)),
        }
    }

    fn fall_silent(&mut self, order: u64) {
        let (place, last) = (self.leases[&order].place, self.leases[&order].last_beat);
        self.lease_mut(order).alive = false;
        if !self.is_alive(place) {
            self.decide_fate(place, Cause::Silent, None);
            self.note(place, Cause::Silent, Author::silence(last));
            self.touch(place, Cause::Silent, false);
            self.keep_last(place.service);
        } else if self.is_apart(place) {
            self.touch(place, Cause::Silent, true);
        }
    }

    /// Until when the removal of a claim waits.
    fn held_up(&mut self, order: u64) -> Option<Ms> {
        let (now, place) = (self.now, self.leases[&order].place);
        if let Some(until) = self.services[&place.service].kept_until.filter(|&until| until > now) {
            return Some(until);
        }
        let brake = self.policy.expiry.brake?;
        let (interval, timeout) = self.pulse(order);
        let (missing, of) = self.missing();
        let deaf_until = self.deaf_until(order);
        let end = brake.longest.map(|longest| removed_at(&self.policy, &self.leases[&order]) + longest.as_millis());
        if !brakes_for(brake, missing, of) && deaf_until.is_none() || end.is_some_and(|end| end <= now) {
            return None;
        }
        let until = |wait: Ms| Some(end.map_or(wait, |end| end.min(wait)));
        if brake.pace == 0 {
            return until(now + interval);
        }
        if let Some(deaf_until) = deaf_until {
            return until(deaf_until + timeout);
        }
        if now - self.second >= 1000 {
            self.second = now;
            self.removed = 0;
        }
        if self.removed >= (self.counted().count() as u64 * u64::from(brake.pace) / 1000).max(1) {
            return until(self.second + 1000);
        }
        self.removed += 1;
        None
    }

    /// The interval and the timeout by which it is judged whether anybody is heard, for the removal of this claim.
    fn pulse(&self, order: u64) -> (Ms, Ms) {
        let (times, expiry) = (self.leases[&order].times, &self.policy.expiry);
        (times.interval.max(expiry.interval.as_millis()), times.timeout.max(expiry.timeout.as_millis()))
    }

    /// Until when nobody was heard, where that holds the removal of this claim up.
    pub(super) fn deaf_until(&self, order: u64) -> Option<Ms> {
        let (now, (interval, timeout), (_, of)) = (self.now, self.pulse(order), self.missing());
        if !brakes_for(self.policy.expiry.brake?, of, of) {
            return None;
        }
        let quiet = quiet(interval, timeout);
        if now - self.heard > quiet {
            return Some(now);
        }
        let (from, until) = self.unheard?;
        (until - from > quiet && now - until < timeout).then_some(until)
    }

    /// Somebody beat.
    pub(super) fn hear(&mut self) {
        let expiry = &self.policy.expiry;
        if self.now - self.heard > quiet(expiry.interval.as_millis(), expiry.timeout.as_millis()) {
            self.unheard = Some((self.heard, self.now));
        }
        self.heard = self.now;
    }

    /// The claims by beats whose silence is looked for here.
    pub(super) fn counted(&self) -> impl Iterator<Item = u64> {
        self.leases.keys().copied().filter(|&order| self.looks_for(order))
    }

    /// How many claims are missing, and of how many.
    pub(super) fn missing(&self) -> (u64, u64) {
        let all = self.counted().count() as u64;
        let alive = self.counted().filter(|order| self.leases[order].alive).count() as u64;
        let of = match self.policy.expiry.brake.map(|brake| brake.of) {
            Some(ShareOf::Most) => self.most.max(all),
            _ => all,
        };
        (of - alive, of)
    }

    /// Claims came: there may be more of them than there ever were.
    pub(super) fn count_claims(&mut self) {
        self.most = self.most.max(self.counted().count() as u64);
    }

    /// When the silence of a session is looked at.
    pub(super) fn session_look(&self, session: &Session) -> Ms {
        look(self.policy.session.sweep, session.last + self.session_idle(session))
    }

    pub(super) fn session_idle(&self, session: &Session) -> Ms {
        let idle = self.policy.session.idle.as_millis();
        session.asked_idle.map_or(idle, |asked| asked.min(idle))
    }

    /// When an unhealthy persistent instance is removed; none where it may be so for ever.
    pub(super) fn not_recovered_at(&self, place: Place) -> Option<Ms> {
        if place.kind != Kind::Persistent || !self.is_present(place) || self.is_alive(place) {
            return None;
        }
        let own = match self.policy.expiry.own_times {
            OwnTimes::BeatsOnly => None,
            OwnTimes::All => {
                let (_, metadata) = self.content_in_force(place);
                let times = metadata.value(DELETE).and_then(|_| times_of(&self.policy, &metadata).ok());
                times.map(|times| times.delete)
            }
        };
        let after = own.or(self.policy.checks.remove_after.map(|after| after.as_millis()))?;
        Some(look(self.policy.checks.sweep, self.instances[&place].fate.at + after))
    }

    fn not_recovered(&mut self, place: Place) {
        let since = self.instances[&place].fate.at;
        for order in self.leases_of(place) {
            self.withdraw(order, Cause::NotRecovered, Author::silence(since));
        }
    }

    /// The host heard nobody since `from`, as it says itself.
    pub(super) fn excuse_since(&mut self, now: Ms, from: Ms) -> Result<Outcome, Error> {
        if from > now {
            self.pass(now);
            self.forget_services();
            return Err(Error::invalid("excuse.from", from, "a moment not after now"));
        }
        self.pass(from.max(self.now));
        let until = now.max(self.now);
        self.excuse(until);
        self.gap = Some((from, until));
        self.pass(now);
        self.forget_services();
        Ok(Outcome::Excused)
    }

    /// Nobody watched until `now`: everybody has his whole time from here on.
    fn excuse(&mut self, now: Ms) {
        for order in self.counted().collect::<Vec<_>>() {
            let lease = self.lease_mut(order);
            lease.last_beat = now;
            lease.waits = None;
        }
        for session in self.sessions.values_mut() {
            session.last = now;
            session.probed = None;
        }
    }

    /// Whether another decision of the same service ends at the same moment.
    fn ties(&self, at: Ms, event: Event) -> bool {
        let Event::Decision { place, .. } = event else { return false };
        let others = self.decisions.iter().filter(|&(&other, _)| other != place && other.service == place.service);
        others.filter_map(|(_, decided)| decided.next_end(&self.policy.overrides)).any(|end| end == at)
    }

    fn tie(&self, place: Place) -> Tie {
        let address = &self.addresses[place.address];
        let before =
            |less: &dyn Fn(&liveset::Address) -> bool| self.addresses.iter().filter(|other| less(other)).count();
        let host = before(&|other| other.host < address.host);
        let cluster = before(&|other| other.cluster < address.cluster);
        (slot(self.services[&place.service].id), host, address.port.get(), cluster, place.kind)
    }
}

impl Decisions {
    /// When the next of its fields ends, as things stand.
    pub(super) fn next_end(&self, policy: &OverridePolicy) -> Option<Ms> {
        self.lifetimes().filter_map(|(lifetime, at)| self.end(policy, lifetime, at)).min()
    }

    /// When a field that was decided at `at` for `lifetime` ends.
    pub(super) fn end(&self, policy: &OverridePolicy, lifetime: Lifetime, at: Ms) -> Option<Ms> {
        let end = match lifetime {
            Lifetime::UntilCleared | Lifetime::ThisIncarnation => return None,
            Lifetime::For(span) => at + span.as_millis(),
            Lifetime::Absent(span) => self.absent_since? + span.as_millis(),
        };
        Some(look(policy.sweep, end))
    }

    fn lifetimes(&self) -> impl Iterator<Item = (Lifetime, Ms)> {
        let enabled = self.enabled.iter().map(|d| (d.lifetime, d.at));
        let weight = self.weight.iter().map(|d| (d.lifetime, d.at));
        let metadata = self.metadata.values().map(|d| (d.lifetime, d.at));
        enabled.chain(weight).chain(metadata)
    }
}

/// Whether so many missing make removals wait.
fn brakes_for(brake: Brake, missing: u64, of: u64) -> bool {
    missing > u64::from(brake.floor) && missing * 100 > of * u64::from(brake.share)
}

/// How long everybody may be silent before nobody is heard.
fn quiet(interval: Ms, timeout: Ms) -> Ms {
    timeout.saturating_sub(interval).max(2 * interval)
}
