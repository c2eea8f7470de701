//! Rule 8, the protect threshold: when too few are healthy, consumers get all of them as healthy.
//!
//! It overrides health and nothing else: who is gone, fenced or offline does not come back by it.

use crate::name::Threshold;
use crate::policy::ViewPolicy;

/// Whether `healthy` of `total` served instances bring the protection of a service with this threshold into force.
pub(crate) fn is_protected(policy: &ViewPolicy, threshold: Option<Threshold>, healthy: u32, total: u32) -> bool {
    let Some(threshold) = threshold.or(policy.default_threshold) else { return false };
    if total == 0 || (threshold == Threshold::ZERO && !policy.protect_at_zero) {
        return false;
    }
    f64::from(healthy) / f64::from(total) <= threshold.get()
}
