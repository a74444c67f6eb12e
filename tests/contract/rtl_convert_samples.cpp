// SPDX-License-Identifier: MIT
// Conversion of buffers and single characters: code page 1252, code page 437, UTF-8.
#include "contract.h"

#include <cstring>
#include <string>
#include <string_view>

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;
using namespace std::string_view_literals;

namespace {

// Room for a text, filled with what no conversion writes, so that one character too many is seen.
char* narrow_room(At& at)
{
    auto* room = static_cast<char*>(at.bytes(64));
    std::memset(room, '#', 64);
    return room;
}

char16_t* wide_room(At& at)
{
    auto* room = static_cast<char16_t*>(at.bytes(64));
    std::fill_n(room, 32, u'#');
    return room;
}

// Bytes of a text without terminator, in the driver's memory.
char* narrow(At& at, std::string_view text)
{
    auto* made = static_cast<char*>(at.bytes(text.size() + 1));
    std::memcpy(made, text.data(), text.size());
    return made;
}

char16_t* wide(At& at, std::u16string_view text) { return at.string(text).Buffer; }

std::u16string_view text_of(char16_t const* room, size_t characters) { return { room, characters }; }
std::string_view text_of(char const* room, size_t bytes) { return { room, bytes }; }

} // namespace

SAMPLE(RtlMultiByteToUnicodeN)
{
    auto* to = wide_room(at);
    auto& written = at.object<ULONG>();
    at.status(STATUS_SUCCESS, to, 64, &written, narrow(at, "a\x80\\\xE9"), 4);
    EXPECT_EQ(written, 8u);
    EXPECT_EQ(text_of(to, 5), u"a\u20AC\\\u00E9#") << "not terminated";
    at.status(STATUS_SUCCESS, to, 5, &written, narrow(at, "xyz"), 3);
    EXPECT_EQ(written, 4u);
    EXPECT_EQ(text_of(to, 3), u"xy\\") << "cut, without an error";
    at.status(STATUS_SUCCESS, to, 64, nullptr, narrow(at, "q"), 1);
    EXPECT_EQ(to[0], u'q');
}

SAMPLE(RtlMultiByteToUnicodeSize)
{
    auto& size = at.object<ULONG>();
    size = 7;
    at.status(STATUS_SUCCESS, &size, narrow(at, "a\x80z"), 3);
    EXPECT_EQ(size, 6u) << "without a terminator";
    at.status(STATUS_SUCCESS, &size, narrow(at, ""), 0);
    EXPECT_EQ(size, 0u);
}

SAMPLE(RtlUnicodeToMultiByteN)
{
    auto* to = narrow_room(at);
    auto& written = at.object<ULONG>();
    at.status(STATUS_SUCCESS, to, 64, &written, wide(at, u"a\u20AC\u4E2D\u0101"), 8);
    EXPECT_EQ(written, 4u);
    EXPECT_EQ(text_of(to, 5), "a\x80?a#") << "what the page lacks, and its best fit";
    at.status(STATUS_SUCCESS, to, 64, &written, wide(at, u"b"), 4);
    EXPECT_EQ(text_of(to, 3), "b\0?"sv) << "the terminator, when it is counted";
    at.status(STATUS_SUCCESS, to, 2, &written, wide(at, u"xyz"), 6);
    EXPECT_EQ(written, 2u);
    EXPECT_EQ(text_of(to, 3), "xy?") << "cut, without an error";
    at.status(STATUS_SUCCESS, to, 64, nullptr, wide(at, u"q"), 2);
    EXPECT_EQ(to[0], 'q');
}

SAMPLE(RtlUnicodeToMultiByteSize)
{
    auto& size = at.object<ULONG>();
    size = 7;
    at.status(STATUS_SUCCESS, &size, wide(at, u"a\u20ACz"), 6);
    EXPECT_EQ(size, 3u) << "without a terminator";
    at.status(STATUS_SUCCESS, &size, wide(at, u""), 0);
    EXPECT_EQ(size, 0u);
}

