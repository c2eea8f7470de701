//! A process that subscribes: what it takes, and what its listeners hear.

use std::collections::VecDeque;

use liveset::clients::{Emptiness, Host, Push, Query, Subscriber};
use liveset::{Actor, Error, InstanceQuery, Instant, Outcome, Reader, ServiceId, SubscriptionId};
use serde_json::Value;

use super::super::door::Door;
use super::super::file::{Event, Row};
use super::super::track::{Difference, State};
use super::{PUSH_TAKES, Replay, compare};

/// How long a 1.4 server pushes to a subscriber that did not ask again, in ms (R-PU-12).
pub(super) const HEARD_FOR: i64 = 10_000;

/// How long a consumer may take for its first list with somebody in it, in ms: its process has just begun.
const FIRST_LIST_TAKES: i64 = 3000;

/// Which consumers the recorder ran in one process with which others.
pub(super) const TOGETHER: [(&str, &str); 4] = [("CF", "CD"), ("CD", "CF"), ("C", "CT"), ("CT", "C")];

pub(super) struct Consumer {
    pub(super) machine: Subscriber,
    subscription: Option<SubscriptionId>,
    /// Which service it is told of, and the revision it was last told.
    told_of: Option<(ServiceId, u64)>,
    /// When the server last heard from it.
    heard: i64,
    /// Whether somebody listens.
    listens: bool,
    /// What was pushed and is not taken yet, and when it will be, in ms of the recording.
    on_their_way: VecDeque<(i64, Came)>,
    /// Whether it took a list with somebody in it: the first one takes its process long.
    is_warm: bool,
    /// What it had when somebody last looked.
    shown: Option<Vec<Host>>,
}

/// How a list comes.
enum Came {
    Pushed(Push),
    Asked(Push),
}

/// What a listener heard.
#[derive(Clone, Debug)]
pub(super) struct Told {
    /// From when to when that may have been.
    pub(super) when: (i64, i64),
    pub(super) state: State,
}

impl Consumer {
    /// Whether this list is its first with somebody in it, or comes behind that one.
    fn is_slow_at(&self, push: &Push) -> bool {
        !self.is_warm && (!push.hosts.is_empty() || !self.on_their_way.is_empty())
    }

    /// When it asks by itself: not before it has what it asked for.
    pub(super) fn next_query(&self) -> Option<Instant> {
        let asks = self.on_their_way.iter().any(|(_, came)| matches!(came, Came::Asked(_)));
        self.machine.next_query().filter(|_| !asks)
    }

    /// When it next takes something, in ms of the recording.
    pub(super) fn next_taken(&self) -> Option<i64> {
        self.on_their_way.front().map(|(at, _)| *at)
    }

    /// What getAllInstances and selectInstances give, where that may be something else than when it was last asked for.
    pub(super) fn shows_anew(&mut self) -> Option<[State; 2]> {
        if self.shown.as_deref() == Some(self.machine.hosts()) {
            return None;
        }
        self.shown = Some(self.machine.hosts().to_vec());
        Some([self.all(), self.selected()])
    }

    /// What getAllInstances gives.
    pub(super) fn all(&self) -> State {
        state(self.machine.hosts().iter())
    }

    /// What selectInstances gives.
    pub(super) fn selected(&self) -> State {
        state(self.machine.hosts().iter().filter(|host| host.is_usable()))
    }
}

fn state<'a>(hosts: impl Iterator<Item = &'a Host>) -> State {
    State::of_rows(hosts.map(row).collect(), false)
}

fn row(host: &Host) -> Row {
    let metadata =
        host.content.metadata.entries().iter().map(|(key, value)| (key.clone(), Value::from(value.as_str())));
    Row {
        ip: Some(host.address.host.to_string()),
        port: i64::from(host.address.port.get()),
        cluster: host.address.cluster.to_string(),
        healthy: host.healthy,
        enabled: host.content.enabled,
        weight: Value::from(host.content.weight.get()),
        metadata: Some(metadata.collect()),
        // These recordings tell no kinds.
        ephemeral: true,
    }
}

impl Replay {
    /// An SDK is called.
    pub(super) fn call(&mut self, event: &Event) -> Result<Option<Difference>, Error> {
        match event.event.as_str() {
            "shutDown" => self.closes(&event.who)?,
            "start" => self.start(event)?,
            "subscribe" => self.subscribe(&event.who)?,
            "getAllInstances" | "selectInstances" => return self.read(event),
            _ => return self.provide(event),
        }
        Ok(None)
    }

    fn subscribe(&mut self, who: &str) -> Result<(), Error> {
        // The recorder's consumers but `CT` have protection off or not set, which is the same.
        let policy = (self.version.subscriber)(who.starts_with("CT"));
        let (now, when) = (self.instant()?, self.heard());
        let consumer = self.consumers.entry(who.to_owned()).or_insert_with(|| Consumer {
            machine: Subscriber::new(policy),
            subscription: None,
            told_of: None,
            heard: 0,
            listens: false,
            on_their_way: VecDeque::new(),
            is_warm: false,
            shown: None,
        });
        consumer.listens = true;
        if consumer.subscription.is_some() {
            // A listener of what is known hears it at once where clients tell listeners of their own lists only (R2.19).
            if !consumer.machine.shares_events() && !consumer.machine.hosts().is_empty() {
                let told = Told { when, state: consumer.all() };
                self.told.entry(who.to_owned()).or_default().push(told);
            }
            return Ok(());
        }
        if !self.version.subscribes_cached && !consumer.machine.hosts().is_empty() {
            consumer.machine.subscribed(now);
            return Ok(());
        }
        if self.subscribes_later { Ok(()) } else { self.ask_to_be_told(who) }
    }

