/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `export`: json is the library's document, ndjson its lines of events taken out of it as they go by, csv a table that
 * is made here. A file is written beside its place and renamed when it is whole.
 */
#include "describe.h"
#include "output.h"
#include "progress.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A stream that keeps of a document the lines of its events. */
struct lines_filter {
  FILE *out;
  char *line;
  size_t used;
  size_t capacity;
  bool inside;
};

static bool take_line(struct lines_filter *filter) {
  static const char begin[] = "  \"events\": [", end[] = "  ]";
  const char *line = filter->line;
  size_t size = filter->used;
  if (!filter->inside) {
    filter->inside = size >= sizeof(begin) - 1 && memcmp(line, begin, sizeof(begin) - 1) == 0 && line[size - 1] == '[';
    return true;
  }
  if (size >= sizeof(end) - 1 && memcmp(line, end, sizeof(end) - 1) == 0) {
    filter->inside = false;
    return true;
  }
  size_t indent = size < 4 ? size : 4;
  size -= line[size - 1] == ',';
  return fwrite(line + indent, 1, size - indent, filter->out) == size - indent && putc('\n', filter->out) != EOF;
}

static bool keep(struct lines_filter *filter, const char *bytes, size_t size) {
  if (filter->used + size > filter->capacity) {
    size_t capacity = 2 * (filter->used + size) + 4096;
    char *line = realloc(filter->line, capacity);
    if (line == NULL) {
      errno = ENOMEM;
      return false;
    }
    filter->line = line;
    filter->capacity = capacity;
  }
  memcpy(filter->line + filter->used, bytes, size);
  filter->used += size;
  return true;
}

static ssize_t write_lines(void *cookie, const char *bytes, size_t size) {
  struct lines_filter *filter = cookie;
  for (size_t at = 0; at < size;) {
    const char *end = memchr(bytes + at, '\n', size - at);
    size_t part = end == NULL ? size - at : (size_t)(end - bytes) - at;
    if (!keep(filter, bytes + at, part))
      return 0;
    if (end != NULL && filter->used > 0 && !take_line(filter))
      return 0;
    if (end != NULL)
      filter->used = 0;
    at += part + (end != NULL);
  }
  return (ssize_t)size;
}

static int export_ndjson(const struct bscope_log *log, FILE *out, const struct bscope_export_options *options) {
  struct lines_filter filter = {.out = out};
  FILE *stream = fopencookie(&filter, "w", (cookie_io_functions_t){.write = write_lines});
  if (stream == NULL)
    return BSCOPE_ERR_NO_MEMORY;
  setvbuf(stream, NULL, _IONBF, 0); /* what comes is gathered already */
  int status = bscope_log_export_json_to_file(log, stream, options);
  if (fclose(stream) != 0 && status == BSCOPE_OK)
    status = BSCOPE_ERR_IO;
  free(filter.line);
  return status;
}

/* A cell that no spreadsheet takes for a formula, quoted where it has to be; NULL: an empty one. */
static void put_cell(FILE *out, const char *text) {
  putc(',', out);
  if (text == NULL)
    return;
  bool formula = text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL;
  if (!formula && strpbrk(text, "\",\r\n") == NULL) {
    cli_put(out, text);
    return;
  }
  fputs(formula ? "\"'" : "\"", out);
  while (*text != '\0') {
    char step[CLI_STEP_BYTES];
    size_t columns, bytes = cli_visible_step(&text, step, &columns);
    if (step[0] == '"')
      putc('"', out);
    fwrite(step, 1, bytes, out);
  }
  putc('"', out);
}

static void put_word(FILE *out, uint64_t word, enum bscope_word is, bool addresses) {
  putc(',', out);
  if (is == BSCOPE_WORD_ADDRESS && addresses)
    fprintf(out, "0x%" PRIx64, word);
  else if (is != BSCOPE_WORD_ADDRESS && is != BSCOPE_WORD_NONE)
    fprintf(out, "%" PRIu64, word);
}

