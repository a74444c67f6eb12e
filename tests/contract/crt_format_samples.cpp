// SPDX-License-Identifier: MIT
// The printf family: what conversions print, and what each member does with a text that does not fit, cannot be
// converted or is not there.
#include "crt_stage.h"

#include "rtl/printf.h"

#include <bit>
#include <vector>

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;
using namespace ringside::rtl;

namespace {

using Values = std::vector<uint64_t>;

template <typename T>
uint64_t value(T from)
{
    return contract::to_slot(from);
}

// How a member takes its values: behind the format ("..."), or as one va_list.
enum class By : uint8_t { Values, List };

// Calls the service with `leading`, the format and the values; -1 where it failed.
template <By kBy, typename Char, typename... Leading>
int print(At& at, Char const* format, Values values, Leading... leading)
{
    if constexpr (kBy == By::List) {
        auto* list = static_cast<uint64_t*>(at.bytes((values.size() + 1) * sizeof(uint64_t)));
        std::ranges::copy(values, list);
        return static_cast<int32_t>(at.call(leading..., format, list));
    } else {
        values.resize(4);
        return static_cast<int32_t>(at.call(leading..., format, values[0], values[1], values[2], values[3]));
    }
}

struct Conversion {
    char const* format;
    Values values;
    char const* text;
};

// The fields of the format specification, one after another. Strings: `s` is of the function's width, `S` of the other.
template <typename Char>
std::vector<Conversion> conversions(At& at)
{
    using Other = std::conditional_t<sizeof(Char) == 1, char16_t, char>;
    auto own = [&](char const* text) { return value(text_of<Char>(at, text)); };
    auto other = [&](char const* text) { return value(text_of<Other>(at, text)); };
    auto& counted = at.object<STRING>();
    counted = { 3, 3, const_cast<char*>("abcdef") };
    auto& nothing = at.object<STRING>();
    uint64_t const wide = value(text_of<char16_t>(at, "abc"));
    uint64_t const narrow = value(text_of<char>(at, "abc"));
    uint64_t const pi = std::bit_cast<uint64_t>(3.14159265);
    uint64_t const minus_one = value(-1);
    return {
        { "no conversion", {}, "no conversion" },
        { "100%%", {}, "100%" },
        // Types.
        { "%d %i", { minus_one, 7 }, "-1 7" },
        { "%u", { minus_one }, "4294967295" },
        { "%o %x %X", { 8, 0xAB, 0xAB }, "10 ab AB" },
        { "%c%c", { 'a', 'b' }, "ab" },
        { "%C", { 'a' }, "a" },
        { "%s %S", { own("own"), other("other") }, "own other" },
        { "%s %S", { 0, 0 }, "(null) (null)" },
        { "%Z %wZ", { value(&counted), value(&at.string(u"wide")) }, "abc wide" },
        { "%Z", { value(&nothing) }, "(null)" },
        { "%p", { 0xABCDEF }, "0000000000ABCDEF" },
        { "%f %e", { pi, pi }, "3.141593 3.141593e+00" },
        { "%g %G", { std::bit_cast<uint64_t>(1e-10), std::bit_cast<uint64_t>(0.5) }, "1e-10 0.5" },
        // Sizes.
        { "%hhd %hd", { 0x1FF, 0x1FFFF }, "-1 -1" },
        { "%ld %I32d", { 0x1'0000'0002, 0x1'0000'0003 }, "2 3" },
        { "%lld %I64d", { 0x1'0000'0000, 0x1'0000'0001 }, "4294967296 4294967297" },
        { "%Ix %zx %jx", { 0x1'0000'0000, 0x1'0000'0001, 0x1'0000'0002 }, "100000000 100000001 100000002" },
        { "%hs %ls %ws", { narrow, wide, wide }, "abc abc abc" },
        { "%hS %lS %hc%lc", { narrow, wide, 'a', 'b' }, "abc abc ab" },
        // Flags and width.
        { "%5d|%-5d|", { 42, 42 }, "   42|42   |" },
        { "%05d %0*d", { 42, 5, 3 }, "00042 00003" },
        { "%-05d|", { 42 }, "42   |" }, // 0 beside - is ignored
        { "%05.3d|", { 42 }, "  042|" }, // ... and beside a precision
        { "%+d %+d % d % d", { 5, minus_one, 5, minus_one }, "+5 -1  5 -1" },
        { "%#x %#X %#o %#x", { 0xAB, 0xAB, 8, 0 }, "0xab 0XAB 010 0" },
        { "%#.0f", { std::bit_cast<uint64_t>(2.0) }, "2." },
        { "%2d", { 12345 }, "12345" }, // a width never cuts
        { "%5s|%-5s|", { own("ab"), own("ab") }, "   ab|ab   |" },
        { "%*d|", { value(-5), 42 }, "42   |" }, // a width of the list's with a minus
        // Precision.
        { "%.5d %.0d|", { 42, 0 }, "00042 |" },
        { "%.*f %.0f", { 3, pi, pi }, "3.142 3" },
        { "%.2s %.9s", { own("abcd"), own("abcd") }, "ab abcd" },
        { "%.2s", { 0 }, "(n" },
        { "%.2c", { 'a' }, "a" }, // has no effect
    };
}

// `call` prints into a buffer that is large enough.
template <typename Char, typename Call>
void prints(At& at, Call call)
{
    constexpr size_t kRoom = 64;
    for (auto const& c : conversions<Char>(at)) {
        SCOPED_TRACE(c.format);
        Buffer<Char> to(at, nullptr, kRoom);
        EXPECT_EQ(call(to.data(), kRoom, text_of<Char>(at, c.format), c.values), static_cast<int>(std::strlen(c.text)));
        EXPECT_EQ(to.string(), c.text);
    }
}

// What cannot be printed: %n, and in a narrow text wide characters that the ANSI page lacks.
template <typename Char, typename Call>
void refuses(At& at, Call call)
{
    auto refused = [&](char const* what, char const* format, Values values) {
        Buffer<Char> to(at, nullptr);
        EXPECT_EQ(call(to.data(), Buffer<Char>::kShown, text_of<Char>(at, format), values), -1) << what;
        EXPECT_EQ(to.shown()[0], '.') << what << ": an empty text";
    };
    auto& written = at.object<int>();
    written = 77;
    refused("%n", "ab%n", { value(&written) });
    EXPECT_EQ(written, 77) << "%n";
    if constexpr (sizeof(Char) == 1) {
        auto& lacking = at.string(u"a\u4E2D");
        refused("a string", "ab%S", { value(lacking.Buffer) });
        refused("a counted string", "ab%wZ", { value(&lacking) });
        Buffer<Char> to(at, nullptr);
        EXPECT_EQ(call(to.data(), Buffer<Char>::kShown, text_of<Char>(at, "a%5Cb"), Values { u'\u4E2D' }), 2);
        EXPECT_EQ(to.shown(), "ab.#####") << "a character is left out";
    }
}

struct Room {
    char const* what;
    size_t size;
    size_t count;
    char const* text;
    int result;
    char const* after;
};

// Prints each text as a string conversion into a buffer of eight.
template <typename Char, size_t kCount, typename Call>
void fits(At& at, Room const (&cases)[kCount], Call call)
{
    for (auto const& c : cases) {
        Buffer<Char> to(at, nullptr);
        EXPECT_EQ(call(c, to.data(), text_of<Char>(at, "%s"), Values { value(text_of<Char>(at, c.text)) }), c.result)
            << c.what;
        EXPECT_EQ(to.shown(), c.after) << c.what;
    }
}

// --- _snprintf: a count and no promise of a terminator ---

constexpr Room kBounded[] = {
    { "below the count", 0, 8, "abc", 3, "abc.####" },
    { "one below the count", 0, 4, "abc", 3, "abc.####" },
    { "the count: no terminator", 0, 3, "abc", 3, "abc#####" },
    { "above the count: cut, no terminator", 0, 2, "abc", -1, "ab######" },
    { "a count of nothing", 0, 0, "abc", -1, "########" },
    { "a count of nothing for no text", 0, 0, "", -1, "########" },
    { "an empty text", 0, 8, "", 0, ".#######" },
};

template <By kBy, typename Char>
void bounded(At& at)
{
    auto call = [&](Char* to, size_t count, Char const* format, Values values) {
        return print<kBy>(at, format, values, to, count);
    };
    prints<Char>(at, call);
    refuses<Char>(at, call);
    fits<Char>(at, kBounded, [&](Room const& c, Char* to, Char const* format, Values values) {
        return call(to, c.count, format, values);
    });
    Char const* const format = text_of<Char>(at, "%d");
    EXPECT_EQ(call(nullptr, 0, format, { 12345 }), 5) << "no buffer, no count: the room it needs";
    EXPECT_EQ(call(nullptr, 8, format, { 12345 }), -1) << "no buffer";
    Buffer<Char> to(at, nullptr);
    EXPECT_EQ(call(to, 8, nullptr, { 1 }), -1) << "no format";
    EXPECT_EQ(to.shown(), "########") << "no format";
}

// --- sprintf: nothing is bounded ---

template <By kBy, typename Char>
void unbounded(At& at)
{
    auto call = [&](Char* to, size_t, Char const* format, Values values) { return print<kBy>(at, format, values, to); };
    prints<Char>(at, call);
    refuses<Char>(at, call);
    Buffer<Char> to(at, nullptr);
    EXPECT_EQ(call(to, 0, text_of<Char>(at, "%d"), { 12 }), 2);
    EXPECT_EQ(to.shown(), "12.#####") << "the terminator and nothing behind it";
    EXPECT_EQ(call(to, 0, nullptr, {}), -1) << "no format";
    EXPECT_EQ(to.shown(), "12.#####") << "no format";
    EXPECT_EQ(call(nullptr, 0, text_of<Char>(at, "ab"), {}), -1) << "no buffer";
}

// --- sprintf_s: a size, and everything must fit ---

constexpr Room kSized[] = {
    { "fits", 8, 0, "abc", 3, "abc.####" },
    { "fits exactly", 4, 0, "abc", 3, "abc.####" },
    { "too small by one: emptied", 3, 0, "abc", -1, ".b######" },
    { "an empty text in one character", 1, 0, "", 0, ".#######" },
    { "no size", 0, 0, "abc", -1, "########" },
};

// What the checked functions refuse beside what all do.
template <typename Char, typename Call>
void refuses_unknown(At& at, Call call)
{
    for (char const* format : { "ab%y", "ab%", "ab%5", "ab%l" }) {
        Buffer<Char> to(at, nullptr);
        EXPECT_EQ(call(to.data(), Buffer<Char>::kShown, text_of<Char>(at, format), Values { 1 }), -1) << format;
        EXPECT_EQ(to.shown()[0], '.') << format;
    }
}

template <By kBy, typename Char>
void sized(At& at)
{
    auto call = [&](Char* to, size_t size, Char const* format, Values values) {
        return print<kBy>(at, format, values, to, size);
    };
    prints<Char>(at, call);
    refuses<Char>(at, call);
    refuses_unknown<Char>(at, call);
    fits<Char>(at, kSized, [&](Room const& c, Char* to, Char const* format, Values values) {
        return call(to, c.size, format, values);
    });
    Buffer<Char> to(at, nullptr);
    EXPECT_EQ(call(to, 8, nullptr, { 1 }), -1) << "no format";
    EXPECT_EQ(call(nullptr, 8, text_of<Char>(at, "ab"), {}), -1) << "no buffer";
    EXPECT_EQ(call(nullptr, 0, text_of<Char>(at, "ab"), {}), -1) << "neither buffer nor size";
}

// --- _snprintf_s: a size, and a count that may cut ---

constexpr Room kCounted[] = {
    { "a count below the size, a text below the count", 8, 4, "abc", 3, "abc.####" },
    { "a text of the count", 8, 3, "abc", 3, "abc.####" },
    { "a text above the count: cut and terminated", 8, 2, "abc", -1, "ab.#####" },
    { "a count of the size, a text that fits exactly", 4, 4, "abc", 3, "abc.####" },
    { "a count of the size, a text too long by one: emptied", 3, 3, "abc", -1, ".b######" },
    { "a count above the size, a text that fits", 8, 100, "abc", 3, "abc.####" },
    { "a count above the size, a text too long: emptied", 3, 100, "abc", -1, ".b######" },
    { "truncation", 3, kTruncate, "abc", -1, "ab.#####" },
    { "truncation of what fits exactly", 4, kTruncate, "abc", 3, "abc.####" },
    { "truncation to one character", 1, kTruncate, "abc", -1, ".#######" },
    { "a count of nothing", 8, 0, "abc", -1, ".#######" },
    { "a count of nothing for no text", 8, 0, "", -1, ".#######" },
    { "no size", 0, 3, "abc", -1, "########" },
    { "no size, truncation", 0, kTruncate, "abc", -1, "########" },
};

template <By kBy, typename Char>
void counted(At& at)
{
    auto call = [&](Char* to, size_t size, Char const* format, Values values) {
        return print<kBy>(at, format, values, to, size, kTruncate);
    };
    prints<Char>(at, call);
    refuses<Char>(at, call);
    refuses_unknown<Char>(at, call);
    fits<Char>(at, kCounted, [&](Room const& c, Char* to, Char const* format, Values values) {
        return print<kBy>(at, format, values, to, c.size, c.count);
    });
    Char const* const format = text_of<Char>(at, "ab");
    Char* const none = nullptr;
    EXPECT_EQ(print<kBy>(at, format, {}, none, size_t { 0 }, size_t { 0 }), 0) << "no buffer, size or count";
    EXPECT_EQ(print<kBy>(at, format, {}, none, size_t { 8 }, size_t { 0 }), -1) << "no buffer, but a size";
    EXPECT_EQ(print<kBy>(at, format, {}, none, size_t { 0 }, size_t { 8 }), -1) << "no buffer, but a count";
    Buffer<Char> to(at, nullptr);
    EXPECT_EQ(call(to, 8, nullptr, { 1 }), -1) << "no format";
    EXPECT_EQ(to.shown(), "########") << "no format";
}

} // namespace

