// SPDX-License-Identifier: MIT
// The cases of the unchecked string functions, for both widths: crt_string_samples.cpp calls them for char,
// crt_wide_samples.cpp for wchar_t. Each function takes the service that `at` tests through all cases of its page.
#pragma once

#include "crt_stage.h"

#include <climits>

namespace ringside::test::strings {

// --- Lengths ---

template <typename Char>
void length(At& at)
{
    at.returns(size_t { 3 }, text_of<Char>(at, "abc"));
    at.returns(size_t { 0 }, text_of<Char>(at, ""));
    at.returns(size_t { 2 }, text_of<Char>(at, "\xE9\xFF")); // no character counts as a terminator by its sign
}

template <typename Char>
void bounded_length(At& at)
{
    at.returns(size_t { 3 }, text_of<Char>(at, "abc"), 8);
    at.returns(size_t { 3 }, text_of<Char>(at, "abc"), 3); // no terminator within the size: the size
    at.returns(size_t { 2 }, text_of<Char>(at, "abc"), 2);
    at.returns(size_t { 0 }, text_of<Char>(at, "abc"), 0);
    at.returns(size_t { 0 }, text_of<Char>(at, ""), 8);
}

// --- Order ---

struct Comparison {
    char const* left;
    char const* right;
    int sign;
};

inline constexpr Comparison kExact[] = {
    { "abc", "abd", -1 }, { "abd", "abc", 1 }, { "abc", "abc", 0 },  { "ab", "abc", -1 }, { "abc", "ab", 1 },
    { "", "a", -1 },      { "", "", 0 },       { "ABC", "abc", -1 }, { "\xE9", "a", 1 }, // characters have no sign
};

// ASCII letters are compared in lower case, so that '_' comes before all of them; others have no case.
inline constexpr Comparison kFolded[] = {
    { "abc", "abd", -1 }, { "abd", "ABC", 1 }, { "aBc", "AbC", 0 },        { "AB", "abc", -1 },
    { "abc", "AB", 1 },   { "", "", 0 },       { "JOHN_H", "JOHNST", -1 }, { "\xE9", "\xC9", 1 },
};

template <typename Char, size_t kCount>
void order(At& at, Comparison const (&cases)[kCount])
{
    for (auto const& c : cases)
        EXPECT_EQ(sign(at.call(text_of<Char>(at, c.left), text_of<Char>(at, c.right))), c.sign)
            << c.left << " and " << c.right;
}

// The same with a count that reaches everything, and with some that do not.
template <typename Char, size_t kCount>
void counted_order(At& at, Comparison const (&cases)[kCount])
{
    for (auto const& c : cases)
        EXPECT_EQ(sign(at.call(text_of<Char>(at, c.left), text_of<Char>(at, c.right), 100)), c.sign)
            << c.left << " and " << c.right;
    auto first = [&](size_t count) { return sign(at.call(text_of<Char>(at, "abc"), text_of<Char>(at, "abd"), count)); };
    EXPECT_EQ(first(3), -1) << "the first three";
    EXPECT_EQ(first(2), 0) << "the first two";
    EXPECT_EQ(first(0), 0) << "none at all";
    Buffer<Char> open(at, nullptr);
    EXPECT_EQ(sign(at.call(open.data(), open.data(), Buffer<Char>::kShown)), 0) << "no terminator is needed";
}

// _NLSCMPERROR for a null string.
template <typename Char>
void order_without_strings(At& at)
{
    at.returns(int { INT_MAX }, nullptr, text_of<Char>(at, "abc"), 3);
    at.returns(int { INT_MAX }, text_of<Char>(at, "abc"), nullptr, 3);
    at.returns(int { INT_MAX }, nullptr, nullptr, 3);
}

// --- Copying ---

struct Copy {
    char const* what;
    char const* before; // null: no string
    char const* from;
    size_t count;
    char const* after;
};

inline constexpr Copy kCopy[] = {
    { "a text and its terminator", nullptr, "abc", 0, "abc.####" },
    { "an empty text", "xy", "", 0, ".y.#####" },
};
inline constexpr Copy kCountedCopy[] = {
    { "a count below the length: no terminator", nullptr, "abcdef", 3, "abc#####" },
    { "a count of the length: no terminator", nullptr, "abc", 3, "abc#####" },
    { "a count above the length: filled up", nullptr, "ab", 5, "ab...###" },
    { "an empty text", nullptr, "", 2, "..######" },
    { "a count of nothing", nullptr, "ab", 0, "########" },
};
inline constexpr Copy kAppend[] = {
    { "behind a text", "ab", "cd", 0, "abcd.###" },
    { "behind nothing", "", "cd", 0, "cd.#####" },
    { "nothing", "ab", "", 0, "ab.#####" },
};
inline constexpr Copy kCountedAppend[] = {
    { "a count below the length: terminated", "ab", "cdef", 2, "abcd.###" },
    { "a count of the length", "ab", "cd", 2, "abcd.###" },
    { "a count above the length", "ab", "c", 5, "abc.####" },
    { "a count of nothing", "ab", "cd", 0, "ab.#####" },
};

// `counted`: the service takes the count as its third parameter. It returns the destination.
template <typename Char, size_t kCount>
void copy(At& at, Copy const (&cases)[kCount])
{
    for (auto const& c : cases) {
        SCOPED_TRACE(c.what);
        Buffer<Char> to(at, c.before);
        at.returns(to.data(), to.data(), text_of<Char>(at, c.from), c.count);
        EXPECT_EQ(to.shown(), c.after);
    }
}

// --- Searching ---

struct Search {
    char const* what;
    char const* text;
    char const* part; // its first character where one is looked for: "" is the terminator
    int at; // -1: not found
};

inline constexpr Search kFirst[] = {
    { "the first of two", "a.b.c", ".", 1 },
    { "the first character", "abc", "a", 0 },
    { "none", "abc", "x", -1 },
    { "the terminator", "abc", "", 3 },
    { "in an empty text", "", "a", -1 },
    { "one above 0x7F", "ab\xE9", "\xE9", 2 },
};
inline constexpr Search kLast[] = {
    { "the last of two", "a.b.c", ".", 3 },
    { "the last character", "abc", "c", 2 },
    { "none", "abc", "x", -1 },
    { "the terminator", "abc", "", 3 },
    { "in an empty text", "", "a", -1 },
    { "one above 0x7F",
      "\xE9"
      "b",
      "\xE9", 0 },
};
inline constexpr Search kPart[] = {
    { "the first of two", "ab.cd.cd", "cd", 3 },
    { "behind a beginning of it", "aab", "ab", 1 },
    { "none", "abc", "cb", -1 },
    { "an empty part", "abc", "", 0 },
    { "a part longer than the text", "ab", "abc", -1 },
    { "in an empty text", "", "a", -1 },
    { "the whole", "abc", "abc", 0 },
};

template <typename Char>
void expect_found(At& at, Char const* text, uint64_t result, Search const& c)
{
    EXPECT_EQ(result, c.at < 0 ? 0 : reinterpret_cast<uint64_t>(text + c.at))
        << c.what << " at IRQL " << unsigned { at.irql() };
}

template <typename Char, size_t kCount>
void find_character(At& at, Search const (&cases)[kCount])
{
    for (auto const& c : cases) {
        Char const* text = text_of<Char>(at, c.text);
        expect_found(at, text, at.call(text, *text_of<Char>(at, c.part)), c);
    }
}

template <typename Char>
void find_part(At& at)
{
    for (auto const& c : kPart) {
        Char const* text = text_of<Char>(at, c.text);
        expect_found(at, text, at.call(text, text_of<Char>(at, c.part)), c);
    }
}

struct Span {
    char const* what;
    char const* text;
    char const* set;
    size_t inside; // how many at the beginning are of the set
    size_t outside; // ... and how many are not
};

inline constexpr Span kSpans[] = {
    { "some of the set, then another", "aabbc", "ab", 4, 0 },
    { "some others, then one of the set", "xyza", "ab", 0, 3 },
    { "only of the set", "abab", "ab", 4, 0 },
    { "none of the set", "xyz", "ab", 0, 3 },
    { "an empty set", "abc", "", 0, 3 },
    { "an empty text", "", "ab", 0, 0 },
};

template <typename Char>
void span(At& at, size_t Span::* expected)
{
    for (auto const& c : kSpans) {
        SCOPED_TRACE(c.what);
        at.returns(c.*expected, text_of<Char>(at, c.text), text_of<Char>(at, c.set));
    }
}

// --- Changes in place: the result is the string itself ---

template <typename Char, typename... A>
void changes(At& at, char const* what, char const* before, char const* after, A... arguments)
{
    SCOPED_TRACE(what);
    Buffer<Char> text(at, before);
    at.returns(text.data(), text.data(), arguments...);
    EXPECT_EQ(text.shown(), after);
}

template <typename Char>
void lower(At& at)
{
    changes<Char>(at, "letters", "aBC", "abc.####");
    changes<Char>(at, "what is no ASCII letter", "@[1\xC9", "@[1\xC9.###");
    changes<Char>(at, "an empty text", "", ".#######");
    at.returns(static_cast<Char*>(nullptr), nullptr);
}

template <typename Char>
void upper(At& at)
{
    changes<Char>(at, "letters", "Abc", "ABC.####");
    changes<Char>(at, "what is no ASCII letter", "`{1\xE9", "`{1\xE9.###");
    changes<Char>(at, "an empty text", "", ".#######");
    at.returns(static_cast<Char*>(nullptr), nullptr);
}

template <typename Char>
void reverse(At& at)
{
    changes<Char>(at, "an odd length", "abc", "cba.####");
    changes<Char>(at, "an even length", "abcd", "dcba.###");
    changes<Char>(at, "one character", "a", "a.######");
    changes<Char>(at, "an empty text", "", ".#######");
}

template <typename Char>
void set_counted(At& at)
{
    changes<Char>(at, "a count below the length", "abc", "xxc.####", 'x', 2);
    changes<Char>(at, "a count above the length", "abc", "xxx.####", 'x', 6);
    changes<Char>(at, "a count of nothing", "abc", "abc.####", 'x', 0);
    changes<Char>(at, "an empty text", "", ".#######", 'x', 6);
}

} // namespace ringside::test::strings
