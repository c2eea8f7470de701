//! Random tapes of commands: tiny names, tiny constants, long lives.

use liveset::{
    Actor, Address, BatchMember, BatchRegistration, Cluster, Command, Content, Deregistration, InstanceBeat, Instant,
    Kind, LeaseId, Metadata, OverrideChange, OverrideField, Policy, Reason, Registration, Removal, ServiceKey,
    ServiceSettings, SessionId, Span, SubscriptionId, Threshold, Weight,
    policy::{Cap, Clock, Holds, Lifetime, Sweep},
};

/// SplitMix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub(crate) fn one_in(&mut self, bound: u64) -> bool {
        self.below(bound) == 0
    }
}

/// All presets, and strict with small constants so that limits and rings are met.
pub(crate) fn policies() -> Vec<Policy> {
    let mut small = Policy::strict();
    small.label = "small".into();
    small.limits.journal_max = 16;
    small.limits.instances_max = 5;
    small.limits.leases_per_instance_max = 2;
    small.limits.changes_per_service_max = 3;
    small.limits.sessions_max = 2;
    small.limits.subscriptions_max = 2;
    small.fence.removal = Span::from_secs(20);
    small.services.empty = Some(Span::from_secs(4));
    small.services.created_stays = false;
    small.services.settings = Span::from_secs(6);
    small.session.holds = Holds::One;
    small.restart.instances = false;
    small.restart.warming = Some(Span::from_secs(15));
    let mut swept = Policy::nacos_2_5();
    swept.label = "swept".into();
    swept.expiry.sweep = Sweep::PerService(Span::from_secs(3));
    swept.overrides.lifetime = Lifetime::For(Span::from_secs(25));
    swept.view.notice_window = Span::from_secs(1);
    swept.expiry.cap = Some(Cap { silence: Span::from_secs(20), sweep: Clock::every(Span::from_secs(7)) });
    let versions =
        [Policy::nacos_1_4(), Policy::nacos_2_0(), Policy::nacos_2_1(), Policy::nacos_2_5(), Policy::nacos_3_0()];
    [Policy::strict()].into_iter().chain(versions).chain([small, swept]).collect()
}

/// `count` commands at rising times.
pub(crate) fn tape(seed: u64, count: usize) -> Vec<(Instant, Command)> {
    let mut random = Random(seed);
    let mut now = 0;
    (0..count)
        .map(|_| {
            now += match random.below(8) {
                0..4 => 0,
                4..6 => random.below(900),
                6 => random.below(7000),
                _ => random.below(40_000),
            };
            (Instant::from_millis(now).expect("small"), command(&mut random))
        })
        .collect()
}

pub(crate) fn service(number: u64) -> ServiceKey {
    ServiceKey::named(["orders", "stock"][number as usize % 2]).expect("good")
}

pub(crate) fn address(number: u64) -> Address {
    Address::new(["10.0.0.1", "10.0.0.2", "10.0.0.3"][number as usize % 3], 8080).expect("good")
}

fn actor(random: &mut Random) -> Actor {
    Actor::parse(["a", "b", "c"][random.below(3) as usize]).expect("good")
}

fn id(random: &mut Random) -> u64 {
    (1 + random.below(3)) << 32 | random.below(6)
}

fn content(random: &mut Random) -> Content {
    let times = match random.below(6) {
        0 => vec![("preserved.heart.beat.timeout", "3000"), ("preserved.heart.beat.interval", "1000")],
        1 => vec![("preserved.ip.delete.timeout", "7000"), ("v", "2")],
        2 => vec![("v", "1")],
        3 => vec![("preserved.heart.beat.timeout", "soon")],
        _ => vec![],
    };
    let entries = times.into_iter().map(|(key, value)| (key.into(), value.into())).collect();
    Content {
        weight: Weight::new(random.below(3) as f64).expect("good"),
        enabled: !random.one_in(5),
        metadata: Metadata::new(entries).expect("good"),
    }
}

fn kind(random: &mut Random) -> Kind {
    if random.one_in(4) { Kind::Persistent } else { Kind::Ephemeral }
}

fn incarnation(random: &mut Random) -> Option<u64> {
    random.one_in(4).then(|| random.below(6))
}

