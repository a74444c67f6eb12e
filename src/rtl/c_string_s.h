// SPDX-License-Identifier: MIT
// The C library's checked functions (..._s): the destination's size is a parameter, in characters. They return an errno
// value. On Windows a broken argument also calls the invalid-parameter handler, which in the kernel does nothing.
#pragma once

#include "nt/types.h"

namespace ringside::rtl {

inline constexpr int kErrnoInvalid = 22; // EINVAL
inline constexpr int kErrnoRange = 34; // ERANGE
inline constexpr int kErrnoTruncated = 80; // STRUNCATE

// What an error leaves: a text that does not fit empties the destination, an unterminated or missing destination is left
// alone. A missing source empties it, too, but for strncat_s. A count of kTruncate (rtl/printf.h) cuts the text.
int strcpy_s(char* to, size_t size, char const* from);
int strncpy_s(char* to, size_t size, char const* from, size_t count);
int strcat_s(char* to, size_t size, char const* from);
int strncat_s(char* to, size_t size, char const* from, size_t count);
int wcscpy_s(char16_t* to, size_t size, char16_t const* from);
int wcsncpy_s(char16_t* to, size_t size, char16_t const* from, size_t count);
int wcscat_s(char16_t* to, size_t size, char16_t const* from);
int wcsncat_s(char16_t* to, size_t size, char16_t const* from, size_t count);

// Errors leave the string as it is.
int _strset_s(char* s, size_t size, int c);
int _strnset_s(char* s, size_t size, int c, size_t count);
int _wcsset_s(char16_t* s, size_t size, char16_t c);
int _wcsnset_s(char16_t* s, size_t size, char16_t c, size_t count);

// An error clears memcpy_s' destination, and leaves memmove_s' alone. memcpy_s of no bytes never fails.
int memcpy_s(void* to, size_t size, void const* from, size_t bytes);
int memmove_s(void* to, size_t size, void const* from, size_t bytes);

char* strtok_s(char* s, char const* separators, char** context);

} // namespace ringside::rtl
