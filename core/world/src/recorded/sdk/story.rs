//! The processes of a recording around a registry of another policy: what each reader has, and why.

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::rc::Rc;

use liveset::clients::SubscriberPolicy;
use liveset::{Address, Error, Instant, Policy};
use liveset_nacos::Dialect;

use super::super::door::Standalone;
use super::super::file::Recording;
use super::super::phases::Setup;
use super::super::story::{CONSUMERS, Played, Rows, list};
use super::steps::{Step, steps};
use super::{Replay, Version, compare};

/// A recording under a policy, played so far.
pub(crate) struct Story<'a> {
    replay: Replay,
    /// What is still to be done.
    steps: VecDeque<(i64, Step<'a>)>,
}

/// The processes of a recording around its server; and the same providers around a strict registry with strict consumers. None where the
/// clients are not imitated.
pub(crate) fn stories(recording: &Recording, dialect: Dialect) -> Result<Option<[Story<'_>; 2]>, Error> {
    let Some(version) = Version::of(&recording.header.client) else { return Ok(None) };
    let strict = Version { subscriber: |_| SubscriberPolicy::strict(), ..version.clone() };
    let played = Story::new(recording, version, dialect, dialect.policy())?;
    let mut strictly = Story::new(recording, strict, dialect, Policy::strict())?;
    strictly.replay.heard_for = None;
    Ok(Some([played, strictly]))
}

impl<'a> Story<'a> {
    fn new(recording: &'a Recording, version: Version, dialect: Dialect, policy: Policy) -> Result<Story<'a>, Error> {
        let setup = Setup::of(policy.clone());
        let server = Standalone::new(policy, dialect, None)?;
        let views = Rc::new(compare::server_views(recording));
        let replay = Replay::new(recording, views, version, server, dialect)?;
        Ok(Story { replay, steps: steps(&recording.lines, &setup).into() })
    }
}

impl Played for Story<'_> {
    fn play(&mut self, until: Instant) -> Result<(), Error> {
        let until = until.as_millis() as i64 + self.replay.zero;
        while let Some((at, step)) = self.steps.pop_front_if(|(at, _)| *at <= until) {
            self.replay.pass(at)?;
            // Another policy answers otherwise, and the story goes on.
            let _differs = self.replay.act(&step)?;
            self.replay.settle()?;
            (self.replay.span, self.replay.before) = (None, self.replay.now);
        }
        self.replay.pass(until)
    }

    fn held(&mut self) -> BTreeMap<String, Rows> {
        let replay = &mut self.replay;
        let now = replay.instant().unwrap_or_default();
        let consumers = replay.consumers.iter().map(|(name, consumer)| {
            let hosts = consumer.machine.hosts().iter();
            (name.clone(), hosts.map(|host| (host.address.clone(), host.healthy)).collect())
        });
        let mut held: BTreeMap<String, Rows> = consumers.collect();
        held.insert(CONSUMERS.to_owned(), list(replay.server.registry(), now, &replay.service));
        held
    }

    fn why(&self, reader: &str, address: &Address) -> Vec<String> {
        match self.replay.consumers.get(reader) {
            Some(consumer) => consumer.machine.explain(address),
            None => self.replay.server.account(&self.replay.service, address),
        }
    }
}
