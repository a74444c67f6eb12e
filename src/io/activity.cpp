// SPDX-License-Identifier: MIT
#include "io/activity.h"

#include "ex/trace.h"
#include "io/irp.h"
#include "ke/kernel.h"

namespace ringside::io {

namespace {

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

} // namespace ringside::io
