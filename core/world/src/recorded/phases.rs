//! What can a recording not show of a server? Where its clocks stood, and what was on its way beside what: dials, each of which is turned
//! once for a whole recording.

use std::collections::BTreeMap;
use std::fmt;

use liveset::policy::{Bound, Clock, Sweep};
use liveset::{Error, Policy, Span};

use super::file::{Line, Recording, What};
use super::track::Difference;
use super::{search, steps};

/// What a replay begins with: the rules, and what a recording cannot show of the server that followed them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setup {
    pub(crate) policy: Policy,
    /// How long after a request was answered the views may still miss what it did, in ms.
    pub(crate) lag: i64,
    /// Of each service where polls came that were on their way together with its first registrations; not told is before them.
    pub(crate) first_polls: BTreeMap<String, FirstPolls>,
    /// When in its time a request over HTTP reaches the server, in percent.
    pub(crate) reached: i64,
    /// Clients, as `ip:port`, whose registrations and beats are stamped late, in ms.
    pub(crate) stamped_late: BTreeMap<String, i64>,
    /// Where the clocks of SDK clients stood.
    pub(crate) client: super::sdk::Phases,
}

impl Setup {
    pub(crate) fn of(policy: Policy) -> Setup {
        Setup {
            policy,
            lag: 0,
            first_polls: BTreeMap::new(),
            reached: 0,
            stamped_late: BTreeMap::new(),
            client: super::sdk::Phases::default(),
        }
    }
}

/// Where polls came that were on their way together with the first registrations of a service: a registration makes the service, then
/// its instance enters, and a server that keeps computed views keeps what a poll found between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FirstPolls {
    /// They found no service.
    Before,
    /// They found a service without instances.
    Service,
    /// They found a service with a cluster, where clusters stay, and nobody in it.
    Cluster,
    /// They found what so many registrations had brought.
    After(usize),
}

/// Something that is not known from outside: the phase of a timer, a lag, who came first.
pub(crate) struct Dial {
    pub(crate) name: String,
    /// Values from 0 up to it differ.
    pub(crate) period: u64,
    /// The value that a search begins with.
    pub(crate) first: u64,
    /// How finely it is searched.
    pub(crate) step: u64,
    /// Of its values.
    pub(crate) unit: &'static str,
    /// From when to when a difference may come that it has to do with, in ms of the recording.
    pub(crate) within: (i64, i64),
    /// The instance, as `ip:port`, that must differ for it to matter; none for any.
    pub(crate) of: Option<String>,
    pub(crate) set: Turn,
}

/// What turning a dial to a value does.
type Turn = Box<dyn Fn(&mut Setup, u64)>;

/// At all times.
pub(crate) const ALWAYS: (i64, i64) = (i64::MIN, i64::MAX);

impl Dial {
    pub(crate) fn new(name: &str, period: u64, step: u64, set: impl Fn(&mut Setup, u64) + 'static) -> Dial {
        Dial { name: name.to_owned(), period, first: 0, step, unit: "ms", within: ALWAYS, of: None, set: Box::new(set) }
    }

    /// Its values are no times.
    pub(crate) fn counted_in(self, unit: &'static str) -> Dial {
        Dial { unit, ..self }
    }

    pub(crate) fn from(self, first: i64) -> Dial {
        Dial { within: (first, self.within.1), ..self }
    }

    /// Whether another value could move a difference.
    pub(crate) fn matters(&self, difference: &Difference) -> bool {
        let (first, last) = self.within;
        let host = |client: &str| client.rsplit_once(':').map(|(host, _)| host.to_owned());
        // A push names hosts only, and what differs in no instance may hang on any.
        let differs = |client: &String| {
            let of = &difference.of;
            of.is_empty() || of.contains(client) || host(client).is_some_and(|host| of.contains(&host))
        };
        (first..=last).contains(&difference.at) && self.of.as_ref().is_none_or(differs)
    }
}

/// The shares of a request's time that are tried, in percent.
const REACHED: [i64; 5] = [0, 100, 50, 75, 25];

/// The values of [`LOOKS`] that a search begins with.
const BEGINNINGS: [u64; 2] = [0, 2];

/// Searches anew for each share of a request's time in which it may have reached the server, and for clocks that are late and clocks that
/// are not: that moves everything, and what is found for one need not be for another.
pub(crate) fn search(
    policy: &Policy,
    recording: &Recording,
    mut replay: impl FnMut(&Setup, Option<i64>) -> Result<Option<Difference>, Error>,
) -> Result<(Option<Difference>, Vec<Chosen>), Error> {
    let (mut dials, zero) = (dials(policy, recording), super::zero(recording));
    let mut best: Option<(Option<Difference>, Vec<Chosen>)> = None;
    let mut tries = search::Tries::new(2000, 500);
    for (first, reached) in BEGINNINGS.into_iter().flat_map(|first| REACHED.map(|reached| (first, reached))) {
        if let Some(looks) = dials.iter_mut().find(|dial| dial.name == LOOKS) {
            looks.first = first;
        }
        let (found, mut chosen) = search::search(policy, &dials, zero, &mut tries, |mut setup, until| {
            setup.reached = reached;
            replay(&setup, until)
        })?;
        let name = "requests reach the server so late in their time";
        chosen.push(Chosen::new(name, reached.unsigned_abs(), "%"));
        let matches = found.is_none();
        if best.as_ref().is_none_or(|(least, _)| search::is_later(found.as_ref(), least.as_ref())) {
            best = Some((found, chosen));
        }
        if matches {
            break;
        }
    }
    Ok(best.unwrap_or_default())
}

