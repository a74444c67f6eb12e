// SPDX-License-Identifier: MIT
// The one printf of the project: every formatted string a driver makes, and DbgPrint's, comes from here. Arguments are
// a Microsoft x64 va_list, which is a pointer to 8-byte slots. Beside C's conversions it knows the dialect of the
// Windows kernel: %wZ and %Z (counted strings), %ws %hs %ls %S %C, the sizes I32 I64 I w, %p as sixteen upper-case
// digits. Arguments and the strings they name are read plainly; the caller decides what a fault there means.
#pragma once

#include "nt/types.h"

namespace ringside::rtl {

inline constexpr int64_t kFormatError = -1; // the text asks for what is refused: %n, and what FormatRules names

// What the C library refuses and DbgPrint, whose page is silent, lets pass.
struct FormatRules {
    // A wide string with a character that the ANSI page lacks ends in kFormatError, and such a single character is
    // left out; else it prints as '?'.
    bool refuse_unconvertible = false;
    // An unknown conversion ends in kFormatError; else its letter stands for itself.
    bool refuse_unknown = false;
};

// Writes at most `capacity` characters and no terminator. Returns how many the whole text has, which may be more.
int64_t format(char* into, size_t capacity, char const* text, uint64_t const* arguments, FormatRules rules = {});
int64_t format(char16_t* into, size_t capacity, char16_t const* text, uint64_t const* arguments,
               FormatRules rules = {});

} // namespace ringside::rtl
