/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether a program is linked with the library: its NEEDED entries.
 */
#ifndef BSCOPE_CLI_LINKAGE_H
#define BSCOPE_CLI_LINKAGE_H

enum cli_linkage {
  CLI_LINKED,     /* the library is among its NEEDED entries */
  CLI_NOT_LINKED, /* it is not */
  CLI_STATIC,     /* it needs nothing at all */
  CLI_SCRIPT,     /* it begins with #! */
  CLI_OTHER       /* another machine's, or no program */
};

/* Reads the file with pread; whatever it holds, no more than some KiB are kept. */
enum cli_linkage cli_linkage_of(const char *path);

/* Where a program's name leads by PATH. Owned. NULL: nowhere; errno says why. */
char *cli_find_program(const char *name);

#endif
