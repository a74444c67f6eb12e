// SPDX-License-Identifier: MIT
// Counted strings, numbers, GUIDs, time.
#include "contract.h"

#include "rtl/strings.h"
#include "rtl/time_fields.h"

#include <cstring>
#include <string>

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;
using namespace ringside::rtl;

namespace {

// An empty string with room for so many characters.
UNICODE_STRING& room(At& at, USHORT characters)
{
    auto& string = at.object<UNICODE_STRING>();
    string = { 0, static_cast<USHORT>(characters * 2), static_cast<char16_t*>(at.bytes(characters * 2u + 2u)) };
    return string;
}

STRING& bytes_room(At& at, USHORT characters)
{
    auto& string = at.object<STRING>();
    string = { 0, characters, static_cast<char*>(at.bytes(characters + 1u)) };
    return string;
}

STRING& bytes_of(At& at, char const* text)
{
    auto& string = bytes_room(at, static_cast<USHORT>(std::strlen(text)));
    std::strcpy(string.Buffer, text);
    string.Length = string.MaximumLength;
    return string;
}

constexpr GUID kGuid { 0x12345678, 0x9ABC, 0xDEF0, { 1, 2, 3, 4, 5, 6, 7, 8 } };
constexpr char16_t kGuidText[] = u"{12345678-9abc-def0-0102-030405060708}";

} // namespace

SAMPLE(RtlInitUnicodeString)
{
    auto& string = at.object<UNICODE_STRING>();
    auto& text = at.string(u"text");
    at.call(&string, text.Buffer);
    EXPECT_EQ(view(string), u"text");
    EXPECT_EQ(string.MaximumLength, 10u);
    at.call(&string, nullptr);
    EXPECT_EQ(string.Length, 0u);
}

SAMPLE(RtlInitUnicodeStringEx)
{
    auto& string = at.object<UNICODE_STRING>();
    at.status(STATUS_SUCCESS, &string, at.string(u"text").Buffer);
    EXPECT_EQ(view(string), u"text");
    at.status(STATUS_NAME_TOO_LONG, &string, at.string(std::u16string(32766, u'x') + u"xx").Buffer);
}

