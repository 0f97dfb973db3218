/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an opened trace file is made of, for the parts of its reader.
 *
 * Opening reads the file once, forward: the header, then each extent in the order of the file; blocks are verified and
 * indexed (32 bytes each), sites and threads are copied, and what was not sealed is put into an array of events. Later
 * a block's bytes are read again when they are asked for. Nothing in the file is trusted: every length is compared with
 * the bytes that are left before it is used, and what does not fit is noted as damage and passed over.
 */
#ifndef BSCOPE_LOG_TRACE_STATE_H
#define BSCOPE_LOG_TRACE_STATE_H

#include "base/trace.h"
#include "capture/ring.h"
#include "log/snapshot.h"

#include <pthread.h>
#include <sys/types.h>

#define BSCOPE_TRACE_SITES_MOST (1u << 20) /* ids beyond are damage: no process registers so many */
#define BSCOPE_TRACE_CACHE 8u              /* blocks */

/* A block: positions [position, position + count). `length` 0: damaged, nothing of it can be read. */
struct bscope_trace_block {
  uint64_t position;
  uint64_t offset;
  uint32_t length;
  uint32_t count;
  uint32_t lost;
  uint32_t open;
};

/* Where an event was found: for one position the first of these wins, but OPEN gives way to any other. */
enum bscope_trace_rank { BSCOPE_TRACE_IN_CELL, BSCOPE_TRACE_IN_LATE, BSCOPE_TRACE_IN_RING };

/* An event that is in no block, or takes an OPEN position of one. */
struct bscope_trace_event {
  uint64_t position;
  uint64_t subject;
  uint64_t object;
  uint64_t time; /* ns; of files whose events carry times */
  uint32_t site; /* without the LONG flag */
  uint32_t thread;
  uint32_t payload; /* its place among the payloads, in words of 8 bytes */
  uint16_t size;
  uint8_t is_long;
  uint8_t cut : 1;
  uint8_t rank : 7;
};

/* An extent that is read once all blocks are known. */
struct bscope_trace_piece {
  uint64_t offset;
  uint64_t head; /* its first slot, cell or row: an offset in the file, as is `end` */
  uint64_t end;
  uint32_t kind;
};

/* A block's bytes in memory. */
struct bscope_trace_held {
  uint32_t refs;
  uint32_t number;
  bool is_kept;
  struct bscope_trace_held *next; /* kept, of the same block */
  struct bscope_block block;
  uint64_t bytes[];
};

struct bscope_trace_cache {
  pthread_mutex_t lock;
  struct bscope_trace_held *slots[BSCOPE_TRACE_CACHE];
  uint64_t used[BSCOPE_TRACE_CACHE]; /* when, by `turn` */
  uint64_t turn;
  uint64_t loaded;                 /* bytes, all in all */
  struct bscope_trace_held **kept; /* by block: whose payloads were given away for the log's life; NULL: none yet */
};

/* A piece of a packed file: group n unpacks to `bytes` from BSCOPE_GRANULE + n * BSCOPE_PACKED_BYTES on. */
struct bscope_trace_group {
  uint64_t frame; /* its place in the file as it is */
  uint32_t packed;
  uint32_t bytes; /* 0: it is missing or damaged */
};

#define BSCOPE_TRACE_UNPACKED 4u /* groups in memory */

/* The groups, and those that were used last. From the scan's end on the lock guards all of it. */
struct bscope_trace_packed {
  pthread_mutex_t lock;
  struct bscope_trace_group *groups;
  size_t count, capacity;
  uint64_t told; /* by groups: the size of the file that was packed */
  uint64_t size; /* of what they unpack to; 0: not packed, or not known yet */
  uint64_t bad;  /* place of a frame that can't be unpacked although its check is right; 0: there is none */
  uint8_t *slots[BSCOPE_TRACE_UNPACKED];
  size_t numbers[BSCOPE_TRACE_UNPACKED]; /* of the group in a slot, from 1 */
  uint64_t used[BSCOPE_TRACE_UNPACKED];  /* when, by `turn` */
  uint64_t turn;
  uint64_t unpacked; /* bytes, all in all */
};

