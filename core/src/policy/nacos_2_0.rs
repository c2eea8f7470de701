//! As Nacos 2.0.3: the operator's word is kept apart for 60 s of absence, and views are computed half a second late.

use alloc::borrow::ToOwned;

use super::*;
use crate::time::Span;

pub(super) fn policy() -> Policy {
    let strict = strict::policy();
    let five_seconds = Clock::every(Span::from_secs(5));
    Policy {
        label: "nacos_2_0".to_owned(),
        expiry: Expiry {
            // It compares with `>`, on clocks that are always late by a moment: recorded, a look at 15.00x s finds 15 s exceeded.
            bound: Bound::Reached,
            sweep: Sweep::PerLease(Span::from_secs(5)),
            clock_kept: Span::from_secs(30),
            malformed_times: MalformedTimes::Zero,
            times_in_order: false,
            beat_revives_unhealthy: true,
            cap: Some(Cap { silence: Span::from_secs(180), sweep: five_seconds }),
            brake: None,
            own_times: OwnTimes::BeatsOnly,
            ..strict.expiry
        },
        claims: Claims {
            unknown_beat: UnknownBeat::Registers,
            sources: Sources::OnePerHostPort,
            foreign_deregistration: ForeignDeregistration::Ignored,
            incarnations: false,
        },
        session: SessionPolicy {
            idle: Span::from_secs(20),
            sweep: Clock::every(Span::from_secs(3)),
            probe: Span::from_secs(1),
            holds: Holds::One,
        },
        checks: strict.checks,
        overrides: OverridePolicy {
            lifetime: Lifetime::Absent(Span::from_secs(60)),
            write: OverrideWrite::Whole,
            enabled: EnabledRule::OverrideWins,
            absence: Absence::AnyLeaseEnded,
            copies_end_absence: false,
            persistent_ages: false,
            batches_age: false,
            by_owner: true,
            sweep: five_seconds,
            end_is_told: false,
            end_drops_settings: true,
        },
        fence: FencePolicy { removal: Span::ZERO, deregistration: Span::ZERO },
        restart: RestartPolicy { instances: false, warming: None, ages: false, services: false },
        view: ViewPolicy {
            refresh: Span::HALF_SECOND,
            engine: Clock::every(Span::unbounded(100)),
            engine_slip: 0,
            notice_window: Span::ZERO,
            unchanged_is_told: true,
            default_threshold: None,
            threshold_is_told: false,
            protect_at_zero: true,
            keep_last: None,
            healthy_only: HealthyOnly::AfterProtection,
            shared: Shared::Each,
        },
        services: ServicePolicy {
            kinds: Kinds::Together,
            empty_keeps_kind: true,
            empty: Some(Span::from_secs(60)),
            sweep: Clock::every(Span::from_secs(60)),
            created_stays: false,
            settings: Span::from_secs(60),
            settings_end_rechecked: false,
        },
        limits: Limits { metadata_bytes_max: 65_536, ..strict.limits },
    }
}
