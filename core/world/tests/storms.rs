//! Storms: a thousand instances that beat every 5 s, and something that happens to many of them at once, for a quarter of an hour.
//!
//! Whoever lives and is heard in time must be there and healthy, whatever befalls the others; nobody who lives is removed, heard or not;
//! the dead go in the time that is said. Beside a storm that others fail in stands one that does, so that it is known to be a storm.

use std::collections::BTreeMap;
use std::ops::Range;

use liveset::policy::{Brake, ShareOf};
use liveset::{
    Actor, Address, Deregistration, InstanceQuery, Instant, LeaseId, OverrideChange, Policy, Reader, Registration,
    Registry, Removal, ServiceKey, SessionId, Standing,
};

const INSTANCES: usize = 1000;
const SECOND: u64 = 1000;
const INTERVAL: u64 = 5 * SECOND;
/// When the storm breaks, between two beats.
const OUTBREAK: u64 = 60 * SECOND + 2;

/// What happens, and to whom. Times are in ms.
#[derive(Clone)]
struct Storm {
    policy: Policy,
    /// These die at the outbreak.
    dead: Range<usize>,
    /// For so long from the outbreak on the registry's host does not run, and what is sent to it is lost.
    frozen: u64,
    /// For so long from the outbreak on nobody's beats arrive.
    cut: u64,
    /// How late a beat may arrive, each by its own time.
    late: u64,
    /// From one beat of an instance to its next; the instances take turns.
    every: u64,
    /// How long it is watched.
    horizon: u64,
}

/// What it came to. Times are in seconds from the outbreak to a look; there is a look every second.
#[derive(Debug, Default, PartialEq)]
struct Toll {
    /// How often somebody who lives was removed.
    wrong: usize,
    /// How often, of all looks, somebody who had been heard within the timeout was not there or not healthy.
    hidden: usize,
    /// Until none of the dead was there.
    dead_gone: Option<u64>,
    /// Until all who live were healthy, and stayed so.
    calm: u64,
}

struct Member {
    claim: Registration,
    lease: LeaseId,
    heard: u64,
}

/// A thousand who beat in turns, and nothing that befalls them.
fn fair_weather(policy: Policy) -> Storm {
    Storm { policy, dead: 0..0, frozen: 0, cut: 0, late: 0, every: INTERVAL, horizon: 900 * SECOND }
}

/// The strict policy as it is, and one under which an instance is gone as soon as it is silent for too long.
fn strict_policies() -> [Policy; 2] {
    let mut one_time = Policy::strict();
    one_time.label = "strict with one time of 15 s".into();
    one_time.expiry.delete = one_time.expiry.timeout;
    [Policy::strict(), one_time]
}

fn orders() -> ServiceKey {
    ServiceKey::named("orders").expect("good")
}

fn actor(name: &str) -> Actor {
    Actor::parse(name).expect("good")
}

fn claim(number: usize) -> Registration {
    let host = format!("10.0.{}.{}", number / 250, number % 250);
    Registration::new(orders(), Address::new(&host, 80).expect("good"), actor(&format!("order-{number}")))
}

fn at(millis: u64) -> Instant {
    Instant::from_millis(millis).expect("small")
}

impl Storm {
    fn lives(&self, number: usize, now: u64) -> bool {
        now < OUTBREAK || !self.dead.contains(&number)
    }

    fn first_beat(&self, number: usize) -> u64 {
        number as u64 * self.every / INSTANCES as u64
    }

    /// When beats arrive, and whose they are.
    fn arrivals(&self) -> Vec<(u64, usize)> {
        let rounds = 1..self.horizon / self.every;
        let deaf = OUTBREAK..OUTBREAK + self.frozen.max(self.cut);
        let mut arrivals = Vec::new();
        for (round, number) in rounds.flat_map(|round| (0..INSTANCES).map(move |number| (round, number))) {
            let sent = round * self.every + self.first_beat(number);
            let arrives = sent + (round * 7919 + number as u64 * 104_729) % (self.late + 1);
            if self.lives(number, sent) && !deaf.contains(&arrives) {
                arrivals.push((arrives, number));
            }
        }
        arrivals.sort_unstable();
        arrivals
    }

