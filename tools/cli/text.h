/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text for people: what names and messages hold is shown, never obeyed. Control characters, those that turn the
 * direction of text or can't be seen, and bytes that are no UTF-8 are written as \x1B or \u{202E}.
 */
#ifndef BSCOPE_CLI_TEXT_H
#define BSCOPE_CLI_TEXT_H

#include "cli.h"

/* Bytes of the character at `s` and its number; 0: the first byte begins none. */
size_t cli_character(const char *s, uint32_t *out);

/* Whether a character steers a terminal or a line of text, or can't be seen. */
bool cli_is_hidden(uint32_t character);

#define CLI_STEP_BYTES 16

/* Takes the next character off *s and gives what stands for it: its bytes; *columns it takes on a screen. */
size_t cli_visible_step(const char **s, char out[CLI_STEP_BYTES], size_t *columns);

void cli_put(FILE *out, const char *s);

/* The same, cut to `columns` with an ellipsis (0: not cut). Returns the columns taken. */
size_t cli_put_cut(FILE *out, const char *s, size_t columns);

size_t cli_columns(const char *s);

/* Bytes at the beginning of `s` that are shown as they are, a column each. */
size_t cli_plain_bytes(const char *s);

/* In decimal; and with zeroes before it up to `digits`. Many times quicker than printf. */
void cli_put_number(FILE *out, uint64_t number, int digits);

/* Padded to `width` columns behind it, or before it. Never cut. */
void cli_put_left(FILE *out, const char *s, size_t width);
void cli_put_right(FILE *out, const char *s, size_t width);

void cli_put_spaces(FILE *out, size_t count);

/* Whether the glob (* and ?, both for any characters) matches all of the text. */
bool cli_glob(const char *pattern, const char *text);

/* Letters that would have to be typed anew, left out or put in; at most 64 letters count. */
size_t cli_distance(const char *a, const char *b);

/* "1,234,567" into out, which it returns. */
#define CLI_NUMBER_BYTES 32
char *cli_number(uint64_t number, char out[CLI_NUMBER_BYTES]);

/* "1.50 ms", "12.3 s". */
char *cli_duration(uint64_t ns, char out[CLI_NUMBER_BYTES]);

/* "4.0 KiB". */
char *cli_bytes(uint64_t bytes, char out[CLI_NUMBER_BYTES]);

enum cli_paint { CLI_PLAIN, CLI_BOLD, CLI_DIM, CLI_RED, CLI_GREEN, CLI_YELLOW, CLI_BLUE, CLI_MAGENTA, CLI_CYAN };

/* The colour of what follows on cli->out; nothing where there are no colours. */
void cli_paint(const struct cli *cli, enum cli_paint paint);

/* The same on cli->err. */
void cli_paint_err(const struct cli *cli, enum cli_paint paint);

#endif
