// SPDX-License-Identifier: MIT
// The C library: what the standard and Microsoft's pages say, above all about errors.
#include "rtl/c_library.h"
#include "rtl/c_string.h"
#include "rtl/c_string_s.h"
#include "rtl/printf.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace ringside::rtl {

TEST(CString, LengthAndOrder)
{
    EXPECT_EQ(rtl::strlen("abc"), 3u);
    EXPECT_EQ(rtl::strnlen("abc", 2), 2u);
    EXPECT_EQ(wcslen(u"abc"), 3u);
    EXPECT_EQ(wcsnlen(u"abc", 9), 3u);
    EXPECT_EQ(rtl::strcmp("a", "b"), -1);
    EXPECT_EQ(rtl::strcmp("\xff", "a"), 1); // unsigned
    EXPECT_EQ(rtl::strncmp("abc", "abd", 2), 0);
    EXPECT_EQ(rtl::strncmp("a", "a", 100), 0);
    EXPECT_EQ(_stricmp("ABC", "abc"), 0);
    EXPECT_EQ(_stricmp("_", "A"), -1); // compared in lower case
    EXPECT_EQ(_strnicmp("ABx", "aby", 2), 0);
    EXPECT_EQ(wcscmp(u"\uffff", u"a"), 1);
    EXPECT_EQ(wcsncmp(u"abc", u"abd", 3), -1);
    EXPECT_EQ(_wcsicmp(u"ABC", u"abc"), 0);
    EXPECT_EQ(_wcsnicmp(u"abX", u"ABy", 3), -1);
}

TEST(CString, CopyAndAppend)
{
    char b[8];
    std::fill(std::begin(b), std::end(b), '#');
    EXPECT_EQ(rtl::strncpy(b, "ab", 4), b);
    EXPECT_EQ(std::string(b, 5), std::string("ab\0\0#", 5)); // filled up
    rtl::strncpy(b, "abcdef", 3);
    EXPECT_EQ(std::string(b, 4), std::string("abc\0", 4)); // not terminated
    rtl::strcpy(b, "ab");
    rtl::strcat(b, "cd");
    rtl::strncat(b, "efgh", 2);
    EXPECT_STREQ(b, "abcdef");
    char16_t w[8];
    wcscpy(w, u"ab");
    wcscat(w, u"cd");
    wcsncat(w, u"efgh", 2);
    EXPECT_EQ(std::u16string(w), u"abcdef");
    wcsncpy(w, u"xyz", 8);
    EXPECT_EQ(std::u16string(w), u"xyz");
}

TEST(CString, Search)
{
    char const* s = "path\\to\\file";
    EXPECT_STREQ(rtl::strchr(s, '\\'), "\\to\\file");
    EXPECT_STREQ(rtl::strrchr(s, '\\'), "\\file");
    EXPECT_EQ(rtl::strchr(s, 'x'), nullptr);
    EXPECT_EQ(rtl::strchr(s, 0), s + 12);
    EXPECT_EQ(rtl::strrchr(s, 0), s + 12);
    EXPECT_STREQ(rtl::strstr(s, "to"), "to\\file");
    EXPECT_EQ(rtl::strstr(s, ""), s);
    EXPECT_EQ(rtl::strstr("aab", "ab") - "aab" >= 0, true);
    EXPECT_EQ(rtl::strstr(s, "filer"), nullptr);
    EXPECT_EQ(rtl::strspn("aabbc", "ab"), 4u);
    char16_t const* w = u"a.b.c";
    EXPECT_EQ(wcschr(w, u'.'), w + 1);
    EXPECT_EQ(wcsrchr(w, u'.'), w + 3);
    EXPECT_EQ(wcsstr(w, u"b.c"), w + 2);
    EXPECT_EQ(wcsspn(w, u"a."), 2u);
    EXPECT_EQ(wcscspn(w, u"."), 1u);
}

TEST(CString, InPlace)
{
    char b[] = "aB\xe9";
    EXPECT_STREQ(_strupr(b), "AB\xe9"); // ASCII alone
    EXPECT_STREQ(_strlwr(b), "ab\xe9");
    char r[] = "abc";
    EXPECT_STREQ(_strrev(r), "cba");
    EXPECT_STREQ(_strnset(r, 'x', 2), "xxa");
    EXPECT_STREQ(_strset(r, 'y'), "yyy");
    char16_t w[] = u"aBc";
    EXPECT_EQ(std::u16string(_wcsupr(w)), u"ABC");
    EXPECT_EQ(std::u16string(_wcslwr(w)), u"abc");
    EXPECT_EQ(std::u16string(_wcsrev(w)), u"cba");
    EXPECT_EQ(std::u16string(_wcsnset(w, u'-', 9)), u"---");
}

