// SPDX-License-Identifier: MIT
// The C library's strings of wchar_t: the cases of their sisters of char, and what only wide characters have.
#include "crt_string_cases.h"

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

SAMPLE(wcslen)
{
    strings::length<char16_t>(at);
    at.returns(size_t { 2 }, u"\u0100\u0200"); // a zero byte is no terminator
}

SAMPLE(wcsnlen)
{
    strings::bounded_length<char16_t>(at);
    at.returns(size_t { 2 }, u"\u0100\u0200", 8);
}

SAMPLE(wcscmp)
{
    strings::order<char16_t>(at, strings::kExact);
    EXPECT_EQ(sign(at.call(u"\uFFFF", u"a")), 1) << "characters have no sign";
}

SAMPLE(wcsncmp)
{
    strings::counted_order<char16_t>(at, strings::kExact);
    EXPECT_EQ(sign(at.call(u"\uFFFF", u"a", 1)), 1) << "characters have no sign";
}

SAMPLE(_wcsicmp)
{
    strings::order<char16_t>(at, strings::kFolded);
    strings::order_without_strings<char16_t>(at);
}

SAMPLE(_wcsnicmp)
{
    strings::counted_order<char16_t>(at, strings::kFolded);
    strings::order_without_strings<char16_t>(at);
}

SAMPLE(wcscpy) { strings::copy<char16_t>(at, strings::kCopy); }
SAMPLE(wcsncpy) { strings::copy<char16_t>(at, strings::kCountedCopy); }
SAMPLE(wcscat) { strings::copy<char16_t>(at, strings::kAppend); }
SAMPLE(wcsncat) { strings::copy<char16_t>(at, strings::kCountedAppend); }

SAMPLE(wcschr)
{
    strings::find_character<char16_t>(at, strings::kFirst);
    char16_t const* text = u"\u0161a\u0161"; // U+0161's low byte is 'a'
    at.returns(text + 1, text, u'a');
}

SAMPLE(wcsrchr)
{
    strings::find_character<char16_t>(at, strings::kLast);
    char16_t const* text = u"\u0161a\u0161";
    at.returns(text + 1, text, u'a');
}

SAMPLE(wcsstr) { strings::find_part<char16_t>(at); }
SAMPLE(wcsspn) { strings::span<char16_t>(at, &strings::Span::inside); }
SAMPLE(wcscspn)
{
    at.returns(size_t { 3 }, u"xyza", u"ab");
    strings::span<char16_t>(at, &strings::Span::outside);
}

SAMPLE(_wcslwr) { strings::lower<char16_t>(at); }
SAMPLE(wcslwr) { strings::lower<char16_t>(at); }
SAMPLE(_wcsupr) { strings::upper<char16_t>(at); }
SAMPLE(_wcsrev) { strings::reverse<char16_t>(at); }
SAMPLE(_wcsnset) { strings::set_counted<char16_t>(at); }
