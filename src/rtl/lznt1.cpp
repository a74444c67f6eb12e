// SPDX-License-Identifier: MIT
// LZNT1: a row of chunks, each a 16-bit header (bits 0 to 11: bytes of the whole chunk less 3; 12 to 14: the number 3;
// 15: compressed) and its data. Compressed data is groups of eight, a byte of flags before each: literal bytes, and
// 16-bit tokens whose split between distance and length depends on how far into the chunk they stand.
// @cite(ms-xca): sec="2.5"
#include "rtl/compression.h"
#include "rtl/match_finder.h"

namespace ringside::rtl {

namespace {

constexpr size_t kHeaderBytes = 2;
constexpr uint16_t kSignature = 0x3000;
constexpr uint16_t kSignatureMask = 0x7000;
constexpr uint16_t kCompressed = 0x8000;
constexpr size_t kShortest = 3;

// Bits of a token that hold the length, when `done` bytes of the chunk stand before it.
unsigned length_bits(size_t done)
{
    unsigned distance_bits = 4;
    while (distance_bits < 12 && (size_t { 1 } << distance_bits) < done)
        ++distance_bits;
    return 16 - distance_bits;
}

uint16_t word(uint8_t const* at) { return static_cast<uint16_t>(at[0] | at[1] << 8); }

void put_word(uint8_t* at, size_t value)
{
    at[0] = static_cast<uint8_t>(value);
    at[1] = static_cast<uint8_t>(value >> 8);
}

// The chunk's data without its header; nothing when it would not be shorter than `limit`.
std::optional<size_t> compress_chunk(MatchFinder& finder, uint8_t const* data, size_t begin, size_t end, uint8_t* out,
                                     size_t limit)
{
    size_t used = 0;
    size_t flags_at = 0;
    unsigned in_group = 8;
    for (size_t at = begin; at < end;) {
        if (in_group == 8) {
            if (used >= limit)
                return std::nullopt;
            flags_at = used;
            out[used++] = 0;
            in_group = 0;
        }
        unsigned const bits = length_bits(at - begin);
        size_t const longest = (size_t { 1 } << bits) - 1 + kShortest;
        auto const match = finder.find(at, begin, end, longest, size_t { 1 } << (16 - bits));
        if (used + (match.length ? 2 : 1) > limit)
            return std::nullopt;
        if (match.length) {
            out[flags_at] = static_cast<uint8_t>(out[flags_at] | 1u << in_group);
            put_word(out + used, (match.distance - 1) << bits | (match.length - kShortest));
            used += 2;
            for (size_t i = 1; i < match.length; ++i)
                finder.remember(at + i, end);
            at += match.length;
        } else
            out[used++] = data[at++];
        ++in_group;
    }
    return used;
}

std::optional<size_t> decompress_chunk(std::span<uint8_t const> in, std::span<uint8_t> out)
{
    size_t used = 0;
    for (size_t at = 0; at < in.size();) {
        uint8_t const flags = in[at++];
        for (unsigned i = 0; i < 8 && at < in.size(); ++i) {
            if (!(flags & 1u << i)) {
                if (used == out.size())
                    return std::nullopt;
                out[used++] = in[at++];
                continue;
            }
            if (in.size() - at < 2)
                return std::nullopt;
            uint16_t const token = word(&in[at]);
            at += 2;
            unsigned const bits = length_bits(used);
            size_t const distance = (token >> bits) + size_t { 1 };
            size_t const length = (token & ((1u << bits) - 1)) + kShortest;
            if (distance > used || length > out.size() - used)
                return std::nullopt;
            for (size_t n = 0; n < length; ++n, ++used)
                out[used] = out[used - distance];
        }
    }
    return used;
}

struct Chunk {
    std::span<uint8_t const> data;
    bool compressed;
};

// The chunk that starts at `at`, which moves behind it. Nothing at the end, and nothing with `bad` where none can be.
std::optional<Chunk> next_chunk(std::span<uint8_t const> input, size_t& at, bool& bad)
{
    if (input.size() - at < kHeaderBytes)
        return std::nullopt;
    uint16_t const header = word(&input[at]);
    if (!header)
        return std::nullopt;
    size_t const bytes = (header & 0xFFFu) + 1;
    if ((header & kSignatureMask) != kSignature || bytes > input.size() - at - kHeaderBytes) {
        bad = true;
        return std::nullopt;
    }
    Chunk const chunk { input.subspan(at + kHeaderBytes, bytes), (header & kCompressed) != 0 };
    at += kHeaderBytes + bytes;
    return chunk;
}

std::optional<size_t> expand(Chunk const& chunk, std::span<uint8_t> out)
{
    if (chunk.compressed)
        return decompress_chunk(chunk.data, out);
    if (chunk.data.size() > out.size())
        return std::nullopt;
    std::ranges::copy(chunk.data, out.begin());
    return chunk.data.size();
}

bool at_end(std::span<uint8_t const> input, size_t at)
{
    return input.size() - at < kHeaderBytes || word(&input[at]) == 0;
}

} // namespace

std::optional<size_t> lznt1_compress(std::span<uint8_t const> input, std::span<uint8_t> output, size_t chunk)
{
    MatchFinder finder(input.data());
    size_t used = 0;
    for (size_t begin = 0; begin < input.size(); begin += chunk) {
        size_t const end = std::min(begin + chunk, input.size());
        size_t const plain = end - begin;
        if (output.size() - used < kHeaderBytes)
            return std::nullopt;
        uint8_t* const data = output.data() + used + kHeaderBytes;
        size_t const room = output.size() - used - kHeaderBytes;
        size_t bytes = plain;
        if (auto const packed = compress_chunk(finder, input.data(), begin, end, data, std::min(room, plain - 1)))
            put_word(data - kHeaderBytes, kCompressed | kSignature | ((bytes = *packed) - 1));
        else if (plain > room)
            return std::nullopt;
        else {
            std::memcpy(data, input.data() + begin, plain);
            put_word(data - kHeaderBytes, kSignature | (plain - 1));
        }
        used += kHeaderBytes + bytes;
    }
    // The end mark is not counted, and left out where it does not fit.
    if (output.size() - used >= kHeaderBytes)
        put_word(output.data() + used, 0);
    return used;
}

std::optional<size_t> lznt1_decompress(std::span<uint8_t const> input, std::span<uint8_t> output, size_t chunk)
{
    size_t at = 0;
    size_t used = 0;
    bool bad = false;
    while (auto const each = next_chunk(input, at, bad)) {
        auto const room = output.subspan(used, std::min(chunk, output.size() - used));
        auto const bytes = expand(*each, room);
        if (!bytes)
            return std::nullopt;
        used += *bytes;
        // Every chunk but the last stands for a whole one: what it does not say is zero.
        if (*bytes < chunk && !at_end(input, at)) {
            if (room.size() < chunk)
                return std::nullopt;
            std::memset(room.data() + *bytes, 0, chunk - *bytes);
            used += chunk - *bytes;
        }
    }
    return bad ? std::nullopt : std::optional(used);
}

std::optional<size_t> lznt1_fragment(std::span<uint8_t const> input, std::span<uint8_t> output, size_t offset,
                                     size_t chunk)
{
    uint8_t whole[4096];
    size_t at = 0;
    size_t used = 0;
    bool bad = false;
    for (size_t begin = 0; used < output.size(); begin += chunk) {
        auto const each = next_chunk(input, at, bad);
        if (!each)
            break;
        if (begin + chunk <= offset)
            continue;
        auto bytes = expand(*each, { whole, chunk });
        if (!bytes)
            return std::nullopt;
        if (*bytes < chunk && !at_end(input, at)) {
            std::memset(whole + *bytes, 0, chunk - *bytes);
            *bytes = chunk;
        }
        size_t const skip = offset > begin ? offset - begin : 0;
        if (skip >= *bytes)
            break;
        size_t const count = std::min(*bytes - skip, output.size() - used);
        std::memcpy(output.data() + used, whole + skip, count);
        used += count;
    }
    return bad ? std::nullopt : std::optional(used);
}

} // namespace ringside::rtl
