//! The default: what operators asked for.

use alloc::borrow::ToOwned;

use super::*;
use crate::time::Span;

pub(super) fn policy() -> Policy {
    Policy {
        label: "strict".to_owned(),
        expiry: Expiry {
            interval: Span::from_secs(5),
            timeout: Span::from_secs(15),
            delete: Span::from_secs(30),
            bound: Bound::Reached,
            sweep: Sweep::Exact,
            clock_kept: Span::ZERO,
            removal_takes: Span::ZERO,
            malformed_times: MalformedTimes::Refused,
            times_in_order: true,
            registration_revives: true,
            beat_revives_unhealthy: false,
            cap: None,
            brake: Some(Brake {
                floor: 10,
                share: 10,
                pace: 20,
                of: ShareOf::Held,
                longest: Some(Span::from_secs(3600)),
            }),
            own_times: OwnTimes::All,
            gap_max: None,
        },
        claims: Claims {
            unknown_beat: UnknownBeat::Refused,
            sources: Sources::Distinct,
            foreign_deregistration: ForeignDeregistration::Refused,
            incarnations: true,
        },
        session: SessionPolicy {
            idle: Span::from_secs(20),
            sweep: Clock::EXACT,
            probe: Span::from_secs(5),
            holds: Holds::OneOrBatch,
        },
        checks: CheckPolicy { rise: 3, fall: 3, observers: 1, remove_after: None, sweep: Clock::EXACT },
        overrides: OverridePolicy {
            lifetime: Lifetime::UntilCleared,
            write: OverrideWrite::Fields,
            enabled: EnabledRule::BothAllow,
            absence: Absence::NoLeaseLeft,
            copies_end_absence: true,
            persistent_ages: true,
            batches_age: true,
            by_owner: false,
            sweep: Clock::EXACT,
            end_is_told: true,
            end_drops_settings: false,
        },
        // An hour outlives every beat in flight and every retry loop; an owner's own fence only has to outlive its last beats.
        fence: FencePolicy { removal: Span::from_secs(3600), deregistration: Span::from_secs(30) },
        // A host that writes snapshots loses nothing.
        restart: RestartPolicy { instances: true, warming: Some(Span::from_secs(120)), ages: true, services: true },
        view: ViewPolicy {
            refresh: Span::ZERO,
            engine: Clock::EXACT,
            engine_slip: 0,
            notice_window: Span::ZERO,
            unchanged_is_told: false,
            default_threshold: None,
            threshold_is_told: true,
            protect_at_zero: false,
            keep_last: None,
            healthy_only: HealthyOnly::BeforeProtection,
            shared: Shared::Newest,
        },
        services: ServicePolicy {
            kinds: Kinds::Apart,
            empty_keeps_kind: false,
            empty: Some(Span::from_secs(60)),
            sweep: Clock::EXACT,
            created_stays: true,
            settings: Span::ZERO,
            settings_end_rechecked: true,
        },
        limits: Limits {
            instances_max: 20_000_000,
            leases_per_instance_max: 16,
            services_max: 1_000_000,
            sessions_max: 1_000_000,
            subscriptions_max: 10_000_000,
            metadata_bytes_max: 1024,
            journal_max: 4096,
            journal_bytes_max: 1 << 20,
            changes_per_service_max: 16,
        },
    }
}
