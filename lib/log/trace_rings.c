/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What rings hold that was not drained: of a main ring the slots from the tail to the first gap, of a nested one every
 * slot of the first 64 that was not taken out.
 *
 * In a file that is being written each slot is read twice and the tail behind that: what was published before the first
 * read and not drained before the third did not change in between.
 */
#include "log/trace_state.h"

#include "base/util.h"
#include "capture/write.h"

#include <stdlib.h>
#include <string.h>

#define SLOTS_MOST (1u << 24)
#define HEAD_BYTES offsetof(struct bscope_ring, slots)

/* A ring's header, as far as it matters here. */
struct head {
  uint64_t tail;
  uint64_t taken;
  uint64_t copy_index;
  uint64_t copy_position;
  uint64_t dropped[BSCOPE_DROP_REASONS];
  uint32_t size;
  uint32_t thread;
  uint32_t nested;
  uint32_t tid;
  char name[16];
};

struct slots {
  struct bscope_trace *trace;
  const struct bscope_trace_piece *piece;
  struct head ring;
  const struct bscope_record *records;
  uint32_t count;  /* of them: fewer than the ring's size where the file ends */
  uint32_t *first; /* what each index was at the first read, or NULL */
  uint64_t least;  /* what lies below was drained meanwhile */
  bool found;
};

/* The slot of a running index, if it is published; else NULL. */
static const struct bscope_record *published(const struct slots *slots, uint64_t index) {
  uint64_t place = index & (slots->ring.size - 1);
  uint32_t wanted = (uint32_t)(index + 1);

  if (place >= slots->count || slots->records[place].index != wanted || index - slots->least >= slots->ring.size ||
      (slots->first && slots->first[place] != wanted))
    return NULL;
  return &slots->records[place];
}

/* The event's payload from its MORE slots, which `bytes` has room for; returns how many they are. */
static uint32_t gather(const struct slots *slots, uint64_t index, uint8_t *bytes) {
  const struct bscope_record *slot;
  uint32_t n = 0;

  while (n < BSCOPE_RECORD_MORE_MAX && (slot = published(slots, index + 1 + n)) && slot->site == BSCOPE_RECORD_MORE)
    memcpy(bytes + n++ * BSCOPE_RECORD_PAYLOAD, slot, BSCOPE_RECORD_PAYLOAD);
  return n;
}

/*
 * Under clock=tsc: whether the drainer had put the event into its cell and ended before it took the slot. In a main
 * ring what is said of one slot goes for those behind it.
 */
static bool is_copied(const struct slots *slots, uint64_t index) {
  const struct bscope_trace *trace = slots->trace;
  uint64_t ahead = index - slots->ring.copy_index;
  uint64_t position = slots->ring.copy_position - trace->epoch.base + ahead;

  if (slots->ring.copy_index == UINT64_MAX || slots->ring.copy_index - slots->ring.tail > slots->ring.size ||
      ahead >= (slots->ring.nested ? 1 : slots->ring.size))
    return false;
  return position < trace->sealed || bscope_trace_is_placed(trace, position);
}

/* Takes the event at `index`: returns its slots. */
static uint32_t take(struct slots *slots, uint64_t index, const struct bscope_record *slot) {
  struct bscope_trace *trace = slots->trace;
  uint8_t bytes[BSCOPE_RECORD_MORE_MAX * BSCOPE_RECORD_PAYLOAD];
  struct bscope_more_head head = {0};
  bool timed = trace->info.clock == BSCOPE_CLOCK_TSC;
  struct bscope_trace_event event = {.position = timed ? slot->stamp : slot->stamp - trace->epoch.base,
                                     .subject = slot->subject,
                                     .object = slot->object,
                                     .time = timed ? index : 0,
                                     .site = slot->site,
                                     .thread = slots->ring.thread,
                                     .rank = BSCOPE_TRACE_IN_RING + (slots->ring.nested != 0)};
  uint32_t more = gather(slots, index, bytes);
  bool cut_off = ((index + 1 + more) & (slots->ring.size - 1)) >= slots->count; /* its payload might go on there */

  if (more) {
    memcpy(&head, bytes, sizeof(head));
    event.is_long = true;
    event.size = head.size;
    event.cut = head.cut != 0;
    cut_off &= head.size + sizeof(head) > more * BSCOPE_RECORD_PAYLOAD;
  }
  if (cut_off || head.size > BSCOPE_PAYLOAD_MAX || (more && head.size + sizeof(head) > more * BSCOPE_RECORD_PAYLOAD)) {
    bscope_trace_damage(trace, slots->piece->offset, "the payload of an event in a ring");
    return 1 + more;
  }
  if (timed && is_copied(slots, index))
    return 1 + more;
  if (timed)
    bscope_trace_push_event(trace, &event, bytes + sizeof(head));
  else
    bscope_trace_add_event(trace, &event, bytes + sizeof(head));
  slots->found = true;
  return 1 + more;
}

