/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BORROWSCOPE_OPTIONS, read once.
 */
#ifndef BSCOPE_COLLECT_ENVIRONMENT_H
#define BSCOPE_COLLECT_ENVIRONMENT_H

#include "base/options.h"

/* Reads the environment unless that was done (ignored in setuid programs); complaints and help go to stderr when
 * `speaks`. */
void bscope_environment_read(bool speaks);

/* One line on stderr. */
void bscope_environment_say(const char *line);

/* The settings that the environment asks for. Reads it silently if nobody has yet. Borrowed, constant from then on. */
const struct bscope_settings *bscope_environment_settings(void);

#endif
