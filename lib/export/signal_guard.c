/* SPDX-License-Identifier: Apache-2.0 */
/* Both signals are sent to the writing thread itself, so they are pending when the write returns. */
#include "export/signal_guard.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

void bscope_signal_guard_begin(struct bscope_signal_guard *guard) {
  sigset_t both;
  sigemptyset(&both);
  sigaddset(&both, SIGPIPE);
  sigaddset(&both, SIGXFSZ);
  sigemptyset(&guard->pending);
  pthread_sigmask(SIG_BLOCK, &both, &guard->mask);
  sigpending(&guard->pending);
}

/* Takes back a pending signal, unless it was pending before. */
static void take_back(const struct bscope_signal_guard *guard, int number) {
  if (sigismember(&guard->pending, number))
    return;
  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, number);
  const struct timespec at_once = {0, 0};
  while (sigtimedwait(&one, NULL, &at_once) < 0 && errno == EINTR) {
  }
}

void bscope_signal_guard_end(const struct bscope_signal_guard *guard, int error) {
  int saved = errno;
  if (error == EPIPE)
    take_back(guard, SIGPIPE);
  if (error == EFBIG)
    take_back(guard, SIGXFSZ);
  pthread_sigmask(SIG_SETMASK, &guard->mask, NULL);
  errno = saved;
}

int bscope_write_all(int fd, const void *bytes, size_t size) {
  for (const char *from = bytes; size > 0;) {
    ssize_t n = write(fd, from, size);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return n < 0 ? errno : EIO;
    from += n;
    size -= (size_t)n;
  }
  return 0;
}
