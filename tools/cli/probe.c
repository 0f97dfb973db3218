/* SPDX-License-Identifier: Apache-2.0 */
#include "probe.h"

#include "text.h"

#include <borrowscope/version.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/membarrier.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

void cli_answer(struct cli_answer *answer, enum cli_grade grade, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(answer->text, sizeof(answer->text), format, arguments);
  va_end(arguments);
  answer->grade = grade;
  answer->advice[0] = '\0';
}

static void advise(struct cli_answer *answer, const char *advice) {
  snprintf(answer->advice, sizeof(answer->advice), "%s", advice);
}

static void ask_version(struct cli_answer *answer) {
  bool same = strcmp(BSCOPE_VERSION, bscope_version()) == 0;
  cli_answer(answer, same ? CLI_OK : CLI_WARN, "borrowscope %s, libborrowscope %s", BSCOPE_VERSION, bscope_version());
  if (!same)
    advise(answer, "install both from one release");
}

static void ask_kernel(struct cli_answer *answer) {
  struct utsname name;
  if (uname(&name) == 0)
    cli_answer(answer, CLI_OK, "%s %s %s", name.sysname, name.release, name.machine);
}

static void ask_wipe_on_fork(struct cli_answer *answer) {
  size_t size = (size_t)sysconf(_SC_PAGESIZE);
  void *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  bool works = page != MAP_FAILED && madvise(page, size, MADV_WIPEONFORK) == 0;
  if (page != MAP_FAILED)
    munmap(page, size);
  cli_answer(answer, works ? CLI_OK : CLI_FAIL, "memory that fork wipes (MADV_WIPEONFORK)%s",
             works ? "" : " is not to be had");
  if (!works)
    advise(answer, "it needs Linux 4.14 or later; forked children record nothing without it");
}

static void ask_membarrier(struct cli_answer *answer) {
  long commands = syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0);
  bool works = commands > 0 && (commands & MEMBARRIER_CMD_PRIVATE_EXPEDITED) != 0;
  cli_answer(answer, works ? CLI_OK : CLI_WARN, "membarrier%s",
             works ? ", private and expedited" : " is not to be had");
  if (!works)
    advise(answer, "queries cost more; it needs Linux 4.14, and a sandbox that allows it");
}

static void ask_clock(struct cli_answer *answer) {
  char name[64] = "";
  int fd = open("/sys/devices/system/clocksource/clocksource0/current_clocksource", O_RDONLY | O_CLOEXEC);
  ssize_t size = fd < 0 ? -1 : read(fd, name, sizeof(name) - 1);
  if (fd >= 0)
    close(fd);
  name[size > 0 ? strcspn(name, "\n") : 0] = '\0';
  bool is_tsc = strcmp(name, "tsc") == 0;
  cli_answer(answer, CLI_OK, "clock source %s%s", name[0] == '\0' ? "unknown" : name,
             is_tsc ? "" : ": clock=counter works, clock=tsc does not");
}

static void ask_directory(struct cli_answer *answer) {
  char *here = getcwd(NULL, 0);
  bool works = access(".", W_OK) == 0;
  int error_number = errno;
  cli_answer(answer, works ? CLI_OK : CLI_WARN, "%.200s%s%s", here == NULL ? "." : here, works ? "" : ": ",
             works ? "" : strerror(error_number));
  if (!works)
    advise(answer, "name a place that can be written to: borrowscope run -o /tmp/%p.bscope -- PROGRAM");
  free(here);
}

#define SPACE_ENOUGH (UINT64_C(1) << 30) /* the log's budget and then some */
#define SPACE_LEAST (UINT64_C(16) << 20)

static void ask_space(struct cli_answer *answer) {
  struct statvfs space;
  char text[CLI_NUMBER_BYTES];
  if (statvfs(".", &space) != 0) {
    cli_answer(answer, CLI_WARN, "not known: %s", strerror(errno));
    return;
  }
  uint64_t bytes = (uint64_t)space.f_bavail * space.f_frsize;
  cli_answer(answer,
             bytes >= SPACE_ENOUGH  ? CLI_OK
             : bytes >= SPACE_LEAST ? CLI_WARN
                                    : CLI_FAIL,
             "%s free here", cli_bytes(bytes, text));
  if (bytes < SPACE_ENOUGH)
    advise(answer, "make room, or bound the log: borrowscope run --option memory=16M -- PROGRAM");
}

/* A file without a name is reserved and mapped as a trace is. */
static void ask_mapping(struct cli_answer *answer) {
  size_t size = 64 << 10;
  int fd = open(".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd < 0) {
    cli_answer(answer, CLI_OK, "not tried: %s", strerror(errno));
    return;
  }
  int error_number = posix_fallocate(fd, 0, (off_t)size);
  void *map = error_number == 0 ? mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
  if (error_number == 0 && map == MAP_FAILED)
    error_number = errno;
  cli_answer(answer, error_number == 0 ? CLI_OK : CLI_WARN, "files here can be reserved and mapped%s%s",
             error_number == 0 ? "" : " not: ", error_number == 0 ? "" : strerror(error_number));
  if (error_number != 0)
    advise(answer, "put the trace on another file system (/tmp, /dev/shm)");
  if (map != MAP_FAILED)
    munmap(map, size);
  close(fd);
}

static void ask_limit(struct cli_answer *answer) {
  struct rlimit limit;
  char text[CLI_NUMBER_BYTES];
  if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
    cli_answer(answer, CLI_OK, "no limit on the size of files");
    return;
  }
  cli_answer(answer, limit.rlim_cur >= SPACE_ENOUGH ? CLI_OK : CLI_WARN, "files may have %s",
             cli_bytes(limit.rlim_cur, text));
  if (limit.rlim_cur < SPACE_ENOUGH)
    advise(answer, "raise it: ulimit -f unlimited");
}

static void ask_options(struct cli_answer *answer) {
  const char *options = getenv("BORROWSCOPE_OPTIONS");
  cli_answer(answer, CLI_OK, "BORROWSCOPE_OPTIONS is %s%.200s", options == NULL || *options == '\0' ? "not set" : "",
             options == NULL ? "" : options);
}

const struct cli_probe cli_probes[] = {
    {"version", ask_version},  {"kernel", ask_kernel},       {"fork", ask_wipe_on_fork}, {"membarrier", ask_membarrier},
    {"clock", ask_clock},      {"directory", ask_directory}, {"space", ask_space},       {"trace files", ask_mapping},
    {"file sizes", ask_limit}, {"environment", ask_options},
};
const size_t cli_probe_count = CLI_COUNT(cli_probes);
