//! What becomes of a message: how often it arrives, and when.

use std::collections::{BTreeMap, BTreeSet};

use liveset::Span;

use crate::random::Random;
use crate::scenario::Fault;

/// The network between parties and nodes, and between nodes.
pub(crate) struct Network {
    links: BTreeMap<String, Link>,
    parted: BTreeSet<(String, String)>,
    random: Random,
}

#[derive(Clone, Debug, Default)]
struct Link {
    cut: bool,
    /// Connections up to this number are dead without anybody knowing.
    dead_connections: u64,
    delay: Span,
    jitter: Span,
    lost: u32,
    doubled: u32,
}

impl Network {
    pub(crate) fn new(seed: u64) -> Network {
        Network { links: BTreeMap::new(), parted: BTreeSet::new(), random: Random(seed) }
    }

    /// Brings a fault about. `connection` tells the number of the party's present connection.
    pub(crate) fn suffer(&mut self, fault: &Fault, connection: impl Fn(&str) -> u64) {
        match fault {
            Fault::Cuts(who) => self.link(who).cut = true,
            Fault::HalfOpens(who) => self.link(who).dead_connections = connection(who),
            Fault::Heals(who) => *self.link(who) = Link::default(),
            Fault::Delays(who, by) => self.link(who).delay = *by,
            Fault::Reorders(who, by) => self.link(who).jitter = *by,
            Fault::Loses(who, share) => self.link(who).lost = *share,
            Fault::Duplicates(who, share) => self.link(who).doubled = *share,
            Fault::Parts(one, other) => {
                self.parted.insert(pair(one, other));
            }
            Fault::Joins(one, other) => {
                self.parted.remove(&pair(one, other));
            }
        }
    }

    /// The delays after which a message of or to `who` arrives: none when it is lost, two when it is doubled.
    pub(crate) fn arrivals(&mut self, who: &str, connection: u64) -> Vec<Span> {
        let Some(link) = self.links.get(who).cloned() else { return vec![Span::ZERO] };
        if link.cut
            || connection <= link.dead_connections && link.dead_connections > 0
            || self.random.below(100) < u64::from(link.lost)
        {
            return Vec::new();
        }
        let copies = 1 + usize::from(self.random.below(100) < u64::from(link.doubled));
        (0..copies).map(|_| self.delay(&link)).collect()
    }

    pub(crate) fn is_parted(&self, one: &str, other: &str) -> bool {
        self.parted.contains(&pair(one, other))
    }

    fn link(&mut self, who: &str) -> &mut Link {
        self.links.entry(who.to_owned()).or_default()
    }

    fn delay(&mut self, link: &Link) -> Span {
        let jitter = link.jitter.as_millis();
        let extra = if jitter == 0 { 0 } else { self.random.below(jitter + 1) };
        Span::from_millis(link.delay.as_millis() + extra).unwrap_or(Span::MAX)
    }
}

fn pair(one: &str, other: &str) -> (String, String) {
    let (first, second) = if one < other { (one, other) } else { (other, one) };
    (first.to_owned(), second.to_owned())
}