TEST(CString, Conversion)
{
    char16_t w[4] = { u'#', u'#', u'#', u'#' };
    EXPECT_EQ(rtl::mbstowcs(w,
                            "\x80"
                            "b",
                            4),
              2u);
    EXPECT_EQ(std::u16string(w), u"\u20acb");
    EXPECT_EQ(rtl::mbstowcs(nullptr, "abcde", 0), 5u);
    char b[4] = { '#', '#', '#', '#' };
    EXPECT_EQ(rtl::wcstombs(b, u"\u20acb", 2), 2u);
    EXPECT_EQ(std::string(b, 3),
              "\x80"
              "b#");
    char16_t c = 0;
    EXPECT_EQ(rtl::mbtowc(&c, "\x80", 1), 1);
    EXPECT_EQ(c, 0x20ac);
    EXPECT_EQ(rtl::mbtowc(&c, "", 1), 0);
    EXPECT_EQ(rtl::wctomb(b, u'\u20ac'), 1);
    EXPECT_EQ(rtl::wctomb(b, 0x4e2d), -1);
}

TEST(CString, Checked)
{
    char b[4];
    EXPECT_EQ(strcpy_s(b, 4, "abc"), 0);
    EXPECT_EQ(strcpy_s(b, 4, "abcd"), kErrnoRange);
    EXPECT_STREQ(b, "");
    EXPECT_EQ(strcpy_s(b, 4, nullptr), kErrnoInvalid);
    EXPECT_EQ(strcpy_s(nullptr, 4, "a"), kErrnoInvalid);
    EXPECT_EQ(strncpy_s(b, 4, "abcdef", 3), 0);
    EXPECT_STREQ(b, "abc");
    EXPECT_EQ(strncpy_s(b, 4, "abcdef", 4), kErrnoRange);
    EXPECT_EQ(strncpy_s(b, 4, "abcdef", kTruncate), kErrnoTruncated);
    EXPECT_STREQ(b, "abc");
    EXPECT_EQ(strncpy_s(nullptr, 0, "a", 0), kErrnoInvalid);
    strcpy_s(b, 4, "a");
    EXPECT_EQ(strcat_s(b, 4, "bc"), 0);
    EXPECT_STREQ(b, "abc");
    EXPECT_EQ(strcat_s(b, 4, "d"), kErrnoRange);
    std::fill(std::begin(b), std::end(b), '#');
    EXPECT_EQ(strcat_s(b, 4, "d"), kErrnoInvalid); // not terminated
    strcpy_s(b, 4, "a");
    EXPECT_EQ(strncat_s(b, 4, "bcd", kTruncate), kErrnoTruncated);
    EXPECT_STREQ(b, "abc");
    EXPECT_EQ(_strset_s(b, 4, '-'), 0);
    EXPECT_STREQ(b, "---");
    char16_t w[4];
    EXPECT_EQ(wcscpy_s(w, 4, u"abc"), 0);
    EXPECT_EQ(wcscat_s(w, 4, u"d"), kErrnoRange);
    EXPECT_EQ(w[0], 0);
    EXPECT_EQ(wcsncpy_s(w, 4, u"abcdef", 2), 0);
    EXPECT_EQ(wcsncat_s(w, 4, u"xyz", 1), 0);
    EXPECT_EQ(std::u16string(w), u"abx");
    char to[4] = "xyz";
    EXPECT_EQ(memcpy_s(to, 4, "ab", 2), 0);
    EXPECT_STREQ(to, "abz");
    EXPECT_EQ(memmove_s(to, 2, "abc", 3), kErrnoRange);
    EXPECT_STREQ(to, "abz");
    EXPECT_EQ(memcpy_s(to, 2, "abc", 3), kErrnoRange);
    EXPECT_EQ(std::string(to, 3), std::string("\0\0z", 3));
}

TEST(CString, Tokens)
{
    char text[] = "  one, two";
    char* context = nullptr;
    EXPECT_STREQ(strtok_s(text, " ,", &context), "one");
    EXPECT_STREQ(strtok_s(nullptr, " ,", &context), "two");
    EXPECT_EQ(strtok_s(nullptr, " ,", &context), nullptr);
    EXPECT_EQ(strtok_s(nullptr, " ,", &context), nullptr);
}