    fn breaks(&self) -> Toll {
        let mut registry = Registry::new(self.policy.clone()).expect("the policy is good");
        let join = |number| {
            let (claim, heard) = (claim(number), self.first_beat(number));
            let lease = registry.register(at(heard), &claim).expect("there is room").lease;
            Member { claim, lease, heard }
        };
        let mut members: Vec<Member> = (0..INSTANCES).map(join).collect();
        let mut toll = Toll::default();
        let mut arrivals = self.arrivals().into_iter().peekable();
        for look in (self.every..self.horizon).step_by(SECOND as usize) {
            while let Some((now, number)) = arrivals.next_if(|&(now, _)| now <= look) {
                let member = &mut members[number];
                member.heard = now;
                // Who is refused registers again, as every client does.
                if registry.beat(at(now), member.lease).is_err() {
                    toll.wrong += 1;
                    member.lease = registry.register(at(now), &member.claim).expect("not fenced").lease;
                }
            }
            if !(OUTBREAK..OUTBREAK + self.frozen).contains(&look) {
                registry.advance(at(look));
                self.look(&registry, &members, look, &mut toll);
            }
        }
        toll
    }

    fn look(&self, registry: &Registry, members: &[Member], now: u64, toll: &mut Toll) {
        let view = registry.instances(&InstanceQuery::new(orders(), Reader::Consumer));
        let healthy: BTreeMap<&Address, bool> = view.instances.iter().map(|row| (&row.address, row.healthy)).collect();
        let since = now.saturating_sub(OUTBREAK).div_ceil(SECOND);
        for member in (0..INSTANCES).filter(|&number| self.lives(number, now)).map(|number| &members[number]) {
            if healthy.get(&member.claim.address) != Some(&true) {
                toll.calm = since + 1;
                toll.hidden += usize::from(now < member.heard + self.policy.expiry.timeout.as_millis());
            }
        }
        let gone = self.dead.clone().all(|number| !healthy.contains_key(&members[number].claim.address));
        if now >= OUTBREAK && gone && !self.dead.is_empty() {
            toll.dead_gone.get_or_insert(since);
        }
    }
}

/// Nobody who lives is hurt, all who live are healthy after `calm`, and the dead are gone in time.
fn holds(storm: &Storm, calm: u64, dead_gone: Option<u64>) {
    let (toll, policy) = (storm.breaks(), &storm.policy.label);
    assert_eq!((toll.wrong, toll.hidden), (0, 0), "{policy}: {toll:?}");
    assert!(toll.calm <= calm, "{policy}: {toll:?}");
    assert_eq!(toll.dead_gone.is_some(), dead_gone.is_some(), "{policy}: {toll:?}");
    assert!(toll.dead_gone <= dead_gone, "{policy}: {toll:?}");
}

#[test]
fn ten_die_and_are_gone_after_the_delete_time_and_the_others_do_not_notice() {
    for policy in strict_policies() {
        let delete = policy.expiry.delete.as_millis() / SECOND;
        holds(&Storm { dead: 500..510, ..fair_weather(policy) }, 0, Some(delete));
    }
}

#[test]
fn a_rack_of_three_hundred_dies_and_is_gone_within_a_minute() {
    for policy in strict_policies() {
        holds(&Storm { dead: 300..600, ..fair_weather(policy) }, 0, Some(60));
    }
    // The first rule of Eureka: nobody goes while more than 15 % are missing, and whoever went is missing.
    let mut eureka = Policy::strict();
    let brake = Brake { floor: 0, share: 15, pace: 0, of: ShareOf::Most, longest: None };
    eureka.expiry.brake = Some(brake);
    let toll = Storm { dead: 300..600, ..fair_weather(eureka) }.breaks();
    assert_eq!(toll.dead_gone, None);
}

#[test]
fn a_rack_dies_and_beats_of_the_others_come_up_to_nine_seconds_late() {
    for policy in strict_policies() {
        holds(&Storm { dead: 300..600, late: 9 * SECOND, ..fair_weather(policy) }, 0, Some(60));
    }
}

#[test]
fn the_host_is_frozen_for_a_minute_and_nobody_died() {
    for policy in strict_policies() {
        holds(&Storm { frozen: 60 * SECOND, ..fair_weather(policy) }, 66, None);
    }
    assert_eq!(Storm { frozen: 60 * SECOND, ..fair_weather(Policy::nacos_2_5()) }.breaks().wrong, 1000);
}

#[test]
fn the_host_is_frozen_for_a_minute_and_ten_die_meanwhile() {
    let storm = |policy| Storm { frozen: 60 * SECOND, dead: 500..510, ..fair_weather(policy) };
    for policy in strict_policies() {
        holds(&storm(policy), 66, Some(77));
    }
    assert_eq!(storm(Policy::nacos_2_5()).breaks().wrong, 990);
}

