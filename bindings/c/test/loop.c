// The loop of a host, with checks. `README.md` shows it.
#include "check.h"

static const char *const registration = "{\"register\":{\"service\":{\"name\":\"orders\"},"
                                        "\"address\":{\"host\":\"10.0.0.1\",\"port\":8080},\"source\":\"order-1\"}}";
static const char *const subscription = "{\"subscribe\":{\"service\":{\"name\":\"orders\"},\"subscriber\":\"gateway\"}}";
static const char *const question = "{\"explain\":{\"service\":{\"name\":\"orders\"},"
                                    "\"address\":{\"host\":\"10.0.0.1\",\"port\":8080}}}";

#define STORES "\"service\":{\"name\":\"stores\"}"
#define STORE STORES ",\"address\":{\"host\":\"10.0.0.7\",\"port\":3306}"

// A command's outcome, or a question's answer, is this very document.
static void tells(uint64_t registry, int32_t status, const char *asked, const char *expected) {
    span answer = reply(registry);
    check(status == LIVESET_OK && same(answer, span_of(expected)), asked, answer.data);
    free((void *)answer.data);
}

static void does(uint64_t registry, uint64_t now, const char *command, const char *outcome) {
    tells(registry, liveset_apply(registry, now, (const uint8_t *)command, strlen(command)), command, outcome);
}

static void answers(uint64_t registry, const char *asked, const char *document) {
    tells(registry, liveset_ask(registry, (const uint8_t *)asked, strlen(asked)), asked, document);
}

// A service of persistent instances, from its settings to its end.
static void persistent(void) {
    uint64_t registry = open_registry(span_of("\"strict\""));
    answers(registry, "{\"service\":{" STORES "}}", "{\"ok\":null}");
    span answer = applied(registry, 0, "{\"set_service\":{" STORES ",\"metadata\":{\"team\":\"shop\"},\"kind\":\"persistent\"}}");
    uint64_t service = number(member(member(member(answer, "ok"), "service_set"), "service"));
    free((void *)answer.data);
    free((void *)applied(registry, 0, "{\"register\":{" STORE ",\"source\":\"console\",\"kind\":\"persistent\"}}").data);
    answers(registry, "{\"service\":{" STORES "}}",
            "{\"ok\":{\"service\":{\"namespace\":\"public\",\"group\":\"DEFAULT_GROUP\",\"name\":\"stores\"},\"known\":true,"
            "\"kind\":\"persistent\",\"protect_threshold\":null,\"metadata\":{\"team\":\"shop\"},\"clusters\":[\"DEFAULT\"],"
            "\"instances\":1,\"computed\":true}}");

    const char *bad = "{\"report_health\":{" STORE ",\"healthy\":false}}";
    does(registry, 600000, bad, "{\"ok\":{\"health_reported\":{\"healthy\":true}}}");
    does(registry, 600000, bad, "{\"ok\":{\"health_reported\":{\"healthy\":true}}}");
    does(registry, 600000, bad, "{\"ok\":{\"health_reported\":{\"healthy\":false}}}");
    liveset_change rows[8];
    liveset_changes_head head;
    int32_t read = liveset_changes(registry, service, 1, rows, 8, &head);
    check(read == LIVESET_OK && head.count == 1 && rows[0].cause == LIVESET_CAUSE_REPORTED_DOWN, "a report turns its health", "");
    does(registry, 600000, "{\"report_health\":{" STORE ",\"healthy\":true,\"sure\":true}}",
         "{\"ok\":{\"health_reported\":{\"healthy\":true}}}");

    does(registry, 600001, "{\"deregister\":{" STORE ",\"source\":\"console\",\"kind\":\"persistent\"}}",
         "{\"ok\":{\"deregistered\":{\"withdrawn\":1,\"remaining\":[]}}}");
    does(registry, 600001, "{\"remove_service\":{" STORES "}}", "{\"ok\":\"service_removed\"}");
    answers(registry, "\"services\"", "{\"ok\":[]}");
    check(liveset_close(registry) == LIVESET_OK, "a registry of persistent instances closes", "");
}

// A batch over a session, a view that is computed for who looks, and a restart that keeps neither.
static void batches(void) {
    uint64_t registry = open_registry(span_of("\"nacos_2_5\""));
    span answer = applied(registry, 0, "{\"open_session\":{\"name\":\"conn\"}}");
    uint64_t session = number(member(member(member(answer, "ok"), "session_opened"), "session"));
    free((void *)answer.data);
    char batch[256];
    sprintf(batch, "{\"register_batch\":{\"service\":{\"name\":\"orders\"},\"source\":\"a\",\"session\":%" PRIu64 ",\"members\":"
                   "[{\"address\":{\"host\":\"h\",\"port\":1}},{\"address\":{\"host\":\"h\",\"port\":2}}]}}", session);
    answer = applied(registry, 0, batch);
    span done = member(member(answer, "ok"), "registered_batch");
    check(member(done, "members").length > 2 && same(member(done, "withdrawn"), span_of("0")), "a batch registers its members", answer.data);
    free((void *)answer.data);
    sprintf(batch, "{\"register_batch\":{\"service\":{\"name\":\"orders\"},\"source\":\"a\",\"session\":%" PRIu64 ",\"members\":[]}}", session);
    does(registry, 1, batch, "{\"ok\":{\"registered_batch\":{\"members\":[],\"withdrawn\":2}}}");
    does(registry, 2, "{\"look\":{\"service\":{\"name\":\"orders\"}}}", "{\"ok\":\"looked\"}");
    does(registry, 3, "\"restart\"", "{\"ok\":\"restarted\"}");
    sprintf(batch, "{\"touch_session\":{\"session\":%" PRIu64 "}}", session);
    int32_t status = liveset_apply(registry, 4, (const uint8_t *)batch, strlen(batch));
    check(status == LIVESET_ERROR_UNKNOWN_SESSION, "a restart ends the sessions that the policy does not keep", "");
    check(liveset_close(registry) == LIVESET_OK, "a restarted registry closes", "");
}

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
    persistent();
    batches();
    return closing();
}
