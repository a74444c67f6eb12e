// SPDX-License-Identifier: MIT
// The C library's checked strings and memory (..._s): every row of the pages' tables of errors.
#include "crt_stage.h"

#include "rtl/c_string_s.h"
#include "rtl/printf.h"

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;
using namespace ringside::rtl;

namespace {

struct Case {
    char const* what;
    char const* before; // null: no terminator in the buffer
    size_t size;
    char const* from; // null: no source
    size_t count;
    int result;
    char const* after;
};

constexpr Case kCopy[] = {
    { "fits", nullptr, 8, "abc", 0, 0, "abc.####" },
    { "fits exactly", nullptr, 4, "abc", 0, 0, "abc.####" },
    { "too small by one", "xy", 3, "abc", 0, kErrnoRange, ".y.#####" },
    { "nothing into one character", "xy", 1, "", 0, 0, ".y.#####" },
    { "no source", "xy", 8, nullptr, 0, kErrnoInvalid, ".y.#####" },
    { "no size", "xy", 0, "abc", 0, kErrnoRange, "xy.#####" },
};

constexpr Case kCountedCopy[] = {
    { "a count below the length", nullptr, 8, "abcdef", 3, 0, "abc.####" },
    { "a count below the length that fits exactly", nullptr, 4, "abcdef", 3, 0, "abc.####" },
    { "a count above the length: not filled up", nullptr, 8, "ab", 5, 0, "ab.#####" },
    { "the count leaves no room for the terminator", "xy", 4, "abcdef", 4, kErrnoRange, ".y.#####" },
    { "a count above the size, a text that fits", nullptr, 4, "abc", 100, 0, "abc.####" },
    { "a count of nothing", "xy", 8, "abc", 0, 0, ".y.#####" },
    { "truncation", nullptr, 4, "abcdef", kTruncate, kErrnoTruncated, "abc.####" },
    { "truncation of what fits exactly", nullptr, 4, "abc", kTruncate, 0, "abc.####" },
    { "truncation to one character", "xy", 1, "abc", kTruncate, kErrnoTruncated, ".y.#####" },
    { "no source", "xy", 8, nullptr, 3, kErrnoInvalid, ".y.#####" },
    { "no source, a count of nothing", "xy", 8, nullptr, 0, kErrnoInvalid, ".y.#####" },
    { "no size", "xy", 0, "abc", 3, kErrnoInvalid, "xy.#####" },
};

constexpr Case kAppend[] = {
    { "fits", "ab", 8, "cd", 0, 0, "abcd.###" },
    { "fits exactly", "ab", 5, "cd", 0, 0, "abcd.###" },
    { "nothing behind a full buffer", "ab", 3, "", 0, 0, "ab.#####" },
    { "too small by one", "ab", 4, "cd", 0, kErrnoRange, ".b.#####" },
    { "no source", "ab", 8, nullptr, 0, kErrnoInvalid, ".b.#####" },
    { "no size", "ab", 0, "cd", 0, kErrnoRange, "ab.#####" },
    { "no terminator", nullptr, 8, "cd", 0, kErrnoInvalid, "########" },
    { "no terminator within the size", "ab", 2, "cd", 0, kErrnoInvalid, "ab.#####" },
};

constexpr Case kCountedAppend[] = {
    { "a count below the length", "ab", 8, "cdef", 2, 0, "abcd.###" },
    { "a count below the length that fits exactly", "ab", 5, "cdef", 2, 0, "abcd.###" },
    { "a count above the length", "ab", 8, "c", 5, 0, "abc.####" },
    { "the count leaves no room for the terminator", "12", 5, "34567", 3, kErrnoRange, ".2.#####" },
    { "a count of nothing", "ab", 3, "cd", 0, 0, "ab.#####" },
    { "truncation", "12", 5, "34567", kTruncate, kErrnoTruncated, "1234.###" },
    { "truncation of what fits exactly", "12", 5, "34", kTruncate, 0, "1234.###" },
    { "truncation behind a full buffer", "ab", 3, "cd", kTruncate, kErrnoTruncated, "ab.#####" },
    { "no source", "ab", 8, nullptr, 2, kErrnoInvalid, "ab.#####" },
    { "no size", "ab", 0, "cd", 2, kErrnoInvalid, "ab.#####" },
    { "no terminator", nullptr, 8, "cd", 2, kErrnoInvalid, "########" },
};

// `counted` services take the count as their fourth parameter; the others look at three.
template <typename Char, size_t kCount>
void moves(At& at, Case const (&cases)[kCount])
{
    for (auto const& c : cases) {
        SCOPED_TRACE(c.what);
        Buffer<Char> to(at, c.before);
        at.returns(c.result, to.data(), c.size, text_of<Char>(at, c.from), c.count);
        EXPECT_EQ(to.shown(), c.after);
    }
    SCOPED_TRACE("no destination");
    at.returns(kErrnoInvalid, nullptr, 8, text_of<Char>(at, "abc"), 3);
    at.returns(kErrnoInvalid, nullptr, 0, text_of<Char>(at, "abc"), 0);
}

constexpr Case kSet[] = {
    { "all but the terminator", "abc", 8, nullptr, 0, 0, "xxx.####" },
    { "a buffer that it fills", "abc", 4, nullptr, 0, 0, "xxx.####" },
    { "an empty text", "", 8, nullptr, 0, 0, ".#######" },
    { "no size", "abc", 0, nullptr, 0, kErrnoInvalid, "abc.####" },
    { "no terminator", nullptr, 8, nullptr, 0, kErrnoInvalid, "########" },
    { "no terminator within the size", "abc", 3, nullptr, 0, kErrnoInvalid, "abc.####" },
};

constexpr Case kCountedSet[] = {
    { "a count below the length", "abc", 8, nullptr, 2, 0, "xxc.####" },
    { "a count above the length", "abc", 8, nullptr, 6, 0, "xxx.####" },
    { "a count of the size", "abc", 8, nullptr, 8, 0, "xxx.####" },
    { "a count above length and size", "abc", 8, nullptr, 9, kErrnoInvalid, "abc.####" },
    { "a count of nothing", "abc", 8, nullptr, 0, 0, "abc.####" },
    { "no size", "abc", 0, nullptr, 2, kErrnoInvalid, "abc.####" },
    { "no terminator", nullptr, 8, nullptr, 2, kErrnoInvalid, "########" },
    { "no terminator within the size", "abc", 3, nullptr, 2, kErrnoInvalid, "abc.####" },
};

template <typename Char, size_t kCount>
void sets(At& at, Case const (&cases)[kCount])
{
    for (auto const& c : cases) {
        SCOPED_TRACE(c.what);
        Buffer<Char> text(at, c.before);
        at.returns(c.result, text.data(), c.size, 'x', c.count);
        EXPECT_EQ(text.shown(), c.after);
    }
    SCOPED_TRACE("no string");
    at.returns(kErrnoInvalid, nullptr, 8, 'x', 2);
}

} // namespace

