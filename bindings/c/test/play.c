// Plays scenario files and prints the report document of each on a line of its own.
#include "check.h"

int main(int count, char **paths) {
    for (int place = 1; place < count; place++) {
        span scenario = read_file(paths[place]);
        size_t length = 0;
        int32_t status = liveset_play(bytes(scenario), scenario.length, NULL, 0, &length);
        char *report = (char *)room(length);
        if (status == LIVESET_TOO_SMALL) {
            status = liveset_play(bytes(scenario), scenario.length, (uint8_t *)report, length, &length);
        }
        if (status != LIVESET_OK) {
            fprintf(stderr, "%s: status %d\n", paths[place], (int)status);
            return 1;
        }
        printf("%.*s\n", (int)length, report);
        free(report);
        free((void *)scenario.data);
    }
    return count > 1 ? 0 : 2;
}
