//! A standalone server and the processes of official SDKs around it: their recorded calls and faults are done again, what the clients do by
//! themselves is done by the machines of `liveset::clients`, and every view and event is compared.

mod compare;
mod consumer;
mod dials;
mod faults;
mod first_lists;
mod provider;
mod steps;
mod story;
mod wire;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use liveset::clients::{Host, Protection, PublisherPolicy, SubscriberPolicy};
use liveset::policy::Clock;
use liveset::{Error, Instant, Notice, ServiceKey, SessionId, Span};
use liveset_nacos::Dialect;

use self::consumer::{Consumer, Told};
use self::provider::Provider;
use self::steps::{Step, steps};
use self::wire::Wire;
use super::door::{Door, Standalone};
use super::file::{Recording, Request};
use super::http;
use super::peek::Views;
use super::phases::Setup;
use super::track::{Difference, Track};

pub(crate) use self::compare::Case;
pub(crate) use self::dials::{Phases, search};
pub(crate) use self::story::stories;

/// What a client of a version is made of.
#[derive(Clone, Debug)]
pub(crate) struct Version {
    publisher: PublisherPolicy,
    subscriber: fn(bool) -> SubscriberPolicy,
    /// Whether it reads from the server what its cache does not know to be subscribed, and hands that out as it is (R1.8).
    reads_raw: bool,
    /// How long its subscription may still be on its way when the call has returned, in ms.
    subscribes_within: u64,
    /// Whether what it sends goes over a connection that was there before (D10).
    keeps_connections: bool,
    /// Whether it has nothing in its cache where push-empty protection kept out all that came, so that each read asks the server (R1.9).
    asks_while_empty: bool,
    /// Whether it subscribes where it has a list from disk; else it only asks by itself (recorded).
    subscribes_cached: bool,
    /// Whether it connects again once the server has ended its stream (D9).
    returns: bool,
}

impl Version {
    /// The client that a header names; none where it is not imitated.
    pub(crate) fn of(client: &str) -> Option<Version> {
        let keeps = |_| SubscriberPolicy { protection: Protection::NoHost, ..SubscriberPolicy::java_2_5(false) };
        Some(match client {
            "java nacos-client 1.4.1" => Version {
                asks_while_empty: false,
                ..Version::java(PublisherPolicy::java_1_4(), SubscriberPolicy::java_1_4)
            },
            "java nacos-client 2.0.3" => Version {
                subscribes_cached: false,
                ..Version::java(PublisherPolicy::java_2_0(), SubscriberPolicy::java_2_0)
            },
            "java nacos-client 2.5.1" => {
                Version { reads_raw: true, ..Version::java(PublisherPolicy::java_2_5(), SubscriberPolicy::java_2_5) }
            }
            "PyPI nacos-sdk-python 3" => {
                // Its redo task looks every 30 s (recorded: 8 s after its start, and 30 s after that).
                let redo = Clock::every(Span::from_secs(30));
                let publisher = PublisherPolicy { redo, ..PublisherPolicy::java_2_5() };
                Version { subscribes_within: 60, returns: false, ..Version::java(publisher, keeps) }
            }
            "npm nacos" => Version {
                subscribes_within: 600,
                keeps_connections: false,
                ..Version::java(PublisherPolicy::java_1_4(), keeps)
            },
            _ => return None,
        })
    }

    fn java(publisher: PublisherPolicy, subscriber: fn(bool) -> SubscriberPolicy) -> Version {
        Version {
            publisher,
            subscriber,
            reads_raw: false,
            subscribes_within: 0,
            keeps_connections: true,
            asks_while_empty: true,
            subscribes_cached: true,
            returns: true,
        }
    }
}

/// Who asked and decided beside the SDKs: the recorder's own script, which named no SDK.
const RECORDER: &str = "Python-urllib";

/// How long what the server pushes may take until a consumer has taken it, in ms: two pushes of one moment were seen up to 50 ms apart.
const PUSH_TAKES: i64 = 60;

