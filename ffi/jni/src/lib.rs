//! The JNI shell of liveset: the static native methods of `io.liveset.Native`, over the Rust functions of the C ABI.
//!
//! Every method returns a status of that ABI. Numbers come back in a `long[]`, documents and snapshots in the first place of a
//! `byte[][]`, rows in direct buffers that the caller owns, ids of beats in a `long[]`. Texts cross as UTF-8 in `byte[]`: JNI's own strings are modified UTF-8,
//! which is wrong for everything beyond the basic plane. No panic reaches the JVM.

#![allow(non_snake_case)]

mod env;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::slice;

use jni_sys::{JNIEnv, jbyteArray, jclass, jint, jlong, jlongArray, jobject, jobjectArray};
use liveset::LeaseId;
use liveset_ffi::status::{LIVESET_NULL, LIVESET_OK, LIVESET_POISONED, LIVESET_TOO_SMALL};
use liveset_ffi::{
    LIVESET_ABI_VERSION, LivesetChange, LivesetChanges, LivesetNotice, at, liveset_advance, liveset_apply, liveset_ask,
    liveset_beat, liveset_changes, liveset_close, liveset_digest, liveset_next_deadline, liveset_open, liveset_play,
    liveset_poll, liveset_restore, liveset_snapshot, with,
};

use crate::env::Env;

/// Room for the document of a refused `open`, and for a first guess at a report; more is asked for when it does not do.
const FIRST_GUESS: usize = 4096;

/// Beats for which the JVM's collector waits: a microsecond or two.
const BEATS_AT_ONCE: usize = 1024;

