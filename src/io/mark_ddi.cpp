// SPDX-License-Identifier: MIT
#include "io/mark_ddi.h"

#include "ex/pool.h"
#include "io/manager.h"
#include "io/thread_ddi.h"
#include "ke/kernel.h"

namespace ringside::io {

namespace {

// The bits of an NTSTATUS: severity (2), customer (1), reserved (1), facility (12), code (16).
constexpr ULONG kCustomer = 1u << 29;
constexpr ULONG kReserved = 1u << 28;
constexpr unsigned kFacilityShift = 16;
constexpr ULONG kFacilityMask = 0xFFF;
constexpr ULONG kFacilityMax = 0xFF; // Microsoft has given out numbers up to about here

unsigned severity_of(NTSTATUS status) { return static_cast<ULONG>(status) >> 30; }
constexpr unsigned kWarning = 2;

} // namespace

// @cite(wdk-ddi): page=ntddk/nf-ntddk-iosetfileorigin
NTSTATUS IoSetFileOrigin(FILE_OBJECT* file, BOOLEAN remote)
{
    if (((file->Flags & FO_REMOTE_ORIGIN) != 0) == (remote != FALSE))
        return STATUS_INVALID_PARAMETER_MIX;
    file->Flags ^= FO_REMOTE_ORIGIN;
    return STATUS_SUCCESS;
}

// @cite(wdk-ddi): page=ntddk/nf-ntddk-ioisfileoriginremote
BOOLEAN IoIsFileOriginRemote(FILE_OBJECT* file) { return (file->Flags & FO_REMOTE_ORIGIN) != 0; }

// @cite(wdk-ddi): page=ntddk/nf-ntddk-iosetfileobjectignoresharing
NTSTATUS IoSetFileObjectIgnoreSharing(FILE_OBJECT* file)
{
    FileRecord* record = manager().files().find(file);
    if (!record)
        return STATUS_NOT_FOUND;
    record->ignores_sharing = true;
    file->FileObjectExtension = record; // opaque to drivers: see ignores_sharing
    return STATUS_SUCCESS;
}

// @cite(wdk-ddi): page=ntddk/nf-ntddk-ioisfileobjectignoringsharing
BOOLEAN IoIsFileObjectIgnoringSharing(FILE_OBJECT* file) { return ignores_sharing(*file); }

// Nobody opens for another process here.
// @cite(wdk-ddi): page=ntddk/nf-ntddk-iogetinitiatorprocess
EPROCESS* IoGetInitiatorProcess(FILE_OBJECT*) { return nullptr; }

// @cite(wdk-ddi): page=ntddk/nf-ntddk-iogetshadowfileinformation
IO_FOEXT_SHADOW_FILE* IoGetShadowFileInformation(FILE_OBJECT* file)
{
    FileRecord const* record = manager().files().find(file);
    return record ? record->shadow : nullptr;
}

// @cite(wdk-ddi): page=ntddk/nf-ntddk-iosetshadowfileinformation
NTSTATUS IoSetShadowFileInformation(FILE_OBJECT* file, FILE_OBJECT* backing_file, void* backing_instance)
{
    FileRecord* record = manager().files().find(file);
    if (!record)
        return STATUS_INVALID_PARAMETER;
    if (!record->shadow)
        record->shadow = static_cast<IO_FOEXT_SHADOW_FILE*>(
            ex::allocate(NonPagedPoolNx, sizeof(IO_FOEXT_SHADOW_FILE), kAuxiliaryTag, ex::Owner::Kernel, true));
    if (!record->shadow)
        return STATUS_INSUFFICIENT_RESOURCES;
    *record->shadow = { backing_file, backing_instance };
    return STATUS_SUCCESS;
}

// No file is opened with an oplock's key: IoCreateFileEx refuses extra create parameters.
// @cite(wdk-ddi): page=ntddk/nf-ntddk-iogetoplockkeycontext
OPLOCK_KEY_ECP_CONTEXT* IoGetOplockKeyContext(FILE_OBJECT*) { return nullptr; }

// @cite(wdk-ddi): page=ntddk/nf-ntddk-iogetoplockkeycontextex
OPLOCK_KEY_CONTEXT* IoGetOplockKeyContextEx(FILE_OBJECT*) { return nullptr; }

// There are no containers.
// @cite(wdk-ddi): page=ntddk/nf-ntddk-iogetsiloparameters
IO_FOEXT_SILO_PARAMETERS* IoGetSiloParameters(FILE_OBJECT*) { return nullptr; }

// @cite(wdk-ddi): page=ntddk/nf-ntddk-iosetthreadharderrormode
BOOLEAN IoSetThreadHardErrorMode(BOOLEAN enable)
{
    auto& marks = manager().marks_of(ke::kernel().current());
    bool const before = !marks.hard_errors_off;
    marks.hard_errors_off = !enable;
    return before;
}

// @cite(wdk-ddi): page=ntddk/nf-ntddk-iosetharderrororverifydevice
void IoSetHardErrorOrVerifyDevice(IRP* irp, DEVICE_OBJECT* device)
{
    IoSetDeviceToVerify(irp->Tail.Overlay.Thread, device);
}

// @cite(wdk-ddi): page=ntifs/nf-ntifs-iogetdevicetoverify
DEVICE_OBJECT* IoGetDeviceToVerify(ETHREAD* thread)
{
    ke::Thread* of = ke::kernel().thread_of(reinterpret_cast<PKTHREAD>(thread));
    return of ? manager().marks_of(*of).device_to_verify : nullptr;
}

// @cite(wdk-ddi): page=ntifs/nf-ntifs-iosetdevicetoverify
void IoSetDeviceToVerify(ETHREAD* thread, DEVICE_OBJECT* device)
{
    if (ke::Thread* of = ke::kernel().thread_of(reinterpret_cast<PKTHREAD>(thread)))
        manager().marks_of(*of).device_to_verify = device;
}

// @cite(wdk-ddi): page=ntddk/nf-ntddk-iosetmasterirpstatus
void IoSetMasterIrpStatus(IRP* master, NTSTATUS status)
{
    NTSTATUS& merged = master->IoStatus.Status;
    if (status == STATUS_FT_READ_FROM_COPY)
        return;
    bool const worse = severity_of(status) >= kWarning && severity_of(status) > severity_of(merged);
    if (status == STATUS_VERIFY_REQUIRED || worse)
        merged = status;
}

// @cite(wdk-ddi): page=ntddk/nf-ntddk-ioisvalidirpstatus
BOOLEAN IoIsValidIrpStatus(NTSTATUS status)
{
    auto const bits = static_cast<ULONG>(status);
    if (bits & kCustomer)
        return TRUE;
    return !(bits & kReserved) && ((bits >> kFacilityShift) & kFacilityMask) <= kFacilityMax;
}

// @cite(wdk-ddi): page=ntddk/nf-ntddk-iogetpagingiopriority
IO_PAGING_PRIORITY IoGetPagingIoPriority(IRP* irp)
{
    if (!(irp->Flags & IRP_PAGING_IO))
        return IoPagingPriorityInvalid;
    return IoGetIoPriorityHint(irp) > IoPriorityNormal ? IoPagingPriorityHigh : IoPagingPriorityNormal;
}

} // namespace ringside::io