/// Replays a recording; the first difference, if there is one. With `until`, only whether that comes by then is asked.
pub(crate) fn replay(
    case: &Case,
    until: Option<i64>,
    version: &Version,
    setup: &Setup,
    dialect: Dialect,
) -> Result<Option<Difference>, Error> {
    let lines = case.recording.beginning(until, case.longest_window);
    let mut version = version.clone();
    setup.client.apply(&mut version.publisher);
    let server = Standalone::new(setup.policy.clone(), dialect, None)?;
    let mut replay = Replay::new(case.recording, case.views.clone(), version, server, dialect)?;
    replay.first_lists = case.first_lists.clone();
    replay.beat_takes = setup.client.beat;
    replay.connection_takes = setup.client.connects;
    replay.subscribes_later = setup.client.subscribed > 0;
    replay.turned = setup.client.turned;
    let end = lines.last().map_or(0, |line| line.t).max(until.unwrap_or(i64::MIN));
    let stopped = replay.run(&steps(lines, setup), end)?;
    let found = case.first_difference(lines, &replay.tracks, &replay.told);
    let first = stopped.into_iter().chain(found).min_by_key(|difference| difference.at);
    Ok(first.map(|difference| difference.caused_by(&replay.moments, &setup.policy.view)))
}

struct Replay {
    version: Version,
    server: Standalone,
    dialect: Dialect,
    service: ServiceKey,
    /// Where the instances of the case are said to be.
    ip: String,
    providers: BTreeMap<String, Provider>,
    consumers: BTreeMap<String, Consumer>,
    /// What ended consumers left on disk.
    disks: BTreeMap<String, Vec<Host>>,
    wire: Wire,
    views: Rc<Views>,
    tracks: BTreeMap<String, Track>,
    told: BTreeMap<String, Vec<Told>>,
    /// The recording's time of the server's zero.
    zero: i64,
    now: i64,
    /// From when to when that may have happened which happens now: all the time of a call, and else this moment.
    span: Option<(i64, i64)>,
    /// How long a beat takes until its answer is in, in ms.
    beat_takes: u64,
    /// How long a client takes for a new connection, in ms.
    connection_takes: i64,
    /// Which clients will have one, and when, in ms of the recording.
    connecting: BTreeMap<String, i64>,
    /// How long the server pushes to a subscriber that did not ask again, in ms; none for ever.
    heard_for: Option<i64>,
    /// When each consumer had its first list with somebody in it.
    first_lists: Rc<BTreeMap<String, i64>>,
    /// Whether a subscription reaches the server when its call has returned.
    subscribes_later: bool,
    /// Whether lists come from their end.
    turned: bool,
    /// When anything was last done.
    before: i64,
    /// When anything was done, or happened by itself.
    moments: BTreeSet<i64>,
}

impl Replay {
    fn new(
        recording: &Recording,
        views: Rc<Views>,
        version: Version,
        server: Standalone,
        dialect: Dialect,
    ) -> Result<Replay, Error> {
        let zero = super::zero(recording);
        Ok(Replay {
            version,
            server,
            dialect,
            service: ServiceKey::named(super::SERVICE)?,
            ip: compare::ip(recording),
            providers: BTreeMap::new(),
            consumers: BTreeMap::new(),
            disks: BTreeMap::new(),
            wire: Wire::of(recording),
            beat_takes: 0,
            connection_takes: 0,
            connecting: BTreeMap::new(),
            heard_for: (dialect == Dialect::V1_4).then_some(consumer::HEARD_FOR),
            first_lists: Rc::default(),
            subscribes_later: false,
            turned: false,
            views,
            tracks: BTreeMap::new(),
            told: BTreeMap::new(),
            zero,
            now: zero,
            span: None,
            before: zero,
            moments: BTreeSet::new(),
        })
    }

    fn run(&mut self, steps: &[(i64, Step)], end: i64) -> Result<Option<Difference>, Error> {
        self.watch()?;
        for (at, step) in steps {
            self.pass(*at)?;
            if let Some(difference) = self.act(step)? {
                return Ok(Some(difference));
            }
            self.settle()?;
            self.watch()?;
            (self.span, self.before) = (None, self.now);
        }
        self.pass(end)?;
        Ok(None)
    }

    fn act(&mut self, step: &Step) -> Result<Option<Difference>, Error> {
        let now = self.instant()?;
        match step {
            Step::Look(view) => self.server.look(now, view),
            Step::Make => self.server.make_service(now, super::SERVICE, None),
            Step::Send(request, span) => {
                self.span = Some(*span);
                return self.send(request);
            }
            Step::Call(event, span) => {
                self.span = Some(*span);
                return self.call(event);
            }
            Step::Subscribed(who, span) => {
                self.span = Some(*span);
                self.ask_to_be_told(who)?;
            }
            Step::Read(who, span) => {
                self.span = Some(*span);
                self.ask_while_empty(who)?;
            }
            Step::Closed(who) => self.closed(who),
            Step::Fault(event) => {
                // What is awake again needs a moment for what it has to do.
                self.span = Some((self.now, self.now + PUSH_TAKES));
                self.fault(event)?;
            }
            Step::Stop => self.server_ends()?,
            Step::Start => self.server_answers()?,
            Step::Cannot(what) => return Ok(Some(http::not_yet(self.now, "sdk", what))),
        }
        Ok(None)
    }

