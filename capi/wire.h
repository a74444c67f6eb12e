// SPDX-License-Identifier: MIT
// A message's payload, written and read field by field. What is read is foreign: a field that is not there reads as
// zero or empty and marks the payload as bad, which whole() tells at the end; nothing is taken on trust from a length.
#pragma once

#include "calls.h"

#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace ringside::capi {

// Header and payload in one piece of memory, so that a message is one write.
class Message {
public:
    // Throws away what was there, but keeps its memory.
    void begin(uint32_t mark, uint32_t what, uint16_t told = 0)
    {
        Header header { mark, static_cast<uint16_t>(what), told, 0 };
        m_bytes.resize(sizeof header);
        std::memcpy(m_bytes.data(), &header, sizeof header);
    }
    template <typename T>
        requires std::is_arithmetic_v<T>
    void number(T value)
    {
        append(&value, sizeof value);
    }
    void flag(bool value) { number<uint8_t>(value); }
    void text(std::string_view text)
    {
        number<uint64_t>(text.size());
        append(text.data(), text.size());
    }
    void bytes(std::span<std::byte const> bytes)
    {
        number<uint64_t>(bytes.size());
        append(bytes.data(), bytes.size());
    }
    uint32_t what() const
    {
        Header header;
        std::memcpy(&header, m_bytes.data(), sizeof header);
        return header.what;
    }
    // To the payload's end, without a length: the sentence of a failure, or fields that are written already.
    void rest(std::string_view text) { append(text.data(), text.size()); }
    void rest(std::span<std::byte const> fields) { append(fields.data(), fields.size()); }

    // The whole message, with the payload's length in its header.
    std::span<std::byte const> whole()
    {
        uint64_t payload = m_bytes.size() - sizeof(Header);
        std::memcpy(m_bytes.data() + offsetof(Header, bytes), &payload, sizeof payload);
        return m_bytes;
    }

private:
    void append(void const* from, size_t size)
    {
        auto const* bytes = static_cast<std::byte const*>(from);
        m_bytes.insert(m_bytes.end(), bytes, bytes + size);
    }

    std::vector<std::byte> m_bytes;
};

class Reader {
public:
    explicit Reader(std::span<std::byte const> payload)
        : m_left(payload)
    {
    }
    template <typename T>
        requires std::is_arithmetic_v<T>
    T number()
    {
        T value {};
        if (auto field = take(sizeof value); !field.empty())
            std::memcpy(&value, field.data(), sizeof value);
        return value;
    }
    bool flag() { return number<uint8_t>() != 0; }
    // They live as long as the payload.
    std::span<std::byte const> bytes() { return take(number<uint64_t>()); }
    std::string_view text()
    {
        auto field = bytes();
        return { reinterpret_cast<char const*>(field.data()), field.size() };
    }
    // What was not read yet.
    std::span<std::byte const> rest() const { return m_left; }
    // All that was read so far was there.
    bool good() const { return !m_bad; }
    // All was there, and nothing more.
    bool whole() const { return !m_bad && m_left.empty(); }

private:
    std::span<std::byte const> take(uint64_t size)
    {
        if (size > m_left.size()) {
            m_bad = true;
            m_left = {};
            return {};
        }
        auto field = m_left.first(size);
        m_left = m_left.subspan(size);
        return field;
    }

    std::span<std::byte const> m_left;
    bool m_bad = false;
};

} // namespace ringside::capi
