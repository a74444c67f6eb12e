// SPDX-License-Identifier: MIT
#include "inspect.h"

#include "plan_options.h"
#include "services.h"
#include "text.h"
#include "usage.h"

#include "ldr/exports.h"

#include <CLI/CLI.hpp>
#include <fmt/chrono.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <map>
#include <strings.h>

namespace ringside::cli {

namespace {

std::string windows_name(Windows windows) { return std::string(windows_profile(windows).name); }

// Drivers beside the inspected one may serve its imports, as they do when it is run.
class Neighbours {
public:
    explicit Neighbours(std::string const& path)
    {
        std::filesystem::path folder = std::filesystem::path(path).parent_path();
        m_folder = folder.empty() ? "." : folder;
    }

    // Null if there is no such file, or none that can be loaded.
    ldr::PeFile const* find(std::string const& dll)
    {
        auto [entry, is_new] = m_files.try_emplace(dll);
        if (is_new)
            entry->second = load(dll);
        return entry->second ? &*entry->second : nullptr;
    }

private:
    std::optional<ldr::PeFile> load(std::string const& dll) const
    {
        std::error_code error;
        for (auto const& entry : std::filesystem::directory_iterator(m_folder, error)) {
            std::string name = entry.path().filename().string();
            if (strcasecmp(name.c_str(), dll.c_str()) != 0 || !entry.is_regular_file(error))
                continue;
            auto parsed = ldr::PeFile::parse(read_input_file(entry.path().string()));
            if (parsed)
                return parsed.take();
        }
        return std::nullopt;
    }

