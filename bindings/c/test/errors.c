// Every error of the boundary that a host can bring about, and a table of bad input. After each the registry is what it was.
//
// LIVESET_POISONED is not among them: it takes a panic inside the core, and no input is known that makes one.
#define _POSIX_C_SOURCE 200809L
#include "check.h"

#include <pthread.h>
#include <time.h>

#define SERVICE "\"service\":{\"name\":\"orders\"}"
#define ADDRESS "\"address\":{\"host\":\"10.0.0.1\",\"port\":8080}"
#define NAMES SERVICE "," ADDRESS
#define HUNDRED "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
    const char *command;
    unsigned code;
    const char *field;
} table[] = {
    {"", LIVESET_ERROR_MALFORMED, NULL},
    {"{\"beat\":{\"lease\":1}", LIVESET_ERROR_MALFORMED, NULL},
    {"\"advance\" \"advance\"", LIVESET_ERROR_MALFORMED, NULL},
    {"{\"beat\":{\"lease\":NaN}}", LIVESET_ERROR_MALFORMED, NULL},
    {"\"advance\xff\"", LIVESET_ERROR_MALFORMED, NULL},
    {"\"retreat\"", LIVESET_ERROR_INVALID, "document"},
    {"7", LIVESET_ERROR_INVALID, "document"},
    {"[]", LIVESET_ERROR_INVALID, "document"},
    {"{\"beat\":{}}", LIVESET_ERROR_INVALID, "beat"},
    {"{\"beat\":{\"lease\":\"1\"}}", LIVESET_ERROR_INVALID, "beat.lease"},
    {"{\"beat\":{\"lease\":-1}}", LIVESET_ERROR_INVALID, "beat.lease"},
    {"{\"beat\":{\"lease\":1.5}}", LIVESET_ERROR_INVALID, "beat.lease"},
    {"{\"beat\":{\"lease\":9007199254740992}}", LIVESET_ERROR_INVALID, "beat.lease"},
    {"{\"beat\":{\"lease\":1,\"more\":1}}", LIVESET_ERROR_INVALID, "beat.more"},
    {"{\"beat_many\":{\"leases\":7}}", LIVESET_ERROR_INVALID, "beat_many.leases"},
    {"{\"beat_many\":{\"leases\":[1,-1]}}", LIVESET_ERROR_INVALID, "beat_many.leases[1]"},
    {"{\"register\":{" NAMES "}}", LIVESET_ERROR_INVALID, "register"},
    {"{\"register\":{" NAMES ",\"source\":\"\"}}", LIVESET_ERROR_INVALID, "register.source"},
    {"{\"register\":{" NAMES ",\"source\":\"" HUNDRED HUNDRED "\"}}", LIVESET_ERROR_INVALID, "register.source"},
    {"{\"register\":{" NAMES ",\"source\":\"a\",\"session\":-1}}", LIVESET_ERROR_INVALID, "register.session"},
    {"{\"register\":{" NAMES ",\"source\":\"a\",\"incarnation\":-1}}", LIVESET_ERROR_INVALID, "register.incarnation"},
    {"{\"register\":{" NAMES ",\"source\":\"a\",\"content\":{\"weight\":-1}}}", LIVESET_ERROR_INVALID, "register.content.weight"},
    {"{\"register\":{" NAMES ",\"source\":\"a\",\"content\":{\"weight\":10001}}}", LIVESET_ERROR_INVALID, "register.content.weight"},
    {"{\"register\":{" NAMES ",\"source\":\"a\",\"content\":{\"enabled\":1}}}", LIVESET_ERROR_INVALID, "register.content.enabled"},
    {"{\"register\":{" NAMES ",\"source\":\"a\",\"content\":{\"metadata\":{\"k\":1}}}}", LIVESET_ERROR_INVALID,
     "register.content.metadata.k"},
    {"{\"register\":{\"service\":{\"name\":\"a@@b\"}," ADDRESS ",\"source\":\"a\"}}", LIVESET_ERROR_INVALID, "register.service.name"},
    {"{\"register\":{\"service\":{\"name\":\"a\",\"group\":\"\"}," ADDRESS ",\"source\":\"a\"}}", LIVESET_ERROR_INVALID,
     "register.service.group"},
    {"{\"register\":{\"service\":{\"name\":\"a\",\"namespace\":\"b c\"}," ADDRESS ",\"source\":\"a\"}}", LIVESET_ERROR_INVALID,
     "register.service.namespace"},
    {"{\"register\":{" SERVICE ",\"address\":{\"host\":\"a b\",\"port\":1},\"source\":\"a\"}}", LIVESET_ERROR_INVALID,
     "register.address.host"},
    {"{\"register\":{" SERVICE ",\"address\":{\"host\":\"a\",\"port\":65536},\"source\":\"a\"}}", LIVESET_ERROR_INVALID,
     "register.address.port"},
    {"{\"register\":{" SERVICE ",\"address\":{\"host\":\"a\",\"port\":1,\"cluster\":\"\"},\"source\":\"a\"}}", LIVESET_ERROR_INVALID,
     "register.address.cluster"},
    {"{\"register\":{" NAMES ",\"source\":\"a\",\"kind\":\"eternal\"}}", LIVESET_ERROR_INVALID, "register.kind"},
    {"{\"register\":{" NAMES ",\"source\":\"a\",\"healthy\":1}}", LIVESET_ERROR_INVALID, "register.healthy"},
    {"{\"register_batch\":{" SERVICE ",\"source\":\"a\",\"session\":1,\"members\":7}}", LIVESET_ERROR_INVALID, "register_batch.members"},
    {"{\"register_batch\":{" SERVICE ",\"source\":\"a\",\"session\":1,\"members\":[{}]}}", LIVESET_ERROR_INVALID,
     "register_batch.members[0]"},
    {"{\"report_health\":{" NAMES ",\"healthy\":1}}", LIVESET_ERROR_INVALID, "report_health.healthy"},
    {"{\"report_health\":{" NAMES ",\"healthy\":true}}", LIVESET_ERROR_INVALID, "report_health.address"},
    {"{\"beat_instance\":{" NAMES ",\"source\":\"a\",\"content\":7}}", LIVESET_ERROR_INVALID, "beat_instance.content"},
    {"{\"watch\":{" NAMES ",\"watches\":1}}", LIVESET_ERROR_INVALID, "watch.watches"},
    {"{\"deregister\":{" NAMES ",\"source\":7}}", LIVESET_ERROR_INVALID, "deregister.source"},
    {"{\"deregister\":{" NAMES ",\"source\":\"a\",\"kind\":7}}", LIVESET_ERROR_INVALID, "deregister.kind"},
    {"{\"deregister_lease\":{\"lease\":true}}", LIVESET_ERROR_INVALID, "deregister_lease.lease"},
    {"{\"remove\":{" NAMES ",\"by\":\"ops\",\"fence_for\":864000001}}", LIVESET_ERROR_INVALID, "remove.fence_for"},
    {"{\"remove\":{" NAMES ",\"by\":\"ops\",\"because\":\"\"}}", LIVESET_ERROR_INVALID, "remove.because"},
    {"{\"lift_fence\":{" NAMES ",\"by\":\"\\u0001\"}}", LIVESET_ERROR_INVALID, "lift_fence.by"},
    {"{\"set_override\":{" NAMES ",\"by\":\"ops\",\"lifetime\":\"forever\"}}", LIVESET_ERROR_INVALID, "set_override.lifetime"},
    {"{\"set_override\":{" NAMES ",\"by\":\"ops\",\"lifetime\":{\"for\":-1}}}", LIVESET_ERROR_INVALID, "set_override.lifetime.for"},
    {"{\"set_override\":{" NAMES ",\"by\":\"ops\",\"weight\":1e999}}", LIVESET_ERROR_INVALID, "set_override.weight"},
    {"{\"set_override\":{" NAMES ",\"by\":\"ops\"}}", LIVESET_ERROR_INVALID, "set_override"},
    {"{\"clear_override\":{" NAMES ",\"by\":\"ops\",\"field\":\"port\"}}", LIVESET_ERROR_INVALID, "clear_override.field"},
    {"{\"set_service\":{" SERVICE ",\"protect_threshold\":1.5}}", LIVESET_ERROR_INVALID, "set_service.protect_threshold"},
    {"{\"set_service\":{" SERVICE ",\"metadata\":{\"k\":1}}}", LIVESET_ERROR_INVALID, "set_service.metadata.k"},
    {"{\"remove_service\":{\"service\":{\"name\":\"a b\"}}}", LIVESET_ERROR_INVALID, "remove_service.service.name"},
    {"{\"look\":{}}", LIVESET_ERROR_INVALID, "look"},
    {"{\"open_session\":{\"name\":\"\"}}", LIVESET_ERROR_INVALID, "open_session.name"},
    {"{\"touch_session\":{\"session\":-1}}", LIVESET_ERROR_INVALID, "touch_session.session"},
    {"{\"close_session\":{\"session\":\"1\"}}", LIVESET_ERROR_INVALID, "close_session.session"},
    {"{\"subscribe\":{" SERVICE "}}", LIVESET_ERROR_INVALID, "subscribe"},
    {"{\"unsubscribe\":{\"subscription\":null}}", LIVESET_ERROR_INVALID, "unsubscribe.subscription"},
    {"{\"poll\":{\"max\":0}}", LIVESET_ERROR_INVALID, "poll.max"},
    {"{\"poll\":{\"max\":65537}}", LIVESET_ERROR_INVALID, "poll.max"},
    // What can be read and is refused all the same.
    {"{\"beat\":{\"lease\":77}}", LIVESET_ERROR_UNKNOWN_LEASE, NULL},
    {"{\"deregister_lease\":{\"lease\":77}}", LIVESET_ERROR_UNKNOWN_LEASE, NULL},
    {"{\"remove\":{\"service\":{\"name\":\"other\"}," ADDRESS ",\"by\":\"ops\"}}", LIVESET_ERROR_UNKNOWN_INSTANCE, NULL},
    {"{\"remove_service\":{\"service\":{\"name\":\"other\"}}}", LIVESET_ERROR_UNKNOWN_SERVICE, NULL},
    {"{\"register_batch\":{" SERVICE ",\"source\":\"a\",\"session\":77,\"members\":[]}}", LIVESET_ERROR_UNKNOWN_SESSION, NULL},
    {"{\"touch_session\":{\"session\":77}}", LIVESET_ERROR_UNKNOWN_SESSION, NULL},
    {"{\"unsubscribe\":{\"subscription\":77}}", LIVESET_ERROR_UNKNOWN_SUBSCRIPTION, NULL},
    {"{\"deregister\":{" NAMES ",\"source\":\"stranger\"}}", LIVESET_ERROR_NOT_OWNER, NULL},
    {"{\"register\":{" NAMES ",\"source\":\"order-1\",\"incarnation\":4}}", LIVESET_ERROR_STALE, NULL},
    {"{\"register\":{" NAMES ",\"source\":\"console\",\"kind\":\"persistent\"}}", LIVESET_ERROR_OTHER_KIND, NULL},
    {"{\"remove_service\":{" SERVICE "}}", LIVESET_ERROR_NOT_EMPTY, NULL},
};