SAMPLE(strcpy_s) { moves<char>(at, kCopy); }
SAMPLE(wcscpy_s) { moves<char16_t>(at, kCopy); }
SAMPLE(strncpy_s) { moves<char>(at, kCountedCopy); }
SAMPLE(wcsncpy_s) { moves<char16_t>(at, kCountedCopy); }
SAMPLE(strcat_s) { moves<char>(at, kAppend); }
SAMPLE(wcscat_s) { moves<char16_t>(at, kAppend); }
SAMPLE(strncat_s) { moves<char>(at, kCountedAppend); }
SAMPLE(wcsncat_s) { moves<char16_t>(at, kCountedAppend); }

SAMPLE(_strset_s) { sets<char>(at, kSet); }
SAMPLE(_wcsset_s) { sets<char16_t>(at, kSet); }
SAMPLE(_strnset_s) { sets<char>(at, kCountedSet); }
SAMPLE(_wcsnset_s) { sets<char16_t>(at, kCountedSet); }

namespace {

struct Move {
    char const* what;
    size_t size;
    char const* from;
    size_t bytes;
    int result;
    char const* after; // of "12345678"
};

void moves_memory(At& at, std::initializer_list<Move> cases)
{
    for (auto const& c : cases) {
        SCOPED_TRACE(c.what);
        auto* to = static_cast<char*>(at.bytes(8));
        std::memcpy(to, "12345678", 8);
        at.returns(c.result, to, c.size, c.from, c.bytes);
        EXPECT_EQ(shown(to, 8), c.after);
    }
}

} // namespace

