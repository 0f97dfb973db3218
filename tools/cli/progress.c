/* SPDX-License-Identifier: Apache-2.0 */
#include "progress.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#define FIRST_US 1000000
#define NEXT_US 200000
#define BAR 30

volatile size_t cli_progress_done;

static struct {
  const char *what;
  size_t total;
  volatile sig_atomic_t drawn; /* times */
  bool running;
} bar;

static size_t put(char *to, const char *text) {
  size_t size = strlen(text);
  memcpy(to, text, size);
  return size;
}

/* In a signal handler: only write. */
static void draw(int signal_number) {
  (void)signal_number;
  int saved = errno;
  char line[160];
  size_t used = put(line, "\r"), done = cli_progress_done;
  used += put(line + used, bar.what);
  bar.drawn++;
  if (bar.total == 0) {
    used += put(line + used, " ");
    line[used++] = "|/-\\"[bar.drawn % 4];
  } else {
    size_t part = done >= bar.total ? BAR : (size_t)((double)done / (double)bar.total * BAR),
           percent = part * 100 / BAR;
    used += put(line + used, " [");
    for (size_t i = 0; i < BAR; i++)
      line[used++] = i < part ? '#' : '.';
    used += put(line + used, "] ");
    line[used++] = percent >= 100 ? '1' : ' ';
    line[used++] = (char)('0' + percent / 10 % 10);
    line[used++] = (char)('0' + percent % 10);
    line[used++] = '%';
  }
  ssize_t written = write(STDERR_FILENO, line, used);
  (void)written;
  errno = saved;
}

static void set_timer(long first_us, long next_us) {
  struct itimerval timer = {{next_us / 1000000, next_us % 1000000}, {first_us / 1000000, first_us % 1000000}};
  (void)setitimer(ITIMER_REAL, &timer, NULL);
}

void cli_progress_begin(const struct cli *cli, const char *what, size_t total, bool prints) {
  cli_progress_done = 0;
  bool watched = fileno(cli->err) == STDERR_FILENO && isatty(STDERR_FILENO);
  if (cli->options.quiet || !watched || (prints && cli->width != 0) || strlen(what) > 80)
    return;
  struct sigaction action = {.sa_handler = draw, .sa_flags = SA_RESTART};
  bar.what = what;
  bar.total = total;
  bar.drawn = 0;
  bar.running = true;
  sigaction(SIGALRM, &action, NULL);
  set_timer(FIRST_US, NEXT_US);
}

void cli_progress_end(void) {
  if (!bar.running)
    return;
  bar.running = false;
  set_timer(0, 0);
  if (bar.drawn == 0)
    return;
  ssize_t written = write(STDERR_FILENO, "\r\033[K", 4);
  (void)written;
}
