//! Policies to try: the presets, some with small constants, and any at all.

use liveset::policy::{
    Absence, Bound, Brake, Cap, Clock, EnabledRule, ForeignDeregistration, HealthyOnly, Holds, Kinds, Lifetime,
    MalformedTimes, OverrideWrite, OwnTimes, ShareOf, Shared, Sources, Sweep, UnknownBeat,
};
use liveset::{Policy, Span, Threshold};

use super::Random;

/// All presets; strict with small constants, so that limits and rings are met; and one with every clock swept.
pub fn policies() -> Vec<Policy> {
    let mut small = Policy::strict();
    small.label = "small".into();
    small.limits.journal_max = 16;
    small.limits.instances_max = 5;
    small.limits.leases_per_instance_max = 2;
    small.limits.changes_per_service_max = 3;
    small.limits.sessions_max = 2;
    small.limits.subscriptions_max = 2;
    small.fence.removal = Span::from_secs(20);
    small.services.empty = Some(Span::from_secs(4));
    small.services.created_stays = false;
    small.services.settings = Span::from_secs(6);
    small.session.holds = Holds::One;
    let mut swept = Policy::nacos_2_5();
    swept.label = "swept".into();
    swept.expiry.sweep = Sweep::PerService(Span::from_secs(3));
    swept.overrides.lifetime = Lifetime::For(Span::from_secs(25));
    swept.view.notice_window = Span::from_secs(1);
    swept.expiry.cap = Some(Cap { silence: Span::from_secs(20), sweep: Clock::every(Span::from_secs(7)) });
    let mut braked = Policy::strict();
    braked.label = "braked".into();
    braked.expiry.brake = Some(Brake { floor: 0, share: 20, pace: 300, of: ShareOf::Most, longest: Some(secs(90)) });
    braked.view.keep_last = Some(Span::from_secs(20));
    let versions =
        [Policy::nacos_1_4(), Policy::nacos_2_0(), Policy::nacos_2_1(), Policy::nacos_2_5(), Policy::nacos_3_0()];
    let mut all: Vec<Policy> = [Policy::strict()].into_iter().chain(versions).chain([swept, braked]).collect();
    // A journal that is full long before a tape is over.
    all.iter_mut().for_each(|policy| policy.limits.journal_max = 400);
    all.push(small);
    all
}

/// A policy with every field at random, within its bounds.
pub fn any_policy(seed: u64) -> Policy {
    let base = Random(seed).pick(&policies());
    varied(base, seed)
}

/// A policy near to another one.
pub fn varied(mut policy: Policy, seed: u64) -> Policy {
    let mut random = Random(!seed);
    policy.label = format!("any {seed}");
    expiry(&mut random, &mut policy);
    claims(&mut random, &mut policy);
    memory(&mut random, &mut policy);
    view(&mut random, &mut policy);
    limits(&mut random, &mut policy);
    policy.check().expect("within its bounds");
    policy
}

/// Each field is left alone half of the time, so that policies stay near to ones that somebody may use.
fn set<T: Clone>(random: &mut Random, field: &mut T, values: &[T]) {
    if random.one_in(2) {
        *field = random.pick(values);
    }
}

fn secs(secs: u32) -> Span {
    Span::from_secs(secs)
}

fn ms(millis: u64) -> Span {
    Span::from_millis(millis).expect("short")
}

fn clocks() -> Vec<Clock> {
    vec![
        Clock::EXACT,
        Clock::EXACT,
        Clock::every(secs(5)),
        Clock { every: secs(3), phase: secs(1) },
        Clock { every: ms(100), phase: ms(37) },
        Clock { every: secs(20), phase: ms(19_999) },
    ]
}

