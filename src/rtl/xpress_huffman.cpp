// SPDX-License-Identifier: MIT
// XPRESS_HUFF: for each 64 KiB of text 256 bytes of code lengths, then code words in 16-bit units, highest bit first, with
// the bytes of long lengths between them. Symbol 256 where no input is left ends the text; elsewhere it is a match.
// @cite(ms-xca): sec="2.1, 2.2"
#include "rtl/compression.h"
#include "rtl/huffman_code.h"
#include "rtl/match_finder.h"

#include <bit>

namespace ringside::rtl {

namespace {

constexpr size_t kBlock = 65536;
constexpr size_t kTableBytes = kHuffmanSymbols / 2;
constexpr size_t kShortest = 3;
constexpr size_t kFarthest = 65535;
constexpr unsigned kEnd = 256;

struct Token {
    unsigned symbol;
    size_t length = 0; // of a match, less three
    size_t distance = 0;
    unsigned distance_bits = 0;
};

// Walks one block's tokens, the same ones each time for the same state of the finder.
template <typename Visit>
void for_each_token(MatchFinder& finder, std::span<uint8_t const> input, size_t begin, size_t end, Visit visit)
{
    for (size_t at = begin; at < end;) {
        auto const match = finder.find(at, 0, end, end - at, kFarthest);
        if (!match.length) {
            visit(Token { input[at++] });
            continue;
        }
        size_t const rest = match.length - kShortest;
        auto const bits = static_cast<unsigned>(std::bit_width(match.distance) - 1);
        visit(
            Token { static_cast<unsigned>(256 + std::min<size_t>(rest, 15) + 16 * bits), rest, match.distance, bits });
        for (size_t i = 1; i < match.length; ++i)
            finder.remember(at + i, end);
        at += match.length;
    }
}

class BitWriter {
public:
    BitWriter(std::span<uint8_t> output, size_t at)
        : m_output(output)
        , m_first(at)
        , m_second(at + 2)
        , m_used(at + 4)
    {
    }

    bool full() const { return m_full || m_used > m_output.size(); }
    size_t used() const { return m_used; }
    void bits(unsigned count, uint32_t value)
    {
        if (m_free >= count) {
            m_free -= count;
            m_word = m_word << count | value;
            return;
        }
        unsigned const later = count - m_free;
        m_word = m_word << m_free | value >> later;
        word(m_first, m_word);
        m_first = m_second;
        m_second = m_used;
        m_used += 2;
        m_free += 16 - count;
        m_word = value;
    }
    void bytes(uint32_t value, size_t count)
    {
        if (m_used + count > m_output.size())
            m_full = true;
        else
            std::memcpy(m_output.data() + m_used, &value, count);
        m_used += count;
    }
    void flush()
    {
        word(m_first, m_word << m_free);
        word(m_second, 0);
    }

private:
    void word(size_t at, uint32_t value)
    {
        if (at + 2 > m_output.size()) {
            m_full = true;
            return;
        }
        m_output[at] = static_cast<uint8_t>(value);
        m_output[at + 1] = static_cast<uint8_t>(value >> 8);
    }

    std::span<uint8_t> m_output;
    size_t m_first; // where the unit goes that is being filled
    size_t m_second; // and the one after it: a reader fetches both at once
    size_t m_used;
    uint32_t m_word = 0;
    unsigned m_free = 16;
    bool m_full = false;
};

class BitReader {
public:
    BitReader(std::span<uint8_t const> input, size_t at)
        : m_input(input)
        , m_at(at)
    {
        m_bits = fetch() << 16;
        m_bits |= fetch();
    }
    bool bad() const { return m_bad; }
    size_t position() const { return m_at; }
    uint32_t peek(unsigned count) const { return count ? m_bits >> (32 - count) : 0; }
    void skip(unsigned count)
    {
        m_bits = count == 32 ? 0 : m_bits << count;
        m_extra -= static_cast<int>(count);
        if (m_extra < 0) {
            m_bits |= fetch() << -m_extra;
            m_extra += 16;
        }
    }
    size_t bytes(size_t count)
    {
        uint32_t value = 0;
        if (m_at > m_input.size() || m_input.size() - m_at < count)
            m_bad = true;
        else
            std::memcpy(&value, m_input.data() + m_at, count);
        m_at += count;
        return value;
    }

private:
    // Units behind the end read as zeros: the last words may need fewer bits than are fetched.
    uint32_t fetch()
    {
        uint32_t const value = m_at + 2 <= m_input.size() ? m_input[m_at] | uint32_t { m_input[m_at + 1] } << 8 : 0;
        if (m_at > m_input.size() + 4)
            m_bad = true;
        m_at += 2;
        return value;
    }