namespace {

// The text, a null pointer, and one too long to be counted: the Ex forms refuse it, the others misrepresent it.
void initializes_bytes(At& at, bool refuses)
{
    auto& string = at.object<STRING>();
    auto* text = bytes_of(at, "text").Buffer;
    at.call(&string, text);
    EXPECT_EQ(view(string), "text");
    EXPECT_EQ(string.Buffer, text);
    EXPECT_EQ(string.MaximumLength, 5u);
    at.call(&string, nullptr);
    EXPECT_EQ(string.Length, 0u);
    EXPECT_EQ(string.MaximumLength, 0u);
    EXPECT_EQ(string.Buffer, nullptr);
    auto* endless = static_cast<char*>(at.bytes(70'000));
    std::memset(endless, 'x', 65'534);
    at.call(&string, endless);
    EXPECT_EQ(string.Length, 65'534u) << "the longest";
    EXPECT_EQ(string.MaximumLength, 65'535u);
    string = {};
    endless[65'534] = 'x';
    if (refuses)
        return at.status(STATUS_NAME_TOO_LONG, &string, endless);
    at.call(&string, endless);
    EXPECT_EQ(string.Length, 65'534u);
    EXPECT_EQ(string.MaximumLength, 65'535u);
}

} // namespace

SAMPLE(RtlInitString) { initializes_bytes(at, false); }
SAMPLE(RtlInitAnsiString) { initializes_bytes(at, false); }
SAMPLE(RtlInitUTF8String) { initializes_bytes(at, false); }
SAMPLE(RtlInitStringEx) { initializes_bytes(at, true); }
SAMPLE(RtlInitAnsiStringEx) { initializes_bytes(at, true); }
SAMPLE(RtlInitUTF8StringEx) { initializes_bytes(at, true); }

SAMPLE(RtlCopyUnicodeString)
{
    auto& to = room(at, 3);
    at.call(&to, &at.string(u"text"));
    EXPECT_EQ(view(to), u"tex") << "as much as fits";
    at.call(&to, nullptr);
    EXPECT_EQ(to.Length, 0u);
}

SAMPLE(RtlCopyString)
{
    auto& to = bytes_room(at, 3);
    at.call(&to, &bytes_of(at, "text"));
    EXPECT_EQ(view(to), "tex");
}

SAMPLE(RtlAppendUnicodeStringToString)
{
    auto& to = room(at, 4);
    at.status(STATUS_SUCCESS, &to, &at.string(u"abc"));
    at.status(STATUS_BUFFER_TOO_SMALL, &to, &at.string(u"de"));
    EXPECT_EQ(view(to), u"abc");
}

SAMPLE(RtlAppendUnicodeToString)
{
    auto& to = room(at, 4);
    at.status(STATUS_SUCCESS, &to, at.string(u"abc").Buffer);
    at.status(STATUS_BUFFER_TOO_SMALL, &to, at.string(u"de").Buffer);
    EXPECT_EQ(view(to), u"abc");
}

SAMPLE(RtlAppendStringToString)
{
    auto& to = bytes_room(at, 4);
    at.status(STATUS_SUCCESS, &to, &bytes_of(at, "abc"));
    at.status(STATUS_BUFFER_TOO_SMALL, &to, &bytes_of(at, "de"));
    EXPECT_EQ(view(to), "abc");
}

SAMPLE(RtlAppendAsciizToString)
{
    auto& to = bytes_room(at, 4);
    at.status(STATUS_SUCCESS, &to, "abc");
    at.status(STATUS_BUFFER_TOO_SMALL, &to, "de");
    EXPECT_EQ(view(to), "abc");
}

SAMPLE(RtlCompareUnicodeString)
{
    EXPECT_LT(static_cast<LONG>(at.call(&at.string(u"abc"), &at.string(u"abd"), FALSE)), 0);
    EXPECT_GT(static_cast<LONG>(at.call(&at.string(u"b"), &at.string(u"abc"), FALSE)), 0);
    at.returns(LONG { 0 }, &at.string(u"ABC"), &at.string(u"abc"), TRUE);
}

SAMPLE(RtlCompareUnicodeStrings)
{
    auto order = [&](std::u16string_view first, std::u16string_view second, BOOLEAN ignore_case) {
        return static_cast<LONG>(at.call(at.string(first).Buffer, first.size(), at.string(second).Buffer, second.size(),
                                         ignore_case));
    };
    EXPECT_LT(order(u"abc", u"abd", FALSE), 0);
    EXPECT_LT(order(u"ab", u"abc", FALSE), 0) << "the shorter one first";
    EXPECT_GT(order(u"b", u"B", FALSE), 0);
    EXPECT_EQ(order(u"b\u00E9", u"B\u00C9", TRUE), 0);
    EXPECT_EQ(order(u"", u"", FALSE), 0);
}

SAMPLE(RtlCompareString)
{
    EXPECT_LT(static_cast<LONG>(at.call(&bytes_of(at, "abc"), &bytes_of(at, "abd"), FALSE)), 0);
    at.returns(LONG { 0 }, &bytes_of(at, "ABC"), &bytes_of(at, "abc"), TRUE);
}

SAMPLE(RtlEqualUnicodeString)
{
    at.returns(BOOLEAN { TRUE }, &at.string(u"Abc"), &at.string(u"aBC"), TRUE);
    at.returns(BOOLEAN { FALSE }, &at.string(u"Abc"), &at.string(u"aBC"), FALSE);
}

SAMPLE(RtlEqualString)
{
    at.returns(BOOLEAN { TRUE }, &bytes_of(at, "Abc"), &bytes_of(at, "aBC"), TRUE);
    at.returns(BOOLEAN { FALSE }, &bytes_of(at, "Abc"), &bytes_of(at, "aBC"), FALSE);
}

SAMPLE(RtlPrefixUnicodeString)
{
    at.returns(BOOLEAN { TRUE }, &at.string(u"\\dev"), &at.string(u"\\Device"), TRUE);
    at.returns(BOOLEAN { FALSE }, &at.string(u"\\dev"), &at.string(u"\\Device"), FALSE);
}

SAMPLE(RtlPrefixString)
{
    at.returns(BOOLEAN { TRUE }, &bytes_of(at, "ab"), &bytes_of(at, "ABc"), TRUE);
    at.returns(BOOLEAN { FALSE }, &bytes_of(at, "ab"), &bytes_of(at, "a"), TRUE);
}

SAMPLE(RtlHashUnicodeString)
{
    auto& hash = at.object<ULONG>();
    at.status(STATUS_SUCCESS, &at.string(u"ABC"), TRUE, HASH_STRING_ALGORITHM_X65599, &hash);
    ULONG const first = hash;
    EXPECT_NE(first, 0u);
    at.status(STATUS_SUCCESS, &at.string(u"abc"), TRUE, HASH_STRING_ALGORITHM_DEFAULT, &hash);
    EXPECT_EQ(hash, first);
    at.status(STATUS_SUCCESS, &at.string(u"abc"), FALSE, HASH_STRING_ALGORITHM_DEFAULT, &hash);
    EXPECT_NE(hash, first);
    at.status(STATUS_INVALID_PARAMETER, &at.string(u"abc"), FALSE, 7, &hash);
}

SAMPLE(RtlUpcaseUnicodeChar)
{
    at.returns(u'A', u'a');
    at.returns(u'\u00C4', u'\u00E4');
}

SAMPLE(RtlDowncaseUnicodeChar) { at.returns(u'a', u'A'); }
SAMPLE(RtlUpperChar) { at.returns('A', 'a'); }

SAMPLE(RtlUpperString)
{
    auto& to = bytes_room(at, 3);
    at.call(&to, &bytes_of(at, "aBcd"));
    EXPECT_EQ(view(to), "ABC");
}

SAMPLE(RtlUpcaseUnicodeString)
{
    auto& to = room(at, 3);
    at.status(STATUS_SUCCESS, &to, &at.string(u"aBc"), FALSE);
    EXPECT_EQ(view(to), u"ABC");
    at.status(STATUS_BUFFER_OVERFLOW, &to, &at.string(u"aBcd"), FALSE);
    at.status(STATUS_SUCCESS, &to, &at.string(u"aBcd"), TRUE);
    EXPECT_EQ(view(to), u"ABCD");
    EXPECT_TRUE(ex::is_block(to.Buffer));
}

SAMPLE(RtlDowncaseUnicodeString)
{
    auto& to = at.object<UNICODE_STRING>();
    at.status(STATUS_SUCCESS, &to, &at.string(u"aBc"), TRUE);
    EXPECT_EQ(view(to), u"abc");
    EXPECT_TRUE(ex::is_block(to.Buffer));
}

SAMPLE(RtlCreateUnicodeString)
{
    auto& to = at.object<UNICODE_STRING>();
    at.returns(BOOLEAN { TRUE }, &to, at.string(u"text").Buffer);
    EXPECT_EQ(view(to), u"text");
    EXPECT_TRUE(ex::is_block(to.Buffer));
}

SAMPLE(RtlDuplicateUnicodeString)
{
    auto& to = at.object<UNICODE_STRING>();
    auto& text = at.string(u"text");
    at.status(STATUS_SUCCESS, 0, &text, &to);
    EXPECT_EQ(view(to), u"text");
    EXPECT_EQ(to.MaximumLength, 8u);
    EXPECT_TRUE(ex::is_block(to.Buffer));
    at.also("RtlFreeUnicodeString", &to);
    at.status(STATUS_SUCCESS, 1, &text, &to); // RTL_DUPLICATE_UNICODE_STRING_NULL_TERMINATE
    EXPECT_EQ(to.MaximumLength, 10u);
    ASSERT_TRUE(to.Buffer);
    EXPECT_EQ(to.Buffer[4], u'\0');
    auto& empty = at.string(u"");
    at.status(STATUS_SUCCESS, 1, &empty, &to);
    EXPECT_EQ(to.Buffer, nullptr);
    at.status(STATUS_SUCCESS, 3, &empty, &to); // ... | RTL_DUPLICATE_UNICODE_STRING_ALLOCATE_NULL_STRING
    EXPECT_EQ(to.MaximumLength, 2u);
    EXPECT_EQ(to.Length, 0u);
    EXPECT_TRUE(ex::is_block(to.Buffer));
    at.status(STATUS_SUCCESS, 0, nullptr, &to);
    EXPECT_EQ(to.Buffer, nullptr);
    at.status(STATUS_INVALID_PARAMETER, 2, &empty, &to); // an empty string needs its terminator
    at.status(STATUS_INVALID_PARAMETER, 4, &text, &to);
    at.status(STATUS_INVALID_PARAMETER, 0, &text, nullptr);
    auto& longest = at.string(std::u16string(32'767, u'x'));
    at.status(STATUS_NAME_TOO_LONG, 1, &longest, &to);
}

RINGSIDE_SAMPLE_(RtlDuplicateUnicodeString, without_memory, "RtlDuplicateUnicodeString", "without_memory",
                 &sample_RtlDuplicateUnicodeString_without_memory, Where::SystemThread, nullptr,
                 { .faults = { .kind = sim::FaultPlan::Kind::Nth, .nth = 1 } })
{
    auto& to = at.object<UNICODE_STRING>();
    at.status(STATUS_NO_MEMORY, 0, &at.string(u"text"), &to);
    EXPECT_EQ(to.Buffer, nullptr);
}

SAMPLE(RtlValidateUnicodeString)
{
    auto& string = at.string(u"text");
    at.status(STATUS_SUCCESS, 0, &string);
    at.status(STATUS_SUCCESS, 0, nullptr);
    at.status(STATUS_INVALID_PARAMETER, 1, &string);
    auto bad = [&](USHORT length, USHORT maximum, char16_t* buffer) {
        string = { length, maximum, buffer };
        at.status(STATUS_INVALID_PARAMETER, 0, &string);
    };
    bad(7, 10, string.Buffer);
    bad(8, 9, string.Buffer);
    bad(8, 6, string.Buffer);
    bad(0, 2, nullptr);
    string = {};
    at.status(STATUS_SUCCESS, 0, &string);
}

SAMPLE(RtlFreeUnicodeString)
{
    auto& string = at.object<UNICODE_STRING>();
    at.also("RtlCreateUnicodeString", &string, at.string(u"text").Buffer);
    PVOID const block = string.Buffer;
    at.call(&string);
    EXPECT_FALSE(ex::is_block(block));
    EXPECT_EQ(string.Buffer, nullptr);
}

SAMPLE(RtlIntegerToUnicodeString)
{
    auto& to = room(at, 5);
    at.status(STATUS_SUCCESS, ULONG { 0xBEEF }, 16, &to);
    EXPECT_EQ(view(to), u"BEEF");
    at.status(STATUS_BUFFER_OVERFLOW, ULONG { 123456 }, 10, &to);
    at.status(STATUS_INVALID_PARAMETER, ULONG { 1 }, 7, &to);
}

namespace {

// In each base; into a buffer that is too short, just long enough, and longer; with leading zeros.
template <typename Char>
void writes_digits(At& at)
{
    auto* to = static_cast<Char*>(at.bytes(64));
    auto text = [&](size_t count) { return std::string(to, to + count); };
    at.status(STATUS_SUCCESS, ULONG { 0xBEEF }, 16, LONG { 5 }, to);
    EXPECT_EQ(text(5), std::string("BEEF\0", 5));
    at.status(STATUS_SUCCESS, ULONG { 8 }, 8, LONG { 2 }, to);
    EXPECT_EQ(text(4), "10EF") << "no room for a terminator";
    at.status(STATUS_SUCCESS, ULONG { 5 }, 2, LONG { 8 }, to);
    EXPECT_EQ(text(3), "101");
    for (ULONG base : { 0, 10 }) {
        at.status(STATUS_SUCCESS, ULONG { 4'000'000'000 }, base, LONG { 10 }, to);
        EXPECT_EQ(text(10), "4000000000");
    }
    at.status(STATUS_SUCCESS, ULONG { 42 }, 10, LONG { -5 }, to);
    EXPECT_EQ(text(6), "000420") << "filled up with zeros, not terminated";
    at.status(STATUS_BUFFER_OVERFLOW, ULONG { 123 }, 10, LONG { 2 }, to);
    at.status(STATUS_BUFFER_OVERFLOW, ULONG { 123 }, 10, LONG { -2 }, to);
    at.status(STATUS_INVALID_PARAMETER, ULONG { 1 }, 7, LONG { 5 }, to);
    EXPECT_EQ(text(6), "000420") << "a failure writes nothing";
}

} // namespace

SAMPLE(RtlIntegerToChar) { writes_digits<char>(at); }
SAMPLE(RtlIntegerToUnicode) { writes_digits<char16_t>(at); }

SAMPLE(RtlInt64ToUnicodeString)
{
    auto& to = room(at, 16);
    at.status(STATUS_SUCCESS, ULONGLONG { 1 } << 40, 16, &to);
    EXPECT_EQ(view(to), u"10000000000");
    at.status(STATUS_INVALID_PARAMETER, ULONGLONG { 1 }, 3, &to);
}

SAMPLE(RtlUnicodeStringToInteger)
{
    auto& value = at.object<ULONG>();
    at.status(STATUS_SUCCESS, &at.string(u" 0x1F"), 0, &value);
    EXPECT_EQ(value, 31u);
    at.status(STATUS_INVALID_PARAMETER, &at.string(u"1"), 5, &value);
}

SAMPLE(RtlCharToInteger)
{
    auto& value = at.object<ULONG>();
    at.status(STATUS_SUCCESS, "777", 8, &value);
    EXPECT_EQ(value, 511u);
    at.status(STATUS_INVALID_PARAMETER, "1", 5, &value);
}

SAMPLE(RtlStringFromGUID)
{
    auto& to = at.object<UNICODE_STRING>();
    at.status(STATUS_SUCCESS, &kGuid, &to);
    EXPECT_EQ(view(to), kGuidText);
}

SAMPLE(RtlGUIDFromString)
{
    auto& guid = at.object<GUID>();
    at.status(STATUS_SUCCESS, &at.string(kGuidText), &guid);
    EXPECT_EQ(std::memcmp(&guid, &kGuid, sizeof guid), 0);
    at.status(STATUS_INVALID_PARAMETER, &at.string(u"{12345678-9abc-def0-0102-03040506070}"), &guid);
    at.status(STATUS_INVALID_PARAMETER, &at.string(u"12345678-9abc-def0-0102-030405060708"), &guid);
}

SAMPLE(RtlTimeToTimeFields)
{
    auto& time = at.object<LARGE_INTEGER>();
    time.QuadPart = 133'800'000'000'000'000;
    auto& fields = at.object<TIME_FIELDS>();
    at.call(&time, &fields);
    EXPECT_EQ(fields.Year, 2024);
    EXPECT_EQ(fields.Month, 12);
    EXPECT_EQ(fields.Day, 30);
}

SAMPLE(RtlTimeFieldsToTime)
{
    auto& fields = at.object<TIME_FIELDS>();
    fields.Year = 1601;
    fields.Month = 1;
    fields.Day = 2;
    auto& time = at.object<LARGE_INTEGER>();
    at.returns(BOOLEAN { TRUE }, &fields, &time);
    EXPECT_EQ(time.QuadPart, 864'000'000'000);
    fields.Month = 13;
    at.returns(BOOLEAN { FALSE }, &fields, &time);
}

SAMPLE(RtlTimeToSecondsSince1970)
{
    auto& time = at.object<LARGE_INTEGER>();
    time.QuadPart = 116'444'736'000'000'000 + 50'000'000;
    auto& seconds = at.object<ULONG>();
    at.returns(BOOLEAN { TRUE }, &time, &seconds);
    EXPECT_EQ(seconds, 5u);
    time.QuadPart = 0;
    at.returns(BOOLEAN { FALSE }, &time, &seconds);
}

SAMPLE(RtlSecondsSince1970ToTime)
{
    auto& time = at.object<LARGE_INTEGER>();
    at.call(5, &time);
    EXPECT_EQ(time.QuadPart, 116'444'736'000'000'000 + 50'000'000);
}
