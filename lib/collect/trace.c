/* SPDX-License-Identifier: Apache-2.0 */
#include "collect/trace.h"

#include "base/atomic.h"
#include "base/crc32c.h"
#include "base/error.h"
#include "collect/state.h"

#include <borrowscope/version.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PACK_LOCK_NS 200000000u

/* All under the drain lock: first events in signal handlers have little stack. */
static uint32_t home;                     /* the process that loaded the library: all others were forked */
static char path[BSCOPE_TRACE_MADE];      /* of the newest file that was asked for */
static char last_name[BSCOPE_TRACE_PATH]; /* of the newest one that was made, without number */
static uint32_t last_number;
static struct bscope_trace_header scratch;                  /* for a header that is being made */
static int (*packer)(const char *path, const char *output); /* set once, before there are threads */

void bscope_trace_set_packer(int (*pack)(const char *path, const char *output)) {
  packer = pack;
}

void bscope_trace_load(void) {
  home = (uint32_t)getpid();
}

#define FILES_MOST 1000u /* of one process */

static void number_path(const char *name, uint32_t number) {
  if (number > 1)
    snprintf(path, sizeof(path), "%s.%u", name, (unsigned)number);
  else
    snprintf(path, sizeof(path), "%s", name);
}

/* The file's name; a process's later files of one name are numbered. */
static int make_name(const char *pattern, char *name, uint32_t *number) {
  int error = bscope_trace_file_name(name, pattern, home != 0 && home != (uint32_t)getpid());
  *number = strcmp(name, last_name) == 0 ? last_number + 1 : 1;
  number_path(name, *number);
  return error;
}

/* Whether %p stands in it. */
static bool names_process(const char *pattern) {
  for (const char *at = strchr(pattern, '%'); at && at[1]; at = strchr(at + 2, '%'))
    if (at[1] == 'p')
      return true;
  return false;
}

static int make_file(struct bscope_session *s, size_t size, size_t least) {
  static char made[BSCOPE_TRACE_MADE];
  struct bscope_trace_file file;
  int error = bscope_trace_file_create(&file, path, s->settings.overwrite, made), why = 0;
  if (error)
    return error;
  if (bscope_region_init_file(&s->region, size, least, &file, &why) != BSCOPE_OK) {
    error = why ? why : ENOMEM;
    bscope_trace_file_close(&file);
  } else if ((error = bscope_trace_file_settle(path, made)) != 0) {
    bscope_region_fini(&s->region);
  } else {
    bscope_trace_file_protect(&file);
    return 0;
  }
  unlink(made);
  return error;
}

bool bscope_trace_open(struct bscope_session *session, size_t size, size_t least) {
  static char name[BSCOPE_TRACE_PATH];
  uint32_t number;
  if (!session->settings.file[0])
    return false;
  int saved = errno, error = make_name(session->settings.file, name, &number);
  if (!error)
    error = make_file(session, size, least);
  /* A name with this process's number that is taken: by the program that it was before it executed this one. */
  while (error == EEXIST && number < FILES_MOST && names_process(session->settings.file)) {
    number_path(name, ++number);
    error = make_file(session, size, least);
  }
  errno = saved;
  session->file_error = error;
  if (error)
    return false;
  strcpy(last_name, name);
  last_number = number;
  session->trace = (struct bscope_trace_header *)(void *)session->region.base;
  return true;
}

void bscope_trace_discard(struct bscope_session *session) {
  if (!session->trace)
    return;
  unlink(path);
  last_name[0] = '\0';
}

void bscope_trace_complain(const struct bscope_session *session, char *line) {
  char shown[BSCOPE_TRACE_LINE / 2];
  const char *reason = strerrordesc_np(session->file_error);
  bscope_error_visible(shown, sizeof(shown), path);
  snprintf(line, BSCOPE_TRACE_LINE, "file='%s' can't be made: %s%s; recording in memory alone", shown,
           reason ? reason : "unknown error", bscope_trace_file_advice(session->file_error));
}

/* The beginning of a file of /proc, without its newline; "" when it can't be read. */
static void read_line(const char *name, char *out, size_t size) {
  int fd = open(name, O_RDONLY | O_CLOEXEC);
  ssize_t n = fd < 0 ? -1 : read(fd, out, size - 1);
  if (fd >= 0)
    close(fd);
  out[n < 0 ? 0 : n] = '\0';
  out[strcspn(out, "\n")] = '\0';
}

/* Field 22 of /proc/self/stat; the second may hold anything, in brackets. */
static uint64_t process_ticks(void) {
  char text[512];
  read_line("/proc/self/stat", text, sizeof(text));
  char *at = strrchr(text, ')');
  for (int field = 2; at && field < 22; field++)
    at = strchr(at + 1, ' ');
  return at ? strtoull(at + 1, NULL, 10) : 0;
}

static void describe_process(struct bscope_trace_header *h) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  h->pid = (uint64_t)getpid();
  h->process_ticks = process_ticks();
  h->realtime_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
  h->monotonic_ns = bscope_now_ns();
  read_line("/proc/sys/kernel/random/boot_id", h->boot_id, sizeof(h->boot_id));
  snprintf(h->program, sizeof(h->program), "%s", program_invocation_short_name ? program_invocation_short_name : "");
}

