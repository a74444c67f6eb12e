// SPDX-License-Identifier: MIT
// `ringside inspect` for a program: one JSON object.
#include "inspect.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstdio>

namespace ringside::cli {

namespace {

using Json = nlohmann::ordered_json;

std::string state_name(ldr::SignatureState state)
{
    switch (state) {
    case ldr::SignatureState::None:
        return "none";
    case ldr::SignatureState::Intact:
        return "intact";
    case ldr::SignatureState::Altered:
        return "altered";
    case ldr::SignatureState::Forged:
        return "forged";
    case ldr::SignatureState::Unreadable:
        return "unreadable";
    }
    return "?";
}

std::string version_text(ldr::PeVersion version) { return fmt::format("{}.{}", version.major, version.minor); }

Json signatures_json(ldr::Signatures const& signatures)
{
    Json list = Json::array();
    for (ldr::Signature const& signature : signatures.list) {
        Json time = nullptr;
        if (signature.signing_time)
            time = utc(*signature.signing_time);
        list.push_back({ { "state", state_name(signature.state) },
                         { "signer", signature.signer },
                         { "organization", signature.organization },
                         { "issuer", signature.issuer },
                         { "serial", signature.serial },
                         { "digest", signature.digest },
                         { "signing_time", std::move(time) },
                         { "time_stamper", signature.time_stamper },
                         { "problem", signature.problem } });
    }
    return list;
}

Json imports_json(std::vector<InspectedDll> const& dlls)
{
    Json list = Json::array();
    for (InspectedDll const& dll : dlls) {
        Json imports = Json::array();
        for (InspectedImport const& import : dll.imports) {
            Json since = nullptr;
            if (import.since)
                since = windows_profile(*import.since).name;
            imports.push_back({ { "name", import.name },
                                { "service", service_name(import.service) },
                                { "words", import.words },
                                { "since", std::move(since) } });
        }
        list.push_back({ { "dll", dll.name }, { "delayed", dll.delayed }, { "imports", std::move(imports) } });
    }
    return list;
}

Json exports_json(ldr::Exports const& exports)
{
    Json list = Json::array();
    for (ldr::Export const& row : exports.rows)
        list.push_back(
            { { "name", row.name }, { "ordinal", row.ordinal }, { "rva", row.rva }, { "forwarder", row.forwarder } });
    return list;
}

} // namespace

void print_inspection_json(Inspection const& it)
{
    auto const& headers = it.file.headers();
    auto const& debug = it.file.debug();
    Json sections = Json::array();
    for (ldr::Section const& section : it.file.sections())
        sections.push_back({ { "name", section.name },
                             { "rva", section.rva },
                             { "size", section.size },
                             { "file_size", section.file_size },
                             { "read", section.read },
                             { "write", section.write },
                             { "execute", section.execute },
                             { "discardable", section.discardable },
                             { "pageable", section.pageable } });
    Json version = Json::object();
    for (auto const& [key, value] : it.file.version().strings)
        version[key] = value;
    Json time = nullptr;
    if (!debug.reproducible && headers.timestamp != 0)
        time = utc(headers.timestamp);
    Json pdb = nullptr;
    if (!debug.pdb_name.empty())
        pdb = { { "name", debug.pdb_name }, { "guid", guid_text(debug.pdb_guid) }, { "age", debug.pdb_age } };
    Json object {
        { "path", it.path },
        { "bytes", it.bytes },
        { "machine", ldr::machine_name(headers.machine) },
        { "subsystem", ldr::subsystem_name(headers.subsystem) },
        { "driver", it.not_a_driver.empty() },
        { "not_a_driver", it.not_a_driver },
        { "linker", version_text(headers.linker) },
        { "os_version", version_text(headers.os) },
        { "subsystem_version", version_text(headers.subsystem_version) },
        { "timestamp", headers.timestamp },
        { "time", std::move(time) },
        { "reproducible", debug.reproducible },
        { "checksum", headers.checksum },
        { "checksum_ok", it.file.checksum_matches() },
        { "base", fmt::format("0x{:x}", headers.image_base) },
        { "entry_point", headers.entry_point },
        { "relocations", it.file.relocations().size() },
        { "pdb", std::move(pdb) },
        { "version", std::move(version) },
        { "signature", state_name(it.signatures.state()) },
        { "signatures", signatures_json(it.signatures) },
        { "sections", std::move(sections) },
        { "windows", windows_profile(it.windows).name },
        { "imports", imports_json(it.dlls) },
        { "exports", exports_json(it.file.exports()) },
        { "oldest_windows", windows_profile(it.oldest).name },
        { "oldest_because", it.oldest_because },
        { "undocumented", it.undocumented },
        { "unknown", it.unknown },
    };
    std::string text = object.dump(2, ' ', false, Json::error_handler_t::replace);
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fputc('\n', stdout);
}

} // namespace ringside::cli
