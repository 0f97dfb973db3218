/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public face of the exports: where a document goes, and with which settings. Cancellation of the calling thread
 * waits until an export is done, so that no temporary file and no memory stays behind.
 */
#include <borrowscope/export.h>

#include "base/cancel.h"
#include "base/error.h"
#include "base/util.h"
#include "export/json.h"
#include "export/replace_file.h"
#include "log/snapshot.h"

#include <stdlib.h>

/* What to write, and what the caller asked for. */
struct request {
  const struct bscope_log *log;
  bool times;
  bool addresses;
};

static bool is_switch(int value) {
  return value == BSCOPE_ON || value == BSCOPE_OFF || value == BSCOPE_SWITCH_DEFAULT;
}

static bool tail_is_zero(const struct bscope_export_options *options) {
  for (size_t i = sizeof(*options); i < options->size; i++)
    if (((const char *)options)[i])
      return false;
  return true;
}

static int check_options(const struct bscope_export_options *options) {
  if (options->size < sizeof(*options))
    return bscope_fail(BSCOPE_ERR_INVALID_ARGUMENT,
                       "export options: size is %zu (set it to sizeof(struct bscope_export_options))", options->size);
  if (!tail_is_zero(options))
    return bscope_fail(BSCOPE_ERR_INVALID_ARGUMENT, "export options: they hold fields that this version doesn't know");
  if (!is_switch(options->times) || !is_switch(options->addresses))
    return bscope_fail(BSCOPE_ERR_INVALID_ARGUMENT,
                       "export options: times %d, addresses %d (allowed: BSCOPE_ON, "
                       "BSCOPE_OFF, or 0 for the session's)",
                       options->times, options->addresses);
  return BSCOPE_OK;
}

/* 0, or BSCOPE_ERR_INVALID_ARGUMENT. */
static int request_init(struct request *request, const struct bscope_log *log,
                        const struct bscope_export_options *options) {
  *request = (struct request){.log = log};
  if (!log)
    return bscope_fail(BSCOPE_ERR_INVALID_ARGUMENT, "export: no log");
  request->times = !log->hides_times;
  request->addresses = log->shows_addresses;
  int status = options ? check_options(options) : BSCOPE_OK;
  if (status != BSCOPE_OK)
    return status;
  if (!options)
    return BSCOPE_OK;
  if (options->times)
    request->times = options->times == BSCOPE_ON;
  if (options->addresses)
    request->addresses = options->addresses == BSCOPE_ON;
  return BSCOPE_OK;
}

static int write_and_finish(const struct request *request, struct bscope_sink *sink) {
  int status = bscope_json_write(request->log, request->times, request->addresses, sink);
  return status == BSCOPE_OK ? bscope_sink_finish(sink) : status;
}

static int to_path(const struct request *request, const char *path) {
  struct bscope_replace_file file;
  struct bscope_sink sink;
  int status = bscope_replace_file_begin(&file, path, request->addresses);
  if (status != BSCOPE_OK)
    return status;
  status = bscope_sink_init_fd(&sink, file.fd, path);
  if (status == BSCOPE_OK)
    status = write_and_finish(request, &sink);
  bscope_sink_fini(&sink);
  if (status == BSCOPE_OK)
    return bscope_replace_file_commit(&file);
  bscope_replace_file_abandon(&file);
  return status;
}

static int to_stream(const struct request *request, FILE *stream) {
  struct bscope_sink sink;
  int status = bscope_sink_init_stream(&sink, stream, "the stream");
  if (status == BSCOPE_OK)
    status = write_and_finish(request, &sink);
  bscope_sink_fini(&sink);
  return status;
}

static char *to_string(const struct request *request) {
  struct bscope_sink sink;
  char *string = NULL;
  int status = bscope_sink_init_string(&sink);
  if (status == BSCOPE_OK)
    status = write_and_finish(request, &sink);
  if (status == BSCOPE_OK)
    string = bscope_sink_take_string(&sink);
  bscope_sink_fini(&sink);
  return string;
}

int bscope_log_export_json(const struct bscope_log *log, const char *path,
                           const struct bscope_export_options *options) {
  BSCOPE_KEEP_ERRNO
  struct request request;
  int status = request_init(&request, log, options);
  if (status != BSCOPE_OK)
    return status;
  if (!path)
    return bscope_fail(BSCOPE_ERR_INVALID_ARGUMENT, "export: no path");
  struct bscope_cancel host;
  bscope_cancel_hold(&host);
  status = to_path(&request, path);
  bscope_cancel_release(&host);
  return status;
}

int bscope_log_export_json_to_file(const struct bscope_log *log, FILE *stream,
                                   const struct bscope_export_options *options) {
  BSCOPE_KEEP_ERRNO
  struct request request;
  int status = request_init(&request, log, options);
  if (status != BSCOPE_OK)
    return status;
  if (!stream)
    return bscope_fail(BSCOPE_ERR_INVALID_ARGUMENT, "export: no stream");
  struct bscope_cancel host;
  bscope_cancel_hold(&host);
  status = to_stream(&request, stream);
  bscope_cancel_release(&host);
  return status;
}

char *bscope_log_export_json_to_string(const struct bscope_log *log, const struct bscope_export_options *options) {
  BSCOPE_KEEP_ERRNO
  struct request request;
  if (request_init(&request, log, options) != BSCOPE_OK)
    return NULL;
  struct bscope_cancel host;
  bscope_cancel_hold(&host);
  char *string = to_string(&request);
  bscope_cancel_release(&host);
  return string;
}

int bscope_export_json(const char *path) {
  BSCOPE_KEEP_ERRNO
  if (!path)
    return bscope_fail(BSCOPE_ERR_INVALID_ARGUMENT, "export: no path");
  struct bscope_log *log = NULL;
  int status = bscope_log_current(&log);
  if (status == BSCOPE_OK)
    status = bscope_log_export_json(log, path, NULL);
  bscope_log_free(log);
  return status;
}

int bscope_export_json_to_file(FILE *stream) {
  BSCOPE_KEEP_ERRNO
  if (!stream)
    return bscope_fail(BSCOPE_ERR_INVALID_ARGUMENT, "export: no stream");
  struct bscope_log *log = NULL;
  int status = bscope_log_current(&log);
  if (status == BSCOPE_OK)
    status = bscope_log_export_json_to_file(log, stream, NULL);
  bscope_log_free(log);
  return status;
}

char *bscope_export_json_to_string(void) {
  BSCOPE_KEEP_ERRNO
  struct bscope_log *log = bscope_get_events();
  if (!log)
    return NULL;
  char *string = bscope_log_export_json_to_string(log, NULL);
  bscope_log_free(log);
  return string;
}

void bscope_string_free(char *string) {
  free(string);
}
