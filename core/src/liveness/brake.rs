//! Rule 11: when too large a share falls silent together, removals are slowed. It never holds up what somebody decided.

use serde::{Deserialize, Serialize};

use crate::policy;
use crate::time::{Instant, Span};

/// The state of the brake.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Brake {
    /// When anybody last beat.
    heard: Instant,
    /// The second that is being counted, and what was removed in it.
    second: Instant,
    removed: u32,
}

/// What the brake says of a removal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Braked {
    /// It may be.
    Go,
    /// It is looked at again then.
    Wait(Instant),
}

const SECOND: Span = Span::unbounded(1000);

impl Brake {
    /// Somebody beat.
    pub(crate) fn hear(&mut self, now: Instant) {
        self.heard = now;
    }

    /// Whether one of `silent` of `all` claims by beats may be removed at `now`.
    pub(crate) fn admit(
        &mut self,
        policy: policy::Brake,
        now: Instant,
        interval: Span,
        (silent, all): (u32, u32),
    ) -> Braked {
        let many = u64::from(silent) * 100 > u64::from(all) * u64::from(policy.share);
        if silent <= policy.floor || !many {
            return Braked::Go;
        }
        if now > self.heard + interval + interval {
            return Braked::Wait(now + SECOND);
        }
        if now.since(self.second) >= SECOND {
            self.second = now;
            self.removed = 0;
        }
        let pace = (u64::from(all) * u64::from(policy.pace) / 1000).max(1);
        if u64::from(self.removed) >= pace {
            return Braked::Wait(self.second + SECOND);
        }
        self.removed += 1;
        Braked::Go
    }
}
