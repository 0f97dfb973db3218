/* SPDX-License-Identifier: Apache-2.0 */
#include "collect/suppressions.h"

#include "capture/site_table.h"
#include "collect/environment.h"

#include <borrowscope/check.h>
#include <borrowscope/kinds.h>

#include <stdbool.h>
#include <string.h>

#define TEXT_MOST 4000u /* bytes: what a string of a site may have, and a little less */

#pragma weak bscope_default_suppressions

static const char *text;

void bscope_suppressions_load(void) {
  text = bscope_default_suppressions ? bscope_default_suppressions() : NULL;
  if (!text || strlen(text) <= TEXT_MOST)
    return;
  text = NULL;
  bscope_environment_say("bscope_default_suppressions: more than 4000 bytes are not taken; put them into a file for "
                         "borrowscope check --suppressions");
}

const char *bscope_suppressions_text(void) {
  return text;
}

void bscope_suppressions_note(void) {
  const struct bscope_site site = {.abi = BSCOPE_SITE_ABI,
                                   .size = sizeof(site),
                                   .kind = BSCOPE_KIND_NEW,
                                   .flags = BSCOPE_SITE_SUPPRESSES,
                                   .text = text};
  bool folded = false;
  if (text)
    (void)bscope_site_table_intern(&site, &folded);
}