fn lifetime(random: &mut Random) -> Option<Lifetime> {
    Some(match random.below(6) {
        0 => Lifetime::For(Span::from_secs(9)),
        1 => Lifetime::ThisIncarnation,
        2 => Lifetime::Absent(Span::from_secs(9)),
        3 => Lifetime::UntilCleared,
        _ => return None,
    })
}

fn command(random: &mut Random) -> Command {
    let (service, mut address) = (service(random.next()), address(random.next()));
    if random.one_in(6) {
        address.cluster = Cluster::parse("c2").expect("good");
    }
    match random.below(39) {
        0..7 => Command::Register(Registration {
            service,
            address,
            source: actor(random),
            session: random.one_in(3).then(|| SessionId::from_u64(id(random))),
            incarnation: incarnation(random),
            copied: random.one_in(5),
            kind: kind(random),
            healthy: !random.one_in(6),
            content: content(random),
        }),
        7..11 => Command::Beat { lease: LeaseId::from_u64(id(random)) },
        11..14 => Command::BeatMany { leases: (0..4).map(|_| LeaseId::from_u64(id(random))).collect() },
        14..16 => Command::BeatInstance(InstanceBeat {
            service,
            address,
            source: actor(random),
            incarnation: incarnation(random),
            content: random.one_in(2).then(|| content(random)),
        }),
        16..18 => Command::Deregister(Deregistration {
            service,
            address,
            source: actor(random),
            incarnation: incarnation(random),
            session: random.one_in(4).then(|| SessionId::from_u64(id(random))),
            kind: random.one_in(2).then(|| kind(random)),
            copied: random.one_in(4),
            because: Reason::parse("gone").ok(),
        }),
        18 => Command::DeregisterLease { lease: LeaseId::from_u64(id(random)) },
        19 => Command::Remove(Removal {
            service,
            address,
            by: actor(random),
            because: None,
            fence_for: random.one_in(3).then(|| Span::from_secs(random.below(9) as u32)),
        }),
        20 => Command::LiftFence { service, address, by: actor(random) },
        21..23 => Command::SetOverride(OverrideChange {
            service,
            address,
            kind: random.one_in(3).then(|| kind(random)),
            by: actor(random),
            because: Reason::parse("why").ok(),
            lifetime: lifetime(random),
            enabled: random.one_in(2).then(|| random.one_in(2)),
            weight: random.one_in(3).then(|| Weight::new(9.0).expect("good")),
            metadata: random.one_in(3).then(|| content(random).metadata),
        }),
        23 => {
            let field = match random.below(4) {
                0 => None,
                1 => Some(OverrideField::Enabled),
                2 => Some(OverrideField::Weight),
                _ => Some(OverrideField::Metadata("v".into())),
            };
            Command::ClearOverride { service, address, by: actor(random), field }
        }
        24 => Command::SetService(ServiceSettings {
            service,
            protect_threshold: random.one_in(2).then(|| Threshold::new(random.below(3) as f64 / 2.0).expect("good")),
            metadata: content(random).metadata,
            kind: random.one_in(4).then(|| kind(random)),
        }),
        25 => Command::OpenSession { name: actor(random) },
        26 => Command::TouchSession { session: SessionId::from_u64(id(random)) },
        27 => Command::CloseSession { session: SessionId::from_u64(id(random)) },
        28 => Command::Subscribe { service, subscriber: actor(random) },
        29 => match random.below(3) {
            0 => Command::Unsubscribe { subscription: SubscriptionId::from_u64(id(random)) },
            _ => Command::EndOverride { service, address },
        },
        38 => Command::Watch { service, address, watches: random.one_in(2) },
        30 => Command::Poll { max: 1 + random.below(3) as u32 },
        31 => Command::RegisterBatch(BatchRegistration {
            service,
            source: actor(random),
            session: SessionId::from_u64(id(random)),
            members: (0..random.below(3))
                .map(|_| BatchMember { address: self::address(random.next()), content: content(random) })
                .collect(),
        }),
        32..34 => Command::ReportHealth { service, address, healthy: random.one_in(2), sure: random.one_in(3) },
        34 => Command::RemoveService { service },
        35 => Command::Look { service },
        36 if random.one_in(9) => Command::Restart,
        37 if random.one_in(3) => Command::Loaded,
        _ => Command::Advance,
    }
}
