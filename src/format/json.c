/* json.c: what of json.h needs no reader: writing a tree back. */
#include "format/json.h"
#include "base/buf.h"
#include "base/json_out.h"
#include "base/must.h"
#include <stdlib.h>

/* Objects of up to so many members are sorted without asking for memory. */
enum { SORTED_ON_STACK = 32 };

static void write_value(const struct json_node *node, struct json_out *json);

static int by_key(const void *a, const void *b)
{
    const struct json_node *const *left = a;
    const struct json_node *const *right = b;
    return span_cmp((*left)->key, (*right)->key);
}

/* A key as `"key":`; json_key takes literals only. */
static void write_key(struct span key, struct json_out *json)
{
    json_text(json, key);
    buf_put_char(json->buf, ':');
    json->need_comma = false;
}

static void write_sorted(const struct json_node *node, const struct json_node **children, struct json_out *json)
{
    size_t count = 0;
    for (const struct json_node *child = node->first; child != NULL; child = child->next) {
        must(count < node->count);
        children[count++] = child;
    }
    qsort(children, count, sizeof(const void *), by_key);
    for (size_t i = 0; i < count; i++) {
        write_key(children[i]->key, json);
        write_value(children[i], json);
    }
}

static void write_object(const struct json_node *node, struct json_out *json)
{
    const struct json_node *few[SORTED_ON_STACK];
    json_open_object(json);
    if (node->count <= SORTED_ON_STACK) {
        write_sorted(node, few, json);
    } else {
        const struct json_node **many = malloc(node->count * sizeof(const void *));
        if (many == NULL) {
            json->buf->failed = true;
            return;
        }
        write_sorted(node, many, json);
        free(many);
    }
    json_close_object(json);
}

static void write_value(const struct json_node *node, struct json_out *json)
{
    switch (node->kind) {
    case JSON_NULL: json_null(json); return;
    case JSON_FALSE:
    case JSON_TRUE: json_bool(json, node->kind == JSON_TRUE); return;
    case JSON_NUMBER: json_raw(json, node->text); return;
    case JSON_TEXT: json_text(json, node->text); return;
    case JSON_ARRAY:
        json_open_array(json);
        for (const struct json_node *child = node->first; child != NULL; child = child->next) {
            write_value(child, json);
        }
        json_close_array(json);
        return;
    case JSON_OBJECT: write_object(node, json); return;
    }
}

void json_write_node(const struct json_node *node, struct buf *out)
{
    struct json_out json = json_out_make(out);
    write_value(node, &json);
}
