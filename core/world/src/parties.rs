//! Who lives in the world beside the nodes: providers, consumers, operators. Some act by hand, some by a client's machine.

use liveset::clients::{Host, Publisher, Subscriber};
use liveset::{BatchMember, Instant, Registration, ServiceId, ServiceKey, SessionId, SubscriptionId};

pub(crate) struct Party {
    /// The node it speaks to.
    pub(crate) node: usize,
    /// Stopped by SIGSTOP: it neither sends nor answers, and its connections stay.
    pub(crate) frozen: bool,
    pub(crate) dead: bool,
    /// Its connection, and the node it leads to.
    pub(crate) session: Option<(usize, SessionId)>,
    /// Number of its connection, from 1.
    pub(crate) connection: u64,
    /// What it last registered, and whether over a connection.
    pub(crate) registration: Option<(Registration, bool)>,
    /// The batch it last registered.
    pub(crate) batch: Option<(ServiceKey, Vec<BatchMember>)>,
    pub(crate) publisher: Option<Publisher>,
    pub(crate) consumer: Option<Consumer>,
    /// When it last sent anything.
    pub(crate) sent: Option<Instant>,
    /// The last thing it was told, so that the timeline says it once.
    pub(crate) told: String,
    /// Counts its lives, so that beats of an earlier one end.
    pub(crate) life: u64,
}

pub(crate) struct Consumer {
    pub(crate) machine: Subscriber,
    pub(crate) subscribed: Option<Subscribed>,
    /// Number of its subscription, so that revisions of different nodes are never compared.
    pub(crate) epoch: u64,
    /// How many lists it got, those that answered its subscriptions among them.
    pub(crate) lists: u64,
    /// How often its listeners were told of a change.
    pub(crate) heard: u64,
    /// The list that its framework copied, and when.
    pub(crate) copied: Option<(Instant, Vec<Host>)>,
}

#[derive(Clone, Debug)]
pub(crate) struct Subscribed {
    pub(crate) node: usize,
    pub(crate) subscription: SubscriptionId,
    pub(crate) service: ServiceId,
    pub(crate) key: ServiceKey,
    /// Revision of the last push.
    pub(crate) revision: u64,
}

impl Party {
    pub(crate) fn at(node: usize) -> Party {
        Party {
            node,
            frozen: false,
            dead: false,
            session: None,
            connection: 1,
            registration: None,
            batch: None,
            publisher: None,
            consumer: None,
            sent: None,
            told: String::new(),
            life: 0,
        }
    }

    pub(crate) fn is_up(&self) -> bool {
        !self.frozen && !self.dead
    }
}
