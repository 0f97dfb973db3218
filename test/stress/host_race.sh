#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A data race of the host is still reported by ThreadSanitizer although both threads track around it: the tracking calls
# must not order them (their stamps are taken with release, never acquire). Beside it the same program without the race, which
# must be silent.
#   host_race.sh SOURCE_ROOT BUILD_ROOT [COMPILER [ARGUMENT]...]
set -eu
root=$1
build=$2
shift 2
cc=${*:-cc}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cat >"$dir/race.c" <<'PROGRAM'
#include <borrowscope/borrowscope.h>
#include <pthread.h>
#include <unistd.h>
static struct bscope_site site = {.abi = BSCOPE_SITE_ABI, .size = sizeof(struct bscope_site), .kind = BSCOPE_KIND_NEW, .name = "host"};
static int shared_by_the_host;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static void *run(void *argument) {
  bscope_record_inline(&site, 1, 0); /* a thread's first call takes locks, which do order it behind others */
  usleep(argument ? 90000 : 30000); /* one long after the other: only an order that tracking calls made hides the race */
  bscope_record_inline(&site, 1, 0);
#ifndef RACE
  pthread_mutex_lock(&lock);
#endif
  shared_by_the_host++;
#ifndef RACE
  pthread_mutex_unlock(&lock);
#endif
  bscope_record_inline(&site, 2, 0);
  return NULL;
}
int main(void) {
  pthread_t other;
  (void)lock;
  bscope_record_inline(&site, 0, 0);
  pthread_create(&other, NULL, run, &other);
  run(NULL);
  pthread_join(other, NULL);
  struct bscope_stats stats = {.size = sizeof(stats)};
  return bscope_get_stats(&stats) == BSCOPE_OK && stats.logged == 7 ? 0 : 9;
}
PROGRAM
version=$(find "$build" -path '*borrowscope/version.h' | head -n 1)
flags="-std=gnu11 -D_GNU_SOURCE -g -O1 -fsanitize=thread -I$root/include -I$root/lib -I$(dirname "$(dirname "$version")")"
sources=$(ls "$root"/lib/base/*.c "$root"/lib/capture/*.c "$root"/lib/collect/*.c "$root"/lib/log/*.c)
for source in $sources; do
  # shellcheck disable=SC2086
  $cc $flags -c "$source" -o "$dir/$(echo "$source" | tr '/' '_').o"
done
# shellcheck disable=SC2086
$cc $flags -DRACE "$dir/race.c" "$dir"/*.o -lurcu-memb -pthread -o "$dir/race"
# shellcheck disable=SC2086
$cc $flags "$dir/race.c" "$dir"/*.o -lurcu-memb -pthread -o "$dir/clean"
TSAN_OPTIONS=exitcode=66 "$dir/clean" >"$dir/clean.txt" 2>&1 || {
  echo "the program without a race was not silent:"
  cat "$dir/clean.txt"
  exit 1
}
reported=0
for _ in 1 2 3; do
  TSAN_OPTIONS=exitcode=66 "$dir/race" >"$dir/race.txt" 2>&1 || true
  if grep -q 'data race' "$dir/race.txt" && grep -q shared_by_the_host "$dir/race.txt"; then
    reported=$((reported + 1))
  fi
done
echo "the planted race was reported in $reported of 3 runs, the clean program was silent"
test "$reported" -ge 2
