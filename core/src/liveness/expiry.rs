//! Rule 1: how long silence may last, and when it is looked for.

use alloc::format;

use serde::{Deserialize, Serialize};

use super::record::State;
use crate::error::Error;
use crate::name::Metadata;
use crate::policy::{Bound, Cap, Expiry, MalformedTimes, Sweep};
use crate::time::{Instant, Span, next_tick};

const INTERVAL_KEY: &str = "preserved.heart.beat.interval";
pub(crate) const TIMEOUT_KEY: &str = "preserved.heart.beat.timeout";
pub(crate) const DELETE_KEY: &str = "preserved.ip.delete.timeout";

/// The three times of one lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Times {
    pub(crate) interval: Span,
    pub(crate) timeout: Span,
    pub(crate) delete: Span,
}

/// How silence is measured: the part of the policy that every lease is held to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Measure {
    bound: Bound,
    sweep: Sweep,
    clock_kept: Span,
    removal_takes: Span,
    cap: Option<Cap>,
}

impl Measure {
    pub(crate) fn of(expiry: &Expiry) -> Measure {
        let &Expiry { bound, sweep, clock_kept, removal_takes, cap, .. } = expiry;
        Measure { bound, sweep, clock_kept, removal_takes, cap }
    }

    /// Whether silence is looked for by clocks that began at some moment.
    pub(crate) fn sweeps(&self) -> bool {
        self.sweep != Sweep::Exact
    }

    /// From a beat to the first moment at which anything can happen.
    pub(crate) fn reach(&self, times: Times) -> Span {
        self.past(times.timeout).min(self.delete_reach(times))
    }

    /// From a beat to removal.
    pub(crate) fn delete_reach(&self, times: Times) -> Span {
        self.past(self.cap.map_or(times.delete, |cap| cap.silence.min(times.delete)))
    }

    /// When a lease whose last beat was at `last` is found silent, given when its sweeping clock began.
    pub(crate) fn silent_at(&self, times: Times, last: Instant, clock_began: Instant) -> Instant {
        self.look(clock_began, last + self.past(times.timeout))
    }

    /// When it is removed.
    pub(crate) fn removed_at(&self, times: Times, last: Instant, clock_began: Instant) -> Instant {
        let by_own_time = self.look(clock_began, last + self.past(times.delete));
        let by_cap = self.cap.map(|cap| cap.sweep.look(last + self.past(cap.silence)));
        by_cap.map_or(by_own_time, |at| at.min(by_own_time)) + self.removal_takes
    }

    /// When a deadline is acted on, at once or at the next look of the clock that is responsible, and when the lease is removed.
    pub(super) fn acted_on(
        &self,
        state: State,
        times: Times,
        deadline: Instant,
        clock_began: Instant,
    ) -> (Instant, Instant) {
        if state == State::Silent {
            let removed = self.removed_at(times, deadline - self.delete_reach(times), clock_began);
            return (removed, removed);
        }
        let last = deadline - self.reach(times);
        let removed = self.removed_at(times, last, clock_began);
        (self.silent_at(times, last, clock_began).min(removed), removed)
    }

    /// Whether all claims by beats of an `ip:port` have one clock.
    pub(crate) fn shares_clocks(&self) -> bool {
        matches!(self.sweep, Sweep::PerLease(_)) && self.clock_kept != Span::ZERO
    }

    /// Until when the clock of an `ip:port` is kept that was last heard then and claims nothing.
    pub(crate) fn clock_kept_until(&self, heard: Instant) -> Instant {
        let until = heard + self.past(self.clock_kept);
        self.cap.map_or(until, |cap| cap.sweep.look(until))
    }

    /// The last look at or before `now` of a clock that began at `clock_began`.
    pub(crate) fn last_look(&self, clock_began: Instant, now: Instant) -> Instant {
        match self.sweep {
            Sweep::Exact => now,
            Sweep::PerService(period) | Sweep::PerLease(period) => {
                let since = now.since(clock_began).as_millis();
                clock_began + Span::unbounded(since - since % period.as_millis().max(1))
            }
        }
    }

    fn past(&self, span: Span) -> Span {
        match self.bound {
            Bound::Reached => span,
            Bound::Exceeded => Span::unbounded(span.as_millis() + 1),
        }
    }

    fn look(&self, clock_began: Instant, deadline: Instant) -> Instant {
        match self.sweep {
            Sweep::Exact => deadline,
            Sweep::PerService(period) | Sweep::PerLease(period) => {
                next_tick(deadline.max(clock_began + period), period, clock_began.as_millis())
            }
        }
    }
}

/// The times that an instance with this metadata has: its own where it names them, the policy's otherwise.
pub(crate) fn times_of(expiry: &Expiry, metadata: &Metadata) -> Result<Times, Error> {
    if metadata.entries().is_empty() {
        return Ok(Times { interval: expiry.interval, timeout: expiry.timeout, delete: expiry.delete });
    }
    let times = Times {
        interval: time_in(expiry, metadata, INTERVAL_KEY, expiry.interval)?,
        timeout: time_in(expiry, metadata, TIMEOUT_KEY, expiry.timeout)?,
        delete: time_in(expiry, metadata, DELETE_KEY, expiry.delete)?,
    };
    if expiry.times_in_order {
        // What cannot be read is not out of order: it is compared as if it were not there (R-VAL-4).
        let or_default = |key: &str, default: Span| whole_millis(metadata, key).unwrap_or(default);
        let interval = or_default(INTERVAL_KEY, expiry.interval);
        let others = [(TIMEOUT_KEY, expiry.timeout), (DELETE_KEY, expiry.delete)];
        // The policy's own times are the policy's business: an instance that names none of two is not at fault.
        let names = |key: &str| metadata.value(key).is_some();
        for (key, default) in others.into_iter().filter(|(key, _)| names(INTERVAL_KEY) || names(key)) {
            let span = or_default(key, default);
            if span < interval {
                let bound = format!("at least {INTERVAL_KEY} ({} ms)", interval.as_millis());
                return Err(Error::invalid(format!("metadata.{key}"), span.as_millis(), &bound));
            }
        }
    }
    Ok(times)
}

fn time_in(expiry: &Expiry, metadata: &Metadata, key: &str, default: Span) -> Result<Span, Error> {
    let Some(text) = metadata.value(key) else { return Ok(default) };
    let refuses = expiry.malformed_times == MalformedTimes::Refused;
    let whole = whole_millis(metadata, key);
    // No time at all is a time to Nacos; a policy that is strict about times asks for one.
    if let Some(span) = whole.filter(|&span| span != Span::ZERO || !refuses) {
        return Ok(span);
    }
    match expiry.malformed_times {
        MalformedTimes::Default => Ok(default),
        MalformedTimes::Zero => Ok(Span::ZERO),
        MalformedTimes::Refused => Err(Error::invalid(
            format!("metadata.{key}"),
            format!("{text:?}"),
            "whole milliseconds from 1 to 864000000",
        )),
    }
}

/// A time in metadata, where it is whole milliseconds up to ten days.
fn whole_millis(metadata: &Metadata, key: &str) -> Option<Span> {
    let text = metadata.value(key).filter(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()))?;
    Span::from_millis(text.parse().ok()?).ok()
}
