// SPDX-License-Identifier: MIT
// @cite(wdk-ddi): page=ntifs/nf-ntifs-rtlcompressbuffer
// @cite(wdk-ddi): page=ntifs/nf-ntifs-rtldecompressbuffer
// @cite(wdk-ddi): page=ntifs/nf-ntifs-rtldecompressfragment
// @cite(wdk-ddi): page=ntifs/nf-ntifs-rtlgetcompressionworkspacesize
#include "rtl/compression.h"

#include <algorithm>

namespace ringside::rtl {

namespace {

constexpr USHORT kFormatMask = 0x00FF;
constexpr USHORT kEngineMask = 0xFF00;
constexpr size_t kDefaultChunk = 4096;

NTSTATUS check_format(USHORT format, USHORT highest)
{
    if (format == COMPRESSION_FORMAT_NONE || format == COMPRESSION_FORMAT_DEFAULT)
        return STATUS_INVALID_PARAMETER;
    return format > highest ? STATUS_UNSUPPORTED_COMPRESSION : STATUS_SUCCESS;
}

NTSTATUS check_engine(USHORT format_and_engine)
{
    USHORT const engine = format_and_engine & kEngineMask;
    return engine == COMPRESSION_ENGINE_STANDARD || engine == COMPRESSION_ENGINE_MAXIMUM ? STATUS_SUCCESS
                                                                                         : STATUS_NOT_SUPPORTED;
}

bool is_chunk(ULONG size) { return size == 512 || size == 1024 || size == 2048 || size == 4096; }

NTSTATUS decompress(USHORT format, std::span<uint8_t> out, std::span<uint8_t const> in, ULONG* final_size, size_t chunk)
{
    if (NTSTATUS const status = check_format(format & kFormatMask, COMPRESSION_FORMAT_XPRESS_HUFF); status)
        return status;
    std::optional<size_t> bytes;
    switch (format & kFormatMask) {
    case COMPRESSION_FORMAT_LZNT1:
        bytes = lznt1_decompress(in, out, chunk);
        break;
    case COMPRESSION_FORMAT_XPRESS:
        bytes = xpress_decompress(in, out);
        break;
    default:
        bytes = huffman_decompress(in, out);
    }
    if (!bytes)
        return STATUS_BAD_COMPRESSION_BUFFER;
    *final_size = static_cast<ULONG>(*bytes);
    return STATUS_SUCCESS;
}

NTSTATUS fragment_of(USHORT format, std::span<uint8_t> out, std::span<uint8_t const> in, ULONG offset,
                     ULONG* final_size, size_t chunk)
{
    if (NTSTATUS const status = check_format(format & kFormatMask, COMPRESSION_FORMAT_LZNT1); status)
        return status;
    auto const bytes = lznt1_fragment(in, out, offset, chunk);
    if (!bytes)
        return STATUS_BAD_COMPRESSION_BUFFER;
    *final_size = static_cast<ULONG>(*bytes);
    return STATUS_SUCCESS;
}

} // namespace

// The compressors here work without the caller's space; it is asked for all the same, for the driver allocates it.
NTSTATUS RtlGetCompressionWorkSpaceSize(USHORT format_and_engine, ULONG* buffer_size, ULONG* fragment_size)
{
    if (NTSTATUS const status = check_format(format_and_engine & kFormatMask, COMPRESSION_FORMAT_XPRESS_HUFF); status)
        return status;
    if (NTSTATUS const status = check_engine(format_and_engine); status)
        return status;
    *buffer_size = 16 * 4096;
    *fragment_size = 4096;
    return STATUS_SUCCESS;
}

NTSTATUS RtlCompressBuffer(USHORT format_and_engine, UCHAR const* uncompressed, ULONG uncompressed_size,
                           UCHAR* compressed, ULONG compressed_size, ULONG chunk_size, ULONG* final_size, PVOID)
{
    USHORT const format = format_and_engine & kFormatMask;
    if (NTSTATUS const status = check_format(format, COMPRESSION_FORMAT_XPRESS_HUFF); status)
        return status;
    if (NTSTATUS const status = check_engine(format_and_engine); status)
        return status;
    if (format == COMPRESSION_FORMAT_LZNT1 && !is_chunk(chunk_size))
        return STATUS_INVALID_PARAMETER;
    std::span<uint8_t const> const in { uncompressed, uncompressed_size };
    std::span<uint8_t> const out { compressed, compressed_size };
    std::optional<size_t> bytes;
    if (format == COMPRESSION_FORMAT_LZNT1)
        bytes = lznt1_compress(in, out, chunk_size);
    else
        bytes = format == COMPRESSION_FORMAT_XPRESS ? xpress_compress(in, out) : huffman_compress(in, out);
    if (!bytes)
        return STATUS_BUFFER_TOO_SMALL;
    *final_size = static_cast<ULONG>(*bytes);
    bool const zeros = !in.empty() && std::ranges::all_of(in, [](uint8_t byte) { return byte == 0; });
    return zeros ? STATUS_BUFFER_ALL_ZEROS : STATUS_SUCCESS;
}

NTSTATUS RtlDecompressBuffer(USHORT format, UCHAR* uncompressed, ULONG uncompressed_size, UCHAR const* compressed,
                             ULONG compressed_size, ULONG* final_size)
{
    return decompress(format, { uncompressed, uncompressed_size }, { compressed, compressed_size }, final_size,
                      kDefaultChunk);
}

NTSTATUS RtlDecompressBufferEx(USHORT format, UCHAR* uncompressed, ULONG uncompressed_size, UCHAR const* compressed,
                               ULONG compressed_size, ULONG* final_size, PVOID)
{
    return RtlDecompressBuffer(format, uncompressed, uncompressed_size, compressed, compressed_size, final_size);
}

NTSTATUS RtlDecompressBufferEx2(USHORT format, UCHAR* uncompressed, ULONG uncompressed_size, UCHAR const* compressed,
                                ULONG compressed_size, ULONG chunk_size, ULONG* final_size, PVOID)
{
    if (!is_chunk(chunk_size))
        return STATUS_INVALID_PARAMETER;
    return decompress(format, { uncompressed, uncompressed_size }, { compressed, compressed_size }, final_size,
                      chunk_size);
}

NTSTATUS RtlDecompressFragment(USHORT format, UCHAR* fragment, ULONG fragment_size, UCHAR const* compressed,
                               ULONG compressed_size, ULONG offset, ULONG* final_size, PVOID)
{
    return fragment_of(format, { fragment, fragment_size }, { compressed, compressed_size }, offset, final_size,
                       kDefaultChunk);
}

NTSTATUS RtlDecompressFragmentEx(USHORT format, UCHAR* fragment, ULONG fragment_size, UCHAR const* compressed,
                                 ULONG compressed_size, ULONG offset, ULONG chunk_size, ULONG* final_size, PVOID)
{
    if (!is_chunk(chunk_size))
        return STATUS_INVALID_PARAMETER;
    return fragment_of(format, { fragment, fragment_size }, { compressed, compressed_size }, offset, final_size,
                       chunk_size);
}

} // namespace ringside::rtl
