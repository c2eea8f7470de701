//! Since when does the clock run that looks for the silence of an `ip:port`? It is one for all that is claimed there by beats, and it is
//! kept for a while when nothing is.

use alloc::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::name::HostId;
use crate::time::Instant;

/// Whoever beats from an `ip:port`, in whatever service.
pub(crate) type Caller = (HostId, u16);

/// Those that claim something, or did so lately.
#[derive(Default, Serialize, Deserialize)]
#[serde(from = "Saved")]
pub(crate) struct Callers {
    all: BTreeMap<Caller, Running>,
    /// Those that claim nothing, by the moment at which they are forgotten.
    #[serde(skip)]
    idle: BTreeSet<(Instant, Caller)>,
}

/// How they are written down.
#[derive(Deserialize)]
struct Saved {
    all: BTreeMap<Caller, Running>,
}

impl From<Saved> for Callers {
    fn from(Saved { all }: Saved) -> Callers {
        let idle = all.iter().filter(|(_, running)| running.claims == 0);
        Callers { idle: idle.map(|(&caller, running)| (running.until, caller)).collect(), all }
    }
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Running {
    /// When its clock began.
    began: Instant,
    claims: u32,
    /// How long it is kept without any claim: until then of its last signs of life.
    until: Instant,
}

impl Callers {
    /// Counts a claim. When the clock began of a caller that is known.
    pub(crate) fn claim(&mut self, caller: Caller) -> Option<Instant> {
        let running = self.all.get_mut(&caller)?;
        if running.claims == 0 {
            self.idle.remove(&(running.until, caller));
        }
        running.claims += 1;
        Some(running.began)
    }

    /// The first claim of a caller that is not known: its clock begins.
    pub(crate) fn begin(&mut self, now: Instant, caller: Caller) {
        self.all.insert(caller, Running { began: now, claims: 1, until: now });
    }

    /// A claim ended, whose signs of life keep its caller until then.
    pub(crate) fn leave(&mut self, caller: Caller, until: Instant) {
        let Some(running) = self.all.get_mut(&caller) else { return };
        running.claims = running.claims.saturating_sub(1);
        running.until = running.until.max(until);
        if running.claims == 0 {
            self.idle.insert((running.until, caller));
        }
    }

    /// Forgets one that was kept until `now` or less.
    pub(crate) fn forget(&mut self, now: Instant) -> Option<Caller> {
        let &(_, caller) = self.idle.first().filter(|(until, _)| *until <= now)?;
        self.idle.pop_first();
        self.all.remove(&caller);
        Some(caller)
    }

    /// Whether these are those of so many claims each, and their hosts fit.
    pub(crate) fn fit(&self, claims: &BTreeMap<Caller, u32>, host_fits: impl Fn(HostId) -> bool) -> bool {
        let claiming = self.all.iter().filter(|(_, running)| running.claims > 0);
        claiming.map(|(caller, running)| (caller, &running.claims)).eq(claims)
            && self.all.keys().all(|&(host, _)| host_fits(host))
    }
}
