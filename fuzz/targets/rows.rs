//! The lanes of calls and rows through the C ABI: any numbers, in any order, on open, closed and made-up handles.
#![no_main]

use libfuzzer_sys::fuzz_target;
use liveset_ffi::{
    LivesetChange, LivesetChanges, LivesetNotice, liveset_advance, liveset_apply, liveset_beat, liveset_beat_many,
    liveset_changes, liveset_close, liveset_digest, liveset_next_deadline, liveset_open, liveset_poll, liveset_reply,
    liveset_snapshot,
};

const CALLS_MAX: usize = 256;

/// What tells the calls and their numbers; zeros when it is used up.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn byte(&mut self) -> u8 {
        let Some((&first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        first
    }

    fn wide(&mut self) -> u64 {
        (0..8).fold(0, |value, _| value << 8 | u64::from(self.byte()))
    }

    /// Small numbers mostly, where ids and times are found, and any number now and then.
    fn number(&mut self) -> u64 {
        match self.byte() {
            wild @ 250.. => self.wide() ^ u64::from(wild),
            small => u64::from(small),
        }
    }

    /// An id as the core gives them: generation and slot.
    fn id(&mut self) -> u64 {
        match self.byte() {
            250.. => self.wide(),
            near => u64::from(near % 4) << 32 | u64::from(near / 4 % 8),
        }
    }
}

fn open(policy: &[u8]) -> u64 {
    let (mut handle, mut length) = (0, 0);
    // SAFETY: every pointer leads to something that lives until the call is over, with the length that is said.
    unsafe { liveset_open(policy.as_ptr(), policy.len(), 1, 2, &mut handle, std::ptr::null_mut(), 0, &mut length) };
    handle
}

fn apply(handle: u64, now: u64, command: &str) {
    // SAFETY: the span is the text's own.
    unsafe { liveset_apply(handle, now, command.as_ptr(), command.len()) };
}

fuzz_target!(|input: &[u8]| {
    let mut bytes = Bytes(input);
    let policies: [&[u8]; 3] = [b"", b"\"nacos_2_0\"", b"\"nacos_1_4\""];
    let handles = [open(policies[usize::from(bytes.byte()) % 3]), open(b"")];
    let mut now = 0;
    for _ in 0..CALLS_MAX.min(input.len()) {
        let handle = match bytes.byte() {
            wild @ 240.. => bytes.wide() ^ u64::from(wild),
            near => handles[usize::from(near) % 2],
        };
        // A clock that has come to its end begins anew: to the registry it is one that goes back.
        now = u64::wrapping_add(now, bytes.number());
        let mut length = 0_usize;
        match bytes.byte() % 12 {
            0 => drop(liveset_beat(handle, now, bytes.id())),
            1 => {
                let leases: Vec<u64> = (0..bytes.byte() % 16).map(|_| bytes.id()).collect();
                let room = usize::from(bytes.byte() % 20);
                let mut stale = vec![0; room];
                // SAFETY: the spans are the vectors' own.
                let status = unsafe {
                    let (from, to) = (leases.as_ptr(), stale.as_mut_ptr());
                    liveset_beat_many(handle, now, from, leases.len(), to, room, &mut length)
                };
                assert!(status != 0 || length <= leases.len());
            }
            2 => drop(liveset_advance(handle, bytes.number().saturating_mul(1000))),
            // SAFETY: the place is a local's.
            3 => drop(unsafe { liveset_next_deadline(handle, &mut now) }),
            4 => {
                let mut notices = vec![LivesetNotice::default(); usize::from(bytes.byte() % 5)];
                // SAFETY: the span is the vector's own.
                unsafe { liveset_poll(handle, notices.as_mut_ptr(), notices.len(), &mut length) };
            }
            5 => {
                let mut rows = vec![LivesetChange::default(); usize::from(bytes.byte() % 5)];
                let mut head = LivesetChanges::default();
                let (service, since) = (bytes.id(), bytes.number());
                // SAFETY: the span is the vector's own.
                unsafe { liveset_changes(handle, service, since, rows.as_mut_ptr(), rows.len(), &mut head) };
            }
            6 => {
                let mut digest = 0;
                // SAFETY: the place is a local's.
                unsafe { liveset_digest(handle, &mut digest) };
            }
            7 => {
                let mut buffer = vec![0; usize::from(bytes.byte())];
                liveset_snapshot(handle);
                // SAFETY: the span is the vector's own.
                unsafe { liveset_reply(handle, buffer.as_mut_ptr(), buffer.len(), &mut length) };
            }
            8 if bytes.byte() > 200 => drop(liveset_close(handle)),
            9 => apply(handle, now, r#"{"subscribe":{"service":{"name":"orders"},"subscriber":"gateway"}}"#),
            10 => apply(handle, now, r#"{"open_session":{"name":"c"}}"#),
            _ => {
                let (host, source) = (bytes.byte() % 4, bytes.byte() % 3);
                apply(
                    handle,
                    now,
                    &format!(
                        r#"{{"register":{{"service":{{"name":"orders"}},"address":{{"host":"h{host}","port":80}},"source":"s{source}"}}}}"#
                    ),
                );
            }
        }
    }
    for handle in handles {
        liveset_close(handle);
        assert_ne!(liveset_advance(handle, now), 0, "a closed handle finds nothing");
    }
});