TEST(CLibrary, Characters)
{
    for (int c = 0; c < 128; ++c) {
        bool digit = c >= '0' && c <= '9';
        EXPECT_EQ(rtl::isdigit(c) != 0, digit);
        EXPECT_EQ(rtl::isxdigit(c) != 0, digit || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'));
        EXPECT_EQ(rtl::isspace(c) != 0, c == ' ' || (c >= 9 && c <= 13));
        EXPECT_EQ(rtl::isprint(c) != 0, c >= 32 && c < 127);
    }
    EXPECT_TRUE(rtl::islower('a'));
    EXPECT_TRUE(rtl::isupper('Z'));
    EXPECT_EQ(rtl::toupper('a'), 'A');
    EXPECT_EQ(rtl::tolower(0xc9), 0xc9);
    EXPECT_EQ(rtl::towupper(u'\u00e9'), u'\u00c9');
    EXPECT_EQ(rtl::towlower(u'\u00c9'), u'\u00e9');
}

TEST(CLibrary, ReadNumbers)
{
    EXPECT_EQ(rtl::atoi("  -42x"), -42);
    EXPECT_EQ(rtl::atoi("+7"), 7);
    EXPECT_EQ(rtl::atoi("x"), 0);
    EXPECT_EQ(rtl::atol("2147483648"), INT32_MAX);
    EXPECT_EQ(rtl::atoi("-99999999999999999999999"), INT32_MIN);
    EXPECT_EQ(rtl::atoi(nullptr), 0);
    EXPECT_EQ(_wtoi(u"12"), 12);
    char16_t const* w = u" 0x1fz";
    char16_t* end = nullptr;
    EXPECT_EQ(rtl::wcstoul(w, &end, 0), 0x1fu);
    EXPECT_EQ(end, w + 5);
    EXPECT_EQ(rtl::wcstoul(u"017", nullptr, 0), 15u);
    EXPECT_EQ(rtl::wcstoul(u"zz", &end, 36), 35u * 36 + 35);
    EXPECT_EQ(rtl::wcstoul(u"-1", nullptr, 10), UINT32_MAX);
    EXPECT_EQ(rtl::wcstoul(u"4294967296", nullptr, 10), UINT32_MAX);
    EXPECT_EQ(_strtoui64("18446744073709551615", nullptr, 10), UINT64_MAX);
    EXPECT_EQ(_strtoui64("18446744073709551616", nullptr, 10), UINT64_MAX);
    char const* nothing = "  x";
    char* stop = nullptr;
    EXPECT_EQ(_strtoui64(nothing, &stop, 10), 0u);
    EXPECT_EQ(stop, nothing);
    EXPECT_EQ(_strtoui64("0x", &stop, 16), 0u);
    EXPECT_STREQ(stop, "x");
}

TEST(CLibrary, PrintNumbers)
{
    char b[80];
    EXPECT_STREQ(_itoa(-42, b, 10), "-42");
    EXPECT_STREQ(_itoa(-1, b, 16), "ffffffff");
    EXPECT_STREQ(_itoa(INT32_MIN, b, 10), "-2147483648");
    EXPECT_STREQ(_itoa(5, b, 2), "101");
    char16_t w[16];
    EXPECT_EQ(std::u16string(_itow(255, w, 16)), u"ff");
    EXPECT_EQ(_i64toa_s(-1, b, sizeof b, 16), 0);
    EXPECT_STREQ(b, "ffffffffffffffff");
    EXPECT_EQ(_ui64toa_s(UINT64_MAX, b, sizeof b, 2), 0);
    EXPECT_EQ(std::string(b), std::string(64, '1'));
    EXPECT_EQ(_itoa_s(1234, b, 4, 10), kErrnoInvalid);
    EXPECT_STREQ(b, "");
    EXPECT_EQ(_itoa_s(1, b, 4, 37), kErrnoInvalid);
    EXPECT_EQ(_ultow_s(7, w, 16, 10), 0);
}

static int NTAPI by_value(void const* a, void const* b)
{
    int left = *static_cast<int const*>(a);
    int right = *static_cast<int const*>(b);
    return (left > right) - (left < right);
}

TEST(CLibrary, SortAndSearch)
{
    srand(5);
    for (size_t size = 0; size < 60; ++size) {
        std::vector<int> values(size);
        for (int& value : values)
            value = rtl::rand() % 20;
        std::vector<int> expected = values;
        std::ranges::sort(expected);
        rtl::qsort(values.data(), size, sizeof(int), by_value);
        EXPECT_EQ(values, expected);
        for (int key = -1; key <= 20; ++key) {
            auto* found = static_cast<int*>(rtl::bsearch(&key, values.data(), size, sizeof(int), by_value));
            EXPECT_EQ(found != nullptr, std::ranges::binary_search(expected, key));
            if (found)
                EXPECT_EQ(*found, key);
        }
    }
}

TEST(CLibrary, RandIsOneSequence)
{
    reset_rand();
    int first[] { rtl::rand(), rtl::rand(), rtl::rand() };
    EXPECT_EQ(first[0], 41);
    EXPECT_EQ(first[1], 18467);
    EXPECT_EQ(first[2], 6334);
    rtl::srand(1);
    EXPECT_EQ(rtl::rand(), 41);
}

TEST(CLibrary, Memory)
{
    EXPECT_EQ(rtl::memcmp("a\xff", "a\x01", 2), 1);
    EXPECT_EQ(rtl::memcmp("abc", "abd", 3), -1);
    EXPECT_EQ(rtl::memcmp("abc", "abd", 2), 0);
    char const* s = "abc";
    EXPECT_EQ(rtl::memchr(s, 'c', 3), s + 2);
    EXPECT_EQ(rtl::memchr(s, 'c', 2), nullptr);
}

} // namespace ringside::rtl
