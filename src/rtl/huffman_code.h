// SPDX-License-Identifier: MIT
// The prefix code of XPRESS_HUFF: 512 symbols (256 literal bytes, 256 kinds of match), words of at most 15 bits, numbered
// in order of length and then of symbol.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace ringside::rtl {

inline constexpr size_t kHuffmanSymbols = 512;
inline constexpr unsigned kHuffmanBitsMax = 15;

// Lengths of an optimal code for these counts, shortened where a word would be too long. Symbols that never occur have
// none.
void huffman_lengths(uint32_t (&counts)[kHuffmanSymbols], uint8_t (&lengths)[kHuffmanSymbols]);
void huffman_words(uint8_t const (&lengths)[kHuffmanSymbols], uint16_t (&words)[kHuffmanSymbols]);

// Reads by code word; `symbol_of` is indexed by the next 15 bits. False where the lengths are those of no code.
struct HuffmanReader {
    uint16_t symbol_of[1 << kHuffmanBitsMax];
    uint8_t lengths[kHuffmanSymbols];
    bool build();
};

} // namespace ringside::rtl
