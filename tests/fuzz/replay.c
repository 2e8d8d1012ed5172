/* replay.c: a plain main for a fuzz target: runs it on every file named, and on every file in every folder named. So
 * the corpus is a test of any compiler's build, without libFuzzer. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static long run_count;

static void run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        exit(1);
    }
    size_t size = 0, room = 4096;
    uint8_t *bytes = malloc(room);
    while (bytes != NULL) {
        size_t count = fread(bytes + size, 1, room - size, file);
        if (count == 0) {
            break;
        }
        size += count;
        if (size == room) {
            room *= 2;
            uint8_t *more = realloc(bytes, room);
            if (more == NULL) {
                free(bytes);
            }
            bytes = more;
        }
    }
    fclose(file);
    if (bytes == NULL) {
        fprintf(stderr, "%s: not enough memory\n", path);
        exit(1);
    }
    /* In memory of exactly its size, so that a sanitizer sees every byte read beyond it. */
    uint8_t *exact = malloc(size ? size : 1);
    if (exact != NULL) {
        memcpy(exact, bytes, size);
        LLVMFuzzerTestOneInput(exact, size);
        run_count++;
    }
    free(exact);
    free(bytes);
}

static int is_visible(const struct dirent *entry) { return entry->d_name[0] != '.'; }

static void run_path(const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0) {
        perror(path);
        exit(1);
    }
    if (!S_ISDIR(status.st_mode)) {
        run_file(path);
        return;
    }
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, is_visible, alphasort);
    for (int i = 0; i < count; i++) {
        char inside[4096];
        if (snprintf(inside, sizeof inside, "%s/%s", path, entries[i]->d_name) < (int)sizeof inside) {
            run_path(inside);
        }
        free(entries[i]);
    }
    free(entries);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        run_path(argv[i]);
    }
    printf("%ld inputs replayed\n", run_count);
    return run_count > 0 ? 0 : 1;
}
