/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The layout of a trace file, for whoever writes and whoever reads one: doc/trace-format.md in C. A trace file is the
 * session's region: a header of one granule, then extents, each a run of whole granules that says by itself what it
 * is. Whatever carries no valid extent header (free granules, the region's bitmap, packing buffers) is nobody's. All
 * numbers are little-endian.
 */
#ifndef BSCOPE_BASE_TRACE_H
#define BSCOPE_BASE_TRACE_H

#include <stddef.h>
#include <stdint.h>

/* A transfer as text changes the first byte or the last. */
#define BSCOPE_TRACE_MAGIC "\x89\x42SCOPE\n"
#define BSCOPE_TRACE_MAJOR 1u /* another one is refused */
#define BSCOPE_TRACE_MINOR 0u /* a higher one adds what older readers may pass over */

/* --- extents --- */

#define BSCOPE_EXTENT_MAGIC 0x58455342u /* "BSEX" */

enum bscope_extent_kind {
  BSCOPE_EXTENT_RING = 1,    /* struct bscope_ring */
  BSCOPE_EXTENT_CHUNK = 2,   /* struct bscope_chunk */
  BSCOPE_EXTENT_SEGMENT = 3, /* struct bscope_segment, then blocks */
  BSCOPE_EXTENT_SITES = 4,   /* struct bscope_sites_head, then entries */
  BSCOPE_EXTENT_THREADS = 5, /* struct bscope_thread_row[], ended by a tid of 0 or the extent's end */
  BSCOPE_EXTENT_LATES = 6,   /* struct bscope_late[], ended by a row that is not full or the extent's end */
  BSCOPE_EXTENT_PACKED = 7   /* struct bscope_packed_head, then a zstd frame of a piece of another file */
};

/*
 * The first 64 bytes of an extent. `magic` is stored last, with release, when all of the extent reads as its kind
 * says, and cleared before its memory goes back to the region: what has the magic, its own offset, this file's id and a
 * right check is an extent.
 */
struct bscope_extent {
  uint32_t magic;  /* atomic */
  uint32_t check;  /* CRC32C of the 64 bytes with magic and check taken as 0 */
  uint16_t kind;   /* enum bscope_extent_kind */
  uint16_t layout; /* of that kind's contents: 1 */
  uint32_t head;   /* bytes from the extent's beginning to its first slot, cell, block, entry or row */
  uint64_t offset; /* its own place in the file */
  uint64_t bytes;  /* of all of it, whole granules */
  uint64_t trace;  /* the file header's id */
  uint64_t reserved[3];
};

_Static_assert(sizeof(struct bscope_extent) == 64, "the extent header is 64 bytes");

/* --- sites --- */

#define BSCOPE_SITE_ENTRY_MAGIC 0x49535342u /* "BSSI" */
#define BSCOPE_SITE_STRINGS 6u              /* name, name2, type, file, function, text */
#define BSCOPE_SITE_EXTRAS 15u

struct bscope_sites_head {
  struct bscope_extent extent;
  uint64_t used; /* atomic: bytes from the extent's beginning that writers have claimed; a reader needs it not */
};

/*
 * A site, at a multiple of 8. Behind it lie its strings, each ended by a NUL, in the order above and then the extra
 * ones; then zeroes up to `length`. One id may come twice, with the same contents. Where no valid entry stands (its
 * writer died) a reader goes on 8 bytes further.
 */
struct bscope_site_entry {
  uint32_t magic;  /* atomic: stored last, with release */
  uint32_t check;  /* CRC32C of `length` bytes with magic and check taken as 0 */
  uint32_t length; /* of the whole entry, a multiple of 8 */
  uint32_t id;
  uint8_t kind;       /* enum bscope_kind */
  uint8_t subject_is; /* enum bscope_word */
  uint8_t object_is;
  uint8_t extra;  /* number of extra strings */
  uint32_t flags; /* enum bscope_site_flag */
  uint32_t line;
  uint32_t extent;                       /* bytes of the variable that a scoped form declares, or 0 */
  uint32_t strings[BSCOPE_SITE_STRINGS]; /* length + 1 of each, its NUL counted; 0: there is none (NULL) */
};

_Static_assert(sizeof(struct bscope_site_entry) == 56, "a site's entry is 56 bytes and its strings");

/* --- packed files --- */

#define BSCOPE_PACKED_BYTES (1u << 20) /* what a group unpacks to, but for the last one */

/*
 * A packed file has the header of the file it was made from, and that one's other granules in groups: group n is the
 * bytes from 4096 + n MiB on. Each lies in an extent of its own, so that a reader unpacks those that it needs.
 */
struct bscope_packed_head {
  struct bscope_extent extent;
  uint32_t check;  /* CRC32C of what follows up to the frame's end */
  uint32_t packed; /* bytes of the frame, which begins at extent.head */
  uint64_t place;  /* of the group's first byte in the file it is of */
  uint64_t size;   /* of that file */
  uint32_t bytes;  /* of the group, unpacked */
  uint32_t reserved;
};

_Static_assert(sizeof(struct bscope_packed_head) == 96, "the head of a packed group is 96 bytes");

/* --- the file's header --- */

/* A generation of the log: position p of it is stamp base + p. The valid pair with the higher generation counts. */
struct bscope_trace_epoch {
  uint64_t generation;
  uint64_t base;
  uint32_t check; /* CRC32C of the two */
  uint32_t reserved;
};

/* A clock sample (see struct bscope_sample): valid when check is stamp ^ ns ^ BSCOPE_TRACE_SAMPLE. */
struct bscope_trace_sample {
  uint64_t stamp;
  uint64_t ns;
  uint64_t check;
};

#define BSCOPE_TRACE_SAMPLE UINT64_C(0x53414d504c455321)
#define BSCOPE_TRACE_SAMPLES 128u

enum bscope_trace_state {
  BSCOPE_TRACE_LIVE = 0x4556494cu, /* "LIVE": being written, or its writer died */
  BSCOPE_TRACE_DONE = 0x454e4f44u  /* "DONE": everything is in blocks */
};

/* The counts that no extent tells, as of the last drain turn: the order of struct bscope_stats' own names. */
enum bscope_trace_count {
  BSCOPE_TRACE_ATTEMPTED, /* of what is below, all */
  BSCOPE_TRACE_DROPPED_FULL,
  BSCOPE_TRACE_DROPPED_NESTED,
  BSCOPE_TRACE_DROPPED_MEMORY,
  BSCOPE_TRACE_DROPPED_STALLED,
  BSCOPE_TRACE_DROPPED_PROCESS,
  BSCOPE_TRACE_DROPPED_OVERSIZED,
  BSCOPE_TRACE_ABANDONED,
  BSCOPE_TRACE_NAMES_FOLDED,
  BSCOPE_TRACE_FOREIGN_SITES,
  BSCOPE_TRACE_PAUSES,
  BSCOPE_TRACE_CLOCK_BACK,
  BSCOPE_TRACE_EVICTED, /* the log's first position */
  BSCOPE_TRACE_OUTSIDE, /* extents that the file had no room for: they are in the program's memory alone */
  BSCOPE_TRACE_ERRNO,   /* why it had none, the first time */
  BSCOPE_TRACE_COUNTS = 24
};

/* Granule 0. Constant but for state, epochs, counts and samples, which `check` does not cover. */
struct bscope_trace_header {
  char magic[8];
  uint16_t major;
  uint16_t minor;
  uint32_t header;   /* bytes of this struct */
  uint32_t check;    /* CRC32C of the first `constant` bytes with this field taken as 0 */
  uint32_t constant; /* bytes of the constant part: offsetof(struct bscope_trace_header, state) */
  uint32_t granule;  /* 4096 */
  uint32_t clock;    /* enum bscope_clock */
  uint64_t id;       /* of this file: no other trace of this machine has it */
  uint64_t pid;
  uint64_t parent;        /* the pid of the process that forked this one while it recorded, or 0 */
  uint64_t process_ticks; /* when the process began: field 22 of /proc/PID/stat */
  uint64_t realtime_ns;   /* CLOCK_REALTIME when the file was made */
  uint64_t monotonic_ns;  /* CLOCK_MONOTONIC then: samples are in its time */
  uint64_t memory;        /* budget in bytes */
  uint32_t record_bytes;  /* sizeof(struct bscope_record): 32 */
  uint32_t cell_bytes;    /* sizeof(struct bscope_cell): 32 */
  uint32_t block_bytes;   /* sizeof(struct bscope_block_header): 128 */
  uint32_t row_bytes;     /* sizeof(struct bscope_thread_row) */
  uint32_t late_bytes;    /* sizeof(struct bscope_late) */
  uint32_t options;       /* bit 0: exports show addresses; bit 1: exports hide times; bit 2: overflow=drop */
  char boot_id[40];       /* /proc/sys/kernel/random/boot_id, without the newline */
  char program[64];       /* the program's name, cut */
  char library[24];       /* version of the library that wrote it */
  char filter[256];       /* what names were recorded, cut; "": all */
  uint32_t state;         /* atomic: enum bscope_trace_state */
  uint32_t reserved;
  struct bscope_trace_epoch epochs[2]; /* generation g in epochs[g % 2] */
  uint64_t counts[BSCOPE_TRACE_COUNTS];
  struct bscope_trace_sample samples[BSCOPE_TRACE_SAMPLES]; /* the newest, in a ring: sample n in samples[n % 128] */
};

_Static_assert(sizeof(struct bscope_trace_header) <= 4096, "the header is a granule at most");

#endif
