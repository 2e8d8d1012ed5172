/* must.h: the always-on check. A failed must is a bug in tieout, never bad input and never a failing
 * machine: it prints the expression, the place and the build, then ends the process at once with
 * EXIT_BUG (a fuzz build aborts instead). The next start reads the truth again; nothing half-done was
 * committed. It stays on in release builds. */
#ifndef TIEOUT_BASE_MUST_H
#define TIEOUT_BASE_MUST_H

/* Exit code of a bug (docs/operating/exit-codes.md). */
enum { EXIT_BUG = 70, EXIT_MEMORY = 4 };

_Noreturn void must_failed(const char *expression, const char *file, int line, const char *function);
/* For the few containers that cannot report a failed allocation: says what it was for, ends with EXIT_MEMORY. */
_Noreturn void out_of_memory(const char *what);

#define must(condition) ((condition) ? (void)0 : must_failed(#condition, __FILE__, __LINE__, __func__))

#define NODISCARD __attribute__((warn_unused_result))
#define PRINTF_LIKE(format_at, args_at) __attribute__((format(printf, format_at, args_at)))

#endif
