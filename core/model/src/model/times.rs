//! Rule 1: which times an instance lives by, and when silence is found.

use liveset::policy::{Bound, Clock, MalformedTimes, Sweep};
use liveset::{Error, Metadata, Policy, Span};

use super::Ms;
use super::facts::{Lease, Times};

const INTERVAL: &str = "preserved.heart.beat.interval";
pub(super) const TIMEOUT: &str = "preserved.heart.beat.timeout";
pub(super) const DELETE: &str = "preserved.ip.delete.timeout";

/// The first tick at or after `from` of a clock that shows `phase`, `phase + period` and so on.
pub(super) fn tick(from: Ms, period: Ms, phase: Ms) -> Ms {
    if from <= phase {
        // Its ticks go on backwards, too.
        return from + (phase - from) % period;
    }
    phase + (from - phase).div_ceil(period) * period
}

/// The first look of a policy's clock at or after `from`.
pub(super) fn look(clock: Clock, from: Ms) -> Ms {
    match clock.every.as_millis() {
        0 => from,
        every => tick(from, every, clock.phase.as_millis()),
    }
}

/// The first turn at or after a moment, of a clock each of whose turns takes so many thousandths of a ms longer than its period.
pub(super) fn turn(clock: Clock, slip: u32, from: Ms) -> Ms {
    if slip == 0 {
        return look(clock, from);
    }
    let (turn, phase) = (clock.every.as_millis() * 1000 + u64::from(slip), clock.phase.as_millis());
    let latest = from.saturating_sub(phase) * 1000 / turn;
    let turns = [latest, latest + 1].map(|number| phase + number * turn / 1000);
    if turns[0] >= from { turns[0] } else { turns[1] }
}

/// The times that this metadata asks for, or what is wrong with them.
pub(super) fn times_of(policy: &Policy, metadata: &Metadata) -> Result<Times, Error> {
    let expiry = &policy.expiry;
    let read = |key: &str| -> Option<Option<Ms>> {
        let text = metadata.value(key)?;
        let digits = !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
        let millis = if digits { text.parse::<u64>().ok() } else { None };
        Some(millis.filter(|&millis| millis <= Span::MAX.as_millis()))
    };
    let time = |key: &str, own: Span| match (read(key), expiry.malformed_times) {
        (None, _) => Ok(own.as_millis()),
        (Some(None | Some(0)), MalformedTimes::Refused) => {
            Err(Error::invalid(format!("metadata.{key}"), "", "whole milliseconds from 1 to 864000000"))
        }
        (Some(Some(millis)), _) => Ok(millis),
        (Some(None), MalformedTimes::Default) => Ok(own.as_millis()),
        (Some(None), _) => Ok(0),
    };
    let times = Times {
        interval: time(INTERVAL, expiry.interval)?,
        timeout: time(TIMEOUT, expiry.timeout)?,
        delete: time(DELETE, expiry.delete)?,
    };
    if expiry.times_in_order {
        let said = |key: &str, own: Span| read(key).flatten().unwrap_or(own.as_millis());
        let interval = said(INTERVAL, expiry.interval);
        for (key, own) in [(TIMEOUT, expiry.timeout), (DELETE, expiry.delete)] {
            let at_fault = metadata.value(INTERVAL).is_some() || metadata.value(key).is_some();
            if at_fault && said(key, own) < interval {
                return Err(Error::invalid(format!("metadata.{key}"), "", "at least the interval"));
            }
        }
    }
    Ok(times)
}

/// From the last beat to the first moment that is too late.
pub(super) fn past(policy: &Policy, span: Ms) -> Ms {
    match policy.expiry.bound {
        Bound::Reached => span,
        Bound::Exceeded => span + 1,
    }
}

fn sweep(policy: &Policy, lease: &Lease, at: Ms) -> Ms {
    match policy.expiry.sweep {
        Sweep::Exact => at,
        Sweep::PerService(period) | Sweep::PerLease(period) => {
            let period = period.as_millis();
            // The first look is one period after the clock began.
            tick(at.max(lease.clock_began + period), period, lease.clock_began)
        }
    }
}

/// When a lease that does not beat again is found silent.
pub(super) fn silent_at(policy: &Policy, lease: &Lease) -> Ms {
    sweep(policy, lease, lease.last_beat + past(policy, lease.times.timeout))
}

/// When it is removed, unless the removal waits.
pub(super) fn removed_at(policy: &Policy, lease: &Lease) -> Ms {
    let own = sweep(policy, lease, lease.last_beat + past(policy, lease.times.delete));
    let cap = policy.expiry.cap;
    let by_cap = cap.map(|cap| look(cap.sweep, lease.last_beat + past(policy, cap.silence.as_millis())));
    by_cap.map_or(own, |at| at.min(own)) + policy.expiry.removal_takes.as_millis()
}

/// The longest silence there is for a lease.
pub(super) fn longest_silence(policy: &Policy, times: Times) -> Ms {
    let cap = policy.expiry.cap.map_or(Ms::MAX, |cap| cap.silence.as_millis());
    past(policy, times.delete.min(cap))
}

/// The last look of a lease's clock by now.
pub(super) fn last_look(policy: &Policy, lease: &Lease, now: Ms) -> Ms {
    match policy.expiry.sweep {
        Sweep::Exact => now,
        Sweep::PerService(period) | Sweep::PerLease(period) => now - (now - lease.clock_began) % period.as_millis(),
    }
}
