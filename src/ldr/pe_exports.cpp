// SPDX-License-Identifier: MIT
// Reads the export table. All three arrays must be backed by the file, which bounds the work.
#include "ldr/pe_exports.h"

#include "ldr/pe_imports.h"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <tuple>
#include <utility>

namespace ringside::ldr {

namespace {

constexpr uint32_t kOrdinalsMax = 65536; // an import's ordinal has 16 bits

Refusal read_function(ImageView const& image, Directory where, uint32_t ordinal, uint32_t rva, Export& out)
{
    out.ordinal = ordinal;
    // An address inside the export directory is not code but the text of a forwarder.
    if (rva - where.rva < where.size && rva >= where.rva) {
        auto text = image.name(rva, kDllNameMax + 1 + kFunctionNameMax);
        if (!text || !split_forwarder(*text))
            return refuse("export {} is forwarded to no valid place (at {:#x})", ordinal, rva);
        out.forwarder = std::move(*text);
        return {};
    }
    if (!image.section_at(rva))
        return refuse("export {} ({:#x}) lies outside every section", ordinal, rva);
    out.rva = rva;
    return {};
}

} // namespace

std::optional<ForwarderTarget> split_forwarder(std::string_view forwarder)
{
    size_t dot = forwarder.rfind('.');
    if (dot == std::string_view::npos || dot == 0 || dot + 1 == forwarder.size())
        return std::nullopt;
    ForwarderTarget target { forwarder.substr(0, dot), forwarder.substr(dot + 1), 0 };
    if (target.function[0] != '#')
        return target;
    char const* end = target.function.data() + target.function.size();
    auto [stop, error] = std::from_chars(target.function.data() + 1, end, target.ordinal);
    if (error != std::errc() || stop != end)
        return std::nullopt;
    target.function = {};
    return target;
}

Export const* Exports::find(std::string_view name) const
{
    auto row = std::ranges::lower_bound(rows, name, {}, [](Export const& e) { return std::string_view(e.name); });
    return !name.empty() && row != rows.end() && row->name == name ? &*row : nullptr;
}

Export const* Exports::find(uint32_t ordinal) const
{
    auto ordinal_of = [this](uint32_t index) { return rows[index].ordinal; };
    auto index = std::ranges::lower_bound(m_by_ordinal, ordinal, {}, ordinal_of);
    return index != m_by_ordinal.end() && ordinal_of(*index) == ordinal ? &rows[*index] : nullptr;
}

void Exports::finish()
{
    std::ranges::sort(rows, {}, [](Export const& row) { return std::tie(row.name, row.ordinal); });
    m_by_ordinal.resize(rows.size());
    std::iota(m_by_ordinal.begin(), m_by_ordinal.end(), 0);
    std::ranges::sort(m_by_ordinal, {}, [this](uint32_t index) { return std::pair(rows[index].ordinal, index); });
}

Refusal read_exports(ImageView const& image, Exports& exports)
{
    Directory where = image.directory(pe::kExportDirectory);
    if (where.absent())
        return {};
    auto table = image.read<pe::ExportTable>(where.rva);
    if (!table)
        return refuse("the export table ({:#x}) is not inside a section", where.rva);
    auto dll_name = image.name(table->name, kDllNameMax);
    if (!dll_name)
        return refuse(
            "the image's own name in its export table (at {:#x}) is not a text of 1 to {} printable characters",
            table->name, kDllNameMax);
    exports.dll_name = std::move(*dll_name);
    if (uint64_t(table->ordinal_base) + table->number_of_functions > kOrdinalsMax)
        return refuse("the export table counts {} functions from ordinal {}; ordinals end at {}",
                      table->number_of_functions, table->ordinal_base, kOrdinalsMax - 1);
    auto array
        = [&](uint32_t rva, uint64_t size) { return size ? image.bytes(rva, size) : std::span<std::byte const>(); };
    auto functions = array(table->functions, uint64_t(table->number_of_functions) * sizeof(uint32_t));
    if (!functions)
        return refuse("the export table's {} function addresses ({:#x}) are not inside one section's bytes",
                      table->number_of_functions, table->functions);
    auto names = array(table->names, uint64_t(table->number_of_names) * sizeof(uint32_t));
    auto ordinals = array(table->name_ordinals, uint64_t(table->number_of_names) * sizeof(uint16_t));
    if (!names || !ordinals)
        return refuse("the export table's {} names ({:#x}, {:#x}) are not inside one section's bytes",
                      table->number_of_names, table->names, table->name_ordinals);

    // A hostile table can point at one long name many times.
    uint64_t characters = image.file().size();
    std::vector<bool> named(table->number_of_functions);
    for (uint64_t i = 0; i < table->number_of_names; ++i) {
        uint32_t name_rva = value_at<uint32_t>(*names, i * sizeof(uint32_t));
        uint16_t index = value_at<uint16_t>(*ordinals, i * sizeof(uint16_t));
        if (index >= table->number_of_functions)
            return refuse("exported name {} belongs to function {}, but there are only {}", i, index,
                          table->number_of_functions);
        auto name = image.name(name_rva, kFunctionNameMax);
        if (!name)
            return refuse("exported name {} (at {:#x}) is not a text of 1 to {} printable characters", i, name_rva,
                          kFunctionNameMax);
        if (name->size() > characters)
            return refuse("the image lists more exports than a file of its size can hold");
        characters -= name->size();
        Export row;
        row.name = std::move(*name);
        uint32_t rva = value_at<uint32_t>(*functions, index * sizeof(uint32_t));
        if (auto bad = read_function(image, where, table->ordinal_base + index, rva, row))
            return bad;
        named[index] = true;
        exports.rows.push_back(std::move(row));
    }
    for (uint32_t index = 0; index < table->number_of_functions; ++index) {
        uint32_t rva = value_at<uint32_t>(*functions, uint64_t(index) * sizeof(uint32_t));
        if (named[index] || rva == 0)
            continue; // 0: a hole in the ordinals
        Export row;
        if (auto bad = read_function(image, where, table->ordinal_base + index, rva, row))
            return bad;
        exports.rows.push_back(std::move(row));
    }
    exports.finish();
    return {};
}

} // namespace ringside::ldr
