// SPDX-License-Identifier: MIT
// Integers and GUIDs as text: the documentation's own table, and the edges.
#include "allocator_fixture.h"
#include "rtl/numbers.h"
#include "rtl/strings.h"

#include <cstring>
#include <string>

namespace ringside::rtl {

using Numbers = WithAllocator;

// The table of RtlUnicodeStringToInteger's page, then prefixes, wrapping and stray characters.
TEST_F(Numbers, Read)
{
    struct {
        char16_t const* text;
        ULONG base;
        ULONG value;
    } const table[] {
        { u"123", 10, 123 },
        { u"-345", 10, static_cast<ULONG>(-345) },
        { u"xyz", 10, 0 },
        { u"+678abc", 10, 678 },
        { u"+678abc", 16, 6785724 },
        { u"007", 10, 7 },
        { u"789", 8, 7 },
        { u"FGH", 16, 15 },
        { u" ", 10, 0 },
        { u"0x1F", 0, 31 },
        { u"0o17", 0, 15 },
        { u"0b101", 0, 5 },
        { u"-0x10", 0, static_cast<ULONG>(-16) },
        { u"0", 0, 0 },
        { u"0x1F", 16, 0 }, // the prefix counts only with base 0
        { u" \t\r\n42", 0, 42 },
        { u"4294967296", 10, 0 },
        { u"+-5", 10, 0 },
        { u"12 34", 10, 12 },
    };
    for (auto const& row : table) {
        UNICODE_STRING s = counted(row.text);
        ULONG value = 99;
        EXPECT_EQ(RtlUnicodeStringToInteger(&s, row.base, &value), STATUS_SUCCESS);
        EXPECT_EQ(value, row.value) << row.base;
    }
    ULONG value = 99;
    UNICODE_STRING empty {};
    EXPECT_EQ(RtlUnicodeStringToInteger(&empty, 10, &value), STATUS_INVALID_PARAMETER);
    UNICODE_STRING one = counted(u"1");
    EXPECT_EQ(RtlUnicodeStringToInteger(&one, 7, &value), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(RtlCharToInteger("0x7f", 0, &value), STATUS_SUCCESS);
    EXPECT_EQ(value, 127u);
    EXPECT_EQ(RtlCharToInteger("0x", 0, &value), STATUS_SUCCESS);
    EXPECT_EQ(value, 0u);
    EXPECT_EQ(RtlCharToInteger("12", 3, &value), STATUS_INVALID_PARAMETER);
}

// A counted string ends at its length, whatever follows.
TEST_F(Numbers, ReadStopsAtLength)
{
    char16_t text[] = u"0x12";
    UNICODE_STRING s { 2, 10, text };
    ULONG value = 99;
    EXPECT_EQ(RtlUnicodeStringToInteger(&s, 0, &value), STATUS_SUCCESS);
    EXPECT_EQ(value, 0u);
}

TEST_F(Numbers, Print)
{
    char16_t buffer[80];
    UNICODE_STRING s { 0, sizeof buffer, buffer };
    auto print = [&](ULONGLONG value, ULONG base) {
        EXPECT_EQ(RtlInt64ToUnicodeString(value, base, &s), STATUS_SUCCESS);
        return std::u16string(view(s));
    };
    EXPECT_EQ(print(0, 0), u"0");
    EXPECT_EQ(print(1234, 10), u"1234");
    EXPECT_EQ(print(UINT64_MAX, 16), u"FFFFFFFFFFFFFFFF");
    EXPECT_EQ(print(UINT64_MAX, 2), std::u16string(64, u'1'));
    EXPECT_EQ(print(8, 8), u"10");
    EXPECT_EQ(RtlIntegerToUnicodeString(0xffffffff, 0, &s), STATUS_SUCCESS);
    EXPECT_EQ(view(s), u"4294967295");
    EXPECT_EQ(RtlIntegerToUnicodeString(1, 3, &s), STATUS_INVALID_PARAMETER);
    UNICODE_STRING small { 0, 6, buffer }; // the terminator needs room too
    EXPECT_EQ(RtlIntegerToUnicodeString(99, 10, &small), STATUS_SUCCESS);
    EXPECT_EQ(RtlIntegerToUnicodeString(100, 10, &small), STATUS_BUFFER_OVERFLOW);
}

TEST_F(Numbers, PrintIntoCharacters)
{
    char buffer[8];
    auto reset = [&] { std::memset(buffer, '#', sizeof buffer); };
    reset();
    EXPECT_EQ(RtlIntegerToChar(255, 16, 4, buffer), STATUS_SUCCESS);
    EXPECT_EQ(std::string(buffer, 4), std::string("FF\0#", 4));
    reset();
    EXPECT_EQ(RtlIntegerToChar(255, 16, 2, buffer), STATUS_SUCCESS); // no room for a terminator
    EXPECT_EQ(std::string(buffer, 3), "FF#");
    EXPECT_EQ(RtlIntegerToChar(255, 16, 1, buffer), STATUS_BUFFER_OVERFLOW);
    reset();
    EXPECT_EQ(RtlIntegerToChar(255, 16, -4, buffer), STATUS_SUCCESS);
    EXPECT_EQ(std::string(buffer, 5), "00FF#");
    char16_t wide[4];
    EXPECT_EQ(RtlIntegerToUnicode(10, 0, 4, wide), STATUS_SUCCESS);
    EXPECT_EQ(std::u16string(wide), u"10");
}

TEST_F(Numbers, Guids)
{
    GUID const guid { 0x016888cd, 0x6c6f, 0x11de, { 0x8d, 0x1d, 0x00, 0x1e, 0x0b, 0xcd, 0xe3, 0xec } };
    UNICODE_STRING s;
    ASSERT_EQ(RtlStringFromGUID(&guid, &s), STATUS_SUCCESS);
    EXPECT_EQ(view(s), u"{016888cd-6c6f-11de-8d1d-001e0bcde3ec}");
    EXPECT_EQ(s.Length, 76);
    EXPECT_EQ(s.MaximumLength, 78);
    GUID back {};
    EXPECT_EQ(RtlGUIDFromString(&s, &back), STATUS_SUCCESS);
    EXPECT_EQ(std::memcmp(&back, &guid, sizeof guid), 0);
    RtlFreeUnicodeString(&s);
    UNICODE_STRING upper = counted(u"{016888CD-6C6F-11DE-8D1D-001E0BCDE3EC}");
    EXPECT_EQ(RtlGUIDFromString(&upper, &back), STATUS_SUCCESS);
    EXPECT_EQ(std::memcmp(&back, &guid, sizeof guid), 0);
    for (auto const* bad : { u"", u"{016888cd-6c6f-11de-8d1d-001e0bcde3ec", u"016888cd-6c6f-11de-8d1d-001e0bcde3ec",
                             u"{016888cd-6c6f-11de-8d1d-001e0bcde3eg}", u"{016888cd 6c6f-11de-8d1d-001e0bcde3ec}" }) {
        UNICODE_STRING text = counted(bad);
        EXPECT_EQ(RtlGUIDFromString(&text, &back), STATUS_INVALID_PARAMETER);
    }
    s_dry = true;
    EXPECT_EQ(RtlStringFromGUID(&guid, &s), STATUS_NO_MEMORY);
}

} // namespace ringside::rtl
