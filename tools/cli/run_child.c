/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program that is run. It is in this process's group, so what the terminal signals it gets by itself; what another
 * process sends here (si_code tells) is passed on. Stopping and going on are left to the shell and the kernel.
 */
#include "run.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const int passed[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGWINCH};

static uint64_t now_ns(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* What is waited for: the child's end, and what is passed on. What was ignored stays ignored, as nohup needs it. */
static void choose(sigset_t *awaited) {
  sigemptyset(awaited);
  sigaddset(awaited, SIGCHLD);
  for (size_t i = 0; i < CLI_COUNT(passed); i++) {
    struct sigaction old;
    if (sigaction(passed[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
      sigaddset(awaited, passed[i]);
  }
}

/* In the child. */
static void execute(struct cli *cli, const char *environment, const char *preload) {
  char **argv = cli->arguments;
  const char *records = !cli->options.locks ? "heap" : cli->options.heap ? "heap,locks" : "locks";
  bool told =
      preload == NULL || (setenv("LD_PRELOAD", preload, 1) == 0 && setenv("BORROWSCOPE_PRELOAD", records, 1) == 0);
  if (setenv("BORROWSCOPE_OPTIONS", environment, 1) == 0 && told)
    execvp(argv[0], argv);
  int error_number = errno;
  cli_complain(cli, "run: %s: %s", argv[0],
               error_number == ENOENT ? "there is no such program" : strerror(error_number));
  fflush(cli->err);
  _exit(error_number == ENOENT ? 127 : 126);
}

static bool has_ended(pid_t pid) {
  siginfo_t info = {.si_pid = 0};
  return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == pid;
}

/* Signals are taken one by one, so that none comes when there is nobody to pass it to: the child is reaped last. */
static void await(struct cli_child *child, const sigset_t *awaited) {
  siginfo_t info;
  int status = 0;
  while (!has_ended(child->pid)) {
    int number = sigwaitinfo(awaited, &info);
    if (number > 0 && number != SIGCHLD && info.si_code <= 0) /* from a process, not from the kernel */
      kill(child->pid, number);
  }
  while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
    ;
  /* What ended the child by way of its group must not end the summary. */
  const struct timespec none = {0};
  while (sigtimedwait(awaited, NULL, &none) > 0)
    ;
  child->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  child->status = child->signal != 0 ? 128 + child->signal : WEXITSTATUS(status);
}

bool cli_run_child(struct cli *cli, const char *environment, const char *preload, struct cli_child *child) {
  const struct sigaction by_default = {.sa_handler = SIG_DFL}; /* ignored, children leave no status behind */
  struct sigaction old;
  sigset_t awaited, before;
  *child = (struct cli_child){.start_ns = now_ns(CLOCK_REALTIME)};
  uint64_t begin = now_ns(CLOCK_MONOTONIC);
  fflush(NULL);
  choose(&awaited);
  sigprocmask(SIG_BLOCK, &awaited, &before);
  sigaction(SIGCHLD, &by_default, &old);
  child->pid = fork();
  if (child->pid == 0) {
    sigaction(SIGCHLD, &old, NULL);
    sigprocmask(SIG_SETMASK, &before, NULL);
    execute(cli, environment, preload);
  }
  if (child->pid > 0)
    await(child, &awaited);
  child->wall_ns = now_ns(CLOCK_MONOTONIC) - begin;
  sigaction(SIGCHLD, &old, NULL);
  sigprocmask(SIG_SETMASK, &before, NULL);
  return child->pid > 0 || cli_complain(cli, "run: no process can be made: %s", strerror(errno)) == 0;
}
