//! What happens to processes and their connections: they end, stop, go on, lose the server and find it again.

use liveset::clients::Publisher;
use liveset::{Actor, Command, Error, Outcome};

use super::super::file::Event;
use super::Replay;
use super::provider::Provider;
use super::wire::PROXIED;

impl Replay {
    /// The server's side of a new connection.
    pub(super) fn open_session(&mut self, who: &str) -> Result<(), Error> {
        let now = self.instant()?;
        let opened = self.server.registry().apply(now, Command::OpenSession { name: Actor::parse(who)? })?;
        if let (Outcome::SessionOpened { session }, Some(provider)) = (opened, self.providers.get_mut(who)) {
            provider.session = Some(session);
        }
        Ok(())
    }

    /// A new connection stands; then the old one is closed, and the server hears of that where the old one still carries anything.
    pub(super) fn connect(&mut self, who: &str) -> Result<(), Error> {
        let now = self.instant()?;
        let Some(provider) = self.providers.get(who) else { return Ok(()) };
        let (old, was_frozen) = (provider.session, self.wire.freezes(who, provider.connection.saturating_sub(1)));
        self.open_session(who)?;
        if let Some(provider) = self.providers.get_mut(who) {
            provider.publishers().for_each(|publisher| publisher.connected(now));
        }
        if let Some(old) = old.filter(|_| !was_frozen) {
            // Mostly it is gone already.
            let _gone = self.server.registry().close_session(now, old);
        }
        Ok(())
    }

    /// A connection was found ended: the next one is tried at once.
    pub(super) fn reconnect(&mut self, who: &str) -> Result<(), Error> {
        let Some(provider) = self.providers.get_mut(who) else { return Ok(()) };
        provider.publishers().for_each(Publisher::disconnected);
        provider.connection += 1;
        self.begin_connection(who)
    }

    /// A client begins to connect.
    pub(super) fn begin_connection(&mut self, who: &str) -> Result<(), Error> {
        self.connecting.entry(who.to_owned()).or_insert(self.now + self.connection_takes);
        self.connect_due()
    }

    /// The connections stand that do by now, where the server is there and the process goes on.
    pub(super) fn connect_due(&mut self) -> Result<(), Error> {
        let due: Vec<String> = self.connecting.extract_if(.., |_, at| *at <= self.now).map(|(who, _)| who).collect();
        for who in due {
            if self.server.is_up() && self.providers.get(&who).is_some_and(Provider::is_running) {
                self.connect(&who)?;
            }
        }
        Ok(())
    }

    /// A fault of a process, of the proxy or of what is between them.
    pub(super) fn fault(&mut self, event: &Event) -> Result<(), Error> {
        let now = self.instant()?;
        match event.event.as_str() {
            "killed -9" => self.process_ends(&event.who)?,
            "killed" => self.consumers_end(&event.who)?,
            "SIGSTOP" => self.provider(&event.who, |provider| provider.is_stopped = true),
            "SIGCONT" => {
                self.provider(&event.who, |provider| {
                    provider.is_stopped = false;
                    provider.publishers().for_each(|publisher| publisher.resumed(now));
                });
                let session = self.providers.get(&event.who).and_then(|provider| provider.session);
                if session.is_some_and(|session| self.server.registry().touch_session(now, session).is_err()) {
                    if self.version.returns {
                        self.reconnect(&event.who)?;
                    } else {
                        self.provider(&event.who, |provider| provider.is_dead = true);
                    }
                }
            }
            "freeze" => self.wire.freeze(),
            "old" if !self.version.keeps_connections => {}
            "old" => {
                let newest = self.providers.get(PROXIED).map_or(0, |provider| provider.connection);
                self.wire.freeze_existing(newest);
            }
            "heal" => {
                for call in self.wire.heal() {
                    self.carry(&call, call.until.is_some())?;
                    self.send_all(&call.from)?;
                }
            }
            "reset" => {
                let session = self.providers.get(PROXIED).and_then(|provider| provider.session);
                if let Some(session) = session {
                    self.server.registry().close_session(now, session)?;
                    self.reconnect(PROXIED)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn provider(&mut self, who: &str, change: impl FnOnce(&mut Provider)) {
        if let Some(provider) = self.providers.get_mut(who) {
            change(provider);
        }
    }

    fn process_ends(&mut self, who: &str) -> Result<(), Error> {
        let now = self.instant()?;
        let Some(provider) = self.providers.get_mut(who) else { return Ok(()) };
        provider.is_dead = true;
        if let Some(session) = provider.session.take() {
            // The system closes its connection.
            let _gone = self.server.registry().close_session(now, session);
        }
        Ok(())
    }

    /// A client begins to shut down.
    pub(super) fn closes(&mut self, who: &str) -> Result<(), Error> {
        if self.is_over_sessions() {
            return self.process_ends(who);
        }
        self.provider(who, |provider| provider.is_closing = true);
        Ok(())
    }

    pub(super) fn closed(&mut self, who: &str) {
        self.provider(who, |provider| provider.is_dead = true);
    }

    /// The connections of all processes end with the server's. Who beats notices nothing.
    pub(super) fn providers_lose_the_server(&mut self) {
        if !self.is_over_sessions() {
            return;
        }
        for provider in self.providers.values_mut() {
            provider.session = None;
            provider.publishers().for_each(Publisher::disconnected);
        }
    }

    /// The server answers again, and their next attempts to connect succeed.
    pub(super) fn providers_meet_the_server(&mut self) -> Result<(), Error> {
        if !self.is_over_sessions() {
            return Ok(());
        }
        for name in self.providers.keys().cloned().collect::<Vec<_>>() {
            if self.providers.get(&name).is_some_and(Provider::is_running) {
                self.begin_connection(&name)?;
            }
        }
        Ok(())
    }
}
