/* SPDX-License-Identifier: Apache-2.0 */
#include "source.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SOURCE_MOST ((off_t)8 << 20) /* bytes; nobody wrote more by hand */
#define PATH_BYTES 4096
#define TAB 8

const char *cli_source_path(const char *file) {
  while (strncmp(file, "./", 2) == 0 || strncmp(file, "../", 3) == 0)
    file += file[1] == '/' ? 2 : 3;
  return file;
}

/* Only a plain file: a recorded name may be that of a pipe or a device. */
static bool read_file(const char *path, struct cli_source_file *out) {
  struct stat about;
  if (stat(path, &about) != 0 || !S_ISREG(about.st_mode) || about.st_size > SOURCE_MOST)
    return false;
  FILE *in = fopen(path, "r");
  if (in == NULL)
    return false;
  out->text = malloc((size_t)about.st_size + 1);
  out->size = out->text == NULL ? 0 : fread(out->text, 1, (size_t)about.st_size, in);
  fclose(in);
  return out->text != NULL;
}

/* Below the folder, with as many of the name's own folders as are there. */
static bool read_below(const char *folder, const char *name, struct cli_source_file *out) {
  char path[PATH_BYTES];
  for (const char *rest = name; rest != NULL; rest = strchr(rest, '/')) {
    rest += strspn(rest, "/");
    int size = snprintf(path, sizeof(path), "%s/%s", folder, rest);
    if (size > 0 && size < PATH_BYTES && read_file(path, out))
      return true;
  }
  return false;
}

static const struct cli_source_file *file_of(struct cli_sources *sources, const char *name) {
  for (size_t i = 0; i < CLI_SOURCE_FILES; i++)
    if (sources->files[i].name != NULL && strcmp(sources->files[i].name, name) == 0)
      return &sources->files[i];
  struct cli_source_file *file = &sources->files[sources->next++ % CLI_SOURCE_FILES];
  free(file->name);
  free(file->text);
  *file = (struct cli_source_file){.name = strdup(name)};
  const char *path = cli_source_path(name);
  if (file->name != NULL && !read_file(name, file) && (path == name || !read_file(path, file)) &&
      sources->folder != NULL)
    (void)read_below(sources->folder, path, file);
  return file;
}

static const char *line_of(const struct cli_source_file *file, uint32_t line, size_t *size) {
  const char *at = file->text, *end = file->text + file->size;
  for (; at != NULL && line > 1; line--) {
    at = memchr(at, '\n', (size_t)(end - at));
    at = at == NULL ? NULL : at + 1;
  }
  if (at == NULL || at == end)
    return NULL;
  const char *newline = memchr(at, '\n', (size_t)(end - at));
  *size = (size_t)((newline == NULL ? end : newline) - at);
  if (memchr(at, '\0', *size) != NULL)
    return NULL;
  *size -= *size > 0 && at[*size - 1] == '\r';
  return at;
}

static bool in_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || (c & 0x80) != 0;
}

/* Where `name` stands as a word of its own; SIZE_MAX: nowhere. */
static size_t find_word(const char *line, size_t size, const char *name) {
  size_t length = name == NULL ? 0 : strlen(name);
  for (size_t i = 0; length > 0 && i + length <= size; i++)
    if (memcmp(line + i, name, length) == 0 && (i == 0 || !in_word(line[i - 1]) || !in_word(name[0])) &&
        (i + length == size || !in_word(line[i + length]) || !in_word(name[length - 1])))
      return i;
  return SIZE_MAX;
}

bool cli_source_line(struct cli_sources *sources, const struct bscope_place *place, struct cli_line *out) {
  size_t size = 0, used = 0;
  if (place->file == NULL || place->file[0] == '\0' || place->line == 0)
    return false;
  const struct cli_source_file *file = file_of(sources, place->file);
  const char *line = file->text == NULL ? NULL : line_of(file, place->line, &size);
  if (line == NULL)
    return false;
  size_t found = find_word(line, size, place->name);
  *out = (struct cli_line){.column = found == SIZE_MAX ? 0 : found + 1, .character = 1};
  for (size_t i = 0; i < found && i < size; i++)
    out->character += ((unsigned char)line[i] & 0xc0) != 0x80;
  for (size_t i = 0; i < size && used + TAB < CLI_LINE_BYTES; i++) {
    if (i == found) {
      out->at = used;
      out->bytes = strlen(place->name);
    }
    do
      out->text[used++] = line[i] == '\t' ? ' ' : line[i];
    while (line[i] == '\t' && used % TAB != 0);
  }
  out->text[used] = '\0';
  if (out->at + out->bytes > used)
    out->bytes = 0;
  return true;
}

void cli_source_free(struct cli_sources *sources) {
  for (size_t i = 0; i < CLI_SOURCE_FILES; i++) {
    free(sources->files[i].name);
    free(sources->files[i].text);
  }
}
