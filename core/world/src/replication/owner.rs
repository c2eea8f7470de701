//! Which node is responsible? For a record, among the nodes that the asked one believes to be there.

use std::collections::BTreeMap;

use liveset::{Address, ServiceKey};

use super::Unit;

/// What one node is responsible for and others copy: a client's claims, or a service's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Record {
    /// By its name, which says who is responsible.
    Named(String),
    /// What a client holds over a connection, by the number of that: responsible is the node that it leads to.
    Connection(usize),
}

impl Record {
    pub(crate) fn of(unit: Unit, service: &ServiceKey, address: &Address) -> Record {
        Record::Named(match unit {
            Unit::Client => format!("{}:{}", address.host, address.port),
            Unit::Service => service.to_string(),
        })
    }
}

/// Who is responsible where that is not told by a record's own name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Owners {
    /// By the nodes that are there; empty: by the hash of the record's name.
    pub(crate) told: BTreeMap<Vec<usize>, usize>,
    /// Whom a node that is apart takes for responsible for the services.
    pub(crate) by_service: usize,
    /// Where each node listens, as `host:port`.
    pub(crate) addresses: Vec<String>,
}

impl Owners {
    /// The node responsible for a record among `members`, in the order of their addresses (R-DS-2, R-DS-3).
    pub(crate) fn of(&self, record: &Record, members: &[usize]) -> Option<usize> {
        let Record::Named(name) = record else { return None };
        if let Some(told) = self.told.get(members) {
            return Some(*told);
        }
        let place = (i64::from(java_hash(name)) % i64::from(i32::MAX)).unsigned_abs() as usize;
        members.get(place.checked_rem(members.len())?).copied()
    }
}

/// `String.hashCode` of Java, of ASCII.
fn java_hash(text: &str) -> i32 {
    text.bytes().fold(0_i32, |hash, byte| hash.wrapping_mul(31).wrapping_add(i32::from(byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_belongs_to_the_node_that_its_address_hashes_to() {
        // Recorded on 2.5.1: c1-beatsA-respB-offB, c3-dead-alive-A-respB and c4-dereg-B-light-respA.
        let owners = Owners::default();
        let of = |name: &str| owners.of(&Record::Named(name.to_owned()), &[0, 1, 2]);
        assert_eq!([of("10.0.0.9:8080"), of("10.0.0.55:8080"), of("10.0.1.25:8080")], [Some(1), Some(1), Some(0)]);
    }

    #[test]
    fn without_members_nobody_is_responsible() {
        assert_eq!(Owners::default().of(&Record::Named("10.0.0.9:8080".to_owned()), &[]), None);
    }
}
