/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The layouts that are frozen for soname 0: programs compiled against an older header write these structs without
 * asking the library. A line here may never change; a new layout needs a new soname. The compiler judges most of it,
 * the run what only the linked library can show.
 */
#include <borrowscope/types.h>
#include <borrowscope/write.h>

#include <stdio.h>

#define SIZE(type, bytes) _Static_assert(sizeof(struct type) == (bytes), "frozen: size of struct " #type)
#define FIELD(type, field, at, bytes)                                                                                  \
  _Static_assert(offsetof(struct type, field) == (at) && sizeof(((struct type *)0)->field) == (bytes),                 \
                 "frozen: struct " #type "." #field)
#define VALUE(name, value) _Static_assert((name) == (value), "frozen: " #name)

SIZE(bscope_site, 80);
FIELD(bscope_site, abi, 0, 2);
FIELD(bscope_site, size, 2, 2);
FIELD(bscope_site, word, 4, 4);
FIELD(bscope_site, kind, 8, 1);
FIELD(bscope_site, subject_is, 9, 1);
FIELD(bscope_site, object_is, 10, 1);
FIELD(bscope_site, reserved, 11, 1);
FIELD(bscope_site, flags, 12, 4);
FIELD(bscope_site, line, 16, 4);
FIELD(bscope_site, extent, 20, 4);
FIELD(bscope_site, name, 24, 8);
FIELD(bscope_site, name2, 32, 8);
FIELD(bscope_site, type, 40, 8);
FIELD(bscope_site, file, 48, 8);
FIELD(bscope_site, function, 56, 8);
FIELD(bscope_site, text, 64, 8);
FIELD(bscope_site, extra, 72, 8);

SIZE(bscope_control, 64);
FIELD(bscope_control, generation, 0, 8);
FIELD(bscope_control, busy, 8, 8);
FIELD(bscope_control, head, 16, 8);
FIELD(bscope_control, limit, 24, 8);
FIELD(bscope_control, records, 32, 8);
FIELD(bscope_control, mask, 40, 8);
FIELD(bscope_control, clock, 48, 8);
FIELD(bscope_control, busy_since, 56, 8);

SIZE(bscope_record, 32);
FIELD(bscope_record, stamp, 0, 8);
FIELD(bscope_record, subject, 8, 8);
FIELD(bscope_record, object, 16, 8);
FIELD(bscope_record, site, 24, 4);
FIELD(bscope_record, index, 28, 4);

SIZE(bscope_gate, 64);
FIELD(bscope_gate, word, 0, 8);
_Static_assert(_Alignof(struct bscope_gate) == 64, "frozen: the gate lies alone on its cache line");

VALUE(BSCOPE_SITE_ABI, 1u);
VALUE(BSCOPE_SITE_UNKNOWN, 0u);
VALUE(BSCOPE_SITE_OFF, 0xffffffffu);
VALUE(BSCOPE_GATE_OFF, 0u);

VALUE(BSCOPE_WORD_NONE, 0);
VALUE(BSCOPE_WORD_ADDRESS, 1);
VALUE(BSCOPE_WORD_ID, 2);
VALUE(BSCOPE_WORD_SIZE, 3);
VALUE(BSCOPE_WORD_VALUE, 4);

VALUE(BSCOPE_SITE_MUTABLE, 1);
VALUE(BSCOPE_SITE_BY_ADDRESS, 2);
VALUE(BSCOPE_SITE_SCOPED, 4);
VALUE(BSCOPE_SITE_BORROWER_ONLY, 8);
VALUE(BSCOPE_SITE_PRETTY_TYPE, 16);
VALUE(BSCOPE_SITE_PRETTY_FUNCTION, 32);
VALUE(BSCOPE_SITE_SAMPLED, 64);
VALUE(BSCOPE_SITE_RANGE, 128);

static int failures;

static void expect(bool holds, const char *what) {
  if (holds)
    return;
  fprintf(stderr, "layout: %s\n", what);
  failures++;
}

/* What the inline part of a call does to the control block and the slot, step by step: the frozen protocol. */
static void check_protocol(void) {
  uint64_t clock = 41;
  struct bscope_record slots[4] = {{.index = 0}};
  struct bscope_control control = {.head = 6, .limit = 7, .records = slots, .mask = 3, .clock = &clock};
  expect(bscope_record_slot_(&control, 9, 0x1111, 0x2222), "a write with room below the limit is done inline");
  const struct bscope_record *slot = &slots[6 & 3];
  expect(slot->stamp == 41 && clock == 42, "the stamp is the counter's value before the call");
  expect(slot->subject == 0x1111 && slot->object == 0x2222 && slot->site == 9, "the words and the site's id");
  expect(slot->index == 7, "a published slot holds its running index + 1");
  expect(control.head == 7 && control.busy == 0, "the head is one further, and nothing is open");
  expect(!bscope_record_slot_(&control, 9, 0, 0), "at the limit nothing is written inline");
  expect(clock == 42 && control.head == 7 && control.busy == 0, "and no stamp is taken");
}

int main(void) {
  expect(((uintptr_t)&bscope_gate & 63) == 0, "the gate begins a cache line");
  expect(bscope_thread_control != NULL, "a thread always has a control block to look at");
  expect(bscope_thread_control->generation != bscope_gate.word || bscope_gate.word == BSCOPE_GATE_OFF,
         "before its first event a thread's generation is not the gate's");
  check_protocol();
  return failures != 0;
}
