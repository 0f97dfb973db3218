/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The session's trace file: made with it, told of each generation, sample and turn, and sealed when the session or the
 * program ends. In a session without one all of this does nothing. What is in it is base/trace.h's. Everything under
 * the drain lock but where noted.
 */
#ifndef BSCOPE_COLLECT_TRACE_H
#define BSCOPE_COLLECT_TRACE_H

#include "base/trace.h"
#include "collect/session.h"

#define BSCOPE_TRACE_LINE 384u /* bytes of a complaint */

/* When the library is loaded: who is another process was forked. */
void bscope_trace_load(void);

/*
 * For a session that is being made: its region, in a new file. False: there is none (the settings ask for none, or
 * session->file_error says why not).
 */
bool bscope_trace_open(struct bscope_session *session, size_t size, size_t least);

/* The session is whole: writes the file's header. */
void bscope_trace_begin(struct bscope_session *session);

/* The newest session ends unused: its file goes. */
void bscope_trace_discard(struct bscope_session *session);

/* Why the newest session has no file, and what to do, into line[BSCOPE_TRACE_LINE]. */
void bscope_trace_complain(const struct bscope_session *session, char *line);

/* A new generation of the log begins with stamp `base`: stored before what was published of the older one is let go. */
void bscope_trace_epoch(struct bscope_session *session, uint64_t base);

void bscope_trace_sample(struct bscope_session *session, uint64_t stamp, uint64_t ns);

/* Writes the counts of the moment. */
void bscope_trace_count(struct bscope_session *session);

/* enum bscope_trace_state */
void bscope_trace_set_state(struct bscope_session *session, uint32_t state);

/* Without the lock, once for each session: packs its sealed file in its place if the settings say so. 0, or the status
 * of bscope_log_pack. */
int bscope_trace_pack(struct bscope_session *session);

/* Who can pack stands to the right of this stage, and says so when the library is loaded. */
void bscope_trace_set_packer(int (*pack)(const char *path, const char *output));

/*
 * Drains and seals all there is in the current session's file, and marks it as complete; gives up after a second, and
 * then its reader does the rest. Without the lock. `ends`: the process is about to end, and what is recorded all the
 * same takes the mark away first. Then packs the file if the settings say so: 0, or why it stays as it is.
 */
int bscope_trace_seal(bool ends);

#endif
