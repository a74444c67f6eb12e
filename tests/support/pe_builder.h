// SPDX-License-Identifier: MIT
// Builds small but complete x64 drivers in memory: every directory that the loader reads, in a file of a few KiB.
// A test changes the recipe before build(), or breaks one field of the result afterwards:
//
//     PeBuilder driver;                       // a valid native driver
//     driver.exports = {{"Answer"}};
//     BuiltImage image = driver.build();
//     image.section(".text").virtual_address = 0x123;
//
// Sections always come in the order .text .data .rdata .pdata INIT .rsrc .reloc, one page each unless their content is
// larger, so that each refers only to addresses already known. The entry point returns STATUS_SUCCESS.
#pragma once

#include "built_image.h"

#include <array>
#include <utility>

namespace ringside::test {

struct PeBuilder {
    static constexpr uint32_t kFileAlignment = 0x200;
    static constexpr uint32_t kSizeOfHeaders = 0x400;
    static constexpr uint32_t kTextRva = 0x1000;

    struct ExportRow {
        std::string name; // empty: by ordinal only
        std::string forwarder; // empty: a function in .text
    };

    uint64_t image_base = 0x140000000;
    uint16_t subsystem = pe::kSubsystemNative;
    uint16_t characteristics = pe::kFileExecutable | 0x0020; // large address aware
    uint32_t timestamp = 0x66000000;
    // "#12" is an import by ordinal.
    std::vector<std::pair<std::string, std::vector<std::string>>> imports {
        { "ntoskrnl.exe", { "DbgPrint", "IoCreateDevice", "#12" } },
        { "HAL.dll", { "KeQueryPerformanceCounter" } },
    };
    std::vector<std::pair<std::string, std::vector<std::string>>> delay_imports;
    std::string export_name = "built.sys";
    std::vector<ExportRow> exports;
    std::vector<std::pair<std::string, std::string>> version_strings {
        { "CompanyName", "Ringside" },
        { "FileDescription", "A built driver" },
        { "FileVersion", "1.2.3.4" },
        { "OriginalFilename", "built.sys" },
    };
    std::string pdb_name = "built.pdb";
    bool relocations = true;

    BuiltImage build();

private:
    struct Part {
        char const* name;
        uint32_t characteristics;
        Blob blob;
    };

    void build_text();
    void build_data();
    void build_rdata();
    void build_pdata();
    void build_imports();
    void build_delay_imports(Blob& blob);
    void build_exports(Blob& blob);
    void build_version();
    void build_relocations();
    Blob& begin(char const* name, uint32_t characteristics)
    {
        uint32_t rva = kTextRva;
        if (!m_parts.empty())
            rva = (m_parts.back().blob.here() + pe::kPageSize - 1) / pe::kPageSize * pe::kPageSize;
        m_parts.push_back({ name, characteristics, Blob(rva) });
        return m_parts.back().blob;
    }
    void set_directory(pe::DirectoryIndex index, uint32_t rva, uint32_t size) { m_directories[index] = { rva, size }; }

