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
            bound: Bound::Exceeded,
            sweep: Sweep::PerService(Span::from_secs(5)),
            malformed_times: MalformedTimes::Default,
            times_in_order: false,
            ..strict.expiry
        },
        claims: Claims {
            unknown_beat: UnknownBeat::Registers,
            sources: Sources::OnePerAddress,
            foreign_deregistration: ForeignDeregistration::Ignored,
            incarnations: false,
        },
        overrides: OverridePolicy {
            // The flag dies with the record: a removed instance comes back without it.
            lifetime: Lifetime::Absent(Span::ZERO),
            write: OverrideWrite::Whole,
            enabled: EnabledRule::OverrideWins,
            ends_at_registration: true,
            ..strict.overrides
        },
        fence: FencePolicy { removal: Span::ZERO, deregistration: Span::ZERO },
        view: ViewPolicy {
            refresh: Span::ZERO,
            notice_window: Span::from_secs(1),
            default_threshold: Some(Threshold::ZERO),
            threshold_is_told: false,
            protect_at_zero: true,
        },
        limits: Limits { metadata_bytes_max: 65_536, ..strict.limits },
        ..strict
    }
}
