/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything: tracking macros, sessions, log, graph, checks, export.
 */
#ifndef BORROWSCOPE_BORROWSCOPE_H
#define BORROWSCOPE_BORROWSCOPE_H

#include <borrowscope/check.h>
#include <borrowscope/difference.h>
#include <borrowscope/error.h>
#include <borrowscope/export.h>
#include <borrowscope/graph.h>
#include <borrowscope/kinds.h>
#include <borrowscope/log.h>
#include <borrowscope/ownership.h>
#include <borrowscope/query.h>
#include <borrowscope/session.h>
#include <borrowscope/timeline.h>
#include <borrowscope/track.h>
#include <borrowscope/types.h>
#include <borrowscope/version.h>
#include <borrowscope/walk.h>

#endif
