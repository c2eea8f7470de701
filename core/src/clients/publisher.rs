//! Rule 14, the provider's side: keeping one instance registered, and letting it go for good.
//!
//! The hard part is the end. A beat that was sent before the deregistration may be answered after it, and a client that obeys that
//! answer brings back what it just took away. Requests therefore carry a ticket of the life they belong to.

use alloc::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::time::{Instant, Span};

/// What a provider's client does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublisherPolicy {
    /// What keeps the instance alive.
    pub transport: Transport,
    /// How long after the loss of a request, or of a connection, it tries again, in ms. Nacos's Java client 2: 3000.
    pub retry: Span,
    /// How long after a new connection it registers again, in ms. Nacos's Java client 2: 3000, the period of its redo task.
    pub re_registers_after: Span,
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
            retry: Span::from_secs(5),
            re_registers_after: Span::ZERO,
            obeys_late_answers: true,
            confirms_deregistration: false,
        }
    }

    /// As Nacos's Java clients 2.x do: a gRPC connection.
    pub fn java_2() -> PublisherPolicy {
        PublisherPolicy {
            transport: Transport::Session(Span::from_secs(5)),
            retry: Span::from_secs(3),
            re_registers_after: Span::from_secs(3),
            obeys_late_answers: false,
            confirms_deregistration: false,
        }
    }

    /// What providers should do, over beats: late answers are void, and a deregistration outlives the beats in flight.
    pub fn strict() -> PublisherPolicy {
        PublisherPolicy {
            transport: Transport::Beats(Span::from_secs(5)),
            retry: Span::from_secs(1),
            re_registers_after: Span::ZERO,
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
    next: Option<Instant>,
    /// What `next` is for: a registration instead of a sign of life.
    registers_next: bool,
    outbox: VecDeque<Request>,
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
            registers_next: false,
            outbox: VecDeque::new(),
        }
    }

    /// Begins a life: registers, and keeps it so.
    pub fn register(&mut self, now: Instant) {
        self.phase = Phase::Published;
        self.life = self.life.wrapping_add(1);
        self.send_register(now);
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
        if self.phase == Phase::Published {
            self.registers_next = true;
            self.next = Some(now + self.policy.re_registers_after);
            self.advance(now);
        }
    }

    /// The connection is lost. Over a session, so is the registration.
    pub fn disconnected(&mut self) {
        self.connected = false;
        if matches!(self.policy.transport, Transport::Session(_)) {
            self.next = None;
        }
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
                self.interval = interval.filter(|&interval| interval != Span::ZERO).unwrap_or(self.interval);
            }
            Reply::RegisterAgain => self.send_register(now),
            Reply::Stop => {
                self.phase = Phase::Stopped;
                self.next = None;
            }
            Reply::Lost => self.retry(now),
        }
    }

    /// Sends what is due by `now`.
    pub fn advance(&mut self, now: Instant) {
        while let Some(at) = self.next.filter(|&at| at <= now && self.phase == Phase::Published && self.connected) {
            if core::mem::take(&mut self.registers_next) {
                self.send_register(at);
                continue;
            }
            let ticket = self.ticket();
            self.outbox.push_back(match self.policy.transport {
                Transport::Beats(_) => Request::Beat { ticket, full: !self.light },
                Transport::Session(_) => Request::KeepAlive { ticket },
            });
            self.next = Some(at + self.interval);
        }
    }

    /// When it has something to send by itself.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.next.filter(|_| self.phase == Phase::Published && self.connected)
    }

    /// The next request to send.
    pub fn poll(&mut self) -> Option<Request> {
        self.outbox.pop_front()
    }

    /// Whether the registry told it to stop.
    pub fn is_stopped(&self) -> bool {
        self.phase == Phase::Stopped
    }

    /// What keeps its instance alive.
    pub fn transport(&self) -> Transport {
        self.policy.transport
    }

    fn send_register(&mut self, now: Instant) {
        let ticket = self.ticket();
        self.outbox.push_back(Request::Register { ticket });
        self.registers_next = false;
        self.next = Some(now + self.interval);
    }

    fn send_deregister(&mut self) {
        let ticket = self.ticket();
        self.outbox.push_back(Request::Deregister { ticket });
    }

    /// An answer to a request of a life that is over.
    fn answered_late(&mut self, ticket: u64, reply: Reply) {
        let of_the_ended_life = ticket >> 32 == u64::from(self.life) && (ticket as u32) < self.ended;
        match reply {
            Reply::RegisterAgain if self.policy.obeys_late_answers => {
                let ticket = self.ticket();
                self.outbox.push_back(Request::Register { ticket });
            }
            // A beat was accepted after the end: what it may have brought back is taken away again.
            Reply::Done { .. } if of_the_ended_life && self.policy.confirms_deregistration => self.send_deregister(),
            _ => {}
        }
    }

    fn retry(&mut self, now: Instant) {
        let again = now + self.policy.retry;
        if self.next.is_none_or(|at| again < at) {
            self.next = Some(again);
        }
        // A beat that was lost is followed by another; a registration that may have been lost is repeated over a session only,
        // since the next full beat or "register again" does it over beats.
        self.registers_next = matches!(self.policy.transport, Transport::Session(_));
    }

    fn ticket(&mut self) -> u64 {
        self.number = self.number.wrapping_add(1);
        u64::from(self.life) << 32 | u64::from(self.number)
    }
}