    fn send(&mut self, request: &Request) -> Result<Option<Difference>, Error> {
        let request_sent = http::sent(request).of_agent(RECORDER);
        let response = self.server.send(self.instant()?, &request_sent);
        Ok(http::answer_differs(self.now, &compare::plain(request), &response))
    }

    /// Time passes, and what happens by itself happens at its own moment.
    fn pass(&mut self, until: i64) -> Result<(), Error> {
        while let Some(due) = self.next_due().map(|due| due.max(self.now)).filter(|&due| due <= until) {
            let stood = due == self.now;
            self.now = due;
            self.settle()?;
            self.watch()?;
            self.before = self.now;
            if stood && self.next_due().is_some_and(|next| next <= due) {
                // A deadline may be early.
                self.now = due + 1;
            }
        }
        self.now = self.now.max(until);
        Ok(())
    }

    fn next_due(&self) -> Option<i64> {
        let server = self.server.next_deadline();
        let providers = self.providers.values().filter_map(Provider::next_deadline);
        let consumers = self.consumers.values().filter_map(Consumer::next_query);
        let own = server.into_iter().chain(providers).chain(consumers).map(|due| due.as_millis() as i64 + self.zero);
        let taken = self.consumers.values().filter_map(Consumer::next_taken);
        own.chain(self.wire.next_due()).chain(taken).chain(self.connecting.values().copied()).min()
    }

    /// Lets everything due now happen, until nobody has anything to do.
    fn settle(&mut self) -> Result<(), Error> {
        let now = self.instant()?;
        // A turn of the engine shows what happened before, and makes nothing happen.
        if self.server.registry().policy().view.turn(now) != now {
            self.moments.insert(self.now);
        }
        self.server.advance(now);
        self.take_notices()?;
        for call in self.wire.arrived(self.now) {
            self.carry(&call, true)?;
            self.send_all(&call.from)?;
        }
        self.connect_due()?;
        for name in self.providers.keys().cloned().collect::<Vec<_>>() {
            self.advance_provider(&name)?;
        }
        self.give_up()?;
        for name in self.consumers.keys().cloned().collect::<Vec<_>>() {
            self.take(&name)?;
            self.query(&name)?;
        }
        self.take_notices()
    }

    fn take_notices(&mut self) -> Result<(), Error> {
        while let Some(notice) = self.server.registry().poll() {
            match notice {
                Notice::Changed { subscription, .. } => self.push(subscription)?,
                Notice::Probe { session } => self.probe(session)?,
            }
        }
        Ok(())
    }

    /// The server asks a connection for a sign of life.
    fn probe(&mut self, session: SessionId) -> Result<(), Error> {
        let now = self.instant()?;
        let owner = self.providers.values().find(|provider| provider.session == Some(session));
        if owner.is_some_and(|owner| owner.is_running() && !self.wire.is_frozen(owner)) {
            self.server.registry().touch_session(now, session)?;
        }
        Ok(())
    }

    fn watch(&mut self) -> Result<(), Error> {
        let (from, to) = self.when();
        let states = self.server.peek(self.instant()?, &self.views)?;
        for (view, state) in self.views.list.iter().zip(states.into_iter().flatten()) {
            self.tracks.entry(view.to_string()).or_default().show(from, to - from, state);
        }
        for (name, consumer) in &mut self.consumers {
            let Some([all, selected]) = consumer.shows_anew() else { continue };
            for (see, state) in [("all", all), ("sel", selected)] {
                let track = self.tracks.entry(format!("{name}.{see}")).or_default();
                track.show(from, to - from + PUSH_TAKES, Rc::new(state));
            }
        }
        Ok(())
    }

    /// From when to when that may have been heard which is told now.
    fn heard(&self) -> (i64, i64) {
        let (from, to) = self.when();
        (from, to + PUSH_TAKES)
    }

    /// From when to when that may have happened which happens now.
    fn when(&self) -> (i64, i64) {
        let (from, to) = self.span.unwrap_or((self.now, self.now));
        (from.max(self.before), to)
    }

    fn instant(&self) -> Result<Instant, Error> {
        self.instant_of(self.now)
    }

    /// The server's time at a time of the recording.
    fn instant_of(&self, at: i64) -> Result<Instant, Error> {
        Instant::from_millis((at - self.zero).unsigned_abs())
    }
}
