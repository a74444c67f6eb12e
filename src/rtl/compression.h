// SPDX-License-Identifier: MIT
// Compression as [MS-XCA] specifies it: LZNT1 (chunks of at most 4096 bytes), XPRESS (plain LZ77) and XPRESS_HUFF (LZ77
// with a Huffman code for each 64 KiB). Compressed bytes may come from anywhere: whatever they say, nothing outside the
// two buffers is touched, and what cannot be right is STATUS_BAD_COMPRESSION_BUFFER.
#pragma once

#include "nt/basic.h"
#include "nt/status.h"

#include <optional>
#include <span>

namespace ringside::rtl {

inline constexpr USHORT COMPRESSION_FORMAT_NONE = 0;
inline constexpr USHORT COMPRESSION_FORMAT_DEFAULT = 1;
inline constexpr USHORT COMPRESSION_FORMAT_LZNT1 = 2;
inline constexpr USHORT COMPRESSION_FORMAT_XPRESS = 3;
inline constexpr USHORT COMPRESSION_FORMAT_XPRESS_HUFF = 4;
inline constexpr USHORT COMPRESSION_ENGINE_STANDARD = 0;
inline constexpr USHORT COMPRESSION_ENGINE_MAXIMUM = 0x100;
inline constexpr USHORT COMPRESSION_ENGINE_HIBER = 0x200;

// Bytes written; nothing when the output has no room.
std::optional<size_t> lznt1_compress(std::span<uint8_t const> input, std::span<uint8_t> output, size_t chunk);
std::optional<size_t> xpress_compress(std::span<uint8_t const> input, std::span<uint8_t> output);
std::optional<size_t> huffman_compress(std::span<uint8_t const> input, std::span<uint8_t> output);
// Bytes written; nothing when the input is wrong or the output has no room for all of it.
std::optional<size_t> lznt1_decompress(std::span<uint8_t const> input, std::span<uint8_t> output, size_t chunk);
std::optional<size_t> lznt1_fragment(std::span<uint8_t const> input, std::span<uint8_t> output, size_t offset,
                                     size_t chunk);
std::optional<size_t> xpress_decompress(std::span<uint8_t const> input, std::span<uint8_t> output);
std::optional<size_t> huffman_decompress(std::span<uint8_t const> input, std::span<uint8_t> output);

NTSTATUS RtlGetCompressionWorkSpaceSize(USHORT format_and_engine, ULONG* buffer_size, ULONG* fragment_size);
NTSTATUS RtlCompressBuffer(USHORT format_and_engine, UCHAR const* uncompressed, ULONG uncompressed_size,
                           UCHAR* compressed, ULONG compressed_size, ULONG chunk_size, ULONG* final_size,
                           PVOID work_space);
NTSTATUS RtlDecompressBuffer(USHORT format, UCHAR* uncompressed, ULONG uncompressed_size, UCHAR const* compressed,
                             ULONG compressed_size, ULONG* final_size);
NTSTATUS RtlDecompressBufferEx(USHORT format, UCHAR* uncompressed, ULONG uncompressed_size, UCHAR const* compressed,
                               ULONG compressed_size, ULONG* final_size, PVOID work_space);
NTSTATUS RtlDecompressBufferEx2(USHORT format, UCHAR* uncompressed, ULONG uncompressed_size, UCHAR const* compressed,
                                ULONG compressed_size, ULONG chunk_size, ULONG* final_size, PVOID work_space);
NTSTATUS RtlDecompressFragment(USHORT format, UCHAR* fragment, ULONG fragment_size, UCHAR const* compressed,
                               ULONG compressed_size, ULONG offset, ULONG* final_size, PVOID work_space);
NTSTATUS RtlDecompressFragmentEx(USHORT format, UCHAR* fragment, ULONG fragment_size, UCHAR const* compressed,
                                 ULONG compressed_size, ULONG offset, ULONG chunk_size, ULONG* final_size,
                                 PVOID work_space);

} // namespace ringside::rtl
