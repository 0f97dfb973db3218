/* SPDX-License-Identifier: Apache-2.0 */
#include "table.h"

#include "text.h"

#include <stdarg.h>
#include <stdlib.h>

void cli_table_add(struct cli_table *table, const char *format, ...) {
  if (table->count == table->capacity) {
    size_t capacity = table->capacity == 0 ? 64 : 2 * table->capacity;
    char **cells = reallocarray(table->cells, capacity, sizeof(*cells));
    table->failed |= cells == NULL;
    if (cells == NULL)
      return;
    table->cells = cells;
    table->capacity = capacity;
  }
  va_list arguments;
  va_start(arguments, format);
  char *text;
  if (vasprintf(&text, format, arguments) < 0)
    text = NULL;
  va_end(arguments);
  table->failed |= text == NULL;
  table->cells[table->count++] = text;
}

static bool is_right(const struct cli_table *table, size_t column) {
  return table->heads[column][0] == '>';
}

static const char *head(const struct cli_table *table, size_t column) {
  return table->heads[column] + is_right(table, column);
}

static const char *cell(const struct cli_table *table, size_t i) {
  return table->cells[i] == NULL ? "" : table->cells[i];
}

static size_t columns_of(const struct cli_table *table) {
  size_t columns = 0;
  while (columns < CLI_TABLE_COLUMNS && table->heads[columns] != NULL)
    columns++;
  return columns;
}

static void put_cell(const struct cli *cli, const char *text, bool right, size_t width, size_t limit) {
  if (limit != 0)
    cli_put_cut(cli->out, text, limit);
  else if (right)
    cli_put_right(cli->out, text, width);
  else
    cli_put_left(cli->out, text, width);
}

/* Row `row`, or the heads for SIZE_MAX. */
static void put_row(const struct cli_table *table, const struct cli *cli, const size_t *widths, size_t columns,
                    size_t row) {
  size_t at = 2;
  cli_put_spaces(cli->out, 2);
  for (size_t k = 0; k < columns; k++) {
    const char *text = row == SIZE_MAX ? head(table, k) : cell(table, row * columns + k);
    bool last = k + 1 == columns;
    put_cell(cli, text, is_right(table, k), last && !is_right(table, k) ? 0 : widths[k],
             last && !is_right(table, k) && cli->width > at + 8 ? cli->width - at : 0);
    if (!last)
      cli_put_spaces(cli->out, 2);
    at += widths[k] + 2;
  }
  putc('\n', cli->out);
}

void cli_table_put(struct cli_table *table, const struct cli *cli) {
  size_t widths[CLI_TABLE_COLUMNS] = {0}, columns = columns_of(table), rows = table->count / columns;
  for (size_t k = 0; k < columns; k++)
    widths[k] = cli_columns(head(table, k));
  for (size_t i = 0; i < rows * columns; i++) {
    size_t width = cli_columns(cell(table, i));
    widths[i % columns] = width > widths[i % columns] ? width : widths[i % columns];
  }
  cli_paint(cli, CLI_DIM);
  if (head(table, 0)[0] != '\0')
    put_row(table, cli, widths, columns, SIZE_MAX);
  cli_paint(cli, CLI_PLAIN);
  for (size_t i = 0; i < rows; i++)
    put_row(table, cli, widths, columns, i);
  if (table->failed)
    cli_complain(cli, "no memory for all of a table");
  for (size_t i = 0; i < table->count; i++)
    free(table->cells[i]);
  free(table->cells);
  table->cells = NULL;
  table->count = table->capacity = 0;
}
