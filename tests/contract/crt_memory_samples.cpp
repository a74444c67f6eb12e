// SPDX-License-Identifier: MIT
// The C library's memory, sorting and random numbers.
#include "crt_stage.h"

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::test;

SAMPLE(memcpy)
{
    Buffer<char> to(at, nullptr);
    at.returns(to.data(), to.data(), "a\0c", 3);
    EXPECT_EQ(to.shown(), "a.c#####");
    at.returns(to.data(), to.data(), "xyz", 0);
    EXPECT_EQ(to.shown(), "a.c#####") << "no bytes";
}

SAMPLE(memmove)
{
    Buffer<char> to(at, nullptr);
    at.returns(to.data(), to.data(), "a\0c", 3);
    EXPECT_EQ(to.shown(), "a.c#####");
    at.returns(to.data(), to.data(), "xyz", 0);
    EXPECT_EQ(to.shown(), "a.c#####") << "no bytes";
    for (size_t distance : { 1, 2, 5 }) {
        auto* text = static_cast<char*>(at.bytes(8));
        std::string const before = "12345678";
        std::memcpy(text, before.data(), 8);
        size_t const bytes = 8 - distance;
        at.returns(text + distance, text + distance, text, bytes);
        EXPECT_EQ(shown(text, 8), before.substr(0, distance) + before.substr(0, bytes)) << "upwards by " << distance;
        std::memcpy(text, before.data(), 8);
        at.returns(text, text, text + distance, bytes);
        EXPECT_EQ(shown(text, 8), before.substr(distance) + before.substr(bytes)) << "downwards by " << distance;
    }
}

SAMPLE(memset)
{
    Buffer<char> to(at, nullptr);
    at.returns(to.data(), to.data(), 'x', 3);
    EXPECT_EQ(to.shown(), "xxx#####");
    at.returns(to.data(), to.data(), 'y' + 0x100, 2);
    EXPECT_EQ(to.shown(), "yyx#####") << "a byte of the value";
    at.returns(to.data(), to.data(), 'z', 0);
    EXPECT_EQ(to.shown(), "yyx#####") << "no bytes";
}

SAMPLE(memchr)
{
    char const* memory = "a\0bb";
    at.returns(memory + 2, memory, 'b', 4);
    at.returns(memory + 2, memory, 'b' + 0x100, 4); // a byte of the value
    at.returns(memory + 1, memory, 0, 4);
    at.returns(static_cast<char const*>(nullptr), memory, 'b', 2); // behind the count
    at.returns(static_cast<char const*>(nullptr), memory, 'x', 4);
    at.returns(static_cast<char const*>(nullptr), memory, 'a', 0);
}

SAMPLE(memcmp)
{
    EXPECT_EQ(sign(at.call("a\0b", "a\0c", 3)), -1) << "behind a zero byte";
    EXPECT_EQ(sign(at.call("\xFF", "a", 1)), 1) << "bytes have no sign";
    EXPECT_EQ(sign(at.call("abc", "abc", 3)), 0);
    EXPECT_EQ(sign(at.call("abc", "abd", 2)), 0) << "behind the count";
    EXPECT_EQ(sign(at.call("a", "b", 0)), 0) << "no bytes";
}

namespace {

int g_comparisons;

int NTAPI by_first_byte(void const* left, void const* right)
{
    ++g_comparisons;
    return *static_cast<uint8_t const*>(left) - *static_cast<uint8_t const*>(right);
}

int NTAPI downwards(void const* left, void const* right) { return by_first_byte(right, left); }

// A key that is no element: its second byte is compared with an element's first.
int NTAPI key_with_element(void const* key, void const* element)
{
    return static_cast<uint8_t const*>(key)[1] - *static_cast<uint8_t const*>(element);
}

char* memory_of(At& at, std::string_view text)
{
    auto* memory = static_cast<char*>(at.bytes(text.size() + 1));
    std::memcpy(memory, text.data(), text.size());
    return memory;
}

} // namespace