static void bad_input(uint64_t registry) {
    uint64_t before = digest_of(registry);
    for (size_t place = 0; place < sizeof table / sizeof *table; place++) {
        span command = span_of(table[place].command);
        int32_t status = liveset_apply(registry, 0, bytes(command), command.length);
        span answer = reply(registry);
        span error = member(answer, "error"), field = member(error, "field"), message = member(error, "message");
        check((unsigned)status == table[place].code, "the status is the error's code", command.data);
        check(number(member(error, "code")) == table[place].code, "the document has the error's code", command.data);
        check(message.length > 2, "the document has a message", command.data);
        if (table[place].field == NULL) {
            check(field.data == NULL, "the document names no field", answer.data);
        } else {
            span inner = {field.data + 1, field.length - 2};
            check(field.data != NULL && same(inner, span_of(table[place].field)), "the document names the field", answer.data);
        }
        check(digest_of(registry) == before, "a refusal changes nothing", command.data);
        free((void *)answer.data);
    }
}

static void null_pointers(uint64_t registry) {
    uint64_t id = 1, stale = 0, before = digest_of(registry);
    size_t count = 0;
    liveset_changes_head head;
    check(liveset_open(NULL, 1, 1, 2, &id, NULL, 0, NULL) == LIVESET_NULL, "open: a policy", "");
    check(liveset_open(NULL, 0, 1, 2, NULL, NULL, 0, NULL) == LIVESET_NULL, "open: no handle", "");
    check(liveset_restore(NULL, 1, 1, 2, &id, NULL, 0, NULL) == LIVESET_NULL, "restore: a snapshot", "");
    check(liveset_apply(registry, 0, NULL, 1) == LIVESET_NULL, "apply: a command", "");
    check(liveset_ask(registry, NULL, 1) == LIVESET_NULL, "ask: a question", "");
    check(liveset_reply(registry, NULL, 0, NULL) == LIVESET_NULL, "reply: a length", "");
    check(liveset_beat_many(registry, 0, NULL, 1, &stale, 1, &count) == LIVESET_NULL, "beat_many: leases", "");
    check(liveset_beat_many(registry, 0, &id, 1, NULL, 1, &count) == LIVESET_NULL, "beat_many: room for the stale", "");
    check(liveset_beat_many(registry, 0, &id, 1, &stale, 1, NULL) == LIVESET_NULL, "beat_many: a count", "");
    check(liveset_next_deadline(registry, NULL) == LIVESET_NULL, "next_deadline: a number", "");
    check(liveset_poll(registry, NULL, 1, &count) == LIVESET_NULL, "poll: rows", "");
    check(liveset_poll(registry, NULL, 0, NULL) == LIVESET_NULL, "poll: a count", "");
    check(liveset_changes(registry, 1, 0, NULL, 1, &head) == LIVESET_NULL, "changes: rows", "");
    check(liveset_changes(registry, 1, 0, NULL, 0, NULL) == LIVESET_NULL, "changes: a head", "");
    check(liveset_digest(registry, NULL) == LIVESET_NULL, "digest: a number", "");
    check(liveset_play(NULL, 1, NULL, 0, &count) == LIVESET_NULL, "play: a scenario", "");
    check(liveset_play(NULL, 0, NULL, 0, NULL) == LIVESET_NULL, "play: a length", "");
    check(digest_of(registry) == before, "NULL changes nothing", "");
}

