/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state that encoder and decoder carry through a group, and must change in the same way: the last words of each
 * frequent site, and each thread's recent words.
 *
 * A value's path through several sites (made here, borrowed there, dropped elsewhere) is one thread naming one address
 * again and again, so an address costs its bytes once and then nothing. Small numbers would only push addresses out,
 * and are not remembered.
 */
#ifndef BSCOPE_LOG_WORDS_H
#define BSCOPE_LOG_WORDS_H

#include "log/block.h"

#include <stdbool.h>
#include <string.h>

#define BSCOPE_TAG_EQUAL 9u    /* to 12: a recent word */
#define BSCOPE_TAG_NEAR 13u    /* to 15: a difference to the newest recent word */
#define BSCOPE_RECENT 4u       /* words a thread */
#define BSCOPE_RECENT_SETS 16u /* threads share sets beyond that */
#define BSCOPE_RECENT_LEAST 0xffffu

struct bscope_recent {
  uint64_t words[BSCOPE_RECENT];
  uint32_t next;
  uint32_t newest;
};

struct bscope_last {
  uint64_t subject;
  uint64_t object;
};

struct bscope_words {
  struct bscope_last last[BSCOPE_BLOCK_HOT + 1]; /* the last one: of sites too rare for a history */
  struct bscope_recent recent[BSCOPE_RECENT_SETS];
};

/* A group's beginning. */
static inline void bscope_words_restart(struct bscope_words *words, const uint8_t *bases, uint32_t hot) {
  memcpy(words->last, bases, hot * sizeof(words->last[0]));
  memset(words->recent, 0, sizeof(words->recent));
}

/* A word that was stated, not repeated, is remembered; without a branch. */
static inline void bscope_recent_push(struct bscope_recent *recent, uint64_t word, bool stated) {
  bool keep = stated & (word > BSCOPE_RECENT_LEAST);
  uint32_t place = recent->next % BSCOPE_RECENT;

  recent->words[place] = keep ? word : recent->words[place];
  recent->newest = keep ? place : recent->newest;
  recent->next += keep;
}

static inline uint64_t bscope_zigzag(uint64_t difference) {
  return difference << 1 ^ (uint64_t)((int64_t)difference >> 63);
}

static inline uint64_t bscope_unzigzag(uint64_t number) {
  return number >> 1 ^ (0 - (number & 1));
}

#endif
