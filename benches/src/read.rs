//! What readers ask for: a difference, a list, a notice, an explanation, and everything at once.

use std::collections::VecDeque;
use std::hint::black_box;
use std::sync::Arc;

use liveset::{Actor, Address, Change, Changes, Error, InstanceId, Registration, Registry, ServiceId, ServiceKey};
use liveset_benches::{alternate, fleet, shuffled};

use crate::Run;

/// Instances of the service that is read.
const MEMBERS: usize = 1000;
const SUBSCRIBERS: usize = 1000;

pub(crate) fn services(run: &Run, size: usize) -> Result<(), Error> {
    let mut fleet = fleet(size)?;
    let registry = &mut fleet.registry;
    let (service, mut claims) = large_service(registry)?;
    let rounds = run.rounds(60);
    let turns = 1000;

    if run.wants("diff") {
        flip(registry, &mut claims[500])?;
        let since = registry.changes(service, 0)?.revision - 1;
        let (mut changes, mut rows) = (Changes::default(), Vec::new());
        let diff = || {
            for _ in 0..turns {
                let _ = registry.changes_into(black_box(service), black_box(since), &mut changes);
                black_box(&mut changes);
            }
        };
        // The least of it: a row into the reader's own buffer.
        let bare = || {
            for revision in 0..turns as u64 {
                rows.clear();
                rows.push(Change { instance: black_box(InstanceId::from_u64(1)), revision, state: 15, cause: 20 });
                black_box(&mut rows);
            }
        };
        run.tell("diff", size, "ns", alternate(rounds, turns, diff, bare));
    }
    if run.wants("list") {
        // Whoever has the list asks with its revision whether it still holds: nothing is listed again.
        let mut changes = registry.changes(service, 0)?;
        let since = changes.revision;
        let kept = Arc::new(changes.rows.clone());
        let list = || {
            for _ in 0..turns {
                let _ = registry.changes_into(black_box(service), black_box(since), &mut changes);
                black_box(&mut changes);
            }
        };
        let bare = || {
            for _ in 0..turns {
                black_box(Arc::clone(black_box(&kept)));
            }
        };
        run.tell("list", size, "ns", alternate(rounds, turns, list, bare));
    }
    if run.wants("fanout") {
        fanout(run, size, registry, &mut claims[0])?;
    }
    Ok(())
}

/// One change, and what it costs until each of its subscribers has a notice.
fn fanout(run: &Run, size: usize, registry: &mut Registry, claim: &mut Registration) -> Result<(), Error> {
    for number in 0..SUBSCRIBERS {
        registry.subscribe(registry.now(), &claim.service, &Actor::parse(&format!("subscriber-{number}"))?)?;
    }
    while registry.poll().is_some() {}
    let mut told = 0;
    let change = || {
        if flip(registry, claim).is_ok() {
            told = std::iter::from_fn(|| black_box(registry.poll())).count();
        }
    };
    let mut queue: VecDeque<[u64; 3]> = VecDeque::new();
    let bare = || {
        for number in 0..SUBSCRIBERS as u64 {
            queue.push_back([number, 1, 2]);
        }
        while let Some(notice) = queue.pop_front() {
            black_box(notice);
        }
    };
    let figure = alternate(run.rounds(300), SUBSCRIBERS, change, bare);
    assert_eq!(told, SUBSCRIBERS, "everybody is told, once");
    run.tell("fanout", size, "ns", figure);
    Ok(())
}

/// Everything, out and in again; and one instance explained among all.
pub(crate) fn whole(run: &Run, size: usize) -> Result<(), Error> {
    let fleet = fleet(size)?;
    let bytes = fleet.registry.snapshot();
    let mut copied = Vec::new();
    let mut copy = || {
        copied = black_box(&bytes).clone();
    };
    let rounds = run.rounds(if size > 100_000 { 4 } else { 15 });
    if run.wants("snapshot") {
        let mut written = 0;
        let figure = alternate(rounds, 1, || written = black_box(fleet.registry.snapshot()).len(), &mut copy);
        assert_eq!(written, bytes.len());
        run.tell("snapshot", size, "ms", figure);
    }
    if run.wants("restore") {
        let mut found = 0;
        let restore = || found = Registry::restore(&bytes, (1, 2)).map_or(0, |registry| registry.instance_count());
        let figure = alternate(rounds, 1, restore, &mut copy);
        assert_eq!(found as usize, size, "everybody is back");
        run.tell("restore", size, "ms", figure);
    }
    if run.wants("explain") {
        let asked: Vec<Registration> = shuffled(size)
            .into_iter()
            .take(1000)
            .map(|slot| liveset_benches::claim(slot as usize))
            .collect::<Result<_, Error>>()?;
        let explain = || {
            for claim in &asked {
                black_box(fleet.registry.explain(&claim.service, &claim.address));
            }
        };
        let name = || {
            for claim in &asked {
                black_box(format!("{} of {}", claim.address, claim.service));
            }
        };
        run.tell("explain", size, "us", alternate(run.rounds(60), asked.len(), explain, name));
    }
    Ok(())
}

fn large_service(registry: &mut Registry) -> Result<(ServiceId, Vec<Registration>), Error> {
    let claims: Vec<Registration> = (0..MEMBERS)
        .map(|number| {
            let address = Address::new(&format!("10.200.{}.{}", number / 250, number % 250), 80)?;
            Ok(Registration::new(ServiceKey::named("large")?, address, Actor::parse("client-0")?))
        })
        .collect::<Result<_, Error>>()?;
    let mut service = ServiceId::from_u64(0);
    for claim in &claims {
        service = registry.register(registry.now(), claim)?.service;
    }
    Ok((service, claims))
}

/// Makes one visible change.
fn flip(registry: &mut Registry, claim: &mut Registration) -> Result<(), Error> {
    claim.content.enabled = !claim.content.enabled;
    registry.register(registry.now(), claim).map(|_| ())
}
