// SPDX-License-Identifier: MIT
// Counted strings without conversion: initialize, copy, compare, append, change case. Lengths are bytes, and a string
// of either kind holds at most 65534 of them. Where the destination has room, the wide copies and appends terminate it,
// as Windows does, although nobody may rely on it.
#pragma once

#include "nt/basic.h"
#include "nt/status.h"

#include <string_view>

namespace ringside::rtl {

inline constexpr size_t kMaxUnicodeBytes = 0xfffe; // UNICODE_STRING_MAX_BYTES
inline constexpr size_t kMaxAnsiBytes = 0xffff;

inline std::u16string_view view(UNICODE_STRING const& string)
{
    return { string.Buffer, string.Length / sizeof(char16_t) };
}
inline std::string_view view(STRING const& string) { return { string.Buffer, string.Length }; }

// A UNICODE_STRING over characters that stay where they are, for host code. The text must be shorter than 32767.
inline UNICODE_STRING counted(std::u16string_view text)
{
    auto bytes = static_cast<USHORT>(text.size() * sizeof(char16_t));
    return { bytes, bytes, const_cast<char16_t*>(text.data()) };
}

void RtlInitUnicodeString(UNICODE_STRING* destination, char16_t const* source);
NTSTATUS RtlInitUnicodeStringEx(UNICODE_STRING* destination, char16_t const* source);
void RtlInitString(STRING* destination, char const* source); // also RtlInitAnsiString, RtlInitUTF8String
NTSTATUS RtlInitStringEx(STRING* destination, char const* source);

void RtlCopyUnicodeString(UNICODE_STRING* destination, UNICODE_STRING const* source);
void RtlCopyString(STRING* destination, STRING const* source);

LONG RtlCompareUnicodeString(UNICODE_STRING const* first, UNICODE_STRING const* second, BOOLEAN ignore_case);
LONG RtlCompareUnicodeStrings(char16_t const* first, SIZE_T first_length, char16_t const* second, SIZE_T second_length,
                              BOOLEAN ignore_case);
LONG RtlCompareString(STRING const* first, STRING const* second, BOOLEAN ignore_case);
BOOLEAN RtlEqualUnicodeString(UNICODE_STRING const* first, UNICODE_STRING const* second, BOOLEAN ignore_case);
BOOLEAN RtlEqualString(STRING const* first, STRING const* second, BOOLEAN ignore_case);
BOOLEAN RtlPrefixUnicodeString(UNICODE_STRING const* prefix, UNICODE_STRING const* string, BOOLEAN ignore_case);
BOOLEAN RtlPrefixString(STRING const* prefix, STRING const* string, BOOLEAN ignore_case);

NTSTATUS RtlAppendUnicodeStringToString(UNICODE_STRING* destination, UNICODE_STRING const* source);
NTSTATUS RtlAppendUnicodeToString(UNICODE_STRING* destination, char16_t const* source);
NTSTATUS RtlAppendStringToString(STRING* destination, STRING const* source);
NTSTATUS RtlAppendAsciizToString(STRING* destination, char const* source);

char16_t RtlUpcaseUnicodeChar(char16_t character);
char16_t RtlDowncaseUnicodeChar(char16_t character);
CHAR RtlUpperChar(CHAR character);
void RtlUpperString(STRING* destination, STRING const* source);
NTSTATUS RtlUpcaseUnicodeString(UNICODE_STRING* destination, UNICODE_STRING const* source, BOOLEAN allocate);
NTSTATUS RtlDowncaseUnicodeString(UNICODE_STRING* destination, UNICODE_STRING const* source, BOOLEAN allocate);

// Strings that the library allocates and their release; freeing a string without buffer does nothing.
BOOLEAN RtlCreateUnicodeString(UNICODE_STRING* destination, char16_t const* source);
NTSTATUS RtlDuplicateUnicodeString(ULONG flags, UNICODE_STRING const* source, UNICODE_STRING* destination);
NTSTATUS RtlValidateUnicodeString(ULONG flags, UNICODE_STRING const* string);
void RtlFreeUnicodeString(UNICODE_STRING* string);
void RtlFreeAnsiString(STRING* string); // also RtlFreeOemString, RtlFreeUTF8String

NTSTATUS RtlHashUnicodeString(UNICODE_STRING const* string, BOOLEAN ignore_case, ULONG algorithm, ULONG* hash);

inline constexpr ULONG HASH_STRING_ALGORITHM_DEFAULT = 0;
inline constexpr ULONG HASH_STRING_ALGORITHM_X65599 = 1;
inline constexpr ULONG RTL_DUPLICATE_UNICODE_STRING_NULL_TERMINATE = 1;
inline constexpr ULONG RTL_DUPLICATE_UNICODE_STRING_ALLOCATE_NULL_STRING = 2;

} // namespace ringside::rtl
