/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A trace file read while memory runs out (P3, P7): of all that is made of it, each allocation fails in turn, alone and
 * with all that follow. What fails says so and gives everything back; what does not is the same as ever.
 *
 * The program's own malloc fails when told to, and so it does in the libraries that are used. Sanitizers bring theirs:
 * there the library's own calls are wrapped, and jansson is given the same functions.
 */
#include "trace_build.h"

#include "engine.h"

#include <borrowscope/borrowscope.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <sys/stat.h>

#define SEED 99
#define EVENTS 60u

/* --- memory --- */

#if TEST_ASAN || TEST_TSAN
#define MINE(name) __wrap_##name
#define REAL(name) __real_##name
#else
#define MINE(name) name
#define REAL(name) __libc_##name
#endif

void *REAL(malloc)(size_t size);
void *REAL(calloc)(size_t n, size_t size);
void *REAL(realloc)(void *block, size_t size);
void REAL(free)(void *block);
void *MINE(malloc)(size_t size);
void *MINE(calloc)(size_t n, size_t size);
void *MINE(realloc)(void *block, size_t size);
void MINE(free)(void *block);

static bool counting;
static int64_t calls, blocks;
static int64_t fail_from; /* the call that fails, from 1; 0: none */
static bool fail_all;     /* those behind it too */

static bool fails(void) {
  if (!counting)
    return false;
  calls++;
  bool now = fail_from && (calls == fail_from || (fail_all && calls > fail_from));
  if (now)
    errno = ENOMEM;
  return now;
}

static void *given(void *block) {
  blocks += counting && block;
  return block;
}

void *MINE(malloc)(size_t size) {
  return fails() ? NULL : given(REAL(malloc)(size));
}

void *MINE(calloc)(size_t n, size_t size) {
  return fails() ? NULL : given(REAL(calloc)(n, size));
}

void *MINE(realloc)(void *old, size_t size) {
  if (fails())
    return NULL;
  void *block = REAL(realloc)(old, size);
  return old ? block : given(block);
}

void MINE(free)(void *block) {
  blocks -= counting && block;
  REAL(free)(block);
}

#if TEST_ASAN || TEST_TSAN
char *__wrap_strdup(const char *text);
char *__wrap_strdup(const char *text) {
  size_t size = strlen(text) + 1;
  char *copy = __wrap_malloc(size);
  return copy ? memcpy(copy, text, size) : NULL;
}
#endif

/* --- files --- */

static char folder[64], output[96], path[96];

static int make_folder(void **state) {
  (void)state;
  snprintf(folder, sizeof(folder), "/tmp/test_trace_memory.XXXXXX");
  assert_non_null(mkdtemp(folder));
  snprintf(path, sizeof(path), "%s/trace", folder);
  snprintf(output, sizeof(output), "%s/output", folder);
  return 0;
}

static int remove_folder(void **state) {
  (void)state;
  unlink(path);
  unlink(output);
  return rmdir(folder); /* nothing else may be left in it */
}

static void begin(struct build *build) {
  build_begin(build, SEED, 5);
  build_sites(build, 1, BUILD_SITES, true);
  build_threads(build);
}

static void write_clean(void) {
  struct build build;
  uint8_t marks[EVENTS] = {0};
  marks[7] = marks[50] = BUILD_OPEN;
  marks[20] = BUILD_LOST;
  begin(&build);
  build_segment(&build, 9000);
  build_block(&build, 0, EVENTS, marks);
  build_segment(&build, 9000);
  build_block(&build, EVENTS, EVENTS, NULL);
  build_lates(&build, (const uint64_t[]){7, 50}, 2, 50);
  build_done(&build, 2 * EVENTS);
  build_write(build.bytes, build.size, path);
  build_free(&build);
}

static void write_broken(enum bscope_clock clock, uint64_t hole) {
  struct build build;
  begin(&build);
  build_header(&build)->clock = clock;
  build_seal_header(&build);
  struct build_ring ring = build_ring(&build, 256, 0, 0, false), nested = build_ring(&build, 64, 9, 1, true);
  build_segment(&build, 9000);
  build_block(&build, 0, EVENTS, NULL);
  build_block(&build, EVENTS + hole, EVENTS, NULL);
  build_chunk(&build, 2 * EVENTS + hole, EVENTS, NULL);
  for (uint64_t p = 3 * EVENTS + hole; p < 4 * EVENTS + hole; p++)
    build_publish(&build, p % 3 || p > 3 * EVENTS + hole + 20 ? &ring : &nested, p);
  build_sample(&build, 0, 0);
  build_write(build.bytes, build.size, path);
  build_free(&build);
}

static void write_broken_off(void) {
  write_broken(BSCOPE_CLOCK_COUNTER, 90);
}

static void write_broken_off_timed(void) {
  write_broken(BSCOPE_CLOCK_TSC, 90);
}

