/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fuzz target's two functions: libFuzzer calls the first; replay.c calls both.
 */
#ifndef BSCOPE_TEST_FUZZ_HARNESS_FUZZ_H
#define BSCOPE_TEST_FUZZ_HARNESS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Writes a few good inputs into a directory. */
void fuzz_write_seeds(const char *folder);

#endif
