// SPDX-License-Identifier: MIT
// UTF-8 and UTF-16. Ill-formed input becomes U+FFFD, one for each maximal part that could have begun a character
// (Unicode's recommended practice), and the status says so.
#include "rtl/allocator.h"
#include "rtl/code_page.h"
#include "rtl/multi_byte.h"

#include <algorithm>

namespace ringside::rtl {

namespace {

constexpr char32_t kReplacement = 0xfffd;

struct Decoded {
    char32_t character;
    size_t units; // of input consumed
    bool valid;
};

Decoded decode(char const* text, size_t bytes)
{
    auto byte = [text](size_t i) { return static_cast<uint8_t>(text[i]); };
    uint8_t lead = byte(0);
    if (lead < 0x80)
        return { lead, 1, true };
    if (lead < 0xc2 || lead > 0xf4)
        return { kReplacement, 1, false };
    size_t length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    char32_t character = lead & (0xffu >> (length + 1));
    // The second byte's range excludes overlong forms, surrogates and what lies beyond U+10FFFF.
    uint8_t lowest = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    uint8_t highest = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    for (size_t i = 1; i < length; ++i) {
        if (i >= bytes || byte(i) < lowest || byte(i) > highest)
            return { kReplacement, i, false };
        character = character << 6 | (byte(i) & 0x3f);
        lowest = 0x80;
        highest = 0xbf;
    }
    return { character, length, true };
}

Decoded decode(char16_t const* text, size_t units)
{
    char16_t first = text[0];
    if (first < 0xd800 || first > 0xdfff)
        return { first, 1, true };
    if (first > 0xdbff || units < 2 || text[1] < 0xdc00 || text[1] > 0xdfff)
        return { kReplacement, 1, false };
    return { 0x10000u + ((first & 0x3ffu) << 10) + (text[1] & 0x3ffu), 2, true };
}

size_t encode(char32_t c, char (&into)[4])
{
    auto tail = [c](int shift) { return static_cast<char>(0x80 | (c >> shift & 0x3f)); };
    if (c < 0x80) {
        into[0] = static_cast<char>(c);
        return 1;
    }
    if (c < 0x800) {
        into[0] = static_cast<char>(0xc0 | c >> 6);
        into[1] = tail(0);
        return 2;
    }
    if (c < 0x10000) {
        into[0] = static_cast<char>(0xe0 | c >> 12);
        into[1] = tail(6);
        into[2] = tail(0);
        return 3;
    }
    into[0] = static_cast<char>(0xf0 | c >> 18);
    into[1] = tail(12);
    into[2] = tail(6);
    into[3] = tail(0);
    return 4;
}

size_t encode(char32_t c, char16_t (&into)[4])
{
    if (c < 0x10000) {
        into[0] = static_cast<char16_t>(c);
        return 1;
    }
    into[0] = static_cast<char16_t>(0xd800 + ((c - 0x10000) >> 10));
    into[1] = static_cast<char16_t>(0xdc00 + (c & 0x3ff));
    return 2;
}

// Feeds each character of `text`, encoded as To, to `sink(units, count)` until it returns false.
template <typename To, typename From, typename Sink>
NTSTATUS transcode(From const* text, size_t count, Sink sink)
{
    NTSTATUS status = STATUS_SUCCESS;
    while (count) {
        Decoded decoded = decode(text, count);
        if (!decoded.valid)
            status = STATUS_SOME_NOT_MAPPED;
        To units[4];
        size_t length = encode(decoded.character, units);
        if (!sink(units, length))
            return STATUS_BUFFER_TOO_SMALL;
        text += decoded.units;
        count -= decoded.units;
    }
    return status;
}

template <typename To, typename From>
NTSTATUS to_buffer(To* into, ULONG max_bytes, ULONG* written, From const* text, ULONG bytes)
{
    if (!into && !written)
        return STATUS_INVALID_PARAMETER;
    if (!text)
        return STATUS_INVALID_PARAMETER_4;
    size_t room = into ? max_bytes / sizeof(To) : SIZE_MAX;
    size_t used = 0;
    NTSTATUS status = transcode<To>(text, bytes / sizeof(From), [&](To const* units, size_t length) {
        if (length > room - used)
            return false;
        if (into)
            std::copy_n(units, length, into + used);
        used += length;
        return true;
    });
    if (written)
        *written = static_cast<ULONG>(used * sizeof(To));
    return status;
}

// A new buffer always has room for a terminator. The parameter that the statuses number is the source.
template <typename To, typename From>
NTSTATUS to_string(auto& destination, From const* text, size_t bytes, bool allocate)
{
    constexpr size_t kLargest = 0xffff;
    if (bytes % sizeof(From) || (bytes && !text))
        return STATUS_INVALID_PARAMETER_2;
    if (allocate) {
        ULONG needed = 0;
        if (bytes)
            to_buffer<To>(static_cast<To*>(nullptr), 0, &needed, text, static_cast<ULONG>(bytes));
        size_t const room = needed + sizeof(To);
        if (room > kLargest)
            return STATUS_INVALID_PARAMETER_2;
        auto* buffer = static_cast<To*>(g_allocator.allocate(room));
        if (!buffer)
            return STATUS_NO_MEMORY;
        destination.Buffer = buffer;
        destination.MaximumLength = static_cast<USHORT>(room);
    }
    NTSTATUS status = STATUS_SUCCESS;
    ULONG written = 0;
    if (bytes && destination.Buffer)
        status = to_buffer<To>(destination.Buffer, destination.MaximumLength, &written, text, static_cast<ULONG>(bytes));
    else if (bytes)
        status = STATUS_BUFFER_TOO_SMALL;
    if (written + sizeof(To) <= destination.MaximumLength && destination.Buffer)
        destination.Buffer[written / sizeof(To)] = 0;
    destination.Length = static_cast<USHORT>(written);
    return status == STATUS_BUFFER_TOO_SMALL ? STATUS_BUFFER_OVERFLOW : status;
}

} // namespace

NTSTATUS RtlUTF8ToUnicodeN(char16_t* unicode, ULONG max_bytes, ULONG* written, char const* text, ULONG bytes)
{
    return to_buffer(unicode, max_bytes, written, text, bytes);
}

NTSTATUS RtlUnicodeToUTF8N(char* text, ULONG max_bytes, ULONG* written, char16_t const* unicode, ULONG bytes)
{
    if (unicode && bytes % sizeof(char16_t) && (text || written))
        return STATUS_INVALID_PARAMETER_5;
    return to_buffer(text, max_bytes, written, unicode, bytes);
}

NTSTATUS RtlUTF8StringToUnicodeString(UNICODE_STRING* destination, STRING const* source, BOOLEAN allocate)
{
    return to_string<char16_t>(*destination, source->Buffer, source->Length, allocate);
}

NTSTATUS RtlUnicodeStringToUTF8String(STRING* destination, UNICODE_STRING const* source, BOOLEAN allocate)
{
    return to_string<char>(*destination, source->Buffer, source->Length, allocate);
}

std::string utf8(std::u16string_view text)
{
    std::string result;
    transcode<char>(text.data(), text.size(), [&](char const* units, size_t length) {
        result.append(units, length);
        return true;
    });
    return result;
}

std::string utf8_from_ansi(std::string_view text)
{
    std::u16string wide(text.size(), u'\0');
    std::ranges::transform(text, wide.begin(), [](char c) { return kAnsi.to_unicode(static_cast<uint8_t>(c)); });
    return utf8(wide);
}

std::u16string utf16(std::string_view text)
{
    std::u16string result;
    transcode<char16_t>(text.data(), text.size(), [&](char16_t const* units, size_t length) {
        result.append(units, length);
        return true;
    });
    return result;
}

} // namespace ringside::rtl
