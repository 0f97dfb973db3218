/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events of one site differ in their numbers only: positions, ids, thread, time. A template keeps all else of a site's
 * events as it is written, in a few stretches, so that an event costs a few copies and its numbers. It serves the kinds
 * whose values are strings of the site and ids of known variables; other events go the general way (json_event.h) and
 * come out the same.
 */
#ifndef BSCOPE_EXPORT_JSON_TEMPLATE_H
#define BSCOPE_EXPORT_JSON_TEMPLATE_H

#include "export/json_put.h"
#include "model/resolve.h"
#include "model/step.h"

/*
 * Writes the event with what separates it from the one before, if a template can.
 * True when it is written. False with bscope_json_status unchanged: go the general way; or with it set.
 */
bool bscope_json_template_write(struct bscope_json *json, const struct bscope_step *step,
                                const struct bscope_resolution *meaning, uint64_t time_ns, bool first);

/* Gives the templates back. */
void bscope_json_templates_fini(struct bscope_json *json);

/* The event of a step: strings are the graph's. */
void bscope_json_describe(const struct bscope_json *json, const struct bscope_step *step, uint64_t time_ns,
                          struct bscope_event *out);

#endif
