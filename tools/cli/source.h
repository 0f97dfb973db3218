/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines of the program's own source, as places name them: a file is sought under the name that was recorded, then from
 * the current directory, then below the folder that --source names; what is not found or was changed is left out.
 */
#ifndef BSCOPE_CLI_SOURCE_H
#define BSCOPE_CLI_SOURCE_H

#include "cli.h"

#include <borrowscope/check.h>

#define CLI_SOURCE_FILES 32 /* kept at a time; each is read once while it is among them */

struct cli_source_file {
  char *name; /* as recorded */
  char *text; /* NULL: it can't be read */
  size_t size;
};

/* All zero but `folder`, to begin with. */
struct cli_sources {
  const char *folder; /* or NULL */
  struct cli_source_file files[CLI_SOURCE_FILES];
  size_t next;
};

#define CLI_LINE_BYTES 400

/* A place's line without its newline, cut, tabs made spaces; and where in it the place's name stands. */
struct cli_line {
  char text[CLI_LINE_BYTES];
  size_t column;    /* bytes of the source line before the name, and 1; 0: it does not stand there */
  size_t at;        /* the same in `text`, from 0 */
  size_t bytes;     /* of the name */
  size_t character; /* the column in characters */
};

/* False: the line can't be read. */
bool cli_source_line(struct cli_sources *sources, const struct bscope_place *place, struct cli_line *out);

void cli_source_free(struct cli_sources *sources);

/* The path as seen from the project: without the ./ and ../ that a build folder puts before it. */
const char *cli_source_path(const char *file);

#endif
