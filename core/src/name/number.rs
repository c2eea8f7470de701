//! Numbers with bounds that stand beside names.

use core::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use crate::error::Error;

/// Reads an integer newtype from a document; the message names the bound.
macro_rules! bounded_integer {
    ($name:ident, $max:expr, $expected:expr, $make:expr) => {
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<$name, D::Error> {
                struct Visitor;
                impl serde::de::Visitor<'_> for Visitor {
                    type Value = $name;
                    fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                        f.write_str($expected)
                    }
                    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<$name, E> {
                        if value > $max {
                            return Err(E::invalid_value(serde::de::Unexpected::Unsigned(value), &self));
                        }
                        Ok($make(value))
                    }
                    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<$name, E> {
                        match u64::try_from(value) {
                            Ok(value) => self.visit_u64(value),
                            Err(_) => Err(E::invalid_value(serde::de::Unexpected::Signed(value), &self)),
                        }
                    }
                }
                deserializer.deserialize_u64(Visitor)
            }
        }
    };
}
pub(crate) use bounded_integer;

/// A port, 0 to 65535. Nacos allows 0, so it is allowed here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Port(u16);

impl Port {
    /// Every `u16` is a port.
    pub const fn new(port: u16) -> Port {
        Port(port)
    }

    /// The port as a number.
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

fn port(value: u64) -> Port {
    Port(value as u16)
}

bounded_integer!(Port, u64::from(u16::MAX), "a port from 0 to 65535", port);

/// Declares a finite number between two bounds.
macro_rules! bounded_float {
    ($(#[$doc:meta])* $name:ident, $field:literal, $min:expr, $max:expr, $expected:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize)]
        #[serde(transparent)]
        pub struct $name(f64);

        // No value is NaN: the bounds keep it out.
        impl Eq for $name {}

        impl $name {
            /// Refuses what is out of bounds, NaN and infinities included.
            pub fn new(value: f64) -> Result<$name, Error> {
                // Adding zero turns -0 into 0, so that equal weights are equal bytes.
                if ($min..=$max).contains(&value) {
                    Ok($name(value + 0.0))
                } else {
                    Err(Error::invalid($field, value, $expected))
                }
            }

            /// The number.
            pub const fn get(self) -> f64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<$name, D::Error> {
                struct Visitor;
                impl serde::de::Visitor<'_> for Visitor {
                    type Value = $name;
                    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                        f.write_str($expected)
                    }
                    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<$name, E> {
                        $name::new(value)
                            .map_err(|_| E::invalid_value(serde::de::Unexpected::Float(value), &self))
                    }
                    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<$name, E> {
                        self.visit_f64(value as f64)
                    }
                    fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<$name, E> {
                        self.visit_f64(value as f64)
                    }
                }
                deserializer.deserialize_f64(Visitor)
            }
        }
    };
}

bounded_float!(
    /// The share of traffic an instance asks for, 0 to 10000 (the range that Nacos's HTTP API accepts). 1 where none is named.
    Weight, "weight", 0.0, 10_000.0,
    "a weight from 0 to 10000"
);
bounded_float!(
    /// Protect threshold, 0 to 1: when healthy / total is at or below it, all instances are served as healthy.
    Threshold, "protect_threshold", 0.0, 1.0,
    "a threshold from 0 to 1"
);

impl Default for Weight {
    fn default() -> Weight {
        Weight(1.0)
    }
}

impl Threshold {
    /// 0: at most the case of no healthy instance at all is protected, and that only where the policy says so.
    pub const ZERO: Threshold = Threshold(0.0);
}

/// Reads an incarnation, where one is given: a number that is exact in every language.
pub(crate) fn incarnation<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    struct Exact(u64);
    bounded_integer!(Exact, crate::id::ID_MAX, INCARNATION, Exact);
    Ok(Option::<Exact>::deserialize(deserializer)?.map(|exact| exact.0))
}

/// What an incarnation may be.
pub(crate) const INCARNATION: &str = "an incarnation from 0 to 9007199254740991";
