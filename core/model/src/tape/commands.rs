//! One random command.

use liveset::policy::Lifetime;
use liveset::{
    Actor, Address, BatchMember, BatchRegistration, Command, Content, Deregistration, HealthReport, InstanceBeat,
    Instant, Kind, LeaseId, Metadata, OverrideChange, OverrideField, Reason, Registration, Removal, ServiceKey,
    ServiceSettings, SessionId, Span, SubscriptionId, Threshold, Weight,
};

use super::ids::{Known, Owner};
use super::{CLUSTERS, Random, in_cluster};

pub(super) fn command(random: &mut Random, known: &Known, now: Instant, gap_max: Option<Span>) -> Command {
    let (service, address) = (super::service(random.any()), any_address(random));
    match random.below(100) {
        0..19 => Command::Register(claim(random, known, service, address)),
        19..31 => Command::Beat { lease: lease(random, known) },
        31..37 => Command::BeatMany { leases: (0..random.below(5)).map(|_| lease(random, known)).collect() },
        37..42 => Command::BeatInstance(InstanceBeat {
            service,
            address,
            source: actor(random),
            incarnation: incarnation(random),
            content: random.one_in(2).then(|| content(random)),
        }),
        42..47 => Command::Deregister(Deregistration {
            service,
            address,
            source: actor(random),
            incarnation: incarnation(random),
            session: random.one_in(3).then(|| session(random, known)),
            kind: random.one_in(2).then(|| kind(random)),
            copied: random.one_in(4),
            because: random.one_in(4).then(|| reason(random)),
        }),
        47..50 => Command::DeregisterLease { lease: lease(random, known) },
        50..53 => Command::Remove(Removal {
            service,
            address,
            by: actor(random),
            because: random.one_in(2).then(|| reason(random)),
            fence_for: random.one_in(3).then(|| Span::from_secs(random.below(9) as u32)),
        }),
        53 => Command::LiftFence { service, address, by: actor(random) },
        54..60 => Command::SetOverride(OverrideChange {
            service,
            address,
            kind: random.one_in(3).then(|| kind(random)),
            by: actor(random),
            because: random.one_in(2).then(|| reason(random)),
            lifetime: lifetime(random),
            enabled: random.one_in(2).then(|| random.one_in(2)),
            weight: random.one_in(3).then(|| Weight::new(random.below(3) as f64).expect("good")),
            metadata: random.one_in(3).then(|| content(random).metadata),
        }),
        60..62 => {
            let field = match random.below(4) {
                0 => None,
                1 => Some(OverrideField::Enabled),
                2 => Some(OverrideField::Weight),
                _ => Some(OverrideField::Metadata("v".into())),
            };
            Command::ClearOverride { service, address, by: actor(random), field }
        }
        62 => Command::EndOverride { service, address },
        63..66 => Command::SetService(ServiceSettings {
            service,
            protect_threshold: random.one_in(2).then(|| Threshold::new(random.below(3) as f64 / 2.0).expect("good")),
            metadata: content(random).metadata,
            kind: random.one_in(4).then(|| kind(random)),
        }),
        66 => Command::RemoveService { service },
        67..69 => Command::OpenSession { name: actor(random) },
        69..72 => Command::TouchSession { session: session(random, known) },
        72 => Command::CloseSession { session: session(random, known) },
        73..75 => Command::Subscribe { service, subscriber: actor(random) },
        75 => Command::Unsubscribe { subscription: subscription(random, known) },
        76..80 => Command::Poll { max: random.below(20).min(4) as u32 },
        80..83 => batch(random, known, service),
        83..88 => Command::ReportHealth(HealthReport {
            service,
            address,
            healthy: random.one_in(2),
            sure: random.one_in(4),
            by: random.one_in(2).then(|| actor(random)),
        }),
        88..90 => Command::Watch { service, address, watches: random.one_in(2) },
        90..92 => Command::Look { service },
        92 if random.one_in(8) => Command::Restart,
        92 if random.one_in(4) => Command::Loaded,
        92 => Command::Excuse { from: excused(random, now, gap_max) },
        _ => Command::Advance,
    }
}