SAMPLE(memcpy_s)
{
    moves_memory(at,
                 {
                     { "fits", 8, "abc", 3, 0, "abc45678" },
                     { "fits exactly", 3, "abc", 3, 0, "abc45678" },
                     { "bytes, not a string", 8, "a\0c", 3, 0, "a.c45678" },
                     { "too small", 3, "abcd", 4, kErrnoRange, "...45678" },
                     { "no size", 0, "abcd", 4, kErrnoRange, "12345678" },
                     { "no source", 3, nullptr, 4, kErrnoInvalid, "...45678" },
                     { "no bytes", 3, "abc", 0, 0, "12345678" },
                     { "no bytes of no source", 3, nullptr, 0, 0, "12345678" },
                 });
    at.returns(kErrnoInvalid, nullptr, 8, "abc", 3);
    at.returns(0, nullptr, 0, "abc", 0);
}

SAMPLE(memmove_s)
{
    moves_memory(at,
                 {
                     { "fits", 8, "abc", 3, 0, "abc45678" },
                     { "fits exactly", 3, "abc", 3, 0, "abc45678" },
                     { "too small", 3, "abcd", 4, kErrnoRange, "12345678" },
                     { "no size", 0, "abcd", 4, kErrnoRange, "12345678" },
                     { "no source", 3, nullptr, 2, kErrnoInvalid, "12345678" },
                     { "no bytes", 3, "abc", 0, 0, "12345678" },
                     { "no bytes of no source", 3, nullptr, 0, kErrnoInvalid, "12345678" },
                 });
    at.returns(kErrnoInvalid, nullptr, 8, "abc", 3);
    at.returns(kErrnoInvalid, nullptr, 0, "abc", 0);
    for (bool upwards : { true, false }) {
        auto* text = static_cast<char*>(at.bytes(8));
        std::memcpy(text, "12345678", 8);
        char* const from = upwards ? text : text + 2;
        char* const to = upwards ? text + 2 : text;
        at.returns(0, to, 6, from, 6);
        EXPECT_EQ(shown(text, 8), upwards ? "12123456" : "34567878") << "overlapping";
    }
}

SAMPLE(strtok_s)
{
    Buffer<char> text(at, ",a,,b", 8);
    auto& context = at.object<char*>();
    at.returns(text.data() + 1, text.data(), ",", &context);
    EXPECT_EQ(text.shown(), ",a.,b.##") << "leading delimiters are skipped, the one behind the token is gone";
    at.returns(text.data() + 4, nullptr, ",", &context);
    at.returns(static_cast<char*>(nullptr), nullptr, ",", &context);
    at.returns(static_cast<char*>(nullptr), nullptr, ",", &context); // and so on
    // Two strings at a time, and other delimiters in the middle.
    Buffer<char> first(at, "1;2,3", 8);
    Buffer<char> second(at, "x y", 8);
    auto& other = at.object<char*>();
    at.returns(first.data(), first.data(), ";", &context);
    at.returns(second.data(), second.data(), " ", &other);
    at.returns(first.data() + 2, nullptr, ",", &context);
    at.returns(second.data() + 2, nullptr, " ", &other);
    at.returns(first.data() + 4, nullptr, "", &context); // no delimiters: the rest
    // Errors.
    auto& empty = at.object<char*>();
    at.returns(static_cast<char*>(nullptr), nullptr, ",", &empty);
    at.returns(static_cast<char*>(nullptr), text.data(), nullptr, &context);
    at.returns(static_cast<char*>(nullptr), text.data(), ",", nullptr);
}
