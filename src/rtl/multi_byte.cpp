// SPDX-License-Identifier: MIT
// Conversion between the single-byte code pages and UTF-16: one template for buffers, one for counted strings each way.
#include "rtl/multi_byte.h"

#include "rtl/allocator.h"
#include "rtl/case_table.h"
#include "rtl/code_page.h"
#include "rtl/strings.h"

#include <algorithm>

namespace ringside::rtl {

namespace {

enum class Terminator : uint8_t { No, Yes };

char16_t unchanged(char16_t c) { return c; }

// The upcasing forms upcase what the page can say, not what it cannot: U+0101 is 'a' in 1252, and its capital 'A'.
char16_t upcase_as(CodePage const& page, char16_t c) { return upcase(page.to_unicode(page.to_byte(c))); }

// From the end, for RtlOemToUnicodeN may be given one buffer for both.
void to_wide(CodePage const& page, char const* text, size_t count, char16_t* into)
{
    for (size_t i = count; i-- > 0;)
        into[i] = page.to_unicode(static_cast<uint8_t>(text[i]));
}

template <typename Mapping>
void to_bytes(CodePage const& page, char16_t const* text, size_t count, char* into, Mapping mapping)
{
    for (size_t i = 0; i < count; ++i)
        into[i] = static_cast<char>(page.to_byte(mapping(text[i])));
}

// A text that was cut to the buffer: the OEM forms say so, the ANSI forms do not.
NTSTATUS cut(CodePage const& page) { return &page == &kOem ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS; }

NTSTATUS wide_buffer(CodePage const& page, char16_t* into, ULONG max_bytes, ULONG* written, char const* text,
                     ULONG bytes)
{
    size_t count = std::min<size_t>(bytes, max_bytes / sizeof(char16_t));
    to_wide(page, text, count, into);
    if (written)
        *written = static_cast<ULONG>(count * sizeof(char16_t));
    return count < bytes ? cut(page) : STATUS_SUCCESS;
}

template <typename Mapping>
NTSTATUS byte_buffer(CodePage const& page, char* into, ULONG max_bytes, ULONG* written, char16_t const* text,
                     ULONG bytes, Mapping mapping)
{
    size_t count = std::min<size_t>(max_bytes, bytes / sizeof(char16_t));
    to_bytes(page, text, count, into, mapping);
    if (written)
        *written = static_cast<ULONG>(count);
    return count < bytes / sizeof(char16_t) ? cut(page) : STATUS_SUCCESS;
}

// Gives `destination` room for `needed` bytes: new, or what its owner put there.
template <typename String>
NTSTATUS make_room(String& destination, size_t needed, size_t limit, bool allocate)
{
    if (needed > limit)
        return STATUS_INVALID_PARAMETER_2;
    if (!allocate)
        return needed > destination.MaximumLength ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
    void* buffer = g_allocator.allocate(std::max<size_t>(needed, 1));
    if (!buffer)
        return STATUS_NO_MEMORY;
    destination.Buffer = static_cast<decltype(destination.Buffer)>(buffer);
    destination.MaximumLength = static_cast<USHORT>(needed);
    return STATUS_SUCCESS;
}

NTSTATUS wide_string(CodePage const& page, UNICODE_STRING& destination, STRING const& source, bool allocate,
                     Terminator terminator)
{
    size_t bytes = source.Length * sizeof(char16_t);
    size_t needed = bytes + (terminator == Terminator::Yes ? sizeof(char16_t) : 0);
    if (NTSTATUS status = make_room(destination, needed, 0xffff, allocate); !NT_SUCCESS(status))
        return status;
    to_wide(page, source.Buffer, source.Length, destination.Buffer);
    destination.Length = static_cast<USHORT>(bytes);
    if (terminator == Terminator::Yes)
        destination.Buffer[source.Length] = 0;
    return STATUS_SUCCESS;
}

template <typename Mapping>
NTSTATUS byte_string(CodePage const& page, STRING& destination, UNICODE_STRING const& source, bool allocate,
                     Terminator terminator, Mapping mapping)
{
    size_t count = source.Length / sizeof(char16_t);
    size_t needed = count + (terminator == Terminator::Yes);
    if (NTSTATUS status = make_room(destination, needed, 0xffff, allocate); !NT_SUCCESS(status))
        return status;
    to_bytes(page, source.Buffer, count, destination.Buffer, mapping);
    destination.Length = static_cast<USHORT>(count);
    if (terminator == Terminator::Yes)
        destination.Buffer[count] = 0;
    return STATUS_SUCCESS;
}

// The counted OEM forms refuse what the others give a '?' for.
template <typename Mapping>
NTSTATUS counted_oem_string(STRING& destination, UNICODE_STRING const& source, bool allocate, Mapping mapping)
{
    for (char16_t c : view(source))
        if (kOem.lacks(c) || kOem.lacks(mapping(c)))
            return STATUS_UNMAPPABLE_CHARACTER;
    return byte_string(kOem, destination, source, allocate, Terminator::No, mapping);
}

char16_t ansi_upcase(char16_t c) { return upcase_as(kAnsi, c); }
char16_t oem_upcase(char16_t c) { return upcase_as(kOem, c); }

} // namespace

NTSTATUS RtlMultiByteToUnicodeN(char16_t* unicode, ULONG max_bytes, ULONG* written, char const* text, ULONG bytes)
{
    return wide_buffer(kAnsi, unicode, max_bytes, written, text, bytes);
}

NTSTATUS RtlOemToUnicodeN(char16_t* unicode, ULONG max_bytes, ULONG* written, char const* text, ULONG bytes)
{
    return wide_buffer(kOem, unicode, max_bytes, written, text, bytes);
}

NTSTATUS RtlUnicodeToMultiByteN(char* text, ULONG max_bytes, ULONG* written, char16_t const* unicode, ULONG bytes)
{
    return byte_buffer(kAnsi, text, max_bytes, written, unicode, bytes, unchanged);
}

NTSTATUS RtlUnicodeToOemN(char* text, ULONG max_bytes, ULONG* written, char16_t const* unicode, ULONG bytes)
{
    return byte_buffer(kOem, text, max_bytes, written, unicode, bytes, unchanged);
}

NTSTATUS RtlUpcaseUnicodeToMultiByteN(char* text, ULONG max_bytes, ULONG* written, char16_t const* unicode, ULONG bytes)
{
    return byte_buffer(kAnsi, text, max_bytes, written, unicode, bytes, ansi_upcase);
}

NTSTATUS RtlUpcaseUnicodeToOemN(char* text, ULONG max_bytes, ULONG* written, char16_t const* unicode, ULONG bytes)
{
    return byte_buffer(kOem, text, max_bytes, written, unicode, bytes, oem_upcase);
}

NTSTATUS RtlMultiByteToUnicodeSize(ULONG* size, char const*, ULONG bytes)
{
    *size = bytes * static_cast<ULONG>(sizeof(char16_t));
    return STATUS_SUCCESS;
}

NTSTATUS RtlUnicodeToMultiByteSize(ULONG* size, char16_t const*, ULONG bytes)
{
    *size = bytes / static_cast<ULONG>(sizeof(char16_t));
    return STATUS_SUCCESS;
}

NTSTATUS RtlAnsiStringToUnicodeString(UNICODE_STRING* destination, STRING const* source, BOOLEAN allocate)
{
    return wide_string(kAnsi, *destination, *source, allocate, Terminator::Yes);
}

NTSTATUS RtlOemStringToUnicodeString(UNICODE_STRING* destination, STRING const* source, BOOLEAN allocate)
{
    return wide_string(kOem, *destination, *source, allocate, Terminator::Yes);
}

NTSTATUS RtlOemStringToCountedUnicodeString(UNICODE_STRING* destination, STRING const* source, BOOLEAN allocate)
{
    return wide_string(kOem, *destination, *source, allocate, Terminator::No);
}

NTSTATUS RtlUnicodeStringToAnsiString(STRING* destination, UNICODE_STRING const* source, BOOLEAN allocate)
{
    return byte_string(kAnsi, *destination, *source, allocate, Terminator::Yes, unchanged);
}

NTSTATUS RtlUnicodeStringToOemString(STRING* destination, UNICODE_STRING const* source, BOOLEAN allocate)
{
    return byte_string(kOem, *destination, *source, allocate, Terminator::Yes, unchanged);
}

NTSTATUS RtlUnicodeStringToCountedOemString(STRING* destination, UNICODE_STRING const* source, BOOLEAN allocate)
{
    return counted_oem_string(*destination, *source, allocate, unchanged);
}

NTSTATUS RtlUpcaseUnicodeStringToAnsiString(STRING* destination, UNICODE_STRING const* source, BOOLEAN allocate)
{
    return byte_string(kAnsi, *destination, *source, allocate, Terminator::Yes, ansi_upcase);
}

NTSTATUS RtlUpcaseUnicodeStringToOemString(STRING* destination, UNICODE_STRING const* source, BOOLEAN allocate)
{
    return byte_string(kOem, *destination, *source, allocate, Terminator::Yes, oem_upcase);
}

NTSTATUS RtlUpcaseUnicodeStringToCountedOemString(STRING* destination, UNICODE_STRING const* source, BOOLEAN allocate)
{
    return counted_oem_string(*destination, *source, allocate, oem_upcase);
}

ULONG RtlxAnsiStringToUnicodeSize(STRING const* string)
{
    return static_cast<ULONG>((string->Length + 1) * sizeof(char16_t));
}

ULONG RtlxUnicodeStringToAnsiSize(UNICODE_STRING const* string)
{
    return static_cast<ULONG>(string->Length / sizeof(char16_t) + 1);
}

char16_t RtlAnsiCharToUnicodeChar(UCHAR** source) { return kAnsi.to_unicode(*(*source)++); }

BOOLEAN RtlIsValidOemCharacter(char16_t* character)
{
    char16_t const upper = oem_upcase(*character);
    if (kOem.lacks(*character) || kOem.lacks(upper))
        return FALSE;
    *character = kOem.to_unicode(kOem.to_byte(upper));
    return TRUE;
}

} // namespace ringside::rtl
