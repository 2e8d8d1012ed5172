/* main.c: wiring. The only file that sees every folder, the clock and the zone files. */
#include "cli/cli.h"
#include "store/sqlite/sqlite_store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* The largest zone file of the IANA database has some four thousand bytes. */
enum { ZONE_BYTES_MAX = 1 << 20 };

static struct store *store_open(const char *path, enum cli_open mode, struct err *err)
{
    switch (mode) {
    case CLI_OPEN_CREATE: return sqlite_store_open(path, STORE_CREATE, err);
    case CLI_OPEN_WRITE: return sqlite_store_open(path, STORE_READ_WRITE, err);
    case CLI_OPEN_READ: return sqlite_store_open(path, STORE_READ_ONLY, err);
    }
    must(!"a way to open a store");
    return NULL;
}

static int64_t clock_us(clockid_t clock)
{
    struct timespec now = {0};
    (void)clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t now_us(void) { return clock_us(CLOCK_REALTIME); }
static int64_t monotonic_us(void) { return clock_us(CLOCK_MONOTONIC); }

/* A zone's name is a path below the database's folder and nothing else: letters, digits, and + - _ / between. */
static bool is_zone_name(struct span name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        bool between = i > 0 && (c == '/' || c == '_' || c == '-' || c == '+');
        if (!letter && !between)
            return false;
    }
    return name.len > 0 && name.len < 100;
}

static struct span file_bytes(const char *path, struct arena *arena)
{
    struct span bytes = {NULL, 0};
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return bytes;
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_size <= ZONE_BYTES_MAX) {
        char *room = arena_alloc(arena, (size_t)status.st_size + 1);
        ssize_t len = room ? read(fd, room, (size_t)status.st_size) : -1;
        if (len == status.st_size)
            bytes = (struct span){room, (size_t)len};
    }
    (void)close(fd);
    return bytes;
}

static struct span zone_bytes(struct span name, struct arena *arena)
{
    const char *folder = getenv("TZDIR");
    char path[512];
    if (!is_zone_name(name))
        return (struct span){NULL, 0};
    int len =
        snprintf(path, sizeof path, "%s/%.*s", folder && folder[0] ? folder : "/usr/share/zoneinfo", SPAN_ARG(name));
    return len > 0 && (size_t)len < sizeof path ? file_bytes(path, arena) : (struct span){NULL, 0};
}

int main(int argc, char **argv)
{
    static const struct cli_world world = {
        .store_open = store_open,
        .scratch_store = sqlite_store_scratch,
        .zone_bytes = zone_bytes,
        .now_us = now_us,
        .monotonic_us = monotonic_us,
    };
    return cli_main(argc, argv, &world);
}
