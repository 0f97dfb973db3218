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

static volatile sig_atomic_t child_pid;

static void pass_on(int number, siginfo_t *info, void *context) {
  (void)context;
  int saved = errno;
  if (info->si_code <= 0 && child_pid > 0) /* from a process, not from the kernel */
    kill((pid_t)child_pid, number);
  errno = saved;
}

static uint64_t now_ns(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* What was ignored stays ignored, as nohup needs it. */
static void install(struct sigaction *old) {
  struct sigaction action = {.sa_sigaction = pass_on, .sa_flags = SA_SIGINFO | SA_RESTART};
  sigfillset(&action.sa_mask);
  for (size_t i = 0; i < CLI_COUNT(passed); i++) {
    sigaction(passed[i], NULL, &old[i]);
    if (old[i].sa_handler != SIG_IGN)
      sigaction(passed[i], &action, NULL);
  }
}

static void restore(const struct sigaction *old) {
  for (size_t i = 0; i < CLI_COUNT(passed); i++)
    sigaction(passed[i], &old[i], NULL);
}

/* In the child. */
static void execute(struct cli *cli, const char *environment) {
  char **argv = cli->arguments;
  if (setenv("BORROWSCOPE_OPTIONS", environment, 1) == 0)
    execvp(argv[0], argv);
  int error_number = errno;
  cli_complain(cli, "run: %s: %s", argv[0],
               error_number == ENOENT ? "there is no such program" : strerror(error_number));
  fflush(cli->err);
  _exit(error_number == ENOENT ? 127 : 126);
}

/* Signals are held while nobody could be passed them: before the fork, and from the child's end on. */
static void await(struct cli_child *child, const sigset_t *all) {
  siginfo_t info;
  int status = 0;
  while (waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOWAIT) != 0 && errno == EINTR)
    ;
  sigprocmask(SIG_BLOCK, all, NULL);
  child_pid = 0;
  while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
    ;
  child->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  child->status = child->signal != 0 ? 128 + child->signal : WEXITSTATUS(status);
}

bool cli_run_child(struct cli *cli, const char *environment, struct cli_child *child) {
  struct sigaction old[CLI_COUNT(passed)];
  sigset_t all, before;
  *child = (struct cli_child){.start_ns = now_ns(CLOCK_REALTIME)};
  uint64_t begin = now_ns(CLOCK_MONOTONIC);
  fflush(NULL);
  sigemptyset(&all);
  for (size_t i = 0; i < CLI_COUNT(passed); i++)
    sigaddset(&all, passed[i]);
  sigprocmask(SIG_BLOCK, &all, &before);
  install(old);
  child->pid = fork();
  if (child->pid == 0) {
    restore(old);
    sigprocmask(SIG_SETMASK, &before, NULL);
    execute(cli, environment);
  }
  child_pid = child->pid;
  sigprocmask(SIG_SETMASK, &before, NULL);
  if (child->pid > 0)
    await(child, &all);
  child->wall_ns = now_ns(CLOCK_MONOTONIC) - begin;
  restore(old);
  sigprocmask(SIG_SETMASK, &before, NULL);
  return child->pid > 0 || cli_complain(cli, "run: no process can be made: %s", strerror(errno)) == 0;
}
