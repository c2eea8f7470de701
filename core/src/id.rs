//! Generational ids: a 32-bit slot and a 21-bit generation, 53 bits in all, so that a double holds them exactly.

use serde::Serialize;

pub(crate) const GENERATION_BITS: u32 = 21;
pub(crate) const GENERATION_MAX: u32 = (1 << GENERATION_BITS) - 1;

/// No slot: the end of a chain, or nothing there.
pub(crate) const NONE: u32 = u32::MAX;

/// Largest value of an id.
pub(crate) const ID_MAX: u64 = (1 << ID_BITS) - 1;
const ID_BITS: u32 = 32 + GENERATION_BITS;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $expected:literal) => {
        $(#[$doc])*
        ///
        /// An id that outlived its owner finds nothing; it never finds a stranger. It is laid out as the number that it is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        #[repr(transparent)]
        pub struct $name(u64);

        impl $name {
            /// Bits that an id has; any number of so many is one.
            pub const BITS: u32 = ID_BITS;

            /// The id as a number below 2^53, as other languages carry it.
            pub const fn to_u64(self) -> u64 {
                self.0
            }

            /// The id that a host carried as a number. Any number is safe: a wrong one finds nothing. From 2^53 on all are wrong, and
            /// count as 0.
            pub const fn from_u64(value: u64) -> $name {
                $name(if value <= ID_MAX { value } else { 0 })
            }

            #[allow(dead_code)]
            pub(crate) const fn new(slot: u32, generation: u32) -> $name {
                $name((generation as u64) << 32 | slot as u64)
            }

            #[allow(dead_code)]
            pub(crate) const fn slot(self) -> u32 {
                self.0 as u32
            }

            #[allow(dead_code)]
            pub(crate) const fn generation(self) -> u32 {
                (self.0 >> 32) as u32
            }
        }

        crate::name::bounded_integer!($name, ID_MAX, $expected, $name);
    };
}

id!(
    /// One source's claim on an instance; what a beat names.
    LeaseId, "a lease id from 0 to 9007199254740991"
);
id!(
    /// An instance of a service, as rows of changes name it.
    InstanceId, "an instance id from 0 to 9007199254740991"
);
id!(
    /// A service.
    ServiceId, "a service id from 0 to 9007199254740991"
);
id!(
    /// A connection whose end ends all its leases.
    SessionId, "a session id from 0 to 9007199254740991"
);
id!(
    /// One subscriber's interest in one service.
    SubscriptionId, "a subscription id from 0 to 9007199254740991"
);

/// The generation after `generation`, or [`RETIRED`] when a slot has had all of them and must not be used again: an id never finds a
/// stranger.
pub(crate) const fn next_generation(generation: u32) -> u32 {
    if generation >= GENERATION_MAX { RETIRED } else { generation + 1 }
}

/// The generation of a slot that is used up. No id has it, so a zeroed id finds nothing.
pub(crate) const RETIRED: u32 = 0;
