//! What a host can do wrong at the boundary, and what it then gets.

use std::ptr::{null, null_mut};
use std::sync::{Arc, Barrier};

use liveset::{Actor, Address, Instant, Registration, ServiceKey};
use liveset_ffi::status::{
    LIVESET_BUSY, LIVESET_CLOSED, LIVESET_NULL, LIVESET_OK, LIVESET_OUT_OF_RANGE, LIVESET_POISONED,
};
use liveset_ffi::{
    Open, liveset_advance, liveset_beat, liveset_beat_many, liveset_close, liveset_digest, liveset_open, with,
};

fn open() -> u64 {
    let mut handle = 0;
    // SAFETY: no policy, no room for an error, and a place for the handle.
    let status = unsafe { liveset_open(null(), 0, 0, 0, &mut handle, null_mut(), 0, null_mut()) };
    assert_eq!(status, LIVESET_OK);
    handle
}

#[test]
fn a_panic_poisons_one_registry_and_nothing_else() {
    let (poisoned, healthy) = (open(), open());
    assert_eq!(with(poisoned, |_| panic!("injected")), LIVESET_POISONED);
    assert_eq!(liveset_advance(poisoned, 1), LIVESET_POISONED);
    assert_eq!(liveset_advance(healthy, 1), LIVESET_OK);
    assert_eq!(liveset_close(poisoned), LIVESET_OK);
    assert_eq!(liveset_close(healthy), LIVESET_OK);
}

#[test]
fn a_second_thread_inside_a_registry_is_told_that_it_is_busy() {
    let handle = open();
    let (entered, done) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    let thread = {
        let (entered, done) = (entered.clone(), done.clone());
        std::thread::spawn(move || {
            with(handle, |_| {
                entered.wait();
                done.wait();
                LIVESET_OK
            })
        })
    };
    entered.wait();
    assert_eq!(liveset_advance(handle, 1), LIVESET_BUSY);
    done.wait();
    assert_eq!(thread.join().expect("it ends"), LIVESET_OK);
    assert_eq!(liveset_advance(handle, 1), LIVESET_OK);
    assert_eq!(liveset_close(handle), LIVESET_OK);
}

#[test]
fn closed_foreign_and_made_up_numbers_find_nothing() {
    let handle = open();
    assert_eq!(liveset_close(handle), LIVESET_OK);
    for wrong in [handle, 0, 1, u64::MAX, handle ^ 1 << 40] {
        assert_eq!(liveset_close(wrong), LIVESET_CLOSED, "{wrong}");
        assert_eq!(liveset_beat(wrong, 0, 0), LIVESET_CLOSED, "{wrong}");
    }
}

/// An id differs from a number beyond all ids in bits that a beat does not look at.
#[test]
fn a_batch_finds_its_leases_however_it_lies_and_takes_no_number_beyond_all_ids_for_one() {
    let handle = open();
    let mut lease = 0;
    let register = |open: &mut Open| {
        let (service, address) =
            (ServiceKey::named("orders").expect("good"), Address::new("10.0.0.1", 80).expect("good"));
        let claim = Registration::new(service, address, Actor::parse("order-1").expect("good"));
        lease = open.registry.register(Instant::ZERO, &claim).expect("good").lease.to_u64();
        LIVESET_OK
    };
    assert_eq!(with(handle, register), LIVESET_OK);
    let stale_of = |leases: *const u64, count: usize| {
        let (mut stale, mut found) = ([0_u64; 4], 0);
        // SAFETY: the callers' leases span `count` numbers, and there is room for as many.
        let status = unsafe { liveset_beat_many(handle, 1, leases, count, stale.as_mut_ptr(), 4, &mut found) };
        assert_eq!(status, LIVESET_OK);
        stale[..found].to_vec()
    };
    assert_eq!(stale_of([lease, lease + 1, lease].as_ptr(), 3), [lease + 1]);
    // Numbers beyond all ids count as 0, which is nobody's.
    assert_eq!(stale_of([lease | 1 << 56, lease].as_ptr(), 2), [0]);
    let mut bytes = [0_u8; 32];
    let apart = bytes.as_ptr().align_offset(8) + 1;
    bytes[apart..apart + 8].copy_from_slice(&lease.to_ne_bytes());
    bytes[apart + 8..apart + 16].copy_from_slice(&(lease + 1).to_ne_bytes());
    assert_eq!(stale_of(bytes[apart..].as_ptr().cast(), 2), [lease + 1]);
    assert!(stale_of(null(), 0).is_empty());
    assert_eq!(liveset_close(handle), LIVESET_OK);
}

#[test]
fn null_and_moments_out_of_range_are_refused_and_nothing_moves() {
    let handle = open();
    let mut before = 0;
    // SAFETY: a place for the digest.
    assert_eq!(unsafe { liveset_digest(handle, &mut before) }, LIVESET_OK);
    // SAFETY: NULL is what is tested.
    assert_eq!(unsafe { liveset_digest(handle, null_mut()) }, LIVESET_NULL);
    assert_eq!(liveset_advance(handle, 1 << 53), LIVESET_OUT_OF_RANGE);
    let mut after = 0;
    // SAFETY: a place for the digest.
    assert_eq!(unsafe { liveset_digest(handle, &mut after) }, LIVESET_OK);
    assert_eq!(before, after);
    assert_eq!(liveset_close(handle), LIVESET_OK);
}

#[test]
fn a_hundred_thousand_registries_open_and_close_in_the_same_room() {
    let first = open();
    assert_eq!(liveset_close(first), LIVESET_OK);
    let mut highest = 0;
    for _ in 0..100_000 {
        let handle = open();
        highest = highest.max(handle as u32);
        assert_eq!(liveset_close(handle), LIVESET_OK);
    }
    // Other tests hold a few at the same time; slots are used again, and the table does not grow.
    assert!(highest < 16, "slot {highest}");
}
