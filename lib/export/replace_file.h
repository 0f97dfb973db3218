/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file that is there whole or not at all: written under a name of its own beside the target, synced, renamed over it,
 * and the directory synced. Until the rename the old file is untouched; after any failure the new one is gone.
 *
 * What the path names decides:
 *   nothing, a regular file   replaced as said
 *   a symbolic link           replaced itself, never followed, so that a planted link can't lead a write elsewhere ...
 *   ... to a device or FIFO   which is written straight into, like a FIFO or character device named directly
 *   ... to a descriptor       (/dev/stdout, /dev/fd/3) that descriptor of this process, at its own offset
 *   a directory, block device, "", a path that is too long or whose directory does not exist: BSCOPE_ERR_EXPORT, for no
 *   file can ever come of it. What the system refuses beyond that (permission, space, a failing disk) is BSCOPE_ERR_IO.
 *
 * A new file is readable by whom the umask lets (0666 & ~umask), because an export is made to be read, by other tools
 * and people too, and holds no addresses; one that holds them is asked for as `secret` and is the owner's alone (0600).
 * A file that exists already keeps its permissions, of which `secret` keeps the owner's.
 */
#ifndef BSCOPE_EXPORT_REPLACE_FILE_H
#define BSCOPE_EXPORT_REPLACE_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

struct bscope_replace_file {
  int fd;             /* to be written to */
  int directory;      /* where target and temporary lie; -1: the target is written straight into */
  mode_t mode;        /* that the file is to have in the end */
  bool set_mode;      /* it was created with another */
  const char *path;   /* as the caller gave it; borrowed until the end */
  const char *name;   /* its last component */
  char temporary[40]; /* name in the directory */
};

/* Opens what is to be written: 0, BSCOPE_ERR_EXPORT or BSCOPE_ERR_IO. On success one of the two ends must follow. */
int bscope_replace_file_begin(struct bscope_replace_file *file, const char *path, bool secret);

/* Puts the written file in the target's place. On failure (BSCOPE_ERR_IO) nothing is left behind. */
int bscope_replace_file_commit(struct bscope_replace_file *file);

/* Gives up: the temporary is removed, the target stays as it was. Keeps errno. */
void bscope_replace_file_abandon(struct bscope_replace_file *file);

#endif
