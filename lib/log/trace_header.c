/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first granule: what the file is, which generation of the log counts, and what time it was.
 */
#include "log/trace_state.h"

#include "base/crc32c.h"
#include "base/error.h"
#include "base/util.h"
#include "log/late.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONSTANT offsetof(struct bscope_trace_header, state)
#define LEAST 32u /* bytes that say what the file is */

static int refuse(struct bscope_trace *trace, size_t offset, const char *what) {
  return bscope_trace_fail(trace, BSCOPE_ERR_FORMAT, offset, what);
}

static int refuse_short(struct bscope_trace *trace) {
  return refuse(trace, trace->size,
                trace->size ? "the file ends within its header; it was cut, look for a whole copy"
                            : "the file is empty; the program that was to write it recorded nothing");
}

#define FIELD(name) offsetof(struct bscope_trace_header, name)

/* What the reader takes for granted about the layouts that the header states. */
static int check_sizes(struct bscope_trace *trace) {
  const struct bscope_trace_header *h = &trace->header;
  const struct {
    uint32_t found, wanted;
    size_t offset;
  } sizes[] = {{h->granule, BSCOPE_GRANULE, FIELD(granule)},
               {h->record_bytes, sizeof(struct bscope_record), FIELD(record_bytes)},
               {h->cell_bytes, sizeof(struct bscope_cell), FIELD(cell_bytes)},
               {h->block_bytes, sizeof(struct bscope_block_header), FIELD(block_bytes)},
               {h->row_bytes, sizeof(struct bscope_thread_row), FIELD(row_bytes)},
               {h->late_bytes, sizeof(struct bscope_late), FIELD(late_bytes)}};

  for (size_t i = 0; i < BSCOPE_COUNT(sizes); i++)
    if (sizes[i].found != sizes[i].wanted)
      return refuse(trace, sizes[i].offset,
                    "a size in the header is not this version's; read it with the library that "
                    "wrote it");
  return BSCOPE_OK;
}

/* Up to the constant part's end: what must be right. */
static int check_constant(struct bscope_trace *trace, uint8_t *bytes) {
  struct bscope_trace_header *h = (struct bscope_trace_header *)(void *)bytes;
  uint32_t check = h->check;
  uint32_t found;

  if (h->major != BSCOPE_TRACE_MAJOR)
    return refuse(trace, FIELD(major), "the file has another major version; read it with a newer library");
  if (h->constant < CONSTANT || h->header > BSCOPE_GRANULE || h->header < h->constant ||
      h->header - h->constant < sizeof(*h) - CONSTANT)
    return refuse(trace, FIELD(header), "the header's sizes contradict each other; the file is damaged");
  if (trace->size < h->header)
    return refuse_short(trace);
  h->check = 0;
  found = bscope_crc32c(0, bytes, h->constant);
  h->check = check;
  if (found != check)
    return refuse(trace, FIELD(check), "the header's checksum is wrong; the file is damaged");
  memcpy(&trace->header, bytes, CONSTANT);
  memcpy((uint8_t *)&trace->header + CONSTANT, bytes + h->constant, sizeof(*h) - CONSTANT);
  return check_sizes(trace);
}

static bool is_epoch(const struct bscope_trace_epoch *epoch) {
  return epoch->generation != 0 && epoch->check == bscope_crc32c(0, epoch, offsetof(struct bscope_trace_epoch, check));
}

/* A pair whose check is 0 is being written, or was never. */
static void choose_epoch(struct bscope_trace *trace) {
  for (size_t i = 0; i < 2; i++) {
    const struct bscope_trace_epoch *epoch = &trace->header.epochs[i];

    if (is_epoch(epoch) && epoch->generation % 2 == i) {
      if (!trace->base_known || epoch->generation > trace->epoch.generation)
        trace->epoch = *epoch;
      trace->base_known = true;
    } else if (epoch->check != 0) {
      trace->epoch_doubted = true;
      bscope_trace_damage(
          trace, trace->header.constant + (uint64_t)((const uint8_t *)epoch - (uint8_t *)&trace->header) - CONSTANT,
          "a generation's number is damaged");
    }
  }
  trace->epoch_doubted |= !trace->base_known;
}

static int compare_samples(const void *a, const void *b) {
  const struct bscope_sample *left = a, *right = b;

  if (left->stamp != right->stamp)
    return left->stamp < right->stamp ? -1 : 1;
  return (left->ns > right->ns) - (left->ns < right->ns);
}

