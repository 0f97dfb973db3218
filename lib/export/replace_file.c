/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All names are resolved against one descriptor of the directory, so that neither chdir nor a renamed directory moves
 * the target meanwhile. A dozen system calls; the two syncs cost what the disk costs.
 */
#include "export/replace_file.h"

#include "base/error.h"
#include "base/util.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define ATTEMPTS 100 /* at a free name; each is a random 64-bit number, so a second attempt is rare */

/* Runs a call again while a signal interrupts it. */
#define AGAIN(result, call)                                                                                            \
  do                                                                                                                   \
    (result) = (call);                                                                                                 \
  while ((result) < 0 && errno == EINTR)

static int fail_target(const char *path, const char *why) {
  return bscope_fail(BSCOPE_ERR_EXPORT, "can't export to \"%s\": %s", path, why);
}

static int fail_io(const char *path, int error, const char *what) {
  return bscope_fail_errno(BSCOPE_ERR_IO, error, "can't export to \"%s\": %s", path, what);
}

/* Which of the two a failure to open is: a path that can't be a target, or a refusal. */
static int fail_open(const char *path, int error, const char *what) {
  if (error == ENOENT)
    return fail_target(path, "its directory does not exist (create it first)");
  if (error == ENOTDIR)
    return fail_target(path, "what it names as a directory is none (choose another path)");
  if (error == ENAMETOOLONG)
    return fail_target(path, "the path is too long");
  if (error == ELOOP)
    return fail_target(path, "its symbolic links lead in a circle");
  if (error == EISDIR)
    return fail_target(path, "it is a directory (name a file in it)");
  return fail_io(path, error, what);
}

/* N of "/dev/fd/N" and "/proc/self/fd/N", or -1. */
static int descriptor_in(const char *text) {
  static const char *const places[] = {"/dev/fd/", "/proc/self/fd/"};
  for (size_t i = 0; i < BSCOPE_COUNT(places); i++) {
    size_t length = strlen(places[i]);
    if (strncmp(text, places[i], length) != 0)
      continue;
    char *end;
    unsigned long n = strtoul(text + length, &end, 10);
    return end > text + length && *end == '\0' && n <= INT_MAX ? (int)n : -1;
  }
  return -1;
}

/* The descriptor of this process that a path means, itself or as a link (/dev/stdout), or -1. */
static int descriptor_of(const char *path) {
  int n = descriptor_in(path);
  if (n >= 0)
    return n;
  char link[64];
  ssize_t size = readlink(path, link, sizeof(link) - 1);
  if (size < 0 || (size_t)size == sizeof(link) - 1)
    return -1;
  link[size] = '\0';
  return descriptor_in(link);
}

static int begin_descriptor(struct bscope_replace_file *file, int n) {
  AGAIN(file->fd, fcntl(n, F_DUPFD_CLOEXEC, 0));
  return file->fd < 0 ? fail_io(file->path, errno, "the descriptor is not open") : BSCOPE_OK;
}

/* A FIFO or character device: appended to, so that nothing is overwritten whatever it turns out to be. */
static int begin_straight(struct bscope_replace_file *file) {
  AGAIN(file->fd, open(file->path, O_WRONLY | O_APPEND | O_NOCTTY | O_CLOEXEC));
  return file->fd < 0 ? fail_open(file->path, errno, "it can't be opened for writing") : BSCOPE_OK;
}

/* The directory of the target; the name in it is left in file->name. */
static int open_directory(struct bscope_replace_file *file) {
  const char *slash = strrchr(file->path, '/');
  char name[PATH_MAX];
  size_t length = slash ? (size_t)(slash - file->path) : 0;
  file->name = slash ? slash + 1 : file->path;
  if (strlen(file->path) >= sizeof(name))
    return fail_target(file->path, "the path is too long");
  if (*file->name == '\0')
    return fail_target(file->path, *file->path ? "it is a directory (name a file in it)" : "the path is empty");
  memcpy(name, file->path, length);
  name[length] = '\0';
  const char *directory = slash == file->path ? "/" : slash ? name : ".";
  AGAIN(file->directory, open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (file->directory < 0 && errno == EACCES) /* may be searched but not listed: can't be synced, but holds files */
    AGAIN(file->directory, open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC));
  return file->directory < 0 ? fail_open(file->path, errno, "its directory can't be opened") : BSCOPE_OK;
}

static void name_temporary(struct bscope_replace_file *file) {
  uint64_t number;
  if (getrandom(&number, sizeof(number), GRND_NONBLOCK) != (ssize_t)sizeof(number))
    number = bscope_now_ns();
  snprintf(file->temporary, sizeof(file->temporary), ".borrowscope-%016llx.tmp", (unsigned long long)number);
}

