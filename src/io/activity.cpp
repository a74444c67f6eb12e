// SPDX-License-Identifier: MIT
#include "io/activity.h"

#include "ex/trace.h"
#include "io/irp.h"
#include "ke/kernel.h"

#include <fmt/format.h>

namespace ringside::io {

namespace {

// Microsoft-Windows-Kernel-IoTrace, the provider that the I/O manager's own events are of.
constexpr GUID kIoTrace { 0xA103CABD, 0x8242, 0x4A93, { 0x8D, 0xF5, 0x1C, 0xDF, 0x3B, 0x3F, 0x26, 0xA6 } };

std::string text_of(GUID const& g)
{
    auto const* d = g.Data4;
    return fmt::format("{{{:08x}-{:04x}-{:04x}-{:02x}{:02x}-{:02x}{:02x}{:02x}{:02x}{:02x}{:02x}}}", g.Data1, g.Data2,
                       g.Data3, d[0], d[1], d[2], d[3], d[4], d[5], d[6], d[7]);
}

// An ID belongs to one birth of an IRP: nothing has to be cleared when the IRP goes.
GUID const* activity_of(IRP* irp)
{
    IrpRecord const* record = record_of(irp);
    return record && record->activity_birth == record->number ? &record->activity : nullptr;
}

} // namespace

// @cite(wdk-ddi): page=ntddk/nf-ntddk-iogetactivityidirp
NTSTATUS IoGetActivityIdIrp(IRP* irp, GUID* activity)
{
    GUID const* const found = activity_of(irp);
    if (!found)
        return STATUS_NOT_FOUND;
    *activity = *found;
    return STATUS_SUCCESS;
}

// @cite(wdk-ddi): page=ntddk/nf-ntddk-iosetactivityidirp
NTSTATUS IoSetActivityIdIrp(IRP* irp, GUID const* activity)
{
    IrpRecord* const record = record_of(irp);
    if (!activity && record && issuer_of(*record) == &ke::kernel().current())
        activity = ex::thread_activity_id();
    if (!activity)
        return STATUS_NOT_SUPPORTED;
    if (!record)
        return STATUS_UNSUCCESSFUL; // a driver's own memory has no place for it
    record->activity = *activity;
    record->activity_birth = record->number;
    return STATUS_SUCCESS;
}

// @cite(wdk-ddi): page=ntddk/nf-ntddk-iogetactivityidthread
GUID const* IoGetActivityIdThread() { return ex::thread_activity_id(); }

// @cite(wdk-ddi): page=ntddk/nf-ntddk-iosetactivityidthread
GUID const* IoSetActivityIdThread(GUID const* activity) { return ex::set_thread_activity_id(activity); }

// @cite(wdk-ddi): page=ntddk/nf-ntddk-ioclearactivityidthread
void IoClearActivityIdThread(GUID const* original) { ex::set_thread_activity_id(original); }

// @cite(wdk-ddi): page=ntddk/nf-ntddk-iopropagateactivityidtothread
NTSTATUS IoPropagateActivityIdToThread(IRP* irp, GUID* propagated, GUID const** original)
{
    GUID const* const found = activity_of(irp);
    if (!found)
        return STATUS_NOT_FOUND;
    *propagated = *found;
    *original = ex::thread_activity_id();
    ex::set_thread_activity_id(propagated);
    return STATUS_SUCCESS;
}

// @cite(wdk-ddi): page=ntddk/nf-ntddk-iotransferactivityid
void IoTransferActivityId(GUID const* activity, GUID const* related)
{
    GUID const from = *activity, to = *related;
    if (ke::g_binding != ke::Binding::Bare)
        ex::log_trace_event(kIoTrace, fmt::format("transfer from {} to {}", text_of(from), text_of(to)));
}

} // namespace ringside::io
