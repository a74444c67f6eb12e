// SPDX-License-Identifier: MIT
#include "ex/work_queue.h"
#include "io/event.h"
#include "io/manager.h"
#include "ob/object.h"
#include "rtl/multi_byte.h"

#include <algorithm>
#include <fmt/format.h>
#include <optional>

namespace ringside::io {

namespace {

// In the upper half of IoWMIRegistrationControl's action; the action is in the lower.
constexpr ULONG kActions = 0xFFFF;
constexpr size_t kFirstRoom = 1024;
constexpr unsigned kRounds = 5;

WmiProvider* find_provider(DEVICE_OBJECT const* device, bool callback)
{
    for (WmiProvider& provider : manager().wmi.providers)
        if (!provider.leaving
            && (callback ? reinterpret_cast<void*>(provider.callback) == device
                         : provider.device && provider.device == device))
            return &provider;
    return nullptr;
}

std::string label_of(WmiProvider const& provider)
{
    if (provider.device) {
        DeviceRecord const* device = manager().devices().find(provider.device);
        return device && device->driver ? device->driver->label : "a deleted device's driver";
    }
    DriverRecord const* driver = manager().drivers().of_address(reinterpret_cast<uintptr_t>(provider.callback));
    return driver ? driver->label : "a callback";
}

// What the driver says that it needs, in the buffer's first bytes; 0: nothing that makes sense.
size_t wanted(WmiBuffer const& buffer)
{
    size_t const needed = buffer.as<ULONG>();
    return needed > buffer.size() && needed <= kWmiBytesMax ? needed : 0;
}

// The bytes of the driver's answer; none: there is none, and why was said or is nobody's fault.
std::optional<size_t> fetch(WmiProvider& provider, ULONG path, WmiBuffer& buffer, UCHAR& minor)
{
    size_t room = kFirstRoom;
    for (unsigned round = 0; round < kRounds; ++round) {
        if (!buffer.make(room))
            return std::nullopt;
        WmiAnswer answer = ask_provider(provider, minor, reinterpret_cast<void*>(ULONG_PTR { path }), buffer.data(),
                                        buffer.size());
        bool const unknown = answer.status == STATUS_NOT_SUPPORTED || answer.status == STATUS_INVALID_DEVICE_REQUEST;
        if (unknown && minor == IRP_MN_REGINFO_EX) {
            minor = IRP_MN_REGINFO; // a driver of Windows 2000's time
            continue;
        }
        if (answer.status == STATUS_BUFFER_TOO_SMALL) {
            room = wanted(buffer);
            if (room)
                continue;
            wmi_complain(provider, fmt::format("its registration does not fit into {} bytes, it says, but into {}",
                                               buffer.size(), buffer.as<ULONG>()));
            return std::nullopt;
        }
        if (!NT_SUCCESS(answer.status))
            return std::nullopt;
        if (answer.bytes > buffer.size()) {
            wmi_complain(provider, fmt::format("its registration is told to have {} bytes, there was room for {}",
                                               answer.bytes, buffer.size()));
            return std::nullopt;
        }
        return answer.bytes;
    }
    wmi_complain(provider, "it wants more room for its registration each time that it is given more");
    return std::nullopt;
}

// Names from the device's instance path; the reference that came with the PDO goes, also when the answer is refused.
void name_by_pdo(WmiBlock& block, UCHAR minor, size_t& room, std::string& error)
{
    DeviceRecord const* pdo = manager().devices().find_safely(block.pdo);
    if (!pdo) {
        if (error.empty())
            error = "WMIREG_FLAG_INSTANCE_PDO is set, and Pdo points at no device object";
        return;
    }
    for (ULONG i = 0; error.empty() && i < block.instances; ++i) {
        block.names.push_back(instance_path(*pdo) + u"_" + rtl::utf16(std::to_string(i)));
        if (block.names.back().size() >= room)
            error = too_many_names();
        else
            room -= block.names.back().size() + 1;
    }
    if (minor == IRP_MN_REGINFO_EX)
        ob::dereference(block.pdo);
    block.pdo = nullptr;
}

void take_blocks(WmiProvider& provider, std::span<uint8_t const> bytes, bool update, UCHAR minor)
{
    std::string error;
    std::vector<WmiBlock> told = parse_registration(bytes, error);
    size_t room = kWmiNamesMax;
    for (WmiBlock const& block : told)
        for (auto const& name : block.names)
            room -= name.size() + 1;
    for (WmiBlock& block : told)
        if ((block.flags & WMIREG_FLAG_INSTANCE_PDO) && !(block.flags & WMIREG_FLAG_REMOVE_GUID))
            name_by_pdo(block, minor, room, error);
    if (!error.empty()) {
        wmi_complain(provider, "its registration is wrong: " + error);
        return;
    }
    std::vector<WmiBlock> before;
    before.swap(provider.blocks);
    if (update)
        provider.blocks = before;
    for (WmiBlock& block : told) {
        auto same = [&](WmiBlock const& other) { return same_guid(other.guid, block.guid); };
        if (auto const old = std::ranges::find_if(provider.blocks, same); old != provider.blocks.end()) {
            block.events_enabled = old->events_enabled;
            block.collection_enabled = old->collection_enabled;
            provider.blocks.erase(old);
        }
        if (!(block.flags & WMIREG_FLAG_REMOVE_GUID))
            provider.blocks.push_back(std::move(block));
    }
    for (WmiConsumer& consumer : manager().wmi.consumers)
        consumer.had_provider |= block_of(provider, consumer.guid) != nullptr;
}

struct RegistrationJob {
    static void* pack(ULONG id, bool update) { return reinterpret_cast<void*>(uint64_t { id } << 1 | update); }
    ULONG id;
    bool update;
};

void register_provider(void* packed)
{
    auto const word = reinterpret_cast<uint64_t>(packed);
    RegistrationJob const job { static_cast<ULONG>(word >> 1), (word & 1) != 0 };
    if (WmiProvider* const provider = provider_with(job.id)) {
        WmiHold hold(*provider);
        --provider->jobs;
        if (!provider->leaving) {
            WmiBuffer buffer;
            UCHAR minor = IRP_MN_REGINFO_EX;
            if (auto const bytes = fetch(*provider, job.update ? WMIUPDATE : WMIREGISTER, buffer, minor))
                take_blocks(*provider, { buffer.data(), *bytes }, job.update, minor);
        }
        refresh_wmi();
    }
    end_wmi_job();
}

void ask_for_blocks(WmiProvider& provider, bool update)
{
    ++provider.jobs;
    queue_wmi_job(&register_provider, RegistrationJob::pack(provider.id, update));
}

void add_provider(DEVICE_OBJECT* device, bool callback)
{
    Wmi& wmi = manager().wmi;
    WmiProvider& provider = wmi.providers.emplace_back();
    provider.id = ++wmi.providers_born;
    if (callback)
        provider.callback = reinterpret_cast<PWMIENTRY>(device);
    else {
        ob::reference(device);
        provider.device = device;
    }
    provider.label = label_of(provider);
    ask_for_blocks(provider, false);
}

// Waits for the requests that were sent: a driver that deregisters while it handles one waits for ever.
void remove_provider(WmiProvider& provider)
{
    provider.leaving = true;
    KEVENT drained;
    initialize_event(drained, NotificationEvent, false);
    if (provider.in_flight) {
        provider.drained = &drained;
        wait_for(drained);
    }
    DEVICE_OBJECT* const device = provider.device;
    std::erase_if(manager().wmi.providers, [&](WmiProvider const& one) { return &one == &provider; });
    if (device)
        ob::dereference(device);
}

} // namespace

// @cite(wdk-ddi): page=wdm/nf-wdm-iowmiregistrationcontrol
// PASSIVE_LEVEL. The driver is asked for its blocks by a worker thread, after or before this returns.
NTSTATUS IoWMIRegistrationControl(DEVICE_OBJECT* device, ULONG action)
{
    bool const callback = action & WMIREG_FLAG_CALLBACK;
    WmiProvider* const provider = find_provider(device, callback);
    switch (action & kActions) {
    case WMIREG_ACTION_REGISTER:
        if (!provider)
            add_provider(device, callback);
        return STATUS_SUCCESS;
    case WMIREG_ACTION_DEREGISTER:
        if (!provider)
            return STATUS_INVALID_PARAMETER;
        remove_provider(*provider);
        return STATUS_SUCCESS;
    case WMIREG_ACTION_REREGISTER:
    case WMIREG_ACTION_UPDATE_GUIDS:
        if (!provider)
            return STATUS_INVALID_PARAMETER;
        ask_for_blocks(*provider, (action & kActions) == WMIREG_ACTION_UPDATE_GUIDS);
        return STATUS_SUCCESS;
    default:
        return STATUS_INVALID_PARAMETER;
    }
}

size_t wmi_registrations() { return manager().wmi.providers.size(); }

std::vector<std::string> wmi_left()
{
    std::vector<std::string> lines;
    for (WmiProvider const& provider : manager().wmi.providers)
        lines.push_back(fmt::format("WMI registration of {} was not withdrawn", provider.label));
    for (WmiConsumer const& consumer : manager().wmi.consumers)
        if (!consumer.records)
            lines.push_back(fmt::format("WMI block object #{} was not dereferenced", consumer.number));
    return lines;
}

WmiProvider* next_provider(GUID const& guid, ULONG after)
{
    for (WmiProvider& provider : manager().wmi.providers)
        if (provider.id > after && !provider.leaving && block_of(provider, guid))
            return &provider;
    return nullptr;
}

WmiBlock* block_of(WmiProvider& provider, GUID const& guid)
{
    for (WmiBlock& block : provider.blocks)
        if (same_guid(block.guid, guid) && !(block.flags & (WMIREG_FLAG_TRACED_GUID | WMIREG_FLAG_TRACE_CONTROL_GUID)))
            return &block;
    return nullptr;
}

WmiProvider* provider_of(DEVICE_OBJECT const* device) { return find_provider(device, false); }

WmiProvider* provider_with(ULONG id)
{
    for (WmiProvider& provider : manager().wmi.providers)
        if (provider.id == id)
            return &provider;
    return nullptr;
}

void wmi_complain(std::string_view who, std::string words)
{
    auto& complaints = manager().wmi.complaints;
    words = fmt::format("{}: {}", who, words);
    if (complaints.size() < kWmiComplaintsMax && std::ranges::find(complaints, words) == complaints.end())
        complaints.push_back(std::move(words));
}

void wmi_complain(WmiProvider const& provider, std::string words)
{
    wmi_complain("WMI provider " + provider.label, std::move(words));
}

std::u16string instance_path(DeviceRecord const& device)
{
    if (!device.name.empty())
        return device.name.substr(device.name.rfind(u'\\') + 1);
    return u"Device" + rtl::utf16(std::to_string(device.number));
}

void queue_wmi_job(void (*job)(void* context), void* context)
{
    Wmi& wmi = manager().wmi;
    if (wmi.jobs++ == 0)
        wmi.idle->Header.SignalState = 0;
    ex::queue_work(job, context, DelayedWorkQueue);
}

void end_wmi_job()
{
    Wmi& wmi = manager().wmi;
    if (--wmi.jobs == 0)
        set_event(*wmi.idle);
}

} // namespace ringside::io
