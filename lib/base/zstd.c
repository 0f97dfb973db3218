/* SPDX-License-Identifier: Apache-2.0 */
#include "base/zstd.h"

#include "base/util.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *library = "libzstd.so.1";
static struct bscope_zstd zstd;
static bool loaded;

void bscope_zstd_test_name(const char *name) {
  library = name;
  loaded = false;
}

/* Never closed again: its functions may be in use. */
static bool load(void) {
  static const char names[][28] = {"ZSTD_compress", "ZSTD_decompress", "ZSTD_compressBound", "ZSTD_isError",
                                   "ZSTD_getFrameContentSize"};
  void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
  void *places[BSCOPE_COUNT(names)];
  _Static_assert(sizeof(places) == sizeof(zstd), "a name for each function");
  for (size_t i = 0; i < BSCOPE_COUNT(names); i++)
    if (!handle || !(places[i] = dlsym(handle, names[i])))
      return false;
  memcpy(&zstd, places, sizeof(zstd));
  return true;
}

const struct bscope_zstd *bscope_zstd_get(void) {
  pthread_mutex_lock(&lock);
  loaded = loaded || load();
  bool found = loaded;
  pthread_mutex_unlock(&lock);
  return found ? &zstd : NULL;
}
