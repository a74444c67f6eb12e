// SPDX-License-Identifier: MIT
// Between bytes and UTF-16: buffers by length (the ...N functions), counted strings, sizes; for the ANSI page (1252),
// the OEM page (437) and UTF-8. The ANSI and OEM strings are always terminated unless their name says Counted, and
// need room for it.
#pragma once

#include "nt/basic.h"
#include "nt/status.h"

#include <string>
#include <string_view>

namespace ringside::rtl {

// For host code (reports, logs): what a driver wrote as ANSI or UTF-16, as UTF-8; unpaired surrogates become U+FFFD.
std::string utf8(std::u16string_view text);
std::string utf8_from_ansi(std::string_view text);
// Invalid sequences become U+FFFD, one for each maximal ill-formed part.
std::u16string utf16(std::string_view text);

// Buffers. A text that is too long is cut: without an error in the ANSI forms, with STATUS_BUFFER_OVERFLOW, a warning,
// in the OEM forms. The lengths are bytes, and none is terminated. RtlOemToUnicodeN may convert in place.
NTSTATUS RtlMultiByteToUnicodeN(char16_t* unicode, ULONG max_bytes, ULONG* written, char const* text, ULONG bytes);
NTSTATUS RtlOemToUnicodeN(char16_t* unicode, ULONG max_bytes, ULONG* written, char const* text, ULONG bytes);
NTSTATUS RtlUnicodeToMultiByteN(char* text, ULONG max_bytes, ULONG* written, char16_t const* unicode, ULONG bytes);
NTSTATUS RtlUnicodeToOemN(char* text, ULONG max_bytes, ULONG* written, char16_t const* unicode, ULONG bytes);
NTSTATUS RtlUpcaseUnicodeToMultiByteN(char* text, ULONG max_bytes, ULONG* written, char16_t const* unicode,
                                      ULONG bytes);
NTSTATUS RtlUpcaseUnicodeToOemN(char* text, ULONG max_bytes, ULONG* written, char16_t const* unicode, ULONG bytes);
NTSTATUS RtlMultiByteToUnicodeSize(ULONG* size, char const* text, ULONG bytes);
NTSTATUS RtlUnicodeToMultiByteSize(ULONG* size, char16_t const* unicode, ULONG bytes);

// UTF-8 buffers. A destination of null asks for the size; one that is too small gets what fits.
NTSTATUS RtlUTF8ToUnicodeN(char16_t* unicode, ULONG max_bytes, ULONG* written, char const* text, ULONG bytes);
NTSTATUS RtlUnicodeToUTF8N(char* text, ULONG max_bytes, ULONG* written, char16_t const* unicode, ULONG bytes);

// Counted strings. The counted OEM forms give STATUS_UNMAPPABLE_CHARACTER where the others put a '?'. The UTF-8 forms cut
// what is too long (STATUS_BUFFER_OVERFLOW, a warning) and terminate where there is room for it.
NTSTATUS RtlAnsiStringToUnicodeString(UNICODE_STRING* destination, STRING const* source, BOOLEAN allocate);
NTSTATUS RtlOemStringToUnicodeString(UNICODE_STRING* destination, STRING const* source, BOOLEAN allocate);
NTSTATUS RtlOemStringToCountedUnicodeString(UNICODE_STRING* destination, STRING const* source, BOOLEAN allocate);
NTSTATUS RtlUTF8StringToUnicodeString(UNICODE_STRING* destination, STRING const* source, BOOLEAN allocate);
NTSTATUS RtlUnicodeStringToAnsiString(STRING* destination, UNICODE_STRING const* source, BOOLEAN allocate);
NTSTATUS RtlUnicodeStringToOemString(STRING* destination, UNICODE_STRING const* source, BOOLEAN allocate);
NTSTATUS RtlUnicodeStringToCountedOemString(STRING* destination, UNICODE_STRING const* source, BOOLEAN allocate);
NTSTATUS RtlUnicodeStringToUTF8String(STRING* destination, UNICODE_STRING const* source, BOOLEAN allocate);
NTSTATUS RtlUpcaseUnicodeStringToAnsiString(STRING* destination, UNICODE_STRING const* source, BOOLEAN allocate);
NTSTATUS RtlUpcaseUnicodeStringToOemString(STRING* destination, UNICODE_STRING const* source, BOOLEAN allocate);
NTSTATUS RtlUpcaseUnicodeStringToCountedOemString(STRING* destination, UNICODE_STRING const* source, BOOLEAN allocate);

// Bytes that the converted string and its terminator need; the OEM names are the same for single-byte pages.
ULONG RtlxAnsiStringToUnicodeSize(STRING const* string);
ULONG RtlxUnicodeStringToAnsiSize(UNICODE_STRING const* string);

// Converts one character and moves the caller's pointer behind it.
char16_t RtlAnsiCharToUnicodeChar(UCHAR** source);
BOOLEAN RtlIsValidOemCharacter(char16_t* character);

} // namespace ringside::rtl
