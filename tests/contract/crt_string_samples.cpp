// SPDX-License-Identifier: MIT
// The C library's strings of char, and the conversions between char and wchar_t.
#include "crt_string_cases.h"

#include "rtl/c_string.h"

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

SAMPLE(strlen) { strings::length<char>(at); }
SAMPLE(strnlen) { strings::bounded_length<char>(at); }

SAMPLE(strcmp) { strings::order<char>(at, strings::kExact); }
SAMPLE(strncmp) { strings::counted_order<char>(at, strings::kExact); }

SAMPLE(_stricmp)
{
    strings::order<char>(at, strings::kFolded);
    strings::order_without_strings<char>(at);
}

SAMPLE(_strnicmp)
{
    strings::counted_order<char>(at, strings::kFolded);
    strings::order_without_strings<char>(at);
}

SAMPLE(strcpy) { strings::copy<char>(at, strings::kCopy); }
SAMPLE(strncpy) { strings::copy<char>(at, strings::kCountedCopy); }
SAMPLE(strcat) { strings::copy<char>(at, strings::kAppend); }
SAMPLE(strncat) { strings::copy<char>(at, strings::kCountedAppend); }

SAMPLE(strchr)
{
    strings::find_character<char>(at, strings::kFirst);
    char const* text = "abc";
    at.returns(text + 1, text, 'b' + 0x100); // a character is a char
}

SAMPLE(strrchr)
{
    strings::find_character<char>(at, strings::kLast);
    char const* text = "abc";
    at.returns(text + 1, text, 'b' + 0x100);
}

SAMPLE(strstr) { strings::find_part<char>(at); }
SAMPLE(strspn) { strings::span<char>(at, &strings::Span::inside); }

SAMPLE(_strlwr) { strings::lower<char>(at); }
SAMPLE(strlwr) { strings::lower<char>(at); }
SAMPLE(_strupr) { strings::upper<char>(at); }
SAMPLE(_strrev) { strings::reverse<char>(at); }

SAMPLE(_strset)
{
    strings::changes<char>(at, "all but the terminator", "abc", "xxx.####", 'x');
    strings::changes<char>(at, "a character is a char", "abc", "xxx.####", 'x' + 0x100);
    strings::changes<char>(at, "an empty text", "", ".#######", 'x');
}

SAMPLE(_strnset)
{
    strings::set_counted<char>(at);
    strings::changes<char>(at, "a character is a char", "abc", "xxc.####", 'x' + 0x100, 2);
}

// --- Conversions: the machine's ANSI page is 1252 ---

namespace {

constexpr size_t kFailed = SIZE_MAX; // -1
constexpr size_t kTooMuch = size_t { INT_MAX } + 1;

} // namespace

SAMPLE(mbstowcs)
{
    Buffer<char16_t> to(at, nullptr);
    at.returns(size_t { 3 }, to.data(), "a\xE9z", 8);
    EXPECT_EQ(to.shown(), "a\xE9z.####");
    at.returns(size_t { 1 }, to.data(), "\x80", 8);
    EXPECT_EQ(to.data()[0], u'\u20AC') << "the euro sign of page 1252";
    Buffer<char16_t> full(at, nullptr);
    at.returns(size_t { 3 }, full.data(), "abc", 3);
    EXPECT_EQ(full.shown(), "abc#####") << "a result of the count: no terminator";
    Buffer<char16_t> none(at, nullptr);
    at.returns(size_t { 0 }, none.data(), "abc", 0);
    EXPECT_EQ(none.shown(), "########") << "a count of nothing";
    at.returns(size_t { 5 }, nullptr, "abcde", 0); // without a destination: the size it needs, no terminator
    at.returns(size_t { 5 }, nullptr, "abcde", 2);
    at.returns(kFailed, to.data(), nullptr, 8);
    at.returns(kFailed, nullptr, nullptr, 0);
    Buffer<char16_t> kept(at, nullptr);
    at.returns(kFailed, kept.data(), "abc", kTooMuch);
    EXPECT_EQ(kept.shown(), "########") << "a count beyond INT_MAX";
}

SAMPLE(wcstombs)
{
    Buffer<char> to(at, nullptr);
    at.returns(size_t { 3 }, to.data(), u"a\u20ACz", 8);
    EXPECT_EQ(to.shown(), "a\x80z.####") << "the euro sign of page 1252";
    Buffer<char> full(at, nullptr);
    at.returns(size_t { 3 }, full.data(), u"abc", 3);
    EXPECT_EQ(full.shown(), "abc#####") << "a result of the count: no terminator";
    Buffer<char> none(at, nullptr);
    at.returns(size_t { 0 }, none.data(), u"abc", 0);
    EXPECT_EQ(none.shown(), "########") << "a count of nothing";
    at.returns(size_t { 5 }, nullptr, u"abcde", 0); // without a destination: the size it needs, no terminator
    at.returns(kFailed, to.data(), u"a\u4E2D", 8); // a character that the page lacks
    at.returns(kFailed, nullptr, u"a\u4E2D", 0);
    at.returns(size_t { 1 }, to.data(), u"a\u4E2D", 1); // ... behind the count
    at.returns(size_t { 1 }, to.data(), u"?", 8); // the page's own
    at.returns(kFailed, to.data(), nullptr, 8);
    Buffer<char> kept(at, nullptr);
    at.returns(kFailed, kept.data(), u"abc", kTooMuch);
    EXPECT_EQ(kept.shown(), "########") << "a count beyond INT_MAX";
}

SAMPLE(mbtowc)
{
    auto& to = at.object<char16_t>();
    at.returns(int { 1 }, &to, "\x80", 8);
    EXPECT_EQ(to, u'\u20AC');
    at.returns(int { 1 }, nullptr, "a", 8); // only measured
    to = u'#';
    at.returns(int { 0 }, &to, "", 8); // the terminator is converted, and has no length
    EXPECT_EQ(to, u'\0');
    to = u'#';
    at.returns(int { -1 }, &to, "a", 0); // no character within the count
    EXPECT_EQ(to, u'#');
    at.returns(int { 0 }, &to, nullptr, 8);
    EXPECT_EQ(to, u'#');
}

SAMPLE(wctomb)
{
    Buffer<char> to(at, nullptr);
    at.returns(int { 1 }, to.data(), u'\u20AC');
    EXPECT_EQ(to.shown(), "\x80#######");
    at.returns(int { 1 }, to.data(), u'\0');
    EXPECT_EQ(to.shown(), ".#######");
    at.returns(int { -1 }, to.data(), u'\u4E2D'); // the page lacks it
    EXPECT_EQ(to.shown(), ".#######");
    at.returns(int { 1 }, to.data(), u'?');
    at.returns(int { 0 }, nullptr, u'a'); // no destination: no state to tell of
}