static void small_buffers(uint64_t registry, uint64_t service) {
    uint64_t leases[2] = {77, 78}, stale[1], before = digest_of(registry);
    uint8_t buffer[4];
    size_t count = 0, whole = 0;
    liveset_change row[1];
    liveset_changes_head head;
    check(liveset_beat_many(registry, 0, leases, 2, stale, 1, &count) == LIVESET_TOO_SMALL && count == 2, "beat_many says its need", "");
    check(liveset_changes(registry, service, 0, row, 0, &head) == LIVESET_TOO_SMALL && head.count == 1, "changes say their need", "");
    check(liveset_changes(registry, service, 0, row, 1, &head) == LIVESET_OK && head.count == 1, "changes fit then", "");
    liveset_ask(registry, (const uint8_t *)"\"counters\"", 10);
    check(liveset_reply(registry, buffer, sizeof buffer, &whole) == LIVESET_TOO_SMALL && whole > 4, "a reply says its need", "");
    span answer = reply(registry);
    check(answer.length == whole, "a reply is not consumed by a buffer that is too small", answer.data);
    free((void *)answer.data);
    check(liveset_play((const uint8_t *)"x", 1, buffer, 4, &whole) == LIVESET_TOO_SMALL && whole > 4, "a report says its need", "");
    uint64_t none = 0;
    int32_t status = liveset_open((const uint8_t *)"\"x\"", 3, 1, 2, &none, buffer, 4, &whole);
    check(status == LIVESET_ERROR_INVALID && whole > 4 && none == 0, "a refused policy says the need of its document", "");
    check(digest_of(registry) == before, "a small buffer changes nothing", "");
}

