// SPDX-License-Identifier: MIT
// Integers and GUIDs as text.
#include "rtl/numbers.h"

#include "rtl/allocator.h"
#include "rtl/format.h"
#include "rtl/strings.h"

#include <algorithm>
#include <optional>
#include <string_view>

namespace ringside::rtl {

namespace {

constexpr size_t kGuidCharacters = 38;
constexpr size_t kMaxDigits = 64; // binary

bool valid_base(ULONG base) { return base == 0 || base == 2 || base == 8 || base == 10 || base == 16; }

// Digits of `value`, most significant first, at the end of `into`; the view holds them.
template <typename Char>
std::basic_string_view<Char> digits(uint64_t value, ULONG base, Char (&into)[kMaxDigits])
{
    size_t start = kMaxDigits;
    do {
        into[--start] = static_cast<Char>("0123456789ABCDEF"[value % base]);
        value /= base;
    } while (value);
    return { into + start, kMaxDigits - start };
}

NTSTATUS to_unicode_string(uint64_t value, ULONG base, UNICODE_STRING& string)
{
    if (!valid_base(base))
        return STATUS_INVALID_PARAMETER;
    char16_t room[kMaxDigits];
    auto text = digits(value, base ? base : 10, room);
    if ((text.size() + 1) * sizeof(char16_t) > string.MaximumLength)
        return STATUS_BUFFER_OVERFLOW;
    std::ranges::copy(text, string.Buffer);
    string.Buffer[text.size()] = 0;
    string.Length = static_cast<USHORT>(text.size() * sizeof(char16_t));
    return STATUS_SUCCESS;
}

// A negative length asks for leading zeros up to it and no terminator.
template <typename Char>
NTSTATUS to_buffer(ULONG value, ULONG base, LONG output_length, Char* string)
{
    if (!valid_base(base))
        return STATUS_INVALID_PARAMETER;
    Char room[kMaxDigits];
    auto text = digits(value, base ? base : 10, room);
    bool fill = output_length < 0;
    size_t length = fill ? 0 - static_cast<size_t>(output_length) : static_cast<size_t>(output_length);
    if (text.size() > length)
        return STATUS_BUFFER_OVERFLOW;
    if (fill)
        string = std::fill_n(string, length - text.size(), static_cast<Char>('0'));
    string = std::ranges::copy(text, string).out;
    if (!fill && text.size() < length)
        *string = 0;
    return STATUS_SUCCESS;
}

template <typename Char>
std::optional<ULONG> digit(Char c)
{
    if (c >= '0' && c <= '9')
        return static_cast<ULONG>(c - '0');
    if (c >= 'a' && c <= 'f')
        return static_cast<ULONG>(c - 'a' + 10);
    if (c >= 'A' && c <= 'F')
        return static_cast<ULONG>(c - 'A' + 10);
    return std::nullopt;
}

// `more(i)` says whether there is an i-th character: counted strings end, others are terminated.
template <typename Char, typename More>
NTSTATUS read_integer(Char const* text, More more, ULONG base, ULONG& value)
{
    if (!valid_base(base))
        return STATUS_INVALID_PARAMETER;
    size_t i = 0;
    while (more(i) && text[i] <= ' ')
        ++i;
    bool negative = more(i) && text[i] == '-';
    if (more(i) && (text[i] == '-' || text[i] == '+'))
        ++i;
    if (base == 0) {
        base = 10;
        if (more(i) && text[i] == '0' && more(i + 1)) {
            Char mark = text[i + 1];
            base = mark == 'x' ? 16 : mark == 'o' ? 8 : mark == 'b' ? 2 : 10;
            if (base != 10)
                i += 2;
        }
    }
    ULONG result = 0;
    for (; more(i); ++i) {
        auto next = digit(text[i]);
        if (!next || *next >= base)
            break;
        result = result * base + *next;
    }
    value = negative ? 0 - result : result;
    return STATUS_SUCCESS;
}

// Reads `count` hexadecimal digits.
std::optional<uint64_t> hexadecimal(std::u16string_view text)
{
    uint64_t value = 0;
    for (char16_t c : text) {
        auto next = digit(c);
        if (!next)
            return std::nullopt;
        value = value << 4 | *next;
    }
    return value;
}

} // namespace

NTSTATUS RtlIntegerToUnicodeString(ULONG value, ULONG base, UNICODE_STRING* string)
{
    return to_unicode_string(value, base, *string);
}

NTSTATUS RtlInt64ToUnicodeString(ULONGLONG value, ULONG base, UNICODE_STRING* string)
{
    return to_unicode_string(value, base, *string);
}

NTSTATUS RtlIntegerToChar(ULONG value, ULONG base, LONG output_length, char* string)
{
    return to_buffer(value, base, output_length, string);
}

NTSTATUS RtlIntegerToUnicode(ULONG value, ULONG base, LONG output_length, char16_t* string)
{
    return to_buffer(value, base, output_length, string);
}

NTSTATUS RtlUnicodeStringToInteger(UNICODE_STRING const* string, ULONG base, ULONG* value)
{
    size_t count = string->Length / sizeof(char16_t);
    if (count == 0)
        return STATUS_INVALID_PARAMETER;
    return read_integer(string->Buffer, [count](size_t i) { return i < count; }, base, *value);
}

NTSTATUS RtlCharToInteger(char const* string, ULONG base, ULONG* value)
{
    return read_integer(string, [string](size_t i) { return string[i] != 0; }, base, *value);
}

NTSTATUS RtlStringFromGUID(GUID const* guid, UNICODE_STRING* string)
{
    constexpr size_t kBytes = (kGuidCharacters + 1) * sizeof(char16_t);
    auto* buffer = static_cast<char16_t*>(g_allocator.allocate(kBytes));
    if (!buffer)
        return STATUS_NO_MEMORY;
    uint64_t arguments[11] { guid->Data1, guid->Data2, guid->Data3 };
    std::ranges::copy(guid->Data4, arguments + 3);
    format(buffer, kGuidCharacters, u"{%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x}", arguments);
    buffer[kGuidCharacters] = 0;
    *string = { kBytes - sizeof(char16_t), kBytes, buffer };
    return STATUS_SUCCESS;
}

NTSTATUS RtlGUIDFromString(UNICODE_STRING const* string, GUID* guid)
{
    // What follows the closing brace does not matter.
    std::u16string_view text = view(*string);
    if (text.size() < kGuidCharacters || text[0] != '{' || text[37] != '}' || text[9] != '-' || text[14] != '-'
        || text[19] != '-' || text[24] != '-')
        return STATUS_INVALID_PARAMETER;
    auto data1 = hexadecimal(text.substr(1, 8));
    auto data2 = hexadecimal(text.substr(10, 4));
    auto data3 = hexadecimal(text.substr(15, 4));
    auto head = hexadecimal(text.substr(20, 4));
    auto tail = hexadecimal(text.substr(25, 12));
    if (!data1 || !data2 || !data3 || !head || !tail)
        return STATUS_INVALID_PARAMETER;
    guid->Data1 = static_cast<ULONG>(*data1);
    guid->Data2 = static_cast<USHORT>(*data2);
    guid->Data3 = static_cast<USHORT>(*data3);
    uint64_t bytes = *head << 48 | *tail;
    for (int i = 0; i < 8; ++i)
        guid->Data4[i] = static_cast<UCHAR>(bytes >> (56 - 8 * i));
    return STATUS_SUCCESS;
}

} // namespace ringside::rtl
