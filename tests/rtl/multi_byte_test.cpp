// SPDX-License-Identifier: MIT
// Between bytes and UTF-16: cutting, terminating, sizes, and UTF-8's ill-formed input.
#include "allocator_fixture.h"
#include "rtl/code_page.h"
#include "rtl/multi_byte.h"
#include "rtl/strings.h"

#include <cstring>
#include <string>
#include <vector>

namespace ringside::rtl {

using MultiByte = WithAllocator;

TEST_F(MultiByte, EveryByteOfBothPagesComesBack)
{
    for (CodePage const* page : { &kAnsi, &kOem })
        for (int byte = 0; byte < 256; ++byte)
            EXPECT_EQ(page->to_byte(page->to_unicode(static_cast<uint8_t>(byte))), byte);
    EXPECT_EQ(kAnsi.to_unicode(0x80), 0x20ac);
    EXPECT_EQ(kOem.to_unicode(0xe1), 0xdf);
    EXPECT_EQ(kAnsi.to_byte(0x221e), '8'); // best fit of infinity
    EXPECT_EQ(kAnsi.to_byte(0xff21), 'A'); // fullwidth A
    EXPECT_EQ(kAnsi.to_byte(0x4e2d), '?');
}

TEST_F(MultiByte, BuffersCutWithoutError)
{
    char16_t wide[4] = { u'#', u'#', u'#', u'#' };
    ULONG written = 0;
    EXPECT_EQ(RtlMultiByteToUnicodeN(wide, 5, &written,
                                     "\x80"
                                     "bc",
                                     3),
              STATUS_SUCCESS);
    EXPECT_EQ(written, 4u);
    EXPECT_EQ(std::u16string(wide, 3), u"\u20acb#");
    EXPECT_EQ(RtlMultiByteToUnicodeN(wide, 8, nullptr, "a", 1), STATUS_SUCCESS);
    char narrow[4] = { '#', '#', '#', '#' };
    EXPECT_EQ(RtlUnicodeToMultiByteN(narrow, 2, &written, u"\u20acbc", 6), STATUS_SUCCESS);
    EXPECT_EQ(written, 2u);
    EXPECT_EQ(std::string(narrow, 3),
              "\x80"
              "b#");
    EXPECT_EQ(RtlUpcaseUnicodeToMultiByteN(narrow, 4, &written, u"\u00e9a", 4), STATUS_SUCCESS);
    EXPECT_EQ(std::string(narrow, 2),
              "\xc9"
              "A");
    EXPECT_EQ(RtlUpcaseUnicodeToOemN(narrow, 4, &written, u"\u00e9\u00e0", 4), STATUS_SUCCESS);
    EXPECT_EQ(std::string(narrow, 2), "\x90?"); // 437 has no capital A grave
    EXPECT_EQ(RtlMultiByteToUnicodeSize(&written, "abc", 3), STATUS_SUCCESS);
    EXPECT_EQ(written, 6u);
    EXPECT_EQ(RtlUnicodeToMultiByteSize(&written, u"abc", 6), STATUS_SUCCESS);
    EXPECT_EQ(written, 3u);
}

// One buffer for both, and one that is too small.
TEST_F(MultiByte, OemBuffersInPlaceAndCut)
{
    char16_t both[4] {};
    std::memcpy(both, "a\x82zy", 4);
    ULONG written = 0;
    EXPECT_EQ(RtlOemToUnicodeN(both, sizeof both, &written, reinterpret_cast<char*>(both), 4), STATUS_SUCCESS);
    EXPECT_EQ(std::u16string(both, 4), u"a\u00e9zy");
    EXPECT_EQ(RtlOemToUnicodeN(both, 4, &written, "xyz", 3), STATUS_BUFFER_OVERFLOW);
    EXPECT_EQ(written, 4u);
    char narrow[2];
    EXPECT_EQ(RtlUnicodeToOemN(narrow, 2, &written, u"xyz", 6), STATUS_BUFFER_OVERFLOW);
    EXPECT_EQ(RtlUpcaseUnicodeToOemN(narrow, 2, &written, u"xyz", 6), STATUS_BUFFER_OVERFLOW);
    EXPECT_EQ(std::string(narrow, 2), "XY");
}

TEST_F(MultiByte, AnsiToUnicodeString)
{
    STRING source { 3, 3, const_cast<char*>("a\x80z") };
    UNICODE_STRING made {};
    ASSERT_EQ(RtlAnsiStringToUnicodeString(&made, &source, TRUE), STATUS_SUCCESS);
    EXPECT_EQ(view(made), u"a\u20acz");
    EXPECT_EQ(made.MaximumLength, 8);
    EXPECT_EQ(made.Buffer[3], 0);

    char16_t buffer[4];
    UNICODE_STRING exact { 0, 8, buffer };
    EXPECT_EQ(RtlAnsiStringToUnicodeString(&exact, &source, FALSE), STATUS_SUCCESS);
    UNICODE_STRING no_terminator { 0, 6, buffer };
    EXPECT_EQ(RtlAnsiStringToUnicodeString(&no_terminator, &source, FALSE), STATUS_BUFFER_OVERFLOW);
    EXPECT_EQ(RtlOemStringToCountedUnicodeString(&no_terminator, &source, FALSE), STATUS_SUCCESS);
    EXPECT_EQ(view(no_terminator), u"a\u00c7z");

    std::string bytes(40000, 'x');
    STRING longer { 40000, 40000, bytes.data() };
    EXPECT_EQ(RtlAnsiStringToUnicodeString(&exact, &longer, TRUE), STATUS_INVALID_PARAMETER_2);
    s_dry = true;
    EXPECT_EQ(RtlAnsiStringToUnicodeString(&exact, &source, TRUE), STATUS_NO_MEMORY);
    EXPECT_EQ(RtlxAnsiStringToUnicodeSize(&source), 8u);
    RtlFreeUnicodeString(&made);
}

TEST_F(MultiByte, UnicodeToAnsiString)
{
    UNICODE_STRING source = counted(u"a\u20acz");
    STRING made {};
    ASSERT_EQ(RtlUnicodeStringToAnsiString(&made, &source, TRUE), STATUS_SUCCESS);
    EXPECT_EQ(view(made), "a\x80z");
    EXPECT_EQ(made.MaximumLength, 4);
    EXPECT_EQ(made.Buffer[3], 0);
    RtlFreeAnsiString(&made);
    char buffer[4] = { '#', '#', '#', '#' };
    STRING small { 0, 3, buffer };
    EXPECT_EQ(RtlUnicodeStringToAnsiString(&small, &source, FALSE), STATUS_BUFFER_OVERFLOW);
    EXPECT_EQ(buffer[0], '#'); // no conversion was done
    EXPECT_EQ(RtlUnicodeStringToCountedOemString(&small, &source, TRUE), STATUS_UNMAPPABLE_CHARACTER);
    EXPECT_EQ(small.Buffer, buffer) << "no storage was allocated";
    UNICODE_STRING mappable = counted(u"a\u00e9z");
    EXPECT_EQ(RtlUnicodeStringToCountedOemString(&small, &mappable, FALSE), STATUS_SUCCESS);
    EXPECT_EQ(view(small), "a\x82z");
    STRING room { 0, 4, buffer };
    EXPECT_EQ(RtlUpcaseUnicodeStringToOemString(&room, &source, FALSE), STATUS_SUCCESS);
    EXPECT_STREQ(buffer, "A?Z");
    EXPECT_EQ(RtlxUnicodeStringToAnsiSize(&source), 4u);
}

TEST_F(MultiByte, SingleCharacters)
{
    UCHAR text[] = "\x80z";
    UCHAR* at = text;
    EXPECT_EQ(RtlAnsiCharToUnicodeChar(&at), 0x20ac);
    EXPECT_EQ(RtlAnsiCharToUnicodeChar(&at), u'z');
    EXPECT_EQ(at, text + 2);
    char16_t c = u'\u00e9';
    EXPECT_TRUE(RtlIsValidOemCharacter(&c));
    EXPECT_EQ(c, 0xc9);
    c = u'?';
    EXPECT_TRUE(RtlIsValidOemCharacter(&c));
    c = 0x4e2d;
    EXPECT_FALSE(RtlIsValidOemCharacter(&c));
}

TEST_F(MultiByte, Utf8RoundTrip)
{
    std::u16string text = u"A\u00e9\u20ac\U0001F600";
    std::string bytes = "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80";
    char narrow[16];
    ULONG written = 0;
    auto wide_bytes = static_cast<ULONG>(text.size() * 2);
    auto narrow_bytes = static_cast<ULONG>(bytes.size());
    EXPECT_EQ(RtlUnicodeToUTF8N(narrow, 16, &written, text.data(), wide_bytes), STATUS_SUCCESS);
    EXPECT_EQ(std::string(narrow, written), bytes);
    char16_t wide[16];
    EXPECT_EQ(RtlUTF8ToUnicodeN(wide, 32, &written, bytes.data(), narrow_bytes), STATUS_SUCCESS);
    EXPECT_EQ(std::u16string(wide, written / 2), text);
    // Without a destination: the size. Too small: what fits, in whole characters.
    EXPECT_EQ(RtlUTF8ToUnicodeN(nullptr, 0, &written, bytes.data(), narrow_bytes), STATUS_SUCCESS);
    EXPECT_EQ(written, wide_bytes);
    EXPECT_EQ(RtlUTF8ToUnicodeN(wide, 8, &written, bytes.data(), narrow_bytes), STATUS_BUFFER_TOO_SMALL);
    EXPECT_EQ(written, 6u);
    EXPECT_EQ(RtlUnicodeToUTF8N(narrow, 5, &written, text.data(), wide_bytes), STATUS_BUFFER_TOO_SMALL);
    EXPECT_EQ(written, 3u);
    EXPECT_EQ(utf8(text), bytes);
    EXPECT_EQ(utf16(bytes), text);
    EXPECT_EQ(utf8_from_ansi("\x80"), "\xe2\x82\xac");
}

TEST_F(MultiByte, Utf8Parameters)
{
    ULONG written = 0;
    char16_t wide[4];
    EXPECT_EQ(RtlUTF8ToUnicodeN(nullptr, 0, nullptr, "a", 1), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(RtlUTF8ToUnicodeN(wide, 8, &written, nullptr, 1), STATUS_INVALID_PARAMETER_4);
    char narrow[4];
    EXPECT_EQ(RtlUnicodeToUTF8N(narrow, 4, &written, u"a", 1), STATUS_INVALID_PARAMETER_5);
    EXPECT_EQ(RtlUnicodeToUTF8N(narrow, 4, nullptr, u"a", 2), STATUS_SUCCESS);
}

TEST_F(MultiByte, IllFormedUtf8)
{
    struct {
        std::string bytes;
        std::u16string text;
    } const table[] {
        { "\x80", u"\ufffd" }, // a tail alone
        { "\xc0\x80", u"\ufffd\ufffd" }, // overlong
        { "\xe2\x82", u"\ufffd" }, // cut short
        { "\xe2\x82z", u"\ufffdz" }, // a maximal part, then a good character
        { "\xed\xa0\x80", u"\ufffd\ufffd\ufffd" }, // a surrogate
        { "\xf4\x90\x80\x80", u"\ufffd\ufffd\ufffd\ufffd" }, // beyond U+10FFFF
        { "\xf0\x9f\x98", u"\ufffd" },
        { "\xff", u"\ufffd" },
    };
    for (auto const& row : table) {
        char16_t wide[8];
        ULONG written = 0;
        auto bytes = static_cast<ULONG>(row.bytes.size());
        EXPECT_EQ(RtlUTF8ToUnicodeN(wide, sizeof wide, &written, row.bytes.data(), bytes), STATUS_SOME_NOT_MAPPED);
        EXPECT_EQ(std::u16string(wide, written / 2), row.text);
    }
    char16_t const lone[] { 0xd800, u'a', 0xdc00 };
    char narrow[8];
    ULONG written = 0;
    EXPECT_EQ(RtlUnicodeToUTF8N(narrow, 8, &written, lone, 6), STATUS_SOME_NOT_MAPPED);
    EXPECT_EQ(std::string(narrow, written),
              "\xef\xbf\xbd"
              "a\xef\xbf\xbd");
}

TEST_F(MultiByte, Utf8Strings)
{
    STRING source { 3, 3, const_cast<char*>("\xe2\x82\xac") };
    UNICODE_STRING made {};
    ASSERT_EQ(RtlUTF8StringToUnicodeString(&made, &source, TRUE), STATUS_SUCCESS);
    EXPECT_EQ(view(made), u"\u20ac");
    char buffer[4];
    STRING back { 0, 4, buffer };
    EXPECT_EQ(RtlUnicodeStringToUTF8String(&back, &made, FALSE), STATUS_SUCCESS);
    EXPECT_EQ(view(back), "\xe2\x82\xac");
    back.MaximumLength = 3;
    EXPECT_EQ(RtlUnicodeStringToUTF8String(&back, &made, FALSE), STATUS_SUCCESS) << "without a terminator";
    back.MaximumLength = 2;
    EXPECT_EQ(RtlUnicodeStringToUTF8String(&back, &made, FALSE), STATUS_BUFFER_OVERFLOW);
    EXPECT_EQ(back.Length, 0u) << "no part of a character";
    RtlFreeUnicodeString(&made);
    STRING empty {};
    ASSERT_EQ(RtlUTF8StringToUnicodeString(&made, &empty, TRUE), STATUS_SUCCESS);
    EXPECT_EQ(made.Length, 0);
    EXPECT_EQ(made.Buffer[0], 0);
    RtlFreeUnicodeString(&made);
}

} // namespace ringside::rtl
