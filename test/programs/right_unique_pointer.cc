/* SPDX-License-Identifier: Apache-2.0 */
/*
 * C++: a unique pointer is moved on, its value borrowed through references.
 *
 * Finds: nothing
 */
#include "program.h"

#include <memory>
#include <utility>
#include <vector>

static void grow(std::vector<int> &items) {
  BSCOPE_MUT(std::vector<int> &, m, items);
  m.push_back(1);
}

int main() {
  BSCOPE_LET(std::vector<int>, items, {1, 2, 3});
  grow(items);
  grow(items);
  {
    BSCOPE_REF(const std::vector<int> &, r, items);
    if (r.size() != 5)
      return 1;
  }
  auto first = bscope_track_new("first", std::make_unique<int>(5));
  auto second = bscope_track_move("first", "second", std::move(first));
  bscope_track_drop("second");
  return *second != 5;
}
