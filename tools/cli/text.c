/* SPDX-License-Identifier: Apache-2.0 */
#include "text.h"

#include <inttypes.h>
#include <string.h>
#include <wchar.h>

size_t cli_character(const char *text, uint32_t *out) {
  const unsigned char *s = (const unsigned char *)text;
  size_t n = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;
  if (n <= 1) {
    *out = s[0];
    return n;
  }
  uint32_t c = s[0] & (0x7fu >> n);
  for (size_t i = 1; i < n; i++) {
    if ((s[i] & 0xc0) != 0x80) /* the NUL at the end too */
      return 0;
    c = c << 6 | (s[i] & 0x3fu);
  }
  bool overlong = (n == 3 && c < 0x800) || (n == 4 && c < 0x10000);
  if (overlong || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
    return 0;
  *out = c;
  return n;
}

bool cli_is_hidden(uint32_t c) {
  static const struct {
    uint32_t first, last;
  } ranges[] = {
      {0x0, 0x1f},      {0x7f, 0x9f},     {0xad, 0xad},     {0x61c, 0x61c},     {0x115f, 0x1160}, {0x180b, 0x180e},
      {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f}, {0x3164, 0x3164},   {0xfe00, 0xfe0f}, {0xfeff, 0xfeff},
      {0xffa0, 0xffa0}, {0xfff0, 0xfffb}, {0xfffe, 0xffff}, {0xe0000, 0xe0fff},
  };
  for (size_t i = 0; i < CLI_COUNT(ranges); i++)
    if (c >= ranges[i].first && c <= ranges[i].last)
      return true;
  return false;
}

size_t cli_visible_step(const char **s, char out[CLI_STEP_BYTES], size_t *columns) {
  uint32_t c = 0;
  size_t bytes = cli_character(*s, &c), written;
  if (bytes == 0 || (cli_is_hidden(c) && c < 0x80)) {
    written = (size_t)snprintf(out, CLI_STEP_BYTES, "\\x%02X", (unsigned char)**s);
    bytes = 1;
  } else if (cli_is_hidden(c)) {
    written = (size_t)snprintf(out, CLI_STEP_BYTES, "\\u{%" PRIX32 "}", c);
  } else {
    int width = c < 0x80 ? 1 : wcwidth((wchar_t)c);
    memcpy(out, *s, bytes);
    *s += bytes;
    *columns = width < 0 ? 1 : (size_t)width;
    return bytes;
  }
  *s += bytes;
  *columns = written;
  return written;
}

size_t cli_plain_bytes(const char *s) {
  const char *begin = s;
  while (*s >= ' ' && *s < 0x7f)
    s++;
  return (size_t)(s - begin);
}

void cli_put_number(FILE *out, uint64_t number, int digits) {
  char text[24], *at = text + sizeof(text);
  do {
    *--at = (char)('0' + number % 10);
    number /= 10;
  } while (number != 0 || text + sizeof(text) - at < digits);
  fwrite(at, 1, (size_t)(text + sizeof(text) - at), out);
}

size_t cli_columns(const char *s) {
  char step[CLI_STEP_BYTES];
  size_t sum = cli_plain_bytes(s), columns;
  s += sum;
  while (*s != '\0') {
    (void)cli_visible_step(&s, step, &columns);
    sum += columns;
  }
  return sum;
}

size_t cli_put_cut(FILE *out, const char *s, size_t limit) {
  size_t plain = cli_plain_bytes(s);
  if (s[plain] == '\0' && (limit == 0 || plain <= limit)) {
    fwrite(s, 1, plain, out);
    return plain;
  }
  bool cut = limit != 0 && cli_columns(s) > limit;
  char step[CLI_STEP_BYTES];
  size_t sum = 0, columns, dots = cut && limit > 3 ? 3 : 0;
  while (*s != '\0') {
    size_t bytes = cli_visible_step(&s, step, &columns);
    if (cut && sum + columns + dots > limit)
      break;
    fwrite(step, 1, bytes, out);
    sum += columns;
  }
  fwrite("...", 1, dots, out);
  return sum + dots;
}

void cli_put(FILE *out, const char *s) {
  cli_put_cut(out, s, 0);
}

void cli_put_spaces(FILE *out, size_t count) {
  for (; count > 0; count--)
    putc(' ', out);
}

void cli_put_left(FILE *out, const char *s, size_t width) {
  size_t columns = cli_put_cut(out, s, 0);
  cli_put_spaces(out, columns < width ? width - columns : 0);
}

void cli_put_right(FILE *out, const char *s, size_t width) {
  size_t columns = cli_columns(s);
  cli_put_spaces(out, columns < width ? width - columns : 0);
  cli_put(out, s);
}

/* On a mismatch the last '*' takes one character more: at most pattern times text steps. */
bool cli_glob(const char *pattern, const char *text) {
  const char *star = NULL, *resume = NULL;
  uint32_t character;
  while (*text != '\0') {
    size_t bytes = cli_character(text, &character);
    if (*pattern == '*') {
      star = pattern++;
      resume = text;
    } else if (*pattern == '?') {
      pattern++;
      text += bytes == 0 ? 1 : bytes;
    } else if (*pattern == *text) {
      pattern++;
      text++;
    } else if (star != NULL) {
      pattern = star + 1;
      text = ++resume;
    } else {
      return false;
    }
  }
  pattern += strspn(pattern, "*");
  return *pattern == '\0';
}

#define DISTANCE_MAX 64

size_t cli_distance(const char *a, const char *b) {
  size_t row[DISTANCE_MAX + 1], length = strnlen(b, DISTANCE_MAX);
  for (size_t k = 0; k <= length; k++)
    row[k] = k;
  for (size_t i = 0; i < DISTANCE_MAX && a[i] != '\0'; i++) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t k = 0; k < length; k++) {
      size_t replaced = diagonal + (a[i] != b[k]);
      diagonal = row[k + 1];
      size_t added = (row[k] < diagonal ? row[k] : diagonal) + 1;
      row[k + 1] = replaced < added ? replaced : added;
    }
  }
  return row[length];
}

