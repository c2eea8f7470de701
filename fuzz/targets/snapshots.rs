//! Snapshots: as they come, and with a container that holds, so that what is inside is met, too. What is taken in is a registry like
//! any other: it writes itself again, and goes on.
#![no_main]

use std::hash::Hasher;

use libfuzzer_sys::fuzz_target;
use liveset::{Instant, InstanceQuery, LeaseId, Reader, Registry};
use siphasher::sip::SipHasher13;

fuzz_target!(|input: &[u8]| {
    go_on(input);
    go_on(&contained(input));
});

fn go_on(bytes: &[u8]) {
    let Ok(mut registry) = Registry::restore(bytes, (3, 4)) else { return };
    let written = registry.snapshot();
    let again = Registry::restore(&written, (5, 6)).expect("what was written is read");
    assert_eq!(again.digest(), registry.digest());
    for service in registry.services() {
        for instance in registry.instances(&InstanceQuery::new(service.clone(), Reader::Operator)).instances {
            let _ = registry.explain(&service, &instance.address);
        }
    }
    let leases: Vec<LeaseId> = (0..8).map(|slot| LeaseId::from_u64(1 << 32 | slot)).collect();
    registry.beat_many(registry.now(), &leases, &mut Vec::new());
    while registry.poll().is_some() {}
    // Far enough for all that waits, and not so far that a corrupt cadence takes for ever.
    let later = registry.now().as_millis().saturating_add(100_000);
    if let Ok(later) = Instant::from_millis(later) {
        registry.advance(later);
    }
    let _ = registry.transitions(0);
    let _ = registry.counters();
}

/// A container of version 1 with one section of kind 1, and the checksums that such a body has.
fn contained(body: &[u8]) -> Vec<u8> {
    let mut bytes = b"LIVESET\0".to_vec();
    bytes.extend(1_u32.to_le_bytes());
    bytes.extend(1_u32.to_le_bytes());
    bytes.extend(checksum(0, &bytes).to_le_bytes());
    bytes.extend(1_u32.to_le_bytes());
    bytes.extend((body.len() as u64).to_le_bytes());
    bytes.extend(checksum(1, body).to_le_bytes());
    bytes.extend(body);
    bytes
}

fn checksum(kind: u64, body: &[u8]) -> u64 {
    let mut hasher = SipHasher13::new_with_keys(kind, body.len() as u64);
    hasher.write(body);
    hasher.finish()
}