static void closed_and_foreign(void) {
    uint64_t registry = open_registry(span_of("\"strict\""));
    check(liveset_close(registry) == LIVESET_OK, "a registry closes", "");
    // The last but one is far in the future of the place where the closed one was; the next registry stands there.
    uint64_t made_up[] = {0, 1, UINT64_MAX, registry + ((uint64_t)1000 << 32), registry};
    uint64_t next = open_registry(span_of("")), out = 0, before = digest_of(next);
    size_t count = 0;
    liveset_changes_head head;
    for (size_t place = 0; place < sizeof made_up / sizeof *made_up; place++) {
        uint64_t handle = made_up[place];
        check(liveset_beat(handle, 0, 1) == LIVESET_CLOSED, "beat finds nothing", "");
        check(liveset_beat_many(handle, 0, &out, 1, &out, 1, &count) == LIVESET_CLOSED, "beat_many finds nothing", "");
        check(liveset_advance(handle, 0) == LIVESET_CLOSED, "advance finds nothing", "");
        check(liveset_next_deadline(handle, &out) == LIVESET_CLOSED, "next_deadline finds nothing", "");
        check(liveset_poll(handle, NULL, 0, &count) == LIVESET_CLOSED, "poll finds nothing", "");
        check(liveset_changes(handle, 0, 0, NULL, 0, &head) == LIVESET_CLOSED, "changes find nothing", "");
        check(liveset_digest(handle, &out) == LIVESET_CLOSED, "digest finds nothing", "");
        check(liveset_apply(handle, 0, (const uint8_t *)"\"advance\"", 9) == LIVESET_CLOSED, "apply finds nothing", "");
        check(liveset_ask(handle, (const uint8_t *)"\"counters\"", 10) == LIVESET_CLOSED, "ask finds nothing", "");
        check(liveset_snapshot(handle) == LIVESET_CLOSED, "snapshot finds nothing", "");
        check(liveset_reply(handle, NULL, 0, &count) == LIVESET_CLOSED, "reply finds nothing", "");
        check(liveset_close(handle) == LIVESET_CLOSED, "close finds nothing", "");
    }
    check(digest_of(next) == before, "a stranger's number changes nothing", "");
    liveset_close(next);
}

