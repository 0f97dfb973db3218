/* SPDX-License-Identifier: Apache-2.0 */
#include "linkage.h"

#include <elf.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LIBRARY "libborrowscope.so"
#define SEGMENTS_MAX 128
#define ENTRIES_MAX 4096

static bool read_at(int fd, void *to, size_t size, uint64_t offset) {
  return offset <= INT64_MAX - size && pread(fd, to, size, (off_t)offset) == (ssize_t)size;
}

struct segments {
  Elf64_Phdr entries[SEGMENTS_MAX];
  size_t count;
};

/* Where in the file a loaded address lies; UINT64_MAX: nowhere. */
static uint64_t offset_of(const struct segments *segments, uint64_t address) {
  for (size_t i = 0; i < segments->count; i++) {
    const Elf64_Phdr *segment = &segments->entries[i];
    if (segment->p_type == PT_LOAD && address >= segment->p_vaddr && address - segment->p_vaddr < segment->p_filesz)
      return segment->p_offset + (address - segment->p_vaddr);
  }
  return UINT64_MAX;
}

static bool names_library(int fd, uint64_t strings, uint64_t name) {
  char text[sizeof(LIBRARY)];
  return strings != UINT64_MAX && name < UINT32_MAX && read_at(fd, text, sizeof(text) - 1, strings + name) &&
         memcmp(text, LIBRARY, sizeof(LIBRARY) - 1) == 0;
}

static enum cli_linkage read_dynamic(int fd, const struct segments *segments, const Elf64_Phdr *dynamic) {
  Elf64_Dyn entry;
  uint64_t strings = UINT64_MAX, count = dynamic->p_filesz / sizeof(entry);
  count = count < ENTRIES_MAX ? count : ENTRIES_MAX;
  for (uint64_t i = 0; i < count && read_at(fd, &entry, sizeof(entry), dynamic->p_offset + i * sizeof(entry)); i++)
    if (entry.d_tag == DT_STRTAB)
      strings = offset_of(segments, entry.d_un.d_ptr);
  for (uint64_t i = 0; i < count && read_at(fd, &entry, sizeof(entry), dynamic->p_offset + i * sizeof(entry)); i++)
    if (entry.d_tag == DT_NEEDED && names_library(fd, strings, entry.d_un.d_val))
      return CLI_LINKED;
  return CLI_NOT_LINKED;
}

static enum cli_linkage read_program(int fd) {
  Elf64_Ehdr head;
  struct segments segments;
  if (!read_at(fd, &head, 2, 0))
    return CLI_OTHER;
  if (memcmp(&head, "#!", 2) == 0)
    return CLI_SCRIPT;
  int data = BYTE_ORDER == LITTLE_ENDIAN ? ELFDATA2LSB : ELFDATA2MSB;
  if (!read_at(fd, &head, sizeof(head), 0) || memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 ||
      head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_ident[EI_DATA] != data || head.e_phentsize != sizeof(Elf64_Phdr) ||
      head.e_phnum > SEGMENTS_MAX)
    return CLI_OTHER;
  segments.count = head.e_phnum;
  if (!read_at(fd, segments.entries, segments.count * sizeof(Elf64_Phdr), head.e_phoff))
    return CLI_OTHER;
  for (size_t i = 0; i < segments.count; i++)
    if (segments.entries[i].p_type == PT_DYNAMIC)
      return read_dynamic(fd, &segments, &segments.entries[i]);
  return CLI_STATIC;
}

enum cli_linkage cli_linkage_of(const char *path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0)
    return CLI_OTHER;
  enum cli_linkage linkage = read_program(fd);
  close(fd);
  return linkage;
}

static bool is_program(const char *path) {
  struct stat status;
  return access(path, X_OK) == 0 && stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

char *cli_find_program(const char *name) {
  const char *path = getenv("PATH");
  if (strchr(name, '/') != NULL)
    return access(name, F_OK) == 0 ? strdup(name) : NULL;
  path = path == NULL ? "/usr/local/bin:/usr/bin:/bin" : path;
  size_t size = strlen(path) + strlen(name) + 3;
  char *full = malloc(size);
  if (full == NULL)
    return NULL;
  for (;; path++) {
    size_t folder = strcspn(path, ":");
    char *end = mempcpy(full, folder == 0 ? "." : path, folder == 0 ? 1 : folder);
    *end++ = '/';
    strcpy(end, name);
    if (is_program(full))
      return full;
    path += folder;
    if (*path == '\0')
      break;
  }
  free(full);
  errno = ENOENT;
  return NULL;
}