/* Those of this generation, in ascending order by both clocks. */
static void choose_samples(struct bscope_trace *trace) {
  size_t kept = 0;

  for (size_t i = 0; i < BSCOPE_TRACE_SAMPLES && trace->base_known; i++) {
    const struct bscope_trace_sample *sample = &trace->header.samples[i];
    uint64_t position = sample->stamp - trace->epoch.base;

    if (sample->check == (sample->stamp ^ sample->ns ^ BSCOPE_TRACE_SAMPLE) && position <= INT64_MAX)
      trace->samples[trace->sample_count++] = (struct bscope_sample){position, sample->ns};
  }
  qsort(trace->samples, trace->sample_count, sizeof(trace->samples[0]), compare_samples);
  for (size_t i = 0; i < trace->sample_count; i++)
    if (kept == 0 || trace->samples[i].ns >= trace->samples[kept - 1].ns)
      trace->samples[kept++] = trace->samples[i];
  trace->sample_count = kept;
}

/* The texts are cut by their fields. */
static void describe(struct bscope_trace *trace) {
  const struct bscope_trace_header *h = &trace->header;
  struct bscope_trace_info *info = &trace->info;

  memcpy(info->program, h->program, sizeof(h->program));
  memcpy(info->library, h->library, sizeof(h->library));
  memcpy(info->filter, h->filter, sizeof(h->filter));
  info->program[sizeof(h->program) - 1] = info->library[sizeof(h->library) - 1] = '\0';
  info->filter[sizeof(h->filter) - 1] = '\0';
  info->pid = h->pid;
  info->parent = h->parent;
  info->start_ns = h->realtime_ns;
  info->start_monotonic_ns = h->monotonic_ns;
  info->clock = h->clock == BSCOPE_CLOCK_TSC ? BSCOPE_CLOCK_TSC : BSCOPE_CLOCK_COUNTER;
  info->file_outside = h->counts[BSCOPE_TRACE_OUTSIDE];
  info->file_errno = h->counts[BSCOPE_TRACE_ERRNO];
}

int bscope_trace_header_read(struct bscope_trace *trace) {
  size_t bytes = (size_t)bscope_min_u64(trace->size, BSCOPE_GRANULE);
  uint8_t *begin = bytes ? bscope_trace_view(trace, 0, bytes) : NULL;

  if (trace->status)
    return trace->status;
  if (begin && memcmp(begin, BSCOPE_TRACE_MAGIC, bscope_min_u64(bytes, sizeof(trace->header.magic))) != 0)
    return refuse(trace, 0, "this is no trace file; name a file that was recorded with file=");
  if (!begin || bytes < LEAST)
    return refuse_short(trace);
  if (check_constant(trace, begin))
    return trace->status;
  describe(trace);
  choose_epoch(trace);
  choose_samples(trace);
  if (trace->header.state != BSCOPE_TRACE_DONE && trace->header.state != BSCOPE_TRACE_LIVE)
    bscope_trace_damage(trace, trace->header.constant, "the state is neither live nor done");
  trace->is_written = trace->header.state != BSCOPE_TRACE_DONE && bscope_trace_writer_lives(&trace->header);
  trace->info.state = trace->header.state == BSCOPE_TRACE_DONE ? BSCOPE_LOG_CLEAN
                      : trace->is_written                      ? BSCOPE_LOG_LIVE
                                                               : BSCOPE_LOG_BROKEN_OFF;
  return BSCOPE_OK;
}

static bool read_text(const char *path, char *out, size_t size) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t n = fd < 0 ? -1 : read(fd, out, size - 1);

  if (fd >= 0)
    close(fd);
  out[n < 0 ? 0 : n] = '\0';
  return n > 0;
}

/* A pid is used again, but not with the same beginning in the same boot. */
bool bscope_trace_writer_lives(const struct bscope_trace_header *header) {
  char path[64], text[1024];
  const char *at;
  size_t length = strnlen(header->boot_id, sizeof(header->boot_id));

  if (!read_text("/proc/sys/kernel/random/boot_id", text, sizeof(text)) || length == 0 ||
      strncmp(text, header->boot_id, length) != 0 || text[length] != '\n')
    return false;
  snprintf(path, sizeof(path), "/proc/%llu/stat", (unsigned long long)header->pid);
  if (!read_text(path, text, sizeof(text)))
    return false;
  at = strrchr(text, ')'); /* ends field 2; field 3 is Z when all that is left is an exit status */
  if (!at || at[1] != ' ' || at[2] == 'Z' || at[2] == 'X')
    return false;
  for (int field = 2; at && field < 22; field++)
    at = strchr(at + 1, ' ');
  return at && strtoull(at + 1, NULL, 10) == header->process_ticks;
}