static void out_of_range(uint64_t registry) {
    uint64_t late[] = {(uint64_t)1 << 53, UINT64_MAX}, out = 1, before = digest_of(registry);
    size_t count = 0;
    liveset_changes_head head;
    for (size_t place = 0; place < 2; place++) {
        check(liveset_beat(registry, late[place], 1) == LIVESET_OUT_OF_RANGE, "beat", "");
        check(liveset_beat_many(registry, late[place], &out, 1, &out, 1, &count) == LIVESET_OUT_OF_RANGE, "beat_many", "");
        check(liveset_advance(registry, late[place]) == LIVESET_OUT_OF_RANGE, "advance", "");
        check(liveset_apply(registry, late[place], (const uint8_t *)"\"advance\"", 9) == LIVESET_OUT_OF_RANGE, "apply", "");
        check(liveset_beat(registry, 0, late[place]) == LIVESET_ERROR_UNKNOWN_LEASE, "a wrong id finds nothing", "");
    }
    int32_t status = liveset_changes(registry, UINT64_MAX, 0, NULL, 0, &head);
    check(status == LIVESET_ERROR_UNKNOWN_SERVICE, "a wrong service finds nothing", "");
    check(digest_of(registry) == before, "a number out of range changes nothing", "");
}

static void damaged_snapshots(uint64_t registry) {
    check(liveset_snapshot(registry) == LIVESET_OK, "a snapshot can be taken", "");
    span snapshot = reply(registry);
    uint8_t *damaged = (uint8_t *)room(snapshot.length);
    uint64_t none = 0;
    size_t cut = 0, flipped = 0;
    for (size_t place = 0; place < snapshot.length; place++) {
        cut += liveset_restore(bytes(snapshot), place, 1, 2, &none, NULL, 0, NULL) == LIVESET_ERROR_CORRUPT_SNAPSHOT;
        memcpy(damaged, snapshot.data, snapshot.length);
        damaged[place] ^= 0x10;
        flipped += liveset_restore(damaged, snapshot.length, 1, 2, &none, NULL, 0, NULL) == LIVESET_ERROR_CORRUPT_SNAPSHOT;
    }
    check(cut == snapshot.length, "a snapshot that is cut off anywhere is refused", "");
    check(flipped == snapshot.length, "a snapshot with a wrong bit anywhere is refused", "");
    check(none == 0, "a refused snapshot opens nothing", "");
    free(damaged);
    free((void *)snapshot.data);
}

