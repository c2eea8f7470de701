//! What each of several sources says of the instance that they hold together.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::name::{ContentId, ContentPool};

/// What one source says of an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Saying {
    /// Slot of its lease.
    pub(crate) lease: u32,
    pub(crate) content: ContentId,
    pub(crate) enabled: bool,
}

impl Saying {
    pub(crate) fn says_the_same(&self, other: &Saying) -> bool {
        (self.content, self.enabled) == (other.content, other.enabled)
    }
}

/// Of instances that several leases hold, by slot, the newest last; of any other its row says it all.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Sayings(BTreeMap<u32, Vec<Saying>>);

impl Sayings {
    /// Of all that hold an instance; of nobody where fewer than two do.
    pub(crate) fn of(&self, instance: u32) -> &[Saying] {
        self.0.get(&instance).map_or(&[], Vec::as_slice)
    }

    /// What the source of this lease says, beside others.
    pub(crate) fn by(&self, instance: u32, lease: u32) -> Option<&Saying> {
        self.of(instance).iter().find(|said| said.lease == lease)
    }

    /// What somebody said is the newest now; what he said before comes back.
    pub(crate) fn say(&mut self, instance: u32, said: Saying) -> Option<Saying> {
        let all = self.0.entry(instance).or_default();
        let older = all.iter().position(|older| older.lease == said.lease).map(|place| all.remove(place));
        all.push(said);
        older
    }

    /// Somebody says nothing any more. What he said comes back, and so does what the last one says who is left alone.
    pub(crate) fn end(&mut self, instance: u32, lease: u32) -> Option<(Saying, Option<Saying>)> {
        let all = self.0.get_mut(&instance)?;
        let ended = all.remove(all.iter().position(|said| said.lease == lease)?);
        let alone = if all.len() == 1 { self.0.remove(&instance).and_then(|left| left.first().copied()) } else { None };
        Some((ended, alone))
    }

    /// Whether exactly the instances with several leases are here. For what a snapshot brought.
    pub(crate) fn fit(&self, shared: usize, contents: &ContentPool) -> bool {
        self.0.len() == shared && self.0.values().flatten().all(|said| contents.holds(said.content))
    }
}
