// SPDX-License-Identifier: MIT
// The printf family as ntoskrnl exports it. The v-forms are ordinary functions; the forms with "..." read their
// argument slots, so they are raw bodies. Each states what it does with a text that does not fit, for they all differ:
//   _snprintf     fills the buffer, no terminator, -1 (and no terminator, but the length, when it fits exactly)
//   sprintf       assumes that it fits
//   sprintf_s     empties the buffer, -1
//   _snprintf_s   cuts at `count` and terminates, -1
// All return -1 for a null format or buffer, but _snprintf of no count tells without a buffer how long the text is, and
// _snprintf_s of neither buffer, size nor count returns 0. A text that cannot be converted empties the buffer, -1; so
// does an unknown conversion in the checked functions (..._s).
#pragma once

#include "nt/types.h"

namespace ringside::rtl {

using Arguments = uint64_t const*; // a Microsoft x64 va_list

inline constexpr size_t kTruncate = SIZE_MAX; // _TRUNCATE: `count` of the _s forms

int _vsnprintf(char* buffer, size_t count, char const* text, Arguments arguments);
int _vsnwprintf(char16_t* buffer, size_t count, char16_t const* text, Arguments arguments);
int vsprintf(char* buffer, char const* text, Arguments arguments);
int vswprintf(char16_t* buffer, char16_t const* text, Arguments arguments); // exported as _vswprintf
int vsprintf_s(char* buffer, size_t size, char const* text, Arguments arguments);
int vswprintf_s(char16_t* buffer, size_t size, char16_t const* text, Arguments arguments);
int _vsnprintf_s(char* buffer, size_t size, size_t count, char const* text, Arguments arguments);
int _vsnwprintf_s(char16_t* buffer, size_t size, size_t count, char16_t const* text, Arguments arguments);

// Raw bodies (base/contract.h).
uint64_t snprintf_body(uint64_t* arguments);
uint64_t snwprintf_body(uint64_t* arguments);
uint64_t sprintf_body(uint64_t* arguments);
uint64_t swprintf_body(uint64_t* arguments);
uint64_t sprintf_s_body(uint64_t* arguments);
uint64_t swprintf_s_body(uint64_t* arguments);
uint64_t snprintf_s_body(uint64_t* arguments);
uint64_t snwprintf_s_body(uint64_t* arguments);

} // namespace ringside::rtl
