// The C interface of liveset. Generated from `ffi/src` by `cargo xtask header`; do not edit it.
//
// A registry is a number. Every call returns a status: 0, a LIVESET_ERROR_* code of the registry, or a LIVESET_* code of the
// interface itself. Times are milliseconds since a zero of the host's choice, and like ids they stay below 2^53.

#ifndef LIVESET_H
#define LIVESET_H

#include <stddef.h>
#include <stdint.h>
// The codes of errors that the registry itself answers with.

// A field is out of its bounds, of the wrong type, missing, or unknown.
#define LIVESET_ERROR_INVALID 100

// The document is not JSON.
#define LIVESET_ERROR_MALFORMED 101

// Nobody holds this lease here. What to do: register again.
#define LIVESET_ERROR_UNKNOWN_LEASE 200

// No such instance, present or remembered.
#define LIVESET_ERROR_UNKNOWN_INSTANCE 201

// No such service.
#define LIVESET_ERROR_UNKNOWN_SERVICE 202

// The session is closed, or was never open.
#define LIVESET_ERROR_UNKNOWN_SESSION 203

// The subscription is over, or never was.
#define LIVESET_ERROR_UNKNOWN_SUBSCRIPTION 204

// This life of the instance was ended on purpose. What to do: stop, or come back as a newer incarnation.
#define LIVESET_ERROR_FENCED 300

// A newer life of this instance is known; a late command of an older one never touches it.
#define LIVESET_ERROR_STALE 301

// The caller holds no lease on this instance; others do.
#define LIVESET_ERROR_NOT_OWNER 302

// The service is of the other kind.
#define LIVESET_ERROR_OTHER_KIND 303

// A service that has instances is not taken away.
#define LIVESET_ERROR_NOT_EMPTY 304

// A limit of the policy is reached. Beats, deregistrations and operator commands still go through.
#define LIVESET_ERROR_LIMIT_REACHED 400

// The snapshot is damaged, or no snapshot at all.
#define LIVESET_ERROR_CORRUPT_SNAPSHOT 500

// The snapshot was made by a newer version.
#define LIVESET_ERROR_NEWER_SNAPSHOT 501

// Version of this interface, as `major << 16 | minor`. A host built for another major must not go on.
#define LIVESET_ABI_VERSION (1 << 16)

// No deadline is pending.
#define LIVESET_NEVER UINT64_MAX

// Done.
#define LIVESET_OK 0

// The registry is closed, or never was.
#define LIVESET_CLOSED 600

// Another thread is inside this registry.
#define LIVESET_BUSY 601

// A call panicked inside this registry; it can only be closed.
#define LIVESET_POISONED 602

// A pointer that must not be NULL is.
#define LIVESET_NULL 603

// A buffer is too small; the size it needs was written, and nothing was consumed.
#define LIVESET_TOO_SMALL 604

// A number is out of its range: `now` from 2^53 on.
#define LIVESET_OUT_OF_RANGE 605

// It is there: some lease holds it.
#define LIVESET_STATE_PRESENT 1

// At least one lease is alive.
#define LIVESET_STATE_HEALTHY (1 << 1)

// Provider and operator let it have traffic, as the policy joins the two.
#define LIVESET_STATE_ENABLED (1 << 2)

// Consumers get it: present and enabled. Health is a mark on it, not a condition.
#define LIVESET_STATE_SERVED (1 << 3)

// An operator's override is in force.
#define LIVESET_STATE_OVERRIDDEN (1 << 4)

// More than one source holds it.
#define LIVESET_STATE_SHARED (1 << 5)

