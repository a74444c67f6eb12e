// SPDX-License-Identifier: MIT
// Every refusal that comes from a directory: relocations, imports, exports, unwind tables, load configuration.
#include "pe_refusal.h"

namespace ringside::ldr {
namespace {

using test::BuiltImage;
using test::PeBuilder;
using test::Refused;

class PeRefuseTables : public testing::TestWithParam<Refused> { };

TEST_P(PeRefuseTables, SaysWhy) { test::expect_refused(GetParam()); }

Refused const kRelocations[] {
    { "OutsideSections", [](BuiltImage& i) { i.directory(pe::kRelocationDirectory).size = 0x400; },
      "the relocation table (0x7000, 0x400 bytes) is not inside one section's bytes" },
    { "CutInABlockHeader", [](BuiltImage& i) { i.directory(pe::kRelocationDirectory).size = 16; },
      "the relocation table ends inside a block's header" },
    { "BlockSizeZero", [](BuiltImage& i) { i.in<pe::RelocationBlock>("relocations").size = 0; },
      "the relocation block at 0x7000 has the impossible size 0x0" },
    { "BlockSizeOdd", [](BuiltImage& i) { i.in<pe::RelocationBlock>("relocations").size = 11; },
      "the relocation block at 0x7000 has the impossible size 0xb" },
    { "BlockBeyondTheTable", [](BuiltImage& i) { i.in<pe::RelocationBlock>("relocations").size = 0xFFFFFFF0; },
      "the relocation block at 0x7000 has the impossible size 0xfffffff0" },
    { "Type", [](BuiltImage& i) { i.in<uint16_t>("relocations", 8) = 3 << 12; },
      "the relocation at 0x7008 has type 3; an x64 image has only DIR64 (10)" },
    { "TargetOutside", [](BuiltImage& i) { i.in<pe::RelocationBlock>("relocations").page = 0xFFFFF000; },
      "the relocation at 0x7008 changes 0xfffff008, which is outside every section" },
    { "TargetInTheHeaders", [](BuiltImage& i) { i.in<pe::RelocationBlock>("relocations").page = 0; },
      "the relocation at 0x7008 changes 0x8, which is outside every section" },
    { "TargetAtTheEndOfItsSection", [](BuiltImage& i) { i.in<uint16_t>("relocations", 8) = 10 << 12 | 0x00C; },
      "the relocation at 0x7008 changes 0x200c, which is outside every section" },
};
INSTANTIATE_TEST_SUITE_P(Relocations, PeRefuseTables, testing::ValuesIn(kRelocations), test::name_of);

Refused const kImports[] {
    { "TableOutside", [](BuiltImage& i) { i.directory(pe::kImportDirectory) = { 0x5FF8, 8 }; },
      "the import table runs out of its section at 0x5ff8" },
    { "DllNameOutside", [](BuiltImage& i) { i.in<pe::ImportDescriptor>("import table").name = 0x9000; },
      "the name of an imported DLL (at 0x9000) is not a file name of 1 to 128 printable characters" },
    { "DllNameIsAPath", [](BuiltImage& i) { i.in<char>(i.in<pe::ImportDescriptor>("import table").name) = '\\'; },
      "the name of an imported DLL (at 0x503c) is not a file name of 1 to 128 printable characters" },
    { "DllNameUnprintable", [](BuiltImage& i) { i.in<char>(i.in<pe::ImportDescriptor>("import table").name) = '\x1b'; },
      "the name of an imported DLL (at 0x503c) is not a file name of 1 to 128 printable characters" },
    { "DllNameTooLong", [](BuiltImage&) {},
      "the name of an imported DLL (at 0x5028) is not a file name of 1 to 128 printable characters",
      kStatusInvalidImageFormat, [](PeBuilder& b) { b.imports = { { std::string(129, 'a'), { "x" } } }; } },
    { "TooManyDlls", [](BuiltImage&) {}, "the image imports from more than 256 DLLs", kStatusInvalidImageFormat,
      [](PeBuilder& b) { b.imports.assign(257, { "a.sys", { "f" } }); } },
    { "ListOutside", [](BuiltImage& i) { i.in<pe::ImportDescriptor>("import table").lookup_table = 0x8000; },
      "the list of functions imported from ntoskrnl.exe runs out of its section at 0x8000" },
    // A thousand descriptors may point at one list; what the file could hold is the bound.
    { "SharedLists",
      [](BuiltImage& i) {
          auto first = i.in<pe::ImportDescriptor>("import table");
          for (uint32_t k = 1; k < 250; ++k)
              i.in<pe::ImportDescriptor>(i.rva["import table"] + k * 20) = first;
      },
      "the image lists more imports than a file of its size can hold", kStatusInvalidImageFormat,
      [](PeBuilder& b) {
          b.imports.assign(250, { "a.sys", {} });
          b.imports[0].second.assign(100, "#1");
      } },
    // The same with many entries and one long name.
    { "SharedNames",
      [](BuiltImage& i) {
          uint32_t list = i.rva["first lookup table"];
          for (uint32_t k = 1; k < 100; ++k)
              i.in<uint64_t>(list + k * 8) = i.in<uint64_t>(list);
      },
      "the image lists more imports than a file of its size can hold", kStatusInvalidImageFormat,
      [](PeBuilder& b) {
          b.imports = { { "a.sys", std::vector<std::string>(100, "#1") } };
          b.imports[0].second[0] = std::string(512, 'f');
      } },
    { "SlotsOutside", [](BuiltImage& i) { i.in<pe::ImportDescriptor>("import table").address_table = 0x8000; },
      "the address table of ntoskrnl.exe runs out of its section at 0x8000" },
    { "Ordinal", [](BuiltImage& i) { i.in<uint64_t>("first lookup table", 16) |= 1 << 20; },
      "import 2 from ntoskrnl.exe has an impossible ordinal (0x800000000010000c)" },
    { "NameOutside", [](BuiltImage& i) { i.in<uint64_t>("first lookup table") = 0x123456789; },
      "the name of import 0 from ntoskrnl.exe (at 0x123456789) is not a text of 1 to 512 printable characters" },
    { "NameEmpty", [](BuiltImage& i) { i.in<char>(uint32_t(i.in<uint64_t>("first lookup table") + 2)) = 0; },
      "the name of import 0 from ntoskrnl.exe (at 0x5049) is not a text of 1 to 512 printable characters" },
    { "DelayTableOutside", [](BuiltImage& i) { i.directory(pe::kDelayImportDirectory) = { 0x7FFF, 1 }; },
      "the delay import table runs out of its section at 0x7fff" },
    { "DelayByAddress", [](BuiltImage& i) { i.in<pe::DelayImportDescriptor>("delay import table").attributes = 0; },
      "the delay import table holds addresses and not RVAs, which an x64 image cannot have", kStatusInvalidImageFormat,
      [](PeBuilder& b) { b.delay_imports = { { "a.sys", { "f" } } }; } },
    { "TooManyDelayDlls", [](BuiltImage&) {}, "the image delay-imports from more than 256 DLLs",
      kStatusInvalidImageFormat, [](PeBuilder& b) { b.delay_imports.assign(257, { "a.sys", { "f" } }); } },
    { "FromItself", [](BuiltImage&) {}, "built.sys imports from itself", kStatusInvalidImageFormat,
      [](PeBuilder& b) {
          b.exports = { { "f", "" } };
          b.imports = { { "BUILT.SYS", { "f" } } };
      } },
};
INSTANTIATE_TEST_SUITE_P(Imports, PeRefuseTables, testing::ValuesIn(kImports), test::name_of);

void one_export(PeBuilder& builder) { builder.exports = { { "f", "" } }; }

Refused const kExports[] {
    { "TableOutside", [](BuiltImage& i) { i.directory(pe::kExportDirectory) = { 0x7FF0, 8 }; },
      "the export table (0x7ff0) is not inside a section" },
    { "OwnName", [](BuiltImage& i) { i.in<pe::ExportTable>("export table").name = 0x9000; },
      "the image's own name in its export table (at 0x9000) is not a text of 1 to 128 printable characters",
      kStatusInvalidImageFormat, one_export },
    { "TooManyFunctions", [](BuiltImage& i) { i.in<pe::ExportTable>("export table").number_of_functions = 65536; },
      "the export table counts 65536 functions from ordinal 1; ordinals end at 65535", kStatusInvalidImageFormat,
      one_export },
    { "FunctionsOutside", [](BuiltImage& i) { i.in<pe::ExportTable>("export table").functions = 0x8000; },
      "the export table's 1 function addresses (0x8000) are not inside one section's bytes", kStatusInvalidImageFormat,
      one_export },
    { "NamesOutside", [](BuiltImage& i) { i.in<pe::ExportTable>("export table").number_of_names = 0x40000000; },
      "the export table's 1073741824 names (0x3130, 0x3134) are not inside one section's bytes",
      kStatusInvalidImageFormat, one_export },
    { "NameOfNoFunction",
      [](BuiltImage& i) { i.in<uint16_t>(i.in<pe::ExportTable>("export table").name_ordinals) = 1; },
      "exported name 0 belongs to function 1, but there are only 1", kStatusInvalidImageFormat, one_export },
    { "NameOutside", [](BuiltImage& i) { i.in<uint32_t>(i.in<pe::ExportTable>("export table").names) = 0x9000; },
      "exported name 0 (at 0x9000) is not a text of 1 to 512 printable characters", kStatusInvalidImageFormat,
      one_export },
    { "SharedNames",
      [](BuiltImage& i) {
          uint32_t names = i.in<pe::ExportTable>("export table").names;
          for (uint32_t k = 1; k < 100; ++k)
              i.in<uint32_t>(names + k * 4) = i.in<uint32_t>(names);
      },
      "the image lists more exports than a file of its size can hold", kStatusInvalidImageFormat,
      [](PeBuilder& b) {
          b.exports.assign(100, { "f", "" });
          b.exports[0].name = std::string(512, 'f');
      } },
    { "FunctionOutside", [](BuiltImage& i) { i.in<uint32_t>("export functions") = 0x9000; },
      "export 1 (0x9000) lies outside every section", kStatusInvalidImageFormat, one_export },
    { "ForwarderWithoutModule", [](BuiltImage&) {}, "export 1 is forwarded to no valid place (at 0x312a)",
      kStatusInvalidImageFormat, [](PeBuilder& b) { b.exports = { { "f", "nowhere" } }; } },
    { "ForwarderToABadOrdinal", [](BuiltImage&) {}, "export 1 is forwarded to no valid place (at 0x312a)",
      kStatusInvalidImageFormat, [](PeBuilder& b) { b.exports = { { "f", "hal.#7x" } }; } },
    { "ForwarderCircle", [](BuiltImage&) {}, "export built.sys!f is forwarded in a circle back to itself",
      kStatusInvalidImageFormat,
      [](PeBuilder& b) { b.exports = { { "f", "built.g" }, { "g", "BUILT.#3" }, { "h", "built.f" } }; } },
};
INSTANTIATE_TEST_SUITE_P(Exports, PeRefuseTables, testing::ValuesIn(kExports), test::name_of);

// Entry 0 has a handler, entry 1 plain unwind information, entry 2 chained one.
pe::RuntimeFunction& function(BuiltImage& image, uint32_t index)
{
    return image.in<pe::RuntimeFunction>("functions", index * uint32_t(sizeof(pe::RuntimeFunction)));
}

Refused const kUnwind[] {
    { "TableSize", [](BuiltImage& i) { i.directory(pe::kExceptionDirectory).size = 35; },
      "the function table's size (0x23) is not a multiple of 12" },
    { "TableOutside", [](BuiltImage& i) { i.directory(pe::kExceptionDirectory) = { 0x7FF0, 12 }; },
      "the function table (0x7ff0, 0xc bytes) is not inside one section's bytes" },
    { "EmptyEntryInside", [](BuiltImage& i) { function(i, 1) = {}; },
      "entry 1 of the function table is empty, but others follow" },
    { "FunctionInData", [](BuiltImage& i) { function(i, 1) = { 0x2000, 0x2004, i.rva["unwind"] }; },
      "entry 1 of the function table (0x2000 to 0x2004) is not a range of code" },
    { "FunctionBackwards", [](BuiltImage& i) { function(i, 1).end = function(i, 1).begin; },
      "entry 1 of the function table (0x1010 to 0x1010) is not a range of code" },
    { "OutOfOrder", [](BuiltImage& i) { std::swap(function(i, 0), function(i, 1)); },
      "entries 0 and 1 of the function table overlap or are out of order" },
    { "Overlap", [](BuiltImage& i) { function(i, 0).end = 0x1018; },
      "entries 0 and 1 of the function table overlap or are out of order" },
    { "NoUnwind", [](BuiltImage& i) { function(i, 0).unwind = 0; },
      "an entry of the function table names no unwind information" },
    { "Misaligned", [](BuiltImage& i) { function(i, 0).unwind += 2; },
      "the unwind information at 0x309e is not aligned to 4 bytes" },
    { "Outside", [](BuiltImage& i) { function(i, 0).unwind = 0xFFFFFFFC; },
      "the unwind information at 0xfffffffc is not inside a section's bytes" },
    { "SharedEntryOutside", [](BuiltImage& i) { function(i, 0).unwind = 0xFFFFFFFD; },
      "the shared unwind entry at 0xfffffffc is not inside a section" },
    { "SharedEntryEmpty", [](BuiltImage& i) { function(i, 0).unwind = 0x1004 + 1; },
      "the shared unwind entry at 0x1004 names no unwind information" },
    { "Version", [](BuiltImage& i) { i.in<uint8_t>("unwind with handler") = 3; },
      "the unwind information at 0x309c has the unknown version 3" },
    { "Flags", [](BuiltImage& i) { i.in<uint8_t>("unwind with handler") = 1 | 8 << 3; },
      "the unwind information at 0x309c has impossible flags (0x8)" },
    { "ChainedWithHandler", [](BuiltImage& i) { i.in<uint8_t>("unwind with handler") = 1 | 5 << 3; },
      "the unwind information at 0x309c has impossible flags (0x5)" },
    { "CutInTheHeader", [](BuiltImage& i) { i.section(".rdata").virtual_size = 0x9E; },
      "the unwind information at 0x309c is not inside a section's bytes" },
    { "CodesBeyondTheSection", [](BuiltImage& i) { i.in<uint8_t>("unwind with handler", 2) = 255; },
      "the unwind information at 0x309c reaches beyond its section's bytes" },
    { "Operation", [](BuiltImage& i) { i.in<uint8_t>("unwind with handler", 5) = 0x47; },
      "the unwind information at 0x309c uses the unknown operation 7 (4)" },
    { "EpilogueInVersion1", [](BuiltImage& i) { i.in<uint8_t>("unwind with handler", 5) = 0x16; },
      "the unwind information at 0x309c uses the unknown operation 6 (1)" },
    { "CutInAnOperation", [](BuiltImage& i) { i.in<uint8_t>("unwind with handler", 5) = 0x01; },
      "the unwind information at 0x309c ends inside an operation" },
    { "HandlerInData", [](BuiltImage& i) { i.in<uint32_t>("unwind with handler", 8) = 0x2000; },
      "the unwind information at 0x309c has a handler (0x2000) outside the image's code" },
    { "ChainedToNoFunction", [](BuiltImage& i) { i.in<pe::RuntimeFunction>("chain").end = 0; },
      "the unwind information at 0x30a8 is chained to no valid function" },
    { "ChainedInACircle", [](BuiltImage& i) { i.in<pe::RuntimeFunction>("chain").unwind = i.rva["unwind chained"]; },
      "the unwind information of entry 2 is chained in a circle, or through more than 32 pieces" },
};
INSTANTIATE_TEST_SUITE_P(Unwind, PeRefuseTables, testing::ValuesIn(kUnwind), test::name_of);

constexpr uint32_t kCookie = pe::kLoadConfigSecurityCookie;

Refused const kLoadConfig[] {
    { "Outside", [](BuiltImage& i) { i.directory(pe::kLoadConfigDirectory) = { 0x7FF0, 8 }; },
      "the load configuration (0x7ff0) is not inside a section" },
    { "BeyondItsSection",
      [](BuiltImage& i) {
          i.directory(pe::kLoadConfigDirectory) = { 0x2000, 0x10 };
          i.in<uint32_t>(0x2000u) = 0x70;
      },
      "the load configuration (0x2000) reaches beyond its section" },
    { "CookieOutside", [](BuiltImage& i) { i.in<uint64_t>("load config", kCookie) = 0x140009000; },
      "the security cookie (0x140009000) lies outside the image" },
    { "CookieBelow", [](BuiltImage& i) { i.in<uint64_t>("load config", kCookie) = 0x13FFFFFF8; },
      "the security cookie (0x13ffffff8) lies outside the image" },
    { "CookieHalfOutside", [](BuiltImage& i) { i.in<uint64_t>("load config", kCookie) = 0x14000200C; },
      "the security cookie (0x14000200c) lies outside the image" },
    { "CookieReadOnly", [](BuiltImage& i) { i.in<uint64_t>("load config", kCookie) = 0x140003000; },
      "the security cookie (0x140003000) lies in section .rdata, which is not writable" },
};
INSTANTIATE_TEST_SUITE_P(LoadConfig, PeRefuseTables, testing::ValuesIn(kLoadConfig), test::name_of);

} // namespace
} // namespace ringside::ldr
