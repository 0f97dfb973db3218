/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Elements of the document's arrays: what separates them, and nodes and edges the general way, by jansson's rules for
 * strings and with ids that callers gave.
 */
#ifndef BSCOPE_EXPORT_JSON_ELEMENT_H
#define BSCOPE_EXPORT_JSON_ELEMENT_H

#include "export/json_put.h"

#include <borrowscope/graph.h>

/* The name of a relation, enum bscope_relation. */
struct bscope_json_text bscope_json_relation(unsigned relation);

/* The separator before element i of an array. */
void bscope_json_begin_element(struct bscope_json *json, size_t i);

/* Closes an array of `count` elements that another member follows. */
void bscope_json_end_array(struct bscope_json *json, size_t count);

/* Node i, or an edge: 0, or the status of what could not be had. */
int bscope_json_put_node(struct bscope_json *json, size_t i);
int bscope_json_put_edge(struct bscope_json *json, const struct bscope_edge *edge);

#endif
