//! The lanes of calls and rows: what happens per beat, and what happens in bulk.

use std::slice;

use liveset::{LeaseId, Notice, ServiceId};

use crate::handle::{at, status_of, with};
use crate::status::{LIVESET_NULL, LIVESET_OK, LIVESET_TOO_SMALL};

/// What to do next.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct LivesetNotice {
    /// 1: `subject` is a subscription whose service moved. 2: `subject` is a session to probe.
    pub kind: u64,
    /// Subscription or session.
    pub subject: u64,
    /// The service, for kind 1.
    pub service: u64,
    /// Where the service stands, for kind 1.
    pub revision: u64,
}

/// The newest state of one instance: 24 bytes, little-endian where it is bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct LivesetChange {
    /// Which instance.
    pub instance: u64,
    /// The service's revision that brought it.
    pub revision: u64,
    /// State bits: 1 present, 2 healthy, 4 enabled, 8 served, 16 overridden, 32 shared; 0 when it is gone.
    pub state: u32,
    /// Why: the number of a cause.
    pub cause: u32,
}

/// What stands over the rows of a service's changes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct LivesetChanges {
    /// The revision the rows lead to.
    pub revision: u64,
    /// Number of rows.
    pub count: u64,
    /// 1 when the rows are the whole service.
    pub full: u32,
    /// 1 when protection is in force.
    pub protected_: u32,
}

/// No deadline is pending.
pub const LIVESET_NEVER: u64 = u64::MAX;

/// A sign of life of one lease. Prefer `liveset_beat_many`.
#[unsafe(no_mangle)]
pub extern "C" fn liveset_beat(handle: u64, now: u64, lease: u64) -> i32 {
    at(handle, now, |open, now| match open.registry.beat(now, LeaseId::from_u64(lease)) {
        Ok(()) => LIVESET_OK,
        Err(error) => status_of(&error),
    })
}

/// Signs of life of many leases. The ones nobody holds are written to `stale`, which must have room for all of `count`.
///
/// # Safety
/// `leases` spans `count` numbers, `stale` spans `stale_capacity` numbers that can be written, and `stale_count` can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn liveset_beat_many(
    handle: u64,
    now: u64,
    leases: *const u64,
    count: usize,
    stale: *mut u64,
    stale_capacity: usize,
    stale_count: *mut usize,
) -> i32 {
    if stale_count.is_null() || (count > 0 && (leases.is_null() || stale.is_null())) {
        return LIVESET_NULL;
    }
    if stale_capacity < count {
        // SAFETY: not NULL, and the caller promised that it can be written.
        unsafe { stale_count.write(count) };
        return LIVESET_TOO_SMALL;
    }
    at(handle, now, |open, now| {
        open.stale.clear();
        // SAFETY: `leases` spans `count` numbers, and nothing is written before the beats are done.
        match unsafe { ids_in_place(leases, count) } {
            Some(ids) => open.registry.beat_many(now, ids, &mut open.stale),
            None => {
                // SAFETY: `place` is below `count`, and `leases` spans that many.
                let lease = |place| LeaseId::from_u64(unsafe { leases.add(place).read_unaligned() });
                let ids: Vec<LeaseId> = (0..count).map(lease).collect();
                open.registry.beat_many(now, &ids, &mut open.stale);
            }
        }
        for (place, lease) in open.stale.iter().enumerate() {
            // SAFETY: no more stale leases than leases, and `stale` spans that many.
            unsafe { stale.add(place).write_unaligned(lease.to_u64()) };
        }
        // SAFETY: not NULL, and the caller promised that it can be written.
        unsafe { stale_count.write(open.stale.len()) };
        LIVESET_OK
    })
}

/// The numbers as ids where they lie; none where one of them is no id, or they do not lie as the core wants them.
///
/// # Safety
/// `leases` spans `count` numbers, which nobody writes while the ids are in use.
unsafe fn ids_in_place<'a>(leases: *const u64, count: usize) -> Option<&'a [LeaseId]> {
    if leases.is_null() || !leases.is_aligned() {
        return None;
    }
    // SAFETY: aligned, and the caller's promise.
    let numbers = unsafe { slice::from_raw_parts(leases, count) };
    let all = numbers.iter().fold(0, |all, number| all | number);
    // SAFETY: an id is laid out as its number, and these are what `LeaseId::from_u64` leaves as they are.
    (all >> LeaseId::BITS == 0).then(|| unsafe { slice::from_raw_parts(leases.cast(), count) })
}