/// Where a registry excuses a gap by itself, what it had asked for by then decides: that much is left to it.
fn excused(random: &mut Random, now: Instant, gap_max: Option<Span>) -> Instant {
    let furthest = gap_max.map_or(random.pick(&[0, 2000, 20_000, 600_000]), Span::as_millis);
    let back = random.below(furthest + 1);
    let from = now.as_millis() + u64::from(random.one_in(20));
    Instant::from_millis(from.saturating_sub(back)).expect("small")
}

fn claim(random: &mut Random, known: &Known, service: ServiceKey, address: Address) -> Registration {
    Registration {
        service,
        address,
        source: actor(random),
        session: random.one_in(3).then(|| session(random, known)),
        incarnation: incarnation(random),
        copied: random.one_in(5),
        // Seldom, since where the kinds are kept apart a service has one of them for long.
        kind: if random.one_in(6) { Kind::Persistent } else { Kind::Ephemeral },
        healthy: !random.one_in(6),
        content: content(random),
    }
}

fn batch(random: &mut Random, known: &Known, service: ServiceKey) -> Command {
    Command::RegisterBatch(BatchRegistration {
        service,
        source: actor(random),
        session: session(random, known),
        members: (0..random.below(4))
            .map(|_| BatchMember { address: any_address(random), content: content(random) })
            .collect(),
    })
}

fn any_address(random: &mut Random) -> Address {
    let address = super::address(random.any());
    if random.one_in(5) { in_cluster(address, CLUSTERS[1]) } else { address }
}

fn content(random: &mut Random) -> Content {
    let text = |key: &str, value: String| (key.to_owned(), value);
    let entries = match random.below(9) {
        0 => vec![
            text("preserved.heart.beat.timeout", "3000".into()),
            text("preserved.heart.beat.interval", "1000".into()),
        ],
        1 => vec![text("preserved.ip.delete.timeout", "7000".into()), text("v", "2".into())],
        2..4 => vec![text("v", "1".into())],
        4 if random.one_in(3) => {
            vec![text("preserved.heart.beat.timeout", random.pick(&["soon", "", "0", "999999999999"]).into())]
        }
        // Many different times: more than a registry has classes of them.
        5 => vec![text("preserved.heart.beat.timeout", (5000 + random.below(60) * 50).to_string())],
        6 if random.one_in(4) => vec![text("long", "x".repeat(random.below(80) as usize))],
        _ => vec![],
    };
    Content {
        weight: Weight::new(random.below(3) as f64).expect("good"),
        enabled: !random.one_in(5),
        metadata: Metadata::new(entries.into_iter().collect()).expect("good"),
    }
}

fn lifetime(random: &mut Random) -> Option<Lifetime> {
    Some(match random.below(8) {
        0 => Lifetime::For(Span::from_secs(random.below(12) as u32)),
        1 => Lifetime::ThisIncarnation,
        2 => Lifetime::Absent(Span::from_secs(random.below(12) as u32)),
        3 => Lifetime::UntilCleared,
        _ => return None,
    })
}

fn actor(random: &mut Random) -> Actor {
    Actor::parse(random.pick(&["a", "b", "c"])).expect("good")
}

fn reason(random: &mut Random) -> Reason {
    Reason::parse(random.pick(&["drain", "why"])).expect("good")
}

fn kind(random: &mut Random) -> Kind {
    if random.one_in(3) { Kind::Persistent } else { Kind::Ephemeral }
}

fn incarnation(random: &mut Random) -> Option<u64> {
    random.one_in(5).then(|| random.below(8))
}

fn lease(random: &mut Random, known: &Known) -> LeaseId {
    LeaseId::from_u64(known.any(random, Owner::Lease))
}

fn session(random: &mut Random, known: &Known) -> SessionId {
    SessionId::from_u64(known.any(random, Owner::Session))
}

fn subscription(random: &mut Random, known: &Known) -> SubscriptionId {
    SubscriptionId::from_u64(known.any(random, Owner::Subscription))
}
