/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a log can be true.
 */
#ifndef BORROWSCOPE_CHECK_H
#define BORROWSCOPE_CHECK_H

#include <borrowscope/log.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * BSCOPE_OK if the events fit together. BSCOPE_ERR_INVALID_EVENT_SEQUENCE for the first one that does not (a second
 * drop, a move from what was moved or dropped, an end or a drop of what was never made), which bscope_last_error names
 * with its place and that of the end that it contradicts; what rests on lost, open or evicted positions, or
 * only on how an argument is spelled, is not judged. Conflicts between borrows, leaks and borrows that outlive their
 * owner are not either: they can be seen in the graph.
 */
BSCOPE_API int bscope_log_validate(const struct bscope_log *log);

#ifdef __cplusplus
}
#endif

#endif
