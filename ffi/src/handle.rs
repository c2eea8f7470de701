//! Registries by number, and the guard around every call.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError, RwLock, TryLockError};

use liveset::{Changes, Error, Instant, LeaseId, Registry, document};

use crate::status::{LIVESET_BUSY, LIVESET_CLOSED, LIVESET_NULL, LIVESET_OK, LIVESET_OUT_OF_RANGE, LIVESET_POISONED};

/// What stands behind a number.
pub struct Open {
    /// The registry itself.
    pub registry: Registry,
    /// The last document or snapshot it was asked for.
    pub reply: Vec<u8>,
    /// The leases of the last batch of beats that nobody held.
    pub stale: Vec<LeaseId>,
    /// Room for the changes of a service, kept from one time to the next.
    pub(crate) changes: Changes,
    poisoned: bool,
}

struct Slot {
    generation: u32,
    open: Option<Arc<Mutex<Open>>>,
}

static SLOTS: RwLock<Vec<Slot>> = RwLock::new(Vec::new());

/// Opens an empty registry. `policy` is a document: the name of a preset in quotes, or all fields; no bytes mean strict. The two
/// seeds are 128 random bits for hash tables; they never reach an output.
///
/// On failure a status is returned and the error document is written to `error`, as far as it fits.
///
/// # Safety
/// `policy` spans `policy_length` bytes, `error` spans `error_capacity` bytes, and `handle` and `error_length` can be written; any
/// of them may be NULL where its length is 0, but for `handle`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn liveset_open(
    policy: *const u8,
    policy_length: usize,
    seed_low: u64,
    seed_high: u64,
    handle: *mut u64,
    error: *mut u8,
    error_capacity: usize,
    error_length: *mut usize,
) -> i32 {
    // SAFETY: the caller's promise, handed on.
    unsafe {
        let made = |bytes: &[u8]| Registry::with_seed(document::read_policy(bytes)?, (seed_low, seed_high));
        make(policy, policy_length, handle, (error, error_capacity, error_length), made)
    }
}

/// Opens the registry that a snapshot holds; all or nothing. Parameters as in `liveset_open`.
///
/// # Safety
/// As for [`liveset_open`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn liveset_restore(
    snapshot: *const u8,
    snapshot_length: usize,
    seed_low: u64,
    seed_high: u64,
    handle: *mut u64,
    error: *mut u8,
    error_capacity: usize,
    error_length: *mut usize,
) -> i32 {
    // SAFETY: the caller's promise, handed on.
    unsafe {
        let made = |bytes: &[u8]| Registry::restore(bytes, (seed_low, seed_high));
        make(snapshot, snapshot_length, handle, (error, error_capacity, error_length), made)
    }
}

/// Closes a registry. The number finds nothing from here on; closing it again is an error and harmless.
#[unsafe(no_mangle)]
pub extern "C" fn liveset_close(handle: u64) -> i32 {
    let mut slots = SLOTS.write().unwrap_or_else(PoisonError::into_inner);
    let Some(slot) = slots.get_mut(handle as u32 as usize) else { return LIVESET_CLOSED };
    if u64::from(slot.generation) != handle >> 32 || slot.open.take().is_none() {
        return LIVESET_CLOSED;
    }
    slot.generation = slot.generation.wrapping_add(1).max(1);
    LIVESET_OK
}

/// Runs `call` on the registry behind `handle`: nobody else is inside, and a panic poisons it and goes no further.
pub fn with(handle: u64, call: impl FnOnce(&mut Open) -> i32) -> i32 {
    let found = {
        let slots = SLOTS.read().unwrap_or_else(PoisonError::into_inner);
        let slot = slots.get(handle as u32 as usize).filter(|slot| u64::from(slot.generation) == handle >> 32);
        slot.and_then(|slot| slot.open.clone())
    };
    let Some(found) = found else { return LIVESET_CLOSED };
    let mut open = match found.try_lock() {
        Ok(open) => open,
        Err(TryLockError::WouldBlock) => return LIVESET_BUSY,
        Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
    };
    if open.poisoned {
        return LIVESET_POISONED;
    }
    match catch_unwind(AssertUnwindSafe(|| call(&mut open))) {
        Ok(status) => status,
        Err(_) => {
            open.poisoned = true;
            LIVESET_POISONED
        }
    }
}

/// As [`with`], for calls at a moment.
pub fn at(handle: u64, now: u64, call: impl FnOnce(&mut Open, Instant) -> i32) -> i32 {
    let Ok(now) = Instant::from_millis(now) else { return LIVESET_OUT_OF_RANGE };
    with(handle, |open| call(open, now))
}

/// The status of an error.
pub(crate) fn status_of(error: &Error) -> i32 {
    error.code() as i32
}

/// The bytes a host spans; none when it hands NULL with a length.
///
/// # Safety
/// `data` spans `length` bytes, or is NULL.
pub(crate) unsafe fn bytes<'a>(data: *const u8, length: usize) -> Option<&'a [u8]> {
    match (data.is_null(), length) {
        (_, 0) => Some(&[]),
        (true, _) => None,
        // SAFETY: the caller's promise.
        (false, _) => Some(unsafe { std::slice::from_raw_parts(data, length) }),
    }
}

/// Puts a registry behind a new number.
pub fn install(registry: Registry) -> u64 {
    let open = Open { registry, reply: Vec::new(), stale: Vec::new(), changes: Changes::default(), poisoned: false };
    let open = Some(Arc::new(Mutex::new(open)));
    let mut slots = SLOTS.write().unwrap_or_else(PoisonError::into_inner);
    let free = slots.iter().position(|slot| slot.open.is_none());
    let slot = free.unwrap_or_else(|| {
        slots.push(Slot { generation: 1, open: None });
        slots.len() - 1
    });
    slots[slot].open = open;
    u64::from(slots[slot].generation) << 32 | slot as u64
}

/// Makes a registry from the host's bytes and hands out its number, or the error document.
///
/// # Safety
/// As for [`liveset_open`].
unsafe fn make(
    data: *const u8,
    length: usize,
    handle: *mut u64,
    error: (*mut u8, usize, *mut usize),
    made: impl FnOnce(&[u8]) -> Result<Registry, Error>,
) -> i32 {
    // SAFETY: the caller's promise.
    let Some(input) = (unsafe { bytes(data, length) }) else { return LIVESET_NULL };
    if handle.is_null() {
        return LIVESET_NULL;
    }
    match catch_unwind(AssertUnwindSafe(|| made(input))) {
        Ok(Ok(registry)) => {
            // SAFETY: not NULL, and the caller promised that it can be written.
            unsafe { handle.write(install(registry)) };
            LIVESET_OK
        }
        Ok(Err(problem)) => {
            let text = document::write(&problem.document());
            // SAFETY: the caller's promise.
            unsafe { crate::document::copy_out(text.as_bytes(), error.0, error.1, error.2) };
            status_of(&problem)
        }
        Err(_) => LIVESET_POISONED,
    }
}
