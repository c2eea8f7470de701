//! As Nacos 2.0.3: the operator's word is kept apart for 60 s of absence, and views are computed half a second late.

use alloc::borrow::ToOwned;

use super::*;
use crate::time::Span;

pub(super) fn policy() -> Policy {
    let strict = strict::policy();
    Policy {
        label: "nacos_2_0".to_owned(),
        expiry: Expiry {
            bound: Bound::Exceeded,
            sweep: Sweep::PerLease(Span::from_secs(5)),
            malformed_times: MalformedTimes::Zero,
            times_in_order: false,
            ..strict.expiry
        },
        claims: Claims {
            unknown_beat: UnknownBeat::Registers,
            sources: Sources::OnePerAddress,
            foreign_deregistration: ForeignDeregistration::Ignored,
            incarnations: false,
        },
        session: SessionPolicy { idle: Span::from_secs(20), sweep: Span::from_secs(3), probe: Span::from_secs(1) },
        overrides: OverridePolicy {
            lifetime: Lifetime::Absent(Span::from_secs(60)),
            write: OverrideWrite::Whole,
            enabled: EnabledRule::OverrideWins,
            ends_at_registration: false,
            absence: Absence::AnyLeaseEnded,
            copies_end_absence: false,
            sweep: Span::from_secs(5),
            end_is_told: false,
        },
        fence: FencePolicy { removal: Span::ZERO, deregistration: Span::ZERO },
        view: ViewPolicy {
            refresh: Span::HALF_SECOND,
            notice_window: Span::ZERO,
            default_threshold: None,
            threshold_is_told: false,
            protect_at_zero: true,
        },
        limits: Limits { metadata_bytes_max: 65_536, ..strict.limits },
    }
}