static void pack(void) {
  assert_int_equal(bscope_log_pack(path, NULL), BSCOPE_OK);
}

static void write_packed(void) {
  write_clean();
  pack();
}

static void write_packed_broken_off(void) {
  write_broken(BSCOPE_CLOCK_COUNTER, 0);
  pack();
}

/* As if this process were writing it: its rings are read twice. */
static void write_live(void) {
  char text[1024], *at;
  size_t size;
  write_broken_off();
  FILE *file = fopen(path, "r+b"), *other = fopen("/proc/self/stat", "r");
  struct bscope_trace_header *h = calloc(1, BSCOPE_GRANULE);
  assert_true(file && other && fread(h, 1, BSCOPE_GRANULE, file) == BSCOPE_GRANULE);
  size = fread(text, 1, sizeof(text) - 1, other);
  text[size] = '\0';
  at = strrchr(text, ')');
  for (int field = 2; field < 22; field++)
    at = strchr(at + 1, ' ');
  h->pid = (uint64_t)getpid();
  h->process_ticks = strtoull(at, NULL, 10);
  fclose(other);
  other = fopen("/proc/sys/kernel/random/boot_id", "r");
  assert_true(other && fgets(h->boot_id, sizeof(h->boot_id), other));
  fclose(other);
  h->boot_id[strcspn(h->boot_id, "\n")] = '\0';
  h->check = build_check(h, h->constant, SIZE_MAX, offsetof(struct bscope_trace_header, check));
  rewind(file);
  assert_int_equal(fwrite(h, 1, BSCOPE_GRANULE, file), BSCOPE_GRANULE);
  fclose(file);
  free(h);
}

/* --- what is made of a file: BSCOPE_OK and a sum of it all, or why not --- */

static uint64_t sum;

static void mix(const void *bytes, size_t size) {
  for (size_t i = 0; i < size; i++)
    sum = (sum ^ ((const uint8_t *)bytes)[i]) * UINT64_C(1099511628211);
}

static void mix_text(const char *text) {
  mix(text ? text : "\1", text ? strlen(text) + 1 : 2);
}

static void mix_event(const struct bscope_log *log, const struct bscope_event *e) {
  const uint64_t numbers[] = {e->stamp,   e->time_ns,      (uint64_t)e->kind, e->thread, e->line,
                              e->subject, e->object,       e->is_mutable,     e->flags,  e->extent,
                              e->site,    e->payload_size, e->payload_cut};
  mix(numbers, sizeof(numbers));
  mix_text(e->name);
  mix_text(e->name2);
  mix_text(e->type_name);
  mix_text(e->file);
  mix_text(e->function);
  mix_text(e->text);
  mix_text(bscope_log_thread_name(log, e->thread));
  mix(e->payload, e->payload_size);
}

static int just_open(const struct bscope_log *log) {
  struct bscope_stats stats;
  struct bscope_trace_info info = {.size = sizeof(info)};
  assert_int_equal(bscope_log_stats(log, &stats) | bscope_log_trace_info(log, &info), BSCOPE_OK);
  mix(&stats, sizeof(stats));
  mix(&info, sizeof(info));
  return BSCOPE_OK;
}

static int walk(const struct bscope_log *log) {
  struct bscope_cursor *cursor = bscope_cursor_create(log, 0);
  struct bscope_event event;
  size_t n = 0;
  for (; bscope_cursor_next(cursor, &event); n++)
    mix_event(log, &event);
  bscope_cursor_free(cursor);
  return n == bscope_log_count(log) ? BSCOPE_OK : BSCOPE_ERR_NO_MEMORY;
}

static int ask(const struct bscope_log *log) {
  struct bscope_event event;
  size_t count = bscope_log_count(log);
  int status = BSCOPE_OK;
  for (size_t i = 0; i < count && status == BSCOPE_OK; i += 7)
    if ((status = bscope_log_at(log, i * 31 % count, &event)) == BSCOPE_OK)
      mix_event(log, &event);
  return status;
}

static int tell(const struct bscope_log *log) {
  struct bscope_story *story = bscope_story_create(log);
  struct bscope_event event;
  struct bscope_meaning meaning;
  int status = story ? 1 : BSCOPE_ERR_NO_MEMORY;
  while (status == 1 && (status = bscope_story_next(story, &event, &meaning)) == 1)
    mix_event(log, &event);
  bscope_story_free(story);
  return status;
}

static int build_graph(const struct bscope_log *log) {
  struct bscope_graph *graph = bscope_graph_build(log);
  struct bscope_node node;
  for (size_t i = 0; i < bscope_graph_node_count(graph); i++) {
    assert_int_equal(bscope_graph_node(graph, i, &node), BSCOPE_OK);
    mix_text(node.id);
    mix_text(node.name);
    mix(&node.created_at, sizeof(node.created_at));
    mix(&node.ended_at, sizeof(node.ended_at));
  }
  bscope_graph_free(graph);
  return graph ? BSCOPE_OK : BSCOPE_ERR_NO_MEMORY;
}