SAMPLE(qsort)
{
    struct {
        char const* what;
        std::string_view before;
        size_t count;
        size_t width;
        int(NTAPI* compare)(void const*, void const*);
        char const* after;
    } const cases[] = {
        { "single bytes", "dbcaz", 4, 1, by_first_byte, "abcdz" },
        { "an order of the caller's", "dbcaz", 4, 1, downwards, "dcbaz" },
        { "wide elements stay whole", "c3a1b2", 3, 2, by_first_byte, "a1b2c3" },
        { "equal elements", "bababa", 6, 1, by_first_byte, "aaabbb" },
        { "in order already", "abcdef", 6, 1, by_first_byte, "abcdef" },
        { "in reverse", "fedcba", 6, 1, by_first_byte, "abcdef" },
        { "one element", "ba", 1, 1, by_first_byte, "ba" },
        { "no element", "ba", 0, 1, by_first_byte, "ba" },
        { "elements of no width", "ba", 2, 0, by_first_byte, "ba" },
        { "no comparison", "ba", 2, 1, nullptr, "ba" },
    };
    for (auto const& c : cases) {
        char* const array = memory_of(at, c.before);
        at.call(array, c.count, c.width, c.compare);
        EXPECT_EQ(std::string(array), c.after) << c.what;
    }
    g_comparisons = 0;
    at.call(nullptr, 2, 1, by_first_byte);
    EXPECT_EQ(g_comparisons, 0) << "no array";
}

SAMPLE(bsearch)
{
    char* const array = memory_of(at, "aabcdfhj"); // from its second byte on
    for (size_t count = 1; count <= 7; ++count)
        for (size_t i = 1; i <= count; ++i) {
            SCOPED_TRACE(i);
            at.returns(array + i, array + i, array + 1, count, 1, by_first_byte);
        }
    char const* const nothing = nullptr;
    for (char const* missing : { "A", "e", "z" }) {
        SCOPED_TRACE(missing);
        at.returns(nothing, missing, array + 1, 7, 1, by_first_byte);
    }
    at.returns(array + 2, "xb", array + 1, 7, 1, key_with_element); // the key comes first
    at.returns(array + 4, "d", array, 4, 2, by_first_byte); // elements of two bytes: aa bc df hj
    g_comparisons = 0;
    at.returns(nothing, "a", array, 0, 1, by_first_byte);
    at.returns(nothing, "a", nullptr, 0, 1, by_first_byte);
    at.returns(nothing, "a", nullptr, 7, 1, by_first_byte);
    at.returns(nothing, nullptr, array, 7, 1, by_first_byte);
    at.returns(nothing, "a", array, 7, 0, by_first_byte);
    at.returns(nothing, "a", array, 7, 1, nullptr);
    EXPECT_EQ(g_comparisons, 0) << "what is missing is not looked for";
}

SAMPLE(rand)
{
    int const first[] = { 41, 18467, 6334, 26500 }; // the sequence of seed 1, without srand
    for (int value : first)
        at.returns(value);
    std::vector<int> seen;
    for (int i = 0; i < 1000; ++i)
        seen.push_back(static_cast<int32_t>(at.call()));
    auto const [lowest, highest] = std::ranges::minmax(seen);
    EXPECT_GE(lowest, 0);
    EXPECT_LE(highest, 32767);
    EXPECT_GT(highest - lowest, 30000) << "all of the range";
    at.also("srand", 1);
    for (int value : first)
        at.returns(value);
}

SAMPLE(srand)
{
    auto numbers = [&] {
        std::array<uint64_t, 4> made;
        std::ranges::generate(made, [&] { return at.also("rand"); });
        return made;
    };
    auto const unseeded = numbers();
    at.call(7);
    auto const seven = numbers();
    at.call(8);
    auto const eight = numbers();
    at.call(7);
    EXPECT_EQ(numbers(), seven) << "the same seed again";
    EXPECT_NE(eight, seven) << "another seed";
    at.call(1);
    EXPECT_EQ(numbers(), unseeded) << "seed 1 is what begins";
}