/// Lets everything happen that is due by `now`.
#[unsafe(no_mangle)]
pub extern "C" fn liveset_advance(handle: u64, now: u64) -> i32 {
    at(handle, now, |open, now| {
        open.registry.advance(now);
        LIVESET_OK
    })
}

/// The moment before which nothing happens by itself, or `LIVESET_NEVER`.
///
/// # Safety
/// `deadline` can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn liveset_next_deadline(handle: u64, deadline: *mut u64) -> i32 {
    if deadline.is_null() {
        return LIVESET_NULL;
    }
    with(handle, |open| {
        let next = open.registry.next_deadline().map_or(LIVESET_NEVER, |at| at.as_millis());
        // SAFETY: not NULL, and the caller promised that it can be written.
        unsafe { deadline.write(next) };
        LIVESET_OK
    })
}

/// Takes up to `capacity` notices; fewer than `capacity` means that there are no more.
///
/// # Safety
/// `notices` spans `capacity` rows that can be written, and `count` can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn liveset_poll(
    handle: u64,
    notices: *mut LivesetNotice,
    capacity: usize,
    count: *mut usize,
) -> i32 {
    if count.is_null() || (capacity > 0 && notices.is_null()) {
        return LIVESET_NULL;
    }
    with(handle, |open| {
        let mut written = 0;
        while written < capacity {
            let Some(notice) = open.registry.poll() else { break };
            // SAFETY: `written` is below `capacity`, and `notices` spans that many.
            unsafe { notices.add(written).write_unaligned(row_of(notice)) };
            written += 1;
        }
        // SAFETY: not NULL, and the caller promised that it can be written.
        unsafe { count.write(written) };
        LIVESET_OK
    })
}

/// What happened to a service after revision `since`. With too few rows the head says how many are needed, and nothing else is
/// written.
///
/// # Safety
/// `rows` spans `capacity` rows that can be written, and `head` can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn liveset_changes(
    handle: u64,
    service: u64,
    since: u64,
    rows: *mut LivesetChange,
    capacity: usize,
    head: *mut LivesetChanges,
) -> i32 {
    if head.is_null() || (capacity > 0 && rows.is_null()) {
        return LIVESET_NULL;
    }
    with(handle, |open| {
        let changes = &mut open.changes;
        if let Err(error) = open.registry.changes_into(ServiceId::from_u64(service), since, changes) {
            return status_of(&error);
        }
        let found = LivesetChanges {
            revision: changes.revision,
            count: changes.rows.len() as u64,
            full: u32::from(changes.full),
            protected_: u32::from(changes.protected),
        };
        // SAFETY: not NULL, and the caller promised that it can be written.
        unsafe { head.write_unaligned(found) };
        if changes.rows.len() > capacity {
            return LIVESET_TOO_SMALL;
        }
        for (place, change) in changes.rows.iter().enumerate() {
            let row = LivesetChange {
                instance: change.instance.to_u64(),
                revision: change.revision,
                state: change.state,
                cause: change.cause,
            };
            // SAFETY: `place` is below `capacity`, and `rows` spans that many.
            unsafe { rows.add(place).write_unaligned(row) };
        }
        LIVESET_OK
    })
}

/// The number that equal registries share.
///
/// # Safety
/// `digest` can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn liveset_digest(handle: u64, digest: *mut u64) -> i32 {
    if digest.is_null() {
        return LIVESET_NULL;
    }
    with(handle, |open| {
        // SAFETY: not NULL, and the caller promised that it can be written.
        unsafe { digest.write(open.registry.digest()) };
        LIVESET_OK
    })
}

fn row_of(notice: Notice) -> LivesetNotice {
    match notice {
        Notice::Changed { subscription, service, revision } => {
            LivesetNotice { kind: 1, subject: subscription.to_u64(), service: service.to_u64(), revision }
        }
        Notice::Probe { session } => LivesetNotice { kind: 2, subject: session.to_u64(), service: 0, revision: 0 },
    }
}
