/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ids that callers gave may be equal, or equal to one made of a position: such a variable's id gets a ' appended, or as
 * many as it takes; so does one that was given to nothing that was seen. Equal means equal as written, where bytes that
 * are no characters have been replaced. Ids made of positions differ from each other, so a graph without given ids
 * costs one look at each node and no memory; one with them, 20 to 36 bytes a node.
 */
#ifndef BSCOPE_EXPORT_JSON_IDS_H
#define BSCOPE_EXPORT_JSON_IDS_H

#include "export/json_text.h"
#include "model/graph.h"

struct bscope_json_ids {
  uint32_t *marks;                     /* of each node; NULL: none has any */
  struct bscope_json_id_holder *slots; /* by id, where marks are */
  size_t mask;                         /* slots - 1 */
  const struct bscope_graph *graph;    /* borrowed */
  struct bscope_json_texts *texts;     /* borrowed: how names are written */
};

/* 0 or BSCOPE_ERR_NO_MEMORY. What can't be written stands in texts->status. */
int bscope_json_ids_init(struct bscope_json_ids *ids, const struct bscope_graph *graph,
                         struct bscope_json_texts *texts);
void bscope_json_ids_fini(struct bscope_json_ids *ids);

/* How many nodes have the id "<name>_<number>", marks aside. */
uint32_t bscope_json_ids_holders(const struct bscope_json_ids *ids, const char *name, uint64_t number);

static inline uint32_t bscope_json_ids_marks(const struct bscope_json_ids *ids, size_t node) {
  return ids->marks ? ids->marks[node] : 0;
}

#endif
