// SPDX-License-Identifier: MIT
// @cite(wdk-ddi): page=wdm/nf-wdm-etwregister
// @cite(wdk-ddi): page=wdm/nf-wdm-etwwrite
// @cite(wdk-ddi): page=wdm/nf-wdm-etwactivityidcontrol
// @cite(wdk-ddi): page=wdm/nf-wdm-wmiquerytraceinformation
#include "ex/trace.h"

#include "ex/executive.h"
#include "ke/gate.h"
#include "ke/kernel.h"
#include "mm/caller.h"

#include <cstring>
#include <fmt/format.h>
#include <utility>

namespace ringside::ex {

using namespace nt;

namespace {

constexpr ULONG kDataDescriptorsMax = 128;
constexpr REGHANDLE kHandleStep = 16; // handles of Windows are addresses: multiples of more than four

Tracing& tracing() { return executive().tracing; }

GUID new_activity()
{
    // Never seen twice in a run, the same in every run of it.
    GUID id { tracing().activities_made + 1, 0x5253, 0x4000, { 0x80, 0, 0, 0, 0, 0, 0, 1 } };
    ++tracing().activities_made;
    return id;
}

ThreadActivity& thread_activity() { return tracing().activities[ke::kernel().current().number]; }

void set_own_activity(GUID const& id)
{
    ThreadActivity& activity = thread_activity();
    activity.own = id;
    activity.current = &activity.own;
}

// Nobody enabled the provider, so a good event goes nowhere but into the event log.
NTSTATUS publish(REGHANDLE handle, EVENT_DESCRIPTOR const* event, ULONG count, EVENT_DATA_DESCRIPTOR const* data)
{
    auto const provider = tracing().providers.find(handle);
    if (provider == tracing().providers.end())
        return STATUS_INVALID_HANDLE;
    if (!event || count > kDataDescriptorsMax || (count && !data))
        return STATUS_INVALID_PARAMETER;
    // The driver's bytes are read before anything is owned here: what cannot be read ends the machine.
    EVENT_DESCRIPTOR const what = *event;
    uint64_t bytes = 0;
    for (ULONG i = 0; i < count; ++i)
        bytes += data[i].Size;
    log_trace_event(provider->second.id, fmt::format("event {} version {} level {} opcode {} keyword {:#x}: {} bytes in {}",
                                                     what.Id, what.Version, what.Level, what.Opcode, what.Keyword, bytes,
                                                     count));
    return STATUS_SUCCESS;
}

} // namespace

void log_trace_event(GUID const& p, std::string_view words)
{
    if (ke::g_binding == ke::Binding::Bare)
        return;
    auto const* d = p.Data4;
    ke::kernel().log(sim::Event::Trace, 0,
                     sim::world().log().add_text(fmt::format(
                         "{{{:08x}-{:04x}-{:04x}-{:02x}{:02x}-{:02x}{:02x}{:02x}{:02x}{:02x}{:02x}}} {}", p.Data1,
                         p.Data2, p.Data3, d[0], d[1], d[2], d[3], d[4], d[5], d[6], d[7], words)));
}

GUID const* thread_activity_id()
{
    auto const found = tracing().activities.find(ke::kernel().current().number);
    return found == tracing().activities.end() ? nullptr : found->second.current;
}

GUID const* set_thread_activity_id(GUID const* activity)
{
    return std::exchange(thread_activity().current, activity);
}

// The callback runs when a session enables the provider: here, never.
NTSTATUS EtwRegister(GUID const* provider, PVOID, PVOID, REGHANDLE* handle)
{
    if (!provider || !handle)
        return STATUS_INVALID_PARAMETER;
    GUID const id = *provider;
    REGHANDLE const made = ++tracing().handles_given * kHandleStep;
    *handle = made;
    tracing().providers.emplace(made, TraceProvider { id, mm::calling_driver() });
    return STATUS_SUCCESS;
}

NTSTATUS EtwRegisterClassicProvider(GUID const* provider, ULONG, PVOID callback, PVOID context, REGHANDLE* handle)
{
    return EtwRegister(provider, callback, context, handle);
}

NTSTATUS EtwUnregister(REGHANDLE handle)
{
    return tracing().providers.erase(handle) ? STATUS_SUCCESS : STATUS_INVALID_HANDLE;
}

BOOLEAN EtwEventEnabled(REGHANDLE, EVENT_DESCRIPTOR const*) { return FALSE; }
BOOLEAN EtwProviderEnabled(REGHANDLE, UCHAR, ULONGLONG) { return FALSE; }

NTSTATUS EtwWrite(REGHANDLE handle, EVENT_DESCRIPTOR const* event, GUID const*, ULONG count,
                  EVENT_DATA_DESCRIPTOR const* data)
{
    return publish(handle, event, count, data);
}

NTSTATUS EtwWriteTransfer(REGHANDLE handle, EVENT_DESCRIPTOR const* event, GUID const*, GUID const*, ULONG count,
                          EVENT_DATA_DESCRIPTOR const* data)
{
    return publish(handle, event, count, data);
}

NTSTATUS EtwWriteEx(REGHANDLE handle, EVENT_DESCRIPTOR const* event, ULONG64, ULONG, GUID const*, GUID const*,
                    ULONG count, EVENT_DATA_DESCRIPTOR const* data)
{
    return publish(handle, event, count, data);
}

NTSTATUS EtwWriteString(REGHANDLE handle, UCHAR level, ULONGLONG keyword, GUID const*, PCWSTR text)
{
    auto const provider = tracing().providers.find(handle);
    if (provider == tracing().providers.end())
        return STATUS_INVALID_HANDLE;
    if (!text)
        return STATUS_INVALID_PARAMETER;
    size_t characters = 0;
    while (text[characters])
        ++characters;
    log_trace_event(provider->second.id,
                    fmt::format("string level {} keyword {:#x}: {} characters", level, keyword, characters));
    return STATUS_SUCCESS;
}

NTSTATUS EtwActivityIdControl(ULONG code, GUID* activity)
{
    if (code < EVENT_ACTIVITY_CTRL_GET_ID || code > EVENT_ACTIVITY_CTRL_CREATE_SET_ID || !activity)
        return STATUS_INVALID_PARAMETER;
    if (code == EVENT_ACTIVITY_CTRL_CREATE_ID) {
        *activity = new_activity();
        return STATUS_SUCCESS;
    }
    GUID const* const current = thread_activity_id();
    GUID const before = current ? *current : GUID {};
    switch (code) {
    case EVENT_ACTIVITY_CTRL_GET_ID:
        *activity = before;
        break;
    case EVENT_ACTIVITY_CTRL_SET_ID:
        set_own_activity(*activity);
        break;
    case EVENT_ACTIVITY_CTRL_GET_SET_ID:
        set_own_activity(*activity);
        *activity = before;
        break;
    default:
        set_own_activity(new_activity());
        *activity = before;
    }
    return STATUS_SUCCESS;
}

// The classes as user mode's EventSetInformation documents them: traits start with their own size.
NTSTATUS EtwSetInformation(REGHANDLE handle, EVENT_INFO_CLASS information_class, PVOID information, ULONG length)
{
    if (!tracing().providers.contains(handle))
        return STATUS_INVALID_HANDLE;
    switch (information_class) {
    case EventProviderBinaryTrackInfo:
        return STATUS_SUCCESS;
    case EventProviderSetTraits: {
        USHORT size = 0;
        if (!information || length < sizeof size)
            return STATUS_INVALID_PARAMETER;
        std::memcpy(&size, information, sizeof size);
        return size == length ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
    }
    case EventProviderUseDescriptorType:
        return information && length == sizeof(BOOLEAN) ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
    default:
        return STATUS_INVALID_DEVICE_REQUEST;
    }
}

// --- WPP: there is no logger, so no handle names one ---

uint64_t WmiTraceMessage(uint64_t*) { return static_cast<uint32_t>(STATUS_INVALID_HANDLE); }

NTSTATUS WmiTraceMessageVa(ULONG64, ULONG, GUID const*, USHORT, PVOID) { return STATUS_INVALID_HANDLE; }

NTSTATUS WmiQueryTraceInformation(TRACE_INFORMATION_CLASS information_class, PVOID information, ULONG length,
                                  ULONG* required, PVOID buffer)
{
    auto answer_of = [&](ULONG bytes) {
        if (required)
            *required = bytes;
        return length != bytes ? STATUS_INFO_LENGTH_MISMATCH : STATUS_INVALID_HANDLE;
    };
    switch (information_class) {
    case TraceIdClass:
    case TraceHandleClass:
    case TraceEnableFlagsClass:
    case TraceEnableLevelClass:
    case LoggerEventsLostClass:
    case LoggerEventsLoggedClass: {
        // They ask about the logger that a WNODE_HEADER in the buffer names.
        if (!buffer)
            return STATUS_INVALID_PARAMETER_MIX;
        bool const narrow = information_class != TraceHandleClass && information_class != TraceIdClass;
        return answer_of(narrow ? sizeof(ULONG) : sizeof(ULONGLONG));
    }
    case GlobalLoggerHandleClass:
    case EventLoggerHandleClass:
        return answer_of(sizeof(ULONGLONG));
    case AllLoggerHandlesClass:
        if (required)
            *required = 0;
        return STATUS_SUCCESS; // all of none
    case TraceHandleByNameClass: {
        if (!buffer)
            return STATUS_INVALID_PARAMETER_MIX;
        NTSTATUS const status = answer_of(sizeof(ULONGLONG));
        return status == STATUS_INVALID_HANDLE ? STATUS_INVALID_PARAMETER : status;
    }
    default:
        (void)information;
        return STATUS_INVALID_INFO_CLASS;
    }
}

} // namespace ringside::ex