// Why an instance changed. The numbers are stable: rows of changes carry them.
enum liveset_cause
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint8_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    // A registration.
    LIVESET_CAUSE_REGISTERED = 1,
    // A beat that carried the whole instance while it was unknown.
    LIVESET_CAUSE_REGISTERED_BY_BEAT = 2,
    // A beat after silence.
    LIVESET_CAUSE_BEAT = 3,
    // A registration that changed what an instance already there says of itself.
    LIVESET_CAUSE_REREGISTERED = 4,
    // A further source claimed an instance that was there.
    LIVESET_CAUSE_SOURCE_JOINED = 5,
    // A source ended its claim on an instance that others hold.
    LIVESET_CAUSE_SOURCE_LEFT = 6,
    // Its source claimed another address of the service instead, where the policy lets it hold one only.
    LIVESET_CAUSE_REPLACED = 7,
    // Silence past the timeout.
    LIVESET_CAUSE_SILENT = 10,
    // Silence past the delete time.
    LIVESET_CAUSE_EXPIRED = 11,
    // Its own source took it back.
    LIVESET_CAUSE_DEREGISTERED = 12,
    // Its session was closed.
    LIVESET_CAUSE_SESSION_CLOSED = 13,
    // Its session fell silent and did not answer the probe.
    LIVESET_CAUSE_SESSION_LOST = 14,
    // An operator removed it.
    LIVESET_CAUSE_REMOVED = 15,
    // The host's checker found a persistent instance healthy again.
    LIVESET_CAUSE_REPORTED_UP = 16,
    // The host's checker found a persistent instance unhealthy.
    LIVESET_CAUSE_REPORTED_DOWN = 17,
    // The registry's process ended, and it had not kept the instance.
    LIVESET_CAUSE_REGISTRY_RESTARTED = 18,
    // It was a copy of another node's claim, which ended there.
    LIVESET_CAUSE_COPY_ENDED = 19,
    // An operator's override was set.
    LIVESET_CAUSE_OVERRIDE_SET = 20,
    // An operator's override was cleared.
    LIVESET_CAUSE_OVERRIDE_CLEARED = 21,
    // An operator's override came to the end of its lifetime.
    LIVESET_CAUSE_OVERRIDE_ENDED = 22,
    // An operator lifted a fence.
    LIVESET_CAUSE_FENCE_LIFTED = 23,
    // A deregistration that the policy answers as done, and that took nothing away.
    LIVESET_CAUSE_DEREGISTRATION_IGNORED = 24,
    // A persistent instance had been unhealthy for longer than the policy, or it itself, allows.
    LIVESET_CAUSE_NOT_RECOVERED = 25,
    // A setting of the service was changed.
    LIVESET_CAUSE_SERVICE_CHANGED = 30,
    // The record of its service was taken away although it was there.
    LIVESET_CAUSE_SERVICE_FORGOTTEN = 31,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum liveset_cause liveset_cause;
#else
typedef uint8_t liveset_cause;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

// What to do next.
typedef struct liveset_notice {
    // 1: `subject` is a subscription whose service moved. 2: `subject` is a session to probe.
    uint64_t kind;
    // Subscription or session.
    uint64_t subject;
    // The service, for kind 1.
    uint64_t service;
    // Where the service stands, for kind 1.
    uint64_t revision;
} liveset_notice;

// The newest state of one instance: 24 bytes, little-endian where it is bytes.
typedef struct liveset_change {
    // Which instance.
    uint64_t instance;
    // The service's revision that brought it.
    uint64_t revision;
    // State bits: 1 present, 2 healthy, 4 enabled, 8 served, 16 overridden, 32 shared; 0 when it is gone.
    uint32_t state;
    // Why: the number of a cause.
    uint32_t cause;
} liveset_change;

// What stands over the rows of a service's changes.
typedef struct liveset_changes_head {
    // The revision the rows lead to.
    uint64_t revision;
    // Number of rows.
    uint64_t count;
    // 1 when the rows are the whole service.
    uint32_t full;
    // 1 when protection is in force.
    uint32_t protected_;
} liveset_changes_head;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// Version of the interface that this library has.
uint32_t liveset_abi_version(void);

// Does what a command document says, at `now`. The answer waits in `liveset_reply`; the status is 0 or the error's code.
//
// The caller promises:
// `command` spans `length` bytes.
int32_t liveset_apply(uint64_t handle, uint64_t now, const uint8_t *command, size_t length);

// Answers a question document; it changes nothing, not even time. The answer waits in `liveset_reply`: `{"ok": document}`, or
// `{"error": ...}` when the status is not 0.
//
// The caller promises:
// `question` spans `length` bytes.
int32_t liveset_ask(uint64_t handle, const uint8_t *question, size_t length);

