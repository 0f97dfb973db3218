/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Documents to begin with: the smallest, and events of each kind with the fields that the table of kinds gives it, a
 * few kinds in each. Ids are of three variables.
 */
#include "../trace_build.h"

#include "base/kinds.h"
#include "harness_fuzz.h"

#include <borrowscope/kinds.h>

#define KINDS_EACH 16u

static const char *const whole[] = {
    "{}", "[]", "{\"events\": []}",
    "{\"nodes\": [], \"edges\": [], \"events\": [], \"metadata\": {}, \"schema_version\": 1, \"stats\": {\"lost\": 1}}",
    "[{\"type\": \"New\", \"timestamp\": 1, \"var_name\": \"a\", \"var_id\": \"a_1\", \"type_name\": \"int\"},"
    " {\"type\": \"Borrow\", \"timestamp\": 3, \"borrower_name\": \"r\", \"borrower_id\": \"r_3\", \"owner_id\": "
    "\"a_1\", \"mutable\": true, \"thread\": 1, \"time_ns\": 12, \"file\": \"m.c\", \"line\": 4},"
    " {\"type\": \"Move\", \"timestamp\": 4, \"from_id\": \"a_1\", \"to_name\": \"b\", \"to_id\": \"b_4\"},"
    " {\"type\": \"Drop\", \"timestamp\": 5, \"var_id\": \"r_3\"}, {\"type\": \"Drop\", \"timestamp\": 6, \"var_id\": "
    "\"b_4\"}]"};

/* `source` is the field's letter. */
static void put_field(FILE *file, char source, const char *key, size_t size, unsigned turn) {
  if (source == 'X')
    fprintf(file, ", \"%.*s\": [\"x\"]", (int)size, key);
  else if (strchr("VB5", source))
    fprintf(file, ", \"%.*s\": %s", (int)size, key, turn % 2 ? "true" : "false");
  else if (strchr("UCKAPQ1234", source))
    fprintf(file, ", \"%.*s\": %u", (int)size, key, turn);
  else
    fprintf(file, ", \"%.*s\": \"%c_%u\"", (int)size, key, 'a' + turn % 3, turn % 3);
}

static void put_event(FILE *file, unsigned kind, bool first) {
  const char *at = bscope_kind_fields(kind);
  unsigned turn = kind;

  fprintf(file, "%s{\"type\": \"%s\", \"timestamp\": %u", first ? "" : ",\n", bscope_kind_name((enum bscope_kind)kind),
          kind);
  while (at && *at) {
    size_t size = strcspn(at, " ");

    if (size > 1)
      put_field(file, *at, at + 1, size - 1, turn++);
    at += size + strspn(at + size, " ");
  }
  fprintf(file, ", \"thread\": %u, \"line\": %u}", kind % 3, kind);
}

static FILE *begin(const char *folder, const char *name, size_t number) {
  char path[4096];
  FILE *file;

  snprintf(path, sizeof(path), "%s/%s_%zu", folder, name, number);
  file = fopen(path, "w");
  if (!file)
    abort();
  return file;
}

void fuzz_write_seeds(const char *folder) {
  for (size_t i = 0; i < BSCOPE_COUNT(whole); i++) {
    FILE *file = begin(folder, "whole", i);
    fputs(whole[i], file);
    fclose(file);
  }
  for (unsigned first = 0; bscope_kind_fields(first + 1); first += KINDS_EACH) {
    FILE *file = begin(folder, "kinds", first);
    bool any = false;
    fputs("{\"events\": [", file);
    for (unsigned kind = first; kind < first + KINDS_EACH; kind++)
      if (bscope_kind_is_recorded(kind) && bscope_kind_fields(kind)) {
        put_event(file, kind, !any);
        any = true;
      }
    fputs("]}\n", file);
    fclose(file);
  }
}
