/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The types that a program and the library share: sites, records, a thread's
 * control block, and the words that the inline part of a tracking call touches.
 *
 * Frozen for soname 0: struct bscope_site, the first 64 bytes of
 * struct bscope_control, struct bscope_record and the protocol by which a record
 * is published (track.h). _Static_asserts in the library hold them in place.
 */
#ifndef BORROWSCOPE_TYPES_H
#define BORROWSCOPE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__) || defined(__clang__)
#define BSCOPE_API __attribute__((visibility("default")))
#else
#error "borrowscope needs gcc or clang: it uses their atomics and statement expressions"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* A position in one total order of events, and the number that names a variable (units: events). */
typedef uint64_t bscope_stamp;
typedef uint64_t bscope_id;

/* What a record's word means; a site says it once for its subject and its object. */
enum bscope_word {
  BSCOPE_WORD_NONE = 0,    /* unused: the site's names say who is meant */
  BSCOPE_WORD_ADDRESS = 1, /* an address in the program */
  BSCOPE_WORD_ID = 2,      /* an id that the caller chose */
  BSCOPE_WORD_SIZE = 3,    /* bytes */
  BSCOPE_WORD_VALUE = 4    /* a plain number that a kind's field shows */
};

/* struct bscope_site.flags */
enum bscope_site_flag {
  BSCOPE_SITE_MUTABLE = 1u << 0,         /* a borrow that may write */
  BSCOPE_SITE_BY_ADDRESS = 1u << 1,      /* one of the _at forms: the address decides, never the text */
  BSCOPE_SITE_SCOPED = 1u << 2,          /* BSCOPE_LET, _REF, _MUT and their end of scope */
  BSCOPE_SITE_BORROWER_ONLY = 1u << 3,   /* an end of borrow: never an owner of that name */
  BSCOPE_SITE_PRETTY_TYPE = 1u << 4,     /* type is the compiler's __PRETTY_FUNCTION__ around T */
  BSCOPE_SITE_PRETTY_FUNCTION = 1u << 5, /* function is __PRETTY_FUNCTION__ of a lambda */
  BSCOPE_SITE_SAMPLED = 1u << 6,         /* a _sampled form */
  BSCOPE_SITE_RANGE = 1u << 7,           /* a borrow whose subject word states its size */
  BSCOPE_SITE_PLACE = 1u << 8,       /* a C++ lvalue: the word is the address of what the text calls, not its value */
  BSCOPE_SITE_SUPPRESSES = 1u << 10, /* no event's: its text is what bscope_default_suppressions says */
  BSCOPE_SITE_KEPT = 1u << 9 /* with SCOPED: no drop, but the end of the block of a variable that was handed out */
};

#define BSCOPE_SITE_ABI 1u

/* struct bscope_site.word: 0 until the site was registered, then an id or BSCOPE_SITE_OFF. */
#define BSCOPE_SITE_UNKNOWN 0u
#define BSCOPE_SITE_OFF 0xffffffffu

/*
 * One tracking call in the program's text: constant but for `word`. The library copies
 * all of it when the site is first executed and keeps no pointer into it.
 */
struct bscope_site {
  uint16_t abi;       /* BSCOPE_SITE_ABI of the header that made it */
  uint16_t size;      /* sizeof(struct bscope_site) of that header */
  uint32_t word;      /* atomic: stored with release by the thread that executes the site, loaded with acquire */
  uint8_t kind;       /* enum bscope_kind */
  uint8_t subject_is; /* enum bscope_word */
  uint8_t object_is;  /* enum bscope_word */
  uint8_t reserved;   /* 0 */
  uint32_t flags;     /* enum bscope_site_flag */
  uint32_t line;
  uint32_t extent;   /* bytes of the variable that a scoped form declares, or 0 */
  const char *name;  /* the variable, the borrower, or what a move takes from; NULL in *_at forms without one */
  const char *name2; /* what a move moves to; NULL elsewhere */
  const char *type;  /* NULL when unknown */
  const char *file;
  const char *function;
  const char *text;         /* the argument expression as written, or NULL */
  const char *const *extra; /* further strings of a kind, ended by NULL; or NULL */
};

/* What bscope_site_intern is told; the same fields, without those that the library fills. */
struct bscope_site_info {
  size_t size; /* sizeof(struct bscope_site_info) */
  uint8_t kind;
  uint8_t subject_is;
  uint8_t object_is;
  uint32_t flags;
  uint32_t line;
  uint32_t extent;
  const char *name;
  const char *name2;
  const char *type;
  const char *file;
  const char *function;
  const char *text;
  const char *const *extra;
};

/* One event on its way: a slot of a thread's ring. */
struct bscope_record {
  uint64_t stamp;
  uint64_t subject;
  uint64_t object;
  uint32_t site;
  uint32_t index; /* atomic: the low 32 bits of the slot's running index + 1, stored last, with release */
};

/*
 * A thread's control block. It lies in memory that the kernel wipes on fork, so that a
 * child's first event finds generation 0 and takes the slow path. Written by its thread
 * alone, save `limit`'s source (the ring's tail), which the thread copies itself.
 */
struct bscope_control {
  uint64_t generation; /* equals the gate while the thread may write inline */
  uint64_t busy;       /* atomic: 0 idle, 1 waiting or draining, else the stack pointer of the write in progress */
  uint64_t head;       /* the next slot's running index */
  uint64_t limit;      /* the index at which the slow path must look at the ring again */
  struct bscope_record *records;
  uint64_t mask;       /* records - 1 */
  uint64_t *clock;     /* atomic: the stamp counter that all threads share */
  uint64_t busy_since; /* clock=tsc: the last stamp before the clock is read */
};

/* The run-time switch, alone on its cache line: the session's generation, or BSCOPE_GATE_OFF. */
struct bscope_gate {
  uint64_t word; /* atomic */
  uint64_t unused[7];
} __attribute__((aligned(64)));

#define BSCOPE_GATE_OFF 0u

extern BSCOPE_API struct bscope_gate bscope_gate;

/* Never NULL: a thread that has no control block yet points to one whose generation never matches. */
extern BSCOPE_API __thread struct bscope_control *bscope_thread_control __attribute__((tls_model("initial-exec")));

#ifdef __cplusplus
}
#endif

#endif
