/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ring's slots: one is seen only once it holds its own index, on whichever lap, also where indices pass 2^32 and
 * 2^64 (P1); a draft fills its slots so that payload comes before the event itself.
 */
#include "harness.h"

#include "capture/ring.h"
#include "capture/write.h"

static const uint64_t starts[] = {0,          1,           0x7fffffff,      0xfffffff0,     0xfffffffe,
                                  0xffffffff, 0x100000000, UINT64_MAX - 64, UINT64_MAX - 7, UINT64_MAX - 1,
                                  UINT64_MAX};

static struct bscope_ring *make(uint32_t size, uint64_t start, bool nested) {
  size_t bytes = bscope_ring_bytes(size);
  struct bscope_ring *ring = aligned_alloc(128, (bytes + 127) & ~(size_t)127);
  check(ring);
  memset(ring, 0xa5, bytes);
  bscope_ring_init(ring, size, start, nested);
  return ring;
}

static void nothing_is_published_at_first(void **state) {
  (void)state;
  for (unsigned s = 0; s < TEST_COUNT(starts); s++)
    for (uint32_t size = 2; size <= 1024; size *= 2) {
      struct bscope_ring *ring = make(size, starts[s], false);
      assert_int_equal(ring->tail, starts[s]);
      for (uint64_t i = 0; i < size; i++)
        if (bscope_ring_is_published(ring, starts[s] + i))
          fail_msg("start %llx, size %u: slot %llu is published", (unsigned long long)starts[s], size,
                   (unsigned long long)i);
      free(ring);
    }
}

/* Three laps over the start: each index is seen from its write to its successor's, and no other ever. */
static void an_index_fits_its_own_lap(void **state) {
  (void)state;
  uint64_t clock = 0;
  for (unsigned s = 0; s < TEST_COUNT(starts); s++)
    for (uint32_t size = 2; size <= 64; size *= 2) {
      struct bscope_ring *ring = make(size, starts[s], false);
      for (uint64_t n = 0; n < 3u * size; n++) {
        uint64_t at = starts[s] + n;
        const struct bscope_draft draft = {.site = 3, .subject = n, .object = ~n, .slots = 1};
        assert_false(bscope_ring_is_published(ring, at));
        bscope_write_slots(ring, at, &draft, clock++);
        assert_true(bscope_ring_is_published(ring, at));
        assert_false(bscope_ring_is_published(ring, at + size));
        assert_false(bscope_ring_is_published(ring, at - size));
        assert_int_equal(bscope_ring_slot(ring, at)->subject, n);
        assert_int_equal(bscope_ring_slot(ring, at)->object, ~n);
        assert_int_equal(bscope_ring_slot(ring, at)->stamp, clock - 1);
      }
      free(ring);
    }
}

static void a_void_slot_is_published(void **state) {
  (void)state;
  for (unsigned s = 0; s < TEST_COUNT(starts); s++) {
    struct bscope_ring *ring = make(8, starts[s], false);
    bscope_ring_void(ring, starts[s] + 3);
    for (uint64_t i = 0; i < 8; i++)
      assert_int_equal(bscope_ring_is_published(ring, starts[s] + i), i == 3);
    assert_int_equal(bscope_ring_slot(ring, starts[s] + 3)->site, BSCOPE_RECORD_VOID);
    free(ring);
  }
}

/* Every length of payload: as many slots as it takes, no more; its bytes in order; longer ones cut and marked. */
static void payload_slots(void **state) {
  (void)state;
  uint8_t bytes[BSCOPE_PAYLOAD_MAX + 40];
  uint64_t clock = 0;
  for (size_t i = 0; i < sizeof(bytes); i++)
    bytes[i] = (uint8_t)(i * 7 + 1);
  for (size_t size = 0; size <= sizeof(bytes); size++) {
    struct bscope_draft draft = {.site = 9, .subject = 1, .object = 2};
    struct bscope_ring *ring = make(16, 0xfffffffau, false);
    bscope_draft_set_payload(&draft, bytes, size);
    size_t kept = size < BSCOPE_PAYLOAD_MAX ? size : BSCOPE_PAYLOAD_MAX;
    uint32_t more = (uint32_t)((kept + sizeof(struct bscope_more_head) + 23) / 24);
    assert_int_equal(draft.slots, 1 + more);
    assert_true(draft.slots <= 1 + BSCOPE_RECORD_MORE_MAX);
    assert_int_equal(draft.cut, size > BSCOPE_PAYLOAD_MAX);
    bscope_write_slots(ring, 0xfffffffau, &draft, clock++);
    assert_int_equal(clock, size + 1); /* one stamp for all */
    uint8_t back[BSCOPE_RECORD_MORE_MAX * BSCOPE_RECORD_PAYLOAD];
    for (uint32_t i = 0; i < more; i++) {
      struct bscope_record *slot = bscope_ring_slot(ring, UINT64_C(0xfffffffa) + 1 + i);
      assert_true(bscope_ring_is_published(ring, UINT64_C(0xfffffffa) + 1 + i));
      assert_int_equal(slot->site, BSCOPE_RECORD_MORE);
      memcpy(back + i * BSCOPE_RECORD_PAYLOAD, slot, BSCOPE_RECORD_PAYLOAD);
    }
    struct bscope_more_head head;
    memcpy(&head, back, sizeof(head));
    assert_int_equal(head.size, kept);
    assert_int_equal(head.cut, size > BSCOPE_PAYLOAD_MAX);
    assert_memory_equal(back + sizeof(head), bytes, kept);
    assert_false(bscope_ring_is_published(ring, UINT64_C(0xfffffffa) + 1 + more));
    free(ring);
  }
  struct bscope_draft none = {.site = 9};
  bscope_draft_set_payload(&none, NULL, 0);
  assert_int_equal(none.slots, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nothing_is_published_at_first),
      cmocka_unit_test(an_index_fits_its_own_lap),
      cmocka_unit_test(a_void_slot_is_published),
      cmocka_unit_test(payload_slots),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
