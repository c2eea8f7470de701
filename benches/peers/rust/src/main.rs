//! A renewal in peers from the Rust world, in turns with a beat of liveset in a batch of 1024: `liveset-peers SIZE...` prints a line
//! of JSON for each peer.

use std::collections::HashMap;
use std::hint::black_box;
use std::time::Duration;

use liveset_benches::{claim, fleet, moment};
use liveset_peers::{Renew, compare};
use tokio_util::time::DelayQueue;
use tokio_util::time::delay_queue::Key;

const HOUR: Duration = Duration::from_secs(3600);

fn main() -> Result<(), liveset::Error> {
    // Tokio's clock is read, as it would be in a server.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let _entered = runtime.as_ref().map(|runtime| runtime.enter());
    compare(&[
        ("tokio-util DelayQueue.reset", delay_queue),
        ("std HashMap by text", hash_map),
        ("Vec<u64>", vector),
        ("liveset beat by name", by_name),
    ])
}

fn delay_queue(size: usize) -> Result<Renew, liveset::Error> {
    let mut queue = DelayQueue::with_capacity(size);
    let keys: Vec<Key> = (0..size).map(|number| queue.insert(number, HOUR)).collect();
    Ok(Box::new(move |number| queue.reset(&keys[number], HOUR)))
}

/// The floor by text.
fn hash_map(size: usize) -> Result<Renew, liveset::Error> {
    let keys = (0..size).map(|number| Ok(format!("{}#{}", claim(number)?.service, claim(number)?.address)));
    let keys: Vec<String> = keys.collect::<Result<_, liveset::Error>>()?;
    let mut deadlines: HashMap<String, u64> = keys.iter().map(|key| (key.clone(), 0)).collect();
    Ok(Box::new(move |number| {
        if let Some(deadline) = deadlines.get_mut(&keys[number]) {
            *deadline += 1;
        }
    }))
}

/// The floor by number.
fn vector(size: usize) -> Result<Renew, liveset::Error> {
    let mut deadlines = vec![0_u64; size];
    Ok(Box::new(move |number| deadlines[number] += 1))
}

/// The same work as peers with text keys: a sign of life by service, address and source.
fn by_name(size: usize) -> Result<Renew, liveset::Error> {
    let mut fleet = fleet(size)?;
    let beats = (0..size).map(|number| {
        let claim = claim(number)?;
        let (service, address, source) = (claim.service, claim.address, claim.source);
        Ok(liveset::InstanceBeat { service, address, source, incarnation: None, content: None })
    });
    let beats: Vec<liveset::InstanceBeat> = beats.collect::<Result<_, liveset::Error>>()?;
    Ok(Box::new(move |number| {
        let beaten = fleet.registry.beat_instance(moment(1), &beats[number]);
        debug_assert!(black_box(beaten).is_ok());
    }))
}
