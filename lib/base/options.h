/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BORROWSCOPE_OPTIONS ("key=value:key=value") and struct bscope_options, from one table of keys.
 * Parsing never mallocs, so that a first event in a signal handler can do it.
 */
#ifndef BSCOPE_BASE_OPTIONS_H
#define BSCOPE_BASE_OPTIONS_H

#include <borrowscope/session.h>

#define BSCOPE_FILTER_MAX 1024

/* Complete settings: nothing is left to a default. */
struct bscope_settings {
  bool enabled;
  enum bscope_overflow overflow;
  enum bscope_clock clock;
  enum bscope_collector collector;
  size_t ring;   /* events, power of two */
  size_t memory; /* bytes */
  bool addresses;
  bool times;
  bool help; /* help=1 was given */
  char filter[BSCOPE_FILTER_MAX];
  char file[BSCOPE_FILTER_MAX]; /* "": none */
  bool overwrite;
  bool pack;
  enum bscope_on_finding on_finding;
  void (*found)(void *context, const struct bscope_finding *finding); /* or NULL */
  void *found_context;
};

/* What the parser has to say; called once for each complaint with one line without newline. May be NULL. */
typedef void (*bscope_complaint)(void *context, const char *line);

void bscope_settings_default(struct bscope_settings *settings);

/*
 * Takes over the keys of `text` ("ring=1024:overflow=drop"; sizes take K, M, G). An unknown key is a complaint that
 * names the nearest key; a bad value is one that names what is allowed; both leave the setting as it was. Returns the
 * number of complaints.
 */
int bscope_settings_parse(struct bscope_settings *settings, const char *text, bscope_complaint complain, void *context);

/* Takes over the fields that are not 0. 0, or BSCOPE_ERR_INVALID_ARGUMENT with a message that names field and bounds.
 */
int bscope_settings_apply(struct bscope_settings *settings, const struct bscope_options *options);

/* Writes the table of keys (name, values, default, meaning), a line each, through `line`. */
void bscope_settings_help(bscope_complaint line, void *context);

/* Whether `filter` (comma-separated globs with * and ?, '-' before one to leave out) records this name; "" records all.
 */
bool bscope_filter_allows(const char *filter, const char *name);

#endif
