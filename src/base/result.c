/* result.c: fills a failure and says which exit code it means. Whether trying again helps
 * follows from the code; a caller that knows better sets `retry` afterwards. */
#include "base/result.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static enum retry usual_retry(enum failure code)
{
    switch (code) {
    case FAILURE_STORE_IN_USE:
    case FAILURE_MEMORY: return RETRY_LATER;
    case FAILURE_STORE_FULL:
    case FAILURE_STORE_READ_ONLY:
    case FAILURE_STORE_NEWER:
    case FAILURE_STORE_MISSING:
    case FAILURE_STORE_DAMAGED:
    case FAILURE_STORE_OTHER:
    case FAILURE_DAMAGE_FOUND: return RETRY_AFTER_A_PERSON_ACTED;
    case FAILURE_NONE:
    case FAILURE_USAGE:
    case FAILURE_INPUT: return RETRY_NEVER;
    }
    must_failed("the failure is one of the enum", __FILE__, __LINE__, __func__);
}

/* Cutting a long text may leave the beginning of a UTF-8 sequence at its end; that would spoil
 * JSON. */
static void drop_broken_tail(char *text)
{
    size_t len = strlen(text);
    size_t start = len;
    while (start > 0 && len - start < 3 && ((unsigned char)text[start - 1] & 0xc0) == 0x80) {
        start--;
    }
    if (start == 0) {
        return;
    }
    unsigned char lead = (unsigned char)text[start - 1];
    size_t needed = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
    if (len - (start - 1) < needed) {
        text[start - 1] = '\0';
    }
}

bool err_set(struct err *err, enum failure code, const char *format, ...)
{
    must(err != NULL);
    err->code = code;
    err->retry = usual_retry(code);
    va_list args;
    va_start(args, format);
    int length = vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    must(length >= 0);
    if ((size_t)length >= sizeof err->text) {
        drop_broken_tail(err->text);
    }
    return false;
}

int err_exit_code(const struct err *err)
{
    switch (err->code) {
    case FAILURE_NONE: return 0;
    case FAILURE_USAGE: return 2;
    case FAILURE_INPUT: return 3;
    case FAILURE_STORE_FULL:
    case FAILURE_STORE_READ_ONLY:
    case FAILURE_STORE_NEWER:
    case FAILURE_STORE_IN_USE:
    case FAILURE_STORE_MISSING:
    case FAILURE_STORE_DAMAGED:
    case FAILURE_STORE_OTHER: return 4;
    case FAILURE_MEMORY: return EXIT_MEMORY;
    case FAILURE_DAMAGE_FOUND: return 5;
    }
    must_failed("the failure is one of the enum", __FILE__, __LINE__, __func__);
}
