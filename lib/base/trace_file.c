/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Space is reserved before it is mapped (posix_fallocate), so that a full disk is an error here and no SIGBUS in the
 * program. SIGXFSZ, which a limit on file sizes sends with EFBIG, is blocked meanwhile and taken back.
 */
#include "base/trace_file.h"

#include "base/in_place.h"
#include "base/util.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define DESCRIPTOR_LEAST 200 /* beyond those that programs count on: 0 to 2, and what scripts number by hand */
#define INTERRUPTIONS 100    /* after which an interrupted call counts as failed */

static int test_secure = -1;

void bscope_trace_file_test_secure(int secure) {
  test_secure = secure;
}

bool bscope_trace_file_allows(const char *pattern) {
  for (const char *s = pattern; (s = strchr(s, '%')) != NULL; s += 2)
    if (!s[1] || !strchr("pet%", s[1]))
      return false;
  return true;
}

void bscope_trace_file_make_absolute(char *pattern, size_t size) {
  char directory[BSCOPE_TRACE_PATH];
  size_t length = strlen(pattern), before;
  if (length == 0 || pattern[0] == '/' || !getcwd(directory, sizeof(directory)) || strchr(directory, '%'))
    return;
  before = strlen(directory);
  if (before + 1 + length >= size)
    return;
  memmove(pattern + before + 1, pattern, length + 1);
  memcpy(pattern, directory, before);
  pattern[before] = '/';
}

static const char *text_of(char letter, char *number, size_t size) {
  const char *program = program_invocation_short_name;
  if (letter == 'e')
    return program && *program ? program : "program";
  snprintf(number, size, "%lld", letter == 'p' ? (long long)getpid() : (long long)time(NULL));
  return letter == '%' ? "%" : number;
}

int bscope_trace_file_name(char *out, const char *pattern, bool forked) {
  char number[24], letter[2] = "";
  bool has_pid = false;
  size_t used = 0;
  out[0] = '\0';
  for (const char *s = pattern; *s; s++) {
    const char *text = letter;
    letter[0] = *s;
    if (*s == '%' && s[1])
      text = text_of(*++s, number, sizeof(number));
    has_pid |= text != letter && *s == 'p';
    size_t length = strlen(text);
    if (used + length + 2 * sizeof(number) > BSCOPE_TRACE_PATH)
      return ENAMETOOLONG;
    memcpy(out + used, text, length + 1);
    used += length;
  }
  if (forked && !has_pid)
    snprintf(out + used, sizeof(number), ".%lld", (long long)getpid());
  return 0;
}

static bool is_secure(void) {
  return test_secure >= 0 ? test_secure != 0 : getauxval(AT_SECURE) != 0;
}

static uint64_t random_number(void) {
  uint64_t number;
  if (getrandom(&number, sizeof(number), GRND_NONBLOCK) != (ssize_t)sizeof(number))
    number = 0;
  number ^= bscope_now_ns() ^ (uint64_t)getpid() << 40;
  return number ? number : 1;
}

static int open_new(const char *path) {
  int fd;
  for (int i = 0; (fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600)) < 0 &&
                  errno == EINTR && i < INTERRUPTIONS;
       i++)
    continue;
  return fd;
}

/* Whether the name belongs to something else than a file; what `made` is called then, in any case. */
static int choose_name(const char *path, bool overwrite, char *made) {
  struct stat there;
  snprintf(made, BSCOPE_TRACE_MADE, "%s", path);
  if (!overwrite || lstat(path, &there) != 0)
    return 0;
  if (!S_ISREG(there.st_mode))
    return S_ISDIR(there.st_mode) ? EISDIR : EEXIST;
  snprintf(made, BSCOPE_TRACE_MADE, "%s.%016llx", path, (unsigned long long)random_number());
  return 0;
}

int bscope_trace_file_settle(const char *path, const char *made) {
  int saved = errno;
  int error = strcmp(path, made) != 0 && rename(made, path) != 0 ? errno : 0;
  errno = saved;
  return error;
}

/* A descriptor out of the way of those that the program may count on. */
static int move_up(int fd) {
  int moved = fcntl(fd, F_DUPFD_CLOEXEC, DESCRIPTOR_LEAST);
  if (moved < 0 && fd < 3)
    moved = fcntl(fd, F_DUPFD_CLOEXEC, 3);
  if (moved < 0)
    return fd;
  close(fd);
  return moved;
}

