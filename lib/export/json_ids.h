/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ids that callers gave may be equal, or equal to one made of a position: such a variable's id gets a ' appended, or as
 * many as it takes. Ids made of positions differ from each other, so a graph without given ids costs one look at each
 * node and no memory; one with them, 20 bytes a node while the ids are compared and 4 afterwards.
 */
#ifndef BSCOPE_EXPORT_JSON_IDS_H
#define BSCOPE_EXPORT_JSON_IDS_H

#include "model/graph.h"

struct bscope_json_ids {
  uint32_t *marks; /* of each node; NULL: none has any */
};

/* 0 or BSCOPE_ERR_NO_MEMORY. */
int bscope_json_ids_init(struct bscope_json_ids *ids, const struct bscope_graph *graph);
void bscope_json_ids_fini(struct bscope_json_ids *ids);

static inline uint32_t bscope_json_ids_marks(const struct bscope_json_ids *ids, size_t node) {
  return ids->marks ? ids->marks[node] : 0;
}

#endif
