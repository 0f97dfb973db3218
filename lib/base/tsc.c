/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must be true of processor and kernel is asked each time a session begins: a kernel may cease to trust the
 * counter at run time, and then changes its clocksource.
 */
#include "base/tsc.h"

#include "base/atomic.h"
#include "base/util.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/membarrier.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#define CLOCKSOURCE "/sys/devices/system/clocksource/clocksource0/current_clocksource"
#define PAIR_TRIES 3
#define PAIR_GOOD 1000u /* ticks between two reads of the counter that nothing interrupted */

static uint32_t trusted; /* atomic: a test vouches for the counter */

void bscope_tsc_test_trust(bool trusts) {
  bscope_store_relaxed(&trusted, trusts);
}

/* Constant rate, and running in all sleep states: one bit of the processor. */
static bool is_invariant(void) {
#if defined(__x86_64__)
  uint32_t a, b, c, d;
  return __get_cpuid(0x80000007u, &a, &b, &c, &d) && (d >> 8 & 1);
#else
  return false;
#endif
}

static bool kernel_keeps_time_by_it(void) {
  char name[8] = {0};
  int fd = open(CLOCKSOURCE, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return false;
  ssize_t size = read(fd, name, sizeof(name) - 1);
  close(fd);
  return size >= 3 && strncmp(name, "tsc", 3) == 0 && (name[3] == '\n' || name[3] == '\0');
}

static const char *refusal(void) {
#if !defined(__x86_64__)
  return "this processor has no time stamp counter that the library can read (x86-64 has); use clock=counter";
#endif
  if (!is_invariant())
    return "this processor's time stamp counter is not constant and non-stop; use clock=counter";
  if (!bscope_load_relaxed(&trusted) && !kernel_keeps_time_by_it())
    return "the kernel does not keep time by the time stamp counter (" CLOCKSOURCE
           " is not tsc), so it may differ between processors; use clock=counter, or boot with clocksource=tsc";
  if (syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) != 0)
    return "the kernel has no membarrier (MEMBARRIER_CMD_PRIVATE_EXPEDITED, Linux 4.14), or a filter forbids it; use "
           "clock=counter";
  return NULL;
}

const char *bscope_tsc_refusal(void) {
  int saved = errno;
  const char *why = refusal();
  errno = saved;
  return why;
}

bool bscope_tsc_barrier(void) {
  int saved = errno;
  bool done = syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0;
  errno = saved;
  return done;
}

struct bscope_tsc_pair bscope_tsc_now(void) {
  struct bscope_tsc_pair best = {0, 0};
  uint64_t width = UINT64_MAX;
  for (int i = 0; i < PAIR_TRIES && width > PAIR_GOOD; i++) {
    uint64_t before = bscope_tsc(), ns = bscope_now_ns(), after = bscope_tsc();
    if (after - before < width) {
      width = after - before;
      best = (struct bscope_tsc_pair){before + width / 2, ns};
    }
  }
  return best;
}
