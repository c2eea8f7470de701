//! What is set: every rule's constants as plain data. No rule asks which product a policy imitates.
//!
//! [`Policy::strict`] is the default: what operators asked for. The presets named after servers give what those versions
//! did, surprises included; they are values, one file each.

mod bounds;
mod diff;
mod liveness;
mod memory;
mod nacos_1_4;
mod nacos_2_0;
mod nacos_2_1;
mod nacos_2_5;
mod nacos_3_0;
mod strict;
mod view;

use alloc::string::String;

use serde::{Deserialize, Serialize};

use crate::error::Error;

pub use diff::{Difference, diff};
pub use liveness::{
    Bound, Brake, Cap, CheckPolicy, Clock, Expiry, Holds, MalformedTimes, OwnTimes, SessionPolicy, ShareOf, Sweep,
};
pub use memory::{Absence, EnabledRule, FencePolicy, Lifetime, OverridePolicy, OverrideWrite, RestartPolicy};
pub use view::{HealthyOnly, Kinds, ServicePolicy, Shared, ViewPolicy};

/// All rules and constants of one registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// What to call it in timelines; no rule reads it. 1 to 64 bytes.
    pub label: String,
    /// Beats: when silence makes an instance unhealthy, and when it removes it.
    pub expiry: Expiry,
    /// Beats and registrations: who may claim what.
    pub claims: Claims,
    /// Connections.
    pub session: SessionPolicy,
    /// Reported health of persistent instances.
    pub checks: CheckPolicy,
    /// What is remembered of an operator's decisions.
    pub overrides: OverridePolicy,
    /// What is remembered of an ended life.
    pub fence: FencePolicy,
    /// What a restart of the registry leaves.
    pub restart: RestartPolicy,
    /// What readers get.
    pub view: ViewPolicy,
    /// Services, empty ones above all.
    pub services: ServicePolicy,
    /// How many of everything there may be.
    pub limits: Limits,
}

/// Rules 2, 6 and 7: beats for the unknown, deregistration, several sources.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// What a beat does for an instance that is not there.
    pub unknown_beat: UnknownBeat,
    /// Whether claims that live by beats are told apart by their source.
    pub sources: Sources,
    /// What happens to the deregistration of an instance that only others hold.
    pub foreign_deregistration: ForeignDeregistration,
    /// Whether incarnations are compared. Off, late commands of an older life act on the newer one.
    pub incarnations: bool,
}

/// Rule 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownBeat {
    /// Refused: register again. A beat never creates an instance.
    Refused,
    /// A beat that carries the whole instance registers it. Nacos: all versions.
    Registers,
    /// Answered as done, and nothing happens: what beats is a lease that lives on without its instance. go-zero over etcd, before 1.9.
    Ignored,
}

/// Rule 7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sources {
    /// Each source has its own lease.
    Distinct,
    /// All claims by beats on one address are one lease, which anyone may withdraw. Nacos 1.4: the record is `ip:port` in a cluster.
    OnePerAddress,
    /// As `one_per_address`, whatever the cluster: a claim in another cluster moves the instance there. Nacos 2 over HTTP: the client is
    /// `ip:port` (R-DM-8).
    OnePerHostPort,
}

/// Rule 6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForeignDeregistration {
    /// An error that names the holders.
    Refused,
    /// Answered as done, and nothing happens. Nacos 2: another client's deregistration of a gRPC instance.
    Ignored,
}

/// How many of everything there may be. At a limit, new registrations, sessions and subscriptions are refused; beats of what is there,
/// deregistrations and operators' commands go through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Instances, 1 to 4000000000.
    pub instances_max: u32,
    /// Leases of one instance, 1 to 1000.
    pub leases_per_instance_max: u32,
    /// Services known or remembered, 1 to 100000000. Operators' commands go beyond.
    pub services_max: u32,
    /// Open sessions, 1 to 100000000.
    pub sessions_max: u32,
    /// Subscriptions, 1 to 100000000.
    pub subscriptions_max: u32,
    /// Bytes of an instance's metadata, 0 to 65536. Nacos 2.3 and later: 1024.
    pub metadata_bytes_max: u32,
    /// Entries of the journal, 16 to 16000000; older ones are dropped and counted. As many gone instances are remembered.
    pub journal_max: u32,
    /// Bytes of the journal, each entry counted as 64 and the length of its reason, 4096 to 4000000000; older ones are dropped and counted.
    pub journal_bytes_max: u32,
    /// Changes kept for each service, 1 to 1024; a subscriber further behind gets the whole list.
    pub changes_per_service_max: u32,
}

impl Policy {
    /// What operators asked for: no resurrection by beats, memory until cleared, exact times.
    pub fn strict() -> Policy {
        strict::policy()
    }

    /// As Nacos 1.4.1 did.
    pub fn nacos_1_4() -> Policy {
        nacos_1_4::policy()
    }

    /// As Nacos 2.0.3 did.
    pub fn nacos_2_0() -> Policy {
        nacos_2_0::policy()
    }

    /// As Nacos 2.1.0 did.
    pub fn nacos_2_1() -> Policy {
        nacos_2_1::policy()
    }

    /// As Nacos 2.5.1 did.
    pub fn nacos_2_5() -> Policy {
        nacos_2_5::policy()
    }

    /// As Nacos 3.0.3 did.
    pub fn nacos_3_0() -> Policy {
        nacos_3_0::policy()
    }

    /// The preset of that name: `strict`, `nacos_1_4`, `nacos_2_0`, `nacos_2_1`, `nacos_2_5` or `nacos_3_0`.
    pub fn preset(name: &str) -> Result<Policy, Error> {
        match name {
            "strict" => Ok(Policy::strict()),
            "nacos_1_4" => Ok(Policy::nacos_1_4()),
            "nacos_2_0" => Ok(Policy::nacos_2_0()),
            "nacos_2_1" => Ok(Policy::nacos_2_1()),
            "nacos_2_5" => Ok(Policy::nacos_2_5()),
            "nacos_3_0" => Ok(Policy::nacos_3_0()),
            other => Err(Error::invalid("policy", alloc::format!("{other:?}"), PRESETS)),
        }
    }
}

const PRESETS: &str = "one of strict, nacos_1_4, nacos_2_0, nacos_2_1, nacos_2_5, nacos_3_0";

impl Default for Policy {
    fn default() -> Policy {
        Policy::strict()
    }
}
