/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzz target over files, without a fuzzer: a kept corpus, or what a fuzzer has found.
 *
 * usage: NAME PATH...             runs each file, and each in a directory
 *        NAME --seeds DIRECTORY   writes inputs to begin with
 */
#include "harness_fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t files;

static int run_file(const char *path, FILE *file) {
  uint8_t *bytes = NULL, *more;
  size_t size = 0, n;

  do {
    more = realloc(bytes, size + (1u << 20));
    if (!more)
      abort();
    bytes = more;
    n = fread(bytes + size, 1, 1u << 20, file);
    size += n;
  } while (n);
  if (ferror(file)) {
    perror(path);
    free(bytes);
    return 1;
  }
  fprintf(stderr, "%s: %zu bytes\n", path, size); /* before: if it crashes, this is the one */
  LLVMFuzzerTestOneInput(bytes, size);
  free(bytes);
  files++;
  return 0;
}

static int run(const char *path);

static int run_folder(const char *path) {
  struct dirent **entries;
  int count = scandir(path, &entries, NULL, alphasort), status = count < 0;

  for (int i = 0; i < count; free(entries[i++])) {
    char inner[4096];

    if (entries[i]->d_name[0] == '.')
      continue;
    if (snprintf(inner, sizeof(inner), "%s/%s", path, entries[i]->d_name) >= (int)sizeof(inner))
      status = 1;
    else
      status |= run(inner);
  }
  if (count >= 0)
    free(entries);
  return status;
}

static int run(const char *path) {
  DIR *folder = opendir(path);
  FILE *file;
  int status;

  if (folder) {
    closedir(folder);
    return run_folder(path);
  }
  file = fopen(path, "rb");
  if (!file) {
    perror(path);
    return 1;
  }
  status = run_file(path, file);
  fclose(file);
  return status;
}

int main(int argc, char **argv) {
  int status = 0;

  if (argc == 3 && strcmp(argv[1], "--seeds") == 0) {
    fuzz_write_seeds(argv[2]);
    return 0;
  }
  fuzz_thoroughly = true;
  for (int i = 1; i < argc; i++)
    status |= run(argv[i]);
  printf("%zu files\n", files);
  return argc < 2 || files == 0 ? 2 : status;
}
