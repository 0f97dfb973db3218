/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The filter of names: globs of which one must match (when there are any), and such of which none may. Their order is
 * of no importance. Decided once a site, so what counts is that a hostile pattern can't take long: no recursion,
 * at most pattern times name steps.
 */
#include "base/options.h"

#include <string.h>

/* Whether glob [pattern, end) matches all of `name`. On a mismatch the last '*' takes one character more. */
static bool glob_matches(const char *pattern, const char *end, const char *name) {
  const char *star = NULL, *resume = NULL;
  while (*name) {
    if (pattern < end && *pattern == '*') {
      star = pattern++;
      resume = name;
    } else if (pattern < end && (*pattern == '?' || *pattern == *name)) {
      pattern++;
      name++;
    } else if (star) {
      pattern = star + 1;
      name = ++resume;
    } else {
      return false;
    }
  }
  while (pattern < end && *pattern == '*')
    pattern++;
  return pattern == end;
}

bool bscope_filter_allows(const char *filter, const char *name) {
  bool only_some = false, included = false;
  if (!filter)
    return true;
  while (*filter) {
    const char *end = filter + strcspn(filter, ",");
    bool leave_out = *filter == '-';
    const char *glob = filter + leave_out;
    if (glob < end) {
      bool matches = glob_matches(glob, end, name ? name : "");
      if (matches && leave_out)
        return false;
      only_some |= !leave_out;
      included |= matches;
    }
    filter = *end ? end + 1 : end;
  }
  return included || !only_some;
}
