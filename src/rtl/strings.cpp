// SPDX-License-Identifier: MIT
// Counted strings: initialize, copy, compare, append.
#include "rtl/strings.h"

#include "rtl/case_table.h"
#include "rtl/code_page.h"

#include <algorithm>
#include <cstring>

namespace ringside::rtl {

namespace {

char16_t fold(char16_t c) { return upcase(c); }
uint8_t fold(char c) { return kAnsi.upcase_byte(static_cast<uint8_t>(c)); }
char16_t plain(char16_t c) { return c; }
uint8_t plain(char c) { return static_cast<uint8_t>(c); }

// The first difference decides, else the lengths in bytes do.
template <typename Char>
LONG order(std::basic_string_view<Char> first, std::basic_string_view<Char> second, bool ignore_case)
{
    size_t common = std::min(first.size(), second.size());
    for (size_t i = 0; i < common; ++i) {
        LONG difference = ignore_case ? fold(first[i]) - fold(second[i]) : plain(first[i]) - plain(second[i]);
        if (difference)
            return difference;
    }
    return static_cast<LONG>((static_cast<int64_t>(first.size()) - static_cast<int64_t>(second.size()))
                             * static_cast<int64_t>(sizeof(Char)));
}

template <typename Char>
bool same(std::basic_string_view<Char> first, std::basic_string_view<Char> second, bool ignore_case)
{
    return first.size() == second.size() && order(first, second, ignore_case) == 0;
}

template <typename Char>
bool starts_with(std::basic_string_view<Char> string, std::basic_string_view<Char> prefix, bool ignore_case)
{
    return prefix.size() <= string.size() && same(string.substr(0, prefix.size()), prefix, ignore_case);
}

// Source and destination may overlap: drivers append a string to itself.
NTSTATUS append(UNICODE_STRING& destination, char16_t const* source, size_t bytes)
{
    if (destination.Length + bytes > destination.MaximumLength)
        return STATUS_BUFFER_TOO_SMALL;
    char16_t* end = destination.Buffer + destination.Length / sizeof(char16_t);
    if (bytes)
        std::memmove(end, source, bytes);
    destination.Length = static_cast<USHORT>(destination.Length + bytes);
    if (destination.Length + sizeof(char16_t) <= destination.MaximumLength)
        end[bytes / sizeof(char16_t)] = 0;
    return STATUS_SUCCESS;
}

NTSTATUS append(STRING& destination, char const* source, size_t bytes)
{
    if (destination.Length + bytes > destination.MaximumLength)
        return STATUS_BUFFER_TOO_SMALL;
    if (bytes)
        std::memmove(destination.Buffer + destination.Length, source, bytes);
    destination.Length = static_cast<USHORT>(destination.Length + bytes);
    return STATUS_SUCCESS;
}

size_t length_of(char16_t const* text) { return std::char_traits<char16_t>::length(text); }

} // namespace

// The lengths of a text that is too long are cut, and then misrepresent it: as documented.
void RtlInitUnicodeString(UNICODE_STRING* destination, char16_t const* source)
{
    *destination = { 0, 0, const_cast<char16_t*>(source) };
    if (!source)
        return;
    size_t bytes = std::min(length_of(source) * sizeof(char16_t), kMaxUnicodeBytes - sizeof(char16_t));
    destination->Length = static_cast<USHORT>(bytes);
    destination->MaximumLength = static_cast<USHORT>(bytes + sizeof(char16_t));
}

NTSTATUS RtlInitUnicodeStringEx(UNICODE_STRING* destination, char16_t const* source)
{
    if (source && length_of(source) * sizeof(char16_t) > kMaxUnicodeBytes - sizeof(char16_t))
        return STATUS_NAME_TOO_LONG;
    RtlInitUnicodeString(destination, source);
    return STATUS_SUCCESS;
}

void RtlInitString(STRING* destination, char const* source)
{
    *destination = { 0, 0, const_cast<char*>(source) };
    if (!source)
        return;
    size_t bytes = std::min(std::strlen(source), kMaxAnsiBytes - 1);
    destination->Length = static_cast<USHORT>(bytes);
    destination->MaximumLength = static_cast<USHORT>(bytes + 1);
}

NTSTATUS RtlInitStringEx(STRING* destination, char const* source)
{
    if (source && std::strlen(source) > kMaxAnsiBytes - 1)
        return STATUS_NAME_TOO_LONG;
    RtlInitString(destination, source);
    return STATUS_SUCCESS;
}

void RtlCopyUnicodeString(UNICODE_STRING* destination, UNICODE_STRING const* source)
{
    destination->Length = 0;
    if (!source)
        return;
    append(*destination, source->Buffer, std::min(source->Length, destination->MaximumLength));
}

void RtlCopyString(STRING* destination, STRING const* source)
{
    destination->Length = 0;
    if (!source)
        return;
    append(*destination, source->Buffer, std::min(source->Length, destination->MaximumLength));
}

LONG RtlCompareUnicodeString(UNICODE_STRING const* first, UNICODE_STRING const* second, BOOLEAN ignore_case)
{
    return order(view(*first), view(*second), ignore_case);
}

LONG RtlCompareUnicodeStrings(char16_t const* first, SIZE_T first_length, char16_t const* second, SIZE_T second_length,
                              BOOLEAN ignore_case)
{
    return order(std::u16string_view { first, first_length }, std::u16string_view { second, second_length },
                 ignore_case);
}

LONG RtlCompareString(STRING const* first, STRING const* second, BOOLEAN ignore_case)
{
    return order(view(*first), view(*second), ignore_case);
}

BOOLEAN RtlEqualUnicodeString(UNICODE_STRING const* first, UNICODE_STRING const* second, BOOLEAN ignore_case)
{
    return same(view(*first), view(*second), ignore_case);
}

BOOLEAN RtlEqualString(STRING const* first, STRING const* second, BOOLEAN ignore_case)
{
    return same(view(*first), view(*second), ignore_case);
}

BOOLEAN RtlPrefixUnicodeString(UNICODE_STRING const* prefix, UNICODE_STRING const* string, BOOLEAN ignore_case)
{
    return starts_with(view(*string), view(*prefix), ignore_case);
}

BOOLEAN RtlPrefixString(STRING const* prefix, STRING const* string, BOOLEAN ignore_case)
{
    return starts_with(view(*string), view(*prefix), ignore_case);
}

NTSTATUS RtlAppendUnicodeStringToString(UNICODE_STRING* destination, UNICODE_STRING const* source)
{
    return append(*destination, source->Buffer, source->Length);
}

NTSTATUS RtlAppendUnicodeToString(UNICODE_STRING* destination, char16_t const* source)
{
    return source ? append(*destination, source, length_of(source) * sizeof(char16_t)) : STATUS_SUCCESS;
}

NTSTATUS RtlAppendStringToString(STRING* destination, STRING const* source)
{
    return append(*destination, source->Buffer, source->Length);
}

NTSTATUS RtlAppendAsciizToString(STRING* destination, char const* source)
{
    return source ? append(*destination, source, std::strlen(source)) : STATUS_SUCCESS;
}

NTSTATUS RtlHashUnicodeString(UNICODE_STRING const* string, BOOLEAN ignore_case, ULONG algorithm, ULONG* hash)
{
    if (!string || !hash)
        return STATUS_INVALID_PARAMETER;
    if (algorithm != HASH_STRING_ALGORITHM_DEFAULT && algorithm != HASH_STRING_ALGORITHM_X65599)
        return STATUS_INVALID_PARAMETER;
    ULONG value = 0;
    for (char16_t c : view(*string))
        value = value * 65599 + (ignore_case ? upcase(c) : c);
    *hash = value;
    return STATUS_SUCCESS;
}

} // namespace ringside::rtl
