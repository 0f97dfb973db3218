/* SPDX-License-Identifier: Apache-2.0 */
#include "base/in_place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/btrfs.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

/* What the kernel writes, whose names opendir would ask an allocator for. */
struct entry {
  uint64_t inode;
  int64_t next;
  uint16_t length;
  uint8_t type;
  char name[];
};

/* Whether the group of that name, below the folder, has a limit of any kind. */
static bool is_limited(int folder, const char *name) {
  char path[300], text[24];
  if (snprintf(path, sizeof(path), "%s/limit_flags", name) >= (int)sizeof(path))
    return false;
  int fd = openat(folder, path, O_RDONLY | O_CLOEXEC);
  ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text));
  if (fd >= 0)
    close(fd);
  return n > 0 && text[0] != '0';
}

static bool any_is_limited(int folder) {
  _Alignas(struct entry) char bytes[2048];
  long n;
  while ((n = syscall(SYS_getdents64, folder, bytes, sizeof(bytes))) > 0)
    for (long at = 0; at < n;) {
      const struct entry *entry = (const struct entry *)(const void *)(bytes + at);
      if (entry->type == DT_DIR && entry->name[0] != '.' && is_limited(folder, entry->name))
        return true;
      at += entry->length;
    }
  return false;
}

/* The kernel's folder of the file system's quota groups; -1: it has none. */
static int open_groups(int fd) {
  struct btrfs_ioctl_fs_info_args info = {0};
  char path[128], *out = path + sprintf(path, "/sys/fs/btrfs/");
  if (ioctl(fd, BTRFS_IOC_FS_INFO, &info) != 0)
    return -1;
  for (int i = 0; i < BTRFS_FSID_SIZE; i++)
    out += sprintf(out, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "", info.fsid[i]);
  strcpy(out, "/qgroups");
  return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Limits are of groups that hold a subvolume, or of groups of those: any of them might hold this one. */
static bool has_quota(int fd) {
  struct statfs status;
  if (fstatfs(fd, &status) != 0 || status.f_type != BTRFS_SUPER_MAGIC)
    return false;
  int folder = open_groups(fd);
  bool limited = folder >= 0 && any_is_limited(folder);
  if (folder >= 0)
    close(folder);
  return limited;
}

/* Where files are not copied the flag is refused, and not needed. */
int bscope_write_in_place(int fd) {
  int flags;
  if (ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0) {
    flags |= FS_NOCOW_FL;
    (void)ioctl(fd, FS_IOC_SETFLAGS, &flags);
  }
  return has_quota(fd) ? EDQUOT : 0;
}