struct bscope_trace_text; /* memory for sites and their strings */

struct bscope_trace {
  struct bscope_log log;
  int status; /* what ended the reading, if it was not damage: its message is set */
  int fd;
  char *path;
  uint64_t size; /* of a packed file: of what it unpacks to, and so are offsets once that is known */

  uint8_t *buffer; /* [buffer_offset, buffer_offset + buffer_size) of the file */
  uint64_t buffer_offset;
  size_t buffer_size;
  size_t buffer_capacity;

  struct bscope_trace_header header;
  struct bscope_trace_epoch epoch;
  bool epoch_doubted; /* one of the two pairs is damaged: it might be the newer one */
  bool base_known;    /* what is not sealed can be given positions */
  bool is_written;    /* its writer lives */
  bool only_sites;    /* a second pass over such a file */
  bool tired;         /* of reading the same again and again */

  struct bscope_sample samples[BSCOPE_TRACE_SAMPLES]; /* positions, ascending */
  size_t sample_count;

  struct bscope_trace_block *blocks; /* ascending */
  size_t block_count, block_capacity;
  uint64_t sealed;   /* position behind the last block */
  uint64_t patience; /* bytes that may still be looked at in vain */

  struct bscope_site **sites; /* by id */
  size_t site_capacity;       /* ids */
  const char *suppressions;   /* what the program said, among the sites; or NULL */
  size_t site_count;
  struct bscope_trace_text *text;
  uint8_t *used_sites; /* by id: whether an event mentions it */
  size_t used_capacity;

  struct bscope_trace_piece *pieces;
  size_t piece_count, piece_capacity;
  uint64_t dropped_in_rings[BSCOPE_DROP_REASONS];
  size_t rings;
  size_t row_capacity; /* of log.threads */

  struct bscope_trace_event *events; /* ascending by position */
  size_t event_count, event_capacity;
  size_t placed; /* clock=tsc: so many of them are no ring's, and have positions from the first */
  uint64_t *payloads;
  size_t payload_count, payload_capacity; /* words */

  struct bscope_trace_info info;
  struct bscope_trace_cache cache;
  struct bscope_trace_packed packed;
};

/* --- trace_log.c --- */

/* bscope_log_open with its status: 0 and *out, which is freed as its log. */
int bscope_trace_open_file(const char *path, struct bscope_trace **out);

/* --- trace_input.c --- */

/* Opens the file and its buffer. Status. */
int bscope_trace_input_open(struct bscope_trace *trace, const char *path);

/*
 * The bytes [offset, offset + bytes) of the file, or NULL where it has not so many; offsets ascend as a rule. Borrowed
 * until the next call; aligned to 8 where the offset is. A failure of the system sets the status.
 */
void *bscope_trace_view(struct bscope_trace *trace, uint64_t offset, size_t bytes);

/* The first granule from this one on that is no hole: where there is one it reads as zeroes, and nothing begins. */
uint64_t bscope_trace_next_data(const struct bscope_trace *trace, uint64_t offset);

/* Has the next view read the file anew. */
void bscope_trace_forget(struct bscope_trace *trace);

/* Reads into memory of the caller, on any thread: whether it got all. */
bool bscope_trace_read(const struct bscope_trace *trace, uint64_t offset, void *out, size_t bytes);

/* The same of the file as it is, and as many as there are: -1 with errno. */
ssize_t bscope_trace_read_raw(const struct bscope_trace *trace, uint64_t offset, void *out, size_t bytes);

/* Notes damage; the text of what comes first in the file is kept. */
void bscope_trace_damage(struct bscope_trace *trace, uint64_t offset, const char *what);

/* Sets the status and its message "PATH: offset N: ...": returns it. */
int bscope_trace_fail(struct bscope_trace *trace, enum bscope_status status, uint64_t offset, const char *what);

/* Room for `count` items of `size` bytes: the array's place, or NULL with the status set. */
void *bscope_trace_grow(struct bscope_trace *trace, void *items, size_t *capacity, size_t count, size_t size);

/* --- trace_packed.c --- */

