/* SPDX-License-Identifier: Apache-2.0 */
#include "collect/environment.h"

#include "base/atomic.h"
#include "base/trace_file.h"
#include "base/tsc.h"
#include "base/util.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static struct bscope_settings settings;
static uint32_t state; /* atomic: 0 unread, 1 being read, 2 read */

/* One write for a line, without stdio: the host's streams may be in any state. */
static void say(void *context, const char *line) {
  (void)context;
  const char *prefix = "borrowscope: ";
  const struct iovec parts[] = {{(void *)(uintptr_t)prefix, strlen(prefix)},
                                {(void *)(uintptr_t)line, strlen(line)},
                                {(void *)(uintptr_t) "\n", 1}};
  (void)!writev(STDERR_FILENO, parts, BSCOPE_COUNT(parts));
}

void bscope_environment_say(const char *line) {
  say(NULL, line);
}

static void complain_of_clock(const char *refusal, bool speaks) {
  char line[384];
  snprintf(line, sizeof(line), "clock='tsc' is not to be had: %s; recording with the counter", refusal);
  if (speaks)
    say(NULL, line);
}

static void read_once(bool speaks) {
  bscope_settings_default(&settings);
  const char *text = secure_getenv("BORROWSCOPE_OPTIONS");
  if (text)
    bscope_settings_parse(&settings, text, speaks ? say : NULL, NULL);
  bscope_trace_file_make_absolute(settings.file, sizeof(settings.file));
  const char *refusal = settings.clock == BSCOPE_CLOCK_TSC ? bscope_tsc_refusal() : NULL;
  if (refusal) {
    settings.clock = BSCOPE_CLOCK_COUNTER;
    complain_of_clock(refusal, speaks);
  }
  if (settings.help && speaks)
    bscope_settings_help(say, NULL);
}

void bscope_environment_read(bool speaks) {
  uint32_t unread = 0;
  if (!bscope_cas_acq_rel(&state, &unread, 1))
    return;
  read_once(speaks);
  bscope_store_release(&state, 2); /* pairs with bscope_environment_settings */
}

const struct bscope_settings *bscope_environment_settings(void) {
  bscope_environment_read(false);
  /* Another thread is reading, or this one was interrupted at it: the former ends soon, the latter gets what is there.
   */
  for (unsigned i = 0; i < 1000 && bscope_load_acquire(&state) != 2; i++)
    sched_yield();
  return &settings;
}
