/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the text of an argument says about who is meant: the variable at its root, and how the value comes from it.
 * No type is known here, so a text that loads from memory on its way, or that isn't understood, says nothing.
 * One pass over the text, once a site.
 */
#ifndef BSCOPE_MODEL_ARGUMENT_H
#define BSCOPE_MODEL_ARGUMENT_H

#include <stdbool.h>
#include <stddef.h>

enum bscope_form {
  BSCOPE_FORM_UNKNOWN = 0, /* p->f, *p, a[i], calls, ?: and all else: the text says nothing */
  BSCOPE_FORM_WHOLE,       /* &x: the variable itself */
  BSCOPE_FORM_WITHIN,      /* &x.f, &x + k: in the variable or at its end */
  BSCOPE_FORM_ELEMENT,     /* &x[i]: in the variable if it is an array, behind it if it is a pointer */
  BSCOPE_FORM_VALUE,       /* p: the variable's value (an array's address) */
  BSCOPE_FORM_THROUGH      /* p + k, &*p, &p->f: from where the variable points */
};

struct bscope_argument {
  enum bscope_form form;
  const char *root; /* the variable's name within the text; not for BSCOPE_FORM_UNKNOWN */
  size_t root_length;
};

/* NULL is a text that says nothing. */
struct bscope_argument bscope_argument_parse(const char *text);

/* The same of a text that calls a place whose address was told (C++ lvalues): `x.f` is what `&x.f` is above. */
struct bscope_argument bscope_argument_parse_place(const char *text);

/* The text is a null pointer constant: it calls nothing by a name. */
bool bscope_argument_is_null(const char *text);

#endif
