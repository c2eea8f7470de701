//! Rule 11: when too large a share falls silent together, removals are slowed. It never holds up what somebody decided.

use serde::{Deserialize, Serialize};

use crate::policy::{self, ShareOf};
use crate::time::{Instant, Span};

/// The state of the brake.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Brake {
    /// When anybody last beat.
    heard: Instant,
    /// The last time in which nobody was heard, from the last beat before it to the first one after it.
    unheard: Option<(Instant, Instant)>,
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

/// The interval and the timeout by which it is judged whether anybody is heard.
#[derive(Clone, Copy)]
pub(crate) struct Pulse {
    pub(crate) interval: Span,
    pub(crate) timeout: Span,
}

impl Pulse {
    pub(crate) fn of(expiry: &policy::Expiry) -> Pulse {
        Pulse { interval: expiry.interval, timeout: expiry.timeout }
    }

    /// Longer silence of everybody is not theirs: some would have beaten in it. A timeout of many intervals is one for clients that beat
    /// more seldom than they are told.
    fn quiet(self) -> Span {
        let most = Span::unbounded(self.timeout.as_millis().saturating_sub(self.interval.as_millis()));
        most.max(Span::unbounded(self.interval.as_millis() * 2))
    }
}

const SECOND: Span = Span::unbounded(1000);

impl Brake {
    /// Somebody beat.
    #[inline]
    pub(crate) fn hear(&mut self, now: Instant, pulse: Pulse) {
        if now.since(self.heard).as_millis() > 2 * pulse.interval.as_millis() {
            self.hear_again(now, pulse);
        }
        self.heard = now;
    }

    #[cold]
    fn hear_again(&mut self, now: Instant, pulse: Pulse) {
        if now > self.heard + pulse.quiet() {
            self.unheard = Some((self.heard, now));
        }
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

    /// Until when nobody was heard, while that lasts and for a timeout from then on. Too few to brake for are not missed.
    pub(crate) fn deaf_until(&self, policy: policy::Brake, now: Instant, pulse: Pulse, all: u32) -> Option<Instant> {
        let (_, of) = self.missing(policy, (all, all));
        let lasts = now > self.heard + pulse.quiet();
        let before = self.unheard.filter(|&(from, until)| until > from + pulse.quiet() && now < until + pulse.timeout);
        let until = if lasts { Some(now) } else { before.map(|(_, until)| until) };
        until.filter(|_| is_many(policy, of, of))
    }

    /// Whether one of `silent` of `all` claims by beats may be removed at `now`, when its removal was due at `due`.
    pub(crate) fn admit(
        &mut self,
        policy: policy::Brake,
        (now, due): (Instant, Instant),
        pulse: Pulse,
        (silent, all): (u32, u32),
    ) -> Braked {
        let (missing, of) = self.missing(policy, (silent, all));
        let deaf_until = self.deaf_until(policy, now, pulse, all);
        let end = policy.longest.map(|longest| due + longest);
        if !is_many(policy, missing, of) && deaf_until.is_none() || end.is_some_and(|end| end <= now) {
            return Braked::Go;
        }
        let wait = |until: Instant| Braked::Wait(end.map_or(until, |end| end.min(until)));
        if policy.pace == 0 {
            return wait(now + pulse.interval);
        }
        // Who is heard again is heard one after the other: the last ones have not beaten yet when the first ones have. While nobody is, whoever
        // comes first is waited for as long: to look sooner would only be work, for everybody at once.
        if let Some(until) = deaf_until {
            return wait(until + pulse.timeout);
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

fn is_many(policy: policy::Brake, missing: u32, of: u32) -> bool {
    missing > policy.floor && u64::from(missing) * 100 > u64::from(of) * u64::from(policy.share)
}
