/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the library asks of a kind beside its name and group.
 */
#ifndef BSCOPE_BASE_KINDS_H
#define BSCOPE_BASE_KINDS_H

#include <stdbool.h>

/* Whether events of this kind come from programs: all of the table, but not the marks that the collector sets. */
bool bscope_kind_is_recorded(unsigned kind);

#endif
