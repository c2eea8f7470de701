//! Moments and spans: integer milliseconds that the host hands in.

use core::fmt;
use core::num::NonZeroU64;
use core::ops::{Add, Sub};

use serde::{Serialize, Serializer};

use crate::error::Error;

/// Largest millisecond that is exact in every host language: JavaScript's numbers end at 2^53.
const MILLIS_MAX: u64 = (1 << 53) - 1;

/// A moment: milliseconds since a zero that the host chose once and keeps.
///
/// Any monotonic clock will do. The registry never reads one; it lives at the moments it is handed.
// One more than its milliseconds, so that an `Option` of it takes no more room.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(NonZeroU64);

/// A length of time in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Span(u64);

impl Instant {
    /// The host's zero.
    pub const ZERO: Instant = Instant::at(0);
    /// The last moment there is: 2^53 - 1 ms.
    pub const MAX: Instant = Instant::at(MILLIS_MAX);
    /// No moment that anybody can hand in.
    pub(crate) const NEVER: Instant = Instant(NonZeroU64::MAX);

    /// The moment `millis` after the host's zero; refused from 2^53 on.
    pub fn from_millis(millis: u64) -> Result<Instant, Error> {
        if millis <= MILLIS_MAX { Ok(Instant::at(millis)) } else { Err(Error::invalid("now", millis, EXPECTED)) }
    }

    /// The moment `secs` after the host's zero.
    pub const fn from_secs(secs: u32) -> Instant {
        Instant::at(secs as u64 * 1000)
    }

    /// Milliseconds since the host's zero.
    pub const fn as_millis(self) -> u64 {
        self.0.get() - 1
    }

    /// How long ago `earlier` was; zero when it is not earlier.
    pub const fn since(self, earlier: Instant) -> Span {
        Span(self.0.get().saturating_sub(earlier.0.get()))
    }

    const fn at(millis: u64) -> Instant {
        Instant(NonZeroU64::MIN.saturating_add(millis))
    }
}

impl Default for Instant {
    fn default() -> Instant {
        Instant::ZERO
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Instant").field(&self.as_millis()).finish()
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.as_millis())
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Span = Span(0);
    /// Half a second, the delay of several of Nacos's timers.
    pub(crate) const HALF_SECOND: Span = Span(500);
    /// The longest span a policy or an instance may name: ten days. It keeps every deadline within the 32 bits of a hot record.
    pub const MAX: Span = Span(10 * 24 * 3600 * 1000);

    /// A span of `millis`; refused above ten days.
    pub fn from_millis(millis: u64) -> Result<Span, Error> {
        if millis <= Span::MAX.0 { Ok(Span(millis)) } else { Err(Error::invalid("span", millis, EXPECTED_SPAN)) }
    }

    /// A span of `secs`, at most ten days.
    pub const fn from_secs(secs: u32) -> Span {
        let millis = secs as u64 * 1000;
        if millis < Span::MAX.0 { Span(millis) } else { Span::MAX }
    }

    /// Any length: for sums inside the core that a later addition bounds.
    pub(crate) const fn unbounded(millis: u64) -> Span {
        Span(millis)
    }

    /// The span in milliseconds.
    pub const fn as_millis(self) -> u64 {
        self.0
    }
}

impl Add<Span> for Instant {
    type Output = Instant;
    fn add(self, span: Span) -> Instant {
        Instant(self.0.saturating_add(span.0)).min(Instant::MAX)
    }
}

impl Sub<Span> for Instant {
    type Output = Instant;
    fn sub(self, span: Span) -> Instant {
        Instant::at(self.as_millis().saturating_sub(span.0))
    }
}

/// Seconds as an operator reads them: `12s`, `12.5s`, `0.001s`.
fn write_seconds(f: &mut fmt::Formatter<'_>, millis: u64) -> fmt::Result {
    let (secs, rest) = (millis / 1000, millis % 1000);
    if rest == 0 {
        return write!(f, "{secs}s");
    }
    let (mut digits, mut width) = (rest, 3);
    while digits % 10 == 0 {
        digits /= 10;
        width -= 1;
    }
    write!(f, "{secs}.{digits:0width$}s")
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_seconds(f, self.as_millis())
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_seconds(f, self.0)
    }
}

const EXPECTED: &str = "a moment from 0 to 9007199254740991 ms";
const EXPECTED_SPAN: &str = "a span from 0 to 864000000 ms (ten days)";

crate::name::bounded_integer!(Instant, MILLIS_MAX, EXPECTED, Instant::at);
crate::name::bounded_integer!(Span, Span::MAX.0, EXPECTED_SPAN, Span);

/// First moment at or after `from` that a clock ticking every `period` ms from `phase` shows.
pub(crate) fn next_tick(from: Instant, period: Span, phase: u64) -> Instant {
    let period = period.0.max(1);
    let behind = (from.as_millis() + period - phase % period) % period;
    if behind == 0 { from } else { from + Span(period - behind) }
}
