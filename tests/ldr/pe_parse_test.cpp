// SPDX-License-Identifier: MIT
// What the parser says about good images: every directory of a built driver is read back as it was written.
#include "ldr/pe.h"
#include "pe_builder.h"

#include <gtest/gtest.h>

namespace ringside::ldr {
namespace {

using test::BuiltImage;
using test::PeBuilder;

PeFile parsed(BuiltImage const& image)
{
    PeResult result = PeFile::parse(image.bytes);
    if (!result)
        throw std::runtime_error(result.bad().reason);
    return result.take();
}

// All that `inspect` shows of the headers.
TEST(PeParse, Headers)
{
    PeFile file = parsed(PeBuilder().build());
    Headers const& headers = file.headers();
    EXPECT_EQ(machine_name(headers.machine), "x64");
    EXPECT_EQ(subsystem_name(headers.subsystem), "native (a driver)");
    EXPECT_EQ(headers.timestamp, 0x66000000u);
    EXPECT_EQ(headers.linker, (PeVersion { 14, 0 }));
    EXPECT_EQ(headers.os, (PeVersion { 10, 0 }));
    EXPECT_EQ(headers.subsystem_version, (PeVersion { 6, 1 }));
    EXPECT_EQ(headers.dll_characteristics, 0x0160);
    EXPECT_EQ(file.preferred_base(), 0x140000000u);
    EXPECT_EQ(file.entry_point(), 0x1000u);
    EXPECT_EQ(file.memory_size(), 0x8000u);
    EXPECT_FALSE(headers.is_dll());
    EXPECT_FALSE(file.why_not_a_driver());
}

std::string table_of(std::vector<Protection> const& ranges)
{
    std::string text;
    for (Protection const& range : ranges)
        text += fmt::format("{} {:#x}+{:#x} {}{}{}{}{}\n", range.name, range.rva, range.size, range.read ? 'r' : '-',
                            range.write ? 'w' : '-', range.execute ? 'x' : '-', range.discardable ? " discardable" : "",
                            range.pageable ? " pageable" : "");
    return text;
}

TEST(PeParse, Protections)
{
    BuiltImage image = PeBuilder().build();
    std::memcpy(image.section(".pdata").name, "PAGE_\0\0\0", 8);
    EXPECT_EQ(table_of(parsed(image).protections()),
              "headers 0x0+0x1000 r--\n"
              ".text 0x1000+0x1000 r-x\n"
              ".data 0x2000+0x1000 rw-\n"
              ".rdata 0x3000+0x1000 r--\n"
              "PAGE_ 0x4000+0x1000 r-- pageable\n"
              "INIT 0x5000+0x1000 rw- discardable\n"
              ".rsrc 0x6000+0x1000 r-- discardable\n"
              ".reloc 0x7000+0x1000 r-- discardable\n");
}

std::string table_of(std::vector<ImportedDll> const& dlls)
{
    std::string text;
    for (ImportedDll const& dll : dlls) {
        text += dll.name + ":";
        for (Import const& import : dll.imports)
            text += import.name.empty() ? fmt::format(" #{}", import.ordinal) : " " + import.name;
        text += "\n";
    }
    return text;
}

TEST(PeParse, Imports)
{
    BuiltImage image = PeBuilder().build();
    PeFile file = parsed(image);
    EXPECT_EQ(table_of(file.imports()),
              "ntoskrnl.exe: DbgPrint IoCreateDevice #12\n"
              "HAL.dll: KeQueryPerformanceCounter\n");
    EXPECT_EQ(file.imports()[0].imports[1].slot_rva, image.rva["first slots"] + 8);
}

// Very old linkers write no lookup table: the names stand in the address table.
TEST(PeParse, ImportsWithoutLookupTable)
{
    BuiltImage image = PeBuilder().build();
    image.in<pe::ImportDescriptor>("import table").lookup_table = 0;
    EXPECT_EQ(table_of(parsed(image).imports()),
              "ntoskrnl.exe: DbgPrint IoCreateDevice #12\n"
              "HAL.dll: KeQueryPerformanceCounter\n");
}

// The import directory's size is ignored, as in Windows: it must not hide imports.
TEST(PeParse, ImportsWithSizeZero)
{
    BuiltImage image = PeBuilder().build();
    image.directory(pe::kImportDirectory).size = 0;
    EXPECT_EQ(parsed(image).imports().size(), 2u);
}

TEST(PeParse, DelayImports)
{
    PeBuilder driver;
    driver.delay_imports = { { "ext-ms-win-ntos-x.sys", { "PoSomething", "PoOther" } } };
    PeFile file = parsed(driver.build());
    EXPECT_EQ(table_of(file.delay_imports()), "ext-ms-win-ntos-x.sys: PoSomething PoOther\n");
    EXPECT_EQ(file.imports().size(), 2u);
}

TEST(PeParse, Exports)
{
    PeBuilder driver;
    driver.exports = { { "Beta", "" }, { "", "" }, { "Alpha", "ntoskrnl.DbgPrint" }, { "Gamma", "hal.#7" } };
    BuiltImage image = driver.build();
    PeFile file = parsed(image);
    Exports const& exports = file.exports();
    EXPECT_EQ(exports.dll_name, "built.sys");
    ASSERT_EQ(exports.rows.size(), 4u);
    ASSERT_NE(exports.find("Beta"), nullptr);
    EXPECT_EQ(exports.find("Beta")->rva, image.rva["function"]);
    EXPECT_EQ(exports.find("Beta")->ordinal, 1u);
    EXPECT_EQ(exports.find("Alpha")->forwarder, "ntoskrnl.DbgPrint");
    EXPECT_EQ(exports.find("Nothing"), nullptr);
    EXPECT_EQ(exports.find(""), nullptr);
    ASSERT_NE(exports.find(2u), nullptr);
    EXPECT_EQ(exports.find(2u)->name, "");
    EXPECT_EQ(exports.find(9u), nullptr);
    auto target = split_forwarder(exports.find("Gamma")->forwarder);
    ASSERT_TRUE(target);
    EXPECT_EQ(target->module, "hal");
    EXPECT_EQ(target->ordinal, 7u);
}

TEST(PeParse, FunctionTable)
{
    BuiltImage image = PeBuilder().build();
    PeFile file = parsed(image);
    ASSERT_EQ(file.functions().size(), 3u);
    EXPECT_EQ(file.functions()[1].begin, image.rva["function"]);
    EXPECT_EQ(file.functions()[1].unwind, image.rva["unwind"]);
}

// A section may end right behind unwind information without codes, as in WinDivert64.sys.
TEST(PeParse, UnwindInformationAtTheEndOfItsSection)
{
    BuiltImage image = PeBuilder().build();
    pe::SectionHeader& rdata = image.section(".rdata");
    rdata.virtual_size = (rdata.virtual_size + 7) / 4 * 4;
    uint32_t last = rdata.virtual_address + rdata.virtual_size - 4;
    image.in<uint32_t>(last) = 1;
    image.in<pe::RuntimeFunction>(image.rva["functions"], 12).unwind = last;
    EXPECT_EQ(parsed(image).functions().size(), 3u);
}

TEST(PeParse, LoadConfigDebugVersion)
{
    BuiltImage image = PeBuilder().build();
    PeFile file = parsed(image);
    EXPECT_EQ(file.load_config().cookie_rva, image.rva["cookie"]);
    EXPECT_TRUE(file.load_config().cookie_has_default);
    EXPECT_EQ(file.debug().pdb_name, "built.pdb");
    EXPECT_EQ(file.debug().pdb_key(), "0403020106050807090A0B0C0D0E0F107");
    EXPECT_FALSE(file.debug().reproducible);
    EXPECT_EQ(file.version().find("CompanyName"), "Ringside");
    EXPECT_EQ(file.version().find("OriginalFilename"), "built.sys");
    EXPECT_EQ(file.version().find("LegalCopyright"), "");
    EXPECT_EQ(file.version().file_version, (std::array<uint16_t, 4> { 1, 2, 3, 4 }));
}

// Broken data for people is no reason to refuse an image: Windows does not look at it.
TEST(PeParse, BrokenDebugAndVersionDataCountAsNone)
{
    BuiltImage image = PeBuilder().build();
    image.in<pe::DebugEntry>("debug").pointer_to_raw_data = 0xFFFFFFF0;
    image.in<uint16_t>("version") = 0xFFFF;
    PeFile file = parsed(image);
    EXPECT_EQ(file.debug().pdb_name, "");
    EXPECT_EQ(file.debug().pdb_key(), "");
    EXPECT_TRUE(file.version().strings.empty());
}

// What a file calls itself goes to a terminal: control characters do not pass.
TEST(PeParse, UnprintableNamesAreEscaped)
{
    PeBuilder driver;
    driver.pdb_name = "a\x1b[2Jb.pdb";
    driver.version_strings = { { "CompanyName", "Evil\x07 Corp" } };
    BuiltImage image = driver.build();
    std::memcpy(image.section(".pdata").name, "\x1b[31m\0\0\0", 8);
    PeFile file = parsed(image);
    EXPECT_EQ(file.sections()[3].name, "\\x1b[31m");
    EXPECT_EQ(file.debug().pdb_name, "a\\x1b[2Jb.pdb");
    EXPECT_EQ(file.version().find("CompanyName"), "Evil? Corp");
}

TEST(PeParse, Checksum)
{
    BuiltImage image = PeBuilder().build();
    image.bytes.push_back(std::byte(0x5A)); // an odd length
    PeFile file = parsed(image);
    EXPECT_FALSE(file.checksum_matches());
    // The plain definition: 16-bit words with end-around carry, the field itself as zero, plus the length.
    uint32_t sum = 0;
    for (size_t i = 0; i < image.bytes.size(); i += 2) {
        uint32_t high = i + 1 < image.bytes.size() ? uint32_t(image.bytes[i + 1]) : 0;
        sum += uint32_t(image.bytes[i]) | high << 8;
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    EXPECT_EQ(file.computed_checksum(), sum + image.bytes.size());
    image.optional().check_sum = file.computed_checksum();
    EXPECT_TRUE(parsed(image).checksum_matches());
}

// Tables that a careless reader needs time squared for: a long chain of forwarders by ordinal, in a file of 1.5 MiB.
TEST(PeParse, ManyForwarders)
{
    PeBuilder driver;
    for (int i = 1; i < 60000; ++i)
        driver.exports.push_back({ "", fmt::format("built.#{}", i + 1) });
    driver.exports.push_back({ "end", "" });
    EXPECT_EQ(parsed(driver.build()).exports().rows.size(), 60000u);
}

// A program parses, so that `inspect` can say what it is; it is only no driver.
TEST(PeParse, AProgramIsNoDriver)
{
    PeBuilder program;
    program.subsystem = 3;
    PeFile file = parsed(program.build());
    ASSERT_TRUE(file.why_not_a_driver());
    EXPECT_EQ(file.why_not_a_driver()->reason,
              "this is not a driver: its subsystem is \"console program\", a driver's is \"native\"");
}

TEST(PeParse, AnExportDriverNeedsNoEntryPoint)
{
    PeBuilder driver;
    driver.characteristics |= pe::kFileDll;
    BuiltImage image = driver.build();
    image.optional().address_of_entry_point = 0;
    EXPECT_TRUE(parsed(image).headers().is_dll());
}

} // namespace
} // namespace ringside::ldr
