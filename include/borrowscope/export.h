/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON: nodes, edges, events, metadata (and relations, schema_version, generation, violations, stats behind them).
 * `violations` is the place of rule checks, which this version does not make, and is empty; bscope_log_validate names
 * the first contradiction between events. A pure function of the log: same events, same bytes. Events are streamed, so
 * memory does not grow with them.
 */
#ifndef BORROWSCOPE_EXPORT_H
#define BORROWSCOPE_EXPORT_H

#include <borrowscope/log.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A field that is 0 takes the session's option of that name. */
struct bscope_export_options {
  size_t size;   /* sizeof(struct bscope_export_options) */
  int times;     /* enum bscope_switch: write time_ns */
  int addresses; /* enum bscope_switch: write addresses instead of 0 */
};

/*
 * The current events as JSON into `path`: written beside it, synced, then renamed over it, so a failed export
 * leaves an old file whole. A new file gets 0666 & ~umask, for it is made to be read (0600 when it shows addresses); an
 * existing one keeps its permissions. A symbolic link is replaced, not followed; a FIFO or device (/dev/stdout) is
 * written straight into.
 *
 * BSCOPE_ERR_EXPORT: no file can ever be made of this path (it is empty, too long, a directory, or in one that does not
 * exist). BSCOPE_ERR_IO: the system refused to open, write, sync or rename; the message has path and reason.
 * BSCOPE_ERR_SERIALIZATION: an event of no known kind, or a string of more than 1 MiB. BSCOPE_ERR_FORMAT: the log is
 * damaged. BSCOPE_ERR_LOCK, BSCOPE_ERR_NO_MEMORY.
 * Any thread, not in a signal handler.
 */
BSCOPE_API int bscope_export_json(const char *path);

/* The same into an open stream, which stays open; flushed. */
BSCOPE_API int bscope_export_json_to_file(FILE *stream);

/* The same as a string. Owned: bscope_string_free. NULL: see bscope_last_error. */
BSCOPE_API char *bscope_export_json_to_string(void);

/* The same three for a log at hand, with options (NULL: the session's). */
BSCOPE_API int bscope_log_export_json(const struct bscope_log *log, const char *path,
                                      const struct bscope_export_options *options);
BSCOPE_API int bscope_log_export_json_to_file(const struct bscope_log *log, FILE *stream,
                                              const struct bscope_export_options *options);
BSCOPE_API char *bscope_log_export_json_to_string(const struct bscope_log *log,
                                                  const struct bscope_export_options *options);

/*
 * A log out of such a document (or of the Rust crate's, or of its array of events alone), for all that a log is good
 * for. Threads, times, places and ids are as they were; ids are ids given by the caller then, so that events mean the
 * same variables. What JSON does not show is missing: arguments' texts, and addresses unless they were exported;
 * positions without an event in between are LOST if the document's stats say that some were, else empty.
 * Owned: bscope_log_free. NULL with bscope_last_error: BSCOPE_ERR_FORMAT (it says the offset), BSCOPE_ERR_IO,
 * BSCOPE_ERR_INVALID_ARGUMENT, BSCOPE_ERR_NO_MEMORY. Any thread, not in a signal handler.
 */
BSCOPE_API struct bscope_log *bscope_log_import_json(const char *path);
BSCOPE_API struct bscope_log *bscope_log_import_json_string(const char *text, size_t size);

/* Frees a string that this library handed over. NULL is nothing. */
BSCOPE_API void bscope_string_free(char *string);

#ifdef __cplusplus
}
#endif

#endif
