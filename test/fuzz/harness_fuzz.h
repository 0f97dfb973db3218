/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the fuzz targets share. libFuzzer and AFL++ call LLVMFuzzerTestOneInput; replay.c calls it for files, and the
 * functions that make inputs to begin with.
 *
 * Each run is held against limits: a second of processor time, and 16 bytes of memory for each byte of input beside
 * 64 MiB; and all of it must be given back. A run that goes beyond is aborted, which every fuzzer calls a crash.
 */
#ifndef BSCOPE_TEST_FUZZ_HARNESS_FUZZ_H
#define BSCOPE_TEST_FUZZ_HARNESS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Set where files are replayed: each is run in all ways that the target knows, instead of the one it chooses. */
extern bool fuzz_thoroughly;

/* Writes good inputs into a directory. */
void fuzz_write_seeds(const char *folder);

/* --- limits.c --- */

/* Around what is judged: what the harness itself allocates lies outside. */
void fuzz_begin(size_t input);
void fuzz_end(void);

/* --- use.c --- */

struct bscope_log;

/* A number made of whatever was read, so that all of it has to be. */
size_t fuzz_use(const struct bscope_log *log);

/* --- seal.c --- */

/*
 * Mends the checksums of a trace file in memory, packed or not, and the places that extents state of themselves; or
 * hardly an input would come further than those. Packed pieces are mended inside too, as far as they hold raw blocks.
 */
void fuzz_seal(uint8_t *bytes, size_t size);

#endif
