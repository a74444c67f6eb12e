// SPDX-License-Identifier: MIT
// Every refusal that comes from headers and sections, with its exact words.
#include "pe_refusal.h"

#include <sys/mman.h>

namespace ringside::ldr {
namespace {

using test::BuiltImage;
using test::PeBuilder;
using test::Refused;

class PeRefuseHeaders : public testing::TestWithParam<Refused> { };

TEST_P(PeRefuseHeaders, SaysWhy) { test::expect_refused(GetParam()); }

Refused const kFiles[] {
    { "Empty", [](BuiltImage& i) { i.bytes.clear(); }, "the file is empty", kStatusInvalidImageNotMz },
    { "NotMz", [](BuiltImage& i) { i.at<uint8_t>(0) = 'N'; }, "this is not a PE image: it does not start with MZ",
      kStatusInvalidImageNotMz },
    { "OneByte", [](BuiltImage& i) { i.bytes.resize(1); }, "this is not a PE image: it does not start with MZ",
      kStatusInvalidImageNotMz },
    { "Elf", [](BuiltImage& i) { i.at<uint32_t>(0) = 0x464C457F; },
      "this is not a PE image: it does not start with MZ (it is an ELF file)", kStatusInvalidImageNotMz },
    { "CutInTheDosHeader", [](BuiltImage& i) { i.bytes.resize(0x20); },
      "the file is cut short: the DOS header needs bytes up to 0x40, the file has 0x20" },
    { "NoPeHeader", [](BuiltImage& i) { i.at<uint32_t>(0x3C) = 0x7FFFFFFF; },
      "there is no PE header: the DOS header points at 0x7fffffff, the file has 0x1200 bytes (cut short, or a DOS "
      "program)" },
    { "NoPeSignature", [](BuiltImage& i) { i.at<uint32_t>(0x40) = 0x12345678; },
      "this is not a PE image: there is no PE signature at 0x40" },
    { "SixteenBit", [](BuiltImage& i) { i.at<uint32_t>(0x40) = pe::kNeSignature; },
      "this is a 16-bit (NE) image; Ringside loads x64 drivers", kStatusInvalidImageNeFormat },
    { "VxD", [](BuiltImage& i) { i.at<uint32_t>(0x40) = pe::kLeSignature; },
      "this is a VxD (LE) image; Ringside loads x64 drivers", kStatusInvalidImageLeFormat },
    { "MisalignedPeHeader",
      [](BuiltImage& i) {
          i.at<uint32_t>(0x3C) = 0x42;
          std::memmove(&i.bytes[0x42], &i.bytes[0x40], 0x300);
      },
      "the PE header stands at 0x42, which is not a multiple of 4" },
    { "CutInTheFileHeader", [](BuiltImage& i) { i.bytes.resize(0x50); },
      "the file is cut short: the file header needs bytes up to 0x58, the file has 0x50" },
    { "X86Driver", [](BuiltImage& i) { i.file_header().machine = pe::kMachineI386; },
      "this is a 32-bit (x86) driver; Ringside loads x64 drivers", kStatusInvalidImageWin32 },
    { "X86Program",
      [](BuiltImage& i) {
          i.file_header().machine = pe::kMachineI386;
          i.optional().subsystem = 2;
      },
      "this is a 32-bit (x86) program; Ringside loads x64 drivers", kStatusInvalidImageWin32 },
    { "Arm64Driver", [](BuiltImage& i) { i.file_header().machine = pe::kMachineArm64; },
      "this is an ARM64 driver; Ringside loads x64 drivers" },
    { "ItaniumDriver", [](BuiltImage& i) { i.file_header().machine = pe::kMachineIa64; },
      "this is an Itanium driver; Ringside loads x64 drivers" },
    { "UnknownMachine", [](BuiltImage& i) { i.file_header().machine = 0x5064; },
      "this image is for an unknown machine (0x5064); Ringside loads x64 drivers" },
    { "NotExecutable", [](BuiltImage& i) { i.file_header().characteristics = 0; },
      "the image is not marked executable: its linking failed or was not finished" },
    { "CutInTheOptionalHeader", [](BuiltImage& i) { i.bytes.resize(0x90); },
      "the file is cut short: the optional header needs bytes up to 0xc8, the file has 0x90" },
    { "CutInTheDirectories", [](BuiltImage& i) { i.bytes.resize(0xD0); },
      "the file is cut short: the optional header needs bytes up to 0x148, the file has 0xd0" },
    { "Pe32InX64", [](BuiltImage& i) { i.optional().magic = pe::kOptionalMagic32; },
      "the image is marked x64, but has a 32-bit (PE32) optional header" },
    { "RomImage", [](BuiltImage& i) { i.optional().magic = 0x107; },
      "the optional header has the unknown magic number 0x0107" },
    { "TooManyDirectories", [](BuiltImage& i) { i.optional().number_of_rva_and_sizes = 17; },
      "the image has 17 data directories; there are 16" },
    { "SmallOptionalHeader", [](BuiltImage& i) { i.file_header().size_of_optional_header = 200; },
      "the optional header (200 bytes) is too small for its 16 data directories" },
};
INSTANTIATE_TEST_SUITE_P(File, PeRefuseHeaders, testing::ValuesIn(kFiles), test::name_of);

// Addresses without memory behind them: the size alone decides.
TEST(PeRefuseFile, AHugeFile)
{
    size_t size = kFileSizeMax + 1;
    void* memory = mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    ASSERT_NE(memory, MAP_FAILED);
    EXPECT_EQ(PeFile::parse({ static_cast<std::byte const*>(memory), size }).bad().reason,
              "the file has more than 256 MiB, which no driver has");
    munmap(memory, size);
}

Refused const kSizes[] {
    { "AlignmentNoPowerOfTwo", [](BuiltImage& i) { i.optional().section_alignment = 0x1800; },
      "the alignments (0x1800 in memory, 0x200 in the file) are not powers of two" },
    { "AlignmentZero", [](BuiltImage& i) { i.optional().file_alignment = 0; },
      "the alignments (0x1000 in memory, 0x0 in the file) are not powers of two" },
    { "FileAlignmentLarger", [](BuiltImage& i) { i.optional().file_alignment = 0x2000; },
      "the file alignment (0x2000) is larger than the section alignment (0x1000)" },
    { "FileAlignmentTooSmall", [](BuiltImage& i) { i.optional().file_alignment = 0x10; },
      "the file alignment (0x10) does not fit the section alignment (0x1000)" },
    { "LowAlignmentsDiffer", [](BuiltImage& i) { i.optional().section_alignment = 0x400; },
      "the file alignment (0x200) does not fit the section alignment (0x400)" },
    { "ImageBase", [](BuiltImage& i) { i.optional().image_base = 0x140001000; },
      "the image base (0x140001000) is not a multiple of 64 KiB" },
    { "ImageBaseAtTheTop",
      [](BuiltImage& i) {
          i.optional().image_base = 0xFFFFFFFFFFFF0000;
          i.optional().size_of_image = 0x20000;
      },
      "the image base (0xffffffffffff0000) leaves no room for the image" },
    { "ImageSizeZero", [](BuiltImage& i) { i.optional().size_of_image = 0; },
      "the image size (0x0) is not a multiple of the section alignment (0x1000)" },
    { "ImageSizeOdd", [](BuiltImage& i) { i.optional().size_of_image = 0x8001; },
      "the image size (0x8001) is not a multiple of the section alignment (0x1000)" },
    { "ImageTooLarge", [](BuiltImage& i) { i.optional().size_of_image = 0xFFFFF000; },
      "the image asks for 4096 MiB of memory; Ringside gives a driver at most 256 MiB" },
    { "HeadersLargerThanTheImage", [](BuiltImage& i) { i.optional().size_of_headers = 0x9000; },
      "the headers (0x9000 bytes) are larger than the image (0x8000 bytes)" },
    { "HeadersBeyondTheFile", [](BuiltImage& i) { i.optional().size_of_headers = 0x1400; },
      "the file is cut short: the header area needs bytes up to 0x1400, the file has 0x1200" },
};
INSTANTIATE_TEST_SUITE_P(Sizes, PeRefuseHeaders, testing::ValuesIn(kSizes), test::name_of);

Refused const kSections[] {
    { "NoSections", [](BuiltImage& i) { i.file_header().number_of_sections = 0; }, "the image has no sections" },
    { "TooManySections", [](BuiltImage& i) { i.file_header().number_of_sections = 97; },
      "the image has 97 sections; Windows loads at most 96" },
    { "CutInTheSectionTable",
      [](BuiltImage& i) {
          i.optional().size_of_headers = 0x200;
          i.bytes.resize(0x200);
      },
      "the file is cut short: the section table needs bytes up to 0x260, the file has 0x200" },
    { "SectionTableBehindTheHeaders", [](BuiltImage& i) { i.optional().size_of_headers = 0x200; },
      "the section table ends at 0x260, behind the header area (0x200 bytes)" },
    { "MisalignedInMemory", [](BuiltImage& i) { i.section(".data").virtual_address = 0x2010; },
      "section .data starts at 0x2010, which is not a multiple of the section alignment (0x1000)" },
    { "OverHeadersInMemory", [](BuiltImage& i) { i.section(".text").virtual_address = 0; },
      "section .text (0x0) overlaps the headers in memory" },
    { "OverlapInMemory", [](BuiltImage& i) { i.section(".text").virtual_size = 0x1800; },
      "sections .text (0x1000 to 0x2800) and .data (0x2000 to 0x2010) overlap in memory or are out of order" },
    { "OutOfOrder", [](BuiltImage& i) { i.section(".rdata").virtual_address = 0x1000; },
      "sections .data (0x2000 to 0x2010) and .rdata (0x1000 to 0x10f8) overlap in memory or are out of order" },
    { "Hole", [](BuiltImage& i) { i.section(".rdata").virtual_address = 0x4000; },
      "there is a hole between sections .data (ends at 0x2010) and .rdata (starts at 0x4000)" },
    { "BeyondTheImage", [](BuiltImage& i) { i.section(".reloc").virtual_size = 0x2000; },
      "section .reloc (0x7000 to 0x9000) reaches beyond the end of the image (0x8000)" },
    { "EndWrapsAround", [](BuiltImage& i) { i.section(".reloc").virtual_size = 0xFFFFFFFF; },
      "section .reloc (0x7000 to 0x100006fff) reaches beyond the end of the image (0x8000)" },
    { "MisalignedInTheFile", [](BuiltImage& i) { i.section(".data").pointer_to_raw_data = 0x610; },
      "section .data's bytes start at 0x610 in the file, which is not a multiple of the file alignment (0x200)" },
    { "OverHeadersInTheFile", [](BuiltImage& i) { i.section(".data").pointer_to_raw_data = 0x200; },
      "section .data's bytes (0x200) overlap the headers in the file" },
    { "BeyondTheFile", [](BuiltImage& i) { i.section(".reloc").size_of_raw_data = 0x400; },
      "the file is cut short: section .reloc needs bytes up to 0x1400, the file has 0x1200" },
    { "CutInASection", [](BuiltImage& i) { i.bytes.resize(0x900); },
      "the file is cut short: section .rdata needs bytes up to 0xa00, the file has 0x900" },
    { "OverlapInTheFile", [](BuiltImage& i) { i.section(".data").pointer_to_raw_data = 0x400; },
      "sections .text and .data overlap in the file at 0x400" },
    { "SharedPagesAtOtherPlaces", [](BuiltImage& i) { i.optional().section_alignment = 0x200; },
      "section .text shares its pages with others, so its place in memory (0x1000) and in the file (0x400) must be "
      "equal" },
    { "NoEntryPoint", [](BuiltImage& i) { i.optional().address_of_entry_point = 0; }, "the image has no entry point" },
    { "EntryPointInData", [](BuiltImage& i) { i.optional().address_of_entry_point = 0x2004; },
      "the entry point (0x2004) lies in section .data, which is not executable" },
    { "EntryPointOutside", [](BuiltImage& i) { i.optional().address_of_entry_point = 0xFFFFFFF0; },
      "the entry point (0xfffffff0) lies outside every section" },
    { "EntryPointInTheHeaders", [](BuiltImage& i) { i.optional().address_of_entry_point = 0x80; },
      "the entry point (0x80) lies outside every section" },
    { "DirectoryBeyondTheImage", [](BuiltImage& i) { i.directory(pe::kDebugDirectory).size = 0xFFFFFFFF; },
      "the debug directory (0x30dc to 0x1000030db) reaches beyond the end of the image (0x8000)" },
    { "CertificatesBeyondTheFile", [](BuiltImage& i) { i.directory(pe::kCertificateDirectory) = { 0x1200, 8 }; },
      "the file is cut short: the certificate table needs bytes up to 0x1208, the file has 0x1200" },
};
INSTANTIATE_TEST_SUITE_P(Sections, PeRefuseHeaders, testing::ValuesIn(kSections), test::name_of);

} // namespace
} // namespace ringside::ldr
