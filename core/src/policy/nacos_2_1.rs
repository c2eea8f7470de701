//! As Nacos 2.1.0: 2.0.3 with the two kinds of instances kept apart, and a filter for healthy instances that goes before protection.

use alloc::borrow::ToOwned;

use super::*;

pub(super) fn policy() -> Policy {
    let earlier = nacos_2_0::policy();
    Policy {
        label: "nacos_2_1".to_owned(),
        view: ViewPolicy { healthy_only: HealthyOnly::BeforeProtection, ..earlier.view },
        services: ServicePolicy { kinds: Kinds::Apart, ..earlier.services },
        ..earlier
    }
}
