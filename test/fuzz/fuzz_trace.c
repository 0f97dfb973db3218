/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a trace file: it is opened and used; whatever the reader takes of it must be safe, quick and small. As a
 * rule the checksums are mended before that, or almost no input would come any further than them; an odd number in the
 * header's reserved word leaves them as they are.
 */
#include "base/trace.h"
#include "base/zstd.h"

#include "harness_fuzz.h"

#include <borrowscope/borrowscope.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define INPUT_MOST (256u << 10)

static size_t read_bytes(const uint8_t *bytes, size_t size) {
  static int fd = -1;
  char path[64];
  struct bscope_log *log;
  size_t sum = 0;

  if (fd < 0)
    fd = memfd_create("trace", MFD_CLOEXEC);
  if (fd < 0 || pwrite(fd, bytes, size, 0) != (ssize_t)size || ftruncate(fd, (off_t)size))
    abort();
  snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
  fuzz_begin(size);
  log = bscope_log_open(path);
  if (log)
    sum = fuzz_use(log);
  bscope_log_free(log);
  fuzz_end();
  return sum;
}

/* What is made once, and kept, is made before anything is counted. */
static void begin(void) {
  static bool begun;

  if (!begun)
    (void)bscope_zstd_get();
  begun = true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const size_t place = offsetof(struct bscope_trace_header, reserved);
  bool as_it_is = size > place && (data[place] & 1);
  uint8_t *copy;

  if (size > INPUT_MOST)
    return 0;
  begin();
  if (as_it_is || fuzz_thoroughly)
    (void)read_bytes(data, size);
  if (as_it_is && !fuzz_thoroughly)
    return 0;
  copy = malloc(size + 1);
  memcpy(copy, data, size);
  fuzz_seal(copy, size);
  (void)read_bytes(copy, size);
  free(copy);
  return 0;
}