static void describe_session(struct bscope_trace_header *h, const struct bscope_session *s) {
  const struct bscope_settings *set = &s->settings;
  h->granule = BSCOPE_GRANULE;
  h->clock = (uint32_t)set->clock;
  h->id = s->region.file.id;
  h->parent = s->parent;
  h->memory = set->memory;
  h->record_bytes = sizeof(struct bscope_record);
  h->cell_bytes = sizeof(struct bscope_cell);
  bscope_store_describe(h);
  h->options = (set->addresses ? 1u : 0) | (set->times ? 0 : 2u) | (set->overflow == BSCOPE_OVERFLOW_DROP ? 4u : 0);
  snprintf(h->library, sizeof(h->library), "%s", BSCOPE_VERSION);
  snprintf(h->filter, sizeof(h->filter), "%.*s", (int)sizeof(h->filter) - 1, set->filter);
}

/* The magic comes last: without it there is no trace. */
void bscope_trace_begin(struct bscope_session *session) {
  const size_t constant = offsetof(struct bscope_trace_header, state), magic = sizeof(session->trace->magic);
  struct bscope_trace_header *h = &scratch;
  uint64_t word;
  if (!session->trace)
    return;
  memset(h, 0, constant);
  memcpy(h->magic, BSCOPE_TRACE_MAGIC, magic);
  h->major = BSCOPE_TRACE_MAJOR;
  h->minor = BSCOPE_TRACE_MINOR;
  h->header = sizeof(*h);
  h->constant = (uint32_t)constant;
  describe_process(h);
  describe_session(h, session);
  h->check = bscope_crc32c(0, h, constant);
  memcpy((char *)session->trace + magic, (char *)h + magic, constant - magic);
  bscope_store_relaxed(&session->trace->state, BSCOPE_TRACE_LIVE);
  bscope_trace_epoch(session, session->window.origin);
  memcpy(&word, h->magic, magic);
  bscope_store_release((uint64_t *)(void *)session->trace->magic, word); /* partner: whoever reads the file */
}

/* Each store is a release, partner: whoever reads the file. The check is cleared before a field changes, and set after
 * all have. */
void bscope_trace_epoch(struct bscope_session *session, uint64_t base) {
  if (!session->trace)
    return;
  struct bscope_trace_epoch *epoch = &session->trace->epochs[session->log_generation % 2];
  const uint64_t pair[] = {session->log_generation, base};
  bscope_store_relaxed(&epoch->check, 0); /* what stands there is older than the other one, and ends to be valid */
  bscope_store_release(&epoch->generation, pair[0]);
  bscope_store_release(&epoch->base, pair[1]);
  bscope_store_release(&epoch->check, bscope_crc32c(0, pair, sizeof(pair)));
}

void bscope_trace_sample(struct bscope_session *session, uint64_t stamp, uint64_t ns) {
  if (!session->trace)
    return;
  struct bscope_trace_sample *sample = &session->trace->samples[session->trace_samples++ % BSCOPE_TRACE_SAMPLES];
  bscope_store_relaxed(&sample->check, 0); /* relates to neither of what is written now */
  bscope_store_release(&sample->stamp, stamp);
  bscope_store_release(&sample->ns, ns);
  bscope_store_release(&sample->check, stamp ^ ns ^ BSCOPE_TRACE_SAMPLE);
}

void bscope_trace_count(struct bscope_session *session) {
  struct bscope_stats s;
  if (!session->trace)
    return;
  bscope_count_stats(session, &s);
  const uint64_t counts[] = {
      s.attempted,       s.dropped_full,      s.dropped_nested, s.dropped_memory, s.dropped_stalled,
      s.dropped_process, s.dropped_oversized, s.abandoned,      s.names_folded,   s.foreign_sites,
      s.pauses,          s.clock_back,        s.first,          s.file_outside,   s.file_errno};
  _Static_assert(BSCOPE_COUNT(counts) == BSCOPE_TRACE_ERRNO + 1, "a value for each of enum bscope_trace_count");
  for (size_t i = 0; i < BSCOPE_COUNT(counts); i++)
    bscope_store_relaxed(&session->trace->counts[i], counts[i]); /* relaxed: each for itself, as of some turn */
}

void bscope_trace_set_state(struct bscope_session *session, uint32_t state) {
  if (session->trace)
    bscope_store_release(&session->trace->state, state); /* partner: whoever reads the file */
}

/* What is still mapped is the file that was there before: what a thread records from now on stays out of the new one.
 */
int bscope_trace_pack(struct bscope_session *session) {
  struct bscope_lock *drain = &bscope_process_get()->drain;
  char name[BSCOPE_TRACE_MADE];
  if (!session->settings.pack || !bscope_lock_take(drain, PACK_LOCK_NS))
    return BSCOPE_OK;
  bool again = session->packed;
  session->packed = true;
  strcpy(name, path);
  bscope_lock_release(drain);
  return again || !packer ? BSCOPE_OK : packer(name, NULL);
}
