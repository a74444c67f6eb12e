// SPDX-License-Identifier: MIT
// Event tracing as a driver sees it on a machine where no trace session runs: providers are registered and unregistered,
// activity identifiers are kept for threads, events of providers that nobody enabled go nowhere and succeed, and WPP
// messages find no logger. Structures that mingw-w64's kernel headers lack stand here.
#pragma once

#include "nt/nt.h"

#include <map>
#include <string_view>

namespace ringside::ex {

using REGHANDLE = nt::ULONGLONG;

// @cite(wdk-ddi): page=wdm/nf-wdm-etwwrite
struct EVENT_DESCRIPTOR {
    nt::USHORT Id;
    nt::UCHAR Version;
    nt::UCHAR Channel;
    nt::UCHAR Level;
    nt::UCHAR Opcode;
    nt::USHORT Task;
    nt::ULONGLONG Keyword;
};
static_assert(sizeof(EVENT_DESCRIPTOR) == 16);

struct EVENT_DATA_DESCRIPTOR {
    nt::ULONGLONG Ptr;
    nt::ULONG Size;
    nt::ULONG Reserved;
};
static_assert(sizeof(EVENT_DATA_DESCRIPTOR) == 16);

enum : nt::ULONG {
    EVENT_ACTIVITY_CTRL_GET_ID = 1,
    EVENT_ACTIVITY_CTRL_SET_ID,
    EVENT_ACTIVITY_CTRL_CREATE_ID,
    EVENT_ACTIVITY_CTRL_GET_SET_ID,
    EVENT_ACTIVITY_CTRL_CREATE_SET_ID,
};
enum EVENT_INFO_CLASS : int32_t {
    EventProviderBinaryTrackInfo,
    EventProviderSetReserved1,
    EventProviderSetTraits,
    EventProviderUseDescriptorType,
    MaxEventInfo,
};
enum TRACE_INFORMATION_CLASS : int32_t {
    TraceIdClass,
    TraceHandleClass,
    TraceEnableFlagsClass,
    TraceEnableLevelClass,
    GlobalLoggerHandleClass,
    EventLoggerHandleClass,
    AllLoggerHandlesClass,
    TraceHandleByNameClass,
    LoggerEventsLostClass,
    TraceSessionSettingsClass,
    LoggerEventsLoggedClass,
    DiskIoNotifyRoutinesClass,
    TraceInformationClassReserved1,
    FltIoNotifyRoutinesClass,
    TraceInformationClassReserved2,
    WdfNotifyRoutinesClass,
    MaxTraceInformationClass,
};

struct TraceProvider {
    nt::GUID id;
    uint64_t caller; // return address in the driver
};

// A thread's activity ID: what it points at, which is its own or in a driver's memory.
struct ThreadActivity {
    nt::GUID own {};
    nt::GUID const* current = nullptr; // null: none
};

struct Tracing {
    std::map<REGHANDLE, TraceProvider> providers; // by birth
    std::map<uint32_t, ThreadActivity> activities; // by thread number
    uint32_t handles_given = 0;
    uint32_t activities_made = 0;
};

// A line in the event log of an observed or verified machine: "{provider} words".
void log_trace_event(nt::GUID const& provider, std::string_view words);

// The current thread's activity ID; null for none. Any IRQL.
nt::GUID const* thread_activity_id();
// The thread keeps the pointer; returns the one before.
nt::GUID const* set_thread_activity_id(nt::GUID const* activity);

nt::NTSTATUS EtwRegister(nt::GUID const* provider, nt::PVOID enable_callback, nt::PVOID context, REGHANDLE* handle);
nt::NTSTATUS EtwRegisterClassicProvider(nt::GUID const* provider, nt::ULONG type, nt::PVOID enable_callback,
                                        nt::PVOID context, REGHANDLE* handle);
nt::NTSTATUS EtwUnregister(REGHANDLE handle);
nt::BOOLEAN EtwEventEnabled(REGHANDLE handle, EVENT_DESCRIPTOR const* event);
nt::BOOLEAN EtwProviderEnabled(REGHANDLE handle, nt::UCHAR level, nt::ULONGLONG keyword);
nt::NTSTATUS EtwWrite(REGHANDLE handle, EVENT_DESCRIPTOR const* event, nt::GUID const* activity, nt::ULONG count,
                      EVENT_DATA_DESCRIPTOR const* data);
nt::NTSTATUS EtwWriteTransfer(REGHANDLE handle, EVENT_DESCRIPTOR const* event, nt::GUID const* activity,
                              nt::GUID const* related, nt::ULONG count, EVENT_DATA_DESCRIPTOR const* data);
nt::NTSTATUS EtwWriteEx(REGHANDLE handle, EVENT_DESCRIPTOR const* event, nt::ULONG64 filter, nt::ULONG flags,
                        nt::GUID const* activity, nt::GUID const* related, nt::ULONG count,
                        EVENT_DATA_DESCRIPTOR const* data);
nt::NTSTATUS EtwWriteString(REGHANDLE handle, nt::UCHAR level, nt::ULONGLONG keyword, nt::GUID const* activity,
                            nt::PCWSTR text);
nt::NTSTATUS EtwActivityIdControl(nt::ULONG code, nt::GUID* activity);
nt::NTSTATUS EtwSetInformation(REGHANDLE handle, EVENT_INFO_CLASS information_class, nt::PVOID information,
                               nt::ULONG length);

uint64_t WmiTraceMessage(uint64_t* slots); // (TRACEHANDLE, ULONG flags, GUID const*, USHORT number, ...)
nt::NTSTATUS WmiTraceMessageVa(nt::ULONG64 logger, nt::ULONG flags, nt::GUID const* guid, nt::USHORT number,
                               nt::PVOID arguments);
nt::NTSTATUS WmiQueryTraceInformation(TRACE_INFORMATION_CLASS information_class, nt::PVOID information,
                                      nt::ULONG length, nt::ULONG* required, nt::PVOID buffer);

} // namespace ringside::ex