int bscope_trace_file_create(struct bscope_trace_file *file, const char *path, bool overwrite, char *made) {
  int saved = errno, fd = -1;
  struct stat status;
  *file = (struct bscope_trace_file){.descriptor = -1};
  int error = is_secure() ? EPERM : choose_name(path, overwrite, made);
  if (!error && ((fd = open_new(made)) < 0 || fstat(fd, &status) != 0))
    error = errno;
  if (!error) {
    (void)fchmod(fd, 0600); /* whatever the umask took away */
    error = bscope_write_in_place(fd);
    if (error)
      (void)unlink(made);
  }
  if (!error) {
    *file = (struct bscope_trace_file){move_up(fd), status.st_dev, status.st_ino, random_number()};
  } else if (fd >= 0) {
    close(fd);
  }
  errno = saved;
  return error;
}

/* Whether the number still means the file. */
static bool is_there(const struct bscope_trace_file *file) {
  struct stat status;
  return file->descriptor >= 0 && fstat(file->descriptor, &status) == 0 && status.st_dev == file->device &&
         status.st_ino == file->inode;
}

void bscope_trace_file_protect(const struct bscope_trace_file *file) {
  int saved = errno;
  if (is_there(file))
    (void)fchmod(file->descriptor, 0400);
  errno = saved;
}

/* posix_fallocate with SIGXFSZ kept from the program. */
static int reserve(int fd, size_t from, size_t to) {
  sigset_t one, before, pending;
  const struct timespec at_once = {0, 0};
  int error;
  sigemptyset(&one);
  sigaddset(&one, SIGXFSZ);
  pthread_sigmask(SIG_BLOCK, &one, &before);
  sigemptyset(&pending);
  sigpending(&pending);
  for (int i = 0; (error = posix_fallocate(fd, (off_t)from, (off_t)(to - from))) == EINTR && i < INTERRUPTIONS; i++)
    continue;
  if (error == EFBIG && !sigismember(&pending, SIGXFSZ))
    while (sigtimedwait(&one, NULL, &at_once) < 0 && errno == EINTR)
      continue;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return error;
}

int bscope_trace_file_grow(const struct bscope_trace_file *file, uint8_t *base, size_t from, size_t to) {
  int saved = errno;
  int error = is_there(file) ? reserve(file->descriptor, from, to) : EBADF;
  if (error == 0 && mmap(base + from, to - from, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file->descriptor,
                         (off_t)from) == MAP_FAILED)
    error = errno;
  errno = saved;
  return error;
}

bool bscope_trace_file_cut(const struct bscope_trace_file *file, uint8_t *base, size_t from, size_t to) {
  int saved = errno;
  bool done = is_there(file) && mmap(base + from, to - from, PROT_READ | PROT_WRITE,
                                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0) != MAP_FAILED;
  if (done)
    (void)!ftruncate(file->descriptor, (off_t)from); /* refused, the file is longer than it need be */
  errno = saved;
  return done;
}

void bscope_trace_file_close(struct bscope_trace_file *file) {
  int saved = errno;
  if (is_there(file))
    close(file->descriptor);
  file->descriptor = -1;
  errno = saved;
}

const char *bscope_trace_file_advice(int error) {
  static const struct {
    int error;
    const char *text;
  } rows[] = {
      {EEXIST, "; choose another name (%p in it is the process's id), or set overwrite=1 for a file"},
      {ENOENT, "; create its directory first"},
      {EACCES, "; name a place that the program may write to"},
      {EROFS, "; name a place that the program may write to"},
      {EPERM, "; a program with more rights than its user makes no file"},
      {EISDIR, "; name a file in it"},
      {ENOSPC, "; make room there, or name another place"},
      {EDQUOT, "; make room there, or name another place: on btrfs one whose file system has no quota"},
      {EFBIG, "; raise the limit of file sizes (ulimit -f)"},
      {EMFILE, "; raise the limit of open files (ulimit -n)"},
  };
  for (size_t i = 0; i < BSCOPE_COUNT(rows); i++)
    if (rows[i].error == error)
      return rows[i].text;
  return "";
}
