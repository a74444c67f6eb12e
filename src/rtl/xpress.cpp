// SPDX-License-Identifier: MIT
// XPRESS, the plain LZ77 format: 32 flags at a time, the highest first; literal bytes, and matches of 13 bits distance and
// 3 bits length. Longer lengths go on in half bytes, two matches sharing one byte, then in bytes, words and double words.
// @cite(ms-xca): sec="2.3, 2.4"
#include "rtl/compression.h"
#include "rtl/match_finder.h"

namespace ringside::rtl {

namespace {

constexpr size_t kShortest = 3;
constexpr size_t kFarthest = 8192;

class Writer {
public:
    explicit Writer(std::span<uint8_t> output)
        : m_output(output)
    {
        reserve_flags();
    }

    bool full() const { return m_full; }
    void literal(uint8_t byte)
    {
        put(byte, 1);
        flag(0);
    }
    void match(size_t length, size_t distance)
    {
        size_t rest = length - kShortest;
        put((distance - 1) << 3 | std::min<size_t>(rest, 7), 2);
        if (rest >= 7) {
            size_t const half = std::min<size_t>(rest - 7, 15);
            if (m_half == kNone) {
                m_half = m_used;
                put(half, 1);
            } else {
                if (!m_full)
                    m_output[m_half] = static_cast<uint8_t>(m_output[m_half] | half << 4);
                m_half = kNone;
            }
            if (rest - 7 >= 15) {
                size_t const more = rest - 7 - 15;
                put(std::min<size_t>(more, 255), 1);
                if (more >= 255) {
                    put(rest < 0x10000 ? rest : 0, 2);
                    if (rest >= 0x10000)
                        put(rest, 4);
                }
            }
        }
        flag(1);
    }
    size_t finish()
    {
        // Unused flags are ones: a reader that finds a match but no bytes is at the end.
        uint64_t const ones = (uint64_t { 1 } << (32 - m_count)) - 1;
        store(static_cast<uint32_t>(uint64_t { m_flags } << (32 - m_count) | ones));
        return m_used;
    }

private:
    static constexpr size_t kNone = ~size_t { 0 };

    void put(uint64_t value, size_t bytes)
    {
        if (m_output.size() - m_used < bytes) {
            m_full = true;
            return;
        }
        std::memcpy(m_output.data() + m_used, &value, bytes);
        m_used += bytes;
    }
    void reserve_flags()
    {
        m_flags_at = m_used;
        m_flags = 0;
        m_count = 0;
        put(0, 4);
    }
    void flag(uint32_t bit)
    {
        m_flags = m_flags << 1 | bit;
        if (++m_count == 32) {
            store(m_flags);
            reserve_flags();
        }
    }
    void store(uint32_t flags)
    {
        if (!m_full)
            std::memcpy(m_output.data() + m_flags_at, &flags, 4);
    }

    std::span<uint8_t> m_output;
    size_t m_used = 0;
    size_t m_flags_at = 0;
    size_t m_half = kNone; // the byte whose upper half is free
    uint32_t m_flags = 0;
    unsigned m_count = 0;
    bool m_full = false;
};

class Reader {
public:
    explicit Reader(std::span<uint8_t const> input)
        : m_input(input)
    {
    }

    bool at_end() const { return m_at == m_input.size(); }
    bool bad() const { return m_bad; }
    size_t position() const { return m_at; }
    uint8_t byte_at(size_t at) const { return m_input[at]; }
    uint32_t take(size_t bytes)
    {
        uint32_t value = 0;
        if (m_input.size() - m_at < bytes) {
            m_bad = true;
            return 0;
        }
        std::memcpy(&value, m_input.data() + m_at, bytes);
        m_at += bytes;
        return value;
    }

private:
    std::span<uint8_t const> m_input;
    size_t m_at = 0;
    bool m_bad = false;
};

// The length of a match whose three bits are all ones, less those three bytes that every match has.
std::optional<size_t> long_length(Reader& reader, size_t& half_at)
{
    size_t length;
    if (half_at) {
        length = reader.byte_at(half_at - 1) >> 4;
        half_at = 0;
    } else {
        length = reader.take(1) & 15;
        half_at = reader.position();
    }
    if (length == 15) {
        length = reader.take(1);
        if (length == 255) {
            length = reader.take(2);
            if (!length)
                length = reader.take(4);
            if (length < 15 + 7)
                return std::nullopt;
            length -= 15 + 7;
        }
        length += 15;
    }
    return length + 7;
}

} // namespace

std::optional<size_t> xpress_compress(std::span<uint8_t const> input, std::span<uint8_t> output)
{
    MatchFinder finder(input.data());
    Writer writer(output);
    for (size_t at = 0; at < input.size() && !writer.full();) {
        auto const match = finder.find(at, 0, input.size(), input.size(), kFarthest);
        if (!match.length) {
            writer.literal(input[at++]);
            continue;
        }
        writer.match(match.length, match.distance);
        for (size_t i = 1; i < match.length; ++i)
            finder.remember(at + i, input.size());
        at += match.length;
    }
    size_t const used = writer.finish();
    return writer.full() ? std::nullopt : std::optional(used);
}

std::optional<size_t> xpress_decompress(std::span<uint8_t const> input, std::span<uint8_t> output)
{
    Reader reader(input);
    uint32_t flags = 0;
    unsigned count = 0;
    size_t half_at = 0; // position behind the byte whose upper half is still to be read; 0: none
    size_t used = 0;
    while (!reader.at_end()) {
        if (!count) {
            flags = reader.take(4);
            count = 32;
            if (reader.at_end() && !reader.bad())
                break;
        }
        bool const is_match = flags >> --count & 1;
        if (!is_match) {
            if (used == output.size() || reader.at_end())
                return std::nullopt;
            output[used++] = static_cast<uint8_t>(reader.take(1));
            continue;
        }
        uint32_t const token = reader.take(2);
        size_t const distance = (token >> 3) + size_t { 1 };
        size_t length = token & 7;
        if (length == 7) {
            auto const longer = long_length(reader, half_at);
            if (!longer)
                return std::nullopt;
            length = *longer;
        }
        length += kShortest;
        if (reader.bad() || distance > used || length > output.size() - used)
            return std::nullopt;
        for (size_t i = 0; i < length; ++i, ++used)
            output[used] = output[used - distance];
    }
    // Where the input ends, a match must be due: the flags that are left are ones.
    if (reader.bad() || (count && !(flags >> (count - 1) & 1)))
        return std::nullopt;
    return used;
}

} // namespace ringside::rtl
