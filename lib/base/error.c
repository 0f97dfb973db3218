/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The message of the last failure, a page for each thread that ever failed, mapped at its first failure and unmapped
 * when it ends. Only the pointer to it is thread-local: this library's TLS lies in the static TLS block (the capture
 * stage reaches its own pointer without a call), and what a dlopen'ed library may take of that block is small, so a
 * buffer of 512 bytes has no place there. mmap, not malloc: the message "no memory" needs no memory of the program.
 *
 * Nothing on the path of a tracking call comes here; a failing call costs a few hundred ns, the first a system call.
 */
#include "base/error.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define MESSAGE_SIZE 512u
#define RAW_SIZE 1024u /* longer than a message: what vsnprintf cuts is cut anyway */

static const char no_room[] = "there is no memory for the message either";

static __thread const char *current __attribute__((tls_model("initial-exec")));
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static bool have_key;

static void buffer_free(void *buffer) {
  current = NULL;
  munmap(buffer, MESSAGE_SIZE);
}

static void key_create(void) {
  have_key = pthread_key_create(&key, buffer_free) == 0;
}

/* This thread's buffer, or NULL. Without a key for its destructor it would leak, so then there is none. */
static char *buffer_get(void) {
  pthread_once(&once, key_create);
  if (!have_key)
    return NULL;
  char *buffer = pthread_getspecific(key);
  if (buffer)
    return buffer;
  buffer = mmap(NULL, MESSAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (buffer == MAP_FAILED)
    return NULL;
  if (pthread_setspecific(key, buffer) != 0) {
    munmap(buffer, MESSAGE_SIZE);
    return NULL;
  }
  return buffer;
}

/* Bytes of the UTF-8 character at `s`; 0 when it is none (the terminating NUL stops a short one). */
static size_t utf8_length(const unsigned char *s) {
  size_t n = s[0] < 0x80                    ? 1
             : s[0] >= 0xc2 && s[0] <= 0xdf ? 2
             : (s[0] & 0xf0) == 0xe0        ? 3
             : (s[0] & 0xf8) == 0xf0        ? 4
                                            : 0;
  for (size_t i = 1; i < n; i++)
    if ((s[i] & 0xc0) != 0x80)
      return 0;
  bool overlong = (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xf0 && s[1] < 0x90);
  bool beyond = (s[0] == 0xed && s[1] > 0x9f) || s[0] > 0xf4 || (s[0] == 0xf4 && s[1] > 0x8f);
  return overlong || beyond ? 0 : n;
}

/* Whether the character at `s` steers a terminal or the direction of text instead of being shown. */
static bool is_control(const unsigned char *s, size_t length) {
  if (length == 1)
    return s[0] < 0x20 || s[0] == 0x7f;
  if (length == 2)
    return s[0] == 0xc2 && s[1] < 0xa0;
  if (length == 3 && s[0] == 0xe2)
    return (s[1] == 0x80 && s[2] >= 0xa8 && s[2] <= 0xae) || (s[1] == 0x81 && s[2] >= 0xa6 && s[2] <= 0xa9);
  return false;
}

void bscope_error_visible(char *out, size_t size, const char *raw) {
  const unsigned char *s = (const unsigned char *)raw;
  size_t used = 0;
  while (*s) {
    size_t length = utf8_length(s);
    bool hidden = length == 0 || is_control(s, length);
    size_t bytes = length ? length : 1;
    if (used + (hidden ? 4 * bytes : bytes) >= size)
      break;
    for (size_t i = 0; i < bytes; i++) {
      if (hidden)
        used += (size_t)snprintf(out + used, 5, "\\x%02X", s[i]);
      else
        out[used++] = (char)s[i];
    }
    s += bytes;
  }
  out[used] = '\0';
}

static void set_message(const char *format, va_list arguments, const char *reason) {
  char raw[RAW_SIZE];
  int n = vsnprintf(raw, sizeof(raw), format, arguments);
  size_t used = n < 0 ? 0 : (size_t)n;
  raw[n < 0 ? 0 : sizeof(raw) - 1] = '\0';
  if (reason && used < sizeof(raw))
    snprintf(raw + used, sizeof(raw) - used, ": %s", reason);
  char *buffer = buffer_get();
  if (buffer)
    bscope_error_visible(buffer, MESSAGE_SIZE, raw);
  current = buffer ? buffer : no_room;
}

int bscope_fail(enum bscope_status status, const char *format, ...) {
  int saved = errno;
  va_list arguments;
  va_start(arguments, format);
  set_message(format, arguments, NULL);
  va_end(arguments);
  errno = saved;
  return status;
}

int bscope_fail_errno(enum bscope_status status, int error_number, const char *format, ...) {
  int saved = errno;
  char number[32];
  const char *reason = strerrordesc_np(error_number); /* the same text in every locale */
  if (!reason) {
    snprintf(number, sizeof(number), "error %d", error_number);
    reason = number;
  }
  va_list arguments;
  va_start(arguments, format);
  set_message(format, arguments, reason);
  va_end(arguments);
  errno = saved;
  return status;
}

const char *bscope_last_error(void) {
  return current ? current : "";
}

const char *bscope_strerror(int status) {
  switch (status) {
#define ROW(name, value, text)                                                                                         \
  case value:                                                                                                          \
    return text;
    BSCOPE_STATUSES(ROW)
#undef ROW
  default:
    return "unknown status";
  }
}
