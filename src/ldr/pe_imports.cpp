// SPDX-License-Identifier: MIT
// Walks import descriptors and their lists of names. A hostile image can let many descriptors share one list, and many
// entries share one long name, so both sums are bounded by what the file could hold if nothing were shared.
#include "ldr/pe_imports.h"

namespace ringside::ldr {

namespace {

constexpr size_t kDllsMax = 256;

Refusal read_dll_name(ImageView const& image, uint32_t rva, std::string& out)
{
    auto name = image.name(rva, kDllNameMax);
    if (!name || name->find_first_of("/\\:") != std::string::npos)
        return refuse("the name of an imported DLL (at {:#x}) is not a file name of 1 to {} printable characters", rva,
                      kDllNameMax);
    out = std::move(*name);
    return {};
}

struct Budget {
    uint64_t entries;
    uint64_t characters;
};

Budget budget_of(ImageView const& image) { return { image.file().size() / sizeof(uint64_t), image.file().size() }; }

Refusal read_list(ImageView const& image, uint32_t names_rva, uint32_t slots_rva, Budget& budget, ImportedDll& dll)
{
    for (uint64_t i = 0;; ++i) {
        uint64_t entry_rva = names_rva + i * sizeof(uint64_t);
        auto entry = image.read<uint64_t>(entry_rva);
        if (!entry)
            return refuse("the list of functions imported from {} runs out of its section at {:#x}", dll.name,
                          entry_rva);
        if (*entry == 0)
            return {};
        if (budget.entries-- == 0)
            return refuse("the image lists more imports than a file of its size can hold");
        Import import;
        uint64_t slot_rva = slots_rva + i * sizeof(uint64_t);
        if (!image.section_at(slot_rva, sizeof(uint64_t)))
            return refuse("the address table of {} runs out of its section at {:#x}", dll.name, slot_rva);
        import.slot_rva = uint32_t(slot_rva);
        if (*entry & pe::kImportByOrdinal) {
            if (*entry & 0x7FFFFFFFFFFF0000)
                return refuse("import {} from {} has an impossible ordinal ({:#x})", i, dll.name, *entry);
            import.ordinal = uint16_t(*entry);
        } else {
            // A two-byte hint stands before the name.
            auto name = *entry >> 31 ? std::nullopt : image.name(*entry + sizeof(uint16_t), kFunctionNameMax);
            if (!name)
                return refuse("the name of import {} from {} (at {:#x}) is not a text of 1 to {} printable characters",
                              i, dll.name, *entry, kFunctionNameMax);
            if (name->size() > budget.characters)
                return refuse("the image lists more imports than a file of its size can hold");
            budget.characters -= name->size();
            import.name = std::move(*name);
        }
        dll.imports.push_back(std::move(import));
    }
}

} // namespace

Refusal read_imports(ImageView const& image, std::vector<ImportedDll>& dlls)
{
    // Windows looks at the address only: a size of 0 must not hide the imports.
    uint32_t where = image.directory(pe::kImportDirectory).rva;
    if (where == 0)
        return {};
    Budget budget = budget_of(image);
    for (uint64_t i = 0;; ++i) {
        uint64_t rva = where + i * sizeof(pe::ImportDescriptor);
        auto descriptor = image.read<pe::ImportDescriptor>(rva);
        if (!descriptor)
            return refuse("the import table runs out of its section at {:#x}", rva);
        if (descriptor->name == 0 || descriptor->address_table == 0)
            return {};
        if (i == kDllsMax)
            return refuse("the image imports from more than {} DLLs", kDllsMax);
        ImportedDll dll;
        if (auto bad = read_dll_name(image, descriptor->name, dll.name))
            return bad;
        uint32_t names = descriptor->lookup_table ? descriptor->lookup_table : descriptor->address_table;
        if (auto bad = read_list(image, names, descriptor->address_table, budget, dll))
            return bad;
        dlls.push_back(std::move(dll));
    }
}

Refusal read_delay_imports(ImageView const& image, std::vector<ImportedDll>& dlls)
{
    uint32_t where = image.directory(pe::kDelayImportDirectory).rva;
    if (where == 0)
        return {};
    Budget budget = budget_of(image);
    for (uint64_t i = 0;; ++i) {
        uint64_t rva = where + i * sizeof(pe::DelayImportDescriptor);
        auto descriptor = image.read<pe::DelayImportDescriptor>(rva);
        if (!descriptor)
            return refuse("the delay import table runs out of its section at {:#x}", rva);
        if (descriptor->name == 0)
            return {};
        if (i == kDllsMax)
            return refuse("the image delay-imports from more than {} DLLs", kDllsMax);
        if (!(descriptor->attributes & 1))
            return refuse("the delay import table holds addresses and not RVAs, which an x64 image cannot have");
        ImportedDll dll;
        if (auto bad = read_dll_name(image, descriptor->name, dll.name))
            return bad;
        if (auto bad = read_list(image, descriptor->name_table, descriptor->address_table, budget, dll))
            return bad;
        dlls.push_back(std::move(dll));
    }
}

} // namespace ringside::ldr
