/* schema_main.c: writes the published JSON Schema of every document type into the folder named: schema FOLDER, or with
 * --check says which file there is not what it would write. */
#include "base/buf.h"
#include "format/document_json.h"
#include "order/document_fields.h"
#include <stdio.h>
#include <stdlib.h>

enum { SCHEMA_MAX = 1024 * 1024 };

/* Lays the compact JSON out by two spaces a level, so that a difference between versions can be read. */
static void put_indented(struct span compact, struct buf *out)
{
    int level = 0;
    bool in_text = false;
    for (size_t i = 0; i < compact.len; i++) {
        char c = compact.ptr[i];
        bool opens = !in_text && (c == '{' || c == '[');
        bool closes = !in_text && (c == '}' || c == ']');
        level += opens - closes;
        if (closes) {
            buf_print(out, "\n%*s", 2 * level, "");
        }
        buf_put_char(out, c);
        if (opens || (!in_text && c == ',')) {
            buf_print(out, "\n%*s", 2 * level, "");
        } else if (!in_text && c == ':') {
            buf_put_char(out, ' ');
        }
        if (in_text && c == '\\') {
            buf_put_char(out, compact.ptr[++i]);
        } else if (c == '"') {
            in_text = !in_text;
        }
    }
    buf_put_char(out, '\n');
}

static bool write_file(const char *path, struct span text)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        perror(path);
        return false;
    }
    bool is_written = fwrite(text.ptr, 1, text.len, file) == text.len;
    is_written = fclose(file) == 0 && is_written;
    if (!is_written) {
        perror(path);
    }
    return is_written;
}

static bool check_file(const char *path, struct span text)
{
    FILE *file = fopen(path, "rb");
    char *there = malloc(SCHEMA_MAX);
    size_t length = file != NULL && there != NULL ? fread(there, 1, SCHEMA_MAX, file) : 0;
    bool is_same = span_eq((struct span){there, length}, text);
    if (!is_same) {
        fprintf(stderr, "%s: is not what the field table says; run the schema tool again\n", path);
    }
    if (file != NULL) {
        fclose(file);
    }
    free(there);
    return is_same;
}

static bool do_type(enum document_type type, const char *folder, bool check)
{
    char path[4096];
    struct buf compact = buf_make(SCHEMA_MAX), text = buf_make(SCHEMA_MAX);
    document_write_schema(type, &compact);
    put_indented(buf_span(&compact), &text);
    int length = snprintf(path, sizeof path, "%s/%s.schema.json", folder, document_type_name(type));
    bool is_done = length > 0 && (size_t)length < sizeof path && !compact.failed && !text.failed &&
                   (check ? check_file(path, buf_span(&text)) : write_file(path, buf_span(&text)));
    buf_done(&compact);
    buf_done(&text);
    return is_done;
}

int main(int argc, char **argv)
{
    bool check = argc == 3 && strcmp(argv[1], "--check") == 0;
    if (argc != 2 && !check) {
        fprintf(stderr, "usage: schema [--check] FOLDER\n");
        return 2;
    }
    bool is_done = true;
    for (int type = DOCUMENT_NONE + 1; type < DOCUMENT_TYPE_LIMIT; type++) {
        if (document_fields((enum document_type)type) != NULL) {
            is_done = do_type((enum document_type)type, argv[argc - 1], check) && is_done;
        }
    }
    return is_done ? 0 : 1;
}