static int validate(const struct bscope_log *log) {
  int status = bscope_log_validate(log);
  mix(&status, sizeof(status));
  return status == BSCOPE_ERR_INVALID_EVENT_SEQUENCE ? BSCOPE_OK : status;
}

static int export_to_string(const struct bscope_log *log) {
  char *text = bscope_log_export_json_to_string(log, NULL);
  mix_text(text);
  bscope_string_free(text);
  return text ? BSCOPE_OK : BSCOPE_ERR_NO_MEMORY;
}

/* The sum of the file. */
static void mix_file(const char *name) {
  uint8_t bytes[4096];
  ssize_t n;
  int fd = open(name, O_RDONLY | O_CLOEXEC);
  while (fd >= 0 && (n = read(fd, bytes, sizeof(bytes))) > 0)
    mix(bytes, (size_t)n);
  if (fd >= 0)
    close(fd);
}

static int export_to_path(const struct bscope_log *log) {
  int status = bscope_log_export_json(log, output, NULL);
  mix_file(output);
  unlink(output);
  return status;
}

static int pack_again(const struct bscope_log *log) {
  (void)log;
  int status = bscope_log_pack(path, output);
  mix_file(output);
  unlink(output);
  return status;
}

static int open_and(int (*use)(const struct bscope_log *log)) {
  sum = UINT64_C(14695981039346656037);
  struct bscope_log *log = bscope_log_open(path);
  int status = log ? use(log) : BSCOPE_ERR_NO_MEMORY;
  bscope_log_free(log);
  return status;
}

/* --- each allocation --- */

static int attempt(int (*use)(const struct bscope_log *log), int64_t from, bool all) {
  calls = blocks = 0;
  fail_from = from;
  fail_all = all;
  counting = true;
  int status = open_and(use);
  counting = false;
  return status;
}

static void check_attempt(int (*use)(const struct bscope_log *log), int64_t from, bool all, uint64_t right) {
  (void)bscope_log_open(NULL); /* another message than that of the attempt */
  int status = attempt(use, from, all);
  bool fine = blocks == 0 && (status == BSCOPE_OK ? sum == right : status == BSCOPE_ERR_NO_MEMORY);
  if (!fine || (status && !strstr(bscope_last_error(), "memory")))
    fail_msg("call %lld fails%s: status %d, %lld blocks are left, the sum is %s, \"%s\"", (long long)from,
             all ? " and all behind it" : "", status, (long long)blocks, sum == right ? "right" : "wrong",
             bscope_last_error());
}

static void check_use(const char *name, int (*use)(const struct bscope_log *log), bool may_fail) {
  int status = open_and(use); /* whatever is made once is made */
  if (status && may_fail)
    return;
  assert_int_equal(status, BSCOPE_OK);
  uint64_t right = sum;
  assert_int_equal(attempt(use, 0, false), BSCOPE_OK);
  assert_int_equal(blocks, 0);
  assert_true(sum == right);
  int64_t all = calls;
  assert_true(all > 5);
  for (int64_t n = 1; n <= all; n++) {
    check_attempt(use, n, false, right);
    check_attempt(use, n, true, right);
  }
  print_message("  %-10s %lld allocations\n", name, (long long)all);
}

static void check_file(void (*make)(void), bool may_be_packed) {
  static const struct {
    const char *name;
    int (*use)(const struct bscope_log *log);
  } uses[] = {{"open", just_open},
              {"walk", walk},
              {"ask", ask},
              {"story", tell},
              {"graph", build_graph},
              {"validate", validate},
              {"string", export_to_string},
              {"path", export_to_path},
              {"pack", pack_again}};
  make();
  for (size_t i = 0; i < TEST_COUNT(uses); i++)
    check_use(uses[i].name, uses[i].use, uses[i].use == pack_again && !may_be_packed);
}

#define FILES(X)                                                                                                       \
  X(clean, true)                                                                                                       \
  X(broken_off, false)                                                                                                 \
  X(broken_off_timed, false)                                                                                           \
  X(packed, false)                                                                                                     \
  X(packed_broken_off, false)                                                                                          \
  X(live, false)
#define TEST(name, packs)                                                                                              \
  static void test_##name(void **state) {                                                                              \
    (void)state;                                                                                                       \
    check_file(write_##name, packs);                                                                                   \
  }
FILES(TEST)

int main(void) {
#if TEST_ASAN || TEST_TSAN
  json_set_alloc_funcs(__wrap_malloc, __wrap_free);
#endif
#define ENTRY(name, packs) cmocka_unit_test_setup_teardown(test_##name, make_folder, remove_folder),
  const struct CMUnitTest tests[] = {FILES(ENTRY)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