static void put_row(FILE *out, const struct bscope_log *log, const struct bscope_event *event,
                    const struct bscope_export_options *options) {
  cli_put_number(out, event->stamp, 0);
  putc(',', out);
  if (options->times != BSCOPE_OFF)
    cli_put_number(out, event->time_ns, 0);
  putc(',', out);
  cli_put_number(out, event->thread, 0);
  put_cell(out, bscope_log_thread_name(log, event->thread));
  put_cell(out, cli_kind(event->kind));
  put_cell(out, event->name);
  put_cell(out, event->name2);
  put_cell(out, event->type_name);
  put_cell(out, event->text);
  put_cell(out, event->kind == BSCOPE_KIND_BORROW ? (event->is_mutable ? "1" : "0") : NULL);
  put_word(out, event->subject, event->subject_is, options->addresses == BSCOPE_ON);
  put_word(out, event->object, event->object_is, options->addresses == BSCOPE_ON);
  put_cell(out, event->file);
  putc(',', out);
  if (event->file != NULL)
    cli_put_number(out, event->line, 0);
  put_cell(out, event->function);
  fputs("\r\n", out);
}

static int export_csv(const struct bscope_log *log, FILE *out, const struct bscope_export_options *options) {
  struct bscope_cursor *cursor = bscope_cursor_create(log, 0);
  struct bscope_event event;
  if (cursor == NULL)
    return BSCOPE_ERR_NO_MEMORY;
  fputs(
      "stamp,time_ns,thread,thread_name,kind,name,to_name,type_name,text,mutable,subject,object,file,line,function\r\n",
      out);
  for (size_t i = 0; !ferror(out) && bscope_cursor_next(cursor, &event); i++) {
    cli_progress_done = i;
    put_row(out, log, &event, options);
  }
  int status = ferror(out) ? BSCOPE_ERR_IO : bscope_cursor_status(cursor);
  bscope_cursor_free(cursor);
  return status;
}

/* Writes all of a log in the format that is asked for. */
static int write_log(const struct cli *cli, const struct bscope_log *log, FILE *out,
                     const struct bscope_export_options *options) {
  if (cli->options.format == CLI_CSV)
    return export_csv(log, out, options);
  if (cli->options.format == CLI_NDJSON)
    return export_ndjson(log, out, options);
  return bscope_log_export_json_to_file(log, out, options);
}

#define LIBRARY_SAYS (-1) /* in the place of an errno value: the reason is the library's */

static int fail(const struct cli *cli, const char *path, int error, const char *left) {
  if (error == LIBRARY_SAYS)
    return cli_complain(cli, "%s: %s%s", path, bscope_last_error(), left);
  return cli_complain(cli, "%s: %s%s%s", path, strerror(error), cli_output_advice(error), left);
}

/* All of a log into a descriptor: 0, an errno value or LIBRARY_SAYS. */
static int write_to(struct cli *cli, const struct bscope_log *log, int fd,
                    const struct bscope_export_options *options) {
  struct cli_output output;
  if (cli_output_open(&output, fd) == NULL)
    return ENOMEM;
  int status = write_log(cli, log, output.stream, options), error = cli_output_flush(&output);
  fclose(output.stream);
  return error != 0 || status == BSCOPE_OK ? error : LIBRARY_SAYS;
}

/* 0 or an errno value, whether or not a signal came. */
static int make_lasting(int fd) {
  mode_t mask = umask(0);
  umask(mask);
  if (fchmod(fd, 0666 & ~mask) != 0)
    return errno;
  while (fsync(fd) != 0)
    if (errno != EINTR)
      return errno == EINVAL ? 0 : errno; /* what can't be synced needn't be */
  return 0;
}

