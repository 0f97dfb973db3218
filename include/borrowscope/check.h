/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a log can be true, and which rules of ownership its program broke.
 */
#ifndef BORROWSCOPE_CHECK_H
#define BORROWSCOPE_CHECK_H

#include <borrowscope/log.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * The rules: X(number, NAME, title, code of the Rust compiler or "", CWE number). Numbers are never given anew.
 * When a rule is broken, and how sure that is, is in doc/rules.md.
 */
/* clang-format off */
#define BSCOPE_RULES(X) \
  X(1, USE_AFTER_MOVE, "use after move", "E0382", 416) \
  X(2, DOUBLE_DROP, "double drop", "", 415) \
  X(3, CONFLICTING_BORROWS, "conflicting borrows", "E0499, E0502", 362) \
  X(4, BORROW_OUTLIVES_OWNER, "borrow outlives its owner", "E0505, E0597", 416) \
  X(5, NEVER_DROPPED, "never dropped", "", 401) \
  X(6, MOVED_WHILE_BORROWED, "moved while borrowed", "E0505", 416) \
  X(7, LOCK_CONFLICT, "conflict of locks or run-time borrows", "", 667) \
  X(8, REFERENCE_COUNT, "reference count below zero, or a cycle that is never freed", "", 911) \
  X(9, NEVER_CREATED, "drop or use of something never created", "", 824) \
  X(10, UNSHARED_THREADS, "used on another thread without a move or a lock", "", 362)
/* clang-format on */

enum bscope_rule {
  BSCOPE_RULE_NONE = 0,
#define BSCOPE_RULE_ROW_(number, name, title, rustc, cwe) BSCOPE_RULE_##name = number,
  BSCOPE_RULES(BSCOPE_RULE_ROW_)
#undef BSCOPE_RULE_ROW_
};

enum bscope_severity {
  BSCOPE_SEVERITY_NONE = 0,
  BSCOPE_SEVERITY_NOTE = 1, /* worth knowing; no proof that anything is wrong */
  BSCOPE_SEVERITY_WARNING = 2,
  BSCOPE_SEVERITY_ERROR = 3
};

/* What a place has to do with a finding, and how a note calls it: "moved here". */
/* clang-format off */
#define BSCOPE_ROLES(X) \
  X(1, USED, "used") \
  X(2, CREATED, "created") \
  X(3, MOVED, "moved") \
  X(4, DROPPED, "dropped") \
  X(5, BORROWED, "borrowed") \
  X(6, BORROWED_MUT, "mutably borrowed") \
  X(7, BORROW_ENDED, "borrow ended") \
  X(8, LOCKED, "locked") \
  X(9, CLONED, "cloned") \
  X(10, OVERWRITTEN, "overwritten") \
  X(11, ENDED, "program ended")
/* clang-format on */

enum bscope_role {
  BSCOPE_ROLE_NONE = 0,
#define BSCOPE_ROLE_ROW_(number, name, text) BSCOPE_ROLE_##name = number,
  BSCOPE_ROLES(BSCOPE_ROLE_ROW_)
#undef BSCOPE_ROLE_ROW_
};

/* One event that a finding rests on. Strings are borrowed from the finding; NULL where unknown. */
struct bscope_place {
  enum bscope_role role;
  bscope_stamp stamp; /* position of the event */
  uint32_t thread;
  uint32_t line;
  const char *file;
  const char *function;
  const char *name; /* of the variable that this place is about: the owner, or one of its borrowers */
};

#define BSCOPE_PLACES_MAX 6

/* One broken rule. Strings are borrowed from whoever gave the finding. */
struct bscope_finding {
  enum bscope_rule rule;
  enum bscope_severity severity;
  const char *variable; /* id ("buf_12"), or what the event called it where it is no variable */
  const char *message;  /* one clause, no full stop: use of 'buf' after it was moved */
  const char *help;     /* what would mend it, one sentence without a full stop */
  bool inferred;  /* rests on who was found by an address, by another thread's name, or by how an argument is written */
  bool complete;  /* nothing is missing in the log that could explain it otherwise */
  uint64_t count; /* findings of the same rule at the same places: this is the first of them */
  size_t place_count;                            /* 1 or more */
  struct bscope_place places[BSCOPE_PLACES_MAX]; /* where the rule was broken; then what it rests on, in log order */
};

/*
 * What the program itself says of findings that shall not count. Not the library's: a program that wants it defines it.
 * It is asked once, when the library is loaded, before main, and returns a string that stays, at most 4000 bytes: lines
 * as in a file of `borrowscope check --suppressions`, "BS005 old_*.c:* function=GLOB variable=GLOB". They are kept
 * in the trace, and `borrowscope check` applies them before its own.
 */
extern const char *bscope_default_suppressions(void) __attribute__((visibility("default")));

/* What the program that recorded the log said there; NULL: nothing, or not known (JSON). Borrowed from the log. */
BSCOPE_API const char *bscope_log_suppressions(const struct bscope_log *log);

struct bscope_findings;

/*
 * All findings of a log, grouped by rule and places, in the order in which they were proved. Owned:
 * bscope_findings_free. NULL: BSCOPE_ERR_INVALID_ARGUMENT or BSCOPE_ERR_NO_MEMORY. The log may be freed before it. Any
 * thread, not in a signal handler. Memory: variables that live at the same time, and findings.
 */
BSCOPE_API struct bscope_findings *bscope_check(const struct bscope_log *log);

BSCOPE_API size_t bscope_findings_count(const struct bscope_findings *findings);

/* Finding i. BSCOPE_ERR_INVALID_ARGUMENT beyond the end, out untouched. */
BSCOPE_API int bscope_findings_at(const struct bscope_findings *findings, size_t i, struct bscope_finding *out);

/* Whether the log lacks nothing. If it does, no findings means: none in what was recorded. */
BSCOPE_API bool bscope_findings_complete(const struct bscope_findings *findings);

BSCOPE_API void bscope_findings_free(struct bscope_findings *findings);

/*
 * The same in one pass, each finding given to `found` when it is proved, one by one and ungrouped (count 1), until that
 * returns other than 0. Strings live until it returns; it may track, and no lock is held. 0, what `found` returned,
 * BSCOPE_ERR_INVALID_ARGUMENT or BSCOPE_ERR_NO_MEMORY.
 */
BSCOPE_API int bscope_check_each(const struct bscope_log *log,
                                 int (*found)(void *context, const struct bscope_finding *finding), void *context);

/* "BS003" of a rule; "BS000" of none. Static. */
BSCOPE_API const char *bscope_rule_id(enum bscope_rule rule);

/*
 * BSCOPE_OK if the events fit together. BSCOPE_ERR_INVALID_EVENT_SEQUENCE for the first one that does not (a second
 * drop, a move from what was moved or dropped, an end or a drop of what was never made), which bscope_last_error names
 * with its place and that of the end that it contradicts; what rests on lost, open or evicted positions, or
 * only on how an argument is spelled, is not judged. Conflicts between borrows, leaks and borrows that outlive their
 * owner are not either: bscope_check finds them.
 */
BSCOPE_API int bscope_log_validate(const struct bscope_log *log);

#ifdef __cplusplus
}
#endif

#endif
