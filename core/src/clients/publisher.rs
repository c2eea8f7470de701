//! Rule 14, the provider's side: keeping one instance registered, and letting it go for good.
//!
//! The hard part is the end. A beat that was sent before the deregistration may be answered after it, and a client that obeys that
//! answer brings back what it just took away. Requests therefore carry a ticket of the life they belong to.

use alloc::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::policy::Clock;
use crate::time::{Instant, Span};

/// What a provider's client does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublisherPolicy {
    /// What keeps the instance alive.
    pub transport: Transport,
    /// How long after the registration its first beat, or sign of life, comes, in ms. A client whose clock runs from its own start: from
    /// 0 up to the interval.
    pub first: Span,
    /// Whether the time of the next beat counts from the answer to the one before. Nacos's Java client 1: yes, so a beat that hangs keeps
    /// back all that follow (recorded).
    pub beats_wait: bool,
    /// How long it waits for an answer, in ms. Nacos's Java client 1: 50000, the time for reading from a pooled connection (recorded);
    /// 2: 3000 (R8 constants).
    pub patience: Span,
    /// How often in a row a sign of life may stay unanswered before the connection is given up, 1 or more. Nacos's Java client 2.0.3: 1;
    /// 2.5.1: 4 (recorded).
    pub tries: u32,
    /// How long after the loss of a request it tries again, in ms. Nacos's Java client 1: 0, 2: 3000.
    pub retry: Span,
    /// How much longer it waits after each attempt to connect that failed, in ms, up to fifty times that. Nacos's Java client 2: 100.
    pub reconnect: Span,
    /// When it registers again over a new connection: at the first tick behind it. Nacos's Java client 2: every 3000 ms, its redo task (R4.2).
    pub redo: Clock,
    /// Whether answers to requests of a life that is over are obeyed. Nacos's Java client 1: yes, so an answer "register again" to a
    /// beat in flight undoes the deregistration.
    pub obeys_late_answers: bool,
    /// Whether a deregistration is sent once more when a beat was in flight. Nacos: no.
    pub confirms_deregistration: bool,
}

/// What keeps an instance alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    /// Beats, every so many ms until the registry says otherwise. The first comes one interval after the registration.
    Beats(Span),
    /// A connection, with a sign of life every so many ms. Nacos 2: 5000.
    Session(Span),
}

impl PublisherPolicy {
    /// As Nacos's Java client 1.4.1 did: HTTP beats.
    pub fn java_1_4() -> PublisherPolicy {
        PublisherPolicy {
            transport: Transport::Beats(Span::from_secs(5)),
            first: Span::from_secs(5),
            beats_wait: true,
            patience: Span::from_secs(50),
            tries: 1,
            retry: Span::ZERO,
            reconnect: Span::ZERO,
            redo: Clock::EXACT,
            obeys_late_answers: true,
            confirms_deregistration: false,
        }
    }

    /// As Nacos's Java client 2.0.3 did: a gRPC connection, given up at the first silence.
    pub fn java_2_0() -> PublisherPolicy {
        PublisherPolicy {
            transport: Transport::Session(Span::from_secs(5)),
            first: Span::from_secs(5),
            beats_wait: true,
            patience: Span::from_secs(3),
            tries: 1,
            retry: Span::from_secs(3),
            reconnect: Span::unbounded(100),
            redo: Clock::every(Span::from_secs(3)),
            obeys_late_answers: false,
            confirms_deregistration: false,
        }
    }

    /// As Nacos's Java client 2.5.1 did: 2.0.3 with more patience for a silent connection.
    pub fn java_2_5() -> PublisherPolicy {
        PublisherPolicy { tries: 4, ..PublisherPolicy::java_2_0() }
    }

    /// What providers should do, over beats: late answers are void, and a deregistration outlives the beats in flight.
    pub fn strict() -> PublisherPolicy {
        PublisherPolicy {
            transport: Transport::Beats(Span::from_secs(5)),
            first: Span::from_secs(5),
            beats_wait: false,
            patience: Span::from_secs(3),
            tries: 1,
            retry: Span::from_secs(1),
            reconnect: Span::ZERO,
            redo: Clock::EXACT,
            obeys_late_answers: false,
            confirms_deregistration: true,
        }
    }
}

/// What the host should send. The ticket comes back with the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// Register, over the connection when the transport has one.
    Register {
        /// To be given back with the answer.
        ticket: u64,
    },
    /// Beat; a full beat carries the whole instance.
    Beat {
        /// To be given back with the answer.
        ticket: u64,
        /// Whether it carries the whole instance.
        full: bool,
    },
    /// Deregister.
    Deregister {
        /// To be given back with the answer.
        ticket: u64,
    },
    /// A sign of life of the connection.
    KeepAlive {
        /// To be given back with the answer.
        ticket: u64,
    },
    /// Give up the connection there was, if any, and open another: [`Publisher::connected`] when it stands, `Lost` when it does not.
    Connect {
        /// To be given back with the answer.
        ticket: u64,
    },
}

