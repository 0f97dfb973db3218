/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sites by return address: an open table that only grows. Two threads that come to a new place at once find the same
 * site, since equal information is interned once.
 */
#include "caller.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PLACES (1u << 16)
#define LOOKS_MOST 64u /* beyond so many neighbours a place has no entry and is looked up every time */
#define TEXT_MAX 512

struct place {
  uintptr_t key; /* atomic: 0 free; stored with release, behind the sites, loaded with acquire */
  const struct bscope_site *site;
};

static struct place places[PLACES];

struct act {
  const char *text; /* what it is called in the program: what stands for the argument */
  uint8_t kind;
  uint8_t object_is;
};

static const struct act acts[CALLER_ACTS] = {
    [CALLER_NEW] = {"malloc", BSCOPE_KIND_NEW, BSCOPE_WORD_SIZE},
    [CALLER_DROP] = {"free", BSCOPE_KIND_DROP, BSCOPE_WORD_NONE},
    [CALLER_RESIZE_BEGIN] = {"realloc", BSCOPE_KIND_RESIZE_BEGIN, BSCOPE_WORD_SIZE},
    [CALLER_RESIZE_END] = {"realloc", BSCOPE_KIND_HEAP_REALLOC, BSCOPE_WORD_SIZE},
};

/* Its last part: names of blocks and of places should be short. */
static const char *base_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash != NULL ? slash + 1 : path;
}

/* Who calls: the function, where the object file names it, or else the object file; and the place for addr2line. */
static const struct bscope_site *intern(enum caller_act act, const void *return_address) {
  char file[TEXT_MAX], name[TEXT_MAX];
  Dl_info info;
  const char *function = NULL;
  if (dladdr(return_address, &info) != 0 && info.dli_fname != NULL && info.dli_fname[0] != '\0') {
    /* One byte back: the call itself. */
    uintptr_t offset = (uintptr_t)return_address - 1 - (uintptr_t)info.dli_fbase;
    function = info.dli_sname;
    (void)snprintf(file, sizeof(file), "%s+0x%lx", info.dli_fname, (unsigned long)offset);
    (void)snprintf(name, sizeof(name), "%s", function != NULL ? function : base_name(info.dli_fname));
  } else {
    (void)snprintf(file, sizeof(file), "[code made at run time]");
    (void)snprintf(name, sizeof(name), "block");
  }
  const struct bscope_site_info site = {.size = sizeof(site),
                                        .kind = acts[act].kind,
                                        .subject_is = BSCOPE_WORD_ADDRESS,
                                        .object_is = acts[act].object_is,
                                        .flags = BSCOPE_SITE_BY_ADDRESS,
                                        .name = act == CALLER_NEW ? name : NULL,
                                        .file = file,
                                        .function = function,
                                        .text = act == CALLER_RESIZE_BEGIN || act == CALLER_RESIZE_END ? name : NULL};
  return bscope_site_intern(&site);
}

const struct bscope_site *caller_site(enum caller_act act, const void *return_address) {
  uintptr_t key = ((uintptr_t)return_address << 2) | (uintptr_t)act; /* addresses have room above */
  uint64_t at = (key * UINT64_C(0x9e3779b97f4a7c15)) >> 40;
  for (unsigned looks = 0; looks < LOOKS_MOST; looks++, at++) {
    struct place *place = &places[at % PLACES];
    uintptr_t held = __atomic_load_n(&place->key, __ATOMIC_ACQUIRE); /* with the release below */
    if (held == key)
      return place->site;
    if (held != 0)
      continue;
    int saved = errno;
    const struct bscope_site *site = intern(act, return_address);
    errno = saved;
    /* 1 is no key: the entry is being filled in. Whoever comes second does without it. */
    if (site != NULL && __atomic_compare_exchange_n(&place->key, &held, 1, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
      place->site = site;
      __atomic_store_n(&place->key, key, __ATOMIC_RELEASE);
    }
    return site;
  }
  return intern(act, return_address);
}
