/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSON document of a log, into a sink: a pure function of the log and two switches (P7). Variables and relations
 * come from the graph; events are read once more, and what they mean is what the graph's walk told, or where that would
 * outgrow the variables a second resolver. So memory grows with variables and distinct strings, never with events.
 */
#ifndef BSCOPE_EXPORT_JSON_H
#define BSCOPE_EXPORT_JSON_H

#include "export/sink.h"

#include <borrowscope/log.h>

#define BSCOPE_JSON_SCHEMA_VERSION 1

/* 0 or the first failure, its message set. The sink is not finished. */
int bscope_json_write(const struct bscope_log *log, bool times, bool addresses, struct bscope_sink *sink);

#endif
