//! Names and numbers with bounds. They are parsed once, at the edge; behind it every value of these types is good.

mod content;
mod host;
mod interned;
mod metadata;
mod number;

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use core::fmt;

use serde::{Deserialize, Deserializer, Serialize};

pub(crate) use content::{ContentId, ContentPool};
pub(crate) use host::HostId;
pub(crate) use interned::{NameId, Names};
pub use metadata::Metadata;
pub(crate) use number::{INCARNATION, bounded_integer, incarnation};
pub use number::{Port, Threshold, Weight};

use crate::error::Error;

/// Declares a text type: what it holds, how long it may be in bytes, and which characters are good.
macro_rules! bounded_text {
    ($(#[$doc:meta])* $name:ident, $field:literal, $max:expr, $good:expr, $expected:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Parses it; the error names the field and the bound.
            pub fn parse(text: &str) -> Result<$name, Error> {
                let good: fn(&str) -> bool = $good;
                if text.is_empty() || text.len() > $max || !good(text) {
                    return Err(Error::invalid($field, quoted(text), $expected));
                }
                Ok($name(text.to_owned()))
            }

            #[allow(dead_code)]
            pub(crate) fn trusted(text: &str) -> $name {
                $name(text.to_owned())
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
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
                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$name, E> {
                        $name::parse(text).map_err(|_| {
                            E::custom(format!("{}; expected {}", quoted(text), $expected))
                        })
                    }
                }
                deserializer.deserialize_str(Visitor)
            }
        }
    };
}

/// What stood there, short enough for a message.
fn quoted(text: &str) -> String {
    const SHOWN: usize = 40;
    if text.chars().count() <= SHOWN {
        return format!("{text:?}");
    }
    let head: String = text.chars().take(SHOWN).collect();
    format!("{head:?}... ({} bytes)", text.len())
}

fn no_control_or_space(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() || c.is_whitespace())
}

fn name_characters(text: &str) -> bool {
    no_control_or_space(text) && !text.contains("@@")
}

fn printable(text: &str) -> bool {
    !text.chars().any(char::is_control)
}

bounded_text!(
    /// A namespace: the tenant that everything below it belongs to. `public` where none is named.
    Namespace, "namespace", 256, name_characters,
    "a namespace of 1 to 256 bytes without spaces or `@@`"
);
bounded_text!(
    /// A group of services inside a namespace. `DEFAULT_GROUP` where none is named (Nacos's default).
    Group, "group", 256, name_characters,
    "a group of 1 to 256 bytes without spaces or `@@`"
);
bounded_text!(
    /// The name of a service inside its group.
    ServiceName, "name", 1024, name_characters,
    "a service name of 1 to 1024 bytes without spaces or `@@`"
);
bounded_text!(
    /// A cluster inside a service. `DEFAULT` where none is named (Nacos's default).
    Cluster, "cluster", 256, name_characters,
    "a cluster of 1 to 256 bytes without spaces or `@@`"
);
bounded_text!(
    /// The address of an instance: an IP address or a host name.
    Host, "host", 128, no_control_or_space,
    "a host of 1 to 128 bytes without spaces"
);
bounded_text!(
    /// Who claims, decides or listens: a client id, a connection, a proxy, an operator's account.
    Actor, "by", 128, printable,
    "a name of 1 to 128 printable bytes"
);
bounded_text!(
    /// Why an operator decided something, in the operator's words.
    Reason, "because", 256, printable,
    "a reason of 1 to 256 printable bytes"
);

/// Which service: namespace, group and name. Written `group@@name` for people, and `name` alone in the default group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceKey {
    /// Defaults to `public`.
    #[serde(default = "public")]
    pub namespace: Namespace,
    /// Defaults to `DEFAULT_GROUP`.
    #[serde(default = "default_group")]
    pub group: Group,
    /// The service's own name.
    pub name: ServiceName,
}

/// Which instance of a service: `host:port` in a cluster.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// IP address or host name.
    pub host: Host,
    /// 0 to 65535.
    pub port: Port,
    /// Defaults to `DEFAULT`.
    #[serde(default = "default_cluster")]
    pub cluster: Cluster,
}

impl ServiceKey {
    /// The service `name` in namespace `public` and group `DEFAULT_GROUP`.
    pub fn named(name: &str) -> Result<ServiceKey, Error> {
        Ok(ServiceKey { namespace: public(), group: default_group(), name: ServiceName::parse(name)? })
    }
}

impl Address {
    /// `host:port` in cluster `DEFAULT`.
    pub fn new(host: &str, port: u16) -> Result<Address, Error> {
        Ok(Address { host: Host::parse(host)?, port: Port::new(port), cluster: default_cluster() })
    }
}

impl fmt::Display for ServiceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.namespace.as_str() != PUBLIC {
            write!(f, "{}/", self.namespace)?;
        }
        if self.group.as_str() != DEFAULT_GROUP {
            write!(f, "{}@@", self.group)?;
        }
        write!(f, "{}", self.name)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)?;
        if self.cluster.as_str() != DEFAULT_CLUSTER {
            write!(f, " in {}", self.cluster)?;
        }
        Ok(())
    }
}

const PUBLIC: &str = "public";
const DEFAULT_GROUP: &str = "DEFAULT_GROUP";
const DEFAULT_CLUSTER: &str = "DEFAULT";

fn public() -> Namespace {
    Namespace(PUBLIC.to_owned())
}

fn default_group() -> Group {
    Group(DEFAULT_GROUP.to_owned())
}

fn default_cluster() -> Cluster {
    Cluster(DEFAULT_CLUSTER.to_owned())
}
