// SPDX-License-Identifier: MIT
// `ringside inspect` for a person.
#include "inspect.h"

#include "terminal.h"
#include "text.h"

#include <algorithm>

namespace ringside::cli {

namespace {

constexpr size_t kColumns = 118;

class Printer {
public:
    explicit Printer(Inspection const& inspection)
        : m_it(inspection)
    {
    }

    void print()
    {
        file();
        size_t name_columns = 0;
        for (ldr::Section const& section : m_it.file.sections())
            name_columns = std::max(name_columns, section.name.size());
        for (ldr::Section const& section : m_it.file.sections())
            m_terminal.line(first("section"),
                            fmt::format("{:<{}}  at 0x{:06x}, {:>8} bytes, {:>8} in the file, {}{}{}{}", section.name,
                                        name_columns, section.rva, section.size, section.file_size,
                                        section.read ? 'r' : '-', section.write ? 'w' : '-',
                                        section.execute ? 'x' : '-',
                                        section.discardable    ? ", discarded after DriverEntry"
                                            : section.pageable ? ", pageable"
                                                               : ""));
        for (InspectedDll const& dll : m_it.dlls)
            imports(dll);
        if (m_it.dlls.empty())
            m_terminal.line("imports", "none");
        exports();
        oldest();
        if (!m_it.not_a_driver.empty())
            m_terminal.line("driver", "no: " + m_it.not_a_driver, Tone::Bad);
    }

private:
    // The label where it changes, blanks below.
    std::string_view first(std::string_view label)
    {
        bool same = label == m_label;
        m_label = label;
        return same ? "" : label;
    }

    void file()
    {
        auto const& headers = m_it.file.headers();
        m_terminal.line("file", fmt::format("{}, {}", m_it.path, counted(m_it.bytes, "byte")));
        m_terminal.line(
            "machine",
            fmt::format("{}, {}", ldr::machine_name(headers.machine), ldr::subsystem_name(headers.subsystem)));
        m_terminal.line("linked",
                        fmt::format("by linker {}.{:02}, for Windows {}.{}, subsystem version {}.{}",
                                    headers.linker.major, headers.linker.minor, headers.os.major, headers.os.minor,
                                    headers.subsystem_version.major, headers.subsystem_version.minor));
        m_terminal.line(
            "time",
            m_it.file.debug().reproducible
                ? fmt::format("none: a reproducible build's hash 0x{:08x} stands in its place", headers.timestamp)
                : headers.timestamp == 0 ? std::string("none")
                                         : utc(headers.timestamp));
        m_terminal.line("checksum",
                        headers.checksum == 0 ? std::string("none")
                            : m_it.file.checksum_matches()
                            ? fmt::format("0x{:08x}, right", headers.checksum)
                            : fmt::format("0x{:08x}, wrong: the file's is 0x{:08x}", headers.checksum,
                                          m_it.file.computed_checksum()));
        m_terminal.line("base",
                        fmt::format("0x{:x}, entry point at 0x{:x}, {}", headers.image_base, headers.entry_point,
                                    counted(m_it.file.relocations().size(), "relocation")));
        auto const& debug = m_it.file.debug();
        m_terminal.line("pdb",
                        debug.pdb_name.empty()
                            ? std::string("none")
                            : fmt::format("{} {} age {}", debug.pdb_name, guid_text(debug.pdb_guid), debug.pdb_age));
        for (auto const& [key, value] : m_it.file.version().strings)
            m_terminal.line(first("version"), fmt::format("{}: {}", key, value));
        m_terminal.line("signature", m_it.signatures.words());
        for (ldr::Signature const& signature : m_it.signatures.list)
            if (signature.signing_time)
                m_terminal.line("",
                                fmt::format("{}: {}{}", signature.signer, utc(*signature.signing_time),
                                            signature.time_stamper.empty()
                                                ? " by the signer's own clock"
                                                : ", time stamp issued by " + signature.time_stamper));
    }

    void imports(InspectedDll const& dll)
    {
        m_terminal.line("imports",
                        fmt::format("{}{}: {} works, {} partial, {} missing", dll.name, dll.delayed ? " (delayed)" : "",
                                    dll.count(Service::Works), dll.count(Service::Partial),
                                    dll.count(Service::Missing)));
        std::vector<std::string> works;
        for (InspectedImport const& import : dll.imports)
            if (import.service == Service::Works)
                works.push_back(import.name);
        wrapped("  works", works);
        for (Service service : { Service::Partial, Service::Missing }) {
            std::string label = "  " + service_name(service);
            for (InspectedImport const& import : dll.imports)
                if (import.service == service) {
                    m_terminal.line(
                        label, import.words.empty() ? import.name : fmt::format("{}: {}", import.name, import.words),
                        service == Service::Missing ? Tone::Bad : Tone::Warning);
                    label.clear();
                }
        }
    }

    void wrapped(std::string label, std::vector<std::string> const& words)
    {
        std::string line;
        auto flush = [&] {
            if (line.empty())
                return;
            m_terminal.line(label, line);
            label.clear();
            line.clear();
        };
        for (std::string const& word : words) {
            if (!line.empty() && kLabelColumns + line.size() + 1 + word.size() > kColumns)
                flush();
            if (!line.empty())
                line += ' ';
            line += word;
        }
        flush();
    }

    void exports()
    {
        auto const& rows = m_it.file.exports().rows;
        if (rows.empty()) {
            m_terminal.line("exports", "none");
            return;
        }
        m_terminal.line("exports", fmt::format("{} as {}", rows.size(), m_it.file.exports().dll_name));
        std::vector<std::string> names;
        for (ldr::Export const& row : rows)
            names.push_back((row.name.empty() ? fmt::format("#{}", row.ordinal) : row.name)
                            + (row.forwarder.empty() ? "" : "=" + row.forwarder));
        wrapped("", names);
    }

    void oldest()
    {
        std::string name(windows_profile(m_it.oldest).name);
        if (m_it.oldest_because.empty())
            m_terminal.line("oldest", name + (m_it.oldest == Windows::xp_x64 ? ", the first x64 Windows" : ""));
        else
            m_terminal.line("oldest", fmt::format("{}, for {}", name, join(m_it.oldest_because, " ")));
        if (!m_it.undocumented.empty())
            wrapped("  but", list("no page says since when Windows has:", m_it.undocumented));
        if (!m_it.unknown.empty())
            wrapped("  but", list("in no table of exports here:", m_it.unknown));
    }

    static std::vector<std::string> list(std::string words, std::vector<std::string> const& names)
    {
        std::vector<std::string> result { std::move(words) };
        result.insert(result.end(), names.begin(), names.end());
        return result;
    }

    Inspection const& m_it;
    Terminal m_terminal;
    std::string m_label;
};

} // namespace

void print_inspection(Inspection const& inspection) { Printer(inspection).print(); }

} // namespace ringside::cli
