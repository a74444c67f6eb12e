// SPDX-License-Identifier: MIT
// Between integers, GUIDs and text.
#pragma once

#include "nt/basic.h"
#include "nt/status.h"

namespace ringside::rtl {

// Base 0 means ten when printing; when reading it means what the prefix 0x, 0o or 0b says, else ten. Negative values
// print as unsigned; a leading '-' negates what is read. Nothing reports overflow: the value wraps.
NTSTATUS RtlIntegerToUnicodeString(ULONG value, ULONG base, UNICODE_STRING* string);
NTSTATUS RtlInt64ToUnicodeString(ULONGLONG value, ULONG base, UNICODE_STRING* string);
NTSTATUS RtlIntegerToChar(ULONG value, ULONG base, LONG output_length, char* string);
NTSTATUS RtlIntegerToUnicode(ULONG value, ULONG base, LONG output_length, char16_t* string);
NTSTATUS RtlUnicodeStringToInteger(UNICODE_STRING const* string, ULONG base, ULONG* value);
NTSTATUS RtlCharToInteger(char const* string, ULONG base, ULONG* value);

// "{xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx}"; printed in lower case (as the names that Windows makes of it on disk show:
// {016888cd-6c6f-11de-8d1d-001e0bcde3ec}.TxR.blf), read in either.
NTSTATUS RtlStringFromGUID(GUID const* guid, UNICODE_STRING* string);
NTSTATUS RtlGUIDFromString(UNICODE_STRING const* string, GUID* guid);

} // namespace ringside::rtl