/// Declares an exported static method of `io.liveset.Native`: the guard stands around all of them.
macro_rules! native {
    ($(#[$doc:meta])* fn $name:ident($env:ident $(, $argument:ident: $kind:ty)*) $body:block) => {
        $(#[$doc])*
        ///
        /// # Safety
        /// Called by the JVM, with references of this call.
        #[unsafe(no_mangle)]
        pub unsafe extern "system" fn $name(jvm: *mut JNIEnv, _class: jclass $(, $argument: $kind)*) -> jint {
            // SAFETY: the JVM's own pointer, for this call.
            let $env = unsafe { Env::new(jvm) };
            catch_unwind(AssertUnwindSafe(|| $body)).unwrap_or(LIVESET_POISONED)
        }
    };
}

native! {
    /// `int abiVersion()`: the version of the interface, not a status.
    fn Java_io_liveset_Native_abiVersion(_env) {
        LIVESET_ABI_VERSION as jint
    }
}

native! {
    /// `int open(byte[] policy, long seedLow, long seedHigh, long[] handle, byte[][] error)`
    fn Java_io_liveset_Native_open(
        env, policy: jbyteArray, seed_low: jlong, seed_high: jlong, handle: jlongArray, error: jobjectArray
    ) {
        // SAFETY: `make` hands on spans of its own.
        make(&env, policy, handle, error, |data, length, made, text, capacity, needed| unsafe {
            liveset_open(data, length, seed_low as u64, seed_high as u64, made, text, capacity, needed)
        })
    }
}

native! {
    /// `int restore(byte[] snapshot, long seedLow, long seedHigh, long[] handle, byte[][] error)`
    fn Java_io_liveset_Native_restore(
        env, snapshot: jbyteArray, seed_low: jlong, seed_high: jlong, handle: jlongArray, error: jobjectArray
    ) {
        // SAFETY: `make` hands on spans of its own.
        make(&env, snapshot, handle, error, |data, length, made, text, capacity, needed| unsafe {
            liveset_restore(data, length, seed_low as u64, seed_high as u64, made, text, capacity, needed)
        })
    }
}

native! {
    /// `int close(long handle)`
    fn Java_io_liveset_Native_close(_env, handle: jlong) {
        liveset_close(handle as u64)
    }
}

native! {
    /// `int beat(long handle, long now, long lease)`
    fn Java_io_liveset_Native_beat(_env, handle: jlong, now: jlong, lease: jlong) {
        liveset_beat(handle as u64, now as u64, lease as u64)
    }
}

native! {
    /// `int beatMany(long handle, long now, long[] leases, int count, long[] stale, long[] staleCount)`
    fn Java_io_liveset_Native_beatMany(
        env, handle: jlong, now: jlong, leases: jlongArray, count: jint, stale: jlongArray, stale_count: jlongArray
    ) {
        let Ok(count) = usize::try_from(count) else { return LIVESET_TOO_SMALL };
        if count > env.length(leases) {
            return LIVESET_TOO_SMALL;
        }
        at(handle as u64, now as u64, |open, now| {
            // What is due may take long: it happens before the collector has to wait for us.
            open.registry.advance(now);
            open.stale.clear();
            for begin in (0..count).step_by(BEATS_AT_ONCE) {
                let some = BEATS_AT_ONCE.min(count - begin);
                let beat_some = |numbers: *const u64| {
                    // SAFETY: the array is longer than `begin` and `some` together. An id is laid out as its number, and `LeaseBatch`
                    // takes nothing that is no id.
                    let ids: &[LeaseId] = unsafe { slice::from_raw_parts(numbers.add(begin).cast(), some) };
                    open.registry.beat_many(now, ids, &mut open.stale);
                };
                let is_read = env.held(leases, beat_some);
                if !is_read {
                    return LIVESET_TOO_SMALL;
                }
            }
            let found: Vec<u64> = open.stale.iter().map(|lease| lease.to_u64()).collect();
            let told = if found.is_empty() { LIVESET_OK } else { env.numbers(stale, &found) };
            if told == LIVESET_OK { env.numbers(stale_count, &[found.len() as u64]) } else { told }
        })
    }
}

native! {
    /// `int advance(long handle, long now)`
    fn Java_io_liveset_Native_advance(_env, handle: jlong, now: jlong) {
        liveset_advance(handle as u64, now as u64)
    }
}

native! {
    /// `int nextDeadline(long handle, long[] deadline)`: -1 where none is pending.
    fn Java_io_liveset_Native_nextDeadline(env, handle: jlong, deadline: jlongArray) {
        let mut next = 0;
        // SAFETY: `next` is ours.
        let status = unsafe { liveset_next_deadline(handle as u64, &raw mut next) };
        if status == LIVESET_OK { env.numbers(deadline, &[next]) } else { status }
    }
}

native! {
    /// `int digest(long handle, long[] digest)`
    fn Java_io_liveset_Native_digest(env, handle: jlong, digest: jlongArray) {
        let mut found = 0;
        // SAFETY: `found` is ours.
        let status = unsafe { liveset_digest(handle as u64, &raw mut found) };
        if status == LIVESET_OK { env.numbers(digest, &[found]) } else { status }
    }
}

native! {
    /// `int poll(long handle, ByteBuffer rows, int capacity, long[] count)`: rows of kind, subject, service and revision.
    fn Java_io_liveset_Native_poll(env, handle: jlong, rows: jobject, capacity: jint, count: jlongArray) {
        let Ok(capacity) = usize::try_from(capacity) else { return LIVESET_TOO_SMALL };
        let mut written = 0;
        // SAFETY: the buffer has room for `capacity` rows, or is NULL and found so.
        let status = unsafe {
            liveset_poll(handle as u64, env.rows::<LivesetNotice>(rows, capacity), capacity, &raw mut written)
        };
        if status == LIVESET_OK { env.numbers(count, &[written as u64]) } else { status }
    }
}

native! {
    /// `int changes(long handle, long service, long since, ByteBuffer rows, int capacity, long[] head)`: the head is revision,
    /// count, full and protected, and is also there when the rows do not fit.
    fn Java_io_liveset_Native_changes(
        env, handle: jlong, service: jlong, since: jlong, rows: jobject, capacity: jint, head: jlongArray
    ) {
        let Ok(capacity) = usize::try_from(capacity) else { return LIVESET_TOO_SMALL };
        let mut found = LivesetChanges::default();
        let rows = env.rows::<LivesetChange>(rows, capacity);
        // SAFETY: the buffer has room for `capacity` rows, or is NULL and found so; `found` is ours.
        let status =
            unsafe { liveset_changes(handle as u64, service as u64, since as u64, rows, capacity, &raw mut found) };
        if status != LIVESET_OK && status != LIVESET_TOO_SMALL {
            return status;
        }
        let numbers = [found.revision, found.count, u64::from(found.full), u64::from(found.protected_)];
        match env.numbers(head, &numbers) {
            LIVESET_OK => status,
            problem => problem,
        }
    }
}

native! {
    /// `int apply(long handle, long now, byte[] command, byte[][] answer)`
    fn Java_io_liveset_Native_apply(env, handle: jlong, now: jlong, command: jbyteArray, answer: jobjectArray) {
        let Some(command) = env.bytes(command) else { return LIVESET_NULL };
        // SAFETY: a span of our own.
        let status = unsafe { liveset_apply(handle as u64, now as u64, command.as_ptr(), command.len()) };
        hand_out(&env, handle, status, answer)
    }
}

native! {
    /// `int ask(long handle, byte[] question, byte[][] answer)`
    fn Java_io_liveset_Native_ask(env, handle: jlong, question: jbyteArray, answer: jobjectArray) {
        let Some(question) = env.bytes(question) else { return LIVESET_NULL };
        // SAFETY: a span of our own.
        let status = unsafe { liveset_ask(handle as u64, question.as_ptr(), question.len()) };
        hand_out(&env, handle, status, answer)
    }
}

native! {
    /// `int snapshot(long handle, byte[][] snapshot)`
    fn Java_io_liveset_Native_snapshot(env, handle: jlong, snapshot: jobjectArray) {
        let status = liveset_snapshot(handle as u64);
        hand_out(&env, handle, status, snapshot)
    }
}

native! {
    /// `int play(byte[] scenario, byte[][] report)`
    fn Java_io_liveset_Native_play(env, scenario: jbyteArray, report: jobjectArray) {
        let Some(text) = env.bytes(scenario) else { return LIVESET_NULL };
        let mut buffer = vec![0u8; FIRST_GUESS];
        let mut length = 0;
        loop {
            // SAFETY: spans of our own.
            let status = unsafe {
                liveset_play(text.as_ptr(), text.len(), buffer.as_mut_ptr(), buffer.len(), &raw mut length)
            };
            match status {
                LIVESET_OK => return env.reply(report, &buffer[..length]),
                LIVESET_TOO_SMALL => buffer.resize(length, 0),
                _ => return status,
            }
        }
    }
}

/// Hands out what a document call left with the registry: the answer of a command or a question, refused or not. Statuses of the
/// boundary (600 and above) leave nothing.
fn hand_out(env: &Env, handle: jlong, status: i32, into: jobjectArray) -> i32 {
    if status >= liveset_ffi::status::LIVESET_CLOSED {
        return status;
    }
    match with(handle as u64, |open| env.reply(into, &std::mem::take(&mut open.reply))) {
        LIVESET_OK => status,
        problem => problem,
    }
}

/// Makes a registry from a document or a snapshot; where that is refused, `error` receives the document that says why.
fn make(
    env: &Env,
    data: jbyteArray,
    handle: jlongArray,
    error: jobjectArray,
    call: impl Fn(*const u8, usize, *mut u64, *mut u8, usize, *mut usize) -> i32,
) -> i32 {
    let Some(data) = env.bytes(data) else { return LIVESET_NULL };
    let mut text = vec![0u8; FIRST_GUESS];
    loop {
        let (mut made, mut needed) = (0, 0);
        let status = call(data.as_ptr(), data.len(), &raw mut made, text.as_mut_ptr(), text.len(), &raw mut needed);
        if status == LIVESET_OK {
            let handed = env.numbers(handle, &[made]);
            if handed != LIVESET_OK {
                liveset_close(made);
            }
            return handed;
        }
        if needed <= text.len() {
            env.reply(error, &text[..needed]);
            return status;
        }
        text.resize(needed, 0);
    }
}
