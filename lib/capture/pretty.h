/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cuts names out of what C++ compilers write into __PRETTY_FUNCTION__: gcc's spelling and clang's.
 * Pure functions over one string, linear in its length, no allocation. Text that they don't know is handed back whole.
 */
#ifndef BSCOPE_CAPTURE_PRETTY_H
#define BSCOPE_CAPTURE_PRETTY_H

#include <stddef.h>

/*
 * The T of bscope::detail::type_text<T>(): "const char *… [T = int]" gives "int".
 * Returns its length and points *begin at it; never 0 for text that is not empty.
 */
size_t bscope_pretty_type(const char *pretty, const char **begin);

/*
 * The function around a site's lambda, qualified, without parameters: "ns::C<int>::f(int) const::<lambda(auto:1)> […]"
 * gives "ns::C<int>::f". Length 0 at namespace scope, where there is none; the class or the namespace in an
 * initialiser.
 */
size_t bscope_pretty_function(const char *pretty, const char **begin);

#endif