SAMPLE(_snprintf) { bounded<By::Values, char>(at); }
SAMPLE(_snwprintf) { bounded<By::Values, char16_t>(at); }
SAMPLE(_vsnprintf) { bounded<By::List, char>(at); }
SAMPLE(_vsnwprintf) { bounded<By::List, char16_t>(at); }

SAMPLE(sprintf) { unbounded<By::Values, char>(at); }
SAMPLE(swprintf) { unbounded<By::Values, char16_t>(at); } // the old form, which has no count
SAMPLE(_swprintf) { unbounded<By::Values, char16_t>(at); }
SAMPLE(vsprintf) { unbounded<By::List, char>(at); }
SAMPLE(_vswprintf) { unbounded<By::List, char16_t>(at); }

SAMPLE(sprintf_s) { sized<By::Values, char>(at); }
SAMPLE(swprintf_s) { sized<By::Values, char16_t>(at); }
SAMPLE(vsprintf_s) { sized<By::List, char>(at); }
SAMPLE(vswprintf_s) { sized<By::List, char16_t>(at); }

SAMPLE(_snprintf_s) { counted<By::Values, char>(at); }
SAMPLE(_snwprintf_s) { counted<By::Values, char16_t>(at); }
SAMPLE(_vsnprintf_s) { counted<By::List, char>(at); }
SAMPLE(_vsnwprintf_s) { counted<By::List, char16_t>(at); }
