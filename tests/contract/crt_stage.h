// SPDX-License-Identifier: MIT
// What the samples of the C library share. Most services exist for char and for wchar_t and behave alike: their cases
// stand in one table, in char, and run for both.
#pragma once

#include "contract.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <string_view>

namespace ringside::test {

// A driver's own copy of a constant, terminated; null stays null. Characters above 0x7F keep their number.
template <typename Char>
Char* text_of(At& at, char const* text)
{
    if (!text)
        return nullptr;
    size_t const size = std::strlen(text) + 1;
    auto* copy = static_cast<Char*>(at.bytes(size * sizeof(Char)));
    std::transform(text, text + size, copy, [](char c) { return static_cast<Char>(static_cast<uint8_t>(c)); });
    return copy;
}

// What stands in memory, readable: a terminator as '.', a character that does not fit into a byte as '?'.
template <typename Char>
std::string shown(Char const* characters, size_t count)
{
    std::string text;
    for (size_t i = 0; i < count; ++i) {
        auto const c = static_cast<uint16_t>(characters[i]);
        text += c == 0 ? '.' : sizeof(Char) == 2 && c > 0xFF ? '?' : static_cast<char>(c);
    }
    return text;
}

// A buffer that shows what a call wrote: '#' is what nobody wrote. It is longer than any call is told, so that writing
// behind the end shows, too.
template <typename Char>
class Buffer {
public:
    static constexpr size_t kShown = 8;

    // With a string at its beginning; null: no terminator anywhere.
    Buffer(At& at, char const* text, size_t count = kShown)
        : m_count(count)
    {
        m_characters = static_cast<Char*>(at.bytes(count * sizeof(Char)));
        std::fill_n(m_characters, count, static_cast<Char>('#'));
        if (text) {
            Char const* copy = text_of<Char>(at, text);
            std::copy_n(copy, std::strlen(text) + 1, m_characters);
        }
    }

    Char* data() const { return m_characters; }
    operator Char*() const { return m_characters; }
    std::string shown() const { return test::shown(m_characters, m_count); }
    // The string at its beginning.
    std::string string() const
    {
        auto* const end = std::find(m_characters, m_characters + m_count, Char {});
        return test::shown(m_characters, static_cast<size_t>(end - m_characters));
    }

private:
    Char* m_characters;
    size_t m_count;
};

// -1, 0 or 1: all that the pages promise of a comparison's result.
inline int sign(uint64_t result)
{
    auto const value = static_cast<int32_t>(result);
    return (value > 0) - (value < 0);
}

} // namespace ringside::test