fn expiry(random: &mut Random, policy: &mut Policy) {
    let expiry = &mut policy.expiry;
    set(random, &mut expiry.interval, &[secs(1), secs(5), ms(700)]);
    let spans = [(2, 2), (3, 9), (15, 30), (4, 30), (15, 15)].map(|(timeout, delete)| (secs(timeout), secs(delete)));
    let mut both = (expiry.timeout, expiry.delete);
    set(random, &mut both, &spans);
    (expiry.timeout, expiry.delete) = both;
    set(random, &mut expiry.bound, &[Bound::Reached, Bound::Exceeded]);
    let by_service = [5000, 2100].map(|period| Sweep::PerService(ms(period)));
    let by_lease = [5000, 1300].map(|period| Sweep::PerLease(ms(period)));
    set(random, &mut expiry.sweep, &[&[Sweep::Exact], &by_service[..], &by_lease[..]].concat());
    set(random, &mut expiry.clock_kept, &[Span::ZERO, secs(7), secs(30)]);
    set(random, &mut expiry.removal_takes, &[Span::ZERO, secs(1), secs(6)]);
    let malformed = [MalformedTimes::Refused, MalformedTimes::Default, MalformedTimes::Zero];
    set(random, &mut expiry.malformed_times, &malformed);
    set(random, &mut expiry.times_in_order, &[false, true]);
    set(random, &mut expiry.registration_revives, &[false, true]);
    let cap =
        random.one_in(2).then(|| Cap { silence: random.pick(&[secs(20), secs(6)]), sweep: random.pick(&clocks()) });
    set(random, &mut expiry.cap, &[cap, None]);
    let brake = |floor, share, pace| Brake { floor, share, pace, of: ShareOf::Held, longest: None };
    let brakes = [brake(0, 10, 300), brake(1, 50, 1000), brake(2, 0, 1), brake(0, 0, 600), brake(0, 30, 0)];
    let mut brake = random.pick(&brakes);
    set(random, &mut brake.of, &[ShareOf::Held, ShareOf::Most]);
    set(random, &mut brake.longest, &[None, Some(Span::ZERO), Some(secs(8)), Some(ms(2500))]);
    set(random, &mut expiry.brake, &[None, Some(brake)]);
    set(random, &mut expiry.beat_revives_unhealthy, &[false, true]);
    set(random, &mut expiry.own_times, &[OwnTimes::BeatsOnly, OwnTimes::All]);
    set(random, &mut expiry.gap_max, &[None, None, Some(secs(0)), Some(secs(2)), Some(secs(10))]);
    set(random, &mut policy.checks.rise, &[1, 2, 3]);
    set(random, &mut policy.checks.fall, &[1, 2, 3]);
    set(random, &mut policy.checks.observers, &[1, 2, 3]);
    set(random, &mut policy.checks.remove_after, &[None, Some(Span::ZERO), Some(secs(7))]);
    set(random, &mut policy.checks.sweep, &clocks());
    set(random, &mut policy.session.idle, &[secs(2), secs(20)]);
    set(random, &mut policy.session.sweep, &clocks());
    set(random, &mut policy.session.probe, &[secs(1), secs(5)]);
    set(random, &mut policy.session.holds, &[Holds::Many, Holds::OneOrBatch, Holds::One]);
}

fn claims(random: &mut Random, policy: &mut Policy) {
    let claims = &mut policy.claims;
    set(random, &mut claims.unknown_beat, &[UnknownBeat::Refused, UnknownBeat::Registers, UnknownBeat::Ignored]);
    set(random, &mut claims.sources, &[Sources::Distinct, Sources::OnePerAddress, Sources::OnePerHostPort]);
    let foreign = [ForeignDeregistration::Refused, ForeignDeregistration::Ignored];
    set(random, &mut claims.foreign_deregistration, &foreign);
    set(random, &mut claims.incarnations, &[false, true]);
}

