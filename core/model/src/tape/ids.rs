//! Ids that outcomes returned, and which step each came from: a tape that loses steps keeps the meaning of the others.

use std::collections::BTreeMap;

use liveset::{Command, LeaseId, Outcome, Registered, SessionId, SubscriptionId};

use super::Random;

/// Whose ids they are: numbers of different owners may be equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Owner {
    Lease,
    Session,
    Subscription,
}

/// The step that an id comes from, and its place among those that the step returned.
pub type Origin = (usize, usize);

#[derive(Default)]
pub(super) struct Known {
    origins: BTreeMap<(Owner, u64), Origin>,
    /// Newest last.
    latest: BTreeMap<Owner, Vec<u64>>,
}

/// How many of the latest ids of an owner are named again.
const REMEMBERED: usize = 12;

impl Known {
    pub(super) fn learn(&mut self, serial: usize, outcome: &Outcome) {
        for (place, (owner, id)) in ids_in(outcome).into_iter().enumerate() {
            self.origins.insert((owner, id), (serial, place));
            let latest = self.latest.entry(owner).or_default();
            latest.retain(|&known| known != id);
            latest.push(id);
            if latest.len() > REMEMBERED {
                latest.remove(0);
            }
        }
    }

    /// An id that somebody returned, or now and then one that nobody did.
    pub(super) fn any(&self, random: &mut Random, owner: Owner) -> u64 {
        let latest = self.latest.get(&owner).filter(|_| !random.one_in(25));
        match latest {
            // The newest more often than the oldest.
            Some(latest) => latest[random.below(latest.len() as u64).max(random.below(latest.len() as u64)) as usize],
            None => (1 + random.below(3)) << 32 | random.below(6),
        }
    }
}

/// For each id in a command, in order, where it comes from.
pub(super) fn origins(command: &Command, known: &Known) -> Vec<Option<Origin>> {
    let mut found = Vec::new();
    rename(&mut command.clone(), |owner, id| {
        found.push(known.origins.get(&(owner, id)).copied());
        id
    });
    found
}

/// A command with its ids as the steps that they come from returned them this time; `returned` has outcomes by step.
pub fn resolve(command: &Command, origins: &[Option<Origin>], returned: &BTreeMap<usize, Outcome>) -> Command {
    let mut command = command.clone();
    let mut origins = origins.iter();
    rename(&mut command, |owner, id| {
        let origin = origins.next().copied().flatten();
        let now = origin.and_then(|(serial, place)| ids_in(returned.get(&serial)?).get(place).copied());
        now.filter(|&(found, _)| found == owner).map_or(id, |(_, id)| id)
    });
    command
}

fn ids_in(outcome: &Outcome) -> Vec<(Owner, u64)> {
    let lease = |registered: &Registered| (Owner::Lease, registered.lease.to_u64());
    match outcome {
        Outcome::Registered(registered) => vec![lease(registered)],
        Outcome::RegisteredBatch { members, .. } => members.iter().map(lease).collect(),
        Outcome::Beaten { registered: Some(registered), .. } => vec![lease(registered)],
        Outcome::SessionOpened { session } => vec![(Owner::Session, session.to_u64())],
        Outcome::Subscribed { subscription, .. } => vec![(Owner::Subscription, subscription.to_u64())],
        _ => Vec::new(),
    }
}

fn rename(command: &mut Command, mut to: impl FnMut(Owner, u64) -> u64) {
    let mut lease = |id: &mut LeaseId| *id = LeaseId::from_u64(to(Owner::Lease, id.to_u64()));
    match command {
        Command::Beat { lease: id } | Command::DeregisterLease { lease: id } => return lease(id),
        Command::BeatMany { leases } => return leases.iter_mut().for_each(lease),
        _ => {}
    }
    let mut session = |id: &mut SessionId| *id = SessionId::from_u64(to(Owner::Session, id.to_u64()));
    match command {
        Command::Register(claim) => claim.session.iter_mut().for_each(session),
        Command::Deregister(claim) => claim.session.iter_mut().for_each(session),
        Command::RegisterBatch(batch) => session(&mut batch.session),
        Command::TouchSession { session: id } | Command::CloseSession { session: id } => session(id),
        Command::Unsubscribe { subscription } => {
            *subscription = SubscriptionId::from_u64(to(Owner::Subscription, subscription.to_u64()));
        }
        _ => {}
    }
}
