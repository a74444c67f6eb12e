// SPDX-License-Identifier: MIT
#include "ldr/loader_bind.h"

#include "ldr/pe_graph.h"

#include <algorithm>
#include <cstring>

namespace ringside::ldr {

namespace {

constexpr uint32_t kStatusOrdinalNotFound = 0xC0000262;
constexpr uint32_t kStatusEntryPointNotFound = 0xC0000263;
constexpr int kForwardersMax = 16; // Windows' own chains have one link; a circle has no end

Export const* find_export(Exports const& exports, std::string_view name, uint32_t ordinal)
{
    return name.empty() ? exports.find(ordinal) : exports.find(name);
}

} // namespace

std::string Binder::words(Wanted const& wanted)
{
    return wanted.name.empty() ? fmt::format("#{}", wanted.ordinal) : std::string(wanted.name);
}

Refusal Binder::resolve(Wanted const& wanted, int depth, Target& target)
{
    if (depth > kForwardersMax)
        return refuse_with(kStatusEntryPointNotFound, "the forwarders of {}!{} go in a circle", wanted.dll,
                           words(wanted));
    Module* module = ExportTable::is_kernel_module(wanted.dll) ? nullptr : m_loader.find(wanted.dll);
    if (!module) {
        ExportTable& exports = m_loader.m_exports;
        bool const by_name = !wanted.name.empty();
        bool const kernel = ExportTable::is_kernel_module(wanted.dll);
        target.address = by_name ? exports.bind(wanted.dll, wanted.name)
                                 : exports.bind_ordinal(wanted.dll, wanted.ordinal);
        target.served = by_name && kernel ? exports.served(wanted.dll, wanted.name) : Served::Missing;
        return {};
    }
    Export const* row = find_export(module->file().exports(), wanted.name, wanted.ordinal);
    if (!row)
        return refuse_with(wanted.name.empty() ? kStatusOrdinalNotFound : kStatusEntryPointNotFound,
                           "it imports {} from {}, which does not export it", words(wanted), module->name());
    if (row->forwarder.empty()) {
        target = { module->base() + row->rva, Served::Works };
        return {};
    }
    auto const to = split_forwarder(row->forwarder);
    if (!to) // read_exports refused such a file
        return refuse("{} forwards {} to no valid place", module->name(), words(wanted));
    // A forwarder names its module without extension; the kernel's own names need theirs back.
    std::string dll(to->module);
    if (dll.find('.') == std::string::npos)
        for (char const* extension : { ".exe", ".dll", ".sys" })
            if (ExportTable::is_kernel_module(dll + extension)) {
                dll += extension;
                break;
            }
    return resolve({ dll, to->function, to->ordinal }, depth + 1, target);
}

bool Binder::is_served(Wanted const& wanted) const
{
    if (ExportTable::is_kernel_module(wanted.dll))
        return m_loader.m_exports.served(wanted.dll, wanted.name) <= Served::Partial;
    Module const* module = m_loader.find(wanted.dll);
    return module && find_export(module->file().exports(), wanted.name, wanted.ordinal);
}

void Binder::fill(Module& module, uint32_t slot_rva, uintptr_t address)
{
    std::memcpy(module.at(slot_rva), &address, sizeof address);
}

Refusal Binder::bind(Module& module)
{
    ExportTable::Writing writing(m_loader.m_exports);
    for (ImportedDll const& dll : module.file().imports()) {
        if (Module* from = ExportTable::is_kernel_module(dll.name) ? nullptr : m_loader.find(dll.name))
            if (std::ranges::find(module.m_imports_from, from) == module.m_imports_from.end())
                module.m_imports_from.push_back(from);
        for (Import const& import : dll.imports) {
            Wanted const wanted { dll.name, import.name, import.ordinal };
            Target target;
            if (auto bad = resolve(wanted, 0, target))
                return bad;
            fill(module, import.slot_rva, target.address);
            module.m_bound.push_back({ dll.name, words(wanted), target.served });
        }
    }
    // A delay-loaded import resolves itself at its first call, by code in the image; where the function exists it is
    // bound now, which is what that code would do.
    for (ImportedDll const& dll : module.file().delay_imports()) {
        for (Import const& import : dll.imports) {
            Wanted const wanted { dll.name, import.name, import.ordinal };
            Target target;
            if (!is_served(wanted) || resolve(wanted, 0, target))
                continue;
            fill(module, import.slot_rva, target.address);
            module.m_bound.push_back({ dll.name, words(wanted), target.served });
        }
    }
    return {};
}

} // namespace ringside::ldr