static volatile int met;

// Stays inside the registry for most of the time.
static void *occupy(void *registry) {
    enum { COUNT = 1 << 17 };
    uint64_t *leases = (uint64_t *)calloc(COUNT, sizeof *leases), *stale = (uint64_t *)calloc(COUNT, sizeof *stale);
    size_t count;
    while (leases != NULL && stale != NULL && !met) {
        liveset_beat_many(*(uint64_t *)registry, 0, leases, COUNT, stale, COUNT, &count);
    }
    free(leases);
    free(stale);
    return NULL;
}

static void busy(void) {
    uint64_t registry = open_registry(span_of("")), out = 0;
    pthread_t other;
    check(pthread_create(&other, NULL, occupy, &registry) == 0, "another thread starts", "");
    time_t started = time(NULL);
    while (!met && time(NULL) - started < 20) {
        met = liveset_digest(registry, &out) == LIVESET_BUSY;
    }
    int32_t status = met ? LIVESET_BUSY : LIVESET_OK;
    met = 1;
    pthread_join(other, NULL);
    check(status == LIVESET_BUSY, "a registry with another thread inside is busy", "");
    check(liveset_digest(registry, &out) == LIVESET_OK && liveset_close(registry) == LIVESET_OK, "it is not when the thread has left", "");
}

static void many(void) {
    int closed = 0;
    for (int round = 0; round < 10000; round++) {
        closed += liveset_close(open_registry(span_of("\"strict\""))) == LIVESET_OK;
    }
    check(closed == 10000, "registries open and close as often as one likes", "");
}

int main(void) {
    uint64_t registry = open_registry(span_of("\"strict\""));
    span answer = applied(registry, 0, "{\"register\":{" NAMES ",\"source\":\"order-1\",\"incarnation\":5}}");
    uint64_t service = number(member(member(member(answer, "ok"), "registered"), "service"));
    free((void *)answer.data);
    bad_input(registry);
    null_pointers(registry);
    small_buffers(registry, service);
    closed_and_foreign();
    out_of_range(registry);
    damaged_snapshots(registry);
    busy();
    many();
    check(liveset_close(registry) == LIVESET_OK, "the registry closes", "");
    return closing();
}
