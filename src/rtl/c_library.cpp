// SPDX-License-Identifier: MIT
// Character classes, memory comparison, sorting, rand.
#include "rtl/c_library.h"

#include "rtl/callout.h"
#include "rtl/case_table.h"

#include <algorithm>

namespace ringside::rtl {

int isdigit(int c) { return c >= '0' && c <= '9'; }
int islower(int c) { return c >= 'a' && c <= 'z'; }
int isupper(int c) { return c >= 'A' && c <= 'Z'; }
int isxdigit(int c) { return isdigit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'f'); }
int isspace(int c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
int isprint(int c) { return c >= ' ' && c <= '~'; }
int tolower(int c) { return ascii_lower(c); }
int toupper(int c) { return ascii_upper(c); }
char16_t towlower(char16_t c) { return downcase(c); }
char16_t towupper(char16_t c) { return upcase(c); }

// The host's memcmp and memchr may not be given null, and memcmp's value depends on the processor.
int memcmp(void const* a, void const* b, size_t bytes)
{
    auto const* left = static_cast<uint8_t const*>(a);
    auto const* right = static_cast<uint8_t const*>(b);
    for (size_t i = 0; i < bytes; ++i)
        if (left[i] != right[i])
            return left[i] < right[i] ? -1 : 1;
    return 0;
}

void* memchr(void const* memory, int c, size_t bytes)
{
    auto const* at = static_cast<uint8_t const*>(memory);
    for (; bytes; --bytes, ++at)
        if (*at == static_cast<uint8_t>(c))
            return const_cast<uint8_t*>(at);
    return nullptr;
}

namespace {

struct Elements {
    std::byte* base;
    size_t size;
    Compare compare;

    std::byte* at(size_t i) const { return base + i * size; }
    bool less(size_t i, size_t j) const
    {
        return call_driver(compare, static_cast<void const*>(at(i)), static_cast<void const*>(at(j))) < 0;
    }
    void swap(size_t i, size_t j) const { std::swap_ranges(at(i), at(i) + size, at(j)); }
};

// Moves element `root` down until its children, below `count`, are no larger.
void sift_down(Elements const& elements, size_t root, size_t count)
{
    for (;;) {
        size_t child = 2 * root + 1;
        if (child >= count)
            return;
        if (child + 1 < count && elements.less(child, child + 1))
            ++child;
        if (!elements.less(root, child))
            return;
        elements.swap(root, child);
        root = child;
    }
}

} // namespace

// A heap sort: no recursion on a driver's stack, no memory, and never quadratic. Like qsort it is not stable.
void qsort(void* base, size_t count, size_t size, Compare compare)
{
    if (!base || !compare || count < 2 || size == 0)
        return;
    Elements elements { static_cast<std::byte*>(base), size, compare };
    for (size_t root = count / 2; root-- > 0;)
        sift_down(elements, root, count);
    for (size_t last = count - 1; last > 0; --last) {
        elements.swap(0, last);
        sift_down(elements, 0, last);
    }
}

void* bsearch(void const* key, void const* base, size_t count, size_t size, Compare compare)
{
    if (!key || !base || !compare || size == 0)
        return nullptr;
    auto const* low = static_cast<std::byte const*>(base);
    while (count) {
        auto const* middle = low + count / 2 * size;
        int difference = call_driver(compare, key, static_cast<void const*>(middle));
        if (difference == 0)
            return const_cast<std::byte*>(middle);
        if (difference > 0) {
            low = middle + size;
            count -= count / 2 + 1;
        } else
            count /= 2;
    }
    return nullptr;
}

static uint32_t g_rand_state = 1;

void srand(uint32_t seed) { g_rand_state = seed; }
void reset_rand() { g_rand_state = 1; }

int rand()
{
    g_rand_state = g_rand_state * 214013 + 2531011;
    return static_cast<int>(g_rand_state >> 16 & 0x7fff);
}

} // namespace ringside::rtl