    std::filesystem::path m_folder;
    std::map<std::string, std::optional<ldr::PeFile>> m_files;
};

std::string missing_words(InspectedImport const& import)
{
    if (import.since)
        return fmt::format("Windows has it since {}", windows_name(*import.since));
    return import.exists ? "Windows has it" : "";
}

InspectedImport kernel_import(std::string_view dll, std::string const& name, Windows windows)
{
    InspectedImport result { .name = name };
    if (auto facts = export_facts(name)) {
        result.exists = true;
        result.since = facts->since;
    }
    Ddi const* row = service(name);
    if (!row) {
        result.words = missing_words(result);
        return result;
    }
    if (!ldr::ExportTable::stands_in(*row, dll))
        return { .name = name, .words = fmt::format("an export of {}", dll_name(row->dll)) };
    result.exists = true;
    result.since = row->since;
    if (!row->exists_on(windows))
        result.words = row->since > windows
            ? fmt::format("{} does not have it yet: since {}", windows_name(windows), windows_name(row->since))
            : fmt::format("{} does not have it any more: until {}", windows_name(windows), windows_name(row->until));
    else if (row->declined)
        result.words = fmt::format("declined: {}", row->declined);
    else if (row->partial) {
        result.service = Service::Partial;
        result.words = row->partial;
    } else
        result.service = Service::Works;
    return result;
}

InspectedImport driver_import(std::string const& dll, ldr::Import const& import, std::string const& name,
                              Neighbours& neighbours)
{
    InspectedImport result { .name = name };
    if (auto const* file = neighbours.find(dll)) {
        auto const& exports = file->exports();
        bool found
            = import.name.empty() ? exports.find(import.ordinal) != nullptr : exports.find(import.name) != nullptr;
        result.exists = found;
        result.service = found ? Service::Works : Service::Missing;
        result.words = found ? "from the driver beside it" : "the driver beside it does not export this";
        if (found)
            result.since = Windows::xp_x64;
        return result;
    }
    if (auto facts = export_facts(name)) {
        result.exists = true;
        result.since = facts->since;
    }
    result.words = missing_words(result);
    return result;
}

void add_dlls(Inspection& inspection, std::vector<ldr::ImportedDll> const& dlls, bool delayed, Neighbours& neighbours)
{
    for (ldr::ImportedDll const& dll : dlls) {
        InspectedDll result { .name = ldr::printable(dll.name), .delayed = delayed };
        for (ldr::Import const& import : dll.imports) {
            std::string name = import.name.empty() ? fmt::format("#{}", import.ordinal) : import.name;
            result.imports.push_back(ldr::ExportTable::is_kernel_module(dll.name)
                                         ? kernel_import(dll.name, name, inspection.windows)
                                         : driver_import(dll.name, import, name, neighbours));
        }
        inspection.dlls.push_back(std::move(result));
    }
}

void find_oldest(Inspection& inspection)
{
    for (InspectedDll const& dll : inspection.dlls)
        for (InspectedImport const& import : dll.imports)
            if (import.since && *import.since > inspection.oldest)
                inspection.oldest = *import.since;
    for (InspectedDll const& dll : inspection.dlls)
        for (InspectedImport const& import : dll.imports) {
            if (import.since && *import.since == inspection.oldest && inspection.oldest != Windows::xp_x64)
                inspection.oldest_because.push_back(import.name);
            else if (!import.since)
                (import.exists ? inspection.undocumented : inspection.unknown)
                    .push_back(fmt::format("{}!{}", dll.name, import.name));
        }
}

} // namespace

size_t InspectedDll::count(Service service) const
{
    return static_cast<size_t>(
        std::count_if(imports.begin(), imports.end(), [&](auto const& import) { return import.service == service; }));
}

std::string service_name(Service service)
{
    switch (service) {
    case Service::Works:
        return "works";
    case Service::Partial:
        return "partial";
    case Service::Missing:
        return "missing";
    }
    return "?";
}

std::string utc(int64_t seconds) { return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", fmt::gmtime(seconds)); }

std::string guid_text(std::array<uint8_t, 16> const& g)
{
    return fmt::format(
        "{{{:02X}{:02X}{:02X}{:02X}-{:02X}{:02X}-{:02X}{:02X}-{:02X}{:02X}-{:02X}{:02X}{:02X}{:02X}{:02X}{:02X}}}",
        g[3], g[2], g[1], g[0], g[5], g[4], g[7], g[6], g[8], g[9], g[10], g[11], g[12], g[13], g[14], g[15]);
}

Inspection inspect(std::string const& path, Windows windows)
{
    Bytes bytes = read_input_file(path);
    auto parsed = ldr::PeFile::parse(bytes);
    if (!parsed)
        usage("{}: {}", path, parsed.bad().reason);
    Inspection inspection { .path = path, .bytes = bytes.size(), .file = parsed.take(), .windows = windows };
    inspection.signatures = ldr::read_signatures(inspection.file);
    if (auto refusal = inspection.file.why_not_a_driver())
        inspection.not_a_driver = refusal->reason;
    Neighbours neighbours(path);
    add_dlls(inspection, inspection.file.imports(), false, neighbours);
    add_dlls(inspection, inspection.file.delay_imports(), true, neighbours);
    find_oldest(inspection);
    return inspection;
}

int inspect_verb(std::vector<std::string> const& arguments)
{
    CLI::App app("Says what a driver file is and what it needs, without running any of it.", "ringside inspect");
    std::string path, windows = "win11-24h2";
    bool json = false;
    app.add_option("driver", path, "The file")->type_name("DRIVER.SYS");
    app.add_option("--windows", windows, "Whose exports are the measure (usual: win11-24h2)")->type_name("NAME");
    app.add_flag("--json", json, "One JSON object on standard output");
    try {
        app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    } catch (CLI::CallForHelp const&) {
        std::cout << app.help();
        throw ShownHelp {};
    } catch (CLI::ParseError const& error) {
        usage("{}", harmless(error.what()));
    }
    if (path.empty())
        usage("no driver is named; see ringside inspect --help");
    Inspection inspection = inspect(path, parse_windows("--windows", windows));
    if (json)
        print_inspection_json(inspection);
    else
        print_inspection(inspection);
    return 0;
}

} // namespace ringside::cli
