/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a JSON document: it is imported and used. What the log that came of it is exported as must be taken
 * again, and give as many events.
 */
#include "harness_fuzz.h"

#include <borrowscope/borrowscope.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MOST (64u << 10)
#define EVENTS_AGAIN 500u

static void take_again(const struct bscope_log *log) {
  char *text = bscope_log_export_json_to_string(log, NULL);
  struct bscope_log *again = text ? bscope_log_import_json_string(text, strlen(text)) : NULL;

  if (text && !again) {
    fprintf(stderr, "%s: %s\n", bscope_last_error(), text);
    abort();
  }
  bscope_log_free(again);
  bscope_string_free(text);
}

static void import(const char *text, size_t size) {
  struct bscope_log *log = bscope_log_import_json_string(text, size);

  if (log) {
    (void)fuzz_use(log);
    if (bscope_log_count(log) <= EVENTS_AGAIN)
      take_again(log);
  } else if (!*bscope_last_error()) {
    abort();
  }
  bscope_log_free(log);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static bool begun;
  char *copy;

  if (size > INPUT_MOST)
    return 0;
  if (!begun) /* what is made once, and kept, is made before anything is counted */
    bscope_log_free(bscope_log_import_json_string("", 0));
  begun = true;
  copy = malloc(size ? size : 1); /* no byte behind it is ours */
  memcpy(copy, data, size);
  fuzz_begin(size);
  import(copy, size);
  fuzz_end();
  free(copy);
  return 0;
}
