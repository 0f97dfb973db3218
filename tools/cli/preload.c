/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the library that records heap and locks lies: beside libborrowscope, or where a build puts it.
 */
#include "run.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME "libborrowscope-preload.so"
#define SET "LD_PRELOAD"

static const char *const folders[] = {"/", "/../tools/preload/"};

/* The folder of libborrowscope, its length in *length. Borrowed from the loader. */
static const char *library_folder(size_t *length) {
  Dl_info info;
  void *symbol = dlsym(RTLD_DEFAULT, "bscope_emit");
  const char *slash = symbol != NULL && dladdr(symbol, &info) != 0 ? strrchr(info.dli_fname, '/') : NULL;
  *length = slash != NULL ? (size_t)(slash - info.dli_fname) : 1;
  return slash != NULL ? info.dli_fname : ".";
}

/* Owned; NULL: no such file, or no memory. */
static char *find(void) {
  size_t length;
  const char *folder = library_folder(&length);
  for (size_t i = 0; i < CLI_COUNT(folders); i++) {
    char *path = NULL, *whole = NULL;
    if (asprintf(&path, "%.*s%s" NAME, (int)length, folder, folders[i]) > 0)
      whole = realpath(path, NULL);
    free(path);
    if (whole != NULL)
      return whole;
  }
  return NULL;
}

char *cli_run_preload(const struct cli *cli) {
  const char *set = getenv(SET);
  char *path = find(), *value;
  if (path == NULL) {
    cli_complain(cli, "run: --heap and --locks need " NAME ", which is not beside libborrowscope.so; install it there");
    return NULL;
  }
  if (strpbrk(path, " :") != NULL)
    value = NULL, cli_complain(cli, "run: --heap, --locks: the loader takes no path with a space or a colon: %s", path);
  else if (asprintf(&value, "%s%s%s", path, set != NULL && set[0] != '\0' ? ":" : "", set != NULL ? set : "") < 0)
    value = NULL, cli_complain(cli, "run: no memory");
  free(path);
  return value;
}