static int create_temporary(struct bscope_replace_file *file) {
  for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
    name_temporary(file);
    AGAIN(file->fd, openat(file->directory, file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                           file->set_mode ? 0600 : file->mode));
    if (file->fd >= 0)
      return BSCOPE_OK;
    if (errno != EEXIST)
      break;
  }
  return fail_io(file->path, errno, "no file can be created beside it (choose a directory that you may write to)");
}

/* What is there already decides: replace it, write straight into it, or refuse. */
static int begin_in_directory(struct bscope_replace_file *file, bool secret) {
  struct stat found;
  file->mode = secret ? 0600 : 0666;
  if (fstatat(file->directory, file->name, &found, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno != ENOENT)
      return fail_open(file->path, errno, "it can't be looked at");
    return create_temporary(file);
  }
  struct stat behind = found;
  bool is_link = S_ISLNK(found.st_mode);
  if (is_link && fstatat(file->directory, file->name, &behind, 0) != 0)
    behind = found;
  if (S_ISDIR(behind.st_mode))
    return fail_target(file->path, "it is a directory (name a file in it)");
  if (S_ISBLK(behind.st_mode))
    return fail_target(file->path, "it is a block device (name a file)");
  if (S_ISCHR(behind.st_mode) || S_ISFIFO(behind.st_mode) || S_ISSOCK(behind.st_mode))
    return begin_straight(file);
  if (!is_link) {
    file->mode = found.st_mode & (secret ? 0700 : 0777);
    file->set_mode = true;
  }
  return create_temporary(file);
}

static void close_directory(struct bscope_replace_file *file) {
  if (file->directory >= 0)
    close(file->directory);
  file->directory = -1;
}

int bscope_replace_file_begin(struct bscope_replace_file *file, const char *path, bool secret) {
  *file = (struct bscope_replace_file){.fd = -1, .directory = -1, .path = path};
  int n = descriptor_of(path);
  if (n >= 0)
    return begin_descriptor(file, n);
  int status = open_directory(file);
  if (status == BSCOPE_OK)
    status = begin_in_directory(file, secret);
  if (status != BSCOPE_OK || file->temporary[0] == '\0')
    close_directory(file); /* failed, or written straight into */
  return status;
}

void bscope_replace_file_abandon(struct bscope_replace_file *file) {
  int saved = errno;
  if (file->fd >= 0)
    close(file->fd);
  if (file->directory >= 0)
    unlinkat(file->directory, file->temporary, 0);
  close_directory(file);
  file->fd = -1;
  errno = saved;
}

/* A file's data must be on the disk before its name is: else a crash could leave an empty file in the old one's place.
 */
static int sync_and_close(struct bscope_replace_file *file) {
  int failed;
  if (file->set_mode && fchmod(file->fd, file->mode) != 0)
    return fail_io(file->path, errno, "its permissions can't be set");
  AGAIN(failed, fsync(file->fd));
  if (failed && errno != EINVAL)
    return fail_io(file->path, errno, "its data can't be synced (is the disk full or failing?)");
  failed = close(file->fd);
  file->fd = -1; /* gone whatever close says */
  return failed && errno != EINTR ? fail_io(file->path, errno, "it can't be closed (is the disk full or failing?)")
                                  : BSCOPE_OK;
}

static int rename_and_sync(struct bscope_replace_file *file) {
  if (renameat(file->directory, file->temporary, file->directory, file->name) != 0)
    return fail_io(file->path, errno, "the new file can't take its place (is the disk full or failing?)");
  file->temporary[0] = '\0';
  int failed;
  AGAIN(failed, fsync(file->directory));
  if (failed && errno != EINVAL && errno != EBADF) /* a file system, or a descriptor, that can't sync directories */
    return fail_io(file->path, errno,
                   "it was written, but its directory can't be synced (a crash of the machine may undo it)");
  return BSCOPE_OK;
}

int bscope_replace_file_commit(struct bscope_replace_file *file) {
  if (file->directory < 0) {
    int failed = close(file->fd);
    file->fd = -1;
    return failed && errno != EINTR ? fail_io(file->path, errno, "it can't be closed") : BSCOPE_OK;
  }
  int status = sync_and_close(file);
  if (status == BSCOPE_OK)
    status = rename_and_sync(file);
  if (file->temporary[0] == '\0')
    close_directory(file);
  else
    bscope_replace_file_abandon(file);
  return status;
}