// Takes a snapshot; its bytes wait in `liveset_reply`.
int32_t liveset_snapshot(uint64_t handle);

// Copies out the last answer of this registry. `length` receives its length, also when the buffer is too small.
//
// The caller promises:
// `buffer` spans `capacity` bytes that can be written, and `length` can be written.
int32_t liveset_reply(uint64_t handle, uint8_t *buffer, size_t capacity, size_t *length);

// Plays a scenario in a world of its own and writes its report as a document: title, policy, timeline, expectations and
// explanations, and whether it passed. It is pure: with a buffer that is too small, call it again.
//
// The caller promises:
// `text` spans `text_length` bytes, `buffer` spans `capacity` bytes that can be written, and `length` can be written.
int32_t liveset_play(const uint8_t *text, size_t text_length, uint8_t *buffer, size_t capacity, size_t *length);

// Opens an empty registry. `policy` is a document: the name of a preset in quotes, or all fields; no bytes mean strict. The two
// seeds are 128 random bits for hash tables; they never reach an output.
//
// On failure a status is returned and the error document is written to `error`, as far as it fits.
//
// The caller promises:
// `policy` spans `policy_length` bytes, `error` spans `error_capacity` bytes, and `handle` and `error_length` can be written; any
// of them may be NULL where its length is 0, but for `handle`.
int32_t liveset_open(const uint8_t *policy,
                     size_t policy_length,
                     uint64_t seed_low,
                     uint64_t seed_high,
                     uint64_t *handle,
                     uint8_t *error,
                     size_t error_capacity,
                     size_t *error_length);

// Opens the registry that a snapshot holds; all or nothing. Parameters as in `liveset_open`.
//
// The caller promises:
// As for `liveset_open`.
int32_t liveset_restore(const uint8_t *snapshot,
                        size_t snapshot_length,
                        uint64_t seed_low,
                        uint64_t seed_high,
                        uint64_t *handle,
                        uint8_t *error,
                        size_t error_capacity,
                        size_t *error_length);

// Closes a registry. The number finds nothing from here on; closing it again is an error and harmless.
int32_t liveset_close(uint64_t handle);

// A sign of life of one lease. Prefer `liveset_beat_many`.
int32_t liveset_beat(uint64_t handle, uint64_t now, uint64_t lease);

// Signs of life of many leases. The ones nobody holds are written to `stale`, which must have room for all of `count`.
//
// The caller promises:
// `leases` spans `count` numbers, `stale` spans `stale_capacity` numbers that can be written, and `stale_count` can be written.
int32_t liveset_beat_many(uint64_t handle,
                          uint64_t now,
                          const uint64_t *leases,
                          size_t count,
                          uint64_t *stale,
                          size_t stale_capacity,
                          size_t *stale_count);

// Lets everything happen that is due by `now`.
int32_t liveset_advance(uint64_t handle, uint64_t now);

// The moment before which nothing happens by itself, or `LIVESET_NEVER`.
//
// The caller promises:
// `deadline` can be written.
int32_t liveset_next_deadline(uint64_t handle, uint64_t *deadline);

// Takes up to `capacity` notices; fewer than `capacity` means that there are no more.
//
// The caller promises:
// `notices` spans `capacity` rows that can be written, and `count` can be written.
int32_t liveset_poll(uint64_t handle, struct liveset_notice *notices, size_t capacity, size_t *count);

// What happened to a service after revision `since`. With too few rows the head says how many are needed, and nothing else is
// written.
//
// The caller promises:
// `rows` spans `capacity` rows that can be written, and `head` can be written.
int32_t liveset_changes(uint64_t handle,
                        uint64_t service,
                        uint64_t since,
                        struct liveset_change *rows,
                        size_t capacity,
                        struct liveset_changes_head *head);

// The number that equal registries share.
//
// The caller promises:
// `digest` can be written.
int32_t liveset_digest(uint64_t handle, uint64_t *digest);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* LIVESET_H */
