//! The document lane: commands, questions, snapshots and scenarios.

use liveset::document::{Answer, read, write};
use liveset::{Command, Question};

use crate::handle::{at, bytes, status_of, with};
use crate::status::{LIVESET_NULL, LIVESET_OK, LIVESET_TOO_SMALL};

/// Does what a command document says, at `now`. The answer waits in `liveset_reply`; the status is 0 or the error's code.
///
/// # Safety
/// `command` spans `length` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn liveset_apply(handle: u64, now: u64, command: *const u8, length: usize) -> i32 {
    // SAFETY: the caller's promise.
    let Some(command) = (unsafe { bytes(command, length) }) else { return LIVESET_NULL };
    at(handle, now, |open, now| {
        let done = read::<Command>(command).and_then(|command| open.registry.apply(now, command));
        let status = done.as_ref().map_or_else(status_of, |_| LIVESET_OK);
        open.reply = write(&Answer::from(done)).into_bytes();
        status
    })
}

/// Answers a question document; it changes nothing, not even time. The answer waits in `liveset_reply`: `{"ok": document}`, or
/// `{"error": ...}` when the status is not 0.
///
/// # Safety
/// `question` spans `length` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn liveset_ask(handle: u64, question: *const u8, length: usize) -> i32 {
    // SAFETY: the caller's promise.
    let Some(question) = (unsafe { bytes(question, length) }) else { return LIVESET_NULL };
    with(handle, |open| {
        let asked = read::<Question>(question).and_then(|question| open.registry.ask(&question));
        let status = asked.as_ref().map_or_else(status_of, |_| LIVESET_OK);
        open.reply = write(&Answer::from(asked)).into_bytes();
        status
    })
}

/// Takes a snapshot; its bytes wait in `liveset_reply`.
#[unsafe(no_mangle)]
pub extern "C" fn liveset_snapshot(handle: u64) -> i32 {
    with(handle, |open| {
        open.reply = open.registry.snapshot();
        LIVESET_OK
    })
}

/// Copies out the last answer of this registry. `length` receives its length, also when the buffer is too small.
///
/// # Safety
/// `buffer` spans `capacity` bytes that can be written, and `length` can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn liveset_reply(handle: u64, buffer: *mut u8, capacity: usize, length: *mut usize) -> i32 {
    // SAFETY: the caller's promise, handed on.
    with(handle, |open| unsafe { copy_out(&open.reply, buffer, capacity, length) })
}

/// Plays a scenario in a world of its own and writes its report as a document: title, policy, timeline, expectations and
/// explanations, and whether it passed. It is pure: with a buffer that is too small, call it again.
///
/// # Safety
/// `text` spans `text_length` bytes, `buffer` spans `capacity` bytes that can be written, and `length` can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn liveset_play(
    text: *const u8,
    text_length: usize,
    buffer: *mut u8,
    capacity: usize,
    length: *mut usize,
) -> i32 {
    // SAFETY: the caller's promise.
    let Some(text) = (unsafe { bytes(text, text_length) }) else { return LIVESET_NULL };
    let played = std::panic::catch_unwind(|| liveset_world::play_document(text));
    let report = played.unwrap_or_else(|_| String::from(r#"{"error":{"code":602,"message":"the world panicked"}}"#));
    // SAFETY: the caller's promise, handed on.
    unsafe { copy_out(report.as_bytes(), buffer, capacity, length) }
}

/// Copies bytes to the host's buffer, all or none.
///
/// # Safety
/// `buffer` spans `capacity` bytes that can be written, and `length` can be written; either may be NULL.
pub(crate) unsafe fn copy_out(from: &[u8], buffer: *mut u8, capacity: usize, length: *mut usize) -> i32 {
    if length.is_null() {
        return LIVESET_NULL;
    }
    // SAFETY: not NULL, and the caller promised that it can be written.
    unsafe { length.write(from.len()) };
    if from.len() > capacity {
        return LIVESET_TOO_SMALL;
    }
    if from.is_empty() {
        return LIVESET_OK;
    }
    if buffer.is_null() {
        return LIVESET_NULL;
    }
    // SAFETY: the buffer spans at least `from.len()` bytes, and no host buffer overlaps our own.
    unsafe { std::ptr::copy_nonoverlapping(from.as_ptr(), buffer, from.len()) };
    LIVESET_OK
}