/* Beside the path, and renamed over it. */
static int export_to_path(struct cli *cli, const struct bscope_log *log, const char *path,
                          const struct bscope_export_options *options) {
  char *temporary = NULL;
  if (asprintf(&temporary, "%s.XXXXXX", path) < 0)
    return cli_complain(cli, "no memory");
  int fd;
  while ((fd = mkstemp(temporary)) < 0 && errno == EINTR)
    strcpy(temporary + strlen(path), ".XXXXXX");
  int error = fd < 0 ? errno : write_to(cli, log, fd, options);
  if (error == 0)
    error = make_lasting(fd);
  if (fd >= 0 && close(fd) != 0 && errno != EINTR && error == 0)
    error = errno;
  if (error == 0 && rename(temporary, path) != 0)
    error = errno;
  if (error != 0 && fd >= 0)
    unlink(temporary);
  free(temporary);
  return error == 0 ? CLI_CLEAN : fail(cli, path, error, "; nothing was left behind");
}

/* N of /dev/fd/N, /proc/self/fd/N and links to them (/dev/stdout), or -1: files that are not to be replaced. */
static int descriptor_of(const char *path) {
  char link[64];
  for (int i = 0; i < 2; i++) {
    int n, end = 0;
    if ((sscanf(path, "/dev/fd/%d%n", &n, &end) == 1 || sscanf(path, "/proc/self/fd/%d%n", &n, &end) == 1) &&
        path[end] == '\0')
      return n;
    ssize_t size = i == 0 ? readlink(path, link, sizeof(link) - 1) : -1;
    if (size < 0)
      return -1;
    link[size] = '\0';
    path = link;
  }
  return -1;
}

/* Into what is no file: a device, a FIFO, a descriptor. */
static int export_into(struct cli *cli, const struct bscope_log *log, const char *path,
                       const struct bscope_export_options *options) {
  int n = descriptor_of(path), fd;
  do
    fd = n < 0 ? open(path, O_WRONLY | O_APPEND | O_NOCTTY) : dup(n);
  while (fd < 0 && errno == EINTR);
  int error = fd < 0 ? errno : write_to(cli, log, fd, options);
  if (fd >= 0 && close(fd) != 0 && errno != EINTR && error == 0)
    error = errno;
  return error == 0 ? CLI_CLEAN : fail(cli, path, error, "");
}

static bool is_regular_or_new(const char *path) {
  struct stat status;
  return descriptor_of(path) < 0 && (stat(path, &status) != 0 || S_ISREG(status.st_mode));
}

static int export_log(struct cli *cli, const struct cli_trace *trace) {
  const char *path = cli->options.output;
  struct bscope_export_options options = {.size = sizeof(options),
                                          .times = cli->options.no_times ? BSCOPE_OFF : BSCOPE_SWITCH_DEFAULT,
                                          .addresses = cli->options.addresses ? BSCOPE_ON : BSCOPE_SWITCH_DEFAULT};
  if (path != NULL && strcmp(path, "-") != 0 && cli->options.format == CLI_JSON) {
    if (bscope_log_export_json(trace->log, path, &options) == BSCOPE_OK)
      return CLI_CLEAN;
    return cli_complain(cli, "%s", bscope_last_error());
  }
  if (path != NULL && strcmp(path, "-") != 0 && is_regular_or_new(path))
    return export_to_path(cli, trace->log, path, &options);
  if (path != NULL && strcmp(path, "-") != 0)
    return export_into(cli, trace->log, path, &options);
  if (write_log(cli, trace->log, cli->out, &options) == BSCOPE_OK)
    return CLI_CLEAN;
  return ferror(cli->out) ? CLI_FAILED : cli_complain(cli, "export: %s", bscope_last_error()); /* that is told later */
}

int cli_export(struct cli *cli) {
  struct cli_trace trace;
  if (cli->options.format_name == NULL)
    cli->options.format = CLI_JSON;
  int status = cli_open(cli, &trace, cli_argument(cli, 0));
  if (status != 0)
    return status;
  cli_progress_begin(cli, "exporting", cli->options.format == CLI_CSV ? bscope_log_count(trace.log) : 0,
                     cli->options.output == NULL);
  status = export_log(cli, &trace);
  cli_progress_end();
  return cli_close(cli, &trace, status);
}
