// SPDX-License-Identifier: MIT
// @cite(ms-xca): sec="2.1.2, 2.2.3"
#include "rtl/huffman_code.h"

#include <algorithm>
#include <cstring>

namespace ringside::rtl {

namespace {

constexpr uint16_t kNone = 0xFFFF;

// Builds the tree once; the longest word's length.
unsigned build_lengths(uint32_t const (&counts)[kHuffmanSymbols], uint8_t (&lengths)[kHuffmanSymbols])
{
    uint64_t weight[2 * kHuffmanSymbols];
    uint16_t parent[2 * kHuffmanSymbols];
    uint16_t leaves[kHuffmanSymbols];
    size_t leaf_count = 0;
    for (uint16_t s = 0; s < kHuffmanSymbols; ++s)
        if (counts[s])
            leaves[leaf_count++] = s;
    std::sort(leaves, leaves + leaf_count,
              [&](uint16_t a, uint16_t b) { return counts[a] != counts[b] ? counts[a] < counts[b] : a < b; });
    for (size_t i = 0; i < leaf_count; ++i)
        weight[i] = counts[leaves[i]];
    std::memset(lengths, 0, sizeof lengths);
    if (leaf_count == 1) {
        lengths[leaves[0]] = 1;
        return 1;
    }
    // Leaves and inner nodes both come in order of weight, so the two lightest stand at the front of either row.
    size_t next_leaf = 0;
    size_t next_node = leaf_count;
    size_t made = leaf_count;
    auto lightest = [&] {
        bool const leaf = next_leaf < leaf_count && (next_node == made || weight[next_leaf] <= weight[next_node]);
        return leaf ? next_leaf++ : next_node++;
    };
    while (made < 2 * leaf_count - 1) {
        size_t const a = lightest();
        size_t const b = lightest();
        weight[made] = weight[a] + weight[b];
        parent[a] = parent[b] = static_cast<uint16_t>(made);
        ++made;
    }
    uint8_t depth[2 * kHuffmanSymbols];
    unsigned longest = 0;
    if (made)
        depth[made - 1] = 0;
    for (size_t i = made; i-- > 0;) {
        if (i + 1 < made)
            depth[i] = static_cast<uint8_t>(std::min(depth[parent[i]] + 1, 255));
        if (i < leaf_count) {
            lengths[leaves[i]] = depth[i];
            longest = std::max<unsigned>(longest, depth[i]);
        }
    }
    return longest;
}

} // namespace

void huffman_lengths(uint32_t (&counts)[kHuffmanSymbols], uint8_t (&lengths)[kHuffmanSymbols])
{
    while (build_lengths(counts, lengths) > kHuffmanBitsMax)
        for (uint32_t& count : counts)
            count = (count + 1) / 2; // flatter counts make shorter words
}

void huffman_words(uint8_t const (&lengths)[kHuffmanSymbols], uint16_t (&words)[kHuffmanSymbols])
{
    uint32_t next = 0;
    for (unsigned bits = 1; bits <= kHuffmanBitsMax; ++bits, next <<= 1)
        for (size_t s = 0; s < kHuffmanSymbols; ++s)
            if (lengths[s] == bits)
                words[s] = static_cast<uint16_t>(next++);
}

bool HuffmanReader::build()
{
    size_t filled = 0;
    for (unsigned bits = 1; bits <= kHuffmanBitsMax; ++bits)
        for (size_t s = 0; s < kHuffmanSymbols; ++s)
            if (lengths[s] == bits) {
                size_t const entries = size_t { 1 } << (kHuffmanBitsMax - bits);
                if (entries > std::size(symbol_of) - filled)
                    return false; // more words than there can be
                std::fill_n(symbol_of + filled, entries, static_cast<uint16_t>(s));
                filled += entries;
            }
    if (!filled)
        return false;
    // Words that stand for nothing; a code for a single symbol leaves half of them.
    std::fill(symbol_of + filled, std::end(symbol_of), kNone);
    return true;
}

} // namespace ringside::rtl
