// SPDX-License-Identifier: MIT
// Laying an image out: what stands where, and which images may stand elsewhere than at their preferred base.
#include "ldr/pe.h"
#include "pe_builder.h"

#include <gtest/gtest.h>

namespace ringside::ldr {
namespace {

using test::BuiltImage;
using test::PeBuilder;

constexpr uint64_t kBase = 0x300000010000;

PeFile parsed(BuiltImage const& image)
{
    PeResult result = PeFile::parse(image.bytes);
    if (!result)
        throw std::runtime_error(result.bad().reason);
    return result.take();
}

uint64_t word(std::vector<std::byte> const& memory, uint32_t rva) { return *read_at<uint64_t>(memory, rva); }

TEST(PeLayout, SectionsZerosAndRelocations)
{
    BuiltImage image = PeBuilder().build();
    PeFile file = parsed(image);
    std::vector<std::byte> memory(file.memory_size(), std::byte(0xCC));
    ASSERT_FALSE(file.layout(memory, kBase));
    EXPECT_EQ(uint16_t(word(memory, 0)), pe::kDosMagic);
    EXPECT_EQ(uint32_t(word(memory, image.rva["entry"])), 0xC3C031u);
    EXPECT_EQ(word(memory, image.rva["address"]), kBase + image.rva["function"]);
    EXPECT_EQ(word(memory, image.rva["load config"] + pe::kLoadConfigSecurityCookie), kBase + image.rva["cookie"]);
    EXPECT_EQ(word(memory, 0xFF8), 0u) << "behind the headers";
    EXPECT_EQ(word(memory, 0x1FF8), 0u) << "behind .text";

    ASSERT_FALSE(file.layout(memory, file.preferred_base()));
    EXPECT_EQ(word(memory, image.rva["address"]), 0x140000000 + image.rva["function"]);
    EXPECT_TRUE(file.needs_relocation(kBase));
    EXPECT_FALSE(file.needs_relocation(file.preferred_base()));
}

// A relocation inside the relocation table changes memory only: the table that is applied is the file's.
TEST(PeLayout, ARelocationThatChangesTheTable)
{
    BuiltImage image = PeBuilder().build();
    uint32_t table = image.rva["relocations"];
    image.in<pe::RelocationBlock>(table).page = table & ~0xFFFu;
    image.in<uint16_t>(table, sizeof(pe::RelocationBlock)) = uint16_t(pe::kRelocationDir64 << 12 | (table & 0xFFF));
    PeFile file = parsed(image);
    std::vector<std::byte> memory(file.memory_size());
    ASSERT_FALSE(file.layout(memory, kBase));
    EXPECT_EQ(word(memory, image.rva["load config"] + pe::kLoadConfigSecurityCookie), kBase + image.rva["cookie"]);
}

// Without relocations and marked as bound to its base, an image that holds addresses stays there.
TEST(PeLayout, PositionDependent)
{
    PeBuilder driver;
    driver.relocations = false;
    driver.characteristics |= pe::kFileRelocsStripped;
    BuiltImage image = driver.build();
    PeFile file = parsed(image);
    EXPECT_TRUE(file.position_dependent());
    std::vector<std::byte> memory(file.memory_size());
    EXPECT_FALSE(file.layout(memory, file.preferred_base()));
    auto bad = file.layout(memory, kBase);
    ASSERT_TRUE(bad);
    EXPECT_EQ(bad->reason,
              "the image has no relocations and can only be loaded at 0x140000000 "
              "(it holds an address at 0x2008)");
    EXPECT_EQ(bad->status, kStatusConflictingAddresses);
}

// The same without anything that looks like an address: an old position-independent driver goes anywhere.
TEST(PeLayout, PositionIndependentWithoutRelocations)
{
    PeBuilder driver;
    driver.relocations = false;
    driver.characteristics |= pe::kFileRelocsStripped;
    BuiltImage image = driver.build();
    image.in<uint64_t>("address") = 0;
    image.in<uint64_t>("load config", pe::kLoadConfigSecurityCookie) = 0;
    PeFile file = parsed(image);
    EXPECT_FALSE(file.position_dependent());
    EXPECT_FALSE(file.needs_relocation(kBase));
    std::vector<std::byte> memory(file.memory_size());
    EXPECT_FALSE(file.layout(memory, kBase));
}

// An empty section has no bytes to look through.
TEST(PeLayout, EmptySectionWithoutRelocations)
{
    PeBuilder driver;
    driver.relocations = false;
    driver.characteristics |= pe::kFileRelocsStripped;
    BuiltImage image = driver.build();
    pe::SectionHeader& last = image.section(".rsrc");
    last.virtual_size = last.size_of_raw_data = last.pointer_to_raw_data = 0;
    image.directory(pe::kResourceDirectory) = {};
    image.in<uint64_t>("address") = 0;
    image.in<uint64_t>("load config", pe::kLoadConfigSecurityCookie) = 0;
    PeFile file = parsed(image);
    EXPECT_FALSE(file.position_dependent());
    EXPECT_EQ(file.protections().back().name, "INIT");
}

// Sections smaller than a page share pages, so one protection must serve them all.
TEST(PeLayout, SectionsThatSharePages)
{
    BuiltImage image = PeBuilder().build();
    image.optional().section_alignment = 0x200;
    for (size_t i = 0; i < pe::kDirectoryCount; ++i)
        image.directory(pe::DirectoryIndex(i)) = {};
    for (size_t i = 0; i < image.file_header().number_of_sections; ++i)
        image.section(i).virtual_address = image.section(i).pointer_to_raw_data;
    image.optional().size_of_image = uint32_t(image.bytes.size());
    image.optional().address_of_entry_point = image.section(".text").virtual_address;
    PeFile file = parsed(image);
    ASSERT_EQ(file.protections().size(), 1u);
    Protection all = file.protections()[0];
    EXPECT_TRUE(all.read && all.write && all.execute);
    EXPECT_EQ(all.size, file.memory_size());
    std::vector<std::byte> memory(file.memory_size());
    ASSERT_FALSE(file.layout(memory, file.preferred_base()));
    EXPECT_EQ(uint32_t(word(memory, file.entry_point())), 0xC3C031u);
}

} // namespace
} // namespace ringside::ldr