    std::vector<Part> m_parts;
    std::array<pe::DataDirectory, pe::kDirectoryCount> m_directories {};
    std::vector<uint32_t> m_addresses; // where relocations are needed
    std::map<std::string, uint32_t> m_rva;
};

inline void PeBuilder::build_text()
{
    Blob& text = begin(".text", pe::kSectionCode | pe::kSectionExecute | pe::kSectionRead | pe::kSectionNotPaged);
    m_rva["entry"] = text.put(std::array<uint8_t, 16> { 0x31, 0xC0, 0xC3 }); // xor eax, eax; ret
    m_rva["function"]
        = text.put(std::array<uint8_t, 16> { 0x48, 0x83, 0xEC, 0x28, 0x31, 0xC0, // sub rsp, 28h; xor eax, eax
                                             0x48, 0x83, 0xC4, 0x28, 0xC3 }); // add rsp, 28h; ret
    m_rva["handler"] = text.put(std::array<uint8_t, 16> { 0x31, 0xC0, 0xC3 });
}

inline void PeBuilder::build_data()
{
    Blob& data
        = begin(".data", pe::kSectionInitializedData | pe::kSectionRead | pe::kSectionWrite | pe::kSectionNotPaged);
    m_rva["cookie"] = data.put(pe::kDefaultSecurityCookie);
    m_rva["address"] = data.put(image_base + m_rva["function"]);
    m_addresses.push_back(m_rva["address"]);
}

inline void PeBuilder::build_rdata()
{
    Blob& rdata = begin(".rdata", pe::kSectionInitializedData | pe::kSectionRead | pe::kSectionNotPaged);
    std::array<uint8_t, 0x94> config {};
    m_rva["load config"] = rdata.put(config);
    rdata.patch(m_rva["load config"], uint32_t(config.size()));
    uint32_t cookie_field = m_rva["load config"] + pe::kLoadConfigSecurityCookie;
    rdata.patch(cookie_field, image_base + m_rva["cookie"]);
    m_addresses.push_back(cookie_field);
    set_directory(pe::kLoadConfigDirectory, m_rva["load config"], uint32_t(config.size()));

    rdata.align(4);
    // Version 1, a prologue of four bytes, one code: at offset 4 allocate 28h bytes.
    m_rva["unwind"] = rdata.put(std::array<uint8_t, 8> { 1, 4, 1, 0, 4, 0x42, 0, 0 });
    // The same with an exception handler.
    m_rva["unwind with handler"] = rdata.put(std::array<uint8_t, 8> { 1 | 1 << 3, 4, 1, 0, 4, 0x42, 0, 0 });
    rdata.put(m_rva["handler"]);
    // Version 1, no codes, chained to the first one.
    m_rva["unwind chained"] = rdata.put(std::array<uint8_t, 4> { 1 | 4 << 3, 0, 0, 0 });
    m_rva["chain"] = rdata.put(pe::RuntimeFunction { m_rva["entry"], m_rva["entry"] + 3, m_rva["unwind"] });

    if (!pdb_name.empty()) {
        pe::CodeViewRecord record { pe::kCodeViewSignature,
                                    { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 },
                                    7 };
        m_rva["code view"] = rdata.put(record);
        rdata.put_text(pdb_name);
        uint32_t size = rdata.here() - m_rva["code view"];
        rdata.align(4);
        // Its place in the file is known at the end of build().
        m_rva["debug"]
            = rdata.put(pe::DebugEntry { 0, timestamp, 0, 0, pe::kDebugCodeView, size, m_rva["code view"], 0 });
        set_directory(pe::kDebugDirectory, m_rva["debug"], sizeof(pe::DebugEntry));
    }
    build_exports(rdata);
    build_delay_imports(rdata);
}

inline void PeBuilder::build_exports(Blob& blob)
{
    if (exports.empty())
        return;
    blob.align(4);
    pe::ExportTable table {};
    uint32_t start = blob.put(table), count = uint32_t(exports.size());
    table.name = blob.put_text(export_name);
    std::vector<uint32_t> functions;
    std::vector<std::pair<uint32_t, uint16_t>> names;
    for (ExportRow const& row : exports) {
        functions.push_back(row.forwarder.empty() ? m_rva["function"] : blob.put_text(row.forwarder));
        if (!row.name.empty())
            names.emplace_back(blob.put_text(row.name), uint16_t(functions.size() - 1));
    }
    blob.align(4);
    table.ordinal_base = 1;
    table.number_of_functions = count;
    table.number_of_names = uint32_t(names.size());
    table.functions = blob.here();
    for (uint32_t function : functions)
        blob.put(function);
    table.names = blob.here();
    for (auto [name, index] : names)
        blob.put(name);
    table.name_ordinals = blob.here();
    for (auto [name, index] : names)
        blob.put(index);
    blob.patch(start, table);
    m_rva["export table"] = start;
    m_rva["export functions"] = table.functions;
    set_directory(pe::kExportDirectory, start, blob.here() - start);
}

inline void PeBuilder::build_delay_imports(Blob& blob)
{
    if (delay_imports.empty())
        return;
    blob.align(8);
    std::vector<pe::DelayImportDescriptor> descriptors;
    for (auto const& [dll, names] : delay_imports) {
        pe::DelayImportDescriptor descriptor {};
        descriptor.attributes = 1;
        descriptor.name = blob.put_text(dll);
        std::vector<uint64_t> entries;
        for (std::string const& name : names) {
            entries.push_back(blob.put(uint16_t(0)));
            blob.put_text(name);
        }
        entries.push_back(0);
        blob.align(8);
        descriptor.name_table = blob.here();
        for (uint64_t entry : entries)
            blob.put(entry);
        descriptor.address_table = blob.here();
        for (uint64_t entry : entries)
            blob.put(entry);
        descriptors.push_back(descriptor);
    }
    descriptors.push_back({});
    m_rva["delay import table"] = blob.here();
    for (auto const& descriptor : descriptors)
        blob.put(descriptor);
    set_directory(pe::kDelayImportDirectory, m_rva["delay import table"], blob.here() - m_rva["delay import table"]);
}

inline void PeBuilder::build_pdata()
{
    Blob& pdata = begin(".pdata", pe::kSectionInitializedData | pe::kSectionRead | pe::kSectionNotPaged);
    m_rva["functions"] = pdata.here();
    pdata.put(pe::RuntimeFunction { m_rva["entry"], m_rva["entry"] + 3, m_rva["unwind with handler"] });
    pdata.put(pe::RuntimeFunction { m_rva["function"], m_rva["function"] + 11, m_rva["unwind"] });
    pdata.put(pe::RuntimeFunction { m_rva["handler"], m_rva["handler"] + 3, m_rva["unwind chained"] });
    set_directory(pe::kExceptionDirectory, m_rva["functions"], pdata.here() - m_rva["functions"]);
}

inline void PeBuilder::build_imports()
{
    Blob& init
        = begin("INIT", pe::kSectionInitializedData | pe::kSectionRead | pe::kSectionWrite | pe::kSectionDiscardable);
    if (imports.empty()) {
        init.put(uint64_t(0));
        return;
    }
    m_rva["import table"] = init.here();
    std::vector<pe::ImportDescriptor> descriptors(imports.size() + 1);
    for (auto const& descriptor : descriptors)
        init.put(descriptor);
    set_directory(pe::kImportDirectory, m_rva["import table"], init.here() - m_rva["import table"]);
    for (size_t i = 0; i < imports.size(); ++i) {
        descriptors[i].name = init.put_text(imports[i].first);
        std::vector<uint64_t> entries;
        for (std::string const& name : imports[i].second) {
            if (name[0] == '#') {
                entries.push_back(pe::kImportByOrdinal | std::stoul(name.substr(1)));
                continue;
            }
            entries.push_back(init.put(uint16_t(0)));
            init.put_text(name);
        }
        entries.push_back(0);
        init.align(8);
        descriptors[i].lookup_table = init.here();
        for (uint64_t entry : entries)
            init.put(entry);
        descriptors[i].address_table = init.here();
        for (uint64_t entry : entries)
            init.put(entry);
        init.patch(m_rva["import table"] + uint32_t(i * sizeof(pe::ImportDescriptor)), descriptors[i]);
    }
    m_rva["first lookup table"] = descriptors[0].lookup_table;
    m_rva["first slots"] = descriptors[0].address_table;
}

inline void PeBuilder::build_version()
{
    Blob& rsrc = begin(".rsrc", pe::kSectionInitializedData | pe::kSectionRead | pe::kSectionDiscardable);
    uint32_t start = rsrc.here();
    m_rva["resources"] = start;
    constexpr uint32_t kTable = sizeof(pe::ResourceTable) + sizeof(pe::ResourceEntry), kIsTable = 1u << 31;
    rsrc.put(pe::ResourceTable { 0, 0, 0, 0, 0, 1 });
    rsrc.put(pe::ResourceEntry { pe::kResourceVersion, kTable | kIsTable });
    rsrc.put(pe::ResourceTable { 0, 0, 0, 0, 0, 1 });
    rsrc.put(pe::ResourceEntry { 1, 2 * kTable | kIsTable });
    rsrc.put(pe::ResourceTable { 0, 0, 0, 0, 0, 1 });
    rsrc.put(pe::ResourceEntry { 0x409, 3 * kTable });
    uint32_t data = rsrc.put(pe::ResourceData {});
    rsrc.align(4);
    auto open = [&](std::string_view key, uint16_t value_length, uint16_t type) {
        rsrc.align(4);
        uint32_t block = rsrc.put(std::array<uint16_t, 3> { 0, value_length, type });
        rsrc.put_utf16(key);
        rsrc.align(4);
        return block;
    };
    auto close = [&](uint32_t block) { rsrc.patch(block, uint16_t(rsrc.here() - block)); };
    uint32_t root = open("VS_VERSION_INFO", 52, 0);
    m_rva["version"] = root;
    rsrc.put(std::array<uint32_t, 13> { 0xFEEF04BD, 0x10000, 0x00010002, 0x00030004 });
    uint32_t info = open("StringFileInfo", 0, 1);
    uint32_t table = open("040904b0", 0, 1);
    for (auto const& [key, value] : version_strings) {
        uint32_t string = open(key, uint16_t(value.size() + 1), 1);
        rsrc.put_utf16(value);
        close(string);
    }
    close(table);
    close(info);
    close(root);
    rsrc.patch(data, pe::ResourceData { root, rsrc.here() - root, 0, 0 });
    set_directory(pe::kResourceDirectory, start, rsrc.here() - start);
}

inline void PeBuilder::build_relocations()
{
    Blob& reloc = begin(".reloc", pe::kSectionInitializedData | pe::kSectionRead | pe::kSectionDiscardable);
    m_rva["relocations"] = reloc.here();
    for (uint32_t address : m_addresses) {
        reloc.put(pe::RelocationBlock { address & ~0xFFFu, sizeof(pe::RelocationBlock) + 4 });
        reloc.put(uint16_t(pe::kRelocationDir64 << 12 | (address & 0xFFF)));
        reloc.put(uint16_t(pe::kRelocationAbsolute << 12));
    }
    set_directory(pe::kRelocationDirectory, m_rva["relocations"], reloc.here() - m_rva["relocations"]);
}

inline BuiltImage PeBuilder::build()
{
    m_parts.clear();
    m_directories = {};
    m_addresses.clear();
    m_rva.clear();
    build_text();
    build_data();
    build_rdata();
    build_pdata();
    build_imports();
    if (!version_strings.empty())
        build_version();
    if (relocations)
        build_relocations();

    BuiltImage image;
    image.rva = m_rva;
    image.bytes.resize(kSizeOfHeaders);
    image.at<uint16_t>(0) = pe::kDosMagic;
    image.at<uint32_t>(pe::kDosNewHeaderOffset) = BuiltImage::kPeOffset;
    image.at<uint32_t>(BuiltImage::kPeOffset) = pe::kPeSignature;
    image.file_header() = { pe::kMachineAmd64,
                            uint16_t(m_parts.size()),
                            timestamp,
                            0,
                            0,
                            uint16_t(sizeof(pe::OptionalHeader64) + sizeof m_directories),
                            characteristics };
    uint32_t end = m_parts.back().blob.here();
    pe::OptionalHeader64& optional = image.optional();
    optional.magic = pe::kOptionalMagic64;
    optional.major_linker_version = 14;
    optional.address_of_entry_point = m_rva["entry"];
    optional.image_base = image_base;
    optional.section_alignment = pe::kPageSize;
    optional.file_alignment = kFileAlignment;
    optional.major_operating_system_version = 10;
    optional.major_subsystem_version = 6;
    optional.minor_subsystem_version = 1;
    optional.size_of_image = (end + pe::kPageSize - 1) / pe::kPageSize * pe::kPageSize;
    optional.size_of_headers = kSizeOfHeaders;
    optional.subsystem = subsystem;
    optional.dll_characteristics = 0x0160;
    optional.number_of_rva_and_sizes = pe::kDirectoryCount;
    for (uint32_t i = 0; i < pe::kDirectoryCount; ++i)
        image.directory(pe::DirectoryIndex(i)) = m_directories[i];
    for (size_t i = 0; i < m_parts.size(); ++i) {
        Part& part = m_parts[i];
        uint32_t size = uint32_t(part.blob.bytes.size()), rva = part.blob.here() - size;
        part.blob.align(kFileAlignment);
        pe::SectionHeader& header = image.section(i);
        std::memcpy(header.name, part.name, std::strlen(part.name));
        header.virtual_size = size;
        header.virtual_address = rva;
        header.size_of_raw_data = uint32_t(part.blob.bytes.size());
        header.pointer_to_raw_data = uint32_t(image.bytes.size());
        header.characteristics = part.characteristics;
        image.bytes.insert(image.bytes.end(), part.blob.bytes.begin(), part.blob.bytes.end());
    }
    if (!pdb_name.empty())
        image.in<pe::DebugEntry>("debug").pointer_to_raw_data = image.offset_of(m_rva["code view"]);
    return image;
}

} // namespace ringside::test