    /// The subscription reaches the server, and its answer is a list.
    pub(super) fn ask_to_be_told(&mut self, who: &str) -> Result<(), Error> {
        let now = self.instant()?;
        if !self.server.is_up() {
            return Ok(());
        }
        let push = self.list()?;
        let (service, subscriber) = (self.service.clone(), Actor::parse(who)?);
        let Outcome::Subscribed { subscription, service, revision } =
            self.server.registry().subscribe(now, &service, &subscriber)?
        else {
            return Ok(());
        };
        let mut told = false;
        if let Some(consumer) = self.consumers.get_mut(who) {
            consumer.subscription = Some(subscription);
            consumer.told_of = Some((service, revision));
            consumer.heard = self.now;
            told = consumer.machine.receive(now, push);
            consumer.machine.subscribed(now);
        }
        self.tell(who, told);
        Ok(())
    }

    /// A consumer is read that has nothing to show.
    pub(super) fn ask_while_empty(&mut self, who: &str) -> Result<(), Error> {
        let is_empty = |consumer: &Consumer| consumer.listens && consumer.machine.is_empty_handed();
        if !self.version.asks_while_empty || !self.consumers.get(who).is_some_and(is_empty) || !self.server.is_up() {
            return Ok(());
        }
        let (now, push) = (self.instant()?, self.list()?);
        let told = self.consumers.get_mut(who).is_some_and(|consumer| consumer.machine.receive(now, push));
        self.tell(who, told);
        Ok(())
    }

    /// The server has something for a subscriber.
    pub(super) fn push(&mut self, subscription: SubscriptionId) -> Result<(), Error> {
        let now = self.instant()?;
        let of_it = |consumer: &Consumer| consumer.subscription == Some(subscription);
        let found = self.consumers.iter().find(|(_, consumer)| of_it(consumer));
        let Some((name, heard)) = found.map(|(name, consumer)| (name.clone(), consumer.heard)) else { return Ok(()) };
        if self.heard_for.is_some_and(|span| self.now - heard > span) {
            return Ok(());
        }
        let (mut push, at) = (self.pushed(), self.takes_first_list_at(&name));
        push.emptiness = self.emptiness(&name, push.revision);
        let Some(consumer) = self.consumers.get_mut(&name) else { return Ok(()) };
        if consumer.is_slow_at(&push) {
            consumer.on_their_way.push_back((at, Came::Pushed(push)));
            return Ok(());
        }
        let told = consumer.machine.receive(now, push);
        self.tell(&name, told);
        Ok(())
    }

    /// When a consumer has taken what may be its first list with somebody in it.
    fn takes_first_list_at(&self, who: &str) -> i64 {
        let late = self.now + PUSH_TAKES + 1..=self.now + FIRST_LIST_TAKES;
        self.first_lists.get(who).copied().filter(|at| late.contains(at)).unwrap_or(self.now)
    }

    /// A consumer takes what was on its way until now, in order.
    pub(super) fn take(&mut self, who: &str) -> Result<(), Error> {
        let now = self.instant()?;
        while let Some(consumer) = self.consumers.get_mut(who)
            && let Some((_, came)) = consumer.on_their_way.pop_front_if(|(at, _)| *at <= self.now)
        {
            consumer.is_warm = true;
            let told = match came {
                Came::Pushed(push) => consumer.machine.receive(now, push),
                Came::Asked(push) => consumer.machine.queried(now, Some(push)),
            };
            self.tell(who, told);
            // Nothing behind the first one waits.
            for (at, _) in self.consumers.get_mut(who).into_iter().flat_map(|consumer| &mut consumer.on_their_way) {
                *at = self.now;
            }
        }
        Ok(())
    }

    /// A consumer asks by itself, where it is time.
    pub(super) fn query(&mut self, who: &str) -> Result<(), Error> {
        let now = self.instant()?;
        let due = |consumer: &&Consumer| consumer.next_query().is_some_and(|at| at <= now);
        let Some(query) = self.consumers.get(who).filter(due).map(|consumer| consumer.machine.query()) else {
            return Ok(());
        };
        let answer = match query {
            Query::Take if self.server.is_up() => Some(self.list()?),
            Query::Take => {
                if let Some(consumer) = self.consumers.get_mut(who) {
                    consumer.machine.unanswered(now);
                }
                return Ok(());
            }
            _ => None,
        };
        let (mut told, at) = (false, self.takes_first_list_at(who));
        if let Some(consumer) = self.consumers.get_mut(who) {
            if query != Query::Skip {
                consumer.heard = self.now;
            }
            if let Some(push) = answer.as_ref().filter(|push| consumer.is_slow_at(push)) {
                consumer.on_their_way.push_back((at, Came::Asked(push.clone())));
                return Ok(());
            }
            told = consumer.machine.queried(now, answer);
        }
        self.tell(who, told);
        Ok(())
    }

