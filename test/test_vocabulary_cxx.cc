/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The calls of the vocabulary in C++; and of values that count their owners, the counts.
 */
#include <memory>

#include "test_vocabulary.c"
