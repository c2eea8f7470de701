//! Rule 11: when too large a share falls silent together, removals are slowed. It never holds up what somebody decided.

use serde::{Deserialize, Serialize};

use crate::policy::{self, ShareOf};
use crate::time::{Instant, Span};

/// The state of the brake.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Brake {
    /// When anybody last beat.
    heard: Instant,
    /// The second that is being counted, and what was removed in it.
    second: Instant,
    removed: u32,
    /// The most claims by beats that there ever were.
    most: u32,
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

    /// So many claims by beats there are.
    pub(crate) fn count(&mut self, all: u32) {
        self.most = self.most.max(all);
    }

    /// How many claims are missing where `silent` of `all` are silent, and of how many.
    pub(crate) fn missing(&self, policy: policy::Brake, (silent, all): (u32, u32)) -> (u32, u32) {
        let of = match policy.of {
            ShareOf::Held => all,
            ShareOf::Most => self.most.max(all),
        };
        (of - (all - silent), of)
    }

    /// Whether one of `silent` of `all` claims by beats may be removed at `now`, when its removal was due at `due`.
    pub(crate) fn admit(
        &mut self,
        policy: policy::Brake,
        (now, due): (Instant, Instant),
        interval: Span,
        (silent, all): (u32, u32),
    ) -> Braked {
        let (missing, of) = self.missing(policy, (silent, all));
        let many = u64::from(missing) * 100 > u64::from(of) * u64::from(policy.share);
        let end = policy.longest.map(|longest| due + longest);
        if missing <= policy.floor || !many || end.is_some_and(|end| end <= now) {
            return Braked::Go;
        }
        let wait = |until: Instant| Braked::Wait(end.map_or(until, |end| end.min(until)));
        if policy.pace == 0 {
            return wait(now + interval);
        }
        if now > self.heard + interval + interval {
            return wait(now + SECOND);
        }
        if now.since(self.second) >= SECOND {
            self.second = now;
            self.removed = 0;
        }
        let pace = (u64::from(all) * u64::from(policy.pace) / 1000).max(1);
        if u64::from(self.removed) >= pace {
            return wait(self.second + SECOND);
        }
        self.removed += 1;
        Braked::Go
    }
}
