// SPDX-License-Identifier: MIT
// Upper and lower case of one UTF-16 character, as Windows maps them: one to one, the same in every locale, surrogates
// unchanged. Not Unicode's mapping: U+00B5, U+0131 and U+017F have no capital here.
#pragma once

#include "nt/types.h"

namespace ringside::rtl {

char16_t upcase(char16_t character);
char16_t downcase(char16_t character);

// Of the C library in its "C" locale: the letters of ASCII alone.
constexpr int ascii_upper(int c) { return c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c; }
constexpr int ascii_lower(int c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; }

} // namespace ringside::rtl
