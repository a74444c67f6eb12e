// SPDX-License-Identifier: MIT
// 100 000 hostile images, the same ones on every run: bytes flipped, files cut (a few lengthened), header and directory
// fields set to telling values, pieces of images put into others. None may crash the host, hang it or make it lose
// memory (the sanitizer preset sees to the last), and each gets one line if it is refused. Seeds are built drivers; the
// .sys files in $RINGSIDE_DRIVERS, or in the folder that the build names, join them.
#include "pe_builder.h"
#include "pe_exercise.h"
#include "pe_signer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#ifndef RINGSIDE_DRIVERS // where the build puts its drivers
#define RINGSIDE_DRIVERS ""
#endif

namespace ringside::test {
namespace {

constexpr int kImagesPerTest = 25000;
constexpr size_t kSeedSizeMax = 256 << 10;

using Bytes = std::vector<std::byte>;

class Random {
public:
    explicit Random(uint64_t seed)
        : m_state(seed * 0x9E3779B97F4A7C15 | 1)
    {
    }
    uint64_t next()
    {
        m_state ^= m_state << 13;
        m_state ^= m_state >> 7;
        m_state ^= m_state << 17;
        return m_state;
    }
    size_t below(size_t limit) { return limit ? size_t((next() >> 11) % limit) : 0; }

private:
    uint64_t m_state;
};

std::vector<Bytes> make_seeds()
{
    std::vector<Bytes> seeds;
    PeBuilder plain;
    seeds.push_back(plain.build().bytes);

    PeBuilder rich;
    rich.exports = { { "Beta", "" }, { "", "" }, { "Alpha", "ntoskrnl.DbgPrint" }, { "Gamma", "built.Beta" } };
    rich.delay_imports = { { "ext.sys", { "One", "Two" } } };
    BuiltImage image = rich.build();
    PeSigner("Seed", "Ringside").sign(image);
    seeds.push_back(image.bytes);

    PeBuilder bare;
    bare.relocations = false;
    bare.characteristics |= pe::kFileRelocsStripped;
    bare.version_strings.clear();
    bare.pdb_name.clear();
    bare.imports.clear();
    seeds.push_back(bare.build().bytes);

    char const* folder = std::getenv("RINGSIDE_DRIVERS");
    std::error_code error;
    std::vector<std::filesystem::path> files;
    for (auto const& entry : std::filesystem::directory_iterator(folder ? folder : RINGSIDE_DRIVERS, error)) {
        if (entry.path().extension() == ".sys" && entry.file_size() <= kSeedSizeMax)
            files.push_back(entry.path());
    }
    std::ranges::sort(files);
    for (auto const& path : files) {
        std::ifstream file(path, std::ios::binary);
        std::string content { std::istreambuf_iterator<char>(file), {} };
        auto bytes = std::as_bytes(std::span(content));
        seeds.emplace_back(bytes.begin(), bytes.end());
    }
    return seeds;
}

std::vector<Bytes> const& seeds()
{
    static std::vector<Bytes> const kSeeds = make_seeds();
    return kSeeds;
}

// Values on which careless arithmetic breaks.
uint64_t telling_value(Random& random, size_t file_size)
{
    static constexpr uint64_t kValues[] { 0,
                                          1,
                                          2,
                                          3,
                                          4,
                                          7,
                                          8,
                                          0x0C,
                                          0x14,
                                          0x28,
                                          0x7F,
                                          0x80,
                                          0xFF,
                                          0x200,
                                          0x3FF,
                                          0x400,
                                          0xFFF,
                                          0x1000,
                                          0x2000,
                                          0x7FFF,
                                          0x8000,
                                          0xFFFF,
                                          0x10000,
                                          0x7FFFFFFF,
                                          0x80000000,
                                          0xFFFFF000,
                                          0xFFFFFFF0,
                                          0xFFFFFFFF,
                                          0x140000000,
                                          0x7FFFFFFFFFFFFFFF,
                                          0x8000000000000000,
                                          0xFFFFFFFFFFFFFFFF };
    switch (random.below(4)) {
    case 0:
        return file_size - random.below(16);
    case 1:
        return random.below(0x9000);
    case 2:
        return random.next();
    default:
        return kValues[random.below(std::size(kValues))];
    }
}

void set_field(Bytes& bytes, size_t offset, size_t width, uint64_t value)
{
    if (offset + width <= bytes.size())
        std::memcpy(bytes.data() + offset, &value, width);
}

void flip_bytes(Bytes& bytes, Random& random)
{
    for (size_t count = 1 + random.below(8); count > 0; --count)
        bytes[random.below(bytes.size())] ^= std::byte(1u << random.below(8));
}

void cut(Bytes& bytes, Random& random)
{
    if (random.below(16) == 0) {
        bytes.resize(bytes.size() + random.below(64), std::byte(0x5A));
        return;
    }
    // Half of the cuts fall into the headers, where every offset is another case.
    bytes.resize(random.below(random.below(2) ? bytes.size() : std::min<size_t>(bytes.size(), 0x420)));
    if (!bytes.empty() && random.below(4) == 0)
        flip_bytes(bytes, random);
}

// Sets fields of the headers, of the section table, or any aligned word of a table that a directory points at.
void set_fields(Bytes& bytes, Random& random)
{
    for (size_t count = 1 + random.below(3); count > 0; --count) {
        size_t offset = 0, width = size_t(2) << random.below(3);
        uint32_t pe_offset = ldr::read_at<uint32_t>(bytes, 0x3C).value_or(0);
        size_t headers = std::min<size_t>(pe_offset, 0x400), directories = headers + 24 + sizeof(pe::OptionalHeader64);
        switch (random.below(4)) {
        case 0:
            offset = headers + 4 + 2 * random.below(10 + sizeof(pe::OptionalHeader64) / 2);
            break;
        case 1:
            offset = directories + 4 * random.below(2 * pe::kDirectoryCount), width = 4;
            break;
        case 2:
            offset = directories + 128 + 4 * random.below(80), width = 4;
            break;
        default:
            offset = 0x400 + 4 * random.below((bytes.size() - std::min<size_t>(bytes.size(), 0x400)) / 4);
            break;
        }
        set_field(bytes, offset, width, telling_value(random, bytes.size()));
    }
}

void splice(Bytes& bytes, Random& random)
{
    Bytes const& other = seeds()[random.below(seeds().size())];
    size_t length = 1 + random.below(std::min(bytes.size(), other.size()) / 2);
    size_t from = random.below(other.size() - length), to = random.below(bytes.size() - length);
    if (random.below(2) == 0)
        from = to = std::min(from, to); // the same place in both: headers stay headers
    switch (random.below(3)) {
    case 0:
        bytes.insert(bytes.begin() + ptrdiff_t(to), other.begin() + ptrdiff_t(from),
                     other.begin() + ptrdiff_t(from + length));
        break;
    case 1:
        bytes.erase(bytes.begin() + ptrdiff_t(to), bytes.begin() + ptrdiff_t(to + length));
        break;
    default:
        std::copy_n(other.begin() + ptrdiff_t(from), length, bytes.begin() + ptrdiff_t(to));
        break;
    }
}

// Runs one mutator over all seeds; with RINGSIDE_MUTATION=n only image n, to look at a failure.
void mutate(uint64_t stream, void (*mutator)(Bytes&, Random&))
{
    char const* only = std::getenv("RINGSIDE_MUTATION");
    int accepted = 0;
    for (int i = only ? std::atoi(only) : 0; i < kImagesPerTest; ++i) {
        Random random(stream << 32 | uint64_t(i + 1));
        Bytes bytes = seeds()[size_t(i) % seeds().size()];
        mutator(bytes, random);
        auto start = std::chrono::steady_clock::now();
        try {
            // Every eighth image also goes through OpenSSL, which is slower than all the rest together.
            accepted += exercise_image(bytes, i % 8 < 2) == Outcome::Accepted;
        } catch (std::exception const& error) {
            FAIL() << error.what() << ": run again with RINGSIDE_MUTATION=" << i;
        }
        ASSERT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5)) << "RINGSIDE_MUTATION=" << i;
        if (only)
            return;
    }
    // A mutator that hits nothing but the first check would test nothing.
    EXPECT_GT(accepted, kImagesPerTest / 100);
    EXPECT_LT(accepted, kImagesPerTest);
    testing::Test::RecordProperty("accepted", accepted);
}

TEST(PeMutation, SeedsAreGood)
{
    for (size_t i = 0; i < seeds().size(); ++i)
        EXPECT_EQ(exercise_image(seeds()[i], true), Outcome::Accepted) << i;
}

TEST(PeMutation, FlippedBytes) { mutate(1, flip_bytes); }
TEST(PeMutation, CutFiles) { mutate(2, cut); }
TEST(PeMutation, Fields) { mutate(3, set_fields); }
TEST(PeMutation, Splices) { mutate(4, splice); }

} // namespace
} // namespace ringside::test
