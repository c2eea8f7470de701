//! How far the readers of a service are: whom the host told of what, and what the layers behind hold.

use alloc::vec::Vec;

use super::Registry;
use crate::account::{CopyAccount, Sight, SubscriberAccount, Telling, Transition};
use crate::id::SubscriptionId;
use crate::instance::CopyReport;
use crate::name::ServiceKey;
use crate::view::Subscription;

const FIRST_MAX: usize = 8;

impl Registry {
    /// The subscribers of a service, in the order of their subscriptions, and how far each was told.
    pub fn subscribers(&self, service: &ServiceKey) -> Vec<SubscriberAccount> {
        let slot = self.find_service(service);
        slot.map(|slot| self.subscriptions_in(slot).map(|one| self.subscriber(one)).collect()).unwrap_or_default()
    }

    fn subscriptions_in(&self, service: u32) -> impl Iterator<Item = (SubscriptionId, &Subscription)> {
        let mut slots = self.services.get(service).subscriptions.clone();
        slots.sort_unstable();
        slots.into_iter().filter_map(|slot| self.subscriptions.at(slot))
    }

    fn subscriber(&self, (subscription, found): (SubscriptionId, &Subscription)) -> SubscriberAccount {
        SubscriberAccount {
            subscription,
            subscriber: self.actor(found.subscriber),
            since: found.since,
            told: found.told,
            told_at: found.told_at,
            waiting_since: found.waiting_since(),
        }
    }

    /// Who was not told of the instance's last change.
    pub(super) fn telling(&self, instance: u32) -> Telling {
        let slot = self.roster.row(instance).key.service;
        let service = self.services.get(slot);
        let newest = service.newest_change(self.roster.id(instance));
        let mut telling = Telling { subscribers: service.subscriptions.len() as u32, ..Telling::default() };
        // Most were told of most: only who was not is looked up by name.
        for behind in self.subscriptions_in(slot).filter(|(_, found)| found.told < newest) {
            telling.behind += 1;
            if telling.first.len() < FIRST_MAX {
                telling.first.push(self.subscriber(behind));
            }
        }
        telling
    }

    /// A host's report of a copy, beside `given`, which is what consumers get of the instance here.
    pub(super) fn copy_account(
        &self,
        service: &ServiceKey,
        copy: &CopyReport,
        given: Sight,
        history: &[Transition],
    ) -> CopyAccount {
        let agrees =
            copy.taken.is_some() && (copy.listed, copy.listed && copy.healthy) == (given.listed, given.healthy);
        let missed = history.first().filter(|entry| !agrees && copy.taken.is_some_and(|taken| entry.at >= taken));
        let (slot, reader) = (self.find_service(service), self.names.find(copy.reader.as_str()));
        let mut found = slot.into_iter().flat_map(|slot| self.subscriptions_in(slot));
        let subscribed = found.any(|(_, one)| Some(one.subscriber) == reader);
        CopyAccount { copy: copy.clone(), agrees, subscribed, missed: missed.cloned() }
    }
}
