//! What do readers get, and when?

use serde::{Deserialize, Serialize};

use crate::name::Threshold;
use crate::time::Span;

/// Rules 8 and 12, what readers get and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ViewPolicy {
    /// How long after a change the view is computed again, in ms; 0 means at once. Nacos 2: 500, and reads lag with it.
    pub refresh: Span,
    /// How long a subscriber's notice waits for more changes, in ms; 0 means not at all. Nacos 1.4: 1000.
    pub notice_window: Span,
    /// Protect threshold of a service for which none was set. Nacos 1.4: 0; Nacos 2: none.
    pub default_threshold: Option<Threshold>,
    /// Whether subscribers are told when a new threshold brings protection into force or ends it. Nacos: no, readers meet it at their
    /// next query.
    pub threshold_is_told: bool,
    /// Whether a threshold of 0 protects a service without any healthy instance (0 <= 0). Nacos: yes.
    pub protect_at_zero: bool,
}
