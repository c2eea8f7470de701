//! Statuses of the boundary itself. Codes below 600 are those of `liveset::Error`.

/// Done.
pub const LIVESET_OK: i32 = 0;
/// The registry is closed, or never was.
pub const LIVESET_CLOSED: i32 = 600;
/// Another thread is inside this registry.
pub const LIVESET_BUSY: i32 = 601;
/// A call panicked inside this registry; it can only be closed.
pub const LIVESET_POISONED: i32 = 602;
/// A pointer that must not be NULL is.
pub const LIVESET_NULL: i32 = 603;
/// A buffer is too small; the size it needs was written, and nothing was consumed.
pub const LIVESET_TOO_SMALL: i32 = 604;
/// A number is out of its range: `now` from 2^53 on.
pub const LIVESET_OUT_OF_RANGE: i32 = 605;