static void take_main(struct slots *slots) {
  const struct bscope_record *slot;

  for (uint64_t i = slots->least; (slot = published(slots, i)) != NULL;)
    i += slot->site == BSCOPE_RECORD_VOID || slot->site == BSCOPE_RECORD_MORE ? 1 : take(slots, i, slot);
}

static void take_nested(struct slots *slots) {
  for (uint32_t i = 0; i < 64 && i < slots->ring.size; i++) {
    uint64_t index = slots->ring.tail + i;
    const struct bscope_record *slot = slots->ring.taken >> i & 1 ? NULL : published(slots, index);

    if (slot && slot->site != BSCOPE_RECORD_VOID && slot->site != BSCOPE_RECORD_MORE)
      (void)take(slots, index, slot);
  }
}

/* The second and third read of a file that is being written. */
static bool read_again(struct slots *slots) {
  struct bscope_trace *trace = slots->trace;
  uint64_t tail;

  slots->first = malloc(slots->count * sizeof(*slots->first));
  if (!slots->first)
    bscope_trace_fail(trace, BSCOPE_ERR_NO_MEMORY, slots->piece->offset, "no memory to read a ring twice");
  for (uint32_t i = 0; slots->first && i < slots->count; i++)
    slots->first[i] = slots->records[i].index;
  bscope_trace_forget(trace);
  slots->records = bscope_trace_view(trace, slots->piece->head, slots->count * sizeof(*slots->records));
  if (!slots->first || !slots->records ||
      !bscope_trace_read(trace, slots->piece->offset + offsetof(struct bscope_ring, tail), &tail, sizeof(tail)))
    return false;
  slots->least = tail;
  return !slots->ring.nested || tail == slots->ring.tail; /* of which were taken out since then we can't be sure */
}

/* The ring itself asks for more alignment than a place in a file has. */
#define FIELD(name) memcpy(&head.name, bytes + offsetof(struct bscope_ring, name), sizeof(head.name))

static struct head head_of(const uint8_t *bytes) {
  struct head head;

  FIELD(tail);
  FIELD(taken);
  FIELD(copy_index);
  FIELD(copy_position);
  FIELD(dropped);
  FIELD(size);
  FIELD(thread);
  FIELD(nested);
  FIELD(tid);
  FIELD(name);
  return head;
}

void bscope_trace_read_ring(struct bscope_trace *trace, const struct bscope_trace_piece *piece) {
  struct slots slots = {.trace = trace, .piece = piece};
  const uint8_t *head =
      piece->head - piece->offset >= HEAD_BYTES ? bscope_trace_view(trace, piece->offset, HEAD_BYTES) : NULL;

  if (head)
    slots.ring = head_of(head);
  if (!head || slots.ring.size < BSCOPE_RING_LEAST || slots.ring.size > SLOTS_MOST ||
      (slots.ring.size & (slots.ring.size - 1)) != 0) {
    bscope_trace_damage(trace, piece->offset, "a ring");
    return;
  }
  for (size_t i = 0; i < BSCOPE_DROP_REASONS; i++)
    trace->dropped_in_rings[i] += slots.ring.dropped[i];
  slots.count = (uint32_t)bscope_min_u64(slots.ring.size, (piece->end - piece->head) / sizeof(*slots.records));
  slots.records = bscope_trace_view(trace, piece->head, slots.count * sizeof(*slots.records));
  slots.least = slots.ring.tail;
  if (slots.records && (!trace->is_written || read_again(&slots))) {
    if (slots.ring.nested)
      take_nested(&slots);
    else
      take_main(&slots);
  }
  free(slots.first);
  if (slots.found)
    bscope_trace_add_thread(trace, slots.ring.thread, slots.ring.tid, slots.ring.name);
}

/* By time, thread, ring and index; the index is where the time will be. */
static int compare_timed(const void *a, const void *b) {
  const struct bscope_trace_event *left = a, *right = b;

  if (left->position != right->position)
    return (int64_t)(left->position - right->position) < 0 ? -1 : 1;
  if (left->thread != right->thread)
    return left->thread < right->thread ? -1 : 1;
  if (left->rank != right->rank)
    return left->rank < right->rank ? -1 : 1;
  return left->time != right->time ? ((int64_t)(left->time - right->time) < 0 ? -1 : 1) : 0;
}

void bscope_trace_place_timed(struct bscope_trace *trace, size_t first) {
  uint64_t next = trace->sealed;
  uint64_t ns = trace->sample_count ? trace->samples[trace->sample_count - 1].ns : 0;

  if (first) {
    next = bscope_max_u64(next, trace->events[first - 1].position + 1);
    ns = bscope_max_u64(ns, trace->events[first - 1].time);
  }
  if (trace->event_count > first)
    qsort(trace->events + first, trace->event_count - first, sizeof(*trace->events), compare_timed);
  for (size_t i = first; i < trace->event_count; i++, next++) {
    trace->events[i].position = next;
    trace->events[i].time = ns; /* how ticks are ns, only the process knew */
  }
}
