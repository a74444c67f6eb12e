// SPDX-License-Identifier: MIT
// What PeBuilder makes: the bytes of an image, and names for the places in it that tests break.
#pragma once

#include "ldr/pe_format.h"

#include <cstdint>
#include <cstring>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace ringside::test {

namespace pe = ldr::pe;

class BuiltImage {
public:
    std::vector<std::byte> bytes;
    std::map<std::string, uint32_t> rva; // of the parts: "import table", "unwind", "cookie", ...

    static constexpr uint32_t kPeOffset = 0x40;
    static constexpr uint32_t kFileHeader = kPeOffset + 4;
    static constexpr uint32_t kOptionalHeader = kFileHeader + sizeof(pe::FileHeader);
    static constexpr uint32_t kDirectories = kOptionalHeader + sizeof(pe::OptionalHeader64);
    static constexpr uint32_t kSections = kDirectories + pe::kDirectoryCount * sizeof(pe::DataDirectory);

    template <typename T>
    T& at(size_t offset)
    {
        if (offset + sizeof(T) > bytes.size())
            throw std::out_of_range("the built image has no such offset");
        return *reinterpret_cast<T*>(bytes.data() + offset);
    }
    pe::FileHeader& file_header() { return at<pe::FileHeader>(kFileHeader); }
    pe::OptionalHeader64& optional() { return at<pe::OptionalHeader64>(kOptionalHeader); }
    pe::DataDirectory& directory(pe::DirectoryIndex index)
    {
        return at<pe::DataDirectory>(kDirectories + index * sizeof(pe::DataDirectory));
    }
    pe::SectionHeader& section(size_t index)
    {
        return at<pe::SectionHeader>(kSections + index * sizeof(pe::SectionHeader));
    }
    pe::SectionHeader& section(std::string_view name)
    {
        for (size_t i = 0; i < file_header().number_of_sections; ++i) {
            if (std::strncmp(section(i).name, std::string(name).c_str(), 8) == 0)
                return section(i);
        }
        throw std::out_of_range("the built image has no such section");
    }

    uint32_t offset_of(uint32_t address)
    {
        for (size_t i = 0; i < file_header().number_of_sections; ++i) {
            pe::SectionHeader& s = section(i);
            if (address - s.virtual_address < s.size_of_raw_data)
                return address - s.virtual_address + s.pointer_to_raw_data;
        }
        throw std::out_of_range("the built image has no such address");
    }

    // A value by RVA, or by the name of a part.
    template <typename T>
    T& in(uint32_t address, uint32_t offset = 0)
    {
        return at<T>(offset_of(address) + offset);
    }
    template <typename T>
    T& in(std::string const& part, uint32_t offset = 0)
    {
        return in<T>(rva.at(part), offset);
    }
};

// Bytes that know their own address.
class Blob {
public:
    explicit Blob(uint32_t rva)
        : m_rva(rva)
    {
    }

    uint32_t here() const { return m_rva + uint32_t(bytes.size()); }
    void align(uint32_t to) { bytes.resize((bytes.size() + to - 1) / to * to); }
    template <typename T>
    uint32_t put(T const& value)
    {
        uint32_t where = here();
        auto source = reinterpret_cast<std::byte const*>(&value);
        bytes.insert(bytes.end(), source, source + sizeof(T));
        return where;
    }
    uint32_t put_text(std::string_view text)
    {
        uint32_t where = here();
        for (char c : text)
            put(c);
        put('\0');
        return where;
    }
    uint32_t put_utf16(std::string_view text)
    {
        uint32_t where = here();
        for (char c : text)
            put(uint16_t(static_cast<unsigned char>(c)));
        put(uint16_t(0));
        return where;
    }
    template <typename T>
    void patch(uint32_t rva, T const& value)
    {
        std::memcpy(bytes.data() + (rva - m_rva), &value, sizeof(T));
    }

    std::vector<std::byte> bytes;

private:
    uint32_t m_rva;
};

} // namespace ringside::test