#[test]
fn nothing_comes_in_for_two_minutes_and_nobody_died() {
    for policy in strict_policies() {
        holds(&Storm { cut: 120 * SECOND, ..fair_weather(policy) }, 126, None);
    }
    assert_eq!(Storm { cut: 120 * SECOND, ..fair_weather(Policy::nacos_2_5()) }.breaks().wrong, 1000);
}

#[test]
fn however_long_the_host_is_frozen_or_cut_off_nobody_who_lives_is_removed() {
    for length in (5..60).step_by(3) {
        let short = Storm { horizon: 160 * SECOND, ..fair_weather(Policy::strict()) };
        holds(&Storm { frozen: length * SECOND, ..short.clone() }, length + 6, None);
        holds(&Storm { cut: length * SECOND, ..short }, length + 6, None);
    }
}

#[test]
fn a_hundred_a_second_flap_and_none_of_them_is_removed() {
    // They beat every 20 s where 15 are allowed: 50 a second fall silent, and 50 come back.
    let flapping = Storm { every: 20 * SECOND, dead: 500..510, ..fair_weather(Policy::strict()) };
    let toll = flapping.breaks();
    assert_eq!((toll.wrong, toll.hidden), (0, 0), "{toll:?}");
    assert!(toll.calm > 800, "they flap until the end: {toll:?}");
    assert!(toll.dead_gone.is_some_and(|gone| gone <= 60), "{toll:?}");
}

#[test]
fn a_thousand_register_again_in_one_moment_and_readers_are_told_once() {
    let mut policy = Policy::strict();
    policy.limits.instances_max = INSTANCES as u32;
    policy.limits.sessions_max = INSTANCES as u32;
    let mut registry = Registry::new(policy).expect("the policy is good");
    let connected = |registry: &mut Registry, number: usize, now: u64| {
        let mut claim = claim(number);
        let session = registry.open_session(at(now), &claim.source).expect("there is room");
        claim.session = Some(session);
        registry.register(at(now), &claim).expect("there is room");
        session
    };
    let sessions: Vec<SessionId> = (0..INSTANCES).map(|number| connected(&mut registry, number, 0)).collect();
    for number in 0..10 {
        registry.set_override(at(SECOND), &offline(number)).expect("good");
    }
    registry.subscribe(at(SECOND), &orders(), &actor("consumer")).expect("there is room");
    let list = |registry: &Registry| registry.instances(&InstanceQuery::new(orders(), Reader::Consumer)).instances;
    let before: Vec<Address> = list(&registry).into_iter().map(|row| row.address).collect();
    assert_eq!(before.len(), INSTANCES - 10);
    // A proxy in front of all of them restarts: every connection ends, and all come again in the same moment.
    for session in sessions {
        registry.close_session(at(2 * SECOND), session).expect("open");
    }
    assert_eq!(list(&registry), []);
    for number in 0..INSTANCES {
        connected(&mut registry, number, 2 * SECOND);
    }
    let after: Vec<Address> = list(&registry).into_iter().map(|row| row.address).collect();
    assert_eq!(after, before);
    assert!(registry.poll().is_some());
    assert!(registry.poll().is_none());
}

fn offline(number: usize) -> OverrideChange {
    OverrideChange {
        service: orders(),
        address: claim(number).address,
        kind: None,
        by: actor("console"),
        because: None,
        lifetime: None,
        enabled: Some(false),
        weight: None,
        metadata: None,
    }
}

#[test]
fn while_the_brake_holds_a_rack_up_decisions_do_not_wait() {
    let mut registry = Registry::new(Policy::strict()).expect("the policy is good");
    let leases: Vec<LeaseId> =
        (0..INSTANCES).map(|number| registry.register(at(0), &claim(number)).expect("there is room").lease).collect();
    // Three hundred are never heard of again; 31 s later the first of them are gone, and most of them wait.
    for now in (1..=6).map(|round| round * INTERVAL) {
        registry.beat_many(at(now), &leases[300..], &mut Vec::new());
    }
    let now = at(31 * SECOND);
    registry.advance(now);
    let count = registry.instance_count();
    assert!((950..970).contains(&count), "{count}");
    let waiting = claim(299);
    let (service, address) = (orders(), waiting.address.clone());
    assert_eq!(registry.explain(&service, &address).standing, Standing::Unhealthy);
    let removal = Removal { service, address, by: actor("console"), because: None, fence_for: None };
    registry.remove(now, &removal).expect("held");
    let Registration { service, address, source, .. } = claim(298);
    registry.deregister(now, &Deregistration::new(service, address, source)).expect("its own");
    for lease in &leases[800..] {
        registry.deregister_lease(now, *lease).expect("held");
    }
    assert_eq!(registry.instance_count(), count - 202);
}