/// How late a server may stamp what it answered, in ms: so many that a clock which is a ms later with each look finds silence of twice its
/// time, and not of once.
const LATE: u64 = 5;

/// The dials of a server that is driven by plain HTTP.
fn dials(policy: &Policy, recording: &Recording) -> Vec<Dial> {
    let lines = &recording.lines;
    let mut dials: Vec<Dial> = steps::first_registrations(lines)
        .into_iter()
        .map(|(service, (first, end))| {
            let name = format!("polls beside the first registrations of {service} come before, into, behind them");
            let dial = Dial::new(&name, 9, 1, move |setup, place| {
                let place = match place {
                    0 => FirstPolls::Before,
                    1 => FirstPolls::Service,
                    2 => FirstPolls::Cluster,
                    behind => FirstPolls::After(behind as usize - 2),
                };
                setup.first_polls.insert(service.clone(), place);
            });
            // What such a poll found is shown until the view is computed again.
            Dial { within: (first, end + FOUND_ALONE), ..dial.counted_in("") }
        })
        .collect();
    if policy.expiry.sweep != Sweep::Exact {
        dials.extend(clients(lines).into_iter().map(|client| {
            let of = Some(client.clone());
            let name = format!("{client} is stamped so much late");
            let dial = Dial::new(&name, 3 * LATE, LATE, move |setup, late| {
                setup.stamped_late.insert(client.clone(), late as i64);
            });
            Dial { of, ..dial }
        }));
    }
    dials.extend(server(policy, recording, 1));
    dials.retain(|dial| dial.period > 0);
    dials
}

/// The dials of a server, whoever talks to it: its clocks but for the engine of views, and how late they are. Clocks of seconds are
/// searched so many times as coarsely.
pub(crate) fn server(policy: &Policy, recording: &Recording, coarse: u64) -> Vec<Dial> {
    let lines = &recording.lines;
    let begin = lines.first().map_or(0, |line| line.t);
    let clock = |name: &str, clock: Clock, step, set: fn(&mut Setup, Span)| {
        Dial::new(name, clock.every.as_millis(), step, move |setup, phase| set(setup, span(phase)))
    };
    let late = if policy.view.refresh == Span::ZERO { 60 } else { 0 };
    let by_itself = if matches!(policy.expiry.sweep, Sweep::PerService(_)) { 150 } else { 0 };
    let slips = if policy.expiry.sweep == Sweep::Exact { 0 } else { 2 * 16 };
    let empty = policy.services.empty.map_or(i64::MAX / 2, |empty| empty.as_millis() as i64);
    let mut dials = vec![
        Dial::new("what a request did is seen so much later", late, 10, |setup, lag| setup.lag = lag as i64),
        Dial::new("a removal for silence takes so long", by_itself, 15, |setup, takes| {
            setup.policy.expiry.removal_takes = span(takes);
        }),
        Dial::new(LOOKS, slips, 1, looks).counted_in("half ms"),
        clock("overrides.sweep", policy.overrides.sweep, 250 * coarse, |setup, at| {
            setup.policy.overrides.sweep.phase = at
        })
        .from(begin + policy.services.settings.as_millis() as i64),
        clock("services.sweep", policy.services.sweep, 1000, |setup, at| setup.policy.services.sweep.phase = at)
            .from(begin + empty),
    ];
    dials.extend(policy.expiry.cap.map(|cap| {
        let set = |setup: &mut Setup, at| {
            if let Some(cap) = &mut setup.policy.expiry.cap {
                cap.sweep.phase = at;
            }
        };
        clock("expiry.cap.sweep", cap.sweep, 250 * coarse, set).from(begin + cap.silence.as_millis() as i64)
    }));
    dials
}

/// How long a view may be shown that a poll found beside a first registration, in ms: until it is computed again.
const FOUND_ALONE: i64 = 1000;

const LOOKS: &str = "silence of exactly its time is found or not, and each look comes so much later";

/// Whether a look finds silence of exactly its time; and a clock that waits for five seconds after each look, and not from look to look,
/// is a little later every time.
fn looks(setup: &mut Setup, value: u64) {
    setup.policy.expiry.bound = if value.is_multiple_of(2) { Bound::Reached } else { Bound::Exceeded };
    look_later(&mut setup.policy, value / 2);
}

/// Each look for silence comes so many ms later than it should.
pub(crate) fn look_later(policy: &mut Policy, by: u64) {
    if let Sweep::PerLease(period) | Sweep::PerService(period) = &mut policy.expiry.sweep {
        *period = span(period.as_millis() + by);
    }
}

/// Clients that registered by themselves, as `ip:port`, each once.
fn clients(lines: &[Line]) -> Vec<String> {
    let mut clients: Vec<String> = Vec::new();
    for line in lines {
        let What::Request(request) = &line.what else { continue };
        if let (Some(client), "/instance" | "/instance/beat", "POST" | "PUT") =
            (request.client(), request.path.as_str(), request.method.as_str())
            && !clients.contains(&client)
        {
            clients.push(client);
        }
    }
    clients
}

fn span(millis: u64) -> Span {
    Span::from_millis(millis).unwrap_or_default()
}

/// What was chosen for something that a recording does not show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// What it is of.
    pub name: String,
    /// Its value,
    pub value: u64,
    /// in this unit, as in `ms`; empty for a number of something.
    pub unit: &'static str,
}

impl Chosen {
    pub(crate) fn new(name: &str, value: u64, unit: &'static str) -> Chosen {
        Chosen { name: name.to_owned(), value, unit }
    }
}

impl fmt::Display for Chosen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Chosen { name, value, unit } = self;
        write!(f, "{name} {value}{}{unit}", if unit.is_empty() { "" } else { " " })
    }
}
