// SPDX-License-Identifier: MIT
// The printf engine: what Microsoft's documentation of format specifications says, narrow and wide.
#include "nt/basic.h"
#include "rtl/format.h"
#include "rtl/printf.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace ringside::rtl {

namespace {

uint64_t slot(int value) { return static_cast<uint32_t>(value) | 0xabcd'0000'0000'0000; } // upper halves are garbage
uint64_t slot(uint32_t value) { return slot(static_cast<int>(value)); }
uint64_t slot(char value) { return slot(static_cast<int>(value)); }
uint64_t slot(char16_t value) { return slot(static_cast<int>(value)); }
uint64_t slot(int64_t value) { return static_cast<uint64_t>(value); }
uint64_t slot(uint64_t value) { return value; }
uint64_t slot(double value) { return __builtin_bit_cast(uint64_t, value); }
uint64_t slot(void const* value) { return reinterpret_cast<uint64_t>(value); }
uint64_t slot(std::nullptr_t) { return 0; }

template <typename... A>
std::string narrow(char const* text, A... arguments)
{
    uint64_t slots[sizeof...(A) + 1] { slot(arguments)... };
    std::string result(4096, '#');
    int64_t length = format(result.data(), result.size(), text, slots);
    EXPECT_GE(length, 0);
    result.resize(static_cast<size_t>(length));
    return result;
}

template <typename... A>
std::u16string wide(char16_t const* text, A... arguments)
{
    uint64_t slots[sizeof...(A) + 1] { slot(arguments)... };
    std::u16string result(4096, u'#');
    int64_t length = format(result.data(), result.size(), text, slots);
    EXPECT_GE(length, 0);
    result.resize(static_cast<size_t>(length));
    return result;
}

} // namespace

TEST(Format, Integers)
{
    EXPECT_EQ(narrow("%d %i %u", -1, 42, 0xffffffffu), "-1 42 4294967295");
    EXPECT_EQ(narrow("%x %X %#x %#X %#x", 0xbeef, 0xbeef, 0xbeef, 0xbeef, 0), "beef BEEF 0xbeef 0XBEEF 0");
    EXPECT_EQ(narrow("%o %#o %#o", 8, 8, 0), "10 010 0");
    EXPECT_EQ(narrow("[%5d][%-5d][%05d][%+d][% d]", 42, 42, 42, 42, 42), "[   42][42   ][00042][+42][ 42]");
    EXPECT_EQ(narrow("[%05d][%-05d][%+05d]", -42, -42, 42), "[-0042][-42  ][+0042]");
    EXPECT_EQ(narrow("[%.3d][%8.3d][%08.3d]", 7, 7, 7), "[007][     007][     007]");
    EXPECT_EQ(narrow("[%.0d][%.d][%+.0d]", 0, 0, 0), "[][][+]");
    EXPECT_EQ(narrow("[%#010x][%#.4x]", 0x1f, 0x1f), "[0x0000001f][0x001f]");
    EXPECT_EQ(narrow("%d", INT32_MIN), "-2147483648");
}

TEST(Format, IntegerSizes)
{
    int64_t big = 0x123456789abcdef0;
    EXPECT_EQ(narrow("%I64x %llx %Ix %zx %jx %tx", big, big, big, big, big, big),
              "123456789abcdef0 123456789abcdef0 123456789abcdef0 123456789abcdef0 123456789abcdef0 123456789abcdef0");
    EXPECT_EQ(narrow("%I64d %lld %Id", INT64_MIN, int64_t { -1 }, int64_t { -2 }), "-9223372036854775808 -1 -2");
    EXPECT_EQ(narrow("%I64u %Iu %I32u", UINT64_MAX, UINT64_MAX, UINT64_MAX),
              "18446744073709551615 18446744073709551615 4294967295");
    EXPECT_EQ(narrow("%x %lx %I32x", big, big, big), "9abcdef0 9abcdef0 9abcdef0"); // long has 32 bits
    EXPECT_EQ(narrow("%hx %hhx %hd %hhd", 0x12345, 0x12345, 0x1ffff, 0x1ff), "2345 45 -1 -1");
    EXPECT_EQ(narrow("%hu %hhu", -1, -1), "65535 255");
}

TEST(Format, Pointers)
{
    EXPECT_EQ(narrow("%p", reinterpret_cast<void*>(0xffffab0012cd)), "0000FFFFAB0012CD");
    EXPECT_EQ(narrow("%p", nullptr), "0000000000000000");
    EXPECT_EQ(narrow("[%20p][%-20p]", reinterpret_cast<void*>(0x10), reinterpret_cast<void*>(0x10)),
              "[    0000000000000010][0000000000000010    ]");
}

TEST(Format, StarsTakeArguments)
{
    EXPECT_EQ(narrow("[%*d][%-*d][%*d]", 5, 42, 5, 42, -5, 42), "[   42][42   ][42   ]");
    EXPECT_EQ(narrow("[%.*d][%*.*d]", 3, 7, 6, 2, 7), "[007][    07]");
    EXPECT_EQ(narrow("[%.*s][%.*s]", 2, "abcdef", -1, "abcdef"), "[ab][abcdef]");
}

// %s follows the function's width, %S the other one; a prefix decides by itself.
TEST(Format, StringWidths)
{
    EXPECT_EQ(narrow("%s %S %hs %ls %ws %hS %lS", "a", u"b", "c", u"d", u"e", "f", u"g"), "a b c d e f g");
    EXPECT_EQ(wide(u"%s %S %hs %ls %ws %hS %lS", u"a", "b", "c", u"d", u"e", "f", u"g"), u"a b c d e f g");
    EXPECT_EQ(narrow("%c%C%hc%lc%wc", 'a', u'b', 'c', u'd', u'e'), "abcde");
    EXPECT_EQ(wide(u"%c%C%hc%lc%wc", u'a', 'b', 'c', u'd', u'e'), u"abcde");
    EXPECT_EQ(narrow("[%5s][%-5s][%.2s][%05s]", "abc", "abc", "abc", "abc"), "[  abc][abc  ][ab][00abc]");
    EXPECT_EQ(narrow("[%3c][%-3c]", 'x', 'x'), "[  x][x  ]");
}

TEST(Format, AnsiPageBetweenWidths)
{
    EXPECT_EQ(narrow("%ws", u"\u20ac\u00e9\u0100\u4e2d"),
              "\x80\xe9"
              "A?"); // euro, e acute, A macron's best fit, none
    EXPECT_EQ(wide(u"%hs", "\x80\xe9"), u"\u20ac\u00e9");
}

TEST(Format, CountedStrings)
{
    char16_t text[] = u"\\Device\\Null and more";
    UNICODE_STRING unicode { 24, 24, text };
    char bytes[] = "ansi and more";
    ANSI_STRING ansi { 4, 4, bytes };
    EXPECT_EQ(narrow("%wZ|%Z|%hZ|%lZ", &unicode, &ansi, &ansi, &unicode), "\\Device\\Null|ansi|ansi|\\Device\\Null");
    EXPECT_EQ(wide(u"%wZ|%Z", &unicode, &ansi), u"\\Device\\Null|ansi");
    EXPECT_EQ(narrow("[%15wZ][%-15wZ][%.7wZ]", &unicode, &unicode, &unicode),
              "[   \\Device\\Null][\\Device\\Null   ][\\Device]");
    UNICODE_STRING empty { 0, 0, text };
    UNICODE_STRING without { 8, 8, nullptr };
    EXPECT_EQ(narrow("[%wZ][%wZ][%Z]", &empty, &without, nullptr), "[][(null)][(null)]");
}

TEST(Format, NullStrings)
{
    EXPECT_EQ(narrow("%s %ws %S [%8s][%.3s]", nullptr, nullptr, nullptr, nullptr, nullptr),
              "(null) (null) (null) [  (null)][(nu]");
    EXPECT_EQ(wide(u"%s %hs", nullptr, nullptr), u"(null) (null)");
}

// With a precision the string need not be terminated.
TEST(Format, PrecisionBoundsReading)
{
    std::vector<char> unterminated { 'a', 'b', 'c' };
    EXPECT_EQ(narrow("%.3s", static_cast<void const*>(unterminated.data())), "abc");
    EXPECT_EQ(narrow("[%.0s]", reinterpret_cast<void const*>(8)), "[]"); // not read at all
}

TEST(Format, Reals)
{
    EXPECT_EQ(narrow("%f %.2f %.0f %#.0f", 3.5, 3.14159, 2.5, 2.0), "3.500000 3.14 2 2.");
    EXPECT_EQ(narrow("%e %.1E %e", 12345.678, 0.00012, 0.0), "1.234568e+04 1.2E-04 0.000000e+00");
    EXPECT_EQ(narrow("%g %g %g %g %#g %.3g", 100000.0, 1000000.0, 0.0001, 0.00001, 1.5, 1234.0),
              "100000 1e+06 0.0001 1e-05 1.50000 1.23e+03");
    EXPECT_EQ(narrow("[%8.2f][%-8.2f][%08.2f][%+.1f][% .1f]", -1.5, 1.5, -1.5, 1.5, 1.5),
              "[   -1.50][1.50    ][-0001.50][+1.5][ 1.5]");
    EXPECT_EQ(narrow("%f %F %08f %f", INFINITY, -INFINITY, INFINITY, NAN), "inf -INF      inf nan");
    EXPECT_EQ(narrow("%a %.1A %g", 1.0, 255.0, 0.0), "0x1.0000000000000p+0 0X2.0P+7 0");
    EXPECT_EQ(narrow("%.0f", 1e300).size(), 301u);
    EXPECT_EQ(narrow("%.2000f", 0.5).size(), 2002u);
    EXPECT_EQ(wide(u"%.1f", 0.25), u"0.2");
}

TEST(Format, OddFormats)
{
    EXPECT_EQ(narrow("100%%"), "100%");
    EXPECT_EQ(narrow("%"), "");
    EXPECT_EQ(narrow("abc%5"), "abc");
    EXPECT_EQ(narrow("%y %k"), "y k"); // unknown letters stand for themselves
    EXPECT_EQ(narrow(""), "");
    uint64_t none = 0;
    char buffer[8];
    EXPECT_EQ(format(buffer, sizeof buffer, "%n", &none), kFormatError);
}

// What the C library's functions ask for, and DbgPrint does not.
TEST(Format, Rules)
{
    char buffer[8];
    char16_t const lacking[] = u"a\u4e2d";
    uint64_t arguments[] { reinterpret_cast<uint64_t>(lacking), 0x4e2d };
    EXPECT_EQ(format(buffer, sizeof buffer, "%ws", arguments), 2);
    EXPECT_EQ(format(buffer, sizeof buffer, "%ws", arguments, { .refuse_unconvertible = true }), kFormatError);
    EXPECT_EQ(format(buffer, sizeof buffer, "[%5C]", arguments + 1, { .refuse_unconvertible = true }), 2);
    EXPECT_EQ(format(buffer, sizeof buffer, "%y", arguments, { .refuse_unknown = true }), kFormatError);
    EXPECT_EQ(format(buffer, sizeof buffer, "1%", arguments, { .refuse_unknown = true }), kFormatError);
    EXPECT_EQ(format(buffer, sizeof buffer, "1%%", arguments, { .refuse_unknown = true }), 2);
}

TEST(Format, CountsBeyondCapacityWithoutWriting)
{
    char buffer[4] = { '#', '#', '#', '#' };
    uint64_t arguments[] { 7 };
    EXPECT_EQ(format(buffer, 3, "%2000000000d", arguments), 2000000000);
    EXPECT_EQ(std::string(buffer, 4), "   #");
    EXPECT_EQ(format(buffer, 0, "abc", arguments), 3);
    EXPECT_EQ(format(static_cast<char*>(nullptr), 0, "abc", arguments), 3);
    EXPECT_EQ(format(buffer, 0, "%.99999999999d", arguments), INT32_MAX);
}

// What the family returns when the text fits, fits without its terminator, and does not fit.
TEST(Printf, BoundedForms)
{
    uint64_t arguments[] { 123 };
    char b[8];
    auto reset = [&] { std::fill(std::begin(b), std::end(b), '#'); };
    reset();
    EXPECT_EQ(_vsnprintf(b, 4, "%d", arguments), 3);
    EXPECT_EQ(std::string(b, 5), std::string("123\0#", 5));
    reset();
    EXPECT_EQ(_vsnprintf(b, 3, "%d", arguments), 3);
    EXPECT_EQ(std::string(b, 4), "123#");
    reset();
    EXPECT_EQ(_vsnprintf(b, 2, "%d", arguments), -1);
    EXPECT_EQ(std::string(b, 3), "12#");
    EXPECT_EQ(_vsnprintf(nullptr, 0, "%d", arguments), 3);
    EXPECT_EQ(_vsnprintf(b, 0, "%d", arguments), -1);
    char16_t w[8];
    EXPECT_EQ(_vsnwprintf(w, 8, u"%d", arguments), 3);
    EXPECT_EQ(std::u16string(w), u"123");
    EXPECT_EQ(_vsnwprintf(w, 2, u"%d", arguments), -1);
}

TEST(Printf, CheckedForms)
{
    uint64_t arguments[] { 12345 };
    char b[8] = "before";
    EXPECT_EQ(vsprintf_s(b, 6, "%d", arguments), 5);
    EXPECT_STREQ(b, "12345");
    EXPECT_EQ(vsprintf_s(b, 5, "%d", arguments), -1);
    EXPECT_STREQ(b, "");
    EXPECT_EQ(_vsnprintf_s(b, 8, 3, "%d", arguments), -1); // cut at the count
    EXPECT_STREQ(b, "123");
    EXPECT_EQ(_vsnprintf_s(b, 4, kTruncate, "%d", arguments), -1); // cut at the size
    EXPECT_STREQ(b, "123");
    EXPECT_EQ(_vsnprintf_s(b, 4, 7, "%d", arguments), -1); // neither
    EXPECT_STREQ(b, "");
    EXPECT_EQ(_vsnprintf_s(b, 8, 7, "%d", arguments), 5);
    EXPECT_EQ(vsprintf_s(nullptr, 6, "%d", arguments), -1);
    char16_t w[8];
    EXPECT_EQ(vswprintf_s(w, 8, u"%d", arguments), 5);
    EXPECT_EQ(_vsnwprintf_s(w, 3, kTruncate, u"%d", arguments), -1);
    EXPECT_EQ(std::u16string(w), u"12");
}

// The raw bodies find their variadic arguments behind the named ones.
TEST(Printf, RawBodies)
{
    char b[16];
    uint64_t snprintf_slots[] { slot(static_cast<void*>(b)), 16, slot("%d-%s"), 7, slot("x") };
    EXPECT_EQ(snprintf_body(snprintf_slots), 3u);
    EXPECT_STREQ(b, "7-x");
    uint64_t short_slots[] { slot(static_cast<void*>(b)), 2, slot("%d-%s"), 7, slot("x") };
    EXPECT_EQ(snprintf_body(short_slots), 0xffffffffu);
    uint64_t sprintf_slots[] { slot(static_cast<void*>(b)), slot("%u"), 9 };
    EXPECT_EQ(sprintf_body(sprintf_slots), 1u);
    char16_t w[16];
    uint64_t swprintf_slots[] { slot(static_cast<void*>(w)), slot(u"%s!"), slot(u"wide") };
    EXPECT_EQ(swprintf_body(swprintf_slots), 5u);
    EXPECT_EQ(std::u16string(w), u"wide!");
    uint64_t checked[] { slot(static_cast<void*>(b)), 16, kTruncate, slot("%d"), 5 };
    EXPECT_EQ(snprintf_s_body(checked), 1u);
    EXPECT_STREQ(b, "5");
}

} // namespace ringside::rtl
