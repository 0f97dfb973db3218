/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The arrays of nodes and edges. Each element's parts are copied into one stretch of the sink's room; where ids were
 * given or strings are long, it goes the general way (json_element.h) and comes out the same.
 */
#ifndef BSCOPE_EXPORT_JSON_GRAPH_H
#define BSCOPE_EXPORT_JSON_GRAPH_H

#include "export/json_put.h"

/* The elements of an array and its end, behind the bracket that begins it. Status. */
int bscope_json_put_nodes(struct bscope_json *json);
int bscope_json_put_edges(struct bscope_json *json);
int bscope_json_put_relations(struct bscope_json *json);

#endif
