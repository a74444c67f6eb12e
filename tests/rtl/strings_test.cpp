// SPDX-License-Identifier: MIT
// Counted strings: the documented results and the edges of 16-bit lengths.
#include "allocator_fixture.h"
#include "rtl/case_table.h"
#include "rtl/strings.h"

#include <string>
#include <vector>

namespace ringside::rtl {

using Strings = WithAllocator;

namespace {

STRING ansi(std::string_view text)
{
    auto size = static_cast<USHORT>(text.size());
    return { size, size, const_cast<char*>(text.data()) };
}

std::u16string text(UNICODE_STRING const& string) { return std::u16string(view(string)); }

} // namespace

TEST_F(Strings, Initialize)
{
    UNICODE_STRING s;
    RtlInitUnicodeString(&s, u"abc");
    EXPECT_EQ(s.Length, 6);
    EXPECT_EQ(s.MaximumLength, 8);
    RtlInitUnicodeString(&s, u"");
    EXPECT_EQ(s.Length, 0);
    EXPECT_EQ(s.MaximumLength, 2);
    RtlInitUnicodeString(&s, nullptr);
    EXPECT_EQ(s.Length, 0);
    EXPECT_EQ(s.MaximumLength, 0);
    EXPECT_EQ(s.Buffer, nullptr);
    STRING a;
    RtlInitString(&a, "abc");
    EXPECT_EQ(a.Length, 3);
    EXPECT_EQ(a.MaximumLength, 4);
}

TEST_F(Strings, InitializeFromTooLongText)
{
    std::u16string longest(32766, u'x');
    std::u16string longer(40000, u'x');
    UNICODE_STRING s { 1, 2, nullptr };
    EXPECT_EQ(RtlInitUnicodeStringEx(&s, longest.c_str()), STATUS_SUCCESS);
    EXPECT_EQ(s.Length, 65532);
    EXPECT_EQ(s.MaximumLength, 65534);
    RtlInitUnicodeString(&s, longer.c_str());
    EXPECT_EQ(s.Length, 65532);
    EXPECT_EQ(s.MaximumLength, 65534);
    EXPECT_EQ(RtlInitUnicodeStringEx(&s, longer.c_str()), STATUS_NAME_TOO_LONG);
    std::string bytes(70000, 'x');
    STRING a;
    RtlInitString(&a, bytes.c_str());
    EXPECT_EQ(a.Length, 65534);
    EXPECT_EQ(a.MaximumLength, 65535);
    EXPECT_EQ(RtlInitStringEx(&a, bytes.c_str()), STATUS_NAME_TOO_LONG);
}

TEST_F(Strings, CopyCutsAndTerminatesWhereThereIsRoom)
{
    char16_t buffer[] = u"########";
    UNICODE_STRING to { 0, 8, buffer };
    UNICODE_STRING from = counted(u"abcdef");
    RtlCopyUnicodeString(&to, &from);
    EXPECT_EQ(text(to), u"abcd");
    EXPECT_EQ(buffer[4], u'#');
    UNICODE_STRING small = counted(u"xy");
    RtlCopyUnicodeString(&to, &small);
    EXPECT_EQ(text(to), u"xy");
    EXPECT_EQ(buffer[2], 0);
    RtlCopyUnicodeString(&to, nullptr);
    EXPECT_EQ(to.Length, 0);
    EXPECT_EQ(to.MaximumLength, 8);

    char bytes[] = "####";
    STRING ansi_to { 0, 3, bytes };
    STRING ansi_from = ansi("ab");
    RtlCopyString(&ansi_to, &ansi_from);
    EXPECT_STREQ(bytes, "ab##"); // the narrow copy does not terminate
    RtlCopyString(&ansi_to, nullptr);
    EXPECT_EQ(ansi_to.Length, 0);
}

TEST_F(Strings, Append)
{
    char16_t buffer[] = u"ab######";
    UNICODE_STRING to { 4, 12, buffer };
    UNICODE_STRING two = counted(u"cd");
    EXPECT_EQ(RtlAppendUnicodeStringToString(&to, &two), STATUS_SUCCESS);
    EXPECT_EQ(text(to), u"abcd");
    EXPECT_EQ(buffer[4], 0);
    EXPECT_EQ(RtlAppendUnicodeToString(&to, u"ef"), STATUS_SUCCESS); // exactly full
    EXPECT_EQ(text(to), u"abcdef");
    EXPECT_EQ(buffer[6], u'#');
    EXPECT_EQ(RtlAppendUnicodeToString(&to, u"g"), STATUS_BUFFER_TOO_SMALL);
    EXPECT_EQ(text(to), u"abcdef");
    EXPECT_EQ(RtlAppendUnicodeToString(&to, nullptr), STATUS_SUCCESS);

    char16_t doubled[8] = u"ab";
    UNICODE_STRING self { 4, 16, doubled };
    EXPECT_EQ(RtlAppendUnicodeStringToString(&self, &self), STATUS_SUCCESS);
    EXPECT_EQ(text(self), u"abab");

    char bytes[5] = "a";
    STRING narrow { 1, 4, bytes };
    STRING source = ansi("bc");
    EXPECT_EQ(RtlAppendStringToString(&narrow, &source), STATUS_SUCCESS);
    EXPECT_EQ(RtlAppendAsciizToString(&narrow, "de"), STATUS_BUFFER_TOO_SMALL);
    EXPECT_EQ(RtlAppendAsciizToString(&narrow, "d"), STATUS_SUCCESS);
    EXPECT_EQ(view(narrow), "abcd");
}

TEST_F(Strings, Compare)
{
    struct {
        char16_t const* first;
        char16_t const* second;
        int exact;
        int folded;
    } const table[] {
        { u"abc", u"abc", 0, 0 },
        { u"abc", u"ABC", 1, 0 },
        { u"abc", u"abd", -1, -1 },
        { u"ab", u"abc", -1, -1 },
        { u"", u"", 0, 0 },
        { u"", u"a", -1, -1 },
        { u"a_", u"aB", 1, 1 },
        { u"\u00e9", u"\u00c9", 1, 0 },
        { u"\u0131", u"I", 1, 1 },
        { u"z", u"\u00e9", -1, -1 },
        { u"\uffff", u"\u0001", 1, 1 },
    };
    auto sign = [](LONG value) { return (value > 0) - (value < 0); };
    for (auto const& row : table) {
        UNICODE_STRING first = counted(row.first);
        UNICODE_STRING second = counted(row.second);
        EXPECT_EQ(sign(RtlCompareUnicodeString(&first, &second, FALSE)), row.exact);
        EXPECT_EQ(sign(RtlCompareUnicodeString(&second, &first, FALSE)), -row.exact);
        EXPECT_EQ(sign(RtlCompareUnicodeString(&first, &second, TRUE)), row.folded);
        EXPECT_EQ(RtlEqualUnicodeString(&first, &second, FALSE), row.exact == 0);
        EXPECT_EQ(RtlEqualUnicodeString(&first, &second, TRUE), row.folded == 0);
    }
    EXPECT_LT(RtlCompareUnicodeStrings(u"ab", 1, u"ab", 2, FALSE), 0);
    STRING a = ansi("\xe9t\xe9");
    STRING b = ansi("\xc9T\xc9");
    EXPECT_TRUE(RtlEqualString(&a, &b, TRUE));
    EXPECT_FALSE(RtlEqualString(&a, &b, FALSE));
    EXPECT_GT(RtlCompareString(&a, &b, FALSE), 0); // bytes above 0x7f are not negative
}

TEST_F(Strings, Prefix)
{
    UNICODE_STRING prefix = counted(u"\\Device\\");
    UNICODE_STRING name = counted(u"\\DEVICE\\Null");
    UNICODE_STRING empty {};
    EXPECT_TRUE(RtlPrefixUnicodeString(&prefix, &name, TRUE));
    EXPECT_FALSE(RtlPrefixUnicodeString(&prefix, &name, FALSE));
    EXPECT_FALSE(RtlPrefixUnicodeString(&name, &prefix, TRUE));
    EXPECT_TRUE(RtlPrefixUnicodeString(&empty, &name, FALSE));
    STRING a = ansi("ab");
    STRING b = ansi("ABc");
    EXPECT_TRUE(RtlPrefixString(&a, &b, TRUE));
    EXPECT_FALSE(RtlPrefixString(&a, &b, FALSE));
}

TEST_F(Strings, CaseTable)
{
    struct {
        char16_t lower;
        char16_t upper;
    } const pairs[] { { u'a', u'A' },     { u'z', u'Z' },     { 0xe0, 0xc0 },   { 0xff, 0x178 },    { 0x101, 0x100 },
                      { 0x3b1, 0x391 },   { 0x3c3, 0x3a3 },   { 0x44f, 0x42f }, { 0x1e01, 0x1e00 }, { 0x24d0, 0x24b6 },
                      { 0x2170, 0x2160 }, { 0xff41, 0xff21 }, { 0x1c6, 0x1c4 } };
    for (auto [lower, upper] : pairs) {
        EXPECT_EQ(RtlUpcaseUnicodeChar(lower), upper) << std::hex << +lower;
        EXPECT_EQ(RtlDowncaseUnicodeChar(upper), lower) << std::hex << +upper;
        EXPECT_EQ(RtlUpcaseUnicodeChar(upper), upper);
        EXPECT_EQ(RtlDowncaseUnicodeChar(lower), lower);
    }
    for (char16_t same : { u'0', u'_', char16_t(0xb5), char16_t(0xdf), char16_t(0xd7), char16_t(0xf7), char16_t(0x131),
                           char16_t(0x17f), char16_t(0xd801), char16_t(0x4e2d), char16_t(0xffff) })
        EXPECT_EQ(RtlUpcaseUnicodeChar(same), same) << std::hex << +same;
    EXPECT_EQ(RtlUpcaseUnicodeChar(0x3c2), 0x3a3); // final sigma has a capital, which is not its own
    for (uint32_t c = 0; c <= 0xffff; ++c)
        EXPECT_EQ(upcase(upcase(char16_t(c))), upcase(char16_t(c))) << std::hex << c;
}

TEST_F(Strings, ChangeCase)
{
    UNICODE_STRING from = counted(u"Caf\u00e9");
    char16_t buffer[4];
    UNICODE_STRING to { 0, sizeof buffer, buffer };
    EXPECT_EQ(RtlUpcaseUnicodeString(&to, &from, FALSE), STATUS_SUCCESS);
    EXPECT_EQ(text(to), u"CAF\u00c9");
    EXPECT_EQ(RtlDowncaseUnicodeString(&to, &to, FALSE), STATUS_SUCCESS); // in place
    EXPECT_EQ(text(to), u"caf\u00e9");
    UNICODE_STRING small { 0, 6, buffer };
    EXPECT_EQ(RtlUpcaseUnicodeString(&small, &from, FALSE), STATUS_BUFFER_OVERFLOW);
    UNICODE_STRING made {};
    EXPECT_EQ(RtlUpcaseUnicodeString(&made, &from, TRUE), STATUS_SUCCESS);
    EXPECT_EQ(text(made), u"CAF\u00c9");
    EXPECT_EQ(made.MaximumLength, 8);
    RtlFreeUnicodeString(&made);
    EXPECT_EQ(made.Buffer, nullptr);
    s_dry = true;
    EXPECT_EQ(RtlDowncaseUnicodeString(&made, &from, TRUE), STATUS_NO_MEMORY);

    EXPECT_EQ(RtlUpperChar('a'), 'A');
    EXPECT_EQ(RtlUpperChar('\xe9'), '\xc9');
    EXPECT_EQ(RtlUpperChar('\xff'), '\x9f'); // Y with diaeresis has a place in 1252
    EXPECT_EQ(RtlUpperChar('\xdf'), '\xdf');
    char bytes[] = "####";
    STRING narrow { 0, 3, bytes };
    STRING source = ansi("abcd");
    RtlUpperString(&narrow, &source);
    EXPECT_STREQ(bytes, "ABC#");
    EXPECT_EQ(narrow.Length, 3);
}

TEST_F(Strings, CreateDuplicateFree)
{
    UNICODE_STRING s;
    ASSERT_TRUE(RtlCreateUnicodeString(&s, u"abc"));
    EXPECT_EQ(s.Length, 6);
    EXPECT_EQ(s.MaximumLength, 8);
    EXPECT_EQ(s.Buffer[3], 0);
    std::u16string longer(32767, u'x');
    UNICODE_STRING other;
    EXPECT_FALSE(RtlCreateUnicodeString(&other, longer.c_str()));

    UNICODE_STRING copy;
    EXPECT_EQ(RtlDuplicateUnicodeString(0, &s, &copy), STATUS_SUCCESS);
    EXPECT_EQ(copy.MaximumLength, 6);
    RtlFreeUnicodeString(&copy);
    EXPECT_EQ(RtlDuplicateUnicodeString(1, &s, &copy), STATUS_SUCCESS);
    EXPECT_EQ(copy.MaximumLength, 8);
    EXPECT_EQ(copy.Buffer[3], 0);
    RtlFreeUnicodeString(&copy);
    RtlFreeUnicodeString(&copy); // nothing
    UNICODE_STRING empty {};
    EXPECT_EQ(RtlDuplicateUnicodeString(1, &empty, &copy), STATUS_SUCCESS);
    EXPECT_EQ(copy.Buffer, nullptr);
    EXPECT_EQ(RtlDuplicateUnicodeString(3, &empty, &copy), STATUS_SUCCESS);
    EXPECT_EQ(copy.MaximumLength, 2);
    RtlFreeUnicodeString(&copy);
    EXPECT_EQ(RtlDuplicateUnicodeString(2, &s, &copy), STATUS_INVALID_PARAMETER);
    RtlFreeUnicodeString(&s);
}

TEST_F(Strings, Validate)
{
    char16_t buffer[4];
    UNICODE_STRING good { 4, 8, buffer };
    UNICODE_STRING odd { 3, 8, buffer };
    UNICODE_STRING crossed { 8, 4, buffer };
    UNICODE_STRING missing { 0, 8, nullptr };
    EXPECT_EQ(RtlValidateUnicodeString(0, &good), STATUS_SUCCESS);
    EXPECT_EQ(RtlValidateUnicodeString(0, nullptr), STATUS_SUCCESS);
    EXPECT_EQ(RtlValidateUnicodeString(1, &good), STATUS_INVALID_PARAMETER);
    for (auto* bad : { &odd, &crossed, &missing })
        EXPECT_EQ(RtlValidateUnicodeString(0, bad), STATUS_INVALID_PARAMETER);
}

TEST_F(Strings, Hash)
{
    UNICODE_STRING s = counted(u"aB");
    ULONG exact = 0;
    ULONG folded = 0;
    EXPECT_EQ(RtlHashUnicodeString(&s, FALSE, HASH_STRING_ALGORITHM_X65599, &exact), STATUS_SUCCESS);
    EXPECT_EQ(exact, 0x61u * 65599 + 0x42);
    EXPECT_EQ(RtlHashUnicodeString(&s, TRUE, HASH_STRING_ALGORITHM_DEFAULT, &folded), STATUS_SUCCESS);
    EXPECT_EQ(folded, 0x41u * 65599 + 0x42);
    EXPECT_EQ(RtlHashUnicodeString(nullptr, FALSE, 0, &exact), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(RtlHashUnicodeString(&s, FALSE, 0, nullptr), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(RtlHashUnicodeString(&s, FALSE, 7, &exact), STATUS_INVALID_PARAMETER);
}

} // namespace ringside::rtl
