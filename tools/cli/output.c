/* SPDX-License-Identifier: Apache-2.0 */
#include "output.h"

#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio_ext.h>
#include <unistd.h>

static ssize_t write_out(void *cookie, const char *bytes, size_t size) {
  struct cli_output *output = cookie;
  for (size_t at = 0; at < size && output->error == 0;) {
    ssize_t n = write(output->fd, bytes + at, size - at);
    if (n >= 0)
      at += (size_t)n;
    else if (errno != EINTR)
      output->error = errno;
  }
  errno = output->error;
  return output->error == 0 ? (ssize_t)size : 0;
}

FILE *cli_output_open(struct cli_output *output, int fd) {
  output->fd = fd;
  output->error = 0;
  output->stream = fopencookie(output, "w", (cookie_io_functions_t){.write = write_out});
  if (output->stream == NULL)
    return NULL;
  __fsetlocking(output->stream, FSETLOCKING_BYCALLER); /* there is one thread */
  setvbuf(output->stream, output->buffer, isatty(fd) ? _IOLBF : _IOFBF, sizeof(output->buffer));
  return output->stream;
}

int cli_output_flush(struct cli_output *output) {
  errno = 0;
  if (fflush(output->stream) != 0 && output->error == 0)
    output->error = errno != 0 ? errno : EIO;
  return output->error;
}

const char *cli_output_advice(int error) {
  static const struct {
    int error;
    const char *text;
  } rows[] = {
      {ENOSPC, " (make room there, or name another place)"},
      {EDQUOT, " (make room there, or name another place)"},
      {EFBIG, " (raise the limit of file sizes: ulimit -f)"},
      {EIO, " (the device may be failing; name another place)"},
      {ENOENT, " (create its directory first)"},
      {EACCES, " (name a place that you may write to)"},
      {EROFS, " (name a place that you may write to)"},
      {EMFILE, " (raise the limit of open files: ulimit -n)"},
      {EPIPE, " (its reader has gone)"},
      {EBADF, " (it is closed)"},
  };
  for (size_t i = 0; i < CLI_COUNT(rows); i++)
    if (rows[i].error == error)
      return rows[i].text;
  return "";
}

/* The lowest free number is the one that is given out. */
bool cli_output_fill_gaps(void) {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
    if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
      return false;
  return true;
}