SAMPLE(RtlUpcaseUnicodeToMultiByteN)
{
    auto* to = narrow_room(at);
    auto& written = at.object<ULONG>();
    at.status(STATUS_SUCCESS, to, 64, &written, wide(at, u"a\u00E9Z\u4E2D"), 8);
    EXPECT_EQ(written, 4u);
    EXPECT_EQ(text_of(to, 5), "A\xC9Z?#");
    at.status(STATUS_SUCCESS, to, 1, &written, wide(at, u"xy"), 4);
    EXPECT_EQ(written, 1u);
    EXPECT_EQ(text_of(to, 2), "X\xC9") << "cut, without an error";
    at.status(STATUS_SUCCESS, to, 64, nullptr, wide(at, u"q"), 2);
    EXPECT_EQ(to[0], 'Q');
}

SAMPLE(RtlOemToUnicodeN)
{
    auto* to = wide_room(at);
    auto& written = at.object<ULONG>();
    at.status(STATUS_SUCCESS, to, 64, &written, narrow(at, "a\x82\\\xE1"), 4);
    EXPECT_EQ(written, 8u);
    EXPECT_EQ(text_of(to, 5), u"a\u00E9\\\u00DF#");
    at.status(STATUS_BUFFER_OVERFLOW, to, 4, &written, narrow(at, "xyz"), 3);
    EXPECT_EQ(written, 4u);
    EXPECT_EQ(text_of(to, 3), u"xy\\") << "what fits";
    at.status(STATUS_SUCCESS, to, 64, nullptr, narrow(at, "q"), 1);
    EXPECT_EQ(to[0], u'q');
    auto* both = narrow_room(at);
    std::memcpy(both, "u\x81w", 3);
    at.status(STATUS_SUCCESS, both, 64, &written, both, 3);
    EXPECT_EQ(std::memcmp(both, u"u\u00FCw", 6), 0) << "in place, as the page allows for single-byte pages";
}

SAMPLE(RtlUnicodeToOemN)
{
    auto* to = narrow_room(at);
    auto& written = at.object<ULONG>();
    at.status(STATUS_SUCCESS, to, 64, &written, wide(at, u"a\u00E9\u4E2D"), 8);
    EXPECT_EQ(written, 4u);
    EXPECT_EQ(text_of(to, 5), "a\x82?\0#"sv) << "with the terminator, for it was counted";
    at.status(STATUS_BUFFER_OVERFLOW, to, 2, &written, wide(at, u"xyz"), 6);
    EXPECT_EQ(written, 2u);
    EXPECT_EQ(text_of(to, 3), "xy?") << "what fits";
    at.status(STATUS_SUCCESS, to, 64, nullptr, wide(at, u"q"), 2);
    EXPECT_EQ(to[0], 'q');
}

SAMPLE(RtlUpcaseUnicodeToOemN)
{
    auto* to = narrow_room(at);
    auto& written = at.object<ULONG>();
    at.status(STATUS_SUCCESS, to, 64, &written, wide(at, u"a\u00E9Z"), 6);
    EXPECT_EQ(written, 3u);
    EXPECT_EQ(text_of(to, 4), "A\x90Z#");
    at.status(STATUS_BUFFER_OVERFLOW, to, 2, &written, wide(at, u"xyz"), 6);
    EXPECT_EQ(written, 2u);
    EXPECT_EQ(text_of(to, 3), "XYZ") << "what fits";
    at.status(STATUS_SUCCESS, to, 64, nullptr, wide(at, u"q"), 2);
    EXPECT_EQ(to[0], 'Q');
}

SAMPLE(RtlUTF8ToUnicodeN)
{
    auto* to = wide_room(at);
    auto& written = at.object<ULONG>();
    auto* text = narrow(at, "a\xE2\x82\xAC\xF0\x9F\x98\x80");
    at.status(STATUS_SUCCESS, to, 64, &written, text, 8);
    EXPECT_EQ(written, 8u);
    EXPECT_EQ(text_of(to, 5), u"a\u20AC\U0001F600#") << "a pair, and no terminator";
    at.status(STATUS_SUCCESS, nullptr, 0, &written, text, 9);
    EXPECT_EQ(written, 10u) << "the size, with the terminator that was counted";
    at.status(STATUS_BUFFER_TOO_SMALL, to, 6, &written, text, 8);
    EXPECT_EQ(written, 4u) << "half a pair is none";
    at.status(STATUS_SOME_NOT_MAPPED, to, 64, &written, narrow(at, "x\x80\xED\xA0\x80"), 2);
    EXPECT_EQ(text_of(to, 2), u"x\uFFFD");
    at.status(STATUS_SUCCESS, to, 64, &written, narrow(at, "x\0y"sv), 3);
    EXPECT_EQ(text_of(to, 3), u"x\0y"sv) << "on past a null";
    at.status(STATUS_INVALID_PARAMETER, nullptr, 0, nullptr, text, 8);
    at.status(STATUS_INVALID_PARAMETER_4, to, 64, &written, nullptr, 8);
}