    /// The listeners of a consumer hear its list, and with them those of the others in its process where clients do not keep that apart.
    fn tell(&mut self, who: &str, told: bool) {
        let Some(consumer) = self.consumers.get(who).filter(|_| told) else { return };
        let (state, shares) = (consumer.all(), consumer.machine.shares_events());
        let together = TOGETHER.iter().filter(|(one, _)| *one == who && shares).map(|(_, other)| *other);
        for name in std::iter::once(who).chain(together) {
            if self.consumers.get(name).is_some_and(|consumer| consumer.listens) {
                let told = Told { when: self.heard(), state: state.clone() };
                self.told.entry(name.to_owned()).or_default().push(told);
            }
        }
    }

    /// Why nobody usable may be in what is pushed to a consumer. Servers of Nacos do not say it, and its clients do not look.
    fn emptiness(&mut self, who: &str, revision: u64) -> Emptiness {
        let Some(told_of) = self.consumers.get_mut(who).and_then(|consumer| consumer.told_of.as_mut()) else {
            return Emptiness::Unknown;
        };
        let (service, since) = *told_of;
        told_of.1 = revision;
        let changes = self.server.registry().changes(service, since).ok().filter(|changes| !changes.full);
        changes
            .map_or(Emptiness::Unknown, |changes| Emptiness::of(changes.rows.iter().map(|row| (row.state, row.cause))))
    }

    /// What the server answers to somebody who asks for the list.
    fn list(&mut self) -> Result<Push, Error> {
        let (now, service) = (self.instant()?, self.service.clone());
        self.server.registry().look(now, &service);
        Ok(self.pushed())
    }

    /// What the server pushes: the list as it is.
    fn pushed(&mut self) -> Push {
        let service = self.service.clone();
        let view = self.server.registry().instances(&InstanceQuery::new(service, Reader::Consumer));
        let mut hosts: Vec<Host> = view.instances.into_iter().map(Host::from).collect();
        if self.turned {
            hosts.reverse();
        }
        Push { epoch: 0, revision: view.revision, hosts, emptiness: Emptiness::Unknown }
    }

    /// A consumer's process starts on the cache directory of an earlier one, `CT2` on that of `CT`.
    fn start(&mut self, event: &Event) -> Result<(), Error> {
        let now = self.instant()?;
        let is = |name: &str| event.args.get(name).and_then(Value::as_str) == Some("true");
        let policy = (self.version.subscriber)(is("namingPushEmptyProtection"));
        let disk = self.disks.get(event.who.trim_end_matches('2'));
        let hosts = disk.filter(|_| is("namingLoadCacheAtStart")).cloned().unwrap_or_default();
        let machine = Subscriber::with_cache(policy, now, hosts);
        let consumer = Consumer {
            machine,
            subscription: None,
            told_of: None,
            heard: 0,
            listens: false,
            on_their_way: VecDeque::new(),
            is_warm: false,
            shown: None,
        };
        self.consumers.insert(event.who.clone(), consumer);
        Ok(())
    }

    /// Reading subscribes, where nothing is in the cache, or where the client looks whether it is subscribed.
    fn read(&mut self, event: &Event) -> Result<Option<Difference>, Error> {
        let all = event.event == "getAllInstances";
        let Some(consumer) = self.consumers.get(&event.who) else { return Ok(None) };
        let is_new = consumer.subscription.is_none();
        let mut state = if all { consumer.all() } else { consumer.selected() };
        if is_new && (self.version.reads_raw || consumer.machine.hosts().is_empty()) {
            let raw = self.list()?;
            self.ask_to_be_told(&event.who)?;
            state = self::state(raw.hosts.iter());
        }
        Ok(compare::read_differs(self.now, event, &state))
    }

    /// The consumers named, as in `CT,CF`, end, and what lay on their disks stays.
    pub(super) fn consumers_end(&mut self, names: &str) -> Result<(), Error> {
        let now = self.instant()?;
        for name in names.split(',') {
            let Some(consumer) = self.consumers.remove(name) else { continue };
            self.disks.insert(name.to_owned(), consumer.machine.hosts().to_vec());
            if let Some(subscription) = consumer.subscription {
                self.server.registry().unsubscribe(now, subscription)?;
            }
        }
        Ok(())
    }

    /// The server's process ends, and every connection with it.
    pub(super) fn server_ends(&mut self) -> Result<(), Error> {
        // What a server forgets it forgets now: its clocks do not run while it is down.
        let now = self.instant()?;
        self.server.registry().restart(now);
        self.server.stop();
        for consumer in self.consumers.values_mut() {
            consumer.subscription = None;
        }
        self.providers_lose_the_server();
        Ok(())
    }

    /// It answers again.
    pub(super) fn server_answers(&mut self) -> Result<(), Error> {
        self.server.start(self.instant()?);
        self.providers_meet_the_server()
    }
}
