// Replays vector files. Prints a line for each, its name and its last digest, and stops at the first answer that differs.
//
// A line's `answer` is, byte for byte, the document that the C ABI gives, so that cutting it out of the line is all the JSON needed.
#include "check.h"

static int stop(const char *path, unsigned line, const char *problem, span found, span expected) {
    fprintf(stderr, "%s:%u: %s: %.*s\nexpected %.*s\n", path, line, problem, (int)found.length, found.data, (int)expected.length,
            expected.data);
    return 1;
}

// Beats, and writes the answer that the documents of the same command would have.
static span beat_many(uint64_t registry, uint64_t now, span ids) {
    size_t capacity = ids.length, count = 0, stale_count = 0;
    uint64_t *leases = (uint64_t *)room(capacity * sizeof *leases);
    uint64_t *stale = (uint64_t *)room(capacity * sizeof *stale);
    for (size_t at = 1; at + 1 < ids.length; at = value_end(ids, at) + 1) {
        leases[count++] = strtoull(ids.data + at, NULL, 10);
    }
    int32_t status = liveset_beat_many(registry, now, leases, count, stale, capacity, &stale_count);
    char *text = (char *)room(64 + 24 * stale_count);
    size_t length = (size_t)sprintf(text, status == LIVESET_OK ? "{\"ok\":{\"beaten_many\":{\"stale\":[" : "status %d", (int)status);
    for (size_t place = 0; place < stale_count; place++) {
        length += (size_t)sprintf(text + length, "%s%" PRIu64, place > 0 ? "," : "", stale[place]);
    }
    length += (size_t)sprintf(text + length, "]}}}");
    free(leases);
    free(stale);
    span answer = {text, length};
    return answer;
}

// Does a line's command by the call of its own where there is one for its lane. True when what comes back is what the line says.
static int step(uint64_t registry, uint64_t now, span command, span answer, span *found) {
    span beat = member(command, "beat"), batch = member(command, "beat_many");
    if (beat.data != NULL || same(command, span_of("\"advance\""))) {
        int32_t status = beat.data != NULL ? liveset_beat(registry, now, number(member(beat, "lease"))) : liveset_advance(registry, now);
        char *text = (char *)room(32);
        found->data = text;
        found->length = (size_t)sprintf(text, "status %d", (int)status);
        return (uint64_t)status == number(member(member(answer, "error"), "code"));
    }
    if (batch.data != NULL) {
        *found = beat_many(registry, now, member(batch, "leases"));
    } else {
        liveset_apply(registry, now, bytes(command), command.length);
        *found = reply(registry);
    }
    return same(*found, answer);
}

static int replay(const char *path) {
    span file = read_file(path);
    uint64_t registry = 0;
    char digest[17] = "";
    unsigned line = 0;
    for (size_t at = 0; at < file.length; line++) {
        const char *end = (const char *)memchr(file.data + at, '\n', file.length - at);
        span text = {file.data + at, end != NULL ? (size_t)(end - file.data) - at : file.length - at};
        at += text.length + 1;
        if (line == 0) {
            registry = open_registry(member(text, "policy"));
            if (registry == 0) {
                return stop(path, 1, "the policy is refused", text, span_of("a policy"));
            }
            continue;
        }
        span command = member(text, "command"), answer = member(text, "answer"), found = {NULL, 0};
        int holds = step(registry, number(member(text, "now")), command, answer, &found);
        if (!holds) {
            return stop(path, line + 1, "the answer differs", found, answer);
        }
        free((void *)found.data);
        span quoted = member(text, "digest"), expected = {quoted.data + 1, quoted.length - 2};
        sprintf(digest, "%016" PRIx64, digest_of(registry));
        if (!same(span_of(digest), expected)) {
            return stop(path, line + 1, "the digest differs", span_of(digest), expected);
        }
    }
    liveset_close(registry);
    free((void *)file.data);
    const char *slash = strrchr(path, '/');
    printf("%s %s\n", slash != NULL ? slash + 1 : path, digest);
    return 0;
}

int main(int count, char **paths) {
    for (int place = 1; place < count; place++) {
        if (replay(paths[place]) != 0) {
            return 1;
        }
    }
    return count > 1 ? 0 : 2;
}
