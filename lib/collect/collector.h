/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The background thread: drains in batches about once a millisecond while there is work, sleeps when there is none.
 */
#ifndef BSCOPE_COLLECT_COLLECTOR_H
#define BSCOPE_COLLECT_COLLECTOR_H

/* For tests: while held, the collector does nothing (it stays alive). Other drainers go on. */
void bscope_collector_hold(int on);

#endif
