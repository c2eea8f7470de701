//! As Nacos 1.4.1: one record an instance, which every full registration writes anew.

use alloc::borrow::ToOwned;

use super::*;
use crate::name::Threshold;
use crate::time::Span;

pub(super) fn policy() -> Policy {
    let strict = strict::policy();
    Policy {
        label: "nacos_1_4".to_owned(),
        expiry: Expiry {
            // It compares with `>`, on clocks that are always late by a moment: recorded, a look at 15.00x s finds 15 s exceeded.
            bound: Bound::Reached,
            sweep: Sweep::PerService(Span::from_secs(5)),
            malformed_times: MalformedTimes::Default,
            times_in_order: false,
            registration_revives: false,
            beat_revives_unhealthy: true,
            brake: None,
            own_times: OwnTimes::BeatsOnly,
            ..strict.expiry
        },
        claims: Claims {
            unknown_beat: UnknownBeat::Registers,
            sources: Sources::OnePerAddress,
            foreign_deregistration: ForeignDeregistration::Ignored,
            incarnations: false,
        },
        overrides: OverridePolicy {
            // What is decided dies with the record: a removed instance comes back without it.
            lifetime: Lifetime::Absent(Span::ZERO),
            write: OverrideWrite::Record,
            enabled: EnabledRule::OverrideWins,
            by_owner: true,
            ..strict.overrides
        },
        fence: FencePolicy { removal: Span::ZERO, deregistration: Span::ZERO },
        restart: RestartPolicy { instances: false, warming: None, ages: true, services: true },
        view: ViewPolicy {
            notice_window: Span::from_secs(1),
            unchanged_is_told: true,
            default_threshold: Some(Threshold::ZERO),
            threshold_is_told: false,
            protect_at_zero: true,
            healthy_only: HealthyOnly::AfterProtection,
            shared: Shared::Newest,
            ..strict.view
        },
        services: ServicePolicy {
            kinds: Kinds::Together,
            empty_keeps_kind: true,
            // Forgotten at the fifth sighting in a row by a clock of 30 s.
            empty: Some(Span::from_secs(120)),
            sweep: Clock::every(Span::from_secs(30)),
            created_stays: false,
            settings: Span::ZERO,
            settings_end_rechecked: true,
        },
        limits: Limits { metadata_bytes_max: 65_536, ..strict.limits },
        ..strict
    }
}
