/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sites by return address: an open table that only grows. Two threads that come to a new place at once find the same
 * site, since equal information is interned once.
 */
#include "caller.h"
#include "next.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
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
  uint8_t kind;
  uint8_t subject_is;
  uint8_t object_is;
  bool names; /* what begins is called after who asks */
  bool texts; /* who asks is the argument */
  bool locks;
  const char *type;
};

static const struct act acts[CALLER_ACTS] = {
    [CALLER_NEW] = {BSCOPE_KIND_NEW, BSCOPE_WORD_ADDRESS, BSCOPE_WORD_SIZE, .names = true},
    [CALLER_DROP] = {BSCOPE_KIND_DROP, BSCOPE_WORD_ADDRESS, BSCOPE_WORD_NONE, .locks = false},
    [CALLER_RESIZE_BEGIN] = {BSCOPE_KIND_RESIZE_BEGIN, BSCOPE_WORD_ADDRESS, BSCOPE_WORD_SIZE, .texts = true},
    [CALLER_RESIZE_END] = {BSCOPE_KIND_HEAP_REALLOC, BSCOPE_WORD_ADDRESS, BSCOPE_WORD_SIZE, .texts = true},
#define LOCK(type_)                                                                                                    \
  { BSCOPE_KIND_LOCK_GUARD_ACQUIRE, BSCOPE_WORD_ID, BSCOPE_WORD_ADDRESS, true, false, true, type_ }
    [CALLER_MUTEX] = LOCK("Mutex"),
    [CALLER_READ] = LOCK("RwLock::read"),
    [CALLER_WRITE] = LOCK("RwLock::write"),
#undef LOCK
    [CALLER_UNLOCK] = {BSCOPE_KIND_LOCK_GUARD_DROP, BSCOPE_WORD_ID, BSCOPE_WORD_NONE, .locks = true},
};

/* Its last part: names of blocks and of places should be short. */
static const char *base_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash != NULL ? slash + 1 : path;
}

/* The object file of the code, and where it begins. */
struct origin {
  const char *file;
  const char *function;
  uintptr_t begin;
};

static bool find_origin(const struct act *act, const void *return_address, struct origin *out) {
  Dl_info info;
  struct dl_find_object object;
  if (!act->locks && dladdr(return_address, &info) != 0)
    *out = (struct origin){info.dli_fname, info.dli_sname, (uintptr_t)info.dli_fbase};
  else if (act->locks && _dl_find_object((void *)(uintptr_t)return_address, &object) == 0)
    *out = (struct origin){object.dlfo_link_map->l_name, NULL, (uintptr_t)object.dlfo_map_start};
  else
    return false;
  if (out->file != NULL && out->file[0] == '\0')
    out->file = program_invocation_name;
  return out->file != NULL;
}

/* Ours, what we use, and an allocator: their locks are no matter of the program, or can't be recorded. */
static bool is_let_through(const struct act *act, const void *return_address) {
  struct origin origin;
  if (!act->locks || !find_origin(act, return_address, &origin))
    return false;
  const char *name = base_name(origin.file);
  return strncmp(name, "libborrowscope", 14) == 0 || strncmp(name, "liburcu", 7) == 0 ||
         next_is_let_through(return_address);
}

/* Who calls: the function, where the object file names it, or else the object file; and the place for addr2line. */
static const struct bscope_site *intern(const struct act *act, const void *return_address) {
  char file[TEXT_MAX], name[TEXT_MAX];
  struct origin origin = {0};
  if (find_origin(act, return_address, &origin)) {
    /* One byte back: the call itself. */
    uintptr_t offset = (uintptr_t)return_address - 1 - origin.begin;
    (void)snprintf(file, sizeof(file), "%s+0x%lx", origin.file, (unsigned long)offset);
    (void)snprintf(name, sizeof(name), "%s", origin.function != NULL ? origin.function : base_name(origin.file));
  } else {
    (void)snprintf(file, sizeof(file), "[code made at run time]");
    (void)snprintf(name, sizeof(name), "%s", act->locks ? "lock" : "block");
  }
  const struct bscope_site_info site = {.size = sizeof(site),
                                        .kind = act->kind,
                                        .subject_is = act->subject_is,
                                        .object_is = act->object_is,
                                        .flags = BSCOPE_SITE_BY_ADDRESS,
                                        .name = act->names ? name : NULL,
                                        .type = act->type,
                                        .file = file,
                                        .function = origin.function,
                                        .text = act->texts ? name : NULL};
  return bscope_site_intern(&site);
}

const struct bscope_site *caller_site(enum caller_act act, const void *return_address) {
  uintptr_t key = ((uintptr_t)return_address << 3) | (uintptr_t)act; /* addresses have room above */
  uint64_t at = (key * UINT64_C(0x9e3779b97f4a7c15)) >> 40;
  for (unsigned looks = 0; looks < LOOKS_MOST; looks++, at++) {
    struct place *place = &places[at % PLACES];
    uintptr_t held = __atomic_load_n(&place->key, __ATOMIC_ACQUIRE); /* with the release below */
    if (held == key)
      return place->site;
    if (held != 0)
      continue;
    int saved = errno;
    bool through = is_let_through(&acts[act], return_address);
    const struct bscope_site *site = through ? NULL : intern(&acts[act], return_address);
    errno = saved;
    /* 1 is no key: the entry is being filled in. Whoever comes second does without it. */
    if ((site != NULL || through) &&
        __atomic_compare_exchange_n(&place->key, &held, 1, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
      place->site = site;
      __atomic_store_n(&place->key, key, __ATOMIC_RELEASE);
    }
    return site;
  }
  return is_let_through(&acts[act], return_address) ? NULL : intern(&acts[act], return_address);
}
