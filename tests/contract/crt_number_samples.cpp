// SPDX-License-Identifier: MIT
// The C library's numbers and single characters.
#include "crt_stage.h"

#include "rtl/c_string_s.h"

#include <climits>

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;
using namespace ringside::rtl;

// --- Text to number ---

namespace {

struct Decimal {
    char const* text;
    int value;
};

constexpr Decimal kDecimals[] = {
    { "42", 42 },
    { "-42", -42 },
    { "+42", 42 },
    { " \t7", 7 }, // white space is skipped
    { "007", 7 },
    { "12x", 12 }, // what is no digit ends it
    { "1 2", 1 },
    { "", 0 },
    { "x1", 0 },
    { "-", 0 },
    { "- 1", 0 }, // a sign stands at the digits
    { "--1", 0 },
    { "0x10", 0 },
    { "2147483647", INT_MAX },
    { "-2147483648", INT_MIN },
    { "2147483648", INT_MAX }, // what does not fit
    { "-2147483649", INT_MIN },
    { "99999999999999999999", INT_MAX },
    { "-99999999999999999999", INT_MIN },
};

template <typename Char>
void reads_decimals(At& at)
{
    for (auto const& c : kDecimals) {
        SCOPED_TRACE(c.text);
        at.returns(c.value, text_of<Char>(at, c.text));
    }
    at.returns(int { 0 }, nullptr);
}

struct Number {
    char const* text;
    int base;
    uint64_t value;
    size_t end; // where the scan stops
};

constexpr Number kNumbers[] = {
    { "42", 10, 42, 2 },
    { " \t+42", 10, 42, 5 },
    { "12x", 10, 12, 2 },
    { "1298", 8, 10, 2 }, // a digit of no such base ends it
    { "zZ", 36, 35 * 36 + 35, 2 },
    { "101", 2, 5, 3 },
    { "ff", 16, 255, 2 },
    { "0xFf", 16, 255, 4 },
    { "0X1g", 0, 1, 3 }, // base 0: as C writes numbers
    { "017", 0, 15, 3 },
    { "09", 0, 0, 1 },
    { "19", 0, 19, 2 },
    { "0x", 16, 0, 1 }, // a prefix without digits is the digit 0
    { "0x12", 10, 0, 1 },
    { "", 10, 0, 0 }, // no conversion: the end is the beginning
    { "  x", 10, 0, 0 },
    { "-", 10, 0, 0 },
    { "42", 1, 0, 0 }, // no such base
    { "42", 37, 0, 0 },
    { "42", -1, 0, 0 },
};

// `Unsigned` has the width of the result.
template <typename Unsigned, typename Char>
void reads_numbers(At& at, std::initializer_list<Number> widths)
{
    auto& end = at.object<Char*>();
    auto reads = [&](Number const& c) {
        SCOPED_TRACE(std::string(c.text) + " in base " + std::to_string(c.base));
        Char* const text = text_of<Char>(at, c.text);
        at.returns(static_cast<Unsigned>(c.value), text, &end, c.base);
        EXPECT_EQ(end - text, static_cast<ptrdiff_t>(c.end)) << "where it stops";
        at.returns(static_cast<Unsigned>(c.value), text, nullptr, c.base);
    };
    std::ranges::for_each(kNumbers, reads);
    std::ranges::for_each(widths, reads);
}

} // namespace

SAMPLE(atoi) { reads_decimals<char>(at); }
SAMPLE(atol) { reads_decimals<char>(at); }
SAMPLE(_wtoi) { reads_decimals<char16_t>(at); }
SAMPLE(_wtol) { reads_decimals<char16_t>(at); }

