//! What can be asked, as data: the reading half of the document lane. A question changes nothing, not even time.

use alloc::boxed::Box;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::Registry;
use super::query::{InstanceQuery, ServiceRecord, ServiceView};
use crate::account::{Explanation, SubscriberAccount, Transition};
use crate::error::Error;
use crate::id::InstanceId;
use crate::instance::CopyReport;
use crate::name::{Address, ServiceKey};
use crate::policy::Policy;
use crate::time::Instant;

/// Everything that can be asked of a registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Question {
    /// Why is this instance what it is?
    Explain {
        /// Its service.
        service: ServiceKey,
        /// Its address.
        address: Address,
        /// What readers' own layers hold of it, as their hosts report it.
        #[serde(default)]
        copies: Vec<CopyReport>,
    },
    /// What does a reader get of this service?
    Instances(InstanceQuery),
    /// What happened after this entry of the journal (0 for all)?
    Transitions {
        /// Sequence number of the last entry the caller has.
        since: u64,
    },
    /// What are the names behind this id in a row of changes?
    InstanceName {
        /// The id.
        instance: InstanceId,
    },
    /// What is known of this service?
    Service {
        /// Which.
        service: ServiceKey,
    },
    /// Who subscribed to this service, and how far was each told?
    Subscribers {
        /// Which.
        service: ServiceKey,
    },
    /// Which services are known?
    Services,
    /// About which instances is an operator's decision remembered?
    Overridden,
    /// Which instances are fenced?
    Fenced,
    /// How many of everything are there?
    Counters,
    /// Which rules are in force?
    Policy,
}

/// The answer to a [`Question`]: the document itself, without a wrapper.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Reply {
    /// To [`Question::Explain`].
    Explanation(Box<Explanation>),
    /// To [`Question::Instances`].
    Service(ServiceView),
    /// To [`Question::Transitions`].
    Transitions(Vec<Transition>),
    /// To [`Question::InstanceName`], [`Question::Overridden`] and [`Question::Fenced`].
    Names(Vec<InstanceNames>),
    /// To [`Question::Service`]; none when nobody ever named it.
    ServiceRecord(Option<ServiceRecord>),
    /// To [`Question::Subscribers`].
    Subscribers(Vec<SubscriberAccount>),
    /// To [`Question::Services`].
    Services(Vec<ServiceKey>),
    /// To [`Question::Counters`].
    Counters(Counters),
    /// To [`Question::Policy`].
    Policy(Box<Policy>),
}

/// An instance's two names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InstanceNames {
    /// Its service.
    pub service: ServiceKey,
    /// Its address.
    pub address: Address,
}

/// How many of everything there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// The latest moment handed in.
    pub now: Instant,
    /// How often a moment was earlier than one before.
    pub clamped: u64,
    /// Instances held by some lease.
    pub instances: u32,
    /// Services met.
    pub services: u32,
    /// Open sessions.
    pub sessions: u32,
    /// Active subscriptions.
    pub subscriptions: u32,
    /// Notices of changes that the host has not taken yet.
    pub notices: u32,
    /// Since when the oldest of them waits.
    pub oldest_notice: Option<Instant>,
    /// Instances about which an operator's decision is remembered.
    pub overrides: u32,
    /// Fences in force.
    pub fences: u32,
    /// Names held: services, hosts that are no IPv4 addresses, clusters, actors.
    pub names: u32,
    /// Newest entry of the journal.
    pub newest_transition: u64,
    /// Entries the journal holds.
    pub transitions: u32,
    /// What they count for, in bytes.
    pub transition_bytes: u64,
    /// Entries the journal dropped.
    pub transitions_dropped: u64,
}

impl Registry {
    /// Answers a question. The readers of this type with names of their own give the same.
    pub fn ask(&self, question: &Question) -> Result<Reply, Error> {
        let names = |all: Vec<(ServiceKey, Address)>| {
            Reply::Names(all.into_iter().map(|(service, address)| InstanceNames { service, address }).collect())
        };
        Ok(match question {
            Question::Explain { service, address, copies } => {
                Reply::Explanation(Box::new(self.explain_beside(service, address, copies)))
            }
            Question::Instances(query) => Reply::Service(self.instances(query)),
            Question::Transitions { since } => Reply::Transitions(self.transitions(*since)),
            Question::InstanceName { instance } => match self.instance_name(*instance) {
                Some(found) => names(Vec::from([found])),
                None => {
                    return Err(Error::UnknownInstance {
                        service: alloc::string::String::from("any service"),
                        instance: alloc::format!("{}", instance.to_u64()),
                    });
                }
            },
            Question::Service { service } => Reply::ServiceRecord(self.service(service)),
            Question::Subscribers { service } => Reply::Subscribers(self.subscribers(service)),
            Question::Services => Reply::Services(self.services()),
            Question::Overridden => names(self.overridden()),
            Question::Fenced => names(self.fenced()),
            Question::Counters => Reply::Counters(self.counters()),
            Question::Policy => Reply::Policy(Box::new(self.policy.clone())),
        })
    }

    /// How many of everything there are.
    pub fn counters(&self) -> Counters {
        let (notices, oldest_notice) = self.subscriptions.backlog();
        Counters {
            now: self.now,
            clamped: self.clamped,
            instances: self.roster.present(),
            services: self.services.known().count() as u32,
            sessions: self.sessions.open_count(),
            subscriptions: self.subscriptions.active(),
            notices,
            oldest_notice,
            overrides: self.overrides.all().count() as u32,
            fences: self.fences.len() as u32,
            names: self.names.used(),
            newest_transition: self.journal.newest(),
            transitions: self.journal.len(),
            transition_bytes: self.journal.bytes(),
            transitions_dropped: self.journal.dropped(),
        }
    }
}