    std::span<uint8_t const> m_input;
    size_t m_at;
    uint32_t m_bits;
    int m_extra = 16;
    bool m_bad = false;
};

enum class BlockEnd { More, Text, Bad };

BlockEnd read_block(HuffmanReader const& code, BitReader& bits, size_t input_size, std::span<uint8_t> output,
                    size_t& used)
{
    size_t const block_end = used + kBlock;
    while (used < block_end) {
        if (bits.bad())
            return BlockEnd::Bad;
        uint16_t const symbol = code.symbol_of[bits.peek(kHuffmanBitsMax)];
        if (symbol >= kHuffmanSymbols)
            return BlockEnd::Bad;
        bits.skip(code.lengths[symbol]);
        if (symbol < 256) {
            if (used == output.size())
                return BlockEnd::Bad;
            output[used++] = static_cast<uint8_t>(symbol);
            continue;
        }
        if (symbol == kEnd && bits.position() >= input_size)
            return BlockEnd::Text;
        size_t length = (symbol - 256) % 16;
        unsigned const distance_bits = (symbol - 256u) / 16;
        if (length == 15) {
            length = bits.bytes(1);
            if (length == 255) {
                length = bits.bytes(2);
                if (!length)
                    length = bits.bytes(4);
                if (length < 15)
                    return BlockEnd::Bad;
                length -= 15;
            }
            length += 15;
        }
        length += kShortest;
        size_t const distance = (size_t { 1 } << distance_bits) + bits.peek(distance_bits);
        bits.skip(distance_bits);
        if (bits.bad() || distance > used || length > output.size() - used)
            return BlockEnd::Bad;
        for (size_t i = 0; i < length; ++i, ++used)
            output[used] = output[used - distance];
    }
    return BlockEnd::More;
}

} // namespace

std::optional<size_t> huffman_compress(std::span<uint8_t const> input, std::span<uint8_t> output)
{
    MatchFinder finder(input.data());
    size_t used = 0;
    size_t begin = 0;
    do {
        size_t const end = std::min(begin + kBlock, input.size());
        bool const last = end == input.size();
        uint32_t counts[kHuffmanSymbols] {};
        uint8_t lengths[kHuffmanSymbols];
        uint16_t words[kHuffmanSymbols] {};
        MatchFinder again = finder; // the second walk starts where the first did
        for_each_token(finder, input, begin, end, [&](Token const& token) { ++counts[token.symbol]; });
        if (last)
            ++counts[kEnd];
        huffman_lengths(counts, lengths);
        huffman_words(lengths, words);
        if (output.size() - used < kTableBytes + 4)
            return std::nullopt;
        for (size_t i = 0; i < kTableBytes; ++i)
            output[used + i] = static_cast<uint8_t>(lengths[2 * i] | lengths[2 * i + 1] << 4);
        BitWriter writer(output, used + kTableBytes);
        for_each_token(again, input, begin, end, [&](Token const& token) {
            writer.bits(lengths[token.symbol], words[token.symbol]);
            if (token.symbol < 256)
                return;
            if (token.length >= 15) {
                writer.bytes(static_cast<uint32_t>(std::min<size_t>(token.length - 15, 255)), 1);
                if (token.length - 15 >= 255)
                    writer.bytes(static_cast<uint32_t>(token.length), 2); // a block is too short for more
            }
            writer.bits(token.distance_bits,
                        static_cast<uint32_t>(token.distance - (size_t { 1 } << token.distance_bits)));
        });
        if (last)
            writer.bits(lengths[kEnd], words[kEnd]);
        writer.flush();
        if (writer.full())
            return std::nullopt;
        used = writer.used();
        begin = end;
    } while (begin < input.size());
    return used;
}

std::optional<size_t> huffman_decompress(std::span<uint8_t const> input, std::span<uint8_t> output)
{
    HuffmanReader code;
    size_t at = 0;
    size_t used = 0;
    for (;;) {
        if (at > input.size() || input.size() - at < kTableBytes + 4)
            return at ? std::optional(used) : std::nullopt; // behind a whole block there need be none
        for (size_t i = 0; i < kTableBytes; ++i) {
            code.lengths[2 * i] = input[at + i] & 15;
            code.lengths[2 * i + 1] = input[at + i] >> 4;
        }
        if (!code.build())
            return std::nullopt;
        BitReader bits(input, at + kTableBytes);
        switch (read_block(code, bits, input.size(), output, used)) {
        case BlockEnd::Text:
            return used;
        case BlockEnd::Bad:
            return std::nullopt;
        case BlockEnd::More:
            at = bits.position();
        }
    }
}

} // namespace ringside::rtl
