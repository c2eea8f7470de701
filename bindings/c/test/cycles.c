// Registries that open, work and close, again and again, in the same room: what a cycle takes it gives back.
#include "check.h"

enum { WARM = 2000, BATCH = 8 };

// What the process holds in pages of memory; 0 where the system does not say.
static long resident(void) {
    FILE *file = fopen("/proc/self/statm", "r");
    long size = 0, pages = 0;
    if (file != NULL) {
        if (fscanf(file, "%ld %ld", &size, &pages) != 2) {
            pages = 0;
        }
        fclose(file);
    }
    return pages;
}

// One life: eight instances, a subscriber, silence, a snapshot, and its copy.
static int cycle(uint64_t round) {
    uint64_t registry = 0, copy = 0;
    if (liveset_open(NULL, 0, round, 1, &registry, NULL, 0, NULL) != LIVESET_OK) {
        return 0;
    }
    int good = 1;
    for (int number = 0; number < BATCH; number++) {
        char command[200];
        int length = snprintf(command, sizeof command,
                              "{\"register\":{\"service\":{\"name\":\"orders\"},\"address\":{\"host\":\"10.0.0.%d\","
                              "\"port\":8080},\"source\":\"order-%d\"}}",
                              number, number);
        good &= liveset_apply(registry, 1, (const uint8_t *)command, (size_t)length) == LIVESET_OK;
    }
    span subscribe = span_of("{\"subscribe\":{\"service\":{\"name\":\"orders\"},\"subscriber\":\"gateway\"}}");
    good &= liveset_apply(registry, 2, bytes(subscribe), subscribe.length) == LIVESET_OK;
    good &= liveset_advance(registry, 20000) == LIVESET_OK;
    good &= liveset_snapshot(registry) == LIVESET_OK;
    span taken = reply(registry);
    good &= liveset_restore(bytes(taken), taken.length, 3, 4, &copy, NULL, 0, NULL) == LIVESET_OK;
    uint64_t one = 0, other = 0;
    good &= liveset_digest(registry, &one) == LIVESET_OK && liveset_digest(copy, &other) == LIVESET_OK && one == other;
    free((void *)taken.data);
    good &= liveset_close(copy) == LIVESET_OK && liveset_close(registry) == LIVESET_OK;
    return good && liveset_close(registry) == LIVESET_CLOSED;
}

int main(int count, char **words) {
    uint64_t cycles = count > 1 ? strtoull(words[1], NULL, 10) : 100000;
    int good = 1;
    long before = 0;
    for (uint64_t round = 0; round < cycles; round++) {
        if (round == WARM) {
            before = resident();
        }
        good &= cycle(round);
    }
    check(good, "every registry opens, works, is copied and closes", "one did not");
    if (cycles > WARM && before > 0) {
        // An allocator may round up once more; the smallest piece of memory lost in each cycle would be four hundred pages.
        char grown[64];
        snprintf(grown, sizeof grown, "%ld pages more", resident() - before);
        check(resident() - before <= 100, "memory is as it was after the first cycles", grown);
    }
    return closing();
}