SAMPLE(wcstoul)
{
    reads_numbers<uint32_t, char16_t>(at,
                                      {
                                          { "4294967295", 10, 0xFFFF'FFFF, 10 },
                                          { "4294967296", 10, 0xFFFF'FFFF, 10 }, // too much: the largest
                                          { "99999999999999999999", 10, 0xFFFF'FFFF, 20 },
                                          { "-4294967296", 10, 0xFFFF'FFFF, 11 },
                                          { "-1", 10, 0xFFFF'FFFF, 2 }, // a sign negates what was read
                                          { "-ffffffff", 16, 1, 9 },
                                      });
}

SAMPLE(_strtoui64)
{
    reads_numbers<uint64_t, char>(at,
                                  {
                                      { "18446744073709551615", 10, UINT64_MAX, 20 },
                                      { "18446744073709551616", 10, UINT64_MAX, 20 }, // too much: the largest
                                      { "99999999999999999999", 10, UINT64_MAX, 20 },
                                      { "-1", 10, UINT64_MAX, 2 },
                                      { "-ffffffffffffffff", 16, 1, 17 },
                                  });
    auto& end = at.object<char*>();
    end = text_of<char>(at, "x");
    at.returns(uint64_t { 0 }, nullptr, &end, 10);
    EXPECT_EQ(end, nullptr);
}

// --- Number to text ---

namespace {

struct Text {
    int64_t value;
    int radix;
    char const* text;
};

constexpr Text kBothSigns[] = {
    { 0, 10, "0" }, { 42, 10, "42" }, { 255, 16, "ff" }, { 5, 2, "101" },
    { 8, 8, "10" }, { 35, 36, "z" },  { 36, 36, "10" },  { 2147483647, 10, "2147483647" },
};
constexpr Text kSigned32[] = {
    { -42, 10, "-42" },
    { INT_MIN, 10, "-2147483648" },
    { -1, 16, "ffffffff" }, // a sign in radix ten alone
    { -1, 2, "11111111111111111111111111111111" },
};
constexpr Text kUnsigned32[] = {
    { 0xFFFF'FFFF, 10, "4294967295" },
    { 0xFFFF'FFFF, 16, "ffffffff" },
    { 0xFFFF'FFFF, 2, "11111111111111111111111111111111" },
};
constexpr Text kSigned64[] = {
    { -42, 10, "-42" },
    { INT64_MIN, 10, "-9223372036854775808" },
    { INT64_MAX, 10, "9223372036854775807" },
    { -1, 16, "ffffffffffffffff" },
    { -1, 2, "1111111111111111111111111111111111111111111111111111111111111111" },
};
constexpr Text kUnsigned64[] = {
    { -1, 10, "18446744073709551615" },
    { -1, 16, "ffffffffffffffff" },
    { -1, 2, "1111111111111111111111111111111111111111111111111111111111111111" },
};

constexpr size_t kWidest = 66; // 64 digits, a sign, a terminator

std::string words(Text const& c) { return std::string(c.text) + " in radix " + std::to_string(c.radix); }

// _itoa: as large as the caller says by its choice of a buffer; the result is the buffer.
template <typename Char, size_t kCount>
void writes(At& at, Text const (&cases)[kCount])
{
    for (auto const& c : cases) {
        SCOPED_TRACE(words(c));
        Buffer<Char> to(at, nullptr, kWidest);
        at.returns(to.data(), c.value, to.data(), c.radix);
        EXPECT_EQ(to.string(), c.text);
        EXPECT_EQ(to.shown()[std::strlen(c.text) + 1], '#') << "behind the terminator";
    }
}

template <typename Char, size_t kCount>
void writes_within(At& at, Text const (&cases)[kCount])
{
    for (auto const& c : cases) {
        SCOPED_TRACE(words(c));
        size_t const size = std::strlen(c.text) + 1;
        for (size_t room : { kWidest, size }) {
            Buffer<Char> to(at, nullptr, kWidest);
            at.returns(0, c.value, to.data(), room, c.radix);
            EXPECT_EQ(to.string(), c.text) << "a buffer of " << room;
            EXPECT_EQ(to.shown()[size], '#') << "behind the terminator";
        }
        Buffer<Char> small(at, nullptr, kWidest);
        at.returns(kErrnoInvalid, c.value, small.data(), size - 1, c.radix);
        if (size > 1)
            EXPECT_EQ(small.shown().substr(size - 1, 2), "##") << "too small by one";
    }
}

template <typename Char, size_t kCount>
void writes_checked(At& at, Text const (&cases)[kCount])
{
    writes_within<Char>(at, kBothSigns);
    writes_within<Char>(at, cases);
    Buffer<Char> to(at, nullptr);
    at.returns(kErrnoInvalid, 1, nullptr, 8, 10);
    at.returns(kErrnoInvalid, 1, to.data(), 0, 10);
    EXPECT_EQ(to.shown(), "########") << "no size";
    for (int radix : { -1, 0, 1, 37 }) {
        SCOPED_TRACE(radix);
        at.returns(kErrnoInvalid, 1, to.data(), 8, radix);
        EXPECT_EQ(to.shown().substr(1), "#######");
    }
}

} // namespace

SAMPLE(_itoa)
{
    writes<char>(at, kBothSigns);
    writes<char>(at, kSigned32);
}

SAMPLE(_itow)
{
    writes<char16_t>(at, kBothSigns);
    writes<char16_t>(at, kSigned32);
}

SAMPLE(_itoa_s) { writes_checked<char>(at, kSigned32); }
SAMPLE(_ltoa_s) { writes_checked<char>(at, kSigned32); }
SAMPLE(_ultoa_s) { writes_checked<char>(at, kUnsigned32); }
SAMPLE(_i64toa_s) { writes_checked<char>(at, kSigned64); }
SAMPLE(_ui64toa_s) { writes_checked<char>(at, kUnsigned64); }
SAMPLE(_itow_s) { writes_checked<char16_t>(at, kSigned32); }
SAMPLE(_ltow_s) { writes_checked<char16_t>(at, kSigned32); }
SAMPLE(_ultow_s) { writes_checked<char16_t>(at, kUnsigned32); }
SAMPLE(_i64tow_s) { writes_checked<char16_t>(at, kSigned64); }
SAMPLE(_ui64tow_s) { writes_checked<char16_t>(at, kUnsigned64); }

// --- Characters, in the "C" locale ---

namespace {

// Every value that the pages define: EOF and those of an unsigned char. A result is nonzero, no more is promised.
template <typename Predicate>
void classifies(At& at, Predicate expected)
{
    for (int c = -1; c <= 0xFF; ++c)
        EXPECT_EQ(static_cast<int32_t>(at.call(c)) != 0, c >= 0 && expected(c)) << "character " << c;
}

constexpr bool within(int c, int first, int last) { return first <= c && c <= last; }

// `moved`: the letters, `by`: where to; all others stay.
template <typename Predicate>
void maps(At& at, Predicate moved, int by)
{
    for (int c = -1; c <= 0xFF; ++c) {
        SCOPED_TRACE(c);
        at.returns(c >= 0 && moved(c) ? c + by : c, c);
    }
}

} // namespace

SAMPLE(isdigit)
{
    classifies(at, [](int c) { return within(c, '0', '9'); });
}

SAMPLE(isxdigit)
{
    classifies(at, [](int c) { return within(c, '0', '9') || within(c, 'a', 'f') || within(c, 'A', 'F'); });
}

SAMPLE(islower)
{
    classifies(at, [](int c) { return within(c, 'a', 'z'); });
}

SAMPLE(isupper)
{
    classifies(at, [](int c) { return within(c, 'A', 'Z'); });
}

SAMPLE(isspace)
{
    classifies(at, [](int c) { return within(c, 0x09, 0x0D) || c == 0x20; });
}

SAMPLE(isprint)
{
    classifies(at, [](int c) { return within(c, 0x20, 0x7E); });
}

SAMPLE(tolower)
{
    maps(at, [](int c) { return within(c, 'A', 'Z'); }, 0x20);
}

SAMPLE(toupper)
{
    maps(at, [](int c) { return within(c, 'a', 'z'); }, -0x20);
}

SAMPLE(towlower)
{
    at.returns(u'a', u'A');
    at.returns(u'\u00E4', u'\u00C4');
    at.returns(u'\u03B1', u'\u0391');
    for (char16_t c : { u'\0', u'a', u'[', u'@', u'\u00DF', u'\u4E2D', char16_t { 0xD800 }, u'\uFFFF' }) {
        SCOPED_TRACE(static_cast<int>(c));
        at.returns(c, c); // no capital
    }
}

SAMPLE(towupper)
{
    at.returns(u'A', u'a');
    at.returns(u'\u00C4', u'\u00E4');
    at.returns(u'\u0391', u'\u03B1');
    for (char16_t c : { u'\0', u'A', u'{', u'`', u'\u00DF', u'\u4E2D', char16_t { 0xD800 }, u'\uFFFF' }) {
        SCOPED_TRACE(static_cast<int>(c));
        at.returns(c, c); // no small letter, or one without a capital
    }
}
