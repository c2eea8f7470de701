//! Random tapes: tiny names, tiny constants, long lives, times that meet deadlines, and ids that earlier commands returned.

mod commands;
mod ids;
mod policies;
mod random;

use liveset::{Address, Cluster, Command, Instant, OverrideChange, Policy, Registry, ServiceKey, Span};

use ids::{Known, origins};
pub use ids::{Origin, resolve};
pub use policies::{any_policy, policies, varied};
pub use random::Random;

/// What is done at one moment.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its place in the tape it was made for.
    pub serial: usize,
    /// When.
    pub at: Instant,
    /// What.
    pub deed: Deed,
    /// For each id in the command, in order, the step that it comes from.
    pub origins: Vec<Option<Origin>>,
}

/// What a step does.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly all of them are commands")]
pub enum Deed {
    /// A command.
    Do(Command),
    /// The registry is written down and read back.
    Restore,
    /// The registry is read back as it was some time ago, and all commands since are played again.
    Replay,
}

/// How many services and hosts a tape speaks of.
const SERVICES: [&str; 2] = ["orders", "stock"];
const HOSTS: [&str; 3] = ["10.0.0.1", "10.0.0.2", "10.0.0.3"];
const CLUSTERS: [&str; 2] = ["DEFAULT", "c2"];
/// A service that nobody touches: decisions about it keep the names of a tape known from the beginning.
const PINNED: &str = "pinned";

/// Makes a tape step by step, from what earlier steps returned.
pub struct Player {
    random: Random,
    serial: usize,
    now: u64,
    known: Known,
    pins: bool,
    /// The longest jump: where removals wait for the brake, every second of a jump is looked at.
    longest: u64,
    gap_max: Option<Span>,
}

impl Player {
    /// With `pins`, the first steps make all names known in their order, for as long as the tape lasts: what happens to several at one
    /// moment then happens in the order of their names.
    pub fn new(seed: u64, policy: &Policy, pins: bool) -> Player {
        let longest = if policy.expiry.brake.is_some() { 400_000 } else { 20 * 24 * 3_600_000 };
        let gap_max = policy.expiry.gap_max;
        Player { random: Random(seed), serial: 0, now: 0, known: Known::default(), pins, longest, gap_max }
    }

    /// Makes the next step from this number, whatever came before.
    pub fn reseed(&mut self, number: u64) {
        self.random = Random(number);
    }

    /// The next step; `deadline` is when the registry asks to be called.
    pub fn next_step(&mut self, deadline: Option<Instant>) -> Step {
        let pin = if self.pins { pins().nth(self.serial) } else { None };
        let random = &mut self.random;
        let deed = match pin {
            Some(pin) => Deed::Do(pin),
            None => {
                self.now = moment(random, self.now, deadline, self.longest);
                match random.below(800) {
                    0 => Deed::Restore,
                    1 => Deed::Replay,
                    _ => {
                        let now = Instant::from_millis(self.now).expect("small");
                        Deed::Do(commands::command(random, &self.known, now, self.gap_max))
                    }
                }
            }
        };
        // A host's clock may step back; the tape goes on from where it was.
        let back = if random.one_in(200) { random.below(3000) } else { 0 };
        let at = Instant::from_millis(self.now.saturating_sub(back)).expect("small");
        let serial = self.serial;
        self.serial += 1;
        let origins = match &deed {
            Deed::Do(command) => origins(command, &self.known),
            Deed::Restore | Deed::Replay => Vec::new(),
        };
        Step { serial, at, deed, origins }
    }

    /// Takes note of what the last step returned.
    pub fn learn(&mut self, outcome: &liveset::Outcome) {
        self.known.learn(self.serial - 1, outcome);
    }
}

/// `count` commands at rising times, as a registry under `policy` and nobody else took them.
pub fn tape(seed: u64, policy: &Policy, count: usize) -> Vec<(Instant, Command)> {
    let mut registry = Registry::new(policy.clone()).expect("the policy is good");
    let mut player = Player::new(seed, policy, false);
    let mut tape = Vec::with_capacity(count);
    while tape.len() < count {
        let step = player.next_step(registry.next_deadline());
        let Deed::Do(command) = step.deed else { continue };
        let at = step.at.max(registry.now());
        if let Ok(outcome) = registry.apply(at, command.clone()) {
            player.learn(&outcome);
        }
        tape.push((at, command));
    }
    tape
}

/// A service of the tapes.
pub fn service(number: u64) -> ServiceKey {
    ServiceKey::named(SERVICES[number as usize % SERVICES.len()]).expect("good")
}

/// An address of the tapes in the first cluster.
pub fn address(number: u64) -> Address {
    Address::new(HOSTS[number as usize % HOSTS.len()], 8080).expect("good")
}

/// All services that tapes name.
pub fn services() -> Vec<ServiceKey> {
    SERVICES.iter().chain([&PINNED]).map(|name| ServiceKey::named(name).expect("good")).collect()
}

/// All addresses that tapes name.
pub fn addresses() -> Vec<Address> {
    let all = CLUSTERS.iter().flat_map(|cluster| HOSTS.iter().map(move |host| (host, cluster)));
    all.map(|(host, cluster)| in_cluster(Address::new(host, 8080).expect("good"), cluster)).collect()
}

fn in_cluster(address: Address, cluster: &str) -> Address {
    Address { cluster: Cluster::parse(cluster).expect("good"), ..address }
}

/// How many steps pin the names of a tape.
pub(crate) const PINS: usize = HOSTS.len() * CLUSTERS.len();

/// Whether a tape begins with them.
pub(crate) fn are_pinned(steps: &[Step]) -> bool {
    let is_pin = |step: &Step| matches!(&step.deed, Deed::Do(Command::SetOverride(change)) if change.service.name.as_str() == PINNED);
    steps.len() >= PINS && steps[..PINS].iter().all(is_pin)
}

fn pins() -> impl Iterator<Item = Command> {
    addresses().into_iter().map(|address| {
        Command::SetOverride(OverrideChange {
            service: ServiceKey::named(PINNED).expect("good"),
            address,
            kind: None,
            by: liveset::Actor::parse("pin").expect("good"),
            because: None,
            lifetime: Some(liveset::policy::Lifetime::UntilCleared),
            enabled: Some(true),
            weight: None,
            metadata: None,
        })
    })
}

fn moment(random: &mut Random, now: u64, deadline: Option<Instant>, longest: u64) -> u64 {
    let deadline = deadline.map_or(now + 1000, Instant::as_millis);
    match random.below(1000) {
        0..450 => now,
        450..620 => now + random.below(900),
        // Around what is due next, where most of what goes wrong goes wrong.
        620..870 => (deadline + random.below(3)).saturating_sub(1).max(now),
        870..960 => now + random.below(7000),
        960..998 => now + random.below(40_000),
        998 => now + random.below(400_000),
        _ => now + random.below(longest),
    }
}