/// What the registry answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// Done. It may say how often to beat, and that light beats are enough.
    Done {
        /// How often to beat from here on.
        interval: Option<Span>,
        /// Whether beats may leave the instance out.
        light: bool,
    },
    /// Unknown here: register again.
    RegisterAgain,
    /// Ended on purpose: stop.
    Stop,
    /// No answer, or one that says nothing.
    Lost,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Phase {
    /// Nothing published.
    Idle,
    /// To be kept registered.
    Published,
    /// Told to stop by the registry.
    Stopped,
}

/// What `next` is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Next {
    /// A beat, or a sign of life.
    Sign,
    /// A registration over a new connection.
    Registration,
    /// An attempt to connect.
    Connection,
}

/// Keeps one instance registered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Publisher {
    policy: PublisherPolicy,
    phase: Phase,
    connected: bool,
    light: bool,
    interval: Span,
    /// Life counter: a ticket is `life << 32 | number`.
    life: u32,
    number: u32,
    /// Number of the deregistration that ended the life.
    ended: u32,
    next: Option<(Instant, Next)>,
    /// When the next sign of life is due, while a registration is due before it.
    sign: Option<Instant>,
    /// Number of the latest registration.
    registration: u32,
    /// Signs of life, or attempts to connect, without an answer in a row.
    unanswered: u32,
    /// The ticks of `redo` count from here; from the host's zero where it was never held up.
    ticks_from: Option<Instant>,
    outbox: VecDeque<Request>,
    /// When it last wanted a registration or a sign of life sent.
    sent: Option<Instant>,
}

impl Publisher {
    /// A client that has published nothing yet, connected.
    pub fn new(policy: PublisherPolicy) -> Publisher {
        let (Transport::Beats(interval) | Transport::Session(interval)) = policy.transport;
        Publisher {
            policy,
            phase: Phase::Idle,
            connected: true,
            light: false,
            interval,
            life: 0,
            number: 0,
            ended: 0,
            next: None,
            sign: None,
            registration: 0,
            unanswered: 0,
            ticks_from: None,
            outbox: VecDeque::new(),
            sent: None,
        }
    }

    /// Begins a life: registers, and keeps it so.
    pub fn register(&mut self, now: Instant) {
        // What beats for an address has begun anew; a connection lives on with the clock it has.
        let sign = self.sign_due().filter(|_| self.is_over_a_session());
        self.phase = Phase::Published;
        self.life = self.life.wrapping_add(1);
        self.send_register();
        self.sent = Some(now);
        self.next = Some((sign.unwrap_or(now + self.policy.first), Next::Sign));
    }

    /// Ends the life for good: no beat of it leaves any more, and answers that are still out change nothing where the policy is
    /// strict.
    pub fn deregister(&mut self) {
        if self.phase == Phase::Idle {
            return;
        }
        self.phase = Phase::Idle;
        self.next = None;
        self.outbox.retain(|request| matches!(request, Request::Deregister { .. }));
        self.send_deregister();
        self.ended = self.number;
    }

    /// The connection is there again.
    pub fn connected(&mut self, now: Instant) {
        self.connected = true;
        self.unanswered = 0;
        if self.phase == Phase::Published {
            self.next = Some((self.redo_tick(now), Next::Registration));
            self.sign = Some(now + self.interval);
            self.advance(now);
        }
    }

    /// The connection is lost. Over a session, so is the registration.
    pub fn disconnected(&mut self) {
        self.connected = false;
        if self.is_over_a_session() {
            self.next = None;
        }
    }

    /// Its process was held up until now, and all its clocks with it: what was due meanwhile happens at once, and they go on from here.
    pub fn resumed(&mut self, now: Instant) {
        self.ticks_from = Some(now);
    }

    /// An answer came, or was given up.
    pub fn answered(&mut self, now: Instant, ticket: u64, reply: Reply) {
        if self.phase == Phase::Idle || ticket >> 32 != u64::from(self.life) {
            self.answered_late(ticket, reply);
            return;
        }
        match reply {
            Reply::Done { interval, light } => {
                self.light |= light;
                self.unanswered = 0;
                self.interval = interval.filter(|&interval| interval != Span::ZERO).unwrap_or(self.interval);
                self.next.get_or_insert((now + self.interval, Next::Sign));
            }
            Reply::RegisterAgain => {
                self.send_register();
                self.sent = Some(now);
                self.next = Some((now + self.interval, Next::Sign));
            }
            Reply::Stop => {
                self.phase = Phase::Stopped;
                self.next = None;
            }
            Reply::Lost => self.lost(now, ticket as u32),
        }
    }

