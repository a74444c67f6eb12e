// SPDX-License-Identifier: MIT
// Not documented as exports; the structures are those of the PE specification.
#include "rtl/image.h"

#include <cstring>
#include <string_view>

namespace ringside::rtl {

namespace {

constexpr USHORT kMz = 0x5A4D;
constexpr ULONG kPe = 0x00004550;
constexpr USHORT kPe32Plus = 0x20B;
constexpr ULONG kHeadersMax = 256 * 1024 * 1024; // where no header can start any more
constexpr size_t kFileHeader = 4;                // offsets from the NT headers
constexpr size_t kOptionalHeader = 24;
constexpr USHORT kExports = 0;

template <typename T>
T read(char const* at)
{
    T value;
    std::memcpy(&value, at, sizeof value);
    return value;
}

// Where an RVA stands in a file's bytes; null where no section has it.
char* in_file(char* base, char* headers, ULONG rva)
{
    auto const sections = read<USHORT>(headers + kFileHeader + 2);
    char const* section = headers + kOptionalHeader + read<USHORT>(headers + kFileHeader + 16);
    for (USHORT i = 0; i < sections; ++i, section += 40) {
        auto const start = read<ULONG>(section + 12);
        auto const bytes = read<ULONG>(section + 16);
        if (rva >= start && rva - start < bytes)
            return base + read<ULONG>(section + 20) + (rva - start);
    }
    return nullptr;
}

} // namespace

PVOID RtlImageNtHeader(PVOID base)
{
    auto* bytes = static_cast<char*>(base);
    if (!base || base == reinterpret_cast<PVOID>(~uintptr_t { 0 }) || read<USHORT>(bytes) != kMz)
        return nullptr;
    auto const offset = read<ULONG>(bytes + 0x3C);
    if (offset >= kHeadersMax || read<ULONG>(bytes + offset) != kPe)
        return nullptr;
    return bytes + offset;
}

PVOID RtlImageDirectoryEntryToData(PVOID base, BOOLEAN mapped_as_image, USHORT entry, ULONG* size)
{
    auto const address = reinterpret_cast<uintptr_t>(base);
    bool const as_file = !mapped_as_image || address & 1;
    auto* bytes = reinterpret_cast<char*>(address & ~uintptr_t { 3 });
    auto* headers = static_cast<char*>(RtlImageNtHeader(bytes));
    *size = 0;
    if (!headers)
        return nullptr;
    bool const wide = read<USHORT>(headers + kOptionalHeader) == kPe32Plus;
    char const* const count_at = headers + kOptionalHeader + (wide ? 108 : 92);
    if (entry >= read<ULONG>(count_at))
        return nullptr;
    char const* const directory = count_at + 4 + entry * 8;
    auto const rva = read<ULONG>(directory);
    if (!rva)
        return nullptr;
    *size = read<ULONG>(directory + 4);
    // The headers themselves stand at the same place either way.
    if (!as_file || rva < read<ULONG>(headers + kOptionalHeader + 60))
        return bytes + rva;
    return in_file(bytes, headers, rva);
}

PVOID RtlFindExportedRoutineByName(PVOID base, char const* name)
{
    ULONG size = 0;
    auto* bytes = static_cast<char*>(base);
    auto const* table = static_cast<char const*>(RtlImageDirectoryEntryToData(base, TRUE, kExports, &size));
    if (!table)
        return nullptr;
    auto const functions = read<ULONG>(table + 20);
    ULONG low = 0;
    ULONG high = read<ULONG>(table + 24);
    while (low < high) { // names stand in order
        ULONG const middle = low + (high - low) / 2;
        int const order
            = std::string_view(name).compare(bytes + read<ULONG>(bytes + read<ULONG>(table + 32) + middle * 4));
        if (order == 0) {
            auto const index = read<USHORT>(bytes + read<ULONG>(table + 36) + middle * 2);
            if (index >= functions)
                return nullptr;
            auto const rva = read<ULONG>(bytes + read<ULONG>(table + 28) + index * 4);
            auto* const found = bytes + rva;
            // An address inside the table is a forwarder's text.
            return !rva || (found >= table && found < table + size) ? nullptr : found;
        }
        (order < 0 ? high : low) = order < 0 ? middle : middle + 1;
    }
    return nullptr;
}

} // namespace ringside::rtl
