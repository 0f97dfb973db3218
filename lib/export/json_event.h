/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One event as a JSON object. The table of kinds.h says which fields a kind has, in which order, and where each comes
 * from; behind a kind's own fields stand those that all events have. Under 100 ns an event where the names are known
 * already.
 */
#ifndef BSCOPE_EXPORT_JSON_EVENT_H
#define BSCOPE_EXPORT_JSON_EVENT_H

#include "export/json_put.h"
#include "model/resolve.h"

/* Whether the event has a place in events[]: marks, holes and silent ends of scopes have none. */
bool bscope_json_event_shown(enum bscope_kind kind, const struct bscope_resolution *meaning);

/* Writes {"type": …}. 0, or BSCOPE_ERR_SERIALIZATION for an event of no kind; all else is in bscope_json_status. */
int bscope_json_event(struct bscope_json *json, const struct bscope_event *event,
                      const struct bscope_resolution *meaning);

/* {"type": "New" */
void bscope_json_put_kind(struct bscope_json *json, enum bscope_kind kind);

/* "file:line", or "". */
void bscope_json_put_location(struct bscope_json *json, const struct bscope_event *event);

/* Where an event was recorded: its own last fields. */
void bscope_json_put_place(struct bscope_json *json, const struct bscope_event *event);

#endif
