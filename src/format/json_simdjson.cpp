/* json_simdjson.cpp: json.h over simdjson's on-demand reader, which leaves every token as it stands in the text. The
 * only C++ in the tree; no exception and no type information is used.
 *
 * The text is copied once into the arena with the padding simdjson wants, and texts without escapes are spans of that
 * copy. simdjson finds the tokens and has checked UTF-8 and the ends of strings by then; the grammar of numbers and
 * literals, repeated keys and depth are checked here, because the on-demand reader checks only what it converts. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wshadow"
#define _Noreturn [[noreturn]]
#define _Alignas alignas
#define _Static_assert static_assert
extern "C" {
#include "format/json.h"
#include "base/hash.h"
}
#undef _Noreturn
#undef _Alignas
#undef _Static_assert
#pragma GCC diagnostic pop

#include <new>
#include <simdjson.h>

namespace ondemand = simdjson::ondemand;

namespace
{

constexpr int DEPTH_MAX = 32;
/* Up to so many members each key is compared with each; beyond, through a hash table. */
constexpr size_t COMPARE_MAX = 16;
/* Room for the nodes of one text: four million of them. A text of more is refused. */
constexpr size_t SCRATCH_MAX = size_t{256} << 20;
/* A reader that has grown beyond this is not kept. */
constexpr size_t KEPT_CAPACITY = size_t{1} << 20;
constexpr size_t CAPACITY_FIRST = size_t{64} << 10;
constexpr size_t SHOWN_MAX = 60;

} // namespace

struct json_parser {
    ondemand::parser reader;
    struct arena scratch;
};