fn memory(random: &mut Random, policy: &mut Policy) {
    let overrides = &mut policy.overrides;
    let span = random.pick(&[Span::ZERO, secs(6), secs(7)]);
    let lifetimes = [Lifetime::UntilCleared, Lifetime::For(span), Lifetime::ThisIncarnation, Lifetime::Absent(span)];
    set(random, &mut overrides.lifetime, &lifetimes);
    set(random, &mut overrides.write, &[OverrideWrite::Fields, OverrideWrite::Whole, OverrideWrite::Record]);
    set(random, &mut overrides.enabled, &[EnabledRule::BothAllow, EnabledRule::OverrideWins]);
    set(random, &mut overrides.absence, &[Absence::NoLeaseLeft, Absence::AnyLeaseEnded]);
    set(random, &mut overrides.copies_end_absence, &[false, true]);
    set(random, &mut overrides.persistent_ages, &[false, true]);
    set(random, &mut overrides.batches_age, &[false, true]);
    set(random, &mut overrides.by_owner, &[false, true]);
    set(random, &mut overrides.sweep, &clocks());
    set(random, &mut overrides.end_is_told, &[false, true]);
    set(random, &mut overrides.end_drops_settings, &[false, true]);
    set(random, &mut policy.fence.removal, &[Span::ZERO, secs(20), ms(1500)]);
    set(random, &mut policy.fence.deregistration, &[Span::ZERO, secs(10), ms(1)]);
    set(random, &mut policy.restart.instances, &[false, true]);
    set(random, &mut policy.restart.warming, &[None, Some(Span::ZERO), Some(secs(9))]);
    set(random, &mut policy.restart.ages, &[false, true]);
    set(random, &mut policy.restart.services, &[false, true]);
}

fn view(random: &mut Random, policy: &mut Policy) {
    let view = &mut policy.view;
    set(random, &mut view.refresh, &[Span::ZERO, ms(500), secs(3)]);
    set(random, &mut view.engine, &clocks());
    if view.engine.every != Span::ZERO {
        set(random, &mut view.engine_slip, &[0, 7, 1500, 100_000]);
    }
    set(random, &mut view.notice_window, &[Span::ZERO, ms(500)]);
    set(random, &mut view.unchanged_is_told, &[false, true]);
    let threshold = |value| Threshold::new(value).ok();
    set(random, &mut view.default_threshold, &[None, threshold(0.0), threshold(0.5), threshold(1.0)]);
    set(random, &mut view.threshold_is_told, &[false, true]);
    set(random, &mut view.protect_at_zero, &[false, true]);
    set(random, &mut view.keep_last, &[None, Some(Span::ZERO), Some(secs(4)), Some(secs(60))]);
    set(random, &mut view.healthy_only, &[HealthyOnly::AfterProtection, HealthyOnly::BeforeProtection]);
    set(random, &mut view.shared, &[Shared::Newest, Shared::Each]);
    let services = &mut policy.services;
    set(random, &mut services.kinds, &[Kinds::Apart, Kinds::Together]);
    set(random, &mut services.empty_keeps_kind, &[false, true]);
    set(random, &mut services.empty, &[None, Some(Span::ZERO), Some(secs(4)), Some(secs(60))]);
    set(random, &mut services.sweep, &clocks());
    set(random, &mut services.created_stays, &[false, true]);
    set(random, &mut services.settings, &[Span::ZERO, secs(5), secs(60)]);
    set(random, &mut services.settings_end_rechecked, &[false, true]);
}

fn limits(random: &mut Random, policy: &mut Policy) {
    let limits = &mut policy.limits;
    set(random, &mut limits.journal_max, &[16, 40, 4096]);
    set(random, &mut limits.journal_bytes_max, &[4096, 1 << 20]);
    set(random, &mut limits.instances_max, &[3, 6, 1000]);
    set(random, &mut limits.leases_per_instance_max, &[1, 2, 16]);
    // One is for the names that are pinned.
    set(random, &mut limits.services_max, &[2, 3, 1000]);
    set(random, &mut limits.sessions_max, &[1, 3, 1000]);
    set(random, &mut limits.subscriptions_max, &[1, 3, 20]);
    set(random, &mut limits.metadata_bytes_max, &[50, 1024]);
    set(random, &mut limits.changes_per_service_max, &[1, 3, 16]);
}
