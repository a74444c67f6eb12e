// SPDX-License-Identifier: MIT
// Memory compared, copied and filled; checksums, random numbers, time.
#include "contract.h"

#include <cstring>
#include <set>
#include <string_view>

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

namespace {

char* letters(At& at)
{
    auto* made = static_cast<char*>(at.bytes(64));
    std::strcpy(made, "abcdefghij");
    return made;
}

void copies(At& at)
{
    auto* from = letters(at);
    auto* to = static_cast<char*>(at.bytes(64));
    at.call(to, from, SIZE_T { 3 });
    EXPECT_STREQ(to, "abc") << "and no more";
    at.call(to + 1, from, SIZE_T { 0 });
    EXPECT_STREQ(to, "abc");
    at.call(to + 1, from, SIZE_T { 11 });
    EXPECT_STREQ(to, "aabcdefghij") << "from an odd address";
}

// A user address that is not there, and a kernel one, which is nobody's to handle.
template <typename... A>
void faults(At& at, A... arguments)
{
    auto* const nowhere = reinterpret_cast<char*>(0x10000);
    if (at.irql() < DISPATCH_LEVEL) {
        at.raises(STATUS_ACCESS_VIOLATION, nowhere, arguments...);
        at.bug_checks(PAGE_FAULT_IN_NONPAGED_AREA, reinterpret_cast<char*>(hal::kKernelHigh - 0x10'0000), arguments...);
    } else
        at.bug_checks(IRQL_NOT_LESS_OR_EQUAL, nowhere, arguments...);
}

constexpr int64_t kSecond = 10'000'000;
constexpr int64_t kDay = 86'400 * kSecond;
constexpr int64_t k1980 = 119'600'064'000'000'000; // 1 January 1980

} // namespace

SAMPLE(RtlCompareMemory)
{
    auto* first = letters(at);
    auto* second = letters(at);
    at.returns(SIZE_T { 10 }, first, second, SIZE_T { 10 });
    second[4] = 'X';
    at.returns(SIZE_T { 4 }, first, second, SIZE_T { 10 });
    at.returns(SIZE_T { 3 }, first, second, SIZE_T { 3 });
    at.returns(SIZE_T { 0 }, first + 1, second, SIZE_T { 10 });
    at.returns(SIZE_T { 0 }, first, second, SIZE_T { 0 });
}

SAMPLE(RtlCompareMemoryUlong)
{
    auto* words = static_cast<ULONG*>(at.bytes(64));
    words[0] = words[1] = 0x01020304;
    at.returns(SIZE_T { 8 }, words, SIZE_T { 8 }, 0x01020304);
    at.returns(SIZE_T { 8 }, words, SIZE_T { 64 }, 0x01020304);
    at.returns(SIZE_T { 0 }, words, SIZE_T { 8 }, 0x04030201);
    at.returns(SIZE_T { 0 }, words, SIZE_T { 7 }, 0x01020304);                          // no whole pattern
    at.returns(SIZE_T { 0 }, reinterpret_cast<char*>(words) + 2, SIZE_T { 8 }, 0x01020304); // not aligned
}

SAMPLE(RtlCopyMemory)
{
    copies(at);
    faults(at, letters(at), SIZE_T { 8 });
}

SAMPLE(RtlCopyMemoryNonTemporal)
{
    copies(at);
    faults(at, letters(at), SIZE_T { 16 });
}

SAMPLE(RtlMoveMemory)
{
    copies(at);
    auto* text = letters(at);
    at.call(text + 2, text, SIZE_T { 8 });
    EXPECT_STREQ(text, "ababcdefgh") << "upwards over itself";
    at.call(text, text + 2, SIZE_T { 8 });
    EXPECT_STREQ(text, "abcdefghgh") << "downwards";
    faults(at, text, SIZE_T { 8 });
}

SAMPLE(RtlFillMemory)
{
    auto* text = letters(at);
    at.call(text + 1, SIZE_T { 3 }, 0x17A); // the low byte counts
    EXPECT_STREQ(text, "azzzefghij");
    at.call(text, SIZE_T { 0 }, 'q');
    EXPECT_STREQ(text, "azzzefghij");
    faults(at, SIZE_T { 8 }, 'q');
}

SAMPLE(RtlZeroMemory)
{
    auto* text = letters(at);
    at.call(text + 1, SIZE_T { 3 });
    EXPECT_EQ(std::string_view(text, 10), std::string_view("a\0\0\0efghij", 10));
    at.call(text, SIZE_T { 0 });
    EXPECT_EQ(text[0], 'a');
    faults(at, SIZE_T { 8 });
}

SAMPLE_OF_NOTHING(RtlPrefetchMemoryNonTemporal, "a hint to the processor's cache: nothing that can be seen")
{
    auto* text = letters(at);
    at.call(text, SIZE_T { 10 });
    at.call(reinterpret_cast<void*>(0x10000), SIZE_T { 4096 }); // a hint faults nowhere
    EXPECT_STREQ(text, "abcdefghij");
}

SAMPLE(RtlComputeCrc32)
{
    at.returns(ULONG { 0xCBF43926 }, 0, "123456789", 9); // the check value of CRC-32
    at.returns(ULONG { 0xCBF43926 }, at.call(0, "1234", 4), "56789", 5);
    at.returns(ULONG { 7 }, 7, "", 0);
}

namespace {

// In range, the seed moves on, and one seed gives one sequence.
void random_numbers(At& at)
{
    auto& seed = at.object<ULONG>();
    seed = 7;
    std::set<uint64_t> values;
    ULONG first = 0;
    for (int i = 0; i < 100; ++i) {
        uint64_t const value = at.call(&seed) & 0xFFFFFFFF;
        EXPECT_LT(value, 0x7FFFFFFFu) << "0 to MAXLONG - 1";
        values.insert(value);
        if (i == 0)
            first = static_cast<ULONG>(value);
    }
    EXPECT_EQ(values.size(), 100u);
    seed = 7;
    at.returns(first, &seed);
    EXPECT_NE(seed, 7u);
    seed = 0xFFFFFFFF;
    EXPECT_LT(at.call(&seed) & 0xFFFFFFFF, 0x7FFFFFFFu);
}

} // namespace

SAMPLE(RtlRandom) { random_numbers(at); }
SAMPLE(RtlRandomEx) { random_numbers(at); }

SAMPLE(RtlSecondsSince1980ToTime)
{
    auto& time = at.object<LARGE_INTEGER>();
    at.call(0, &time);
    EXPECT_EQ(time.QuadPart, k1980);
    at.call(0xFFFFFFFF, &time);
    EXPECT_EQ(time.QuadPart, k1980 + 0xFFFFFFFF * kSecond) << "in 2116";
}

SAMPLE(RtlTimeToSecondsSince1980)
{
    auto& time = at.object<LARGE_INTEGER>();
    auto& seconds = at.object<ULONG>();
    time.QuadPart = k1980 + 5 * kSecond + kSecond - 1;
    at.returns(BOOLEAN { TRUE }, &time, &seconds);
    EXPECT_EQ(seconds, 5u) << "whole seconds";
    time.QuadPart = k1980 + 0xFFFFFFFF * kSecond;
    at.returns(BOOLEAN { TRUE }, &time, &seconds);
    EXPECT_EQ(seconds, 0xFFFFFFFFu);
    time.QuadPart += kSecond;
    at.returns(BOOLEAN { FALSE }, &time, &seconds); // too late
    time.QuadPart = k1980 - 1;
    at.returns(BOOLEAN { FALSE }, &time, &seconds); // too early
    time.QuadPart = -1;
    at.returns(BOOLEAN { FALSE }, &time, &seconds);
}

SAMPLE(RtlTimeToElapsedTimeFields)
{
    auto& time = at.object<LARGE_INTEGER>();
    auto& fields = at.object<TIME_FIELDS>();
    std::memset(&fields, 0xA5, sizeof fields);
    time.QuadPart = 400 * kDay + (3 * 3600 + 25 * 60 + 45) * kSecond + 678 * 10'000;
    at.call(&time, &fields);
    TIME_FIELDS const expected { 0, 0, 400, 3, 25, 45, 678, 0 };
    EXPECT_EQ(std::memcmp(&fields, &expected, sizeof fields), 0) << "days, not months and years";
}
