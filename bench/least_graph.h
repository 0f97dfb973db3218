/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The least that a graph of a mixed stream costs, as a floor for the library's: each event decoded, each variable a
 * node of 40 bytes, each borrow an edge of 24, and one hash table of what is alive. It answers no question, knows no
 * rule, and takes for granted what the mixed stream keeps: few alive, no name given twice, nothing in a wrong order.
 */
#ifndef BENCH_LEAST_GRAPH_H
#define BENCH_LEAST_GRAPH_H

#include <borrowscope/borrowscope.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Builds it and lets it go again; its nodes, or 0: no memory, or too many alive. */
size_t bench_least_graph(const struct bscope_log *log);

#endif
