//! As Nacos 2.5.1: 2.1.0 with checked registrations and a patient probe.

use alloc::borrow::ToOwned;

use super::*;
use crate::time::Span;

pub(super) fn policy() -> Policy {
    let earlier = nacos_2_1::policy();
    Policy {
        label: "nacos_2_5".to_owned(),
        expiry: Expiry { times_in_order: true, ..earlier.expiry },
        session: SessionPolicy { probe: Span::from_secs(5), ..earlier.session },
        overrides: OverridePolicy {
            copies_end_absence: true,
            persistent_ages: true,
            end_drops_settings: false,
            ..earlier.overrides
        },
        limits: Limits { metadata_bytes_max: 1024, ..earlier.limits },
        ..earlier
    }
}
