/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program `borrowscope`: everything is in commands.c, so that tests have it without this main.
 */
#include "cli.h"

#include <unistd.h>

int main(int argc, char **argv) {
  return cli_main(argc, argv, STDOUT_FILENO, stderr);
}
