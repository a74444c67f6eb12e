// SPDX-License-Identifier: MIT
// Compression: the specification's own examples, round trips, and bytes that are no compressed text.
#include "rtl/compression.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

using namespace ringside;
using namespace ringside::nt;
using namespace ringside::rtl;

namespace {

using Bytes = std::vector<uint8_t>;

std::string text_of(Bytes const& bytes) { return { bytes.begin(), bytes.end() }; }

Bytes expand(USHORT format, Bytes const& packed, size_t size)
{
    Bytes out(size);
    ULONG written = 0;
    NTSTATUS const status = RtlDecompressBuffer(format, out.data(), static_cast<ULONG>(out.size()), packed.data(),
                                                static_cast<ULONG>(packed.size()), &written);
    EXPECT_EQ(status, STATUS_SUCCESS);
    out.resize(written);
    return out;
}

Bytes pack(USHORT format, Bytes const& text)
{
    Bytes out(text.size() * 2 + 1024);
    ULONG written = 0;
    NTSTATUS const status = RtlCompressBuffer(format, text.data(), static_cast<ULONG>(text.size()), out.data(),
                                              static_cast<ULONG>(out.size()), 4096, &written, nullptr);
    EXPECT_GE(status, 0);
    out.resize(written);
    return out;
}

constexpr USHORT kFormats[] = { COMPRESSION_FORMAT_LZNT1, COMPRESSION_FORMAT_XPRESS, COMPRESSION_FORMAT_XPRESS_HUFF };

// Texts of many kinds: empty, runs, prose, noise, all of them across the boundaries of chunks and blocks.
std::vector<Bytes> texts()
{
    std::mt19937 random(7);
    std::vector<Bytes> all { {}, { 1 }, { 1, 1 }, Bytes(3, 9), Bytes(4096, 0), Bytes(4097, 5), Bytes(70000, 0xAA) };
    Bytes prose;
    while (prose.size() < 200'000)
        for (char c : std::string("the quick brown fox ") + std::to_string(random() % 1000))
            prose.push_back(static_cast<uint8_t>(c));
    all.push_back(prose);
    for (size_t size : { 65535u, 65536u, 65537u, 131072u }) {
        Bytes noise(size);
        for (auto& byte : noise)
            byte = static_cast<uint8_t>(random() % 7 ? random() % 4 : random());
        all.push_back(noise);
    }
    Bytes far(60'000, 1);
    for (size_t i = 0; i < 300; ++i)
        far[i] = far[59'000 + i] = static_cast<uint8_t>(random());
    all.push_back(far);
    return all;
}

} // namespace

// The examples of [MS-XCA], section 3.
// Shows: texts that Windows compressed are read.
TEST(rtl_compression, reads_the_specifications_examples)
{
    std::string const alphabet = "abcdefghijklmnopqrstuvwxyz";
    Bytes plain { 0x3f, 0, 0, 0 };
    for (char c : alphabet)
        plain.push_back(static_cast<uint8_t>(c));
    EXPECT_EQ(text_of(expand(COMPRESSION_FORMAT_XPRESS, plain, 26)), alphabet);
    std::string repeated;
    for (int i = 0; i < 100; ++i)
        repeated += "abc";
    EXPECT_EQ(text_of(expand(COMPRESSION_FORMAT_XPRESS,
                             { 0xff, 0xff, 0xff, 0x1f, 0x61, 0x62, 0x63, 0x17, 0x00, 0x0f, 0xff, 0x26, 0x01 }, 300)),
              repeated);
    Bytes const lznt1 { 0x38, 0xb0, 0x88, 0x46, 0x23, 0x20, 0x00, 0x20, 0x47, 0x20, 0x41, 0x00, 0x10, 0xa2, 0x47,
                        0x01, 0xa0, 0x45, 0x20, 0x44, 0x00, 0x08, 0x45, 0x01, 0x50, 0x79, 0x00, 0xc0, 0x45, 0x20,
                        0x05, 0x24, 0x13, 0x88, 0x05, 0xb4, 0x02, 0x4a, 0x44, 0xef, 0x03, 0x58, 0x02, 0x8c, 0x09,
                        0x16, 0x01, 0x48, 0x45, 0x00, 0xbe, 0x00, 0x9e, 0x00, 0x04, 0x01, 0x18, 0x90, 0x00 };
    EXPECT_EQ(text_of(expand(COMPRESSION_FORMAT_LZNT1, lznt1, 200)).substr(0, 40),
              "F# F# G A A G F# E D D E F# F# E E F# F#");
}

// Each text through each format.
// Shows: what was compressed comes back; runs and prose become much smaller; a text of zeros says so.
TEST(rtl_compression, round_trips)
{
    for (USHORT format : kFormats)
        for (Bytes const& text : texts()) {
            Bytes const packed = pack(format, text);
            EXPECT_EQ(expand(format, packed, text.size()), text) << "format " << format << ", " << text.size();
            if (text.size() >= 200'000) {
                EXPECT_LT(packed.size(), text.size() * 2 / 3) << "format " << format;
            }
        }
    ULONG written = 0;
    Bytes out(100);
    Bytes const zeros(4096);
    EXPECT_EQ(RtlCompressBuffer(COMPRESSION_FORMAT_LZNT1, zeros.data(), 4096, out.data(), 100, 4096, &written, nullptr),
              STATUS_BUFFER_ALL_ZEROS);
}

// Buffers of every size below what is needed.
// Shows: the compressor says that the room is too small and writes nothing behind it; so does the decompressor.
TEST(rtl_compression, keeps_to_its_buffers)
{
    Bytes text;
    for (int i = 0; i < 400; ++i)
        text.push_back(static_cast<uint8_t>(i * i / 7));
    for (USHORT format : kFormats) {
        Bytes const packed = pack(format, text);
        for (size_t room = 0; room < packed.size(); ++room) {
            Bytes out(room + 8, 0xEE);
            ULONG written = 77;
            EXPECT_EQ(RtlCompressBuffer(format, text.data(), static_cast<ULONG>(text.size()), out.data(),
                                        static_cast<ULONG>(room), 4096, &written, nullptr),
                      STATUS_BUFFER_TOO_SMALL)
                << "format " << format << ", room " << room << " of " << packed.size();
            EXPECT_EQ(Bytes(out.end() - 8, out.end()), Bytes(8, 0xEE));
            EXPECT_EQ(written, 77u);
        }
        for (size_t room = 0; room < text.size(); ++room) {
            Bytes out(room + 8, 0xEE);
            ULONG written = 77;
            EXPECT_EQ(RtlDecompressBuffer(format, out.data(), static_cast<ULONG>(room), packed.data(),
                                          static_cast<ULONG>(packed.size()), &written),
                      STATUS_BAD_COMPRESSION_BUFFER)
                << "format " << format << ", room " << room;
            EXPECT_EQ(Bytes(out.end() - 8, out.end()), Bytes(8, 0xEE));
        }
    }
}

// Compressed texts with bytes changed, cut short, and noise.
// Shows: no byte outside the output is written, whatever the input says; the call always ends.
TEST(rtl_compression, survives_hostile_bytes)
{
    std::mt19937 random(11);
    Bytes text;
    for (int i = 0; i < 3000; ++i)
        text.push_back(static_cast<uint8_t>(random() % 5));
    for (USHORT format : kFormats) {
        Bytes const packed = pack(format, text);
        for (int round = 0; round < 300; ++round) {
            Bytes hostile = packed;
            if (round % 3 == 0)
                hostile.resize(random() % hostile.size());
            else if (round % 3 == 1)
                for (int n = 0; n < 4; ++n)
                    hostile[random() % hostile.size()] = static_cast<uint8_t>(random());
            else
                for (auto& byte : hostile)
                    byte = static_cast<uint8_t>(random());
            Bytes out(4096 + 8, 0xEE);
            ULONG written = 0;
            NTSTATUS const status = RtlDecompressBuffer(format, out.data(), 4096, hostile.data(),
                                                        static_cast<ULONG>(hostile.size()), &written);
            EXPECT_TRUE(status == STATUS_SUCCESS || status == STATUS_BAD_COMPRESSION_BUFFER);
            EXPECT_LE(written, 4096u);
            EXPECT_EQ(Bytes(out.end() - 8, out.end()), Bytes(8, 0xEE));
        }
    }
}

// Pieces of a text of three and a half chunks.
// Shows: a fragment is the same bytes as the whole has there, and is short or empty at the end.
TEST(rtl_compression, fragments)
{
    std::mt19937 random(3);
    Bytes text;
    for (size_t i = 0; i < 3 * 4096 + 2000; ++i)
        text.push_back(static_cast<uint8_t>(random() % 6));
    Bytes const packed = pack(COMPRESSION_FORMAT_LZNT1, text);
    for (size_t offset : { 0u, 1u, 4095u, 4096u, 5000u, 12'288u, 14'287u, 14'288u, 20'000u })
        for (size_t size : { 1u, 100u, 4096u, 9000u }) {
            Bytes out(size);
            ULONG written = 0;
            EXPECT_EQ(RtlDecompressFragment(COMPRESSION_FORMAT_LZNT1, out.data(), static_cast<ULONG>(size),
                                            packed.data(), static_cast<ULONG>(packed.size()),
                                            static_cast<ULONG>(offset), &written, nullptr),
                      STATUS_SUCCESS);
            size_t const expected = offset < text.size() ? std::min(size, text.size() - offset) : 0;
            ASSERT_EQ(written, expected);
            EXPECT_TRUE(std::equal(out.begin(), out.begin() + written, text.begin() + std::min(offset, text.size())));
        }
}
