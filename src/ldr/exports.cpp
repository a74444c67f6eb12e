// SPDX-License-Identifier: MIT
#include "ldr/exports.h"

#include "base/check.h"
#include "sim/host.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <fmt/format.h>

namespace ringside::ldr {

ExportTable* g_exports = nullptr;

namespace {

using sim::host::Access;

constexpr size_t kStubBytes = 32;
// The last pages of the stubs' range stay without access: each missing data export gets 256 bytes there.
constexpr size_t kMissingDataBytes = 256;
constexpr size_t kMissingDataMax = 1024;
constexpr uintptr_t kMissingData = hal::kStubs + hal::kStubsBytes - kMissingDataMax * kMissingDataBytes;
constexpr size_t kStubsMax = (kMissingData - hal::kStubs) / kStubBytes;

constexpr std::string_view kKernelModules[] = { "ntoskrnl.exe", "hal.dll",      "ntkrnlpa.exe",
                                                "ntkrnlmp.exe", "ntkrpamp.exe", "ntkrnl.exe", "wmilib.sys" };

// Exports of the kernel that are data, sorted: a stop for one of them cannot be code.
// Source: the DATA entries of mingw-w64's ntoskrnl import library.
constexpr std::string_view kDataExports[] = {
    "CcFastMdlReadWait", "CcFastReadNotPossible", "CcFastReadWait", "CmKeyObjectType", "ExDesktopObjectType",
    "ExEventObjectType", "ExSemaphoreObjectType", "ExWindowStationObjectType", "FsRtlLegalAnsiCharacterArray",
    "HalDispatchTable", "HalPrivateDispatchTable", "InitSafeBootMode", "IoAdapterObjectType",
    "IoDeviceHandlerObjectSize", "IoDeviceHandlerObjectType", "IoDeviceObjectType", "IoDriverObjectType",
    "IoFileObjectType", "IoReadOperationCount", "IoReadTransferCount", "IoStatisticsLock", "IoWriteOperationCount",
    "IoWriteTransferCount", "KdDebuggerEnabled", "KdDebuggerNotPresent", "KdEnteredDebugger", "KeLastBranchMSR",
    "KeLoaderBlock", "KeNumberProcessors", "KiBugCheckData", "LpcPortObjectType", "Mm64BitPhysicalAddress",
    "MmBadPointer", "MmHighestUserAddress", "MmSectionObjectType", "MmSystemRangeStart", "MmUserProbeAddress",
    "NlsAnsiCodePage", "NlsLeadByteInfo", "NlsMbCodePageTag", "NlsMbOemCodePageTag", "NlsOemCodePage",
    "NlsOemLeadByteInfo", "NtBuildGUID", "NtBuildLab", "NtBuildNumber", "NtGlobalFlag", "POGOBuffer",
    "PsInitialSystemProcess", "PsJobType", "PsProcessType", "PsThreadType", "PsUILanguageComitted", "SeExports",
    "SePublicDefaultDacl", "SeSystemDefaultDacl", "SeTokenObjectType", "TmEnlistmentObjectType",
    "TmResourceManagerObjectType", "TmTransactionManagerObjectType", "TmTransactionObjectType", "psMUITest",
};
static_assert(std::ranges::is_sorted(kDataExports));

bool equal_without_case(std::string_view a, std::string_view b)
{
    auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return std::ranges::equal(a, b, {}, lower, lower);
}

char const* name_of(Ddi const* row) { return row->name; }

} // namespace

ExportTable::Writing::Writing(ExportTable& table) : m_table(table)
{
    if (m_table.m_writing++ == 0)
        sim::host::set_access(hal::kStubs, kMissingData - hal::kStubs, Access::ReadWrite);
}

ExportTable::Writing::~Writing()
{
    if (--m_table.m_writing == 0)
        sim::host::set_access(hal::kStubs, kMissingData - hal::kStubs, Access::ReadExecute);
}

ExportTable::ExportTable(std::span<std::span<Ddi const> const> rooms, ke::Binding binding, Windows windows)
    : m_binding(binding), m_windows(windows)
{
    CHECK(!g_exports, "one machine is live per process at a time");
    for (auto const& room : rooms)
        for (Ddi const& row : room)
            m_rows.push_back(&row);
    std::ranges::sort(m_rows, [](Ddi const* a, Ddi const* b) { return std::strcmp(a->name, b->name) < 0; });
    for (size_t i = 0; i + 1 < m_rows.size(); ++i)
        if (std::strcmp(m_rows[i]->name, m_rows[i + 1]->name) == 0)
            check_failed("two contract rows have one name", m_rows[i]->name, __FILE__, __LINE__);
    for (size_t i = 0; i < m_rows.size(); ++i) {
        Ddi const& row = *m_rows[i];
        if ((row.data || row.body.invoke || row.body.straight) == (row.declined != nullptr))
            check_failed("a contract row needs a body, data, or words that decline it", row.name, __FILE__, __LINE__);
        m_imports.push_back({ ke::entry_for(binding), ke::light_entry_for(row, binding), &row, static_cast<uint32_t>(i),
                              dll_name(row.dll), row.name });
    }
    m_addresses.resize(m_rows.size());
    sim::host::map_private(hal::kStubs, kMissingData - hal::kStubs, Access::ReadExecute);
    g_exports = this;
}

ExportTable::~ExportTable()
{
    sim::host::discard(hal::kStubs, kMissingData - hal::kStubs);
    g_exports = nullptr;
}

bool ExportTable::is_kernel_module(std::string_view dll)
{
    return std::ranges::any_of(kKernelModules, [&](std::string_view own) { return equal_without_case(own, dll); });
}

std::optional<uint32_t> ExportTable::number_of(std::string_view name) const
{
    auto it = std::ranges::lower_bound(m_rows, name, {}, [](Ddi const* row) { return std::string_view(name_of(row)); });
    if (it == m_rows.end() || name != name_of(*it))
        return std::nullopt;
    return static_cast<uint32_t>(it - m_rows.begin());
}

Ddi const* ExportTable::row(std::string_view name) const
{
    auto number = number_of(name);
    return number ? m_rows[*number] : nullptr;
}

bool ExportTable::stands_in(Ddi const& row, std::string_view dll)
{
    return (row.dll == Dll::wmilib) == equal_without_case(dll, dll_name(Dll::wmilib));
}

Served ExportTable::served(std::string_view dll, std::string_view name) const
{
    Ddi const* found = row(name);
    if (!found)
        return Served::Missing;
    if (!stands_in(*found, dll))
        return Served::InAnotherModule;
    if (!found->exists_on(m_windows))
        return Served::NotOnThisWindows;
    return found->declined ? Served::Declined : found->partial ? Served::Partial : Served::Works;
}

uintptr_t ExportTable::bind(std::string_view dll, std::string_view name)
{
    if (!is_kernel_module(dll))
        return missing_at(dll, std::string(name), false);
    auto number = number_of(name);
    if (!number)
        return missing_at(dll, std::string(name), std::ranges::binary_search(kDataExports, name));
    Ddi const& found = *m_rows[*number];
    if (!stands_in(found, dll))
        return missing_at(dll, fmt::format("{} (an export of {})", name, dll_name(found.dll)), found.data != nullptr);
    if (found.exists_on(m_windows)) {
        if (!found.declined)
            return address_of(*number);
        return missing_at(dll, fmt::format("{} (declined: {})", name, found.declined),
                          std::ranges::binary_search(kDataExports, name));
    }
    auto const here = windows_profile(m_windows).name;
    std::string words = m_windows < found.since
        ? fmt::format("{} (first in {}; this machine is {})", name, windows_profile(found.since).name, here)
        : fmt::format("{} (gone since {}; this machine is {})", name, windows_profile(found.until).name, here);
    return missing_at(dll, std::move(words), found.data != nullptr);
}

uintptr_t ExportTable::bind_ordinal(std::string_view dll, uint32_t ordinal)
{
    return missing_at(dll, fmt::format("#{}", ordinal), false);
}

void* ExportTable::system_routine(std::string_view name)
{
    auto number = number_of(name);
    if (!number || !m_rows[*number]->exists_on(m_windows) || m_rows[*number]->declined
        || m_rows[*number]->dll == Dll::wmilib)
        return nullptr;
    return reinterpret_cast<void*>(address_of(*number));
}

void* ExportTable::stub_for(std::string_view name)
{
    auto number = number_of(name);
    return number ? reinterpret_cast<void*>(address_of(*number)) : nullptr;
}

ke::Import& ExportTable::import(std::string_view name)
{
    auto number = number_of(name);
    CHECK(number, "no contract row has this name");
    return m_imports[*number];
}

uintptr_t ExportTable::address_of(uint32_t number)
{
    Ddi const& row = *m_rows[number];
    if (row.data)
        return reinterpret_cast<uintptr_t>(row.data);
    uintptr_t& address = m_addresses[number];
    if (!address) {
        // What has nothing that gates could call keeps registers that they do not (__chkstk): straight in every mode.
        bool const straight = !row.body.invoke || (m_binding == ke::Binding::Bare && row.needs == Needs::Nothing);
        address = make_stub(m_imports[number], straight ? row.body.straight : nullptr);
    }
    return address;
}

uintptr_t ExportTable::missing_at(std::string_view dll, std::string name, bool data)
{
    std::string key = fmt::format("{}!{}", dll, name);
    if (auto it = m_missing_by_name.find(key); it != m_missing_by_name.end())
        return m_missing[it->second].address;
    m_missing_by_name.emplace(std::move(key), m_missing.size());
    Missing& made = m_missing.emplace_back();
    made.dll = dll;
    made.name = std::move(name);
    made.import = { ke::missing_service, nullptr, nullptr, static_cast<uint32_t>(m_rows.size()), made.dll.c_str(),
                    made.name.c_str() };
    if (data && m_missing_data < kMissingDataMax)
        made.address = kMissingData + m_missing_data++ * kMissingDataBytes;
    else
        made.address = make_stub(made.import, nullptr);
    return made.address;
}

// Gated:    mov r11, import; jmp [rip+0]; .quad ringside_gate or ringside_light_gate
// Straight: jmp [rip+0]; .quad body
uintptr_t ExportTable::make_stub(ke::Import const& import, void* straight)
{
    CHECK(m_stubs < kStubsMax, "more imports were bound than there is room for stubs");
    std::array<uint8_t, kStubBytes> code;
    code.fill(0xCC);
    uint8_t* at = code.data();
    if (!straight) {
        auto const pointer = reinterpret_cast<uint64_t>(&import);
        *at++ = 0x49;
        *at++ = 0xBB;
        std::memcpy(at, &pointer, sizeof pointer);
        at += sizeof pointer;
    }
    uint8_t const jump[] = { 0xFF, 0x25, 0, 0, 0, 0 };
    std::memcpy(at, jump, sizeof jump);
    at += sizeof jump;
    void* const gate = reinterpret_cast<void*>(import.light ? &ke::ringside_light_gate : &ke::ringside_gate);
    auto const target = reinterpret_cast<uint64_t>(straight ? straight : gate);
    std::memcpy(at, &target, sizeof target);

    uintptr_t const address = hal::kStubs + m_stubs++ * kStubBytes;
    Writing writing(*this);
    std::memcpy(reinterpret_cast<void*>(address), code.data(), code.size());
    return address;
}

ke::Import const* ExportTable::missing_data_at(uintptr_t address) const
{
    if (address < kMissingData || address >= kMissingData + m_missing_data * kMissingDataBytes)
        return nullptr;
    uintptr_t const first = kMissingData + (address - kMissingData) / kMissingDataBytes * kMissingDataBytes;
    auto it = std::ranges::find(m_missing, first, &Missing::address);
    return it == m_missing.end() ? nullptr : &it->import;
}

std::vector<std::string> ExportTable::missing() const
{
    std::vector<std::string> names;
    for (Missing const& service : m_missing)
        names.push_back(fmt::format("{}!{}", service.dll, service.name));
    return names;
}

} // namespace ringside::ldr
