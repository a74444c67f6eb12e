// SPDX-License-Identifier: MIT
// Counted strings: change of case, and those whose buffer the library allocates.
#include "rtl/allocator.h"
#include "rtl/case_table.h"
#include "rtl/code_page.h"
#include "rtl/strings.h"

#include <algorithm>
#include <cstring>

namespace ringside::rtl {

namespace {

template <typename Mapping>
NTSTATUS mapped(UNICODE_STRING& destination, UNICODE_STRING const& source, bool allocate, Mapping mapping)
{
    if (allocate) {
        auto* buffer = static_cast<char16_t*>(g_allocator.allocate(std::max<size_t>(source.Length, sizeof(char16_t))));
        if (!buffer)
            return STATUS_NO_MEMORY;
        destination.Buffer = buffer;
        destination.MaximumLength = source.Length;
    } else if (source.Length > destination.MaximumLength)
        return STATUS_BUFFER_OVERFLOW;
    std::ranges::transform(view(source), destination.Buffer, mapping);
    destination.Length = source.Length;
    return STATUS_SUCCESS;
}

} // namespace

char16_t RtlUpcaseUnicodeChar(char16_t character) { return upcase(character); }
char16_t RtlDowncaseUnicodeChar(char16_t character) { return downcase(character); }
CHAR RtlUpperChar(CHAR character) { return static_cast<CHAR>(kAnsi.upcase_byte(static_cast<uint8_t>(character))); }

void RtlUpperString(STRING* destination, STRING const* source)
{
    USHORT bytes = std::min(source->Length, destination->MaximumLength);
    std::transform(source->Buffer, source->Buffer + bytes, destination->Buffer, RtlUpperChar);
    destination->Length = bytes;
}

NTSTATUS RtlUpcaseUnicodeString(UNICODE_STRING* destination, UNICODE_STRING const* source, BOOLEAN allocate)
{
    return mapped(*destination, *source, allocate, upcase);
}

NTSTATUS RtlDowncaseUnicodeString(UNICODE_STRING* destination, UNICODE_STRING const* source, BOOLEAN allocate)
{
    return mapped(*destination, *source, allocate, downcase);
}

BOOLEAN RtlCreateUnicodeString(UNICODE_STRING* destination, char16_t const* source)
{
    size_t bytes = (std::char_traits<char16_t>::length(source) + 1) * sizeof(char16_t);
    if (bytes > kMaxUnicodeBytes)
        return FALSE;
    auto* buffer = static_cast<char16_t*>(g_allocator.allocate(bytes));
    if (!buffer)
        return FALSE;
    std::memcpy(buffer, source, bytes);
    *destination = { static_cast<USHORT>(bytes - sizeof(char16_t)), static_cast<USHORT>(bytes), buffer };
    return TRUE;
}

NTSTATUS RtlDuplicateUnicodeString(ULONG flags, UNICODE_STRING const* source, UNICODE_STRING* destination)
{
    bool terminate = flags & RTL_DUPLICATE_UNICODE_STRING_NULL_TERMINATE;
    bool allocate_empty = flags & RTL_DUPLICATE_UNICODE_STRING_ALLOCATE_NULL_STRING;
    if (!destination || flags > 3 || (allocate_empty && !terminate))
        return STATUS_INVALID_PARAMETER;
    size_t bytes = source ? source->Length : 0;
    if (terminate && bytes + sizeof(char16_t) > kMaxUnicodeBytes)
        return STATUS_NAME_TOO_LONG;
    if (bytes == 0 && !allocate_empty) {
        *destination = {};
        return STATUS_SUCCESS;
    }
    size_t room = bytes + (terminate ? sizeof(char16_t) : 0);
    auto* buffer = static_cast<char16_t*>(g_allocator.allocate(room));
    if (!buffer)
        return STATUS_NO_MEMORY;
    if (bytes)
        std::memcpy(buffer, source->Buffer, bytes);
    if (terminate)
        buffer[bytes / sizeof(char16_t)] = 0;
    *destination = { static_cast<USHORT>(bytes), static_cast<USHORT>(room), buffer };
    return STATUS_SUCCESS;
}

// A string is sound when its lengths are even, in order, and a buffer is there for them.
NTSTATUS RtlValidateUnicodeString(ULONG flags, UNICODE_STRING const* string)
{
    if (flags != 0)
        return STATUS_INVALID_PARAMETER;
    if (!string)
        return STATUS_SUCCESS;
    bool odd = string->Length % sizeof(char16_t) || string->MaximumLength % sizeof(char16_t);
    bool missing = !string->Buffer && (string->Length || string->MaximumLength);
    return odd || missing || string->Length > string->MaximumLength ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
}

void RtlFreeUnicodeString(UNICODE_STRING* string)
{
    if (!string->Buffer)
        return;
    g_allocator.free(string->Buffer);
    *string = {};
}

void RtlFreeAnsiString(STRING* string)
{
    if (!string->Buffer)
        return;
    g_allocator.free(string->Buffer);
    *string = {};
}

} // namespace ringside::rtl