/* Notes a packed group, unless it is damaged: then that. `end`: of the extent, within the file. */
void bscope_trace_note_group(struct bscope_trace *trace, const struct bscope_extent *extent, uint64_t end);

/* All groups are known: from now on offsets are those of the file that was packed. False: there are no groups. */
bool bscope_trace_unpack(struct bscope_trace *trace);

/* Reads up to what is missing or damaged: bytes, or -1 with errno. Any thread. */
ssize_t bscope_trace_read_packed(const struct bscope_trace *trace, uint64_t offset, void *out, size_t bytes);

void bscope_trace_free_packed(struct bscope_trace *trace);

/* --- trace_header.c --- */

/* Reads and checks the header: status. */
int bscope_trace_header_read(struct bscope_trace *trace);

/* Whether the process that writes the file lives on this machine. */
bool bscope_trace_writer_lives(const struct bscope_trace_header *header);

/* --- trace_scan.c --- */

/* Whether an extent begins here; *extent is its header. What was one and is damaged is said. */
bool bscope_trace_find_extent(struct bscope_trace *trace, uint64_t offset, struct bscope_extent *extent);

/* Reads all extents; chunks, rings and late events only into `pieces`. */
void bscope_trace_scan(struct bscope_trace *trace);

/* Adds or keeps a thread's row. */
void bscope_trace_add_thread(struct bscope_trace *trace, uint32_t number, uint32_t tid, const char *name);

/* --- trace_blocks.c --- */

/* Reads a segment's blocks, from `at` on, into the index. */
void bscope_trace_read_segment(struct bscope_trace *trace, uint64_t at, uint64_t end);

/* Sorts the index when all segments are read. */
void bscope_trace_end_blocks(struct bscope_trace *trace);

/* The number of the last block at or below the position, or SIZE_MAX. */
size_t bscope_trace_find_block(const struct bscope_trace *trace, uint64_t position);

/* --- trace_sites.c --- */

void bscope_trace_read_sites(struct bscope_trace *trace, uint64_t at, uint64_t end);

/* Notes that an event mentions a site. */
void bscope_trace_use_site(struct bscope_trace *trace, uint32_t id);

/* Counts the sites that events mention and the file does not know. */
void bscope_trace_end_sites(struct bscope_trace *trace);

void bscope_trace_free_sites(struct bscope_trace *trace);

/* --- trace_recover.c, trace_rings.c --- */

/* An event found in a piece, unless a block tells of its position. The payload is copied. */
void bscope_trace_add_event(struct bscope_trace *trace, const struct bscope_trace_event *event, const void *payload);

/* The same, whatever its position. */
void bscope_trace_push_event(struct bscope_trace *trace, const struct bscope_trace_event *event, const void *payload);

/* Events of the pieces, sorted, one a position; the log's first and count. */
void bscope_trace_recover(struct bscope_trace *trace);

/* What a ring's owner published and nobody drained. Under clock=tsc `position` is the event's time in ticks. */
void bscope_trace_read_ring(struct bscope_trace *trace, const struct bscope_trace_piece *piece);

/* Under clock=tsc: gives positions to the events from `first` on, which are the rings'. */
void bscope_trace_place_timed(struct bscope_trace *trace, size_t first);

/* The first event at or behind the position. */
size_t bscope_trace_find_event(const struct bscope_trace *trace, uint64_t position);

/* Under clock=tsc, before rings have their positions: whether a cell tells of this one. */
bool bscope_trace_is_placed(const struct bscope_trace *trace, uint64_t position);

/* --- trace_cache.c --- */

/* A block's bytes, read and verified; NULL with *status set. Each wants its bscope_trace_let_go. Any thread. */
struct bscope_trace_held *bscope_trace_hold(const struct bscope_trace *trace, size_t number, int *status);
void bscope_trace_let_go(const struct bscope_trace *trace, struct bscope_trace_held *held);

/* Keeps it as long as the log: 0 or BSCOPE_ERR_NO_MEMORY. */
int bscope_trace_keep(const struct bscope_trace *trace, struct bscope_trace_held *held);

void bscope_trace_free_cache(struct bscope_trace *trace);

#endif