char *cli_number(uint64_t number, char out[CLI_NUMBER_BYTES]) {
  char digits[24];
  int count = snprintf(digits, sizeof(digits), "%" PRIu64, number);
  char *to = out;
  for (int i = 0; i < count; i++) {
    if (i > 0 && (count - i) % 3 == 0)
      *to++ = ',';
    *to++ = digits[i];
  }
  *to = '\0';
  return out;
}

/* Three figures that count. */
static char *scaled(double value, const char *unit, char out[CLI_NUMBER_BYTES]) {
  snprintf(out, CLI_NUMBER_BYTES, value < 10 ? "%.2f %s" : value < 100 ? "%.1f %s" : "%.0f %s", value, unit);
  return out;
}

char *cli_duration(uint64_t ns, char out[CLI_NUMBER_BYTES]) {
  if (ns >= 1000000000)
    return scaled((double)ns / 1e9, "s", out);
  if (ns >= 1000000)
    return scaled((double)ns / 1e6, "ms", out);
  if (ns >= 1000)
    return scaled((double)ns / 1e3, "us", out);
  snprintf(out, CLI_NUMBER_BYTES, "%" PRIu64 " ns", ns);
  return out;
}

char *cli_bytes(uint64_t bytes, char out[CLI_NUMBER_BYTES]) {
  static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
  double value = (double)bytes / 1024;
  size_t unit = 0;
  if (bytes < 1024) {
    snprintf(out, CLI_NUMBER_BYTES, "%" PRIu64 " bytes", bytes);
    return out;
  }
  for (; value >= 1024 && unit + 1 < CLI_COUNT(units); unit++)
    value /= 1024;
  return scaled(value, units[unit], out);
}

static const char *const paints[] = {
    [CLI_PLAIN] = "\033[0m", [CLI_BOLD] = "\033[1m",     [CLI_DIM] = "\033[2m",
    [CLI_RED] = "\033[31m",  [CLI_GREEN] = "\033[32m",   [CLI_YELLOW] = "\033[33m",
    [CLI_BLUE] = "\033[34m", [CLI_MAGENTA] = "\033[35m", [CLI_CYAN] = "\033[36m",
};

void cli_paint(const struct cli *cli, enum cli_paint paint) {
  if (cli->colour)
    fputs(paints[paint], cli->out);
}

void cli_paint_err(const struct cli *cli, enum cli_paint paint) {
  if (cli->colour_err)
    fputs(paints[paint], cli->err);
}
