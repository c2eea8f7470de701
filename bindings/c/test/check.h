// What the test programs share: checks that are counted and named, and just enough JSON to cut a document into its members.
#ifndef LIVESET_TEST_CHECK_H
#define LIVESET_TEST_CHECK_H

#include "liveset.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned passed, failed;

// Counts one check; what fails is printed with the sentence that does not hold.
static inline void check(int holds, const char *sentence, const char *detail) {
    if (holds) {
        passed++;
    } else {
        failed++;
        printf("FAILED: %s: %s\n", sentence, detail);
    }
}

// The closing line, and the exit code.
static inline int closing(void) {
    printf("%u passed, %u failed\n", passed, failed);
    return failed > 0 || passed == 0;
}

// A part of a text that somebody else holds.
typedef struct span {
    const char *data;
    size_t length;
} span;

static inline span span_of(const char *text) {
    span whole = {text, strlen(text)};
    return whole;
}

static inline int same(span one, span other) {
    return one.length == other.length && memcmp(one.data, other.data, one.length) == 0;
}

static inline const uint8_t *bytes(span part) { return (const uint8_t *)part.data; }

// Memory, or the end of the program.
static inline void *room(size_t size) {
    void *found = malloc(size > 0 ? size : 1);
    if (found == NULL) {
        fprintf(stderr, "no memory\n");
        exit(2);
    }
    return found;
}

// Where the JSON value that begins at `at` ends. The documents are written without spaces.
static inline size_t value_end(span text, size_t at) {
    size_t depth = 0;
    int quoted = 0;
    for (; at < text.length; at++) {
        char letter = text.data[at];
        if (quoted) {
            if (letter == '\\') {
                at++;
            } else if (letter == '"') {
                quoted = 0;
            }
        } else if (letter == '"') {
            quoted = 1;
        } else if (letter == '{' || letter == '[') {
            depth++;
        } else if (letter == '}' || letter == ']') {
            if (depth == 0) {
                return at;
            }
            depth--;
        } else if (letter == ',' && depth == 0) {
            return at;
        }
    }
    return text.length;
}

// The value of a member of an object, or a span of NULL.
static inline span member(span object, const char *name) {
    span none = {NULL, 0};
    size_t width = strlen(name);
    if (object.length < 2 || object.data[0] != '{') {
        return none;
    }
    for (size_t at = 1; at + width + 3 <= object.length;) {
        size_t end = value_end(object, at);
        const char *key = object.data + at;
        if (key[0] == '"' && memcmp(key + 1, name, width) == 0 && key[width + 1] == '"' && key[width + 2] == ':') {
            span value = {key + width + 3, end - at - width - 3};
            return value;
        }
        at = end + 1;
    }
    return none;
}

// A number; 0 where there is none.
static inline uint64_t number(span value) { return value.length > 0 ? strtoull(value.data, NULL, 10) : 0; }

// What a document call left with the registry, to be given back with `free`.
static inline span reply(uint64_t registry) {
    size_t length = 0;
    int32_t status = liveset_reply(registry, NULL, 0, &length);
    char *text = (char *)room(length + 1);
    if (status == LIVESET_TOO_SMALL) {
        status = liveset_reply(registry, (uint8_t *)text, length, &length);
    }
    if (status != LIVESET_OK) {
        length = 0;
    }
    text[length] = 0;
    span whole = {text, length};
    return whole;
}

// A registry under a policy document; 0 where it is refused.
static inline uint64_t open_registry(span policy) {
    uint64_t registry = 0;
    size_t length = 0;
    int32_t status = liveset_open(bytes(policy), policy.length, 1, 2, &registry, NULL, 0, &length);
    return status == LIVESET_OK ? registry : 0;
}

// Applies a command that must not be refused, and returns its outcome for the caller to free.
static inline span applied(uint64_t registry, uint64_t now, const char *command) {
    int32_t status = liveset_apply(registry, now, (const uint8_t *)command, strlen(command));
    span answer = reply(registry);
    check(status == LIVESET_OK, "the command is accepted", answer.data);
    return answer;
}

static inline uint64_t digest_of(uint64_t registry) {
    uint64_t digest = 0;
    check(liveset_digest(registry, &digest) == LIVESET_OK, "a digest can be read", "");
    return digest;
}

// A whole file as text, for the caller to free.
static inline span read_file(const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fprintf(stderr, "cannot read %s\n", path);
        exit(2);
    }
    size_t length = 0, capacity = 1 << 16;
    char *text = (char *)room(capacity);
    for (size_t got; (got = fread(text + length, 1, capacity - length - 1, file)) > 0;) {
        length += got;
        if (capacity - length < 2) {
            capacity *= 2;
            text = (char *)realloc(text, capacity);
            if (text == NULL) {
                fprintf(stderr, "no memory\n");
                exit(2);
            }
        }
    }
    fclose(file);
    text[length] = 0;
    span whole = {text, length};
    return whole;
}

#endif