    /// Sends what is due by `now`.
    pub fn advance(&mut self, now: Instant) {
        while let Some((at, what)) = self.next.filter(|&(at, what)| at <= now && self.acts(what)) {
            self.sent = Some(at);
            self.next = match what {
                Next::Registration => {
                    self.send_register();
                    let sign = self.sign.take().unwrap_or(at + self.interval);
                    Some((sign.max(at), Next::Sign))
                }
                Next::Connection => {
                    let ticket = self.ticket();
                    self.outbox.push_back(Request::Connect { ticket });
                    None
                }
                Next::Sign => {
                    self.send_sign();
                    (!self.policy.beats_wait).then_some((at + self.interval, Next::Sign))
                }
            };
        }
    }

    /// When it has something to send by itself.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.next.filter(|&(_, what)| self.acts(what)).map(|(at, _)| at)
    }

    /// The next request to send.
    pub fn poll(&mut self) -> Option<Request> {
        self.outbox.pop_front()
    }

    /// Whether the registry told it to stop.
    pub fn is_stopped(&self) -> bool {
        self.phase == Phase::Stopped
    }

    /// When it last produced a registration, a sign of life or an attempt to connect: a host alarms where that lies too far back.
    pub fn last_sent(&self) -> Option<Instant> {
        self.sent
    }

    /// What keeps its instance alive.
    pub fn transport(&self) -> Transport {
        self.policy.transport
    }

    /// How long an answer is worth waiting for.
    pub fn patience(&self) -> Span {
        self.policy.patience
    }

    fn is_over_a_session(&self) -> bool {
        matches!(self.policy.transport, Transport::Session(_))
    }

    fn acts(&self, what: Next) -> bool {
        self.phase == Phase::Published && (self.connected || what == Next::Connection)
    }

    fn sign_due(&self) -> Option<Instant> {
        self.next.filter(|&(_, what)| what == Next::Sign).map(|(at, _)| at)
    }

    /// The first tick of the redo task behind `now`: one that falls together with the new connection comes too early for it.
    fn redo_tick(&self, now: Instant) -> Instant {
        let Clock { every, phase } = self.policy.redo;
        if every == Span::ZERO {
            return now;
        }
        let moment = Span::unbounded(1);
        match self.ticks_from {
            None => Clock { every, phase }.look(now + moment),
            Some(from) => {
                from + Clock::every(every).look(Instant::ZERO + now.since(from) + moment).since(Instant::ZERO)
            }
        }
    }

    fn send_sign(&mut self) {
        let ticket = self.ticket();
        self.outbox.push_back(match self.policy.transport {
            Transport::Beats(_) => Request::Beat { ticket, full: !self.light },
            Transport::Session(_) => Request::KeepAlive { ticket },
        });
    }

    fn send_register(&mut self) {
        let ticket = self.ticket();
        self.registration = self.number;
        self.outbox.push_back(Request::Register { ticket });
    }

    fn send_deregister(&mut self) {
        let ticket = self.ticket();
        self.outbox.push_back(Request::Deregister { ticket });
    }

    /// An answer to a request of a life that is over.
    fn answered_late(&mut self, ticket: u64, reply: Reply) {
        let of_the_ended_life = ticket >> 32 == u64::from(self.life) && (ticket as u32) < self.ended;
        match reply {
            Reply::RegisterAgain if self.policy.obeys_late_answers => self.send_register(),
            // A beat was accepted after the end: what it may have brought back is taken away again.
            Reply::Done { .. } if of_the_ended_life && self.policy.confirms_deregistration => self.send_deregister(),
            _ => {}
        }
    }

    fn lost(&mut self, now: Instant, number: u32) {
        self.unanswered += 1;
        if !self.is_over_a_session() {
            // A beat that was lost is followed by another. A registration that may have been lost is not repeated: the next full beat, or
            // "register again", does it.
            let again = now + self.policy.retry;
            self.next = Some(self.next.filter(|&(at, _)| at < again).unwrap_or((again, Next::Sign)));
        } else if !self.connected {
            let longer = self.policy.reconnect.as_millis() * u64::from(self.unanswered.min(50));
            self.next = Some((now + Span::unbounded(longer), Next::Connection));
        } else if number == self.registration {
            self.unanswered = 0;
            self.sign = self.sign_due();
            self.next = Some((self.redo_tick(now), Next::Registration));
        } else if self.unanswered < self.policy.tries {
            self.send_sign();
        } else {
            self.connected = false;
            self.unanswered = 0;
            self.next = Some((now, Next::Connection));
            self.advance(now);
        }
    }

    fn ticket(&mut self) -> u64 {
        self.number = self.number.wrapping_add(1);
        u64::from(self.life) << 32 | u64::from(self.number)
    }
}
