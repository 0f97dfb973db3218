/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzz target over files, without libFuzzer: a kept corpus, or what a fuzzer has found.
 *
 * usage: NAME FILE...             runs each
 *        NAME --seeds DIRECTORY   writes inputs to begin with
 */
#include "harness_fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int run(const char *path) {
  FILE *file = fopen(path, "rb");
  uint8_t *bytes = NULL;
  size_t size = 0, n = 0;

  if (!file) {
    perror(path);
    return 1;
  }
  do {
    bytes = realloc(bytes, size + (1u << 20));
    n = bytes ? fread(bytes + size, 1, 1u << 20, file) : 0;
    size += n;
  } while (n);
  fclose(file);
  LLVMFuzzerTestOneInput(bytes, size);
  free(bytes);
  printf("%s: %zu bytes\n", path, size);
  return 0;
}

int main(int argc, char **argv) {
  int status = 0;

  if (argc == 3 && strcmp(argv[1], "--seeds") == 0) {
    fuzz_write_seeds(argv[2]);
    return 0;
  }
  for (int i = 1; i < argc; i++)
    status |= run(argv[i]);
  return argc < 2 ? 2 : status;
}
