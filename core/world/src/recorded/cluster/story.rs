//! The requests and faults of a recording, done to its cluster and to a strict one: what readers of each node have, and why.

use std::collections::{BTreeMap, VecDeque};

use liveset::{Address, Error, Instant, Policy, Registry, ServiceKey};
use liveset_nacos::{Dialect, serve};

use super::super::file::Recording;
use super::super::story::{Played, Rows, list};
use super::dials::dials;
use super::replay::{Moment, Replay};
use super::search::turned;
use super::setup::Setup;
use super::sights::recorded;
use super::steps::{Step, steps};
use super::{NODES, SERVICE, begin, fit, owners, watched};

/// The recorded cluster with the usual values of what a recording cannot show; and a strict cluster, whose nodes apply one log and differ
/// only in how far they are: none lags, so they are one registry. None where no cluster of that version is imitated, or clients connect to
/// it.
pub(crate) fn stories(recording: &Recording, dialect: Dialect) -> Result<Option<(Story<'_>, Strictly<'_>)>, Error> {
    let Some(mut setup) = Setup::of(&recording.header) else { return Ok(None) };
    let (views, steps) = (recorded(&recording.lines), steps(&recording.lines));
    fit(&mut setup, recording, &views, &steps);
    if setup.has_connections {
        // A strict cluster has no connections of its own yet.
        return Ok(None);
    }
    let dials = dials(&setup, &owners(&setup, &recording.header, &steps));
    let usual: Vec<u64> = dials.iter().map(|dial| dial.usual).collect();
    let replay = begin(recording, watched(&views), &turned(&setup, &dials, &usual), dialect)?;
    let (moments, zero) = (replay.moments(&steps).into(), replay.zero);
    let service = ServiceKey::named(SERVICE)?;
    let strictly = Strictly {
        registry: Registry::new(Policy::strict())?,
        dialect,
        service: service.clone(),
        steps: self::steps(&recording.lines).into(),
        zero,
        now: Instant::ZERO,
    };
    Ok(Some((Story { replay, service, steps, moments }, strictly)))
}

/// A recorded cluster, played so far.
pub(crate) struct Story<'a> {
    replay: Replay,
    service: ServiceKey,
    steps: Vec<(i64, Step<'a>)>,
    /// What is still to be done.
    moments: VecDeque<Moment>,
}

impl Played for Story<'_> {
    fn play(&mut self, until: Instant) -> Result<(), Error> {
        let until = until.as_millis() as i64 + self.replay.zero;
        while let Some(moment) = self.moments.pop_front_if(|moment| moment.effect <= until) {
            self.replay.pass(moment.effect)?;
            // With the usual values some answers differ from the recorded ones.
            let _differs = self.replay.act(&moment, &self.steps[moment.step].1)?;
        }
        self.replay.pass(until)
    }

    fn held(&mut self) -> BTreeMap<String, Rows> {
        let now = self.replay.instant(self.replay.now).unwrap_or_default();
        let readers = (0..NODES.len()).filter_map(|node| {
            let registry = self.replay.cluster.look_at(node)?;
            Some((readers_of(node), list(registry, now, &self.service)))
        });
        readers.collect()
    }

    fn why(&self, reader: &str, address: &Address) -> Vec<String> {
        let node = (0..NODES.len()).find(|&node| readers_of(node) == reader);
        let registry = node.and_then(|node| self.replay.cluster.registry(node));
        registry.map(|registry| registry.explain(&self.service, address).sentences).unwrap_or_default()
    }
}

/// A strict cluster, asked the same.
pub(crate) struct Strictly<'a> {
    registry: Registry,
    dialect: Dialect,
    service: ServiceKey,
    /// What is still to be done.
    steps: VecDeque<(i64, Step<'a>)>,
    zero: i64,
    now: Instant,
}

impl Played for Strictly<'_> {
    fn play(&mut self, until: Instant) -> Result<(), Error> {
        self.now = until;
        let until = until.as_millis() as i64 + self.zero;
        while let Some((at, step)) = self.steps.pop_front_if(|(at, _)| *at <= until) {
            if let Step::Send(_, sent, _) = step {
                let now = Instant::from_millis((at - self.zero).unsigned_abs())?;
                serve(&mut self.registry, self.dialect, now, &sent);
            }
        }
        Ok(())
    }

    fn held(&mut self) -> BTreeMap<String, Rows> {
        let rows = list(&mut self.registry, self.now, &self.service);
        (0..NODES.len()).map(|node| (readers_of(node), rows.clone())).collect()
    }

    fn why(&self, _reader: &str, address: &Address) -> Vec<String> {
        self.registry.explain(&self.service, address).sentences
    }
}

fn readers_of(node: usize) -> String {
    format!("who asks node {}", NODES[node])
}