SAMPLE(RtlUnicodeToUTF8N)
{
    auto* to = narrow_room(at);
    auto& written = at.object<ULONG>();
    auto* text = wide(at, u"a\u20AC\U0001F600");
    at.status(STATUS_SUCCESS, to, 64, &written, text, 8);
    EXPECT_EQ(written, 8u);
    EXPECT_EQ(text_of(to, 9), "a\xE2\x82\xAC\xF0\x9F\x98\x80#");
    at.status(STATUS_SUCCESS, nullptr, 0, &written, text, 10);
    EXPECT_EQ(written, 9u) << "the size, with the terminator that was counted";
    at.status(STATUS_BUFFER_TOO_SMALL, to, 3, &written, text, 8);
    EXPECT_EQ(written, 1u) << "whole characters only";
    at.status(STATUS_SOME_NOT_MAPPED, to, 64, &written, &text[2], 2);
    EXPECT_EQ(text_of(to, 3), "\xEF\xBF\xBD") << "half a pair";
    at.status(STATUS_SUCCESS, to, 64, &written, wide(at, u"x\0y"sv), 6);
    EXPECT_EQ(text_of(to, 3), "x\0y"sv) << "on past a null";
    at.status(STATUS_INVALID_PARAMETER, nullptr, 0, nullptr, text, 8);
    at.status(STATUS_INVALID_PARAMETER_4, to, 64, &written, nullptr, 8);
    at.status(STATUS_INVALID_PARAMETER_5, to, 64, &written, text, 7);
}

SAMPLE(RtlAnsiCharToUnicodeChar)
{
    auto* text = narrow(at, "\x80\\");
    auto& place = at.object<char*>();
    place = text;
    at.returns(u'\u20AC', &place);
    at.returns(u'\\', &place);
    EXPECT_EQ(place, text + 2) << "it moves behind what it converts";
}

SAMPLE(RtlIsValidOemCharacter)
{
    auto& character = at.object<char16_t>();
    character = u'\u00E9';
    at.returns(BOOLEAN { TRUE }, &character);
    EXPECT_EQ(character, u'\u00C9') << "the capital";
    character = u'\u4E2D';
    at.returns(BOOLEAN { FALSE }, &character);
    EXPECT_EQ(character, u'\u4E2D');
    character = u'\u00E0';
    at.returns(BOOLEAN { FALSE }, &character); // its capital is not in the page
    character = u'?';
    at.returns(BOOLEAN { TRUE }, &character);
}

// One size routine after the other: a text of three characters, and none.
namespace {

template <typename String>
void size_of(At& at, ULONG per_character)
{
    auto& string = at.object<String>();
    string.Length = 3 * (sizeof(*string.Buffer));
    string.MaximumLength = string.Length;
    string.Buffer = static_cast<decltype(string.Buffer)>(at.bytes(8));
    std::memset(string.Buffer, 'a', string.Length);
    at.returns(4 * per_character, &string);
    string.Length = 0;
    at.returns(per_character, &string); // the terminator alone
}

} // namespace

SAMPLE(RtlAnsiStringToUnicodeSize) { size_of<STRING>(at, 2); }
SAMPLE(RtlxAnsiStringToUnicodeSize) { size_of<STRING>(at, 2); }
SAMPLE(RtlOemStringToUnicodeSize) { size_of<STRING>(at, 2); }
SAMPLE(RtlxOemStringToUnicodeSize) { size_of<STRING>(at, 2); }
SAMPLE(RtlUnicodeStringToAnsiSize) { size_of<UNICODE_STRING>(at, 1); }
SAMPLE(RtlxUnicodeStringToAnsiSize) { size_of<UNICODE_STRING>(at, 1); }
SAMPLE(RtlUnicodeStringToOemSize) { size_of<UNICODE_STRING>(at, 1); }
SAMPLE(RtlxUnicodeStringToOemSize) { size_of<UNICODE_STRING>(at, 1); }