namespace
{

struct reading {
    struct arena *arena;
    struct span detail; /* of the error, once there is one */
};

enum json_error fail(reading &r, enum json_error error, const char *what, std::string_view shown)
{
    size_t length = shown.size() < SHOWN_MAX ? shown.size() : SHOWN_MAX;
    while (length > 0 && length < shown.size() && (shown[length] & 0xc0) == 0x80) {
        length--; /* not in the middle of a character */
    }
    r.detail = length > 0 ? arena_print(r.arena, "%s: %.*s%s", what, static_cast<int>(length), shown.data(),
                                        length < shown.size() ? "..." : "")
                          : arena_print(r.arena, "%s", what);
    return error;
}

enum json_error fail_simdjson(reading &r, simdjson::error_code code)
{
    switch (code) {
    case simdjson::UTF8_ERROR: return fail(r, JSON_BAD_UTF8, "the bytes are not UTF-8", {});
    case simdjson::MEMALLOC:
    case simdjson::CAPACITY: return fail(r, JSON_NO_MEMORY, "the text is too large to read", {});
    case simdjson::UNCLOSED_STRING: return fail(r, JSON_MALFORMED, "a text has no closing quote", {});
    case simdjson::UNESCAPED_CHARS:
        return fail(r, JSON_MALFORMED, "a text holds a control character that is not escaped", {});
    case simdjson::STRING_ERROR: return fail(r, JSON_MALFORMED, "a text holds an escape that does not exist", {});
    case simdjson::EMPTY: return fail(r, JSON_MALFORMED, "nothing stands there", {});
    case simdjson::INCOMPLETE_ARRAY_OR_OBJECT: return fail(r, JSON_MALFORMED, "a bracket is not closed", {});
    default: return fail(r, JSON_MALFORMED, "a comma, colon, quote or bracket is missing or misplaced", {});
    }
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* RFC 8259, section 6. */
bool is_number(std::string_view token)
{
    size_t i = 0;
    auto digits = [&] {
        size_t start = i;
        while (i < token.size() && is_digit(token[i])) {
            i++;
        }
        return i - start;
    };
    if (i < token.size() && token[i] == '-') {
        i++;
    }
    bool leading_zero = i < token.size() && token[i] == '0';
    size_t whole = digits();
    if (whole == 0 || (leading_zero && whole > 1)) {
        return false;
    }
    if (i < token.size() && token[i] == '.') {
        i++;
        if (digits() == 0) {
            return false;
        }
    }
    if (i < token.size() && (token[i] == 'e' || token[i] == 'E')) {
        i++;
        if (i < token.size() && (token[i] == '+' || token[i] == '-')) {
            i++;
        }
        if (digits() == 0) {
            return false;
        }
    }
    return i == token.size();
}

std::string_view trimmed(std::string_view token)
{
    while (!token.empty() &&
           (token.back() == ' ' || token.back() == '\t' || token.back() == '\n' || token.back() == '\r')) {
        token.remove_suffix(1);
    }
    return token;
}

/* A lone low surrogate is the one thing simdjson unescapes into bytes that are not UTF-8. */
bool holds_surrogate(std::string_view text)
{
    for (size_t i = 0; i + 1 < text.size(); i++) {
        if (static_cast<unsigned char>(text[i]) == 0xed && static_cast<unsigned char>(text[i + 1]) >= 0xa0) {
            return true;
        }
    }
    return false;
}

enum json_error keep_unescaped(reading &r, std::string_view text, struct span &out)
{
    if (holds_surrogate(text)) {
        return fail(r, JSON_MALFORMED, "a text holds half of a surrogate pair", {});
    }
    out = arena_copy(r.arena, {text.data(), text.size()});
    return out.ptr != nullptr ? JSON_OK : fail(r, JSON_NO_MEMORY, "the text is too large to read", {});
}

enum json_error read_key(reading &r, ondemand::field &field, struct span &out)
{
    const char *raw = field.key().raw();
    const char *end = raw;
    while (*end != '"' && *end != '\\') {
        end++; /* its closing quote is known to be there */
    }
    if (*end == '"') {
        out = {raw, static_cast<size_t>(end - raw)};
        return JSON_OK;
    }
    auto unescaped = field.unescaped_key();
    if (unescaped.error()) {
        return fail_simdjson(r, unescaped.error());
    }
    return keep_unescaped(r, unescaped.value_unsafe(), out);
}

struct json_node *new_node(reading &r)
{
    return static_cast<struct json_node *>(arena_alloc(r.arena, sizeof(struct json_node)));
}

enum json_error repeated(reading &r, struct span key)
{
    return fail(r, JSON_DUPLICATE_KEY, "named twice", {key.ptr, key.len});
}

enum json_error check_keys_hashed(reading &r, const struct json_node *object)
{
    size_t slots = 64;
    while (slots < object->count * 2) {
        slots *= 2;
    }
    struct arena_mark mark = arena_mark(r.arena);
    auto *table = static_cast<const struct json_node **>(arena_array(r.arena, slots, sizeof(void *)));
    if (table == nullptr) {
        return fail(r, JSON_NO_MEMORY, "the text is too large to read", {});
    }
    const struct json_node *twice = nullptr;
    for (const struct json_node *child = object->first; child != nullptr && !twice; child = child->next) {
        size_t slot = hash_mix(child->key) & (slots - 1);
        while (table[slot] != nullptr && !span_eq(table[slot]->key, child->key)) {
            slot = (slot + 1) & (slots - 1);
        }
        if (table[slot] != nullptr) {
            twice = child;
        }
        table[slot] = child;
    }
    arena_rewind(r.arena, mark);
    return twice ? repeated(r, twice->key) : JSON_OK;
}

enum json_error check_keys(reading &r, const struct json_node *object)
{
    if (object->count > COMPARE_MAX) {
        return check_keys_hashed(r, object);
    }
    for (const struct json_node *child = object->first; child != nullptr; child = child->next) {
        for (const struct json_node *other = object->first; other != child; other = other->next) {
            if (span_eq(other->key, child->key)) {
                return repeated(r, child->key);
            }
        }
    }
    return JSON_OK;
}

/* A token that is no container: number, literal or text. */
enum json_error read_scalar(reading &r, ondemand::value value, struct json_node *node)
{
    std::string_view token = trimmed(value.raw_json_token());
    if (token.front() == '"') {
        if (token.size() < 2 || token.back() != '"') {
            return fail(r, JSON_MALFORMED, "a text is followed by something else", token);
        }
        node->kind = JSON_TEXT;
        std::string_view inside = token.substr(1, token.size() - 2);
        if (memchr(inside.data(), '\\', inside.size()) == nullptr) {
            node->text = {inside.data(), inside.size()};
            return JSON_OK;
        }
        std::string_view text;
        if (auto error = value.get_string().get(text)) {
            return fail_simdjson(r, error);
        }
        return keep_unescaped(r, text, node->text);
    }
    if (is_number(token)) {
        node->kind = JSON_NUMBER;
        node->text = {token.data(), token.size()};
    } else if (token == "null" || token == "true" || token == "false") {
        node->kind = token == "null" ? JSON_NULL : token == "true" ? JSON_TRUE : JSON_FALSE;
    } else {
        return fail(r, JSON_MALFORMED, "no JSON value is written like this", token);
    }
    return JSON_OK;
}

enum json_error read_value(reading &r, ondemand::value value, int depth, struct json_node *node);

enum json_error read_array(reading &r, ondemand::array array, int depth, struct json_node *node)
{
    struct json_node **tail = &node->first;
    for (auto element : array) {
        if (element.error()) {
            return fail_simdjson(r, element.error());
        }
        struct json_node *child = new_node(r);
        if (child == nullptr) {
            return fail(r, JSON_NO_MEMORY, "the text is too large to read", {});
        }
        if (auto error = read_value(r, element.value_unsafe(), depth, child)) {
            return error;
        }
        *tail = child;
        tail = &child->next;
        node->count++;
    }
    return JSON_OK;
}

enum json_error read_object(reading &r, ondemand::object object, int depth, struct json_node *node)
{
    struct json_node **tail = &node->first;
    for (auto member : object) {
        if (member.error()) {
            return fail_simdjson(r, member.error());
        }
        ondemand::field field = member.value_unsafe();
        struct json_node *child = new_node(r);
        if (child == nullptr) {
            return fail(r, JSON_NO_MEMORY, "the text is too large to read", {});
        }
        if (auto error = read_key(r, field, child->key)) {
            return error;
        }
        if (auto error = read_value(r, field.value(), depth, child)) {
            return error;
        }
        *tail = child;
        tail = &child->next;
        node->count++;
    }
    return check_keys(r, node);
}

enum json_error read_value(reading &r, ondemand::value value, int depth, struct json_node *node)
{
    char first = value.raw_json_token().front();
    if (first != '[' && first != '{') {
        return read_scalar(r, value, node);
    }
    if (depth == DEPTH_MAX) {
        return fail(r, JSON_TOO_DEEP, "nested deeper than 32", {});
    }
    if (first == '[') {
        node->kind = JSON_ARRAY;
        auto array = value.get_array();
        return array.error() ? fail_simdjson(r, array.error()) : read_array(r, array.value_unsafe(), depth + 1, node);
    }
    node->kind = JSON_OBJECT;
    auto object = value.get_object();
    return object.error() ? fail_simdjson(r, object.error()) : read_object(r, object.value_unsafe(), depth + 1, node);
}

/* The on-demand reader treats a document that is one scalar as a case of its own. So every text is read as the one
 * element of an array that is put around it. */
char *wrapped(reading &r, struct span bytes)
{
    char *text = static_cast<char *>(arena_alloc(r.arena, bytes.len + 2 + simdjson::SIMDJSON_PADDING));
    if (text != nullptr) {
        text[0] = '[';
        if (bytes.len > 0) {
            memcpy(text + 1, bytes.ptr, bytes.len);
        }
        text[bytes.len + 1] = ']';
    }
    return text;
}

enum json_error read_wrapped(reading &r, ondemand::document &document, struct json_node **out_root)
{
    ondemand::array around;
    if (auto error = document.get_array().get(around)) {
        return fail_simdjson(r, error);
    }
    struct json_node outer = {};
    if (auto error = read_array(r, around, 0, &outer)) {
        return error;
    }
    bool at_end = document.current_location().error() == simdjson::OUT_OF_BOUNDS;
    if (outer.count != 1 || !at_end) {
        return fail(r, JSON_MALFORMED, outer.count == 0 ? "nothing stands there" : "something follows the value", {});
    }
    *out_root = outer.first;
    return JSON_OK;
}

/* Grows the reader by doubling, so that lines which get longer by and by cost little. */
simdjson::error_code make_room(ondemand::parser &reader, size_t length)
{
    if (reader.capacity() >= length) {
        return simdjson::SUCCESS;
    }
    size_t capacity = CAPACITY_FIRST;
    while (capacity < length) {
        capacity *= 2;
    }
    return reader.allocate(capacity);
}

enum json_error read_text(reading &r, ondemand::parser &reader, struct span bytes, struct json_node **out_root)
{
    size_t length = bytes.len + 2;
    char *text = length < UINT32_MAX / 2 ? wrapped(r, bytes) : nullptr;
    if (text == nullptr) {
        return fail(r, JSON_NO_MEMORY, "the text is too large to read", {});
    }
    if (auto failed = make_room(reader, length)) {
        return fail_simdjson(r, failed);
    }
    ondemand::document document;
    auto failed = reader.iterate(text, length, length + simdjson::SIMDJSON_PADDING).get(document);
    return failed ? fail_simdjson(r, failed) : read_wrapped(r, document, out_root);
}

} // namespace

extern "C" struct json_parser *json_parser_new(void)
{
    auto *parser = new (std::nothrow) json_parser;
    if (parser != nullptr) {
        parser->scratch = arena_make(SCRATCH_MAX);
    }
    return parser;
}

extern "C" struct json_parser *json_parser_free(struct json_parser *parser)
{
    if (parser != nullptr) {
        arena_done(&parser->scratch);
        delete parser;
    }
    return nullptr;
}

extern "C" struct arena *json_parser_scratch(struct json_parser *parser) { return &parser->scratch; }

extern "C" enum json_error json_read(struct json_parser *parser, struct span bytes, struct arena *arena,
                                     struct json_node **out_root, struct span *out_detail)
{
    reading r = {arena, {}};
    enum json_error error = read_text(r, parser->reader, bytes, out_root);
    if (parser->reader.capacity() > KEPT_CAPACITY) {
        parser->reader = ondemand::parser();
    }
    if (error != JSON_OK) {
        *out_detail = r.detail;
    }
    return error;
}
