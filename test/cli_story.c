/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line program over stories instead of files: a FILE called NAME.story is the story of that name, told
 * here. Everything that the program prints of it is therefore known.
 */
#include "events.h"
#include "trace.h"

#include "base/error.h"
#include "log/fixture.h"

#include <borrowscope/borrowscope.h>

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct bscope_event small[] = {
    EV_NEW(0, "x"),                                 /* 0 */
    EV_BORROW(0, "r", "&x", 8000),                  /* 1 */
    EV_BORROW_END(0, "r"),                          /* 2 */
    EV_NEW_AT(0, "buf", "malloc(64)", 100, 64),     /* 3 */
    EV_BORROW_AT(0, "view", "buf + 8", 108),        /* 4 */
    EV_USE_AT(0, 100, "buf"),                       /* 5 */
    EV_BORROW_END(0, "view"),                       /* 6 */
    EV_MOVE_AT(0, "buf", 100, "queued"),            /* 7 */
    EV_MOVE_AT(1, "item", 100, "mine"),             /* 8 */
    EV_BORROW_MUT(1, "m", "mine", 100),             /* 9 */
    EV_DROP_AT(1, "mine", 100),                     /* 10 */
    EV_DROP(0, "x"),                                /* 11 */
    EV_NEW(1, "x"),                                 /* 12 */
    EV_BORROW(1, "lost_one", "elsewhere()", 99999), /* 13 */
};

static const struct bscope_event wrong[] = {
    EV_NEW(0, "x"),
    EV_DROP(0, "x"),
    EV_DROP(0, "x"),
};

static const struct bscope_event hostile[] = {
    EV_NEW(0, "\033]0;owned\007"),
    EV_NEW(0, "\xe2\x80\xae"
              "drawkcab"),
    EV_NEW(0, "bad\xff\xc0utf8"),
    EV_NEW(0, "=cmd|'/c calc'!A0"),
    EV_NEW(0, "quote\"comma,"),
    EV_NEW(0, "gr\xc3\xb6\xc3\x9f"
              "e"),
    EV_NEW(0, "line\nbreak"),
};

static const struct bscope_event lossy[] = {
    EV_NEW(0, "x"),
    EV_LOST(),
    EV_OPEN(),
    EV_DROP(0, "x"),
};

#define MANY 20000

static const struct {
  const char *name;
  const struct bscope_event *events;
  size_t count;
  enum cli_state state;
  uint64_t damaged;
} stories[] = {
#define STORY(events) events, sizeof(events) / sizeof((events)[0])
    {"small", STORY(small), CLI_ENDED, 0},     {"wrong", STORY(wrong), CLI_ENDED, 0},
    {"hostile", STORY(hostile), CLI_ENDED, 0}, {"lossy", STORY(lossy), CLI_DIED, 0},
    {"empty", NULL, 0, CLI_ENDED, 0},          {"many", NULL, MANY, CLI_ENDED, 0},
    {"live", STORY(small), CLI_LIVE, 0},       {"died", STORY(small), CLI_DIED, 0},
    {"damaged", STORY(small), CLI_ENDED, 1},
#undef STORY
};

/* Each with a place and a time. */
static struct bscope_log *tell(const struct bscope_event *events, size_t count) {
  struct bscope_event *told = calloc(count + 1, sizeof(*told));
  for (size_t i = 0; told != NULL && i < count; i++) {
    told[i] = events != NULL
                  ? events[i]
                  : (struct bscope_event){.kind = i % 2 == 0 ? BSCOPE_KIND_NEW : BSCOPE_KIND_DROP, .name = "v"};
    told[i].stamp = i;
    told[i].time_ns = 1000000000 + i * 1500000;
    if (told[i].kind == BSCOPE_KIND_LOST || told[i].kind == BSCOPE_KIND_OPEN)
      continue;
    told[i].file = "src/story.c";
    told[i].line = 10 + (uint32_t)i;
    told[i].function = "tell";
    told[i].type_name = told[i].kind == BSCOPE_KIND_NEW ? "int" : NULL;
  }
  struct bscope_log *log = told == NULL ? NULL : bscope_log_from_events(told, count);
  free(told);
  return log;
}

/* A thread that takes over what the main one made, and tracks on until there are STORY_EVENTS. */
static void *receive(void *block) {
  const char *wanted = getenv("STORY_EVENTS");
  unsigned long long events = wanted == NULL ? 0 : strtoull(wanted, NULL, 10);
  pthread_setname_np(pthread_self(), "receiver");
  bscope_move_at(block, "received");
  for (unsigned long long i = 10; i < events; i += 4) {
    int turn = bscope_track_new("turn", (int)i);
    const int *look = bscope_track_borrow("look", &turn);
    (void)look;
    bscope_borrow_end("look");
    bscope_track_drop("turn");
  }
  bscope_drop_at(block);
  return NULL;
}

