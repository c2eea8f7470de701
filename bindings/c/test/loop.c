// The loop of a host, with checks. `README.md` shows it.
#include "check.h"

static const char *const registration = "{\"register\":{\"service\":{\"name\":\"orders\"},"
                                        "\"address\":{\"host\":\"10.0.0.1\",\"port\":8080},\"source\":\"order-1\"}}";
static const char *const subscription = "{\"subscribe\":{\"service\":{\"name\":\"orders\"},\"subscriber\":\"gateway\"}}";
static const char *const question = "{\"explain\":{\"service\":{\"name\":\"orders\"},"
                                    "\"address\":{\"host\":\"10.0.0.1\",\"port\":8080}}}";

int main(void) {
    check(liveset_abi_version() >> 16 == LIVESET_ABI_VERSION >> 16, "library and header are of one major version", "");

    uint64_t registry = 0;
    int32_t opened = liveset_open(NULL, 0, 1, 2, &registry, NULL, 0, NULL);
    check(opened == LIVESET_OK, "no policy document means the strict policy", "");

    span answer = applied(registry, 0, subscription);
    span subscribed = member(member(answer, "ok"), "subscribed");
    uint64_t revision = number(member(subscribed, "revision"));
    free((void *)answer.data);

    answer = applied(registry, 0, registration);
    span registered = member(member(answer, "ok"), "registered");
    uint64_t leases[2] = {number(member(registered, "lease")), 77};
    uint64_t instance = number(member(registered, "instance"));
    free((void *)answer.data);
    check(leases[0] > 0 && leases[0] < (uint64_t)1 << 53, "a lease is a number below 2^53", "");

    uint64_t stale[2] = {0, 0};
    size_t stale_count = 0;
    int32_t beaten = liveset_beat_many(registry, 5000, leases, 2, stale, 2, &stale_count);
    check(beaten == LIVESET_OK && stale_count == 1 && stale[0] == 77, "a batch returns the stale leases", "");
    check(liveset_beat(registry, 5000, leases[0]) == LIVESET_OK, "a single beat counts", "");

    uint64_t deadline = 0;
    check(liveset_next_deadline(registry, &deadline) == LIVESET_OK, "the next deadline can be read", "");
    check(deadline > 5000 && deadline <= 20000, "the next deadline may be early, never late", "");
    check(liveset_advance(registry, 20000) == LIVESET_OK, "time passes", "");

    liveset_notice notices[4];
    size_t count = 0;
    check(liveset_poll(registry, notices, 4, &count) == LIVESET_OK, "notices can be polled", "");
    check(count == 1 && notices[0].kind == 1, "one notice stands for all changes of a service", "");

    liveset_change rows[8];
    liveset_changes_head head;
    int32_t read = liveset_changes(registry, notices[0].service, revision, rows, 8, &head);
    check(read == LIVESET_OK && head.count == 1 && head.revision == notices[0].revision, "the rows lead to the notice's revision", "");
    check(rows[0].instance == instance && rows[0].cause == LIVESET_CAUSE_SILENT, "the row names the instance and the cause", "");
    check((rows[0].state & LIVESET_STATE_PRESENT) != 0 && (rows[0].state & LIVESET_STATE_HEALTHY) == 0, "it is there, but not healthy", "");

    int32_t asked = liveset_ask(registry, (const uint8_t *)question, strlen(question));
    answer = reply(registry);
    check(asked == LIVESET_OK, "an explanation can be asked for", answer.data);
    span standing = member(member(answer, "ok"), "standing");
    check(same(standing, span_of("\"unhealthy\"")), "the explanation says what it is", answer.data);
    free((void *)answer.data);

    uint64_t before = digest_of(registry);
    check(liveset_snapshot(registry) == LIVESET_OK, "a snapshot can be taken", "");
    span snapshot = reply(registry);
    check(liveset_close(registry) == LIVESET_OK, "a registry closes", "");

    uint64_t restored = 0;
    int32_t status = liveset_restore(bytes(snapshot), snapshot.length, 3, 4, &restored, NULL, 0, NULL);
    check(status == LIVESET_OK && digest_of(restored) == before, "a restored registry has the digest of the one that was saved", "");
    check(liveset_close(restored) == LIVESET_OK, "a restored registry closes", "");
    free((void *)snapshot.data);
    return closing();
}
