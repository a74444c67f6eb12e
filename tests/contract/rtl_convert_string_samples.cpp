// SPDX-License-Identifier: MIT
// Conversion of counted strings, into the caller's buffer and into a new one, and the release of the latter.
#include "contract.h"

#include "rtl/strings.h"

#include <cstring>
#include <string>
#include <string_view>

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;
using namespace ringside::rtl;
using namespace std::string_view_literals;

namespace {

STRING& narrow(At& at, std::string_view text)
{
    auto& string = at.object<STRING>();
    auto const bytes = static_cast<USHORT>(text.size());
    string = { bytes, bytes, static_cast<char*>(at.bytes(text.size() + 1)) };
    std::memcpy(string.Buffer, text.data(), text.size());
    return string;
}

// An empty string with room for so many bytes, filled with '#' up to 64.
template <typename String>
String& room(At& at, USHORT bytes)
{
    auto& string = at.object<String>();
    auto* buffer = static_cast<decltype(string.Buffer)>(at.bytes(64));
    std::fill_n(buffer, 64 / sizeof *buffer, '#');
    string = { 0, bytes, buffer };
    return string;
}

// --- To UTF-16 ---

// `text` becomes `expected`; `bytes` is what a buffer must hold at least.
void to_unicode(At& at, std::string_view text, std::u16string_view expected, bool terminated)
{
    auto& source = narrow(at, text);
    auto const bytes = static_cast<USHORT>((expected.size() + terminated) * 2);
    auto& to = room<UNICODE_STRING>(at, bytes);
    at.status(STATUS_SUCCESS, &to, &source, FALSE);
    EXPECT_EQ(view(to), expected);
    EXPECT_EQ(to.Buffer[expected.size()], terminated ? u'\0' : u'#');
    auto& small = room<UNICODE_STRING>(at, static_cast<USHORT>(bytes - 2));
    at.status(STATUS_BUFFER_OVERFLOW, &small, &source, FALSE);
    EXPECT_EQ(small.Buffer[0], u'#') << "no conversion was done";

    auto& made = at.object<UNICODE_STRING>();
    at.status(STATUS_SUCCESS, &made, &source, TRUE);
    EXPECT_EQ(view(made), expected);
    EXPECT_EQ(made.MaximumLength, bytes);
    EXPECT_TRUE(ex::is_block(made.Buffer));
    at.also("RtlFreeUnicodeString", &made);
    at.status(STATUS_INVALID_PARAMETER_2, &made, &narrow(at, std::string(40'000, 'x')), TRUE);
    EXPECT_EQ(made.Buffer, nullptr) << "a failure allocates nothing";
}

// --- From UTF-16 ---

void from_unicode(At& at, std::u16string_view text, std::string_view expected, bool terminated)
{
    auto& source = at.string(text);
    auto const bytes = static_cast<USHORT>(expected.size() + terminated);
    auto& to = room<STRING>(at, bytes);
    at.status(STATUS_SUCCESS, &to, &source, FALSE);
    EXPECT_EQ(view(to), expected);
    EXPECT_EQ(to.Buffer[expected.size()], terminated ? '\0' : '#');
    auto& small = room<STRING>(at, static_cast<USHORT>(bytes - 1));
    at.status(STATUS_BUFFER_OVERFLOW, &small, &source, FALSE);
    EXPECT_EQ(small.Buffer[0], '#') << "no conversion was done";

    auto& made = at.object<STRING>();
    at.status(STATUS_SUCCESS, &made, &source, TRUE);
    EXPECT_EQ(view(made), expected);
    EXPECT_EQ(made.MaximumLength, bytes);
    EXPECT_TRUE(ex::is_block(made.Buffer));
}

// What the page lacks is refused, and nothing is allocated.
void refuses(At& at, std::u16string_view text)
{
    auto& to = room<STRING>(at, 16);
    at.status(STATUS_UNMAPPABLE_CHARACTER, &to, &at.string(text), FALSE);
    EXPECT_EQ(to.Buffer[0], '#') << "no conversion was done";
    auto& made = at.object<STRING>();
    at.status(STATUS_UNMAPPABLE_CHARACTER, &made, &at.string(text), TRUE);
    EXPECT_EQ(made.Buffer, nullptr) << "no storage was allocated";
}

} // namespace

SAMPLE(RtlAnsiStringToUnicodeString) { to_unicode(at, "a\x80z", u"a\u20ACz", true); }
SAMPLE(RtlOemStringToUnicodeString) { to_unicode(at, "a\x80z", u"a\u00C7z", true); }
SAMPLE(RtlOemStringToCountedUnicodeString) { to_unicode(at, "a\x80z", u"a\u00C7z", false); }

SAMPLE(RtlUnicodeStringToAnsiString)
{
    from_unicode(at, u"a\u20ACz", "a\x80z", true);
    from_unicode(at, u"\u0101\u4E2D", "a?", true); // a best fit, and none
}

SAMPLE(RtlUpcaseUnicodeStringToAnsiString)
{
    from_unicode(at, u"a\u00E9\u20AC", "A\xC9\x80", true);
    from_unicode(at, u"\u0101\u4E2D", "A?", true);
}

SAMPLE(RtlUnicodeStringToOemString)
{
    from_unicode(at, u"a\u00E9z", "a\x82z", true);
    from_unicode(at, u"x\u4E2D", "x?", true);
}

SAMPLE(RtlUpcaseUnicodeStringToOemString)
{
    from_unicode(at, u"a\u00E9z", "A\x90Z", true);
    from_unicode(at, u"x\u4E2D", "X?", true);
}

SAMPLE(RtlUnicodeStringToCountedOemString)
{
    from_unicode(at, u"a\u00E9z", "a\x82z", false);
    from_unicode(at, u"what?", "what?", false);
    refuses(at, u"x\u4E2D");
}

SAMPLE(RtlUpcaseUnicodeStringToCountedOemString)
{
    from_unicode(at, u"a\u00E9z", "A\x90Z", false);
    from_unicode(at, u"what?", "WHAT?", false);
    refuses(at, u"x\u4E2D");
    refuses(at, u"x\u00E0"); // its capital is not in the page
}

SAMPLE(RtlUTF8StringToUnicodeString)
{
    auto& source = narrow(at, "a\xE2\x82\xACz");
    auto& to = room<UNICODE_STRING>(at, 6);
    at.status(STATUS_SUCCESS, &to, &source, FALSE);
    EXPECT_EQ(view(to), u"a\u20ACz");
    EXPECT_EQ(to.Buffer[3], u'#') << "terminated only if the source is";
    EXPECT_EQ(to.MaximumLength, 6u);
    auto& small = room<UNICODE_STRING>(at, 4);
    at.status(STATUS_BUFFER_OVERFLOW, &small, &source, FALSE);
    EXPECT_EQ(view(small), u"a\u20AC") << "what fits";
    at.status(STATUS_SOME_NOT_MAPPED, &to, &narrow(at, "x\xFF"), FALSE);
    EXPECT_EQ(view(to), u"x\uFFFD");
    at.status(STATUS_SUCCESS, &to, &narrow(at, "x\0y"sv), FALSE);
    EXPECT_EQ(view(to), u"x\0y"sv) << "on past a null";

    auto& made = at.object<UNICODE_STRING>();
    at.status(STATUS_SUCCESS, &made, &source, TRUE);
    EXPECT_EQ(view(made), u"a\u20ACz");
    EXPECT_GE(made.MaximumLength, 6u);
    EXPECT_TRUE(ex::is_block(made.Buffer));
    at.also("RtlFreeUnicodeString", &made);
    STRING& nothing = at.object<STRING>();
    nothing.Length = 2;
    at.status(STATUS_INVALID_PARAMETER_2, &made, &nothing, TRUE);
    at.status(STATUS_INVALID_PARAMETER_2, &made, &narrow(at, std::string(40'000, 'x')), TRUE);
    EXPECT_EQ(made.Buffer, nullptr);
}

SAMPLE(RtlUnicodeStringToUTF8String)
{
    auto& source = at.string(u"a\u20ACz");
    auto& to = room<STRING>(at, 5);
    at.status(STATUS_SUCCESS, &to, &source, FALSE);
    EXPECT_EQ(view(to), "a\xE2\x82\xACz");
    EXPECT_EQ(to.Buffer[5], '#') << "terminated only if the source is";
    EXPECT_EQ(to.MaximumLength, 5u);
    auto& small = room<STRING>(at, 3);
    at.status(STATUS_BUFFER_OVERFLOW, &small, &source, FALSE);
    EXPECT_EQ(view(small), "a") << "what fits, in whole characters";
    at.status(STATUS_SOME_NOT_MAPPED, &to, &at.string({ u"x\xD800", 2 }), FALSE);
    EXPECT_EQ(view(to), "x\xEF\xBF\xBD");
    at.status(STATUS_SUCCESS, &to, &at.string(u"x\0y"sv), FALSE);
    EXPECT_EQ(view(to), "x\0y"sv) << "on past a null";

    auto& made = at.object<STRING>();
    at.status(STATUS_SUCCESS, &made, &source, TRUE);
    EXPECT_EQ(view(made), "a\xE2\x82\xACz");
    EXPECT_TRUE(ex::is_block(made.Buffer));
    at.also("RtlFreeUTF8String", &made);
    auto& odd = at.string(u"abc");
    odd.Length = 5;
    at.status(STATUS_INVALID_PARAMETER_2, &made, &odd, TRUE);
    at.status(STATUS_INVALID_PARAMETER_2, &made, &at.string(std::u16string(30'000, u'\u20AC')), TRUE);
    EXPECT_EQ(made.Buffer, nullptr);
}

// With no memory left for the string: a status, and nothing allocated.
namespace {

template <typename To, typename From>
void finds_no_memory(At& at, From& source)
{
    auto& made = at.object<To>();
    at.status(STATUS_NO_MEMORY, &made, &source, TRUE);
    EXPECT_EQ(made.Buffer, nullptr);
    at.status(STATUS_SUCCESS, &made, &source, TRUE); // the next time there is some
    EXPECT_TRUE(ex::is_block(made.Buffer));
}

} // namespace

#define SAMPLE_WITHOUT_MEMORY(service)                                                                                 \
    RINGSIDE_SAMPLE_(service, without_memory, #service, "without_memory", &sample_##service##_without_memory,          \
                     Where::SystemThread, nullptr, { .faults = { .kind = sim::FaultPlan::Kind::Nth, .nth = 1 } })

SAMPLE_WITHOUT_MEMORY(RtlAnsiStringToUnicodeString) { finds_no_memory<UNICODE_STRING>(at, narrow(at, "text")); }
SAMPLE_WITHOUT_MEMORY(RtlOemStringToUnicodeString) { finds_no_memory<UNICODE_STRING>(at, narrow(at, "text")); }
SAMPLE_WITHOUT_MEMORY(RtlOemStringToCountedUnicodeString) { finds_no_memory<UNICODE_STRING>(at, narrow(at, "text")); }
SAMPLE_WITHOUT_MEMORY(RtlUTF8StringToUnicodeString) { finds_no_memory<UNICODE_STRING>(at, narrow(at, "text")); }
SAMPLE_WITHOUT_MEMORY(RtlUnicodeStringToAnsiString) { finds_no_memory<STRING>(at, at.string(u"text")); }
SAMPLE_WITHOUT_MEMORY(RtlUpcaseUnicodeStringToAnsiString) { finds_no_memory<STRING>(at, at.string(u"text")); }
SAMPLE_WITHOUT_MEMORY(RtlUnicodeStringToOemString) { finds_no_memory<STRING>(at, at.string(u"text")); }
SAMPLE_WITHOUT_MEMORY(RtlUpcaseUnicodeStringToOemString) { finds_no_memory<STRING>(at, at.string(u"text")); }
SAMPLE_WITHOUT_MEMORY(RtlUnicodeStringToCountedOemString) { finds_no_memory<STRING>(at, at.string(u"text")); }
SAMPLE_WITHOUT_MEMORY(RtlUpcaseUnicodeStringToCountedOemString) { finds_no_memory<STRING>(at, at.string(u"text")); }
SAMPLE_WITHOUT_MEMORY(RtlUnicodeStringToUTF8String) { finds_no_memory<STRING>(at, at.string(u"text")); }

namespace {

// The block that `maker` made of a text goes back; a string without buffer stays as it is.
void frees(At& at, char const* maker)
{
    auto& string = at.object<STRING>();
    auto& source = at.string(u"text");
    at.also(maker, &string, &source, TRUE);
    PVOID const block = string.Buffer;
    ASSERT_TRUE(ex::is_block(block));
    at.call(&string);
    EXPECT_FALSE(ex::is_block(block));
    EXPECT_EQ(view(source), u"text") << "the source is the caller's";
    at.call(&string); // nothing is left to free
    EXPECT_EQ(string.Buffer, nullptr);
}

} // namespace

SAMPLE(RtlFreeAnsiString) { frees(at, "RtlUnicodeStringToAnsiString"); }
SAMPLE(RtlFreeOemString) { frees(at, "RtlUpcaseUnicodeStringToCountedOemString"); }
SAMPLE(RtlFreeUTF8String) { frees(at, "RtlUnicodeStringToUTF8String"); }