/* What this very process records, with two threads. */
static struct bscope_log *record(void) {
  struct bscope_options options = {.size = sizeof(options), .memory = (size_t)2 << 30};
  pthread_t thread;
  if (bscope_start(&options) != BSCOPE_OK)
    return NULL;
  pthread_setname_np(pthread_self(), "sender");
  char *block = bscope_new_at("block", malloc(32), 32);
  char *half = bscope_borrow_range_at("half", block, 16);
  (void)half;
  bscope_use_at(block, "block");
  bscope_borrow_end("half");
  block = bscope_realloc_at(block, 64);
  bscope_move_at(block, "sent");
  if (pthread_create(&thread, NULL, receive, block) == 0)
    pthread_join(thread, NULL);
  free(block);
  if (getenv("STORY_DIES") != NULL)
    raise(SIGKILL);
  return bscope_get_events();
}

bool cli_trace_read(struct cli_trace *trace) {
  const char *name = strrchr(trace->path, '/') == NULL ? trace->path : strrchr(trace->path, '/') + 1;
  if (strcmp(name, "recorded.story") == 0) {
    trace->log = record();
    return trace->log != NULL;
  }
  for (size_t i = 0; i < sizeof(stories) / sizeof(stories[0]); i++) {
    size_t size = strlen(stories[i].name);
    if (strncmp(stories[i].name, name, size) != 0 || strcmp(name + size, ".story") != 0)
      continue;
    trace->log = tell(stories[i].events, stories[i].count);
    trace->state = stories[i].state == CLI_LIVE && getenv("STORY_ENDS") != NULL ? CLI_ENDED : stories[i].state;
    trace->recovered = trace->state == CLI_DIED ? 5 : 0;
    trace->damaged = stories[i].damaged;
    trace->damage_offset = 4096;
    strcpy(trace->damage, "a block's check is wrong");
    strcpy(trace->program, "story\033[31m");
    strcpy(trace->library, "0.1.0");
    if (trace->state == CLI_LIVE)
      setenv("STORY_ENDS", "1", 1); /* whoever follows it finds it ended */
    return trace->log != NULL;
  }
  bscope_fail(BSCOPE_ERR_FORMAT, "%s: offset 0: this is no trace", trace->path);
  return false;
}

/* The same stories as events of this process, for a trace file that the environment asks for. */
static struct {
  pthread_mutex_t lock;
  pthread_cond_t turned;
  const struct bscope_event *events;
  size_t count;
  size_t turn;
} stage = {.lock = PTHREAD_MUTEX_INITIALIZER, .turned = PTHREAD_COND_INITIALIZER};

static void emit(const struct bscope_event *event, size_t i) {
  const struct bscope_site_info info = {.size = sizeof(info),
                                        .kind = (uint8_t)event->kind,
                                        .subject_is = (uint8_t)event->subject_is,
                                        .object_is = (uint8_t)event->object_is,
                                        .flags = event->flags,
                                        .line = 10 + (uint32_t)i,
                                        .name = event->name,
                                        .name2 = event->name2,
                                        .type = event->kind == BSCOPE_KIND_NEW ? "int" : NULL,
                                        .file = "src/story.c",
                                        .function = "tell",
                                        .text = event->text};
  bscope_emit(bscope_site_intern(&info), event->subject, event->object);
}

/* A thread of the story: its events, each when it is their turn. */
static void *play(void *number) {
  for (size_t i = 0; i < stage.count; i++) {
    if (stage.events[i].thread != *(const uint32_t *)number)
      continue;
    pthread_mutex_lock(&stage.lock);
    while (stage.turn != i)
      pthread_cond_wait(&stage.turned, &stage.lock);
    emit(&stage.events[i], i);
    stage.turn++;
    pthread_cond_broadcast(&stage.turned);
    pthread_mutex_unlock(&stage.lock);
  }
  return NULL;
}

static int play_story(const char *name) {
  uint32_t numbers[] = {0, 1};
  pthread_t other;
  for (size_t i = 0; i < sizeof(stories) / sizeof(stories[0]); i++)
    if (strcmp(stories[i].name, name) == 0)
      stage.events = stories[i].events, stage.count = stories[i].count;
  pthread_setname_np(pthread_self(), "");
  if (stage.events == NULL || pthread_create(&other, NULL, play, &numbers[1]) != 0)
    return 1;
  play(&numbers[0]);
  pthread_join(other, NULL);
  if (getenv("STORY_DIES") != NULL)
    raise(SIGKILL);
  return 0;
}

int main(int argc, char **argv) {
  if (argc == 3 && strcmp(argv[1], "--play") == 0)
    return play_story(argv[2]);
  return cli_main(argc, argv, STDOUT_FILENO, stderr);
}
