/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the library asks of a kind beside its name, group and effect.
 */
#ifndef BSCOPE_BASE_KINDS_H
#define BSCOPE_BASE_KINDS_H

#include <stdbool.h>
#include <stddef.h>

/* Whether events of this kind come from programs: all of the table, but not the marks that the collector sets. */
bool bscope_kind_is_recorded(unsigned kind);

/* The fields of a kind as the table has them: "Nvar_name Svar_id". NULL for a number that is none of the vocabulary's.
 */
const char *bscope_kind_fields(size_t kind);

#endif
